"""An archive sent to the real server: its files of one layout are one dataset, and what is not read is told."""

import io
import zipfile

from tests.api.sending import ask, call, send
from tests.conftest import Server


def test_schools_in_one_archive_are_one_dataset_and_can_be_told_apart(server: Server) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("export/zs_lipa.csv", "kod;jmeno;body\nA1;Ada;1,5\nA2;Bob;2\n".encode("cp1250"))
        package.writestr("export/zs_buk.csv", "kod;jmeno;body\nB1;Cyril;3\n")
        package.writestr("export/pruvodni_dopis.pdf", b"%PDF-1.7")
        package.writestr("__MACOSX/export/._zs_lipa.csv", b"\0\5\x16\7")
    answer = send(server, ("vykaz_2025.zip", out.getvalue()), region="archiv", language="cs")
    assert answer.status == 201
    (receipt,) = answer.body["uploads"]
    assert [(table["name"], table["rows"], table["dataset"]) for table in receipt["tables"]] == [
        ("zs_lipa", 2, "export"),
        ("zs_buk", 1, "export"),
    ]
    (problem,) = receipt["tables"][0]["problems"]
    assert problem["message"].startswith(
        "Soubor export/pruvodni_dopis.pdf v archivu nebyl přečten. Soubor je dokument PDF"
    )
    assert ask(server, "SELECT kod, body, _table FROM export WHERE _region = 'archiv' ORDER BY kod").body[
        "rows"
    ] == [
        ["A1", 1.5, "zs_lipa"],
        ["A2", 2.0, "zs_lipa"],
        ["B1", 3.0, "zs_buk"],
    ]
    members = [
        guess["value"] for table in receipt["tables"] for guess in table["guesses"] if guess["what"] == "member"
    ]
    assert members == ["export/zs_lipa.csv", "export/zs_buk.csv"]
    rows = call(server, "GET", f"/api/v1/uploads/{receipt['upload_id']}/tables/1/rows").body["rows"]
    assert rows == [["B1", "Cyril", 3]]


def test_a_decision_on_a_table_of_an_archive_can_be_corrected(server: Server) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("a.pdf", b"%PDF-1.7")
        package.writestr("a.csv", "kod;kusy\n1;10\n2;20\n")
        package.writestr("b.csv", "kod;stav\n1;10\n2;20\n")
    (receipt,) = send(server, ("sklad.zip", out.getvalue()), region="oprava").body["uploads"]
    guesses = [{"table": 1, "column": "kod", "what": "type", "value": "text"}]
    answer = call(server, "PATCH", f"/api/v1/uploads/{receipt['upload_id']}", {"guesses": guesses})
    assert answer.status == 200, answer.body
    types = [[column["type"] for column in table["columns"]] for table in answer.body["tables"]]
    assert types == [["integer", "integer"], ["text", "integer"]]
    assert [table["name"] for table in answer.body["tables"]] == ["a", "b"]
