"""Whether the middle of a long sheet is read as columns or as rows makes no difference to what comes out."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from eduscale.ingest.formats import package, workbook, workbook_xml
from eduscale.ingest.tables import table_reader as tables
from eduscale.ingest.tables.columns import Inset
from tests.ingest.reading import Read, read_path

ROWS = 2_400
MIDDLE = 1_000
LABELS = ["id", "škola", "body", "datum", "podíl", "poznámka"]

Change = Callable[[Any, Any], None]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (package, workbook_xml):
        monkeypatch.setattr(module, "CHUNK_BYTES", 20_000)


@pytest.fixture
def insets(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of every stretch that was written as columns."""
    found: list[int] = []

    def noted(stretch: Any, *others: Any) -> Any:
        found.append(stretch.rows)
        return Inset(stretch, *others)

    monkeypatch.setattr(tables, "Inset", noted)
    return found


def make(path: Path, change: Change | None = None, **options: object) -> Path:
    """Write a long regular workbook and then what `change` writes over it."""
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet("List1")
    day = book.add_format({"num_format": "d.m.yyyy"})
    sheet.write_row(0, 0, LABELS)
    for row in range(1, ROWS + 1):
        sheet.write_number(row, 0, row)
        sheet.write_string(row, 1, f"ZŠ č. {row % 37}")
        sheet.write_number(row, 2, row % 101)
        sheet.write_datetime(row, 3, dt.date(2024, 1, 1) + dt.timedelta(days=row % 366), day)
        sheet.write_number(row, 4, row / 7)
        if row % 3:
            sheet.write_string(row, 5, f"pozn. {row}\r\n")
    if change is not None:
        change(book, sheet)
    book.close()
    return path


def both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Read, Read]:
    """Read a workbook with and without stretches."""
    folders = [path.parent / name for name in ("columns", "rows")]
    for folder in folders:
        folder.mkdir()
    as_columns = read_path(path, folders[0], "file.xlsx")
    monkeypatch.setattr(workbook, "LEAST_BLOCKS", 1 << 30)
    return as_columns, read_path(path, folders[1], "file.xlsx")


def assert_equal(one: Read, other: Read) -> None:
    assert one.reading == other.reading
    for mine, others in zip(one.reading.tables, other.reading.tables, strict=True):
        assert one.rows(mine) == other.rows(others)
        assert one.rejects(mine) == other.rejects(others)


def column(place: int, value: Callable[[int], object], rows: range = range(1, ROWS + 1)) -> Change:
    def change(_book: Any, sheet: Any) -> None:
        for row in rows:
            sheet.write(row, place, value(row))

    return change


def cell(value: object, place: int, *, row: int = MIDDLE, num_format: str = "General") -> Change:
    def change(book: Any, sheet: Any) -> None:
        sheet.write(row, place, value, book.add_format({"num_format": num_format}))

    return change


def note(book: Any, sheet: Any) -> None:
    sheet.write_string(ROWS + 3, 0, "Zdroj: školní matrika, stav k 30. 9.")


def totals(book: Any, sheet: Any) -> None:
    for row in range(1, ROWS + 1):
        sheet.write_string(row, 0, f"Žák {row}")
    for row in (MIDDLE, ROWS + 1):
        sheet.write_row(row, 0, ["Celkem", None, 5000])
        sheet.write_blank(row, 1, None, book.add_format({"bold": True}))
        sheet.write_blank(row, 5, None, book.add_format({"bold": True}))


def two_row_header(book: Any, sheet: Any) -> None:
    sheet.merge_range(0, 0, 0, 2, "Škola")
    sheet.merge_range(0, 3, 0, 5, "Výsledek")
    sheet.write_row(1, 0, LABELS)


def blank_row(book: Any, sheet: Any) -> None:
    for place in range(6):
        sheet.write_blank(MIDDLE, place, None, book.add_format({"bold": True}))


def repeated_header(book: Any, sheet: Any) -> None:
    sheet.write_row(MIDDLE, 0, LABELS)


