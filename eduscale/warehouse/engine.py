"""DuckDB in the child process: make the views, read the statement once more, run it, write the answer's bytes.

Only a process that is killed at its deadline may call these functions: DuckDB cannot interrupt every query.
"""

import resource
import time
from collections.abc import Iterable, Sequence
from itertools import chain
from os import cpu_count
from pathlib import Path

import duckdb

from eduscale.core.errors import MemoryExceeded
from eduscale.warehouse.macros import MACROS
from eduscale.warehouse.refusals import Asked, label_key, translated
from eduscale.warehouse.statement import check
from eduscale.warehouse.tasks import QueryTask, RowsTask
from eduscale.warehouse.values import column_type, dump, rows_as_json
from eduscale.warehouse.views import Run, View, literal, quoted, select_sql, shown_sql, table_name

_MIB = 1024 * 1024
_OWN_MEMORY_BYTES = 110 * _MIB
_LEAST_MEMORY_BYTES = 48 * _MIB
_BATCH_ROWS = 2_000
_COLUMNS_AT_ONCE = 200
"""DuckDB keeps vectors of 2,048 values of every column it reads, however few the rows."""

_connection: duckdb.DuckDBPyConnection | None = None


def warm() -> duckdb.DuckDBPyConnection:
    """Connect and define the macros, so that a forked child finds both ready."""
    global _connection  # noqa: PLW0603 - the one connection that children inherit
    if _connection is not None:
        return _connection
    connection = duckdb.connect(config={"async_threads": 0, "threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET default_null_order = 'NULLS_FIRST_ON_ASC_LAST_ON_DESC'")
    connection.execute("SET ieee_floating_point_ops = false")  # x / 0 is an error, as in GoogleSQL
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    connection.execute("SET temp_directory = ''")
    for macro in MACROS:
        connection.execute(f"CREATE TEMP MACRO {macro}")
    _connection = connection
    return connection


def rehearse() -> None:
    """Run a small statement as a query would be, so that what it first touches is there when the query comes."""
    connection = warm()
    check(connection, "SELECT 1 AS a", tables=(), columns=())
    connection.execute("SELECT a, count(*) FROM range(3) AS t(a) GROUP BY a ORDER BY a")
    dump(rows_as_json(connection.fetchall(), ["BIGINT", "BIGINT"]))


def query(argument: bytes) -> bytes:
    """Run a QueryTask; returns the JSON of a models.query.QueryAnswer."""
    started = time.perf_counter()
    task = QueryTask.model_validate_json(argument)
    names = [view.name for view in task.views]
    columns = list(dict.fromkeys(column.name for view in task.views for column in view.columns))
    labels = {label_key(label): name for label, name in reversed(task.labels)}
    asked = Asked(sql=task.sql, datasets=names, columns=columns, labels=labels)
    connection = restricted(path for view in task.views for path in view.paths)
    with translated(asked):
        check(connection, task.sql, tables=[table_name(name) for name in names], columns=columns)
    for view in task.views:
        body = select_sql(view, task.pseudo_columns)
        connection.execute(f"CREATE TEMP VIEW {quoted(table_name(view.name))} AS {body}")
    lock(connection)
    with translated(asked):
        connection.execute(task.sql, task.parameters)
        described = connection.description or []
        storages = [str(column[1]) for column in described]
        found, truncated = _fetch(connection, storages, max_rows=task.max_rows, max_bytes=task.max_bytes)
    head = dump(
        {
            "columns": _unique(str(column[0]) for column in described),
            "types": [column_type(storage) for storage in storages],
            "truncated": truncated,
            "elapsed_ms": round((time.perf_counter() - started) * 1000, 3),
            "bytes_processed": sum(Path(path).stat().st_size for view in task.views for path in view.paths),
            "engine": "duckdb",
        }
    )
    return head[:-1] + b',"rows":[' + found + b"]}"


def _fetch(
    connection: duckdb.DuckDBPyConnection, storages: Sequence[str], *, max_rows: int, max_bytes: int
) -> tuple[bytes, bool]:
    """Read at most `max_rows` rows as JSON without the outer brackets, and say whether there are more."""
    parts: list[bytes] = []
    left, size = max_rows, 0
    while True:
        batch = connection.fetchmany(min(_BATCH_ROWS, left + 1))
        kept = batch[:left]
        if kept:
            parts.append(dump(rows_as_json(kept, storages))[1:-1])
            size += len(parts[-1]) + 1
            left -= len(kept)
        if size > max_bytes:
            raise MemoryExceeded(
                f"The answer is over {max_bytes // _MIB} MiB; ask for fewer columns, fewer rows or an export.",
                bytes=max_bytes,
            )
        if len(kept) < len(batch) or not batch:
            return b",".join(parts), len(kept) < len(batch)


def _unique(names: Iterable[str]) -> list[str]:
    """Return the names with repeated ones numbered: n, n_1, n_2."""
    listed = list(names)
    taken = {name.lower() for name in listed}
    seen: set[str] = set()
    result = []
    for name in listed:
        free, count = name, 0
        while free.lower() in seen or (count and free.lower() in taken):
            count += 1
            free = f"{name}_{count}"
        seen.add(free.lower())
        result.append(free)
    return result


def rows(argument: bytes) -> bytes:
    """Read a RowsTask; returns JSON {columns, types, rows, total}."""
    task = RowsTask.model_validate_json(argument)
    view, skipped = _from_row(task.view, task.offset, task.limit)
    connection = restricted(view.paths)
    if len(view.columns) > _COLUMNS_AT_ONCE:
        connection.execute("SET threads = 1")  # each thread keeps vectors of every column
    lock(connection)
    parts = []
    for start in range(0, len(view.columns), _COLUMNS_AT_ONCE):
        part = view.model_copy(update={"columns": view.columns[start : start + _COLUMNS_AT_ONCE]})
        connection.execute(f"{shown_sql(part)} LIMIT {task.limit} OFFSET {task.offset - skipped}")
        storages = [str(column[1]) for column in connection.description or []]
        parts.append(rows_as_json(connection.fetchall(), storages))
    page = parts[0] if len(parts) == 1 else [list(chain(*of_row)) for of_row in zip(*parts, strict=True)]
    return dump(
        {
            "columns": [column.name for column in task.view.columns],
            "types": [column.type for column in task.view.columns],
            "rows": page,
            "total": task.view.rows,
        }
    )


def restricted(paths: Iterable[str]) -> duckdb.DuckDBPyConnection:
    """Return the process's connection, from now on able to touch exactly `paths`; once in a process's life."""
    connection = warm()
    settings = [
        f"threads = {cpu_count() or 1}",
        f"allowed_paths = [{', '.join(literal(path) for path in paths)}]",
        "enable_external_access = false",
    ]
    memory_bytes = _memory_bytes()
    if memory_bytes is not None:
        settings.append(f"memory_limit = '{memory_bytes}B'")
    connection.execute("; ".join(f"SET {each}" for each in settings))
    return connection


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Let nothing change the configuration any more."""
    connection.execute("SET lock_configuration = true")


def _from_row(view: View, offset: int, limit: int) -> tuple[View, int]:
    """Leave out the files before and after a page; returns the rest and how many rows were left out before it.

    A run whose files differ stays whole, for its columns are those of all its files.
    """
    runs: list[Run] = []
    skipped = passed = 0
    for run in view.runs:
        wanted = []
        for place, count in enumerate(run.rows):
            if passed < offset + limit and passed + count > offset:
                wanted.append(place)
            passed += count
        if not wanted:
            skipped += sum(run.rows) if passed <= offset else 0
        elif run.alike:
            skipped += sum(run.rows[: wanted[0]])
            of_page = slice(wanted[0], wanted[-1] + 1)
            runs.append(run.model_copy(update={"paths": run.paths[of_page], "rows": run.rows[of_page]}))
        else:
            runs.append(run)
    return view.model_copy(update={"runs": tuple(runs)}), skipped


def _memory_bytes() -> int | None:
    """Leave the interpreter its share of what the process may have; None when there is no limit."""
    budget, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if budget == resource.RLIM_INFINITY:
        return None
    return max(_LEAST_MEMORY_BYTES, int((budget - _OWN_MEMORY_BYTES) * 0.8))
