"""The main job on the real server: a school's spreadsheet becomes a checked table that can be asked."""

import csv
import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import openpyxl
import pytest

from tests.api.sending import ask, call, send
from tests.conftest import Server, start_server, stop_server

MARKS = "Žák;Třída;Body;Datum\nAda;1.A;1,5;31.12.2024\nBob;1.B;2;1.9.2024\n".encode("cp1250")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file's own, because it lists and counts."""
    started = start_server(tmp_path_factory.mktemp("main_job"))
    yield started
    stop_server(started)


def uploaded(server: Server, name: str, data: bytes, **fields: str) -> dict:  # type: ignore[type-arg]
    (receipt,) = send(server, (name, data), **{"region": "r", **fields}).body["uploads"]
    assert receipt["state"] == "loaded", receipt["error"]
    return receipt  # type: ignore[no-any-return]


def test_a_school_export_is_understood_typed_and_explained(server: Server) -> None:
    answer = send(server, ("znamky_2024.csv", MARKS), region="jih", sender="ZS1")
    assert answer.status == 201
    (receipt,) = answer.body["uploads"]
    (table,) = receipt["tables"]
    assert (receipt["state"], receipt["generation"], receipt["sender"]) == ("loaded", 1, "ZS1")
    assert (table["dataset"], table["rows"]) == ("znamky", 2)
    assert [(column["name"], column["label"], column["type"]) for column in table["columns"]] == [
        ("zak", "Žák", "text"),
        ("trida", "Třída", "text"),
        ("body", "Body", "decimal"),
        ("datum", "Datum", "date"),
    ]
    guesses = {(guess["what"], guess["column"]): guess for guess in table["guesses"]}
    assert guesses["encoding", None]["value"] == "windows-1250"
    assert guesses["delimiter", None]["value"] == ";"
    assert all(guess["evidence"] and 0 <= guess["confidence"] <= 1 for guess in table["guesses"])
    rows = call(server, "GET", f"/api/v1/uploads/{receipt['upload_id']}/tables/0/rows").body
    assert rows == {
        "columns": ["zak", "trida", "body", "datum"],
        "types": ["text", "text", "decimal", "date"],
        "rows": [["Ada", "1.A", 1.5, "2024-12-31"], ["Bob", "1.B", 2.0, "2024-09-01"]],
        "total": 2,
    }


def test_a_long_number_keeps_its_digits_beside_decimals_of_another_file(server: Server) -> None:
    uploaded(server, "cisla_a.csv", b"skola;hodnota\nA;9007199254740993\n", dataset="dlouha_cisla")
    uploaded(server, "cisla_b.csv", b"skola;hodnota\nB;1,5\n", dataset="dlouha_cisla")
    answer = call(server, "GET", "/api/v1/datasets/dlouha_cisla/rows")
    assert answer.body["rows"] == [["A", "9007199254740993"], ["B", "1.5"]]


@pytest.mark.parametrize("cell", ["slovo {n}", "{n}"], ids=["text", "numbers"])
def test_a_table_of_as_many_columns_as_may_be_is_read_and_shown(server: Server, cell: str) -> None:
    labels = [f"q{n}" for n in range(5_000)]
    cells = [cell.format(n=n) for n in range(5_000)]
    receipt = uploaded(
        server, f"wide_{len(cell)}.csv", "\n".join([",".join(labels), *[",".join(cells)] * 3]).encode()
    )
    rows = call(server, "GET", f"/api/v1/uploads/{receipt['upload_id']}/tables/0/rows")
    assert (rows.status, rows.body["columns"]) == (200, labels)
    assert rows.body["rows"] == [[int(cell) if cell.isdigit() else cell for cell in cells]] * 3


def test_the_same_bytes_again_are_the_same_upload(server: Server) -> None:
    first = send(server, ("a.csv", b"id;v\n1;2\n"), region="twice")
    second = send(server, ("b.csv", b"id;v\n1;2\n"), region="twice")
    assert (first.status, second.status) == (201, 200)
    assert second.body["uploads"][0]["duplicate"] is True
    assert second.body["uploads"][0]["upload_id"] == first.body["uploads"][0]["upload_id"]


