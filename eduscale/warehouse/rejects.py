"""What was left out of an upload's tables, as a file for its sender: in the sender's columns, with the reasons.

CSV and XLSX have one row for each sent row of which something was left out, JSON one item for each thing.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import duckdb
import xlsxwriter

from eduscale.models.rejects import RejectedTable, RejectWords
from eduscale.warehouse import export
from eduscale.warehouse.engine import lock, restricted
from eduscale.warehouse.tasks import RejectsTask
from eduscale.warehouse.values import dump
from eduscale.warehouse.views import literal

MAX_NOTES = 2_000
"""So many cells of a sheet get a note; a spreadsheet opens slowly with more, and the reason is in the row too."""
_OWN = 3
"""Columns of ours before the sender's."""
_SIZED_ROWS = 200
_ROWS_AT_ONCE = 1_000
_SHEET_NAME_CHARACTERS = 31
_NO_SHEET_NAME = str.maketrans("[]:*?/\\", "       ")
_NUMBER = r"[-+\x{2212}]?[0-9][0-9 .,\x{00a0}\x{202f}]*%?"
"""What no spreadsheet runs as a formula although it starts with a sign."""
_COLOURS = {"rejected": "#FCD5B4", "set_aside": "#E7E6E6", "bad": "#FFC7CE"}


class _Item(NamedTuple):
    """One thing left out, as its file holds it."""

    kind: str
    row: int
    column: str | None
    code: str
    raw: str | None
    cells: Sequence[str | None] | None


@dataclass(frozen=True)
class _SentRow:
    """A row of the sender's file: its number, what happened to it, its cells, and why some are bad."""

    number: int
    kind: str
    reason: str
    cells: Sequence[str | None]
    bad: Mapping[int, str] = field(default_factory=dict)


def export_rejects(argument: bytes) -> bytes:
    """Write a RejectsTask's file to its path; returns JSON {bytes}."""
    task = RejectsTask.model_validate_json(argument)
    path = Path(task.path)
    connection = restricted([table.path for table in task.tables])
    lock(connection)
    _WRITERS[task.format](connection, task, path)
    return dump({"bytes": path.stat().st_size})


def _items(
    connection: duckdb.DuckDBPyConnection, table: RejectedTable, *, harmless: bool = False
) -> Iterator[_Item]:
    """Yield what was left out of a table in the order of the sender's file; files of before have no cells."""
    file = f"read_parquet({literal(table.path)})"
    held = {name for name, *_ in connection.execute(f"DESCRIBE FROM {file}").fetchall()}
    raw, cells = "raw", "cells" if "cells" in held else "CAST(NULL AS VARCHAR[])"
    if harmless:
        raw, cells = _harmless("raw"), f"list_transform({cells}, lambda x: {_harmless('x')})"
    connection.execute(
        f"SELECT kind, row, column_name, code, {raw}, {cells} FROM {file} ORDER BY row, kind = 'blanked'"
    )
    while found := connection.fetchmany(_ROWS_AT_ONCE):
        yield from map(_Item._make, found)


def _harmless(text: str) -> str:
    """Return SQL for a text that no spreadsheet takes for a formula; a number stays as sent."""
    return f"CASE WHEN regexp_full_match({text}, {literal(_NUMBER)}) THEN {text} ELSE {export.harmless(text)} END"


def _sent_rows(items: Iterator[_Item], table: RejectedTable, words: RejectWords) -> Iterator[_SentRow]:
    """Yield the rows of the sender's file of which something was left out."""
    places = {name: place for place, (name, _) in enumerate(table.columns)}
    labels = {name: label or name for name, label in table.columns}
    for number, group in groupby(items, lambda item: item.row):
        together = list(group)
        cells: list[str | None] = []
        for item in together:
            if item.cells and len(item.cells) > len(cells):
                cells = list(item.cells)
        reasons: dict[str, None] = {}
        bad: dict[int, str] = {}
        for item in together:
            reason = _reason(item.code, words)
            for place in _bad_places(item, places, cells, len(table.columns)):
                bad[place] = reason
            if item.column in labels:
                reason = words.in_column.format(column=labels[item.column], reason=reason)
            reasons[reason] = None
        kind = together[0].kind
        yield _SentRow(number, kind, " ".join(reasons), cells, bad)


