"""Guesses corrected over HTTP on the real server: the file is read again, and so is the next one of its kind."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.sending import Answer, call, exchange, send
from tests.conftest import Server, start_server, stop_server

CSV = "Žák;Datum;Body\nAda;03/04/2024;1,234\nBob;05/06/2024;2,345\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file's own, because it remembers."""
    started = start_server(tmp_path_factory.mktemp("overrides"))
    yield started
    stop_server(started)


def upload(server: Server, data: bytes, name: str = "body.csv", **fields: str) -> dict[str, Any]:
    (receipt,) = send(server, (name, data), **{"region": "r", **fields}).body["uploads"]
    return receipt  # type: ignore[no-any-return]


def correct(server: Server, receipt: dict[str, Any], *guesses: dict[str, Any], language: str = "en") -> Answer:
    path = f"/api/v1/uploads/{receipt['upload_id']}"
    return call(server, "PATCH", path, {"guesses": list(guesses)}, language)


def guess(receipt: dict[str, Any], what: str, column: str | None = None) -> dict[str, Any]:
    (found,) = [
        guess for guess in receipt["tables"][0]["guesses"] if (guess["what"], guess["column"]) == (what, column)
    ]
    return found  # type: ignore[no-any-return]


def rows(server: Server, receipt: dict[str, Any]) -> list[list[Any]]:
    body = call(server, "GET", f"/api/v1/uploads/{receipt['upload_id']}/tables/0/rows").body
    return body["rows"]  # type: ignore[no-any-return]


def test_a_corrected_guess_changes_rows_and_receipt_and_is_remembered(server: Server) -> None:
    first = upload(server, CSV.encode(), sender="ZS1")
    assert rows(server, first) == [["Ada", "2024-04-03", 1.234], ["Bob", "2024-06-05", 2.345]]
    answer = correct(server, first, {"table": 0, "what": "date_order", "value": "md"})
    assert (answer.status, answer.body["generation"], answer.body["state"]) == (200, 2, "loaded")
    decided = guess(answer.body, "date_order")
    assert (decided["value"], decided["overridden"], decided["confidence"]) == ("md", True, 1.0)
    assert decided["evidence"] == "You said so."
    assert rows(server, first)[0] == ["Ada", "2024-03-04", 1.234]
    assert call(server, "GET", f"/api/v1/uploads/{first['upload_id']}").body == answer.body

    second = upload(server, CSV.replace("Ada", "Eva").encode("cp1250"), "body_unor.csv", sender="ZS1")
    assert second["generation"] == 1
    assert guess(second, "date_order")["evidence"].startswith("Remembered from your correction of")
    assert rows(server, second)[0] == ["Eva", "2024-03-04", 1.234]
    other = upload(server, CSV.replace("Ada", "Iva").encode(), sender="ZS2")
    assert rows(server, other)[0] == ["Iva", "2024-04-03", 1.234]

    back = correct(server, second, {"table": 0, "what": "date_order", "value": None}).body
    assert not any(guess["overridden"] for guess in back["tables"][0]["guesses"])
    assert rows(server, second)[0] == ["Eva", "2024-04-03", 1.234]
    third = upload(server, CSV.replace("Ada", "Ota").encode(), sender="ZS1")
    assert rows(server, third)[0] == ["Ota", "2024-04-03", 1.234]


def test_each_column_and_dialect_guess_can_be_corrected(server: Server) -> None:
    receipt = upload(server, CSV.encode("cp1250"), region="each")
    answer = correct(
        server,
        receipt,
        {"what": "encoding", "value": "windows-1252"},
        {"table": 0, "column": "body", "what": "type", "value": "text"},
        {"table": 0, "what": "header", "value": 1},
        {"what": "quote", "value": "none"},
    )
    assert answer.status == 200, answer.body
    assert [column["label"] for column in answer.body["tables"][0]["columns"]] == ["Žák", "Datum", "Body"]
    assert rows(server, receipt)[0] == ["Ada", "2024-04-03", "1,234"]
    assert [guess["what"] for guess in answer.body["tables"][0]["guesses"] if guess["overridden"]] == [
        "encoding",
        "quote",
        "header",
        "type",
    ]


