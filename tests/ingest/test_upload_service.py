"""The life of an upload: same bytes once, all or nothing, and whoever finds an unfinished one continues it.

The sandbox is a fake that answers at once: what is tested is what happens around the reading.
"""

import contextlib
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eduscale.core import progress
from eduscale.core.errors import (
    Busy,
    ChildCrashed,
    DeadlineExceeded,
    EduscaleError,
    FileSizeExceeded,
    InvalidField,
    MemoryExceeded,
    NotFound,
)
from eduscale.ingest.uploads import READ, Known, LandedFile, UploadService, Wish
from eduscale.ingest.versions import TASK as COMPARISON
from eduscale.ingest.wording import say
from eduscale.models.reading import ReadColumn, Reading, ReadLimits, ReadTable, ReadTask, Said
from eduscale.storage.local import LocalFolder
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.catalogue import Catalogue
from eduscale.warehouse.tasks import ComparisonTask, PairResult, PairResults

GOOD = b"id;body\n1;2\n"


class FakeSandbox:
    """Reads every file as tables of one row, unless told to fail; no two files have a row in common."""

    def __init__(
        self,
        *,
        delay_s: float = 0,
        fails_with: Exception | None = None,
        layouts: tuple[tuple[str, ...], ...] = (("id",),),
    ) -> None:
        self.runs = 0
        self.layouts = layouts
        self.delay_s = delay_s
        self.fails_with = fails_with

    def run(
        self,
        task: str,
        argument: bytes,
        *,
        deadline_s: float,
        patience_s: float = 0,
        on_progress: progress.Listener | None = None,
    ) -> bytes:
        if task == COMPARISON:
            pairs = ComparisonTask.model_validate_json(argument).pairs
            nothing = PairResult(rows_new_file=1, rows_old_file=1)
            return PairResults(results=(nothing,) * len(pairs)).model_dump_json().encode()
        if on_progress is not None:
            on_progress("converting", 0.5)
        self.runs += 1
        time.sleep(self.delay_s)
        if self.fails_with is not None:
            raise self.fails_with
        read = ReadTask.model_validate_json(argument)
        if not Path(read.path).read_bytes():
            return Reading(error=Said(code="empty_file")).model_dump_json().encode()
        tables = tuple(self._table(Path(read.folder), *each) for each in enumerate(self.layouts))
        return Reading(tables=tables).model_dump_json().encode()

    def _table(self, folder: Path, index: int, names: tuple[str, ...]) -> ReadTable:
        (folder / f"rows-{index}.parquet").write_bytes(b"PAR1")
        return ReadTable(
            index=index,
            name="zaci",
            columns=tuple(ReadColumn(name=name, label=name, type="integer", storage="BIGINT") for name in names),
            rows=1,
            rejected_rows=0,
            set_aside_rows=0,
            rows_file=f"rows-{index}.parquet",
        )


class Killed(BaseException):
    """Stands for the process ending at this very place."""


