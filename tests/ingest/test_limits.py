"""A file that holds more than it may is refused with a sentence that names the limit, soon and in little room."""

from pathlib import Path

import pytest
import xlsxwriter

from eduscale.ingest.wording import say
from tests.ingest.reading import Read, read, read_path


def refusal(got: Read) -> tuple[str, dict[str, object]]:
    """Return the code of an error and its facts, once both its sentences have been made."""
    error = got.reading.error
    assert error is not None, got.reading.tables
    assert say(error, "en") != say(error, "cs")
    assert "{" not in say(error, "en") + say(error, "cs")
    return error.code, dict(error.facts)


def workbook(path: Path, sheets: int, rows: int, text: str = "x") -> Path:
    book = xlsxwriter.Workbook(str(path))
    for _ in range(sheets):
        sheet = book.add_worksheet()
        for row in range(rows):
            sheet.write_row(row, 0, ["jméno", "body"] if row == 0 else [text, row])
    book.close()
    return path


def table(rows: int, *, text: str = "Alfa", columns: int = 2) -> str:
    header = ";".join(f"sloupec_{place}" for place in range(columns))
    return "\n".join([header, *(";".join([text, *["1"] * (columns - 1)]) for _ in range(rows))])


LARGE = 300_000
"""Rows enough for a text file to be read as a large one."""


@pytest.mark.parametrize("rows", [3, LARGE], ids=["small", "large"])
def test_a_table_of_too_many_columns_is_refused(rows: int, tmp_path: Path) -> None:
    got = read(tmp_path, table(rows, columns=6), columns=5)
    assert refusal(got) == ("too_many_columns", {"columns": 6, "limit": 5})


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("rows", [3, LARGE], ids=["small", "large"])
def test_a_line_that_is_too_long_is_refused_and_named(rows: int, ends: str, tmp_path: Path) -> None:
    text = table(rows) + "\n" + "y" * 5000 + ";2\n" + table(3)
    got = read(tmp_path, text.replace("\n", ends), line_bytes=4000)
    assert refusal(got) == ("line_too_long", {"line": rows + 2, "limit_bytes": 4000})


def test_a_line_as_long_as_allowed_is_read(tmp_path: Path) -> None:
    got = read(tmp_path, "a;b\n" + "y" * 3998 + ";2\nx;1\n", line_bytes=4000)
    assert got.table.rows == 2


def test_a_file_that_is_one_endless_line_is_refused_before_its_end(tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    with sent.open("wb") as file:
        file.write(b"a;b\n1;2\n" + b"x" * 100)
        file.truncate(10 << 30)
    got = read_path(sent, tmp_path, "file.csv")
    assert refusal(got) == ("line_too_long", {"line": 3, "limit_bytes": 16 << 20})


@pytest.mark.parametrize("rows", [600, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("break_", ["", "\n"], ids=["in a line", "over lines"])
def test_a_cell_that_is_too_long_is_refused_and_named(rows: int, break_: str, tmp_path: Path) -> None:
    cell = '"' + ("y" * 1000 + break_) * 1500 + '"'
    text = table(rows) + f"\n{cell};7\nz;8"
    got = read(tmp_path, text, field_length=1 << 20)
    code, facts = refusal(got)
    assert code == "field_too_long"
    assert facts == {"line": rows + 2, "column": "sloupec_0", "limit": 1 << 20}


def test_a_cell_of_a_workbook_that_is_too_long_is_refused(tmp_path: Path) -> None:
    got = read_path(workbook(tmp_path / "a.xlsx", 1, 3, "y" * 200), tmp_path, "a.xlsx", field_length=199)
    assert refusal(got) == ("field_too_long", {"line": 2, "column": "jméno", "limit": 199})


@pytest.mark.parametrize(
    ("limits", "code", "facts"),
    [
        pytest.param({"sheets": 2}, "too_many_sheets", {"sheets": 3, "limit": 2}, id="sheets"),
        pytest.param({"cells": 50}, "too_many_cells", {"limit": 50}, id="cells"),
        pytest.param({"entries": 5}, "too_many_entries", {"limit": 5}, id="entries"),
        pytest.param({"unpacked_bytes": 900}, "too_large_unpacked", {"limit_bytes": 900}, id="unpacked-bytes"),
    ],
)
def test_a_workbook_of_too_much_is_refused(
    limits: dict[str, int], code: str, facts: dict[str, object], tmp_path: Path
) -> None:
    path = workbook(tmp_path / "a.xlsx", 3, 10)
    assert refusal(read_path(path, tmp_path, "a.xlsx", **limits)) == (code, facts)
    (tmp_path / "again").mkdir()
    assert len(read_path(path, tmp_path / "again", "a.xlsx").reading.tables) == 3
