"""Every line is one JSON object that says what it should and nothing that a person sent."""

import io
import json
import logging
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eduscale.core.config import Settings
from eduscale.core.errors import Unavailable
from eduscale.core.logging import (
    NO_TRACE,
    CloudHandler,
    ConsoleHandler,
    RequestScope,
    Trace,
    parse_trace,
    request_scope,
    setup_logging,
    stack_trace,
)
from tests.conftest import start_server, stop_server

SECRET = "Anna Novotná"
PROBE = Path(__file__).parents[1] / "api" / "probe.py"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Unserialisable:
    def __repr__(self) -> str:
        return SECRET


@pytest.fixture
def lines() -> Iterator[Any]:
    """Log to a text; calling the fixture returns its lines as objects, each of which must be valid JSON."""
    stream = io.StringIO()
    handler = CloudHandler(Settings(_env_file=None, gcp_project_id="p"), stream)
    logger = logging.getLogger("eduscale.trial")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    library = logging.getLogger("library.trial")
    library.addHandler(handler)
    yield lambda: [json.loads(line, parse_constant=pytest.fail) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    library.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


log = logging.getLogger("eduscale.trial")


@pytest.mark.parametrize(
    "message",
    [
        '{"severity": "EMERGENCY", "message": "x"}',
        "{}",
        "{",
        "a\nb\r\u2028c",
        'quote " and \\',
        "\ud800",
        "",
        "None",
        "100 %",
    ],
)
def test_a_message_stays_a_message(message: str, lines) -> None:
    log.warning(message)
    (line,) = lines()
    assert line["message"] == message
    assert line["severity"] == "WARNING"


@pytest.mark.parametrize(
    "value",
    [Unserialisable(), {1, 2}, b"x", math.nan, math.inf, {("a", 1): 1}, {"a": Unserialisable()}, [object()]],
)
def test_a_value_that_json_cannot_carry_does_not_lose_the_line(value: object, lines) -> None:
    log.info("kept", extra={"json_fields": {"value": value, "other": 1}})
    (line,) = lines()
    assert (line["message"], line["other"]) == ("kept", 1)
    assert SECRET not in json.dumps(line)


def test_a_circle_does_not_lose_the_line(lines) -> None:
    circle: dict[str, object] = {}
    circle["self"] = circle
    log.info("kept", extra={"json_fields": circle})
    assert lines()[0]["message"] == "kept"


def test_fields_cannot_replace_the_message_or_the_severity(lines) -> None:
    log.info("kept", extra={"json_fields": {"message": "x", "severity": "ALERT", "httpRequest": 1}})
    assert (lines()[0]["message"], lines()[0]["severity"]) == ("kept", "INFO")


def test_arguments_that_do_not_fit_do_not_lose_the_line() -> None:
    stream = io.StringIO()
    record = logging.LogRecord("eduscale.trial", logging.INFO, __file__, 1, "%d of %s", (SECRET,), None)
    CloudHandler(Settings(_env_file=None), stream).handle(record)
    assert json.loads(stream.getvalue())["message"] == "%d of %s"


def test_the_first_line_is_ours(lines) -> None:
    log.info("first")
    assert [line["message"] for line in lines()] == ["first"]


def test_a_line_within_a_request_carries_its_id_and_trace(lines) -> None:
    token = request_scope.set(RequestScope("an-id", Trace("projects/p/traces/t", "s", is_sampled=True)))
    log.info("x")
    request_scope.reset(token)
    (line,) = lines()
    assert line["request_id"] == "an-id"
    assert line["logging.googleapis.com/trace"] == "projects/p/traces/t"
    assert line["logging.googleapis.com/trace_sampled"] is True


def test_a_library_loses_its_arguments(lines) -> None:
    logging.getLogger("library.trial").warning("Error handling %s", SECRET)
    assert lines()[0]["message"] == "Error handling %s"


def test_an_exception_keeps_type_and_frames_and_loses_a_foreign_message(lines) -> None:
    try:
        try:
            int(SECRET)
        except ValueError as error:
            raise Unavailable("The storage does not answer") from error
    except Unavailable:
        log.exception("failed")
    (line,) = lines()
    trace = line["stack_trace"]
    assert line["@type"].endswith("ReportedErrorEvent")
    assert line["serviceContext"] == {"service": "eduscale-engine", "version": "0.1.0"}
    assert trace.startswith("Traceback (most recent call last):\n")
    assert "ValueError: (message withheld)" in trace
    assert "direct cause" in trace
    assert trace.endswith("eduscale.core.errors.Unavailable: The storage does not answer")
    assert "test_logging.py" in trace
    assert SECRET not in json.dumps(line, ensure_ascii=False)


def test_a_stack_trace_of_exceptions_in_a_circle_ends() -> None:
    first, second = ValueError(), TypeError()
    first.__cause__, second.__cause__ = second, first
    assert stack_trace(first).count("Traceback") == 2


@pytest.mark.parametrize(
    ("traceparent", "cloud", "trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", None, Trace(f"projects/p/traces/{TRACE}", "b7ad6b7169203331", True)),
        (f"00-{TRACE}-b7ad6b7169203331-00", None, Trace(f"projects/p/traces/{TRACE}", "b7ad6b7169203331", False)),
        (None, f"{TRACE}/1;o=1", Trace(f"projects/p/traces/{TRACE}", "0000000000000001", True)),
        (None, TRACE, Trace(f"projects/p/traces/{TRACE}", "", False)),
        (
            f"00-{TRACE}-b7ad6b7169203331-01",
            "f" * 32,
            Trace(f"projects/p/traces/{TRACE}", "b7ad6b7169203331", True),
        ),
        ("00-" + "0" * 32 + "-b7ad6b7169203331-01", None, NO_TRACE),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None, NO_TRACE),
        (None, f'{TRACE}"/1', NO_TRACE),
        (None, 'x", "severity": "ALERT', NO_TRACE),
        (None, None, NO_TRACE),
    ],
)
def test_a_trace_is_read_or_refused(traceparent: str | None, cloud: str | None, trace: Trace) -> None:
    assert parse_trace(traceparent, cloud, "p") == trace


