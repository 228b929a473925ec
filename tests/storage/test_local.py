"""The local folder keeps the promises of the storage seam."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from eduscale.core.errors import ObjectChanged, ObjectMissing, StorageError, StorageFull, Unavailable
from eduscale.storage.local import LocalFolder

WRITERS = 8


@pytest.fixture
def store(tmp_path: Path) -> LocalFolder:
    return LocalFolder(tmp_path / "data")


def test_an_object_that_was_put_comes_back_with_a_version(store: LocalFolder) -> None:
    assert store.put_if_absent("a/b.json", b"one")
    assert store.get("a/b.json").data == b"one"
    assert store.exists("a/b.json")


def test_a_second_put_is_refused_and_changes_nothing(store: LocalFolder) -> None:
    store.put_if_absent("a/b.json", b"one")
    assert not store.put_if_absent("a/b.json", b"two")
    assert store.get("a/b.json").data == b"one"


def test_a_missing_object_says_so(store: LocalFolder) -> None:
    for look in (store.get, store.open, store.local_path):
        with pytest.raises(ObjectMissing):
            look("a/none")
    assert not store.delete("a/none")
    assert store.stamps("a/") == {}


def test_a_file_moves_in_and_is_gone_from_where_it_was(store: LocalFolder) -> None:
    source = store.scratch() / "big"
    source.write_bytes(b"x" * 100_000)
    assert store.put_file_if_absent("raw/r/1", source)
    assert not source.exists()
    with store.open("raw/r/1") as file:
        assert file.read() == b"x" * 100_000


def test_a_file_that_is_there_already_stays_and_the_new_one_is_dropped(store: LocalFolder) -> None:
    store.put_if_absent("raw/r/1", b"first")
    source = store.scratch() / "second"
    source.write_bytes(b"second")
    assert not store.put_file_if_absent("raw/r/1", source)
    assert not source.exists()
    assert store.get("raw/r/1").data == b"first"


def test_a_swap_names_the_version_it_saw_and_loses_when_that_has_passed(store: LocalFolder) -> None:
    store.put_if_absent("heads/1.json", b"one")
    seen = store.get("heads/1.json").version
    newer = store.swap("heads/1.json", b"two", version=seen)
    with pytest.raises(ObjectChanged):
        store.swap("heads/1.json", b"three", version=seen)
    assert store.get("heads/1.json") == (b"two", newer)


def test_a_replaced_object_has_another_stamp(store: LocalFolder) -> None:
    store.put_if_absent("heads/1.json", b"one")
    before = store.stamps("heads/")
    store.swap("heads/1.json", b"two", version=store.get("heads/1.json").version)
    assert before.keys() == store.stamps("heads/").keys() == {"heads/1.json"}
    assert before != store.stamps("heads/")


def test_keys_lists_what_is_below_a_prefix_and_nothing_hidden(store: LocalFolder) -> None:
    for key in ("readings/1/1/receipt.json", "readings/1/1/rows-0.parquet", "readings/2/1/receipt.json"):
        store.put_if_absent(key, b"")
    store.scratch()
    assert set(store.keys("readings/1/")) == {"readings/1/1/receipt.json", "readings/1/1/rows-0.parquet"}
    assert len(list(store.keys("readings/"))) == 3


@pytest.mark.parametrize("key", ["../out", "a/../b", "/etc/passwd", "a//b", ".scratch/x", "a/.hidden", "", "a/\0"])
def test_a_key_cannot_leave_the_folder_or_name_a_hidden_file(store: LocalFolder, key: str) -> None:
    with pytest.raises(StorageError):
        store.put_if_absent(key, b"")


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(Unavailable) as caught:
        LocalFolder(blocked / "data").ping()
    assert str(tmp_path) not in caught.value.detail


def test_a_full_disk_is_said_and_leaves_nothing_behind(store: LocalFolder) -> None:
    import resource

    store.put_if_absent("a", b"")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageFull):
            store.put_if_absent("b", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(store._scratch.iterdir()) == []


def test_left_over_scratch_files_are_swept_once_they_are_old(store: LocalFolder) -> None:
    old, young = store.scratch(), store.scratch()
    (old / "part").write_bytes(b"x")
    os.utime(old, (1, 1))
    assert store.sweep() == 1
    assert not old.exists()
    assert young.exists()


def _put(root: Path, key: str, writer: int, barrier: object, wins: object) -> None:
    store = LocalFolder(root)
    barrier.wait()  # type: ignore[attr-defined]
    if store.put_if_absent(key, b"%d" % writer * 2000):
        wins.put(writer)  # type: ignore[attr-defined]


def test_of_racing_writers_one_wins_and_its_bytes_are_whole(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for round_ in range(10):
        barrier, wins = context.Barrier(WRITERS), context.Queue()
        key = f"claims/{round_}"
        writers = [context.Process(target=_put, args=(tmp_path, key, n, barrier, wins)) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        winner = wins.get(timeout=5)
        assert wins.empty()
        assert LocalFolder(tmp_path).get(key).data == b"%d" % winner * 2000


def _count_up(root: Path, times: int) -> None:
    store = LocalFolder(root)
    for _ in range(times):
        while True:
            data, version = store.get("counter")
            try:
                store.swap("counter", b"%d" % (int(data) + 1), version=version)
            except ObjectChanged:
                continue
            break


def test_no_swap_is_lost_between_processes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    LocalFolder(tmp_path).put_if_absent("counter", b"0")
    processes = [context.Process(target=_count_up, args=(tmp_path, 25)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert LocalFolder(tmp_path).get("counter").data == b"100"


def _write_for_ever(root: Path) -> None:
    store = LocalFolder(root)
    number = 0
    while True:
        store.put_if_absent(f"objects/{os.getpid()}-{number}", b"w" * 50_000)
        number += 1


def test_a_killed_writer_leaves_whole_objects_or_none(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for _ in range(15):
        writer = context.Process(target=_write_for_ever, args=(tmp_path,))
        writer.start()
        time.sleep(0.02)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
    store = LocalFolder(tmp_path)
    keys = list(store.keys("objects/"))
    assert keys
    assert all(store.get(key).data == b"w" * 50_000 for key in keys)
