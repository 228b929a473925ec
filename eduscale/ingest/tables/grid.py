"""The seam between readers of a format and what follows: rows of cells with their place in the sent file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from eduscale.models.reading import ReadGuess, ReadProblem

if TYPE_CHECKING:
    from eduscale.ingest.tables.stretch import Stretch


class ErrorCell(NamedTuple):
    """A spreadsheet cell whose formula failed or was never calculated.

    `text` is what the sheet shows, `#DIV/0!` for example, or the formula itself, `=A1+B1` for example.
    """

    text: str


Cell = str | int | float | bool | date | datetime | time | timedelta | ErrorCell | None


class Row(NamedTuple):
    """A row of cells; `number` is the 1-based sheet row or physical line where it starts, `span` its lines."""

    number: int
    cells: Sequence[Cell]
    span: int = 1


@dataclass(frozen=True)
class Grid:
    """One sheet or one text table: its rows in order, merged ranges already filled, no table found in it yet.

    Rows without any value may be left out: the numbers keep their place. `guesses` and `problems` are what the
    reader of the format decided and met; every table found in the grid carries them. Where there is a `stretch`,
    one of the rows stands in for it.
    """

    name: str
    rows: Sequence[Row]
    guesses: tuple[ReadGuess, ...] = ()
    problems: tuple[ReadProblem, ...] = ()
    stretch: "Stretch | None" = None
    longest_field: int | None = None
    """What no cell is longer than, where that is known without looking."""
    header: frozenset[int] = frozenset()
    """The numbers of rows that the file itself declares to be labels."""
