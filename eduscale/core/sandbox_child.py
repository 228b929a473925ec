"""The other side of `core.sandbox`: the helper process, which forks one limited child a task, and the child.

The helper imports what tasks need once and has a single thread, so that forking is safe and takes milliseconds.
While nothing is to be done it keeps one spare child ready, which has forking and first steps behind it; a child
does one task all the same. The helper ends when the service does. A child ends at the service's word, with the
helper, or by its limits, and takes along whatever it started.
"""

import ctypes
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from eduscale.core import progress
from eduscale.core import sandbox_wire as wire
from eduscale.core.errors import EduscaleError, FileSizeExceeded, StorageFull

ADDRESS_SPACE_MARGIN_BYTES = 300 * 1024 * 1024
"""Address space beyond the budget, for what is reserved and never filled: arenas, stacks, mapped libraries."""

SPARE_AFTER_S = 0.002
"""So long nothing must have happened before a spare child is made: the answer that was just given goes first."""

_MAX_OPEN_FILES = 4096
_LAST_WORDS_BYTES = 64 * 1024
_WORDS_OF_MEMORY = (b"bad_alloc", b"memory allocation of ")
"""What C++ and Rust say when they abort for want of memory."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_CHANNEL = 3
"""A child's only descriptor beside the three standard ones."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use, and how many there may be."""

    memory_bytes: int
    file_bytes: int | None = None
    """Size of the largest file that it may write; None is no limit."""
    processes: int = 1
    """Children with a task, those included that are being cleared away."""


def main(mode: str, descriptor: str, limits: str, *preload: str) -> None:
    """Be the helper (`fork`) or the child of a single task (`once`), with the service at a socket."""
    connection = socket.socket(fileno=int(descriptor))
    allowed = Limits(**json.loads(limits))
    os.umask(0o077)
    os.environ.clear()
    os.environ["HOME"] = "/nonexistent"
    if mode == "once":
        _lower_limits(allowed, mapped_bytes=0)
        _work(connection)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        rehearsals = _preload(preload)
    except Exception as error:  # noqa: BLE001  # told to the service, which logs it
        connection.send(wire.encode_failure(error))
        return
    helper = Helper(connection, allowed, rehearsals)
    connection.send(wire.READY)
    helper.serve()


def _preload(names: Iterable[str]) -> list[Callable[[], None]]:
    """Import modules and call their `warm()`, where they have one; return what they have as `rehearse()`."""
    modules = [importlib.import_module(name) for name in names]
    for module in modules:
        if hasattr(module, "warm"):
            module.warm()
    gc.collect()
    gc.freeze()  # the collector of a child would otherwise touch, and so copy, every page
    return [module.rehearse for module in modules if hasattr(module, "rehearse")]


@dataclass(frozen=True, slots=True)
class _Child:
    """A forked process, and the pipe with what it says on stderr."""

    pid: int
    last_words: int


@dataclass(frozen=True, slots=True)
class _Spare:
    """A child that waits for a task, which comes to it as a socket."""

    child: _Child
    handover: socket.socket


@dataclass(eq=False, frozen=True, slots=True)
class _Task:
    """A child with a task, and the socket on which the service waits for its end."""

    child: _Child
    ending: socket.socket


