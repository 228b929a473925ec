"""Progress over HTTP: events while a file is read, then the plain answer, and nothing lost with the client."""

import http.client
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.api.sending import call, send
from tests.conftest import Server

PATH = "/api/v1/uploads"
EVENTS = "text/event-stream"


class Event(NamedTuple):
    name: str
    data: Any


def form(*files: tuple[str, bytes], **fields: str) -> tuple[bytes, str]:
    """Return a multipart body and its content type."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, data in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def ask(
    server: Server, *files: tuple[str, bytes], accept: str = EVENTS, **fields: str
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    body, content_type = form(*files, **fields)
    connection = server.connect(timeout_s=120)
    connection.request("POST", PATH, body, {"Content-Type": content_type, "Accept": accept})
    return connection, connection.getresponse()


def events_of(response: http.client.HTTPResponse) -> Iterator[Event]:
    name = ""
    for line in response:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield Event(name, json.loads(value))


def stream(server: Server, *files: tuple[str, bytes], **fields: str) -> list[Event]:
    connection, response = ask(server, *files, **fields)
    try:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith(EVENTS)
        return list(events_of(response))
    finally:
        connection.close()


def plain(uploads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return receipts without what two uploads of the same bytes differ in."""
    differing = ("upload_id", "received_at", "duration_ms", "region")
    return [{key: value for key, value in receipt.items() if key not in differing} for receipt in uploads]


@pytest.fixture(scope="module")
def big() -> bytes:
    """30 MB of CSV that takes more than a second to read."""
    rows = "".join(
        f"{row};Jana {row % 977};{row % 100},5;2024-{row % 12 + 1:02}-11;6.A\n" for row in range(700_000)
    )
    return b"id;jmeno;body;datum;trida\n" + rows.encode()


def test_a_long_reading_tells_how_far_it_is(server: Server, big: bytes) -> None:
    """Stages come in order, the share never falls, and the result is the plain answer with its status."""
    events = stream(server, ("zaci.csv", big), region="progress-a")
    assert [event.name for event in events] == ["progress"] * (len(events) - 1) + ["result"]
    told = [event.data for event in events[:-1]]
    assert all((each["file"], each["filename"]) == (0, "zaci.csv") for each in told)
    shares = [each["fraction"] for each in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.2
    assert shares[-1] <= 1
    assert len(set(shares)) >= 4
    stages = list(dict.fromkeys(each["stage"] for each in told))
    assert set(stages) <= {"received", "waiting", "reading", "looking", "converting", "checking", "storing"}
    assert stages.index("looking") < stages.index("converting")
    status, answer = send(server, ("zaci.csv", big), region="progress-b")[::2]
    assert events[-1].data["status"] == status == 201
    assert plain(events[-1].data["uploads"]) == plain(answer["uploads"])


def test_events_come_while_it_is_read(server: Server, big: bytes) -> None:
    """They are not held back until the end: after the first one the file is not loaded yet."""
    connection, response = ask(server, ("zaci.csv", big), region="progress-c")
    events = events_of(response)
    next(events)
    items = call(server, "GET", f"{PATH}?region=progress-c").body["items"]
    assert all(item["state"] in ("waiting", "reading") for item in items)
    *_, end = events
    connection.close()
    assert end.data["uploads"][0]["state"] == "loaded"


def test_several_files_are_told_apart(server: Server) -> None:
    files = [(f"{name}.csv", f"id;{name}\n1;2\n".encode()) for name in ("jana", "petr")]
    events = stream(server, *files, region="progress-d")
    assert {(event.data["file"], event.data["filename"]) for event in events[:-1]} == {
        (0, "jana.csv"),
        (1, "petr.csv"),
    }
    assert [receipt["filename"] for receipt in events[-1].data["uploads"]] == ["jana.csv", "petr.csv"]


@pytest.mark.parametrize(
    ("data", "again", "status"), [(b"id;a\n1;2\n", True, 200), (b"", False, 422)], ids=["all in", "none readable"]
)
def test_the_result_carries_the_plain_status(server: Server, data: bytes, again: bool, status: int) -> None:
    region = f"progress-{status}"
    if again:
        send(server, ("a.csv", data), region=region)
    assert stream(server, ("a.csv", data), region=region)[-1].data["status"] == status


def test_nothing_between_may_hold_events_back(server: Server) -> None:
    connection, response = ask(server, ("a.csv", b"id;a\n1;2\n"), region="progress-e")
    response.read()
    connection.close()
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["Transfer-Encoding"] == "chunked"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/event-stream;q=0.5"])
def test_who_does_not_ask_for_events_gets_a_plain_answer(server: Server, accept: str) -> None:
    connection, response = ask(server, ("a.csv", b"id;a\n1;2\n"), accept=accept, region="progress-f")
    assert (response.status in (200, 201), response.headers["Content-Type"]) == (True, "application/json")
    assert json.loads(response.read())["uploads"]
    connection.close()


def test_a_form_that_makes_no_sense_is_a_plain_problem(server: Server) -> None:
    connection, response = ask(server, ("a.csv", b"id\n1\n"), region="no such region!")
    assert (response.status, response.headers["Content-Type"]) == (422, "application/problem+json")
    assert json.loads(response.read())["field"] == "region"
    connection.close()


def test_a_refusal_on_the_way_is_an_event(server: Server) -> None:
    (event,) = [
        event
        for event in stream(server, ("a.csv", b"id\n1\n"), region="progress-g", replaces="0" * 24)
        if event.name != "progress"
    ]
    assert event.name == "problem"
    assert (event.data["status"], event.data["field"]) == (422, "replaces")
    assert event.data["request_id"]


def test_reading_again_tells_how_far_it_is_too(server: Server, big: bytes) -> None:
    """Correcting a guess streams to who asks, and ends with the receipt."""
    (receipt,) = send(server, ("zaci.csv", big), region="progress-i", sender="reads again").body["uploads"]
    path = f"{PATH}/{receipt['upload_id']}"
    change = json.dumps({"guesses": [{"table": 0, "column": "id", "what": "type", "value": "text"}]}).encode()
    connection = server.connect(timeout_s=120)
    connection.request("PATCH", path, change, {"Content-Type": "application/json", "Accept": EVENTS})
    *told, end = events_of(connection.getresponse())
    connection.close()
    shares = [event.data["fraction"] for event in told]
    assert shares == sorted(shares)
    assert len(set(shares)) >= 4
    assert end.name == "result"
    assert end.data == {"status": 200, **call(server, "GET", path).body}
    assert end.data["generation"] == 2


def test_a_client_that_goes_away_loses_nothing(server: Server, big: bytes) -> None:
    """The reading goes on, and sending again finds it."""
    connection, response = ask(server, ("zaci.csv", big), region="progress-h")
    next(events_of(response))
    connection.close()
    response.close()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        items = call(server, "GET", f"{PATH}?region=progress-h").body["items"]
        if [item["state"] for item in items] == ["loaded"]:
            break
        time.sleep(0.2)
    again = send(server, ("zaci.csv", big), region="progress-h")
    assert (again.status, again.body["uploads"][0]["duplicate"]) == (200, True)