def test_all_is_forgotten_by_one_request(server: Server) -> None:
    receipt = upload(server, CSV.encode(), region="forget")
    correct(server, receipt, {"table": 0, "what": "header", "value": 0})
    answer = call(server, "DELETE", f"/api/v1/uploads/{receipt['upload_id']}/corrections")
    assert (answer.status, answer.body["generation"]) == (200, 3)
    assert not any(guess["overridden"] for guess in answer.body["tables"][0]["guesses"])
    again = upload(server, CSV.replace("Ada", "Eva").encode(), region="forget")
    assert guess(again, "header")["value"] == 1


def test_overrides_can_be_sent_with_the_file(server: Server) -> None:
    sent = json.dumps([{"table": 0, "what": "header", "value": 0}, {"what": "delimiter", "value": ";"}])
    receipt = upload(server, CSV.encode(), region="with", overrides=sent)
    assert (receipt["generation"], receipt["tables"][0]["rows"]) == (1, 3)
    assert guess(receipt, "delimiter")["overridden"]


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ("[{", "overrides"),
        ('{"what": "header"}', "overrides"),
        ('[{"what": "colour", "value": 1}]', "overrides.0.what"),
        ('[{"what": "encoding", "value": "klingon"}]', "overrides.0.value"),
        ('[{"what": "type", "value": "text"}]', "overrides.0.column"),
    ],
)
def test_overrides_of_a_form_that_make_no_sense_are_refused_by_name(
    server: Server, overrides: str, field: str
) -> None:
    answer = send(server, ("a.csv", CSV.encode()), region="r", overrides=overrides)
    assert (answer.status, answer.body["code"]) == (422, "invalid_field")
    assert answer.body["field"] == field


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"what": "encoding", "value": "klingon"}, "guesses.0.value", "encoding"),
        ({"what": "colour", "value": 1}, "guesses.0.what", "what"),
        ({"what": "header"}, "guesses.0.value", "value"),
        ({"what": "header", "value": 99}, "guesses.0.value", "rows"),
        ({"table": 7, "what": "header", "value": 1}, "guesses.0.value", "table 8"),
        ({"column": "nic", "what": "type", "value": "text"}, "guesses.0.value", "nic"),
        ({"column": "zak", "what": "type", "value": "date"}, "guesses.0.value", "zak"),
        ({"what": "format", "value": "workbook"}, "guesses", "nothing was changed"),
    ],
    ids=str,
)
def test_what_cannot_be_applied_is_refused_by_name_and_changes_nothing(
    server: Server, change: dict[str, Any], field: str, word: str
) -> None:
    receipt = upload(server, CSV.encode(), region="refused")
    answer = correct(server, receipt, change)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (422, "invalid_field", field)
    assert word in answer.body["detail"]
    assert call(server, "GET", f"/api/v1/uploads/{receipt['upload_id']}").body["generation"] == 1


def test_why_a_correction_is_refused_is_said_in_czech_too(server: Server) -> None:
    receipt = upload(server, CSV.encode(), region="refused")
    answer = correct(server, receipt, {"column": "nic", "what": "type", "value": "text"}, language="cs")
    assert answer.body["detail"].startswith("Vaše oprava sloupce nic nebyla použita")


def test_cells_that_are_not_of_the_decided_type_are_told_and_kept(server: Server) -> None:
    receipt = upload(server, b"id;body\n1;5\n2;chybel\n3;7\n4;8\n", region="bad")
    assert receipt["tables"][0]["columns"][1]["type"] == "text"
    answer = correct(server, receipt, {"column": "body", "what": "type", "value": "integer"}).body
    assert rows(server, receipt) == [[1, 5], [2, None], [3, 7], [4, 8]]
    (problem,) = answer["tables"][0]["problems"]
    assert (problem["row"], problem["column"], problem["code"]) == (3, "body", "not_a_number")
    rejects = call(server, "GET", f"/api/v1/uploads/{receipt['upload_id']}/rejects?format=json").body
    assert [(line["row"], line["raw"]) for line in rejects] == [(3, "chybel")]


