"""Every messy file, sent to the real server, comes back as an analyst would have made it by hand.

`cases.json` says what is right for each file, `judge.py` whether an answer is: values, names, what was left out,
what was reported, and that an error names its cause. Types, forbidden text and limits are looked at here.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from eduscale.models.reading import ColumnType
from tests.api.sending import call, send
from tests.cases.judge import judge
from tests.conftest import Server

FOLDER = Path(__file__).parent
CASES = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))["cases"]
MEANT = {
    "number": {"integer", "decimal"},
    "integer": {"integer", "decimal"},
    "list": {"json"},
    "object": {"json"},
    "any": set(get_args(ColumnType)),
}
"""What the types of the cases are called here, where they are called otherwise."""
BOMB_SECONDS, BOMB_MB = 20, 500


@pytest.mark.parametrize("case", CASES, ids=[f"{case['kind']}-{Path(case['file']).stem}" for case in CASES])
def test_a_messy_file_is_read_right(server: Server, case: dict[str, Any]) -> None:
    expected, result = case["expect"], read(server, case)
    assert judge(expected, result, "full", accounts=True) is None
    shown = json.dumps(result, ensure_ascii=False)
    assert not [text for text in expected.get("forbidden", ()) if text in shown]
    if "error" in result:
        return
    right = [each for each in expected.get("any_of", [expected]) if judge(each, result, accounts=True) is None]
    assert any(has_types(each, result) for each in right), [table["types"] for table in result["tables"]]


@pytest.mark.parametrize("case", [case for case in CASES if "bomb" in case["file"]], ids=lambda case: case["kind"])
def test_a_bomb_stays_within_time_and_memory(server: Server, case: dict[str, Any]) -> None:
    started = time.monotonic()
    with peak_memory(server) as peak:
        read(server, case, region="bomb")
    assert time.monotonic() - started < BOMB_SECONDS
    assert max(peak) < BOMB_MB


def read(server: Server, case: dict[str, Any], region: str = "cases") -> dict[str, Any]:
    """Send a file and return what the judge looks at: its tables with all their rows, or the error's sentence."""
    path = FOLDER / case["file"]
    (receipt,) = send(server, (path.name, path.read_bytes()), region=region).body["uploads"]
    if receipt["error"]:
        return {"error": receipt["error"]["message"]}
    return {"tables": [read_table(server, receipt["upload_id"], table) for table in receipt["tables"]]}


def read_table(server: Server, upload_id: str, table: dict[str, Any]) -> dict[str, Any]:
    page = call(server, "GET", f"/api/v1/uploads/{upload_id}/tables/{table['index']}/rows?limit=10000").body
    assert page["total"] == len(page["rows"]) == table["rows"]
    assert page["columns"] == [column["name"] for column in table["columns"]]
    return {
        "name": table["name"],
        "columns": page["columns"],
        "types": page["types"],
        "rows": page["rows"],
        "rejected": table["rejected_rows"],
        "set_aside": table["set_aside_rows"],
        "problems": len(table["problems"]),
    }


def has_types(expected: dict[str, Any], result: dict[str, Any]) -> bool:
    """Say whether every expected table that names its types is there with these."""
    return all(
        any(map(partial(are_types, table["types"]), (found["types"] for found in result["tables"])))
        for table in expected.get("tables", ())
        if "types" in table
    )


def are_types(expected: list[str], found: list[str]) -> bool:
    return len(expected) == len(found) and all(
        any(type_ in MEANT.get(name, {name}) for name in names.split("|"))
        for names, type_ in zip(expected, found, strict=True)
    )


@contextmanager
def peak_memory(server: Server) -> Iterator[list[float]]:
    """Sample the largest resident memory that a process below the server ever had, in MB."""
    peak = [0.0]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            peak[0] = max(peak[0], *map(resident_mb, descendants(server.process.pid)), 0)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield peak
    finally:
        over.set()
        watching.join()


def descendants(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        with suppress(OSError):
            for children in Path(f"/proc/{each}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def resident_mb(pid: int) -> float:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    return 0
