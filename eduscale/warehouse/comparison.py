"""In the child process: how many rows two uploads share, and by which columns changed rows are known.

A first look at a few columns tells which older uploads share anything; only those are counted, as a multiset of
hashes over the columns that both files have.
"""

import math
from collections.abc import Sequence
from itertools import combinations

import duckdb

from eduscale.warehouse.engine import lock, restricted
from eduscale.warehouse.tasks import ComparedPair, ComparisonTask, PairResult, PairResults
from eduscale.warehouse.views import Run, View, quoted, select_sql

SMALL_ROWS = 50_000
"""Files of so many rows are looked at whole, larger ones in a sample."""
EXACT_ROWS = 5_000_000
"""Above so many rows in both files the counts come from a sample of the rows."""
LOOK_ROWS = 2_000
LOOK_COLUMNS = 3
LEAST_SHARE = 0.01
"""Files that share less than this part of the smaller one at the first look are not compared further."""
MOST_COLUMNS = 1_000
MOST_UNMATCHED = 20_000
KEY_COLUMNS = 40
PAIRED_COLUMNS = 8
_ONE_THREAD_COLUMNS = 200
_KEY_STORAGES = ("VARCHAR", "DATE", "TIMESTAMP", "BIGINT")
_KEY_WORDS = frozenset("id ids kod code cislo number nr no poradi line radek key klic uuid ic izo redizo".split())
DAYS = 3
"""So many different days in a column make a table one of events."""
_BIRTH = ("narozen", "birth", "dob")
"""In the name of a column of days that tell of people, not of events."""
_DATES = (
    "['%d.%m.%Y', '%d. %m. %Y', '%d/%m/%Y', '%Y-%m-%d', "
    "'%d.%m.%Y %H:%M', '%d.%m.%Y %H:%M:%S', '%Y-%m-%d %H:%M:%S']"
)
_NUMBER = r"-?(0|[1-9][0-9]*|[1-9][0-9]{0,2}( [0-9]{3})+)([.,][0-9]+)?(e[+-][0-9]+)?"
"""Text that is a number as one is written: 05 is a code, not 5."""
_HASH = '"row hash"'
"""A name that no column has: theirs are without blanks."""


def compare(argument: bytes) -> bytes:
    """Compare the pairs of a ComparisonTask; returns PairResults (JSON), one a pair."""
    pairs = ComparisonTask.model_validate_json(argument).pairs
    paths = dict.fromkeys(path for pair in pairs for view in (pair.new, pair.old) for path in view.paths)
    connection = restricted(paths)
    is_small = sum(pair.new.rows + pair.old.rows for pair in pairs) <= SMALL_ROWS
    if is_small or any(len(pair.new.columns) > _ONE_THREAD_COLUMNS for pair in pairs):
        connection.execute("SET threads = 1")  # threads cost more than they bring, or vectors of every column
    lock(connection)
    shares = _first_look(connection, pairs)
    results = tuple(
        _Pair(connection, pair).result()
        if share >= LEAST_SHARE
        else PairResult(rows_new_file=pair.new.rows, rows_old_file=pair.old.rows)
        for pair, share in zip(pairs, shares, strict=True)
    )
    return PairResults(results=results).model_dump_json().encode()


