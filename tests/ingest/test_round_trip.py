"""Any table, in any dialect and encoding that can hold it, is read back; damaged bytes never crash a reader."""

import csv
import io
import random
import string
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
import xlsxwriter
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eduscale.ingest.tables.forms import ERROR_WORDS, NULL_WORDS
from tests.ingest.reading import Read, read

LABELS = "jméno škola třída obec počet body datum narozen poznámka předmět učitel kroužek".split()
WORDS = (
    "žák žákyně škola třída přítomen čtvrtek středa pondělí výborný dostatečný prospěl neprospěla Řehoř Šťastná "
    "Dvořák Kučerová Příbram Třebíč Žďár učitel matematika čeština dějepis přírodopis výchova hřiště"
).split()
ENDINGS = ("\n", "\r\n", "\r")
LEGACY = ("cp1250", "iso8859-2")
UNICODE = ("utf-8", "utf-8-sig", "utf-16")

any_text = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), include_characters='\n";,|\t'), max_size=12
)
czech_text = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)


class Table(NamedTuple):
    """Typed columns with their labels; the first is a number that counts the rows."""

    labels: list[str]
    columns: list[list[Any]]

    def rows(self) -> list[tuple[Any, ...]]:
        return list(zip(*self.columns, strict=True))


@st.composite
def tables(draw: st.DrawFn, text: st.SearchStrategy[str]) -> Table:
    """Draw a table in which a text column shows in its first row that it is one."""
    rows = draw(st.integers(min_value=3, max_value=12))
    kinds = draw(
        st.lists(st.sampled_from(["text", "integer", "decimal", "date", "boolean"]), min_size=1, max_size=5)
    )
    of_kind = {
        "integer": st.integers(min_value=-(10**15), max_value=10**15),
        "decimal": st.integers(min_value=-(10**7), max_value=10**7).map(lambda number: number / 100),
        "date": st.dates(min_value=date(1950, 1, 1), max_value=date(2049, 12, 31)),
        "boolean": st.booleans(),
    }
    columns: list[list[Any]] = [list(range(1, rows + 1))]
    for kind in kinds:
        if kind == "text":
            columns.append(["první slovo", *draw(st.lists(text, min_size=rows - 1, max_size=rows - 1))])
        else:
            columns.append(draw(st.lists(of_kind[kind], min_size=rows, max_size=rows)))
    labels = draw(st.permutations(LABELS))[: len(kinds)]
    return Table(["číslo", *labels], columns)


class Dialect(NamedTuple):
    """How a table is written."""

    delimiter: str
    quoting: Any
    ending: str
    mark: str
    day_first: bool

    def write(self, table: Table) -> str:
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.delimiter, quoting=self.quoting, lineterminator=self.ending)
        writer.writerow(table.labels)
        writer.writerows([self._cell(value) for value in row] for row in table.rows())
        return out.getvalue()

    def _cell(self, value: Any) -> str:
        if isinstance(value, bool):
            return "ano" if value else "ne"
        if isinstance(value, date):
            return f"{value.day}.{value.month}.{value.year}" if self.day_first else value.isoformat()
        if isinstance(value, float):
            return f"{value:.2f}".replace(".", self.mark)
        return str(value)


