"""Which type a column has: the forms of values, weighed against all that is known of the column's cells."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from eduscale.ingest.tables import forms
from eduscale.ingest.tables.decided import UNDECIDED, UTC, Decided, candidates
from eduscale.ingest.tables.forms import Form, literal
from eduscale.ingest.tables.meanings import (
    are_birth_numbers,
    are_grades,
    form_by_name,
    has_minus_signs,
    mark_of,
    text_meaning,
)
from eduscale.ingest.tables.zones import Zone, zone_of
from eduscale.models.reading import Alternative, Said, Value

TOLERATED_SHARE = 0.01
"""A column keeps its type while at most this share of its cells is not of it ..."""
LEAST_CELLS = 50
"""... and at least so many are."""
SOME_CELLS = 9
"""So many distinct cells, spread over the column, show which forms are worth trying on all."""
MOST_PRICES = 2_000
"""In a column of more distinct cells it is not looked for several currencies."""
WORTH_A_WORD = 0.8
"""From this share on, the sender is told which cells made a column text."""
LEAST_MARKED_ROWS = 3
"""So many rows can be a list to be ticked."""
LEAST_DATES = 5
"""So many dates are a column of dates ..."""
IMPOSSIBLE_SHARE = 0.1
"""... although up to this share of its cells are dates that no calendar has, such as 31.2.2014."""

_CODE = re.compile(r"[-+]?[0-9]{2,}")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?E[+][0-9]{2}")
_UNAMBIGUOUS = {
    ",": re.compile(r"-?[0-9]+(?:,(?:[0-9]{1,2}|[0-9]{4,})|[.][0-9]{3},[0-9]+)(?:\s?%)?"),
    ".": re.compile(r"-?[0-9]+(?:[.](?:[0-9]{1,2}|[0-9]{4,})|,[0-9]{3}[.][0-9]+)(?:\s?%)?"),
}
_PRICE = re.compile(
    "|".join(re.escape(name) for names in forms.CURRENCIES.values() for name in names) + "|[,.][-–—]"
)
_EITHER_MARK = re.compile("-?[1-9][0-9]{0,2}[.,][0-9]{3}")
_SHARED_ORDER = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})[/-][0-9]{2,4}(?: .*)?")
_UNIT_OF_TIME = re.compile(r"PT|(?i:[0-9] ?(?:h|min|std|godz))")
_OR_TEXT = (Alternative(value="text", confidence=0.15),)
_DATE_SHAPE = re.compile(r"([0-9]{1,4})([./-]) ?([0-9]{1,2})\2 ?([0-9]{1,4})[.]?(?:[ T].*)?")


@dataclass
class Sample:
    """What is known of a column: its distinct cells as sent with their counts, and conversions that failed."""

    counts: Counter[str]
    complete: bool
    """The counts are those of the whole column."""
    failed: set[tuple[Form, str]] = field(default_factory=set)
    label: str = ""
    """The column's name as sent."""
    exact: bool = False
    """The cells are values of a format that keeps texts apart, so that spaces around them belong to them."""


class Habits(NamedTuple):
    """What a table as a whole says about how its sender writes: the votes for a decimal mark, for an order of day
    and month, and whether cells were binary numbers before they were text.
    """

    mark: str
    mark_votes: Mapping[str, int]
    order: str
    order_votes: Mapping[str, int]
    binary: bool = False
    either_mark: int = 0
    """How many numbers stand in columns that both marks could mean: thousands by one, decimals by the other."""


class Choice(NamedTuple):
    """A column's form, which words mean nothing in it, and why."""

    form: Form
    null_words: tuple[str, ...] = ()
    confidence: float = 1.0
    evidence: Said = Said(code="type_text")
    alternatives: tuple[Alternative, ...] = ()
    nearly: Form | None = None
    """The form of most cells of a text column; the few others made it text."""
    damaged_cell: str | None = None
    """A number that a spreadsheet has shortened beyond repair."""
    currencies: tuple[str, ...] = ()
    """The several currencies in a column of prices, which makes it text."""
    padded: bool = False
    """Some cells have spaces around them."""
    zone: Zone | None = None
    """The time zone that moments name."""
    decided_nulls: tuple[str, ...] = ()
    """Words in lower case that mean nothing here because a person said so, whatever the form makes of them."""


