"""A dataset: the tables of all live uploads that share its name."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from eduscale.models.base import Model
from eduscale.models.overlap import CountedTwice, DatasetWarning
from eduscale.models.reading import ColumnType


class DatasetColumn(Model):
    """A column over all uploads; `storage` is the DuckDB type that holds every upload's values."""

    name: str
    label: str
    type: ColumnType
    storage: str
    concept: str | None = None


class DatasetPart(Model):
    """One table of one live upload: a Parquet file, by its storage key, and what it holds."""

    upload_id: str
    generation: int
    table: int
    region: str
    sender: str | None
    filename: str
    table_name: str
    """What the table is called in its file: the sheet, or the file in an archive."""
    key: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    """(name, storage type) in file order."""
    renamed: tuple[tuple[str, str], ...] = ()
    """(name in the file, name in the dataset) of columns that differ in spelling."""


class Dataset(Model):
    """A dataset as the catalogue knows it: columns in order of first appearance, parts oldest first."""

    name: str
    columns: tuple[DatasetColumn, ...]
    parts: tuple[DatasetPart, ...]
    counted_twice: tuple[CountedTwice, ...] = ()
    """Rows that several live uploads brought, as long as nobody has decided which counts."""

    @property
    def rows(self) -> int:
        """The number of rows over all parts."""
        return sum(part.rows for part in self.parts)


class ColumnProfile(Model):
    """How full a column is: rows with a value, and roughly how many different ones."""

    name: str
    filled: int
    distinct: int


class DatasetSummary(Model):
    """What there is in a dataset; `types`, `labels` and `concepts` run parallel to `columns`."""

    name: str
    columns: tuple[str, ...]
    types: tuple[ColumnType, ...]
    labels: tuple[str, ...]
    concepts: tuple[str | None, ...]
    rows: int
    regions: tuple[str, ...]
    uploads: tuple[str, ...]
    warnings: tuple[DatasetWarning, ...] = ()


class DatasetPage(Model):
    """A page of datasets in order of name."""

    items: tuple[DatasetSummary, ...]
    next_cursor: str | None


class SchemaChange(Model):
    """One way in which an upload's columns differ from those that the same sender sent before."""

    upload_id: str
    filename: str
    received_at: datetime
    kind: Literal["added", "dropped", "renamed", "reordered", "retyped"]
    column: str | None = Field(description="its name in the dataset; null for an order")
    before: str | None
    after: str | None
    merged: bool = Field(description="both names are one column of the dataset; else it only looks so")


class DatasetDetail(DatasetSummary):
    """A dataset with the profile of its columns and what changed about them, oldest first."""

    profile: tuple[ColumnProfile, ...]
    changes: tuple[SchemaChange, ...]


def summary(dataset: Dataset) -> DatasetSummary:
    """Return what an API client sees of a dataset."""
    return DatasetSummary(
        name=dataset.name,
        columns=tuple(column.name for column in dataset.columns),
        types=tuple(column.type for column in dataset.columns),
        labels=tuple(column.label for column in dataset.columns),
        concepts=tuple(column.concept for column in dataset.columns),
        rows=dataset.rows,
        regions=tuple(sorted({part.region for part in dataset.parts})),
        uploads=tuple(dict.fromkeys(part.upload_id for part in dataset.parts)),
    )
