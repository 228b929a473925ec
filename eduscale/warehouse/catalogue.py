"""Which datasets there are: the tables of all live uploads, joined by dataset name and column name."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from eduscale.models.dataset import Dataset, DatasetColumn, DatasetPart
from eduscale.models.overlap import CountedTwice, Overlap, undecided
from eduscale.models.reading import ColumnType, ReadColumn
from eduscale.models.upload import Head, StoredTable
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.renames import same_columns


class LiveTable(NamedTuple):
    """A table of a live upload: where it lies, its columns as the dataset names them, and what was sent when."""

    part: DatasetPart
    columns: tuple[ReadColumn, ...]
    dataset: str
    head: Head
    overlaps: tuple[Overlap, ...] = ()
    """Those of its upload."""


class Catalogue:
    """The datasets as the live heads define them, worked out again only when a head changed."""

    def __init__(self, uploads: UploadStore) -> None:
        self._uploads = uploads
        self._lock = threading.Lock()
        self._live: dict[str, _LiveUpload] = {}
        self._seen: dict[str, Head] = {}
        self._datasets: dict[str, Dataset] = {}

    def datasets(self) -> Mapping[str, Dataset]:
        """Return every dataset by name."""
        live = self._uploads.live_heads()
        with self._lock:
            self._refresh(live)
            return self._datasets

    def live_tables(self) -> Sequence[LiveTable]:
        """Return every table of every live upload, those of the oldest upload first."""
        live = self._uploads.live_heads()
        with self._lock:
            self._refresh(live)
            return [table for upload in self._live.values() for table in upload.tables]

    def without(self, upload_id: str) -> Mapping[str, Dataset]:
        """Return every dataset as it would be if one upload did not count."""
        datasets = self.datasets()
        tables = self.live_tables()
        others = [table for table in tables if table.part.upload_id != upload_id]
        if len(others) == len(tables):
            return datasets
        return {name: joined(name, members) for name, members in _by_dataset(others).items()}

    def _refresh(self, live: dict[str, Head]) -> None:
        if live == self._seen:
            return
        oldest_first = sorted(live.values(), key=lambda head: (head.upload.received_at, head.upload.upload_id))
        self._live = {head.upload.upload_id: self._live_upload(head) for head in oldest_first}
        by_name = _by_dataset(table for upload in self._live.values() for table in upload.tables)
        twice = self._counted_twice()
        self._datasets = {
            name: joined(name, members).model_copy(update={"counted_twice": tuple(twice.get(name, ()))})
            for name, members in by_name.items()
        }
        self._seen = live

    def _live_upload(self, head: Head) -> "_LiveUpload":
        held = self._live.get(head.upload.upload_id)
        if held is not None and held.head.generation == head.generation:
            if held.head == head:
                return held
            return _LiveUpload(head, tuple(table._replace(head=head) for table in held.tables), held.overlaps)
        receipt = self._uploads.receipt(head.upload.upload_id, head.generation)
        tables = tuple(
            live_table(head, table, self._uploads)._replace(overlaps=receipt.overlaps) for table in receipt.tables
        )
        return _LiveUpload(head, tables, receipt.overlaps)

    def _counted_twice(self) -> dict[str, list[CountedTwice]]:
        """Return by dataset which rows of which upload older ones hold too."""
        found: dict[str, list[CountedTwice]] = {}
        for upload_id, upload in self._live.items():
            overlaps = undecided(upload.overlaps, live=self._live, kept=upload.head.keeps)
            for dataset in dict.fromkeys(table.dataset for table in upload.tables):
                sharing = [overlap for overlap in overlaps if overlap.in_datasets.get(dataset)]
                if sharing:
                    rows = sum(table.part.rows for table in upload.tables if table.dataset == dataset)
                    twice = CountedTwice(
                        dataset=dataset,
                        upload_ids=(upload_id, *(overlap.upload_id for overlap in sharing)),
                        filename=upload.head.upload.filename,
                        older_filename=sharing[0].filename,
                        rows=min(rows, sum(overlap.in_datasets[dataset] for overlap in sharing)),
                    )
                    found.setdefault(dataset, []).append(twice)
        return found


class _LiveUpload(NamedTuple):
    """A live upload with its tables and the overlaps that were found when it was committed."""

    head: Head
    tables: tuple[LiveTable, ...]
    overlaps: tuple[Overlap, ...]


def live_table(head: Head, table: StoredTable, uploads: UploadStore) -> LiveTable:
    """Return a table of an upload as its dataset sees it."""
    columns = _shared(as_known(table.columns, table.renamed))
    return LiveTable(_part(head, table, uploads), columns, table.dataset, head)


@lru_cache(maxsize=1_000)
def _shared(columns: tuple[ReadColumn, ...]) -> tuple[ReadColumn, ...]:
    """Return equal columns as one object: the files of a sender are many and alike."""
    return columns


def as_known(columns: Iterable[ReadColumn], renamed: Mapping[str, str]) -> tuple[ReadColumn, ...]:
    """Return a file's columns under the names by which its dataset knows them."""
    return tuple(
        column.model_copy(update={"name": renamed[column.name]}) if column.name in renamed else column
        for column in columns
    )


