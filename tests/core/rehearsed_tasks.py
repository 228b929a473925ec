"""Tasks whose module rehearses, so that the helper keeps a spare child ready."""

import json
import os
from contextlib import suppress

from tests.core import sandbox_tasks

sleep, zeros = sandbox_tasks.sleep, sandbox_tasks.zeros
_rehearsals: list[int] = []


def rehearse() -> None:
    """Note that it was called, and in which process."""
    _rehearsals.append(os.getpid())


def report(_: bytes) -> bytes:
    """Say which process this is, how often it has rehearsed, and what it has open."""
    told = {
        "pid": os.getpid(),
        "helper": os.getppid(),
        "rehearsals": _rehearsals.count(os.getpid()),
        "descriptors": [number for number in range(1024) if _is_open(number)],
    }
    return json.dumps(told).encode()


def _is_open(descriptor: int) -> bool:
    with suppress(OSError):
        os.fstat(descriptor)
        return True
    return False
