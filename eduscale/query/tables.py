"""What datasets there are, their rows, and exports of them; every file is read in a child process."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from eduscale.core.errors import NotFound
from eduscale.core.sandbox import Sandbox
from eduscale.models.base import Model
from eduscale.models.dataset import ColumnProfile, Dataset, DatasetDetail, DatasetSummary, summary
from eduscale.models.rejects import RejectedTable, RejectsFormat, RejectWords
from eduscale.models.upload import Head, StoredTable
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.catalogue import Catalogue
from eduscale.warehouse.schema_changes import schema_changes
from eduscale.warehouse.tasks import ExportFormat, ExportTask, QueryTask, RejectsTask, RowsTask
from eduscale.warehouse.views import View, quoted, table_name, view_of_dataset, view_of_file

MAX_ROWS = 10_000
SPREADSHEET_DELIMITERS = {";": ";", ",": ",", "tab": "\t"}
"""The delimiters of sent files, by their names in receipts, at which spreadsheets part the cells of a CSV file."""
PROFILED_AT_ONCE = 50
"""Columns in one statement of a profile; a statement for thousands of columns would need too much memory."""


class TableService:
    """Lists, describes, pages and exports what the live uploads hold."""

    def __init__(
        self,
        *,
        uploads: UploadStore,
        catalogue: Catalogue,
        sandbox: Sandbox,
        timeout_s: float,
        export_timeout_s: float,
    ) -> None:
        self._uploads = uploads
        self._catalogue = catalogue
        self._sandbox = sandbox
        self._timeout_s = timeout_s
        self._export_timeout_s = export_timeout_s

    def datasets(self, *, after: str | None, limit: int) -> tuple[tuple[DatasetSummary, ...], bool]:
        """Return a page of datasets by name, those after the name `after`, and whether more follow."""
        names = sorted(name for name in self._catalogue.datasets() if after is None or name > after)
        return tuple(summary(self.dataset(name)) for name in names[:limit]), len(names) > limit

    def describe(self, name: str) -> DatasetDetail:
        """Return a dataset with the profile of its columns; raises NotFound."""
        dataset = self.dataset(name)
        tables = [table for table in self._catalogue.live_tables() if table.dataset == name]
        return DatasetDetail(
            **dict(summary(dataset)), profile=tuple(self._profile(dataset)), changes=schema_changes(tables)
        )

    def rows(self, upload_id: str, index: int, *, offset: int, limit: int) -> bytes:
        """Return the JSON of a page of one table of an upload, in file order; raises NotFound."""
        head = self._uploads.head(upload_id).head
        tables = self._tables(head)
        if not 0 <= index < len(tables):
            raise NotFound("This upload has no table of that number.")
        table = tables[index]
        key = self._uploads.reading_key(upload_id, head.generation, table.rows_file)
        path = self._uploads.objects.local_path(key)
        return self._page(view_of_file(path, columns=table.columns, rows=table.rows), offset, limit)

    def dataset_rows(self, name: str, *, offset: int, limit: int) -> bytes:
        """Return the JSON of a page of a dataset, upload by upload in the order they came; raises NotFound."""
        return self._page(self._view(self.dataset(name)), offset, limit)

    def export(self, name: str, file_format: ExportFormat) -> Path:
        """Write a whole dataset to a file alone in a scratch folder, which is the caller's to remove."""
        return self._exported(self._view(self.dataset(name)), file_format)

    def rejects(self, upload_id: str, file_format: RejectsFormat, words: RejectWords) -> Path:
        """Write what is not in an upload's tables, and why, as `export` does.

        CSV has the delimiter of the sent file, or else the one that goes with the reader's language.
        """
        head = self._uploads.head(upload_id).head
        tables = self._tables(head)
        rejected = []
        for table in tables:
            if table.rejects_file:
                key = self._uploads.reading_key(upload_id, head.generation, table.rejects_file)
                path = str(self._uploads.objects.local_path(key))
                rejected.append(
                    RejectedTable(index=table.index, name=table.name, columns=_sent_columns(table), path=path)
                )
        named = (guess.value for table in tables for guess in table.guesses if guess.what == "delimiter")
        delimiter = SPREADSHEET_DELIMITERS.get(str(next(named, "")), words.delimiter)
        return self._in_scratch(
            "eduscale.warehouse.rejects:export_rejects",
            f"rejects.{file_format}",
            lambda path: RejectsTask(
                tables=tuple(rejected), words=words, delimiter=delimiter, format=file_format, path=path
            ),
        )

    def _exported(self, view: View, file_format: ExportFormat) -> Path:
        return self._in_scratch(
            "eduscale.warehouse.export:export",
            f"export.{file_format}",
            lambda path: ExportTask(view=view, format=file_format, path=path),
        )

    def _in_scratch(self, function: str, filename: str, task_for: Callable[[str], Model]) -> Path:
        """Let a child write a file, alone in a scratch folder."""
        folder = self._uploads.objects.scratch()
        path = folder / filename
        try:
            self._sandbox.run(
                function, task_for(str(path)).model_dump_json().encode(), deadline_s=self._export_timeout_s
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return path

    def _tables(self, head: Head) -> tuple[StoredTable, ...]:
        if head.state != "loaded":
            raise NotFound(f"This upload has no rows: it is {head.state}.")
        return self._uploads.receipt(head.upload.upload_id, head.generation).tables

    def dataset(self, name: str) -> Dataset:
        """Return a dataset as the catalogue knows it; raises NotFound."""
        found = self._catalogue.datasets().get(name)
        if found is None:
            raise NotFound("There is no dataset of that name.")
        return found

    def _view(self, dataset: Dataset) -> View:
        return view_of_dataset(dataset, local_path=self._uploads.objects.local_path)

    def _page(self, view: View, offset: int, limit: int) -> bytes:
        task = RowsTask(view=view, offset=offset, limit=min(limit, MAX_ROWS))
        return self._sandbox.run(
            "eduscale.warehouse.engine:rows", task.model_dump_json().encode(), deadline_s=self._timeout_s
        )

    def _profile(self, dataset: Dataset) -> Iterator[ColumnProfile]:
        view = self._view(dataset)
        names = [column.name for column in dataset.columns]
        for start in range(0, len(names), PROFILED_AT_ONCE):
            yield from self._profile_of(view, names[start : start + PROFILED_AT_ONCE])

    def _profile_of(self, view: View, names: Sequence[str]) -> Iterator[ColumnProfile]:
        counts = [f"count({quoted(name)}), approx_count_distinct({quoted(name)})" for name in names]
        task = QueryTask(
            sql=f"SELECT {', '.join(counts)} FROM {quoted(table_name(view.name))}",
            parameters={},
            views=(view,),
            pseudo_columns=(),
            max_rows=1,
            max_bytes=1024**2,
        )
        answer = self._sandbox.run(
            "eduscale.warehouse.engine:query", task.model_dump_json().encode(), deadline_s=self._timeout_s
        )
        (row,) = json.loads(answer)["rows"]
        for name, filled, distinct in zip(names, row[::2], row[1::2], strict=True):
            yield ColumnProfile(name=name, filled=int(filled), distinct=min(int(filled), int(distinct)))


def _sent_columns(table: StoredTable) -> tuple[tuple[str, str], ...]:
    """Return the names and labels of a table's columns as sent, those that hold nothing included."""
    columns = [(column.name, column.label) for column in table.columns if column.made_of is None]
    for place in table.blank_columns:
        columns.insert(place, ("", ""))
    return tuple(columns)
