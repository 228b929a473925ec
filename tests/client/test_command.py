"""The command against the real service: a folder is sent, goes on where it stopped, and failures are sentences."""

import contextlib
import http.server
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eduscale.client import command, display
from tests.api.sending import call
from tests.conftest import ROOT, Server, start_server, stop_server

SAMPLES = ROOT / "eduscale" / "web" / "samples"
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "en_GB.UTF-8"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file's own, because the samples that it sends would count elsewhere."""
    started = start_server(tmp_path_factory.mktemp("client"))
    yield started
    stop_server(started)


def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "eduscale", *map(str, arguments)],
        env={**ENVIRONMENT, **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str | Path, **environment: str) -> tuple[int, str, str]:
    """Run the command and return its exit status, what it printed and what it said on the way."""
    process = start(*arguments, **environment)
    out, said = process.communicate(timeout=120)
    assert "Traceback" not in said, said
    return process.returncode, out, said


def upload(url: str, region: str, *arguments: str | Path, **environment: str) -> tuple[int, str, str]:
    return run("upload", *arguments, "--region", region, "--url", url, **environment)


def posts(server: Server) -> int:
    """Return how many uploads the service has answered."""
    lines = [json.loads(line) for line in server.stdout.read_text().splitlines() if line.startswith("{")]
    return sum(line["message"].startswith("POST /api/v1/uploads ") for line in lines)


def csv_of(rows: int, start_at: int = 0) -> str:
    return "id;jmeno;body\n" + "".join(f"{row};Jana {row % 977};{row % 100},5\n" for row in range(start_at, rows))


def test_without_a_command_it_says_what_there_is() -> None:
    status, out, _ = run()
    assert (status, "upload" in out) == (0, True)


def test_a_folder_is_sent_and_said_file_by_file(server: Server) -> None:
    status, out, _ = upload(server.url, "cli-a", SAMPLES)
    assert status == 0
    assert (
        f"{SAMPLES}/pololeti_zs_jasanova.csv: read\n  120 rows, 8 columns, in the dataset pololeti_zs_jasan" in out
    )
    assert "    4 lines are not data and were set aside\n    1 thing to look at:\n      row 62, Průměr: " in out
    assert out.endswith("Read: 3, already in: 0, not read: 0.\n")


def test_what_is_in_already_is_not_sent_again(server: Server) -> None:
    """Not even its bytes: the service is asked by the content's hash."""
    upload(server.url, "cli-b", SAMPLES)
    before = posts(server)
    status, out, _ = upload(server.url, "cli-b", SAMPLES)
    assert (status, posts(server)) == (0, before)
    assert out.endswith("Read: 0, already in: 3, not read: 0.\n")
    assert upload(server.url, "cli-b", SAMPLES, "--dataset", "jine")[1].endswith(
        "Read: 3, already in: 0, not read: 0.\n"
    )


def test_it_speaks_czech(server: Server, tmp_path: Path) -> None:
    (tmp_path / "prázdný.csv").write_text("")
    for chosen in ({"LANG": "cs_CZ.UTF-8"}, {"LC_ALL": "cs_CZ"}):
        status, out, _ = upload(server.url, "cli-c", tmp_path, **chosen)
        assert status == 1
        assert "prázdný.csv: nenačteno: Soubor je prázdný" in out
    assert (
        "not read: The file is empty"
        in upload(server.url, "cli-c", tmp_path, "--language", "en", LANG="cs_CZ.UTF-8")[1]
    )


def test_one_bad_file_does_not_stop_the_others(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "b.csv").write_text("id;body\n1;2\n")
    status, out, _ = upload(server.url, "cli-d", tmp_path)
    assert status == 1
    assert out.endswith("Read: 1, already in: 0, not read: 1.\n")


def test_scripts_get_one_object_a_file(server: Server) -> None:
    status, out, _ = upload(server.url, "cli-e", SAMPLES / "test_scores_2025.csv", "--json")
    (line,) = out.splitlines()
    told = json.loads(line)
    assert (status, told["file"]) == (0, str(SAMPLES / "test_scores_2025.csv"))
    assert (told["receipt"]["state"], told["receipt"]["tables"][0]["rows"]) == ("loaded", 60)


