"""Cells of a workbook as text that the forms of values read back without loss."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from eduscale.ingest.tables.grid import Cell, ErrorCell


def as_text(cell: Cell) -> str:  # noqa: PLR0911  # one case a kind of cell
    """Return the one text of a cell's value: plain numbers, ISO dates, durations in seconds; errors are empty."""
    match cell:
        case None | ErrorCell():
            return ""
        case str():
            return _one_newline(cell)
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else _plain(cell)
        case datetime():
            moment = cell.replace(tzinfo=None)
            midnight = moment.time() == time.min
            return moment.date().isoformat() if midnight else moment.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return f"PT{round(cell.total_seconds())}S"


def _one_newline(text: str) -> str:
    """Return a text with one kind of line break, as strict CSV demands."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain(number: float) -> str:
    text = repr(number)
    return text if "e" not in text and "n" not in text else format(Decimal(text), "f")
