"""Who may work now: a few at once, a short queue behind them, and the rest is told to come back."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from eduscale.core.errors import Busy

RETRY_AFTER_S = 5
_SLACK_S = 20.0
"""What one turn may take beyond its deadline: starting a process and clearing it away."""


@dataclass(eq=False, slots=True)
class _Turn:
    deadline_s: float
    called: threading.Event = field(default_factory=threading.Event)


class Admission:
    """Lets `places` callers in at once and `queue` wait behind them, first come, first served."""

    def __init__(self, *, places: int, queue: int) -> None:
        self._places = places
        self._queue = queue
        self._lock = threading.Lock()
        self._inside: list[_Turn] = []
        self._line: deque[_Turn] = deque()

    @contextmanager
    def turn(self, *, deadline_s: float, patience_s: float) -> Iterator[None]:
        """Wait for a turn that takes `deadline_s` at most; raises Busy.

        Who finds the queue full stands behind it for up to `patience_s`; who is in it waits as long as those
        ahead may take.
        """
        turn = _Turn(deadline_s)
        try:
            with self._lock:
                self._line.append(turn)
                self._call_next()
            if not turn.called.wait(patience_s):
                longest_s = self._longest_wait_s(turn)
                if not turn.called.wait(longest_s):
                    raise Busy(retry_after_s=RETRY_AFTER_S)
            yield
        finally:
            with self._lock:
                (self._inside if turn.called.is_set() else self._line).remove(turn)
                self._call_next()

    def _call_next(self) -> None:
        while self._line and len(self._inside) < self._places:
            turn = self._line.popleft()
            self._inside.append(turn)
            turn.called.set()

    def _longest_wait_s(self, turn: _Turn) -> float:
        """Return how long those ahead may take at the very worst; 0 for who is not in the queue."""
        with self._lock:
            if turn.called.is_set():
                return 0
            place = self._line.index(turn)
            if place >= self._queue:
                return 0
            ahead = [*self._inside, *list(self._line)[:place]]
            return sum(each.deadline_s + _SLACK_S for each in ahead)
