"""The long middle of a regular sheet, kept as a table in DuckDB: its rows never become cells in Python.

What follows sees one row that stands in for all of them. That is allowed where the rows, seen one by one, would
have led to the same tables, columns and types; where that is not certain they are turned into rows after all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

from eduscale.ingest.tables.grid import Cell, ErrorCell, Row
from eduscale.ingest.tables.layout import FoundTable, filled_places, is_comment, trimmed_width

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WHOLE_SAMPLE_ROWS = 2_000
"""A column of up to so many cells is looked at whole ..."""
SAMPLE_HEAD, SAMPLE_TAIL = 300, 100
"""... of a longer one these; DuckDB meets the others and what does not fit decides anew."""
WIDE_ENOUGH = 4
"""The layout makes no difference between tables of so many columns and wider ones."""
EXACT = 2.0**53
"""Doubles from here on do not hold every whole number."""

_TYPES: dict[type, str] = {float: "DOUBLE", date: "TIMESTAMP_MS", str: "VARCHAR"}
_FACTS: dict[type, str] = {
    float: "bool_and({c} = floor({c})), max(abs({c})) < 9007199254740992",
    # Day numbers below 61 are counted differently, and those below 1 are times of day.
    date: "true, bool_and({c} = date_trunc('day', {c})) AND min({c}) >= TIMESTAMP '1900-03-01'"
    " AND max({c}) < TIMESTAMP '9999-12-31'",
    str: "false, true",
}
_VALUES: dict[type, str] = {
    float: "{c}",
    date: "CAST(date_diff('day', DATE '0001-01-01', CAST({c} AS DATE)) + 1 AS DOUBLE)",
    str: "{c}",
    NoneType: "NULL",
}


class StretchColumn(NamedTuple):
    """A column of a stretch: its cells' type, how many there are, whether all are whole, and the first one."""

    kind: type
    filled: int
    whole: bool
    example: Cell


NO_CELLS = StretchColumn(NoneType, 0, whole=True, example=None)


@dataclass(frozen=True)
class Stretch:
    """Rows without a gap from sheet row `first` on, each with a number or a day in the `full` columns."""

    connection: "DuckDBPyConnection"
    table: str
    first: int
    rows: int
    columns: tuple[StretchColumn, ...]
    full: tuple[int, ...]

    def stand_in(self) -> Row:
        """Return one row for all of them, with the first value of every column."""
        return Row(self.first, [column.example for column in self.columns], self.rows)

    def column(self, place: int) -> StretchColumn:
        """Return what is known of a column; beyond the last one there are no cells."""
        return self.columns[place] if place < len(self.columns) else NO_CELLS

    def bounds(self, place: int) -> tuple[float, ...]:
        """Return the least and the greatest of a column's numbers, nothing where it holds none."""
        if self.column(place).kind is not float:
            return ()
        low, high = self.connection.execute(f"SELECT min(c{place}), max(c{place}) FROM {self.table}").fetchall()[0]
        return (low, high)

    def value(self, place: int) -> str:
        """Return SQL for a column's values as `columns.column_of` has them: days as ordinals."""
        return _VALUES[self.column(place).kind].replace("{c}", f"c{place}")

    def suits(self, tables: Sequence[FoundTable], rows: Sequence[Row]) -> bool:
        """Say whether the rows, seen one by one, would have led to the same single table of the same columns."""
        if len(tables) != 1:
            return False
        (table,) = tables
        place = next((place for place, row in enumerate(table.data) if row.number == self.first), 0)
        head, tail = table.data[:place], table.data[place + 1 :]
        header_width = max(map(trimmed_width, table.header), default=0)
        return (
            len(head) >= SAMPLE_HEAD
            and len(tail) >= SAMPLE_TAIL
            and len(head) + self.rows + len(tail) > WHOLE_SAMPLE_ROWS
            and table.width == header_width >= len(self.columns)
            and len(filled_places(self.stand_in())) >= WIDE_ENOUGH
            and max(len(filled_places(row)) for row in table.header) >= WIDE_ENOUGH
            and any(table.labels[place] for place in self.full)
            and not any(map(is_comment, rows))
            # A table that ends with a total may have subtotals.
            and all(code != "total" for _, code in table.set_aside)
            and all(self._is_of_its_kind(place, head, tail) for place in range(len(self.columns)))
        )

    def _is_of_its_kind(self, place: int, head: Sequence[Row], tail: Sequence[Row]) -> bool:
        kind = self.columns[place].kind
        kinds = {type(row.cells[place]) for row in chain(head, tail) if place < len(row.cells)}
        return kind is NoneType or kinds <= {kind, NoneType, ErrorCell}

    def expanded(self, rows: Iterable[Row]) -> list[Row]:
        """Return rows with the stretch's own, which end as such, in place of the one that stands for them."""
        everything: list[Row] = []
        for row in rows:
            if row.number == self.first:
                everything += self._all()
            else:
                everything.append(row)
        return everything

    def _all(self) -> list[Row]:
        found = self.connection.execute(f"FROM {self.table}").fetchall()
        self.connection.execute(f"DROP TABLE {self.table}")
        rows: list[Row] = []
        for number, values in enumerate(found, start=self.first):
            cells: list[Cell] = [
                value.date() if isinstance(value, datetime) else None if value == "" else value for value in values
            ]
            while cells and cells[-1] is None:
                cells.pop()
            rows.append(Row(number, cells))
        return rows


