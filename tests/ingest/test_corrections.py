"""Corrections: read again beside the old reading, remembered for the sender and layout, forgotten when asked.

The reader is a fake whose tables say which overrides it was given.
"""

import contextlib
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eduscale.core.errors import Busy, Conflict, InvalidField, NotFound
from eduscale.ingest.corrections import CorrectionRefused, checked, layouts_of
from eduscale.ingest.uploads import Known, LandedFile, UploadService, Wish
from eduscale.ingest.versions import TASK as COMPARISON
from eduscale.models.reading import (
    Override,
    ReadColumn,
    ReadGuess,
    Reading,
    ReadLimits,
    ReadTable,
    ReadTask,
    Refused,
    Said,
)
from eduscale.models.upload import GuessChange
from eduscale.storage.local import LocalFolder
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.catalogue import Catalogue
from eduscale.warehouse.tasks import PairResults
from tests.ingest.test_upload_service import DyingFolder, Killed

JANUARY, FEBRUARY = b"leden", b"unor"


class FakeReader:
    """Reads a file as one table with a column for each override; what it cannot apply is told in `refuses`."""

    def __init__(self) -> None:
        self.runs: list[tuple[Override, ...]] = []
        self.labels: tuple[str, ...] = ("Žák", "Body 2024")
        self.refuses: tuple[str, ...] = ()
        self.fails_with: Exception | None = None
        self.unreadable_without: str | None = None
        self.unreadable_with: str | None = None
        self.started = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def run(self, task: str, argument: bytes, **limits: object) -> bytes:
        if task == COMPARISON:
            return PairResults(results=()).model_dump_json().encode()
        read = ReadTask.model_validate_json(argument)
        self.runs.append(read.overrides)
        self.started.set()
        assert self.may_end.wait(10)
        if self.fails_with is not None:
            raise self.fails_with
        whats = {override.what for override in read.overrides}
        if self.unreadable_without not in (None, *whats) or self.unreadable_with in whats:
            return Reading(error=Said(code="no_table")).model_dump_json().encode()
        (Path(read.folder) / "rows-0.parquet").write_bytes(b"PAR1")
        refused = tuple(
            Refused(override=override, said=Said(code="override_no_column", facts={"name": "x"}))
            for override in read.overrides
            if override.what in self.refuses
        )
        applied = [override for override in read.overrides if override.what not in self.refuses]
        labels = [*self.labels, *(f"{override.what} {override.value}" for override in applied)]
        table = ReadTable(
            index=0,
            name="body",
            columns=tuple(
                ReadColumn(name=label.lower(), label=label, type="integer", storage="BIGINT") for label in labels
            ),
            rows=len(labels),
            rejected_rows=0,
            set_aside_rows=0,
            guesses=tuple(
                ReadGuess(
                    what=override.what,
                    value=str(override.value),
                    evidence=Said(code="override_said"),
                    confidence=1,
                )
                for override in applied
            ),
            rows_file="rows-0.parquet",
        )
        return Reading(tables=(table,), refused=refused).model_dump_json().encode()


class World:
    """A service over one folder with a fake reader, and a way to send it files."""

    def __init__(self, root: Path, reader: FakeReader | None = None, folder: LocalFolder | None = None) -> None:
        self.objects = folder or LocalFolder(root)
        self.uploads = UploadStore(self.objects)
        self.catalogue = Catalogue(self.uploads)
        self.reader = reader or FakeReader()
        self.service = UploadService(
            uploads=self.uploads, catalogue=self.catalogue,
            sandbox=self.reader,  # type: ignore[arg-type]
            read_timeout_s=5, patience_s=0, memory_bytes=1, limits=ReadLimits(),
        )  # fmt: skip

    def send(
        self, data: bytes = JANUARY, name: str = "body.csv", sender: str | None = "ZS1", **wish: object
    ) -> Known:
        path = self.objects.scratch() / "sent"
        path.write_bytes(data)
        landed = LandedFile(name, path, hashlib.sha256(data).hexdigest(), len(data))
        return self.service.receive(landed, Wish(**{"region": "r", "sender": sender, **wish}))  # type: ignore[arg-type]

    def correct(self, known: Known, *changes: Override) -> Known:
        return self.service.correct(known.head.upload.upload_id, changes)

    def labels(self, dataset: str = "body") -> list[str]:
        return [column.label for column in self.catalogue.datasets()[dataset].columns]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def change(what: str, value: object, **place: object) -> Override:
    (override,) = checked([GuessChange.model_validate({"what": what, "value": value, **place})])
    return override


def decided(known: Known) -> dict[str, object]:
    return {override.what: override.value for override in known.head.overrides}


HEADER = change("header", 2)
MARK = change("delimiter", ";")


