"""Runs a task of the engine in a process of its own, as the service does."""

import multiprocessing
import resource
from collections.abc import Callable

from eduscale.core.errors import EduscaleError
from eduscale.warehouse import engine

Task = Callable[[bytes], bytes]


def in_child(task: Task, argument: bytes, *, memory_bytes: int | None = None) -> bytes:
    """Run a task as the service does, in a process of its own that has the connection ready."""
    engine.warm()
    here, there = multiprocessing.get_context("fork").Pipe()

    def child() -> None:
        if memory_bytes is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        try:
            there.send(task(argument))
        except EduscaleError as error:
            there.send(error)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    there.close()
    try:
        answer = here.recv()
    finally:
        process.join()
    if isinstance(answer, EduscaleError):
        raise answer
    assert isinstance(answer, bytes)
    return answer
