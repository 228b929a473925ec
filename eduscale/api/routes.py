"""Every URL of the service; reading this list is reading the API.

`/robots.txt` and `/favicon.ico` are not in it: functions-framework answers them itself.
"""

from dataclasses import dataclass

from eduscale.api.router import Route
from eduscale.api.v1.routes_datasets import DatasetHandlers, DatasetRows, DatasetsQuery, ExportQuery, RowsQuery
from eduscale.api.v1.routes_docs import DocsRoutes
from eduscale.api.v1.routes_health import Health, HealthRoutes, Ready
from eduscale.api.v1.routes_page import PageHandlers
from eduscale.api.v1.routes_query import QueryHandlers
from eduscale.api.v1.routes_upload import (
    CHANGE_EVENTS,
    SEND,
    SEND_EVENTS,
    Change,
    RejectsQuery,
    UploadHandlers,
    UploadQuery,
)
from eduscale.core.errors import (
    BodyTooLarge,
    Busy,
    Conflict,
    DeadlineExceeded,
    FileSizeExceeded,
    InvalidField,
    MalformedBody,
    MemoryExceeded,
    NotFound,
    QueryFailed,
    QueryRefused,
    StorageFull,
    Unavailable,
    UnsupportedMediaType,
)
from eduscale.models.dataset import DatasetDetail, DatasetPage
from eduscale.models.query import QueryAnswer, QueryRequest
from eduscale.models.upload import Receipt, TableRows, UploadPage, Uploads

HTML = ("text/html",)
FILES = ("text/css", "text/javascript", "image/svg+xml")
SPREADSHEETS = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
EXPORTS = (*SPREADSHEETS, "application/vnd.apache.parquet", "application/json")
UPLOAD = "/api/v1/uploads/<upload_id>"
DATASET = "/api/v1/datasets/<name>"

BODY = (MalformedBody, BodyTooLarge, UnsupportedMediaType, InvalidField)
CHILD = (Busy, DeadlineExceeded, MemoryExceeded, FileSizeExceeded)


@dataclass(frozen=True)
class Handlers:
    """What answers the routes."""

    health: HealthRoutes
    docs: DocsRoutes
    page: PageHandlers
    uploads: UploadHandlers
    datasets: DatasetHandlers
    query: QueryHandlers


def routes(on: Handlers, *, max_upload_bytes: int) -> tuple[Route, ...]:
    """Return all routes, joined to what answers them."""
    return (
        Route("GET", "/health", on.health.health, "public", "Is the process alive?", response=Health),
        Route("GET", "/ready", on.health.ready, "public", "Can it work?", response=Ready, errors=(Unavailable,)),
        Route("GET", "/openapi.json", on.docs.openapi, "page:read", "This description, for programs"),
        Route("GET", "/docs", on.docs.docs, "page:read", "This description, for people", media_types=HTML),
        Route("GET", "/", on.page.page, "page:read", "The page", "page", media_types=HTML),
        Route("GET", "/assets/<name>", on.page.static, "page:read", "A page's file", "page", media_types=FILES),
        Route("GET", "/samples", on.page.samples, "page:read", "The sample files", "page"),
        Route("GET", "/samples/<name>", on.page.sample, "page:read", "A sample", "page", media_types=SPREADSHEETS),
        Route(
            "POST", "/api/v1/uploads", on.uploads.send, "upload:write",
            "Send files: 201 when any is new, 200 when all were in already, 422 when none can be read", "uploads",
            body=SEND, response=Uploads, status=201, events=SEND_EVENTS, errors=(*BODY, Busy, StorageFull),
            max_body_bytes=max_upload_bytes,
        ),
        Route(
            "GET", "/api/v1/uploads", on.uploads.list, "upload:read", "Uploads, newest first", "uploads",
            query=UploadQuery, response=UploadPage, errors=(InvalidField,),
        ),
        Route(
            "GET", UPLOAD, on.uploads.show, "upload:read", "One receipt", "uploads",
            response=Receipt, errors=(NotFound,),
        ),
        Route(
            "PATCH", UPLOAD, on.uploads.change, "upload:write",
            "Correct guesses, for later files of the sender and layout too, or decide which of two uploads counts",
            "uploads", body=Change, response=Receipt, events=CHANGE_EVENTS,
            errors=(*BODY, NotFound, Conflict, Busy, StorageFull),
        ),
        Route(
            "DELETE", UPLOAD, on.uploads.undo, "upload:write", "Undo an upload, however often asked", "uploads",
            response=Receipt, errors=(NotFound,),
        ),
        Route(
            "DELETE", f"{UPLOAD}/corrections", on.uploads.forget_corrections, "upload:write",
            "Forget all corrections for files of this sender and layout, and read the file again", "uploads",
            response=Receipt, events=CHANGE_EVENTS, errors=(NotFound, InvalidField, Conflict, Busy, StorageFull),
        ),
        Route(
            "GET", f"{UPLOAD}/tables/<int:index>/rows", on.uploads.rows, "upload:read",
            "Rows of one table, in file order", "uploads",
            query=RowsQuery, response=TableRows, errors=(NotFound, InvalidField, *CHILD),
        ),
        Route(
            "GET", f"{UPLOAD}/rejects", on.uploads.rejects, "upload:read",
            "What was left out, set aside or blanked, line by line", "uploads",
            query=RejectsQuery, media_types=(*SPREADSHEETS, "application/json"),
            errors=(NotFound, InvalidField, StorageFull, *CHILD),
        ),
        Route(
            "GET", "/api/v1/datasets", on.datasets.list, "dataset:read", "Datasets by name", "datasets",
            query=DatasetsQuery, response=DatasetPage, errors=(InvalidField,),
        ),
        Route(
            "GET", DATASET, on.datasets.show, "dataset:read", "One dataset and its profile", "datasets",
            response=DatasetDetail, errors=(NotFound, *CHILD),
        ),
        Route(
            "GET", f"{DATASET}/rows", on.datasets.rows, "dataset:read", "Rows, upload by upload", "datasets",
            query=RowsQuery, response=DatasetRows, errors=(NotFound, InvalidField, *CHILD),
        ),
        Route(
            "GET", f"{DATASET}/export", on.datasets.export, "dataset:read", "The whole dataset", "datasets",
            query=ExportQuery, media_types=EXPORTS, errors=(NotFound, InvalidField, StorageFull, *CHILD),
        ),
        Route(
            "POST", "/api/v1/query", on.query.answer, "query:run", "Ask one read-only SELECT", "query",
            body=QueryRequest, response=QueryAnswer, errors=(*BODY, QueryRefused, QueryFailed, *CHILD),
        ),
    )  # fmt: skip
