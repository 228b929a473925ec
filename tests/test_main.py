"""The entry builds the application once, on first use, and leaves room for slow requests."""

import importlib.util
import os
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from tests.conftest import Server

MAIN = Path(__file__).parents[1] / "main.py"


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    spec = importlib.util.spec_from_file_location("trial_main", MAIN)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_application_is_built_once_by_many_first_requests(
    main: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []

    def slow_create_app(settings: object) -> object:
        built.append(settings)
        time.sleep(0.05)
        return lambda request: Response("ok")

    monkeypatch.setattr(main, "create_app", slow_create_app)
    threads = [
        threading.Thread(target=main.app, args=(Request(EnvironBuilder().get_environ()),)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_importing_it_builds_nothing(main: ModuleType, tmp_path: Path) -> None:
    assert main._application is None
    assert not (tmp_path / "data").exists()


def test_there_are_threads_for_slow_requests_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THREADS", raising=False)
    spec = importlib.util.spec_from_file_location("trial_main", MAIN)
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert os.environ["THREADS"] == "100"
    monkeypatch.setenv("THREADS", "3")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert os.environ["THREADS"] == "3"


def test_slow_bodies_do_not_keep_health_waiting(server: Server) -> None:
    """40 clients that have announced a body and send nothing; the framework alone would have 4 threads a core."""
    slow = [server.connect() for _ in range(40)]
    for connection in slow:
        connection.putrequest("POST", "/api/v1/query")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "10")
        connection.endheaders()
    time.sleep(0.3)
    connection = server.connect()
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    for each in [*slow, connection]:
        each.close()


def test_the_paths_of_the_framework_are_its_own_and_no_route_hides_behind_them(client, main: ModuleType) -> None:
    for path in ("/robots.txt", "/favicon.ico", "/static/x"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
    patterns = [route.pattern for route in main.create_app(main.settings).routes]
    assert not [pattern for pattern in patterns if pattern.startswith(("/static/", "/robots.txt", "/favicon.ico"))]
