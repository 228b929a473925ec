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

from eduscale.ingest.tables import forms
from eduscale.ingest.tables.cells import as_text
from eduscale.ingest.tables.forms import Form
from eduscale.ingest.tables.grid import Cell, ErrorCell
from eduscale.ingest.tables.stretch import SAMPLE_HEAD, SAMPLE_TAIL, WHOLE_SAMPLE_ROWS, Stretch, StretchColumn
from eduscale.ingest.tables.types import Choice, Sample
from eduscale.models.reading import Said

MAX_BIGINT = 1e18
DAY_ZERO = datetime(1899, 12, 31)
NO_DURATION = timedelta(days=10_000)
"""What would be longer was a date after all."""
_ONE_BREAK = "replace(replace({x}, chr(13) || chr(10), chr(10)), chr(13), chr(10))"
_TEXT = f"nullif(CASE WHEN contains({{x}}, chr(13)) THEN {_ONE_BREAK} ELSE {{x}} END, '')"


def cleaned_text(column: str) -> str:
    """Return SQL for a text column with one kind of line break and no empty texts."""
    return _TEXT.replace("{x}", column)


def with_nulls(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return texts that DuckDB gave, in which nulls are masked, as an array in which they are None."""
    texts = np.array(np.ma.getdata(values), dtype=object)
    texts[np.ma.getmaskarray(values)] = None
    return texts


class Column(NamedTuple):
    """A column's cells as an array, a sample of them as text, and the choice that the cells' own types make."""

    values: npt.NDArray[Any]
    sample: Sample
    choice: Choice | None
    kinds: set[type]
    """The types of the cells."""
    unclean: bool = False
    """Line breaks and empty texts are as sent."""


class Inset(NamedTuple):
    """Where a stretch belongs in columns of arrays: after so many rows, and which of its columns they are."""

    stretch: Stretch
    row: int
    places: Sequence[int]


@dataclass(frozen=True)
class ArraySource:
    """Arrays that DuckDB reads where they are, as the columns `c0`, `c1` ...; a stretch may lie between them."""

    columns: Sequence[npt.NDArray[Any]]
    unclean: Sequence[bool]
    inset: Inset | None = None
    doubtful: bool = False

    _ABOVE, _BELOW = "sent_cells", "sent_cells_below"

    def views(self, places: Iterable[int]) -> dict[str, dict[str, npt.NDArray[Any]]]:
        """Return what to register, by name, for some of the columns."""
        arrays = {f"c{place}": self.columns[place] for place in places}
        if self.inset is None:
            return {self._ABOVE: arrays}
        row = self.inset.row
        return {
            self._ABOVE: {name: values[:row] for name, values in arrays.items()},
            self._BELOW: {name: values[row:] for name, values in arrays.items()},
        }

    def sql(self, places: Iterable[int]) -> str:
        """Return a query for some of the columns; text has one kind of line break, and none is null."""
        places = list(places)
        columns = []
        for place in places:
            cleaned = cleaned_text(f"c{place}") if self.unclean[place] else f"c{place}"
            columns.append(f"{cleaned} AS c{place}")
        return f"(SELECT {', '.join(columns)} FROM {self._sent(places)})"

    def _sent(self, places: Sequence[int]) -> str:
        if self.inset is None:
            return self._ABOVE
        stretch = self.inset.stretch
        values = ", ".join(f"{stretch.value(self.inset.places[place])} AS c{place}" for place in places)
        return f"(FROM {self._ABOVE} UNION ALL SELECT {values} FROM {stretch.table} UNION ALL FROM {self._BELOW})"


def column_of(cells: Sequence[Cell], beside: StretchColumn | None = None) -> Column:
    """Return a column of cells as DuckDB shall read it; `beside` are more of them, in a stretch."""
    kinds = set(map(type, cells))
    if beside is not None:
        kinds.add(beside.kind)
    filled = kinds - {NoneType, ErrorCell}
    if filled == {float}:
        return _typed(_numbers(cells, kinds), cells, kinds, None, beside)
    if filled == {date}:
        days = [cell.toordinal() if isinstance(cell, date) else None for cell in cells]
        return _typed(np.array(days, dtype=float), cells, kinds, forms.DATE_CELLS, beside)
    if len(filled) > 1 and filled & {time, timedelta} and filled <= {time, timedelta, datetime, date}:
        return _text(_durations(cells), kinds, beside)
    return _text(cells, kinds, beside)


def text_column(cells: Sequence[Cell]) -> Column:
    """Return a column of cells as text, whatever they are, for a form that a person decides."""
    return _text(cells, set(map(type, cells)), None)


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


def _typed(
    values: npt.NDArray[Any],
    cells: Sequence[Cell],
    kinds: set[type],
    form: Form | None,
    beside: StretchColumn | None,
) -> Column:
    missing = np.isnan(values)
    if form is None:
        whole = bool(np.all(missing | ((values == np.floor(values)) & (np.abs(values) < MAX_BIGINT))))
        if beside is not None:
            whole = whole and beside.whole
        form = forms.WHOLE_CELLS if whole else forms.DECIMAL_CELLS
    count = int(len(values) - missing.sum()) + (beside.filled if beside is not None else 0)
    evidence = Said(code="type_cells", facts={"type": form.type, "cells": count})
    whole_sample = beside is None and len(cells) <= WHOLE_SAMPLE_ROWS
    texts = [as_text(cell) for cell in (cells if whole_sample else cells[:SAMPLE_HEAD])]
    first = int(np.argmin(missing))
    texts.append(as_text(beside.example if beside is not None and missing[first] else cells[first]))
    return Column(values, Sample(Counter(texts), complete=False), Choice(form, (), 0.99, evidence), kinds)


def _text(cells: Sequence[Cell], kinds: set[type], beside: StretchColumn | None) -> Column:
    values = np.empty(len(cells), dtype=object)
    if beside is None and len(cells) <= WHOLE_SAMPLE_ROWS:
        clean = [as_text(cell) for cell in cells]
        values[:] = [text or None for text in clean]
        return Column(values, Sample(Counter(clean), complete=True), None, kinds)
    texts = cells if kinds <= {str, NoneType} else [as_text(cell) for cell in cells]
    values[:] = texts
    looked_at = chain(texts[:SAMPLE_HEAD], texts[-SAMPLE_TAIL:])
    sample = Sample(Counter(as_text(text) for text in looked_at), complete=False)
    return Column(values, sample, None, kinds, unclean=True)
