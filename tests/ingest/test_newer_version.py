"""A file that holds the rows of an older one is recognised, and who counts is decided once."""

import hashlib
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eduscale.core.errors import ChildCrashed, Conflict, InvalidField
from eduscale.ingest.dataset_names import period
from eduscale.ingest.receipts import present, warnings_of
from eduscale.ingest.uploads import Known, LandedFile, UploadService, Wish
from eduscale.ingest.versions import AUTO_FROM, TASK, Evidence, judge, replaced_by_wish
from eduscale.models.overlap import Overlap
from eduscale.models.reading import ReadColumn, Reading, ReadLimits, ReadTable, ReadTask
from eduscale.storage.local import LocalFolder
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.catalogue import Catalogue
from eduscale.warehouse.tasks import ComparisonTask, PairResult, PairResults


def evidence(new: int, old: int, same: int, **more: float) -> Evidence:
    return Evidence(**{"rows_new_file": new, "rows_old_file": old, "same": same, "distinct_same": same, **more})


@pytest.mark.parametrize(
    ("shown", "kind", "sure"),
    [
        pytest.param(evidence(300, 300, 300), "newer", True, id="saved anew"),
        pytest.param(evidence(312, 301, 297, changed=3), "newer", True, id="corrected"),
        pytest.param(evidence(10, 10, 7, changed=3), "newer", True, id="a third of a short file corrected"),
        pytest.param(evidence(300, 300, 180, changed=20), "newer", False, id="much of it gone"),
        pytest.param(
            evidence(210, 100, 100), "newer", True, id="continued: September, then September and October"
        ),
        pytest.param(evidence(900, 90, 90), "newer", True, id="the whole year after its first month"),
        pytest.param(evidence(210, 100, 99, periods_differ=True), "newer", True, id="continued, dated names"),
        pytest.param(evidence(5, 300, 5), "part", False, id="one class of a school"),
        pytest.param(evidence(100, 100, 50), "overlap", False, id="a window that slides"),
        pytest.param(evidence(1, 1, 1), "newer", False, id="the only row"),
        pytest.param(evidence(2, 2, 2), "newer", True, id="both of two rows"),
        pytest.param(
            evidence(300, 300, 300, distinct_same=12), "newer", True, id="few different rows, all the same"
        ),
        pytest.param(evidence(300, 300, 0), None, False, id="nothing in common"),
        pytest.param(evidence(300, 300, 0, changed=300), None, False, id="the same pupils, all else different"),
        pytest.param(evidence(3, 3, 1), None, False, id="one row of three"),
        pytest.param(evidence(300, 280, 12), None, False, id="a few rows alike by chance"),
        pytest.param(evidence(300, 300, 180, changed=120, periods_differ=True), None, False, id="next month"),
        pytest.param(evidence(300, 300, 180, changed=120, kept_share=0.6), None, False, id="kept both before"),
        pytest.param(
            evidence(300, 300, 297, changed=3, kept_share=0.6), "newer", True, id="more alike than those"
        ),
        pytest.param(evidence(300, 300, 12, dated=True), "overlap", False, id="two weeks that share a day"),
        pytest.param(evidence(300, 300, 1, dated=True), None, False, id="one row of a day"),
        pytest.param(evidence(300, 300, 200, distinct_same=8), None, False, id="yes and no, many times"),
        pytest.param(evidence(600, 300, 300, distinct_same=8), None, False, id="twice as many of few answers"),
    ],
)
def test_what_a_file_is_to_an_older_one(shown: Evidence, kind: str | None, sure: bool) -> None:
    """Replacing unasked needs more certainty than telling."""
    verdict = judge(shown)
    assert (verdict.kind if verdict else None) == kind
    assert (verdict is not None and verdict.kind == "newer" and verdict.confidence >= AUTO_FROM) == sure


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("dochazka_zari.xlsx", "dochazka_rijen.xlsx", True),
        ("export 2024-09.csv", "export 2024-10.csv", True),
        ("1. pololetí.csv", "2. pololetí.csv", True),
        ("zaci.csv", "zaci (2).csv", False),
        ("zaci_v2.csv", "zaci_v3_final.csv", False),
        ("zaci 2024.csv", "zaci 2024 oprava.csv", False),
        ("zaci 2024 - kopie 3.csv", "zaci 2024.csv", False),
    ],
)
def test_names_that_tell_months_apart(one: str, other: str, differ: bool) -> None:
    assert (period(one) != period(other)) == differ


