"""Delimited text: which dialect, and its records with the physical line where each starts."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from eduscale.ingest.tables.overrides import Overrides, overridden
from eduscale.models.reading import Alternative, Override, ReadGuess, Said

DELIMITERS = (";", ",", "\t", "|")
FIXED = "fixed width"
NO_QUOTES = "none"
DELIMITER_NAMES = {";": ";", ",": ",", "\t": "tab", "|": "|", "": "none", "fixed": FIXED}
SAMPLE_LINES = 400
MAX_RECORD_LINES = 2_000
MAX_ATTEMPTS = 25
"""A text of more lines that close its quote and open it again is no text with line breaks."""
MAX_LONG_SEARCHES = 20
"""After so many open quotes that no line closed ..."""
SHORT_SEARCH = 20
"""... only so many lines are searched."""
MAX_RECORD_LENGTH = 16 << 20
"""A quote that is still open after so many characters is an ordinary character."""
FREE_TEXT_SCORE = 0.45
"""What a candidate must beat: that the file is one column of free text."""
NOTE_WEIGHT = 0.4
"""How much a line of text around a table speaks against the table."""

_SEP_LINE = re.compile(r'"?sep=(\\t|.)"?;*', re.IGNORECASE)
_CELL_KIND = re.compile(
    r"(?P<number>[-+]?[0-9][0-9 \u00a0\u202f.,]*%?)"
    r"|(?P<date>[0-9]{1,4}[./-] ?[0-9]{1,2}[./-] ?[0-9]{1,4}(?:[ T].*)?)"
    r"|(?P<empty>\s*)"
)


@dataclass(frozen=True)
class Dialect:
    """How lines become records; `cuts` are the columns' first characters in fixed-width text."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    """A character that protects a quote, where quotes are not doubled."""
    wrapped: bool = False
    """Every line is one quoted cell that holds the record."""
    cuts: tuple[int, ...] = ()


class Record(NamedTuple):
    """A record: the line where it starts, its cells, the lines it spans, and what had to be mended."""

    line: int
    cells: list[str]
    span: int = 1
    flaw: str | None = None


class Reading(NamedTuple):
    """A dialect with the decisions behind it, and how many lines at the top are a `sep=` line."""

    dialect: Dialect
    guesses: tuple[ReadGuess, ...]
    skip: int = 0


def find_dialect(lines: Sequence[str], overrides: Overrides | None = None) -> Reading:
    """Return the dialect of a text by its first lines, with the evidence, as far as no person has decided it."""
    guessed = _guess_dialect(lines)
    delimiter = overrides.find("delimiter") if overrides else None
    quote = overrides.find("quote") if overrides else None
    sample = list(lines[guessed.skip : SAMPLE_LINES])
    if overrides and delimiter is not None and delimiter.value == FIXED and not _fixed_width(sample):
        overrides.refuse(delimiter, Said(code="override_no_widths"))
        delimiter = None
    if delimiter is None and quote is None:
        return guessed
    by_guess = {guess.what: guess for guess in guessed.guesses}
    dialect = _decided_dialect(sample, guessed.dialect, delimiter, quote)
    return Reading(
        dialect,
        (
            overridden(delimiter, by_guess["delimiter"]) if delimiter else by_guess["delimiter"],
            overridden(quote, by_guess["quote"]) if quote else _quote_guess(sample, dialect),
        ),
        guessed.skip,
    )


def _decided_dialect(
    sample: list[str], guessed: Dialect, delimiter: Override | None, quote: Override | None
) -> Dialect:
    """Return the best of the dialects that have the delimiter and the quotes that a person named."""
    shown = str(delimiter.value) if delimiter else DELIMITER_NAMES.get(guessed.delimiter, guessed.delimiter)
    mark = next((mark for mark, name in DELIMITER_NAMES.items() if name == shown), shown)
    wanted = None if quote is None else "" if quote.value == NO_QUOTES else str(quote.value)
    if mark == "fixed":
        return Dialect("fixed", quote="", cuts=guessed.cuts or _fixed_width(sample))
    if mark == "":
        return Dialect("", quote=_quote_of_lines(sample) if wanted is None else wanted)
    return max(_candidates(sample, mark, wanted), key=lambda scored: scored[0])[1]


