"""Where the table is: titles and comments above it, header rows, totals and notes below; or several tables."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import chain
from math import isclose
from typing import NamedTuple

from eduscale.ingest.tables.coded_header import CodedHeader, coded_header
from eduscale.ingest.tables.forms import NULL_WORDS, prices
from eduscale.ingest.tables.grid import Cell, ErrorCell, Row
from eduscale.ingest.tables.label_words import are_labels, is_label
from eduscale.ingest.tables.names import normal_name
from eduscale.ingest.tables.overrides import Overrides, TableOverrides, overridden
from eduscale.models.reading import Alternative, ReadGuess, Said

MAX_HEADER_ROWS = 3
MAX_DECLARED_ROWS = 6
LOOK_BELOW = 60
"""So many rows below a header are looked at to tell values from labels."""

_VALUE = re.compile(r"[-+]?[0-9][0-9 \u00a0\u202f]*(?:[.,][0-9]+)*\s?%?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")
_DATE = re.compile(r"[0-9]{1,4}[./-]\s?[0-9]{1,2}[./-]\s?[0-9]{0,4}(?:[ T].*)?")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}(?:[./-][0-9]{2,4})?")
_NUMBER = re.compile(r"[-+]?[0-9]{1,15}(?:[.][0-9]+)?")
_RULE = re.compile(r":?[-=_+]{3,}:?")
_TOTAL = re.compile(
    r"(celkem|celkový součet|součet|mezisoučet|souhrn|úhrnem|spolu|total|grand total|subtotal|sum|summe|suma|"
    r"razem|gesamt|insgesamt|průměr|average|mean|mittelwert)(?:[ :(].*)?",
    re.IGNORECASE,
)
_NAMED_TOTAL = re.compile(
    r"(?:.*\S )?(?:celkem|mezisoučet|součet|total|subtotal|razem|gesamt|insgesamt):?|(?:celkem|total) .+",
    re.IGNORECASE,
)
"""A label that may be that of a total of something: `1.A celkem`, `Total of boys`."""
_SURNAMES = frozenset({"suma", "sum", "souhrn", "total", "mean"})
_NAME = re.compile(r"[^\W\d_]{2,}")
"""What may be a given name after a word that is a surname too."""
_NOTE = re.compile(
    r"(?:zdroj|pozn|source|note|notes|quelle|vysvětliv|legenda|legend|remark|stav k|vygener|generated|export|"
    r"vypracoval|vytiš|tisk|printed|data k|hinweis|uwaga|źródło|\*|†|[0-9][)])(?:\b|[.: ]|$).*",
    re.IGNORECASE | re.DOTALL,
)
_PAIR = re.compile(r"[^\W\d][^:]{0,40}:(?!//).{0,60}", re.DOTALL)
"""A label and what it says, or room for it."""
_TYPE_WORDS = frozenset(
    "list date string text number integer int float decimal boolean bool datetime time seznam datum řetězec číslo "
    "textový výběr dropdown email".split()
)
_NAMED_NOTE = re.compile(r"(?:pozn|note|remark|uwaga|hinweis|zdroj|source|quelle)\w*[.]? ?:", re.IGNORECASE)
_DAY_MONTH = re.compile(r"([0-9]{1,2})[.]([0-9]{1,2})")
_GRADE = re.compile(r"[1-5][+-]|[NUX]")
_UNITS = frozenset(
    "% ‰ ks kusů kč czk eur € ft zł pln tis. mil. h hod hod. hodin min min. minut s sec ms dny dní let roky "
    "mm cm m km m2 m² m3 m³ g kg t l ml °c bod bodů b. body osob žáků počet pcs hours minutes days years points "
    "pupils count number".split()
)


@dataclass
class FoundTable:
    """A table in a grid: its labels, its data rows, and the rows that are no data, each with the reason."""

    labels: list[str]
    header: list[Row]
    data: list[Row]
    set_aside: list[tuple[Row, str]] = field(default_factory=list)
    guesses: list[ReadGuess] = field(default_factory=list)
    codes: Sequence[str] = ()
    """What the columns are called for short, where the file says so beside the labels."""

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.labels)

    @property
    def title(self) -> str:
        """The text that stands right above the table, if one does."""
        top = min((row.number for row in chain(self.header, self.data)), default=0)
        rows = [row for row, code in self.set_aside if code == "title" and row.number + row.span == top]
        texts = {_shown(cell) for row in rows for cell in row.cells if not is_blank(cell)}
        return texts.pop() if len(texts) == 1 else ""


class _Header(NamedTuple):
    rows: int
    confidence: float
    evidence: Said
    alternatives: tuple[Alternative, ...]


def is_blank(cell: Cell) -> bool:
    """Say whether a cell holds nothing to read."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def filled_places(row: Row) -> list[int]:
    """Return the places of the cells that hold something."""
    return [place for place, cell in enumerate(row.cells) if not is_blank(cell)]