class Reader:
    """Reads a file of numbers, one a row, and compares such files as the child does."""

    def __init__(self) -> None:
        self.comparisons = 0
        self.fails = False
        self.delay_s = 0.0

    def run(
        self, task: str, argument: bytes, *, deadline_s: float, patience_s: float = 0, **others: object
    ) -> bytes:
        if task == TASK:
            self.comparisons += 1
            if self.fails:
                raise ChildCrashed
            pairs = ComparisonTask.model_validate_json(argument).pairs
            time.sleep(self.delay_s)
            return (
                PairResults(results=tuple(self._compare(each.new, each.old) for each in pairs))
                .model_dump_json()
                .encode()
            )
        read = ReadTask.model_validate_json(argument)
        tables = []
        for index, block in enumerate(Path(read.path).read_text().split("\n\n")):
            header, *rows = block.split()
            (Path(read.folder) / f"rows-{index}.parquet").write_text("\n".join(rows))
            columns = tuple(
                ReadColumn(name=name, label=name, type="integer", storage="BIGINT") for name in header.split(",")
            )
            tables.append(
                ReadTable(
                    index=index, name=header, columns=columns, rows=len(rows), rejected_rows=0, set_aside_rows=0,
                    rows_file=f"rows-{index}.parquet",
                )
            )  # fmt: skip
        return Reading(tables=tuple(tables)).model_dump_json().encode()

    def _compare(self, new, old) -> PairResult:  # type: ignore[no-untyped-def]
        rows = [[row for path in view.paths for row in Path(path).read_text().split()] for view in (new, old)]
        same = len(set(rows[0]) & set(rows[1]))
        return PairResult(rows_new_file=len(rows[0]), rows_old_file=len(rows[1]), same=same, distinct_same=same)


class World:
    """A service over one folder, and a way to send it numbers."""

    def __init__(self, root: Path) -> None:
        self.reader = Reader()
        self.uploads = UploadStore(LocalFolder(root))
        self.catalogue = Catalogue(self.uploads)
        self.service = UploadService(
            uploads=self.uploads, catalogue=self.catalogue, sandbox=self.reader,  # type: ignore[arg-type]
            read_timeout_s=5, patience_s=0, memory_bytes=1, limits=ReadLimits(),
        )  # fmt: skip

    def send(self, *rows: int, name: str = "zaci.csv", text: str = "", **wish: str | None) -> Known:
        data = (text or "id\n" + "\n".join(str(row) for row in rows)).encode()
        path = self.uploads.objects.scratch() / "sent"
        path.write_bytes(data)
        landed = LandedFile(name, path, hashlib.sha256(data).hexdigest(), len(data))
        return self.service.receive(landed, Wish(**{"region": "r", "sender": "škola", **wish}))

    def rows(self) -> int:
        return sum(dataset.rows for dataset in self.catalogue.datasets().values())

    def counted_twice(self) -> int:
        return sum(each.rows for dataset in self.catalogue.datasets().values() for each in dataset.counted_twice)


def id_of(known: Known) -> str:
    return known.head.upload.upload_id


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_newer_version_is_told_and_its_rows_are_known_to_count_twice(world: World) -> None:
    old = world.send(*range(10))
    new = world.send(*range(1, 13))
    receipt = present(new, "en")
    assert receipt.newer_version_of is not None
    said = receipt.newer_version_of
    assert (said.upload_id, said.rows_same, said.rows_new, said.rows_gone) == (id_of(old), 9, 3, 1)
    assert "zaci.csv" in said.message
    assert "3 rows new, 0 changed, 1 gone" in said.message
    assert "3 nové řádky, 0 změněných, 1 chybí" in present(new, "cs").newer_version_of.message  # type: ignore[union-attr]
    assert (world.rows(), world.counted_twice()) == (22, 9)
    (warning,) = warnings_of(world.catalogue.datasets().values(), "en")
    assert (warning.code, warning.dataset, warning.rows) == ("rows_counted_twice", "zaci", 9)
    assert warning.upload_ids == (id_of(new), id_of(old))


TWO_COLUMNS = "id,{}\n" + "\n".join(str(number) for number in range(10))


