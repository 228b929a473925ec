"""From a request to an answer: the outermost boundary, where every failure becomes a problem and a log line."""

import errno
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response
from werkzeug import Request
from werkzeug.wrappers import Response as AnyResponse

from eduscale.api.access import Access
from eduscale.api.bodies import Body, take_body
from eduscale.api.language import language_of
from eduscale.api.problems import is_unexpected, problem_response
from eduscale.api.responses import SECURITY_HEADERS
from eduscale.api.router import Route, Router, method_not_allowed
from eduscale.core.errors import RequestError
from eduscale.core.logging import RequestScope, parse_trace, request_scope

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_WARNED_STATUSES = frozenset({401, 403, 413, 429})


class Application:
    """Answers requests, any number of threads at once.

    `at_first_answer` is called once, when the first answer has been sent: for what need not hold it up.
    """

    def __init__(
        self,
        router: Router,
        access: Access,
        *,
        max_body_bytes: int,
        project_id: str | None = None,
        at_first_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self._router = router
        self._access = access
        self._max_body_bytes = max_body_bytes
        self._project_id = project_id
        self._at_first_answer = at_first_answer
        self._first = threading.Lock()
        self._has_answered = False

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route that it answers."""
        return self._router.routes

    def __call__(self, request: Request) -> AnyResponse:
        """Answer a request; whatever happens inside, SystemExit too, ends here."""
        environ = request.environ
        sent_id = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = sent_id if _REQUEST_ID.fullmatch(sent_id) else f"{random.getrandbits(128):032x}"
        trace = parse_trace(
            environ.get("HTTP_TRACEPARENT"), environ.get("HTTP_X_CLOUD_TRACE_CONTEXT"), self._project_id
        )
        scope = RequestScope(request_id, trace)
        request_scope.set(scope)
        exchange = _Exchange(environ, scope)
        try:
            exchange.body = take_body(request)
            response = self._answer(request, exchange)
        except BaseException as error:  # noqa: BLE001  # on SystemExit functions-framework would stop the server
            response = problem_response(error, request_id, language_of(request))
            if is_unexpected(error):
                exchange.log_failure(error)
        headers = response.headers
        present = {name.lower() for name, _ in headers}
        headers.add("X-Request-Id", request_id)
        for name, value in SECURITY_HEADERS.items():
            if name.lower() not in present:
                headers.add(name, value)
        exchange.watch(response)
        response.call_on_close(lambda: self._finish(exchange))
        return response

    def _answer(self, request: Request, exchange: "_Exchange") -> AnyResponse:
        try:
            match = self._router.match(request.environ)
        except RequestError:
            self._access.check(())
            raise
        exchange.route = match.routes[0].template
        self._access.check(match.routes)
        if match.route is None:
            if exchange.method == "OPTIONS":
                return Response(status=204, headers={"Allow": ", ".join(match.allowed)})
            raise method_not_allowed(match)
        if exchange.body is not None:
            exchange.body.limit(match.route.max_body_bytes or self._max_body_bytes)
        return match.route.handler(request, **match.values)

    def _finish(self, exchange: "_Exchange") -> None:
        """Once the answer has left: read away what the client is still sending, and write the request's line."""
        latency_s = time.perf_counter() - exchange.started
        if exchange.body is not None:
            exchange.body.drain()
        if not self._has_answered:
            with self._first:
                is_first, self._has_answered = not self._has_answered, True
            if is_first:
                self._at_first_answer()
        request_scope.set(exchange.scope)
        exchange.log_line(latency_s)
        request_scope.set(None)


class _Exchange:
    """One request and its answer, for the log."""

    __slots__ = ("body", "bytes_out", "environ", "method", "route", "scope", "started", "status")

    def __init__(self, environ: dict[str, Any], scope: RequestScope) -> None:
        self.started = time.perf_counter()
        self.environ = environ
        self.scope = scope
        method = environ["REQUEST_METHOD"]
        self.method: str = method if method in _METHODS else "(other)"
        self.route = "(none)"
        self.body: Body | None = None
        self.status = 500
        self.bytes_out = 0

    def watch(self, response: AnyResponse) -> None:
        """Note the status and length of an answer; a streamed one is counted as it leaves."""
        self.status = response.status_code
        if not response.is_sequence:
            response.direct_passthrough = False  # else the server would send the file past the count and this line
            response.response = _Watched(response.response, self)
        elif self.method != "HEAD":
            self.bytes_out = response.content_length or response.calculate_content_length() or 0

    def log_failure(self, error: BaseException) -> None:
        """Write the line of an unexpected error, with its stack trace."""
        log.error("%s in %s %s", type(error).__name__, self.method, self.route, exc_info=error)

    def log_line(self, latency_s: float) -> None:
        """Write the line of the request: 5xx is an ERROR; 401, 403, 413 and 429 a WARNING; the rest INFO."""
        status = self.status
        level = logging.INFO
        if status >= 500:
            level = logging.ERROR
        elif status in _WARNED_STATUSES:
            level = logging.WARNING
        if not log.isEnabledFor(level):
            return
        bytes_in = self.body.received_bytes if self.body is not None else 0
        source = _Exchange.log_line.__code__
        record = log.makeRecord(  # as log.log does, without walking the stack for a place that is known
            log.name,
            level,
            source.co_filename,
            source.co_firstlineno,
            "%s %s %d %.1f ms",
            (self.method, self.route, status, latency_s * 1000),
            None,
            source.co_name,
            {
                "json_fields": {
                    "method": self.method,
                    "route": self.route,
                    "status": status,
                    "latency_ms": round(latency_s * 1000, 3),
                    "bytes_in": bytes_in,
                    "bytes_out": self.bytes_out,
                },
                "http_request": {
                    "requestMethod": self.method,
                    "requestUrl": self.route,
                    "status": status,
                    "latency": f"{latency_s:.6f}s",
                    "requestSize": str(bytes_in),
                    "responseSize": str(self.bytes_out),
                    "protocol": self.environ.get("SERVER_PROTOCOL", ""),
                },
            },
        )
        log.handle(record)


class _Watched:
    """A streamed answer: counted, and a failure in it logged before the connection is cut.

    The status has left by then, so only a connection that breaks tells the client that the answer is not whole.
    """

    def __init__(self, source: Iterable[bytes] | Iterable[str], exchange: _Exchange) -> None:
        self._source = source
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            for item in self._source:
                data = item.encode() if isinstance(item, str) else item
                self._exchange.bytes_out += len(data)
                yield data
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  # as above
            self._exchange.status = 500
            self._exchange.log_failure(error)
            raise ConnectionResetError(errno.ECONNRESET, "the answer broke off") from None

    def close(self) -> None:
        """Close what makes the answer."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()
