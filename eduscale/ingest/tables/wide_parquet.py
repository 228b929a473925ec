"""Parquet written a column at a time, for tables of so many columns that DuckDB would hold a vector of each.

DuckDB keeps several vectors of 2,048 values for every column of a statement, whatever the number of rows: 700 MB
for 5,000 columns. Here a column is one plain page in each group of rows, and only one column is at hand at a time.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

_MAGIC = b"PAR1"
_PLAIN, _RLE = 0, 3
_GZIP = 2
_OPTIONAL = 1
_BOOLEAN, _INT32, _INT64, _DOUBLE, _BYTE_ARRAY, _FIXED = 0, 1, 2, 5, 6, 7
DECIMAL_BYTES = 16

Values = npt.NDArray[Any]


def _i32(number: int) -> tuple[int, bytes]:
    return 5, _varint(number << 1)


def _i64(number: int) -> tuple[int, bytes]:
    return 6, _varint(number << 1)


def _text(text: str) -> tuple[int, bytes]:
    encoded = text.encode()
    return 8, _varint(len(encoded)) + encoded


def _list(items: Sequence[tuple[int, bytes]]) -> tuple[int, bytes]:
    kind, count = items[0][0], len(items)
    head = bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + _varint(count)
    return 9, head + b"".join(body for _, body in items)


def _struct(fields: dict[int, tuple[int, bytes]]) -> tuple[int, bytes]:
    """Return a Thrift struct in the compact protocol; its fields stand in the order of their numbers."""
    parts, before = [], 0
    for number, (kind, body) in fields.items():
        parts.append(bytes([(number - before) << 4 | kind]) + body)
        before = number
    return 12, b"".join(parts) + b"\0"


def _varint(number: int) -> bytes:
    """Return a number, not negative, in groups of seven bits."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


_FALSE = (2, b"")
_NOTHING = _struct({})
_LOCAL_MICROSECONDS = _struct({1: _FALSE, 2: _struct({2: _NOTHING})})


class _Layout(NamedTuple):
    """How a type is stored: Parquet's type, what its schema element says more, SQL and encoder of its values."""

    physical: int
    annotation: dict[int, tuple[int, bytes]]
    sql: str
    encode: Callable[[Values], bytes]


def _fixed(kind: str) -> Callable[[Values], bytes]:
    return lambda values: values.astype(kind).tobytes()


def _bits(values: Values) -> bytes:
    return np.packbits(values.astype(bool), bitorder="little").tobytes()


def _texts(values: Values) -> bytes:
    encoded = [text.encode() for text in values]
    return b"".join([part for text in encoded for part in (struct.pack("<I", len(text)), text)])


def _decimals(values: Values) -> bytes:
    return b"".join(int(text.replace(".", "")).to_bytes(DECIMAL_BYTES, "big", signed=True) for text in values)


_LAYOUTS = {
    "VARCHAR": _Layout(_BYTE_ARRAY, {6: _i32(0)}, "{x}", _texts),
    "BIGINT": _Layout(_INT64, {}, "{x}", _fixed("<i8")),
    "DOUBLE": _Layout(_DOUBLE, {}, "{x}", _fixed("<f8")),
    "BOOLEAN": _Layout(_BOOLEAN, {}, "{x}", _bits),
    "DATE": _Layout(_INT32, {6: _i32(6)}, "({x} - DATE '1970-01-01')", _fixed("<i4")),
    "TIME": _Layout(_INT64, {6: _i32(8), 10: _struct({7: _LOCAL_MICROSECONDS})}, "epoch_us({x})", _fixed("<i8")),
    "TIMESTAMP": _Layout(
        _INT64, {6: _i32(10), 10: _struct({8: _LOCAL_MICROSECONDS})}, "epoch_us({x})", _fixed("<i8")
    ),
}


def _layout(storage: str) -> _Layout:
    if not storage.startswith("DECIMAL("):
        return _LAYOUTS[storage]
    precision, scale = map(int, storage.removeprefix("DECIMAL(").removesuffix(")").split(","))
    annotation = {6: _i32(5), 7: _i32(scale), 8: _i32(precision)}
    return _Layout(_FIXED, annotation, "CAST({x} AS VARCHAR)", _decimals)


def stored_sql(storage: str, value: str) -> str:
    """Return SQL that turns a value of type `storage` into what `write_column` takes."""
    return _layout(storage).sql.replace("{x}", value)


class WideParquet:
    """Writes a Parquet file, one group of rows after another, one column of it after another."""

    def __init__(self, path: Path, names: Sequence[str], storages: Sequence[str]) -> None:
        self._names = names
        self._storages = storages
        self._file = path.open("wb")
        self._file.write(_MAGIC)
        self._place = len(_MAGIC)
        self._groups: list[tuple[int, bytes]] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        if kind is None:
            self._write_footer()
        self._file.close()

    def write_group(self, rows: int, columns: Iterable[Values]) -> None:
        """Write the next `rows` rows; a value that is masked, or None, is null."""
        start, chunks = self._place, []
        for name, storage, column in zip(self._names, self._storages, columns, strict=True):
            chunks.append(self._write_column(name, storage, column))
        self._groups.append(_struct({1: _list(chunks), 2: _i64(self._place - start), 3: _i64(rows)}))
        self._rows += rows

    def _write_column(self, name: str, storage: str, column: Values) -> tuple[int, bytes]:
        """Write one page and return the Thrift struct that tells of it."""
        layout = _layout(storage)
        present = ~np.ma.getmaskarray(column)
        values = np.ma.getdata(column)
        if values.dtype == object:
            present &= values != None  # noqa: E711  # compared element by element
        body = _levels(present) + layout.encode(values[present])
        packed = zlib.compress(body, 1, wbits=31)
        page = _struct({1: _i32(len(column)), 2: _i32(_PLAIN), 3: _i32(_RLE), 4: _i32(_RLE)})
        _, head = _struct({1: _i32(0), 2: _i32(len(body)), 3: _i32(len(packed)), 5: page})
        place = self._place
        self._file.write(head + packed)
        self._place += len(head) + len(packed)
        facts = {
            1: _i32(layout.physical),
            2: _list([_i32(_PLAIN), _i32(_RLE)]),
            3: _list([_text(name)]),
            4: _i32(_GZIP),
            5: _i64(len(column)),
            6: _i64(len(head) + len(body)),
            7: _i64(len(head) + len(packed)),
            9: _i64(place),
        }
        return _struct({2: _i64(place), 3: _struct(facts)})

    def _write_footer(self) -> None:
        schema = [_struct({4: _text("table"), 5: _i32(len(self._names))})]
        for name, storage in zip(self._names, self._storages, strict=True):
            layout = _layout(storage)
            size = {2: _i32(DECIMAL_BYTES)} if layout.physical == _FIXED else {}
            fields = {1: _i32(layout.physical), **size, 3: _i32(_OPTIONAL), 4: _text(name), **layout.annotation}
            schema.append(_struct(fields))
        groups = _list(self._groups) if self._groups else (9, bytes([12]))
        fields = {1: _i32(1), 2: _list(schema), 3: _i64(self._rows), 4: groups}
        _, footer = _struct(fields)
        self._file.write(footer + struct.pack("<I", len(footer)) + _MAGIC)


def _levels(present: Values) -> bytes:
    """Return which values are there, as Parquet's definition levels."""
    if present.all():
        body = _varint(len(present) << 1) + b"\1"
    else:
        body = _varint(-(-len(present) // 8) << 1 | 1) + np.packbits(present, bitorder="little").tobytes()
    return struct.pack("<I", len(body)) + body