def habits(samples: Sequence[Sample], *, delimiter: str, binary: bool = False) -> Habits:
    """Let the cells of all columns vote on decimal mark and date order; a semicolon file expects commas."""
    marks: Counter[str] = Counter()
    orders: Counter[str] = Counter()
    either_mark = 0
    for sample in samples:
        if any(sample.counts) and all(not cell or _EITHER_MARK.fullmatch(cell) for cell in sample.counts):
            either_mark += sum(count for cell, count in sample.counts.items() if cell)
        for cell, count in sample.counts.items():
            if "," in cell or "." in cell:
                marks.update({mark: count for mark, pattern in _UNAMBIGUOUS.items() if pattern.fullmatch(cell)})
            if "/" in cell or "-" in cell:
                day_month = _SHARED_ORDER.fullmatch(cell)
                if day_month:
                    first, second = int(day_month[1]), int(day_month[2])
                    if first > 12 >= second:
                        orders["dm"] += count
                    elif second > 12 >= first:
                        orders["md"] += count
    usual = "." if delimiter == "," else ","
    rare = "," if usual == "." else "."
    mark = rare if marks[rare] > marks[usual] else usual
    return Habits(mark, marks, "md" if orders["md"] > orders["dm"] else "dm", orders, binary, either_mark)


def choose(sample: Sample, table: Habits, decided: Decided = UNDECIDED) -> Choice:
    """Return the form that a column's cells are written in, or that a person decided; text when none fits."""
    table = table._replace(mark=decided.mark or table.mark, order=decided.order or table.order)
    if not decided.has_form and decided.null_words is None:
        return _on_clock(_choose(sample, table, forms.NULL_WORDS), sample, decided)
    nulls = forms.NULL_WORDS if decided.null_words is None else frozenset(decided.null_words)
    if decided.is_text:
        choice = Choice(forms.TEXT)
    elif decided.has_form:
        choice = _decided_form(sample, table, nulls, decided) or Choice(forms.TEXT)
    else:
        choice = _choose(sample, table, nulls)
    return _on_clock(choice._replace(decided_nulls=decided.null_words or ()), sample, decided)


def _on_clock(choice: Choice, sample: Sample, decided: Decided) -> Choice:
    """Let moments keep their clock or be converted to UTC, as their zones or a person want it."""
    if choice.form.type != "datetime":
        return choice
    moments = {cell: count for cell, count in sample.counts.items() if ":" in cell}
    zone = zone_of(moments, month_first=choice.form.name.endswith("_md"))
    if zone is None:
        return choice
    to_utc = zone.to_utc if decided.zone is None else zone.complete and decided.zone == UTC
    return choice._replace(form=forms.in_utc(choice.form) if to_utc else choice.form, zone=zone)


def share_of(sample: Sample, table: Habits, decided: Decided) -> float:
    """Return the share of a column's values that are written in the decided type; 1 where there are none."""
    nulls = forms.NULL_WORDS if decided.null_words is None else frozenset(decided.null_words)
    values = _values(_bare(sample), nulls)
    choice = choose(sample, table, decided)
    fitting = sum(count for cell, count in values.items() if choice.form.fits(cell))
    return fitting / values.total() if values and not decided.is_text else 1.0