def test_a_correction_is_a_new_generation_and_its_rows_take_the_place_of_the_old(world: World) -> None:
    first = world.send()
    again = world.correct(first, HEADER)
    assert (again.head.state, again.head.generation) == ("loaded", 2)
    assert again.receipt is not None
    assert again.receipt.generation == 2
    assert world.labels() == ["Žák", "Body 2024", "header 2"]
    assert world.catalogue.datasets()["body"].rows == 3
    assert list(world.catalogue.datasets()) == ["body"]


def test_corrections_add_up_and_the_later_one_of_a_guess_counts(world: World) -> None:
    known = world.correct(world.send(), HEADER)
    known = world.correct(known, MARK, change("header", 3))
    assert decided(known) == {"header": 3, "delimiter": ";"}


def test_the_next_file_of_the_sender_and_layout_needs_no_correction(world: World) -> None:
    world.correct(world.send(), HEADER, MARK)
    world.reader.labels = ("žák", "BODY 2025")
    known = world.send(FEBRUARY, "body_unor.csv")
    assert decided(known) == {"header": 2, "delimiter": ";"}
    assert all(override.decided_on is not None for override in known.head.overrides)
    assert known.head.generation == 1


@pytest.mark.parametrize(
    "other",
    [{"sender": "ZS2"}, {"sender": None}, {"region": "r2"}, {"name": "body.xlsx"}, {"labels": ("Žák", "Jiné")}],
    ids=str,
)
def test_a_file_of_another_sender_region_kind_or_layout_is_read_as_it_is(
    world: World, other: dict[str, object]
) -> None:
    world.correct(world.send(), HEADER)
    world.reader.labels = other.pop("labels", world.reader.labels)  # type: ignore[assignment]
    known = world.send(FEBRUARY, **other)  # type: ignore[arg-type]
    assert decided(known) == {}


def test_a_guess_given_back_to_the_reader_is_forgotten(world: World) -> None:
    known = world.correct(world.send(), HEADER, MARK)
    known = world.correct(known, change("header", None))
    assert decided(known) == {"delimiter": ";"}
    assert decided(world.send(FEBRUARY)) == {"delimiter": ";"}


def test_all_corrections_can_be_forgotten_at_once(world: World) -> None:
    known = world.correct(world.send(), HEADER, MARK)
    known = world.service.forget_corrections(known.head.upload.upload_id)
    assert (decided(known), known.head.generation) == ({}, 3)
    assert world.labels() == ["Žák", "Body 2024"]
    assert decided(world.send(FEBRUARY)) == {}
    again = world.service.forget_corrections(known.head.upload.upload_id)
    assert again.head.generation == 3


def test_a_correction_of_an_older_file_keeps_what_is_remembered_from_others(world: World) -> None:
    older = world.send()
    world.correct(world.send(FEBRUARY), HEADER)
    world.correct(older, MARK)
    assert decided(world.send(b"brezen")) == {"header": 2, "delimiter": ";"}


def test_the_same_correction_again_changes_nothing(world: World) -> None:
    known = world.correct(world.send(), HEADER)
    runs = len(world.reader.runs)
    assert world.correct(known, HEADER).head == known.head
    assert len(world.reader.runs) == runs


def test_a_correction_that_cannot_be_applied_changes_nothing_and_names_the_field(world: World) -> None:
    known = world.send()
    world.reader.refuses = ("header",)
    with pytest.raises(CorrectionRefused) as refused:
        world.correct(known, MARK, HEADER)
    assert refused.value.facts["field"] == "guesses.1.value"
    assert world.service.get(known.head.upload.upload_id) == known
    assert decided(world.send(FEBRUARY)) == {}


def test_a_correction_that_makes_a_file_unreadable_keeps_its_rows(world: World) -> None:
    known = world.send()
    world.reader.unreadable_with = "delimiter"
    with pytest.raises(CorrectionRefused):
        world.correct(known, MARK)
    assert world.labels() == ["Žák", "Body 2024"]
    assert world.service.get(known.head.upload.upload_id) == known


def test_a_remembered_correction_that_cannot_be_applied_any_more_hinders_no_other(world: World) -> None:
    world.correct(world.send(), HEADER, MARK)
    world.reader.refuses = ("header",)
    known = world.send(FEBRUARY)
    assert known.head.state == "loaded"
    assert world.labels()[-1] == "delimiter ;"


def test_remembered_corrections_that_make_a_file_unreadable_are_left_out_and_said(world: World) -> None:
    world.correct(world.send(), MARK)
    world.reader.unreadable_with = "delimiter"
    known = world.send(FEBRUARY)
    assert known.head.state == "loaded"
    assert known.receipt is not None
    assert "override_unusable" in {problem.said.code for problem in known.receipt.tables[0].problems}
    assert decided(known) == {}