def test_a_file_that_lacks_a_column_of_the_older_is_no_newer_version(world: World) -> None:
    """Marks in another subject are other marks: nothing is told, replaced or counted twice."""
    old = world.send(name="znamky 2024.csv", text=TWO_COLUMNS.format("matematika"), dataset="znamky")
    new = world.send(name="znamky 2025.csv", text=TWO_COLUMNS.format("cestina"), dataset="znamky", replaces="auto")
    assert (new.overlaps, new.head.replaced) == ((), ())
    assert world.service.get(id_of(old)).replaced_by is None
    assert (world.rows(), world.counted_twice()) == (20, 0)


def test_a_file_that_lacks_a_table_of_the_older_only_overlaps(world: World) -> None:
    """The rows of its other tables are there twice, but nothing may be lost by replacing it unasked."""
    many = "\n".join(str(number) for number in range(100))
    old = world.send(text="kod\n" + many + "\n\n" + TWO_COLUMNS.format("matematika"))
    new = world.send(text="kod\n" + many + "\n\n" + TWO_COLUMNS.format("cestina"), replaces="auto")
    assert [(each.upload_id, each.kind) for each in new.overlaps] == [(id_of(old), "overlap")]
    assert world.service.get(id_of(old)).replaced_by is None


def test_a_newer_version_with_more_columns_says_so(world: World) -> None:
    """Rows that have gained a column are not the same rows."""
    world.send(*range(10))
    new = world.send(text=TWO_COLUMNS.format("cestina"))
    said = [present(new, language).newer_version_of for language in ("en", "cs")]  # type: ignore[arg-type]
    assert "with 1 column added; in the other columns: 0 rows new" in said[0].message  # type: ignore[union-attr]
    assert not any("all 10" in each.message or "všech" in each.message for each in said)  # type: ignore[union-attr]
    assert "do které přibyl 1 sloupec" in said[1].message  # type: ignore[union-attr]


def test_no_older_upload_costs_no_comparison(world: World) -> None:
    world.send(*range(10))
    world.send(*range(10), dataset="jine")
    world.send(*range(11), sender="jina škola")
    world.send(*range(12), sender=None)
    world.send(*range(13), region="r2")
    assert world.reader.comparisons == 0


def test_senders_are_the_same_however_their_name_is_spaced(world: World) -> None:
    old = world.send(*range(10), sender="ZŠ Nová")
    assert [each.upload_id for each in world.send(*range(11), sender="zš  nová").overlaps] == [id_of(old)]


def test_replacing_it_with_one_click_and_undoing_that(world: World) -> None:
    old, new = world.send(*range(10)), world.send(*range(12))
    known = world.service.decide(id_of(new), id_of(old))
    assert (known.head.upload.replaces, known.overlaps) == (id_of(old), ())
    assert (world.rows(), world.counted_twice()) == (12, 0)
    assert world.service.get(id_of(old)).replaced_by == id_of(new)
    world.service.undo(id_of(new))
    assert world.rows() == 10


def test_keeping_both_silences_the_warning_for_good(world: World) -> None:
    old, new = world.send(*range(10)), world.send(*range(12))
    known = world.service.decide(id_of(new), None)
    assert (known.head.upload.replaces, known.overlaps, known.head.keeps) == (None, (), (id_of(old),))
    assert (world.rows(), world.counted_twice()) == (22, 0)
    assert world.service.decide(id_of(new), None).head == known.head


def test_a_decision_can_be_taken_back(world: World) -> None:
    old, new = world.send(*range(10)), world.send(*range(12))
    world.service.decide(id_of(new), id_of(old))
    world.service.decide(id_of(new), None)
    assert world.rows() == 22
    world.service.decide(id_of(new), id_of(old))
    assert world.rows() == 12


def test_the_wish_auto_replaces_in_the_commit(world: World) -> None:
    old = world.send(*range(10))
    new = world.send(*range(12), replaces="auto")
    assert (new.head.upload.replaces, new.overlaps) == (id_of(old), ())
    assert world.rows() == 12


def test_the_wish_auto_loads_what_is_no_newer_version(world: World) -> None:
    world.send(*range(10))
    new = world.send(*range(100, 112), replaces="auto")
    assert new.head.upload.replaces is None
    assert present(new, "en").replaces is None
    assert world.rows() == 22


def test_the_wish_auto_for_a_file_that_is_in_already_decides_for_it(world: World) -> None:
    old, new = world.send(*range(10)), world.send(*range(12))
    again = world.send(*range(12), replaces="auto")
    assert (again.duplicate, id_of(again), again.head.upload.replaces) == (True, id_of(new), id_of(old))


