"""How a workbook shows a number, and what that makes of it: a date, a time of day, a duration."""

import re
from datetime import datetime, time, timedelta
from typing import Literal

from eduscale.ingest.tables.grid import Cell

Shows = Literal["number", "moment", "duration"]

_BUILT_IN_MOMENTS = frozenset({*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)})
_BUILT_IN_DURATION = 46
_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[\$[^]]*\]|\[(?![hms]+\])[^]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_MOMENT = re.compile(r"[dmyhs]", re.IGNORECASE)
_FRACTION = re.compile(r"(s+|\])[.,]0+", re.IGNORECASE)
_DAY = timedelta(days=1)
_EPOCH = datetime(1899, 12, 30)
_EPOCH_1904 = datetime(1904, 1, 1)
_LEAP_DAY_THAT_NEVER_WAS = 60
_LAST_DAY = 2_958_466


def shows(number_format: str) -> Shows:
    """Return what numbers of a format are shown as; only its first section counts."""
    bare = _LITERALS.sub("", number_format.split(";", 1)[0])
    if _ELAPSED.search(bare):
        return "duration"
    bare = _FRACTION.sub(r"\1", bare)
    return "moment" if _MOMENT.search(bare) and not re.search(r"[0#?@]|general", bare, re.IGNORECASE) else "number"


def built_in_shows(number: int) -> Shows:
    """Return what numbers are shown as by a format that every workbook knows by its number."""
    if number == _BUILT_IN_DURATION:
        return "duration"
    return "moment" if number in _BUILT_IN_MOMENTS else "number"


def as_shown(value: float, kind: Shows, *, from_1904: bool = False) -> Cell:
    """Return a number as the date, time of day or duration that it is shown as; one beyond all dates as it is."""
    if kind == "number" or not -_LAST_DAY < value < _LAST_DAY:
        return value
    seconds = round(value * 86_400_000) / 1000
    if kind == "duration":
        return timedelta(seconds=seconds)
    if not from_1904 and value < 0:
        return value
    moment = (_EPOCH_1904 if from_1904 else _EPOCH) + timedelta(seconds=seconds)
    if not from_1904 and value < _LEAP_DAY_THAT_NEVER_WAS:
        moment += _DAY
    if 0 <= value < 1:
        return moment.time()
    return moment.date() if moment.time() == time.min else moment
