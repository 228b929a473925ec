"""A service of trial routes, for faults and bodies that no route of the real service shows at will.

functions-framework runs it as it runs main.py.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import flask
from pydantic import BaseModel

from eduscale.api.access import Access
from eduscale.api.app import Application
from eduscale.api.bodies import read_form, read_json, read_query
from eduscale.api.responses import json_response
from eduscale.api.router import Route, Router
from eduscale.core.config import Settings
from eduscale.core.errors import Busy
from eduscale.core.logging import setup_logging

os.environ.setdefault("THREADS", "8")
SECRET = "Anna Novotná 123456"
MAX_FORM_BYTES = 20_000_000


class Wish(BaseModel):
    sql: str
    numbers: dict[str, float] = {}


class Page(BaseModel):
    limit: int = 10


def echo(request: flask.Request, **values: object) -> flask.Response:
    return json_response({"values": values})


def form(request: flask.Request) -> flask.Response:
    with tempfile.TemporaryDirectory() as folder:
        sent = read_form(request, Path(folder), max_bytes=MAX_FORM_BYTES, text_fields=("region", "dataset"))
        files = [
            {"name": each.filename, "sha256": each.sha256, "bytes": each.size_bytes, "type": each.content_type}
            for each in sent.files
        ]
        return json_response({"fields": sent.fields, "files": files})


def wish(request: flask.Request) -> flask.Response:
    return json_response(read_json(request, Wish, 100_000))


def page(request: flask.Request) -> flask.Response:
    return json_response(read_query(request, Page))


def crash(request: flask.Request, kind: str) -> flask.Response:
    errors: dict[str, BaseException] = {
        "value": ValueError(SECRET),
        "exit": SystemExit(3),
        "interrupt": KeyboardInterrupt(),
        "busy": Busy(retry_after_s=7),
    }
    if kind == "chain":
        try:
            int(SECRET)
        except ValueError as error:
            raise RuntimeError(SECRET) from error
    if kind == "abort":
        flask.abort(418)
    raise errors[kind]


def stream(request: flask.Request, kind: str) -> flask.Response:
    def rows() -> Iterator[bytes]:
        for _ in range(10):
            yield b"0123456789"
        if kind == "broken":
            raise ValueError(SECRET)
        if kind == "exit":
            sys.exit(3)

    return flask.Response(rows(), mimetype="text/plain")


def make(settings: Settings) -> Application:
    router = Router(
        (
            Route("GET", "/health", echo, "public", "Health"),
            Route("GET", "/things", echo, "dataset:read", "Things"),
            Route("POST", "/things", echo, "upload:write", "Add"),
            Route("GET", "/things/<name>", echo, "dataset:read", "One"),
            Route("PATCH", "/things/<name>", echo, "upload:write", "Change"),
            Route("PUT", "/things/first", echo, "upload:write", "Put"),
            Route("GET", "/things/<int:index>/rows", echo, "dataset:read", "Rows"),
            Route("POST", "/form", form, "upload:write", "Form", max_body_bytes=MAX_FORM_BYTES),
            Route("POST", "/wish", wish, "query:run", "Wish"),
            Route("GET", "/page", page, "query:run", "Page"),
            Route("GET", "/crash/<kind>", crash, "query:run", "Crash"),
            Route("GET", "/stream/<kind>", stream, "query:run", "Stream"),
        )
    )
    access = Access(settings)
    return Application(
        router,
        access,
        max_body_bytes=settings.max_request_bytes,
        project_id=settings.gcp_project_id,
        at_first_answer=access.announce,
    )


_lock = threading.Lock()
_made: list[Application] = []


def app(request: flask.Request) -> flask.typing.ResponseReturnValue:
    with _lock:
        if not _made:
            settings = Settings(_env_file=None)
            setup_logging(settings)
            _made.append(make(settings))
    return _made[0](request)
