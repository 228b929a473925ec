"""Every function on the list gives what GoogleSQL documents for it, not what DuckDB would make of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from eduscale.core.errors import QueryError, QueryFailed, QueryRefused
from eduscale.query.functions import FUNCTIONS
from eduscale.query.guard import check
from eduscale.warehouse import engine, statement
from eduscale.warehouse.refusals import Asked, translated

Evaluate = Callable[[str], object]

MARKS = (
    "(SELECT 'A' AS k, 1 AS x, 2.0 AS y, TRUE AS ok UNION ALL SELECT 'A', 2, 4.0, TRUE "
    "UNION ALL SELECT 'B', 3, 6.0, FALSE UNION ALL SELECT 'B', NULL, NULL, NULL)"
)


def evaluate(sql: str) -> list[tuple[object, ...]]:
    """Run a checked statement on the engine's connection."""
    checked = check(sql, catalogue={}, parameters={})
    connection = engine.warm()
    with translated(Asked()):
        statement.check(connection, checked.duckdb, tables=[], columns=[])
        return connection.execute(checked.duckdb).fetchall()


SCALARS: list[tuple[str, str, object]] = [
    # conditions
    ("IF", "IF(1 > 2, 'a', 'b')", "b"),
    ("IFNULL", "IFNULL(NULL, 10)", 10),
    ("COALESCE", "COALESCE('A', 'B', 'C')", "A"),
    ("NULLIF", "NULLIF(0, 0)", None),
    ("GREATEST", "GREATEST(3, 5, 1)", 5),
    ("GREATEST null", "GREATEST(3, NULL, 1)", None),
    ("LEAST", "LEAST(3, 5, 1)", 1),
    ("LEAST null", "LEAST(3, NULL)", None),
    # numbers
    ("/ is float", "3 / 2", 1.5),
    ("/ of equal", "10 / 5", 2.0),
    ("float literals", "0.1 + 0.2", 0.30000000000000004),
    ("64 bits", "100000 * 100000", 10000000000),
    ("64 bits in a sum", "2147483647 + 1", 2147483648),
    ("big literal", "9223372036854775807", 9223372036854775807),
    ("ABS", "ABS(-25)", 25),
    ("SIGN", "SIGN(-25)", -1),
    ("ROUND", "ROUND(2.5)", 3.0),
    ("ROUND negative", "ROUND(-2.5)", -3.0),
    ("ROUND places", "ROUND(123.7, -1)", 120.0),
    ("TRUNC", "TRUNC(-2.8)", -2.0),
    ("CEIL", "CEIL(2.3)", 3.0),
    ("CEILING", "CEILING(-2.3)", -2.0),
    ("FLOOR", "FLOOR(-2.3)", -3.0),
    ("MOD", "MOD(25, 12)", 1),
    ("MOD negative", "MOD(-25, 12)", -1),
    ("DIV", "DIV(20, 4)", 5),
    ("DIV negative", "DIV(-7, 2)", -3),
    ("SAFE_DIVIDE", "SAFE_DIVIDE(20, 4)", 5.0),
    ("SAFE_DIVIDE zero", "SAFE_DIVIDE(20, 0)", None),
    ("SQRT", "SQRT(25.0)", 5.0),
    ("CBRT", "ROUND(CBRT(27), 6)", 3.0),
    ("POW", "POW(2.0, 3.0)", 8.0),
    ("POWER", "POWER(2, 3)", 8.0),
    ("EXP", "EXP(0.0)", 1.0),
    ("LN", "LN(1.0)", 0.0),
    ("LOG natural", "ROUND(LOG(8), 6)", 2.079442),
    ("LOG base", "LOG(100.0, 10.0)", 2.0),
    ("LOG10", "LOG10(100.0)", 2.0),
    ("SIN", "SIN(0)", 0.0),
    ("COS", "COS(0)", 1.0),
    ("TAN", "TAN(0)", 0.0),
    ("ASIN", "ASIN(0)", 0.0),
    ("ACOS", "ACOS(1)", 0.0),
    ("ATAN", "ATAN(0)", 0.0),
    ("ATAN2", "ATAN2(0, 1)", 0.0),
    ("IS_NAN", "IS_NAN(CAST('NaN' AS FLOAT64))", True),
    ("IS_INF", "IS_INF(CAST('inf' AS FLOAT64))", True),
    ("RAND", "RAND() < 1", True),
    ("RANGE_BUCKET", "RANGE_BUCKET(20, [0, 10, 20, 30, 40])", 3),
    ("RANGE_BUCKET below", "RANGE_BUCKET(-1, [0, 10])", 0),
    # text
    ("CONCAT", "CONCAT('T.P.', ' ', 'Bar')", "T.P. Bar"),
    ("CONCAT null", "CONCAT('a', NULL)", None),
    ("CONCAT number", "CONCAT('Summer', ' ', 1923)", "Summer 1923"),
    ("||", "'a' || 'b' || 'c'", "abc"),
    ("LENGTH", "LENGTH('žluťoučký')", 9),
    ("CHAR_LENGTH", "CHAR_LENGTH('kůň')", 3),
    ("CHARACTER_LENGTH", "CHARACTER_LENGTH('kůň')", 3),
    ("BYTE_LENGTH", "BYTE_LENGTH('kůň')", 5),
    ("UPPER", "UPPER('příliš žluťoučký')", "PŘÍLIŠ ŽLUŤOUČKÝ"),
    ("LOWER", "LOWER('ŘEŘICHA')", "řeřicha"),
    ("INITCAP", "INITCAP('Hello World-everyone!')", "Hello World-Everyone!"),
    ("INITCAP Czech", "INITCAP('ŠTĚPÁN dvořák')", "Štěpán Dvořák"),
    ("TRIM", "TRIM('\\t  apple \\n')", "apple"),
    ("TRIM characters", "TRIM('***apple***', '*')", "apple"),
    ("LTRIM", "LTRIM('   apple  ')", "apple  "),
    ("RTRIM", "RTRIM('***apple***', '*')", "***apple"),
    ("LPAD", "LPAD('abc', 5)", "  abc"),
    ("LPAD cuts", "LPAD('abcd', 2, 'x')", "ab"),
    ("LPAD pattern", "LPAD('abc', 8, 'def')", "defdeabc"),
    ("RPAD", "RPAD('abc', 8, 'def')", "abcdefde"),
    ("SUBSTR", "SUBSTR('apple', 2)", "pple"),
    ("SUBSTR length", "SUBSTR('apple', 2, 2)", "pp"),
    ("SUBSTR negative", "SUBSTR('apple', -2)", "le"),
    ("SUBSTR far", "SUBSTR('apple', 123)", ""),
    ("SUBSTR zero", "SUBSTR('apple', 0, 2)", "ap"),
    ("SUBSTR before", "SUBSTR('apple', -10, 2)", "ap"),
    ("SUBSTRING", "SUBSTRING('škola', 2, 3)", "kol"),
    ("LEFT", "LEFT('banana', 3)", "ban"),
    ("RIGHT", "RIGHT('apple', 3)", "ple"),
    ("STRPOS", "STRPOS('foo@example.com', '@')", 4),
    ("STRPOS none", "STRPOS('foo', '@')", 0),
    ("INSTR", "INSTR('banana', 'an')", 2),
    ("REPLACE", "REPLACE('apple pie', 'pie', 'cobbler')", "apple cobbler"),
    ("TRANSLATE", "TRANSLATE('This is a cookie', 'sco', 'zku')", "Thiz iz a kuukie"),
    ("REPEAT", "REPEAT('abc', 3)", "abcabcabc"),
    ("REVERSE", "REVERSE('kůň')", "ňůk"),
    ("STARTS_WITH", "STARTS_WITH('bar', 'b')", True),
    ("ENDS_WITH", "ENDS_WITH('apple', 'e')", True),
    ("CONTAINS_SUBSTR", "CONTAINS_SUBSTR('the Modrá house', 'MODRÁ')", True),
    ("SPLIT", "SPLIT('b,c,d')", ["b", "c", "d"]),
    ("SPLIT other", "SPLIT('1 2', ' ')", ["1", "2"]),
    ("SPLIT characters", "SPLIT('abc', '')", ["a", "b", "c"]),
    ("SPLIT empty", "SPLIT('', ',')", [""]),
    ("ASCII", "ASCII('abcd')", 97),
    ("UNICODE", "UNICODE('âbcd')", 226),
    ("CHR", "CHR(65)", "A"),
    ("NORMALIZE", "LENGTH(NORMALIZE('e\\u0301'))", 1),
    ("NORMALIZE mode", "LENGTH(NORMALIZE('e\\u0301', NFC))", 1),
    ("FORMAT integer", "FORMAT('%05d', 42)", "00042"),
    ("FORMAT text", "FORMAT('%s má %d %%', 'škola', 7)", "škola má 7 %"),
    ("FORMAT float", "FORMAT('%.2f', 3.14159)", "3.14"),
    ("FORMAT default float", "FORMAT('%f', 1.5)", "1.500000"),
    ("FORMAT any", "FORMAT('%t', DATE '2025-09-01')", "2025-09-01"),
    ("FORMAT width", "FORMAT('%-5s|%5d', 'ab', 7)", "ab   |    7"),
    ("FORMAT null", "FORMAT('%d', NULL)", None),
    ("FORMAT none", "FORMAT('100%%')", "100%"),
    ("REGEXP_CONTAINS", r"REGEXP_CONTAINS('foo@example.com', r'@[a-zA-Z0-9-]+\.')", True),
    ("REGEXP_EXTRACT", r"REGEXP_EXTRACT('foo@example.com', r'^[a-zA-Z0-9_.+-]+')", "foo"),
    ("REGEXP_EXTRACT group", r"REGEXP_EXTRACT('foo@example.com', r'@([a-z]+)\.')", "example"),
    ("REGEXP_EXTRACT other brackets", r"REGEXP_EXTRACT('a(b)', r'\((?:x|b)[)]')", "(b)"),
    ("REGEXP_EXTRACT none", "REGEXP_EXTRACT('abc', 'z')", None),
    ("REGEXP_SUBSTR", "REGEXP_SUBSTR('třída 9.A', '[0-9]')", "9"),
    ("REGEXP_EXTRACT_ALL", "REGEXP_EXTRACT_ALL('a1b22', '[0-9]+')", ["1", "22"]),
    ("REGEXP_REPLACE", r"REGEXP_REPLACE('# Heading # x', r'# ', '')", "Heading x"),
    ("REGEXP_REPLACE group", r"REGEXP_REPLACE('aXbX', '([a-z])X', '\\1-')", "a-b-"),
    ("MD5", "TO_HEX(MD5('Hello World'))", "b10a8db164e0754105b7a99be72e3fe5"),
    ("SHA1", "TO_HEX(SHA1('Hello World'))", "0a4d55a8d778e5022fab701977c5d840bbc486d0"),
    (
        "SHA256",
        "TO_HEX(SHA256('Hello World'))",
        "a591a6d40bf420404a011733cfb7b190d62c65bf0bcda32b57b277d9ad9f146e",
    ),
    ("GENERATE_UUID", "LENGTH(GENERATE_UUID())", 36),
    ("JSON_VALUE", """JSON_VALUE('{"name": "Jakub", "age": "6"}', '$.age')""", "6"),
    ("JSON_VALUE object", """JSON_VALUE('{"a": {"b": 1}}', '$.a')""", None),
    ("JSON_VALUE element", """JSON_VALUE('{"a": [1, true]}', '$.a[1]')""", "true"),
    ("JSON_VALUE invalid", "JSON_VALUE('nonsense', '$.a')", None),
    ("JSON_EXTRACT_SCALAR", """JSON_EXTRACT_SCALAR('{"a": 1}', '$.a')""", "1"),
    ("LIKE", "'apple' LIKE 'a%'", True),
    ("LIKE case", "'Apple' LIKE 'a%'", False),
    ("NOT LIKE", "'apple' NOT LIKE 'b%'", True),
    ("LIKE escape", r"'a_b' LIKE 'a\\_b'", True),
    ("LIKE escape no", r"'axb' LIKE 'a\\_b'", False),
    ("case of texts", "'a' = 'A'", False),
    ("escapes", r"'a\tb\\c'", "a\tb\\c"),
    ("quotes", '''"it's"''', "it's"),
    # casts
    ("CAST rounds", "CAST(2.5 AS INT64)", 3),
    ("CAST rounds half away", "CAST(-1.5 AS INT64)", -2),
    ("CAST text", "CAST(' 12 ' AS INT64)", 12),
    ("CAST float text", "CAST('1e3' AS FLOAT64)", 1000.0),
    ("CAST to text", "CAST(1.0 AS STRING)", "1"),
    ("CAST to text float", "CAST(1.5 AS STRING)", "1.5"),
    ("CAST bool to text", "CAST(TRUE AS STRING)", "true"),
    ("CAST date to text", "CAST(DATE '2025-09-01' AS STRING)", "2025-09-01"),
    ("CAST bool", "CAST('True' AS BOOL)", True),
    ("CAST bool to number", "CAST(TRUE AS INT64)", 1),
    ("CAST date", "CAST('2025-9-1' AS DATE)", date(2025, 9, 1)),
    ("CAST datetime", "CAST('2025-09-01 10:20:30' AS DATETIME)", datetime(2025, 9, 1, 10, 20, 30)),
    ("CAST datetime to date", "CAST(DATETIME '2025-09-01 10:20:30' AS DATE)", date(2025, 9, 1)),
    ("CAST numeric", "CAST('1.23' AS NUMERIC)", Decimal("1.230000000")),
    ("CAST time", "CAST('10:20:30' AS TIME)", time(10, 20, 30)),
    ("CAST array", "CAST(['1'] AS ARRAY<STRING>)", ["1"]),
    ("SAFE_CAST", "SAFE_CAST('apple' AS INT64)", None),
    ("SAFE_CAST fraction", "SAFE_CAST('12.7' AS INT64)", None),
    ("SAFE_CAST exponent", "SAFE_CAST('1e3' AS INT64)", None),
    ("SAFE_CAST underscore", "SAFE_CAST('1_000' AS INT64)", None),
    ("SAFE_CAST comma", "SAFE_CAST('1,5' AS FLOAT64)", None),
    ("SAFE_CAST bool", "SAFE_CAST('yes' AS BOOL)", None),
    ("SAFE_CAST date", "SAFE_CAST('1. 9. 2025' AS DATE)", None),
    ("SAFE_CAST epoch", "SAFE_CAST('epoch' AS DATE)", None),
    ("SAFE_CAST impossible date", "SAFE_CAST('2025-02-30' AS DATE)", None),
    ("SAFE_CAST text", "SAFE_CAST(5 AS STRING)", "5"),
    # dates
    ("DATE parts", "DATE(2016, 12, 25)", date(2016, 12, 25)),
    ("DATE of datetime", "DATE(DATETIME '2016-12-25 23:59:59')", date(2016, 12, 25)),
    ("DATE in a zone", "DATE(TIMESTAMP '2016-12-25 23:30:00+00', 'Europe/Prague')", date(2016, 12, 26)),
    ("DATETIME parts", "DATETIME(2008, 12, 25, 5, 30, 0)", datetime(2008, 12, 25, 5, 30)),
    ("DATETIME of both", "DATETIME(DATE '2008-12-25', TIME '05:30:00')", datetime(2008, 12, 25, 5, 30)),
    (
        "DATETIME in a zone",
        "DATETIME(TIMESTAMP '2008-12-25 05:30:00+00', 'Europe/Prague')",
        datetime(2008, 12, 25, 6, 30),
    ),
    ("TIME parts", "TIME(15, 30, 0)", time(15, 30)),
    ("TIME of datetime", "TIME(DATETIME '2008-12-25 15:30:00')", time(15, 30)),
    ("TIMESTAMP", "TIMESTAMP('2008-12-25 15:30:00+00')", datetime(2008, 12, 25, 15, 30, tzinfo=UTC)),
    (
        "TIMESTAMP in a zone",
        "TIMESTAMP('2008-12-25 15:30:00', 'Europe/Prague')",
        datetime(2008, 12, 25, 14, 30, tzinfo=UTC),
    ),
    ("CURRENT_DATE", "CURRENT_DATE() > DATE '2020-01-01'", True),
    ("CURRENT_DATE bare", "CURRENT_DATE >= CURRENT_DATE('UTC')", True),
    ("CURRENT_DATETIME", "CURRENT_DATETIME('Europe/Prague') > DATETIME '2020-01-01 00:00:00'", True),
    ("CURRENT_TIME", "CURRENT_TIME() >= TIME '00:00:00'", True),
    ("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP() > TIMESTAMP '2020-01-01 00:00:00+00'", True),
    ("DATE_ADD", "DATE_ADD(DATE '2008-12-25', INTERVAL 5 DAY)", date(2008, 12, 30)),
    ("DATE_ADD month end", "DATE_ADD(DATE '2025-01-31', INTERVAL 1 MONTH)", date(2025, 2, 28)),
    ("DATE_ADD week", "DATE_ADD(DATE '2025-01-01', INTERVAL 2 WEEK)", date(2025, 1, 15)),
    ("DATE_ADD computed", "DATE_ADD(DATE '2025-01-01', INTERVAL 1 + 1 DAY)", date(2025, 1, 3)),
    ("DATE_SUB", "DATE_SUB(DATE '2008-12-25', INTERVAL 5 DAY)", date(2008, 12, 20)),
    ("DATE_SUB quarter", "DATE_SUB(DATE '2025-12-25', INTERVAL 1 QUARTER)", date(2025, 9, 25)),
    (
        "DATETIME_ADD",
        "DATETIME_ADD(DATETIME '2008-12-25 15:30:00', INTERVAL 10 MINUTE)",
        datetime(2008, 12, 25, 15, 40),
    ),
    (
        "DATETIME_SUB",
        "DATETIME_SUB(DATETIME '2008-12-25 15:30:00', INTERVAL 10 MINUTE)",
        datetime(2008, 12, 25, 15, 20),
    ),
    (
        "TIMESTAMP_ADD",
        "TIMESTAMP_ADD(TIMESTAMP '2008-12-25 15:30:00+00', INTERVAL 1 HOUR)",
        datetime(2008, 12, 25, 16, 30, tzinfo=UTC),
    ),
    (
        "TIMESTAMP_SUB",
        "TIMESTAMP_SUB(TIMESTAMP '2008-12-25 15:30:00+00', INTERVAL 1 HOUR)",
        datetime(2008, 12, 25, 14, 30, tzinfo=UTC),
    ),
    ("TIME_ADD", "TIME_ADD(TIME '15:30:00', INTERVAL 10 MINUTE)", time(15, 40)),
    ("TIME_SUB", "TIME_SUB(TIME '15:30:00', INTERVAL 10 MINUTE)", time(15, 20)),
    ("date + interval", "DATE '2025-01-31' + INTERVAL 1 MONTH", datetime(2025, 2, 28)),
    ("date + number", "DATE '2025-01-31' + 1", date(2025, 2, 1)),
    ("DATE_DIFF", "DATE_DIFF(DATE '2010-07-07', DATE '2008-12-25', DAY)", 559),
    ("DATE_DIFF week", "DATE_DIFF(DATE '2017-10-15', DATE '2017-10-14', WEEK)", 1),
    ("DATE_DIFF week monday", "DATE_DIFF(DATE '2017-12-18', DATE '2017-12-17', WEEK(MONDAY))", 1),
    ("DATE_DIFF isoweek", "DATE_DIFF(DATE '2017-12-18', DATE '2017-12-17', ISOWEEK)", 1),
    ("DATE_DIFF week sunday", "DATE_DIFF(DATE '2017-12-18', DATE '2017-12-17', WEEK)", 0),
    ("DATE_DIFF year", "DATE_DIFF(DATE '2017-12-30', DATE '2014-12-30', YEAR)", 3),
    ("DATE_DIFF isoyear", "DATE_DIFF(DATE '2017-12-30', DATE '2014-12-30', ISOYEAR)", 2),
    ("DATE_DIFF month", "DATE_DIFF(DATE '2025-03-01', DATE '2025-02-28', MONTH)", 1),
    ("DATETIME_DIFF", "DATETIME_DIFF(DATETIME '2025-01-01 01:00:00', DATETIME '2025-01-01 00:59:59', HOUR)", 1),
    (
        "TIMESTAMP_DIFF",
        "TIMESTAMP_DIFF(TIMESTAMP '2018-08-14 01:00:00+00', TIMESTAMP '2018-08-14 00:00:01+00', HOUR)",
        0,
    ),
    ("TIME_DIFF", "TIME_DIFF(TIME '15:30:00', TIME '14:35:00', MINUTE)", 55),
    ("DATE_TRUNC", "DATE_TRUNC(DATE '2008-12-25', MONTH)", date(2008, 12, 1)),
    ("DATE_TRUNC week", "DATE_TRUNC(DATE '2017-11-05', WEEK(MONDAY))", date(2017, 10, 30)),
    ("DATE_TRUNC sunday", "DATE_TRUNC(DATE '2017-11-07', WEEK)", date(2017, 11, 5)),
    ("DATE_TRUNC isoweek", "DATE_TRUNC(DATE '2017-11-05', ISOWEEK)", date(2017, 10, 30)),
    ("DATE_TRUNC isoyear", "DATE_TRUNC(DATE '2015-06-15', ISOYEAR)", date(2014, 12, 29)),
    ("DATE_TRUNC quarter", "DATE_TRUNC(DATE '2025-06-15', QUARTER)", date(2025, 4, 1)),
    ("DATETIME_TRUNC", "DATETIME_TRUNC(DATETIME '2008-12-25 15:30:00', DAY)", datetime(2008, 12, 25)),
    (
        "TIMESTAMP_TRUNC",
        "TIMESTAMP_TRUNC(TIMESTAMP '2008-12-25 15:30:00+00', DAY)",
        datetime(2008, 12, 25, tzinfo=UTC),
    ),
    (
        "TIMESTAMP_TRUNC in a zone",
        "TIMESTAMP_TRUNC(TIMESTAMP '2008-12-25 23:30:00+00', DAY, 'Europe/Prague')",
        datetime(2008, 12, 25, 23, tzinfo=UTC),
    ),
    ("LAST_DAY", "LAST_DAY(DATE '2008-11-10')", date(2008, 11, 30)),
    ("LAST_DAY year", "LAST_DAY(DATE '2008-11-25', YEAR)", date(2008, 12, 31)),
    ("LAST_DAY week", "LAST_DAY(DATE '2008-11-10', WEEK(SUNDAY))", date(2008, 11, 15)),
    ("LAST_DAY monday", "LAST_DAY(DATE '2008-11-10', WEEK(MONDAY))", date(2008, 11, 16)),
    ("EXTRACT year", "EXTRACT(YEAR FROM DATE '2013-12-25')", 2013),
    ("EXTRACT day of week", "EXTRACT(DAYOFWEEK FROM DATE '2013-12-29')", 1),
    ("EXTRACT day of year", "EXTRACT(DAYOFYEAR FROM DATE '2013-02-01')", 32),
    ("EXTRACT quarter", "EXTRACT(QUARTER FROM DATE '2013-12-25')", 4),
    ("EXTRACT week", "EXTRACT(WEEK FROM DATE '2017-11-05')", 45),
    ("EXTRACT week monday", "EXTRACT(WEEK(MONDAY) FROM DATE '2017-11-05')", 44),
    ("EXTRACT week zero", "EXTRACT(WEEK FROM DATE '2025-01-01')", 0),
    ("EXTRACT isoweek", "EXTRACT(ISOWEEK FROM DATE '2016-01-01')", 53),
    ("EXTRACT isoyear", "EXTRACT(ISOYEAR FROM DATE '2016-01-01')", 2015),
    ("EXTRACT millisecond", "EXTRACT(MILLISECOND FROM TIME '10:00:05.123')", 123),
    ("EXTRACT second", "EXTRACT(SECOND FROM DATETIME '2025-01-01 10:00:05')", 5),
    ("EXTRACT date", "EXTRACT(DATE FROM DATETIME '2025-01-01 10:00:05')", date(2025, 1, 1)),
    (
        "EXTRACT hour in a zone",
        "EXTRACT(HOUR FROM TIMESTAMP '2025-07-01 10:00:00+00' AT TIME ZONE 'Europe/Prague')",
        12,
    ),
    ("FORMAT_DATE", "FORMAT_DATE('%x', DATE '2008-12-25')", "12/25/08"),
    ("FORMAT_DATE month", "FORMAT_DATE('%b-%d-%Y', DATE '2008-12-25')", "Dec-25-2008"),
    ("FORMAT_DATE full", "FORMAT_DATE('%F %E4Y', DATE '2008-12-25')", "2008-12-25 2008"),
    ("FORMAT_DATETIME", "FORMAT_DATETIME('%T', DATETIME '2008-12-25 15:30:00')", "15:30:00"),
    ("FORMAT_TIME", "FORMAT_TIME('%R', TIME '15:30:00')", "15:30"),
    ("FORMAT_TIMESTAMP", "FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2025-07-01 10:00:00+00')", "10:00"),
    (
        "FORMAT_TIMESTAMP zone",
        "FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2025-07-01 10:00:00+00', 'Europe/Prague')",
        "12:00",
    ),
    ("PARSE_DATE", "PARSE_DATE('%d.%m.%Y', '1.9.2025')", date(2025, 9, 1)),
    ("PARSE_DATE compact", "PARSE_DATE('%Y%m%d', '20081225')", date(2008, 12, 25)),
    (
        "PARSE_DATETIME",
        "PARSE_DATETIME('%Y-%m-%d %H:%M:%S', '1998-10-18 13:45:55')",
        datetime(1998, 10, 18, 13, 45, 55),
    ),
    ("PARSE_TIME", "PARSE_TIME('%H:%M', '14:30')", time(14, 30)),
    ("PARSE_TIMESTAMP", "PARSE_TIMESTAMP('%F %T', '2025-07-01 10:00:00')", datetime(2025, 7, 1, 10, tzinfo=UTC)),
    (
        "PARSE_TIMESTAMP zone",
        "PARSE_TIMESTAMP('%F %R', '2025-07-01 10:00', 'Europe/Prague')",
        datetime(2025, 7, 1, 8, tzinfo=UTC),
    ),
    ("SAFE.PARSE_DATE", "SAFE.PARSE_DATE('%Y-%m-%d', 'x')", None),
    ("UNIX_DATE", "UNIX_DATE(DATE '2008-12-25')", 14238),
    ("DATE_FROM_UNIX_DATE", "DATE_FROM_UNIX_DATE(14238)", date(2008, 12, 25)),
    ("UNIX_SECONDS", "UNIX_SECONDS(TIMESTAMP '2008-12-25 15:30:00+00')", 1230219000),
    ("UNIX_MILLIS", "UNIX_MILLIS(TIMESTAMP '2008-12-25 15:30:00+00')", 1230219000000),
    ("UNIX_MICROS", "UNIX_MICROS(TIMESTAMP '2008-12-25 15:30:00+00')", 1230219000000000),
    ("TIMESTAMP_SECONDS", "TIMESTAMP_SECONDS(1230219000)", datetime(2008, 12, 25, 15, 30, tzinfo=UTC)),
    ("TIMESTAMP_MILLIS", "TIMESTAMP_MILLIS(1230219000000)", datetime(2008, 12, 25, 15, 30, tzinfo=UTC)),
    ("TIMESTAMP_MICROS", "TIMESTAMP_MICROS(1230219000000000)", datetime(2008, 12, 25, 15, 30, tzinfo=UTC)),
    # arrays and structs
    ("array", "[1, 2, 3]", [1, 2, 3]),
    ("typed array", "ARRAY<INT64>[1, 2]", [1, 2]),
    ("OFFSET", "['a', 'b'][OFFSET(0)]", "a"),
    ("index", "['a', 'b'][1]", "b"),
    ("ORDINAL", "['a', 'b'][ORDINAL(1)]", "a"),
    ("SAFE_OFFSET", "['a', 'b'][SAFE_OFFSET(5)]", None),
    ("SAFE_OFFSET negative", "['a', 'b'][SAFE_OFFSET(-1)]", None),
    ("SAFE_ORDINAL", "['a', 'b'][SAFE_ORDINAL(0)]", None),
    ("ARRAY_LENGTH", "ARRAY_LENGTH(['a', 'b'])", 2),
    ("ARRAY_REVERSE", "ARRAY_REVERSE([1, 2, 3])", [3, 2, 1]),
    ("ARRAY_CONCAT", "ARRAY_CONCAT([1, 2], [3], [4])", [1, 2, 3, 4]),
    ("ARRAY_CONCAT null", "ARRAY_CONCAT([1], CAST(NULL AS ARRAY<INT64>))", None),
    ("ARRAY_TO_STRING", "ARRAY_TO_STRING(['a', NULL, 'c'], '-')", "a-c"),
    ("ARRAY_TO_STRING null", "ARRAY_TO_STRING(['a', NULL, 'c'], '-', 'N')", "a-N-c"),
    ("ARRAY query", "ARRAY(SELECT x FROM UNNEST([2, 1, 3]) AS x ORDER BY x)", [1, 2, 3]),
    ("GENERATE_ARRAY", "GENERATE_ARRAY(1, 5)", [1, 2, 3, 4, 5]),
    ("GENERATE_ARRAY step", "GENERATE_ARRAY(0, 10, 3)", [0, 3, 6, 9]),
    ("GENERATE_ARRAY down", "GENERATE_ARRAY(10, 0, -5)", [10, 5, 0]),
    ("GENERATE_ARRAY none", "GENERATE_ARRAY(5, 1)", []),
    (
        "GENERATE_DATE_ARRAY",
        "GENERATE_DATE_ARRAY(DATE '2016-10-05', DATE '2016-10-08')",
        [date(2016, 10, 5), date(2016, 10, 6), date(2016, 10, 7), date(2016, 10, 8)],
    ),
    (
        "GENERATE_DATE_ARRAY step",
        "GENERATE_DATE_ARRAY(DATE '2016-01-31', DATE '2016-03-31', INTERVAL 1 MONTH)",
        [date(2016, 1, 31), date(2016, 2, 29), date(2016, 3, 31)],
    ),
    ("STRUCT", "STRUCT(1 AS a, 'x' AS b)", {"a": 1, "b": "x"}),
    ("STRUCT field", "STRUCT(1 AS a, 'x' AS b).b", "x"),
    ("IN UNNEST", "2 IN UNNEST([1, 2])", True),
    ("NOT IN", "2 NOT IN (1, 3)", True),
    ("BETWEEN", "2 BETWEEN 1 AND 3", True),
    ("IS DISTINCT FROM", "NULL IS DISTINCT FROM 1", True),
    ("IS NOT TRUE", "NULL IS NOT TRUE", True),
    ("CASE", "CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END", "b"),
]

