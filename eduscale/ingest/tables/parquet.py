"""From cells to typed Parquet: one statement converts, and what it could not convert decides anew."""

import csv
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from math import isnan
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Protocol, Self

import duckdb
import numpy as np

from eduscale.core import progress
from eduscale.ingest.tables import forms
from eduscale.ingest.tables.cells import as_text
from eduscale.ingest.tables.columns import ArraySource
from eduscale.ingest.tables.decided import UNDECIDED, Decided
from eduscale.ingest.tables.forms import literal
from eduscale.ingest.tables.types import Choice, Habits, Sample, choose, expression, odd_cell, trimmed
from eduscale.ingest.tables.wide_parquet import Values, WideParquet, stored_sql
from eduscale.models.reading import Said

MAX_ROUNDS = 4
ROUND_SHARE = 0.75
"""The part of all that is still to do which one round is thought to be."""
WATCH_S = 0.2
MANY_CELLS = 1_000
"""From so many on, cells are looked up in a hash table."""
LOGGED_LENGTH = 1000
EXACT_DIGITS = 15
"""Any number of so many digits is a double."""
LATE_VALUES = 2_000
"""So many distinct cells show the type of a column that is blank at both ends of the file."""
MIN_BUFFER = 32 << 20
WIDE = 100
"""A table of more columns is converted by form, not by column: DuckDB's statements carry few expressions well."""
CELLS_AT_ONCE = 500_000
BAD_ROWS_AT_ONCE = 1_000
MOST_COMPARED = 5
"""So many labels in a row are the header once more."""
PARQUET_OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""Level 1 writes a tenth faster than the default 3 for files 2% larger (1M rows of 12 columns)."""


@dataclass(frozen=True)
class CsvSource:
    """A UTF-8 text file that DuckDB reads strictly: no header below `skip` lines, every record `width` wide."""

    path: Path
    width: int
    delimiter: str = ","
    quote: str = '"'
    skip: int = 0
    longest: int = 0
    """An upper bound of a record's length in bytes; 0 is DuckDB's own."""
    doubtful: bool = False
    """The records were not checked: lines of another width are counted instead of stopping the reading."""

    def sql(self, places: Iterable[int]) -> str:
        """Return the call of `read_csv` that gives the columns `c0`, `c1` ... as text, `places` among them."""
        del places  # DuckDB itself reads no more columns than a query names
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(self.width))
        options = [
            "auto_detect = false",
            "header = false",
            "strict_mode = true",
            f"delim = {literal(self.delimiter)}",
            f"quote = {literal(self.quote)}",
            f"escape = {literal(self.quote)}",
            f"skip = {self.skip}",
            f"columns = {{{columns}}}",
        ]
        if self.longest > 1 << 20:
            options += [
                f"max_line_size = {self.longest + 1024}",
                f"buffer_size = {max(MIN_BUFFER, 2 * self.longest)}",
            ]
        if self.doubtful:
            options += ["store_rejects = true", "rejects_limit = 0"]
        return f"read_csv({literal(str(self.path))}, {', '.join(options)})"

    def blocks(self, stage: progress.Stage) -> Iterator[ArraySource]:
        """Yield the rows in order, some at a time, as arrays of text; at least one block, be it empty.

        How far that is gets reported as this stage.
        """
        size = max(1, self.path.stat().st_size)
        rows = max(1, CELLS_AT_ONCE // self.width)
        csv.field_size_limit(max(csv.field_size_limit(), self.longest))
        with self.path.open(encoding="utf-8", newline="") as file:
            lines = islice(file, self.skip, None)
            records = csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=True)
            block = list(islice(records, rows))
            while True:
                columns = [np.empty(len(block), dtype=object) for _ in range(self.width)]
                for column, cells in zip(columns, zip(*block, strict=True), strict=bool(block)):
                    column[:] = [cell or None for cell in cells]
                progress.report(stage, os.lseek(file.fileno(), 0, os.SEEK_CUR) / size)
                yield ArraySource(columns, [False] * self.width)
                block = list(islice(records, rows))
                if not block:
                    return


class RowSource(Protocol):
    """Rows that DuckDB reads from files, as columns `c0`, `c1` ..."""

    @property
    def doubtful(self) -> bool:
        """Whether the records were not checked."""

    def sql(self, places: Iterable[int]) -> str:
        """Return what to select the columns from, `places` among them."""

    def blocks(self, stage: progress.Stage) -> Iterator[ArraySource]:
        """Yield the rows in order, some at a time, as arrays of text; at least one block, be it empty.

        How far that is gets reported as this stage.
        """


@dataclass(frozen=True)
class TextSource:
    """Rows of which the typed columns at some `places` are read as text: whole doubles without a fraction."""

    source: RowSource
    places: frozenset[int]

    @property
    def doubtful(self) -> bool:
        """Whether the records were not checked."""
        return self.source.doubtful

    def sql(self, places: Iterable[int]) -> str:
        """Return what to select the columns from, `places` among them."""
        places = list(places)
        text = "regexp_replace(CAST({c} AS VARCHAR), '[.]0$', '')"
        columns = [
            f"{text.replace('{c}', f'c{place}')} AS c{place}" if place in self.places else f"c{place}"
            for place in places
        ]
        return f"(SELECT {', '.join(columns)} FROM {self.source.sql(places)})"

    def blocks(self, stage: progress.Stage) -> Iterator[ArraySource]:
        """Yield the rows in order, some at a time, as arrays of text."""
        return self.source.blocks(stage)


Source = RowSource | ArraySource


class BadCell(NamedTuple):
    """A cell that is not of its column's type: the 0-based places of its row and column, its text as sent."""

    row: int
    column: int
    raw: str


