"""Columns that later files rename, reorder, add or drop: old rows stay, and what changed is told."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eduscale.ingest.placing import placed
from eduscale.ingest.wording import say
from eduscale.models.reading import Override, ReadColumn, Reading, ReadProblem, ReadTable, Said
from eduscale.models.upload import Head, StoredReceipt, StoredTable, UploadFacts
from eduscale.storage.local import LocalFolder
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.catalogue import Catalogue
from eduscale.warehouse.schema_changes import schema_changes

START = datetime(2026, 1, 1, tzinfo=UTC)
STORAGES = {"text": "VARCHAR", "integer": "BIGINT", "decimal": "DOUBLE", "date": "DATE"}
Columns = Mapping[str, str]
"""Types by label; a type with a question mark is that of an empty column."""


def read_column(label: str, kind: str) -> ReadColumn:
    type_ = kind.removesuffix("?")
    return ReadColumn.model_validate(
        {
            "name": label.lower().replace(" ", "_"), "label": label, "type": type_, "storage": STORAGES[type_],
            "empty": kind.endswith("?"),
        }
    )  # fmt: skip


class Sender:
    """Sends files of given columns to one dataset and keeps what the receipts say."""

    def __init__(self, folder: Path) -> None:
        self.uploads = UploadStore(LocalFolder(folder))
        self.catalogue = Catalogue(self.uploads)
        self.sent = 0

    def send(
        self,
        columns: Columns,
        *,
        rows: int = 100,
        sender: str | None = "škola",
        region: str = "r",
        problems: tuple[ReadProblem, ...] = (),
        overrides: tuple[Override, ...] = (),
    ) -> StoredTable:
        self.sent += 1
        table = ReadTable(
            index=0, name="t", columns=tuple(read_column(*each) for each in columns.items()), rows=rows,
            rejected_rows=0, set_aside_rows=0, rows_file="rows-0.parquet", problems=problems,
            problem_count=len(problems),
        )  # fmt: skip
        facts = UploadFacts(
            upload_id=f"u{self.sent}", filename=f"zaci_{self.sent}.csv", sha256="0", size_bytes=1, region=region,
            dataset="zaci", sender=sender, received_at=START + timedelta(days=self.sent),
        )  # fmt: skip
        reading = Reading(tables=(table,))
        (stored,), self.refused = placed(
            reading, facts, self.catalogue.datasets(), self.catalogue.live_tables(), overrides
        )
        self.uploads.add_receipt(
            StoredReceipt(upload_id=facts.upload_id, generation=1, duration_ms=1, tables=(stored,))
        )
        self.uploads.create_head(Head(state="loaded", generation=1, upload=facts, datasets=(stored.dataset,)))
        return stored

    def columns(self) -> list[str]:
        return [column.name for column in self.catalogue.datasets()["zaci"].columns]

    def changes(self) -> list[tuple[str, str, str | None, str | None, str | None]]:
        tables = [table for table in self.catalogue.live_tables() if table.dataset == "zaci"]
        return [
            (each.upload_id, each.kind, each.column, each.before, each.after) for each in schema_changes(tables)
        ]


@pytest.fixture
def school(tmp_path: Path) -> Sender:
    return Sender(tmp_path)


def codes(table: StoredTable) -> list[str]:
    return [problem.said.code for problem in table.problems]


BASE: Columns = {"Datum": "date", "Jméno": "text", "Interventition Type": "text", "Body": "integer"}


def test_a_misspelt_column_is_one_column_and_the_receipt_says_so_as_a_guess(school: Sender) -> None:
    school.send(BASE)
    table = school.send({"Datum": "date", "Jméno": "text", "Intervention Type": "text", "Body": "integer"})
    assert school.columns() == ["datum", "jméno", "interventition_type", "body"]
    (guess,) = [guess for guess in table.guesses if guess.what == "renamed_from"]
    assert (guess.column, guess.value) == ("intervention_type", "interventition_type")
    assert [other.value for other in guess.alternatives] == ["intervention_type"]
    assert "Interventition Type" in say(guess.evidence, "en")
    assert school.changes() == [
        ("u2", "renamed", "interventition_type", "Interventition Type", "Intervention Type")
    ]
    assert codes(table) == []


def test_a_file_whose_columns_are_mostly_misspelt_joins_its_dataset(school: Sender) -> None:
    school.send({"Satisfaction": "integer", "Organization": "text", "Participant": "text"})
    table = school.send({"Satisfacton": "integer", "Organisation": "text", "Participants": "text"})
    assert (table.dataset, len(table.renamed)) == ("zaci", 3)


def test_a_column_that_is_only_alike_is_kept_apart_and_told(school: Sender) -> None:
    school.send({"Třída": "text", "Jméno": "text", "Omluvené": "integer"})
    table = school.send({"Třída": "text", "Jméno": "text", "Neomluvené": "integer"})
    assert school.columns() == ["třída", "jméno", "omluvené", "neomluvené"]
    assert codes(table) == ["column_maybe_renamed"]
    (guess,) = table.guesses
    assert (guess.column, guess.value) == ("neomluvené", "neomluvené")
    assert [other.value for other in guess.alternatives] == ["omluvené"]
    assert school.changes() == [("u2", "renamed", "neomluvené", "omluvené", "neomluvené")]


def test_what_changed_is_told_since_which_upload(school: Sender) -> None:
    school.send(BASE)
    school.send(
        {"Body": "decimal", "Datum": "date", "Jméno": "text", "Poznámka pro školu": "text", "Kolo": "integer"}
    )
    school.send(
        {"Body": "decimal", "Datum": "date", "Jméno": "text", "Poznámka pro školu": "text", "Kolo": "integer"}
    )
    assert school.changes() == [
        ("u2", "dropped", "interventition_type", "text", None),
        ("u2", "retyped", "body", "integer", "decimal"),
        ("u2", "added", "poznámka_pro_školu", None, "text"),
        ("u2", "added", "kolo", None, "integer"),
        ("u2", "reordered", None, "datum, jméno, body", "body, datum, jméno"),
    ]


def test_an_undone_upload_changed_nothing(school: Sender) -> None:
    school.send(BASE)
    school.send({**BASE, "Kolo": "integer"})
    head, version = school.uploads.head("u2")
    school.uploads.move_head(head.model_copy(update={"state": "undone"}), version=version)
    assert school.changes() == []


def test_each_sender_is_compared_with_what_it_sent_itself(school: Sender) -> None:
    """Two schools with columns of their own do not change them back and forth."""
    for _ in range(2):
        school.send({**BASE, "Kolo": "integer"}, sender="a")
        school.send(BASE, sender="b")
        school.send({**BASE, "Patro": "integer"}, sender="a", region="r2")
    assert school.changes() == [("u3", "added", "patro", None, "integer")]


def test_far_fewer_rows_than_usual_are_told_once_there_is_something_usual(school: Sender) -> None:
    assert codes(school.send(BASE, rows=100)) == []
    assert codes(school.send(BASE, rows=20)) == []
    school.send(BASE, rows=110)
    table = school.send(BASE, rows=49)
    assert codes(table) == ["fewer_rows"]
    assert table.problems[0].row is None
    assert say(table.problems[0].said, "cs").startswith(
        "Soubor má 49 řádků, vaše dřívější soubory jich měly asi 100"
    )
    assert codes(school.send(BASE, rows=60)) == []
    assert codes(school.send(BASE, rows=1, sender="jiná")) == []


def test_a_column_that_was_filled_and_is_empty_now_is_told(school: Sender) -> None:
    school.send(BASE)
    table = school.send({**BASE, "Body": "text?"})
    assert [(problem.said.code, problem.column) for problem in table.problems] == [("column_now_empty", "Body")]
    assert school.changes() == []


def test_a_known_column_that_is_missing_is_told_and_an_empty_one_is_not(school: Sender) -> None:
    school.send({**BASE, "Patro": "integer?"})
    table = school.send({label: kind for label, kind in BASE.items() if label != "Datum"})
    assert codes(table) == ["column_missing"]
    assert "Datum" in say(table.problems[0].said, "en")


def test_of_many_missing_columns_the_first_are_named(school: Sender) -> None:
    school.send({**{name * 4: "text" for name in "abcdefghijkl"}, **BASE})
    assert codes(school.send(BASE)) == ["column_missing"] * 10 + ["columns_missing"]


def test_numbers_that_became_text_are_told_with_the_place_that_did_it(school: Sender) -> None:
    school.send(BASE)
    odd = ReadProblem(row=17, column="Body", said=Said(code="odd_cell_in_text", facts={}))
    table = school.send({**BASE, "Body": "text"}, problems=(odd,))
    assert codes(table) == ["column_now_text_at", "odd_cell_in_text"]
    assert table.problem_count == 2
    assert say(table.problems[0].said, "en").startswith(
        "The column held a whole number in your last file, here it is text, for example because of row 17."
    )
    assert codes(school.send({**BASE, "Datum": "text", "Body": "text"})) == ["column_now_text"]


def test_the_order_of_columns_is_no_problem(school: Sender) -> None:
    school.send(BASE)
    table = school.send(dict(reversed(BASE.items())))
    assert (table.dataset, codes(table)) == ("zaci", [])


def renaming(column: str, value: str) -> tuple[Override, ...]:
    return (Override(table=0, column=column, what="renamed_from", value=value),)


def test_a_person_may_say_that_a_misspelt_column_is_another_one(school: Sender) -> None:
    school.send(BASE)
    columns = {"Datum": "date", "Jméno": "text", "Intervention Type": "text", "Body": "integer"}
    table = school.send(columns, overrides=renaming("intervention_type", "intervention_type"))
    assert (table.renamed, school.refused) == ({}, ())
    assert school.columns()[-1] == "intervention_type"
    assert [(guess.value, guess.overridden) for guess in table.guesses] == [("intervention_type", True)]
    assert [other.value for other in table.guesses[0].alternatives] == ["interventition_type"]
    assert codes(table) == []


def test_a_person_may_say_that_two_names_are_one_column(school: Sender) -> None:
    school.send({"Třída": "text", "Jméno": "text", "Žáci": "integer"})
    columns = {"Třída": "text", "Jméno": "text", "Počet dětí": "integer"}
    table = school.send(columns, overrides=renaming("počet_dětí", "žáci"))
    assert table.renamed == {"počet_dětí": "žáci"}
    assert school.columns() == ["třída", "jméno", "žáci"]
    assert codes(table) == []
    assert [change[1:3] for change in school.changes()] == [("renamed", "žáci")]


def test_columns_that_a_person_named_alike_keep_a_file_in_its_dataset(school: Sender) -> None:
    school.send({"Třída": "text", "Žáci": "integer", "Datum": "date"})
    decided = renaming("class", "třída") + renaming("pupils", "žáci")
    table = school.send({"Class": "text", "Pupils": "integer", "Floor": "text"}, overrides=decided)
    assert table.dataset == "zaci"


@pytest.mark.parametrize(("column", "value"), [("body", "nothing"), ("body", "datum"), ("nothing", "jméno")])
def test_what_no_column_can_be_is_refused(school: Sender, column: str, value: str) -> None:
    """There is no such column, or the file has it already."""
    school.send(BASE)
    table = school.send(BASE, overrides=renaming(column, value))
    assert table.renamed == {}
    assert [each.said.code for each in school.refused] == ["override_no_known_column"]