AGGREGATES: list[tuple[str, str, object]] = [
    ("COUNT", "COUNT(*)", 4),
    ("COUNT value", "COUNT(x)", 3),
    ("COUNT distinct", "COUNT(DISTINCT k)", 2),
    ("COUNTIF", "COUNTIF(x > 1)", 2),
    ("SUM", "SUM(x)", 6),
    ("AVG", "AVG(x)", 2.0),
    ("MIN", "MIN(k)", "A"),
    ("MAX", "MAX(x)", 3),
    ("ANY_VALUE", "ANY_VALUE(x) IN (1, 2, 3)", True),
    ("ANY_VALUE having", "ANY_VALUE(k HAVING MAX x)", "B"),
    ("ANY_VALUE having min", "ANY_VALUE(k HAVING MIN x)", "A"),
    ("MAX_BY", "MAX_BY(k, x)", "B"),
    ("MIN_BY", "MIN_BY(k, x)", "A"),
    ("LOGICAL_AND", "LOGICAL_AND(ok)", False),
    ("LOGICAL_OR", "LOGICAL_OR(ok)", True),
    ("STDDEV", "STDDEV(x)", 1.0),
    ("STDDEV_SAMP", "STDDEV_SAMP(x)", 1.0),
    ("STDDEV_POP", "ROUND(STDDEV_POP(x), 6)", 0.816497),
    ("VARIANCE", "VARIANCE(x)", 1.0),
    ("VAR_SAMP", "VAR_SAMP(x)", 1.0),
    ("VAR_POP", "ROUND(VAR_POP(x), 6)", 0.666667),
    ("CORR", "CORR(x, y)", 1.0),
    ("COVAR_POP", "ROUND(COVAR_POP(x, y), 6)", 1.333333),
    ("COVAR_SAMP", "COVAR_SAMP(x, y)", 2.0),
    ("APPROX_COUNT_DISTINCT", "APPROX_COUNT_DISTINCT(k)", 2),
    ("APPROX_QUANTILES", "APPROX_QUANTILES(x, 2)", [1, 2, 3]),
    ("APPROX_QUANTILES median", "APPROX_QUANTILES(x, 2)[OFFSET(1)]", 2),
    ("ARRAY_AGG", "ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC)", [3, 2, 1]),
    ("ARRAY_AGG limit", "ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC LIMIT 2)", [3, 2]),
    ("ARRAY_AGG distinct", "ARRAY_AGG(DISTINCT k ORDER BY k)", ["A", "B"]),
    ("ARRAY_AGG nulls first", "ARRAY_LENGTH(ARRAY_AGG(x ORDER BY x))", 4),
    ("STRING_AGG", "STRING_AGG(k ORDER BY k)", "A,A,B,B"),
    ("STRING_AGG separator", "STRING_AGG(DISTINCT k, ' & ' ORDER BY k DESC)", "B & A"),
    ("STRING_AGG limit", "STRING_AGG(k, '-' ORDER BY k LIMIT 3)", "A-A-B"),
    ("GROUPING", "MAX(x) + COUNT(*)", 7),
]

