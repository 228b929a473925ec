"""The columns of a sent Parquet file: what they hold, as SQL over the file, and the form that it has."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import duckdb
from duckdb.sqltypes import DuckDBPyType

from eduscale.ingest.formats.record_stage import MAX_DEPTH
from eduscale.ingest.tables import forms
from eduscale.ingest.tables.columns import cleaned_text
from eduscale.ingest.tables.forms import Form, literal
from eduscale.ingest.tables.values import MAX_DIGITS

MAX_BIGINT = 2**63 - 1


class SentColumn(NamedTuple):
    """A column: its label, SQL for its values, and the form they have; text has none yet."""

    label: str
    sql: str
    form: Form | None
    note: str = ""
    """The code of what was done with its values beyond taking them."""
    doubles: str = ""
    """SQL for doubles, some of which may be no numbers; these are null in the column."""


@dataclass(frozen=True)
class SentParquet:
    """A sent file, as DuckDB reads it."""

    connection: duckdb.DuckDBPyConnection
    path: Path

    @property
    def rows(self) -> str:
        """SQL for its rows, which have a `file_row_number`."""
        return f"read_parquet({literal(str(self.path))}, file_row_number = true)"

    def row(self, values: str) -> tuple[Any, ...]:
        """Return aggregates over all rows."""
        return self.connection.execute(f"SELECT {values} FROM {self.rows}").fetchall()[0]

    def columns(self) -> list[SentColumn]:
        """Return its columns; the fields of objects are columns such as `a.b`."""
        relation = self.connection.sql(f"FROM read_parquet({literal(str(self.path))})")
        found: list[SentColumn] = []
        for name, type_ in zip(relation.columns, relation.types, strict=True):
            quoted = '"' + name.replace('"', '""') + '"'
            found += self._flat(name, quoted, type_, depth=0)
        rounded = self._longer_than_decimals()
        return [
            column._replace(note="digits_rounded") if column.label in rounded and column.doubles else column
            for column in found
        ]

    def _longer_than_decimals(self) -> set[str]:
        """Return the columns of exact numbers that have more digits than DuckDB holds."""
        query = f"SELECT name FROM parquet_schema({literal(str(self.path))}) WHERE precision > {MAX_DIGITS}"
        return {name for (name,) in self.connection.execute(query).fetchall()}

    def _flat(self, label: str, sql: str, type_: DuckDBPyType, *, depth: int) -> Iterator[SentColumn]:
        """Yield a column, or those of the fields of an object."""
        if type_.id != "struct" or depth > MAX_DEPTH:
            yield self._column(label, sql, type_)
            return
        for name, field in type_.children:
            inner = f"struct_extract({sql}, {literal(str(name))})"
            yield from self._flat(f"{label}.{name}", inner, cast(DuckDBPyType, field), depth=depth + 1)

    def _column(self, label: str, sql: str, type_: DuckDBPyType) -> SentColumn:
        if type_.id in _PLAIN:
            form, value, note = _PLAIN[type_.id]
            return SentColumn(label, value.replace("{x}", sql), form, note)
        if type_.id in ("float", "double"):
            doubles = sql if type_.id == "double" else _SHORTEST.replace("{x}", sql)
            numbers = f"CASE WHEN isfinite({doubles}) THEN {doubles} END"
            return SentColumn(label, numbers, forms.DECIMAL_VALUES, doubles=doubles)
        if type_.id == "decimal":
            precision, scale = (int(str(number)) for _, number in type_.children)
            return SentColumn(label, sql, forms.exact_values(scale, digits=precision))
        return SentColumn(label, *self._depending(sql, type_))

    def _depending(self, sql: str, type_: DuckDBPyType) -> tuple[str, Form | None, str]:
        """Return SQL, form and note of a type for which it depends on the values."""
        form: Form | None = forms.JSON_VALUES if str(type_) == "JSON" else forms.TEXT
        value, note = f"CAST({sql} AS VARCHAR)", ""
        match type_.id:
            case "varchar" if str(type_) != "JSON":
                value, form = cleaned_text(sql), None
            case "ubigint":
                (largest,) = self.row(f"max({sql})")
                value, form = sql, forms.INTEGER_VALUES if (largest or 0) <= MAX_BIGINT else forms.exact_values(0)
            case "blob":
                readable = f"TRY(decode({sql}))"
                if self.row(f"count({readable}) = count({sql})") == (True,):
                    value, form = cleaned_text(readable), None
                else:
                    value, note = f"lower(hex({sql}))", "bytes_as_hex"
            case "interval":
                months = f"datepart('year', {sql}) <> 0 OR datepart('month', {sql}) <> 0"
                if self.row(f"bool_or({months})") != (True,):  # a month has no length
                    value, form = f"CAST(epoch({sql}) AS BIGINT)", forms.SECONDS
            case "list" | "array" | "map" | "struct" | "union" | "variant":
                value, form = f"CAST(to_json({sql}) AS VARCHAR)", forms.JSON_VALUES
        return value, form, note


_SHORTEST = "CAST(CAST({x} AS VARCHAR) AS DOUBLE)"
"""The double that shows the digits of a shorter number, 0.1 for instance."""
_AT_UTC = "moments_at_utc"
_PLAIN: dict[str, tuple[Form | None, str, str]] = {
    "boolean": (forms.BOOLEAN_VALUES, "{x}", ""),
    **dict.fromkeys(
        ("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"),
        (forms.INTEGER_VALUES, "{x}", ""),
    ),
    "date": (forms.DATE_VALUES, "{x}", ""),
    "time": (forms.TIME_VALUES, "{x}", ""),
    "time_ns": (forms.TIME_VALUES, "CAST({x} AS TIME)", ""),
    "time with time zone": (forms.TIME_VALUES, "CAST({x} AS TIME)", _AT_UTC),
    **dict.fromkeys(
        ("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"),
        (forms.DATETIME_VALUES, "CAST({x} AS TIMESTAMP)", ""),
    ),
    "timestamp with time zone": (forms.DATETIME_VALUES, "({x} AT TIME ZONE 'UTC')", _AT_UTC),
    "null": (None, "CAST({x} AS VARCHAR)", ""),
}
"""By DuckDB's name of a type: the form of its values, SQL for them, and the code of what is said about it."""
