"""The same file again, corrected, over HTTP on the real server: told, warned of, decided."""

import csv
import io

import pytest

from tests.api.sending import Answer, ask, call, send
from tests.conftest import Server

HEADER = ("Kód", "Jméno", "Datum", "Body")
ROWS = [
    (f"Z{number:03}", f"Jan Žák {number}", f"{number % 28 + 1}.9.2024", f"{number},5") for number in range(300)
]


def sheet(rows: list[tuple[str, ...]], encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([HEADER, *rows])
    return text.getvalue().encode(encoding)


def receipt(answer: Answer) -> dict:
    assert answer.status in (200, 201), answer
    return answer.body["uploads"][0] if "uploads" in answer.body else answer.body


@pytest.fixture
def dataset(request: pytest.FixtureRequest) -> str:
    """A dataset that no other test of the shared server writes to."""
    return request.node.name[:60]


def corrected() -> list[tuple[str, ...]]:
    """One row gone, three changed, twelve new."""
    changed = [(*row[:3], "99,5") for row in ROWS[1:4]]
    return [*changed, *ROWS[4:], *((f"N{number}", "Nový Žák", "1.10.2024", "1,5") for number in range(12))]


def both(server: Server, dataset: str) -> tuple[dict, dict]:
    """Send the first file and the corrected one."""
    fields = {"region": "r", "sender": "škola", "dataset": dataset}
    old = receipt(send(server, ("zaci.csv", sheet(ROWS)), **fields))
    return old, receipt(send(server, ("zaci oprava.csv", sheet(corrected(), "cp1250")), **fields))


def test_a_corrected_file_says_what_is_new_changed_and_gone(server: Server, dataset: str) -> None:
    old, new = both(server, dataset)
    said = new["newer_version_of"]
    assert (said["upload_id"], said["filename"], said["key"]) == (old["upload_id"], "zaci.csv", ["kod"])
    assert [said[f"rows_{what}"] for what in ("same", "new", "changed", "gone")] == [296, 12, 3, 1]
    assert "12 rows new, 3 changed, 1 gone" in said["message"]
    czech = call(server, "GET", f"/api/v1/uploads/{new['upload_id']}", language="cs").body
    assert "12 nových řádků, 3 změněné, 1 chybí" in czech["newer_version_of"]["message"]


def test_until_somebody_decides_every_answer_says_that_rows_count_twice(server: Server, dataset: str) -> None:
    old, new = both(server, dataset)
    path = f"/api/v1/datasets/{dataset}"
    (listed,) = [
        each
        for each in call(server, "GET", "/api/v1/datasets?limit=1000").body["items"]
        if each["name"] == dataset
    ]
    told = [
        listed["warnings"],
        call(server, "GET", path).body["warnings"],
        call(server, "GET", f"{path}/rows").body["warnings"],
        ask(server, f"SELECT count(*) AS n FROM {dataset}").body["warnings"],
    ]
    for (warning,) in told:
        assert (warning["code"], warning["rows"], warning["dataset"]) == ("rows_counted_twice", 296, dataset)
        assert warning["upload_ids"] == [new["upload_id"], old["upload_id"]]
        assert warning["message"].startswith("296 rows")
    assert call(server, "GET", f"{path}/export").headers["Rows-Counted-Twice"] == "296"
    assert ask(server, "SELECT 1 AS n").body["warnings"] == []


@pytest.mark.parametrize("decision", ["id", "auto", None])
def test_one_request_decides(server: Server, dataset: str, decision: str | None) -> None:
    dataset = f"d_{decision}_decides".lower()
    old, new = both(server, dataset)
    wish = old["upload_id"] if decision == "id" else decision
    answer = call(server, "PATCH", f"/api/v1/uploads/{new['upload_id']}", {"replaces": wish})
    assert receipt(answer)["newer_version_of"] is None
    assert answer.body["replaces"] == (old["upload_id"] if decision else None)
    counted = ask(server, f"SELECT count(*) AS n FROM {dataset}").body
    assert (counted["rows"], counted["warnings"]) == ([[311 if decision else 611]], [])
    assert "Rows-Counted-Twice" not in call(server, "GET", f"/api/v1/datasets/{dataset}/export").headers
    again = call(server, "PATCH", f"/api/v1/uploads/{new['upload_id']}", {"replaces": wish})
    assert again.body["replaces"] == answer.body["replaces"]
    call(server, "DELETE", f"/api/v1/uploads/{new['upload_id']}")
    assert ask(server, f"SELECT count(*) AS n FROM {dataset}").body["rows"] == [[300]]


def test_the_wish_auto_replaces_at_once_or_loads(server: Server, dataset: str) -> None:
    fields = {"region": "r", "dataset": dataset, "replaces": "auto"}
    first = receipt(send(server, ("a.csv", sheet(ROWS[:100])), **fields))
    assert first["replaces"] is None
    other = receipt(send(server, ("b.csv", sheet(ROWS[100:150])), **fields))
    assert (other["replaces"], other["shares_rows_with"]) == (None, [])
    whole = receipt(send(server, ("c.csv", sheet(ROWS)), **fields))
    assert {whole["replaces"], *whole["also_replaces"]} == {first["upload_id"], other["upload_id"]}
    assert ask(server, f"SELECT count(*) AS n FROM {dataset}").body["rows"] == [[300]]


def test_several_files_may_be_sent_with_the_wish_auto(server: Server, dataset: str) -> None:
    files = [("a.csv", sheet(ROWS[:50])), ("a2.csv", sheet(ROWS[:51]))]
    answer = send(server, *files, region="r", dataset=dataset, replaces="auto")
    assert answer.body["uploads"][1]["replaces"] == answer.body["uploads"][0]["upload_id"]


@pytest.mark.parametrize(
    ("old", "new"), [("matematika", "cestina"), ("zari", "rijen"), ("2024", "2025"), ("pocet_zaku", "zaku")]
)
def test_other_marks_of_the_same_pupils_replace_nothing(server: Server, dataset: str, old: str, new: str) -> None:
    """Both files share alike columns; what the older one tells besides is not in the newer."""
    dataset = f"marks_{old}"
    rows = [[f"jmeno;trida;{name}", *(f"Z{i};1.A;{i * step % 5 + 1}" for i in range(30))]
            for step, name in enumerate((old, new), 1)]  # fmt: skip
    fields = {"region": "r", "sender": "škola", "dataset": dataset}
    first = receipt(send(server, ("znamky 2024.csv", "\n".join(rows[0]).encode()), **fields))
    second = receipt(send(server, ("znamky 2025.csv", "\n".join(rows[1]).encode()), **fields, replaces="auto"))
    assert second["newer_version_of"] is None
    assert call(server, "GET", f"/api/v1/uploads/{first['upload_id']}").body["replaced_by"] is None


def test_a_workbook_saved_anew_is_the_same_rows(server: Server, dataset: str) -> None:
    """Other bytes: another encoding, another order of the rows."""
    fields = {"region": "r", "dataset": dataset}
    send(server, ("a.csv", sheet(ROWS)), **fields)
    again = receipt(send(server, ("a.csv", sheet(ROWS[::-1], "utf-16")), **fields))["newer_version_of"]
    assert [again[f"rows_{what}"] for what in ("same", "new", "changed", "gone")] == [300, 0, 0, 0]
    assert "all 300 rows are the same" in again["message"]


def test_weekly_lists_that_share_a_day_say_so(server: Server, dataset: str) -> None:
    """Few rows of either, but each tells of a day: it would count twice."""
    fields = {"region": "r", "dataset": dataset}
    send(server, ("tyden 1.csv", sheet(ROWS[:100])), **fields)
    second = receipt(send(server, ("tyden 2.csv", sheet(ROWS[95:195])), **fields))
    assert [(each["kind"], each["rows_same"]) for each in second["shares_rows_with"]] == [("overlap", 5)]
    assert second["newer_version_of"] is None


def test_a_wrong_cell_that_turns_a_column_to_text_hides_no_older_version(server: Server, dataset: str) -> None:
    """Half of the points are no numbers: the column is text now, the other rows are the same."""
    fields = {"region": "r", "dataset": dataset}
    send(server, ("a.csv", sheet(ROWS)), **fields)
    rows = [(*row[:3], "chyběl" if number < 60 else row[3]) for number, row in enumerate(ROWS)]
    said = receipt(send(server, ("b.csv", sheet(rows)), **fields))["newer_version_of"]
    assert (said["rows_same"], said["rows_changed"], said["key"]) == (240, 60, ["kod"])


@pytest.mark.parametrize("body", [{}, {"replaces": "nothing"}, {"replaces": 1}, {"replaces": None, "more": 1}])
def test_a_wrong_decision_is_refused(server: Server, dataset: str, body: dict) -> None:
    new = receipt(send(server, ("a.csv", sheet(ROWS)), region="r", dataset="decisions"))
    answer = call(server, "PATCH", f"/api/v1/uploads/{new['upload_id']}", body)
    assert (answer.status, answer.body["code"]) == (422, "invalid_field")
    assert call(server, "PATCH", "/api/v1/uploads/nothing", {"replaces": None}).status == 404