class LongCell(NamedTuple):
    """The 0-based places of a cell that is too long."""

    row: int
    column: int


class BadRow(NamedTuple):
    """A row with cells that are not of their column's type: its 0-based place, these cells, and all its cells."""

    row: int
    bad: Sequence[BadCell]
    cells: Sequence[str | None]


class Loaded(NamedTuple):
    """What was written: rows, each column's form, the rows with cells that became null, lines that were no
    records, and the columns of whole numbers that a double does not hold.

    `bad` is read from the source as it is gone through, before the writer is asked for anything else.
    """

    rows: int
    choices: list[Choice]
    bad: Iterable[BadRow]
    refused_lines: int
    long: frozenset[int] = frozenset()
    odd: Sequence[BadCell] = ()
    """The cells that made text of columns that are nearly of another type."""
    words: Mapping[int, Counter[str]] = MappingProxyType({})
    """By column, the words that became null, with their counts."""


class ParquetWriter:
    """Writes tables with one DuckDB connection, whose log carries the cells that do not convert."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._connection.execute("CALL enable_logging(level = 'error', storage = 'memory')")
        # Arrays of objects are text, whatever the first of them look like.
        self._connection.execute("SET pandas_analyze_sample = 0")

    def write(
        self,
        source: Source,
        *,
        labels: Sequence[str],
        names: Sequence[str],
        samples: Sequence[Sample],
        habits: Habits,
        chosen: Mapping[int, Choice],
        target: Path,
        decided: Mapping[int, Decided] = MappingProxyType({}),
    ) -> Loaded:
        """Write the rows of `source` to `target`.

        Columns in `chosen` need no choice, that of the others is made by their cells, as far as no person
        `decided` what they hold. Where the records were not checked a repeated header shows as labels among the
        values: no record either.
        """

        def choice_of(place: int) -> Choice:
            return chosen.get(place) or choose(samples[place], habits, decided.get(place, UNDECIDED))

        choices = [choice_of(place) for place in range(len(samples))]
        for attempt in range(MAX_ROUNDS):
            # A second round is seldom: each takes most of what is left, and the last leaps to the end.
            with progress.part(1 - (1 - ROUND_SHARE) ** attempt, 1 - (1 - ROUND_SHARE) ** (attempt + 1)):
                rows, refused = self._copy(source, names, choices, target)
            unfit = self._unfit()
            if source.doubtful:
                refused += sum(cells[labels[place]] for place, cells in unfit.items())
                refused += self._headers_among_texts(labels, names, choices, target)
            late = self._late_values(samples, choices, names, target) if attempt == 0 and not refused else []
            if refused:
                return Loaded(rows, choices, [], refused)
            if not (unfit or late):
                return self._loaded(source, rows, choices, [], self._long(samples, choices, names, target))
            open_ = {place: cells for place, cells in unfit.items() if place not in chosen}
            self._learn(open_, choices, samples, [names[place] for place in open_], target)
            anew = {}
            for place in (*open_, *late):
                again, before = choice_of(place), choices[place]
                if again[:2] != before[:2] or again.padded != before.padded:
                    anew[place] = again
            if attempt == MAX_ROUNDS - 2:
                # A decided type is kept; what does not convert is told cell by cell.
                anew = {
                    place: Choice(forms.TEXT, evidence=Said(code="type_text"))
                    for place in anew
                    if not decided.get(place, UNDECIDED).has_form
                }
            if not anew:
                locate = self._locate if len(choices) <= WIDE else _locate_wide
                bad = locate(source, choices, unfit) if unfit else ()
                return self._loaded(source, rows, choices, bad, self._long(samples, choices, names, target))
            for place, choice in anew.items():
                choices[place] = choice
        raise AssertionError("text takes every cell")

    def _headers_among_texts(
        self, labels: Sequence[str], names: Sequence[str], choices: Sequence[Choice], target: Path
    ) -> int:
        """Count the rows that repeat the labels in a table of texts alone, where no cell fails to convert."""
        named = [(label, name) for label, name in zip(labels, names, strict=True) if label][:MOST_COMPARED]
        if not named or any(choice.form.type != "text" for choice in choices):
            return 0
        alike = " AND ".join(f'"{name}" = {literal(label)}' for label, name in named)
        return self._row(f"SELECT count(*) FROM read_parquet({literal(str(target))}) WHERE {alike}")[0]

    def first_longer(self, target: Path, columns: Mapping[int, str], limit: int) -> LongCell | None:
        """Return where a text of more than `limit` characters is first met, column by column, if anywhere."""
        written = f"read_parquet({literal(str(target))}, file_row_number = true)"
        for some in _some(list(columns)):
            longest = ", ".join(f'max(length("{columns[place]}"))' for place in some)
            found = self._row(f"SELECT {longest} FROM {written}")
            for place, length in zip(some, found, strict=True):
                if (length or 0) > limit:
                    is_long = f'length("{columns[place]}") > {limit}'
                    (row,) = self._row(f"SELECT min(file_row_number) FROM {written} WHERE {is_long}")
                    return LongCell(row, place)
        return None

    def write_rejects(self, path: Path, target: Path) -> None:
        """Write a CSV file of rejects as Parquet."""
        self._connection.execute(
            f"COPY (FROM read_csv({literal(str(path))}, auto_detect = false, header = false, delim = ',', "
            f"quote = '\"', escape = '\"', max_line_size = {64 << 20}, buffer_size = {128 << 20}, "
            "columns = {'kind': 'VARCHAR', 'row': 'BIGINT', 'column_name': 'VARCHAR', 'code': 'VARCHAR', "
            "'raw': 'VARCHAR', 'cells': 'VARCHAR'}, parallel = false) "
            "SELECT * REPLACE (CAST(from_json(cells, '[\"VARCHAR\"]') AS VARCHAR[]) AS cells)) "
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
        )

    def write_again(self, path: Path, selected: Sequence[str]) -> None:
        """Write a Parquet file anew with what SQL selects from it, its rows in their order."""
        new = path.with_suffix(".new")
        self._copy_query(f"SELECT {', '.join(selected)} FROM read_parquet({literal(str(path))})", new)
        new.replace(path)

    def _copy(
        self, source: Source, names: Sequence[str], choices: Sequence[Choice], target: Path
    ) -> tuple[int, int]:
        if len(choices) <= WIDE:
            chosen = _selected(names, choices, range(len(choices)))
            rows = self._copy_query(f"SELECT {chosen} FROM {self._read(source, range(len(choices)))}", target)
        else:
            rows = self._write_wide(source, names, choices, target)
        refused = 0
        if source.doubtful:
            (refused,) = self._row("SELECT count(*) FROM reject_errors")
            self._connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
        return rows, refused

    def _read(self, source: Source, places: Sequence[int]) -> str:
        """Return what to select these raw columns from."""
        if isinstance(source, ArraySource):
            for view, arrays in source.views(places).items():
                self._connection.register(view, arrays)
        return source.sql(places)

    def _copy_query(self, query: str, target: Path) -> int:
        with _Watch(self._connection, "converting"):
            (rows,) = self._row(f"COPY ({query}) TO {literal(str(target))} ({PARQUET_OPTIONS})")
        return rows

    def _write_wide(self, source: Source, names: Sequence[str], choices: Sequence[Choice], target: Path) -> int:
        """Write a table of many columns, all columns of one form being converted by one statement."""
        written = 0
        with WideParquet(target, names, [choice.form.storage for choice in choices]) as file:
            for block in _blocks(source, "converting"):
                converted: dict[int, Values] = {}
                rows = len(block.columns[0])
                for places in _alike(block, choices):
                    converted.update(zip(places, self._converted(block, places, choices[places[0]]), strict=True))
                file.write_group(rows, (converted[place] for place in range(len(choices))))
                written += rows
        return written

    def _converted(self, source: ArraySource, places: Sequence[int], choice: Choice) -> list[Values]:
        """Return the values of columns of one form."""
        rows = len(source.columns[places[0]])
        cells = np.concatenate([source.columns[place] for place in places])
        stacked = ArraySource([cells, np.repeat(places, rows)], [source.unclean[places[0]], False])
        value = stored_sql(choice.form.storage, expression(choice, "c0", "c1"))
        query = f"SELECT {value} AS value FROM {self._read(stacked, (0, 1))}"
        return np.split(self._connection.execute(query).fetchnumpy()["value"], len(places))

    def _row(self, sql: str) -> tuple[int, ...]:
        return self._connection.execute(sql).fetchall()[0]

    def _unfit(self) -> dict[int, Counter[str]]:
        """Return, by column, the cells that the last statement could not convert, and empty the log."""
        logged = self._connection.execute("SELECT message, count(*) FROM duckdb_logs GROUP BY message").fetchall()
        unfit: dict[int, Counter[str]] = {}
        for message, count in logged:
            place, _, cell = message.partition(" ")
            unfit.setdefault(int(place), Counter())[cell] += count
        if logged:
            self._connection.execute("CALL truncate_duckdb_logs()")
        return unfit

    def _long(
        self, samples: Sequence[Sample], choices: Sequence[Choice], names: Sequence[str], target: Path
    ) -> frozenset[int]:
        """Find the columns of whole numbers beyond 2^53."""
        whole = [place for place, choice in enumerate(choices) if choice.form.type == "integer"]
        unknown = [place for place in whole if not samples[place].complete]
        long = {
            place
            for place in whole
            if samples[place].complete
            and any(sum(map(str.isdigit, cell)) > EXACT_DIGITS for cell in samples[place].counts)
        }
        for some in _some(unknown):
            beyond = ", ".join(
                f'greatest(-min("{names[place]}"), max("{names[place]}")) > {1 << 53}' for place in some
            )
            found = self._row(f"SELECT {beyond} FROM read_parquet({literal(str(target))})")
            long.update(place for place, is_long in zip(some, found, strict=True) if is_long)
        return frozenset(long)

    def _late_values(
        self, samples: Sequence[Sample], choices: Sequence[Choice], names: Sequence[str], target: Path
    ) -> list[int]:
        """Find the columns that are blank in a sample of some rows but not in all; add what they hold to it."""
        blank = [
            place
            for place, sample in enumerate(samples)
            if not (sample.complete or any(map(str.strip, sample.counts))) and choices[place].form == forms.TEXT
        ]
        late = []
        for place in blank:
            found = self._connection.execute(
                f'SELECT "{names[place]}", count(*) FROM read_parquet({literal(str(target))}) '
                f"WHERE trim(\"{names[place]}\") <> '' GROUP BY ALL LIMIT {LATE_VALUES}"
            ).fetchall()
            if found:
                samples[place].counts.update(dict(found))
                late.append(place)
        return late

    def _learn(
        self,
        unfit: Mapping[int, Counter[str]],
        choices: Sequence[Choice],
        samples: Sequence[Sample],
        names: Sequence[str],
        target: Path,
    ) -> None:
        """Add what did not convert to the samples of its columns, which thereby know the whole column."""
        if not unfit:
            return
        counts = ", ".join(f'count("{name}")' for name in names)
        fitting = self._row(f"SELECT {counts} FROM read_parquet({literal(str(target))})")
        for (place, cells), fit in zip(unfit.items(), fitting, strict=True):
            choice, sample = choices[place], samples[place]
            sample.failed.update((choice.form, cell) for cell in cells if choice.form.fits(cell))
            if not sample.complete:
                _complete(sample, choice, cells, fit)

    def _loaded(
        self, source: Source, rows: int, choices: list[Choice], bad: Iterable[BadRow], long: frozenset[int]
    ) -> Loaded:
        with progress.part(ROUND_SHARE, 1), _Watch(self._connection, "checking"):
            return Loaded(rows, choices, bad, 0, long, self._odd(source, choices), self._words(source, choices))

    def _words(self, source: Source, choices: Sequence[Choice]) -> dict[int, Counter[str]]:
        """Count the words that mean nothing in their column."""
        nulls = {place: choice.decided_nulls or choice.null_words for place, choice in enumerate(choices)}
        words: dict[int, Counter[str]] = {place: Counter() for place, found in nulls.items() if found}
        for block in _blocks(source, "checking") if len(choices) > WIDE and words else (source,):
            for some in _some(list(words)):
                wanted = [(place, word) for place in some for word in nulls[place]]
                counts = ", ".join(
                    f"count(*) FILTER ({_bare_cell(choices[place], f'c{place}')} = {literal(word)})"
                    for place, word in wanted
                )
                found = self._row(f"SELECT {counts} FROM {self._read(block, some)}")
                for (place, word), count in zip(wanted, found, strict=True):
                    words[place][word] += count
        return words

    def _odd(self, source: Source, choices: Sequence[Choice]) -> list[BadCell]:
        """Find the cells that are not written in the form of most cells of their text column."""
        nearly = {place: choice.nearly for place, choice in enumerate(choices) if choice.nearly is not None}
        odd, passed = [], 0
        for block in _blocks(source, "checking") if len(choices) > WIDE and nearly else (source,):
            for some in _some(list(nearly)):
                cells = ", ".join(f"{odd_cell(nearly[place], f'c{place}')} AS c{place}" for place in some)
                any_odd = " OR ".join(f"c{place} IS NOT NULL" for place in some)
                numbered = f"SELECT row_number() OVER () - 1 AS row, {cells} FROM {self._read(block, some)}"
                found = self._connection.execute(f"SELECT * FROM ({numbered}) WHERE {any_odd}").fetchall()
                odd += [
                    BadCell(passed + row, place, cell)
                    for row, *sent in found
                    for place, cell in zip(some, sent, strict=True)
                    if cell is not None
                ]
            passed += len(block.columns[0]) if isinstance(block, ArraySource) else 0
        return odd

    def _locate(
        self, source: Source, choices: Sequence[Choice], unfit: Mapping[int, Counter[str]]
    ) -> Iterator[BadRow]:
        """Find the rows of the cells that became null."""
        everything = range(len(choices))
        shown = ", ".join(f"{_as_sent(choices[place], f'c{place}')} AS c{place}" for place in everything)
        cells = {place: f"left(c{place}, {LOGGED_LENGTH})" for place in unfit}
        many = [place for place in unfit if len(unfit[place]) >= MANY_CELLS]
        tests = " OR ".join(
            f"{cell} IN (SELECT unnest($p{place}))" if place in many else f"list_contains($p{place}, {cell})"
            for place, cell in cells.items()
        )
        numbered = f"SELECT row_number() OVER () - 1 AS row, {shown} FROM {self._read(source, everything)}"
        self._connection.execute(
            f"SELECT * FROM ({numbered}) WHERE {tests} {'ORDER BY row' if many else ''}",
            {f"p{place}": list(cells) for place, cells in unfit.items()},
        )
        while found := self._connection.fetchmany(BAD_ROWS_AT_ONCE):
            for row, *sent in found:
                yield BadRow(row, _bad_cells(row, sent, unfit), sent)


def _bare_cell(choice: Choice, column: str) -> str:
    """Return SQL that gives a raw column's cells as they are compared with words for no value."""
    return f"lower({trimmed(column)})" if choice.decided_nulls else trimmed(column)


