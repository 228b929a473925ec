"""The header of Qualtrics: a row of codes, a row of questions, and mostly one of ids for importing again."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from eduscale.ingest.tables.grid import Row
from eduscale.models.reading import Alternative, ReadGuess, Said

_CODES = frozenset(
    "StartDate EndDate Status IPAddress Progress Duration RecordedDate ResponseId Finished DistributionChannel "
    "UserLanguage RecipientEmail ExternalReference".split()
)
"""Codes of what Qualtrics exports beside the answers."""
_TEXTS = frozenset(("Start Date", "End Date", "Response Type", "Recorded Date", "Response ID"))
LEAST_CODES = 3
IMPORT_ID = "ImportId"


class CodedHeader(NamedTuple):
    """The rows of a header, the row of ids if there is one, and the time zone that this names."""

    codes: Row
    texts: Row
    ids: Row | None
    zone: str | None

    def guesses(self) -> Iterator[ReadGuess]:
        """Yield what the header says of the table as decisions for the receipt."""
        yield ReadGuess(
            what="header",
            value=2,
            evidence=Said(code="header_codes"),
            confidence=0.97 if self.ids is not None else 0.85,
            alternatives=(Alternative(value=1, confidence=0.03 if self.ids is not None else 0.15),),
        )
        if self.zone is not None:
            yield ReadGuess(
                what="time_zone",
                value=self.zone,
                evidence=Said(code="zone_of_export"),
                confidence=0.95,
            )


def coded_header(body: Sequence[Row]) -> CodedHeader | None:
    """Return the header at the top of a table if it is one of codes and texts."""
    if len(body) < 2:
        return None
    ids = body[2] if len(body) > 2 else None
    zones = _zones(ids) if ids is not None else None
    codes = [str(cell).strip() for cell in body[0].cells if cell is not None]
    known = sum(code.split(" (")[0] in _CODES for code in codes)
    if zones is None and (known < LEAST_CODES or not _are_texts(body[1])):
        return None
    zone = next(iter(zones), None) if zones else None
    return CodedHeader(body[0], body[1], ids if zones is not None else None, zone)


def _are_texts(row: Row) -> bool:
    """Say whether a row has the texts that Qualtrics writes below its own codes."""
    return len(_TEXTS.intersection(cell.strip() for cell in row.cells if isinstance(cell, str))) > 1


def _zones(row: Row) -> list[str] | None:
    """Return the time zones that a row of ids names; None if it is no such row."""
    zones = []
    found = False
    for cell in row.cells:
        if cell is None or cell == "":
            continue
        if not isinstance(cell, str) or IMPORT_ID not in cell:
            return None
        try:
            value = json.loads(cell)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict) or IMPORT_ID not in value:
            return None
        found = True
        if isinstance(value.get("timeZone"), str):
            zones.append(value["timeZone"])
    return zones if found else None