def test_a_file_that_was_rejected_is_loaded_by_a_correction(server: Server) -> None:
    data = b"%PDF;b\n1;2\n3;4\n"
    receipt = upload(server, data, region="rejected")
    assert receipt["state"] == "rejected"
    answer = correct(server, receipt, {"what": "format", "value": "text"})
    assert (answer.body["state"], answer.body["tables"][0]["rows"]) == ("loaded", 2)
    assert send(server, ("again.csv", data), region="rejected").body["uploads"][0]["duplicate"]
    assert upload(server, data + b"5;6\n", region="rejected")["state"] == "loaded"


def test_an_undone_upload_cannot_be_corrected_and_an_unknown_one_is_not_found(server: Server) -> None:
    receipt = upload(server, CSV.encode(), region="undone")
    call(server, "DELETE", f"/api/v1/uploads/{receipt['upload_id']}")
    assert correct(server, receipt, {"what": "header", "value": 0}).status == 409
    assert correct(server, {"upload_id": "nothing"}, {"what": "header", "value": 0}).status == 404


def test_the_methods_of_both_addresses_are_told(server: Server) -> None:
    receipt = upload(server, CSV.encode(), region="methods")
    path = f"/api/v1/uploads/{receipt['upload_id']}"
    allowed = exchange(server, "OPTIONS", path, None, {}).headers["Allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}
    assert exchange(server, "HEAD", path, None, {}).status == 200
    assert exchange(server, "GET", f"{path}/corrections", None, {}).status == 405
    assert exchange(server, "PATCH", path, b"{}", {"Content-Type": "text/plain"}).status == 415
    assert call(server, "PATCH", path, {"guesses": []}).status == 422


def test_a_large_file_is_read_again_as_well(server: Server) -> None:
    text = "id;den\n" + "".join(f"{n};{n % 12 + 1:02}/{n % 9 + 1:02}/2024\n" for n in range(250_000))
    assert len(text) > 2 << 20
    receipt = upload(server, text.encode(), region="large")
    answer = correct(
        server, receipt, {"what": "date_order", "value": "md"}, {"column": "id", "what": "type", "value": "text"}
    )
    assert (answer.status, answer.body["tables"][0]["rows"]) == (200, 250_000)
    assert rows(server, receipt)[9] == ["9", "2024-10-01"]


def test_a_column_an_option_is_remembered_and_is_no_column_of_the_senders(server: Server) -> None:
    survey = "Timestamp;Clubs?;Points\n2024-09-03 14:05:12;Chess, Pottery;1\n2024-09-04 14:05:12;Chess;2\n"
    survey += "".join(f"2024-09-05 14:05:{n % 60:02};Pottery;{n}\n" for n in range(120))
    first = upload(server, f"{survey}2024-09-06 14:05:12;Chess;many\n".encode(), "clubs.csv", sender="clubs")
    change = {"table": 0, "column": "clubs", "what": "multiple_choice", "value": "columns"}
    corrected = correct(server, first, change).body
    names = ["timestamp", "clubs", "clubs_chess", "clubs_pottery", "points"]
    assert [column["name"] for column in corrected["tables"][0]["columns"]] == names
    assert rows(server, corrected)[0][1:] == ["Chess, Pottery", True, True, 1]
    left_out = call(server, "GET", f"/api/v1/uploads/{first['upload_id']}/rejects?format=csv").body.decode(
        "utf-8-sig"
    )
    assert left_out.splitlines()[0].split(";")[-3:] == ["Timestamp", "Clubs?", "Points"]
    assert left_out.splitlines()[1].endswith(";2024-09-06 14:05:12;Chess;many")
    second = upload(server, survey.replace("2024-09", "2024-10").encode(), "clubs.csv", sender="clubs")
    assert [column["name"] for column in second["tables"][0]["columns"]] == names
