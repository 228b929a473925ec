"""XLSX workbooks: cells as typed or last computed, merged ranges filled, errors marked; nothing is calculated.

Two libraries around one parser are used. python-calamine gives every cell as what it is, and reads all that is not
plain. fastexcel gives columns, and reads the middle of long sheets where each column turns out to be of one type.
"""

import logging
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import date
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple, TypeVar
from zipfile import ZipFile

import duckdb
import fastexcel
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.sheets import PARSED, Budget, SheetChoice, fill_merged, hidden_guesses, write_grids
from eduscale.ingest.formats.workbook_xml import (
    Block,
    Place,
    Sheet,
    block_part,
    copy_checked,
    error_cells,
    long_numbers,
    uncalculated_cells,
)
from eduscale.ingest.tables.grid import Cell, ErrorCell, Grid, Row
from eduscale.ingest.tables.overrides import Overrides
from eduscale.ingest.tables.stretch import EXACT, SAMPLE_HEAD, SAMPLE_TAIL, Stretch, StretchTable
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadLimits, ReadTable

MARGIN_ROWS = 50
"""So many rows around the sample of a long sheet may turn out to be titles, headers and notes."""
COPIED = 0.2
"""What of the reading is done when the copy is there."""
LEAST_BLOCKS = 3
"""Fewer are not worth opening the copy a second time."""
READERS = 2
"""So many blocks are read as columns at once, each by a reader of its own."""
MAX_STRINGS_BYTES = 48 << 20
"""Every reader, and that of rows, holds all strings."""

_KINDS: dict[str, type] = {"float": float, "datetime": date, "string": str}
"""Those of fastexcel's types whose values python-calamine gives as well, one by one."""

# It says on every column without a value that it takes it for text.
logging.getLogger("fastexcel").setLevel(logging.ERROR)

T = TypeVar("T")


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of an XLSX workbook, written."""
    # A workbook arrives in many small statements, which more threads would only slow down.
    with progress.part(0, PARSED):
        grids = read_workbook(path, workspace.folder, workspace.limits, workspace.connection, workspace.overrides)
    return write_grids(grids, workspace, guesses)


def read_workbook(
    path: Path,
    folder: Path,
    limits: ReadLimits,
    connection: duckdb.DuckDBPyConnection | None = None,
    overrides: Overrides | None = None,
) -> tuple[Grid, ...]:
    """Return the sheets that are to be read and hold data; raises UnreadableFile.

    `folder` takes a temporary copy, `connection` the long middle of regular sheets; without it every row is a row.
    Rows without a value are left out and rows may differ in length.
    """
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".xlsx") as file, ThreadPoolExecutor(READERS) as pool:
        target = Path(file.name)
        with progress.part(0, COPIED):
            sheets = copy_checked(path, target, limits)
        columns = None
        if connection is not None and any(_parts(sheet)[1] for sheet in sheets) and _has_few_strings(target):
            readers = [pool.submit(fastexcel.read_excel, str(target)) for _ in range(READERS)]
            columns = _Columns(readers, connection)
        with ZipFile(target) as copy, _open(target) as workbook, progress.part(COPIED, 1):
            package = _Package(workbook, copy, columns, Budget(limits.cells))
            choice = SheetChoice(sheets, overrides or Overrides())
            read = next(filter(None, (_read(group, package) for group in choice.groups())), {})
    skipped = [sheet for sheet in sheets if sheet not in read]
    return tuple(
        Grid(sheet.name, found.rows, (*choice.guesses(sheet, skipped), *found.hidden), stretch=found.stretch)
        for sheet, found in read.items()
    )


class _Columns(NamedTuple):
    """What reads the middle of a sheet as columns, each reader one block at a time."""

    readers: Sequence[Future[fastexcel.ExcelReader]]
    connection: duckdb.DuckDBPyConnection


class _Package(NamedTuple):
    """The copy, opened by those who read it, and the cells that may be taken from it."""

    workbook: CalamineWorkbook
    copy: ZipFile
    columns: _Columns | None
    budget: Budget


class _Rows(NamedTuple):
    """The rows of a sheet, the stretch that one of them stands for, and what is said of those that are hidden."""

    rows: list[Row]
    stretch: Stretch | None
    hidden: tuple[ReadGuess, ...]


def _read(sheets: Sequence[Sheet], package: _Package) -> dict[Sheet, _Rows]:
    """Return the rows of the sheets that hold any."""
    read: dict[Sheet, _Rows] = {}
    for number, sheet in enumerate(sheets):
        with progress.part(number / len(sheets), (number + 1) / len(sheets)):
            found = _rows(sheet, package)
        if found.rows:
            read[sheet] = found
    return read


def _has_few_strings(copy: Path) -> bool:
    """Say whether the strings may be held several times."""
    with ZipFile(copy) as package:
        sizes = {entry.filename: entry.file_size for entry in package.infolist()}
    return sizes.get("xl/sharedStrings.xml", 0) <= MAX_STRINGS_BYTES


def _open(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise UnreadableFile("damaged_workbook") from error


def _rows(sheet: Sheet, package: _Package) -> _Rows:
    """Return a sheet's rows that hold a value, and the stretch that one of them stands for."""
    head, middle, tail = _parts(sheet)
    share = 1 / max(1, len(sheet.blocks))
    with progress.part(0, share * len(head)):
        rows = _cells(head, package)
    with progress.part(share * len(head), 1 - share * len(tail)):
        stretch = _stretch(middle, tail[0], package.columns) if middle and package.columns else None
        if stretch is None:
            rows += _cells(middle, package)
        else:
            rows.append(stretch.stand_in())
            package.budget.spend(stretch.rows * len(stretch.columns))
    with progress.part(1 - share * len(tail), 1):
        rows += _cells(tail, package)
    if sheet.merges:
        fill_merged(rows, sheet.merges, package.budget.limit)
    hidden = _hidden(sheet, rows, stretch)
    while rows and all(row.cells[0] is None for row in rows):
        if stretch is not None:
            rows, stretch = stretch.expanded(rows), None
        rows = [Row(row.number, row.cells[1:]) for row in rows]
    return _Rows(rows, stretch, hidden)


