"""Questions with several answers in one cell: which options there are, found from the cells alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, islice, pairwise
from typing import NamedTuple

MAX_CELLS = 2_000
"""So many distinct cells show what the options are."""
MAX_OPTIONS = 40
MAX_LENGTH = 160
"""Longer texts are no options."""
MAX_PARTS = 4 * MAX_OPTIONS
"""Of more parts no options are made."""
MOST_SEPARATORS = 5
"""So many may be in one option."""
LEAST_TOGETHER = 4
"""Two parts that never occur apart are one option when they occur in so many different cells."""
MANY_ANSWERS = 20
"""Where so many have answered, an option is chosen more than once ..."""
OWN_SHARE = 0.3
"""... and at most this share of the answers are words of people's own."""
LEAST_REUSED = 0.5
"""From this share of the parts of cells on that other cells have too, they were chosen and not written."""


class Options(NamedTuple):
    """The options of a question in the order in which they were first met, and what stands between two of them."""

    separator: str
    options: tuple[str, ...]
    several: int
    """The cells that hold more than one."""

    def sql(self, option: str, column: str) -> str:
        """Return SQL that says whether a cell of a raw column holds an option; null where the cell is empty."""
        mark = self.separator.strip()
        cell = (
            f"{_quoted(mark)} || regexp_replace(trim({column}), {_quoted(rf' *{mark} *')}, {_quoted(mark)}, 'g')"
        )
        cell += f" || {_quoted(mark)}"
        wanted = _between(option, mark)
        for longer in self.options:
            if longer != option and wanted in _between(longer, mark):
                cell = f"replace({cell}, {_quoted(_between(longer, mark))}, {_quoted(mark)})"
        return f"CASE WHEN trim({column}) <> '' THEN contains({cell}, {_quoted(wanted)}) END"


def find_options(cells: Mapping[str, int]) -> Options | None:
    """Return the options of a column of texts; None where the cells are no choices among some."""
    counts = {cell: count for cell, count in islice(cells.items(), MAX_CELLS) if cell.strip()}
    with_semicolons = sum(";" in cell for cell in counts)
    separator = ", " if with_semicolons * 2 <= len(counts) and any(", " in cell for cell in counts) else ";"
    if separator == ";" and not with_semicolons:
        return None
    parts = {cell: _parts(cell, separator) for cell in counts}
    if len({part for found in parts.values() for part in found}) > MAX_PARTS:
        return None
    if any(len(found) > MAX_PARTS for found in parts.values()):
        return None
    # As many parts in every cell are no choice but a name, an address and the like.
    if len(set(map(len, parts.values()))) == 1 and not _are_terminated(counts):
        return None
    return _checked(separator, parts if separator == ";" else _joined(parts), counts)


def _parts(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in cell.split(separator) if part.strip()]


def _joined(parts: dict[str, list[str]]) -> dict[str, list[str]]:
    """Put parts together that are one option with the separator in it."""
    capital = all(found[0][0].isupper() for found in parts.values() if found)
    for _ in range(MOST_SEPARATORS):
        alone = Counter(part for found in parts.values() for part in found)
        together = Counter(pair for found in parts.values() for pair in pairwise(found))
        inseparable = {
            (first, second)
            for (first, second), times in together.items()
            if times == alone[second]
            and ((capital and second[0].islower()) or (times == alone[first] >= LEAST_TOGETHER))
        }
        if not inseparable:
            return parts
        parts = {cell: _merged(found, inseparable) for cell, found in parts.items()}
    return parts


def _merged(parts: Sequence[str], inseparable: set[tuple[str, str]]) -> list[str]:
    merged: list[str] = []
    last = ""
    for part in parts:
        if merged and (last, part) in inseparable:
            merged[-1] += f", {part}"
        else:
            merged.append(part)
        last = part
    return merged


def _checked(separator: str, chosen: Mapping[str, Sequence[str]], counts: Mapping[str, int]) -> Options | None:
    """Return the options if the cells were put together of them as a form does it."""
    answers = Counter(option for options in chosen.values() for option in options)
    several = sum(counts[cell] for cell, options in chosen.items() if len(options) > 1)
    together = [option for options in chosen.values() if len(options) > 1 for option in options]
    reused = sum(answers[option] > 1 for option in together) / max(1, len(together))
    options = _without_own_words(answers, chosen, counts)
    if (
        not several
        or not 2 <= len(options) <= MAX_OPTIONS
        or max(map(len, answers)) > MAX_LENGTH
        or any(len(set(found)) < len(found) for found in chosen.values())
        or not any(character.isalpha() for option in answers for character in option)
        or not (_are_terminated(counts) or reused >= LEAST_REUSED)
        or (separator != ";" and _has_two_orders(chosen.values()))
    ):
        return None
    return Options(separator, tuple(options), several)


def _are_terminated(cells: Iterable[str]) -> bool:
    """Say whether the separator ends every cell, as Microsoft Forms writes them."""
    return all(cell.rstrip().endswith(";") for cell in cells)


def _without_own_words(
    answers: Counter[str], chosen: Mapping[str, Sequence[str]], counts: Mapping[str, int]
) -> list[str]:
    """Return answers without those that one person wrote instead of choosing, where many have answered."""
    if sum(counts.values()) < MANY_ANSWERS:
        return list(answers)
    given = Counter[str]()
    for cell, found in chosen.items():
        given.update(dict.fromkeys(found, counts[cell]))
    often = [option for option in answers if given[option] > 1]
    return often if given.total() - sum(given[option] for option in often) <= OWN_SHARE * given.total() else []


def _has_two_orders(chosen: Iterable[Sequence[str]]) -> bool:
    """Say whether two options stand in one order here and in the other there, which forms never do."""
    pairs = {pair for options in chosen for pair in combinations(options, 2)}
    return any((second, first) in pairs for first, second in pairs)


def _between(option: str, mark: str) -> str:
    """Return an option with marks around and within it, as cells are written for the search."""
    inner = mark.join(part.strip() for part in option.split(mark))
    return f"{mark}{inner}{mark}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
