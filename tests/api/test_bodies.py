"""A body is read within its limit and to its very end, or refused; what it holds is named, never quoted."""

import hashlib
import os
import socket
import threading
from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from eduscale.api import bodies
from eduscale.api.bodies import clean_filename, read_form, take_body
from eduscale.core.errors import MalformedBody, StorageFull
from tests.api.conftest import Ask, ask_raw
from tests.api.probe import MAX_FORM_BYTES
from tests.conftest import Server

BOUNDARY = "----trial"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
JSON = {"Content-Type": "application/json"}


def part(disposition: str, data: bytes, *headers: str) -> bytes:
    lines = [f"--{BOUNDARY}", f"Content-Disposition: form-data; {disposition}", *headers, "", ""]
    return "\r\n".join(lines).encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


REGION = part('name="region"', b"r1")
FILE = part('name="file"; filename="a.csv"', b"a;b\r\n1;2\r\n", "Content-Type: text/csv")


class TestForm:
    def test_files_and_texts_arrive_in_order_and_hashed(self, ask: Ask) -> None:
        big = os.urandom(3_000_000) + b"\r\n--" + BOUNDARY.encode()[:-1]
        second = part('name="file"; filename="b.bin"', big)
        answer = ask("POST", "/form", form(FILE, REGION, second), FORM)
        assert answer.json == {
            "fields": {"region": "r1"},
            "files": [
                {
                    "name": "a.csv",
                    "sha256": hashlib.sha256(b"a;b\r\n1;2\r\n").hexdigest(),
                    "bytes": 10,
                    "type": "text/csv",
                },
                {
                    "name": "b.bin",
                    "sha256": hashlib.sha256(big).hexdigest(),
                    "bytes": len(big),
                    "type": "application/octet-stream",
                },
            ],
        }

    @pytest.mark.parametrize(
        ("parts", "field", "says"),
        [
            ([REGION, REGION], "region", "once"),
            ([part('name="colour"', b"x")], "colour", "accepted: file, region, dataset"),
            ([part('name="colour"; filename="a"', b"x")], "colour", "accepted: file, region, dataset"),
            ([part('name="file"', b"x")], "file", "filename"),
            ([part('name="region"; filename="a"', b"x")], "region", "text"),
            ([part('name="region"', b"x" * 65537)], "region", "64 KiB"),
            ([part('name="region"', b"\xff\xfe")], "region", "UTF-8"),
        ],
        ids=["repeated", "unknown text", "unknown file", "no filename", "file for text", "long", "not UTF-8"],
    )
    def test_a_wrong_field_is_named(self, parts: list[bytes], field: str, says: str, ask: Ask) -> None:
        answer = ask("POST", "/form", form(*parts), FORM)
        assert (answer.status, answer.json["code"], answer.json["field"]) == (422, "invalid_field", field)
        assert says in answer.json["detail"]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"no boundary at all",
            form(FILE)[:-20],
            FILE,
            f"--{BOUNDARY}\r\nX: y\r\n\r\nz\r\n--{BOUNDARY}--".encode(),
            form(part("name_is_missing", b"x")),
            form(*[REGION.replace(b"region", b"dataset")] * 1, *[FILE] * 1001),
            b"x" * 2_000_000 + form(FILE),
            form(FILE) + b"x" * 100_000,
            form(part('name="file"; filename="a"', b"x", "X: " + "y" * 2_000_000)),
        ],
        ids=[
            "empty",
            "no part",
            "cut",
            "no end",
            "no disposition",
            "no name",
            "too many parts",
            "long preamble",
            "long epilogue",
            "endless header",
        ],
    )
    def test_a_malformed_form_is_400(self, body: bytes, ask: Ask) -> None:
        answer = ask("POST", "/form", body, FORM)
        assert (answer.status, answer.json["code"]) == (400, "malformed_body")

    @pytest.mark.parametrize("kind", ["application/json", "multipart/mixed; boundary=x", ""])
    def test_another_type_is_415_and_says_which_is_read(self, kind: str, ask: Ask) -> None:
        answer = ask("POST", "/form", form(FILE), {"Content-Type": kind} if kind else {})
        assert answer.status == 415
        assert "multipart/form-data" in answer.json["detail"]

    @pytest.mark.parametrize("boundary", ["", "boundary=", "boundary=" + "x" * 300])
    def test_a_type_without_a_usable_boundary_is_400(self, boundary: str, ask: Ask) -> None:
        assert ask("POST", "/form", form(FILE), {"Content-Type": f"multipart/form-data; {boundary}"}).status == 400

    def test_an_input_without_a_chosen_file_is_not_a_file(self, ask: Ask) -> None:
        assert ask("POST", "/form", form(REGION, part('name="file"; filename=""', b"")), FORM).json["files"] == []

    def test_an_empty_file_is_a_file(self, ask: Ask) -> None:
        files = ask("POST", "/form", form(part('name="file"; filename="a.csv"', b"")), FORM).json["files"]
        assert [each["bytes"] for each in files] == [0]

    @pytest.mark.parametrize(
        ("disposition", "name"),
        [
            ('filename="žáci.csv"', "žáci.csv"),
            ("filename*=UTF-8''%C5%BE%C3%A1ci.csv", "žáci.csv"),
            ("filename=\"zaci.csv\"; filename*=UTF-8''%C5%BE%C3%A1ci.csv", "žáci.csv"),
            ('filename="%22quoted%22.csv"', '"quoted".csv'),
            ('filename="C:\\\\data\\\\a.csv"', "a.csv"),
            ('filename="../../etc/passwd"', "passwd"),
        ],
    )
    def test_a_filename_is_read_as_clients_write_it(self, disposition: str, name: str, ask: Ask) -> None:
        files = ask("POST", "/form", form(part(f'name="file"; {disposition}', b"x")), FORM).json["files"]
        assert [each["name"] for each in files] == [name]

    def test_a_filename_in_windows_1250_is_read(self, ask: Ask) -> None:
        body = form(part('name="file"; filename="@"', b"x")).replace(b"@", "žáci.csv".encode("cp1250"))
        assert ask("POST", "/form", body, FORM).json["files"][0]["name"] == "žáci.csv"

    def test_a_full_disk_is_507(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        class Full:
            def write(self, data: bytes) -> int:
                raise OSError(28, "No space left on device")

            def close(self) -> None:
                pass

        monkeypatch.setattr(bodies.Path, "open", lambda *_, **__: Full())
        request = Request(EnvironBuilder(method="POST", data=form(FILE), headers=FORM).get_environ())
        take_body(request)
        with pytest.raises(StorageFull):
            read_form(request, tmp_path, max_bytes=1000)


CLEANED = {
    "plain": ("a.csv", "a.csv"),
    "folders": ("x/y\\z.csv", "z.csv"),
    "control characters": ("a\x00\r\n.csv", "a.csv"),
    "direction override": ("a\u202egpj.csv", "agpj.csv"),
    "taken for Latin-1": ("Å¡kola.csv", "škola.csv"),
    "decomposed": ("s\u030ckola.csv", "škola.csv"),
    "empty": ("", "upload"),
    "only dots": ("..", "upload"),
    "ends with a slash": ("a/", "upload"),
    "too long": ("x" * 300 + ".csv", "x" * 251 + ".csv"),
}


@pytest.mark.parametrize(("sent", "clean"), CLEANED.values(), ids=CLEANED.keys())
def test_a_filename_is_cleaned(sent: str, clean: str) -> None:
    assert clean_filename(sent) == clean


class TestJson:
    def test_a_body_becomes_a_model(self, ask: Ask) -> None:
        assert ask("POST", "/wish", '{"sql": "č"}'.encode(), JSON).json == {"sql": "č", "numbers": {}}

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
    def test_another_type_is_415(self, kind: str, ask: Ask) -> None:
        assert ask("POST", "/wish", b"{}", {"Content-Type": kind} if kind else {}).status == 415

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"sql": "a"} x',
            b"{'sql': 'a'}",
            b'{"sql": "a", "sql": "b"}',
            b'{"sql": "a", "numbers": {"x": NaN}}',
            b'{"sql": "a", "numbers": {"x": -Infinity}}',
            b'{"sql": "a", "numbers": {"x": 1e999}}',
            b'{"sql": "a", "numbers": {"x": ' + b"1" * 5000 + b"}}",
            b'{"sql": "\\ud800"}',
            b'{"sql": "\xff"}',
            b"[" * 40_000 + b"]" * 40_000,
            b'{"sql": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
        ],
    )
    def test_what_is_no_strict_json_is_400(self, body: bytes, ask: Ask) -> None:
        answer = ask("POST", "/wish", body, JSON)
        assert (answer.status, answer.json["code"]) == (400, "malformed_body")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b"{}", "sql"),
            (b'{"sql": 12345678}', "sql"),
            (b'{"sql": "a", "numbers": {"x": "12345678y"}}', "numbers.x"),
            (b"[12345678]", "body"),
        ],
    )
    def test_a_wrong_field_is_named_and_its_value_not_quoted(self, body: bytes, field: str, ask: Ask) -> None:
        answer = ask("POST", "/wish", body, JSON)
        assert (answer.status, answer.json["field"]) == (422, field)
        assert b"12345678" not in answer.body