def _guess_dialect(lines: Sequence[str]) -> Reading:
    """Weigh the candidate dialects on the first lines of a file and return the best with its evidence."""
    sample = list(lines[:SAMPLE_LINES])
    skip, declared = 0, None
    first = next((line for line in sample if line.strip()), "")
    match = _SEP_LINE.fullmatch(first.strip())
    if match:
        skip = sample.index(first) + 1
        declared = "\t" if match[1] == "\\t" else match[1]
        sample = sample[skip:]
    ranked = sorted(_candidates(sample, declared), key=lambda scored: -scored[0])
    score, dialect, facts = ranked[0]
    code = "delimiter_declared" if declared else "delimiter_score"
    if score < FREE_TEXT_SCORE and not declared:
        cuts = _fixed_width(sample)
        if cuts:
            dialect, code, facts = (
                Dialect("fixed", quote="", cuts=cuts),
                "delimiter_fixed_width",
                {"width": len(cuts)},
            )
        else:
            dialect = Dialect("", quote=_quote_of_lines(sample))
            code, facts = "delimiter_none", {}
        confidence = round(min(0.95, 1 - score), 2)
    else:
        rival = max(
            (other for other, candidate, _ in ranked if candidate.delimiter != dialect.delimiter), default=0.0
        )
        confidence = 1.0 if declared else round(min(0.99, 0.5 + score / 2 - max(0.0, rival) / 4), 2)
    alternatives = tuple(
        Alternative(value=DELIMITER_NAMES[candidate.delimiter], confidence=round(max(0.0, other) / 2, 2))
        for other, candidate, _ in ranked
        if candidate.delimiter != dialect.delimiter and candidate.delimiter in DELIMITER_NAMES and other > 0
    )[:2]
    shown = DELIMITER_NAMES.get(dialect.delimiter, dialect.delimiter)
    guesses = (
        ReadGuess(
            what="delimiter",
            value=shown,
            evidence=Said(code=code, facts={"delimiter": shown, **facts}),
            confidence=confidence,
            alternatives=alternatives,
        ),
        _quote_guess(sample, dialect),
    )
    return Reading(dialect, guesses, skip)


def _quote_guess(sample: Sequence[str], dialect: Dialect) -> ReadGuess:
    seen = any(dialect.quote and dialect.quote in line for line in sample)
    return ReadGuess(
        what="quote",
        value=dialect.quote if seen else NO_QUOTES,
        evidence=Said(code="quote_seen" if seen else "quote_unseen", facts={"escape": dialect.escape or "double"}),
        confidence=0.95,
        alternatives=(Alternative(value=NO_QUOTES, confidence=0.05),) if seen else (),
    )


def _quote_of_lines(sample: Sequence[str]) -> str:
    """Return the quote of a text of one column: that of most lines, or none."""
    quoted = sum(line.startswith('"') and line.rstrip().endswith('"') for line in sample)
    return '"' if quoted * 2 > len(sample) else ""


Scored = tuple[float, Dialect, dict[str, str | int | float | bool | None]]


def _candidates(sample: list[str], declared: str | None, quote: str | None = None) -> Iterator[Scored]:
    """Yield the dialects worth weighing with their scores, only those with a declared delimiter or quote."""
    text = "\n".join(sample)
    delimiters = [declared] if declared else [mark for mark in DELIMITERS if mark in text]
    quotes = ['"']
    if text.count("'") >= 2 * max(1, len(sample)) and '"' not in text:
        quotes.append("'")
    if quote is not None:
        quotes = [quote]
    escapes = ["", "\\"] if '\\"' in text and quote != "" else [""]
    for delimiter in delimiters or [","]:
        for mark in quotes:
            for escape in escapes:
                yield _scored(sample, Dialect(delimiter, mark, escape))
        if quote in (None, '"') and _is_wrapped(sample):
            yield _scored(sample, Dialect(delimiter, '"', wrapped=True))


def _is_wrapped(sample: list[str]) -> bool:
    full = [line for line in sample if line.strip()]
    return len(full) > 1 and all(
        len(line) > 1 and line[0] == line[-1] == '"' and '"' not in line[1:-1].replace('""', "") for line in full
    )