def test_a_long_sending_is_told_where_there_is_no_terminal(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(display, "FIRST_LINE_S", 0)  # so that any sending is a long one
    (tmp_path / "long.csv").write_text(csv_of(900_000))
    status = command.main(["upload", str(tmp_path), "--region", "cli-f", "--url", server.url, "--language", "en"])
    out, said = capsys.readouterr()
    assert status == 0
    assert "900,000 rows" in out
    assert any(line.startswith("1/1 long.csv: ") and " % " in line for line in said.splitlines()), said


def test_killed_in_the_middle_of_a_folder_the_same_command_goes_on(tmp_path: Path) -> None:
    """The service dies between two files; afterwards every row is there once, and what was in was not sent."""
    folder, place = tmp_path / "exports", tmp_path / "server"
    folder.mkdir()
    place.mkdir()
    for number in range(6):
        (folder / f"{number}.csv").write_text(csv_of(200_000 if number == 3 else 50, number))
    server = start_server(place)
    try:
        sending = start(
            "upload", folder, "--region", "r", "--dataset", "body", "--url", server.url, "--patience", "0.5"
        )
        assert sending.stdout is not None
        while not sending.stdout.readline().startswith(f"{folder}/2.csv"):
            pass
    finally:
        os.kill(server.worker_pid(), signal.SIGKILL)
        server.process.kill()
        server.process.wait()
    _, said = sending.communicate(timeout=60)
    assert (sending.returncode, "goes on where it stopped" in said) == (2, True)
    server = start_server(place)
    try:
        status, out, _ = upload(server.url, "r", folder, "--dataset", "body")
        assert status == 0
        known = int(out.split("already in: ")[1].split(",")[0])
        assert 3 <= known <= 4
        (dataset,) = call(server, "GET", "/api/v1/datasets").body["items"]
        assert dataset["rows"] == sum(50 - number for number in (0, 1, 2, 4, 5)) + 200_000 - 3
    finally:
        stop_server(server)


# Failures, with a service that is none


Answer = tuple[int, dict[str, str], bytes]


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers as it is told, and remembers what it was asked."""

    answers: Callable[["Stranger"], Answer]
    asked: list[tuple[str, dict[str, str], int]]

    def answer(self) -> None:
        left = int(self.headers.get("Content-Length") or 0)
        size = left
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        type(self).asked.append((f"{self.command} {self.path}", dict(self.headers), size))
        status, headers, body = type(self).answers(self)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815  # named by http.server

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def stranger(
    answers: Callable[[Stranger], Answer],
) -> Iterator[tuple[str, list[tuple[str, dict[str, str], int]]]]:
    asked: list[tuple[str, dict[str, str], int]] = []
    handler = type("Handler", (Stranger,), {"answers": staticmethod(answers), "asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as service:
        thread = threading.Thread(target=service.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{service.server_port}", asked
        finally:
            service.shutdown()
            thread.join()


RECEIPT = {"state": "loaded", "duplicate": False, "error": None, "tables": []}
NOTHING_THERE = (200, {"Content-Type": "application/json"}, b'{"items": [], "next_cursor": null}')
LOADED = (201, {"Content-Type": "application/json"}, json.dumps({"uploads": [RECEIPT]}).encode())
PROBLEM = {"Content-Type": "application/problem+json"}


def always(*answer: Any) -> Callable[[Stranger], Answer]:
    return lambda _: answer


def in_turn(
    *answers: Answer,
) -> Callable[[Stranger], Answer]:
    """Answer uploads one after the other; nothing is ever in already."""
    left = list(answers)
    return lambda asked: NOTHING_THERE if asked.command == "GET" else left.pop(0)


def event(name: str, **data: object) -> Answer:
    text = f": here\n\nevent: {name}\ndata: {json.dumps(data)}\n\n"
    return 200, {"Content-Type": "text/event-stream"}, text.encode()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("id;body\n1;2\n")
    return path


@pytest.mark.parametrize(
    "busy",
    [(503, {**PROBLEM, "Retry-After": "1"}, b"{}"), event("problem", status=503, detail="Busy", retry_after_s=1)],
    ids=["plain", "event"],
)
def test_a_busy_service_is_asked_again_when_it_says(small: Path, busy: Answer) -> None:
    with stranger(in_turn(busy, LOADED)) as (url, asked):
        started = time.monotonic()
        status, _, said = upload(url, "r", small)
        assert (status, "The service is busy; trying again in 1 s." in said) == (0, True)
        assert time.monotonic() - started >= 1
        assert [line.partition(" ")[0] for line, _, _ in asked] == ["GET", "POST", "POST"]


def test_a_service_that_stays_busy_is_left(small: Path) -> None:
    with stranger(always(503, {**PROBLEM, "Retry-After": "1"}, b"{}")) as (url, _):
        status, _, said = upload(url, "r", small, "--patience", "1")
    assert (status, "is too busy" in said) == (2, True)


def test_an_answer_that_breaks_off_is_asked_for_again(small: Path) -> None:
    with stranger(in_turn(event("progress", stage="reading", fraction=0.5), LOADED)) as (url, _):
        status, _, said = upload(url, "r", small)
    assert (status, "does not answer; trying again" in said) == (0, True)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((401, PROBLEM, b'{"detail": "Sign in first"}'), "EDUSCALE_TOKEN"),
        ((404, {"Content-Type": "text/html"}, b"<h1>nothing</h1>"), "is not EduScale Engine (status 404)"),
        ((200, {"Content-Type": "text/html"}, b"<h1>welcome</h1>"), "is not EduScale Engine (status 200)"),
        ((302, {"Location": "https://elsewhere.example/"}, b""), "is not EduScale Engine (status 302)"),
        ((422, PROBLEM, b'{"detail": "The region is needed.", "field": "region"}'), "The region is needed."),
    ],
    ids=["no access", "another site", "a page", "moved", "a wrong field"],
)
def test_what_no_other_file_would_change_ends_it(small: Path, answer: Answer, sentence: str) -> None:
    (small.parent / "b.csv").write_text("id;body\n1;3\n")
    with stranger(always(*answer)) as (url, asked):
        status, _, said = upload(url, "r", small.parent)
    assert (status, sentence in said, len(asked)) == (2, True, 1)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            (413, PROBLEM, b'{"detail": "At most 9 bytes."}'),
            "larger than the service takes at once. At most 9 bytes.",
        ),
        ((413, {"Content-Type": "text/html"}, b"<h1>Too large</h1>"), "larger than the service takes at once."),
        ((500, PROBLEM, b'{"detail": "It is in our log."}'), "refused it (status 500). It is in our log."),
    ],
    ids=["too large", "too large for a proxy", "a fault of the service"],
)
def test_a_file_that_is_refused_is_said_and_the_next_one_sent(small: Path, answer: Answer, sentence: str) -> None:
    (small.parent / "b.csv").write_text("id;body\n1;3\n")
    with stranger(in_turn(answer, LOADED)) as (url, _):
        status, out, _ = upload(url, "r", small.parent)
    assert status == 1
    assert "a.csv: not sent: The" in out
    assert sentence in out


def test_nobody_there_is_said_at_once(small: Path) -> None:
    status, _, said = upload("http://127.0.0.1:1", "r", small)
    assert (status, "No service answers at http://127.0.0.1:1" in said) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing.csv"], "There is no file or folder nothing.csv."),
        (["{empty}"], "There is no file to send in it."),
        (["README.md", "--url", "ftp://example"], "ftp://example is no address"),
        (["README.md", "LICENSE", "--replaces", "1f"], "takes one file only"),
    ],
    ids=["missing", "an empty folder", "no address", "one upload, two files"],
)
def test_a_command_that_makes_no_sense_is_said(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    status, _, said = run("upload", "--region", "r", *(each.format(empty=tmp_path) for each in arguments))
    assert (status, sentence in said) == (2, True)


def test_token_language_and_wishes_go_along(small: Path) -> None:
    with stranger(in_turn(LOADED)) as (url, asked):
        upload(f"{url}/engine/", "r", small, "--replaces", "auto", "--language", "cs", EDUSCALE_TOKEN="secret")
    ((line, headers, _),) = asked
    assert line == "POST /engine/api/v1/uploads"
    assert (headers["Authorization"], headers["Accept-Language"]) == ("Bearer secret", "cs")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """300 MB go out of a process that may have little more than Python itself takes."""
    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.truncate(300 << 20)
    with stranger(in_turn(LOADED)) as (url, asked):
        process = subprocess.run(
            [sys.executable, "-m", "eduscale", "upload", str(path), "--region", "r", "--url", url],
            env=ENVIRONMENT, cwd=ROOT, check=False, capture_output=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (100 << 20, 100 << 20)),
        )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert asked[-1][2] > 300 << 20


def test_a_file_that_changes_while_it_is_sent_is_not_sent(small: Path) -> None:
    def grow(asked: Stranger) -> Answer:
        small.write_text("id;body\n1;2\n3;4\n")  # after it was hashed
        return NOTHING_THERE

    with stranger(grow) as (url, _):
        status, out, _ = upload(url, "r", small)
    assert (status, "changed while it was sent" in out) == (1, True)


def test_stopped_by_its_user_it_says_a_sentence(small: Path) -> None:
    ended = threading.Event()

    def hold(asked: Stranger) -> Answer:
        if asked.command == "POST":
            ended.wait(60)
        return NOTHING_THERE

    with stranger(hold) as (url, asked):
        sending = start("upload", small, "--region", "r", "--url", url)
        while len(asked) < 2:
            time.sleep(0.01)
        sending.send_signal(signal.SIGINT)
        _, said = sending.communicate(timeout=30)
        ended.set()
    sentence = "Stopped. What was sent stays; run the same command again to go on."
    assert (sending.returncode, said.strip()) == (130, sentence)
