"""XLSB workbooks: the package of XLSX with records instead of XML.

Read by hand like XLS: a library leaves out error cells, and makes the whole rectangle up to a cell far away.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.number_formats import Shows, as_shown, built_in_shows, shows
from eduscale.ingest.formats.old_workbook import ERRORS
from eduscale.ingest.formats.old_workbook_records import packed_number
from eduscale.ingest.formats.package import Package, opened
from eduscale.ingest.formats.sheets import (
    PARSED,
    Budget,
    CellRows,
    Merge,
    SheetRows,
    check_sheets,
    read_sheets,
    write_grids,
)
from eduscale.ingest.formats.workbook_xml import relations
from eduscale.ingest.tables.grid import Cell, ErrorCell, Grid
from eduscale.ingest.tables.overrides import Overrides
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadLimits, ReadTable

MAIN = "xl/workbook.bin"
MAX_PART_BYTES = 32 << 20
MAX_SHEET_BYTES = 128 << 20
MAX_COLUMNS, MAX_ROWS = 16_384, 1_048_576

_ROW, _SHARED, _SHEET, _SETTINGS, _MERGED, _COLUMN = 0, 19, 156, 153, 176, 60
_FORMAT, _CELL_FORMAT, _BEGIN_CELL_FORMATS, _END_CELL_FORMATS = 44, 47, 617, 618


class _Sheet(NamedTuple):
    name: str
    hidden: bool
    part: str


@dataclass
class _Book:
    """What the package says of the workbook as a whole."""

    from_1904: bool = False
    sheets: list[_Sheet] = field(default_factory=list)
    formats: dict[int, Shows] = field(default_factory=dict)
    cell_formats: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def shown(self, value: float, cell_format: int) -> Cell:
        """Return a number as a cell of a format shows it."""
        number = self.cell_formats[cell_format] if cell_format < len(self.cell_formats) else 0
        kind = self.formats.get(number) or built_in_shows(number)
        return value if kind == "number" else as_shown(value, kind, from_1904=self.from_1904)


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of an XLSB workbook, written."""
    with progress.part(0, PARSED):
        grids = read_workbook(path, workspace.limits, workspace.overrides)
    return write_grids(grids, workspace, guesses)


def read_workbook(path: Path, limits: ReadLimits, overrides: Overrides | None = None) -> tuple[Grid, ...]:
    """Return the sheets that are to be read and hold data; raises UnreadableFile."""
    try:
        with opened(path, limits) as package:
            book = _read_book(package)
            check_sheets(len(book.sheets), limits)
            budget = Budget(limits.cells)
            return read_sheets(
                book.sheets,
                lambda sheet: _SheetReader(book, package.whole(sheet.part, MAX_SHEET_BYTES), budget).read(),
                overrides,
            )
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise UnreadableFile("damaged_workbook") from error


