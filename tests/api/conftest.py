"""The trial service of probe.py, in this process and as a real server, and one way to ask either."""

import io
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient

from tests.conftest import Server, start_server, stop_server

PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def probe_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The trial service under gunicorn."""
    started = start_server(tmp_path_factory.mktemp("probe"), source=PROBE, GCP_PROJECT_ID="school-data")
    yield started
    stop_server(started)


@pytest.fixture
def probe_client(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The trial service in this process."""
    monkeypatch.setenv("GCP_PROJECT_ID", "school-data")
    monkeypatch.setenv("LOG_FORMAT", "json")
    return functions_framework.create_app(target="app", source=str(PROBE)).test_client()


@pytest.fixture(params=["client", "server"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask the trial service, once in this process and once over HTTP: `ask(method, path, body, headers)`."""
    if request.param == "client":
        client: FlaskClient = request.getfixturevalue("probe_client")

        def ask_client(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
            length = {"Content-Length": str(len(body))}
            response = client.open(
                path, method=method, input_stream=io.BytesIO(body), headers={**(headers or {}), **length}
            )
            answer = Answer(response.status_code, dict(response.headers), response.data)
            response.close()
            return answer

        return ask_client
    server: Server = request.getfixturevalue("probe_server")

    def ask_server(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        connection = server.connect()
        connection.request(method, path, body or None, headers or {})
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer

    return ask_server


def ask_raw(server: Server, request: bytes, timeout_s: float = 20) -> bytes:
    """Send bytes as they are and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout_s) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))