dialects = st.builds(
    Dialect,
    delimiter=st.sampled_from(";,\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ending=st.sampled_from(ENDINGS),
    mark=st.sampled_from(",."),
    day_first=st.booleans(),
)
SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def assert_read_back(data: bytes, table: Table, filename: str = "file.csv") -> None:
    """Say that a file holds exactly this table: labels, values, order."""
    with TemporaryDirectory() as folder:
        got = read(Path(folder), data, filename)
        assert [column.label for column in got.table.columns] == table.labels
        assert [tuple(map(plain, row)) for row in got.rows()] == [tuple(map(plain, row)) for row in table.rows()]
        assert (got.table.rejected_rows, got.table.set_aside_rows) == (0, 0)


def plain(value: Any) -> Any:
    """Return a value as it may come back: no text is null, and spaces are not told apart."""
    if isinstance(value, str):
        text = " ".join(value.split())
        return None if text.lower() in NULL_WORDS | {""} else text
    return value


def is_told_apart(table: Table) -> bool:
    """Say whether no text of the table means something else by itself: a failed formula, a comment."""
    texts = [cell.strip().lower() for column in table.columns for cell in column if isinstance(cell, str)]
    return not any(text in ERROR_WORDS or text.startswith(("#", "//")) for text in texts)


@SLOW
@given(table=tables(any_text), dialect=dialects, encoding=st.sampled_from(UNICODE))
def test_any_text_in_unicode_is_read_back(table: Table, dialect: Dialect, encoding: str) -> None:
    """Whatever the cells hold, delimiters, quotes and line breaks among them, they come back."""
    assume(is_told_apart(table))
    text = dialect.write(table)
    assume(dialect.ending != "\r" or "\n" not in text)
    assert_read_back(text.encode(encoding), table)


@SLOW
@given(table=tables(czech_text), dialect=dialects, encoding=st.sampled_from(LEGACY))
def test_czech_text_in_older_encodings_is_read_back(table: Table, dialect: Dialect, encoding: str) -> None:
    """Czech words show by themselves which encoding they are written in."""
    assume(sum(isinstance(cell, str) for column in table.columns for cell in column) > 3)
    assert_read_back(dialect.write(table).encode(encoding), table)


@SLOW
@given(table=tables(any_text))
def test_any_table_in_a_workbook_is_read_back(table: Table) -> None:
    """A workbook gives back its texts, numbers, dates and truth values."""
    assume(is_told_apart(table))
    assert_read_back(workbook(table), table, "file.xlsx")


def workbook(table: Table) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, day = book.add_worksheet("List1"), book.add_format({"num_format": "d.m.yyyy"})
    for place, label in enumerate(table.labels):
        sheet.write_string(0, place, label)
    for number, row in enumerate(table.rows(), start=1):
        for place, value in enumerate(row):
            if isinstance(value, bool):
                sheet.write_boolean(number, place, value)
            elif isinstance(value, date):
                sheet.write_datetime(number, place, value, day)
            elif isinstance(value, str):
                sheet.write_string(number, place, value)
            else:
                sheet.write_number(number, place, value)
    book.close()
    return out.getvalue()


def damaged(data: bytes, seed: int, how: str) -> bytes:
    """Return bytes cut, shuffled or overwritten at random places."""
    chance = random.Random(seed)
    if how == "cut":
        return data[: chance.randrange(len(data))]
    if how == "shuffled":
        lines = data.split(b"\n")
        chance.shuffle(lines)
        return b"\n".join(lines)
    spoilt = bytearray(data)
    for _ in range(chance.randint(1, 1 + len(spoilt) // 20)):
        spoilt[chance.randrange(len(spoilt))] = chance.choice((0, 10, 34, 59, 255, chance.randrange(256)))
    return bytes(spoilt)


SAMPLE = Table(
    ["číslo", "jméno", "body", "datum"],
    [
        list(range(1, 21)),
        [f"{word} {letter}" for word, letter in zip(WORDS, string.ascii_uppercase, strict=False)][:20],
        [number * 1.25 for number in range(20)],
        [date(2024, 9, 1 + number) for number in range(20)],
    ],
)


def sources() -> Sequence[tuple[str, bytes]]:
    text = Dialect(";", csv.QUOTE_ALL, "\r\n", ",", day_first=True).write(SAMPLE)
    return (
        ("file.csv", text.encode("cp1250")),
        ("file.csv", text.encode("utf-16")),
        ("file.csv", text.encode()),
        ("file.xlsx", workbook(SAMPLE)),
    )


@pytest.mark.parametrize("how", ["cut", "shuffled", "overwritten"])
@pytest.mark.parametrize("number", range(len(sources())))
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(min_value=0, max_value=1 << 32))
def test_damaged_files_give_a_receipt_or_a_reason(how: str, number: int, seed: int) -> None:
    """Nothing but an understood table, every row of it accounted for, or a reason comes out of damaged bytes."""
    filename, data = sources()[number]
    with TemporaryDirectory() as folder:
        got: Read = read(Path(folder), damaged(data, seed, how), filename)
        assert got.reading.error is not None or got.reading.tables
        for table in got.reading.tables:
            assert len(got.rows(table)) == table.rows
            kinds = [row[0] for row in got.rejects(table)]
            assert (kinds.count("rejected"), kinds.count("set_aside")) == (
                table.rejected_rows,
                table.set_aside_rows,
            )
