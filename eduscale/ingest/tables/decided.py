"""The forms that cells may have where a person has said what their column holds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from eduscale.ingest.tables import forms
from eduscale.ingest.tables.forms import Form

AS_TEXT = "text"
NO_UNIT = "none"
_ORDERS = ("dm", "md", "ymd", "iso", "named_month")
TYPES = (
    *("text", "integer", "decimal", "boolean", "date", "datetime", "time", "duration"),
    *(f"{type_}_{order}" for type_ in ("date", "datetime") for order in _ORDERS),
)
"""What a column may be said to hold, dates also by how they are written."""
UNITS = (NO_UNIT, AS_TEXT, "%", *forms.CURRENCIES)

LOCAL, UTC = "local", "UTC"
ZONES = (LOCAL, UTC)
"""Whether moments keep the clock that they are written by."""

_WORDS = (*forms.BOOLEANS, *forms.BOOLEAN_LETTERS, ("1", "0"), ("t", "f"))
_LEADING_ZEROS = Form("integer", "integer", "BIGINT", "[-+]?[0-9]{1,18}", "TRY_CAST({x} AS BIGINT)")


class Decided(NamedTuple):
    """What a person said of a column, as far as anything; its words for no value are in lower case."""

    type: str | None = None
    null_words: tuple[str, ...] | None = None
    unit: str | None = None
    mark: str | None = None
    order: str | None = None
    zone: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether the cells shall stay as they are."""
        return AS_TEXT in (self.type, self.unit)

    @property
    def has_form(self) -> bool:
        """Whether the type or the unit was decided."""
        return self.type is not None or self.unit is not None


UNDECIDED = Decided()


def candidates(
    decided: Decided, *, mark: str, order: str, exact: Sequence[Form], cells: Sequence[str]
) -> list[Form]:
    """Return the forms of a decided type or unit, first those that go with the table's decimal mark and order.

    `exact` are forms for long numbers, `cells` a few of the column.
    """
    if decided.unit is not None:
        return list(_amounts(decided.unit, mark))
    type_, _, named_order = (decided.type or "").partition("_")
    other = "." if mark == "," else ","
    if type_ in ("integer", "decimal"):
        numbers = (*forms.numbers(mark), *forms.numbers(other), *forms.signed(mark))
        found = [*numbers, *forms.prices(mark), *exact, _LEADING_ZEROS]
        return [form for form in found if form.type == type_]
    if type_ == "boolean":
        return [*(forms.boolean(true, false) for true, false in _WORDS), *map(forms.marked, sorted(forms.MARKS))]
    dates = forms.dates(named_order if named_order in ("dm", "md") else order)
    if named_order:
        dates = tuple(form for form in dates if form.name == f"date_{named_order}")
    if type_ == "date":
        return [*dates, *(() if named_order else (forms.mixed_dates(order), forms.DAY_NUMBERS))]
    if type_ == "datetime":
        moment = _moment(dates, cells)
        iso = () if named_order else (forms.ISO_MOMENT,)
        return [*iso, *([moment] if moment else []), *map(_at_midnight, dates)]
    return [*forms.TIMES, forms.DOTTED_TIME] if type_ == "time" else list(forms.DURATIONS)


def _amounts(unit: str, mark: str) -> Iterator[Form]:
    """Yield the forms of amounts of a unit, written with it or as bare numbers."""
    marks = (mark, "." if mark == "," else ",")
    bare = [form for m in marks for form in forms.numbers(m) if not form.unit]
    if unit == "%":
        for m in marks:
            yield forms.decimal(m, forms.SPACES, "%")
            yield forms.decimal(m, forms.SPACES, "%", always=False)
    elif unit == NO_UNIT:
        yield from bare
        yield from (replace(form, unit="") for form in forms.prices(mark))
        yield from (forms.decimal(m, forms.SPACES, "%", scaled=False) for m in marks)
    else:
        yield from (form for form in forms.prices(mark) if form.unit == unit)
        yield from (replace(form, unit=unit) for form in bare)


def _moment(dates: Sequence[Form], cells: Sequence[str]) -> Form | None:
    """Return the form of dates with a time of day that most of a few cells have."""
    return max(
        (forms.moment(date, time) for date in dates for time in forms.TIMES),
        key=lambda form: sum(map(form.fits, cells)),
        default=None,
    )


def _at_midnight(date: Form) -> Form:
    name = date.name.replace("date", "datetime")
    return Form(name, "datetime", "TIMESTAMP", date.pattern, f"CAST({date.sql} AS TIMESTAMP)", check=date.check)