def test_several_files_are_answered_in_their_order(server: Server) -> None:
    answer = send(server, ("x.csv", b"id;v\n1;9\n"), ("bad.csv", b""), ("y.csv", b"id;v\n1;8\n"), region="several")
    assert answer.status == 201
    assert [one["filename"] for one in answer.body["uploads"]] == ["x.csv", "bad.csv", "y.csv"]
    assert [one["state"] for one in answer.body["uploads"]] == ["loaded", "rejected", "loaded"]


@pytest.mark.parametrize(("language", "word"), [("en", "empty"), ("cs", "prázdný")])
def test_a_file_that_cannot_be_read_says_why_in_the_readers_language(
    server: Server, language: str, word: str
) -> None:
    answer = send(server, ("nic.csv", b""), region="r", language=language)
    assert answer.status == 422
    assert word in answer.body["uploads"][0]["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "region"),
        ({"region": "a b"}, "region"),
        ({"region": "x" * 65}, "region"),
        ({"region": "r", "replaces": "nothing"}, "replaces"),
        ({"region": "r", "colour": "red"}, "colour"),
        ({"region": "r", "sender": "x" * 201}, "sender"),
    ],
)
def test_a_wrong_field_is_named(server: Server, fields: dict[str, str], field: str) -> None:
    answer = send(server, ("a.csv", b"id;v\n1;2\n"), **fields)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (422, "invalid_field", field)


def test_a_form_without_a_file_is_refused(server: Server) -> None:
    answer = send(server, region="r")
    assert (answer.status, answer.body["field"]) == (422, "file")


def test_an_undone_upload_is_out_of_its_dataset_and_may_come_again(server: Server) -> None:
    receipt = uploaded(server, "vraceno.csv", b"id;v\n1;2\n")
    path = f"/api/v1/uploads/{receipt['upload_id']}"
    for _ in range(2):
        undone = call(server, "DELETE", path)
        assert (undone.status, undone.body["state"]) == (200, "undone")
    assert call(server, "GET", f"{path}/tables/0/rows").status == 404
    assert call(server, "GET", "/api/v1/datasets/vraceno").status == 404
    assert ask(server, "SELECT * FROM vraceno").status == 422
    assert not uploaded(server, "vraceno.csv", b"id;v\n1;2\n")["duplicate"]


def test_a_replacement_swaps_the_rows(server: Server) -> None:
    old = uploaded(server, "opravy.csv", b"id;v\n1;2\n2;3\n")
    uploaded(server, "opravy.csv", b"id;v\n1;7\n", replaces=old["upload_id"])
    assert ask(server, "SELECT v FROM opravy").body["rows"] == [[7]]


def test_uploads_of_one_dataset_append_gain_columns_and_widen(server: Server) -> None:
    uploaded(server, "mereni_01.csv", b"id;v\n1;2\n", dataset="mereni")
    uploaded(server, "mereni_02.csv", b"id;v;pozn\n2;3,5;ano\n3;4;\n", dataset="mereni", region="r2")
    detail = call(server, "GET", "/api/v1/datasets/mereni").body
    assert detail["columns"] == ["id", "v", "pozn"]
    assert detail["types"][:2] == ["integer", "decimal"]
    assert (detail["rows"], detail["regions"], len(detail["uploads"])) == (3, ["r", "r2"], 2)
    assert {one["name"]: one["filled"] for one in detail["profile"]} == {"id": 3, "v": 3, "pozn": 1}
    rows = call(server, "GET", "/api/v1/datasets/mereni/rows?offset=1&limit=1").body
    assert (rows["rows"][0][:2], rows["total"]) == ([2, 3.5], 3)
    answer = ask(server, "SELECT _region, SUM(v) AS s FROM mereni GROUP BY _region ORDER BY _region").body
    assert answer["rows"] == [["r", 2.0], ["r2", 7.5]]


def test_unrelated_layouts_of_one_name_do_not_mix(server: Server) -> None:
    first = uploaded(server, "data_1.csv", b"id;zak;body\n1;Ada;2\n")
    other = uploaded(server, "data_2.csv", b"ucebna;kapacita;patro\nA1;30;2\n")
    assert first["tables"][0]["dataset"] != other["tables"][0]["dataset"]


def test_uploads_are_listed_newest_first_page_by_page(server: Server) -> None:
    ids = [uploaded(server, f"f{n}.csv", b"id;v\n1;%d\n" % n, region="list")["upload_id"] for n in range(3)]
    first = call(server, "GET", "/api/v1/uploads?region=list&limit=2").body
    assert [item["upload_id"] for item in first["items"]] == ids[:0:-1]
    rest = call(server, "GET", f"/api/v1/uploads?region=list&limit=2&cursor={first['next_cursor']}").body
    assert ([item["upload_id"] for item in rest["items"]], rest["next_cursor"]) == (ids[:1], None)
    assert call(server, "GET", "/api/v1/uploads?cursor=nonsense").status == 422


