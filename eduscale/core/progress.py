"""How far a piece of work is: said where it is done, heard where somebody waits; unheard it costs nothing.

Who listens wraps the work in `heard_by`; who works calls `report`, and `part` around what is only a part of the
whole. Both sides of the sandbox use it: what is reported in a child arrives at the caller's `on_progress`.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

Stage = Literal["received", "waiting", "reading", "looking", "converting", "checking", "storing"]
STAGES: tuple[Stage, ...] = get_args(Stage)

Listener = Callable[[Stage, float], None]
"""Called with what is being done and the share of all work that is done, 0 to 1."""

INTERVAL_S = 0.2
"""Between two words about one stage."""
SPARE_STAGES = 10
"""So many changes of stage may follow each other at once; then they too wait for the interval."""

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def report(stage: Stage, fraction: float) -> None:
    """Say what is being done and how much of it, 0 to 1; within `part`, how much of that part."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, fraction)


def listener() -> Listener | None:
    """Return who listens here, for a thread that shall report too; None if nobody does."""
    return _listener.get()


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let `listener` hear what is reported in this context."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def part(start: float, end: float) -> Iterator[None]:
    """Take what is reported inside for the part of the whole between two shares of it."""
    whole = _listener.get()
    if whole is None:
        yield
        return
    with heard_by(lambda stage, fraction: whole(stage, start + fraction * (end - start))):
        yield


def calmed(listener: Listener) -> Listener:
    """Return a listener, for any thread, that passes on a few words a second, none of them a step back."""
    lock = threading.Lock()
    said: tuple[Stage, float] | None = None
    heard_at, refilled_at, spare = 0.0, time.monotonic(), float(SPARE_STAGES)

    def pass_on(stage: Stage, fraction: float) -> None:
        nonlocal said, heard_at, refilled_at, spare
        with lock:
            now = time.monotonic()
            spare = min(SPARE_STAGES, spare + (now - refilled_at) / INTERVAL_S)
            refilled_at = now
            is_new = said is None or said[0] != stage
            if (spare < 1) if is_new else (now - heard_at < INTERVAL_S):
                return
            now_said = (stage, max(min(fraction, 1.0), said[1] if said else 0.0))
            if now_said == said:
                return
            spare -= is_new
            said, heard_at = now_said, now
            listener(*now_said)

    return pass_on