def _part(head: Head, table: StoredTable, uploads: UploadStore) -> DatasetPart:
    upload = head.upload
    return DatasetPart(
        upload_id=upload.upload_id,
        generation=head.generation,
        table=table.index,
        region=upload.region,
        sender=upload.sender,
        filename=upload.filename,
        table_name=table.name,
        key=uploads.reading_key(upload.upload_id, head.generation, table.rows_file),
        rows=table.rows,
        columns=tuple((column.name, column.storage) for column in table.columns),
        renamed=tuple(table.renamed.items()),
    )


def place(columns: Sequence[ReadColumn], wish: str, datasets: Mapping[str, Dataset]) -> str:
    """Return the dataset a table belongs to: `wish`, or the first `wish_2`, `wish_3` ... that fits its columns.

    It fits where half of the table's columns are known there, if only misspelt, or where it has all of that
    dataset's columns (at least three) and more.
    """
    candidate, number = wish, 1
    while candidate in datasets and not _fits(columns, datasets[candidate]):
        number += 1
        candidate = f"{wish}_{number}"
    return candidate


def extended(dataset: Dataset | None, name: str, columns: Iterable[ReadColumn]) -> Dataset:
    """Return a dataset as it would look to `place` with one more table of these columns."""
    known = {column.name: column for column in dataset.columns} if dataset else {}
    for column in columns:
        known.setdefault(column.name, _as_dataset_column(column, column.type, column.storage))
    return Dataset(name=name, columns=tuple(known.values()), parts=dataset.parts if dataset else ())


def _fits(columns: Sequence[ReadColumn], dataset: Dataset) -> bool:
    renamed = same_columns(columns, dataset.columns)
    names = {renamed.get(column.name, column.name) for column in columns}
    there = {column.name for column in dataset.columns}
    shared = len(names & there)
    return 2 * shared >= len(names) or (shared == len(there) and shared >= 3)


def _by_dataset(tables: Iterable[LiveTable]) -> dict[str, list[LiveTable]]:
    """Return the tables of each dataset, datasets in order of name."""
    found: dict[str, list[LiveTable]] = {}
    for table in tables:
        found.setdefault(table.dataset, []).append(table)
    return dict(sorted(found.items()))


def joined(name: str, tables: Sequence[LiveTable]) -> Dataset:
    """Return the dataset that tables make, with column types that hold the values of all."""
    columns: dict[str, DatasetColumn] = {}
    only_empty: set[str] = set()
    long: set[str] = set()
    for table in tables:
        for column in table.columns:
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
                if (kind, storage) != (known.type, known.storage):
                    columns[column.name] = known.model_copy(update={"type": kind, "storage": storage})
    return Dataset(name=name, columns=tuple(columns.values()), parts=tuple(table.part for table in tables))


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