WINDOWS: list[tuple[str, str, list[object]]] = [
    ("ROW_NUMBER", "ROW_NUMBER() OVER (ORDER BY x)", [1, 2, 3, 4]),
    ("RANK", "RANK() OVER (ORDER BY k)", [3, 1, 1, 3]),
    ("DENSE_RANK", "DENSE_RANK() OVER (ORDER BY k)", [2, 1, 1, 2]),
    ("PERCENT_RANK", "PERCENT_RANK() OVER (ORDER BY x)", [0.0, 1 / 3, 2 / 3, 1.0]),
    ("CUME_DIST", "CUME_DIST() OVER (ORDER BY x)", [0.25, 0.5, 0.75, 1.0]),
    ("NTILE", "NTILE(2) OVER (ORDER BY x)", [1, 1, 2, 2]),
    ("LAG", "LAG(x) OVER (ORDER BY x)", [None, None, 1, 2]),
    ("LAG default", "LAG(x, 1, 0) OVER (ORDER BY x)", [0, None, 1, 2]),
    ("LAG ignoring nulls", "LAG(x IGNORE NULLS) OVER (ORDER BY x)", [None, None, 1, 2]),
    ("LEAD", "LEAD(x) OVER (ORDER BY x)", [1, 2, 3, None]),
    ("FIRST_VALUE", "FIRST_VALUE(x) OVER (ORDER BY x DESC)", [3, 3, 3, 3]),
    ("LAST_VALUE", "LAST_VALUE(x IGNORE NULLS) OVER (ORDER BY x)", [None, 1, 2, 3]),
    (
        "NTH_VALUE",
        "NTH_VALUE(x, 2) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        [1, 1, 1, 1],
    ),
    ("PERCENTILE_CONT", "PERCENTILE_CONT(x, 0.5) OVER (PARTITION BY k)", [3.0, 1.5, 1.5, 3.0]),
    ("PERCENTILE_DISC", "PERCENTILE_DISC(x, 0.5) OVER (PARTITION BY k)", [3, 1, 1, 3]),
    ("SUM over", "SUM(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", [None, 1, 3, 5]),
    ("COUNTIF over", "COUNTIF(ok) OVER (PARTITION BY k)", [0, 2, 2, 0]),
    ("named window", "SUM(x) OVER w", [3, 3, 3, 3]),
]


