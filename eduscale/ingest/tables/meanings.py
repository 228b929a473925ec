"""What cells mean that look like something else, by the column's name and by how they are written together."""

import re
from collections import Counter
from collections.abc import Collection

from eduscale.ingest.tables import forms
from eduscale.ingest.tables.forms import Form
from eduscale.ingest.tables.names import normal_name

EXCEL_DAYS = range(20_000, 80_000)
"""Day numbers from 1954 to 2119 as spreadsheets count them."""
SCHOOL_HOURS = range(5, 23)
LEAST_TIMES = 3

_DATE_WORDS = frozenset(
    "datum datumu date dates dne den dny termin birthday dob narozeni narozen geburtstag termín".split()
)
_DATE_ENDINGS = ("date", "datum")
_NO_DATES = frozenset("update candidate mandate validate consolidate".split())
_TIME_WORDS = frozenset(
    "cas casy time zacatek konec prichod odchod zvoneni od do start end begin from to uhrzeit beginn ende hodina "
    "godzina zaciatok koniec prichody odchody".split()
)
_PHONE_WORDS = frozenset("tel telefon telefony telefonu phone phones mobil mobile handy gsm telefonni fax".split())
_YES_OR_NO = re.compile(r"(?i)\b(?:ano|yes|áno|ja|tak|a|y|true|1) ?[/|] ?(?:ne|no|nie|nein|n|false|0)\b")
_DOTTED = re.compile(r"([0-9]{1,2})[.]([0-5][0-9])")
_PHONE = re.compile(r"[1-9][0-9]{8,11}")
_SPACED_PHONE = re.compile(f"[0-9]{{3}}[{forms.SPACES}][0-9]{{3}}[{forms.SPACES}][0-9]{{3}}")
_BIRTH_NUMBER = re.compile(r"[0-9]{2}(?:[0257][0-9]|[1368][0-2])(?:[0-2][0-9]|3[01])(/?)[0-9]{3,4}")
_GRADE = re.compile(r"[1-5][+-]?|[1-5]-[1-5]|[A-FNUX]")
_SIGNED_GRADE = re.compile(r"[1-5][+-]|[1-5]-[1-5]")
_STEP = re.compile(r"[0-9]{1,3}(?:[.][0-9]{1,2})?")


def names_a_date(label: str) -> bool:
    """Say whether a column's name is that of a date."""
    words = _words(label)
    return any(word in _DATE_WORDS or (word.endswith(_DATE_ENDINGS) and word not in _NO_DATES) for word in words)


def form_by_name(label: str, values: Counter[str]) -> Form | None:
    """Return the form that a column's name gives to cells which by themselves are numbers."""
    if names_a_date(label) and all(cell.isdecimal() and int(cell) in EXCEL_DAYS for cell in values):
        return forms.DAY_NUMBERS
    if set(values) <= {"1", "0"} and _YES_OR_NO.search(label):
        return forms.boolean("1", "0")
    if not _TIME_WORDS.isdisjoint(_words(label)) and values.total() >= LEAST_TIMES:
        times = [_DOTTED.fullmatch(cell) for cell in values]
        if all(time is not None and int(time[1]) in SCHOOL_HOURS for time in times):
            return forms.DOTTED_TIME
    return None


def text_meaning(label: str, values: Counter[str], form: Form) -> str | None:
    """Return the code of what the cells are if they only look like values of a form's type and stay text."""
    if form.type == "integer" and (
        all(map(_SPACED_PHONE.fullmatch, values))
        or (not _PHONE_WORDS.isdisjoint(_words(label)) and all(map(_PHONE.fullmatch, values)))
    ):
        return "type_phones"
    if form.type == "integer" and _names_birth_numbers(label) and are_birth_numbers(values, bare=True):
        return "type_birth_numbers"
    if are_grades(values):
        return "type_grades"
    return "type_steps" if form.type == "decimal" and _are_steps(values) else None


def are_birth_numbers(values: Counter[str], *, bare: bool = False) -> bool:
    """Say whether all cells are Czech or Slovak birth numbers, written with a slash unless they may be `bare`."""
    found = [_BIRTH_NUMBER.fullmatch(cell) for cell in values]
    return all(number is not None and (bare or number[1]) for number in found)


def are_grades(values: Counter[str]) -> bool:
    """Say whether all cells are grades from 1 to 5, some of them with a sign."""
    return all(map(_GRADE.fullmatch, values)) and any(map(_SIGNED_GRADE.fullmatch, values))


def has_minus_signs(values: Collection[str]) -> bool:
    """Say whether some cells have a plus, or some but not all are negative in another way than by a hyphen before.

    Where every minus stands behind a single digit, as in `1-`, the cells may be grades.
    """
    signs = [cell[0] in "(\u2212" or cell[-1] in "-\u2212" or cell[:2] == "- " for cell in values]
    if not any(signs) or all(signs):
        return any(cell[0] == "+" for cell in values)
    behind = [cell for cell in values if cell[-1] == "-"]
    return not behind or not all(map(_SIGNED_GRADE.fullmatch, behind))


def mark_of(cells: Counter[str]) -> str | None:
    """Return the one mark that all of a column's cells hold, blank ones apart: a list to be ticked."""
    marks = {cell.lower() for cell in cells}
    return marks.pop() if len(marks) == 1 and marks <= forms.MARKS else None


def _words(label: str) -> list[str]:
    return normal_name(label).split("_")


def _names_birth_numbers(label: str) -> bool:
    words = _words(label)
    return "rc" in words or ("rodne" in words and "cislo" in words) or "rodnecislo" in words


def _are_steps(values: Counter[str]) -> bool:
    """Say whether cells such as 1.9, 1.10 are numbers of chapters, in which the last zero counts."""
    tenths = (cell.removesuffix(".10") for cell in values if cell.endswith(".10"))
    return any(f"{chapter}.1" in values and f"{chapter}.9" in values for chapter in tenths) and all(
        map(_STEP.fullmatch, values)
    )
