"""Columns over time, over HTTP on the real server: one column under two spellings, changes, warnings."""

from tests.api.sending import ask, call, send
from tests.conftest import Server

FIRST = [
    ("Datum", "Interventition Type", "Body"),
    *((f"{day}.9.2024", f"typ {day}", str(day)) for day in range(1, 21)),
]
LATER = [
    ("Body", "Poznámka", "Intervention Type"),
    *((str(day), f"pozn. {day}", f"typ {day}") for day in range(101, 121)),
]


def text(rows: list[tuple[str, ...]]) -> bytes:
    return "\n".join(";".join(row) for row in rows).encode()


def test_a_column_under_two_spellings_answers_one_question(server: Server) -> None:
    fields = {"region": "r", "dataset": "spellings", "sender": "s"}
    send(server, ("a.csv", text(FIRST)), **fields)
    (receipt,) = send(server, ("b.csv", text(LATER)), **fields).body["uploads"]
    table = receipt["tables"][0]
    assert table["dataset"] == "spellings"
    assert [guess["value"] for guess in table["guesses"] if guess["what"] == "renamed_from"] == [
        "interventition_type"
    ]
    assert "column_missing" in [problem["code"] for problem in table["problems"]]
    counted = ask(
        server, "SELECT count(interventition_type) AS n, sum(body) AS s, count(datum) AS d FROM spellings"
    )
    assert counted.body["rows"] == [[40, sum(range(1, 21)) + sum(range(101, 121)), 20]]
    found = ask(server, "SELECT body FROM spellings WHERE interventition_type = @t", t="typ 105")
    assert found.body["rows"] == [[105]]
    page = call(server, "GET", "/api/v1/datasets/spellings/rows?offset=19&limit=2").body
    place = page["columns"].index("interventition_type")
    assert [row[place] for row in page["rows"]] == ["typ 20", "typ 101"]
    export = call(server, "GET", "/api/v1/datasets/spellings/export?format=json").body
    assert export[-1]["interventition_type"] == "typ 120"
    own = call(server, "GET", f"/api/v1/uploads/{receipt['upload_id']}/tables/0/rows").body
    assert own["columns"] == ["body", "poznamka", "intervention_type"]


def test_a_dataset_tells_what_changed_since_which_upload(server: Server) -> None:
    fields = {"region": "r", "dataset": "changing", "sender": "s"}
    send(server, ("a.csv", text(FIRST)), **fields)
    (later,) = send(server, ("b.csv", text(LATER)), **fields).body["uploads"]
    changes = call(server, "GET", "/api/v1/datasets/changing").body["changes"]
    assert {change["upload_id"] for change in changes} == {later["upload_id"]}
    assert [(change["kind"], change["column"], change["merged"]) for change in changes] == [
        ("dropped", "datum", False),
        ("added", "poznamka", False),
        ("renamed", "interventition_type", True),
        ("reordered", None, False),
    ]


def test_a_newer_version_with_a_corrected_spelling_is_recognised(server: Server) -> None:
    fields = {"region": "r", "dataset": "respelt", "sender": "s"}
    send(server, ("a.csv", text(FIRST)), **fields)
    corrected = [("Datum", "Intervention Type", "Body"), *FIRST[1:]]
    (receipt,) = send(server, ("a2.csv", text(corrected)), **fields, replaces="auto").body["uploads"]
    assert receipt["replaces"] is not None
    columns = call(server, "GET", "/api/v1/datasets/respelt").body["columns"]
    assert columns == ["datum", "interventition_type", "body"]


def test_a_person_corrects_which_columns_are_one(server: Server) -> None:
    """The guess is taken back, another is made, and each answers differently at once."""
    fields = {"region": "r", "dataset": "corrected_columns", "sender": "corrector"}
    send(server, ("a.csv", text(FIRST)), **fields)
    (receipt,) = send(server, ("b.csv", text(LATER)), **fields).body["uploads"]
    path = f"/api/v1/uploads/{receipt['upload_id']}"

    def decide(column: str, value: str | None) -> int:
        guess = {"table": 0, "column": column, "what": "renamed_from", "value": value}
        return call(server, "PATCH", path, {"guesses": [guess]}).status

    assert decide("intervention_type", "intervention_type") == 200
    counted = "SELECT count(interventition_type) AS a, count(intervention_type) AS b FROM corrected_columns"
    assert ask(server, counted).body["rows"] == [[20, 20]]
    assert decide("poznamka", "nothing") == 422
    assert decide("poznamka", "interventition_type") == 200
    assert ask(server, counted).body["rows"] == [[40, 20]]
    assert decide("poznamka", None) == 200
    assert decide("intervention_type", None) == 200
    assert ask(server, "SELECT count(interventition_type) AS a FROM corrected_columns").body["rows"] == [[40]]
