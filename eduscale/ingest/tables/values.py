"""Values that have a type, on their way to DuckDB: texts that convert without loss, and what they have shown."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from types import NoneType
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from eduscale.ingest.tables import forms
from eduscale.ingest.tables.cells import as_text
from eduscale.ingest.tables.columns import Column, column_of
from eduscale.ingest.tables.forms import Form
from eduscale.ingest.tables.grid import Cell
from eduscale.ingest.tables.stretch import SAMPLE_HEAD, SAMPLE_TAIL, WHOLE_SAMPLE_ROWS
from eduscale.ingest.tables.types import Choice, Sample
from eduscale.models.reading import Said

MAX_DIGITS = 38
"""Exact numbers of more digits no warehouse has."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=float)
_BIGINT = range(-(2**63), 2**63)
_EXACT = range(-(2**53), 2**53 + 1)

Texts = npt.NDArray[Any]


def to_json(value: object) -> str:
    """Return a value as JSON: a number of many digits as a double, one that JSON has not as null."""
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(_finite(value))


def _finite(value: object) -> object:
    match value:
        case list() | tuple():
            return [_finite(item) for item in value]
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case float() if not isfinite(value):
            return None
    return value


def column_of_values(values: Sequence[object] | npt.NDArray[Any], form: Form | None = None) -> Column:
    """Return a whole column; doubles that are all whole are integers, for many programs keep no others."""
    if isinstance(values, np.ndarray):
        values = cast(
            list[object], (values.astype("datetime64[us]") if values.dtype.kind == "M" else values).tolist()
        )
    kinds = {type(value) for value in values} - {NoneType}
    if form is None and kinds == {str}:
        return column_of(values)  # type: ignore[arg-type]  # texts and None
    if form is None and kinds == {float}:
        numbers = [None if value != value else value for value in values]  # noqa: PLR0124  # NaN
        if any(number is not None for number in numbers):
            column = column_of(numbers)  # type: ignore[arg-type]  # numbers and None
            choice = cast(Choice, column.choice)
            evidence = Said(code="type_values", facts=choice.evidence.facts)
            return column._replace(choice=choice._replace(evidence=evidence))
    gathered = ValueColumn(form)
    texts = gathered.add(values)
    return Column(texts, gathered.sample(), gathered.choice(), gathered.kinds, unclean=str in gathered.kinds)


def numbers_as_cells(values: Sequence[object] | npt.NDArray[Any]) -> list[Cell]:
    """Return numbers as cells, NaN being none."""
    numbers: list[float | None] = values.tolist() if isinstance(values, np.ndarray) else list(values)  # type: ignore[arg-type]
    return [None if number is None or np.isnan(number) else number for number in numbers]


