"""From a column's label as sent to its name: lower case, no diacritics, underscores, unique, short, not empty."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence, Set

MAX_LENGTH = 128
"""Of a label's normal form."""
SHORT = 60
"""A name that a whole question makes ends after a word within so many characters."""
SHORT_STEM = 36
"""... and of the question of a matrix within so many, for its row follows."""

_MATRIX = re.compile(r"(?s)(.*\S)\s*\[([^\[\]]+)\]\s*")
_CODED = re.compile(r"(?s)([A-Za-z][A-Za-z0-9_]{0,40}(?:\[[^\[\]]{0,60}\])*)\. +(\S.*)")
_CODES_OF_SURVEYS = frozenset(
    {"id", "submitdate", "lastpage", "startlanguage", "startdate", "datestamp", "seed", "token"}
)
"""What LimeSurvey exports beside the answers."""


def normal_name(label: str) -> str:
    """Return the normal form of one label; empty when it holds no letter or digit."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", label.casefold()) if not unicodedata.combining(c))
    plain = plain.replace("ł", "l").replace("đ", "d").replace("ø", "o")
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:MAX_LENGTH].rstrip("_")


def column_names(labels: Iterable[str]) -> list[str]:
    """Return a name for every label; the second `score` becomes `score_2`, a blank third label `column_3`."""
    names: list[str] = []
    taken: set[str] = set()
    for place, own in enumerate(_wanted_names(list(labels)), start=1):
        name = free_name(own or f"column_{place}", taken)
        taken.add(name)
        names.append(name)
    return names


def free_name(wanted: str, taken: Set[str]) -> str:
    """Return a name that is not taken: the wanted one, or it with the first number that is free."""
    name, copy = wanted, 1
    while name in taken:
        copy += 1
        name = f"{wanted}_{copy}"
    return name


def _wanted_names(labels: Sequence[str]) -> list[str]:
    """Return what the labels make of themselves: codes of questions, short questions with the rows of a matrix."""
    coded = [_CODED.fullmatch(label.strip()) for label in labels]
    if _are_codes([match[1] for match in coded if match], labels):
        return [
            _short(normal_name(match[1] if match else label)) for match, label in zip(coded, labels, strict=True)
        ]
    rows = [_MATRIX.fullmatch(label) for label in labels]
    stems = Counter(match[1] for match in rows if match)
    return [
        row_name(match[1], match[2]) if match and stems[match[1]] > 1 else _short(normal_name(label))
        for match, label in zip(rows, labels, strict=True)
    ]


def row_name(stem: str, row: str) -> str:
    """Return what a question makes together with one of its rows or options."""
    parts = _short(normal_name(stem), SHORT_STEM), _short(normal_name(row), SHORT - SHORT_STEM - 1)
    return "_".join(filter(None, parts))


def _are_codes(codes: Sequence[str], labels: Sequence[str]) -> bool:
    """Say whether labels are questions with a code before each, as LimeSurvey writes them: `G01Q02. Jak ...`."""
    numbered = sum(any(map(str.isdigit, code)) for code in codes)
    known = sum(code in _CODES_OF_SURVEYS for code in codes)
    return (
        len(codes) > 1
        and len(codes) * 5 >= len(labels) * 4
        and len(set(codes)) == len(codes)
        and (numbered * 2 >= len(codes) or known > 1)
    )


def _short(name: str, length: int = SHORT) -> str:
    """Return a name cut after a word, or within one that is longer than half of what is left."""
    if len(name) <= length:
        return name
    end = name.rfind("_", length // 2, length + 1)
    return name[: end if end > 0 else length].rstrip("_")