def _is_one_text(row: Row) -> bool:
    """Say whether a row holds nothing but one text, repeated where merged cells carried it along."""
    texts = {cell for cell in row.cells if not is_blank(cell)}
    return len(texts) == 1 and (len(filled_places(row)) == 1 or _kind(next(iter(texts))) == "text")


def trimmed_width(row: Row) -> int:
    """Return how many cells a row has up to the last one that holds something."""
    cells = row.cells
    for place in range(len(cells) - 1, -1, -1):
        if not is_blank(cells[place]):
            return place + 1
    return 0


def _kind(cell: Cell) -> str:
    """Return what a cell looks like: empty, text, year, date or value."""
    if is_blank(cell):
        return "empty"
    if isinstance(cell, str):
        bare = cell.strip()
        for kind, pattern in (("year", _YEAR), ("date", _DATE), ("value", _VALUE)):
            if pattern.fullmatch(bare):
                return kind
        return "text"
    if isinstance(cell, date):
        return "date"
    if isinstance(cell, int | float) and not isinstance(cell, bool) and 1900 <= cell <= 2100 and cell == int(cell):
        return "year"
    return "value"


def find_tables(
    rows: Iterable[Row],
    declared: frozenset[int] = frozenset(),
    overrides: Overrides | None = None,
    *,
    first: int = 0,
    to_the_end: bool = True,
) -> tuple[list[FoundTable], list[tuple[Row, str]]]:
    """Return the tables of a grid in order, and what stands in a grid that holds no table at all.

    `declared` are the numbers of rows that are labels because the file says so, `first` is the number that the
    first table has in its file. Rows that do not go `to_the_end` show no footer.
    """
    overrides = overrides or Overrides()
    tables: list[FoundTable] = []
    above: list[tuple[Row, str]] = []
    segments = _segments(rows)
    main, *beside = _strands(segments)
    for strand, widest in [(main, _widest(segments)), *((each, _widest(each)) for each in beside)]:
        found, alone = _find_below_each_other(strand, widest, declared)
        tables += found
        above += alone
    if tables:
        tables[0].set_aside[:0] = above
        above = []
    tables.sort(key=lambda table: min(row.number for row in chain(table.header, table.data)))
    for number, table in enumerate(tables, start=first):
        _decide_header(table, overrides.of(number))
        _take_out(table)
        if to_the_end:
            _take_footer_out(table, overrides.of(number))
    return tables, above


def _find_below_each_other(
    segments: Sequence[list[Row]], widest: int, declared: frozenset[int]
) -> tuple[list[FoundTable], list[tuple[Row, str]]]:
    """Return the tables of segments that stand below each other, and what stands above where there is none."""
    tables: list[FoundTable] = []
    above: list[tuple[Row, str]] = []
    for segment in segments:
        notes, body = _split_notes(segment, widest)
        continues = bool(tables) and (not body or _continues(tables[-1], body))
        target = tables[-1].set_aside if continues else above
        target.extend((row, "comment" if is_comment(row) else "note" if continues else "title") for row in notes)
        if not body:
            continue
        if continues:
            tables[-1].data.extend(body)
        else:
            if not tables:
                facts = _facts_above(body, widest)
                above += [(row, "title") for row in body[:facts]]
                body = body[facts:]
                if not body:
                    continue
            tables.append(_new_table(body, declared))
            tables[-1].set_aside[:0] = above
            above = []
    return tables, above


def _strands(segments: Sequence[list[Row]]) -> list[list[list[Row]]]:
    """Part the segments of a grid into strands: that of the whole width, and one a range of columns of its own."""
    main: list[list[Row]] = []
    beside: dict[range, list[list[Row]]] = {}
    for segment in segments:
        ranges = _ranges_beside(segment)
        if len(ranges) == 1 and beside and all(_fits(row, list(beside)) for row in segment):
            ranges = list(beside)
        if len(ranges) == 1:
            main.append(segment)
            continue
        across = [row for row in segment if _is_one_text(row) and not any(_fits(row, [each]) for each in ranges)]
        if across:
            main.append(across)
        rest = [row for row in segment if row not in across]
        for columns in ranges:
            beside.setdefault(columns, []).extend(_segments(_within(rest, columns)))
    return [main, *beside.values()]


def _fits(row: Row, ranges: Sequence[range]) -> bool:
    """Say whether all that a row holds is in the ranges of columns."""
    return all(any(place in columns for columns in ranges) for place in filled_places(row))


def _within(rows: Iterable[Row], columns: range) -> list[Row]:
    """Return what rows hold in a range of columns."""
    return [row._replace(cells=row.cells[columns.start : columns.stop]) for row in rows]


