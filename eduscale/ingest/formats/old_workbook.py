"""XLS workbooks, as Excel wrote them from 5.0 to 2003 and programs of schools still do: records in a stream.

Read by hand, since what a library leaves out is what matters here: error cells, texts in a code page that is not
the declared one, a cell far away that would cost the whole rectangle up to it, streams outside a container.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.compound_file import MAX_STREAM_BYTES, SIGNATURE, CompoundFile
from eduscale.ingest.formats.decode import EVIDENCE_BYTES, Encoding, Survey, as_decided, weigh_declared
from eduscale.ingest.formats.number_formats import Shows, as_shown, built_in_shows, shows
from eduscale.ingest.formats.old_workbook_records import (
    RecordType,
    Texts,
    continued,
    packed_number,
    records,
    shared_texts,
    short_text,
)
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
from eduscale.ingest.tables.grid import Cell, ErrorCell, Grid
from eduscale.ingest.tables.overrides import Overrides
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadLimits, ReadTable

STREAMS = {
    "EncryptedPackage": "encrypted_workbook",
    "WordDocument": "word_document",
    "PowerPoint Document": "presentation",
}
"""What a container holds that is no workbook of ours."""
RAW_STREAM = b"\x09\x08"
"""The first record of a stream that a program wrote without a container."""
_CODE_PAGES = {10_000: "mac_roman", 10_029: "mac_latin2", 32_768: "mac_roman", 65_001: "utf-8"}
_BIFF8 = 0x0600
_WORKSHEET = 0x10
MAX_COLUMNS = 256
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


class _Sheet(NamedTuple):
    name: str
    hidden: bool
    start: int


@dataclass
class _Book:
    """What the stream says of the workbook as a whole."""

    stream: bytes
    wide: bool = True
    """Texts are Unicode (BIFF8), not in a code page."""
    code_page: int = 1252
    from_1904: bool = False
    formats: dict[int, Shows] = field(default_factory=dict)
    cell_formats: list[int] = field(default_factory=list)
    sheets: list[tuple[bytes | str, bool, int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def shown(self, value: float, cell_format: int) -> Cell:
        """Return a number as a cell of a format shows it."""
        number = self.cell_formats[cell_format] if cell_format < len(self.cell_formats) else 0
        kind = self.formats.get(number) or built_in_shows(number)
        return value if kind == "number" else as_shown(value, kind, from_1904=self.from_1904)

    def text(self, start: int, end: int) -> bytes | str:
        """Return a text behind its length in two bytes, as it is stored."""
        if self.wide:
            return Texts(continued(self.stream, start, end), 0).take()
        (length,) = struct.unpack_from("<H", self.stream, start)
        return self.stream[start + 2 : min(end, start + 2 + length)]


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of an XLS workbook, written."""
    with progress.part(0, PARSED):
        grids = read_workbook(path, workspace.limits, workspace.overrides)
    return write_grids(grids, workspace, guesses)


def read_workbook(path: Path, limits: ReadLimits, overrides: Overrides | None = None) -> tuple[Grid, ...]:
    """Return the sheets that are to be read and hold data; raises UnreadableFile."""
    if path.stat().st_size > MAX_STREAM_BYTES:
        raise UnreadableFile("too_large_unpacked", limit_bytes=MAX_STREAM_BYTES)
    try:
        book = _read_globals(_stream(path.read_bytes()))
        encoding = None if book.wide else as_decided(_encoding(book), overrides or Overrides())
        codec = encoding.codec if encoding else ""
        check_sheets(len(book.sheets), limits)
        budget = Budget(limits.cells)
        sheets = [_Sheet(_decoded(name, codec), hidden, start) for name, hidden, start in book.sheets]
        grids = read_sheets(sheets, lambda sheet: _SheetReader(book, budget, codec).read(sheet.start), overrides)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise UnreadableFile("damaged_workbook") from error
    if encoding is None:
        return grids
    return tuple(replace(grid, guesses=(encoding.guess(), *grid.guesses)) for grid in grids)


def _stream(data: bytes) -> bytes:
    """Return the stream of a workbook, in a container or not."""
    if not data.startswith(SIGNATURE):
        return data
    container = CompoundFile(data)
    for name, reason in STREAMS.items():
        if name in container.names:
            raise UnreadableFile(reason)
    for name in ("Workbook", "Book"):
        if name in container.names:
            return container.stream(name)
    raise UnreadableFile("not_a_workbook")


def _read_globals(stream: bytes) -> _Book:
    """Return what the first part of a stream says; a stream without a container may be a single sheet."""
    version, kind = struct.unpack_from("<HH", stream, 4)
    book = _Book(stream, wide=version == _BIFF8)
    if kind == _WORKSHEET:
        book.sheets.append((b"", False, 0))
    for type_, start, end in records(stream, 0):
        match type_:
            case RecordType.FILEPASS:
                raise UnreadableFile("encrypted_workbook")
            case RecordType.CODEPAGE:
                (book.code_page,) = struct.unpack_from("<H", stream, start)
            case RecordType.DATEMODE:
                book.from_1904 = stream[start] == 1
            case RecordType.FORMAT:
                (number,) = struct.unpack_from("<H", stream, start)
                format_ = (
                    Texts([stream[start:end]], 2).take()
                    if book.wide
                    else stream[start + 3 : end].decode("latin-1")
                )
                book.formats[number] = shows(format_)
            case RecordType.XF:
                book.cell_formats += struct.unpack_from("<H", stream, start + 2)
            case RecordType.BOUNDSHEET:
                first, hidden, sort = struct.unpack_from("<IBB", stream, start)
                if sort == 0:
                    name = (
                        short_text(stream, start + 6)
                        if book.wide
                        else stream[start + 7 : start + 7 + stream[start + 6]]
                    )
                    book.sheets.append((name, bool(hidden & 3), first))
            case RecordType.SST:
                book.texts = shared_texts(continued(stream, start, end))
    return book


