"""In the child process: how many rows two uploads share, and by which columns changed rows are known.

Rows are compared as a multiset of hashes over the columns that both have. Large files are compared on a few
columns of some rows first, and only if those meet on all.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import duckdb

from eduscale.warehouse.engine import lock, restricted
from eduscale.warehouse.tasks import ComparedPair, ComparisonTask, PairResult, PairResults
from eduscale.warehouse.views import View, quoted, select_sql

SMALL_ROWS = 50_000
"""Up to so many rows in both files everything is counted at once."""
EXACT_ROWS = 5_000_000
"""Above so many rows in both files the counts come from a sample of the rows."""
FIRST_LOOK_ROWS = 2_000
FIRST_LOOK_COLUMNS = 3
LEAST_SHARE = 0.1
"""Files that share less than this part of the smaller one's first-look rows are not compared further."""
MOST_COLUMNS = 1_000
MOST_UNMATCHED = 50_000
KEY_COLUMNS = 40
PAIRED_COLUMNS = 8
_ONE_THREAD_COLUMNS = 200
_KEY_STORAGES = ("VARCHAR", "DATE", "TIMESTAMP", "BIGINT")
_KEY_WORDS = frozenset("id ids kod code cislo number nr no poradi line radek key klic uuid ic izo redizo".split())
_DATES = (
    "['%d.%m.%Y', '%d. %m. %Y', '%d/%m/%Y', '%Y-%m-%d', "
    "'%d.%m.%Y %H:%M', '%d.%m.%Y %H:%M:%S', '%Y-%m-%d %H:%M:%S']"
)
_HASH = '"row hash"'
"""A name that no column has: theirs are without blanks."""


def compare(argument: bytes) -> bytes:
    """Compare the pairs of a ComparisonTask; returns PairResults (JSON), one a pair."""
    task = ComparisonTask.model_validate_json(argument)
    paths = dict.fromkeys(path for pair in task.pairs for view in (pair.new, pair.old) for path in view.paths)
    connection = restricted(paths)
    if any(len(pair.new.columns) > _ONE_THREAD_COLUMNS for pair in task.pairs):
        connection.execute("SET threads = 1")  # each thread keeps vectors of every column
    lock(connection)
    results = tuple(_Pair(connection, pair).result() for pair in task.pairs)
    return PairResults(results=results).model_dump_json().encode()