def test_a_rejected_file_is_loaded_by_a_correction_and_so_is_the_next(world: World) -> None:
    world.reader.unreadable_without = "delimiter"
    known = world.send()
    assert known.head.state == "rejected"
    known = world.correct(known, MARK)
    assert (known.head.state, known.head.generation) == ("loaded", 2)
    assert world.send().duplicate
    assert world.send(FEBRUARY).head.state == "loaded"


def test_a_rejected_file_that_stays_unreadable_stays_as_it_was(world: World) -> None:
    world.reader.unreadable_without = "encoding"
    known = world.send()
    with pytest.raises(CorrectionRefused):
        world.correct(known, MARK)
    assert world.service.get(known.head.upload.upload_id) == known
    assert not world.send().duplicate


def test_a_rejected_file_that_was_sent_again_is_not_loaded_twice(world: World) -> None:
    world.reader.unreadable_without = "delimiter"
    first = world.send()
    world.reader.unreadable_without = None
    second = world.send()
    assert second.head.state == "loaded"
    with pytest.raises(Conflict):
        world.correct(first, MARK)
    assert list(world.uploads.live_heads()) == [second.head.upload.upload_id]


def test_an_undone_upload_is_not_corrected(world: World) -> None:
    known = world.send()
    world.service.undo(known.head.upload.upload_id)
    with pytest.raises(Conflict):
        world.correct(known, HEADER)


def test_an_unknown_upload_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.service.correct("nothing", (HEADER,))


def test_a_busy_service_leaves_everything_as_it_was(world: World) -> None:
    known = world.send()
    world.reader.fails_with = Busy()
    with pytest.raises(Busy):
        world.correct(known, HEADER)
    assert world.service.get(known.head.upload.upload_id) == known


def test_old_rows_count_until_the_new_reading_is_there(world: World) -> None:
    known = world.send()
    world.reader.started.clear()
    world.reader.may_end.clear()
    with ThreadPoolExecutor(1) as pool:
        correcting = pool.submit(world.correct, known, HEADER)
        assert world.reader.started.wait(10)
        assert world.labels() == ["Žák", "Body 2024"]
        assert world.service.get(known.head.upload.upload_id).receipt == known.receipt
        world.reader.may_end.set()
        correcting.result()
    assert world.labels() == ["Žák", "Body 2024", "header 2"]


def test_an_upload_undone_while_it_is_read_again_stays_undone(world: World) -> None:
    known = world.send()
    world.reader.started.clear()
    world.reader.may_end.clear()
    with ThreadPoolExecutor(1) as pool:
        correcting = pool.submit(world.correct, known, HEADER)
        assert world.reader.started.wait(10)
        world.service.undo(known.head.upload.upload_id)
        world.reader.may_end.set()
        with pytest.raises(Conflict):
            correcting.result()
    assert world.catalogue.datasets() == {}


@pytest.mark.parametrize("services", [1, 2], ids=["in one process", "in two"])
def test_corrections_at_once_all_count(tmp_path: Path, services: int) -> None:
    worlds = [World(tmp_path) for _ in range(services)]
    for place, world in enumerate(worlds):
        world.service._reader = f"elsewhere:{place}:0"
    known = worlds[0].send()
    changes = [HEADER, MARK, change("footer", 1), change("quote", "none")]
    with ThreadPoolExecutor(len(changes)) as pool:
        for done in [
            pool.submit(worlds[place % services].correct, known, each) for place, each in enumerate(changes)
        ]:
            done.result()
    known = worlds[0].service.get(known.head.upload.upload_id)
    assert decided(known).keys() == {"header", "delimiter", "footer", "quote"}
    assert known.head.generation == 5
    assert len(worlds[0].labels()) == 6


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", range(1, 6))
def test_killed_at_any_write_the_old_reading_or_the_new_one_counts(
    tmp_path: Path, write: int, after: bool
) -> None:
    known = World(tmp_path).send()
    dying = World(tmp_path, folder=DyingFolder(tmp_path, at=write, after=after))
    with pytest.raises(Killed):
        dying.correct(known, HEADER)
    world = World(tmp_path)
    assert world.labels() in (["Žák", "Body 2024"], ["Žák", "Body 2024", "header 2"])
    known = world.correct(known, HEADER)
    assert (known.head.state, known.head.generation) == ("loaded", 2)
    assert world.labels() == ["Žák", "Body 2024", "header 2"]
    assert decided(world.send(FEBRUARY)) == {"header": 2}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", range(1, 7))
def test_killed_while_a_rejected_file_is_corrected_it_can_be_corrected_again(
    tmp_path: Path, write: int, after: bool
) -> None:
    reader = FakeReader()
    reader.unreadable_without = "delimiter"
    known = World(tmp_path, reader).send()
    dying = World(tmp_path, reader, folder=DyingFolder(tmp_path, at=write, after=after))
    with contextlib.suppress(Killed):
        dying.correct(known, MARK)
    world = World(tmp_path, reader)
    assert world.correct(known, MARK).head.state == "loaded"
    assert world.send().duplicate
    assert len(world.uploads.live_heads()) == 1