class _Watch:
    """While it is open, a thread reports how far DuckDB is with its statement, if anybody listens."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, stage: progress.Stage) -> None:
        self._connection = connection
        self._stage = stage
        self._listener = progress.listener()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._listener is not None:
            self._listener(self._stage, 0)
            self._connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
            self._connection.execute("SET progress_bar_time = 0")
            self._thread = threading.Thread(target=self._watch, args=(self._listener,))
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, listener: progress.Listener) -> None:
        while not self._ended.wait(WATCH_S):
            percent = self._connection.query_progress()
            if percent >= 0:  # else there is no statement, or it does not know
                listener(self._stage, percent / 100)


def _blocks(source: Source, stage: progress.Stage) -> Iterable[ArraySource]:
    """Return the rows of a source as arrays, a file some at a time."""
    return (source,) if isinstance(source, ArraySource) else source.blocks(stage)


def _some(places: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield places, as many at once as one statement carries well."""
    for start in range(0, len(places), WIDE):
        yield places[start : start + WIDE]


def _locate_wide(source: Source, choices: Sequence[Choice], unfit: Mapping[int, Counter[str]]) -> Iterator[BadRow]:
    """Find the rows of the cells that became null, without a statement that names all the columns."""
    passed = 0
    for block in _blocks(source, "checking"):
        rows = {
            row
            for place, cells in unfit.items()
            for row, cell in enumerate(block.columns[place])
            if cell is not None and cell[:LOGGED_LENGTH] in cells
        }
        for row in sorted(rows):
            sent = [
                _cell_as_sent(choice, column[row]) for choice, column in zip(choices, block.columns, strict=True)
            ]
            yield BadRow(passed + row, _bad_cells(passed + row, sent, unfit), sent)
        passed += len(block.columns[0])