def test_an_export_is_safe_to_open_and_loses_nothing(server: Server, tmp_path: Path) -> None:
    sent = b'id;text;cislo;den\n007;"=1+1";1,5;31.12.2024\n010;@SUM(A1);-2;1.9.2024\n'
    uploaded(server, "vyvoz.csv", sent)

    def exported(file_format: str) -> bytes:
        answer = call(server, "GET", f"/api/v1/datasets/vyvoz/export?format={file_format}")
        assert answer.status == 200
        assert f'filename="vyvoz.{file_format}"' in answer.headers["Content-Disposition"]
        return answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()

    lines = list(csv.reader(io.StringIO(exported("csv").decode("utf-8-sig"))))
    assert lines == [
        ["id", "text", "cislo", "den"],
        ["007", "'=1+1", "1.5", "2024-12-31"],
        ["010", "'@SUM(A1)", "-2.0", "2024-09-01"],
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(exported("xlsx"))).active
    assert sheet is not None
    cells = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows()]
    assert [kind for _, kind in cells[1]] == ["s", "s", "n", "d"]
    assert cells[1][1][0].endswith("=1+1")
    (tmp_path / "x.parquet").write_bytes(exported("parquet"))
    assert duckdb.read_parquet(str(tmp_path / "x.parquet")).fetchall()[1][:3] == ("010", "@SUM(A1)", -2.0)
    assert json.loads(exported("json"))[0] == {"id": "007", "text": "=1+1", "cislo": 1.5, "den": "2024-12-31"}


def test_what_was_left_out_can_be_seen_line_by_line(server: Server) -> None:
    body = "".join(f"Zak{n};{n}\n" for n in range(120))
    sent = f"Přehled\n\njmeno;body\n{body}Omyl;neví\nCelkem;7140\n".encode()
    receipt = uploaded(server, "prehled_bodu.csv", sent)
    path = f"/api/v1/uploads/{receipt['upload_id']}/rejects"
    found = call(server, "GET", f"{path}?format=json").body
    assert [(one["kind"], one["row"], one["raw"]) for one in found] == [
        ("set_aside", 1, "Přehled"),
        ("blanked", 124, "neví"),
        ("set_aside", 125, "Celkem;7140"),
    ]
    lines = call(server, "GET", path).body.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Row in your file;What happened;Why (")
    assert len(lines) == 4
    nothing = uploaded(server, "bez_chyb.csv", b"id;v\n1;2\n")
    assert call(server, "GET", f"/api/v1/uploads/{nothing['upload_id']}/rejects?format=json").body == []


def test_a_mistyped_table_or_column_is_answered_with_those_there_are(server: Server) -> None:
    uploaded(server, "skoly.csv", b"nazev;kapacita\nAlfa;30\nBeta;40\n")
    table = ask(server, "SELECT nazev FROM skola")
    assert (table.status, table.body["code"]) == (422, "query_refused")
    assert "skoly" in table.body["detail"]
    assert "kapacita" in ask(server, "SELECT kapacit FROM skoly").body["detail"]


def test_a_query_binds_parameters_and_says_when_it_cut_the_rows(server: Server) -> None:
    uploaded(server, "cisla.csv", b"n;m\n" + b"".join(b"%d;x\n" % n for n in range(50)))
    answer = ask(server, "SELECT n FROM cisla WHERE n >= @low ORDER BY n", low=45).body
    assert ([row[0] for row in answer["rows"]], answer["truncated"]) == ([45, 46, 47, 48, 49], False)
    cut = call(server, "POST", "/api/v1/query", {"sql": "SELECT n FROM cisla ORDER BY n", "max_rows": 3}).body
    assert ([row[0] for row in cut["rows"]], cut["truncated"]) == ([0, 1, 2], True)
    assert (cut["columns"], cut["types"], cut["engine"]) == (["n"], ["integer"], "duckdb")


def test_ten_uploads_of_one_file_at_once_are_one_receipt(server: Server) -> None:
    data = b"id;v\n" + b"".join(b"%d;%d\n" % (n, n) for n in range(2000))
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(lambda n: send(server, (f"{n}.csv", data), region="ten", dataset="ten"), range(10))
        )
    receipts = [answer.body["uploads"][0] for answer in answers]
    assert sorted(answer.status for answer in answers) == [200] * 9 + [201]
    assert len({receipt["upload_id"] for receipt in receipts}) == 1
    assert ask(server, "SELECT COUNT(*) FROM ten").body["rows"] == [[2000]]


