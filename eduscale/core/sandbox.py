"""Run a function in a child process that has a memory limit and is killed at its deadline.

What strangers send is read there, and what analysts ask is run there; the service outlives both. On Linux one
helper process (`core.sandbox_child`), started at the first task, has everything imported and forks a child a task,
which takes milliseconds; elsewhere a process is started for every task. Tasks are bytes to bytes, and what a child
sends is not trusted (`core.sandbox_wire`).
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from eduscale.core import sandbox_wire as wire
from eduscale.core.admission import Admission
from eduscale.core.errors import (
    ChildCrashed,
    DeadlineExceeded,
    LimitExceeded,
    MemoryExceeded,
    Unavailable,
)
from eduscale.core.progress import Listener

MAX_ANSWER_BYTES = 256 * 1024 * 1024

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from eduscale.core.sandbox_child import main
main(*sys.argv[2:])
"""
_START_S = 60.0
_FORK_S = 10.0
_END_S = 5.0
_LAST_BREATH_S = 1.0

_log = logging.getLogger("eduscale.sandbox")


class _Ending(NamedTuple):
    """How a child ended: its wait status, and whether its last words were of memory."""

    status: int
    spoke_of_memory: bool


class _Child(Protocol):
    """A process that waits for one task at `channel`."""

    channel: socket.socket

    def end(self, *, patience_s: float) -> _Ending | None:
        """Wait for its end, kill it after `patience_s`; None when nobody can say how it ended."""

    def close(self) -> None:
        """Have it killed if it still runs, without waiting, and let go of it."""


class Sandbox:
    """Runs tasks in killable children, `processes` at once and `queue` waiting behind them."""

    def __init__(
        self,
        *,
        memory_bytes: int,
        processes: int,
        queue: int,
        preload: tuple[str, ...] = (),
        file_bytes: int | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._memory_bytes = memory_bytes
        self._processes = processes or os.cpu_count() or 1
        self._queue = queue
        self._preload = preload
        self._limits = json.dumps(
            {"memory_bytes": memory_bytes, "file_bytes": file_bytes, "processes": self._processes}
        )
        self._max_answer_bytes = max_answer_bytes
        self._helper: _Helper | None = None
        self._forget_threads()
        if sys.platform == "linux":
            forked = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := forked()) and method())

    def run(
        self,
        task: str,
        argument: bytes,
        *,
        deadline_s: float,
        patience_s: float = 0.0,
        on_progress: Listener | None = None,
    ) -> bytes:
        """Return what the function `module:function` makes of `argument` in a child.

        `on_progress` hears what the child reports by `core.progress`, in this thread; it must not take long.
        Raises what the function raised if it is an EduscaleError; DeadlineExceeded, MemoryExceeded,
        FileSizeExceeded, LimitExceeded for an answer over the cap, ChildCrashed; Busy when there is no place
        within `patience_s`.
        """
        with self._admission.turn(deadline_s=deadline_s, patience_s=patience_s):
            try:
                kind, payload = self._reply(task, argument, deadline_s, on_progress)
                match kind:
                    case wire.Kind.ANSWER:
                        return payload
                    case wire.Kind.REFUSAL:
                        raise wire.decode_refusal(payload)
                    case wire.Kind.OUT_OF_MEMORY:
                        raise MemoryExceeded(bytes=self._memory_bytes)
                    case wire.Kind.FAILURE:
                        _log.error("%s failed in its child\n%s", task, wire.decode_failure(payload))
                        raise ChildCrashed
                    case _:
                        raise wire.MalformedFrame
            except wire.MalformedFrame:
                raise _crashed(task, "sent what means nothing") from None

    def close(self) -> None:
        """End the helper and every child; a later task would start anew."""
        with self._starting:
            helper, self._helper = self._helper, None
        if helper is not None:
            helper.close()

    def _reply(
        self, task: str, argument: bytes, deadline_s: float, on_progress: Listener | None
    ) -> tuple[wire.Kind, bytes]:
        kind = wire.Kind.TASK if on_progress is None else wire.Kind.WATCHED_TASK
        with closing(self._start_child()) as child:
            deadline = time.monotonic() + deadline_s
            try:
                wire.send_frame(child.channel, kind, task.encode(), deadline=deadline)
                wire.send_frame(child.channel, wire.Kind.ARGUMENT, argument, deadline=deadline)
                return wire.receive_reply(
                    child.channel,
                    max_bytes=self._max_answer_bytes,
                    deadline=deadline,
                    on_progress=on_progress,
                )
            except TimeoutError:
                child.end(patience_s=0)
                raise DeadlineExceeded(seconds=deadline_s) from None
            except wire.AnswerTooLarge:
                child.end(patience_s=0)
                raise LimitExceeded("The answer is too large.", bytes=self._max_answer_bytes) from None
            except (EOFError, OSError):
                raise self._explained(task, child.end(patience_s=_LAST_BREATH_S)) from None

    def _explained(self, task: str, ending: _Ending | None) -> MemoryExceeded | ChildCrashed:
        """Say why a child died without an answer. SIGKILL that is not ours is the kernel's, for want of memory."""
        if ending is None:
            return _crashed(task, "died with the helper")
        code = os.waitstatus_to_exitcode(ending.status)
        if ending.spoke_of_memory or code == -signal.SIGKILL:
            return MemoryExceeded(bytes=self._memory_bytes)
        return _crashed(task, f"died of signal {-code}" if code < 0 else f"left with exit code {code}")

    def _start_child(self) -> _Child:
        if sys.platform != "linux":
            return _SpawnedChild(self._limits)
        for _ in range(2):  # a helper that died in the meantime has not begun the task
            helper = self._running_helper()
            try:
                return helper.start_child()
            except _HelperLost:
                self._discard(helper)
        raise _crashed("a task", "could not be started")

    def _running_helper(self) -> "_Helper":
        with self._starting:
            if self._helper is None:
                self._helper = _Helper(self._limits, self._preload)
            return self._helper

    def _discard(self, helper: "_Helper") -> None:
        with self._starting:
            if self._helper is helper:
                self._helper = None
        helper.close()

    def _forget_threads(self) -> None:
        self._starting = threading.Lock()
        self._admission = Admission(places=self._processes, queue=self._queue)

    def _begin_anew(self) -> None:
        """After a fork of the service: its threads, locks and helper are not this process's."""
        helper, self._helper = self._helper, None
        self._forget_threads()
        if helper is not None:
            helper.forget()


