"""The events of a piece of work: its failures, its silences, and a client that reads slowly."""

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug import Response

from eduscale.api import events
from eduscale.api.events import Tell, event_stream
from eduscale.api.responses import json_response
from eduscale.core.errors import Busy
from eduscale.core.logging import NO_TRACE, RequestScope, request_scope


@pytest.fixture(autouse=True)
def _scope() -> None:
    request_scope.set(RequestScope("request-1", NO_TRACE))


def lines_of(work: Callable[[Tell], Response]) -> list[bytes]:
    return list(event_stream(work).response)  # type: ignore[arg-type]


def end_of(work: Callable[[Tell], Response]) -> tuple[str, Any]:
    name, data = lines_of(work)[-1].decode().strip().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def raising(error: BaseException) -> Callable[[Tell], Response]:
    def work(tell: Tell) -> Response:
        raise error

    return work


@pytest.mark.parametrize("error", [ValueError("Jana Nováková"), SystemExit("Jana Nováková")], ids=["bug", "exit"])
def test_a_failure_nobody_foresaw_is_a_problem_and_a_line(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns nothing but the request's id; the log has the stack trace."""
    name, problem = end_of(raising(error))
    assert (name, problem["code"], problem["status"]) == ("problem", "internal_error", 500)
    assert problem["request_id"] == "request-1"
    assert "Nováková" not in json.dumps(problem, ensure_ascii=False)
    (record,) = caplog.records
    assert (record.levelno, record.exc_info and record.exc_info[1]) == (logging.ERROR, error)


def test_a_busy_service_says_when_to_come_back(caplog: pytest.LogCaptureFixture) -> None:
    name, problem = end_of(raising(Busy(retry_after_s=7)))
    assert (name, problem["code"], problem["retry_after_s"]) == ("problem", "busy", 7)
    assert [(record.levelno, record.exc_info) for record in caplog.records] == [(logging.WARNING, None)]


def test_a_silence_is_broken_by_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.01)
    patient = threading.Event()

    def work(tell: Tell) -> Response:
        patient.wait(0.1)
        return json_response({"uploads": []}, 201)

    *silence, end = lines_of(work)
    assert set(silence) == {b": still at it\n\n"}
    assert end == b'event: result\ndata: {"status":201,"uploads":[]}\n\n'


def test_a_slow_reader_gets_the_newest_word_and_the_end() -> None:
    """What it missed is not kept for it."""
    told = threading.Event()

    def work(tell: Tell) -> Response:
        for number in range(1000):
            tell({"fraction": number})
        told.set()
        return json_response({"uploads": []})

    stream = iter(event_stream(work).response)
    assert told.wait(5)
    assert next(stream) == b'event: progress\ndata: {"fraction":999}\n\n'
    assert str(next(stream), "ascii").startswith("event: result")  # type: ignore[arg-type]


def test_the_work_goes_on_without_its_client() -> None:
    done = threading.Event()
    started = threading.Event()

    def work(tell: Tell) -> Response:
        started.wait(5)
        done.set()
        return json_response({"uploads": []})

    response = event_stream(work)
    response.close()
    started.set()
    assert done.wait(5)