def _records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield type, start and end of every record."""
    place = 0
    while place < len(data):
        type_ = data[place]
        place += 1
        if type_ & 0x80:
            type_ = type_ & 0x7F | (data[place] & 0x7F) << 7
            place += 1
        length = 0
        for shift in (0, 7, 14, 21):
            byte = data[place]
            place += 1
            length |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        if place + length > len(data):
            raise UnreadableFile("damaged_workbook")
        yield type_, place, place + length
        place += length


def _text(data: bytes, start: int) -> tuple[str, int]:
    """Return a text behind its length in four bytes, and where it ends."""
    (length,) = struct.unpack_from("<I", data, start)
    if length == 0xFFFFFFFF:
        return "", start + 4
    end = start + 4 + 2 * length
    if end > len(data):
        raise UnreadableFile("damaged_workbook")
    return data[start + 4 : end].decode("utf-16-le", "replace"), end


def _read_book(package: Package) -> _Book:
    book = _Book()
    listed = relations(MAIN, lambda name: package.whole(name, MAX_PART_BYTES))
    main = package.whole(MAIN, MAX_PART_BYTES)
    for type_, start, _ in _records(main):
        if type_ == _SETTINGS:
            book.from_1904 = bool(main[start] & 1)
        elif type_ == _SHEET:
            (state,) = struct.unpack_from("<I", main, start)
            id_, end = _text(main, start + 8)
            kind, part = listed.get(id_, ("", ""))
            if kind == "worksheet":
                book.sheets.append(_Sheet(_text(main, end)[0], state != 0, part))
    parts = {kind: part for kind, part in listed.values() if part in package}
    if "styles" in parts:
        _read_formats(book, package.whole(parts["styles"], MAX_PART_BYTES))
    if "sharedStrings" in parts:
        texts = package.whole(parts["sharedStrings"], MAX_SHEET_BYTES)
        book.texts = [_text(texts, start + 1)[0] for type_, start, _ in _records(texts) if type_ == _SHARED]
    return book


def _read_formats(book: _Book, styles: bytes) -> None:
    are_for_cells = False
    for type_, start, _ in _records(styles):
        if type_ in (_BEGIN_CELL_FORMATS, _END_CELL_FORMATS):
            are_for_cells = type_ == _BEGIN_CELL_FORMATS
        elif type_ == _FORMAT:
            (number,) = struct.unpack_from("<H", styles, start)
            book.formats[number] = shows(_text(styles, start + 2)[0])
        elif type_ == _CELL_FORMAT and are_for_cells:
            book.cell_formats += struct.unpack_from("<H", styles, start + 2)


class _SheetReader:
    """Takes the cells of one sheet from its records."""

    def __init__(self, book: _Book, data: bytes, budget: Budget) -> None:
        self._book, self._data = book, data
        self._cells = CellRows(budget)
        numbers: tuple[Callable[[int], float], ...] = (
            lambda start: packed_number(data, start),
            lambda start: float(struct.unpack_from("<d", data, start)[0]),
        )
        self._numbers = {2: numbers[0], 5: numbers[1], 9: numbers[1]}
        self._others: dict[int, Callable[[int], Cell]] = {
            3: self._error,
            4: lambda start: bool(data[start]),
            6: lambda start: _text(data, start)[0],
            7: lambda start: book.texts[struct.unpack_from("<I", data, start)[0]],
            8: lambda start: _text(data, start)[0],
            10: lambda start: bool(data[start]),
            11: self._error,
            62: lambda start: _text(data, start + 1)[0],
        }

    def _error(self, start: int) -> Cell:
        return ErrorCell(ERRORS.get(self._data[start], "#N/A"))

    def read(self) -> SheetRows:
        """Return the rows of the sheet."""
        data, row = self._data, 0
        merges: list[Merge] = []
        hidden_rows: set[int] = set()
        hidden_columns: set[int] = set()
        for type_, start, _ in _records(data):
            if type_ in self._numbers or type_ in self._others:
                self._take(type_, row, start)
            elif type_ == _ROW:
                (row,) = struct.unpack_from("<I", data, start)
                if row >= MAX_ROWS:
                    raise UnreadableFile("damaged_workbook")
                if data[start + 11] & 0x10:
                    hidden_rows.add(row)
            elif type_ == _COLUMN:
                first, last, flags = struct.unpack_from("<II8xH", data, start)
                if flags & 1:
                    hidden_columns.update(range(first, min(last, MAX_COLUMNS - 1) + 1))
            elif type_ == _MERGED:
                top, bottom, left, right = struct.unpack_from("<IIII", data, start)
                merges.append(Merge(top, left, bottom, right))
        return self._cells.finish(merges, hidden_rows=hidden_rows, hidden_columns=hidden_columns)

    def _take(self, type_: int, row: int, start: int) -> None:
        column, style = struct.unpack_from("<II", self._data, start)
        if column >= MAX_COLUMNS:
            raise UnreadableFile("damaged_workbook")
        take = self._numbers.get(type_)
        if take is not None:
            self._cells.put(row, column, self._book.shown(take(start + 8), style & 0xFFFFFF))
        else:
            self._cells.put(row, column, self._others[type_](start + 8))
