"""A whole view as a file: CSV, XLSX, Parquet or JSON, in batches, whatever its size.

A text that a spreadsheet would run as a formula becomes harmless: in CSV by an apostrophe before it, in XLSX by
being a text cell. Numbers stay numbers.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from eduscale.warehouse.engine import lock, restricted
from eduscale.warehouse.tasks import ExportTask
from eduscale.warehouse.values import EXACT_INTEGER, dump, duration_text, exact_number, rows_as_json
from eduscale.warehouse.views import View, literal, quoted, select_sql, shown_sql

_BATCH_ROWS = 5_000
_BYTE_ORDER_MARK = "\ufeff"
FORMULA = r"^[\s\pZ\pC\"'`\x{2018}-\x{201f}]*[=+\-@\x{2212}\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]|^[\t\r\n]"
"""What a spreadsheet may take for a formula: its first sign after blanks and quotes, full-width forms too."""

SHEET_ROWS = 1_048_576
_CELL_CHARACTERS = 32_767
_FORMATS = {"datetime": "yyyy-mm-dd hh:mm:ss", "time": "hh:mm:ss", "duration": "[h]:mm:ss"}
_CUT = " ... [cut]"
_FIRST_DATE = date(1900, 3, 1)
"""Excel counts a 29 February 1900 that never was; earlier dates are written as texts."""


def export(argument: bytes) -> bytes:
    """Write an ExportTask's view to its path; returns JSON {bytes, rows}."""
    task = ExportTask.model_validate_json(argument)
    path = Path(task.path)
    connection = restricted([*task.view.paths, task.path, str(_unfinished(path))])
    lock(connection)
    _WRITERS[task.format](connection, task.view, path)
    return dump({"bytes": path.stat().st_size, "rows": task.view.rows})


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _write_parquet(connection: duckdb.DuckDBPyConnection, view: View, path: Path) -> None:
    connection.execute(
        f"COPY ({select_sql(view)}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
    )


def _write_csv(connection: duckdb.DuckDBPyConnection, view: View, path: Path) -> None:
    columns = ", ".join(
        f"{_csv_cell(each.type, quoted(each.name))} AS {quoted(each.name)}" for each in view.columns
    )
    header = ", ".join(f"{harmless(literal(each.name))} AS {quoted(each.name)}" for each in view.columns)
    unfinished = _unfinished(path)
    options = "(FORMAT csv, HEADER false, USE_TMP_FILE false)"
    with path.open("wb") as whole:
        whole.write(_BYTE_ORDER_MARK.encode())
        for query in (f"SELECT {header}", f"SELECT {columns} FROM ({shown_sql(view)})"):
            connection.execute(f"COPY ({query}) TO {literal(str(unfinished))} {options}")
            with unfinished.open("rb") as part:
                shutil.copyfileobj(part, whole, 1024 * 1024)
    unfinished.unlink()


def _csv_cell(kind: str, column: str) -> str:
    if kind in ("text", "json"):
        return harmless(f"CAST({column} AS VARCHAR)")
    if kind == "datetime":
        return f"replace(CAST({column} AS VARCHAR), ' ', 'T')"
    if kind == "duration":
        seconds = f"CAST(epoch({column}) AS BIGINT)"
        return f"printf('%d:%02d:%02d', {seconds} // 3600, {seconds} // 60 % 60, {seconds} % 60)"
    return column


def harmless(text: str) -> str:
    """Return SQL for a text with an apostrophe before what a spreadsheet would run as a formula."""
    return f"CASE WHEN regexp_matches({text}, {literal(FORMULA)}) THEN '''' || {text} ELSE {text} END"


def _write_json(connection: duckdb.DuckDBPyConnection, view: View, path: Path) -> None:
    keys = [dump(column.name) + b":" for column in view.columns]
    with path.open("wb") as file:
        file.write(b"[")
        between = b"\n"
        for batch, storages in _batches(connection, view):
            lines = (
                b"{" + b",".join(key + dump(value) for key, value in zip(keys, row, strict=True)) + b"}"
                for row in rows_as_json(batch, storages)
            )
            file.write(between + b",\n".join(lines))
            between = b",\n"
        file.write(b"\n]\n")


def _batches(
    connection: duckdb.DuckDBPyConnection, view: View
) -> Iterator[tuple[Sequence[Sequence[object]], Sequence[str]]]:
    connection.execute(shown_sql(view))
    storages = [str(column[1]) for column in connection.description or []]
    while batch := connection.fetchmany(_BATCH_ROWS):
        yield batch, storages


def _write_xlsx(connection: duckdb.DuckDBPyConnection, view: View, path: Path) -> None:
    options = {
        "constant_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(path.parent),
        "default_date_format": "yyyy-mm-dd",
        "use_zip64": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        formats = {name: book.add_format({"num_format": pattern}) for name, pattern in _FORMATS.items()}
        bold = book.add_format({"bold": True})
        sheet = _add_sheet(book, view, bold)
        row = 1
        for batch, _ in _batches(connection, view):
            for values in batch:
                if row == SHEET_ROWS:
                    sheet = _add_sheet(book, view, bold)
                    row = 1
                for place, value in enumerate(values):
                    if value is not None:
                        _write_cell(sheet, row, place, value, formats)
                row += 1


_WIDTHS = {"text": 18, "date": 11, "datetime": 19, "json": 24}
"""Characters that a value of a type needs; a narrower column shows a date as ####."""


def _add_sheet(book: Any, view: View, bold: Any) -> Any:
    sheet = book.add_worksheet()
    for place, column in enumerate(view.columns):
        sheet.write_string(0, place, column.name, bold)
        sheet.set_column(place, place, max(_WIDTHS.get(column.type, 10), min(len(column.name) + 2, 40)))
    sheet.freeze_panes(1, 0)
    return sheet


def _write_cell(sheet: Any, row: int, place: int, value: object, formats: Mapping[str, Any]) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, (int, float, Decimal)):
        number = exact_number(value) if isinstance(value, Decimal) else value
        beyond = isinstance(number, int) and abs(number) > EXACT_INTEGER
        if isinstance(number, str) or beyond or not isfinite(number):
            sheet.write_string(row, place, str(number))
        else:
            sheet.write_number(row, place, number)
    elif isinstance(value, datetime) and value.date() >= _FIRST_DATE:
        sheet.write_datetime(row, place, value.replace(tzinfo=None), formats["datetime"])
    elif isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_DATE:
        sheet.write_datetime(row, place, value)
    elif isinstance(value, time):
        sheet.write_datetime(row, place, value, formats["time"])
    elif isinstance(value, timedelta) and value >= timedelta(0):
        sheet.write_number(row, place, value / timedelta(days=1), formats["duration"])
    else:
        sheet.write_string(row, place, cell_text(value))


def cell_text(value: object) -> str:
    """Return a value as the text of a cell, cut where a sheet would refuse it."""
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, date):
        return value.isoformat()
    text = value if isinstance(value, str) else dump(value).decode()
    return text if len(text) <= _CELL_CHARACTERS else text[: _CELL_CHARACTERS - len(_CUT)] + _CUT


_WRITERS: dict[str, Callable[[duckdb.DuckDBPyConnection, View, Path], None]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "parquet": _write_parquet,
    "json": _write_json,
}
