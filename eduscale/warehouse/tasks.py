"""What the child process is asked for, as JSON: a query, a page of rows, an export, a comparison."""

from typing import Literal

from eduscale.models.base import Model
from eduscale.models.reading import Value
from eduscale.models.rejects import RejectedTable, RejectsFormat, RejectWords
from eduscale.warehouse.views import View

ExportFormat = Literal["csv", "xlsx", "parquet", "json"]


class QueryTask(Model):
    """A checked statement in DuckDB's SQL, the views it reads and how much it may answer.

    `labels` are (label, name) of columns that people see under another word.
    """

    sql: str
    parameters: dict[str, Value]
    views: tuple[View, ...]
    pseudo_columns: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()
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


class ComparedPair(Model):
    """Two views of the same columns; `mixed` are those that are text in one file and not in the other."""

    new: View
    old: View
    mixed: tuple[str, ...] = ()


class ComparisonTask(Model):
    """Views whose rows shall be compared, pair by pair."""

    pairs: tuple[ComparedPair, ...]


class PairResult(Model):
    """What two views have in common; `changed` rows meet by `key`, whose values are unique in both.

    `dated` says that rows tell of days, so that the same row twice is one thing told twice.
    """

    rows_new_file: int
    rows_old_file: int
    same: int = 0
    distinct_same: int = 0
    changed: int = 0
    key: tuple[str, ...] = ()
    dated: bool = False
    estimated: bool = False


class PairResults(Model):
    """The answer to a ComparisonTask, one result a pair."""

    results: tuple[PairResult, ...]


class RejectsTask(Model):
    """What was left out of tables, to be written to a new file at `path` in the reader's words."""

    tables: tuple[RejectedTable, ...]
    words: RejectWords
    delimiter: str
    format: RejectsFormat
    path: str