def test_a_file_that_brings_several_together_replaces_them_all(world: World) -> None:
    september, october = world.send(*range(10)), world.send(*range(100, 110))
    both = world.send(*range(10), *range(100, 110))
    assert {each.upload_id for each in both.overlaps} == {id_of(september), id_of(october)}
    assert world.counted_twice() == 20
    known = world.service.decide(id_of(both), "auto")
    assert set(known.head.replaced) == {id_of(september), id_of(october)}
    assert world.rows() == 20
    world.service.undo(id_of(both))
    assert world.rows() == 20
    assert len(world.uploads.live_heads()) == 2


def test_what_was_kept_beside_an_older_version_is_kept_beside_the_newer(world: World) -> None:
    first, second = world.send(*range(10)), world.send(*range(11))
    world.service.decide(id_of(second), None)
    third = world.send(*range(12))
    known = world.service.decide(id_of(third), id_of(second))
    assert known.overlaps == ()
    assert set(world.uploads.live_heads()) == {id_of(first), id_of(third)}


def test_a_small_part_of_a_file_is_told_and_not_replaced_by_itself(world: World) -> None:
    old = world.send(*range(100))
    part = world.send(*range(5), replaces="auto")
    receipt = present(part, "en")
    assert (receipt.replaces, receipt.newer_version_of) == (None, None)
    assert [(each.kind, each.upload_id) for each in receipt.shares_rows_with] == [("part", id_of(old))]
    assert "All 5 rows of this file are in already" in receipt.shares_rows_with[0].message
    assert world.counted_twice() == 5


def test_each_table_is_compared_with_its_own_dataset(world: World) -> None:
    rows = "\n".join(str(row) for row in range(10))
    old = world.send(text=f"a,b\n{rows}\n\nx,y\n{rows}\n11")
    new = world.send(text=f"x,y\n{rows}\n11\n\na,b\n{rows}\n12")
    assert [(each.upload_id, each.rows_same, each.rows_new) for each in new.overlaps] == [(id_of(old), 21, 1)]
    assert new.overlaps[0].in_datasets == {"zaci_a_b": 10, "zaci_x_y": 11}


def test_an_undone_older_upload_is_nothing_to_decide_about(world: World) -> None:
    old, new = world.send(*range(10)), world.send(*range(12))
    world.service.undo(id_of(old))
    assert world.service.get(id_of(new)).overlaps == ()
    assert world.counted_twice() == 0


def test_two_versions_sent_at_once_are_compared_with_each_other(world: World) -> None:
    """Neither was committed when the other was read."""
    world.send(*range(500, 510))
    world.reader.delay_s = 0.2
    threads = [threading.Thread(target=world.send, args=tuple(range(start, 20))) for start in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.counted_twice() == 19


def test_a_comparison_that_fails_keeps_no_file_out(world: World) -> None:
    world.send(*range(10))
    world.reader.fails = True
    assert world.send(*range(12)).head.state == "loaded"


@pytest.mark.parametrize("replaces", ["unknown", "../../etc", "itself", "elsewhere", "undone"])
def test_only_a_live_upload_of_the_region_can_be_replaced(world: World, replaces: str) -> None:
    new = world.send(*range(12))
    ids: Mapping[str, str] = {
        "itself": id_of(new),
        "elsewhere": id_of(world.send(1, 2, region="r2")),
        "undone": id_of(world.service.undo(id_of(world.send(77, 78)))),
    }
    with pytest.raises(InvalidField):
        world.service.decide(id_of(new), ids.get(replaces, replaces))


def test_two_uploads_cannot_replace_each_other(world: World) -> None:
    """Both would be gone."""
    old, new = world.send(*range(10)), world.send(*range(12))
    world.service.decide(id_of(new), id_of(old))
    with pytest.raises(Conflict):
        world.service.decide(id_of(old), id_of(new))
    assert world.rows() == 12


def test_the_likeliest_of_several_is_chosen_by_certainty() -> None:
    def overlap(kind: str, confidence: float) -> Overlap:
        counts = dict.fromkeys(("rows_same", "rows_new", "rows_changed", "rows_gone", "share"), 1)
        return Overlap.model_validate(
            {
                "upload_id": f"{kind}{confidence}", "filename": "f", "received_at": datetime.now(UTC),
                "kind": kind, "confidence": confidence, "in_datasets": {}, **counts,
            }
        )  # fmt: skip

    chosen = replaced_by_wish([overlap("newer", 0.9), overlap("newer", 0.5), overlap("part", 1)])
    assert chosen == ("newer0.9",)