def _ranges_beside(segment: list[Row]) -> list[range]:
    """Return the ranges of columns that hold tables of their own, with blank columns between; one for most."""
    columns = _blank_between(segment)
    if not columns:
        return [range(0)]
    found: list[range] = []
    start = 0
    width = max(map(trimmed_width, segment))
    for blank in (*columns, width):
        if found and not _are_apart(_within(segment, found[-1]), _within(segment, range(start, blank))):
            found[-1] = range(found[-1].start, blank)
        elif blank > start:
            found.append(range(start, blank))
        start = blank + 1
    return found


def _blank_between(segment: list[Row]) -> list[int]:
    """Return the columns without a value amid others, in rows that hold more than one text."""
    rows = [row for row in segment[:LOOK_BELOW] if not _is_one_text(row)]
    occupied = {place for row in rows for place in filled_places(row)}
    blank = [place for place in range(min(occupied), max(occupied)) if place not in occupied] if occupied else []
    for row in segment[LOOK_BELOW:]:
        if not blank:
            break
        blank = [place for place in blank if place >= len(row.cells) or is_blank(row.cells[place])]
    return blank


def _are_apart(left: list[Row], right: list[Row]) -> bool:
    """Say whether rows left and right of a blank column are tables of their own, and not halves of one."""
    sides = []
    for side in (left, right):
        segments = _segments(side)
        _, body = _split_notes(segments[0], 2) if len(segments) == 1 else ([], [])
        header = _find_header(body).rows if len(body) > 1 else 0
        if not header or _widest([body]) < 2:
            return False
        sides.append((_labels(body[:header], trimmed_width(body[0])), body[header:]))
    (labels, rows), (others, rows_beside) = sides
    names, names_beside = ({normal_name(label) for label in each if label} for each in (labels, others))
    if len(names & names_beside) * 2 >= len(names_beside):
        return True
    ends = [(body[0].number, body[-1].number) for body in (rows, rows_beside)]
    return ends[0] != ends[1] or (_has_keys(rows) and _has_keys(rows_beside))


def _has_keys(rows: Sequence[Row]) -> bool:
    """Say whether rows begin with distinct texts, each with a number to it."""
    first = filled_places(rows[0])[0]
    keys = [row.cells[first] for row in rows if first < len(row.cells)]
    width = max(map(trimmed_width, rows))
    return (
        len(set(keys)) == len(rows)
        and all(_kind(key) == "text" for key in keys)
        and any(_below(list(rows), 0, place) == "value" for place in range(first + 1, width))
    )


def _facts_above(body: list[Row], widest: int) -> int:
    """Return how many rows above a wide table are pairs such as `Škola;ZŠ Lípa` and belong to its title."""
    if widest < 4:
        return 0
    pairs = 0
    while pairs < len(body) and filled_places(body[pairs]) == [0, 1] and _kind(body[pairs].cells[0]) == "text":
        pairs += 1
    if pairs == len(body):
        values = {_kind(row.cells[1]) for row in body[1:]}
        return pairs if pairs < 3 or len(values) > 1 or values == {"text"} else 0
    is_upper_header = pairs and is_blank(body[pairs].cells[0])
    return pairs - 1 if is_upper_header else pairs


def _segments(rows: Iterable[Row]) -> list[list[Row]]:
    """Split rows at blank ones, those left out included."""
    segments: list[list[Row]] = []
    following = -1
    for row in rows:
        number, cells, span = row
        if all(map(is_blank, cells)):
            continue
        if not segments or number != following:
            segments.append([])
        segments[-1].append(row)
        following = number + span
    return segments


def _widest(segments: Sequence[Sequence[Row]]) -> int:
    """Return the most cells with a value that a row has."""
    widest = 0
    for row in chain.from_iterable(segments):
        if len(row.cells) > widest:
            widest = max(widest, len(filled_places(row)))
    return widest


def is_comment(row: Row) -> bool:
    """Say whether the first cell that holds something starts with a comment mark."""
    for cell in row.cells:
        if not is_blank(cell):
            return isinstance(cell, str) and cell.lstrip().startswith(("#", "//"))
    return False


def _split_notes(segment: list[Row], widest: int) -> tuple[list[Row], list[Row]]:
    """Part the lines of text that stand above a table, or alone, from the rows of the table."""
    start = 0
    commented = any(map(is_comment, segment)) and not _all_comments_are_data(segment)
    while start < len(segment) and (
        (commented and is_comment(segment[start]))
        or (widest > 1 and _is_one_text(segment[start]) and not _is_header_of_one_word(segment, start))
    ):
        start += 1
    if start and widest == 2 and start == len(segment) and any(len(row.cells) > 1 for row in segment):
        return [], segment
    return segment[:start], segment[start:]


