"""What the tests of the sandbox run in children."""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path

import duckdb

from eduscale.core import progress
from eduscale.core.errors import (
    ConfigurationError,
    InvalidField,
    MethodNotAllowed,
    ObjectChanged,
    QueryFailed,
    Unavailable,
    UnreadableFile,
)
from eduscale.core.sandbox_wire import Kind, send_frame

ERRORS = (
    ConfigurationError("KEY=1 is not accepted"),
    InvalidField("Say which region.", field="region"),
    MethodNotAllowed("No.", allowed=("GET", "HEAD")),
    ObjectChanged(),
    QueryFailed("Division by zero.", row=3, share=0.5, known=True, nothing=None),
    Unavailable("Later, prosím.", retry_after_s=7, part="storage"),
    UnreadableFile("too_many_columns", columns=20_000),
)
_CHANNEL = 3

_connections: list[duckdb.DuckDBPyConnection] = []


def warm() -> None:
    _connections.append(duckdb.connect(config={"threads": 1, "async_threads": 0}))


def echo(argument: bytes) -> bytes:
    return argument


def zeros(argument: bytes) -> bytes:
    return bytes(int(argument))


def sleep(argument: bytes) -> bytes:
    time.sleep(float(argument))
    return b"slept"


def begin(argument: bytes) -> bytes:
    """Leave a file as a sign of having begun, then take long."""
    Path(argument.decode()).touch()
    time.sleep(60)
    return b""


def refuse(argument: bytes) -> bytes:
    raise ERRORS[int(argument)]


def fail(argument: bytes) -> bytes:
    raise ValueError(argument.decode())


def leave(argument: bytes) -> bytes:
    os._exit(int(argument))


def die(argument: bytes) -> bytes:
    os.kill(os.getpid(), int(argument))
    return b""


def abort_for_memory(argument: bytes) -> bytes:
    os.write(2, argument)
    os.abort()


def ignore_sigterm(argument: bytes) -> bytes:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        time.sleep(1)


def spin_in_c(argument: bytes) -> bytes:
    """Hold the interpreter's lock, so that no handler could run."""
    return str(sum(range(10**12))).encode()


def hog(argument: bytes) -> bytes:
    """Take memory in steps until there is no more."""
    kept = []
    while True:
        kept.append(bytearray(16 * 1024 * 1024))


def map_shared(argument: bytes) -> bytes:
    """Take memory that RLIMIT_DATA does not count."""
    import mmap

    mapped = mmap.mmap(-1, int(argument))
    return str(len(mapped)).encode()


def write(argument: bytes) -> bytes:
    size, path = argument.decode().split(" ", 1)
    Path(path).write_bytes(bytes(int(size)))
    return b"written"


def write_by_a_wrapper(argument: bytes) -> bytes:
    try:
        return write(argument)
    except OSError as error:
        raise RuntimeError("as XlsxWriter says it") from error


def write_by_duckdb(argument: bytes) -> bytes:
    import duckdb

    size, path = argument.decode().split(" ", 1)
    duckdb.sql(f"COPY (FROM range({size})) TO '{path}' (FORMAT csv, USE_TMP_FILE false)")
    return b"written"


def chatter(argument: bytes) -> bytes:
    print("a word on stdout", flush=True)
    print("a word on stderr", file=sys.stderr, flush=True)
    os.write(1, b"bytes on 1")
    os.write(2, b"bytes on 2" * 20)
    return b"said"


def report(argument: bytes) -> bytes:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    before = os.umask(0)
    return json.dumps(
        {
            "environment": dict(os.environ),
            "libc_environment": _libc_environment(),
            "descriptors": _descriptors(),
            "cwd": str(Path.cwd()),
            "umask": before,
            "no_new_privileges": status["NoNewPrivs"].strip(),
            "oom_score_adj": Path("/proc/self/oom_score_adj").read_text().strip(),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "data": resource.getrlimit(resource.RLIMIT_DATA),
            "threads": status["Threads"].strip(),
            "helper_threads": len(list(Path(f"/proc/{os.getppid()}/task").iterdir())),
            "pid": os.getpid(),
            "helper": os.getppid(),
        }
    ).encode()


def _descriptors() -> dict[str, str]:
    """Return where each descriptor leads; the one that reads the list is gone when it is looked at."""
    numbers = [each.name for each in Path("/proc/self/fd").iterdir()]
    links = {number: Path(f"/proc/self/fd/{number}") for number in numbers}
    return {number: str(link.readlink()) for number, link in links.items() if link.is_symlink()}


def _libc_environment() -> list[str]:
    environment = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    found: list[str] = []
    while (entry := environment[len(found)]) is not None:
        found.append(entry.decode())
    return found


def leave_grandchildren(argument: bytes) -> bytes:
    """Start a process in the group and one that left it; answer with their numbers."""
    numbers = []
    for leaves in (False, True):
        pid = os.fork()
        if pid == 0:
            if leaves:
                os.setsid()
            time.sleep(60)
            os._exit(0)
        numbers.append(pid)
    time.sleep(0.05)
    return json.dumps(numbers).encode()


def lie(argument: bytes) -> bytes:
    """Send what a child in a stranger's hands might: `kind` and payload, then nothing more."""
    kind, payload = argument.split(b" ", 1)
    channel = socket.socket(fileno=_CHANNEL)
    if kind == b"raw":
        channel.sendall(payload)
    else:
        send_frame(channel, Kind(int(kind)), payload)
    time.sleep(60)
    return b""


def select(argument: bytes) -> bytes:
    """Ask the connection that was open before the fork."""
    row = _connections[0].execute(argument.decode()).fetchone()
    return json.dumps(row, default=str).encode()


def convert(argument: bytes) -> bytes:
    """Turn a CSV file into Parquet with two threads and say what arrived."""
    source, target = argument.decode().split("\n")
    connection = _connections[0]
    connection.execute("SET threads = 2")
    connection.execute("SET memory_limit = '200MB'")
    connection.execute(f"COPY (FROM read_csv('{source}')) TO '{target}' (FORMAT parquet)")
    row = connection.execute(f"SELECT count(*), sum(number), max(word) FROM '{target}'").fetchone()
    return json.dumps(row, default=str).encode()


def step(argument: bytes) -> bytes:
    """Report so many steps of a stage, each taking so long, and the end."""
    steps, pause_s = argument.split()
    for number in range(int(steps)):
        progress.report("converting", number / int(steps))
        time.sleep(float(pause_s))
    progress.report("checking", 1)
    return b"stepped"


def flood(argument: bytes) -> bytes:
    """Report without end, as a child in a stranger's hands might."""
    channel = socket.socket(fileno=_CHANNEL)
    while True:
        send_frame(channel, Kind.PROGRESS, argument)
