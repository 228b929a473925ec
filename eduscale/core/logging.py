"""Log lines: Cloud Logging's JSON on stdout, or readable lines for a person at a terminal.

google-cloud-logging's StructuredLogHandler writes the JSON. Importing it takes longer than the rest of the
start, so it is made when the first line is written. It is handed records on which everything is settled already,
because what it would infer itself is not for our log: the full URL with the query string, a message that starts
with `{` as the whole payload, headers as they came. A record may carry `json_fields` and `http_request`.

No cell value, no filename and no personal name belongs in a line. Exceptions that are not ours keep type and
frames and lose their message, and lines of libraries lose their arguments: both may quote what somebody sent.
"""

import contextlib
import copy
import json
import logging
import re
import sys
import threading
import traceback
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from eduscale.core.config import Settings, load_settings
from eduscale.core.errors import EduscaleError

OURS = "eduscale"
_ROOT = f"{Path(__file__).parents[2]}/"
_PACKAGES = f"{sys.prefix}/"
ERROR_EVENT = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_CLOUD_TRACE = re.compile(r"(?!0{32})([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([0-9]))?")


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a request belongs in a distributed trace; `trace` is a resource name where the project is known."""

    trace: str = ""
    span_id: str = ""
    is_sampled: bool = False


NO_TRACE = Trace()

_LOST = '{"severity": "ERROR", "message": "A log line could not be written"}\n'


def parse_trace(traceparent: str | None, cloud_trace_context: str | None, project_id: str | None) -> Trace:
    """Read W3C's `traceparent`, else `X-Cloud-Trace-Context`; what is not of exactly their form is no trace."""
    if traceparent and (match := _TRACEPARENT.fullmatch(traceparent)):
        trace_id, span_id = match[1], match[2]
        is_sampled = bool(int(match[3], 16) & 1)
    elif cloud_trace_context and (match := _CLOUD_TRACE.fullmatch(cloud_trace_context)):
        span = int(match[2] or 0)
        trace_id, span_id = match[1].lower(), f"{span:016x}" if 0 < span < 2**64 else ""
        is_sampled = match[3] == "1"
    else:
        return NO_TRACE
    return Trace(f"projects/{project_id}/traces/{trace_id}" if project_id else trace_id, span_id, is_sampled)


@dataclass(frozen=True, slots=True)
class RequestScope:
    """What every line that is logged while a request is answered carries."""

    request_id: str
    trace: Trace


request_scope: ContextVar[RequestScope | None] = ContextVar("request_scope", default=None)


def setup_logging(settings: Settings | None = None) -> None:
    """Send every logger's lines to stdout: ours from LOG_LEVEL on, those of libraries from WARNING on.

    Of gunicorn only errors are kept: its warnings quote requests that it could not read, address and all.
    """
    settings = settings or load_settings()
    is_console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stdout.isatty())
    handler = ConsoleHandler(sys.stdout) if is_console else CloudHandler(settings, sys.stdout)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line names them
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, ConsoleHandler | CloudHandler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(settings.log_level)
    for name in ("gunicorn.error", "gunicorn.access", "werkzeug"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.ERROR if name.startswith("gunicorn") else logging.WARNING)