def _is_header_of_one_word(segment: Sequence[Row], place: int) -> bool:
    """Say whether a row repeats one label above rows that it heads, and is no title that merged cells carried."""
    row, below = segment[place], segment[place + 1 : place + 2]
    label = _shown(row.cells[filled_places(row)[0]])
    width = len(filled_places(row))
    if width < 2 or not below or not is_label(label) or is_label(_shown(below[0].cells[0])):
        return False
    return width == trimmed_width(row) == max(map(trimmed_width, segment[place:])) and not _is_one_text(below[0])


def _all_comments_are_data(segment: list[Row]) -> bool:
    """Say whether most rows start with the comment mark, so that it means something else."""
    return (
        sum(map(is_comment, segment)) * 2 > len(segment) and len({len(filled_places(row)) for row in segment}) == 1
    )


def _continues(table: FoundTable, body: list[Row]) -> bool:
    """Say whether rows after a blank line belong to the table above it."""
    if is_repeated_header(body[0], table.labels):
        return True
    if len(body) == 1 or not all(_kind(cell) in ("text", "year", "date", "empty") for cell in body[0].cells):
        return True
    if _has_labels_of_its_own(table, body):
        return False
    header = _find_header(body)
    own_width = max(map(trimmed_width, body))
    return header.rows == 0 or (header.confidence < 0.8 and own_width == table.width)


def _has_labels_of_its_own(table: FoundTable, body: Sequence[Row]) -> bool:
    """Say whether rows after a blank line begin with labels, as the table above does, and go on with others."""
    if not table.header or len(filled_places(body[0])) < 2:
        return False
    first, second = (_texts(row) for row in body[:2])
    return are_labels(_texts(table.header[-1])) and are_labels(first) and not are_labels(second)


def _texts(row: Row) -> list[str]:
    return [_shown(row.cells[place]) for place in filled_places(row)]


def is_repeated_header(row: Row, labels: Sequence[str]) -> bool:
    """Say whether a row holds the labels once more."""
    return _repeats(row.cells, _wanted(tuple(labels)))


