"""Tables of web pages, saved from a browser or exported by a program that calls them XLS.

A page is parsed as text that may be broken anywhere; nothing in it is run, and nothing it refers to is fetched.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import BinaryIO, NamedTuple

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import decode
from eduscale.ingest.formats.number_formats import as_shown, shows
from eduscale.ingest.formats.sheets import PARSED, Budget, finished, write_grids
from eduscale.ingest.tables.grid import Cell, ErrorCell, Grid, Row
from eduscale.ingest.tables.overrides import Overrides
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadLimits, ReadTable

MAX_DEPTH = 20
"""Tables within tables; those further within are read as part of the cell that holds them."""
MAX_SPAN, MAX_ROWS = 1_000, 65_534
"""Columns and rows that a cell may span, as in browsers."""
DECLARATION_BYTES = 16 << 10
"""So far into a page its character set may be declared."""

_CHARSET = re.compile(
    rb"<meta\s[^>]*charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml\s[^>]*encoding=[\"']([\w.:-]+)", re.I
)
_BREAK = "\x1e"
"""Where a line ends on the page; where it ends in the source means nothing."""
_CELL_TAGS = frozenset({"td", "th"})
_ROW_GROUPS = frozenset({"thead", "tbody", "tfoot"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = frozenset(
    "address article aside blockquote dd div dl dt footer form header hr li main nav ol p pre ul".split()
)
_STRUCTURE = frozenset({"table", "tr", *_CELL_TAGS, *_ROW_GROUPS})
_INERT = frozenset({"noscript", "script", "style", "template", "textarea", "title"})
"""What stands in these is no part of the page, not even a table."""
_UNSEEN = _INERT | frozenset("object select svg".split())
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_NEVER_HIDDEN = _STRUCTURE | _VOID
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_ERROR = re.compile(r"#(?:DIV/0!|N/A|REF!|VALUE!|NAME\?|NUM!|NULL!)")
_NUMBERED_SHEET = re.compile(r"^Sheet [0-9]+: ")
"""What LibreOffice writes before the name of a sheet."""


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of a web page, written."""
    with progress.part(0, PARSED):
        grids = read_page(path, workspace.limits, workspace.overrides)
    return write_grids(grids, workspace, guesses)


def read_page(path: Path, limits: ReadLimits, overrides: Overrides | None = None) -> tuple[Grid, ...]:
    """Return the tables of a page that hold data; raises UnreadableFile where there is none."""
    with path.open("rb") as stream:
        encoding = decode.as_decided(_encoding(stream), overrides or Overrides())
        page = _Page(Budget(limits.cells))
        stream.seek(0)
        size = max(1, path.stat().st_size)
        with closing(page):
            for text in decode.texts(stream, encoding):
                progress.report("reading", stream.tell() / size)
                page.feed(text)
    tables = [table for table in page.tables if table.is_data]
    if not tables:
        raise UnreadableFile("web_page")
    return tuple(table.grid((encoding.guess(),)) for table in tables)


def _encoding(stream: BinaryIO) -> decode.Encoding:
    """Return the encoding by mark, by what the page declares, and by what its letters say."""
    found = decode.survey(stream, edge=DECLARATION_BYTES)
    stream.seek(0)
    decode.check_utf8(stream, found)
    declared = _CHARSET.search(found.head)
    if declared is None:
        return decode.find_encoding(found)
    return decode.weigh_declared(found, (declared[1] or declared[2]).decode("ascii"))


@dataclass
class _Cell:
    """A cell whose end has not come yet."""

    is_header: bool
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)
    holds_table: bool = False

    def span(self, name: str, limit: int) -> int:
        """Return how many rows or columns the cell spans."""
        if name not in self.attributes:
            return 1
        text = self.attributes[name].strip()
        return min(int(text), limit) if text.isdecimal() and len(text) < 9 and int(text) else 1

    def value(self) -> Cell:
        """Return what the cell holds: the stored number that its text shows rounded, or the text."""
        shown = _shown(self.parts)
        if shown.startswith("#") and _ERROR.fullmatch(shown):
            return ErrorCell(shown)
        stored = _number(self.attributes.get("sdval") or self.attributes.get("x:num"))
        if stored is None or not shown:
            return shown or None
        if "sdval" in self.attributes:
            number_format = self.attributes.get("sdnum", "").rpartition(";")[2]
            if number_format.upper() == "BOOLEAN":
                return bool(stored)
            return as_shown(stored, shows(number_format))
        return stored if _shows_rounded(shown, stored) else shown


