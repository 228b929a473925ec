"""Records as they come, turned into columns block by block: what a table holds never has to be in memory whole."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
import numpy.typing as npt

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.json_stream import Again
from eduscale.ingest.tables.columns import ArraySource, cleaned_text, with_nulls
from eduscale.ingest.tables.forms import literal
from eduscale.ingest.tables.names import normal_name
from eduscale.ingest.tables.parquet import PARQUET_OPTIONS, WIDE
from eduscale.ingest.tables.table_reader import Draft, LineNumbers
from eduscale.ingest.tables.types import habits
from eduscale.ingest.tables.values import Texts, ValueColumn, to_json
from eduscale.ingest.tables.wide_parquet import WideParquet
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadTable, Said, Value

BLOCK_VALUES = 100_000
"""So many values of records are turned into columns at once."""
MAX_DEPTH = 6
"""Objects within objects become columns down to this depth, below it they are kept as JSON."""
MAP_KEYS = 30
"""Objects with more different keys, each of which few of them have, are no records but lists of pairs."""
MAP_SHARE = 0.2

Record = dict[str, Any]


@dataclass
class _Key:
    """A key of the records: the column of its own values, and the keys of the objects that stand there."""

    label: str
    depth: int = 0
    place: int = -1
    """The number of its column among those that have values."""
    column: ValueColumn = field(default_factory=ValueColumn)
    below: dict[str, "_Key"] = field(default_factory=dict)
    is_map: bool | None = None

    def leaves(self) -> Iterator["_Key"]:
        """Yield the keys that are columns, in the order in which they were met."""
        if self.place >= 0 or not self.below:
            yield self
        for key in self.below.values():
            yield from key.leaves()


class RecordStage:
    """Takes the records of one table one after another; a nested object's keys become columns such as `a.b`."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace = workspace
        self._folder = workspace.folder / name
        self._findings = workspace.tables.findings(name)
        self._root = _Key("", depth=-1)
        self._columns: list[_Key] = []
        self._block: list[Record] = []
        self._values = 0
        self._lines = LineNumbers()
        self._numbers: list[int] = []
        self._staged: list[_Staged] = []
        self.rows = self._rejected = 0

    @property
    def cells(self) -> int:
        """About how many cells the table has."""
        return self.rows * len(self._columns)

    def add(self, number: int, record: object) -> None:
        """Take the next record, which has a number in the sender's file; what is no object is rejected."""
        if not isinstance(record, dict):
            self.reject(number, "not_a_record", to_json(record))
            return
        self._lines.add(self.rows, number)
        self.rows += 1
        self._block.append(record)
        self._values += len(record) + 1
        if self._values > BLOCK_VALUES:
            arrays = self._take_block()
            self._staged.append(self._written(arrays))

    def reject(self, number: int, code: str, raw: str, **facts: Value) -> None:
        """Note what is data but no record."""
        self._rejected += 1
        self._findings.problem(code, number, None, **facts)
        self._findings.reject("rejected", number, code, raw)

    def problem(self, code: str, number: int, **facts: Value) -> None:
        """Note something wrong with a record."""
        self._findings.problem(code, number, None, **facts)

    def finish(self, name: str, guesses: Iterable[ReadGuess], set_aside: Sequence[str] = ()) -> ReadTable:
        """Return the table, written; `set_aside` are texts around the records that are no data."""
        is_waiting = bool(self._block)
        arrays = self._take_block()
        for raw in set_aside:
            self._findings.reject("set_aside", 1, "json_beside", raw)
        keys = [key for top in self._root.below.values() for key in top.leaves()]
        if not keys:
            raise UnreadableFile("no_table")
        if self._staged:
            if is_waiting:
                self._staged.append(self._written(arrays))
            source: ArraySource | StagedSource = StagedSource(self._workspace, tuple(self._staged), tuple(keys))
        else:
            nothing = np.empty(self.rows, dtype=object)
            columns = [arrays.get(key.place, nothing) for key in keys]
            source = ArraySource(columns, [str in key.column.kinds for key in keys])
        samples = [key.column.sample() for key in keys]
        choices = [key.column.choice() for key in keys]
        draft = Draft(
            name=name,
            labels=[key.label for key in keys],
            source=source,
            samples=samples,
            habits=habits(
                [sample for sample, choice in zip(samples, choices, strict=True) if choice is None], delimiter=","
            ),
            lines=self._lines.line,
            guesses=list(guesses),
            findings=self._findings,
            seen=self.rows + self._rejected + len(set_aside),
            chosen={place: choice for place, choice in enumerate(choices) if choice is not None},
        )
        draft.guesses += _nan_guesses(draft.names(), keys)
        try:
            return self._workspace.tables.write(draft)
        finally:
            for staged in self._staged:
                staged.path.unlink()

    def _take_block(self) -> dict[int, Texts]:
        """Return the records that wait as arrays of text, by the places of their columns."""
        arrays: dict[int, Texts] = {}
        self._spread_objects(self._root, self._block, arrays)
        for key in self._columns:
            if key.place not in arrays:
                key.column.skip(len(self._block))
        self._block, self._values = [], 0
        return arrays

    def _spread_objects(self, key: _Key, objects: Sequence[Record | None], arrays: dict[int, Texts]) -> None:
        """Turn objects into columns; None is no object."""
        names: dict[str, None] = {}
        for item in objects:
            if item is not None and not item.keys() <= names.keys():
                names |= dict.fromkeys(item)
        for name in names:
            if name not in key.below:
                text = name.encode(errors="replace").decode()
                label = text if key is self._root else f"{key.label}.{text}"
                key.below[name] = _Key(label, key.depth + 1)
            if isinstance(name, Again):
                self._note_repeated(name, objects)
            values = [None if item is None else item.get(name) for item in objects]
            self._spread(key.below[name], values, arrays)

    def _spread(self, key: _Key, values: list[Any], arrays: dict[int, Texts]) -> None:
        kinds = set(map(type, values))
        if dict in kinds and key.depth < MAX_DEPTH:
            objects = [value if value.__class__ is dict else None for value in values]
            if key.is_map is None:
                key.is_map = _is_map([item for item in objects if item])
            if not key.is_map:
                self._spread_objects(key, objects, arrays)
                values = [None if value.__class__ is dict else value for value in values]
                kinds.discard(dict)
        if float in kinds and (inf in values or -inf in values):
            values = self._without_infinity(key, values)
        if kinds <= {NoneType}:
            return
        if key.place < 0:
            key.place = len(self._columns)
            self._workspace.tables.check_width(key.place + 1)
            self._columns.append(key)
            key.column.skip(self.rows - len(self._block))
        arrays[key.place] = self._whole_characters(key, key.column.add(values))

    def _note_repeated(self, name: Again, objects: Sequence[Record | None]) -> None:
        """Say which records have a key more than once; its values stand in columns of their own."""
        for row, item in enumerate(objects, start=self._first_row()):
            if item is not None and name in item:
                self._findings.problem("key_repeated", self._lines.line(row), key=str(name), times=name.number)

    def _first_row(self) -> int:
        return self.rows - len(self._block)

    def _without_infinity(self, key: _Key, values: Sequence[Any]) -> list[Any]:
        """Blank and report numbers that no column holds."""
        kept = list(values)
        for row, value in enumerate(values, start=self._first_row()):
            if value.__class__ is float and value in (inf, -inf):
                kept[row - self._first_row()] = None
                self._findings.problem("not_a_number", self._lines.line(row), key.label)
                name = normal_name(key.label) or None
                self._findings.reject("blanked", self._lines.line(row), "not_a_number", str(value), name)
        return kept

    def _whole_characters(self, key: _Key, texts: Texts) -> Texts:
        """Replace halves of characters, which JSON can write and no text can hold."""
        try:
            "".join(filter(None, texts)).encode()
        except UnicodeEncodeError:
            for place, text in enumerate(texts):
                if text is not None:
                    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
                    if whole != text:
                        texts[place] = whole
                        line = self._lines.line(self._first_row() + place)
                        self._findings.problem("half_character", line, key.label)
        return texts

    def _written(self, arrays: dict[int, Texts]) -> "_Staged":
        """Write a block of columns to a file of its own."""
        path = self._folder.with_name(f"{self._folder.name}-{len(self._staged)}.parquet")
        rows = self.rows - sum(staged.rows for staged in self._staged)
        names = [f"c{place}" for place in arrays]
        if not arrays:
            names, arrays = ["nothing"], {0: np.empty(rows, dtype=object)}
        if len(arrays) > WIDE:
            with WideParquet(path, names, ["VARCHAR"] * len(names)) as file:
                file.write_group(rows, arrays.values())
        else:
            connection = self._workspace.connection
            connection.register("staged_block", dict(zip(names, arrays.values(), strict=True)))
            connection.execute(f"COPY (FROM staged_block) TO {literal(str(path))} ({PARQUET_OPTIONS})")
            connection.unregister("staged_block")
        return _Staged(path, rows, frozenset(names))