def _scored(sample: list[str], dialect: Dialect) -> Scored:
    """Score a dialect: how many records have the usual width, how pure the columns are, what the quotes broke."""
    found = [
        record for record in Records(enumerate(sample, start=1), dialect) if any(map(str.strip, record.cells))
    ]
    if not found:
        return 0.0, dialect, {}
    widths = [len(record.cells) for record in found]
    wide = Counter(width for width in widths if width > 1)
    if not wide:
        return 0.0, dialect, {"width": 1}
    width, usual = max(wide.items(), key=lambda item: (item[1], item[0]))
    in_blocks = sum(
        1
        for place, this in enumerate(widths)
        if this > 1 and (this in widths[max(0, place - 1) : place] or this in widths[place + 1 : place + 2])
    )
    regular = max(usual, in_blocks) / (len(found) - (1 - NOTE_WEIGHT) * _notes_around(widths))
    cells = [record.cells for record in found if len(record.cells) == width]
    columns = list(zip(*cells, strict=True))[:200]
    purity = sum(_purity(column) for column in columns) / len(columns)
    score = regular * (0.5 + 0.5 * purity) * (1 - 0.25 / width)
    flawed = sum(record.flaw is not None for record in found) / len(found)
    stray = sum(
        cell[:1] == '"' or (dialect.escape == "" and '\\"' in cell) for row in cells for cell in row
    ) / len(found)
    spaced = sum(cell[:1] == " " for row in cells for cell in row[1:]) / max(1, len(cells) * (width - 1))
    score -= 0.3 * min(1.0, flawed) + 0.3 * min(1.0, stray)
    if spaced > 0.5 and widths[0] == 1:
        score *= 0.5
    return score, dialect, {"width": width, "records": usual, "of": len(found)}


def _notes_around(widths: Sequence[int]) -> int:
    """Return how many records of one cell stand above and below three records or more of one width above two."""
    longest = max(sum(1 for _ in run) if width > 2 else 0 for width, run in groupby(widths))
    if longest < 3:
        return 0
    wide = [place for place, width in enumerate(widths) if width > 1]
    return wide[0] + len(widths) - 1 - wide[-1]


def _purity(column: Sequence[str]) -> float:
    """Return the share of the commonest kind of cell below the first."""
    kinds = Counter(_kind(cell) for cell in (column[1:101] or column))
    empty = kinds.pop("empty", 0)
    return max(kinds.values(), default=empty) / (kinds.total() or empty or 1)


def _kind(cell: str) -> str:
    match = _CELL_KIND.fullmatch(cell.strip())
    return match.lastgroup or "text" if match else "text"


def _fixed_width(sample: list[str]) -> tuple[int, ...]:
    """Return where columns start in padded text, or nothing where the lines do not agree on it."""
    lines = [line.expandtabs() for line in sample if line.strip()]
    if len(lines) < 3 or not all(re.search(r"\S {2,}\S", line) for line in lines):
        return ()
    length = max(map(len, lines))
    taken = [any(place < len(line) and line[place] != " " for line in lines) for place in range(length)]
    cuts = tuple(place for place in range(length) if taken[place] and (place == 0 or not taken[place - 1]))
    return cuts if len(cuts) > 1 else ()


class Records:
    """The records of numbered lines; a quote that never closes, or closes too late, is an ordinary character.

    With the usual `width` known, a record that swallowed complete records is told from a text with line breaks.
    """

    def __init__(self, lines: Iterable[tuple[int, str]], dialect: Dialect, *, width: int = 0) -> None:
        if dialect.wrapped:
            dialect = replace(dialect, wrapped=False)
            lines = ((number, _unwrap(line)) for number, line in lines)
        self._lines = iter(lines)
        self._dialect = dialect
        self._width = width
        self._returned: deque[tuple[int, str]] = deque()
        self._failures = 0

    def __iter__(self) -> Iterator[Record]:
        while (line := self.take()) is not None:
            yield self.record(*line)

    def take(self) -> tuple[int, str] | None:
        """Return the next line with its number, None at the end."""
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def record(self, number: int, line: str) -> Record:
        """Return the record that starts with a line just taken, taking more where a quote is open at its end."""
        dialect = self._dialect
        if not dialect.quote or dialect.quote not in line:
            return Record(number, _bare_cells(line, dialect))
        cells, flaw = split_quoted(line, dialect)
        if cells is not None:
            return Record(number, cells, 1, flaw)
        joined = None if flaw else self._join(number, line)
        return joined or Record(number, _literal_cells(line, dialect), 1, "stray_quote")

    def _join(self, number: int, line: str) -> Record | None:
        """Read on until the open quote is closed; give the lines back where that reading is the worse one."""
        dialect = self._dialect
        taken: list[tuple[int, str]] = []
        text = [line]
        size = len(line)
        attempts = 0
        limit = MAX_RECORD_LINES if self._failures < MAX_LONG_SEARCHES else SHORT_SEARCH
        while (
            len(taken) < limit
            and attempts < MAX_ATTEMPTS
            and size < MAX_RECORD_LENGTH
            and (following := self.take()) is not None
        ):
            taken.append(following)
            text.append(following[1])
            size += len(following[1])
            if _closing(following[1], 0, dialect.quote, dialect.escape) < 0:
                continue
            attempts += 1
            cells, flaw = split_quoted("\n".join(text), dialect)
            if cells is None and not flaw:
                continue
            if cells is not None and not flaw and not _swallowed(text, cells, dialect, self._width):
                return Record(number, cells, len(text))
            break
        self._failures += 1
        self._returned.extendleft(reversed(taken))
        return None