class DyingFolder(LocalFolder):
    """A store whose process is killed before, or right after, its n-th write."""

    def __init__(self, root: Path, *, at: int, after: bool) -> None:
        super().__init__(root)
        self.left, self.after = at, after

    def _dies(self, write, *args, **kwargs):  # type: ignore[no-untyped-def]
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        result = write(*args, **kwargs)
        if self.left == 0:
            raise Killed
        return result

    def put_if_absent(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        return self._dies(super().put_if_absent, *args, **kwargs)

    def put_file_if_absent(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        return self._dies(super().put_file_if_absent, *args, **kwargs)

    def swap(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        return self._dies(super().swap, *args, **kwargs)

    def delete(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        return self._dies(super().delete, *args, **kwargs)


class World:
    """A service over one folder, and a way to send it files."""

    def __init__(self, root: Path, sandbox: FakeSandbox | None = None, folder: LocalFolder | None = None) -> None:
        self.objects = folder or LocalFolder(root)
        self.uploads = UploadStore(self.objects)
        self.catalogue = Catalogue(self.uploads)
        self.sandbox = sandbox or FakeSandbox()
        self.service = UploadService(
            uploads=self.uploads, catalogue=self.catalogue, sandbox=self.sandbox,  # type: ignore[arg-type]
            read_timeout_s=5, patience_s=0, memory_bytes=1, limits=ReadLimits(),
        )  # fmt: skip

    def send(self, data: bytes = GOOD, name: str = "zaci.csv", **wish: str) -> Known:
        path = self.objects.scratch() / "sent"
        path.write_bytes(data)
        landed = LandedFile(name, path, hashlib.sha256(data).hexdigest(), len(data))
        return self.service.receive(landed, Wish(**{"region": "r", **wish}))

    def rows(self) -> int:
        return sum(dataset.rows for dataset in self.catalogue.datasets().values())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_file_is_loaded_into_a_dataset_of_its_name(world: World) -> None:
    known = world.send()
    assert known.head.state == "loaded"
    assert known.head.datasets == ("zaci",)
    assert not known.duplicate
    assert world.rows() == 1


def test_who_listens_hears_the_way_of_a_file(world: World) -> None:
    """What the child reports is part of the whole, before which a file waits and after which it is stored."""
    heard: list[tuple[str, float]] = []
    with progress.heard_by(lambda stage, fraction: heard.append((stage, fraction))):
        world.send()
    assert heard == [("waiting", 0), ("converting", READ / 2), ("storing", READ)]


def test_the_same_bytes_are_one_upload(world: World) -> None:
    first, second = world.send(), world.send(name="other_name.csv")
    assert second.duplicate
    assert second.head.upload.upload_id == first.head.upload.upload_id
    assert (world.sandbox.runs, world.rows()) == (1, 1)


def test_another_region_or_wish_of_dataset_is_another_upload(world: World) -> None:
    ids = {
        world.send().head.upload.upload_id,
        world.send(region="r2").head.upload.upload_id,
        world.send(dataset="jine").head.upload.upload_id,
    }
    assert len(ids) == 3


def test_the_same_bytes_sent_at_once_are_read_once(tmp_path: Path) -> None:
    world = World(tmp_path, FakeSandbox(delay_s=0.1))
    with ThreadPoolExecutor(10) as pool:
        known = [future.result() for future in [pool.submit(world.send) for _ in range(10)]]
    assert len({one.head.upload.upload_id for one in known}) == 1
    assert [one.duplicate for one in known].count(False) == 1
    assert (world.sandbox.runs, world.rows()) == (1, 1)


def test_undoing_takes_the_rows_out_however_often_it_is_asked(world: World) -> None:
    upload_id = world.send().head.upload.upload_id
    assert world.service.undo(upload_id).head.state == "undone"
    assert world.service.undo(upload_id).head.state == "undone"
    assert world.rows() == 0


def test_an_undone_file_can_be_sent_again_and_is_new(world: World) -> None:
    first = world.send().head.upload.upload_id
    world.service.undo(first)
    again = world.send()
    assert not again.duplicate
    assert again.head.upload.upload_id != first
    assert world.rows() == 1


def test_a_file_that_cannot_be_read_is_rejected_and_may_be_tried_again(world: World) -> None:
    first = world.send(b"")
    assert first.head.state == "rejected"
    assert first.receipt is not None
    assert first.receipt.error == Said(code="empty_file")
    second = world.send(b"")
    assert second.head.upload.upload_id != first.head.upload.upload_id


@pytest.mark.parametrize(
    ("ending", "code", "words"),
    [
        (ChildCrashed(), "reading_child_crashed", "stopped unexpectedly"),
        (DeadlineExceeded(seconds=300.0), "reading_deadline_exceeded", "longer than 300 seconds"),
        (MemoryExceeded(bytes=512 << 20), "reading_memory_exceeded", "more memory than the 512 MB"),
        (FileSizeExceeded(bytes=4 << 30), "reading_file_size_exceeded", "a file larger than 4 GB"),
    ],
)
def test_a_child_that_dies_or_is_stopped_rejects_the_file_and_says_so(
    ending: EduscaleError, code: str, words: str, tmp_path: Path
) -> None:
    known = World(tmp_path, FakeSandbox(fails_with=ending)).send()
    assert known.head.state == "rejected"
    assert known.receipt is not None
    assert known.receipt.error is not None
    assert known.receipt.error.code == code
    assert words in say(known.receipt.error, "en")


def test_a_busy_service_keeps_the_bytes_and_continues_when_they_come_again(tmp_path: Path) -> None:
    world = World(tmp_path, FakeSandbox(fails_with=Busy()))
    with pytest.raises(Busy):
        world.send()
    ((upload_id, head),) = world.uploads.heads().items()
    assert head.state == "waiting"
    world.sandbox.fails_with = None
    assert world.send().head.upload.upload_id == upload_id
    assert world.rows() == 1


def test_a_replacement_and_its_undo_are_one_step_each(world: World) -> None:
    old = world.send().head.upload.upload_id
    new = world.send(b"id\n9\n", replaces=old).head.upload.upload_id
    assert {part.upload_id for part in world.catalogue.datasets()["zaci"].parts} == {new}
    world.service.undo(new)
    assert {part.upload_id for part in world.catalogue.datasets()["zaci"].parts} == {old}


def test_undoing_the_middle_of_three_versions_does_not_bring_the_oldest_back(world: World) -> None:
    first = world.send().head.upload.upload_id
    second = world.send(b"id\n9\n", replaces=first).head.upload.upload_id
    third = world.send(b"id\n8\n", replaces=second).head.upload.upload_id
    world.service.undo(second)
    assert set(world.uploads.live_heads()) == {third}
    world.service.undo(third)
    assert set(world.uploads.live_heads()) == {first}


def test_of_two_replacements_of_one_upload_only_the_first_counts(world: World) -> None:
    old = world.send().head.upload.upload_id
    first = world.send(b"id\n9\n", replaces=old).head.upload.upload_id
    second = world.send(b"id\n8\n", replaces=old)
    assert second.head.state == "rejected"
    assert second.receipt is not None
    assert second.receipt.error == Said(code="already_replaced")
    assert world.rows() == 1
    assert world.service.get(old).replaced_by == first
    assert world.send(b"id\n9\n", replaces=old).duplicate


def test_tables_of_one_file_with_unrelated_layouts_do_not_mix(tmp_path: Path) -> None:
    world = World(tmp_path, FakeSandbox(layouts=(("jmeno", "trida"), ("predmet", "mistnost"), ("jmeno", "trida"))))
    known = world.send(dataset="spolu")
    assert known.receipt is not None
    assert [table.dataset for table in known.receipt.tables] == ["spolu", "spolu_2", "spolu"]


def test_whoever_reads_it_is_told_that_it_is_new(tmp_path: Path) -> None:
    with contextlib.suppress(Killed):
        World(tmp_path, folder=DyingFolder(tmp_path, at=4, after=True)).send()
    assert not World(tmp_path).send().duplicate
    assert World(tmp_path).send().duplicate


def test_only_an_upload_of_the_same_region_can_be_replaced(world: World) -> None:
    old = world.send().head.upload.upload_id
    for wish in ({"region": "r2", "replaces": old}, {"replaces": "unknown"}, {"replaces": "../../etc"}):
        with pytest.raises(InvalidField):
            world.send(b"id\n9\n", **wish)


def test_an_upload_undone_while_it_is_read_stays_undone(tmp_path: Path) -> None:
    world = World(tmp_path, FakeSandbox(delay_s=0.3))
    sending = threading.Thread(target=world.send)
    sending.start()
    time.sleep(0.1)
    (upload_id,) = world.uploads.heads()
    world.service.undo(upload_id)
    sending.join()
    assert world.service.get(upload_id).head.state == "undone"
    assert world.rows() == 0


def test_unknown_and_malformed_ids_are_not_found(world: World) -> None:
    for upload_id in ("nothing", "../heads", "A" * 100, ""):
        with pytest.raises(NotFound):
            world.service.get(upload_id)


def test_the_list_can_be_asked_for_one_content(world: World) -> None:
    """Whoever has a file and its hash need not send it to know whether it is in."""
    world.send(b"1", region="a")
    world.send(b"2", region="a")
    sha256 = hashlib.sha256(b"1").hexdigest()
    (found,), _ = world.service.newest(region="a", state="loaded", sha256=sha256, limit=9, before=None)
    assert found.head.upload.sha256 == sha256
    assert world.service.newest(region="b", state="loaded", sha256=sha256, limit=9, before=None) == ([], False)


def test_the_list_is_newest_first_in_pages_that_do_not_shift(world: World) -> None:
    ids = [world.send(b"id\n%d\n" % n).head.upload.upload_id for n in range(5)]
    page, more = world.service.newest(region="r", state=None, limit=2, before=None)
    assert [one.head.upload.upload_id for one in page] == ids[:2:-1]
    assert more
    world.send(b"id\nnew\n")
    last = page[-1].head.upload
    page, more = world.service.newest(
        region=None, state="loaded", limit=9, before=(last.received_at.isoformat(), last.upload_id)
    )
    assert [one.head.upload.upload_id for one in page] == ids[2::-1]
    assert not more


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", range(1, 8))
def test_killed_at_any_write_and_sent_again_the_rows_are_there_once(
    tmp_path: Path, write: int, after: bool
) -> None:
    dying = World(tmp_path, folder=DyingFolder(tmp_path, at=write, after=after))
    with contextlib.suppress(Killed):
        dying.send()
    world = World(tmp_path)
    assert world.rows() in (0, 1)
    known = world.send()
    assert (known.head.state, known.head.generation) == ("loaded", 1)
    assert world.rows() == 1
    assert len(world.uploads.live_heads()) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", [1, 2])
def test_killed_while_undoing_and_asked_again_the_rows_are_gone(tmp_path: Path, write: int, after: bool) -> None:
    upload_id = World(tmp_path).send().head.upload.upload_id
    dying = World(tmp_path, folder=DyingFolder(tmp_path, at=write, after=after))
    with pytest.raises(Killed):
        dying.service.undo(upload_id)
    world = World(tmp_path)
    world.service.undo(upload_id)
    assert world.rows() == 0
    assert not world.send().duplicate
