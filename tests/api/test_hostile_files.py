"""No file makes the service fail, use more than its sandbox, write beside its data, calculate, or call anybody."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import hostile
from tests.api.sending import call, send
from tests.conftest import Server, start_server, stop_server

MIB = 1024**2
MEMORY = 384 * MIB
DEADLINE_S = 60
EXPECTED: dict[str, set[str]] = {
    "bomba.zip": {"archive_too_large"},
    "bomba.csv.gz": {"archive_too_large"},
    "jedna_radka.zip": {"archive_too_large"},
    "zip_v_zipu.zip": {"archive_too_large"},
    "bez_konce.zip": {"archive_unreadable"},
    "prekryv.zip": {"archive_too_large"},
    "mnoho.zip": {"archive_of_too_many_files"},
    "utek.zip": {"loaded"},
    "xxe.xlsx": {"unsafe_workbook"},
    "xxe_sit.xlsx": {"unsafe_workbook"},
    "smich.xlsx": {"unsafe_workbook"},
    "smich_list.xlsx": {"unsafe_workbook"},
    "smich.fods": {"unsafe_workbook"},
    "smich.xls": {"loaded"},
    "roh.xlsx": {"loaded"},
    "prazdne_radky.xlsx": {"loaded"},
    "nuly.xlsx": {"too_large_unpacked"},
    "heslo.xlsx": {"encrypted_workbook"},
    "milion_sloupcu.csv": {"too_many_columns"},
    "radek.csv": {"line_too_long"},
    "uvozovka.csv": {"loaded"},
    "nuly.csv": {"line_too_long"},
    "vzorec.csv": {"loaded"},
}
"""What becomes of a file: `loaded`, or the code of the error; others are only not to harm."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A server in a folder of its own, with a folder for temporary files beside its data, and low limits."""
    (folder / "tmp").mkdir()
    started = start_server(
        folder,
        TMPDIR=str(folder / "tmp"),
        SANDBOX_MEMORY_BYTES=str(MEMORY),
        SANDBOX_FILE_BYTES=str(512 * MIB),
        READ_TIMEOUT_S=str(DEADLINE_S),
        MAX_UNPACKED_BYTES=str(30 * MIB),
    )
    yield started
    stop_server(started)


NOWHERE = "/tmp/eduscale-nothing-may-appear-here"
FILES = hostile.files(NOWHERE)


def memory_bytes(pid: int) -> int:
    """Return what a process and all it started hold, the largest child apart."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def beside_the_data(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if "data" not in path.relative_to(folder).parts
    }


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_gets_a_receipt_and_harms_nobody(name: str, server: Server, folder: Path) -> None:
    send(server, ("prvni.csv", hostile.TABLE), region="r")
    before, held = beside_the_data(folder), memory_bytes(server.worker_pid())
    started = time.monotonic()
    answer = send(server, (name, FILES[name]), region="r")
    assert time.monotonic() - started < DEADLINE_S
    assert answer.status in (200, 201, 422), answer.body
    (receipt,) = answer.body["uploads"]
    outcome = receipt["error"]["code"] if receipt["error"] else receipt["state"]
    assert outcome in EXPECTED.get(name, {outcome})
    assert not outcome.startswith("reading_"), outcome
    for table in receipt["tables"]:
        path = f"/api/v1/uploads/{receipt['upload_id']}/tables/{table['index']}/rows?limit=5"
        assert call(server, "GET", path).body["total"] == table["rows"]
    assert beside_the_data(folder) == before
    assert not Path(NOWHERE).exists()
    assert not list((folder / "data").rglob("member-*"))
    assert memory_bytes(server.worker_pid()) < held + 150 * MIB
    assert call(server, "GET", "/health").status == 200


def test_a_formula_stays_the_text_that_it_is(server: Server) -> None:
    (receipt,) = send(server, ("vzorec.csv", FILES["vzorec.csv"]), region="formula").body["uploads"]
    answer = call(server, "GET", f"/api/v1/uploads/{receipt['upload_id']}/tables/0/rows")
    assert [row[1] for row in answer.body["rows"]] == ['=WEBSERVICE("http://127.0.0.1:9/")', "=1+1", "@SUM(1+1)"]


def test_names_in_an_archive_are_shown_and_are_no_paths(server: Server) -> None:
    (receipt,) = send(server, ("utek.zip", FILES["utek.zip"]), region="names").body["uploads"]
    assert len(receipt["tables"]) == 7
    codes = [problem["code"] for problem in receipt["tables"][0]["problems"]]
    assert codes == ["member_unread"]
    assert not [path for path in Path("/").iterdir() if "utek" in path.name]