def _bad_places(item: _Item, places: Mapping[str, int], cells: list[str | None], width: int) -> Sequence[int]:
    """Return which cells of a row an item is about; where the row was not kept its text stands in for it."""
    if item.kind == "set_aside":
        cells += [] if cells else [item.raw]
        return ()
    if item.column is None:
        cells += [] if len(cells) > width else [*[None] * (width - len(cells)), item.raw]
        return [place for place in range(width, len(cells)) if cells[place]]
    place = places.get(item.column)
    if place is None:
        return ()
    cells += [None] * (place + 1 - len(cells))
    if not cells[place]:
        cells[place] = item.raw
    return (place,)


def _reason(code: str, words: RejectWords) -> str:
    return words.reasons.get(code, code.replace("_", " "))


def _is_cut(connection: duckdb.DuckDBPyConnection, table: RejectedTable) -> bool:
    """Say whether some rows of a table are not kept whole."""
    file = f"read_parquet({literal(table.path)})"
    if "cells" not in {name for name, *_ in connection.execute(f"DESCRIBE FROM {file}").fetchall()}:
        return True
    found = connection.execute(f"SELECT 1 FROM {file} GROUP BY row HAVING count(cells) = 0 LIMIT 1").fetchone()
    return found is not None


def _write_json(connection: duckdb.DuckDBPyConnection, task: RejectsTask, path: Path) -> None:
    between = b"\n"
    with path.open("wb") as file:
        file.write(b"[")
        for table in task.tables:
            labels = {name: label or name for name, label in table.columns}
            for item in _items(connection, table):
                file.write(between + dump(_shown(item, table.index, labels, task.words)))
                between = b",\n"
        file.write(b"\n]\n")


def _shown(item: _Item, table: int, labels: Mapping[str, str], words: RejectWords) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "table": table,
        "row": item.row,
        "column": None if item.column is None else labels.get(item.column, item.column),
        "code": item.code,
        "message": _reason(item.code, words),
        "raw": item.raw or "",
    }