def test_overrides_sent_with_a_file_count_at_once_and_are_remembered(world: World) -> None:
    known = world.send(overrides=(HEADER,))
    assert (decided(known), known.head.generation) == ({"header": 2}, 1)
    assert decided(world.send(FEBRUARY)) == {"header": 2}


def test_overrides_sent_with_bytes_that_are_in_correct_the_upload(world: World) -> None:
    known = world.send()
    again = world.send(overrides=(HEADER,))
    assert again.duplicate
    assert again.head.upload.upload_id == known.head.upload.upload_id
    assert decided(again) == {"header": 2}


def test_a_replacement_can_be_corrected(world: World) -> None:
    old = world.send()
    new = world.send(FEBRUARY, replaces=old.head.upload.upload_id)
    known = world.correct(new, HEADER)
    assert known.head.state == "loaded"
    assert list(world.uploads.live_heads()) == [new.head.upload.upload_id]


def test_an_upload_alone_in_its_dataset_keeps_its_name_whatever_its_columns_become(world: World) -> None:
    known = world.send()
    world.reader.labels = ("něco", "úplně", "jiného")
    world.correct(known, HEADER)
    assert list(world.catalogue.datasets()) == ["body"]
    assert world.labels() == ["něco", "úplně", "jiného", "header 2"]


def test_the_time_that_the_second_reading_took_stands_in_its_receipt(world: World) -> None:
    known = world.send()
    world.reader.may_end.clear()
    with ThreadPoolExecutor(1) as pool:
        correcting = pool.submit(world.correct, known, HEADER)
        time.sleep(0.2)
        world.reader.may_end.set()
    receipt = correcting.result().receipt
    assert receipt is not None
    assert receipt.duration_ms >= 150


def test_a_layout_is_the_same_in_whatever_encoding_and_for_any_year() -> None:
    def layouts(*labels: str, types: str = "text") -> tuple[str, ...]:
        columns = tuple(ReadColumn(name="c", label=label, type=types, storage="") for label in labels)  # type: ignore[arg-type]
        table = ReadTable(
            index=0, name="", columns=columns, rows=0, rejected_rows=0, set_aside_rows=0, rows_file=""
        )
        return layouts_of("a.csv", (table,), None)

    assert layouts("Žák", "Body 2024") == layouts("\x8e\xe1k", "Body 2025")
    assert layouts("Žák", "Body") != layouts("Body", "Žák")
    assert layouts("", "") != layouts("", "", "")
    assert layouts("", types="date") != layouts("", types="text")


WRONG = [
    ("encoding", "klingon", None),
    ("encoding", "punycode", None),
    ("encoding", 1250, None),
    ("delimiter", "ab", None),
    ("delimiter", "x", None),
    ("delimiter", "\n", None),
    ("quote", "`", None),
    ("header", -1, None),
    ("header", True, None),
    ("header", "2", None),
    ("footer", 1.5, None),
    ("decimal_mark", ";", None),
    ("date_order", "ym", None),
    ("type", "number", "x"),
    ("type", "json", "x"),
    ("unit", "parsec", "x"),
    ("null_words", 7, "x"),
    ("null_words", "a" * 101, "x"),
    ("sheet", "", None),
    ("format", "papyrus", None),
]


@pytest.mark.parametrize(("what", "value", "column"), WRONG)
def test_a_value_that_suits_no_file_is_refused_by_name(what: str, value: object, column: str | None) -> None:
    guess = GuessChange.model_validate({"what": what, "value": value, "column": column})
    with pytest.raises(InvalidField) as refused:
        checked([guess])
    assert refused.value.facts["field"] == "guesses.0.value"


@pytest.mark.parametrize(("what", "column"), [("type", None), ("header", "x"), ("encoding", "x")])
def test_a_column_is_named_where_the_guess_is_of_one_and_only_there(what: str, column: str | None) -> None:
    guess = GuessChange.model_validate({"what": what, "value": None, "column": column})
    with pytest.raises(InvalidField) as refused:
        checked([guess], field="overrides")
    assert refused.value.facts["field"] == "overrides.0.column"


@pytest.mark.parametrize(
    ("what", "value"),
    [
        *[("encoding", name) for name in ("UTF-8", "windows-1250", "UTF-8 + windows-1250", "latin-1", "cp437")],
        *[("delimiter", mark) for mark in (";", "tab", "\t", "none", "fixed width", "~", " ")],
        *[("sheet", value) for value in ("List1", ["a", "b"])],
        ("header", 0),
        ("footer", 3),
    ],
)
def test_what_suits_some_file_is_taken(what: str, value: object) -> None:
    assert change(what, value).what == what