class _Pair:
    """Two views of equal columns, and what their rows have in common."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, pair: ComparedPair) -> None:
        self._connection = connection
        self._pair = pair
        self._columns = [column.name for column in pair.new.columns][:MOST_COLUMNS]
        self._rows = pair.new.rows + pair.old.rows
        self._sampled = max(1, math.ceil(self._rows / EXACT_ROWS))

    def result(self) -> PairResult:
        """Count what is in both, in one only, and changed."""
        nothing = PairResult(rows_new_file=self._pair.new.rows, rows_old_file=self._pair.old.rows)
        if self._rows > SMALL_ROWS and self._first_look() < LEAST_SHARE:
            return nothing
        self._count_rows()
        same, distinct_same, left_new, left_old = self._totals()
        found = nothing.model_copy(
            update={
                "same": same * self._sampled,
                "distinct_same": distinct_same,
                "estimated": self._sampled > 1 or len(self._columns) < len(self._pair.new.columns),
            }
        )
        if self._sampled > 1 or not same or not left_new or not left_old or left_new + left_old > MOST_UNMATCHED:
            return found
        self._keep_unmatched()
        changed, key = self._changed()
        return found.model_copy(update={"changed": changed, "key": key})

    def _first_look(self) -> float:
        """Return the share of the smaller file's rows that the other has too, in a few columns and rows."""
        columns = self._most_distinct()
        smaller, larger = sorted((self._pair.new, self._pair.old), key=lambda view: view.rows)
        every = max(1, smaller.rows // FIRST_LOOK_ROWS)
        here, there = (
            f"SELECT DISTINCT {_HASH} FROM ({self._hashed(view, columns, every)})" for view in (smaller, larger)
        )
        looked, met = self._row(
            f"SELECT count(*), count(there.{_HASH}) "
            f"FROM ({here}) AS here LEFT JOIN ({there}) AS there USING ({_HASH})"
        )
        return float(met / looked) if looked else 1.0

    def _most_distinct(self) -> list[str]:
        counts = ", ".join(f"count(DISTINCT {self._cell(name)})" for name in self._columns)
        row = self._row(f"SELECT {counts} FROM (FROM ({select_sql(self._pair.new)}) LIMIT {FIRST_LOOK_ROWS})")
        ranked = sorted(zip(row, self._columns, strict=True), key=lambda each: -each[0])
        return [name for _, name in ranked[:FIRST_LOOK_COLUMNS]]

    def _count_rows(self) -> None:
        """Put into a table how often each row is in the new file and in the old one, by its hash."""
        hashed = (self._hashed(view, self._columns, self._sampled) for view in (self._pair.new, self._pair.old))
        new, old = (f"SELECT {_HASH}, count(*) AS n FROM ({each}) GROUP BY {_HASH}" for each in hashed)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE counted AS "
            f"SELECT {_HASH}, coalesce(new.n, 0) AS in_new, coalesce(old.n, 0) AS in_old "
            f"FROM ({new}) AS new FULL JOIN ({old}) AS old USING ({_HASH})"
        )

    def _hashed(self, view: View, columns: Sequence[str], every: int) -> str:
        """Write the hashes of a view's rows, or of one in `every`: the same ones in every file."""
        hashes = f"SELECT {self._hash(columns)} AS {_HASH} FROM ({select_sql(view)})"
        return hashes if every == 1 else f"SELECT {_HASH} FROM ({hashes}) WHERE {_HASH} % {every} = 0"

    def _totals(self) -> tuple[int, ...]:
        return self._row(
            "SELECT coalesce(sum(least(in_new, in_old)), 0)::BIGINT, count_if(in_new > 0 AND in_old > 0), "
            "coalesce(sum(greatest(in_new - in_old, 0)), 0)::BIGINT, "
            "coalesce(sum(greatest(in_old - in_new, 0)), 0)::BIGINT FROM counted"
        )

    def _keep_unmatched(self) -> None:
        """Put the rows that are in one file only into tables of their own."""
        cells = ", ".join(f"{self._cell(name)} AS {quoted(name)}" for name in self._columns)
        for table, view, here, there in (
            ("left_new", self._pair.new, "in_new", "in_old"),
            ("left_old", self._pair.old, "in_old", "in_new"),
        ):
            rows = f"SELECT {cells}, {self._hash(self._columns)} AS {_HASH} FROM ({select_sql(view)})"
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT rows.* EXCLUDE ({_HASH}) FROM ({rows}) AS rows "
                f"JOIN counted ON rows.{_HASH} = counted.{_HASH} AND counted.{here} > counted.{there} "
                f"QUALIFY row_number() OVER (PARTITION BY rows.{_HASH}) <= counted.{here} - counted.{there}"
            )

    def _changed(self) -> tuple[int, tuple[str, ...]]:
        """Return how many unmatched rows meet by a key, half of their other cells alike, and the best key."""
        best: tuple[int, tuple[str, ...]] = (0, ())
        for key in self._keys():
            same_key = " AND ".join(f"new.{quoted(name)} = old.{quoted(name)}" for name in key)
            others = [quoted(name) for name in self._columns if name not in key]
            alike = " + ".join(f"(new.{name} IS NOT DISTINCT FROM old.{name})::INT" for name in others) or "0"
            (met,) = self._row(
                f"SELECT count(*) FROM left_new AS new JOIN left_old AS old ON {same_key} "
                f"WHERE {alike} >= {len(others) // 2}"
            )
            if met > best[0]:
                best = met, key
        return best

    def _keys(self) -> Iterator[tuple[str, ...]]:
        """Yield columns, and if there is none, pairs of columns, that name each row of either file once."""
        able = [
            column.name
            for place, column in enumerate(self._pair.new.columns[:KEY_COLUMNS])
            if column.storage in _KEY_STORAGES
            and (column.storage != "BIGINT" or place == 0 or _KEY_WORDS & set(column.name.split("_")))
        ]
        if not able:
            return
        distinct = [self._distinct(view, [(name,) for name in able]) for view in (self._pair.new, self._pair.old)]
        rows = (self._pair.new.rows, self._pair.old.rows)
        alone = [name for name, *counts in zip(able, *distinct, strict=True) if tuple(counts) == rows]
        yield from ((name,) for name in alone)
        if alone or self._rows > SMALL_ROWS:
            return
        telling = sorted(zip(distinct[0], able, strict=True), key=lambda each: -each[0])[:PAIRED_COLUMNS]
        pairs = [
            (one, other)
            for (count, one), (other_count, other) in combinations(telling, 2)
            if count * other_count >= rows[0]
        ]
        if pairs:
            counted = [self._distinct(view, pairs) for view in (self._pair.new, self._pair.old)]
            yield from (pair for pair, *counts in zip(pairs, *counted, strict=True) if tuple(counts) == rows)

    def _distinct(self, view: View, keys: Sequence[tuple[str, ...]]) -> tuple[int, ...]:
        """Count the different values of each key, rows with an empty cell in it left out."""
        counts = ", ".join(
            f"count(DISTINCT {self._hash(key)}) FILTER (WHERE "
            + " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key)
            + ")"
            for key in keys
        )
        return self._row(f"SELECT {counts} FROM ({select_sql(view)})")

    def _hash(self, columns: Sequence[str]) -> str:
        return f"hash({', '.join(self._cell(name) for name in columns)})"

    def _cell(self, name: str) -> str:
        """Write a cell so that 2, 2.0 and '2,0' are one where only one of the files has the column as text."""
        cell = quoted(name)
        if name not in self._pair.mixed:
            return cell
        number = f"TRY_CAST(replace(replace({cell}, ' ', ''), ',', '.') AS DOUBLE)"
        moment = f"try_strptime({cell}, {_DATES})"
        return f"coalesce(CAST({number} AS VARCHAR), CAST({moment} AS VARCHAR), {cell})"

    def _row(self, query: str) -> tuple[int, ...]:
        row = self._connection.execute(query).fetchone()
        return row if row is not None else ()
