"""Answers that tell how far the work is while it runs, and end with what it came to (`text/event-stream`).

The work runs in a thread of its own: a client that goes away takes nothing along. Its events are `progress`, of
which only the newest is kept for a client that reads slowly, then one `result`, which is the plain answer with its
status, or one `problem`, which is what a plain answer would have been in its stead.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from typing import NamedTuple

from pydantic_core import to_json
from werkzeug import Request, Response

from eduscale.api.problems import is_unexpected, problem_response
from eduscale.api.responses import JSON
from eduscale.core import progress
from eduscale.core.logging import request_scope
from eduscale.ingest.wording import Language

EVENT_STREAM = "text/event-stream"
KEEP_ALIVE_S = 10.0
"""So long a silence is broken by a comment, so that nobody between takes the connection for dead."""

log = logging.getLogger(__name__)

Tell = Callable[[Mapping[str, object]], None]
"""Called with what a `progress` event shall hold."""


def wants_events(request: Request) -> bool:
    """Say whether the client asks for events rather than for a plain answer."""
    return request.accept_mimetypes.best_match((JSON, EVENT_STREAM)) == EVENT_STREAM


def told(tell: Tell | None, **facts: object) -> AbstractContextManager[None]:
    """Let what is reported inside be told beside these facts; without `tell` nobody listens."""
    if tell is None:
        return nullcontext()
    return progress.heard_by(
        progress.calmed(lambda stage, fraction: tell({**facts, "stage": stage, "fraction": round(fraction, 4)}))
    )


def event_stream(work: Callable[[Tell], Response], language: Language = "en") -> Response:
    """Begin the work and return the answer that streams its events, a problem in the reader's language."""
    events = _Events()
    context = copy_context()  # its log lines belong to the request
    threading.Thread(target=context.run, args=(_run, work, events, language), daemon=True).start()
    return Response(_lines(events), mimetype=EVENT_STREAM, headers={"X-Accel-Buffering": "no"})


class _Event(NamedTuple):
    name: str
    data: Mapping[str, object]


class _Events:
    """What the work has said and the client was not told yet: the newest progress, and the end."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._progress: _Event | None = None
        self._end: _Event | None = None

    def tell(self, data: Mapping[str, object]) -> None:
        with self._changed:
            self._progress = _Event("progress", data)
            self._changed.notify()

    def end(self, name: str, data: Mapping[str, object]) -> None:
        with self._changed:
            self._end = _Event(name, data)
            self._changed.notify()

    def next(self, timeout_s: float) -> _Event | None:
        """Wait for the next event; None when there was none in that time."""
        with self._changed:
            self._changed.wait_for(lambda: self._progress or self._end, timeout_s)
            event, self._progress = self._progress or self._end, None
            return event


def _run(work: Callable[[Tell], Response], events: _Events, language: Language) -> None:
    try:
        answer = work(events.tell)
        events.end("result", {"status": answer.status_code, **answer.get_json()})
    except BaseException as error:  # noqa: BLE001  # the outermost edge of this thread
        events.end("problem", _problem(error, language))


def _problem(error: BaseException, language: Language) -> dict[str, object]:
    """Return the problem of a plain answer, with its Retry-After, and log what nobody foresaw."""
    scope = request_scope.get()
    answer = problem_response(error, scope.request_id if scope else "", language)
    if is_unexpected(error):
        log.error("%s while events were streamed", type(error).__name__, exc_info=error)
    else:
        log.warning("%s while events were streamed", type(error).__name__)
    problem: dict[str, object] = answer.get_json()
    retry_after = answer.headers.get("Retry-After")
    return problem if retry_after is None else {**problem, "retry_after_s": int(retry_after)}


def _lines(events: _Events) -> Iterator[bytes]:
    is_open = True
    while is_open:
        event = events.next(KEEP_ALIVE_S)
        if event is None:
            yield b": still at it\n\n"
            continue
        yield b"event: " + event.name.encode() + b"\ndata: " + to_json(event.data) + b"\n\n"
        is_open = event.name == "progress"
