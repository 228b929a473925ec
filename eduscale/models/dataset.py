"""A dataset: the tables of all live uploads that share its name."""

from eduscale.models.base import Model
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
    key: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    """(name, storage type) in file order."""


class Dataset(Model):
    """A dataset as the catalogue knows it: columns in order of first appearance, parts oldest first."""

    name: str
    columns: tuple[DatasetColumn, ...]
    parts: tuple[DatasetPart, ...]

    @property
    def rows(self) -> int:
        """The number of rows over all parts."""
        return sum(part.rows for part in self.parts)
