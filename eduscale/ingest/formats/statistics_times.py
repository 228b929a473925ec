"""Numbers of statistics programs that are dates and times, by the format in which the program shows them."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from eduscale.ingest.formats.statistics_kinds import StatisticsKind

Convert = Callable[[float], object]
"""Makes a moment of a number; raises OverflowError or ValueError where no calendar has it."""

SPSS_ORIGIN = datetime(1582, 10, 14)
ORIGIN = datetime(1960, 1, 1)
"""Of Stata and of SAS."""

_SPSS_DATES = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "MOYR", "QYR", "WKYR")
_SPSS_MOMENTS = ("DATETIME", "YMDHMS")
_SPSS_TIMES = ("TIME", "DTIME", "MTIME")
_SAS_DATES = re.compile(
    "DATE|WEEKDAT[EX]|WORDDAT[EX]|NLDATE|EURDFDD|JULIAN|MONYY|YYMM[CDNPS]?|MMYY[CDNPS]?|YYQ[CDNPS]?"
    "|(?:MMDDYY|DDMMYY|YYMMDD)[BCDNPS]?|(?:IS|E|B)8601DA"
)
_SAS_MOMENTS = re.compile("DATETIME|DATEAMPM|MDYAMPM|NLDATM|EURDFDT|(?:IS|E|B)8601D[TZNX]|DTDATE|DTMONYY")
_SAS_TIMES = re.compile("TIME|TIMEAMPM|NLTIME|HHMM|TOD|MMSS|(?:IS|E|B)8601T[MZ]")
_STATA_CLOCK = re.compile("tc(?:HH|Hh|hh|h|H|MM|mm|SS|ss|[:._ ]|AM|am|A[.]M[.]|a[.]m[.])+", re.IGNORECASE)
_STATA_PERIODS = {"w": 52, "m": 12, "q": 4, "h": 2}
"""By the letter of its format, how many periods a year has."""


def as_moments(
    kind: StatisticsKind, shown_as: str, values: npt.NDArray[np.float64]
) -> tuple[list[object], int] | None:
    """Return what numbers are by their format, and how many no calendar has; None where they are but numbers."""
    convert = _conversion(kind, shown_as, values)
    if convert is None:
        return None
    distinct, places, counts = np.unique(values, return_inverse=True, return_counts=True, equal_nan=True)
    converted: list[object] = []
    impossible = 0
    for value, count in zip(distinct.tolist(), counts.tolist(), strict=True):
        try:
            converted.append(None if value != value else convert(value))  # noqa: PLR0124  # NaN
        except (OverflowError, ValueError):
            converted.append(None)
            impossible += count
    return [converted[place] for place in places.tolist()], impossible


def _conversion(kind: StatisticsKind, shown_as: str, values: npt.NDArray[Any]) -> Convert | None:
    if kind in ("sav", "por"):
        return _spss(shown_as, values)
    return _stata(shown_as) if kind == "dta" else _sas(shown_as, values)


def _spss(shown_as: str, values: npt.NDArray[Any]) -> Convert | None:
    name = shown_as.rstrip("0123456789.")
    if name in _SPSS_DATES:
        return lambda seconds: _day(SPSS_ORIGIN, seconds / 86_400)
    if name in _SPSS_MOMENTS:
        return lambda seconds: SPSS_ORIGIN + timedelta(seconds=seconds)
    return _seconds(values) if name in _SPSS_TIMES else None


def _sas(shown_as: str, values: npt.NDArray[Any]) -> Convert | None:
    name = shown_as.upper().rstrip("0123456789.")
    # The names of some formats end with a digit that is no width.
    for full in (name, shown_as.upper()):
        if _SAS_DATES.fullmatch(full):
            return lambda days: _day(ORIGIN, days)
        if _SAS_MOMENTS.fullmatch(full):
            return lambda seconds: ORIGIN + timedelta(seconds=seconds)
        if _SAS_TIMES.fullmatch(full):
            return _seconds(values)
    return None


def _stata(shown_as: str) -> Convert | None:
    name = shown_as.lstrip("%-")
    if _STATA_CLOCK.fullmatch(name):
        return lambda milliseconds: (ORIGIN + timedelta(milliseconds=milliseconds)).time()
    if name.startswith(("tc", "tC")):
        return lambda milliseconds: ORIGIN + timedelta(milliseconds=milliseconds)
    if name.startswith(("td", "d")):
        return lambda days: _day(ORIGIN, days)
    if name[:1] == "t" and (letter := name[1:2]) in _STATA_PERIODS:
        return lambda number: _period(number, letter)
    return None


def _day(origin: datetime, days: float) -> date:
    return (origin + timedelta(days=days)).date()


def _period(number: float, letter: str) -> str:
    """Return a month, a quarter or the like as Stata shows it: `2024m9`."""
    year, place = divmod(int(number), _STATA_PERIODS[letter])
    return f"{ORIGIN.year + year}{letter}{place + 1}"


def _seconds(values: npt.NDArray[Any]) -> Convert:
    """Return the conversion of times of day; if one of them is no time of day, all are durations."""
    known = values[~np.isnan(values)]
    if known.size and (known.min() < 0 or known.max() >= 86_400):
        return lambda seconds: timedelta(seconds=seconds)
    return _time_of_day


def _time_of_day(seconds: float) -> time:
    return (ORIGIN + timedelta(seconds=seconds)).time()