def _decided_form(sample: Sample, table: Habits, nulls: frozenset[str], decided: Decided) -> Choice | None:
    """Return the form of the decided type that most cells are written in, the first if all are blank."""
    cells = _bare(sample)
    values = _values(cells, nulls)
    exact = list(_exact_numbers(values, table))
    possible = candidates(decided, mark=table.mark, order=table.order, exact=exact, cells=_spread(values))
    if not possible:
        return None
    failed = {(_kin(form), cell.strip(forms.SPACES + "\t")) for form, cell in sample.failed}

    def fitting(form: Form) -> int:
        kin = _kin(form)
        return sum(count for cell, count in values.items() if form.fits(cell) and (kin, cell) not in failed)

    words = tuple(sorted(cell for cell in cells if cell.lower() in nulls))
    padded = any(cell != cell.strip(forms.SPACES + "\t") for cell in sample.counts)
    return Choice(max(possible, key=fitting), words, padded=padded)


def _bare(sample: Sample) -> Counter[str]:
    """Return a sample's cells that hold something, without spaces around them."""
    cells = Counter[str]()
    for cell, count in sample.counts.items():
        bare = cell.strip(forms.SPACES + "\t")
        if bare:
            cells[bare] += count
    return cells


def _values(cells: Counter[str], nulls: frozenset[str]) -> Counter[str]:
    return Counter({cell: count for cell, count in cells.items() if cell.lower() not in nulls})


def _choose(sample: Sample, table: Habits, nulls: frozenset[str]) -> Choice:
    cells = _bare(sample)
    if not cells:
        return Choice(forms.TEXT, evidence=Said(code="type_no_values"))
    padded = any(cell != cell.strip(forms.SPACES + "\t") for cell in sample.counts)
    rows = sample.counts.total()
    has_blanks = cells.total() < rows and not sample.exact
    mark = mark_of(cells) if has_blanks and rows >= LEAST_MARKED_ROWS else None
    if mark is not None and (nulls is forms.NULL_WORDS or mark not in nulls):
        evidence = Said(code="type_marks", facts={"mark": mark, "cells": cells.total()})
        return Choice(forms.marked(mark), (), 0.85, evidence, _OR_TEXT, padded=padded)
    words = tuple(sorted(cell for cell in cells if cell.lower() in nulls))
    values = _values(cells, nulls)
    if not values:
        return _text(cells)._replace(padded=padded and not sample.exact)
    failed = {(_kin(form), cell.strip(forms.SPACES + "\t")) for form, cell in sample.failed}
    found = _best(values, table, failed)
    if found is None or (found.form.type == "date" and found.fitting < values.total()):
        found = _mixed_dates(values, table, failed, found)
    named = form_by_name(sample.label, values)
    if named is not None and found is not None and not any(kin == _kin(named) for kin, _ in failed):
        evidence = Said(code="type_by_name", facts={"type": named.type, "form": named.name, "label": sample.label})
        other = Alternative(value=found.form.type, confidence=0.2)
        return Choice(named, words, 0.8, evidence, (other,), padded=padded)
    code = _other_meaning(found, values, words, sample.label) if found else None
    if found is None or code or not _is_settled(found, values):
        return _text(cells, values, near=found, code=code)._replace(padded=padded and not sample.exact)
    form, fitting, runner_up = found
    total = values.total()
    alternatives = [Alternative(value="text", confidence=round(1 - 0.98 * fitting / total, 2))]
    confidence = min(0.99, 0.6 + fitting / 50) if fitting == total else 0.9
    if form.type == "decimal" and runner_up is not None:
        confidence, alternatives = _mark_confidence(form, table, confidence, alternatives)
    if form.type in ("date", "datetime") and runner_up is not None and not _has_order(values):
        confidence = min(confidence, 0.9 if table.order_votes else 0.6)
        alternatives.insert(0, Alternative(value=runner_up.name, confidence=round(1 - confidence, 2)))
    evidence = Said(
        code="type_fits",
        facts={"type": form.type, "form": form.name, "cells": fitting, "of": total, "whole": sample.complete},
    )
    return Choice(form, words, round(confidence, 2), evidence, tuple(alternatives), padded=padded)