class ConsoleHandler(logging.StreamHandler[TextIO]):
    """Lines for a person: time, level, message, and the stack trace of an exception."""

    _formatter = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        plain = copy.copy(record)
        plain.msg, plain.args, plain.exc_info, plain.exc_text = message_of(record), None, None, None
        text = self._formatter.format(plain)
        error = _exception_of(record)
        return text if error is None else f"{text}\n{stack_trace(error)}"

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Say that a line is lost, without quoting it."""
        with contextlib.suppress(OSError, ValueError):
            self.stream.write("A log line could not be written\n")


class CloudHandler(logging.Handler):
    """Lines for Cloud Logging, formatted by a StructuredLogHandler that is made for the first of them.

    Threads format at the same time and never wait for each other: whichever finds nobody writing writes what all
    have left, in one go. With a lock around each line a request costs a third more.
    """

    def __init__(self, settings: Settings, stream: TextIO) -> None:
        super().__init__()
        self._project_id = settings.gcp_project_id
        self._service = {"service": settings.service_name, "version": settings.service_version}
        self._stream = stream
        self._structured: logging.Handler | None = None
        self._making = threading.Lock()
        self._waiting: deque[str] = deque()
        self._writing = threading.Lock()

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record, without the lock that handlers hold meanwhile."""
        is_wanted = bool(self.filter(record))
        if is_wanted:
            self.emit(record)
        return is_wanted

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one line of JSON."""
        try:
            structured = self._structured or self._make()
            self._waiting.append(structured.format(self._settled(record)) + "\n")
        except Exception:  # noqa: BLE001  # a line must never break the request that wrote it
            self._waiting.append(_LOST)
        while self._waiting and self._writing.acquire(blocking=False):
            try:
                self._write_waiting()
            finally:
                self._writing.release()

    def _write_waiting(self) -> None:
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        with contextlib.suppress(OSError, ValueError):  # nobody reads stdout any more, or it is closed
            self._stream.write("".join(lines))
            self._stream.flush()

    def _make(self) -> logging.Handler:
        with self._making:
            if self._structured is None:
                import google.cloud.logging_v2
                from google.cloud.logging_v2.handlers import StructuredLogHandler

                google.cloud.logging_v2._instrumentation_emitted = (
                    True  # else a line about the library comes first
                )
                self._structured = StructuredLogHandler(  # type: ignore[no-untyped-call]
                    stream=self._stream, project_id=self._project_id, json_encoder_cls=_the_encoder
                )
            return self._structured

    def _settled(self, record: logging.LogRecord) -> "_SettledRecord":
        """Return a record with every field set that StructuredLogHandler's format names.

        It goes past the handler's own filter, which would infer them from Flask's request.
        """
        scope = request_scope.get()
        fields = record.__dict__
        payload: dict[str, Any] = {**fields.get("json_fields", {}), "message": message_of(record)}
        trace = NO_TRACE
        if scope is not None:
            payload["request_id"] = scope.request_id
            trace = scope.trace
        error = _exception_of(record)
        if error is not None:
            payload |= {"@type": ERROR_EVENT, "stack_trace": stack_trace(error), "serviceContext": self._service}
        http_request = fields.get("http_request")
        return _SettledRecord(
            msg=payload,  # a mapping is written as it is; a text that looks like JSON would be parsed
            levelname=record.levelname,
            _trace_str=trace.trace,
            _span_id_str=trace.span_id,
            _trace_sampled_str="true" if trace.is_sampled else "false",
            _http_request_str=_dumps(http_request) if http_request else "{}",
            _source_location_str=_source_json(record.pathname, record.lineno, record.funcName),
            _labels_str=_labels_json(record.name),
        )


class _SettledRecord(logging.LogRecord):
    """The fields that StructuredLogHandler's format names and no others; copying a whole record costs more."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def getMessage(self) -> str:  # noqa: N802  # logging's name
        """Return nothing: the message is in the payload."""
        return ""


class SafeEncoder(json.JSONEncoder):
    """Encodes anything: what JSON cannot carry becomes the name of its type, and the line is kept."""

    def __init__(self) -> None:
        super().__init__(ensure_ascii=True, allow_nan=False)

    def encode(self, o: Any) -> str:
        """Return the JSON text of a value."""
        try:
            return super().encode(o)
        except (TypeError, ValueError, RecursionError):
            return super().encode(_plain(o))


_encoder = SafeEncoder()
_dumps = _encoder.encode


def _the_encoder(**options: Any) -> SafeEncoder:
    """Stand in for the encoder's class: json.dumps would make an encoder for each line."""
    return _encoder


@lru_cache(maxsize=1000)
def _source_json(file: str, line: int, function: str) -> str:
    return _dumps({"file": _within(file), "line": str(line), "function": function})


@lru_cache(maxsize=1000)
def _labels_json(logger_name: str) -> str:
    return _dumps({"python_logger": logger_name})


def _plain(value: Any, depth: int = 8) -> Any:
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if depth > 0 and isinstance(value, Mapping):
        return {str(_plain(key, 0)): _plain(each, depth - 1) for key, each in value.items()}
    if depth > 0 and isinstance(value, list | tuple):
        return [_plain(each, depth - 1) for each in value]
    return f"<{type(value).__name__}>"


def message_of(record: logging.LogRecord) -> str:
    """Return a record's message; that of a library without its arguments, which may quote a request."""
    template = str(record.msg)
    if not record.args or not is_ours(record.name):
        return template
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  # arguments that do not fit: better the bare text than no line
        return template


def is_ours(logger_name: str) -> bool:
    """Say whether a logger is of this project."""
    return logger_name == OURS or logger_name.startswith(f"{OURS}.")


def stack_trace(error: BaseException) -> str:
    """Return an exception with its causes as Python prints it, the messages of foreign ones left out."""
    parts: list[str] = []
    seen: set[int] = set()
    link = ""
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.append(_one_trace(current, current.__traceback__) + link)
        if current.__cause__ is not None:
            current = current.__cause__
            link = "\n\nThe above exception was the direct cause of the following exception:\n\n"
        elif not current.__suppress_context__:
            current = current.__context__
            link = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
        else:
            current = None
    return "".join(reversed(parts))


def _one_trace(error: BaseException, frames: TracebackType | None) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    message = str(error) if isinstance(error, EduscaleError) else "(message withheld)"
    return f"Traceback (most recent call last):\n{_within(''.join(traceback.format_tb(frames)))}{name}: {message}"


def _within(text: str) -> str:
    """Leave out where on this machine the project and its packages lie."""
    return text.replace(_ROOT, "").replace(_PACKAGES, "")


def _exception_of(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None