def _shown(parts: Sequence[str]) -> str:
    lines = (" ".join(line.split()) for line in "".join(parts).split(_BREAK))
    return "\n".join(line for line in lines if line)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _shows_rounded(shown: str, stored: float) -> bool:
    """Say whether a text is a number, written in some way, that the stored one rounds to."""
    bare = re.sub(r"[^0-9.,%-]", "", shown)
    wanted = stored * 100 if "%" in bare else stored
    for mark, other in ((",", "."), (".", ",")):
        whole, _, decimals = bare.rstrip("%").replace(other, "").partition(mark)
        number = _number(f"{whole}.{decimals}0")
        if number is not None and abs(number - wanted) <= 0.5001 / 10 ** min(len(decimals), 15):
            return True
    return False


class _Table:
    """A table whose end may not have come yet: rows with every value in each cell that it spans."""

    def __init__(self, heading: str, budget: Budget) -> None:
        self.name = heading
        self.in_head = False
        self.cell: _Cell | None = None
        self._budget = budget
        self._rows: list[list[Cell]] = []
        self._header_rows: set[int] = set()
        self._filled: list[int] = []
        self._row: list[_Sent] | None = None
        self._above: dict[int, _Sent] = {}

    @property
    def is_data(self) -> bool:
        """Whether some rows hold several values, as those of a table do that is not there for the layout."""
        several = sum(count > 1 for count in self._filled)
        return several > 1 or (bool(self._header_rows) and sum(map(bool, self._filled)) > 1)

    def texts(self) -> Iterator[str]:
        """Yield the rows as texts, for the cell that holds a table that is none."""
        for row in self._rows:
            yield " ".join(str(cell) for cell in row if cell is not None)

    def grid(self, guesses: tuple[ReadGuess, ...]) -> Grid:
        """Return the rows as a grid."""
        rows = [Row(number, cells) for number, cells in enumerate(self._rows, start=1)]
        header = frozenset(self._header_rows)
        return Grid(self.name, finished(rows, (), self._budget.limit), guesses, header=header)

    def start_row(self) -> None:
        """Begin a row, after the end of the one before."""
        self.end_row()
        self._row = []

    def start_cell(self, cell: _Cell) -> None:
        """Begin a cell, after the end of the one before."""
        self.end_cell()
        self.cell = cell

    def end_cell(self) -> None:
        """End the cell that is open, if any."""
        cell, self.cell = self.cell, None
        if cell is not None:
            if self._row is None:
                self._row = []
            columns = cell.span("colspan", MAX_SPAN)
            self._budget.spend(columns)
            sent = _Sent(cell.value(), cell.is_header, cell.span("rowspan", MAX_ROWS), cell.holds_table)
            self._row += [sent, *[sent._replace(repeats=True)] * (columns - 1)]

    def end_row(self) -> None:
        """End the row that is open, if any: put its cells where those from above leave room."""
        self.end_cell()
        row, self._row = self._row, None
        if row is None:
            return
        placed: list[_Sent] = []
        above, self._above = self._above, {}
        last, sent = max(above, default=-1), iter(row)
        following = next(sent, None)
        while following is not None or len(placed) <= last:
            cell = above.get(len(placed))
            if cell is None and following is not None:
                cell, following = following, next(sent, None)
            else:
                self._budget.spend(1)
            cell = cell or _Sent(None)
            if cell.rows > 1:
                self._above[len(placed)] = cell._replace(rows=cell.rows - 1, repeats=True)
            placed.append(cell)
        own = [cell for cell in row if not cell.repeats and cell.value is not None]
        self._rows.append([cell.value for cell in placed])
        self._filled.append(0 if any(cell.holds_table for cell in row) else len(own))
        if own and (self.in_head or all(cell.is_header for cell in own)):
            self._header_rows.add(len(self._rows))


