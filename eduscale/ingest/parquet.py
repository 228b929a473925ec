"""From a strict CSV file to typed Parquet: one statement converts, and what it could not convert decides anew."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb

from eduscale.ingest import forms
from eduscale.ingest.columns import ArraySource
from eduscale.ingest.forms import literal
from eduscale.ingest.types import Choice, Habits, Sample, choose, expression
from eduscale.models.reading import Said

MAX_ROUNDS = 4
LOGGED_LENGTH = 1000
MIN_BUFFER = 32 << 20


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

    def sql(self) -> str:
        """Return the call of `read_csv` that gives the columns `c0`, `c1` ... as text."""
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


Source = CsvSource | ArraySource


class BadCell(NamedTuple):
    """A cell that is not of its column's type, by the 0-based places of its row and column, and its text as sent."""

    row: int
    column: int
    raw: str


class Loaded(NamedTuple):
    """What was written: rows, each column's form, the cells that became null, and lines that were no records."""

    rows: int
    choices: list[Choice]
    bad: list[BadCell]
    refused_lines: int


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
        names: Sequence[str],
        samples: Sequence[Sample],
        habits: Habits,
        chosen: Mapping[int, Choice],
        target: Path,
    ) -> Loaded:
        """Write the rows of `source` to `target`; columns in `chosen` are decided, the others by their cells."""
        if isinstance(source, ArraySource):
            self._connection.register(source.VIEW, source.arrays())
        choices = [chosen.get(place) or choose(sample, habits) for place, sample in enumerate(samples)]
        for attempt in range(MAX_ROUNDS):
            rows, refused = self._copy(source, names, choices, target)
            unfit = self._unfit()
            if refused or not unfit:
                return Loaded(rows, choices, [], refused)
            decided = self._choose_again(unfit, choices, samples, habits, chosen, target, names)
            if attempt == MAX_ROUNDS - 2:
                decided = {place: Choice(forms.TEXT, evidence=Said(code="type_text")) for place in decided}
            if not decided:
                return Loaded(rows, choices, self._locate(source, unfit), 0)
            for place, choice in decided.items():
                choices[place] = choice
        raise AssertionError("text takes every cell")

    def write_rejects(self, path: Path, target: Path) -> None:
        """Write a CSV file of rejects as Parquet."""
        self._connection.execute(
            f"COPY (FROM read_csv({literal(str(path))}, auto_detect = false, header = false, delim = ',', quote = '\"', "
            f"escape = '\"', max_line_size = {64 << 20}, buffer_size = {128 << 20}, columns = {{'kind': 'VARCHAR', "
            "'row': 'BIGINT', 'column_name': 'VARCHAR', 'code': 'VARCHAR', 'raw': 'VARCHAR'})) "
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
        )

    def _copy(
        self, source: Source, names: Sequence[str], choices: Sequence[Choice], target: Path
    ) -> tuple[int, int]:
        columns = ", ".join(
            f'{expression(choice, f"c{place}", place)} AS "{name}"'
            for place, (name, choice) in enumerate(zip(names, choices, strict=True))
        )
        copy = (
            f"COPY (SELECT {columns} FROM {source.sql()}) "
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
        )
        (rows,) = self._row(copy)
        refused = 0
        if source.doubtful:
            (refused,) = self._row("SELECT count(*) FROM reject_errors")
            self._connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
        return rows, refused

    def _row(self, sql: str) -> tuple[int, ...]:
        row = self._connection.execute(sql).fetchone()
        assert row is not None
        return row

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

    def _choose_again(
        self,
        unfit: Mapping[int, Counter[str]],
        choices: Sequence[Choice],
        samples: Sequence[Sample],
        habits: Habits,
        chosen: Mapping[int, Choice],
        target: Path,
        names: Sequence[str],
    ) -> dict[int, Choice]:
        """Add what did not convert to the samples and return the columns that are now read otherwise."""
        counts = ", ".join(f'count("{names[place]}")' for place in unfit)
        fitting = self._row(f"SELECT {counts} FROM read_parquet({literal(str(target))})")
        decided = {}
        for (place, cells), fit in zip(unfit.items(), fitting, strict=True):
            if place in chosen:
                continue
            choice, sample = choices[place], samples[place]
            sample.failed.update((choice.form, cell) for cell in cells if choice.form.fits(cell))
            if not sample.complete:
                _complete(sample, choice, cells, fit)
            again = choose(sample, habits)
            if (again.form, again.null_words, again.padded) != (choice.form, choice.null_words, choice.padded):
                decided[place] = again
        return decided

    def _locate(self, source: Source, unfit: Mapping[int, Counter[str]]) -> list[BadCell]:
        """Find the rows of the cells that became null."""
        places = sorted(unfit)
        columns = ", ".join(f"c{place}" for place in places)
        tests = " OR ".join(f"list_contains($p{place}, left(c{place}, {LOGGED_LENGTH}))" for place in places)
        found = self._connection.execute(
            f"SELECT * FROM (SELECT row_number() OVER () - 1 AS place, {columns} FROM {source.sql()}) WHERE {tests}",
            {f"p{place}": list(unfit[place]) for place in places},
        ).fetchall()
        return [
            BadCell(row, place, cell)
            for row, *cells in found
            for place, cell in zip(places, cells, strict=True)
            if cell is not None and cell[:LOGGED_LENGTH] in unfit[place]
        ]


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
