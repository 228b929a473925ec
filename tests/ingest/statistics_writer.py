"""Writes small SPSS, Stata and SAS files with the C library in pyreadstat, which needs no data frame."""

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyreadstat import _readstat_writer

STRING, INT8, INT32, DOUBLE = 0, 1, 3, 5
MEASURES = {"nominal": 1, "ordinal": 2, "scale": 3}
_Writer = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)


@dataclass(frozen=True)
class Tagged:
    """A missing value with a letter, `.a` in Stata or `.A` in SAS."""

    letter: str


@dataclass(frozen=True)
class Variable:
    """A variable with its values: numbers (None is missing) or, where `width` is given, texts."""

    name: str
    values: Sequence[float | str | Tagged | None]
    label: str = ""
    labels: Mapping[float | str | Tagged, str] = field(default_factory=dict)
    missing: Sequence[float | tuple[float, float]] = ()
    format: str = ""
    measure: str = ""
    width: int = 0
    type: int = DOUBLE


def written(kind: str, variables: Sequence[Variable], *, version: int = 0, compression: int = 0) -> bytes:
    """Return a file of a kind: sav, dta, por, sas7bdat or xport."""
    library = ctypes.CDLL(_readstat_writer.__file__)
    for name in ("readstat_writer_init", "readstat_add_label_set", "readstat_add_variable"):
        getattr(library, name).restype = ctypes.c_void_p
    library.readstat_error_message.restype = ctypes.c_char_p
    out = bytearray()

    @_Writer
    def write(data: int, length: int, context: int) -> int:
        out.extend(ctypes.string_at(data, length))
        return length

    def call(name: str, *arguments: Any) -> Any:
        code = getattr(library, name)(*arguments)
        assert code == 0, (name, library.readstat_error_message(code))

    writer = ctypes.c_void_p(library.readstat_writer_init())
    call("readstat_set_data_writer", writer, write)
    if version:
        call("readstat_writer_set_file_format_version", writer, ctypes.c_uint8(version))
    if compression:
        call("readstat_writer_set_compression", writer, compression)
    declared = [_declare(library, call, writer, variable) for variable in variables]
    rows = len(variables[0].values)
    call(f"readstat_begin_writing_{kind}", writer, None, ctypes.c_long(rows))
    for row in range(rows):
        call("readstat_begin_row", writer)
        for variable, place in zip(variables, declared, strict=True):
            _insert(call, writer, place, variable, variable.values[row])
        call("readstat_end_row", writer)
    call("readstat_end_writing", writer)
    library.readstat_writer_free(writer)
    return bytes(out)


def _declare(library: Any, call: Any, writer: Any, variable: Variable) -> Any:
    type_ = STRING if variable.width else variable.type
    width = ctypes.c_size_t(variable.width)
    place = ctypes.c_void_p(library.readstat_add_variable(writer, variable.name.encode(), type_, width))
    library.readstat_variable_set_label(place, variable.label.encode())
    if variable.format:
        library.readstat_variable_set_format(place, variable.format.encode())
    if variable.measure:
        library.readstat_variable_set_measure(place, MEASURES[variable.measure])
    for missing in variable.missing:
        low, high = missing if isinstance(missing, tuple) else (missing, missing)
        span = (ctypes.c_double(low), ctypes.c_double(high))
        if low == high:
            call("readstat_variable_add_missing_double_value", place, span[0])
        else:
            call("readstat_variable_add_missing_double_range", place, *span)
    if variable.labels:
        name = f"labels_{variable.name}".encode()
        labels = ctypes.c_void_p(library.readstat_add_label_set(writer, type_, name))
        for value, text in variable.labels.items():
            if isinstance(value, Tagged):
                tag = ctypes.c_char(value.letter.encode())
                library.readstat_label_tagged_value(labels, tag, text.encode())
            elif isinstance(value, str):
                library.readstat_label_string_value(labels, value.encode(), text.encode())
            elif type_ == DOUBLE:
                library.readstat_label_double_value(labels, ctypes.c_double(value), text.encode())
            else:
                library.readstat_label_int32_value(labels, int(value), text.encode())
        library.readstat_variable_set_label_set(place, labels)
    return place


def _insert(call: Any, writer: Any, place: Any, variable: Variable, value: Any) -> None:
    if isinstance(value, Tagged):
        call("readstat_insert_tagged_missing_value", writer, place, ctypes.c_char(value.letter.encode()))
    elif value is None and not variable.width:
        call("readstat_insert_missing_value", writer, place)
    elif variable.width:
        call("readstat_insert_string_value", writer, place, (value or "").encode())
    elif variable.type == DOUBLE:
        call("readstat_insert_double_value", writer, place, ctypes.c_double(value))
    elif variable.type == INT8:
        call("readstat_insert_int8_value", writer, place, ctypes.c_int8(value))
    else:
        call("readstat_insert_int32_value", writer, place, ctypes.c_int32(value))