class _Found(NamedTuple):
    form: Form
    fitting: int
    runner_up: Form | None


def _kin(form: Form) -> Form | str:
    """Return what a form shares with those that cannot convert a cell either: a date stays as impossible."""
    return form.name if form.type in ("date", "datetime") else form


def _best(values: Counter[str], table: Habits, failed: set[tuple[Form | str, str]]) -> _Found | None:
    """Return the form that most cells are written in, the earlier of two equals."""
    best: _Found | None = None
    total = values.total()
    for form in _plausible(values, table):
        kin = _kin(form)
        fitting = sum(n for cell, n in values.items() if form.fits(cell) and (kin, cell) not in failed)
        if best is None or fitting > best.fitting:
            if fitting:
                best = _Found(form, fitting, None)
        elif fitting == best.fitting and best.runner_up is None and _differ(form, best.form):
            best = best._replace(runner_up=form)
        if best is not None and best.fitting == total and best.runner_up is not None:
            break
    return best


def _mixed_dates(
    values: Counter[str], table: Habits, failed: set[tuple[Form | str, str]], found: _Found | None
) -> _Found | None:
    """Return dates written in several ways, where more cells are such than are written in the one way found."""
    form = forms.mixed_dates(table.order)
    if sum(map(form.fits, _spread(values))) * 2 < len(_spread(values)):
        return found
    fitting = sum(n for cell, n in values.items() if form.fits(cell) and (_kin(form), cell) not in failed)
    return _Found(form, fitting, None) if fitting > (found.fitting if found else 0) else found


def _plausible(values: Counter[str], table: Habits) -> list[Form]:
    """Return the candidates that fit at least half of a few cells."""
    candidates = list(_candidates(values, table))
    few = _spread(values)
    if len(few) == len(values):
        return candidates
    return [form for form in candidates if sum(map(form.fits, few)) * 2 >= len(few)]


