"""An upload: what is stored of it (head, stored receipt) and what its sender sees (receipt)."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from eduscale.models.base import Model
from eduscale.models.reading import Alternative, ColumnType, ReadTable, Said, Value

State = Literal["waiting", "reading", "loaded", "rejected", "undone"]


class UploadFacts(Model):
    """What is known of an upload before it is read."""

    upload_id: str
    filename: str
    sha256: str
    size_bytes: int
    region: str
    dataset: str | None
    sender: str | None
    received_at: datetime
    replaces: str | None = None


class Head(Model):
    """The commit: which generation of an upload counts, changed by compare-and-swap only."""

    state: State
    generation: int
    upload: UploadFacts
    datasets: tuple[str, ...] = ()
    reader: str | None = None
    lease_until: datetime | None = None


class StoredTable(ReadTable):
    """A table as read, and the dataset it was put into."""

    dataset: str


class StoredReceipt(Model):
    """One generation's reading as written once beside its Parquet files."""

    upload_id: str
    generation: int
    duration_ms: int
    tables: tuple[StoredTable, ...] = ()
    error: Said | None = None


class Guess(Model):
    """One decision of the reader with its evidence, how sure it is, and the runners-up."""

    what: str = Field(description="encoding, delimiter, header, decimal_mark, date_order, type ...")
    column: str | None = Field(description="the column it is about; null for the whole table")
    value: Value
    evidence: str
    confidence: float = Field(ge=0, le=1)
    alternatives: tuple[Alternative, ...]
    overridden: bool


class Problem(Model):
    """Something wrong in the sender's file: where, what, and what to do."""

    row: int | None = Field(description="1-based line, or sheet row, in the sender's file")
    column: str | None
    code: str
    message: str


class Column(Model):
    """A column: `label` is the header as sent, `name` its normal form."""

    name: str
    label: str
    type: ColumnType
    concept: str | None


class Table(Model):
    """One table of an upload."""

    index: int
    name: str
    dataset: str
    columns: tuple[Column, ...]
    rows: int
    rejected_rows: int
    set_aside_rows: int
    guesses: tuple[Guess, ...]
    problems: tuple[Problem, ...] = Field(description="at most 1,000; problem_count counts all")
    problem_count: int


class ReceiptError(Model):
    """Why a file could not be read, in words."""

    code: str
    message: str


class Receipt(Model):
    """What happened to one sent file."""

    upload_id: str
    generation: int
    filename: str
    sha256: str
    size_bytes: int
    region: str
    dataset: str | None = Field(description="the sender's wish")
    sender: str | None
    state: State
    received_at: datetime
    duplicate: bool
    replaces: str | None
    replaced_by: str | None = Field(description="the upload that took its place, so that its rows do not count")
    duration_ms: int
    tables: tuple[Table, ...]
    error: ReceiptError | None


class Uploads(Model):
    """The answer to an upload: one receipt a file, in order."""

    uploads: tuple[Receipt, ...]


class UploadPage(Model):
    """A page of uploads, newest first."""

    items: tuple[Receipt, ...]
    next_cursor: str | None


class TableRows(Model):
    """Rows of one table in file order; each row is a list in column order."""

    columns: tuple[str, ...]
    types: tuple[ColumnType, ...]
    rows: tuple[tuple[object, ...], ...]
    total: int
