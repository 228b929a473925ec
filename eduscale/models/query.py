"""A question in SQL and its answer."""

from pydantic import Field

from eduscale.models.base import Model
from eduscale.models.overlap import DatasetWarning
from eduscale.models.reading import ColumnType, Value


class QueryRequest(Model):
    """One read-only GoogleSQL SELECT over datasets by name."""

    sql: str = Field(min_length=1, max_length=100_000)
    parameters: dict[str, Value] = {}
    max_rows: int | None = Field(default=None, ge=1)


class QueryAnswer(Model):
    """The rows of an answer, at most `max_rows` of them; `truncated` says whether there were more."""

    columns: tuple[str, ...]
    types: tuple[ColumnType, ...]
    rows: tuple[tuple[object, ...], ...]
    truncated: bool
    elapsed_ms: float
    bytes_processed: int | None
    engine: str
    warnings: tuple[DatasetWarning, ...] = Field(default=(), description="rows of its datasets that count twice")
