"""Whatever goes wrong, the answer is a problem without internals, and the server lives."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import eduscale
from eduscale.api.problem_words import DETAILS, TITLES
from eduscale.api.problems import problem_response
from eduscale.core import errors
from eduscale.core.errors import BodyTooLarge, Busy, EduscaleError, InvalidField, ObjectMissing
from eduscale.ingest.faults import FieldRefused, check_region
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


def test_every_error_has_a_title_in_czech() -> None:
    tree = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, EduscaleError)]
    assert {error.code for error in tree} == set(TITLES)


def test_every_sentence_that_has_a_czech_one_is_still_said() -> None:
    folder = Path(eduscale.__file__).parent
    sources = "".join(path.read_text("utf-8") for path in folder.rglob("*.py") if path.stem != "problem_words")
    assert [sentence for sentence in DETAILS if f'"{sentence}"' not in sources] == []


@pytest.mark.parametrize(
    ("error", "title", "detail"),
    [
        (Busy(), "Služba má plno, zkuste to prosím za chvíli", "Služba má plno, zkuste to prosím za chvíli"),
        (BodyTooLarge("At most 1,024 bytes", max_bytes=1024), "Tělo", "1\u00a0024 bajtů"),
        (InvalidField("Choose at least one file.", field="file"), "Některé pole", "Vyberte prosím"),
        (InvalidField("trida: give it once", field="trida"), "Některé pole", "trida: give it once"),
        (ValueError("secret"), "Něco se pokazilo u nás", "Požadavek selhal u nás"),
    ],
)
def test_a_problem_is_czech_to_who_reads_czech_and_its_code_stays(
    error: Exception, title: str, detail: str
) -> None:
    czech = json.loads(problem_response(error, "an-id", "cs").data)
    assert czech["title"].startswith(title)
    assert detail in czech["detail"]
    assert czech["code"] == json.loads(problem_response(error, "an-id").data)["code"]


def test_the_language_of_a_problem_is_that_of_the_request(ask: Ask) -> None:
    answer = ask("GET", "/nothing", headers={"Accept-Language": "cs"})
    assert (answer.json["title"], answer.json["detail"]) == ("Nenalezeno", "Na této adrese nic není")
    assert answer.json["code"] == "not_found"
    assert ask("GET", "/nothing", headers={"Accept-Language": "\x80;q=\xff, ,;"}).json["title"] == "Not found"


@pytest.mark.parametrize(
    ("region", "example"),
    [
        ("Jihomoravský", "Jihomoravsky"),
        ("Hlavní město Praha ", "Hlavni-mesto-Praha"),
        ("Łódź/../x", "odz-x"),
        ("ž" * 300, "z" * 64),
        ("北京", "jihomoravsky"),
        ("", "jihomoravsky"),
        ("a\n", "a"),
    ],
)
def test_a_region_that_is_none_is_answered_with_one_that_is(region: str, example: str) -> None:
    with pytest.raises(FieldRefused) as refused:
        check_region(region)
    for language in ("en", "cs"):
        problem = json.loads(problem_response(refused.value, "an-id", language).data)
        assert problem["detail"].endswith(f" {example}.")
        assert (problem["code"], problem["field"], problem["status"]) == ("invalid_field", "region", 422)
    assert "letters without accents" in refused.value.detail
    check_region(example)
