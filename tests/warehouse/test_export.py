"""Exports keep every value and are safe to open in a spreadsheet."""

import csv
import json
from datetime import datetime, time, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest

from eduscale.models.reading import ColumnType
from eduscale.warehouse import export as exports
from eduscale.warehouse.tasks import ExportFormat, ExportTask
from eduscale.warehouse.values import column_type
from eduscale.warehouse.views import Run, View, ViewColumn
from tests.warehouse.children import in_child

MIXED = """SELECT * FROM (VALUES
    (1::BIGINT, '000123', 12.5::DECIMAL(10,2), true, DATE '2025-09-01', TIMESTAMP '2025-09-01 10:20:30',
     TIME '07:05:00', 5400::BIGINT, 'Žluťoučký; "kůň", ano'),
    (-9007199254740993, NULL, NULL, false, DATE '1848-03-13', TIMESTAMP '1848-03-13 01:02:03.5', NULL, NULL, NULL)
) AS t(cislo, kod, castka, ano, den, kdy, cas, trvani, "text")"""


def table(folder: Path, select: str, **types: ColumnType) -> View:
    path = folder / "rows.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        described = connection.execute(f"DESCRIBE {select}").fetchall()
        row = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone()
    assert row is not None
    held = tuple((name, storage) for name, storage, *_ in described)
    columns = tuple(
        ViewColumn(name=name, type=types.get(name, column_type(storage)), storage=storage)
        for name, storage in held
    )
    return View(name="t", columns=columns, runs=(Run(paths=(str(path),), rows=row, columns=held, alike=True),))


def export(view: View, kind: ExportFormat, folder: Path) -> Path:
    path = folder / f"out.{kind}"
    task = ExportTask(view=view, format=kind, path=str(path))
    answer = json.loads(in_child(exports.export, task.model_dump_json().encode()))
    assert answer == {"bytes": path.stat().st_size, "rows": view.rows}
    assert sorted(each.name for each in folder.iterdir()) == sorted([path.name, "rows.parquet"])
    return path


def test_csv_holds_every_value_and_shows_czech_letters_in_a_spreadsheet(tmp_path: Path) -> None:
    """A byte order mark, commas, a header, ISO dates, no digit lost."""
    path = export(table(tmp_path, MIXED, trvani="duration"), "csv", tmp_path)
    assert path.read_bytes().startswith("\ufeffcislo,".encode())
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert rows == [
        ["cislo", "kod", "castka", "ano", "den", "kdy", "cas", "trvani", "text"],
        [
            *("1", "000123", "12.50", "true", "2025-09-01", "2025-09-01T10:20:30", "07:05:00", "1:30:00"),
            'Žluťoučký; "kůň", ano',
        ],
        ["-9007199254740993", "", "", "false", "1848-03-13", "1848-03-13T01:02:03.5", "", "", ""],
    ]


def test_xlsx_cells_have_the_types_of_their_columns(tmp_path: Path) -> None:
    """Dates are dates, numbers numbers, booleans booleans; an id with zeros stays text."""
    path = export(table(tmp_path, MIXED, trvani="duration"), "xlsx", tmp_path)
    header, first, second = openpyxl.load_workbook(path).active.iter_rows()
    assert [cell.value for cell in header][:3] == ["cislo", "kod", "castka"]
    assert [cell.value for cell in first] == [
        *(1, "000123", 12.5, True, datetime(2025, 9, 1), datetime(2025, 9, 1, 10, 20, 30), time(7, 5)),
        *(timedelta(hours=1, minutes=30), 'Žluťoučký; "kůň", ano'),
    ]
    assert (first[4].number_format, first[7].number_format) == ("yyyy-mm-dd", "[h]:mm:ss")
    shown = [cell.value for cell in second]
    assert shown[0] == "-9007199254740993"
    assert shown[3:6] == [False, "1848-03-13", "1848-03-13T01:02:03.500000"]


def test_json_is_an_array_of_objects(tmp_path: Path) -> None:
    """Values are written as everywhere in the interface."""
    path = export(table(tmp_path, MIXED, trvani="duration"), "json", tmp_path)
    first, second = json.loads(path.read_text("utf-8"))
    assert first["kdy"] == "2025-09-01T10:20:30"
    assert (first["castka"], first["trvani"], first["text"]) == (12.5, "1:30:00", 'Žluťoučký; "kůň", ano')
    assert (second["cislo"], second["kod"]) == ("-9007199254740993", None)


