"""Typed cells reach Parquet as they are; cells of several kinds, and text, are decided like any text."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from eduscale.ingest.tables.grid import Cell, ErrorCell, Grid, Row
from eduscale.ingest.tables.parquet import ParquetWriter
from eduscale.ingest.tables.stretch import WHOLE_SAMPLE_ROWS
from eduscale.ingest.tables.table_reader import TableReader
from eduscale.models.reading import ReadLimits, ReadTable

LEAP_DAY = dt.date(2024, 2, 29)
MOMENT = dt.datetime(2024, 1, 1, 8, 5)


def stored(folder: Path, cells: Sequence[Cell]) -> tuple[ReadTable, list[object]]:
    """Store a column of cells beside a column of row numbers; return the table and the column's values."""
    rows = [Row(1, ["řádek", "hodnota"]), *(Row(n, [float(n), cell]) for n, cell in enumerate(cells, start=2))]
    with duckdb.connect() as connection:
        (table,) = TableReader(folder, ParquetWriter(connection), limits=ReadLimits()).read_grid(
            Grid("List1", rows)
        )
        found = connection.sql(f"SELECT hodnota FROM '{folder / table.rows_file}' ORDER BY radek").fetchall()
    return table, [value for (value,) in found]


@pytest.mark.parametrize(
    ("cells", "type_", "values"),
    [
        ([1.0, 2.0, None], "integer", [1, 2, None]),
        ([1.0, 2.5, None], "decimal", [1.0, 2.5, None]),
        ([2.0**53, -(2.0**53)], "integer", [2**53, -(2**53)]),
        ([1e20, 1.0], "decimal", [1e20, 1.0]),
        ([9007199254740993, 1.0], "integer", [9007199254740993, 1]),
        ([LEAP_DAY, None, dt.date(1899, 12, 31)], "date", [LEAP_DAY, None, dt.date(1899, 12, 31)]),
        ([MOMENT, LEAP_DAY], "datetime", [MOMENT, dt.datetime(2024, 2, 29)]),
        ([True, False, None], "boolean", [True, False, None]),
        ([dt.time(8), dt.time(9, 30)], "time", [dt.time(8), dt.time(9, 30)]),
        ([dt.timedelta(hours=36), dt.timedelta(minutes=1)], "duration", [129_600, 60]),
        ([dt.time(7, 30), dt.timedelta(hours=36), None], "duration", [27_000, 129_600, None]),
        ([dt.time(7), dt.datetime(1900, 1, 1, 12), dt.date(1900, 1, 2)], "duration", [25_200, 129_600, 172_800]),
        ([dt.time(7), LEAP_DAY], "text", ["07:00:00", "2024-02-29"]),
        (["007", "12"], "text", ["007", "12"]),
        (["15", 7.0], "integer", [15, 7]),
        (["1,5", "2,25"], "decimal", [1.5, 2.25]),
        (["31.12.2024", "1.1.2025"], "date", [dt.date(2024, 12, 31), dt.date(2025, 1, 1)]),
        (["a\r\nb\rc", "", None], "text", ["a\nb\nc", None, None]),
        ([ErrorCell("#N/A"), 5.0], "integer", [None, 5]),
        ([ErrorCell("#N/A"), "x"], "text", [None, "x"]),
    ],
    ids=str,
)  # fmt: skip
def test_cells_keep_their_values_and_types(
    tmp_path: Path, cells: list[Cell], type_: str, values: list[object]
) -> None:
    table, found = stored(tmp_path, cells)
    assert (table.columns[1].type, found) == (type_, values)


def test_an_error_cell_is_a_null_and_a_problem_that_names_row_and_column(tmp_path: Path) -> None:
    table, found = stored(tmp_path, [1.0, ErrorCell("#DIV/0!"), 3.0])
    assert found == [1, None, 3]
    assert [(problem.row, problem.column, problem.said.code) for problem in table.problems] == [
        (3, "hodnota", "error_cell")
    ]


@pytest.mark.parametrize("late", ["text", "1,5", "31.2.2024"])
def test_a_cell_beyond_the_sample_is_not_lost(tmp_path: Path, late: str) -> None:
    cells: list[Cell] = [str(n) for n in range(100, WHOLE_SAMPLE_ROWS + 1000)]
    cells[1500] = late
    table, found = stored(tmp_path, cells)
    told = [problem.row for problem in table.problems if problem.row is not None]
    assert found[1500] == late or (found[1500] is None and told == [1502]) or found[1500] == 1.5
    assert table.rows == len(cells)
    assert sum(value is None for value in found) <= 1


def test_a_column_that_turns_into_text_late_is_text_from_the_start(tmp_path: Path) -> None:
    cells: list[Cell] = [str(n) for n in range(1, 1500)]
    cells += [f"x{n}" for n in range(3000)]
    table, found = stored(tmp_path, cells)
    assert table.columns[1].type == "text"
    assert found == cells