def _hidden(sheet: Sheet, rows: Sequence[Row], stretch: Stretch | None) -> tuple[ReadGuess, ...]:
    """Say how many rows and columns with values the sheet does not show."""
    if not sheet.hidden_rows and not sheet.hidden_columns:
        return ()
    numbers = {row.number for row in rows}
    if stretch is not None:
        numbers.update(range(stretch.first, stretch.first + stretch.rows))
    columns = [
        column
        for column in sheet.hidden_columns
        if any(column < len(row.cells) and row.cells[column] is not None for row in rows)
    ]
    return hidden_guesses(len(numbers & sheet.hidden_rows), len(columns))


_Blocks = Sequence[Block]


def _parts(sheet: Sheet) -> tuple[_Blocks, _Blocks, _Blocks]:
    """Part a long sheet into head, middle and tail; the middle has no merged cells, errors and unnumbered rows."""
    blocks, firsts = sheet.blocks, [block.first or 0 for block in sheet.blocks]
    start = next((place for place, row in enumerate(firsts) if row > SAMPLE_HEAD + MARGIN_ROWS), len(blocks))
    tails = [place for place, row in enumerate(firsts) if row and firsts[-1] - row >= SAMPLE_TAIL + MARGIN_ROWS]
    stop = max(tails, default=0)
    middle = blocks[start:stop]
    if (
        len(middle) < LEAST_BLOCKS
        or any(block.first is None or block.may_have_errors for block in middle)
        or any(merge.top < firsts[stop] - 1 and merge.bottom >= firsts[start] - 1 for merge in sheet.merges)
    ):
        return blocks, (), ()
    return blocks[:start], middle, blocks[stop:]


def _stretch(blocks: _Blocks, following: Block, columns: _Columns) -> Stretch | None:
    """Return rows as a stretch, if each column's cells are of one type that is the same for both libraries."""
    table = StretchTable(columns.connection, f"stretch_{blocks[0].place}")
    stretch = None
    if _fill_table(table, blocks, following, columns.readers):
        stretch = table.finish(blocks[0].first or 0)
    if stretch is None:
        table.drop()
    return stretch


