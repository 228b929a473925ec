"""Files of SPSS, Stata and SAS: variables under their labels, values under theirs, missing codes left empty."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from eduscale.ingest.formats.statistics_file import Cells, StatisticsFile
from eduscale.ingest.formats.statistics_times import as_moments
from eduscale.ingest.formats.value_labels import shown
from eduscale.ingest.tables.names import column_names
from eduscale.ingest.tables.overrides import TableOverrides
from eduscale.ingest.tables.records import RecordColumn, Records
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import Decision, Override, ReadGuess, ReadProblem, ReadTable, Said

_ABOUT_CODES: tuple[Decision, ...] = ("value_labels", "missing_codes", "missing_labels")
MEMORY_SHARE = 0.2
"""The part of the child's memory that may hold values."""


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the one table of a file of SPSS, Stata or SAS, written."""
    file = StatisticsFile(path, workspace.overrides)
    found, problems = list(guesses), list[ReadProblem]()
    if file.encoding is not None:
        found.append(file.encoding.guess())
    columns = []
    cells = file.cells(int(workspace.memory_bytes * MEMORY_SHARE))
    names = column_names(file.names)
    overrides = workspace.tables.decided()
    for place, name in enumerate(names):
        decided = _decided(overrides, name) if name in overrides.columns else {}
        column, told, wrong = _column(file, place, cells[place], name, decided)
        columns.append(column)
        found += told
        for what in decided.keys() - {guess.what for guess in told}:
            overrides.refuse(decided[what], Said(code="override_no_use", facts={"what": what}))
        problems += wrong
    if not columns:
        return []
    numbers = range(1, len(columns[0].values) + 1)
    records = Records("", columns, numbers, guesses=tuple(found), problems=tuple(problems))
    workspace.use_all_threads()
    return [workspace.tables.read_records(records)]


def _decided(overrides: TableOverrides, name: str) -> dict[str, Override]:
    """Return what people decided about the codes of a variable."""
    return {what: found for what in _ABOUT_CODES if (found := overrides.find(what, name)) is not None}


def _column(
    file: StatisticsFile, place: int, cells: Cells, name: str, decided: Mapping[str, Override]
) -> tuple[RecordColumn, list[ReadGuess], list[ReadProblem]]:
    """Return a variable as a column, and what was decided and is wrong about it."""
    label = file.label(place)
    column = shown(
        cells,
        file.value_labels(place),
        file.missing_ranges(place),
        measure=file.measure(place),
        label=label,
        name=name,
        decided=decided,
    )
    values: Sequence[object] | npt.NDArray[Any] = column.values
    problems = list(column.problems)
    if column.values.dtype == float:
        moments = as_moments(file.kind, file.shown_as(place), column.values)
        if moments is not None:
            values, impossible = moments
            if impossible:
                said = Said(code="dates_out_of_range", facts={"cells": impossible})
                problems.append(ReadProblem(column=label, said=said))
    elif any("\ufffd" in text for text in set(column.values.tolist()) if text):
        problems.append(ReadProblem(column=label, said=Said(code="letters_lost")))
    return RecordColumn(label, values, short_name=file.names[place]), column.guesses, problems
