"""XLSX workbooks: cells as typed or last computed, merged ranges filled, errors marked; nothing is calculated."""

import tempfile
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.grid import Cell, ErrorCell, Grid, Row
from eduscale.ingest.workbook_xml import (
    Block,
    Merge,
    Place,
    Sheet,
    block_part,
    copy_checked,
    error_cells,
    long_numbers,
)
from eduscale.models.reading import ReadGuess, Said

MAX_CELLS = 2_500_000
"""What half a gigabyte holds at about 150 bytes a cell."""
EXACT = 2.0**53
"""Doubles from here on do not hold every whole number."""

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE2_STREAMS = {
    "EncryptedPackage": "encrypted_workbook",
    "WordDocument": "word_document",
    "PowerPoint Document": "presentation",
    "Workbook": "old_workbook",
    "Book": "old_workbook",
}


def read_workbook(path: Path, folder: Path) -> tuple[Grid, ...]:
    """Return the sheets that hold data, hidden ones only where no visible one does; raises UnreadableFile.

    `folder` takes a temporary copy. Rows without a value are left out and rows may differ in length.
    """
    _refuse_ole2(path)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".xlsx") as file:
        target = Path(file.name)
        sheets = copy_checked(path, target)
        with ZipFile(target) as copy, _open(target) as workbook:
            read = _read([sheet for sheet in sheets if not sheet.hidden], workbook, copy)
            read = read or _read([sheet for sheet in sheets if sheet.hidden], workbook, copy)
    skipped = [sheet for sheet in sheets if sheet not in read]
    return tuple(Grid(sheet.name, rows, _guesses(sheet, skipped)) for sheet, rows in read.items())


def _read(sheets: Sequence[Sheet], workbook: CalamineWorkbook, copy: ZipFile) -> dict[Sheet, list[Row]]:
    """Return the rows of the sheets that hold any."""
    budget = MAX_CELLS
    read: dict[Sheet, list[Row]] = {}
    for sheet in sheets:
        rows, budget = _rows(sheet, workbook, copy, budget)
        if rows:
            read[sheet] = rows
    return read


def _refuse_ole2(path: Path) -> None:
    """Name what an OLE2 file is: the container of encrypted workbooks and of the formats before 2007."""
    with path.open("rb") as file:
        if file.read(len(_OLE2)) != _OLE2:
            return
        # A stream's name stands in a directory entry, which starts at a multiple of its size.
        while entries := file.read(1 << 20):
            for stream, reason in _OLE2_STREAMS.items():
                if (stream + "\0").encode("utf-16-le") in entries:
                    raise UnreadableFile(reason)
    raise UnreadableFile("not_a_workbook")


def _open(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise UnreadableFile("damaged_workbook") from error


def _rows(sheet: Sheet, workbook: CalamineWorkbook, copy: ZipFile, budget: int) -> tuple[list[Row], int]:
    """Return a sheet's rows that hold a value, and what is left of the budget of cells."""
    rows: list[Row] = []
    for block, parsed in zip(sheet.blocks, _parsed(workbook, sheet.blocks), strict=True):
        budget -= parsed.height * parsed.width
        if budget < 0:
            raise UnreadableFile("too_many_cells", limit=MAX_CELLS)
        if parsed.start is not None:
            rows += _block_rows(block, parsed, parsed.start, copy)
    if sheet.merges:
        _fill(rows, sheet.merges)
    while rows and all(row.cells[0] is None for row in rows):
        rows = [Row(row.number, row.cells[1:]) for row in rows]
    return rows, budget


def _parsed(workbook: CalamineWorkbook, blocks: Sequence[Block]) -> Iterator[CalamineSheet]:
    """Yield blocks in order, the next one being parsed meanwhile: the parser needs no interpreter lock."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pending = deque(pool.submit(workbook.get_sheet_by_index, block.place) for block in blocks[:1])
        for following in (*blocks[1:], None):
            if following is not None:
                pending.append(pool.submit(workbook.get_sheet_by_index, following.place))
            if pending:
                try:
                    yield pending.popleft().result()
                except CalamineError as error:
                    raise UnreadableFile("damaged_workbook") from error


def _block_rows(block: Block, parsed: CalamineSheet, start: tuple[int, int], copy: ZipFile) -> list[Row]:
    """Return the rows of a block that hold a value, each from the first column to its last value."""
    top, left = start
    found: list[list[Cell]] = parsed.to_python()  # type: ignore[assignment]  # a list of fewer types
    for place, cells in enumerate(found):
        if "" in cells:
            found[place] = [None if cell == "" else cell for cell in cells]
    corrections: dict[Place, Cell] = {}
    if block.may_have_errors:
        corrections |= {
            place: ErrorCell(text) for place, text in error_cells(copy.read(block_part(block.place))).items()
        }
    if [1 for cells in found for cell in cells if cell.__class__ is float and not -EXACT < cell < EXACT]:
        corrections |= long_numbers(copy.read(block_part(block.place)))
    for (row, column), cell in corrections.items():
        if top <= row < top + len(found) and left <= column < left + parsed.width:
            found[row - top][column - left] = cell
    rows: list[Row] = []
    for number, cells in enumerate(found, start=top + 1):
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            rows.append(Row(number, [None] * left + cells if left else cells))
    return rows


def _fill(rows: list[Row], merges: Sequence[Merge]) -> None:
    """Give every cell of a merged range the value of its first one, within the width of the sheet."""
    numbers = [row.number for row in rows]
    width = max((len(row.cells) for row in rows), default=0)
    budget = MAX_CELLS
    for merge in merges:
        first = bisect_left(numbers, merge.top + 1)
        if first == len(rows) or numbers[first] != merge.top + 1 or merge.left >= len(rows[first].cells):
            continue
        value = rows[first].cells[merge.left]
        covered = range(first, bisect_right(numbers, merge.bottom + 1))
        end = min(merge.right + 1, width)
        budget -= len(covered) * (end - merge.left)
        if budget < 0:
            raise UnreadableFile("too_many_cells", limit=MAX_CELLS)
        for place in covered:
            cells = list(rows[place].cells)
            cells += [None] * (end - len(cells))
            cells[merge.left : end] = [value] * (end - merge.left)
            rows[place] = rows[place]._replace(cells=cells)


def _guesses(sheet: Sheet, skipped: Sequence[Sheet]) -> tuple[ReadGuess, ...]:
    """Say which sheet was taken where others were not."""
    hidden = [other.name for other in skipped if other.hidden]
    if not sheet.hidden and not hidden:
        return ()
    evidence = (
        Said(code="sheet_hidden", facts={})
        if sheet.hidden
        else Said(code="sheet_visible", facts={"hidden": ", ".join(hidden)})
    )
    return (ReadGuess(what="sheet", value=sheet.name, evidence=evidence, confidence=0.6 if sheet.hidden else 0.9),)
