"""The other side of `core.sandbox`: the helper process, which forks one limited child a task, and the child.

The helper imports what tasks need once and has a single thread, so that forking is safe and takes milliseconds.
It ends when the service does. A child ends at the service's word, with the helper, or by its limits, and takes
along whatever it started.
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
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from eduscale.core import progress
from eduscale.core import sandbox_wire as wire
from eduscale.core.errors import EduscaleError, StorageFull

ADDRESS_SPACE_MARGIN_BYTES = 300 * 1024 * 1024
"""Address space beyond the budget, for what is reserved and never filled: arenas, stacks, mapped libraries."""

_MAX_OPEN_FILES = 4096
_LAST_WORDS_BYTES = 64 * 1024
_WORDS_OF_MEMORY = (b"bad_alloc", b"memory allocation of ")
"""What C++ and Rust say when they abort for want of memory."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_CHANNEL = 3
"""A child's only descriptor beside the three standard ones."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use."""

    memory_bytes: int
    file_bytes: int | None = None
    """Size of the largest file that it may write; None is no limit."""


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
        _preload(preload)
    except Exception as error:  # noqa: BLE001  # told to the service, which logs it
        connection.send(wire.encode_failure(error))
        return
    helper = Helper(connection, allowed)
    connection.send(wire.READY)
    helper.serve()


def _preload(names: Iterable[str]) -> None:
    """Import modules and call their `warm()`, where they have one."""
    for name in names:
        warm = getattr(importlib.import_module(name), "warm", None)
        if warm is not None:
            warm()
    gc.collect()
    gc.freeze()  # the collector of a child would otherwise touch, and so copy, every page


@dataclass(eq=False, slots=True)
class _Task:
    """A running child: its process, the socket on which the service waits for its end, what it says on stderr."""

    pid: int
    ending: socket.socket
    last_words: int


class Helper:
    """Forks a child for every pair of sockets that arrives, and ends those whose service has hung up."""

    def __init__(self, control: socket.socket, limits: Limits) -> None:
        self._control = control
        self._limits = limits
        self._pid = os.getpid()
        self._mapped_bytes = _mapped_bytes()
        self._tasks: dict[int, _Task] = {}
        self._selector = selectors.PollSelector()
        self._selector.register(control, selectors.EVENT_READ)
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
            for key, _ in self._selector.select():
                if isinstance(key.data, _Task):
                    self._kill(key.data)
                elif key.fileobj is self._wakeup:
                    self._reap()
                elif not self._fork():
                    is_wanted = False
                    self._selector.unregister(self._control)
                    for task in self._tasks.values():
                        self._kill(task)

    def _fork(self) -> bool:
        """Start the child that the service asks for; False when the service is gone."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not message:
            return False
        channel, ending = descriptors[0], socket.socket(fileno=descriptors[1])
        ending.setblocking(False)
        last_words, stderr = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            pid = os.fork()
        except OSError:
            _say(ending, wire.NOT_STARTED)
            ending.close()
            os.close(last_words)
        else:
            if pid == 0:
                self._be_child(channel, stderr)
            task = self._tasks[pid] = _Task(pid, ending, last_words)
            self._selector.register(ending, selectors.EVENT_READ, task)
            _say(ending, wire.STARTED)
        finally:
            os.close(channel)
            os.close(stderr)
        return True

    def _be_child(self, channel: int, stderr: int) -> NoReturn:
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
            os.dup2(channel, _CHANNEL)
            os.closerange(_CHANNEL + 1, os.sysconf("SC_OPEN_MAX"))
            with suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text("1000")
            _lower_limits(self._limits, mapped_bytes=self._mapped_bytes)
            _work(socket.socket(fileno=_CHANNEL))
        finally:
            os._exit(os.EX_SOFTWARE)

    def _kill(self, task: _Task) -> None:
        """End a child whose service has hung up; it is reaped when the kernel says so."""
        if task.pid in self._tasks and task.ending in self._selector.get_map():
            self._selector.unregister(task.ending)
            os.kill(task.pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            while self._wakeup.recv(4096):
                pass
        for task in list(self._tasks.values()):
            if os.waitid(os.P_PID, task.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
                self._end(task)
        for pid in _children_of(self._pid) - self._tasks.keys():  # what an ended child had started
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)

    def _end(self, task: _Task) -> None:
        with suppress(ProcessLookupError):
            os.killpg(task.pid, signal.SIGKILL)  # not yet reaped, so the number is nobody else's
        _, status = os.waitpid(task.pid, 0)
        del self._tasks[task.pid]
        if task.ending in self._selector.get_map():
            self._selector.unregister(task.ending)
        last_words = _read_available(task.last_words)
        os.close(task.last_words)
        spoke_of_memory = any(words in last_words for words in _WORDS_OF_MEMORY)
        _say(task.ending, wire.ENDING.pack(status, spoke_of_memory))
        task.ending.close()


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