def all_text(book: Any, sheet: Any) -> None:
    for row in range(1, ROWS + 1):
        for place in range(6):
            sheet.write_string(row, place, f"{place} {row}")
    repeated_header(book, sheet)


def second_table(book: Any, sheet: Any) -> None:
    sheet.write_row(ROWS + 3, 0, ["kraj", "okres", "počet", "kód"])
    for row in range(ROWS + 4, ROWS + 300):
        sheet.write_row(row, 0, ["Jihomoravský", f"okres {row}", row, row])


def merged(book: Any, sheet: Any) -> None:
    sheet.merge_range(MIDDLE, 1, MIDDLE + 2, 1, "ZŠ Lípa")


def failed(book: Any, sheet: Any) -> None:
    sheet.write_formula(MIDDLE, 2, "=1/0", None, "#DIV/0!")


def formulas(book: Any, sheet: Any) -> None:
    for row in range(1, ROWS + 1):
        sheet.write_formula(row, 2, "=1+1", None, row)
        sheet.write_formula(row, 5, '=""', None, "" if row % 2 else "text")


ALIKE: dict[str, tuple[Change | None, bool]] = {
    "regular": (None, True),
    "a note below": (note, True),
    "a header of two rows": (two_row_header, True),
    "computed cells, some of them without a value": (formulas, False),
    "text that looks like numbers": (column(1, lambda row: f"{row},5"), True),
    "one of them is none": (column(1, lambda row: "neznámo" if row == MIDDLE else f"{row},5"), True),
    "dates typed as text, with a wrong one": (
        column(5, lambda row: f"{30 if row == MIDDLE else 1 + row % 28}.2.2024"),
        True,
    ),
    "codes with leading zeros": (column(5, lambda row: f"{row:06d}"), True),
    "a column whose first value is in the middle": (column(6, str, range(MIDDLE, MIDDLE + 5)), False),
    "a column without a label": (column(6, lambda row: row), False),
    "a labelled column that is mostly empty": (column(6, lambda row: f"x {row}", range(0, ROWS, 500)), True),
    "a decimal number only in the middle": (cell(7.25, 2), True),
    "text in the first row that is also in the middle": (column(5, lambda row: "stejné"), True),
    "an empty column": (column(5, lambda row: None), True),
    "spaces": (column(5, lambda row: "  " if row % 2 else " a "), True),
    "a comment mark further right": (cell("# poznámka", 5), True),
    "subtotals": (totals, False),
    "a comment in the middle": (cell("# poznámka", 0), False),
    "a comment near the end": (cell("# poznámka", 0, row=ROWS), False),
    "a blank row": (blank_row, False),
    "a header once more": (repeated_header, False),
    "text alone": (all_text, False),
    "a table below": (second_table, False),
    "merged cells": (merged, False),
    "an error": (failed, False),
    "text among numbers": (cell("nepřítomen", 2), False),
    "text among numbers, at the top": (cell("nepřítomen", 2, row=5), False),
    "truth among numbers": (cell(True, 2), False),
    "a number among dates": (cell(5, 3), False),
    "a number among texts": (cell(5, 1), False),
    "a time among dates": (cell(0.25, 3, num_format="hh:mm"), False),
    "a duration among dates": (cell(1.5, 3, num_format="[h]:mm"), False),
    "a time of day beside dates": (cell(45000.25, 3, num_format="d.m.yyyy h:mm"), False),
    "a date of 1900": (cell(59, 3, num_format="d.m.yyyy"), False),
    "a date before all dates": (cell(-3, 3, num_format="d.m.yyyy"), False),
    "a cell right of the table": (cell("mimo", 8), False),
    "a long number": (cell(2.0**53, 2), False),
    "a huge number": (cell(1e20, 2), False),
}  # fmt: skip


@pytest.mark.parametrize(("change", "is_stretch"), ALIKE.values(), ids=ALIKE)
def test_columns_and_rows_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, insets: list[int], change: Change | None, is_stretch: bool
) -> None:
    assert_equal(*both_ways(make(tmp_path / "sent.xlsx", change), monkeypatch))
    assert bool(insets) == is_stretch
