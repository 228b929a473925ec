"""OpenDocument spreadsheets, zipped (ODS) or flat (FODS): cells as typed or last computed.

Read by hand, in one pass over the XML: a sheet declares millions of repeated cells, which a library would make,
and merged ranges, hidden rows and what tells a duration from a time of day are given by none.
"""

import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import xml_events
from eduscale.ingest.formats.package import CHUNK_BYTES, Package, opened
from eduscale.ingest.formats.sheets import (
    PARSED,
    Budget,
    Merge,
    SheetRows,
    check_sheets,
    finished,
    read_sheets,
    write_grids,
)
from eduscale.ingest.tables.grid import Cell, ErrorCell, Grid, Row
from eduscale.ingest.tables.overrides import Overrides
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadLimits, ReadTable

MAX_PART_BYTES = 32 << 20
MAX_COLUMNS = 16_384
"""Beyond it, columns are declared by no program."""
OTHERS = {
    "application/vnd.oasis.opendocument.text": "word_document",
    "application/vnd.oasis.opendocument.presentation": "presentation",
}
SPREADSHEET = re.compile(r"application/(?:x-)?vnd\.oasis\.opendocument\.spreadsheet(?:-template)?")

_NAMESPACES = {
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0": "number",
    "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0": "calcext",
}
_ERROR = re.compile(r"#(?:DIV/0!|N/A|REF!|VALUE!|NAME\?|NUM!|NULL!)|(?:Err|Chyba):[0-9]{3}")
_TRUTH = {"TRUE": True, "FALSE": False, "PRAVDA": True, "NEPRAVDA": False}
_VALUES = {
    "float": "office:value",
    "percentage": "office:value",
    "currency": "office:value",
    "boolean": "office:boolean-value",
    "date": "office:date-value",
}
_DURATION = re.compile(r"(-?)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:[.,][0-9]+)?)S)?)?")
_NO_SHEETS = frozenset({"table:tracked-changes", "table:dde-links"})
"""What holds cells that no sheet shows."""
_ASIDE = frozenset({"office:annotation", "text:note", "text:ruby-text"})
"""What stands within a paragraph and is not what the cell shows."""


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of an OpenDocument spreadsheet, written."""
    with progress.part(0, PARSED):
        grids = read_workbook(path, workspace.limits, workspace.overrides)
    return write_grids(grids, workspace, guesses)


def read_workbook(path: Path, limits: ReadLimits, overrides: Overrides | None = None) -> tuple[Grid, ...]:
    """Return the sheets that are to be read and hold data; raises UnreadableFile."""
    with path.open("rb") as file:
        is_flat = file.read(2) != b"PK"
        file.seek(0)
        document = _Document(limits)
        if is_flat:
            document.feed(iter(lambda: file.read(CHUNK_BYTES), b""))
        else:
            with opened(path, limits) as parts:
                _check(parts)
                for name, limit in (("styles.xml", MAX_PART_BYTES), ("content.xml", None)):
                    if name in parts or name == "content.xml":
                        with closing(parts.chunks(name, limit)) as chunks:
                            document.feed(chunks)
    check_sheets(len(document.sheets), limits)
    return read_sheets(document.sheets, lambda sheet: sheet.contents(limits.cells), overrides)


def _check(parts: Package) -> None:
    """Refuse what is no spreadsheet, or locked."""
    kind = parts.whole("mimetype", 1024).decode("ascii", "replace").strip() if "mimetype" in parts else ""
    if kind and not SPREADSHEET.fullmatch(kind):
        raise UnreadableFile(OTHERS.get(kind, "not_a_workbook"))
    if "encrypted-package" in parts:
        raise UnreadableFile("encrypted_workbook")
    manifest = "meta-inf/manifest.xml"
    if manifest in parts and b"encryption-data" in parts.whole(manifest, MAX_PART_BYTES):
        raise UnreadableFile("encrypted_workbook")


@dataclass
class _Sheet:
    """A sheet on its way."""

    name: str
    hidden: bool
    rows: list[Row] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: int = 0
    column_styles: list[str] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    next_row: int = 0

    def contents(self, max_cells: int) -> SheetRows:
        """Return the finished rows."""
        unseen = [column for column in self.hidden_columns if any(_has(row.cells, column) for row in self.rows)]
        return SheetRows(finished(self.rows, self.merges, max_cells), self.hidden_rows, len(unseen))


def _has(cells: object, column: int) -> bool:
    return isinstance(cells, list) and column < len(cells) and cells[column] is not None


class _Pending(NamedTuple):
    """A cell whose end has not come yet."""

    attributes: dict[str, str]
    repeated: int
    is_covered: bool


class _Document:
    """The sheets of a document, built while its XML passes by."""

    def __init__(self, limits: ReadLimits) -> None:
        self.sheets: list[_Sheet] = []
        self._budget = Budget(limits.cells)
        self._hidden_tables: set[str] = set()
        self._elapsed_formats: set[str] = set()
        self._formats: dict[str, str] = {}
        self._style = ""
        self._sheet: _Sheet | None = None
        self._row: list[Cell] = []
        self._column = 0
        self._row_attributes: dict[str, str] = {}
        self._cell: _Pending | None = None
        self._parts: list[str] = []
        self._in_paragraph = False
        self._aside = 0
        self._starts = {
            "style:style": self._start_style,
            "style:table-properties": self._table_properties,
            "number:time-style": self._time_style,
            "number:date-style": self._time_style,
            "table:table": self._start_table,
            "table:table-column": self._table_column,
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
            "table:covered-table-cell": self._start_covered_cell,
        }
        self._ends = {
            "table:table": self._end_table,
            "table:table-row": self._end_row,
        }

    def feed(self, chunks: Iterable[bytes]) -> None:
        """Take one XML document."""
        xml_events.parse(chunks, _NAMESPACES, start=self._start, end=self._end, text=self._characters)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._cell is not None:
            self._start_in_cell(tag, attributes)
        elif tag in self._starts and not self._aside:
            self._starts[tag](attributes)
        elif self._aside or tag in _NO_SHEETS:
            self._aside += 1

    def _start_in_cell(self, tag: str, attributes: dict[str, str]) -> None:
        """Take what a cell shows: its own paragraphs, and not those of notes and drawings in it."""
        if self._aside or tag in _ASIDE or not (self._in_paragraph or tag == "text:p"):
            self._aside += 1
        elif tag == "text:p":
            self._in_paragraph = True
            if self._parts:
                self._parts.append("\n")
        elif tag == "text:s":
            self._characters(" " * min(int(attributes.get("text:c", 1)), 1000))
        elif tag == "text:tab":
            self._characters("\t")
        elif tag == "text:line-break":
            self._characters("\n")

    def _end(self, tag: str) -> None:
        if self._aside:
            self._aside -= 1
        elif self._cell is not None:
            if tag in ("table:table-cell", "table:covered-table-cell"):
                self._end_cell(self._cell)
            elif tag == "text:p":
                self._in_paragraph = False
        elif tag in self._ends:
            self._ends[tag]()

    def _characters(self, text: str) -> None:
        if self._in_paragraph and not self._aside:
            self._parts.append(text)

    def _start_style(self, attributes: dict[str, str]) -> None:
        self._style = attributes.get("style:name", "")
        if "style:data-style-name" in attributes:
            self._formats[self._style] = attributes["style:data-style-name"]

    def _table_properties(self, attributes: dict[str, str]) -> None:
        if attributes.get("table:display") == "false":
            self._hidden_tables.add(self._style)

    def _time_style(self, attributes: dict[str, str]) -> None:
        if attributes.get("number:truncate-on-overflow") == "false":
            self._elapsed_formats.add(attributes.get("style:name", ""))

    def _start_table(self, attributes: dict[str, str]) -> None:
        hidden = attributes.get("table:style-name", "") in self._hidden_tables
        self._sheet = _Sheet(attributes.get("table:name", ""), hidden)

    def _end_table(self) -> None:
        if self._sheet is not None:
            self.sheets.append(self._sheet)
        self._sheet = None

    def _table_column(self, attributes: dict[str, str]) -> None:
        if self._sheet is None:
            return
        first = len(self._sheet.column_styles)
        count = min(_count(attributes, "table:number-columns-repeated"), MAX_COLUMNS - first)
        self._sheet.column_styles += [attributes.get("table:default-cell-style-name", "")] * count
        if attributes.get("table:visibility", "visible") != "visible":
            self._sheet.hidden_columns.update(range(first, first + count))

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._row, self._column, self._row_attributes = [], 0, attributes

    def _end_row(self) -> None:
        sheet, repeated = self._sheet, _count(self._row_attributes, "table:number-rows-repeated")
        if sheet is None:
            return
        if self._row:
            self._budget.spend(len(self._row) * repeated)
            first = sheet.next_row + 1
            sheet.rows += [Row(number, self._row) for number in range(first, first + repeated)]
            if self._row_attributes.get("table:visibility", "visible") != "visible":
                sheet.hidden_rows += repeated
        sheet.next_row += repeated

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._cell = _Pending(attributes, _count(attributes, "table:number-columns-repeated"), is_covered=False)
        self._parts = []

    def _start_covered_cell(self, attributes: dict[str, str]) -> None:
        self._start_cell(attributes)
        self._cell = self._cell and self._cell._replace(is_covered=True)

    def _end_cell(self, pending: _Pending) -> None:
        self._cell = None
        if self._sheet is None:
            return
        cell = None if pending.is_covered else self._value(pending.attributes)
        if cell is not None:
            if self._column + pending.repeated > MAX_COLUMNS:
                raise UnreadableFile("too_many_cells", limit=self._budget.limit)
            self._row += [None] * (self._column - len(self._row)) + [cell] * pending.repeated
            rows = _count(pending.attributes, "table:number-rows-spanned")
            columns = _count(pending.attributes, "table:number-columns-spanned")
            if rows > 1 or columns > 1:
                top = self._sheet.next_row
                self._sheet.merges.append(Merge(top, self._column, top + rows - 1, self._column + columns - 1))
        self._column += pending.repeated

    def _value(self, attributes: dict[str, str]) -> Cell:
        """Return what a cell holds."""
        shown = "".join(self._parts)
        kind = attributes.get("office:value-type", "")
        if "table:formula" in attributes:
            if attributes.get("calcext:value-type") == "error" or _ERROR.fullmatch(shown):
                return ErrorCell(shown)
            if not kind and not shown:
                return ErrorCell("=" + attributes["table:formula"].partition("=")[2])
            if kind == "float" and shown in _TRUTH:
                return _TRUTH[shown]
        if kind == "time":
            return self._time(attributes)
        return (
            _typed(kind, attributes) if kind in _VALUES else attributes.get("office:string-value", shown) or None
        )

    def _time(self, attributes: dict[str, str]) -> Cell:
        """Return a time of day, or a duration where the cell shows more than a day's hours or may do so."""
        text = attributes["office:time-value"]
        match = _DURATION.fullmatch(text)
        if match is None:
            return text
        sign, days, hours, minutes, seconds = match.groups()
        elapsed = timedelta(
            days=int(days or 0),
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            seconds=round(float((seconds or "0").replace(",", ".")), 3),
        )
        styles = self._sheet.column_styles if self._sheet else []
        style = attributes.get("table:style-name") or self._row_attributes.get("table:default-cell-style-name")
        style = style or (styles[self._column] if self._column < len(styles) else "")
        if sign or elapsed >= timedelta(days=1) or self._formats.get(style) in self._elapsed_formats:
            return -elapsed if sign else elapsed
        return (datetime.min + elapsed).time()


def _typed(kind: str, attributes: dict[str, str]) -> Cell:
    """Return a value that is stored apart from the text that shows it."""
    value = attributes[_VALUES[kind]]
    if kind == "boolean":
        return value == "true"
    return _moment(value) if kind == "date" else float(value)


def _moment(text: str) -> Cell:
    """Return an ISO date with or without a time of day; one that no calendar of Python has, as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.date() if moment.time() == time.min else moment


def _count(attributes: dict[str, str], name: str) -> int:
    return max(1, int(attributes.get(name, 1)))