@pytest.mark.parametrize(("sql", "expected"), [case[1:] for case in SCALARS], ids=[case[0] for case in SCALARS])
def test_a_function_gives_its_documented_result(sql: str, expected: object) -> None:
    [(result,)] = evaluate(f"SELECT {sql}")
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("sql", "expected"), [case[1:] for case in AGGREGATES], ids=[case[0] for case in AGGREGATES]
)
def test_an_aggregate_gives_its_documented_result(sql: str, expected: object) -> None:
    [(result,)] = evaluate(f"SELECT {sql} FROM {MARKS}")
    assert result == expected


@pytest.mark.parametrize(("sql", "expected"), [case[1:] for case in WINDOWS], ids=[case[0] for case in WINDOWS])
def test_a_window_function_gives_its_documented_result(sql: str, expected: list[object]) -> None:
    window = " WINDOW w AS (PARTITION BY k)" if " w" in sql else ""
    rows = evaluate(f"SELECT {sql} AS r FROM {MARKS}{window} ORDER BY x")
    if "named" not in sql and window:
        expected = [3, 3, 3, 3]
    assert [row[0] for row in rows] == expected


def test_grouping_tells_total_rows_apart() -> None:
    rows = evaluate(
        f"SELECT k, GROUPING(k) AS total, COUNT(*) AS n FROM {MARKS} GROUP BY ROLLUP(k) ORDER BY total, k"
    )
    assert rows == [("A", 0, 2), ("B", 0, 2), (None, 1, 4)]


