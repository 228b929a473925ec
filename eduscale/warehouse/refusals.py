"""DuckDB's errors as the service's own, in a sentence without a value, a path or anything else from inside.

DuckDB quotes cell values in its messages, so no message is passed on: known ones are recognised and said anew.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches

import duckdb

from eduscale.core.errors import EduscaleError, MemoryExceeded, QueryFailed, QueryRefused
from eduscale.warehouse.macros import FAILURES
from eduscale.warehouse.mismatches import mismatch
from eduscale.warehouse.views import PSEUDO_COLUMNS

_LISTED = 30
_ADVICE = "Ask for less at once: fewer columns, a filter, or no long texts and big arrays built by the query."

_UNKNOWN_COLUMN = re.compile(
    r'Referenced column "(?P<a>[^"]*)" not found|does not have a column named "(?P<b>[^"]*)"'
    r'|[Cc]olumn with name "?(?P<c>[^" ]+)"? (?:does not exist|not found)'
    r'|Column "(?P<d>[^"]*)" in (?:EXCLUDE|REPLACE) list'
    r'|[Cc]olumn "(?P<e>[^"]*)" does not exist'
)
_UNKNOWN_TABLE = re.compile(r'Referenced table "(?P<name>[^"]*)" not found')
_BINDER = (
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
    (
        r"No function matches|explicit (?:type )?cast|Cannot (?:mix|combine|cast)",
        "Values of types that do not fit are compared, combined or given to a function; use CAST or SAFE_CAST.",
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


@dataclass(frozen=True)
class Asked:
    """A statement and what its answer may name: its datasets, their columns, and these by their labels."""

    sql: str = ""
    datasets: Sequence[str] = ()
    columns: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def translated(asked: Asked) -> Iterator[None]:
    """Turn what DuckDB raises into QueryRefused, QueryFailed or MemoryExceeded."""
    try:
        yield
    except EduscaleError:
        raise
    except (MemoryError, duckdb.OutOfMemoryException):
        raise MemoryExceeded(f"The query needs too much memory. {_ADVICE}") from None
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        raise QueryRefused(_refusal(str(error), asked)) from None
    except duckdb.Error as error:
        raise _failure(error) from None
    except RuntimeError as error:
        if "bad_alloc" not in str(error):
            raise
        raise MemoryExceeded(f"The query needs too much memory. {_ADVICE}") from None


def _refusal(message: str, asked: Asked) -> str:
    unknown = _UNKNOWN_COLUMN.search(message)
    if unknown:
        return _unknown_column(next(name for name in unknown.groups() if name is not None), asked)
    table = _UNKNOWN_TABLE.search(message)
    if table:
        return _unknown_table(table["name"], asked)
    of_types = mismatch(message)
    if of_types:
        return of_types
    for pattern, sentence in _BINDER:
        found = re.search(pattern, message)
        if found:
            return sentence.format(**found.groupdict())
    return "The statement does not fit the types or columns of the datasets."


def _unknown_column(name: str, asked: Asked) -> str:
    meant = _labelled(name, asked)
    if meant:
        return f'"{name[:80]}" is a column\'s label; its name in SQL is {meant}.'
    return f'There is no column "{name[:80]}" here.{_columns_like(name, asked)}'


def _unknown_table(name: str, asked: Asked) -> str:
    """Answer a.b without a table a; such labels are common in files whose fields hold fields."""
    for column in re.findall(rf'"{re.escape(name)}"\."((?:[^"]|"")*)"', asked.sql, re.IGNORECASE):
        whole = f"{name}.{column}"
        meant = _labelled(whole, asked)
        if meant:
            return f'"{whole[:80]}" is a column\'s label; its name in SQL is {meant}.'
        meant = column if column.lower() in asked.columns else _labelled(column, asked)
        if meant:
            return f'There is no table "{name[:80]}" in FROM. The column is {meant}; leave out the table.'
        return f'There is no table "{name[:80]}" in FROM.{_columns_like(f"{name}_{column}", asked)}'
    return f'There is no table "{name[:80]}" in FROM.{_columns_like(name, asked)}'


def _labelled(name: str, asked: Asked) -> str | None:
    """Return the column whose label this is, in whatever case and spacing it was typed."""
    return asked.labels.get(label_key(name))


def label_key(label: str) -> str:
    """Return what two spellings of one label have in common."""
    return " ".join(label.casefold().split())


def _columns_like(name: str, asked: Asked) -> str:
    if not asked.datasets:
        return ""
    close = get_close_matches(name[:80].lower(), asked.columns, n=3, cutoff=0.6)
    listed = [*close, *(other for other in asked.columns if other not in close)]
    listed += [] if len(listed) >= _LISTED else PSEUDO_COLUMNS
    more = ", ..." if len(listed) > _LISTED else ""
    return f" Columns of {', '.join(asked.datasets)}: {', '.join(listed[:_LISTED])}{more}."


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
        unfit = "A value cannot be turned into the type it is used as; SAFE_CAST gives NULL instead."
        return QueryFailed(mismatch(message) or unfit)
    if isinstance(error, (duckdb.InvalidInputException, duckdb.OutOfRangeException)):
        return QueryFailed("A function got a value that it cannot work with.")
    return QueryFailed("The query failed while it ran.")