def test_forty_different_uploads_at_once_all_arrive(server: Server) -> None:
    def one(n: int) -> int:
        return send(server, (f"s{n}.csv", b"id;v\n%d;1\n" % n), region="forty", dataset="forty").status

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(one, range(40))) == {201}
    assert ask(server, "SELECT COUNT(DISTINCT id) FROM forty").body["rows"] == [[40]]


def test_no_route_shows_a_path_of_the_machine(server: Server) -> None:
    receipt = uploaded(server, "tajne.csv", b"id;v\n1;2\n")
    for path in (f"/api/v1/uploads/{receipt['upload_id']}", "/api/v1/datasets/tajne", "/openapi.json"):
        assert str(server.data_dir) not in json.dumps(call(server, "GET", path).body)


class TestOnAServerOfItsOwn:
    """What needs other settings, or kills the server."""

    @staticmethod
    def started(tmp_path: Path, **settings: str) -> Server:
        tmp_path.mkdir(exist_ok=True)
        return start_server(tmp_path, **settings)

    def test_killed_during_an_upload_and_sent_again_the_rows_are_there_once(self, tmp_path: Path) -> None:
        data = b"id;v\n" + b"".join(b"%d;%d\n" % (n, n % 7) for n in range(300_000))
        for delay_s in (0.05, 0.2, 0.4, 0.7):
            server = self.started(tmp_path)
            sending = threading.Thread(target=self._send_into_the_void, args=(server, data))
            sending.start()
            time.sleep(delay_s)
            os.kill(server.worker_pid(), signal.SIGKILL)
            os.kill(server.process.pid, signal.SIGKILL)
            server.process.wait()
            sending.join()
        server = self.started(tmp_path)
        try:
            answer = send(server, ("velky.csv", data), region="r")
            assert answer.status in (200, 201)
            assert answer.body["uploads"][0]["state"] == "loaded"
            assert ask(server, "SELECT COUNT(*), COUNT(DISTINCT id) FROM velky").body["rows"] == [[300_000] * 2]
            assert len(call(server, "GET", "/api/v1/uploads").body["items"]) == 1
        finally:
            stop_server(server)

    @staticmethod
    def _send_into_the_void(server: Server, data: bytes) -> None:
        try:
            send(server, ("velky.csv", data), region="r")
        except (OSError, ValueError):
            return

    def test_a_full_queue_answers_busy_while_health_keeps_answering(self, tmp_path: Path) -> None:
        server = self.started(tmp_path, SANDBOX_PROCESSES="1", SANDBOX_QUEUE="1", QUERY_TIMEOUT_S="3")
        slow = "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 20000)) a, UNNEST(GENERATE_ARRAY(1, 20000)) b, \
            UNNEST(GENERATE_ARRAY(1, 20000)) c WHERE a + b + c = 7"
        try:
            ask(server, "SELECT 1")
            with ThreadPoolExecutor(6) as pool:
                asked = [pool.submit(ask, server, slow) for _ in range(6)]
                time.sleep(0.5)
                assert call(server, "GET", "/health").status == 200
                assert not any(each.done() and each.result().status == 504 for each in asked)
                answers = [each.result() for each in asked]
            busy = [answer for answer in answers if answer.status == 503]
            assert len(busy) == 4
            assert all(answer.body["code"] == "busy" and int(answer.headers["Retry-After"]) > 0 for answer in busy)
            assert {answer.status for answer in answers} == {503, 504}
            assert ask(server, "SELECT 1").status == 200
        finally:
            stop_server(server)

    def test_without_access_control_outside_local_only_health_answers(self, tmp_path: Path) -> None:
        server = self.started(tmp_path, ENV="dev")
        try:
            assert call(server, "GET", "/health").status == 200
            assert call(server, "GET", "/ready").status == 200
            assert call(server, "GET", "/").status == 403
            assert send(server, ("a.csv", b"id;v\n1;2\n"), region="r").status == 403
        finally:
            stop_server(server)
