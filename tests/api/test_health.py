"""/health says that the process lives and touches nothing; /ready asks what the service stands on."""

import time

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from eduscale.api.problems import problem_response
from eduscale.api.v1.routes_health import HealthRoutes
from eduscale.core.config import Settings
from eduscale.core.errors import Unavailable
from tests.conftest import Server

SETTINGS = Settings(_env_file=None, service_name="Škola", service_version="9")


def request() -> Request:
    return Request(EnvironBuilder().get_environ())


def test_health_is_exactly_the_contract(client) -> None:
    assert client.get("/health").json == {"status": "ok", "service": "eduscale-engine", "version": "0.1.0"}


def test_the_real_server_answers_the_same(server: Server, client) -> None:
    connection = server.connect()
    connection.request("GET", "/health")
    assert connection.getresponse().read() == client.get("/health").data
    connection.close()


def test_health_names_the_service_as_configured_and_asks_nothing() -> None:
    def ping() -> None:
        raise AssertionError("health asked")

    routes = HealthRoutes(SETTINGS, {"storage": ping})
    assert routes.health(request()).json == {"status": "ok", "service": "Škola", "version": "9"}


def test_health_takes_less_than_a_millisecond_of_our_own_time() -> None:
    routes = HealthRoutes(SETTINGS, {})
    asked = request()
    times = []
    for _ in range(200):
        started = time.perf_counter()
        routes.health(asked)
        times.append(time.perf_counter() - started)
    assert sorted(times)[100] < 0.001


def test_ready_names_what_answers() -> None:
    routes = HealthRoutes(SETTINGS, {"storage": lambda: None, "warehouse": lambda: None})
    assert routes.ready(request()).json == {"status": "ready", "checks": {"storage": "ok", "warehouse": "ok"}}


@pytest.mark.parametrize(
    "error", [Unavailable("/secret/path"), OSError(5, "/secret/path"), RuntimeError("/secret/path")]
)
def test_what_fails_is_named_and_nothing_else_told(error: Exception) -> None:
    def ping() -> None:
        raise error

    routes = HealthRoutes(SETTINGS, {"storage": lambda: None, "warehouse": ping})
    with pytest.raises(Unavailable) as caught:
        routes.ready(request())
    response = problem_response(caught.value, "an-id")
    assert response.status_code == 503
    assert response.json["failing"] == "warehouse"
    assert b"secret" not in response.data


def test_the_service_is_ready(client) -> None:
    assert client.get("/ready").json["status"] == "ready"
