"""From cells to typed Parquet: one statement converts, and what it could not convert decides anew."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
WIDE = 100
"""From so many columns on a table is converted in parts."""


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


Source = CsvSource | ArraySource


class BadCell(NamedTuple):
    """A cell that is not of its column's type: the 0-based places of its row and column, its text as sent."""

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
        labels: Sequence[str],
        names: Sequence[str],
        samples: Sequence[Sample],
        habits: Habits,
        chosen: Mapping[int, Choice],
        target: Path,
    ) -> Loaded:
        """Write the rows of `source` to `target`; columns in `chosen` are decided, the others by their cells.

        Where the records were not checked a repeated header shows as labels among the values: no record either.
        """
        choices = [chosen.get(place) or choose(sample, habits) for place, sample in enumerate(samples)]
        for attempt in range(MAX_ROUNDS):
            rows, refused = self._copy(source, names, choices, target)
            unfit = self._unfit()
            if source.doubtful:
                refused += sum(cells[labels[place]] for place, cells in unfit.items())
            if refused or not unfit:
                return Loaded(rows, choices, [], refused)
            open_ = {place: cells for place, cells in unfit.items() if place not in chosen}
            self._learn(open_, choices, samples, [names[place] for place in open_], target)
            decided = {}
            for place in open_:
                again, before = choose(samples[place], habits), choices[place]
                if again[:2] != before[:2] or again.padded != before.padded:
                    decided[place] = again
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
            f"COPY (FROM read_csv({literal(str(path))}, auto_detect = false, header = false, delim = ',', "
            f"quote = '\"', escape = '\"', max_line_size = {64 << 20}, buffer_size = {128 << 20}, "
            "columns = {'kind': 'VARCHAR', 'row': 'BIGINT', 'column_name': 'VARCHAR', 'code': 'VARCHAR', "
            "'raw': 'VARCHAR'})) "
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
        )

    def _copy(
        self, source: Source, names: Sequence[str], choices: Sequence[Choice], target: Path
    ) -> tuple[int, int]:
        columns = [
            f'{expression(choice, f"c{place}", place)} AS "{name}"'
            for place, (name, choice) in enumerate(zip(names, choices, strict=True))
        ]
        places = range(len(columns))
        if len(columns) <= WIDE:
            rows = self._copy_query(f"SELECT {', '.join(columns)} FROM {self._read(source, places)}", target)
        else:
            rows = self._copy_wide(source, columns, target)
        refused = 0
        if source.doubtful:
            (refused,) = self._row("SELECT count(*) FROM reject_errors")
            self._connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
        return rows, refused

    def _read(self, source: Source, places: Sequence[int]) -> str:
        """Return what to select these raw columns from."""
        if isinstance(source, ArraySource):
            self._connection.register(source.VIEW, source.arrays(places))
        return source.sql(places)

    def _copy_query(self, query: str, target: Path) -> int:
        (rows,) = self._row(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
        return rows

    def _copy_wide(self, source: Source, columns: Sequence[str], target: Path) -> int:
        """Write a wide table in parts and join them: the memory of one statement grows with its expressions."""
        parts = []
        for start in range(0, len(columns), WIDE):
            parts.append(target.with_suffix(f".{start}"))
            places = range(start, min(start + WIDE, len(columns)))
            chosen = ", ".join(columns[place] for place in places)
            self._copy_query(f"SELECT {chosen} FROM {self._read(source, places)}", parts[-1])
        joined = " POSITIONAL JOIN ".join(f"read_parquet({literal(str(part))})" for part in parts)
        rows = self._copy_query(f"SELECT * FROM {joined}", target)
        for part in parts:
            part.unlink()
        return rows

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

    def _locate(self, source: Source, unfit: Mapping[int, Counter[str]]) -> list[BadCell]:
        """Find the rows of the cells that became null."""
        places = sorted(unfit)
        columns = ", ".join(f"c{place}" for place in places)
        tests = " OR ".join(f"list_contains($p{place}, left(c{place}, {LOGGED_LENGTH}))" for place in places)
        found = self._connection.execute(
            f"SELECT * FROM (SELECT row_number() OVER () - 1 AS row, {columns} FROM {self._read(source, places)})"
            f" WHERE {tests}",
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
