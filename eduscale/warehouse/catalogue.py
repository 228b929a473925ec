"""Which datasets there are: the tables of all live uploads, joined by dataset name and column name."""

import threading
from collections.abc import Iterable, Mapping

from eduscale.models.dataset import Dataset, DatasetColumn, DatasetPart
from eduscale.models.reading import ColumnType, ReadColumn
from eduscale.models.upload import Head, StoredTable
from eduscale.storage.uploads import UploadStore

Fragment = tuple[DatasetPart, tuple[ReadColumn, ...], str]
"""A table of a live upload: where it lies, its columns, its dataset."""


class Catalogue:
    """The datasets as the live heads define them, worked out again only when a head changed."""

    def __init__(self, uploads: UploadStore) -> None:
        self._uploads = uploads
        self._lock = threading.Lock()
        self._fragments: dict[tuple[str, int], tuple[Fragment, ...]] = {}
        self._seen: dict[str, Head] = {}
        self._datasets: dict[str, Dataset] = {}

    def datasets(self) -> Mapping[str, Dataset]:
        """Return every dataset by name."""
        live = self._uploads.live_heads()
        with self._lock:
            if live != self._seen:
                self._datasets = self._build(live)
                self._seen = live
            return self._datasets

    def _build(self, live: Mapping[str, Head]) -> dict[str, Dataset]:
        oldest_first = sorted(live.values(), key=lambda head: (head.upload.received_at, head.upload.upload_id))
        fragments = {(head.upload.upload_id, head.generation): self._fragments_of(head) for head in oldest_first}
        self._fragments = fragments
        by_name: dict[str, list[Fragment]] = {}
        for of_upload in fragments.values():
            for fragment in of_upload:
                by_name.setdefault(fragment[2], []).append(fragment)
        return {name: _join(name, members) for name, members in sorted(by_name.items())}

    def _fragments_of(self, head: Head) -> tuple[Fragment, ...]:
        upload_id = head.upload.upload_id
        held = self._fragments.get((upload_id, head.generation))
        if held is not None:
            return held
        tables = self._uploads.receipt(upload_id, head.generation).tables
        return tuple((self._part(head, table), table.columns, table.dataset) for table in tables)

    def _part(self, head: Head, table: StoredTable) -> DatasetPart:
        upload = head.upload
        return DatasetPart(
            upload_id=upload.upload_id,
            generation=head.generation,
            table=table.index,
            region=upload.region,
            sender=upload.sender,
            key=self._uploads.reading_key(upload.upload_id, head.generation, table.rows_file),
            rows=table.rows,
            columns=tuple((column.name, column.storage) for column in table.columns),
        )


def place(columns: Iterable[ReadColumn], wish: str, datasets: Mapping[str, Dataset]) -> str:
    """Return the dataset a table belongs to: `wish`, or the first `wish_2`, `wish_3` ... that fits its columns.

    It fits where half of the table's columns are known there, or where it has all of that dataset's columns
    (at least three) and more.
    """
    names = {column.name for column in columns}
    candidate, number = wish, 1
    while candidate in datasets and not _fits(names, datasets[candidate]):
        number += 1
        candidate = f"{wish}_{number}"
    return candidate


def extended(dataset: Dataset | None, name: str, columns: Iterable[ReadColumn]) -> Dataset:
    """Return a dataset as it would look to `place` with one more table of these columns."""
    known = {column.name: column for column in dataset.columns} if dataset else {}
    for column in columns:
        known.setdefault(column.name, _as_dataset_column(column, column.type, column.storage))
    return Dataset(name=name, columns=tuple(known.values()), parts=dataset.parts if dataset else ())


def _fits(names: set[str], dataset: Dataset) -> bool:
    there = {column.name for column in dataset.columns}
    shared = len(names & there)
    return 2 * shared >= len(names) or (shared == len(there) and shared >= 3)


def _join(name: str, fragments: list[Fragment]) -> Dataset:
    columns: dict[str, DatasetColumn] = {}
    only_empty: set[str] = set()
    long: set[str] = set()
    for _, members, _ in fragments:
        for column in members:
            if column.long:
                long.add(column.name)
            known = columns.get(column.name)
            if known is None:
                columns[column.name] = _as_dataset_column(column, column.type, column.storage)
                if column.empty:
                    only_empty.add(column.name)
            elif column.empty:
                continue
            elif column.name in only_empty:
                only_empty.discard(column.name)
                columns[column.name] = _as_dataset_column(column, column.type, column.storage)
            else:
                kind, storage = widen(
                    (known.type, known.storage), (column.type, column.storage), long=column.name in long
                )
                columns[column.name] = known.model_copy(update={"type": kind, "storage": storage})
    return Dataset(name=name, columns=tuple(columns.values()), parts=tuple(part for part, _, _ in fragments))


def _as_dataset_column(column: ReadColumn, kind: ColumnType, storage: str) -> DatasetColumn:
    return DatasetColumn(name=column.name, label=column.label, type=kind, storage=storage, concept=column.concept)


def widen(
    one: tuple[ColumnType, str], other: tuple[ColumnType, str], *, long: bool = False
) -> tuple[ColumnType, str]:
    """Return the narrowest (type, storage) that holds every value of both; text holds everything.

    `long` says that some whole numbers are beyond what a double holds.
    """
    if one == other:
        return one
    kinds = {one[0], other[0]}
    storages = {one[1], other[1]}
    if kinds == {"integer", "decimal"} and storages == {"BIGINT", "DOUBLE"} and not long:
        return "decimal", "DOUBLE"
    if kinds <= {"integer", "decimal"} and "DOUBLE" not in storages:
        return _widest_decimal(storages)
    if kinds == {"date", "datetime"} and storages == {"DATE", "TIMESTAMP"}:
        return "datetime", "TIMESTAMP"
    return "text", "VARCHAR"


def _widest_decimal(storages: set[str]) -> tuple[ColumnType, str]:
    """Join exact numbers such as BIGINT and DECIMAL(38,4) without losing a digit, or fall back to text."""
    digits, scale = 0, 0
    for storage in storages:
        precision, places = _precision(storage)
        digits, scale = max(digits, precision - places), max(scale, places)
    if digits + scale > 38:
        return "text", "VARCHAR"
    return "decimal", f"DECIMAL({digits + scale},{scale})"


def _precision(storage: str) -> tuple[int, int]:
    if storage.startswith("DECIMAL("):
        precision, places = storage.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return int(precision), int(places)
    return 19, 0