def _first_look(connection: duckdb.DuckDBPyConnection, pairs: Sequence[ComparedPair]) -> list[float]:
    """Return for each pair the share of the smaller file that may be in the other, judged by a few columns.

    Pairs of equal columns are looked at in one statement.
    """
    alike: dict[tuple[object, ...], list[int]] = {}
    for place, pair in enumerate(pairs):
        is_large = min(pair.new.rows, pair.old.rows) > SMALL_ROWS
        alike.setdefault((pair.new, pair.mixed, is_large), []).append(place)
    shares = [0.0] * len(pairs)
    for places in alike.values():
        new, mixed = pairs[places[0]].new, pairs[places[0]].mixed
        smallest = [min(new.rows, pairs[place].old.rows) for place in places]
        every = max(1, min(smallest) // LOOK_ROWS) if min(smallest) > SMALL_ROWS else 1
        columns = _most_distinct(connection, new, mixed)
        marked = [
            run.model_copy(update={"upload_ids": (str(place),) * len(run.paths)})
            for place in places
            for run in pairs[place].old.runs
        ]
        old = new.model_copy(update={"runs": _merged(marked)})
        here = f"SELECT DISTINCT {_HASH} FROM ({_hashed(new, columns, mixed, every)})"
        there = _hashed(old, columns, mixed, every, ("_upload_id",))
        met = connection.execute(
            f"SELECT _upload_id, count(*), count(here.{_HASH}) "
            f"FROM ({there}) AS there LEFT JOIN ({here}) AS here USING ({_HASH}) GROUP BY ALL"
        ).fetchall()
        looked_new = new.rows / every
        for place, looked_old, found in met:
            shares[int(place)] = found / max(1.0, min(looked_new, looked_old))
    return shares


def _merged(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Join runs that have the same columns in the same order, so that they are read as one."""
    by_columns: dict[object, list[Run]] = {}
    for number, run in enumerate(runs):
        by_columns.setdefault((run.columns, run.renamed) if run.alike else number, []).append(run)
    return tuple(
        members[0].model_copy(
            update={
                "paths": tuple(path for run in members for path in run.paths),
                "rows": tuple(rows for run in members for rows in run.rows),
                "upload_ids": tuple(upload_id for run in members for upload_id in run.upload_ids),
            }
        )
        for members in by_columns.values()
    )


def _most_distinct(connection: duckdb.DuckDBPyConnection, view: View, mixed: Sequence[str]) -> list[str]:
    """Return the few columns with the most different values at the start of a view."""
    names = [column.name for column in view.columns][:MOST_COLUMNS]
    counts = ", ".join(f"approx_count_distinct({_cell(name, mixed)})" for name in names)
    row = connection.execute(f"SELECT {counts} FROM (FROM ({select_sql(view)}) LIMIT {LOOK_ROWS})").fetchone()
    ranked = sorted(zip(row or (), names, strict=True), key=lambda each: -each[0])
    return [name for _, name in ranked[:LOOK_COLUMNS]]


def _hashed(
    view: View, columns: Sequence[str], mixed: Sequence[str], every: int, besides: Sequence[str] = ()
) -> str:
    """Write the hashes of a view's rows, or of one in `every`: the same ones in every file."""
    names = ", ".join((*(quoted(name) for name in besides), ""))
    hashes = f"SELECT {names}{_hash(columns, mixed)} AS {_HASH} FROM ({select_sql(view, besides)})"
    return hashes if every == 1 else f"SELECT * FROM ({hashes}) WHERE {_HASH} % {every} = 0"


def _hash(columns: Sequence[str], mixed: Sequence[str]) -> str:
    return f"hash({', '.join(_cell(name, mixed) for name in columns)})"


def _cell(name: str, mixed: Sequence[str]) -> str:
    """Write a cell so that 2, 2.0 and '2,0' are one where only one of the files has the column as text."""
    cell = quoted(name)
    if name not in mixed:
        return cell
    plain = f"replace(replace({cell}, ' ', ''), ',', '.')"
    number = f"CASE WHEN regexp_full_match({cell}, '{_NUMBER}') THEN TRY_CAST({plain} AS DOUBLE) END"
    moment = f"try_strptime({cell}, {_DATES})"
    return f"coalesce(CAST({number} AS VARCHAR), CAST({moment} AS VARCHAR), {cell})"


class _Pair:
    """Two views of equal columns, and what their rows have in common."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, pair: ComparedPair) -> None:
        self._connection = connection
        self._pair = pair
        self._columns = [column.name for column in pair.new.columns][:MOST_COLUMNS]
        self._sampled = max(1, math.ceil((pair.new.rows + pair.old.rows) / EXACT_ROWS))

    def result(self) -> PairResult:
        """Count what is in both, in one only, and changed."""
        self._count_rows()
        same, distinct_same, left_new, left_old = self._totals()
        found = PairResult(
            rows_new_file=self._pair.new.rows,
            rows_old_file=self._pair.old.rows,
            same=same * self._sampled,
            distinct_same=distinct_same,
            dated=same > 0 and self._is_dated(),
            estimated=self._sampled > 1 or len(self._columns) < len(self._pair.new.columns),
        )
        is_telling = same and left_new and left_old and left_new + left_old <= MOST_UNMATCHED
        if self._sampled > 1 or not is_telling:
            return found
        changed, key = self._changed()
        return found.model_copy(update={"changed": changed, "key": key})

    def _is_dated(self) -> bool:
        days = [
            f"approx_count_distinct({quoted(column.name)})"
            for column in self._pair.new.columns[:MOST_COLUMNS]
            if column.storage in ("DATE", "TIMESTAMP") and not any(word in column.name for word in _BIRTH)
        ]
        return (
            bool(days) and max(self._row(f"SELECT {', '.join(days)} FROM ({select_sql(self._pair.new)})")) >= DAYS
        )

    def _count_rows(self) -> None:
        """Put into a table how often each row is in the new file and in the old one, by its hash."""
        hashed = (
            _hashed(view, self._columns, self._pair.mixed, self._sampled)
            for view in (self._pair.new, self._pair.old)
        )
        new, old = (f"SELECT {_HASH}, count(*) AS n FROM ({each}) GROUP BY {_HASH}" for each in hashed)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE counted AS "
            f"SELECT {_HASH}, coalesce(new.n, 0) AS in_new, coalesce(old.n, 0) AS in_old "
            f"FROM ({new}) AS new FULL JOIN ({old}) AS old USING ({_HASH})"
        )

    def _totals(self) -> tuple[int, ...]:
        return self._row(
            "SELECT coalesce(sum(least(in_new, in_old)), 0)::BIGINT, count_if(in_new > 0 AND in_old > 0), "
            "coalesce(sum(greatest(in_new - in_old, 0)), 0)::BIGINT, "
            "coalesce(sum(greatest(in_old - in_new, 0)), 0)::BIGINT FROM counted"
        )

    def _changed(self) -> tuple[int, tuple[str, ...]]:
        """Return how many unmatched rows meet by a key, half of their other cells alike, and that key."""
        new, old = (
            self._unmatched(self._pair.new, there="in_old"),
            self._unmatched(self._pair.old, there="in_new"),
        )
        able = [
            place
            for place, column in enumerate(self._pair.new.columns[:KEY_COLUMNS])
            if column.storage in _KEY_STORAGES
            and (column.storage != "BIGINT" or place == 0 or _KEY_WORDS & set(column.name.split("_")))
        ]
        alone: list[tuple[int, ...]] = [(place,) for place in able]
        paired: list[tuple[int, ...]] = list(combinations(able[:PAIRED_COLUMNS], 2))
        for keys in (alone, paired):
            met = {key: _met(new, old, key) for key in keys}
            for key in sorted(keys, key=lambda key: -met[key]):
                names = tuple(self._columns[place] for place in key)
                if met[key] and self._names_every_row(names):
                    return met[key], names
        return 0, ()

    def _unmatched(self, view: View, *, there: str) -> list[tuple[object, ...]]:
        """Return the rows that are in one file only, each once."""
        cells = ", ".join(f"{_cell(name, self._pair.mixed)} AS {quoted(name)}" for name in self._columns)
        rows = f"SELECT {cells}, {_hash(self._columns, self._pair.mixed)} AS {_HASH} FROM ({select_sql(view)})"
        return self._connection.execute(
            f"SELECT DISTINCT rows.* EXCLUDE ({_HASH}) FROM ({rows}) AS rows "
            f"JOIN counted ON rows.{_HASH} = counted.{_HASH} AND counted.{there} = 0"
        ).fetchall()

    def _names_every_row(self, key: Sequence[str]) -> bool:
        """Say whether in both whole files a key is never empty and the same only where the whole row is."""
        named = f"count(DISTINCT hash({', '.join(quoted(name) for name in key)}))"
        empty = f"count_if({' OR '.join(f'{quoted(name)} IS NULL' for name in key)})"
        distinct = self._row("SELECT count_if(in_new > 0), count_if(in_old > 0) FROM counted")
        return all(
            self._row(f"SELECT {named}, {empty} FROM ({select_sql(view)})") == (rows, 0)
            for view, rows in zip((self._pair.new, self._pair.old), distinct, strict=True)
        )

    def _row(self, query: str) -> tuple[int, ...]:
        row = self._connection.execute(query).fetchone()
        return row if row is not None else ()


def _met(new: Sequence[tuple[object, ...]], old: Sequence[tuple[object, ...]], key: tuple[int, ...]) -> int:
    """Return how many rows meet by a key with half of their other cells alike; none where it names rows twice."""
    by_key = {tuple(row[place] for place in key): row for row in old}
    seen = {tuple(row[place] for place in key) for row in new}
    if len(by_key) < len(old) or len(seen) < len(new):
        return 0
    met = 0
    for row in new:
        other = by_key.get(tuple(row[place] for place in key))
        if other is not None:
            alike = sum(cell == cell_there for cell, cell_there in zip(row, other, strict=True)) - len(key)
            met += alike >= (len(row) - len(key)) // 2
    return met