class ValueColumn:
    """What the values of a column have shown so far; they come in blocks and leave as texts."""

    def __init__(self, form: Form | None = None) -> None:
        self.kinds: set[type] = set()
        """The types met, of values other than null."""
        self.nans = 0
        self._form = form
        self._filled = self._rows = 0
        self._head: list[str] = []
        self._tail: list[str] = []
        self._example = ""
        self._whole_digits = self._scale = 0
        self._within_double = self._within_bigint = self._scale_known = True

    def skip(self, rows: int) -> None:
        """Count rows in which the column has no value."""
        self._keep_ends([None] * min(rows, WHOLE_SAMPLE_ROWS))
        self._rows += rows

    def add(self, values: Sequence[object]) -> Texts:
        """Return a block of values as texts; null and NaN are None, line breaks and empty texts as they were."""
        kinds = set(map(type, values)) - {NoneType}
        array = np.empty(len(values), dtype=object)
        if not kinds:
            self.skip(len(values))
            return array
        self.kinds |= kinds
        texts = _texts(values, kinds)
        self._look(values, kinds)
        nulls = texts.count(None)
        if float in kinds:
            self.nans += nulls - list(values).count(None)
        if not self._example and nulls < len(texts):
            self._example = next(filter(None, texts), "")
        self._filled += len(texts) - nulls
        self._keep_ends(texts)
        self._rows += len(texts)
        array[:] = texts
        return array

    def _keep_ends(self, texts: Sequence[str | None]) -> None:
        """Keep the first and the last of all rows, of which these are the next."""
        missing = WHOLE_SAMPLE_ROWS - len(self._head)
        self._head += map(as_text, texts[: max(0, missing)])
        self._tail = [*self._tail, *map(as_text, texts[-SAMPLE_TAIL:])][-SAMPLE_TAIL:]

    def sample(self) -> Sample:
        """Return the texts of all rows, or of some from both ends of many."""
        if self._rows <= WHOLE_SAMPLE_ROWS:
            return Sample(Counter(self._head), complete=True, exact=True)
        texts = Counter([*self._head[:SAMPLE_HEAD], *self._tail, self._example])
        return Sample(texts, complete=False, exact=True)

    def choice(self) -> Choice | None:
        """Return the form that the values' own type makes; None where the texts decide."""
        form = self._form or (self._form_of_kinds() if self._filled else None)
        if form is None:
            return None
        evidence = Said(code="type_values", facts={"type": form.type, "cells": self._filled})
        return Choice(form, (), 0.99, evidence)

    def _form_of_kinds(self) -> Form | None:
        kinds = self.kinds
        if kinds <= {list, dict, tuple}:
            return forms.JSON_VALUES
        if kinds <= {int, float, Decimal}:
            return self._form_of_numbers()
        if kinds == {date, datetime}:
            return forms.DATETIME_VALUES
        return _FORMS.get(next(iter(kinds))) if len(kinds) == 1 else None

    def _form_of_numbers(self) -> Form | None:
        if self.kinds == {int} and self._within_bigint:
            return forms.INTEGER_VALUES
        if self.kinds <= {int, float} and float in self.kinds and self._within_double:
            return forms.DECIMAL_VALUES
        if self._scale_known and self._whole_digits + self._scale <= MAX_DIGITS:
            return forms.exact_values(self._scale)
        return None

    def _look(self, values: Sequence[object], kinds: set[type]) -> None:
        """Note what decides how numbers are kept."""
        if int in kinds:
            numbers = [value for value in values if value.__class__ is int]
            for number in (min(numbers), max(numbers)):
                self._whole_digits = max(self._whole_digits, len(str(abs(number))))
                self._within_double = self._within_double and number in _EXACT
                self._within_bigint = self._within_bigint and number in _BIGINT
        decimals = [value for value in values if type(value) is Decimal] if Decimal in kinds else []
        if float in kinds:
            floats = [value for value in values if type(value) is float]
            if self._within_double and Decimal not in self.kinds:
                # How many decimals they have is no question yet; should it become one, the texts decide.
                self._scale_known = False
            else:
                decimals += [Decimal(repr(value)) for value in floats]
        for decimal in decimals:
            _, digits, exponent = decimal.as_tuple()
            if isinstance(exponent, int):
                self._scale = max(self._scale, -exponent)
                self._whole_digits = max(self._whole_digits, len(digits) + exponent)
            elif not decimal.is_nan():
                self._whole_digits = MAX_DIGITS + 1


_FORMS = {
    bool: forms.BOOLEAN_VALUES,
    date: forms.DATE_VALUES,
    datetime: forms.DATETIME_VALUES,
    time: forms.TIME_VALUES,
    timedelta: forms.DURATION_VALUES,
}


def _texts(values: Sequence[object], kinds: set[type]) -> list[str | None]:
    """Return values as texts, in the quickest way that their types allow."""
    if kinds == {str}:
        return cast(list[str | None], list(values))
    if kinds == {int}:
        return [None if value is None else str(value) for value in values]
    if kinds == {bool}:
        return [None if value is None else "true" if value else "false" for value in values]
    if kinds <= {int, float}:
        return [None if value is None or value != value else repr(value) for value in values]  # noqa: PLR0124  # NaN
    return [_text(value) for value in values]


def _text(value: object) -> str | None:
    match value:
        case str():
            return value
        case float() if value != value:  # noqa: PLR0124  # only NaN differs from itself
            return None
        case Decimal():
            return format(value, "f") if value.is_finite() else None
        case list() | dict() | tuple():
            return to_json(value)
        case bytes():
            return value.hex()
    return as_text(value) or None  # type: ignore[arg-type]  # the kinds of cells
