"""The seam for formats whose columns are known by name, with no layout to find: columns of values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy.typing as npt

from eduscale.ingest.tables.forms import Form
from eduscale.models.reading import ReadGuess, ReadProblem


@dataclass(frozen=True)
class RecordColumn:
    """A column: its label as sent, and its values; None and NaN are null.

    Values of one type keep it; texts, and values of several types, are decided as the cells of a text file are.
    """

    label: str
    values: Sequence[object] | npt.NDArray[Any]
    short_name: str = ""
    """What the column's name is made of where the sender has a shorter one than the label."""
    form: Form | None = None
    """What converts the values, where the format says more of them than their Python types do."""


class Rejected(NamedTuple):
    """A record that is data and is not in the table: its place, why, and its text as sent."""

    number: int
    code: str
    raw: str


@dataclass(frozen=True)
class Records:
    """One table of records; `numbers` has the place of each in the sender's file, a line or a count from 1.

    `guesses` and `problems` are what the reader of the format decided and met.
    """

    name: str
    columns: Sequence[RecordColumn]
    numbers: Sequence[int]
    guesses: tuple[ReadGuess, ...] = ()
    problems: tuple[ReadProblem, ...] = ()
    rejected: Sequence[Rejected] = ()
    set_aside: Sequence[Rejected] = ()
    """What stands beside the records and is no data."""
