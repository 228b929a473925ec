"""An upload: what is stored of it (head, stored receipt) and what its sender sees (receipt)."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from eduscale.models.base import Model
from eduscale.models.overlap import Overlap, SharedRows
from eduscale.models.reading import Alternative, ColumnType, Decision, Override, ReadTable, Said, Value

State = Literal["waiting", "reading", "loaded", "rejected", "undone"]
AUTO: Final = "auto"
"""A wish to replace whatever the new file turns out to be a newer version of."""


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
    """The upload whose place it takes; until it is read this may be `auto`."""


class Head(Model):
    """The commit: which generation of an upload counts, changed by compare-and-swap only."""

    state: State
    generation: int
    upload: UploadFacts
    datasets: tuple[str, ...] = ()
    also_replaces: tuple[str, ...] = ()
    """Further uploads whose place it takes, when it brings together what came in several."""
    keeps: tuple[str, ...] = ()
    """Uploads that share rows with it and that a person decided to keep beside it."""
    overrides: tuple[Override, ...] = ()
    """What people decided instead of the reader: in the generation that counts, or in the first one to come."""
    reader: str | None = None
    lease_until: datetime | None = None

    @property
    def replaced(self) -> tuple[str, ...]:
        """Every upload whose place this one takes once it is loaded."""
        first = self.upload.replaces
        return self.also_replaces if first is None else (first, *self.also_replaces)


class StoredTable(ReadTable):
    """A table as read, and the dataset it was put into.

    `renamed` are columns that the dataset knows under another name: that name by the one in the file.
    """

    dataset: str
    renamed: dict[str, str] = {}


class StoredReceipt(Model):
    """One generation's reading as written once beside its Parquet files."""

    upload_id: str
    generation: int
    duration_ms: int
    tables: tuple[StoredTable, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    """Uploads that share rows with this one, the likeliest older version first."""
    error: Said | None = None
    layouts: tuple[str, ...] = ()
    """A mark of the layout of every table as read automatically."""


class Guess(Model):
    """One decision of the reader with its evidence, how sure it is, and the runners-up."""

    what: str = Field(description="encoding, delimiter, header, decimal_mark, date_order, type ...")
    column: str | None = Field(description="the column it is about; null for the whole table")
    value: Value
    evidence: str
    confidence: float = Field(ge=0, le=1)
    alternatives: tuple[Alternative, ...]
    overridden: bool


class GuessChange(Model):
    """A guess to be replaced by what a person knows better."""

    table: int = Field(default=0, ge=0, le=10_000, description="the table's index; nothing for the whole file")
    column: str | None = Field(default=None, max_length=200, description="the column's normal name")
    what: Decision
    value: Value | tuple[str, ...] = Field(description="null lets the reader decide again, and forgets")


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
    also_replaces: tuple[str, ...] = Field(description="further uploads whose place it took")
    replaced_by: str | None = Field(description="the upload that took its place, so that its rows do not count")
    newer_version_of: SharedRows | None = Field(
        description="the upload of which this one looks like a newer version, until somebody decides"
    )
    shares_rows_with: tuple[SharedRows, ...] = Field(
        description="all uploads that hold rows of this one, likeliest older version first, until somebody decides"
    )
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
