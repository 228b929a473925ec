"""Which GoogleSQL functions a query may call, and what DuckDB is asked in their place: one table, `FUNCTIONS`.

A function that is not in the table is refused. One that DuckDB answers like GoogleSQL is named by DuckDB's name;
one that differs goes through a macro of `warehouse.macros` or is put together here. The arguments that reach a
function are already translated.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from eduscale.core.errors import QueryRefused

Expr = exp.Expr


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call: its values, and what an aggregate may say after them."""

    function: str
    values: Sequence[Expr]
    distinct: bool = False
    nulls: type[Expr] | None = None
    order: exp.Order | None = None
    limit: Expr | None = None
    having: exp.HavingMax | None = None


Build = Callable[[Arguments], Expr]


@dataclass(frozen=True)
class Function:
    """How a function is called and translated; `most` None: any number of arguments.

    `parts` are the positions of arguments that name a part of a date (MONTH, WEEK(MONDAY)) and are no values.
    """

    build: Build
    least: int
    most: int | None
    kind: Literal["scalar", "aggregate", "window"] = "scalar"
    parts: tuple[int, ...] = ()


def call(name: str, *arguments: Expr) -> Expr:
    """Call a function of DuckDB, or a macro, by name."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> Expr:
    """Write a text literal."""
    return exp.Literal.string(value)


def number(value: float) -> Expr:
    """Write a number literal."""
    return exp.Literal.number(value)


def whole(value: Expr) -> Expr:
    """Make sure of 64 bits: a number literal of DuckDB has 32."""
    return exp.Cast(this=value, to=exp.DataType.build("BIGINT"))


def literal_text(value: Expr, function: str, what: str) -> str:
    """Return the text of a literal, or refuse anything that is only known while the query runs."""
    if isinstance(value, exp.Literal) and value.is_string:
        return str(value.this)
    raise QueryRefused(f"{function}: {what} has to be written out as a text, it may not be worked out.")


# Ways to build a call


def scalar(name: str, least: int, most: int | None = None) -> Function:
    """Pass the arguments on to a function of DuckDB."""
    return Function(lambda given: call(name, *given.values), least, most or least)


def made(least: int, most: int | None, build: Callable[..., Expr], parts: tuple[int, ...] = ()) -> Function:
    """Build an expression of the arguments."""
    return Function(lambda given: build(*given.values), least, most, parts=parts)


def aggregate(name: str, least: int = 1, most: int | None = None) -> Function:
    """Pass the arguments on to an aggregate of DuckDB, DISTINCT included."""

    def build(given: Arguments) -> Expr:
        _only(given, "distinct")
        first, *rest = given.values
        return call(name, exp.Distinct(expressions=[first]) if given.distinct else first, *rest)

    return Function(build, least, most or least, "aggregate")


def over(name: str, least: int = 0, most: int | None = None) -> Function:
    """Pass the arguments on to a window function of DuckDB, IGNORE NULLS included."""

    def build(given: Arguments) -> Expr:
        _only(given, "nulls")
        values = list(given.values)
        if given.nulls is not None:
            values[-1] = given.nulls(this=values[-1])
        return call(name, *values)

    return Function(build, least, most if most is not None else least, "window")


def _only(given: Arguments, *allowed: str) -> None:
    words = {
        "distinct": "DISTINCT",
        "nulls": "IGNORE NULLS or RESPECT NULLS",
        "order": "ORDER BY",
        "limit": "LIMIT",
        "having": "HAVING MAX or MIN",
    }
    for field, word in words.items():
        if field not in allowed and getattr(given, field):
            raise QueryRefused(f"{given.function} may not be called with {word} here.")


# Aggregates


def _count(given: Arguments) -> Expr:
    _only(given, "distinct")
    return call("count", exp.Distinct(expressions=list(given.values)) if given.distinct else given.values[0])


def _countif(given: Arguments) -> Expr:
    _only(given)
    return exp.Filter(this=call("count", exp.Star()), expression=exp.Where(this=given.values[0]))


def _any_value(given: Arguments) -> Expr:
    _only(given, "having")
    if given.having is None:
        return call("any_value", *given.values)
    return call("arg_max" if given.having.args.get("max") else "arg_min", *given.values, given.having.expression)


def _array_agg(given: Arguments) -> Expr:
    _only(given, "distinct", "nulls", "order", "limit")
    value = given.values[0]
    inner: Expr = exp.Distinct(expressions=[value]) if given.distinct else value
    if given.order is not None:
        inner = exp.Order(this=inner, expressions=given.order.expressions)
    collected = call("array_agg", inner)
    if given.nulls is exp.IgnoreNulls:
        collected = call("gsql_without_nulls", collected)
    return collected if given.limit is None else call("list_slice", collected, number(1), given.limit)


def _string_agg(given: Arguments) -> Expr:
    _only(given, "distinct", "order", "limit")
    value, separator = given.values[0], given.values[1] if len(given.values) > 1 else text(",")
    if given.limit is not None:
        listed = _array_agg(
            Arguments(given.function, [value], given.distinct, exp.IgnoreNulls, given.order, given.limit)
        )
        return call("array_to_string", listed, separator)
    inner: list[Expr] = [exp.Distinct(expressions=[value]) if given.distinct else value, separator]
    if given.order is not None:
        inner[-1] = exp.Order(this=inner[-1], expressions=given.order.expressions)
    return call("string_agg", *inner)


def _approx_quantiles(given: Arguments) -> Expr:
    _only(given)
    parts = given.values[1]
    if not (isinstance(parts, exp.Literal) and str(parts.this).isdigit() and 1 <= int(parts.this) <= 1000):
        raise QueryRefused("APPROX_QUANTILES: the number of quantiles is a number from 1 to 1000.")
    count = int(parts.this)
    steps: list[Expr] = [number(step / count) for step in range(count + 1)]
    return call("quantile_disc", given.values[0], exp.Array(expressions=steps))


# Text


def _concat(*values: Expr) -> Expr:
    result = call("gsql_string", values[0])
    for value in values[1:]:
        result = exp.DPipe(this=result, expression=call("gsql_string", value))
    return exp.Paren(this=result)


def _trimmed(side: str) -> Function:
    return made(1, 2, lambda s, chars=None: call(side, s, chars) if chars else call(f"gsql_{side}", s))


def _padded(name: str) -> Function:
    return made(2, 3, lambda s, length, pattern=None: call(name, s, length, pattern or text(" ")))


def _substr(s: Expr, position: Expr, length: Expr | None = None) -> Expr:
    return call("gsql_substr3", s, position, length) if length else call("gsql_substr", s, position)


_PATTERN_CHARACTERS = 1_000


def _pattern(function: str, pattern: Expr) -> tuple[Expr, Expr]:
    """Return the pattern and the number of the group that it extracts: its only one, or all that matches."""
    written = literal_text(pattern, function, "the pattern")
    if len(written) > _PATTERN_CHARACTERS:
        raise QueryRefused(f"{function}: the pattern is longer than {_PATTERN_CHARACTERS} characters.")
    groups = len(re.findall(r"\((?!\?)|\(\?P?<", re.sub(r"\\.|\[\^?\]?[^\]]*\]", "", written)))
    if groups > 1:
        raise QueryRefused(f"{function}: the pattern may have one group in brackets; write (?:...) for others.")
    return pattern, number(groups)


def _normalize(s: Expr, mode: Expr | None = None) -> Expr:
    if mode is not None and not (isinstance(mode, exp.Column) and mode.name.upper() == "NFC"):
        raise QueryRefused("NORMALIZE: only the mode NFC is available.")
    return call("nfc_normalize", s)


_FORMAT_FIELD = re.compile(r"%(?:%|(?P<flags>[-0]?\d*)(?:\.(?P<places>\d+))?(?P<kind>[a-zA-Z]))|%")


def _format(pattern: Expr, *values: Expr) -> Expr:
    """Translate FORMAT with %d, %i, %s, %t and %.2f, padded or not, into DuckDB's printf."""
    written = literal_text(pattern, "FORMAT", "the format")
    arguments: list[Expr] = []
    left = list(values)

    def field(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%%"
        kind = match["kind"]
        if kind not in ("d", "i", "s", "t", "f") or not left or (match["places"] and kind != "f"):
            raise QueryRefused("FORMAT: only %d, %i, %s, %t, %f and %%, one for each argument, are available.")
        value = left.pop(0)
        if kind in "di":
            arguments.append(whole(value))
        elif kind == "f":
            arguments.append(exp.Cast(this=value, to=exp.DataType.build("DOUBLE")))
        else:
            arguments.append(call("gsql_string", value))
        places = f".{match['places'] or 6}" if kind == "f" else ""
        return f"%{match['flags']}{places}{ {'i': 'd', 't': 's'}.get(kind, kind) }"

    translated = _FORMAT_FIELD.sub(field, written)
    if left:
        raise QueryRefused("FORMAT: there are more arguments than places for them.")
    return call("printf", text(translated), *arguments) if values else text(translated.replace("%%", "%"))


_JSON_PATH = re.compile(r"\$(\.[A-Za-z_]\w*|\[\d+\])*")


def _json_value(value: Expr, path: Expr | None = None) -> Expr:
    written = "$" if path is None else literal_text(path, "JSON_VALUE", "the path")
    if not _JSON_PATH.fullmatch(written):
        raise QueryRefused("JSON_VALUE: the path is of the form $.name.other[0].")
    return call("gsql_json_value", value, text(written))


# Dates

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_DATE_PARTS = ("DAY", "MONTH", "QUARTER", "YEAR", "ISOYEAR")
_TIME_PARTS = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
_SPANS = {
    "YEAR": ("to_years", 1),
    "QUARTER": ("to_months", 3),
    "MONTH": ("to_months", 1),
    "WEEK": ("to_days", 7),
    "DAY": ("to_days", 1),
    "HOUR": ("to_hours", 1),
    "MINUTE": ("to_minutes", 1),
    "SECOND": ("to_seconds", 1),
    "MILLISECOND": ("to_milliseconds", 1),
    "MICROSECOND": ("to_microseconds", 1),
}


def date_part(part: Expr) -> tuple[str, int | None]:
    """Return the name of a date part and, for a week, the day it begins on (Monday 0 ... Sunday 6)."""
    name, day = part.name.upper(), None
    if isinstance(part, exp.Anonymous) and name == "WEEK" and len(part.expressions) == 1:
        begins = part.expressions[0].name.upper()
        if begins not in _DAYS:
            raise QueryRefused(f"WEEK({begins}) is not a week; the days are {', '.join(_DAYS)}.")
        return "WEEK", _DAYS.index(begins)
    if not isinstance(part, (exp.Column, exp.Var)):
        raise QueryRefused("A part of a date is a bare word such as MONTH.")
    if name == "WEEK":
        day = _DAYS.index("SUNDAY")
    elif name == "ISOWEEK":
        name, day = "WEEK", _DAYS.index("MONDAY")
    return name, day


def _known_part(name: str, known: Sequence[str], function: str) -> str:
    if name not in known:
        raise QueryRefused(
            f"{function}: {name} is not a part it knows; it knows WEEK, ISOWEEK, {', '.join(known)}."
        )
    return name.lower()


def interval(given: exp.Interval) -> Expr:
    """Translate INTERVAL n PART into a span that DuckDB adds to a date or time."""
    unit, amount = given.args.get("unit"), given.this
    if not isinstance(unit, exp.Var) or unit.name.upper() not in _SPANS or amount is None:
        raise QueryRefused(f"An interval is written INTERVAL 3 DAY; the parts are {', '.join(_SPANS)}.")
    name, times = _SPANS[unit.name.upper()]
    if isinstance(amount, exp.Literal) and amount.is_string:
        if not re.fullmatch(r"\s*[-+]?\d{1,9}\s*", str(amount.this)):
            raise QueryRefused("The amount of an interval is a whole number.")
        return call(name, number(int(amount.this) * times))
    days = whole(amount)
    return call(name, days if times == 1 else exp.Mul(this=days, expression=number(times)))


def _shift(sign: int) -> Function:
    def build(given: Arguments) -> Expr:
        value, span = given.values
        if not (isinstance(span, exp.Anonymous) and str(span.this).startswith("to_")):
            raise QueryRefused(f"{given.function}: the second argument is an interval such as INTERVAL 1 DAY.")
        if sign < 0:
            span = exp.Neg(this=span)
        return call("gsql_shift", value, span)

    return Function(build, 2, 2)


def _truncated(known: Sequence[str]) -> Function:
    def build(given: Arguments) -> Expr:
        value, part, *zone = given.values
        name, day = date_part(part)
        if name == "WEEK" and day is not None and not zone:
            return call("gsql_trunc_week", value, number(day))
        lower = "week" if (name, day) == ("WEEK", 0) else _known_part(name, known, given.function)
        if zone:
            return call("gsql_trunc_zone", text(lower), value, zone[0])
        return call("gsql_trunc", text(lower), value)

    return Function(build, 2, 3 if known is _INSTANT_PARTS else 2, parts=(1,))


_INSTANT_PARTS = (*_DATE_PARTS, *_TIME_PARTS)


def _difference(known: Sequence[str], counted: str) -> Function:
    """Count boundaries between two values (`date_diff`) or whole spans that fit (`date_sub`)."""

    def build(given: Arguments) -> Expr:
        one, other, part = given.values
        name, day = date_part(part)
        if name == "WEEK" and day is not None and counted == "date_diff" and "DAY" in known:
            return call("gsql_diff_week", one, other, number(day))
        return call(counted, text(_known_part(name, known, given.function)), other, one)

    return Function(build, 3, 3, parts=(2,))


def _last_day(value: Expr, part: Expr | None = None) -> Expr:
    name, day = ("MONTH", None) if part is None else date_part(part)
    if name == "WEEK" and day is not None:
        return call("gsql_last_day", call("gsql_trunc_week", value, number(day)), call("to_days", number(7)))
    lower = _known_part(name, ("MONTH", "QUARTER", "YEAR"), "LAST_DAY")
    span, times = _SPANS[name]
    return call("gsql_last_day", call("gsql_trunc", text(lower), value), call(span, number(times)))


_EXTRACTS = (
    *("YEAR", "ISOYEAR", "QUARTER", "MONTH", "DAY", "DAYOFWEEK", "DAYOFYEAR"),
    *("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"),
)


def extract(part: Expr, value: Expr) -> Expr:
    """Translate EXTRACT(part FROM value)."""
    if part.name.upper() in ("DATE", "TIME") and isinstance(part, exp.Var):
        return exp.Cast(this=value, to=exp.DataType.build(part.name.upper()))
    name, day = date_part(part)
    if name != "WEEK":
        return call(f"gsql_extract_{_known_part(name, _EXTRACTS, 'EXTRACT')}", value)
    if part.name.upper() == "ISOWEEK":
        return call("gsql_extract_isoweek", value)
    if day == _DAYS.index("SUNDAY"):
        return call("gsql_extract_week", value)
    if day == _DAYS.index("MONDAY"):
        return call("gsql_extract_week_monday", value)
    raise QueryRefused("EXTRACT: weeks are WEEK, WEEK(MONDAY) or ISOWEEK.")


_TIME_FIELDS = {
    **{field: f"%{field}" for field in "YmdHMSyjBbAapIUWVGuw"},
    **{"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "x": "%m/%d/%y", "h": "%b"},
    **{"E4Y": "%Y", "E6S": "%S.%f", "%": "%%", "n": "\n", "t": "\t"},
}


def _time_format(function: str, pattern: Expr) -> Expr:
    written = literal_text(pattern, function, "the format")

    def field(match: re.Match[str]) -> str:
        if match[1] not in _TIME_FIELDS:
            known = " ".join(f"%{name}" for name in sorted(_TIME_FIELDS))
            raise QueryRefused(f"{function}: the format may use {known}.")
        return _TIME_FIELDS[match[1]]

    return text(re.sub(r"%(E4Y|E6S|.|$)", field, written, flags=re.DOTALL))


def _zone(function: str, zone: Expr) -> Expr:
    if not re.fullmatch(r"[A-Za-z_]+(/[A-Za-z_+\-0-9]+){0,2}", literal_text(zone, function, "the time zone")):
        raise QueryRefused(f"{function}: a time zone is a name such as Europe/Prague.")
    return zone


def _formatted(function: str, macro: str) -> Function:
    return made(2, 2, lambda pattern, value: call(macro, value, _time_format(function, pattern)))


def _format_timestamp(pattern: Expr, value: Expr, zone: Expr | None = None) -> Expr:
    zoned = call("gsql_zoned", value, _zone("FORMAT_TIMESTAMP", zone) if zone else text("UTC"))
    return call("strftime", zoned, _time_format("FORMAT_TIMESTAMP", pattern))


def _parse_timestamp(pattern: Expr, value: Expr, zone: Expr | None = None) -> Expr:
    place = _zone("PARSE_TIMESTAMP", zone) if zone else text("UTC")
    return call("gsql_parse_timestamp", value, _time_format("PARSE_TIMESTAMP", pattern), place)


def _current(macro: str, function: str) -> Function:
    return made(0, 1, lambda zone=None: call(macro, _zone(function, zone) if zone else text("UTC")))


def _date(value: Expr, *more: Expr) -> Expr:
    if len(more) == 2:
        return call("make_date", value, *more)
    if more:
        return call("gsql_date", call("gsql_zoned", value, _zone("DATE", more[0])))
    return call("gsql_date", value)


def _datetime(value: Expr, *more: Expr) -> Expr:
    if len(more) == 5:
        return call("make_timestamp", value, *more)
    if not more:
        return call("gsql_datetime", value)
    if len(more) == 1 and isinstance(more[0], exp.Literal):
        return call("gsql_zoned", value, _zone("DATETIME", more[0]))
    if len(more) == 1:
        return exp.Paren(this=exp.Add(this=value, expression=more[0]))
    raise QueryRefused("DATETIME takes a value and a time zone, a date and a time, or six numbers.")


def _time(value: Expr, *more: Expr) -> Expr:
    if len(more) == 2:
        return call("make_time", value, *more)
    if more:
        raise QueryRefused("TIME takes a value, or hour, minute and second.")
    return exp.Cast(this=value, to=exp.DataType.build("TIME"))


def _timestamp(value: Expr, zone: Expr | None = None) -> Expr:
    if zone is None:
        return call("gsql_timestamp", value)
    return call("timezone", _zone("TIMESTAMP", zone), call("gsql_datetime", value))


def _date_array(first: Expr, last: Expr, step: Expr | None = None) -> Expr:
    if step is not None and not (isinstance(step, exp.Anonymous) and str(step.this).startswith("to_")):
        raise QueryRefused("GENERATE_DATE_ARRAY: the step is an interval such as INTERVAL 1 DAY.")
    by_month = step is not None and str(step.this) in ("to_months", "to_years")
    return call(
        f"gsql_date_array{'_by_month' if by_month else ''}", first, last, step or call("to_days", number(1))
    )


# Conditions and arrays


def _if(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


def _joined_arrays(*arrays: Expr) -> Expr:
    return call("gsql_array_concat", exp.Array(expressions=list(arrays)))


def _struct(*fields: Expr) -> Expr:
    named: list[Expr] = []
    for field in fields:
        if not isinstance(field, (exp.Alias, exp.Column)):
            raise QueryRefused("STRUCT: give every field a name, STRUCT(1 AS a).")
        value = field.this if isinstance(field, exp.Alias) else field
        named.append(exp.PropertyEQ(this=exp.to_identifier(field.alias_or_name, quoted=True), expression=value))
    return exp.Struct(expressions=named)


FUNCTIONS: dict[str, Function] = {
    # Aggregates
    "COUNT": Function(_count, 1, 1, "aggregate"),
    "COUNTIF": Function(_countif, 1, 1, "aggregate"),
    "SUM": aggregate("sum"),
    "AVG": aggregate("avg"),
    "MIN": aggregate("min"),
    "MAX": aggregate("max"),
    "ANY_VALUE": Function(_any_value, 1, 1, "aggregate"),
    "MAX_BY": aggregate("arg_max", 2),
    "MIN_BY": aggregate("arg_min", 2),
    "LOGICAL_AND": aggregate("bool_and"),
    "LOGICAL_OR": aggregate("bool_or"),
    "STDDEV": aggregate("stddev_samp"),
    "STDDEV_SAMP": aggregate("stddev_samp"),
    "STDDEV_POP": aggregate("stddev_pop"),
    "VARIANCE": aggregate("var_samp"),
    "VAR_SAMP": aggregate("var_samp"),
    "VAR_POP": aggregate("var_pop"),
    "CORR": aggregate("corr", 2),
    "COVAR_POP": aggregate("covar_pop", 2),
    "COVAR_SAMP": aggregate("covar_samp", 2),
    "APPROX_COUNT_DISTINCT": aggregate("approx_count_distinct"),
    "APPROX_QUANTILES": Function(_approx_quantiles, 2, 2, "aggregate"),
    "ARRAY_AGG": Function(_array_agg, 1, 1, "aggregate"),
    "STRING_AGG": Function(_string_agg, 1, 2, "aggregate"),
    "GROUPING": aggregate("grouping"),
    # Windows
    "ROW_NUMBER": over("row_number"),
    "RANK": over("rank"),
    "DENSE_RANK": over("dense_rank"),
    "PERCENT_RANK": over("percent_rank"),
    "CUME_DIST": over("cume_dist"),
    "NTILE": over("ntile", 1),
    "LAG": over("lag", 1, 3),
    "LEAD": over("lead", 1, 3),
    "FIRST_VALUE": over("first_value", 1),
    "LAST_VALUE": over("last_value", 1),
    "NTH_VALUE": over("nth_value", 2),
    "PERCENTILE_CONT": over("quantile_cont", 2),
    "PERCENTILE_DISC": over("quantile_disc", 2),
    # Conditions
    "IF": made(3, 3, _if),
    "IFNULL": scalar("coalesce", 2),
    "COALESCE": Function(lambda given: call("coalesce", *given.values), 1, None),
    "NULLIF": scalar("nullif", 2),
    "GREATEST": made(1, None, lambda *values: call("gsql_greatest", exp.Array(expressions=list(values)))),
    "LEAST": made(1, None, lambda *values: call("gsql_least", exp.Array(expressions=list(values)))),
    # Numbers
    "ABS": scalar("abs", 1),
    "SIGN": scalar("sign", 1),
    "ROUND": scalar("round", 1, 2),
    "TRUNC": scalar("trunc", 1, 2),
    "CEIL": scalar("ceil", 1),
    "CEILING": scalar("ceil", 1),
    "FLOOR": scalar("floor", 1),
    "MOD": scalar("mod", 2),
    "DIV": made(2, 2, lambda a, b: exp.Paren(this=exp.IntDiv(this=a, expression=b))),
    "SAFE_DIVIDE": made(
        2, 2, lambda a, b: exp.Paren(this=exp.Div(this=a, expression=call("nullif", b, number(0)), typed=False))
    ),
    "SQRT": scalar("sqrt", 1),
    "CBRT": scalar("cbrt", 1),
    "POW": scalar("pow", 2),
    "POWER": scalar("pow", 2),
    "EXP": scalar("exp", 1),
    "LN": scalar("ln", 1),
    "LOG": made(1, 2, lambda x, base=None: call("log", base, x) if base else call("ln", x)),
    "LOG10": scalar("log10", 1),
    "SIN": scalar("sin", 1),
    "COS": scalar("cos", 1),
    "TAN": scalar("tan", 1),
    "ASIN": scalar("asin", 1),
    "ACOS": scalar("acos", 1),
    "ATAN": scalar("atan", 1),
    "ATAN2": scalar("atan2", 2),
    "IS_NAN": scalar("isnan", 1),
    "IS_INF": scalar("isinf", 1),
    "RAND": scalar("random", 0),
    "RANGE_BUCKET": scalar("gsql_range_bucket", 2),
    # Text
    "CONCAT": made(1, None, _concat),
    "LENGTH": scalar("length", 1),
    "CHAR_LENGTH": scalar("length", 1),
    "CHARACTER_LENGTH": scalar("length", 1),
    "BYTE_LENGTH": scalar("strlen", 1),
    "UPPER": scalar("upper", 1),
    "LOWER": scalar("lower", 1),
    "INITCAP": scalar("gsql_initcap", 1),
    "TRIM": _trimmed("trim"),
    "LTRIM": _trimmed("ltrim"),
    "RTRIM": _trimmed("rtrim"),
    "LPAD": _padded("lpad"),
    "RPAD": _padded("rpad"),
    "SUBSTR": made(2, 3, _substr),
    "SUBSTRING": made(2, 3, _substr),
    "LEFT": scalar("gsql_left", 2),
    "RIGHT": scalar("gsql_right", 2),
    "STRPOS": scalar("strpos", 2),
    "INSTR": scalar("strpos", 2),
    "REPLACE": scalar("replace", 3),
    "TRANSLATE": scalar("translate", 3),
    "REPEAT": scalar("repeat", 2),
    "REVERSE": scalar("reverse", 1),
    "STARTS_WITH": scalar("starts_with", 2),
    "ENDS_WITH": scalar("ends_with", 2),
    "CONTAINS_SUBSTR": scalar("gsql_contains_substr", 2),
    "SPLIT": made(1, 2, lambda s, separator=None: call("string_split", s, separator or text(","))),
    "ASCII": scalar("ascii", 1),
    "UNICODE": scalar("unicode", 1),
    "CHR": scalar("chr", 1),
    "NORMALIZE": Function(lambda given: _normalize(*given.values), 1, 2, parts=(1,)),
    "FORMAT": made(1, None, _format),
    "REGEXP_CONTAINS": scalar("regexp_matches", 2),
    "REGEXP_EXTRACT": made(2, 2, lambda s, r: call("gsql_regexp_extract", s, *_pattern("REGEXP_EXTRACT", r))),
    "REGEXP_SUBSTR": made(2, 2, lambda s, r: call("gsql_regexp_extract", s, *_pattern("REGEXP_SUBSTR", r))),
    "REGEXP_EXTRACT_ALL": made(
        2, 2, lambda s, r: call("regexp_extract_all", s, *_pattern("REGEXP_EXTRACT_ALL", r))
    ),
    "REGEXP_REPLACE": made(3, 3, lambda s, r, new: call("regexp_replace", s, r, new, text("g"))),
    "MD5": scalar("gsql_md5", 1),
    "SHA1": scalar("gsql_sha1", 1),
    "SHA256": scalar("gsql_sha256", 1),
    "TO_HEX": scalar("gsql_to_hex", 1),
    "GENERATE_UUID": made(0, 0, lambda: call("gsql_string", call("uuid"))),
    "JSON_VALUE": made(1, 2, _json_value),
    "JSON_EXTRACT_SCALAR": made(1, 2, _json_value),
    # Dates and times
    "CURRENT_DATE": _current("gsql_current_date", "CURRENT_DATE"),
    "CURRENT_DATETIME": _current("gsql_current_datetime", "CURRENT_DATETIME"),
    "CURRENT_TIME": _current("gsql_current_time", "CURRENT_TIME"),
    "CURRENT_TIMESTAMP": made(0, 0, lambda: call("now")),
    "DATE": made(1, 3, _date),
    "DATETIME": made(1, 6, _datetime),
    "TIME": made(1, 3, _time),
    "TIMESTAMP": made(1, 2, _timestamp),
    "DATE_ADD": _shift(1),
    "DATE_SUB": _shift(-1),
    "DATETIME_ADD": _shift(1),
    "DATETIME_SUB": _shift(-1),
    "TIMESTAMP_ADD": _shift(1),
    "TIMESTAMP_SUB": _shift(-1),
    "TIME_ADD": _shift(1),
    "TIME_SUB": _shift(-1),
    "DATE_DIFF": _difference(_DATE_PARTS, "date_diff"),
    "DATETIME_DIFF": _difference(_INSTANT_PARTS, "date_diff"),
    "TIME_DIFF": _difference(_TIME_PARTS, "date_diff"),
    "TIMESTAMP_DIFF": _difference(("DAY", *_TIME_PARTS), "date_sub"),
    "DATE_TRUNC": _truncated(_DATE_PARTS),
    "DATETIME_TRUNC": _truncated((*_DATE_PARTS, *_TIME_PARTS)),
    "TIMESTAMP_TRUNC": _truncated(_INSTANT_PARTS),
    "LAST_DAY": Function(lambda given: _last_day(*given.values), 1, 2, parts=(1,)),
    "FORMAT_DATE": _formatted("FORMAT_DATE", "strftime"),
    "FORMAT_DATETIME": _formatted("FORMAT_DATETIME", "strftime"),
    "FORMAT_TIME": _formatted("FORMAT_TIME", "gsql_format_time"),
    "FORMAT_TIMESTAMP": made(2, 3, _format_timestamp),
    "PARSE_DATE": _formatted("PARSE_DATE", "gsql_parse_date"),
    "PARSE_DATETIME": _formatted("PARSE_DATETIME", "strptime"),
    "PARSE_TIME": _formatted("PARSE_TIME", "gsql_parse_time"),
    "PARSE_TIMESTAMP": made(2, 3, _parse_timestamp),
    "UNIX_DATE": scalar("gsql_unix_date", 1),
    "DATE_FROM_UNIX_DATE": scalar("gsql_date_from_unix_date", 1),
    "UNIX_SECONDS": made(
        1, 1, lambda x: exp.Paren(this=exp.IntDiv(this=call("epoch_ms", x), expression=number(1000)))
    ),
    "UNIX_MILLIS": scalar("epoch_ms", 1),
    "UNIX_MICROS": scalar("epoch_us", 1),
    "TIMESTAMP_SECONDS": made(
        1, 1, lambda n: call("gsql_timestamp_micros", exp.Mul(this=whole(n), expression=number(10**6)))
    ),
    "TIMESTAMP_MILLIS": made(
        1, 1, lambda n: call("gsql_timestamp_micros", exp.Mul(this=whole(n), expression=number(1000)))
    ),
    "TIMESTAMP_MICROS": scalar("gsql_timestamp_micros", 1),
    # Arrays and structs
    "ARRAY_LENGTH": scalar("len", 1),
    "ARRAY_REVERSE": scalar("list_reverse", 1),
    "ARRAY_CONCAT": made(1, None, _joined_arrays),
    "ARRAY_TO_STRING": made(
        2,
        3,
        lambda a, separator, absent=None: (
            call("gsql_array_to_string", a, separator, absent) if absent else call("array_to_string", a, separator)
        ),
    ),
    "GENERATE_ARRAY": scalar("generate_series", 2, 3),
    "GENERATE_DATE_ARRAY": made(2, 3, _date_array),
    "STRUCT": made(1, None, _struct),
}
