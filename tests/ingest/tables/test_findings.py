"""What was left out is kept with the whole row that it stood in, however the file is read, within bounds."""

from pathlib import Path

import pytest

from eduscale.ingest.formats import delimited
from eduscale.ingest.tables import findings, parquet, table_reader
from tests.ingest.reading import read

HEADER = "id;jmeno;body;den\n"
ROWS = [f"{n:05};Žák {n};{n % 30},5;1.9.2024\n" for n in range(400)]
BAD = "00200;Bad;neví;dnes\n"
CELLS = ["00200", "Bad", "neví", "dnes"]


@pytest.mark.parametrize(
    ("small_bytes", "last"),
    [(1 << 20, ""), (0, ""), (0, '00400;"a\nb";1,5;1.9.2024\n')],
    ids=["small", "large and regular", "large and filtered"],
)
def test_a_row_with_bad_cells_is_kept_whole_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_bytes: int, last: str
) -> None:
    monkeypatch.setattr(delimited, "SMALL_BYTES", small_bytes)
    monkeypatch.setattr(delimited, "MANY_PARTS_BYTES", small_bytes)
    got = read(tmp_path, HEADER + "".join([*ROWS[:200], BAD, *ROWS[201:], last]))
    assert got.types == ["text", "text", "decimal", "date"]
    assert [(row, name, raw) for _, row, name, _, raw in got.rejects()] == [
        (202, "body", "neví"),
        (202, "den", "dnes"),
    ]
    assert got.rejected_cells() == [CELLS, None]


def test_a_wide_table_keeps_its_rows_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of many columns are written by other code."""
    monkeypatch.setattr(parquet, "WIDE", 2)
    got = read(tmp_path, HEADER + "".join([*ROWS[:200], BAD, *ROWS[201:]]))
    assert got.rejected_cells() == [CELLS, None]


def test_columns_that_hold_nothing_keep_their_place(tmp_path: Path) -> None:
    got = read(tmp_path, "id;;body\n" + "".join(f"{n};;{n},5\n" for n in range(200)) + "9;;neví\n")
    assert got.names == ["id", "body"]
    assert got.table.blank_columns == (1,)
    assert got.rejected_cells() == [["9", "", "neví"]]


def test_more_than_shall_be_kept_is_cut_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell that was left out stays; only the rest of its row is missing."""
    monkeypatch.setattr(findings, "MAX_KEPT_CHARACTERS", 60)
    long_rows = [f"0041{n};Žák;1,5;1.9.2024;navíc\n" for n in range(5)]
    got = read(tmp_path, HEADER + "".join([*ROWS, *long_rows]))
    assert [cells is not None for cells in got.rejected_cells()] == [True, True, False, False, False]
    assert [raw for *_, raw in got.rejects()] == [row.strip() for row in long_rows]
    (cut,) = [problem.said for problem in got.table.problems if problem.said.code == "rejects_cut"]
    assert cut.facts == {"rows": 3}


def test_one_bad_cell_in_ten_thousand_leaves_the_column_a_number(tmp_path: Path) -> None:
    """It is null, a problem and a reject with its row; the other 19,998 are numbers."""
    lines = [f"{n};{n % 90},5\n" for n in range(20_000)]
    lines[7_000], lines[17_000] = "7000;nemocen\n", "17000;1,5?\n"
    got = read(tmp_path, "id;body\n" + "".join(lines))
    assert got.types == ["integer", "decimal"]
    assert got.rejects() == [
        ("blanked", 7002, "body", "not_a_number", "nemocen"),
        ("blanked", 17002, "body", "not_a_number", "1,5?"),
    ]
    assert got.rejected_cells() == [["7000", "nemocen"], ["17000", "1,5?"]]
    assert sum(row[1] is not None for row in got.rows()) == 19_998


def test_problems_show_long_cells_cut_and_of_many_different_ones_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt of a bad column stays readable; the rejects hold every cell as it was sent."""
    monkeypatch.setattr(table_reader, "MAX_NAMED_CELLS", 2)
    lines = [f"{n};{n % 90},5\n" for n in range(20_000)]
    bad = ["nemocen " * 20, "chybí", "nepsal", "chybí"]
    lines[7_000:7_004] = [f"{n};{cell}\n" for n, cell in enumerate(bad)]
    got = read(tmp_path, "id;body\n" + "".join(lines))
    shown = [problem.said.facts.get("example") for problem in got.table.problems]
    assert shown == [("nemocen " * 20)[:59].rstrip() + "…", "chybí", None, "chybí"]
    assert [raw.strip() for *_, raw in got.rejects()] == [cell.strip() for cell in bad]


def test_a_shown_cell_is_one_short_line() -> None:
    assert findings.shortened(" a\r\n\tb ") == "a b"
    assert findings.shortened("x" * 60) == "x" * 60
    assert len(findings.shortened("x" * 10**6)) == findings.MAX_SHOWN_CHARACTERS