class _Sent(NamedTuple):
    """A cell in its row; `rows` are those that it still spans; one that `repeats` began further left or above."""

    value: Cell
    is_header: bool = False
    rows: int = 1
    holds_table: bool = False
    repeats: bool = False


class _Page(HTMLParser):
    """The tables of a page, in the order in which they begin to hold data."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._budget = budget
        self._open: list[_Table] = []
        self._too_deep = 0
        self._title: list[str] | None = None
        self._heading = ""
        self._unseen = ""
        self._unseen_depth = 0
        self._held = ""

    def feed(self, data: str) -> None:
        """Take a piece of the page; what only one program understands is a comment."""
        data = self._held + data
        cut = data.rfind("<", max(0, len(data) - 2))
        data, self._held = (data[:cut], data[cut:]) if cut >= 0 else (data, "")
        super().feed(data.replace("<![", "<! ["))

    def close(self) -> None:
        """End all that is still open."""
        super().feed(self._held)
        super().close()
        while self._open:
            self._end_table()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the beginning of an element."""
        if self._unseen:
            self._unseen_depth += tag == self._unseen
            if tag not in _STRUCTURE or self._unseen in _INERT:
                return
            self._unseen = ""
        if self._title is not None and tag in _STRUCTURE:
            self._end_title("")
        attributes = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN or (
            "style" in attributes and tag not in _NEVER_HIDDEN and _HIDDEN.search(attributes["style"])
        ):
            self._unseen, self._unseen_depth = tag, 1
        elif tag == "table":
            self._start_table()
        elif tag in _HEADINGS or tag == "caption":
            self._title = []
        elif self._open:
            self._start_within(self._open[-1], tag, attributes)

    def _start_table(self) -> None:
        if len(self._open) == MAX_DEPTH:
            self._too_deep += 1
            return
        self._open.append(_Table(self._heading, self._budget))
        self._heading = ""

    def _start_within(self, table: _Table, tag: str, attributes: dict[str, str]) -> None:
        if tag in _ROW_GROUPS:
            table.end_row()
            table.in_head = tag == "thead"
        elif tag == "tr":
            table.start_row()
        elif tag in _CELL_TAGS:
            table.start_cell(_Cell(tag == "th", attributes))
        elif tag == "br" or tag in _BLOCKS:
            self._add(_BREAK)
        elif tag == "input" and attributes.get("type", "text").lower() in ("text", "number"):
            self._add(attributes.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Take the end of an element."""
        if self._unseen:
            self._unseen_depth -= tag == self._unseen
            if self._unseen_depth and (tag not in _STRUCTURE or self._unseen in _INERT):
                return
            is_its_end, self._unseen = tag == self._unseen, ""
            if is_its_end:
                return
        if tag in _HEADINGS or tag == "caption":
            self._end_title(tag)
        elif tag == "table":
            if self._too_deep:
                self._too_deep -= 1
            elif self._open:
                self._end_table()
        elif self._open:
            self._end_within(self._open[-1], tag)

    def _end_within(self, table: _Table, tag: str) -> None:
        if tag in _ROW_GROUPS:
            table.end_row()
            table.in_head = False
        elif tag == "tr":
            table.end_row()
        elif tag in _CELL_TAGS:
            table.end_cell()
        elif tag in _BLOCKS:
            self._add(_BREAK)

    def _end_title(self, tag: str) -> None:
        text = _shown(self._title or ()).replace("\n", " ")
        self._title = None
        if tag == "caption" and self._open:
            self._open[-1].name = text or self._open[-1].name
        elif text and self._open and self._open[-1].cell:
            self._add(text)
        self._heading = _NUMBERED_SHEET.sub("", text) or self._heading

    def _end_table(self) -> None:
        table = self._open.pop()
        table.end_row()
        outer = self._open[-1].cell if self._open else None
        if table.is_data:
            self.tables.append(table)
            if outer is not None:
                outer.holds_table = True
        elif outer is not None:
            for text in table.texts():
                outer.parts += (_BREAK, text)

    def handle_data(self, data: str) -> None:
        """Take text."""
        if self._unseen:
            return
        if self._title is not None:
            self._title.append(data)
        else:
            self._add(data)

    def _add(self, text: str) -> None:
        if self._open and self._open[-1].cell is not None:
            self._open[-1].cell.parts.append(text)