class Helper:
    """Finds a child for every pair of sockets that arrives, and ends those whose service has hung up.

    Of a task's sockets one is for the child, the other tells the service how it ended. `rehearsals` are run by
    spare children: memory that a fork shares is copied when it is first written, and so that is done in advance.
    """

    def __init__(
        self, control: socket.socket, limits: Limits, rehearsals: Iterable[Callable[[], None]] = ()
    ) -> None:
        self._control = control
        self._limits = limits
        self._rehearsals = tuple(rehearsals)
        self._pid = os.getpid()
        self._mapped_bytes = _mapped_bytes()
        self._tasks: dict[int, _Task] = {}
        self._spare: _Spare | None = None
        self._wants_spare = False
        """One that dies is not made again before the next task: it would die again."""
        self._selector = selectors.PollSelector()
        self._wakeup, signalled = socket.socketpair()
        self._wakeup.setblocking(False)
        signalled.setblocking(False)
        self._signalled = signalled
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(signalled.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def serve(self) -> None:
        """Work until the service is gone, then leave no child behind."""
        is_wanted = True
        while is_wanted or self._tasks:
            self._listen(is_wanted and len(self._tasks) < self._limits.processes)
            is_idle = self._wants_spare and is_wanted and not any(map(self._is_working, self._tasks.values()))
            events = self._selector.select(SPARE_AFTER_S if is_idle else None)
            if not events:
                self._make_spare()
            for key, _ in events:
                if isinstance(key.data, _Task):
                    self._kill(key.data)
                elif key.fileobj is self._wakeup:
                    self._reap()
                elif not self._start():
                    is_wanted = False
                    for task in self._tasks.values():
                        self._kill(task)
        if self._spare is not None:
            self._drop_spare(self._spare)

    def _listen(self, is_listening: bool) -> None:
        """Take more tasks, or let them wait until a child is cleared away."""
        if is_listening != (self._control in self._selector.get_map()):
            if is_listening:
                self._selector.register(self._control, selectors.EVENT_READ)
            else:
                self._selector.unregister(self._control)

    def _start(self) -> bool:
        """Find a child for the task that the service asks for; False when the service is gone."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not message:
            return False
        channel, ending = descriptors[0], socket.socket(fileno=descriptors[1])
        ending.setblocking(False)
        child = self._hand_over(channel) or self._fork(channel, _work)
        os.close(channel)
        if child is None:
            _say(ending, wire.NOT_STARTED)
            ending.close()
            return True
        task = self._tasks[child.pid] = _Task(child, ending)
        self._selector.register(ending, selectors.EVENT_READ, task)
        _say(ending, wire.STARTED)
        return True

    def _hand_over(self, channel: int) -> _Child | None:
        """Give a task to the spare child; None when there is none, or it is dead."""
        if self._spare is None:
            return None
        spare, self._spare = self._spare, None
        try:
            socket.send_fds(spare.handover, [b"t"], [channel])
        except OSError:
            self._drop_spare(spare)
            return None
        spare.handover.close()
        return spare.child

    def _make_spare(self) -> None:
        self._wants_spare = False
        handover, theirs = socket.socketpair()
        with theirs:
            child = self._fork(theirs.fileno(), self._be_spare)
        if child is None:
            handover.close()
        else:
            self._spare = _Spare(child, handover)

    def _drop_spare(self, spare: _Spare) -> None:
        self._spare = None
        spare.handover.close()
        os.kill(spare.child.pid, signal.SIGKILL)
        self._bury(spare.child)

    def _fork(self, descriptor: int, work: Callable[[socket.socket], NoReturn]) -> _Child | None:
        """Return a new child that does `work` with one descriptor of ours; None when there is no room for one."""
        last_words, stderr = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            pid = os.fork()
        except OSError:
            os.close(last_words)
            return None
        else:
            if pid == 0:
                self._be_child(descriptor, stderr, work)
            return _Child(pid, last_words)
        finally:
            os.close(stderr)

    def _be_child(self, descriptor: int, stderr: int, work: Callable[[socket.socket], NoReturn]) -> NoReturn:
        try:
            os.setpgid(0, 0)
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != self._pid:
                os._exit(os.EX_OSERR)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(stderr, 2)
            sys.stderr = (
                sys.stdout
            )  # Python's own words are nobody's; only what C++ and Rust say at their end is looked at
            os.dup2(descriptor, _CHANNEL)
            os.closerange(_CHANNEL + 1, os.sysconf("SC_OPEN_MAX"))
            with suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text("1000")
            _lower_limits(self._limits, mapped_bytes=self._mapped_bytes)
            work(socket.socket(fileno=_CHANNEL))
        finally:
            os._exit(os.EX_SOFTWARE)

    def _be_spare(self, handover: socket.socket) -> NoReturn:
        """Rehearse, then wait for a task."""
        for rehearse in self._rehearsals:
            rehearse()
        _, descriptors, _, _ = socket.recv_fds(handover, 1, 1)
        if not descriptors:
            os._exit(os.EX_OK)
        os.dup2(descriptors[0], handover.detach())  # a child's channel has the same number in all of them
        os.close(descriptors[0])
        _work(socket.socket(fileno=_CHANNEL))

    def _is_working(self, task: _Task) -> bool:
        """Say whether somebody still listens to a child, which otherwise has been killed."""
        return task.ending in self._selector.get_map()

    def _kill(self, task: _Task) -> None:
        """End a child whose service has hung up; it is reaped when the kernel says so."""
        if task.child.pid in self._tasks and self._is_working(task):
            self._let_go(task)
            os.kill(task.child.pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            while self._wakeup.recv(4096):
                pass
        for task in list(self._tasks.values()):
            if _has_ended(task.child):
                self._end(task)
        if self._spare is not None and _has_ended(self._spare.child):
            self._drop_spare(self._spare)
        known = self._tasks.keys() | ({self._spare.child.pid} if self._spare else set())
        for pid in _children_of(self._pid) - known:  # what an ended child had started
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)

    def _end(self, task: _Task) -> None:
        del self._tasks[task.child.pid]
        if self._is_working(task):
            self._let_go(task)
        status, last_words = self._bury(task.child)
        spoke_of_memory = any(words in last_words for words in _WORDS_OF_MEMORY)
        _say(task.ending, wire.ENDING.pack(status, spoke_of_memory))
        task.ending.close()

    def _let_go(self, task: _Task) -> None:
        self._selector.unregister(task.ending)
        self._wants_spare = bool(self._rehearsals) and self._spare is None

    @staticmethod
    def _bury(child: _Child) -> tuple[int, bytes]:
        """Return how a child ended and what it last said; what it has started ends too."""
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # not yet reaped, so the number is nobody else's
        _, status = os.waitpid(child.pid, 0)
        last_words = _read_available(child.last_words)
        os.close(child.last_words)
        return status, last_words


def _has_ended(child: _Child) -> bool:
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _work(channel: socket.socket) -> NoReturn:
    """Do the one task of this process and leave without any tidying up."""
    try:
        kind, payload = _answer(channel)
        wire.send_frame(channel, kind, payload)
    except OSError:  # the service has hung up
        os._exit(os.EX_IOERR)
    os._exit(os.EX_OK)


def _answer(channel: socket.socket) -> tuple[wire.Kind, bytes]:
    try:
        (kind, name), (_, argument) = wire.receive_frame(channel), wire.receive_frame(channel)
        module, _, function = name.decode().partition(":")
        task = getattr(importlib.import_module(module), function)
        with _progress_to(channel) if kind is wire.Kind.WATCHED_TASK else nullcontext():
            answer = task(argument)
        if not isinstance(answer, bytes):
            raise TypeError("a task returns bytes")
    except EduscaleError as error:
        return wire.Kind.REFUSAL, wire.encode_refusal(error)
    except BaseException as error:  # noqa: BLE001  # the outermost edge of this process
        if wire.is_out_of_memory(error):
            return wire.Kind.OUT_OF_MEMORY, b""
        if wire.is_of_a_file_too_large(error):
            most, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
            return wire.Kind.REFUSAL, wire.encode_refusal(FileSizeExceeded(bytes=most))
        if wire.is_out_of_room(error):
            return wire.Kind.REFUSAL, wire.encode_refusal(StorageFull())
        return wire.Kind.FAILURE, wire.encode_failure(error)
    return wire.Kind.ANSWER, answer


def _progress_to(channel: socket.socket) -> AbstractContextManager[None]:
    """Let the service hear what the task reports."""

    def send(stage: progress.Stage, fraction: float) -> None:
        wire.send_frame(channel, wire.Kind.PROGRESS, wire.encode_progress(stage, fraction))

    return progress.heard_by(progress.calmed(send))


def _lower_limits(limits: Limits, *, mapped_bytes: int) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _MAX_OPEN_FILES,
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_AS: mapped_bytes + limits.memory_bytes + ADDRESS_SPACE_MARGIN_BYTES,
    }
    if limits.file_bytes is not None:
        wanted[resource.RLIMIT_FSIZE] = limits.file_bytes
    for which, most in wanted.items():
        _, hard = resource.getrlimit(which)
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (lowered, lowered))


_libc = ctypes.CDLL(None)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(f"prctl {option} is refused")


def _mapped_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _children_of(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def _say(ending: socket.socket, message: bytes) -> None:
    with suppress(OSError):  # the service no longer listens
        ending.send(message)


def _read_available(descriptor: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(descriptor, _LAST_WORDS_BYTES)
    return b""
