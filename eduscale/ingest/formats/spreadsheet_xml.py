"""Workbooks as one XML file, as Excel 2003 and programs of schools write them, often named XLS."""

from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import xml_events
from eduscale.ingest.formats.number_formats import shows
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

CHUNK_BYTES = 1 << 20
MAX_COLUMNS = 16_384
_PREFIXES = {
    "urn:schemas-microsoft-com:office:spreadsheet": "ss",
    "urn:schemas-microsoft-com:office:excel": "x",
}
_DAY_ZERO = datetime(1899, 12, 31)


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of a workbook in one XML file, written."""
    with progress.part(0, PARSED):
        grids = read_workbook(path, workspace.limits, workspace.overrides)
    return write_grids(grids, workspace, guesses)


def read_workbook(path: Path, limits: ReadLimits, overrides: Overrides | None = None) -> tuple[Grid, ...]:
    """Return the sheets that are to be read and hold data; raises UnreadableFile."""
    document = _Document(Budget(limits.cells))
    with path.open("rb") as file:
        xml_events.parse(
            iter(lambda: file.read(CHUNK_BYTES), b""),
            _PREFIXES,
            start=document.start,
            end=document.end,
            text=document.text,
        )
    check_sheets(len(document.sheets), limits)
    return read_sheets(document.sheets, lambda sheet: sheet.contents(), overrides)


@dataclass
class _Sheet:
    """A sheet on its way; rows and columns are 0-based."""

    name: str
    cells: CellRows
    hidden: bool = False
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    row: int = -1
    column: int = -1
    next_column: int = 0
    rows_alike: int = 0
    """So many empty rows that look like the current one follow it."""

    def contents(self) -> SheetRows:
        """Return the finished rows."""
        return self.cells.finish(self.merges, hidden_rows=self.hidden_rows, hidden_columns=self.hidden_columns)


class _Document:
    """The sheets of a document, built while its XML passes by."""

    def __init__(self, budget: Budget) -> None:
        self.sheets: list[_Sheet] = []
        self._budget = budget
        self._style = ""
        self._elapsed: set[str] = set()
        self._cell: dict[str, str] = {}
        self._data: dict[str, str] | None = None
        self._parts: list[str] | None = None
        self._in_comment = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        sheet = self.sheets[-1] if self.sheets else None
        match tag:
            case "ss:Style":
                self._style = attributes.get("ss:ID", "")
            case "ss:NumberFormat" if shows(attributes.get("ss:Format", "")) == "duration":
                self._elapsed.add(self._style)
            case "ss:Worksheet":
                self.sheets.append(_Sheet(attributes.get("ss:Name", ""), CellRows(self._budget)))
            case "ss:Column" if sheet:
                first = _index(attributes, sheet.next_column)
                sheet.next_column = min(first + 1 + int(attributes.get("ss:Span", 0)), MAX_COLUMNS)
                if attributes.get("ss:Hidden") == "1":
                    sheet.hidden_columns.update(range(first, sheet.next_column))
            case "ss:Row" if sheet:
                sheet.row, sheet.column = _index(attributes, sheet.row + 1), -1
                sheet.rows_alike = int(attributes.get("ss:Span", 0))
                if attributes.get("ss:Hidden") == "1":
                    sheet.hidden_rows.add(sheet.row)
            case "ss:Cell" if sheet:
                sheet.column = _index(attributes, sheet.column + 1)
                self._cell = attributes
                self._data = None
            case "ss:Comment":
                self._in_comment = True
            case "ss:Data" if not self._in_comment:
                self._data, self._parts = attributes, []
            case "x:Visible":
                self._parts = []

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        if not self.sheets:
            return
        sheet = self.sheets[-1]
        match tag:
            case "ss:Data" if self._data is not None and not self._in_comment:
                self._put(sheet, self._value(self._data, "".join(self._parts or ())))
                self._parts = None
            case "ss:Comment":
                self._in_comment = False
            case "ss:Cell":
                if self._data is None and "ss:Formula" in self._cell:
                    self._put(sheet, ErrorCell(self._cell["ss:Formula"]))
                sheet.column += int(self._cell.get("ss:MergeAcross", 0))
            case "ss:Row":
                sheet.row += sheet.rows_alike
            case "x:Visible":
                sheet.hidden = "".join(self._parts or ()).strip() in ("SheetHidden", "SheetVeryHidden")
                self._parts = None

    def text(self, text: str) -> None:
        """Take text."""
        if self._parts is not None:
            self._parts.append(text)

    def _put(self, sheet: _Sheet, cell: Cell) -> None:
        if cell is None:
            return
        if sheet.column >= MAX_COLUMNS:
            raise UnreadableFile("too_many_cells", limit=self._budget.limit)
        sheet.cells.put(max(sheet.row, 0), sheet.column, cell)
        across, down = (int(self._cell.get(f"ss:Merge{way}", 0)) for way in ("Across", "Down"))
        if across or down:
            top = max(sheet.row, 0)
            sheet.merges.append(Merge(top, sheet.column, top + down, sheet.column + across))

    def _value(self, attributes: dict[str, str], text: str) -> Cell:
        match attributes.get("ss:Type", "String"):
            case "Number":
                return float(text)
            case "Boolean":
                return text.strip() in ("1", "true")
            case "Error":
                return ErrorCell(text)
            case "DateTime":
                return self._moment(text)
        return text or None

    def _moment(self, text: str) -> Cell:
        """Return a date, a moment, a time of day or a duration; what no calendar has, as it is."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        if self._cell.get("ss:StyleID") in self._elapsed:
            return moment - _DAY_ZERO
        if moment.date() == _DAY_ZERO.date():
            return moment.time()
        return moment.date() if moment.time() == time.min else moment


def _index(attributes: dict[str, str], usual: int) -> int:
    """Return a place, 0-based: the one that is told, or the next."""
    index = int(attributes["ss:Index"]) - 1 if "ss:Index" in attributes else usual
    if index < 0:
        raise UnreadableFile("damaged_workbook")
    return index