def _fill_table(
    table: StretchTable, blocks: _Blocks, following: Block, opening: Sequence[Future[fastexcel.ExcelReader]]
) -> bool:
    """Add blocks to a table; say whether all of them fit and lack no row."""
    try:
        readers = [partial(_columns, reader.result()) for reader in opening]
        with closing(_ahead(blocks, readers)) as parsed:
            for (block, sheet), next_ in zip(parsed, (*blocks[1:], following), strict=True):
                kinds = [kind for column in sheet.selected_columns if (kind := _KINDS.get(column.dtype))]
                rows = (next_.first or 0) - (block.first or 0)
                if len(kinds) != sheet.width or table.add(sheet, kinds) != rows:
                    return False
    except fastexcel.FastExcelError:
        return False
    return True


def _columns(reader: fastexcel.ExcelReader, block: Block) -> fastexcel.ExcelSheet:
    """Return a block as columns; raises FastExcelError where one holds cells of several types."""
    return reader.load_sheet(block.place, schema_sample_rows=None, dtype_coercion="strict")


def _cells(blocks: _Blocks, package: _Package) -> list[Row]:
    """Return the rows of blocks that hold a value."""
    rows: list[Row] = []
    with closing(_ahead(blocks, [lambda block: package.workbook.get_sheet_by_index(block.place)])) as found:
        try:
            for block, parsed in found:
                package.budget.spend(parsed.height * parsed.width)
                if parsed.start is not None or block.may_have_errors:
                    rows += _block_rows(block, parsed, parsed.start or (0, 0), package.copy)
        except CalamineError as error:
            raise UnreadableFile("damaged_workbook") from error
    return rows


def _ahead(blocks: _Blocks, parsers: Sequence[Callable[[Block], T]]) -> Generator[tuple[Block, T], None, None]:
    """Yield blocks in order, the next ones being parsed meanwhile: the parsers need no interpreter lock."""
    with ExitStack() as opened:
        pools = [opened.enter_context(ThreadPoolExecutor(max_workers=1)) for _ in parsers]
        turns = zip(blocks, cycle(pools), cycle(parsers), strict=False)
        starting = (pool.submit(parse, block) for block, pool, parse in turns)
        pending = deque(islice(starting, len(parsers)))
        for number, block in enumerate(blocks):
            progress.report("reading", number / len(blocks))
            pending.extend(islice(starting, 1))
            yield block, pending.popleft().result()


def _block_rows(block: Block, parsed: CalamineSheet, start: tuple[int, int], copy: ZipFile) -> list[Row]:
    """Return the rows of a block that hold a value, each from the first column to its last value."""
    top, left = start
    found: list[list[Cell]] = parsed.to_python()  # type: ignore[assignment]  # a list of fewer types
    if block.first is not None:
        if top != block.first - 2:
            raise UnreadableFile("damaged_workbook")
        del found[0]
        top += 1
    for place, cells in enumerate(found):
        if "" in cells:
            found[place] = [None if cell == "" else cell for cell in cells]
    corrections: dict[Place, Cell] = {}
    if block.may_have_errors:
        xml = copy.read(block_part(block.place))
        corrections |= {
            place: ErrorCell(text) for place, text in (error_cells(xml) | uncalculated_cells(xml)).items()
        }
    if [1 for cells in found for cell in cells if cell.__class__ is float and not -EXACT < cell < EXACT]:
        corrections |= long_numbers(copy.read(block_part(block.place)))
    for (row, column), cell in corrections.items():
        if row < top or column < left:
            found = [[] for _ in range(top)] + [[None] * left + cells for cells in found]
            top = left = 0
        found += [[] for _ in range(row + 1 - top - len(found))]
        cells = found[row - top]
        cells += [None] * (column + 1 - left - len(cells))
        cells[column - left] = cell
    rows: list[Row] = []
    for number, cells in enumerate(found, start=top + 1):
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            rows.append(Row(number, [None] * left + cells if left else cells))
    return rows
