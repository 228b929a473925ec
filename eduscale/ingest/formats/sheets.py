"""What workbooks of every format have in common: merged ranges, hidden sheets, and cells that come one by one."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, Protocol, TypeVar

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.tables.grid import Cell, Grid, Row
from eduscale.ingest.tables.overrides import Overrides, names, overridden, shown
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import Alternative, ReadGuess, ReadLimits, ReadTable, Said

PARSED = 0.7
"""What of the whole is done when the cells are there."""


def write_grids(grids: Sequence[Grid], workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of a workbook's sheets, written; `guesses` are about the whole file."""
    workspace.use_all_threads()
    tables: list[ReadTable] = []
    for number, grid in enumerate(grids):
        with progress.part(PARSED, 1), progress.part(number / len(grids), (number + 1) / len(grids)):
            tables += workspace.tables.read_grid(replace(grid, guesses=(*guesses, *grid.guesses)))
    return tables


class Merge(NamedTuple):
    """A merged range, 0-based, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


class Listed(Protocol):
    """A sheet as a workbook lists it."""

    @property
    def name(self) -> str:
        """What its tab shows."""

    @property
    def hidden(self) -> bool:
        """Whether its tab is not shown."""


class Budget:
    """The cells that may still be taken from a workbook."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._left = limit

    def spend(self, cells: int) -> None:
        """Take some; raises UnreadableFile where there are not so many."""
        self._left -= cells
        if self._left < 0:
            raise UnreadableFile("too_many_cells", limit=self.limit)


@dataclass(frozen=True)
class SheetRows:
    """What was read of a sheet; `hidden` counts the rows and columns with values that are not shown."""

    rows: list[Row]
    hidden_rows: int = 0
    hidden_columns: int = 0


class CellRows:
    """The rows of a sheet whose cells come one by one, in any order; places without a value cost their room."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._rows: dict[int, list[Cell]] = {}

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Place a cell, 0-based."""
        cells = self._rows.get(row)
        if cells is None:
            cells = self._rows[row] = []
        room = column - len(cells)
        if room < 0:
            cells[column] = cell
            return
        self._budget.spend(room + 1)
        if room:
            cells += [None] * room
        cells.append(cell)

    def finish(
        self,
        merges: Sequence[Merge] = (),
        *,
        hidden_rows: Collection[int] = (),
        hidden_columns: Collection[int] = (),
    ) -> SheetRows:
        """Return the rows that hold a value, merged ranges filled, from the first column that holds any."""
        unseen = sum(number in self._rows for number in hidden_rows)
        columns = [
            column
            for column in hidden_columns
            if any(column < len(cells) and not _is_empty(cells[column]) for cells in self._rows.values())
        ]
        rows = [Row(number + 1, self._rows[number]) for number in sorted(self._rows)]
        return SheetRows(finished(rows, merges, self._budget.limit), unseen, len(columns))


def finished(rows: Iterable[Row], merges: Sequence[Merge], max_cells: int) -> list[Row]:
    """Return rows without blank ones, blank ends and blank columns on the left, merged ranges filled."""
    kept = []
    for row in rows:
        cells = list(row.cells)
        while cells and _is_empty(cells[-1]):
            cells.pop()
        if cells:
            kept.append(Row(row.number, cells))
    fill_merged(kept, merges, max_cells)
    blank = min((_leading(row.cells) for row in kept), default=0)
    return [Row(row.number, row.cells[blank:]) for row in kept] if blank else kept


def _leading(cells: Sequence[Cell]) -> int:
    return next(place for place, cell in enumerate(cells) if not _is_empty(cell))


def _is_empty(cell: Cell) -> bool:
    return cell is None or cell == ""


