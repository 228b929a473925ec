"""DuckDB's complaints about types in words that a user knows: the function, the types, and how to convert.

Only a function's name and words for types are taken from a message, never a value.
"""

import re

from eduscale.warehouse.statement import FUNCTIONS
from eduscale.warehouse.values import column_type

_CALL = re.compile(
    r"argument types '(?P<name>[^'(]*)\((?P<types>.*?)\)'\. You might"
    r'|function call "(?P<other_name>[^"(]*)\((?P<other_types>.*?)\)"\. In order',
    re.DOTALL,
)
_PAIR = re.compile(
    r"Cannot (?P<verb>compare|mix|combine|cast) values of type (?P<a>.+?) and (?:type )?(?P<b>.+?)(?: in | - |$)"
)
_CAST = re.compile(r"Unimplemented type for cast \((?P<a>.+?) -> (?P<b>[^)]+(?:\([^)]*\))?)\)")
_TAKEN = re.compile(r"\((?P<taken>[^\n]*)\) -> ")

_GOOGLESQL = {
    "~~": "LIKE",
    "!~~": "NOT LIKE",
    "//": "DIV",
    "arg_max": "MAX_BY",
    "arg_min": "MIN_BY",
    "bool_and": "LOGICAL_AND",
    "bool_or": "LOGICAL_OR",
    "date_diff": "DATE_DIFF",
    "date_part": "EXTRACT",
    "date_trunc": "DATE_TRUNC",
    "epoch_ms": "UNIX_MILLIS",
    "epoch_us": "UNIX_MICROS",
    "isinf": "IS_INF",
    "isnan": "IS_NAN",
    "len": "ARRAY_LENGTH",
    "list_reverse": "ARRAY_REVERSE",
    "printf": "FORMAT",
    "quantile_cont": "PERCENTILE_CONT",
    "quantile_disc": "The quantile",
    "regexp_matches": "REGEXP_CONTAINS",
    "string_split": "SPLIT",
    "strlen": "BYTE_LENGTH",
}
"""What a statement calls a function that DuckDB knows by another name."""
_WITH_PART = frozenset({"date_diff", "date_part", "date_sub", "date_trunc"})
"""Functions whose first argument, MONTH for example, is no value to who writes the statement."""
_LITERALS = {"STRING_LITERAL": "VARCHAR", "INTEGER_LITERAL": "BIGINT"}
_NUMBER = "SAFE_CAST(... AS FLOAT64) makes a number of a text, and NULL where it is none."
_DAY = "SAFE_CAST(... AS DATE) makes a date of a text such as 2025-09-01, and NULL where it is none."
_TEXT = "CAST(... AS STRING) makes a text of a value."


def mismatch(message: str) -> str | None:
    """Return the sentence for a function, sign or cast that got types it does not take, if this is about one."""
    call = _CALL.search(message)
    if call is not None:
        name = call["name"] if call["name"] is not None else call["other_name"]
        types = _listed(call["types"] if call["types"] is not None else call["other_types"])
        types = types[1:] if name in _WITH_PART else types
        advice = _advice(types, message[call.end() :])
        return f"{_spoken(name)} does not take values of these types: {', '.join(types)}.{advice}"
    pair = _PAIR.search(message)
    if pair is not None:
        one, other = _word(pair["a"]), _word(pair["b"])
        verb = "compared" if pair["verb"] == "compare" else "combined"
        return f"Values of different types are {verb}: {one} and {other}.{_bridge(one, other)}"
    cast = _CAST.search(message)
    if cast is not None:
        return f"A value of the type {_word(cast['a'])} cannot be used as one of the type {_word(cast['b'])}."
    return None


def _spoken(name: str) -> str:
    """Return a function as GoogleSQL calls it; those that only a translation calls have no name."""
    if name in _GOOGLESQL:
        return _GOOGLESQL[name]
    if name in FUNCTIONS and not name.startswith("gsql_"):
        return name.upper() if name[:1].isalpha() else f"The sign {name}"
    return "A function"


def _listed(types: str) -> list[str]:
    """Return the word for each type of a list, whose commas may stand inside a type as well."""
    depth, parts = 0, [""]
    for character in types:
        depth += (character in "([") - (character in ")]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [_word(part) for part in parts if part.strip()] or ["none"]


def _word(storage: str) -> str:
    bare = storage.strip().removeprefix("type ")
    return column_type(_LITERALS.get(bare, bare))


def _advice(types: list[str], candidates: str) -> str:
    """Say how to convert, by what the function would take."""
    taken = " ".join(_TAKEN.findall(candidates))
    if re.search(r"\b(?:DOUBLE|DECIMAL|BIGINT|INTEGER)\b", taken):
        return f" {_NUMBER}" if "text" in types else ""
    if re.search(r"\b(?:DATE|TIMESTAMP)\b", taken):
        return f" {_DAY}" if "text" in types else ""
    return f" {_TEXT}" if "VARCHAR" in taken else ""


def _bridge(one: str, other: str) -> str:
    kinds = {one, other}
    if "text" not in kinds:
        return " CAST makes one of the other."
    if kinds & {"integer", "decimal", "duration"}:
        return f" {_NUMBER}"
    return f" {_DAY}" if kinds & {"date", "datetime"} else f" {_TEXT}"
