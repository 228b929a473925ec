"""Which column of a file is one that its dataset knows under another name.

Only a misspelling is taken for the same column. Names that are merely alike are told of and kept apart: `omluvené`
and `neomluvené`, `datum od` and `datum do`, `červen` and `červenec` differ by as little.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Protocol

LEAST_LETTERS = 6
"""A shorter word is not taken for a misspelling of another."""
SAME_START = 3
"""Letters at the start that a misspelling leaves alone: `un-` and `ne-` turn a meaning round."""
LONG_WORD = 10
"""Words of so many letters may differ by two, shorter ones by one."""
ALIKE_FROM = 0.6
MOST_PAIRS = 2_500
"""Where more names would have to be compared, another questionnaire came rather than a misspelt one."""
MONTHS = (
    "leden",
    "unor",
    "brez",
    "duben",
    "dubn",
    "kvet",
    "cerv",
    "srp",
    "zari",
    "rij",
    "listopad",
    "prosin",
)


class NamedColumn(Protocol):
    """A column by name and type, of a file or of a dataset."""

    @property
    def name(self) -> str:
        """Its normal name."""

    @property
    def type(self) -> str:
        """What it holds."""


def same_columns(
    columns: Sequence[NamedColumn], known: Sequence[NamedColumn], *, refused: Iterable[str] = ()
) -> dict[str, str]:
    """Return which columns of a file are a misspelt column of its dataset, by their name in the file.

    The dataset's column must be missing in the file, of the same type, and the only one so alike, either way.
    """
    names, known_names = {column.name for column in columns}, {column.name for column in known}
    appeared = [column for column in columns if column.name not in known_names and column.name not in set(refused)]
    vanished = [column for column in known if column.name not in names]
    by_start: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for side, members in enumerate((appeared, vanished)):
        for column in members:
            by_start.setdefault((_kind(column.type), _start(column.name)), ([], []))[side].append(column.name)
    pairs = [
        (new, old)
        for new_names, old_names in by_start.values()
        if len(new_names) * len(old_names) <= MOST_PAIRS
        for new in new_names
        for old in old_names
        if is_misspelling(new, old)
    ]
    return {new: old for new, old in pairs if _times(new, pairs, 0) == _times(old, pairs, 1) == 1}


def likely_renamed(
    appeared: Mapping[str, tuple[int, str]], vanished: Mapping[str, tuple[int, str]]
) -> dict[str, str]:
    """Return which columns that appeared may be ones that vanished, each by its name; a column is (place, type).

    They are of one type, and alike in name or the only ones at about the same place.
    """
    found: dict[str, str] = {}
    if len(appeared) * len(vanished) > MOST_PAIRS:
        return found
    ranked = sorted(
        (
            (-alikeness(new, old), new, old)
            for new, (new_place, new_type) in appeared.items()
            for old, (old_place, old_type) in vanished.items()
            if _kind(new_type) == _kind(old_type)
            and (
                alikeness(new, old) >= ALIKE_FROM
                or (len(appeared) == len(vanished) == 1 and new_place == old_place)
            )
        ),
    )
    for _, new, old in ranked:
        if new not in found and old not in found.values():
            found[new] = old
    return found


def is_misspelling(one: str, other: str) -> bool:
    """Say whether two names are one but for a slip within a single long word, or where words are parted."""
    if one.replace("_", "") == other.replace("_", "") and not any(letter.isdigit() for letter in one):
        return True
    words, other_words = one.split("_"), other.split("_")
    different = [pair for pair in zip(words, other_words, strict=False) if pair[0] != pair[1]]
    if len(words) != len(other_words) or len(different) != 1:
        return False
    ((word, other_word),) = different
    shorter, longer = sorted((word, other_word), key=len)
    if len(shorter) < LEAST_LETTERS or not (word.isalpha() and other_word.isalpha()):
        return False
    if word[:SAME_START] != other_word[:SAME_START] or any(word.startswith(root) for root in MONTHS):
        return False
    if longer.startswith(shorter):
        return longer == shorter + "s"
    return _edits(word, other_word) <= (2 if len(shorter) >= LONG_WORD else 1) and word[-1] == other_word[-1]


def alikeness(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _start(name: str) -> str:
    """Return what a name and every misspelling of it begin with."""
    return name.replace("_", "")[:SAME_START]


def _kind(type_: str) -> str:
    return "number" if type_ in ("integer", "decimal") else type_


def _edits(one: str, other: str) -> int:
    """Count the letters to insert, drop, replace or swap with their neighbour to turn one word into the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        above, row, before_last = row, [place], before
        for column, there in enumerate(other, start=1):
            cost = min(above[column] + 1, row[column - 1] + 1, above[column - 1] + (letter != there))
            if place > 1 and column > 1 and (letter, one[place - 2]) == (other[column - 2], there):
                cost = min(cost, before_last[column - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]


def _times(name: str, pairs: Sequence[tuple[str, str]], side: int) -> int:
    return sum(pair[side] == name for pair in pairs)
