"""The reading of one file, in the child process that may be killed: bytes in, typed Parquet and a report out.

recognise   what the file is, by its content
decode      which encoding, if it is text
text        which dialect, and its records          workbook   its sheets, and their cells
                                                    statistics its variables, labels and missing codes
                                                json_tables, record_stage, parquet_columns   its records
layout      where the tables are in it
types       what each column holds
parquet     one statement converts and writes; what it could not convert decides anew
"""

import gc
import shutil
from collections.abc import Callable
from pathlib import Path, PurePath

import duckdb

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import (
    archives,
    binary_workbook,
    delimited,
    json_file,
    old_workbook,
    open_document,
    parquet_file,
    spreadsheet_xml,
    statistics,
    web_table,
    workbook,
)
from eduscale.ingest.formats.recognise import Format, recognise
from eduscale.ingest.tables import forms
from eduscale.ingest.tables.forms import literal
from eduscale.ingest.tables.overrides import Overrides
from eduscale.ingest.tables.parquet import ParquetWriter
from eduscale.ingest.tables.table_reader import TableReader
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, Reading, ReadTable, ReadTask, Said

DUCKDB_SHARE = 0.6
"""The part of the child's memory that DuckDB may use for its buffers."""

SPILL_SHARE = 8
"""So many times the child's memory DuckDB may put aside on the disk."""
GIVE_BACK = "SET allocator_flush_threshold = '8MB'; SET allocator_bulk_deallocation_flush_threshold = '16MB'"
"""Memory that is freed but kept mapped counts against the child's limit: a file of 1 GB once failed for it."""
LARGE_BYTES = 256 << 20
"""Smaller files end before it matters, and are read a little faster without."""

_warm: list[duckdb.DuckDBPyConnection] = []


def warm() -> None:
    """Do once, before forking, what every file needs; DuckDB without I/O threads of its own may be forked."""
    forms.prepare()
    _warm.append(_connect())


def _connect() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "async_threads": 0})


def read_file(argument: bytes) -> bytes:
    """Read the file that a ReadTask (JSON) names; returns a Reading (JSON), an error where there is no table."""
    task = ReadTask.model_validate_json(argument)
    # Millions of cells that are in no cycle are no work for the cycle collector.
    gc.disable()
    progress.report("reading", 0)
    try:
        reading = _read(task)
    except UnreadableFile as error:
        reading = Reading(error=Said(code=error.reason, facts=error.facts))
    finally:
        gc.enable()
    return reading.model_dump_json().encode()


def _read(task: ReadTask) -> Reading:
    overrides = Overrides(task.overrides)
    connection = _warm.pop() if _warm else _connect()
    folder = Path(task.folder)
    try:
        connection.execute(f"SET temp_directory = {literal(str(folder / 'spilled'))}")
        connection.execute(f"SET allowed_directories = [{literal(str(folder))}]")
        connection.execute(f"SET allowed_paths = [{literal(task.path)}]; SET enable_external_access = false")
        connection.execute(f"SET max_temp_directory_size = '{task.memory_bytes * SPILL_SHARE}B'")
        if Path(task.path).stat().st_size > LARGE_BYTES:
            connection.execute(GIVE_BACK)
        connection.execute(f"SET memory_limit = '{int(task.memory_bytes * DUCKDB_SHARE)}B'")
        tables = TableReader(
            folder,
            ParquetWriter(connection),
            limits=task.limits,
            overrides=overrides,
        )
        workspace = Workspace(connection, folder, tables, task.threads, task.memory_bytes, task.limits, overrides)
        with tables.of_file(PurePath(task.filename).stem):
            found = _read_sent(Path(task.path), task.filename, workspace)
    finally:
        connection.close()
        shutil.rmtree(folder / "spilled", ignore_errors=True)
    if not found:
        raise UnreadableFile("no_table")
    reported, refused = overrides.report(found)
    return Reading(tables=tuple(reported), refused=refused)


def _read_sent(path: Path, filename: str, workspace: Workspace) -> list[ReadTable]:
    """Return the tables of one file by the reader of its format, or of the one that a person named."""
    return _read_as(*recognise(path, filename, workspace.overrides), path, filename, workspace)


def _read_member(path: Path, filename: str, workspace: Workspace) -> list[ReadTable]:
    """Return the tables of a file in an archive by the reader of its format."""
    return _read_as(*recognise(path, filename), path, filename, workspace)


def _read_as(
    format_: Format, guess: ReadGuess | None, path: Path, filename: str, workspace: Workspace
) -> list[ReadTable]:
    known = (guess,) if guess else ()
    if format_ == "archive":
        return archives.read(path, workspace, known, filename=filename, read_file=_read_member)
    return _READERS[format_](path, workspace, known)


_READERS: dict[Format, Callable[[Path, Workspace, tuple[ReadGuess, ...]], list[ReadTable]]] = {
    "text": delimited.read,
    "json": json_file.read,
    "parquet": parquet_file.read,
    "workbook": workbook.read,
    "old_workbook": old_workbook.read,
    "binary_workbook": binary_workbook.read,
    "open_document": open_document.read,
    "spreadsheet_xml": spreadsheet_xml.read,
    "web_page": web_table.read,
    "statistics": statistics.read,
}
"""By format, what reads a file of it alone; each takes what is already known of the file."""
