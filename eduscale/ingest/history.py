"""What is unlike in a file, compared with what the same sender sent before: fewer rows, columns empty or gone."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from eduscale.models.reading import ReadColumn, ReadProblem, Said
from eduscale.warehouse.catalogue import LiveTable
from eduscale.warehouse.schema_changes import layout, renamed_and_gone

LEAST_UPLOADS = 2
"""So many earlier uploads say how many rows are usual."""
FEW = 0.5
"""Fewer than this part of what is usual is told."""
MOST_COLUMNS = 10
"""Of more columns that went the same way only the first are named one by one."""


class Sent(NamedTuple):
    """A table of a new file: its columns as the dataset names them, and its rows."""

    columns: tuple[ReadColumn, ...]
    rows: int


class Warned(NamedTuple):
    """Something unlike, and the label of the column it is about.

    `renamed` are the names of a new column and of the one that it may be, where that is what is said.
    """

    said: Said
    column: str | None = None
    renamed: tuple[str, str] | None = None


def warnings(sent: Sequence[Sent], earlier: Sequence[LiveTable], problems: Sequence[ReadProblem]) -> list[Warned]:
    """Say what is unlike the sender's earlier uploads to the dataset, oldest first; columns against the latest.

    `problems` are those of the file, among which is the first cell that turned a column to text.
    """
    if not earlier:
        return []
    latest = [table for table in earlier if table.part.upload_id == earlier[-1].part.upload_id]
    return [*_fewer_rows(sent, earlier), *_columns(sent, latest, problems)]


def _fewer_rows(sent: Sequence[Sent], earlier: Sequence[LiveTable]) -> Iterator[Warned]:
    counts: dict[str, int] = {}
    for table in earlier:
        counts[table.part.upload_id] = counts.get(table.part.upload_id, 0) + table.part.rows
    usual = sorted(counts.values())[len(counts) // 2]
    rows = sum(table.rows for table in sent)
    if len(counts) >= LEAST_UPLOADS and rows < FEW * usual:
        yield Warned(Said(code="fewer_rows", facts={"rows": rows, "usual": usual, "uploads": len(counts)}))


def _columns(
    sent: Sequence[Sent], latest: Sequence[LiveTable], problems: Sequence[ReadProblem]
) -> Iterator[Warned]:
    now, before = layout(table.columns for table in sent), layout(table.columns for table in latest)
    renamed, gone = renamed_and_gone(now, before)
    for new, old in renamed.items():
        facts = {"now": now[new].label, "before": before[old].label}
        yield Warned(Said(code="column_maybe_renamed", facts=facts), now[new].label, (new, old))
    missing = [before[name].label for name in gone if not before[name].empty]
    for label in missing[:MOST_COLUMNS]:
        yield Warned(Said(code="column_missing", facts={"label": label}))
    if len(missing) > MOST_COLUMNS:
        yield Warned(Said(code="columns_missing", facts={"columns": len(missing) - MOST_COLUMNS}))
    for name, column in now.items():
        if name in before and not before[name].empty:
            if column.empty:
                yield Warned(Said(code="column_now_empty"), column.label)
            elif column.type == "text" != before[name].type:
                yield _now_text(column, before[name], problems)


def _now_text(column: ReadColumn, before: ReadColumn, problems: Sequence[ReadProblem]) -> Warned:
    rows = [problem.row for problem in problems if problem.column == column.label and problem.row is not None]
    if not rows:
        return Warned(Said(code="column_now_text", facts={"type": before.type}), column.label)
    return Warned(Said(code="column_now_text_at", facts={"type": before.type, "line": rows[0]}), column.label)