class StretchTable:
    """A stretch on its way: blocks are added one by one as long as they are regular."""

    def __init__(self, connection: "DuckDBPyConnection", name: str) -> None:
        self._connection = connection
        self._name = name
        self._kinds: list[type] = []

    def add(self, block: object, kinds: Sequence[type]) -> int:
        """Append a block (Arrow data) of columns of these kinds; return its rows, 0 where the kinds do not fit."""
        shared = min(len(kinds), len(self._kinds))
        if kinds[:shared] != self._kinds[:shared]:
            return 0
        for place in range(shared, len(kinds)):
            column = f"c{place} {_TYPES[kinds[place]]}"
            self._connection.execute(
                f"ALTER TABLE {self._name} ADD COLUMN {column}"
                if place
                else f"CREATE TEMP TABLE {self._name} ({column})"
            )
            self._kinds.append(kinds[place])
        self._connection.register("sent_block", block)
        columns = ", ".join(f"c{place}" for place in range(len(kinds)))
        rows = self._row(f"INSERT INTO {self._name} ({columns}) FROM sent_block")[0]
        self._connection.unregister("sent_block")
        return int(rows)

    def drop(self) -> None:
        """Forget the rows."""
        self._connection.execute(f"DROP TABLE IF EXISTS {self._name}")

    def finish(self, first: int) -> Stretch | None:
        """Return the stretch that starts at sheet row `first`; None where a value or a row needs a closer look."""
        names = [f"c{place}" for place in range(len(self._kinds))]
        facts = [
            f"count({c}), {_FACTS[kind].replace('{c}', c)}" for c, kind in zip(names, self._kinds, strict=True)
        ]
        rows, *found = self._row(f"SELECT count(*), {', '.join(facts)} FROM {self._name}")
        filled, whole, plain = found[::3], found[1::3], found[2::3]
        full = [place for place, kind in enumerate(self._kinds) if kind in (float, date) and filled[place] == rows]
        if False in plain or not full or self._may_have_comments(names[: full[0]]):
            return None
        columns = [
            StretchColumn(kind, filled[place], bool(whole[place]), self._example(place))
            if filled[place]
            else NO_CELLS
            for place, kind in enumerate(self._kinds)
        ]
        return Stretch(self._connection, self._name, first, rows, tuple(columns), tuple(full))

    def _may_have_comments(self, names: Sequence[str]) -> bool:
        """Say whether there is a comment mark left of the first column that has a number or a day in every row."""
        marks = [
            f"contains({c}, '{mark}')" for c in names if self._kinds[int(c[1:])] is str for mark in ("#", "//")
        ]
        return bool(marks) and bool(self._row(f"SELECT bool_or({' OR '.join(marks)}) FROM {self._name}")[0])

    def _example(self, place: int) -> Cell:
        filled = f"trim(c{place}) <> ''" if self._kinds[place] is str else f"c{place} IS NOT NULL"
        found = self._row(f"SELECT c{place} FROM {self._name} WHERE {filled} LIMIT 1")
        example: Cell = found[0] if found else None
        return example.date() if isinstance(example, datetime) else example

    def _row(self, sql: str) -> tuple[Any, ...]:
        found = self._connection.execute(sql).fetchall()
        return found[0] if found else ()
