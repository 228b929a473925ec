"""A dataset as SQL: which Parquet files a query reads, and the SELECT that makes one table of them.

The parent process describes a view, the child writes it as SQL. Files whose columns agree in type are read as one
run, so a view stays short with a thousand uploads; rows keep the order of the uploads.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from eduscale.models.base import Model
from eduscale.models.dataset import Dataset
from eduscale.models.reading import ColumnType, ReadColumn

PSEUDO_COLUMNS = ("_region", "_sender", "_file", "_table", "_upload_id")
"""What every dataset offers by name and never in `*`."""


class ViewColumn(Model):
    """A column of a view: its name, the type a user sees, DuckDB's type."""

    name: str
    type: ColumnType
    storage: str


class Run(Model):
    """Parquet files read as one; what belongs to each file runs parallel to `paths`.

    `columns` are (name, storage) of all files; `alike` says that every file has all of them in the same order.
    """

    paths: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[tuple[str, str], ...]
    alike: bool
    renamed: tuple[tuple[str, str], ...] = ()
    """(name in the files, name in the view) where the two differ."""
    regions: tuple[str, ...] = ()
    senders: tuple[str | None, ...] = ()
    files: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    upload_ids: tuple[str, ...] = ()


class View(Model):
    """One table over Parquet files, in order; without files it is an empty table with its columns."""

    name: str
    columns: tuple[ViewColumn, ...]
    runs: tuple[Run, ...]

    @property
    def paths(self) -> list[str]:
        """Every file the view reads."""
        return [path for run in self.runs for path in run.paths]

    @property
    def rows(self) -> int:
        """The number of rows in all files."""
        return sum(sum(run.rows) for run in self.runs)


def view_of_dataset(dataset: Dataset, *, local_path: Callable[[str], Path]) -> View:
    """Describe a dataset's view; `local_path` says where a part lies for a child process to read."""
    runs: list[Run] = []
    for parts in _runs(dataset):
        columns = dict(column for part in parts for column in part.columns)
        runs.append(
            Run(
                paths=tuple(str(local_path(part.key)) for part in parts),
                rows=tuple(part.rows for part in parts),
                columns=tuple(columns.items()),
                alike=all(part.columns == parts[0].columns for part in parts),
                renamed=parts[0].renamed,
                regions=tuple(part.region for part in parts),
                senders=tuple(part.sender for part in parts),
                files=tuple(part.filename for part in parts),
                tables=tuple(part.table_name for part in parts),
                upload_ids=tuple(part.upload_id for part in parts),
            )
        )
    shown = tuple(ViewColumn(name=each.name, type=each.type, storage=each.storage) for each in dataset.columns)
    return View(name=dataset.name, columns=shown, runs=tuple(runs))


def view_of_file(path: Path, *, columns: Iterable[ReadColumn], rows: int) -> View:
    """Describe one Parquet file as a view."""
    shown = tuple(ViewColumn(name=each.name, type=each.type, storage=each.storage) for each in columns)
    held = tuple((each.name, each.storage) for each in shown)
    run = Run(paths=(str(path),), rows=(rows,), columns=held, alike=True)
    return View(name="file", columns=shown, runs=(run,))


def _runs(dataset: Dataset) -> list[list]:  # type: ignore[type-arg]
    """Cut the parts, in order, wherever a column's type or its name differs from that in the run so far."""
    runs: list[list] = []  # type: ignore[type-arg]
    types: dict[str, str] = {}
    for part in dataset.parts:
        is_other = bool(runs) and runs[-1][-1].renamed != part.renamed
        if not runs or is_other or any(types.get(name, storage) != storage for name, storage in part.columns):
            runs.append([])
            types = {}
        runs[-1].append(part)
        types.update(part.columns)
    return runs


def quoted(identifier: str) -> str:
    """Write any text as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """Write any text as an SQL literal."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def table_name(dataset: str) -> str:
    """Return the name of a dataset's view: one that no statement can spell, a WITH in it least of all."""
    return f"dataset:{dataset}"


def select_sql(view: View, pseudo_columns: Sequence[str] = ()) -> str:
    """Write the SELECT of a view's columns and of the named pseudo-columns."""
    if not view.runs:
        nothing = [f"CAST(NULL AS {column.storage}) AS {quoted(column.name)}" for column in view.columns]
        nothing += [f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in pseudo_columns]
        return f"SELECT {', '.join(nothing)} WHERE false"
    return " UNION ALL ".join(_run_sql(view, run, pseudo_columns) for run in view.runs)


def shown_sql(view: View) -> str:
    """Write the SELECT for people rather than queries: a duration, which files hold in seconds, is an interval,
    and a list or an object, which they hold as text, is JSON.
    """
    shown = [f"{_shown(column)} AS {quoted(column.name)}" for column in view.columns]
    return f"SELECT {', '.join(shown)} FROM ({select_sql(view)})"


def _shown(column: ViewColumn) -> str:
    value = quoted(column.name)
    if column.type == "duration" and column.storage == "BIGINT":
        return f"to_seconds({value})"
    return f"CAST({value} AS JSON)" if column.type == "json" else value


def _run_sql(view: View, run: Run, pseudo_columns: Sequence[str]) -> str:
    held = dict(run.columns)
    in_file = {shown: name for name, shown in run.renamed}
    selected = []
    for column in view.columns:
        name, source = quoted(column.name), in_file.get(column.name, column.name)
        if source not in held:
            selected.append(f"CAST(NULL AS {column.storage}) AS {name}")
        elif held[source] != column.storage:
            selected.append(f"CAST({quoted(source)} AS {column.storage}) AS {name}")
        else:
            selected.append(name if source == column.name else f"{quoted(source)} AS {name}")
    of_file: dict[str, Sequence[str | None]] = {
        "_region": run.regions,
        "_sender": run.senders,
        "_file": run.files,
        "_table": run.tables,
        "_upload_id": run.upload_ids,
    }
    selected += [f"{_by_file(of_file[name])} AS {quoted(name)}" for name in pseudo_columns]
    files = ", ".join(literal(path) for path in run.paths)
    options = "" if run.alike else ", union_by_name = true"
    return f"SELECT {', '.join(selected)} FROM read_parquet([{files}]{options})"


def _by_file(values: Sequence[str | None]) -> str:
    if len(set(values)) == 1:
        return f"CAST({literal(values[0])} AS VARCHAR)"
    listed = ", ".join(literal(value) for value in values)
    return f"CAST([{listed}][CAST(file_index AS BIGINT) + 1] AS VARCHAR)"
