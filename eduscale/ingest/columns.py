"""Columns of cells on their way to DuckDB: typed numbers and dates as they are, others as text to be decided."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
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


class Column(NamedTuple):
    """A column's cells as an array, a sample of them as text, and the choice that the cells' own types make."""

    values: npt.NDArray[Any]
    sample: Sample
    choice: Choice | None
    binary: bool
    """Some cells were binary numbers before they were text."""


@dataclass(frozen=True)
class ArraySource:
    """Arrays that DuckDB reads where they are, as the columns `c0`, `c1` ... of a view."""

    columns: Sequence[npt.NDArray[Any]]
    doubtful: bool = False

    VIEW = "sent_cells"

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what to register under the name `VIEW`."""
        return {f"c{place}": column for place, column in enumerate(self.columns)}

    def sql(self) -> str:
        """Return the name of the view."""
        return self.VIEW


def column_of(cells: Sequence[Cell]) -> Column:
    """Return a column of cells as DuckDB shall read it."""
    kinds = set(map(type, cells))
    filled = kinds - {NoneType, ErrorCell}
    if filled == {float}:
        return _typed(_numbers(cells, kinds), cells, None)
    if filled == {date}:
        days = [cell.toordinal() if isinstance(cell, date) else None for cell in cells]
        return _typed(np.array(days, dtype=float), cells, forms.DATE_CELLS)
    texts = _texts(cells, filled)
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    return Column(values, _sample(texts), None, binary=float in filled)


def _numbers(cells: Sequence[Cell], kinds: set[type]) -> npt.NDArray[Any]:
    if ErrorCell in kinds:
        cells = [None if isinstance(cell, ErrorCell) else cell for cell in cells]
    return np.array(cells, dtype=float)


def _typed(values: npt.NDArray[Any], cells: Sequence[Cell], form: Form | None) -> Column:
    missing = np.isnan(values)
    if form is None:
        whole = bool(np.all(missing | ((values == np.floor(values)) & (np.abs(values) < MAX_BIGINT))))
        form = forms.WHOLE_CELLS if whole else forms.DECIMAL_CELLS
    count = int(len(values) - missing.sum())
    evidence = Said(code="type_cells", facts={"type": form.type, "cells": count})
    texts = [as_text(cell) for cell in cells[:WHOLE_SAMPLE_ROWS]]
    texts.append(as_text(cells[int(np.argmin(missing))]))
    return Column(values, Sample(Counter(texts), complete=False), Choice(form, (), 0.99, evidence), binary=False)


def _texts(cells: Sequence[Cell], filled: set[type]) -> list[str | None]:
    """Return cells as text, null for those without a value."""
    if filled == {str} and not any("\r" in cell for cell in cells if cell.__class__ is str):
        return [cell or None if cell.__class__ is str else None for cell in cells]
    return [as_text(cell) or None for cell in cells]


def _sample(texts: Sequence[str | None]) -> Sample:
    complete = len(texts) <= WHOLE_SAMPLE_ROWS
    looked_at = texts if complete else chain(texts[:SAMPLE_HEAD], texts[-SAMPLE_TAIL:])
    return Sample(Counter(text or "" for text in looked_at), complete=complete)