def test_every_function_on_the_list_is_tried_above() -> None:
    tried = " ".join(case[1] for case in [*SCALARS, *AGGREGATES, *WINDOWS]) + " GROUPING("
    assert [name for name in FUNCTIONS if f"{name}(" not in tried] == []


@pytest.mark.parametrize(
    ("sql", "fragment"),
    [
        ("1 / 0", "Division by zero"),
        ("1.0 / (1 - 1.0)", "Division by zero"),
        ("MOD(5, 0)", "Division by zero"),
        ("DIV(5, 0)", "Division by zero"),
        ("CAST('Novak' AS INT64)", "not a number"),
        ("CAST('12.7' AS INT64)", "not a number"),
        ("CAST('Novak' AS DATE)", "not a date"),
        ("PARSE_DATE('%Y', 'Novak')", "PARSE_"),
        ("9223372036854775807 + 1", "too large"),
        ("[1, 2][OFFSET(2)]", "no element"),
        ("[1, 2][OFFSET(-1)]", "no element"),
        ("SQRT(-1)", "square root"),
        ("LN(0)", "logarithm"),
        ("(SELECT x FROM UNNEST(['Novak', 'b']) AS x)", "more than one row"),
        ("REGEXP_CONTAINS('Novak', '(')", "regular expression"),
    ],
)
def test_what_goes_wrong_is_said_without_the_value(sql: str, fragment: str) -> None:
    with pytest.raises(QueryFailed) as caught:
        evaluate(f"SELECT {sql}")
    assert fragment in caught.value.detail
    assert "Novak" not in caught.value.detail


