"""The one place where parts are chosen and joined."""

from eduscale.api.access import Access
from eduscale.api.app import Application
from eduscale.api.router import Route, Router
from eduscale.api.routes import Handlers, routes
from eduscale.api.v1.routes_datasets import DatasetHandlers
from eduscale.api.v1.routes_docs import DocsRoutes
from eduscale.api.v1.routes_health import HealthRoutes
from eduscale.api.v1.routes_page import PageHandlers
from eduscale.api.v1.routes_query import QueryHandlers
from eduscale.api.v1.routes_upload import UploadHandlers
from eduscale.core.config import Settings
from eduscale.core.logging import setup_logging
from eduscale.core.sandbox import Sandbox
from eduscale.ingest.uploads import UploadService
from eduscale.models.reading import ReadLimits
from eduscale.query.run import QueryService
from eduscale.query.tables import TableService
from eduscale.storage.local import LocalFolder
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.catalogue import Catalogue

CHILD_MODULES = (
    "eduscale.ingest.tabular",
    "eduscale.warehouse.engine",
    "eduscale.warehouse.export",
    "eduscale.warehouse.comparison",
)
"""What runs in children: loaded once by the process that forks them, never by this one."""


def create_app(settings: Settings) -> Application:
    """Return the application that these settings describe, with logging set up."""
    setup_logging(settings)
    access = Access(settings)
    objects = LocalFolder(settings.data_dir)
    uploads = UploadStore(objects)
    catalogue = Catalogue(uploads)
    sandbox = Sandbox(
        memory_bytes=settings.sandbox_memory_bytes,
        processes=settings.sandbox_processes,
        queue=settings.sandbox_queue,
        preload=CHILD_MODULES,
        file_bytes=settings.sandbox_file_bytes,
    )
    upload_service = UploadService(
        uploads=uploads,
        catalogue=catalogue,
        sandbox=sandbox,
        read_timeout_s=settings.read_timeout_s,
        patience_s=settings.upload_patience_s,
        memory_bytes=settings.sandbox_memory_bytes,
        limits=ReadLimits(
            unpacked_bytes=settings.max_unpacked_bytes,
            entries=settings.max_entries,
            sheets=settings.max_sheets,
            columns=settings.max_columns,
            cells=settings.max_cells,
            field_length=settings.max_field_length,
            line_bytes=settings.max_line_bytes,
        ),
    )
    tables = TableService(
        uploads=uploads,
        catalogue=catalogue,
        sandbox=sandbox,
        timeout_s=settings.query_timeout_s,
        export_timeout_s=settings.export_timeout_s,
    )
    query = QueryService(
        catalogue=catalogue.datasets,
        local_path=objects.local_path,
        sandbox=sandbox,
        timeout_s=settings.query_timeout_s,
        max_rows=settings.query_max_rows,
    )
    table: tuple[Route, ...] = ()
    handlers = Handlers(
        health=HealthRoutes(settings, checks={"storage": objects.ping, "warehouse": catalogue.datasets}),
        docs=DocsRoutes(settings, lambda: table),
        page=PageHandlers(),
        uploads=UploadHandlers(
            upload_service, tables, scratch=objects.scratch, max_bytes=settings.max_upload_bytes
        ),
        datasets=DatasetHandlers(tables),
        query=QueryHandlers(query, max_bytes=settings.max_request_bytes),
    )

    def at_first_answer() -> None:
        access.announce()
        objects.sweep()

    table = routes(handlers, max_upload_bytes=settings.max_upload_bytes)
    return Application(
        Router(table),
        access,
        max_body_bytes=settings.max_request_bytes,
        project_id=settings.gcp_project_id,
        at_first_answer=at_first_answer,
    )
