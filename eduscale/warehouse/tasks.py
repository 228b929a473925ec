"""What the child process is asked for, as JSON: a query, a page of rows, an export."""

from typing import Literal

from eduscale.models.base import Model
from eduscale.models.reading import Value
from eduscale.warehouse.views import View

ExportFormat = Literal["csv", "xlsx", "parquet", "json"]


class QueryTask(Model):
    """A checked statement in DuckDB's SQL, the views it reads and how much it may answer."""

    sql: str
    parameters: dict[str, Value]
    views: tuple[View, ...]
    pseudo_columns: tuple[str, ...]
    max_rows: int
    max_bytes: int


class RowsTask(Model):
    """A page of a view in file order."""

    view: View
    offset: int
    limit: int


class ExportTask(Model):
    """A whole view, to be written to a new file at `path`."""

    view: View
    format: ExportFormat
    path: str
