"""The service for tests: in the test's own process, and as the real server."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import functions_framework
import pytest
from flask.testing import FlaskClient

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, its processes, and where its stdout and stderr go."""

    port: int
    process: subprocess.Popen[bytes]
    data_dir: Path
    stdout: Path
    stderr: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, timeout_s: float = 30) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)

    def worker_pid(self) -> int:
        """Return the process that answers: gunicorn's only child."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(folder: Path, source: Path = ROOT / "main.py", **environment: str) -> Server:
    """Start the real server and wait until it answers; the caller stops it."""
    port = free_port()
    stdout, stderr = folder / "stdout", folder / "stderr"
    command = Path(sys.executable).with_name("functions-framework")
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(
            [str(command), "--target=app", f"--source={source}", "--host=127.0.0.1", f"--port={port}"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "PYTHONPATH": str(ROOT),
                "DATA_DIR": str(folder / "data"),
                "LOG_FORMAT": "json",
                **environment,
            },
            cwd=folder,
            stdout=out,
            stderr=err,
        )
    server = Server(port, process, folder / "data", stdout, stderr)
    deadline = time.monotonic() + 30
    while True:
        connection = server.connect()
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return server
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(stderr.read_text()) from None
            time.sleep(0.05)
        finally:
            connection.close()


def stop_server(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(15)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real functions-framework under gunicorn, with a data folder of its own."""
    started = start_server(tmp_path_factory.mktemp("server"))
    yield started
    stop_server(started)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The service in this process, with a data folder of its own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LOG_FORMAT", "json")
    return functions_framework.create_app(target="app", source=str(ROOT / "main.py")).test_client()
