"""Whatever goes wrong, the answer is a problem without internals, and the server lives."""

import json

import pytest
from flask.testing import FlaskClient

from eduscale.api.problems import problem_response
from eduscale.core.errors import InvalidField, ObjectMissing
from tests.api.conftest import Ask
from tests.api.probe import SECRET
from tests.conftest import Server

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nothing", 404, "not_found"),
        ("/crash/value", 500, "internal_error"),
        ("/crash/chain", 500, "internal_error"),
        ("/crash/exit", 500, "internal_error"),
        ("/crash/interrupt", 500, "internal_error"),
        ("/crash/busy", 503, "busy"),
        ("/crash/abort", 418, "im_a_teapot"),
    ],
)
def test_every_failure_is_a_problem_and_the_server_lives(path: str, status: int, code: str, ask: Ask) -> None:
    answer = ask("GET", path)
    problem = answer.json
    assert answer.status == problem["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(problem) == MEMBERS
    assert problem["code"] == code
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["type"] == f"/docs#error-{code}"
    for inside in (SECRET, "Traceback", "ValueError", "probe", "/"):
        assert inside not in problem["detail"] + problem["title"]
    assert ask("GET", "/health").status == 200


def test_the_worker_survives_an_exit_in_a_handler(ask: Ask, probe_server: Server) -> None:
    before = probe_server.worker_pid()
    ask("GET", "/crash/exit")
    assert probe_server.worker_pid() == before


def test_a_passing_failure_says_when_to_try_again(ask: Ask) -> None:
    assert ask("GET", "/crash/busy").headers["Retry-After"] == "7"


def test_facts_stand_beside_the_members_and_cannot_replace_them() -> None:
    error = InvalidField("region: missing", field="region")
    error.facts["status"] = 200
    problem = json.loads(problem_response(error, "an-id").data)
    assert (problem["field"], problem["status"]) == ("region", 422)


def test_an_error_of_the_storage_says_nothing_of_keys() -> None:
    response = problem_response(ObjectMissing("heads/secret.json"), "an-id")
    assert response.status_code == 500
    assert b"secret" not in response.data


@pytest.mark.parametrize("sent", ["short", "x" * 129, "with space", 'quote"quote', "příliš-žluť"])
def test_a_request_id_of_another_form_is_replaced(sent: str, probe_client: FlaskClient) -> None:
    response = probe_client.get("/health", headers={"X-Request-Id": sent})
    assert response.headers["X-Request-Id"] != sent
    assert len(response.headers["X-Request-Id"]) == 32


def test_a_request_id_is_kept(ask: Ask) -> None:
    assert ask("GET", "/nothing", headers={"X-Request-Id": "trial.1_2-3"}).json["request_id"] == "trial.1_2-3"


@pytest.mark.parametrize("path", ["/health", "/nothing", "/crash/value"])
def test_every_answer_has_the_security_headers(path: str, ask: Ask) -> None:
    headers = ask("GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_an_answer_that_breaks_off_is_not_taken_for_whole(probe_server: Server) -> None:
    import http.client

    for kind in ("broken", "exit"):
        connection = probe_server.connect()
        connection.request("GET", f"/stream/{kind}")
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            connection.getresponse().read()
        connection.close()
    connection = probe_server.connect()
    connection.request("GET", "/stream/whole")
    assert len(connection.getresponse().read()) == 100
    connection.close()
