"""Every URL of the service; reading this list is reading the API."""

from eduscale.api.router import Route
from eduscale.api.v1.routes_docs import DocsRoutes
from eduscale.api.v1.routes_health import Health, HealthRoutes, Ready
from eduscale.core.errors import Unavailable


def routes(health: HealthRoutes, docs: DocsRoutes) -> tuple[Route, ...]:
    """Return all routes, joined to what answers them."""
    return (
        Route("GET", "/health", health.health, "public", "Is the process alive?", response=Health),
        Route("GET", "/ready", health.ready, "public", "Can it work?", response=Ready, errors=(Unavailable,)),
        Route("GET", "/openapi.json", docs.openapi, "page:read", "This description, for programs"),
        Route("GET", "/docs", docs.docs, "page:read", "This description, for people", media_types=("text/html",)),
    )
