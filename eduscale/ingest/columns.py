"""Columns of cells on their way to DuckDB: typed numbers and dates as they are, others as text to be decided."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from eduscale.ingest import forms
from eduscale.ingest.cells import as_text
from eduscale.ingest.forms import Form
from eduscale.ingest.grid import Cell, ErrorCell
from eduscale.ingest.types import Choice, Sample
from eduscale.models.reading import Said

WHOLE_SAMPLE_ROWS = 2_000
"""A column of up to so many cells is looked at whole ..."""
SAMPLE_HEAD, SAMPLE_TAIL = 300, 100
"""... of a longer one these; DuckDB meets the others and what does not fit decides anew."""
MAX_BIGINT = 1e18
DAY_ZERO = datetime(1899, 12, 31)
NO_DURATION = timedelta(days=10_000)
"""What would be longer was a date after all."""
_ONE_BREAK = "replace(replace({x}, chr(13) || chr(10), chr(10)), chr(13), chr(10))"
_TEXT = f"nullif(CASE WHEN contains({{x}}, chr(13)) THEN {_ONE_BREAK} ELSE {{x}} END, '')"


class Column(NamedTuple):
    """A column's cells as an array, a sample of them as text, and the choice that the cells' own types make."""

    values: npt.NDArray[Any]
    sample: Sample
    choice: Choice | None
    kinds: set[type]
    """The types of the cells."""
    unclean: bool = False
    """Line breaks and empty texts are as sent."""


@dataclass(frozen=True)
class ArraySource:
    """Arrays that DuckDB reads where they are, as the columns `c0`, `c1` ... of a view."""

    columns: Sequence[npt.NDArray[Any]]
    unclean: Sequence[bool]
    doubtful: bool = False

    VIEW = "sent_cells"

    def arrays(self, places: Iterable[int]) -> dict[str, npt.NDArray[Any]]:
        """Return what to register under the name `VIEW` for some of the columns."""
        return {f"c{place}": self.columns[place] for place in places}

    def sql(self, places: Iterable[int]) -> str:
        """Return a query for some of the columns; text has one kind of line break, and none is null."""
        columns = []
        for place in places:
            cleaned = _TEXT.replace("{x}", f"c{place}") if self.unclean[place] else f"c{place}"
            columns.append(f"{cleaned} AS c{place}")
        return f"(SELECT {', '.join(columns)} FROM {self.VIEW})"


def column_of(cells: Sequence[Cell]) -> Column:
    """Return a column of cells as DuckDB shall read it."""
    kinds = set(map(type, cells))
    filled = kinds - {NoneType, ErrorCell}
    if filled == {float}:
        return _typed(_numbers(cells, kinds), cells, kinds, None)
    if filled == {date}:
        days = [cell.toordinal() if isinstance(cell, date) else None for cell in cells]
        return _typed(np.array(days, dtype=float), cells, kinds, forms.DATE_CELLS)
    if len(filled) > 1 and filled & {time, timedelta} and filled <= {time, timedelta, datetime, date}:
        return _text(_durations(cells), kinds)
    return _text(cells, kinds)


def _durations(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Return hours as durations where some exceed a day, which a sheet may keep as a date of January 1900.

    A column that was typed by hand has both: `7:30` is kept as a time of day, `36:00` as a duration.
    """
    durations = [_duration(cell) for cell in cells]
    return cells if any(isinstance(cell, timedelta) and cell > NO_DURATION for cell in durations) else durations


def _duration(cell: Cell) -> Cell:
    match cell:
        case datetime():
            return cell - DAY_ZERO
        case date():
            return datetime.combine(cell, time()) - DAY_ZERO
        case time():
            return datetime.combine(DAY_ZERO, cell) - DAY_ZERO
    return cell


def _numbers(cells: Sequence[Cell], kinds: set[type]) -> npt.NDArray[Any]:
    if ErrorCell in kinds:
        cells = [None if isinstance(cell, ErrorCell) else cell for cell in cells]
    return np.array(cells, dtype=float)


def _typed(values: npt.NDArray[Any], cells: Sequence[Cell], kinds: set[type], form: Form | None) -> Column:
    missing = np.isnan(values)
    if form is None:
        whole = bool(np.all(missing | ((values == np.floor(values)) & (np.abs(values) < MAX_BIGINT))))
        form = forms.WHOLE_CELLS if whole else forms.DECIMAL_CELLS
    count = int(len(values) - missing.sum())
    evidence = Said(code="type_cells", facts={"type": form.type, "cells": count})
    texts = [as_text(cell) for cell in cells[:WHOLE_SAMPLE_ROWS]]
    texts.append(as_text(cells[int(np.argmin(missing))]))
    return Column(values, Sample(Counter(texts), complete=False), Choice(form, (), 0.99, evidence), kinds)


def _text(cells: Sequence[Cell], kinds: set[type]) -> Column:
    values = np.empty(len(cells), dtype=object)
    if len(cells) <= WHOLE_SAMPLE_ROWS:
        clean = [as_text(cell) for cell in cells]
        values[:] = [text or None for text in clean]
        return Column(values, Sample(Counter(clean), complete=True), None, kinds)
    texts = cells if kinds <= {str, NoneType} else [as_text(cell) for cell in cells]
    values[:] = texts
    looked_at = chain(texts[:SAMPLE_HEAD], texts[-SAMPLE_TAIL:])
    sample = Sample(Counter(as_text(text) for text in looked_at), complete=False)
    return Column(values, sample, None, kinds, unclean=True)
