"""Rows that two uploads share: what is stored of it, and what is said while nobody has decided."""

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Literal

from pydantic import Field

from eduscale.models.base import Model

OverlapKind = Literal["newer", "part", "overlap"]
"""newer: most of the older file is in this one; part: this one is in the older; overlap: both share rows."""


class Overlap(Model):
    """An older upload with which a new one shares rows, as found when the new one was committed.

    `rows_new` and `rows_gone` leave out the changed ones, known by `key`: columns that are unique in both.
    """

    upload_id: str
    filename: str
    received_at: datetime
    kind: OverlapKind
    rows_same: int
    rows_new: int
    rows_changed: int
    rows_gone: int
    key: tuple[str, ...] = ()
    estimated: bool = False
    columns_added: int = 0
    """So many columns with values are in the new file only."""
    share: float
    """The part of the smaller file that is in the other."""
    confidence: float
    in_datasets: dict[str, int]
    """By dataset, how many rows are in it twice."""


class SharedRows(Model):
    """An older upload that has rows of this one, in words; nobody has decided yet what becomes of it."""

    upload_id: str
    filename: str
    received_at: datetime
    kind: OverlapKind = Field(
        description="newer: this file looks like a newer version of it; part: its rows are in it; overlap: some"
    )
    rows_same: int
    rows_new: int
    rows_changed: int
    rows_gone: int
    key: tuple[str, ...] | None = Field(description="columns by which changed rows were found")
    estimated: bool = Field(description="the numbers are counted in a sample")
    confidence: float = Field(ge=0, le=1)
    message: str


class CountedTwice(Model):
    """Rows of a dataset that are in it more than once: those of `upload_ids[0]` that the others hold too."""

    dataset: str
    upload_ids: tuple[str, ...]
    filename: str
    """Of the newer upload."""
    older_filename: str
    rows: int


class DatasetWarning(Model):
    """What to know before trusting the numbers of a dataset."""

    code: str
    message: str
    dataset: str
    upload_ids: tuple[str, ...] = Field(description="the newer upload first")
    rows: int = Field(description="how many rows count more than once")


def undecided(overlaps: Iterable[Overlap], *, live: Container[str], kept: Container[str]) -> tuple[Overlap, ...]:
    """Return the overlaps with uploads that still count and that nobody has decided to keep."""
    return tuple(overlap for overlap in overlaps if overlap.upload_id in live and overlap.upload_id not in kept)
