"""The files of rejects: what older readers stored, sheets of any name, and no more notes than a sheet bears."""

import csv
import json
from pathlib import Path

import duckdb
import openpyxl
import pytest

from eduscale.models.rejects import RejectedTable, RejectsFormat, RejectWords
from eduscale.warehouse import export as exports
from eduscale.warehouse import rejects
from eduscale.warehouse.tasks import RejectsTask
from tests.warehouse.children import in_child

WORDS = RejectWords(
    own_columns=("Row", "What", "Why"),
    kinds={"blanked": "left empty", "rejected": "left out"},
    reasons={"not_a_number": "No number.", "row_long": "Too long."},
    in_column="{column}: {reason}",
    advice_sheet="Advice",
    advice=("Correct your own file.",),
    cut="Not all rows are whole.",
    delimiter=";",
)
OLD = "SELECT 'blanked' AS kind, 5 AS row, 'body' AS column_name, 'not_a_number' AS code, 'x' AS raw"
NEW = f"{OLD}, ['1', 'x'] AS cells"


def table(folder: Path, select: str = NEW, *, index: int = 0, name: str = "List") -> RejectedTable:
    path = folder / f"rejects-{index}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return RejectedTable(index=index, name=name, columns=(("id", "Id"), ("body", "Body")), path=str(path))


def written(folder: Path, kind: RejectsFormat, *tables: RejectedTable) -> Path:
    path = folder / f"out.{kind}"
    task = RejectsTask(tables=tables, words=WORDS, delimiter=";", format=kind, path=str(path))
    answer = json.loads(in_child(rejects.export_rejects, task.model_dump_json().encode()))
    assert answer == {"bytes": path.stat().st_size}
    return path


def csv_rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text("utf-8-sig").splitlines(), delimiter=";"))


def test_what_an_older_reader_stored_is_shown_in_its_column(tmp_path: Path) -> None:
    """Its rows were not kept; the cell and the reason were."""
    assert csv_rows(written(tmp_path, "csv", table(tmp_path, OLD))) == [
        ["Row", "What", "Why", "Id", "Body"],
        ["5", "left empty", "Body: No number.", "", "x"],
    ]
    book = openpyxl.load_workbook(written(tmp_path, "xlsx", table(tmp_path, OLD)))
    assert [cell.value for (cell,) in book["Advice"].iter_rows()] == [*WORDS.advice, WORDS.cut]


def test_two_bad_cells_of_a_row_are_one_row(tmp_path: Path) -> None:
    select = f"{OLD.replace('body', 'id')}, CAST(NULL AS VARCHAR[]) AS cells UNION ALL {NEW}"
    (_, row) = csv_rows(written(tmp_path, "csv", table(tmp_path, select)))
    assert row == ["5", "left empty", "Id: No number. Body: No number.", "1", "x"]


def test_a_negative_number_is_no_formula(tmp_path: Path) -> None:
    """What begins with a sign and is no number is one."""
    select = f"{OLD}, ['-1 234,5', '-1+1', '+420 777 123 456', '=1'] AS cells"
    (_, row) = csv_rows(written(tmp_path, "csv", table(tmp_path, select)))
    assert row[3:] == ["-1 234,5", "'-1+1", "+420 777 123 456", "'=1"]


def test_tables_stand_one_below_another_in_csv(tmp_path: Path) -> None:
    rows = csv_rows(written(tmp_path, "csv", table(tmp_path), table(tmp_path, index=1)))
    assert [row[:1] for row in rows] == [["Row"], ["5"], [], ["Row"], ["5"]]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_nothing_left_out_is_a_file_too(tmp_path: Path, kind: RejectsFormat) -> None:
    path = written(tmp_path, kind)
    if kind == "csv":
        assert csv_rows(path) == [["Row", "What", "Why"]]
    elif kind == "json":
        assert json.loads(path.read_text()) == []
    else:
        assert openpyxl.load_workbook(path).sheetnames == ["Advice"]


@pytest.mark.parametrize(
    ("names", "sheets"),
    [
        (["a", "A"], ["a", "A 2"]),
        (["a" * 40, "a" * 40], ["a" * 31, "a" * 29 + " 2"]),
        (["[x]/y:*?\\"], ["x  y"]),
        (["'quoted'", ""], ["quoted", "1"]),
        (["advice", "History"], ["advice 2", "History 2"]),
    ],
)
def test_every_sheet_has_a_valid_name_of_its_own(tmp_path: Path, names: list[str], sheets: list[str]) -> None:
    tables = [table(tmp_path, index=index, name=name) for index, name in enumerate(names)]
    book = openpyxl.load_workbook(written(tmp_path, "xlsx", *tables))
    assert book.sheetnames == [*sheets, "Advice"]


def test_notes_end_where_a_sheet_has_enough_and_rows_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason stands in every row."""
    monkeypatch.setattr(rejects, "MAX_NOTES", 2)
    monkeypatch.setattr(exports, "SHEET_ROWS", 5)
    select = NEW.replace("5 AS row", "range AS row") + " FROM range(10, 16)"
    book = openpyxl.load_workbook(written(tmp_path, "xlsx", table(tmp_path, select)))
    first, second = book["List"], book["List 2"]
    assert [[cell.value for cell in row] for row in second.iter_rows(min_row=2)] == [
        [14, "left empty", "Body: No number.", "1", "x"],
        [15, "left empty", "Body: No number.", "1", "x"],
    ]
    assert [cell.comment is not None for cell in first["E"]] == [False, True, True, False, False]