@pytest.mark.parametrize(
    ("query", "status"), [("limit=5", 200), ("limit=x", 422), ("limit=1&limit=2", 422), ("limit=%ff", 422)]
)
def test_parameters_are_typed_and_given_once(query: str, status: int, ask: Ask) -> None:
    answer = ask("GET", f"/page?{query}")
    assert answer.status == status
    assert answer.json.get("field", "limit") == "limit"


class TestLimits:
    def test_a_body_over_the_limit_is_413(self, ask: Ask) -> None:
        answer = ask("POST", "/wish", b'{"sql": "' + b"x" * 100_000 + b'"}', JSON)
        assert (answer.status, answer.json["code"], answer.json["max_bytes"]) == (413, "body_too_large", 100_000)

    def test_a_body_for_a_route_that_reads_none_is_limited_too(self, ask: Ask) -> None:
        assert ask("POST", "/things", b"x" * 1024**2).status == 200
        assert ask("POST", "/things", b"x" * (1024**2 + 1)).status == 413

    @pytest.mark.parametrize("length", ["-1", "abc", "1e3", "+5", "9" * 30])
    def test_a_length_that_is_no_number_is_400(self, length: str, probe_server: Server) -> None:
        head = (
            f"POST /wish HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
        status = ask_raw(probe_server, head.encode() + b"{}")[:13]
        assert status in (b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")
        environ = EnvironBuilder(path="/wish", method="POST", data=b"{}", headers=JSON).get_environ()
        environ["CONTENT_LENGTH"] = length
        with pytest.raises(MalformedBody):
            take_body(Request(environ))

    def test_a_body_with_two_lengths_is_refused(self, probe_server: Server) -> None:
        head = (
            b"POST /wish HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        )
        assert ask_raw(probe_server, head).startswith(b"HTTP/1.1 400 ")

    @pytest.mark.parametrize(
        "body",
        [
            b"Content-Length: 1000\r\n\r\n" + form(FILE),
            b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(form(FILE)) + form(FILE) + b"\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % (len(form(FILE)) + 5) + form(FILE),
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + form(FILE),
        ],
        ids=["shorter than its length", "no last chunk", "cut in a chunk", "no chunk size"],
    )
    def test_a_body_cut_short_is_400(self, body: bytes, probe_server: Server) -> None:
        head = f"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM['Content-Type']}\r\nConnection: close\r\n"
        answer = ask_raw(probe_server, head.encode() + body)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"malformed_body" in answer

    def test_a_chunked_body_is_read_whole(self, probe_server: Server) -> None:
        data = os.urandom(5_000_000)
        body = form(part('name="file"; filename="a"', data))
        connection = probe_server.connect()
        chunks = (body[at : at + 70_001] for at in range(0, len(body), 70_001))
        connection.request("POST", "/form", chunks, FORM, encode_chunked=True)
        answer = connection.getresponse().read()
        connection.close()
        assert hashlib.sha256(data).hexdigest().encode() in answer

    @pytest.mark.parametrize("is_chunked", [False, True])
    def test_a_body_far_over_the_limit_is_answered_without_being_held(
        self, is_chunked: bool, probe_server: Server
    ) -> None:
        """200 MB against a limit of 20 MB: 413, and the worker's memory grows by less than 40 MB."""
        peaks = [resident_mb(probe_server)]
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(0.01):
                peaks.append(resident_mb(probe_server))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            status = send_megabytes(probe_server, 200, is_chunked=is_chunked)
        finally:
            stop.set()
            watcher.join()
        assert status == b"HTTP/1.1 413 "
        assert max(peaks) - peaks[0] < 40

    def test_a_connection_serves_on_after_a_refused_body(self, probe_server: Server) -> None:
        connection = probe_server.connect()
        connection.request("POST", "/wish", b"x" * 2_000_000, JSON)
        response = connection.getresponse()
        assert response.status == 413
        response.read()
        connection.request("GET", "/things")
        assert connection.getresponse().status == 200
        connection.close()


def resident_mb(server: Server) -> float:
    text = Path(f"/proc/{server.worker_pid()}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def send_megabytes(server: Server, megabytes: int, *, is_chunked: bool) -> bytes:
    """Send a large form, reading nothing meanwhile, as most clients do; return the start of the answer."""
    start = part('name="file"; filename="a"', b"")[:-2]
    length = len(start) + megabytes * 10**6
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {length}"
    head = f"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM['Content-Type']}\r\n{framing}\r\n\r\n"
    block = b"x" * 10**6
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(head.encode())
        for data in [start, *[block] * megabytes]:
            connection.sendall(b"%x\r\n%s\r\n" % (len(data), data) if is_chunked else data)
        if is_chunked:
            connection.sendall(b"0\r\n\r\n")
        return connection.recv(13)


def test_the_limit_of_the_trial_form_is_below_what_is_sent() -> None:
    assert MAX_FORM_BYTES < 200 * 10**6


def test_a_form_of_many_megabytes_is_stored_as_it_is(tmp_path: Path) -> None:
    data = os.urandom(1024**2) * 132
    body = form(part('name="file"; filename="a"', data))
    request = Request(EnvironBuilder(method="POST", data=body, headers=FORM).get_environ())
    take_body(request)
    sent = read_form(request, tmp_path, max_bytes=len(body))
    assert sent.files[0].size_bytes == len(data)
    assert sent.files[0].sha256 == hashlib.sha256(data).hexdigest()
