"""Datasets over HTTP: what there is, rows and exports."""

import os
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from pydantic import Field
from werkzeug import Request, Response
from werkzeug.wsgi import FileWrapper

from eduscale.api.bodies import read_query
from eduscale.api.language import language_of
from eduscale.api.responses import JSON, json_response, with_fields
from eduscale.ingest.receipts import warnings_of
from eduscale.models.base import Model
from eduscale.models.dataset import DatasetPage, DatasetSummary
from eduscale.models.overlap import DatasetWarning
from eduscale.models.upload import TableRows
from eduscale.query.tables import TableService

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
CHUNK_BYTES = 256 * 1024
COUNTED_TWICE = "Rows-Counted-Twice"
"""The header of an export some of whose rows two files hold, while nobody has decided which counts."""

Described = TypeVar("Described", bound=DatasetSummary)


class RowsQuery(Model):
    """Which rows to return, in file order."""

    offset: int = Field(default=0, ge=0, le=2**53)
    limit: int = Field(default=100, ge=1, description="at most 10,000 are returned at once")


class DatasetsQuery(Model):
    """Which datasets to list, in order of name."""

    limit: int = Field(default=100, ge=1, le=1000)
    cursor: str | None = None


class ExportQuery(Model):
    """The file format of an export."""

    format: Literal["csv", "xlsx", "parquet", "json"] = "csv"


class DatasetRows(TableRows):
    """Rows of a dataset, and what to know before trusting them."""

    warnings: tuple[DatasetWarning, ...]


class DatasetHandlers:
    """The handlers of `/api/v1/datasets`."""

    def __init__(self, tables: TableService) -> None:
        self._tables = tables

    def list(self, request: Request) -> Response:
        """List datasets by name."""
        query = read_query(request, DatasetsQuery)
        items, more = self._tables.datasets(after=query.cursor, limit=query.limit)
        warned = tuple(self._warned(item, request) for item in items)
        return json_response(DatasetPage(items=warned, next_cursor=items[-1].name if more else None))

    def show(self, request: Request, name: str) -> Response:
        """Describe one dataset."""
        return json_response(self._warned(self._tables.describe(name), request))

    def rows(self, request: Request, name: str) -> Response:
        """Return rows of a dataset, upload by upload in the order they came."""
        query = read_query(request, RowsQuery)
        page = self._tables.dataset_rows(name, offset=query.offset, limit=query.limit)
        return Response(with_fields(page, warnings=self._warnings(name, request)), mimetype=JSON)

    def export(self, request: Request, name: str) -> Response:
        """Return a whole dataset as a file; a header says how many of its rows count twice."""
        file_format = read_query(request, ExportQuery).format
        warnings = self._warnings(name, request)
        response = file_response(self._tables.export(name, file_format), f"{name}.{file_format}")
        if warnings:
            response.headers[COUNTED_TWICE] = str(sum(warning.rows for warning in warnings))
        return response

    def _warned(self, described: Described, request: Request) -> Described:
        return described.model_copy(update={"warnings": self._warnings(described.name, request)})

    def _warnings(self, name: str, request: Request) -> tuple[DatasetWarning, ...]:
        return warnings_of([self._tables.dataset(name)], language_of(request))


def file_response(path: Path, filename: str) -> Response:
    """Return a finished export as a file to save, streamed; the file at `path` is gone afterwards."""
    file = _opened_once(path)
    response = Response(FileWrapper(file, CHUNK_BYTES), content_type=MEDIA_TYPES[path.suffix.removeprefix(".")])
    response.content_length = os.fstat(file.fileno()).st_size
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _opened_once(path: Path) -> BinaryIO:
    """Open a finished export and remove it from its folder, so that nothing is left however the sending ends."""
    file = path.open("rb")
    path.unlink()
    path.parent.rmdir()
    return file
