"""GoogleSQL functions that DuckDB lacks or answers differently, as macros with the documented GoogleSQL result.

They are created once, when the helper process gets ready, so a query pays nothing for them. `typeof` of an
argument is a constant to DuckDB's planner: the branches of other types cost nothing at run time.
A macro that fails says so with one of the `FAILURES` codes, never with a value.
"""

FAILURES = {
    "gsql_bad_number": "A text is not a number; SAFE_CAST gives NULL instead.",
    "gsql_bad_boolean": "A text is neither true nor false; SAFE_CAST gives NULL instead.",
    "gsql_bad_date": "A text is not a date such as 2025-09-01; SAFE_CAST gives NULL instead.",
    "gsql_out_of_bounds": "An array has no element at that place; SAFE_OFFSET gives NULL instead.",
    "gsql_dates_subtracted": "A date minus a date is not available; use DATE_DIFF(a, b, DAY).",
    "gsql_negative_length": "A length may not be negative.",
}

_WHITESPACE = (
    "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(133) || chr(160) || chr(8195) || chr(12288)"
)
_DELIMITERS = r"\s\[\](){}/|<>!?@\"^#$&~_,.:;*%+\\-"
_FLOATS = "('DOUBLE', 'FLOAT')"
_WEEK = "date_trunc('week', {0} - to_days({1})) + to_days({1})"


def _looks_like(pattern: str) -> str:
    return f"regexp_full_match(CAST(x AS VARCHAR), '(?i){pattern}')"


_CALENDAR_DAY = r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_INTEGER = _looks_like(r"\s*[-+]?[0-9]+\s*")
_FLOAT = _looks_like(r"\s*[-+]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?|inf(inity)?|nan)\s*")
_DATE = _looks_like(_CALENDAR_DAY + r"\s*")
_DATETIME = _looks_like(_CALENDAR_DAY + r"([ t][0-9:.]+)?\s*")
_INSTANT = _looks_like(_CALENDAR_DAY + r"([ t][0-9:.]+ ?([-+][0-9:]+|z|utc)?)?\s*")
_BOOLEAN = _looks_like("true|false")


def _cast(name: str, target: str, *, valid: str, failure: str, other: str = "") -> tuple[str, str]:
    """Define CAST and SAFE_CAST to `target`; a text has to look like `valid`, numbers may go through `other`."""
    text = "typeof(x) = 'VARCHAR'"
    return (
        f"gsql_{name}(x) AS CASE WHEN {text} AND NOT {valid} THEN error('{failure}') "
        f"{other.format(cast='CAST')} ELSE CAST(x AS {target}) END",
        f"gsql_safe_{name}(x) AS CASE WHEN {text} AND NOT {valid} THEN NULL "
        f"{other.format(cast='TRY_CAST')} ELSE TRY_CAST(x AS {target}) END",
    )


_CASTS = (
    # GoogleSQL rounds half away from zero, DuckDB half to even
    *_cast(
        "int64",
        "BIGINT",
        valid=_INTEGER,
        failure="gsql_bad_number",
        other=f"WHEN typeof(x) IN {_FLOATS} THEN {{cast}}(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)",
    ),
    *_cast("float64", "DOUBLE", valid=_FLOAT, failure="gsql_bad_number"),
    *_cast("numeric", "DECIMAL(38, 9)", valid=_FLOAT, failure="gsql_bad_number"),
    *_cast("bool", "BOOLEAN", valid=_BOOLEAN, failure="gsql_bad_boolean"),
    *_cast("date", "DATE", valid=_DATE, failure="gsql_bad_date"),
    *_cast("datetime", "TIMESTAMP", valid=_DATETIME, failure="gsql_bad_date"),
    *_cast("timestamp", "TIMESTAMPTZ", valid=_INSTANT, failure="gsql_bad_date"),
    # 2.0 is written 2, and 1.50 as NUMERIC 1.5
    f"""gsql_string(x) AS CASE
        WHEN typeof(x) IN {_FLOATS} THEN lower(regexp_replace(CAST(x AS VARCHAR), '\\.0$', ''))
        WHEN typeof(x) LIKE 'DECIMAL%'
            THEN regexp_replace(regexp_replace(CAST(x AS VARCHAR), '(\\.[0-9]*[1-9])0+$', '\\1'), '\\.0*$', '')
        ELSE CAST(x AS VARCHAR) END""",
)

_TEXT = (
    f"gsql_trim(s) AS trim(s, {_WHITESPACE})",
    f"gsql_ltrim(s) AS ltrim(s, {_WHITESPACE})",
    f"gsql_rtrim(s) AS rtrim(s, {_WHITESPACE})",
    "gsql_substr(s, p) AS substr(s, CASE WHEN p = 0 OR p < -length(s) THEN 1 ELSE p END)",
    """gsql_substr3(s, p, n) AS CASE WHEN n < 0 THEN error('gsql_negative_length')
        ELSE substr(s, CASE WHEN p = 0 OR p < -length(s) THEN 1 ELSE p END, n) END""",
    "gsql_left(s, n) AS CASE WHEN n < 0 THEN error('gsql_negative_length') ELSE substr(s, 1, n) END",
    "gsql_right(s, n) AS CASE WHEN n < 0 THEN error('gsql_negative_length') ELSE right(s, n) END",
    "gsql_contains_substr(s, part) AS contains(lower(nfc_normalize(s)), lower(nfc_normalize(part)))",
    f"""gsql_initcap(s) AS array_to_string(list_transform(
        regexp_extract_all(s, '[^{_DELIMITERS}]+|[{_DELIMITERS}]+'),
        lambda gsql_word: upper(gsql_word[1]) || lower(gsql_word[2:])), '')""",
    # DuckDB gives an empty text where nothing matches
    "gsql_regexp_extract(s, r, g) AS CASE WHEN regexp_matches(s, r) THEN regexp_extract(s, r, g) END",
    "gsql_md5(s) AS unhex(md5(s))",
    "gsql_sha1(s) AS unhex(sha1(s))",
    "gsql_sha256(s) AS unhex(sha256(s))",
    "gsql_to_hex(b) AS lower(hex(CAST(b AS BLOB)))",
    """gsql_json_value(j, path) AS CASE WHEN json_valid(j) THEN
        CASE WHEN json_type(j, path) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN json_extract_string(j, path) END
        END""",
)

