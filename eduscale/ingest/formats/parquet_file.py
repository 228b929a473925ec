"""Parquet files: typed columns straight from file to file, in constant memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy.typing as npt

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.core.sandbox_wire import is_of_a_file_too_large, is_out_of_memory, is_out_of_room
from eduscale.ingest.formats.parquet_columns import SentColumn, SentParquet
from eduscale.ingest.tables.columns import ArraySource, with_nulls
from eduscale.ingest.tables.findings import Findings
from eduscale.ingest.tables.names import normal_name
from eduscale.ingest.tables.parquet import CELLS_AT_ONCE, WIDE
from eduscale.ingest.tables.stretch import SAMPLE_TAIL, WHOLE_SAMPLE_ROWS
from eduscale.ingest.tables.table_reader import Draft, RowsLost
from eduscale.ingest.tables.types import Choice, Sample, habits
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadTable, Said, Value

SAMPLED_CELLS = 500_000


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the one table of a Parquet file, written."""
    workspace.use_all_threads()
    try:
        return [_read(SentParquet(workspace.connection, path), workspace, guesses)]
    except duckdb.Error as error:
        if is_out_of_memory(error) or is_out_of_room(error) or is_of_a_file_too_large(error):
            raise
        is_encrypted = "encrypted" in str(error)
        raise UnreadableFile("encrypted_parquet" if is_encrypted else "damaged_parquet") from error
    except RowsLost as error:
        raise UnreadableFile("damaged_parquet") from error


def _read(sent: SentParquet, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> ReadTable:
    columns = sent.columns()
    workspace.tables.check_width(len(columns))
    (rows,) = sent.row("count(*)")
    samples = _samples(sent, columns, rows)
    findings = workspace.tables.findings()
    nans = _note_no_numbers(sent, columns, findings)
    undecided = [sample for sample, column in zip(samples, columns, strict=True) if column.form is None]
    draft = Draft(
        name="",
        labels=[column.label for column in columns],
        source=_Source(sent, rows, tuple(column.sql for column in columns)),
        samples=samples,
        habits=habits(undecided, delimiter=","),
        lines=lambda row: row + 1,
        guesses=list(guesses),
        findings=findings,
        seen=rows,
        chosen={
            place: Choice(column.form, (), 0.99, Said(code="type_declared"))
            for place, column in enumerate(columns)
            if column.form is not None
        },
    )
    draft.guesses += _guesses(columns, draft.names(), nans)
    return workspace.tables.write(draft)


def _samples(sent: SentParquet, columns: Sequence[SentColumn], rows: int) -> list[Sample]:
    """Return what stands at both ends of the file, and of a column that is blank there one value."""
    at_head = min(WHOLE_SAMPLE_ROWS, max(1, SAMPLED_CELLS // len(columns)))
    is_whole = rows <= at_head
    samples = [Sample(Counter(), complete=is_whole, exact=True) for _ in columns]
    parts = [f"LIMIT {at_head}"]
    if not is_whole:
        parts.append(f"WHERE file_row_number >= {max(at_head, rows - SAMPLE_TAIL)}")
    for start in range(0, len(columns), WIDE):
        values = ", ".join(f"CAST({column.sql} AS VARCHAR)" for column in columns[start : start + WIDE])
        for part in parts:
            found = sent.connection.execute(f"SELECT {values} FROM {sent.rows} {part}").fetchall()
            for sample, cells in zip(samples[start:], zip(*found, strict=True), strict=False):
                sample.counts.update(cell or "" for cell in cells)
    for sample, column in zip(samples, columns, strict=True):
        if not is_whole and not any(sample.counts):
            (value,) = sent.row(f"any_value(CAST({column.sql} AS VARCHAR))")
            sample.counts[value or ""] += 1
    return samples


def _note_no_numbers(sent: SentParquet, columns: Sequence[SentColumn], findings: Findings) -> dict[int, int]:
    """Return by column how many of its doubles are NaN, and report those that are infinite."""
    nans: dict[int, int] = {}
    for place, column in enumerate(columns):
        if not column.doubles:
            continue
        x = column.doubles
        nan, infinite = sent.row(f"count(*) FILTER (isnan({x})), count(*) FILTER (isinf({x}))")
        if nan:
            nans[place] = nan
        if infinite:
            name = normal_name(column.label) or None
            query = f"SELECT file_row_number + 1, CAST({x} AS VARCHAR) FROM {sent.rows} WHERE isinf({x})"
            found = sent.connection.execute(query)
            while cells := found.fetchmany(CELLS_AT_ONCE):
                for row, cell in cells:
                    findings.problem("not_a_number", row, column.label)
                    findings.reject("blanked", row, "not_a_number", cell, name)
    return nans


def _guesses(columns: Sequence[SentColumn], names: Sequence[str], nans: Mapping[int, int]) -> Iterator[ReadGuess]:
    """Yield what was done with the values of columns beyond taking them."""
    for place, (column, name) in enumerate(zip(columns, names, strict=True)):
        if column.note:
            what, value = _NOTED[column.note]
            said = Said(code=column.note)
            yield ReadGuess(what=what, column=name, value=value, evidence=said, confidence=0.95)
        if place in nans:
            said = Said(code="null_words", facts={"words": "NaN", "cells": nans[place], "type": "decimal"})
            yield ReadGuess(what="null_words", column=name, value="NaN", evidence=said, confidence=0.95)


_NOTED: dict[str, tuple[str, Value]] = {
    "moments_at_utc": ("time_zone", "UTC"),
    "bytes_as_hex": ("bytes", "hex"),
    "digits_rounded": ("digits", 17),
}
"""By code, what was decided about a column's values, and how."""


@dataclass(frozen=True)
class _Source:
    """The columns as expressions over the sent file."""

    sent: SentParquet
    rows: int
    values: tuple[str, ...]
    doubtful: bool = False

    def sql(self, places: Iterable[int]) -> str:
        """Return a query for some of the columns, `c0`, `c1` ... of the table."""
        columns = ", ".join(f"{self.values[place]} AS c{place}" for place in places)
        return f"(SELECT {columns} FROM {self.sent.rows})"

    def blocks(self, stage: progress.Stage) -> Iterator[ArraySource]:
        """Yield the rows in order, some at a time, as arrays of text; `stage` is what is done with them."""
        at_once = max(1, CELLS_AT_ONCE // len(self.values))
        for first in range(0, max(1, self.rows), at_once):
            progress.report(stage, first / max(1, self.rows))
            arrays: list[npt.NDArray[Any]] = []
            for start in range(0, len(self.values), WIDE):
                some = self.values[start : start + WIDE]
                columns = ", ".join(f"CAST({sql} AS VARCHAR) AS c{place}" for place, sql in enumerate(some))
                where = f"file_row_number >= {first} AND file_row_number < {first + at_once}"
                query = f"SELECT {columns} FROM {self.sent.rows} WHERE {where}"
                found = self.sent.connection.execute(query).fetchnumpy()
                arrays += [with_nulls(values) for values in found.values()]
            yield ArraySource(arrays, [False] * len(arrays))
