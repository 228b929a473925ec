"""The one place where parts are chosen and joined."""

from eduscale.api.access import Access
from eduscale.api.app import Application
from eduscale.api.router import Route, Router
from eduscale.api.routes import routes
from eduscale.api.v1.routes_docs import DocsRoutes
from eduscale.api.v1.routes_health import HealthRoutes
from eduscale.core.config import Settings
from eduscale.core.logging import setup_logging


def create_app(settings: Settings) -> Application:
    """Return the application that these settings describe, with logging set up."""
    setup_logging(settings)
    access = Access(settings)
    health = HealthRoutes(settings, checks={})
    table: tuple[Route, ...] = ()
    docs = DocsRoutes(settings, lambda: table)
    table = routes(health, docs)
    return Application(
        Router(table),
        access,
        max_body_bytes=settings.max_request_bytes,
        project_id=settings.gcp_project_id,
        at_first_answer=access.announce,
    )