def test_parquet_is_the_table_itself(tmp_path: Path) -> None:
    """Types are those of the dataset."""
    path = export(table(tmp_path, MIXED, trvani="duration"), "parquet", tmp_path)
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
        count = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone()
    assert [row[1] for row in described][:4] == ["BIGINT", "VARCHAR", "DECIMAL(10,2)", "BOOLEAN"]
    assert count == (2,)


def test_lists_and_objects_are_json_in_every_format(tmp_path: Path) -> None:
    """JSON exports hold the values, the others their text."""
    view = table(tmp_path, """SELECT '["x",{"y":null}]' AS v UNION ALL SELECT NULL""", v="json")
    assert json.loads(export(view, "json", tmp_path).read_text()) == [{"v": ["x", {"y": None}]}, {"v": None}]
    (tmp_path / "out.json").unlink()
    rows = list(csv.reader(export(view, "csv", tmp_path).read_text("utf-8-sig").splitlines()))
    assert rows == [["v"], ['["x",{"y":null}]'], []]
    (tmp_path / "out.csv").unlink()
    sheet = openpyxl.load_workbook(export(view, "xlsx", tmp_path)).active
    assert [cell.value for cell in sheet["A"]][:2] == ["v", '["x",{"y":null}]']


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "parquet"])
def test_an_empty_table_still_has_its_columns(tmp_path: Path, kind: ExportFormat) -> None:
    """Nothing to show is shown as such."""
    path = export(table(tmp_path, "SELECT 1 AS a, 'x' AS b WHERE false"), kind, tmp_path)
    if kind == "csv":
        assert path.read_text("utf-8-sig").splitlines() == ["a,b"]
    elif kind == "xlsx":
        assert [[cell.value for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows()] == [
            ["a", "b"]
        ]
    elif kind == "json":
        assert json.loads(path.read_text()) == []


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    '"=1+1',
    "'=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "\ufeff=1+1",
    "\u200b=1+1",
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("http://x")',
]
HARMLESS = ["a=1", "1-1", "jan.novak@example.org", "https://example.org", "#REF", "5 + 5", "", "´x", "'quoted'"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_would_run_as_a_formula_is_made_harmless(tmp_path: Path, text: str) -> None:
    """An apostrophe in CSV, a text cell in XLSX, in cells and in headers."""
    quoted_text, quoted_name = text.replace("'", "''"), text.replace('"', '""')
    view = table(tmp_path, f"""SELECT '{quoted_text}' AS "{quoted_name}", -5::BIGINT AS n""")
    with export(view, "csv", tmp_path).open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert rows == [["'" + text, "n"], ["'" + text, "-5"]]
    (tmp_path / "out.csv").unlink()
    header, first = openpyxl.load_workbook(export(view, "xlsx", tmp_path)).active.iter_rows()
    assert [header[0].data_type, first[0].data_type, first[1].data_type] == ["s", "s", "n"]
    assert first[1].value == -5


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay_as_they_are(tmp_path: Path, text: str) -> None:
    """No apostrophe where none is needed."""
    view = table(tmp_path, f"""SELECT '{text.replace("'", "''")}' AS t""")
    with export(view, "csv", tmp_path).open(newline="", encoding="utf-8-sig") as file:
        assert list(csv.reader(file)) == [["t"], [text]]


def test_rows_beyond_a_sheet_go_on_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sheet begins with the header and none is longer than a sheet may be."""
    monkeypatch.setattr(exports, "SHEET_ROWS", 4)
    path = export(table(tmp_path, "SELECT range AS n FROM range(7)"), "xlsx", tmp_path)
    sheets = [[cell.value for (cell,) in sheet.iter_rows()] for sheet in openpyxl.load_workbook(path)]
    assert sheets == [["n", 0, 1, 2], ["n", 3, 4, 5], ["n", 6]]


def test_a_text_longer_than_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    """XLSX holds 32,767 characters a cell; CSV holds all."""
    view = table(tmp_path, "SELECT repeat('x', 40000) AS t")
    (_, (cell,)) = openpyxl.load_workbook(export(view, "xlsx", tmp_path)).active.iter_rows()
    assert (len(cell.value), cell.value[-5:]) == (32_767, "[cut]")