@dataclass(frozen=True)
class _Staged:
    path: Path
    rows: int
    names: frozenset[str]


@dataclass(frozen=True)
class StagedSource:
    """The blocks of a stage as one table of text, its columns in the order of the keys."""

    workspace: Workspace
    staged: tuple[_Staged, ...]
    keys: tuple[_Key, ...]
    doubtful: bool = False

    def sql(self, places: Iterable[int]) -> str:
        """Return a query for some of the columns, `c0`, `c1` ... of the table."""
        selected = ", ".join(f"{self._value(self.keys[place])} AS c{place}" for place in places)
        files = ", ".join(literal(str(block.path)) for block in self.staged)
        return f"(SELECT {selected} FROM read_parquet([{files}], union_by_name = true))"

    def blocks(self, stage: progress.Stage) -> Iterator[ArraySource]:
        """Yield the rows in order, some at a time, as arrays; `stage` is what is done with them."""
        for number, block in enumerate(self.staged):
            progress.report(stage, number / len(self.staged))
            arrays: list[npt.NDArray[Any]] = []
            for start in range(0, len(self.keys), WIDE):
                some = self.keys[start : start + WIDE]
                held = [key for key in some if f"c{key.place}" in block.names]
                found: dict[str, npt.NDArray[Any]] = {}
                if held:
                    names = ", ".join(f"{self._value(key)} AS c{key.place}" for key in held)
                    query = f"SELECT {names} FROM read_parquet({literal(str(block.path))})"
                    found = self.workspace.connection.execute(query).fetchnumpy()
                for key in some:
                    values = found.get(f"c{key.place}")
                    nothing = np.empty(block.rows, dtype=object)
                    arrays.append(nothing if values is None else with_nulls(values))
            yield ArraySource(arrays, [False] * len(arrays))

    @staticmethod
    def _value(key: _Key) -> str:
        if key.place < 0:
            return "CAST(NULL AS VARCHAR)"
        return cleaned_text(f"c{key.place}") if str in key.column.kinds else f"c{key.place}"


def _is_map(objects: Sequence[Record]) -> bool:
    """Say whether objects are lists of pairs, such as points by date, rather than records of the same keys."""
    keys = {name for item in objects for name in item}
    held = sum(map(len, objects))
    return len(keys) > MAP_KEYS and held < MAP_SHARE * len(keys) * len(objects)


def _nan_guesses(names: Sequence[str], keys: Sequence[_Key]) -> Iterator[ReadGuess]:
    for name, key in zip(names, keys, strict=True):
        if key.column.nans:
            facts = {"words": "NaN", "cells": key.column.nans, "type": "decimal"}
            evidence = Said(code="null_words", facts=facts)
            yield ReadGuess(what="null_words", column=name, value="NaN", evidence=evidence, confidence=0.95)