def _spread(values: Counter[str]) -> list[str]:
    """Return a few distinct cells from all over the column."""
    return list(values)[:: max(1, -(-len(values) // SOME_CELLS))]


def _differ(form: Form, other: Form) -> bool:
    return form.name != other.name or (form.type == "decimal" and form.sql != other.sql)


def _candidates(values: Counter[str], table: Habits) -> Iterable[Form]:
    """Yield the forms worth trying, in the order in which they are preferred."""
    some = _spread(values)
    if not any(character.isdigit() for cell in some for character in cell):
        yield from _booleans(values)
        return
    yield from forms.numbers(table.mark, binary=table.binary)
    yield from _exact_numbers(values, table)
    if has_minus_signs(values):
        yield from forms.signed(table.mark)
    if any(map(_PRICE.search, some)):
        yield from forms.prices(table.mark)
    if any(mark in cell for cell in some for mark in "./-:") or any(" " in cell for cell in some):
        yield from forms.dates(table.order)
        yield from _weekday_dates(values, table)
    if any(":" in cell for cell in some):
        yield from forms.TIMES
        yield from forms.DURATIONS
        yield forms.ISO_MOMENT
        moment = _moment(values, table)
        if moment:
            yield moment
        yield forms.DOTTED_TIME
    elif any(map(_UNIT_OF_TIME.search, some)):
        yield from forms.DURATIONS


def _booleans(values: Counter[str]) -> Iterable[Form]:
    words = {cell.lower() for cell in values}
    for true, false in forms.BOOLEANS:
        if words <= {true, false} and (
            true in words or not any(len(cell) == 2 and cell.isupper() for cell in values)
        ):
            yield forms.boolean(true, false)
    for true, false in forms.BOOLEAN_LETTERS:
        if words == {true, false}:
            yield forms.boolean(true, false)


def _exact_numbers(values: Counter[str], table: Habits) -> Iterable[Form]:
    """Yield decimal forms with as many decimals as the column needs, for numbers that a double cannot hold."""
    if table.binary or not any(len(cell) > 16 for cell in values):
        return
    for mark in (table.mark, "." if table.mark == "," else ","):
        scale = max((len(cell.rpartition(mark)[2]) for cell in values if mark in cell), default=0)
        if 0 < scale < 38:
            yield forms.decimal(mark, scale=scale)
            yield forms.decimal(mark, forms.SPACES, scale=scale)
            yield forms.decimal(mark, "." if mark == "," else ",", scale=scale)


def _weekday_dates(values: Counter[str], table: Habits) -> Iterable[Form]:
    """Yield the form of dates after the names of weekdays, found by looking for the best without them."""
    weekday = re.compile(forms.weekday())
    bare = [cell[match.end() :] for cell in values if (match := weekday.match(cell))]
    if bare:
        yield forms.after_weekday(max(forms.dates(table.order), key=lambda form: sum(map(form.fits, bare))))


def _moment(values: Counter[str], table: Habits) -> Form | None:
    """Return the form of dates with a time of day, found by looking for the best of each part."""
    parts = [match.groups() for match in (re.fullmatch(forms.MOMENT, cell) for cell in values) if match]
    if not parts:
        return None
    date = max(forms.dates(table.order), key=lambda form: sum(form.fits(part) for part, _ in parts))
    time = max(forms.TIMES, key=lambda form: sum(form.fits(part) for _, part in parts))
    return forms.moment(date, time)


def _other_meaning(found: _Found, values: Counter[str], words: tuple[str, ...], label: str) -> str | None:
    """Return the code of what the cells are, if they only look like values of the type found."""
    if found.form.type == "boolean" and words and len({cell.lower() for cell in values}) < 2:
        return "type_words"
    return text_meaning(label, values, found.form)


def _is_settled(found: _Found, values: Counter[str]) -> bool:
    """Say whether a form holds for the column although some cells are not written in it."""
    bad = values.total() - found.fitting
    if bad == 0:
        return True
    if found.form.type in ("date", "datetime") and found.fitting >= LEAST_DATES:
        impossible = sum(count for cell, count in values.items() if _is_impossible_date(cell))
        if bad == impossible <= IMPOSSIBLE_SHARE * values.total():
            return True
    if bad > TOLERATED_SHARE * (found.fitting + bad) or found.fitting < LEAST_CELLS:
        return False
    number = found.form.type in ("integer", "decimal")
    return not (number and any(_CODE.fullmatch(cell) and not found.form.fits(cell) for cell in values))


def _is_impossible_date(cell: str) -> bool:
    """Say whether a cell has the shape of a date but names no day, in whatever order it is read."""
    match = _DATE_SHAPE.fullmatch(cell)
    if match is None:
        return False
    first, second, third = int(match[1]), int(match[3]), int(match[4])
    return not any(map(_is_day, ((third, second, first), (third, first, second), (first, second, third))))


def _is_day(parts: tuple[int, int, int]) -> bool:
    year, month, day = parts
    try:
        date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return False
    return True


def _text(
    cells: Counter[str],
    values: Counter[str] | None = None,
    near: _Found | None = None,
    code: str | None = None,
) -> Choice:
    """Return text, with the form that a few cells spoilt and signs of damage; `code` says what else it is."""
    damaged = next((cell for cell in cells if _SCIENTIFIC.fullmatch(cell)), None)
    if damaged is not None and not all(_SCIENTIFIC.fullmatch(cell) or _CODE.fullmatch(cell) for cell in cells):
        damaged = None
    nearly, confidence = None, 0.99
    evidence = Said(code=_kind_of_text(cells), facts={"cells": cells.total()})
    alternatives: tuple[Alternative, ...] = ()
    if near is not None and values is not None:
        share = near.fitting / values.total()
        confidence = round(max(0.6, 1 - share / 2), 2)
        alternatives = (Alternative(value=near.form.type, confidence=round(share / 2, 2)),)
        if WORTH_A_WORD <= share < 1 and cells.total() >= 5 and not code:
            nearly = near.form
        if code:
            evidence = Said(code=code)
            alternatives = (Alternative(value=near.form.type, confidence=0.1),)
        elif share < 1:
            facts: dict[str, Value] = {"type": near.form.type, "cells": near.fitting, "of": values.total()}
            evidence = Said(code="type_mixed", facts=facts)
    currencies = _currencies(cells) if nearly is None else ()
    return Choice(forms.TEXT, (), confidence, evidence, alternatives, nearly, damaged, currencies)


def _kind_of_text(cells: Counter[str]) -> str:
    """Return the code of what a column of text holds, where that is more than text."""
    if are_birth_numbers(cells):
        return "type_birth_numbers"
    return "type_grades" if are_grades(cells) else "type_text"


def _currencies(cells: Counter[str]) -> tuple[str, ...]:
    """Return the currencies of cells that are all prices, if there are several."""
    if len(cells) > MOST_PRICES:
        return ()
    found = {next((form.unit for form in forms.prices(",") if form.fits(cell)), "") for cell in cells}
    return tuple(sorted(found)) if len(found) > 1 and "" not in found else ()


def _mark_confidence(
    form: Form, table: Habits, confidence: float, alternatives: list[Alternative]
) -> tuple[float, list[Alternative]]:
    if not table.mark_votes:
        confidence = min(confidence, 0.6)
        alternatives.insert(0, Alternative(value="integer", confidence=0.4))
    return confidence, alternatives


def _has_order(values: Counter[str]) -> bool:
    """Say whether a day above 12 shows which number is the day."""
    for cell in values:
        match = _SHARED_ORDER.fullmatch(cell)
        if match is None or max(int(match[1]), int(match[2])) > 12:
            return True
    return False


def expression(choice: Choice, column: str, place: int | str) -> str:
    """Return SQL for a column's values; a cell that is not of the type gives null and is written to DuckDB's log.

    `column` is the quoted raw column, `place` its number in the message `<place> <cell>`, or SQL that gives it.
    """
    if choice.decided_nulls:
        nulls = ", ".join(map(literal, choice.decided_nulls))
        value = expression(choice._replace(decided_nulls=()), column, place)
        return f"CASE WHEN lower({trimmed(column)}) NOT IN ({nulls}) THEN {value} END"
    if choice.form.type == "text":
        return f"nullif({trimmed(column)}, '')" if choice.padded else column
    if choice.form.typed:
        return choice.form.sql.replace("{x}", column)
    x = trimmed(column) if choice.padded else column
    spare = f"{x} <> ''"
    if choice.null_words:
        spare += f" AND {x} NOT IN ({', '.join(literal(word) for word in choice.null_words)})"
    message = f"{place} || ' ' || left({column}, 1000)"
    noted = f"write_log({message}, level := 'error', return_value := false)"
    value = (
        f"coalesce({choice.form.guarded(x)}, "
        f"CASE WHEN {spare} THEN CASE WHEN {noted} THEN CAST(NULL AS {choice.form.storage}) END END)"
    )
    if choice.form.blank == "NULL":
        return value
    return f"CASE WHEN coalesce({x}, '') = '' THEN {choice.form.blank} ELSE {value} END"


def odd_cell(form: Form, column: str) -> str:
    """Return SQL that gives the cells of a raw column that have a value but are not written in a form."""
    x = trimmed(column)
    spare = ", ".join(literal(word) for word in sorted(forms.NULL_WORDS))
    return f"CASE WHEN {x} <> '' AND lower({x}) NOT IN ({spare}) AND {form.guarded(x)} IS NULL THEN {column} END"


def trimmed(column: str) -> str:
    """Return SQL that gives a raw column without spaces around its cells."""
    return f"trim({column}, {literal(forms.SPACES + chr(9))})"