def test_without_a_project_a_trace_is_its_id() -> None:
    assert parse_trace(f"00-{TRACE}-b7ad6b7169203331-01", None, None).trace == TRACE


def test_the_console_shows_the_same_care() -> None:
    stream = io.StringIO()
    handler = ConsoleHandler(stream)
    logger = logging.getLogger("eduscale.trial")
    logger.addHandler(handler)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("failed")
    finally:
        logger.removeHandler(handler)
    text = stream.getvalue()
    assert re.match(r"\d\d:\d\d:\d\d ERROR   failed\nTraceback", text)
    assert SECRET not in text


@pytest.mark.parametrize(
    ("choice", "is_terminal", "kind"),
    [
        ("auto", True, ConsoleHandler),
        ("auto", False, CloudHandler),
        ("console", False, ConsoleHandler),
        ("json", True, CloudHandler),
    ],
)
def test_a_terminal_gets_readable_lines(choice: Any, is_terminal: bool, kind: type, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdout", type("Out", (io.StringIO,), {"isatty": lambda self: is_terminal})())
    setup_logging(Settings(_env_file=None, log_format=choice))
    setup_logging(Settings(_env_file=None, log_format=choice))
    ours = [each for each in logging.getLogger().handlers if isinstance(each, ConsoleHandler | CloudHandler)]
    assert [type(each) for each in ours] == [kind]
    logging.getLogger().removeHandler(ours[0])


def test_the_logging_library_is_not_imported_before_the_first_line() -> None:
    script = (
        "import sys, eduscale.application as a; from eduscale.core.config import Settings;"
        "from eduscale.core.logging import setup_logging; setup_logging(Settings(log_format='json'));"
        "print([n for n in ('google.cloud.logging', 'duckdb', 'sqlglot', 'python_calamine') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_real_servers_lines(tmp_path: Path) -> None:
    """One line a request, all valid JSON, by pattern and not by path, with nothing of what was sent."""
    server = start_server(tmp_path, source=PROBE, GCP_PROJECT_ID="p")
    try:
        connection = server.connect()
        requests = [
            ("GET", f"/things/pupil-{TRACE}?name=pupil", b"", {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}),
            ("POST", "/things", b"12345", {}),
            ("HEAD", "/things", b"", {}),
            ("GET", "/stream/whole", b"", {}),
            ("GET", "/pupil", b"", {"User-Agent": "pupil"}),
            ("GET", "/crash/value", b"", {"X-Request-Id": "trial-id-1"}),
            ("PUPIL", "/things", b"", {}),
        ]
        for method, path, body, headers in requests:
            connection.request(method, path, body or None, headers)
            connection.getresponse().read()
        connection.close()
    finally:
        stop_server(server)
    text = server.stdout.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    found = [
        (line["method"], line["route"], line["status"], line["bytes_in"], line["bytes_out"], line["severity"])
        for line in lines
        if "route" in line and line["route"] != "/health"
    ]
    assert sorted(found) == sorted(
        [
            ("GET", "/things/{name}", 200, 0, 60, "INFO"),
            ("POST", "/things", 200, 5, 13, "INFO"),
            ("HEAD", "/things", 200, 0, 0, "INFO"),
            ("GET", "/stream/{kind}", 200, 0, 100, "INFO"),
            ("GET", "(none)", 404, 0, found[4][4], "INFO"),
            ("GET", "/crash/{kind}", 500, 0, found[5][4], "ERROR"),
            ("(other)", "/things", 405, 0, found[6][4], "INFO"),
        ]
    )
    assert "pupil" not in text.lower()
    assert "Novotn" not in text
    (first,) = [line for line in lines if line.get("route") == "/things/{name}"]
    assert first["logging.googleapis.com/trace"] == f"projects/p/traces/{TRACE}"
    assert first["httpRequest"]["requestUrl"] == "/things/{name}"
    assert re.fullmatch(r"\d+\.\d{6}s", first["httpRequest"]["latency"])
    assert first["logging.googleapis.com/sourceLocation"]["function"] == "log_line"
    assert first["logging.googleapis.com/sourceLocation"]["file"].endswith("eduscale/api/app.py")
    crashed = [line for line in lines if line.get("request_id") == "trial-id-1"]
    assert [("stack_trace" in line, line["severity"]) for line in crashed] == [(True, "ERROR"), (False, "ERROR")]