_ARRAYS = (
    # DuckDB passes over NULLs in these three
    "gsql_greatest(items) AS CASE WHEN list_count(items) = len(items) THEN list_max(items) END",
    "gsql_least(items) AS CASE WHEN list_count(items) = len(items) THEN list_min(items) END",
    "gsql_array_concat(items) AS CASE WHEN list_count(items) = len(items) THEN flatten(items) END",
    "gsql_without_nulls(a) AS nullif(list_filter(a, lambda gsql_item: gsql_item IS NOT NULL), [])",
    """gsql_offset(a, i) AS CASE WHEN i < 0 OR i >= len(a) THEN error('gsql_out_of_bounds')
        ELSE list_extract(a, i + 1) END""",
    "gsql_safe_offset(a, i) AS CASE WHEN i >= 0 THEN list_extract(a, i + 1) END",
    """gsql_array_to_string(a, separator, absent) AS array_to_string(
        list_transform(a, lambda gsql_item: coalesce(CAST(gsql_item AS VARCHAR), absent)), separator)""",
    "gsql_range_bucket(x, bounds) AS len(list_filter(bounds, lambda gsql_bound: gsql_bound <= x))",
    "gsql_date_array(first, last, step) AS CAST(generate_series(first, last, step) AS DATE[])",
    # a month after 31 January, and two months after it, not a month after 28 February
    """gsql_date_array_by_month(first, last, step) AS list_filter(
        list_transform(
            generate_series(0, abs(date_diff('month', first, last))),
            lambda gsql_count: CAST(first + gsql_count * step AS DATE)),
        lambda gsql_day: CASE WHEN step >= to_days(0) THEN gsql_day <= last ELSE gsql_day >= last END)""",
)

_DATES = (
    # an interval in GoogleSQL, a number of days in DuckDB
    """gsql_minus(a, b) AS CASE WHEN typeof(a) = 'DATE' AND typeof(b) = 'DATE' THEN error('gsql_dates_subtracted')
        ELSE a - b END""",
    "gsql_current_date(zone) AS CAST(timezone(zone, now()) AS DATE)",
    "gsql_current_datetime(zone) AS timezone(zone, now())",
    "gsql_current_time(zone) AS CAST(timezone(zone, now()) AS TIME)",
    # whole weeks since the week of x that begins on weekday d (Monday 0 ... Sunday 6)
    f"gsql_trunc_week(x, d) AS cast_to_type({_WEEK.format('x', 'd')}, x)",
    f"""gsql_diff_week(a, b, d) AS date_diff('day', {_WEEK.format("b", "d")}, {_WEEK.format("a", "d")}) // 7""",
    "gsql_trunc(part, x) AS cast_to_type(date_trunc(part, x), x)",
    "gsql_trunc_zone(part, x, zone) AS timezone(zone, date_trunc(part, timezone(zone, CAST(x AS TIMESTAMPTZ))))",
    "gsql_shift(x, span) AS cast_to_type(x + span, x)",
    "gsql_zoned(x, zone) AS timezone(zone, CAST(x AS TIMESTAMPTZ))",
    "gsql_parse_date(s, pattern) AS CAST(strptime(s, pattern) AS DATE)",
    "gsql_parse_time(s, pattern) AS CAST(strptime(s, pattern) AS TIME)",
    "gsql_parse_timestamp(s, pattern, zone) AS timezone(zone, strptime(s, pattern))",
    "gsql_format_time(x, pattern) AS strftime(DATE '1970-01-01' + x, pattern)",
    "gsql_unix_date(x) AS date_diff('day', DATE '1970-01-01', CAST(x AS DATE))",
    "gsql_date_from_unix_date(n) AS CAST(DATE '1970-01-01' + CAST(n AS INTEGER) AS DATE)",
    "gsql_timestamp_micros(n) AS timezone('UTC', make_timestamp(n))",
    "gsql_last_day(x, span) AS CAST(x + span AS DATE) - 1",
)

_EXTRACTS = tuple(
    f"gsql_extract_{part}(x) AS CAST({body} AS BIGINT)"
    for part, body in {
        "year": "date_part('year', x)",
        "isoyear": "date_part('isoyear', x)",
        "quarter": "date_part('quarter', x)",
        "month": "date_part('month', x)",
        "week": "strftime(x, '%U')",
        "week_monday": "strftime(x, '%W')",
        "isoweek": "date_part('week', x)",
        "day": "date_part('day', x)",
        "dayofweek": "date_part('dow', x) + 1",
        "dayofyear": "date_part('doy', x)",
        "hour": "date_part('hour', x)",
        "minute": "date_part('minute', x)",
        "second": "date_part('second', x)",
        "millisecond": "date_part('millisecond', x) % 1000",
        "microsecond": "date_part('microsecond', x) % 1000000",
    }.items()
)

MACROS: tuple[str, ...] = (*_CASTS, *_TEXT, *_ARRAYS, *_DATES, *_EXTRACTS)
MACRO_NAMES = frozenset(macro.partition("(")[0] for macro in MACROS)