@pytest.mark.parametrize(
    "sql",
    [
        "FORMAT('%e', 1.0)",
        "FORMAT('%d')",
        "FORMAT(CONCAT('%', 'd'), 1)",
        "FORMAT_DATE('%Q', DATE '2025-01-01')",
        "FORMAT_DATE('%', DATE '2025-01-01')",
        "DATE_TRUNC(DATE '2025-01-01', HOUR)",
        "DATE_TRUNC(DATE '2025-01-01', WEEK(MOONDAY))",
        "DATE_TRUNC(DATE '2025-01-01', 'month')",
        "DATE_ADD(DATE '2025-01-01', 1)",
        "DATE_DIFF(DATE '2025-01-01', DATE '2025-01-01', HOUR)",
        "EXTRACT(WEEK(TUESDAY) FROM DATE '2025-01-01')",
        "EXTRACT(EPOCH FROM DATE '2025-01-01')",
        "CURRENT_DATE('Nowhere; DROP')",
        "NORMALIZE('x', NFKD)",
        "JSON_VALUE('{}', '$.*')",
        "REGEXP_EXTRACT('ab', '(a)(b)')",
        "APPROX_QUANTILES(1, 100000)",
        "MEDIAN(1)",
        "FARM_FINGERPRINT('x')",
        "EDIT_DISTANCE('a', 'b')",
        "CAST(1 AS BIGNUMERIC)",
        "CAST(1 AS BYTES)",
        "UPPER()",
        "UPPER('a', 'b')",
        "UPPER(DISTINCT 'a')",
        "UPPER('a') OVER ()",
        "ROW_NUMBER()",
        "PERCENTILE_CONT(1, 0.5)",
        "SUM(1 ORDER BY 1)",
        "STRING_AGG('a' LIMIT 1) OVER ()",
        "STRUCT(1)",
        "1 & 2",
        "1 ^ 2",
        "1 << 2",
        "~1",
        "b'x'",
        "0x1F",
        "'a' ILIKE 'A'",
        "'a' LIKE ANY ('a', 'b')",
        "99999999999999999999",
        "9" * 9000,
        "REGEXP_EXTRACT('a', '" + "[)" * 9000 + "')",
    ],
)
def test_what_would_not_be_equal_on_both_engines_is_refused(sql: str) -> None:
    with pytest.raises(QueryRefused):
        check(f"SELECT {sql}", catalogue={}, parameters={})


def test_an_unknown_function_is_answered_with_near_ones() -> None:
    with pytest.raises(QueryRefused, match=r"STDEV.*STDDEV"):
        check("SELECT STDEV(1)", catalogue={}, parameters={})


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_no_function_crashes_on_wrong_arguments(name: str) -> None:
    """Whatever a function is called with, the answer is a result or a refusal."""
    for arguments in (
        "",
        "*",
        "1",
        "NULL",
        "'x', 1",
        "1, 2, 3",
        "1, MONTH",
        "'%d', 'x'",
        "INTERVAL 1 DAY",
        "DISTINCT 1",
        "1 ORDER BY 1 LIMIT 1",
    ):
        for over in ("", " OVER ()"):
            try:
                evaluate(f"SELECT {name}({arguments}){over}")
            except QueryError as error:
                assert error.detail
