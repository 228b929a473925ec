"""Datasets over HTTP: what there is, rows and exports."""

import os
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field
from werkzeug import Request, Response
from werkzeug.wsgi import FileWrapper

from eduscale.api.bodies import read_query
from eduscale.api.responses import JSON, json_response
from eduscale.api.v1.routes_upload import RowsQuery
from eduscale.models.base import Model
from eduscale.models.dataset import DatasetPage
from eduscale.query.tables import TableService

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
CHUNK_BYTES = 256 * 1024


class DatasetsQuery(Model):
    """Which datasets to list, in order of name."""

    limit: int = Field(default=100, ge=1, le=1000)
    cursor: str | None = None


class ExportQuery(Model):
    """The file format of an export."""

    format: Literal["csv", "xlsx", "parquet", "json"] = "csv"


class DatasetHandlers:
    """The handlers of `/api/v1/datasets`."""

    def __init__(self, tables: TableService) -> None:
        self._tables = tables

    def list(self, request: Request) -> Response:
        """List datasets by name."""
        query = read_query(request, DatasetsQuery)
        items, more = self._tables.datasets(after=query.cursor, limit=query.limit)
        return json_response(DatasetPage(items=items, next_cursor=items[-1].name if more else None))

    def show(self, request: Request, name: str) -> Response:
        """Describe one dataset."""
        return json_response(self._tables.describe(name))

    def rows(self, request: Request, name: str) -> Response:
        """Return rows of a dataset, upload by upload in the order they came."""
        query = read_query(request, RowsQuery)
        page = self._tables.dataset_rows(name, offset=query.offset, limit=query.limit)
        return Response(page, mimetype=JSON)

    def export(self, request: Request, name: str) -> Response:
        """Return a whole dataset as a file."""
        file_format = read_query(request, ExportQuery).format
        file = _opened_once(self._tables.export(name, file_format))
        response = Response(FileWrapper(file, CHUNK_BYTES), content_type=MEDIA_TYPES[file_format])
        response.content_length = os.fstat(file.fileno()).st_size
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.{file_format}"'
        return response


def _opened_once(path: Path) -> BinaryIO:
    """Open a finished export and remove it from its folder, so that nothing is left however the sending ends."""
    file = path.open("rb")
    path.unlink()
    path.parent.rmdir()
    return file
