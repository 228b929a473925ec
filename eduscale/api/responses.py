"""What a handler answers with."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json

JSON = "application/json"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every response, unless the handler set the same header itself."""


def with_fields(body: bytes, **fields: Any) -> bytes:
    """Return the JSON of an object, which is not empty, with fields added at its end."""
    return body.rstrip()[:-1] + b"," + to_json(fields)[1:]


def json_response(
    payload: BaseModel | Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a payload as UTF-8 JSON."""
    return Response(to_json(payload), status, headers, mimetype=JSON)
