"""From a request line to a route: every URL is one `Route` in one list, matched by one werkzeug `Map`.

A path that stands in the list as it is needs no matching; it is looked up.

`/robots.txt`, `/favicon.ico` and all below `/static/` never arrive here: functions-framework answers the first two
itself, and Flask, which it is built on, looks for a folder `static` beside main.py. All are an HTML 404.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel
from werkzeug import Response
from werkzeug import exceptions as http
from werkzeug.routing import Map, Rule

from eduscale.api.access import Permission
from eduscale.core.errors import EduscaleError, MethodNotAllowed, NotFound, RequestError

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handler = Callable[..., Response]
"""Called as `handler(request, **path_values)`."""

# An encoded slash is part of its segment. While werkzeug splits the path at slashes it is written as this lone
# surrogate, which no valid UTF-8 decodes to, and turned back in the values.
_SLASH_IN_SEGMENT = "\ud800"

_NOTHING_HERE = "There is nothing under this address"

PATH_VALUE = re.compile(r"<(?:([a-z]+)(?:\([^)]*\))?:)?([a-z_]+)>")
"""A value in a pattern: its converter, if any, and its name."""


@dataclass(frozen=True, kw_only=True)
class FormFields:
    """The fields of a multipart body: files, and texts with what each means."""

    files: tuple[str, ...] = ()
    texts: Mapping[str, str]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Route:
    """One method of one URL: who may call it, what it reads and what it answers.

    `pattern` is werkzeug's (`/uploads/<upload_id>`, `<int:index>`); GET brings HEAD with it. A body over
    `max_body_bytes` (0: over MAX_REQUEST_BYTES) is refused as soon as its length is known or passed.
    """

    method: Method
    pattern: str
    handler: Handler
    permission: Permission
    summary: str
    tag: str = "service"
    query: type[BaseModel] | None = None
    body: type[BaseModel] | FormFields | None = None
    response: type[BaseModel] | None = None
    status: int = 200
    media_types: tuple[str, ...] = ("application/json",)
    events: str = ""
    """What the events are that it streams to who asks for them, if it does."""
    errors: tuple[type[EduscaleError], ...] = ()
    max_body_bytes: int = 0

    @cached_property
    def template(self) -> str:
        """The pattern as OpenAPI and the log write it: `/uploads/{upload_id}`."""
        return PATH_VALUE.sub(r"{\2}", self.pattern)


class Match(NamedTuple):
    """What a request line leads to: the route of its method if there is one, and the methods that there are."""

    route: Route | None
    values: Mapping[str, Any]
    allowed: tuple[str, ...]
    routes: tuple[Route, ...]
    """Every route of that path, whatever its method."""


class Router:
    """All routes, bound once; matching is thread-safe."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        rules = [Rule(route.pattern, methods=[route.method], endpoint=route) for route in self.routes]
        self._map = Map(rules, strict_slashes=False, merge_slashes=False, redirect_defaults=False)
        self._adapter = self._map.bind("")
        # What the map would find for a path without values, which it prefers to one with values.
        self._literal: dict[tuple[str, str], Match] = {}
        for route in self.routes:
            if "<" not in route.pattern:
                for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
                    self._literal.setdefault((method, route.pattern), Match(route, {}, (), (route,)))

    def match(self, environ: Mapping[str, Any]) -> Match:
        """Find the route of a WSGI request; raises NotFound, or RequestError (400) for a broken path."""
        path = request_path(environ)
        if path.startswith("//"):  # werkzeug would drop all slashes but one
            raise NotFound(_NOTHING_HERE)
        method = environ["REQUEST_METHOD"]
        literal = self._literal.get((method, path))
        if literal is not None:
            return literal
        try:
            route, values = self._adapter.match(path, method=method)
        except http.MethodNotAllowed as error:
            methods = tuple(error.valid_methods or ())
            found = tuple(self._adapter.match(path, method=each)[0] for each in methods if each != "HEAD")
            return Match(None, {}, tuple(sorted({*methods, "OPTIONS"})), found)
        except http.NotFound:
            raise NotFound(_NOTHING_HERE) from None
        if _SLASH_IN_SEGMENT in path:
            values = {name: _with_slashes(value) for name, value in values.items()}
        return Match(route, values, (), (route,))


def method_not_allowed(match: Match) -> MethodNotAllowed:
    """Return the 405 of a path that exists, naming the union of the methods of all routes that match it."""
    return MethodNotAllowed(f"This address answers {', '.join(match.allowed)} only", allowed=match.allowed)


def request_path(environ: Mapping[str, Any]) -> str:
    """Return the decoded path of the request line, segment by segment, in which `%2F` is no separator.

    WSGI's PATH_INFO is decoded already and cannot tell `/a%2Fb` from `/a/b`, so the raw target is read where the
    server passes it on. Raises RequestError when a percent sign or the UTF-8 behind it is broken.
    """
    target: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if not target:
        return str(environ.get("PATH_INFO", "/")).encode("latin-1").decode("utf-8", "replace")
    path = target.partition("?")[0]
    if not path.startswith("/"):  # absolute form: http://host/path
        _, authority, rest = path.partition("://")
        path = "/" + rest.partition("/")[2] if authority else "/" + path
    if path.isascii() and "%" not in path:
        return path
    return "/".join([_decoded(segment) for segment in path.split("/")])


def _decoded(segment: str) -> str:
    raw = segment.encode("latin-1", "replace")
    if any(len(part) < 2 or not _is_hex(part[:2]) for part in raw.split(b"%")[1:]):
        raise RequestError("The address holds a percent sign that is not followed by two hexadecimal digits")
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise RequestError("The address is not valid UTF-8") from None
    return text.replace("/", _SLASH_IN_SEGMENT)


def _is_hex(pair: bytes) -> bool:
    return all(byte in b"0123456789abcdefABCDEF" for byte in pair)


def _with_slashes(value: object) -> object:
    return value.replace(_SLASH_IN_SEGMENT, "/") if isinstance(value, str) else value
