"""The description of the API: for programs (OpenAPI) and for people (a page)."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from flask import Response
from pydantic_core import to_json
from werkzeug import Request

from eduscale.api.openapi import docs_page, openapi_document
from eduscale.api.responses import JSON
from eduscale.api.router import Route
from eduscale.core.config import Settings

DOCS_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class DocsRoutes:
    """Answers with the description, made from the route table when it is first asked for."""

    def __init__(self, settings: Settings, routes: Callable[[], tuple[Route, ...]]) -> None:
        self._settings = settings
        self._routes = routes

    @cached_property
    def _document(self) -> dict[str, Any]:
        return openapi_document(self._routes(), self._settings.service_name, self._settings.service_version)

    @cached_property
    def _json(self) -> bytes:
        return to_json(self._document)

    @cached_property
    def _page(self) -> str:
        return docs_page(self._document)

    def openapi(self, request: Request) -> Response:
        """Return the OpenAPI document."""
        return Response(self._json, mimetype=JSON)

    def docs(self, request: Request) -> Response:
        """Return the page."""
        return Response(self._page, mimetype="text/html", headers={"Content-Security-Policy": DOCS_POLICY})
