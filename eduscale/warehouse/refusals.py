"""DuckDB's errors as the service's own, in a sentence without a value, a path or anything else from inside.

DuckDB quotes cell values in its messages, so no message is passed on: known ones are recognised and said anew.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

import duckdb

from eduscale.core.errors import EduscaleError, MemoryExceeded, QueryFailed, QueryRefused
from eduscale.warehouse.macros import FAILURES
from eduscale.warehouse.views import PSEUDO_COLUMNS

_LISTED = 30
_ADVICE = "Ask for less at once: fewer columns, a filter, or no long texts and big arrays built by the query."

_UNKNOWN_COLUMN = re.compile(
    r'Referenced column "(?P<a>[^"]*)" not found|does not have a column named "(?P<b>[^"]*)"'
    r'|[Cc]olumn with name "?(?P<c>[^" ]+)"? (?:does not exist|not found)'
    r'|Column "(?P<d>[^"]*)" in (?:EXCLUDE|REPLACE) list'
    r'|[Cc]olumn "(?P<e>[^"]*)" does not exist'
)
_BINDER = (
    (r'Referenced table "(?P<name>[^"]*)" not found', 'There is no table "{name}" in FROM.'),
    (
        r'Ambiguous reference to column name "(?P<name>[^"]*)"',
        'The column "{name}" is in several tables; name the table.',
    ),
    (
        r'column "(?P<name>[^"]*)" must appear in the GROUP BY',
        'The column "{name}" has to be in GROUP BY or in an aggregate.',
    ),
    (r"must appear in the GROUP BY", "A column outside of an aggregate has to be in GROUP BY."),
    (r"[Dd]uplicate alias", "Two tables in FROM have the same name; give one an alias."),
    (r"No function matches", "A function or sign got values of types it does not take; use CAST."),
    (
        r"[Cc]annot compare values|explicit cast|Cannot (?:mix|combine|cast)|Unimplemented type for cast",
        "Values of different types are compared or combined; use CAST.",
    ),
    (
        r"[Ss]et operations? can only apply|same number of (?:result )?columns",
        "All parts of a UNION need the same columns.",
    ),
    (r"aggregate.*nested|nested.*aggregate", "An aggregate may not stand inside another."),
    (
        r"(?:WHERE|GROUP BY|HAVING|FILTER) clause cannot contain",
        "WHERE and GROUP BY cannot hold aggregates or windows.",
    ),
    (r"[Ww]indow functions? (?:are|is) not (?:supported|allowed)", "A window function cannot stand here."),
    (r"out of range", "ORDER BY or GROUP BY names a column by a number that there is not."),
    (r"one column|single column", "A sub-query in an expression gives one column."),
)
_BAD_PATTERNS = (
    *(
        "missing )",
        "missing ]",
        "unexpected )",
        "missing argument",
        "no argument for repetition",
        "bad repetition",
    ),
    *("invalid escape", "invalid character class", "invalid perl", "invalid named", "trailing \\"),
)
_FAILED = (
    ("ivision by zero", "Division by zero; SAFE_DIVIDE gives NULL instead."),
    ("Overflow", "A number became too large."),
    ("out of range", "A number became too large."),
    ("logarithm", "The logarithm of zero or of a negative number."),
    ("square root", "The square root of a negative number."),
    ("More than one row", "A sub-query used as a value gives more than one row."),
    ("parse string", "A text does not have the form that PARSE_... was told; SAFE.PARSE_... gives NULL instead."),
    *((fragment, "A regular expression cannot be understood.") for fragment in _BAD_PATTERNS),
    ("ime zone", "There is no time zone of that name."),
)


@contextmanager
def translated(*, columns: Mapping[str, str], datasets: Sequence[str]) -> Iterator[None]:
    """Turn what DuckDB raises into QueryRefused, QueryFailed or MemoryExceeded; `columns` can be named."""
    try:
        yield
    except EduscaleError:
        raise
    except (MemoryError, duckdb.OutOfMemoryException):
        raise MemoryExceeded(f"The query needs too much memory. {_ADVICE}") from None
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        raise QueryRefused(_refusal(str(error), columns, datasets)) from None
    except duckdb.Error as error:
        raise _failure(error) from None
    except RuntimeError as error:
        if "bad_alloc" not in str(error):
            raise
        raise MemoryExceeded(f"The query needs too much memory. {_ADVICE}") from None


def _refusal(message: str, columns: Mapping[str, str], datasets: Sequence[str]) -> str:
    unknown = _UNKNOWN_COLUMN.search(message)
    if unknown:
        return _unknown_column(next(name for name in unknown.groups() if name is not None), columns, datasets)
    for pattern, sentence in _BINDER:
        found = re.search(pattern, message)
        if found:
            return sentence.format(**found.groupdict())
    return "The statement does not fit the types or columns of the datasets."


def _unknown_column(name: str, columns: Mapping[str, str], datasets: Sequence[str]) -> str:
    close = get_close_matches(name[:80].lower(), columns, n=3, cutoff=0.6)
    listed = [*close, *(other for other in columns if other not in close)]
    listed += [] if len(listed) >= _LISTED else PSEUDO_COLUMNS if datasets else []
    more = ", ..." if len(listed) > _LISTED else ""
    known = f" Columns of {', '.join(datasets)}: {', '.join(listed[:_LISTED])}{more}." if datasets else ""
    return f'There is no column "{name[:80]}" here.{known}'


def _failure(error: duckdb.Error) -> EduscaleError:
    message = str(error)
    for code, sentence in FAILURES.items():
        if code in message:
            return QueryFailed(sentence)
    # glibc and DuckDB say it in these words when the process's own limit is reached
    if "bad_alloc" in message or "Out of Memory" in message or "failed to allocate" in message.lower():
        return MemoryExceeded(f"The query needs too much memory. {_ADVICE}")
    for fragment, sentence in _FAILED:
        if fragment in message:
            return QueryFailed(sentence)
    if isinstance(error, duckdb.ConversionException):
        return QueryFailed("A value cannot be turned into the type it is used as; SAFE_CAST gives NULL instead.")
    if isinstance(error, (duckdb.InvalidInputException, duckdb.OutOfRangeException)):
        return QueryFailed("A function got a value that it cannot work with.")
    return QueryFailed("The query failed while it ran.")