def _bad_cells(row: int, cells: Sequence[str | None], unfit: Mapping[int, Counter[str]]) -> list[BadCell]:
    """Return those cells of a row that became null."""
    return [
        BadCell(row, place, cell)
        for place in sorted(unfit)
        if (cell := cells[place]) is not None and cell[:LOGGED_LENGTH] in unfit[place]
    ]


def _as_sent(choice: Choice, column: str) -> str:
    """Return SQL for a raw column's cells as text."""
    form = forms.WHOLE_CELLS if choice.form is forms.DAY_NUMBER_CELLS else choice.form
    return f"CAST({form.sql.replace('{x}', column)} AS VARCHAR)" if form.typed else column


def _cell_as_sent(choice: Choice, cell: str | float | None) -> str | None:
    """Return a cell of a column of arrays as text."""
    if cell is None or isinstance(cell, str):
        return cell
    if isnan(cell):
        return None
    return date.fromordinal(int(cell)).isoformat() if choice.form is forms.DATE_CELLS else as_text(float(cell))


def _alike(source: ArraySource, choices: Sequence[Choice]) -> Iterator[list[int]]:
    """Yield the places of columns that one expression converts, not too many cells at once."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for place, choice in enumerate(choices):
        kind = source.unclean[place], source.columns[place].dtype
        alike.setdefault((choice.form, choice.null_words, choice.padded, choice.decided_nulls, *kind), []).append(
            place
        )
    at_once = max(1, CELLS_AT_ONCE // max(1, len(source.columns[0])))
    for places in alike.values():
        for start in range(0, len(places), at_once):
            yield places[start : start + at_once]


def _selected(names: Sequence[str], choices: Sequence[Choice], places: Iterable[int]) -> str:
    """Return the values of some columns as SQL selects them."""
    return ", ".join(f'{expression(choices[place], f"c{place}", place)} AS "{names[place]}"' for place in places)


def _complete(sample: Sample, choice: Choice, unfit: Counter[str], fitting: int) -> None:
    """Make a sample of part of a column stand for all of it: so many cells fit, and these do not."""
    fit = {cell: count for cell, count in sample.counts.items() if choice.form.fits(cell.strip())}
    known = sum(fit.values())
    counts = Counter({cell: max(1, count * fitting // max(known, 1)) for cell, count in fit.items()})
    counts.update(unfit)
    for cell in choice.null_words:
        counts[cell] += 1
    sample.counts = counts
    sample.complete = True
