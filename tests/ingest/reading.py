"""Reads bytes the way the child does, in this process, and gives back the reading with its rows."""

from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb

from eduscale.ingest.tabular import read_file
from eduscale.models.reading import Override, ReadGuess, Reading, ReadLimits, ReadTable, ReadTask

Value = str | int | float | bool | date | datetime | time | Decimal | list[str | None] | None


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


class Read(NamedTuple):
    """A reading and the folder that its Parquet files are in."""

    reading: Reading
    folder: Path

    @property
    def table(self) -> ReadTable:
        """The only table."""
        assert self.reading.error is None, self.reading.error
        assert len(self.reading.tables) == 1
        return self.reading.tables[0]

    def rows(self, table: ReadTable | None = None) -> list[tuple[Value, ...]]:
        """The rows of a table in file order, those of the only one by default."""
        return self._all((table or self.table).rows_file)

    def rejects(self, table: ReadTable | None = None) -> list[tuple[Value, ...]]:
        """What was left out: kind, row, column_name, code, raw."""
        return [tuple(reject[:5]) for reject in self._rejects(table)]

    def rejected_cells(self, table: ReadTable | None = None) -> list[Value]:
        """Of each of these the cells of its whole row, None where an earlier one has them."""
        return [reject[5] for reject in self._rejects(table)]

    def _rejects(self, table: ReadTable | None = None) -> list[tuple[Value, ...]]:
        name = (table or self.table).rejects_file
        return self._all(name) if name else []

    def _all(self, name: str) -> list[tuple[Value, ...]]:
        return _duckdb().execute("FROM read_parquet(?)", [str(self.folder / name)]).fetchall()

    @property
    def types(self) -> list[str]:
        """The types of the only table's columns."""
        return [column.type for column in self.table.columns]

    @property
    def names(self) -> list[str]:
        """The names of the only table's columns."""
        return [column.name for column in self.table.columns]

    def guess(self, what: str, column: str | None = None) -> object:
        """The value of one decision."""
        return self.decision(what, column).value

    def decision(self, what: str, column: str | None = None) -> ReadGuess:
        """One decision."""
        (guess,) = [guess for guess in self.table.guesses if (guess.what, guess.column) == (what, column)]
        return guess


def read(
    folder: Path,
    data: bytes | str,
    filename: str = "file.csv",
    overrides: tuple[Override, ...] = (),
    **limits: int,
) -> Read:
    """Read bytes, or text as UTF-8, as a file of that name; `limits` are those that are not the usual ones."""
    sent = folder / "sent"
    sent.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_path(sent, folder, filename, overrides, **limits)


def read_path(
    sent: Path, folder: Path, filename: str, overrides: tuple[Override, ...] = (), **limits: int
) -> Read:
    """Read a file that exists into `folder/out`; anything left there beside the named files is a fault."""
    out = folder / "out"
    out.mkdir()
    task = ReadTask(
        path=str(sent),
        filename=filename,
        folder=str(out),
        threads=2,
        memory_bytes=512 << 20,
        limits=ReadLimits(**limits),
        overrides=overrides,
    )
    reading = Reading.model_validate_json(read_file(task.model_dump_json().encode()))
    left = {path.name for path in out.iterdir()}
    named = {name for table in reading.tables for name in (table.rows_file, table.rejects_file) if name}
    assert left == named, left ^ named
    return Read(reading, out)