def regular_line(dialect: Dialect, width: int) -> re.Pattern[str]:
    """Return a pattern of the lines that are a record of `width` cells by themselves and need no mending."""
    quote, delimiter = re.escape(dialect.quote or '"'), re.escape(dialect.delimiter)
    cell = f"(?:{quote}[^{quote}]*+{quote}|[^{quote}{delimiter}]*+)"
    return re.compile(f"{cell}(?:{delimiter}{cell}){{{width - 1}}}")


def _unwrap(line: str) -> str:
    bare = line.strip()
    return bare[1:-1].replace('""', '"') if len(bare) > 1 and bare[0] == bare[-1] == '"' else line


def _bare_cells(line: str, dialect: Dialect) -> list[str]:
    if dialect.delimiter == "fixed":
        line = line.expandtabs()
        return [line[a:b].strip() for a, b in zip(dialect.cuts, (*dialect.cuts[1:], None), strict=True)]
    if not dialect.delimiter:
        return [line]
    return line.split(dialect.delimiter)


def _literal_cells(line: str, dialect: Dialect) -> list[str]:
    """Split a line whose quotes mean nothing; one that opens a cell and is never closed is left out."""
    quote = dialect.quote
    return [
        cell[1:] if cell.startswith(quote) and cell.count(quote) == 1 else cell
        for cell in _bare_cells(line, dialect)
    ]


def _swallowed(text: list[str], cells: list[str], dialect: Dialect, width: int) -> bool:
    """Say whether the lines of a record read better as records of their own."""
    usual = width or len(cells)
    if usual < 2 or (len(cells) == usual == 2 and len(text) < 3):
        return False
    return all(len(_bare_cells(line, dialect)) == usual for line in text)


def split_quoted(line: str, dialect: Dialect) -> tuple[list[str] | None, str | None]:
    """Split a line with quotes into cells; None when a quote is still open at its end.

    The second value names what was irregular: text after a closing quote.
    """
    delimiter, quote, escape = dialect.delimiter, dialect.quote, dialect.escape
    cells: list[str] = []
    flaw = None
    place, end = 0, len(line)
    while True:
        start = place
        while start < end and line[start] == " " and delimiter != " ":
            start += 1
        if not line.startswith(quote, start):
            stop = line.find(delimiter, place) if delimiter else -1
            if stop < 0:
                cells.append(line[place:])
                return cells, flaw
            cells.append(line[place:stop])
            place = stop + 1
            continue
        closing = _closing(line, start + 1, quote, escape)
        if closing < 0:
            return None, flaw
        value = line[start + 1 : closing].replace(quote * 2, quote)
        if escape:
            value = re.sub(r"\\([\\" + quote + "])", r"\1", value)
        after = closing + 1
        while after < end and line[after] == " " and delimiter != " ":
            after += 1
        if after >= end:
            cells.append(value)
            return cells, flaw
        if delimiter and line.startswith(delimiter, after):
            cells.append(value)
            place = after + 1
            continue
        flaw = "stray_quote"
        stop = line.find(delimiter, after) if delimiter else -1
        cells.append(line[place : stop if stop >= 0 else end])
        if stop < 0:
            return cells, flaw
        place = stop + 1


def _closing(line: str, place: int, quote: str, escape: str) -> int:
    """Return where the quoted cell that starts at `place` ends, -1 if it does not."""
    while True:
        found = line.find(quote, place)
        if found < 0:
            return -1
        if escape:
            before = found
            while before > place and line[before - 1] == escape:
                before -= 1
            if (found - before) % 2:
                place = found + 1
                continue
        if line.startswith(quote, found + 1):
            place = found + 2
            continue
        return found