class _HelperLost(Exception):
    """The helper is gone or hangs; the task has not begun."""


class _Helper:
    """The process that has everything imported and forks a child a task."""

    def __init__(self, limits: str, preload: tuple[str, ...]) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._sending = threading.Lock()
        with theirs:
            self._process = _start_python(theirs, "fork", limits, *preload)
        self._control.settimeout(_START_S)
        try:
            message = self._control.recv(wire.MAX_ERROR_BYTES)
        except OSError:
            message = b""
        if message != wire.READY:
            self.close()
            with suppress(wire.MalformedFrame):
                _log.error("The sandbox's helper cannot start\n%s", wire.decode_failure(message))
            raise _crashed("The sandbox's helper", "did not start")

    def start_child(self) -> "_ForkedChild":
        """Return a new child, waiting for its task; raises _HelperLost."""
        with ExitStack() as opened:
            channel, its_channel = socket.socketpair()
            ending, its_ending = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for each in (channel, ending):
                opened.enter_context(each)
            ending.settimeout(_FORK_S)
            try:
                with its_channel, its_ending, self._sending:
                    socket.send_fds(self._control, [b"f"], [its_channel.fileno(), its_ending.fileno()])
                word = ending.recv(len(wire.NOT_STARTED))
            except OSError:
                raise _HelperLost from None
            if word == wire.NOT_STARTED:
                raise Unavailable
            if word != wire.STARTED:
                raise _HelperLost
            opened.pop_all()
            return _ForkedChild(self, channel, ending)

    def kill(self) -> None:
        """Kill it, and so its children."""
        self._process.kill()

    def close(self) -> None:
        """Kill it and let go of it; it is safe to do so twice."""
        self.kill()
        self._process.wait()
        with self._sending:
            self._control.close()

    def forget(self) -> None:
        """Let go of it in a forked process, whose child it is not."""
        self._control.close()
        self._process.returncode = 0  # nothing for this process to wait for


class _ForkedChild:
    """A child of the helper; hanging up on its ending tells the helper to kill it."""

    def __init__(self, helper: _Helper, channel: socket.socket, ending: socket.socket) -> None:
        self.channel = channel
        self._helper = helper
        self._ending = ending

    def end(self, *, patience_s: float) -> _Ending | None:
        message = self._next_word(patience_s) if patience_s > 0 else None
        if message is None:
            with suppress(OSError):
                self._ending.shutdown(socket.SHUT_WR)
            message = self._next_word(_END_S)
        if message is None:  # a helper that hangs takes its children along
            self._helper.kill()
        return _Ending(*wire.ENDING.unpack(message)) if message else None

    def close(self) -> None:
        self.channel.close()
        self._ending.close()

    def _next_word(self, patience_s: float) -> bytes | None:
        self._ending.settimeout(patience_s)
        try:
            return self._ending.recv(wire.ENDING.size)
        except TimeoutError:
            return None
        except OSError:
            return b""


class _SpawnedChild:
    """A process of its own for one task, where forking is not safe or cannot be bound to the parent's life."""

    def __init__(self, limits: str) -> None:
        self.channel, theirs = socket.socketpair()
        with theirs:
            self._process = _start_python(theirs, "once", limits)

    def end(self, *, patience_s: float) -> _Ending | None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        self._kill()
        code = self._process.wait()
        return _Ending(-code if code < 0 else code << 8, spoke_of_memory=False)

    def close(self) -> None:
        self._kill()
        self._process.wait()
        self.channel.close()

    def _kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)


def _start_python(connection: socket.socket, *arguments: str) -> subprocess.Popen[bytes]:
    """Start `sandbox_child` isolated: no environment, no input or output, a session of its own."""
    mode, *others = arguments
    command = [
        sys.executable,
        "-I",
        "-X",
        "utf8",
        "-c",
        _PROGRAM,
        str(_ROOT),
        mode,
        str(connection.fileno()),
        *others,
    ]
    return subprocess.Popen(
        command,
        env={},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(connection.fileno(),),
        start_new_session=True,
    )


def _crashed(task: str, how: str) -> ChildCrashed:
    _log.error("%s: the child %s", task, how)
    return ChildCrashed()
