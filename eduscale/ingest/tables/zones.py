"""Time zones in a column of moments: kept in mind, and clocks of several zones brought to one."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from eduscale.ingest.tables import forms
from eduscale.models.reading import Alternative, ReadGuess, Said

SUMMER_MONTHS = range(4, 10)
"""When clocks are an hour ahead in Europe and North America; in March and October they change."""
WINTER_MONTHS = (11, 12, 1, 2)

_ZONED = re.compile(f":[0-9]{{2}}(?:[.][0-9]+)?[^0-9+-]*?({forms.ZONE})$")
_YEAR_FIRST = re.compile(r"[0-9]{4}[./-] ?([0-9]{1,2})[./-]")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[./-] ?([0-9]{1,2})[./-]")


class Zone(NamedTuple):
    """The time zone of a column: what it is called, why, and whether its moments shall be converted to UTC."""

    value: str
    evidence: Said
    confidence: float
    complete: bool
    """Every moment names its zone."""
    to_utc: bool = False

    def guess(self, column: str) -> ReadGuess:
        """Return the zone as a decision for the receipt."""
        other = "local" if self.to_utc else "UTC"
        confidence = round(1 - self.confidence, 2)
        return ReadGuess(
            what="time_zone",
            column=column,
            value=self.value,
            evidence=self.evidence,
            confidence=self.confidence,
            alternatives=(Alternative(value=other, confidence=confidence),) if self.complete else (),
        )


def zone_of(cells: Mapping[str, int], *, month_first: bool) -> Zone | None:
    """Return the zone that moments name; None if none does.

    Clocks that are an hour apart between summer and winter are those of one place, and keep its time. Moments of
    several zones are converted to UTC, unless some name none.
    """
    zones: Counter[str] = Counter()
    months: dict[int, set[int | None]] = {}
    silent = 0
    for cell, count in cells.items():
        match = _ZONED.search(cell.strip())
        if match is None:
            silent += count
            continue
        zones[match[1]] += count
        months.setdefault(minutes_ahead(match[1]), set()).add(_month(cell, month_first=month_first))
    if not zones:
        return None
    named = " / ".join(sorted(zones))
    facts = {"zones": named, "cells": zones.total()}
    if len(months) == 1 and not silent:
        return Zone(_one_name(zones), Said(code="zone_named", facts=facts), 0.95, complete=True)
    if silent:
        return Zone(named, Said(code="zone_partly_named", facts={**facts, "silent": silent}), 0.5, complete=False)
    if _is_one_place(months):
        return Zone(named, Said(code="zone_summer_and_winter", facts=facts), 0.9, complete=True)
    return Zone("UTC", Said(code="zones_converted", facts=facts), 0.9, complete=True, to_utc=True)


def minutes_ahead(zone: str) -> int:
    """Return how many minutes the clocks of a zone are ahead of UTC."""
    if zone in forms.ZONES:
        return forms.ZONES[zone]
    sign, digits = re.sub("[A-Z]", "", zone)[:1], re.sub("[^0-9]", "", zone)
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -minutes if sign == "-" else minutes


def _one_name(zones: Counter[str]) -> str:
    return max(zones, key=lambda zone: (zones[zone], zone))


def _is_one_place(months: Mapping[int, set[int | None]]) -> bool:
    """Say whether two offsets are the winter and the summer time of one place in the north."""
    winter, summer = min(months), max(months)
    return (
        len(months) == 2
        and summer - winter == 60
        and not any(month in SUMMER_MONTHS or month is None for month in months[winter])
        and not any(month in WINTER_MONTHS or month is None for month in months[summer])
    )


def _month(cell: str, *, month_first: bool) -> int | None:
    match = _YEAR_FIRST.search(cell)
    if match:
        return int(match[1])
    match = _YEAR_LAST.search(cell)
    return int(match[1 if month_first else 2]) if match else None