def _decoded(text: bytes | str, codec: str) -> str:
    return text if isinstance(text, str) else text.decode(codec, "replace")


class _SheetReader:
    """Takes the cells of one sheet from its records."""

    def __init__(self, book: _Book, budget: Budget, codec: str) -> None:
        self._book, self._stream, self._codec = book, book.stream, codec
        self._cells = CellRows(budget)
        self._merges: list[Merge] = []
        self._hidden_rows: set[int] = set()
        self._hidden_columns: set[int] = set()
        self._formula: tuple[int, int] | None = None
        self._takers = {
            RecordType.LABELSST: self._shared_text,
            RecordType.RK: self._packed_number,
            RecordType.NUMBER: self._number,
            RecordType.MULRK: self._packed_numbers,
            RecordType.LABEL: self._text,
            RecordType.RSTRING: self._text,
            RecordType.FORMULA: self._result,
            RecordType.STRING: self._text_of_formula,
            RecordType.BOOLERR: self._truth_or_error,
            RecordType.ROW: self._row,
            RecordType.COLINFO: self._column,
            RecordType.MERGED: self._merged,
        }

    def read(self, start: int) -> SheetRows:
        """Return the rows of the sheet whose records begin at `start`."""
        for type_, first, end in records(self._stream, start):
            take = self._takers.get(type_)
            if take is not None:
                take(first, end)
        return self._cells.finish(self._merges, hidden_rows=self._hidden_rows, hidden_columns=self._hidden_columns)

    def _shared_text(self, start: int, _end: int) -> None:
        row, column, number = struct.unpack_from("<HH2xI", self._stream, start)
        self._cells.put(row, column, self._book.texts[number])

    def _packed_number(self, start: int, _end: int) -> None:
        row, column, format_ = struct.unpack_from("<HHH", self._stream, start)
        self._cells.put(row, column, self._book.shown(packed_number(self._stream, start + 6), format_))

    def _number(self, start: int, _end: int) -> None:
        row, column, format_, value = struct.unpack_from("<HHHd", self._stream, start)
        self._cells.put(row, column, self._book.shown(value, format_))

    def _packed_numbers(self, start: int, end: int) -> None:
        row, first = struct.unpack_from("<HH", self._stream, start)
        for column, at in enumerate(range(start + 4, end - 7, 6), start=first):
            (format_,) = struct.unpack_from("<H", self._stream, at)
            self._cells.put(row, column, self._book.shown(packed_number(self._stream, at + 2), format_))

    def _text(self, start: int, end: int) -> None:
        row, column = struct.unpack_from("<HH", self._stream, start)
        self._cells.put(row, column, _decoded(self._book.text(start + 6, end), self._codec))

    def _result(self, start: int, _end: int) -> None:
        """Take the last result of a formula; where it is a text, that stands in a record that follows."""
        row, column, format_, value = struct.unpack_from("<HHHd", self._stream, start)
        self._formula = None
        if self._stream[start + 12 : start + 14] != b"\xff\xff":
            self._cells.put(row, column, self._book.shown(value, format_))
            return
        kind, small = self._stream[start + 6], self._stream[start + 8]
        if kind == 0:
            self._formula = row, column
        elif kind in (1, 2):
            self._cells.put(row, column, _truth_or_error(small, is_error=kind == 2))

    def _text_of_formula(self, start: int, end: int) -> None:
        if self._formula is not None:
            self._cells.put(*self._formula, _decoded(self._book.text(start, end), self._codec))
            self._formula = None

    def _truth_or_error(self, start: int, _end: int) -> None:
        row, column, value, is_error = struct.unpack_from("<HH2xBB", self._stream, start)
        self._cells.put(row, column, _truth_or_error(value, is_error=bool(is_error)))

    def _row(self, start: int, _end: int) -> None:
        row, options = struct.unpack_from("<H10xH", self._stream, start)
        if options & 0x20:
            self._hidden_rows.add(row)

    def _column(self, start: int, _end: int) -> None:
        first, last, options = struct.unpack_from("<HH4xH", self._stream, start)
        if options & 1:
            self._hidden_columns.update(range(first, min(last, MAX_COLUMNS - 1) + 1))

    def _merged(self, start: int, end: int) -> None:
        for at in range(start + 2, end - 7, 8):
            top, bottom, left, right = struct.unpack_from("<HHHH", self._stream, at)
            self._merges.append(Merge(top, left, bottom, right))


def _truth_or_error(value: int, *, is_error: bool) -> Cell:
    return ErrorCell(ERRORS.get(value, "#N/A")) if is_error else bool(value)


def _encoding(book: _Book) -> Encoding:
    """Return how texts in a code page are encoded: as declared, unless the letters clearly say otherwise."""
    survey = Survey()
    for text in _texts_in_code_page(book):
        if not text.isascii():
            survey.ascii = False
            survey.foreign += text.replace(b"\n", b" ") + b"\n"
            if len(survey.foreign) > EVIDENCE_BYTES:
                break
    try:
        bytes(survey.foreign).decode()
    except UnicodeDecodeError:
        survey.utf8 = False
    return weigh_declared(survey, _CODE_PAGES.get(book.code_page, f"cp{book.code_page}"))


def _texts_in_code_page(book: _Book) -> Iterator[bytes]:
    for name, _, start in book.sheets:
        yield _stored(name)
        for type_, at, end in records(book.stream, start):
            offset = 6 if type_ in (RecordType.LABEL, RecordType.RSTRING) else 0
            if offset or type_ == RecordType.STRING:
                yield _stored(book.text(at + offset, end))


def _stored(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
