"""What the reader makes of one file, in codes and facts: what the child process hands back and what is stored.

Nothing here is wording. `ingest.wording` turns a `Said` into a sentence in the reader's language.
"""

from datetime import date
from typing import Literal

from eduscale.models.base import Model

ColumnType = Literal["text", "integer", "decimal", "boolean", "date", "datetime", "time", "duration", "json"]
Value = str | int | float | bool | None
Decision = Literal[
    "format",
    "sheet",
    "json_table",
    "encoding",
    "delimiter",
    "quote",
    "header",
    "footer",
    "decimal_mark",
    "date_order",
    "type",
    "null_words",
    "unit",
    "renamed_from",
    "time_zone",
    "value_labels",
    "missing_codes",
    "missing_labels",
    "multiple_choice",
]
"""What a person may decide instead of the reader; `renamed_from` is about the dataset, the reader does not ask."""


class Override(Model):
    """What a person decided instead of the reader, for a table, a column of it, or (neither) the whole file.

    `column` is a normal name. `decided_on` is set where the decision was made for an earlier file of the kind.
    """

    table: int | None = None
    column: str | None = None
    what: Decision
    value: Value | tuple[str, ...]
    decided_on: date | None = None


class ReadLimits(Model):
    """What one sent file may hold; whatever is over one of these is refused with a sentence that names it."""

    unpacked_bytes: int = 1 << 30
    """Of an archive with all that is in it, or of a workbook."""
    entries: int = 10_000
    """Files in an archive, or parts of a workbook."""
    sheets: int = 1_000
    columns: int = 5_000
    """Of a table. So many a child's memory holds in every step from the first line to a page of rows."""
    cells: int = 2_500_000
    """Of a file that is held as a whole, as a workbook is; half a gigabyte holds so many at 150 bytes each."""
    field_length: int = 8 << 20
    """Characters in one cell."""
    line_bytes: int = 16 << 20


class ReadTask(Model):
    """What the child needs to read a file: where it is, what it was called, where the Parquet files go.

    `memory_bytes` is what the child may use in all.
    """

    path: str
    filename: str
    folder: str
    threads: int = 2
    memory_bytes: int
    limits: ReadLimits = ReadLimits()
    overrides: tuple[Override, ...] = ()


class Said(Model):
    """Something to say to a person: a `code` that has a sentence in each language, and the facts in it."""

    code: str
    facts: dict[str, Value] = {}


class Alternative(Model):
    """A runner-up of a guess and how sure the reader would be of it (0 to 1)."""

    value: Value
    confidence: float


class ReadGuess(Model):
    """One decision of the reader: `what` was decided, for which column (None: the whole table), and why."""

    what: str
    column: str | None = None
    value: Value
    evidence: Said
    confidence: float
    alternatives: tuple[Alternative, ...] = ()
    overridden: bool = False


class ReadProblem(Model):
    """Something wrong at a place in the sender's file; `row` is the 1-based line or sheet row."""

    row: int | None = None
    column: str | None = None
    said: Said


class ReadColumn(Model):
    """A column as read: its normal name, the header as sent, its type and DuckDB's type in the Parquet file."""

    name: str
    label: str
    type: ColumnType
    storage: str
    concept: str | None = None
    empty: bool = False
    """No row has a value here, so the type is no evidence of anything."""
    made_of: str | None = None
    """The column of the sender's, of several answers, in which this one looks for one answer."""
    long: bool = False
    """Some whole numbers here are beyond 2^53, so that no DOUBLE holds them all."""


class ReadTable(Model):
    """One table found in a file; `problems` holds at most 1,000, `problem_count` counts all.

    `member` is the place of that file in the sent one, where the sent one is an archive.
    `rows_file` and `rejects_file` are the names of Parquet files in the task's output folder.
    The rejects file has the columns kind ('rejected', 'set_aside', 'blanked'), row, column_name, code, raw, and
    cells: those of the whole row as sent, once a row. `blank_columns` are the 0-based places, among the columns as
    sent, of those that hold nothing and are no columns of the table.
    """

    index: int
    name: str
    member: str | None = None
    columns: tuple[ReadColumn, ...]
    rows: int
    rejected_rows: int
    set_aside_rows: int
    guesses: tuple[ReadGuess, ...] = ()
    problems: tuple[ReadProblem, ...] = ()
    problem_count: int = 0
    rows_file: str
    rejects_file: str | None = None
    blank_columns: tuple[int, ...] = ()


class Refused(Model):
    """An override that cannot be applied to this file, and why; the reader's own guess stands in its place."""

    override: Override
    said: Said


class Reading(Model):
    """All that was understood of one file: its tables, or the reason why there is none."""

    tables: tuple[ReadTable, ...] = ()
    error: Said | None = None
    refused: tuple[Refused, ...] = ()