def fill_merged(rows: list[Row], merges: Sequence[Merge], max_cells: int) -> None:
    """Give every cell of a merged range the value of its first one, within the width of the sheet."""
    if not merges:
        return
    numbers = [row.number for row in rows]
    width = max((len(row.cells) for row in rows), default=0)
    budget = Budget(max_cells)
    for merge in merges:
        first = bisect_left(numbers, merge.top + 1)
        if first == len(rows) or numbers[first] != merge.top + 1 or merge.left >= len(rows[first].cells):
            continue
        value = rows[first].cells[merge.left]
        covered = range(first, bisect_right(numbers, merge.bottom + 1))
        end = min(merge.right + 1, width)
        budget.spend(len(covered) * (end - merge.left))
        for place in covered:
            cells = list(rows[place].cells)
            cells += [None] * (end - len(cells))
            cells[merge.left : end] = [value] * (end - merge.left)
            rows[place] = rows[place]._replace(cells=cells)


S = TypeVar("S", bound=Listed)


def check_sheets(sheets: int, limits: ReadLimits) -> None:
    """Refuse a workbook of too many sheets."""
    if sheets > limits.sheets:
        raise UnreadableFile("too_many_sheets", sheets=sheets, limit=limits.sheets)


def read_sheets(
    sheets: Sequence[S], read: Callable[[S], SheetRows], overrides: Overrides | None = None
) -> tuple[Grid, ...]:
    """Return the sheets that are to be read and hold data."""
    choice = SheetChoice(sheets, overrides or Overrides())
    for group in choice.groups():
        found = [(sheet, read(sheet)) for sheet in group]
        filled = [(sheet, contents) for sheet, contents in found if contents.rows]
        if filled:
            taken = {sheet.name for sheet, _ in filled}
            skipped = [sheet for sheet in sheets if sheet.name not in taken]
            return tuple(
                Grid(
                    sheet.name,
                    contents.rows,
                    (
                        *choice.guesses(sheet, skipped),
                        *hidden_guesses(contents.hidden_rows, contents.hidden_columns),
                    ),
                )
                for sheet, contents in filled
            )
    return ()


class SheetChoice(Generic[S]):
    """Which sheets are read: those that a person named, else the visible ones, else the hidden ones."""

    def __init__(self, sheets: Sequence[S], overrides: Overrides) -> None:
        self._sheets = sheets
        self._overrides = overrides
        self._override = overrides.find("sheet")

    def groups(self) -> Iterator[list[S]]:
        """Yield groups of sheets, to be read until one of them holds data."""
        if self._override is not None:
            named = names(self._override.value)
            yield [sheet for sheet in self._sheets if sheet.name in named]
            said = Said(code="override_no_sheet", facts={"name": shown(self._override.value)})
            self._overrides.refuse(self._override, said)
            self._override = None
        for hidden in (False, True):
            yield [sheet for sheet in self._sheets if sheet.hidden is hidden]

    def guesses(self, sheet: Listed, skipped: Iterable[Listed]) -> tuple[ReadGuess, ...]:
        """Say which sheet was taken where others were not."""
        hidden = [other.name for other in skipped if other.hidden]
        others = tuple(Alternative(value=other.name, confidence=0.1) for other in skipped)
        if self._override is not None:
            guess = overridden(self._override.model_copy(update={"value": sheet.name}), None)
            return (guess.model_copy(update={"alternatives": others}),)
        if not sheet.hidden and not hidden:
            return ()
        return (
            ReadGuess(
                what="sheet",
                value=sheet.name,
                evidence=Said(code="sheet_hidden")
                if sheet.hidden
                else Said(code="sheet_visible", facts={"hidden": ", ".join(hidden)}),
                confidence=0.6 if sheet.hidden else 0.9,
                alternatives=others,
            ),
        )


def hidden_guesses(rows: int, columns: int) -> tuple[ReadGuess, ...]:
    """Say that rows and columns which the sheet does not show were read like the others."""
    return tuple(
        ReadGuess(
            what=what,
            value="read",
            evidence=Said(code=f"{what}_read", facts={"count": count}),
            confidence=0.8,
            alternatives=(Alternative(value="left_out", confidence=0.2),),
        )
        for what, count in (("hidden_rows", rows), ("hidden_columns", columns))
        if count
    )