@lru_cache(maxsize=100)
def _wanted(labels: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """Return the places of the labels that are not blank, each with its normal name."""
    names = enumerate(map(normal_name, labels))
    return tuple((place, name) for place, name in names if name)


def _repeats(cells: Sequence[Cell], wanted: tuple[tuple[int, str], ...]) -> bool:
    """Say whether cells are the wanted labels; most rows are told apart by a cell that is no text."""
    for place, _ in wanted:
        if place >= len(cells) or not isinstance(cells[place], str):
            return False
    return bool(wanted) and all(normal_name(str(cells[place])) == name for place, name in wanted)


def _new_table(body: list[Row], declared: frozenset[int]) -> FoundTable:
    coded = coded_header(body)
    if coded is not None:
        return _coded_table(body, coded)
    rules = [row for row in body[1 : MAX_HEADER_ROWS + 1] if _is_rule(row)]
    body = [row for row in body if row not in rules] if rules else body
    header = _declared_header(body, declared) or _find_header(body)
    top, data = body[: header.rows], body[header.rows :]
    guess = ReadGuess(
        what="header",
        value=header.rows,
        evidence=header.evidence,
        confidence=header.confidence,
        alternatives=header.alternatives,
    )
    ruled = [(row, "rule") for row in rules]
    return FoundTable(_labels(top, _width(top, data)), list(top), list(data), set_aside=ruled, guesses=[guess])


def _width(top: Sequence[Row], data: Sequence[Row]) -> int:
    """Return how many columns a header and the rows below it have."""
    widths = Counter(map(trimmed_width, data))
    usual = max(widths, key=lambda width: (widths[width], width)) if widths else 0
    return max(usual, *map(trimmed_width, top)) if top else max(widths)


def _decide_header(table: FoundTable, overrides: TableOverrides) -> None:
    """Give a table the header rows that a person said it has."""
    override = overrides.find("header")
    if override is None:
        return
    body, rows = [*table.header, *table.data], int(str(override.value))
    if rows > len(body):
        overrides.refuse(override, Said(code="override_header_too_long", facts={"rows": len(body)}))
        return
    table.header, table.data = body[:rows], body[rows:]
    table.labels = _labels(table.header, _width(table.header, table.data))
    table.guesses = [overridden(override, guess) if guess.what == "header" else guess for guess in table.guesses]


def _coded_table(body: Sequence[Row], header: CodedHeader) -> FoundTable:
    """Return a table whose columns have codes above the questions; the ids below them are no data."""
    top = [header.codes, header.texts]
    rest = body[len(top) :] if header.ids is None else body[len(top) + 1 :]
    width = max(map(trimmed_width, [*top, *rest[:LOOK_BELOW]]))
    codes, texts = ([_shown(cell) for cell in row.cells] + [""] * (width - len(row.cells)) for row in top)
    return FoundTable(
        labels=[text or code for code, text in zip(codes, texts, strict=False)][:width],
        header=top,
        data=list(rest),
        set_aside=[(header.ids, "import_ids")] if header.ids is not None else [],
        guesses=list(header.guesses()),
        codes=codes[:width],
    )


def _declared_header(body: list[Row], declared: frozenset[int]) -> _Header | None:
    """Return the header that the file declares at the top of a table, if it does and there is more than that."""
    rows = next((place for place, row in enumerate(body) if row.number not in declared), 0)
    if not 0 < rows <= MAX_DECLARED_ROWS:
        return None
    return _Header(rows, 0.99, Said(code="header_declared", facts={"rows": rows}), ())


def _is_rule(row: Row) -> bool:
    """Say whether a row is a line drawn under the labels, as query tools print it."""
    filled = filled_places(row)
    return bool(filled) and all(_RULE.fullmatch(str(row.cells[place]).strip()) for place in filled)


def _labels(header: Sequence[Row], width: int) -> list[str]:
    """Join the parts of a header of several rows; a part that spans columns stands above each of them."""
    parts: list[list[str]] = [[] for _ in range(width)]
    for level, row in enumerate(header):
        texts = [_shown(row.cells[place]) if place < len(row.cells) else "" for place in range(width)]
        below = header[level + 1 :]
        spread = ""
        for place in range(width):
            has_part_below = any(place < len(lower.cells) and not is_blank(lower.cells[place]) for lower in below)
            if texts[place]:
                spread = texts[place] if has_part_below else ""
            elif has_part_below and spread:
                texts[place] = spread
            if texts[place] and texts[place] not in parts[place]:
                parts[place].append(texts[place])
    return [" ".join(part) for part in parts]


def _shown(cell: Cell) -> str:
    if is_blank(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.text if isinstance(cell, ErrorCell) else str(cell).strip()


def _find_header(body: list[Row]) -> _Header:
    """Weigh how many rows at the top are labels, by what the columns below them hold."""
    if len(body) == 1:
        rows = int(all(_kind(cell) in ("text", "empty") for cell in body[0].cells))
        return _Header(rows, 0.7, Said(code="header_only_row", facts={"rows": rows}), ())
    width = max(map(trimmed_width, body[:LOOK_BELOW]))
    scores = {rows: _header_score(body, rows, width) for rows in range(min(MAX_HEADER_ROWS, len(body) - 1) + 1)}
    best = max(scores, key=lambda rows: (scores[rows], -abs(rows - 1)))
    second = max((rows for rows in scores if rows != best), key=lambda rows: scores[rows])
    margin = scores[best] - scores[second]
    values = sum(_below(body, best, column) != "text" for column in range(width))
    code = "header_none" if best == 0 else "header_labels" if values else "header_all_text"
    confidence = round(min(0.99, 0.6 + 0.5 * margin), 2)
    return _Header(
        best,
        confidence,
        Said(code=code, facts={"rows": best, "columns": width, "value_columns": values}),
        (Alternative(value=second, confidence=round(1 - confidence, 2)),),
    )


def _header_score(body: list[Row], rows: int, width: int) -> float:
    """Score a reading in which the first `rows` rows are labels, between about -1 and 1."""
    top = body[:rows]
    if rows and not _can_be_header(top, width):
        return -1.0
    score = 0.0
    labels = [_label_kinds(row, body[rows] if rows < len(body) else None, width) for row in reversed(top)]
    for column in range(width):
        below = _below(body, rows, column)
        if below == "text":
            continue
        label = next((kinds[column] for kinds in labels if kinds[column] != "empty"), "empty")
        first = _kind(body[rows].cells[column]) if column < len(body[rows].cells) else "empty"
        if label == "text":
            score += 1.0
        elif label != "empty":
            score += -2.0 if label in (below, "value") else 0.7
        if first == "text":
            score -= 1.0
    if rows and _goes_on(top[-1], body[rows]):
        return score / width - 0.5
    if rows == 1 and score == 0:
        return 0.2 if _are_labels(top[0], body[1:LOOK_BELOW]) else -0.2
    return score / width


def _goes_on(lower: Row, following: Row) -> bool:
    """Say whether a label stands below itself, as one does that was merged over several rows of a header."""
    return any(
        _kind(cell) == "text" and cell == below for cell, below in zip(lower.cells, following.cells, strict=False)
    )


def _label_kinds(row: Row, below: Row | None, width: int) -> list[str]:
    """Return the kinds of a header's cells; numbers that count up, unlike the row below, are a `count`."""
    kinds = [_kind(cell) for cell in row.cells[:width]] + ["empty"] * (width - len(row.cells))
    if (
        _counts_up(row, kinds)
        and "value" in kinds
        and not (below and _counts_up(below, [_kind(cell) for cell in below.cells]))
    ):
        kinds = ["count" if kind == "value" else kind for kind in kinds]
    return kinds


def _counts_up(row: Row, kinds: Sequence[str]) -> bool:
    numbers = [_shown(cell).rstrip(".") for cell, kind in zip(row.cells, kinds, strict=False) if kind == "value"]
    if len(numbers) < 3 or not all(number.isdecimal() for number in numbers):
        return len(numbers) > 2 and _are_days_in_order(numbers)
    first = int(numbers[0])
    return [int(number) for number in numbers] == list(range(first, first + len(numbers)))


def _are_days_in_order(texts: Sequence[str]) -> bool:
    """Say whether texts such as `30.9, 1.10` are days of at most two months that follow each other."""
    found = [_DAY_MONTH.fullmatch(text) for text in texts]
    days = [(int(match[2]), int(match[1])) for match in found if match]
    months = sorted({month for month, _ in days})
    return (
        len(days) == len(texts)
        and all(1 <= month <= 12 and 1 <= day <= 31 for month, day in days)
        and days == sorted(set(days))
        and len(months) <= 2
        and months[-1] - months[0] <= 1
    )


def _below(body: list[Row], rows: int, column: int) -> str:
    """Return the kind of most cells of a column below its header; `text` where they are no values."""
    kinds = Counter(
        _kind(row.cells[column]) if column < len(row.cells) else "empty" for row in body[rows : rows + LOOK_BELOW]
    )
    del kinds["empty"]
    texts = kinds.pop("text", 0)
    return max(kinds, key=lambda kind: kinds[kind]) if kinds.total() > texts else "text"


def _can_be_header(top: Sequence[Row], width: int) -> bool:
    kinds = [_label_kinds(row, None, width) for row in top]
    if any("value" in row for row in kinds) or not any("text" in row for row in kinds):
        return False
    if len(top) == 1:
        return True
    for upper, lower in zip(top, kinds[1:], strict=False):
        names = [_shown(cell) for cell in upper.cells[:width]]
        filled = [name for name in names if name]
        if len(filled) == width == len(set(filled)) or "text" not in lower:
            return False
    labels = [label for label in _labels(top, width) if label]
    return len(labels) == len(set(labels))


def _are_labels(row: Row, below: Sequence[Row]) -> bool:
    """Say whether a row of text, above rows of text, reads like labels: distinct, and not met again below."""
    names = [_shown(cell) for cell in row.cells if not is_blank(cell)]
    if len(set(names)) < len(names) * 0.5 and not are_labels(names):
        return False
    again = sum(
        any(place < len(lower.cells) and lower.cells[place] == cell for lower in below)
        for place, cell in enumerate(row.cells)
        if not is_blank(cell)
    )
    return again * 2 <= len(names)


def _take_out(table: FoundTable) -> None:
    """Set aside rows that are no data: repeated headers, a row of types or units, comments."""
    kept = []
    comments = any(code == "comment" for _, code in table.set_aside)
    wanted = _wanted(tuple(table.labels)) if table.header else ()
    for place, row in enumerate(table.data):
        if _repeats(row.cells, wanted):
            table.set_aside.append((row, "repeated_header"))
        elif comments and is_comment(row):
            table.set_aside.append((row, "comment"))
        elif _is_note_within(row, table.width):
            table.set_aside.append((row, "note"))
        elif place == 0 and _is_type_row(row):
            table.set_aside.append((row, "type_row"))
        elif place == 0 and table.header and _is_number_row(row, table):
            table.set_aside.append((row, "number_row"))
        elif place == 0 and table.header and _is_unit_row(row, table.data):
            table.set_aside.append((row, "unit_row"))
        else:
            kept.append(row)
    table.data = kept


def _take_footer_out(table: FoundTable, overrides: TableOverrides) -> None:
    """Set aside totals and notes at the end, and the subtotals of a table that ends with a total."""
    footer, guess = take_footer(table.data, table.width, overrides)
    subtotals = _subtotals(table.data) if any(code == "total" for _, code in footer) else []
    numbers = {row.number for row in subtotals}
    if numbers:
        table.data = [row for row in table.data if row.number not in numbers]
    named = _named_subtotals(table.data)
    if overrides.find("footer") is not None and named[-1:] == table.data[-1:]:
        named = []
    if named:
        sums = {row.number for row in named}
        table.data = [row for row in table.data if row.number not in sums]
    table.set_aside.extend((row, "total") for row in chain(subtotals, named))
    table.set_aside.extend(footer)
    table.guesses.append(guess)


def _is_type_row(row: Row) -> bool:
    words = [cell.strip().lower() if isinstance(cell, str) else "" for cell in row.cells if not is_blank(cell)]
    return len(words) > 1 and all(word in _TYPE_WORDS for word in words)


def _is_note_within(row: Row, width: int) -> bool:
    """Say whether a row amid others is a note that says so: `Poznámka: ...` and nothing beside it."""
    text = row.cells[0] if row.cells else None
    return (
        width > 1
        and isinstance(text, str)
        and _NAMED_NOTE.match(text.strip()) is not None
        and all(map(is_blank, row.cells[1:]))
    )


def _is_number_row(row: Row, table: FoundTable) -> bool:
    """Say whether a row below the header numbers the columns, as statistical forms do: `a;1;2` or `1;2;3`."""
    shown = [_shown(cell).strip(".") for cell in row.cells[: table.width]]
    numbers = [text for text in shown if text.isdecimal()]
    letters = shown[: len(shown) - len(numbers)]
    return (
        len(shown) == table.width
        and len(numbers) > (1 if letters else 2)
        and numbers == [str(number) for number in range(1, len(numbers) + 1)]
        and letters == [chr(ord("a") + place) for place in range(len(letters))]
        and shown[len(letters) :] == numbers
        and len(table.data) > 1
        and _below(table.data[1:], 0, 0) == "text"
    )


def _is_unit_row(row: Row, data: Sequence[Row]) -> bool:
    """Say whether a row holds units of the numbers below it and nothing else."""
    filled = filled_places(row)
    units = [str(row.cells[place]).strip().strip("[]()").lower() for place in filled]
    return bool(filled) and all(
        unit in _UNITS and _below([*data], 1, place) == "value" for unit, place in zip(units, filled, strict=True)
    )


def _subtotals(data: Sequence[Row]) -> list[Row]:
    """Return the totals within a table that ends with one: they leave cells empty that other rows fill."""
    totals = {row.number: row for row in data if _is_total(row, data)}
    least = min((len(filled_places(row)) for row in data if row.number not in totals), default=0) if totals else 0
    return [row for row in totals.values() if len(filled_places(row)) < least]


def _named_subtotals(data: Sequence[Row]) -> list[Row]:
    """Return the rows that are named as totals of something and whose numbers are the sums of the rows above."""
    candidates = {row.number for row in data if _is_named_total(row)}
    found: list[Row] = []
    if not candidates:
        return found
    group: defaultdict[int, float] = defaultdict(float)
    overall: defaultdict[int, float] = defaultdict(float)
    rows = 0
    for row in data:
        numbers = {place: _number(cell) for place, cell in enumerate(row.cells)}
        known = {place: number for place, number in numbers.items() if number is not None}
        if row.number in candidates and any(known.values()):
            sums_group = (rows > 1 or (rows == 1 and bool(found))) and _are_sums(known, group)
            if sums_group or (len(found) > 1 and _are_sums(known, overall)):
                found.append(row)
                group.clear()
                rows = 0
                continue
        rows += 1
        for place, number in known.items():
            group[place] += number
            overall[place] += number
    return found


def _is_named_total(row: Row) -> bool:
    """Say whether a row begins with a label of a total and all that follows are numbers."""
    filled = filled_places(row)
    label = row.cells[filled[0]] if len(filled) > 1 else None
    return (
        isinstance(label, str)
        and _NAMED_TOTAL.fullmatch(label.strip()) is not None
        and all(_number(row.cells[place]) is not None for place in filled[1:])
    )


def _are_sums(known: dict[int, float], sums: Mapping[int, float]) -> bool:
    """Say whether every number of a row is the sum of those above it."""
    return all(isclose(number, sums.get(place, 0.0), abs_tol=0.01) for place, number in known.items())


def take_footer(data: list[Row], width: int, overrides: TableOverrides) -> tuple[list[tuple[Row, str]], ReadGuess]:
    """Remove the rows at the end of the data that are no data; return them, first one first, and the decision."""
    footer = _guess_footer(data, width)
    totals = sum(code == "total" for _, code in footer)
    guess = ReadGuess(
        what="footer",
        value=len(footer),
        evidence=Said(code="footer_found", facts={"rows": len(footer), "totals": totals})
        if footer
        else Said(code="footer_none"),
        confidence=0.9,
        alternatives=(Alternative(value=0, confidence=0.1),) if footer else (),
    )
    override = overrides.find("footer")
    if override is None:
        return footer, guess
    wanted, known = int(str(override.value)), len(data) + len(footer)
    if wanted > known:
        overrides.refuse(override, Said(code="override_footer_too_long", facts={"rows": known}))
        return footer, guess
    data.extend(row for row, _ in footer)
    rows = data[known - wanted :]
    del data[known - wanted :]
    return [(row, "total" if _is_total(row, data) else "note") for row in rows], overridden(override, guess)


def _guess_footer(data: list[Row], width: int) -> list[tuple[Row, str]]:
    """Remove totals and notes from the end of the data and return them, first one first."""
    footer: list[tuple[Row, str]] = []
    while len(data) > 1:
        row = data[-1]
        if _is_note(row, width) or _is_signature(row, data[:-1], width):
            footer.insert(0, (data.pop(), "note"))
        elif (_is_total(row, data[:-1]) or _is_sum(row, data[:-1])) and not any(
            code == "total" for _, code in footer[1:]
        ):
            footer.insert(0, (data.pop(), "total"))
        else:
            break
    return footer


def _is_note(row: Row, width: int) -> bool:
    if width < 2 or not _is_one_text(row):
        return False
    text = row.cells[filled_places(row)[0]]
    if not isinstance(text, str) or _kind(text) != "text":
        return False
    return (len(row.cells) == 1 and width > 2) or _NOTE.fullmatch(text.strip()) is not None or len(text) > 60


def _is_signature(row: Row, data: Sequence[Row], width: int) -> bool:
    """Say whether a row says who made the table and when: pairs such as `Dne: 1.10.`, one amid numbers."""
    filled = filled_places(row)
    texts = [row.cells[place] for place in filled]
    return (
        1 < len(filled) < width
        and all(isinstance(text, str) and _PAIR.fullmatch(text.strip()) for text in texts)
        and any(_below(list(data[-LOOK_BELOW:]), 0, place) == "value" for place in filled)
    )


def _is_sum(row: Row, data: Sequence[Row]) -> bool:
    """Say whether a row without any text sums up the rows above, which begin with texts."""
    filled = filled_places(row)
    key = next((place for place, cell in enumerate(data[-1].cells) if _kind(cell) == "text"), None)
    return (
        key is not None
        and bool(filled)
        and filled[0] > key
        and len(data) > 2
        and all(_kind(row.cells[place]) in ("value", "year") for place in filled)
        and all(_sums_up(row.cells[place], data, place) for place in filled)
    )


def _is_total(row: Row, data: Sequence[Row]) -> bool:
    """Say whether a row starts with a word for a total and holds nothing but numbers below numbers."""
    filled = filled_places(row)
    label = row.cells[filled[0]] if len(filled) > 1 else None
    match = _TOTAL.fullmatch(label.strip()) if isinstance(label, str) else None
    if match is None or not isinstance(label, str):
        return False
    places = [place for place in filled[1:] if not _is_null_word(row.cells[place])]
    numbers = [place for place in places if _kind(row.cells[place]) in ("value", "year")]
    if not numbers or not all(_is_amount(row.cells[place]) and _has_numbers(data, place) for place in places):
        return False
    return not _may_be_a_name(label.strip(), match[1]) or any(
        _sums_up(row.cells[place], data, place) for place in numbers
    )


def _may_be_a_name(label: str, word: str) -> bool:
    """Say whether a word for a total may be a surname, alone or before a given name."""
    after = label[len(word) :].strip(" :")
    given = _NAME.match(after)
    return word.lower() in _SURNAMES and (not after or (given is not None and given[0].istitle()))


def _is_null_word(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.strip().lower() in NULL_WORDS


def _is_amount(cell: Cell) -> bool:
    if _kind(cell) in ("value", "year"):
        return True
    return isinstance(cell, str) and any(form.fits(cell.strip()) for form in prices(","))


def _has_numbers(data: Sequence[Row], place: int) -> bool:
    """Say whether most of the last cells of a column are numbers."""
    cells = [row.cells[place] for row in data[-LOOK_BELOW:] if place < len(row.cells)]
    filled = [cell for cell in cells if not is_blank(cell) and not _is_null_word(cell)]
    numbers = sum(_is_amount(cell) or _is_grade(cell) for cell in filled)
    return numbers * 2 >= len(filled)


def _is_grade(cell: Cell) -> bool:
    """Say whether a cell is a grade with a sign, or a letter in place of one, below which a mean may stand."""
    return isinstance(cell, str) and _GRADE.fullmatch(cell.strip()) is not None


def _sums_up(cell: Cell, data: Sequence[Row], place: int) -> bool:
    """Say whether a cell is the sum or the mean of the numbers above it."""
    numbers = [_number(row.cells[place]) for row in data if place < len(row.cells)]
    known = [number for number in numbers if number is not None]
    total, wanted = sum(known), _number(cell)
    if wanted is None or len(known) < 2:
        return False
    return isclose(wanted, total, abs_tol=0.01) or isclose(wanted, total / len(known), abs_tol=0.01)


def _number(cell: Cell) -> float | None:
    if isinstance(cell, int | float):
        return float(cell)
    digits = "".join(str(cell).split()).replace(",", ".") if isinstance(cell, str) else ""
    return float(digits) if _NUMBER.fullmatch(digits) else None
