"""Tasks run in real children: what they answer, how they fail, what stops them, what they leave behind."""

import contextlib
import json
import logging
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from eduscale.core.errors import (
    Busy,
    ChildCrashed,
    DeadlineExceeded,
    EduscaleError,
    FileSizeExceeded,
    LimitExceeded,
    MemoryExceeded,
    StorageFull,
    Unavailable,
)
from eduscale.core.sandbox import Sandbox
from tests.core.failing_rehearsal import attempts
from tests.core.sandbox_tasks import ERRORS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are forked on Linux only")

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
TASKS = "tests.core.sandbox_tasks"
REHEARSED = "tests.core.rehearsed_tasks"
NAMES = [type(error).__name__ for error in ERRORS]


def make(*, memory_bytes: int = 400 * MIB, processes: int = 2, queue: int = 8, **more: object) -> Sandbox:
    return Sandbox(memory_bytes=memory_bytes, processes=processes, queue=queue, preload=(TASKS,), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    shared = make()
    shared.run("builtins:bytes", b"", deadline_s=10)
    with contextlib.closing(shared):
        yield shared


def run(
    sandbox: Sandbox, function: str, argument: bytes = b"", *, deadline_s: float = 10, patience_s: float = 0
) -> bytes:
    return sandbox.run(f"{TASKS}:{function}", argument, deadline_s=deadline_s, patience_s=patience_s)


def helper_pid(sandbox: Sandbox) -> int:
    return int(json.loads(run(sandbox, "report"))["helper"])


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that is dead and only waits to be counted does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def descriptors_of(*pids: int) -> int:
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def wait_until(condition: Callable[[], bool], timeout_s: float = 5) -> bool:
    deadline = time.monotonic() + timeout_s
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return met


# What comes back


@pytest.mark.parametrize("size", [0, 1, 65_537, 20 * MIB])
def test_bytes_go_in_and_come_out(sandbox: Sandbox, size: int) -> None:
    """An argument and an answer of any length arrive whole."""
    argument = random.Random(size).randbytes(size)
    assert run(sandbox, "echo", argument) == argument


@pytest.mark.parametrize("number", range(len(ERRORS)), ids=NAMES)
def test_our_errors_keep_class_detail_and_facts(sandbox: Sandbox, number: int) -> None:
    """An error of ours is raised again as what it was, with all that it carries."""
    with pytest.raises(EduscaleError) as caught:
        run(sandbox, "refuse", str(number).encode())
    assert type(caught.value) is type(ERRORS[number])
    assert vars(caught.value) == vars(ERRORS[number])
    assert str(caught.value) == str(ERRORS[number])


def test_other_errors_are_logged_without_their_message(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is logged by type and places, and nothing of what it quotes."""
    with caplog.at_level(logging.ERROR, "eduscale.sandbox"), pytest.raises(ChildCrashed) as caught:
        run(sandbox, "fail", "Jana Nováková".encode())
    assert "Nováková" not in caplog.text + str(caught.value)
    line = (
        ROOT.joinpath("tests/core/sandbox_tasks.py")
        .read_text()
        .splitlines()
        .index("    raise ValueError(argument.decode())")
        + 1
    )
    assert f'tests/core/sandbox_tasks.py", line {line}, in fail' in caplog.text
    assert "ValueError: (message withheld)" in caplog.text


@pytest.mark.parametrize("task", ["tests.core.sandbox_tasks:missing", "no_such_module:f", "json:dumps"])
def test_a_task_that_is_none_is_a_crash(sandbox: Sandbox, task: str) -> None:
    """A function that is missing or does not return bytes is a crash, not an answer."""
    with pytest.raises(ChildCrashed):
        sandbox.run(task, b"", deadline_s=5)


@pytest.mark.parametrize(
    ("function", "argument", "error"),
    [
        ("leave", b"0", ChildCrashed),
        ("leave", b"3", ChildCrashed),
        ("die", b"11", ChildCrashed),
        ("die", b"6", ChildCrashed),
        ("die", b"9", MemoryExceeded),
        ("abort_for_memory", b"terminate called after throwing an instance of 'std::bad_alloc'\n", MemoryExceeded),
        ("abort_for_memory", b"memory allocation of 4294967296 bytes failed\n", MemoryExceeded),
    ],
    ids=["exit 0", "exit 3", "SIGSEGV", "SIGABRT", "SIGKILL of the kernel", "abort of C++ for memory", "of Rust"],
)
def test_a_death_without_an_answer_is_explained(
    sandbox: Sandbox, function: str, argument: bytes, error: type[EduscaleError]
) -> None:
    """A child that dies silently is a crash, or out of memory where that is what killed it."""
    with pytest.raises(error):
        run(sandbox, function, argument)
    assert run(sandbox, "echo", b"next") == b"next"


def lying_refusal(name: str = "Busy", code: str = "busy", **lie: object) -> bytes:
    return b"4 " + json.dumps({"class": name, "code": code, "detail": "", "facts": {}, "more": {}, **lie}).encode()


LIES = {
    "unknown kind": b"raw \x63" + bytes(8),
    "kind of the service": b"1 x",
    "refusal that is no JSON": b"4 {",
    "refusal nested too deeply": b"4 " + b"[" * 60_000,
    "refusal of no class of ours": lying_refusal("SystemExit"),
    "refusal with a list of facts": lying_refusal(facts={"a": [1]}),
    "refusal that sets the status": lying_refusal(more={"status": 200}),
    "refusal with a fact that is detail": lying_refusal(facts={"detail": 1}),
    "refusal with a fact that is an option": lying_refusal(facts={"retry_after_s": "soon"}),
    "failure with a line break in its type": b'6 {"type": "a\\nb", "places": []}',
    "failure with a line break in a place": b'6 {"type": "a", "places": [["a\\nb", 1, "f"]]}',
    "error that is too long": b"raw \x04\x00\x00\x00\x00\x7f\xff\xff\xff",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_what_means_nothing_is_a_crash(sandbox: Sandbox, lie: bytes) -> None:
    """A child in a stranger's hands can make its task fail at once, and no more."""
    with pytest.raises(ChildCrashed):
        run(sandbox, "lie", lie, deadline_s=20)


# Progress


def test_what_a_child_reports_is_heard_while_it_works(sandbox: Sandbox) -> None:
    """Stages and shares arrive in order and before the answer, a few a second at most."""
    heard: list[tuple[str, float, float]] = []
    started = time.monotonic()

    def listen(stage: str, fraction: float) -> None:
        heard.append((stage, fraction, time.monotonic() - started))

    assert sandbox.run(f"{TASKS}:step", b"100 0.01", deadline_s=30, on_progress=listen) == b"stepped"
    took_s = time.monotonic() - started
    assert heard[0][:2] == ("converting", 0)
    assert heard[-1][:2] == ("checking", 1)
    assert heard == sorted(heard, key=lambda word: word[1])
    assert 3 <= len(heard) <= 3 + took_s / 0.2
    assert heard[1][2] < took_s


def test_nobody_listening_is_told_nothing(sandbox: Sandbox) -> None:
    """A task whose progress was not asked for sends its answer alone; a child that reports all the same lies."""
    assert run(sandbox, "step", b"3 0") == b"stepped"
    with pytest.raises(ChildCrashed):
        run(sandbox, "lie", b'8 ["reading", 0.5]')


@pytest.mark.parametrize(
    "lie",
    [
        b"8 {",
        b'8 ["reading"]',
        b'8 ["reading", 1.5]',
        b'8 ["reading", NaN]',
        b'8 ["reading", "0.5"]',
        b'8 ["owning the place", 0.5]',
        b'8 ["reading", 0.' + b"1" * 100 + b"]",
        b"raw \x08\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
    ids=[
        "no JSON", "no share", "more than all", "no number", "text", "no stage of ours", "too long", "endless",
    ],
)  # fmt: skip
def test_progress_that_means_nothing_is_a_crash(sandbox: Sandbox, lie: bytes) -> None:
    """What is no stage and share ends the task at once, long before its deadline."""
    with pytest.raises(ChildCrashed):
        sandbox.run(f"{TASKS}:lie", lie, deadline_s=20, on_progress=lambda stage, fraction: None)


def test_a_flood_of_progress_is_a_crash(sandbox: Sandbox) -> None:
    """A child cannot keep the service busy with words."""
    heard: list[float] = []
    with pytest.raises(ChildCrashed):
        sandbox.run(
            f"{TASKS}:flood",
            b'["reading", 0.5]',
            deadline_s=60,
            on_progress=lambda stage, fraction: heard.append(fraction),
        )
    assert len(heard) < 1000


# Limits


@pytest.mark.parametrize("function", ["ignore_sigterm", "spin_in_c", "lie"])
def test_the_deadline_kills(sandbox: Sandbox, function: str) -> None:
    """At the deadline the caller is back and the child is gone, whatever it does; most would never end."""
    helper = helper_pid(sandbox)
    assert wait_until(lambda: children_of(helper) == [])
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        run(sandbox, function, b"raw \x03\x00", deadline_s=0.4)
    assert time.monotonic() - started >= 0.4
    assert caught.value.facts == {"seconds": 0.4}
    assert children_of(helper) == []


@pytest.mark.parametrize(
    ("function", "argument"),
    [("hog", b""), ("zeros", b"9000000000"), ("select", b"SELECT length(repeat('x', 4000000000))")],
    ids=["in steps", "at once", "in DuckDB"],
)
def test_memory_is_limited(sandbox: Sandbox, function: str, argument: bytes) -> None:
    """A child that wants more memory than the budget is refused, and the next task works."""
    with pytest.raises(MemoryExceeded) as caught:
        run(sandbox, function, argument)
    assert caught.value.facts == {"bytes": 400 * MIB}
    assert run(sandbox, "echo", b"next") == b"next"


def test_shared_memory_is_limited_too(sandbox: Sandbox) -> None:
    """Memory that is not counted as data is bounded by the address space."""
    assert run(sandbox, "map_shared", str(100 * MIB).encode()) == str(100 * MIB).encode()
    with pytest.raises((MemoryExceeded, ChildCrashed)):
        run(sandbox, "map_shared", str(1500 * MIB).encode())


def test_an_answer_over_the_cap_is_an_error() -> None:
    """A child cannot fill the service with its answer."""
    with contextlib.closing(make(max_answer_bytes=1000)) as small:
        assert len(run(small, "zeros", b"1000")) == 1000
        with pytest.raises(LimitExceeded) as caught:
            run(small, "zeros", b"1001")
        assert caught.value.facts == {"bytes": 1000}
        with pytest.raises(LimitExceeded):
            run(small, "lie", b"raw \x03\x00\x00\xff\xff\xff\xff\xff\xff")


@pytest.mark.parametrize("writer", ["write", "write_by_duckdb", "write_by_a_wrapper"])
def test_the_size_of_a_file_is_limited(writer: str, tmp_path: Path) -> None:
    """A child cannot fill the disk with one file, whichever library writes it."""
    with contextlib.closing(make(file_bytes=MIB)) as small:
        assert run(small, writer, f"{MIB // 10} {tmp_path / 'a'}".encode()) == b"written"
        with pytest.raises(FileSizeExceeded) as caught:
            run(small, writer, f"{MIB + 1} {tmp_path / 'b'}".encode())
        assert caught.value.facts == {"bytes": MIB}


@pytest.mark.parametrize("writer", ["write", "write_by_duckdb", "write_by_a_wrapper"])
def test_a_full_disk_is_said(sandbox: Sandbox, writer: str) -> None:
    """A child that finds no room says so, whichever library met it."""
    with pytest.raises(StorageFull):
        run(sandbox, writer, b"100000 /dev/full")


def test_a_child_sees_nothing_of_the_service(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child has no environment, no open files of others, and no way to more rights."""
    monkeypatch.setenv("SECRET", "s")
    with contextlib.closing(make()) as fresh, Path(__file__).open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        run(fresh, "echo")
        with ThreadPoolExecutor() as pool:
            other = pool.submit(run, fresh, "sleep", b"0.5")
            time.sleep(0.1)
            seen = json.loads(run(fresh, "report"))
            other.result()
    assert seen["environment"] == {"HOME": "/nonexistent"}
    assert seen["libc_environment"] == ["HOME=/nonexistent"]
    standard = {fd: where for fd, where in seen["descriptors"].items() if fd in {"0", "1"}}
    assert standard == {"0": "/dev/null", "1": "/dev/null"}
    others = {fd: where.split(":")[0] for fd, where in seen["descriptors"].items() if fd not in {"0", "1"}}
    assert others == {"2": "pipe", "3": "socket"}
    assert (seen["cwd"], seen["umask"], seen["no_new_privileges"]) == ("/", 0o077, "1")
    assert (seen["oom_score_adj"], seen["core"], seen["data"]) == ("1000", [0, 0], [400 * MIB, 400 * MIB])
    assert (seen["threads"], seen["helper_threads"]) == ("1", 1)


def test_what_a_child_prints_is_not_in_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    """A child's words cannot tear the lines of the service's log."""
    with contextlib.closing(make()) as fresh:
        assert run(fresh, "chatter") == b"said"
    assert capfd.readouterr() == ("", "")


# Admission


def test_no_more_than_so_many_at_once_and_the_queue_is_short() -> None:
    """Beyond the children and the queue a caller is told at once to come back, and those inside are served."""
    with contextlib.closing(make(processes=2, queue=3)) as small, ThreadPoolExecutor(9) as pool:
        run(small, "echo")
        started = time.monotonic()
        calls = []
        for _ in range(5):
            calls.append(pool.submit(run, small, "sleep", b"0.4", deadline_s=30))
            time.sleep(0.02)
        with pytest.raises(Busy) as caught:
            run(small, "echo")
        assert not any(call.done() for call in calls[2:])
        assert caught.value.retry_after_s > 0
        assert [call.result() for call in calls] == [b"slept"] * 5
        assert time.monotonic() - started > 1.1  # three rounds of two
        assert run(small, "echo", b"next") == b"next"


def test_patience_waits_for_a_place_in_the_queue() -> None:
    """A caller with patience gets the place that comes free in time, else Busy."""
    with contextlib.closing(make(processes=1, queue=1)) as small, ThreadPoolExecutor(4) as pool:
        run(small, "echo")
        calls = [pool.submit(run, small, "sleep", b"0.3")]
        time.sleep(0.05)
        calls.append(pool.submit(run, small, "sleep", b"0.3"))
        time.sleep(0.05)
        with pytest.raises(Busy):
            run(small, "echo", patience_s=0.05)
        assert run(small, "echo", b"patient", patience_s=0.5) == b"patient"
        assert [call.result() for call in calls] == [b"slept"] * 2


def test_first_come_first_served() -> None:
    """The queue is served in the order of arrival."""
    order: list[int] = []

    def call(number: int) -> None:
        run(small, "sleep", b"0.01")
        order.append(number)

    with contextlib.closing(make(processes=1, queue=8)) as small, ThreadPoolExecutor(9) as pool:
        run(small, "echo")
        for number in range(8):
            pool.submit(call, number)
            time.sleep(0.005)
    assert order == list(range(8))


def test_waiting_does_not_count_against_the_deadline() -> None:
    """Who waited longer than the deadline in the queue still has all of it."""
    with contextlib.closing(make(processes=1, queue=2)) as small, ThreadPoolExecutor(2) as pool:
        run(small, "echo")
        first = pool.submit(run, small, "sleep", b"0.5", deadline_s=2)
        time.sleep(0.05)
        assert run(small, "sleep", b"0.1", deadline_s=0.3) == b"slept"
        assert first.result() == b"slept"


# Life and death of the helper


def test_a_task_meets_no_more_children_than_places(tmp_path: Path) -> None:
    """A child that is being cleared away keeps its place, so that memory never holds more of them than allowed."""
    with contextlib.closing(make(processes=1)) as one:
        helper = helper_pid(one)
        seen = 0
        for _ in range(30):
            run(one, "select", b"SELECT sum(range)::BIGINT FROM range(1000)")
            seen = max(seen, len(children_of(helper)))
        assert seen <= 1


# A spare child


@pytest.fixture
def spared() -> Iterator[Sandbox]:
    """A sandbox whose helper has a spare child ready."""
    with contextlib.closing(Sandbox(memory_bytes=400 * MIB, processes=2, queue=8, preload=(REHEARSED,))) as fresh:
        wait_for_spare(fresh)
        yield fresh


def rehearsed(sandbox: Sandbox, function: str = "report", argument: bytes = b"") -> bytes:
    return sandbox.run(f"{REHEARSED}:{function}", argument, deadline_s=10)


def wait_for_spare(sandbox: Sandbox) -> int:
    """Run a task, wait for the spare child that is made after it and return its process id."""
    told = json.loads(rehearsed(sandbox))
    found: list[int] = []

    def is_ready() -> bool:
        found[:] = [pid for pid in children_of(told["helper"]) if pid != told["pid"]]
        return len(found) == 1

    assert wait_until(is_ready)
    return found[0]


def test_a_task_runs_in_the_child_that_was_ready(spared: Sandbox) -> None:
    """The spare child has rehearsed, has nothing open but its channel, and does one task like any other."""
    spare = wait_for_spare(spared)
    told = json.loads(rehearsed(spared))
    assert (told["pid"], told["rehearsals"], told["descriptors"]) == (spare, 1, [0, 1, 2, 3])
    assert wait_for_spare(spared) != spare


def test_a_spare_child_is_limited_too(spared: Sandbox) -> None:
    """Memory and time of a task in the spare child end where they would in any other."""
    with pytest.raises(MemoryExceeded):
        rehearsed(spared, "zeros", b"9000000000")
    wait_for_spare(spared)
    with pytest.raises(DeadlineExceeded):
        spared.run(f"{REHEARSED}:sleep", b"9", deadline_s=0.1)


def test_a_dead_spare_child_is_not_missed(spared: Sandbox) -> None:
    """A task that would have gone to a spare child which has died gets another one."""
    spare = wait_for_spare(spared)
    os.kill(spare, signal.SIGKILL)
    assert wait_until(lambda: not is_alive(spare))
    assert json.loads(rehearsed(spared))["rehearsals"] == 0


def test_a_rehearsal_that_fails_harms_no_task() -> None:
    """Where the spare child cannot get ready tasks run without one, and it is not made over and over."""
    preload = (REHEARSED, "tests.core.failing_rehearsal")
    with contextlib.closing(Sandbox(memory_bytes=400 * MIB, processes=2, queue=8, preload=preload)) as fresh:
        helper = json.loads(rehearsed(fresh))["helper"]
        try:
            assert wait_until(lambda: attempts(helper).exists() and children_of(helper) == [])
            time.sleep(0.3)
            assert json.loads(rehearsed(fresh))["rehearsals"] == 0
            assert attempts(helper).stat().st_size <= 2
        finally:
            attempts(helper).unlink()


def test_a_spare_child_ends_with_the_helper(spared: Sandbox) -> None:
    """A closed sandbox leaves no spare child behind."""
    spare = wait_for_spare(spared)
    spared.close()
    assert wait_until(lambda: not is_alive(spare))


def test_what_a_child_started_ends_with_it(sandbox: Sandbox) -> None:
    """Processes that a child left behind are killed, also those that left its group."""
    numbers = json.loads(run(sandbox, "leave_grandchildren"))
    assert wait_until(lambda: not any(is_alive(pid) for pid in numbers))
    helper = helper_pid(sandbox)
    assert wait_until(lambda: children_of(helper) == [])


def test_a_killed_helper_is_replaced(tmp_path: Path) -> None:
    """A task that meets the helper's death crashes; one that comes after it has a new helper and never notices."""
    with contextlib.closing(make()) as fresh, ThreadPoolExecutor() as pool:
        first = helper_pid(fresh)
        begun = tmp_path / "begun"
        running = pool.submit(run, fresh, "begin", str(begun).encode())
        assert wait_until(begun.exists)
        child = children_of(first)[0]
        os.kill(first, signal.SIGKILL)
        with pytest.raises(ChildCrashed):
            running.result()
        assert wait_until(lambda: not is_alive(child))
        second = helper_pid(fresh)
        os.kill(second, signal.SIGKILL)
        assert helper_pid(fresh) not in {first, second}
        assert not Path(f"/proc/{second}").exists()


def test_a_helper_that_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A helper that no longer forks is killed and replaced."""
    monkeypatch.setattr("eduscale.core.sandbox._FORK_S", 0.2)
    with contextlib.closing(make()) as fresh:
        first = helper_pid(fresh)
        os.kill(first, signal.SIGSTOP)
        assert run(fresh, "echo", b"a") == b"a"
        assert not is_alive(first)


def test_a_helper_that_cannot_start_is_a_logged_crash(caplog: pytest.LogCaptureFixture) -> None:
    """A module that cannot be imported is named in the log by the exception's type."""
    with (
        contextlib.closing(
            Sandbox(memory_bytes=400 * MIB, processes=1, queue=0, preload=("no_such_module",))
        ) as broken,
        pytest.raises(ChildCrashed),
    ):
        broken.run("builtins:bytes", b"", deadline_s=5)
    assert "ModuleNotFoundError: (message withheld)" in caplog.text


@contextlib.contextmanager
def service(script: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """Run a small service with a sandbox; gives its process and what it prints."""
    preamble = f"""
import json, os, sys, threading, time
sys.path.insert(0, {str(ROOT)!r})
from eduscale.core.sandbox import Sandbox
from tests.core.failing_rehearsal import attempts
sandbox = Sandbox(memory_bytes={400 * MIB}, processes=4, queue=8, preload=({TASKS!r},))
report = lambda: json.loads(sandbox.run("{TASKS}:report", b"", deadline_s=10))
def sleep(): sandbox.run("{TASKS}:sleep", b"60", deadline_s=60)
"""
    with subprocess.Popen([sys.executable, "-c", preamble + script], stdout=subprocess.PIPE, text=True) as process:
        watchdog = threading.Timer(30, process.kill)
        watchdog.start()
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            watchdog.cancel()
            process.kill()


def test_a_killed_service_leaves_nothing() -> None:
    """When the service is killed, helper and children go too."""
    script = """
helper = report()["helper"]
threading.Thread(target=sleep).start()
time.sleep(0.3)
print(helper, flush=True)
"""
    with service(script) as (process, printed):
        helper = int(printed.readline())
        pids = [helper, *children_of(helper)]
        assert len(pids) == 2
        process.kill()
        assert wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_the_helper_outlives_the_thread_that_started_it() -> None:
    """A server with a thread a request keeps its helper."""
    helpers: list[int] = []
    with contextlib.closing(make()) as fresh:
        for _ in range(2):
            thread = threading.Thread(target=lambda: helpers.append(helper_pid(fresh)))
            thread.start()
            thread.join()
            time.sleep(0.05)
    assert helpers[0] == helpers[1]


def test_a_forked_service_has_a_helper_of_its_own() -> None:
    """After a fork, even with tasks running, each process has its own helper, and both work."""
    script = """
mine = report()["helper"]
threads = [threading.Thread(target=sleep, daemon=True) for _ in range(2)]
for thread in threads: thread.start()
time.sleep(0.3)
pid = os.fork()
if pid == 0:
    print("child", report()["helper"], flush=True)
    sandbox.close()
    os._exit(0)
os.waitpid(pid, 0)
print("parent", mine, sandbox._running_helper()._process.poll(), flush=True)
os._exit(0)
"""
    with service(script) as (_, printed):
        lines = [line.split() for line in printed]
    assert [line[0] for line in lines] == ["child", "parent"]
    assert lines[0][1] != lines[1][1]
    assert lines[1][2] == "None"
    assert wait_until(lambda: not any(is_alive(int(line[1])) for line in lines))


def test_close_ends_everything_and_a_later_task_starts_anew() -> None:
    """After close nothing runs; the sandbox may still be used."""
    fresh = make()
    fresh.close()
    first = helper_pid(fresh)
    fresh.close()
    assert not is_alive(first)
    assert helper_pid(fresh) != first
    fresh.close()


# DuckDB, connected before the fork


def test_many_tasks_with_duckdb_leak_nothing(tmp_path: Path) -> None:
    """300 tasks, 8 at once, queries and conversions with two threads, are all right and leave nothing."""
    source = tmp_path / "big.csv"
    source.write_text("number,word\n" + "".join(f"{number},w{number:06}\n" for number in range(60_000)))

    def one(number: int) -> bool:
        if number % 10 == 0:
            answer = run(sandbox, "convert", f"{source}\n{tmp_path}/{number}.parquet".encode(), deadline_s=30)
            return answer == json.dumps([60_000, 59_999 * 30_000, "w059999"]).encode()
        query = f"SELECT sum(range)::BIGINT + {number} FROM range(1000)"
        return run(sandbox, "select", query.encode(), deadline_s=30) == f"[{499_500 + number}]".encode()

    with contextlib.closing(make(processes=8)) as sandbox, ThreadPoolExecutor(8) as pool:
        helper = helper_pid(sandbox)
        before = descriptors_of(os.getpid(), helper)
        assert all(pool.map(one, range(300)))
        assert wait_until(lambda: descriptors_of(os.getpid(), helper) <= before)
        assert helper_pid(sandbox) == helper
        assert wait_until(lambda: children_of(helper) == [])


def test_failures_leak_nothing(sandbox: Sandbox) -> None:
    """Tasks that crash, run late or are refused leave no descriptor and no process."""
    helper = helper_pid(sandbox)
    before = descriptors_of(os.getpid(), helper)
    for _ in range(5):
        for function, argument in (
            ("die", b"11"),
            ("fail", b""),
            ("refuse", b"0"),
            ("lie", b"1 x"),
            ("hog", b""),
        ):
            with pytest.raises(EduscaleError):
                run(sandbox, function, argument)
        with pytest.raises(DeadlineExceeded):
            run(sandbox, "sleep", b"9", deadline_s=0.01)
    assert wait_until(lambda: descriptors_of(os.getpid(), helper) <= before)
    assert wait_until(lambda: children_of(helper) == [])


def test_a_small_query_is_quick(sandbox: Sandbox) -> None:
    """A small query takes milliseconds, not the time of connecting."""
    times = []
    for _ in range(20):
        started = time.perf_counter()
        assert run(sandbox, "select", b"SELECT 42") == b"[42]"
        times.append(time.perf_counter() - started)
    assert statistics.median(times) < 0.15  # 15 ms on an idle machine


def test_elsewhere_a_process_is_started_for_each_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no helper the same tasks give the same answers, errors and deadlines."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with contextlib.closing(make()) as spawning:
        assert spawning.run("builtins:bytes", b"a", deadline_s=10) == b"a"
        with pytest.raises(Unavailable):
            run(spawning, "refuse", str(NAMES.index("Unavailable")).encode())
        with pytest.raises(DeadlineExceeded):
            run(spawning, "ignore_sigterm", deadline_s=1.5)
        with pytest.raises(MemoryExceeded):
            run(spawning, "die", b"9")