def _write_csv(connection: duckdb.DuckDBPyConnection, task: RejectsTask, path: Path) -> None:
    """Write the tables one below another, a blank line between them."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        if not task.tables:
            csv.writer(file, delimiter=task.delimiter).writerow(task.words.own_columns)
        for nth, table in enumerate(task.tables):
            if nth:
                file.write("\r\n")
            _write_csv_table(connection, task, table, file)


def _write_csv_table(
    connection: duckdb.DuckDBPyConnection, task: RejectsTask, table: RejectedTable, file: TextIO
) -> None:
    writer = csv.writer(file, delimiter=task.delimiter)
    labels = [label for _, label in table.columns]
    selected = ", ".join(_harmless(literal(label)) for label in labels)
    harmless = connection.execute(f"SELECT [{selected}]").fetchall()[0][0] if labels else []
    writer.writerow([*task.words.own_columns, *harmless])
    for row in _sent_rows(_items(connection, table, harmless=True), table, task.words):
        writer.writerow([row.number, task.words.kinds.get(row.kind, row.kind), row.reason, *row.cells])


def _write_xlsx(connection: duckdb.DuckDBPyConnection, task: RejectsTask, path: Path) -> None:
    options = {
        "constant_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(path.parent),
        "use_zip64": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        formats = {name: book.add_format({"bg_color": colour}) for name, colour in _COLOURS.items()}
        head = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
        formats |= {"head": book.add_format(head), "wrap": book.add_format({"text_wrap": True, "valign": "top"})}
        names = _SheetNames(task.words.advice_sheet)
        for table in task.tables:
            rows = _sent_rows(_items(connection, table), table, task.words)
            while first := list(islice(rows, min(_SIZED_ROWS, export.SHEET_ROWS - 1))):
                sheet = _Sheet(book, names.name(table.name), table, task.words, formats)
                sheet.size(first)
                for sent in islice(chain(first, rows), export.SHEET_ROWS - 1):
                    sheet.write(sent)
                sheet.finish()
        advice = book.add_worksheet(task.words.advice_sheet)
        advice.set_column(0, 0, 100)
        cut = [task.words.cut] if any(_is_cut(connection, table) for table in task.tables) else []
        for place, sentence in enumerate((*task.words.advice, *cut)):
            advice.write_string(place, 0, sentence, formats["wrap"])


class _Sheet:
    """The sheet of one table, written row by row."""

    def __init__(
        self, book: Any, name: str, table: RejectedTable, words: RejectWords, formats: Mapping[str, Any]
    ) -> None:
        self._sheet = book.add_worksheet(name)
        self._formats = formats
        self._kinds = words.kinds
        self._labels = [*words.own_columns, *(label for _, label in table.columns)]
        self._row = 1
        self._notes = 0
        for place, label in enumerate(self._labels):
            self._sheet.write_string(0, place, export.cell_text(label), formats["head"])
        self._sheet.freeze_panes(1, 1)

    def size(self, rows: Sequence[_SentRow]) -> None:
        """Make the columns as wide as what some rows hold."""
        widths = [10, 20, 50, *(len(label) for label in self._labels[_OWN:])]
        for row in rows:
            widths += [0] * (_OWN + len(row.cells) - len(widths))
            for place, cell in enumerate(row.cells, start=_OWN):
                widths[place] = max(widths[place], len(cell or ""))
        for place, width in enumerate(widths):
            self._sheet.set_column(place, place, max(8, min(width + 2, 50 if place < _OWN else 40)))

    def write(self, row: _SentRow) -> None:
        """Write a row, coloured by what happened to it, each bad cell with a note that says why."""
        colour = self._formats.get(row.kind)
        write = partial(self._sheet.write_string, self._row)
        self._sheet.write_number(self._row, 0, row.number, colour)
        write(1, self._kinds.get(row.kind, row.kind), colour)
        write(2, export.cell_text(row.reason), colour)
        for place, cell in enumerate(row.cells):
            if place in row.bad:
                write(_OWN + place, export.cell_text(cell or ""), self._formats["bad"])
                self._note(_OWN + place, row.bad[place])
            elif cell or colour:
                write(_OWN + place, export.cell_text(cell or ""), colour)
        self._row += 1

    def _note(self, column: int, reason: str) -> None:
        self._notes += 1
        if self._notes <= MAX_NOTES:
            self._sheet.write_comment(self._row, column, reason, {"x_scale": 2, "author": ""})

    def finish(self) -> None:
        """Add what needs to know how many rows there are."""
        self._sheet.autofilter(0, 0, max(1, self._row - 1), len(self._labels) - 1)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{max(2, self._row)}"})


class _SheetNames:
    """Gives every sheet a valid name of its own."""

    def __init__(self, taken: str) -> None:
        self._used = {taken.casefold(), "history"}

    def name(self, wish: str) -> str:
        """Return the wish as far as it is valid and free."""
        plain = "".join(c for c in wish.translate(_NO_SHEET_NAME) if c.isprintable()).strip(" '") or "1"
        name = plain[:_SHEET_NAME_CHARACTERS].strip(" '")
        copy = 1
        while name.casefold() in self._used:
            copy += 1
            name = f"{plain[: _SHEET_NAME_CHARACTERS - len(str(copy)) - 1]} {copy}"
        self._used.add(name.casefold())
        return name


_WRITERS = {"csv": _write_csv, "xlsx": _write_xlsx, "json": _write_json}
