"""What every reader of a format works with while one file is read."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from eduscale.ingest.tables.overrides import Overrides
from eduscale.ingest.tables.table_reader import TableReader
from eduscale.models.reading import ReadLimits


@dataclass(frozen=True)
class Workspace:
    """The child's one DuckDB connection, the folder for its files, what writes tables, and what may be used.

    `limits` are those of the file; a reader refuses what goes over them, as soon as it sees it.

    A reader that works in many small statements leaves the connection at the one thread that it starts with.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    tables: TableReader
    threads: int
    memory_bytes: int
    limits: ReadLimits
    overrides: Overrides = field(default_factory=Overrides)
    """What people decided instead of the reader."""

    def start_anew(self) -> None:
        """Let go of what reading one of several files left in the connection."""
        self.connection.execute("SET threads = 1")
        tables = self.connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        for (table,) in tables:
            self.connection.execute(f'DROP TABLE "{table}"')

    def use_all_threads(self) -> None:
        """Let DuckDB use as many threads as the child may."""
        self.connection.execute(f"SET threads = {self.threads}")
