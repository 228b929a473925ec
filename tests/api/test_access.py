"""Every route says what it takes to call it, and nothing but health checks is open by mistake."""

from pathlib import Path
from typing import get_args

import functions_framework
import pytest

from eduscale.api.access import Permission
from eduscale.application import create_app
from eduscale.core.config import Settings
from tests.api.conftest import PROBE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENV", "dev")
    monkeypatch.setenv("LOG_FORMAT", "json")
    return functions_framework.create_app(target="app", source=str(PROBE)).test_client()


def test_every_route_declares_a_known_permission(tmp_path: Path) -> None:
    table = create_app(Settings(_env_file=None, data_dir=tmp_path, log_format="json")).routes
    assert table
    for route in table:
        assert route.permission in get_args(Permission), route.template


def test_only_health_checks_are_public(tmp_path: Path) -> None:
    table = create_app(Settings(_env_file=None, data_dir=tmp_path, log_format="json")).routes
    assert {route.template for route in table if route.permission == "public"} == {"/health", "/ready"}


def test_every_route_but_health_checks_is_403_while_access_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV", "prod")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LOG_FORMAT", "json")
    client = functions_framework.create_app(target="app", source=str(ROOT / "main.py")).test_client()
    table = create_app(Settings(_env_file=None, data_dir=tmp_path, log_format="json")).routes
    for route in table:
        answer = client.open(route.template, method=route.method)
        assert (answer.status_code == 403) == (route.permission != "public"), route.template
        answer.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/things"),
        ("HEAD", "/things"),
        ("OPTIONS", "/things"),
        ("DELETE", "/things"),
        ("GET", "/nothing"),
        ("GET", "/%zz"),
        ("POST", "/form"),
    ],
)
def test_nothing_can_be_learned_while_access_is_closed(method: str, path: str, closed) -> None:
    answer = closed.open(path, method=method)
    assert answer.status_code == 403
    assert method == "HEAD" or answer.json["code"] == "forbidden"
    answer.close()


def test_a_health_check_behaves_as_always_while_access_is_closed(closed) -> None:
    assert closed.get("/health").status_code == 200
    assert closed.options("/health").status_code == 204
    assert closed.post("/health").status_code == 405


@pytest.mark.parametrize(("env", "auth", "lines"), [("local", None, 1), ("dev", "none", 1), ("prod", None, 0)])
def test_an_open_service_warns_once(env: str, auth: str | None, lines: int, monkeypatch, capsys) -> None:
    monkeypatch.setenv("ENV", env)
    monkeypatch.setenv("LOG_FORMAT", "json")
    if auth:
        monkeypatch.setenv("AUTH", auth)
    client = functions_framework.create_app(target="app", source=str(PROBE)).test_client()
    for _ in range(3):
        client.get("/health").close()
    assert capsys.readouterr().out.count("There is no access control") == lines
