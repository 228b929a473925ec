"""How values leave the service: one converter a column, chosen once by DuckDB's type.

JSON: dates and times are ISO 8601; a duration is hours, minutes and seconds as in a spreadsheet ("36:00:00");
an integer beyond 2^53 and a decimal that a double cannot hold are texts, as are "NaN" and "Infinity"; bytes are
base64; lists and structs are JSON.
"""

import base64
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic_core import from_json, to_json

from eduscale.models.reading import ColumnType

EXACT_INTEGER = 2**53
_EXACT_DIGITS = 15

Column = Sequence[object]

_TYPES: dict[str, ColumnType] = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIME WITH TIME ZONE": "time",
    "INTERVAL": "duration",
    "FLOAT": "decimal",
    "DOUBLE": "decimal",
    "JSON": "json",
    "NULL": "integer",
    '"NULL"': "integer",
}


def column_type(storage: str) -> ColumnType:
    """Return the type that a user sees for a type of DuckDB."""
    if storage in _TYPES:
        return _TYPES[storage]
    if storage.endswith("]") or storage.startswith(("STRUCT", "MAP", "UNION", "VARIANT")):
        return "json"
    if "INT" in storage:
        return "integer"
    if storage.startswith("DECIMAL"):
        return "integer" if storage.endswith(",0)") else "decimal"
    return "datetime" if storage.startswith("TIMESTAMP") else "text"


def rows_as_json(rows: Sequence[Sequence[object]], storages: Sequence[str]) -> Sequence[Sequence[object]]:
    """Return rows whose values `dump` writes as this module promises."""
    converters = [_converter(storage) for storage in storages]
    if not rows or all(converter is None for converter in converters):
        return rows
    columns = zip(*rows, strict=True)
    return list(
        zip(
            *(
                column if converter is None else converter(column)
                for column, converter in zip(columns, converters, strict=True)
            ),
            strict=True,
        )
    )


def dump(value: object) -> bytes:
    """Write JSON as UTF-8."""
    return to_json(value, inf_nan_mode="strings")


def duration_text(value: timedelta) -> str:
    """Write a duration as H:MM:SS, with a fraction of a second only where there is one."""
    micros = value // timedelta(microseconds=1)
    seconds, fraction = divmod(abs(micros), 1_000_000)
    text = f"{'-' if micros < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:06}".rstrip("0") if fraction else text


def exact_number(value: Decimal) -> float | str:
    """Return a double if it shows the same digits, else the digits as text."""
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def _converter(storage: str) -> Callable[[Column], Column] | None:
    kind = column_type(storage)
    if storage == "JSON":
        return _parsed
    if kind in ("duration", "json") or storage == "BLOB":
        return _each
    if kind == "integer":
        return _whole_decimals if storage.startswith("DECIMAL") else _integers
    if storage.startswith("DECIMAL"):
        digits = int(storage.removeprefix("DECIMAL(").split(",")[0])
        return _short_decimals if digits <= _EXACT_DIGITS else _decimals
    return None


def _integers(column: Column) -> Column:
    numbers = [value for value in column if isinstance(value, int)]
    if not numbers or (max(numbers) <= EXACT_INTEGER and min(numbers) >= -EXACT_INTEGER):
        return column
    return [_plain(value) for value in column]


def _whole_decimals(column: Column) -> Column:
    return [_plain(int(value)) if isinstance(value, Decimal) else value for value in column]


def _short_decimals(column: Column) -> Column:
    return [None if value is None else float(value) for value in column]  # type: ignore[arg-type]


def _decimals(column: Column) -> Column:
    return [exact_number(value) if isinstance(value, Decimal) else value for value in column]


def _parsed(column: Column) -> Column:
    return [_from_json(value) if isinstance(value, str) else value for value in column]


def _from_json(text: str) -> object:
    """Return what a text of JSON says, or the text if it is nested too deep to be worth it."""
    try:
        return _plain(from_json(text))
    except ValueError:
        return text


def _each(column: Column) -> Column:
    return [_plain(value) for value in column]


def _plain(value: object) -> object:
    plain = _PLAIN.get(type(value))
    return value if plain is None else plain(value)


_PLAIN: dict[type, Callable[[Any], object]] = {
    int: lambda value: value if -EXACT_INTEGER <= value <= EXACT_INTEGER else str(value),
    Decimal: exact_number,
    timedelta: duration_text,
    bytes: lambda value: base64.b64encode(value).decode("ascii"),
    list: lambda value: [_plain(item) for item in value],
    tuple: lambda value: [_plain(item) for item in value],
    dict: lambda value: {str(name): _plain(item) for name, item in value.items()},
}
