"""Judges how this and other readers take the messy files: `python -m benchmarks.kinds`; prints a Markdown table.

Every reader is called as its documentation says for a file of which nothing is known. It counts as right when
the table has the right columns, rows and values, or an error where there is no table; the others are not asked to
report what they leave out, this one is. Needs `benchmarks/requirements.txt`. Each file is read in a process of its
own, with a limit of time and memory.
"""

import os
import resource
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cases.judge import judge
from tests.cases.test_cases import CASES, FOLDER, read
from tests.conftest import start_server, stop_server

SECONDS, MEMORY_BYTES = 30, 4 << 30
TEXTS = ("encoding", "dialect", "structure", "survey", "types")
GROUPS = {
    "Text files: encodings": lambda case: case["kind"].startswith("encoding/"),
    "Text files: delimiters, quotes, line ends": lambda case: case["kind"].startswith("dialect/"),
    "Titles, headers, totals, several tables": lambda case: case["kind"].startswith("structure/"),
    "Types as people write them": lambda case: case["kind"].startswith("types/"),
    "Survey exports": lambda case: case["kind"].startswith("survey/"),
    "Workbooks: XLSX, XLS, ODS": lambda case: case["kind"].split("/")[0] in ("xlsx", "xls", "ods"),
    "JSON": lambda case: case["kind"].startswith("json/"),
    "SPSS, Stata, SAS, Parquet": lambda case: case["kind"].split("/")[0] in ("sav", "dta", "sas", "parquet"),
    "ZIP archives": lambda case: case["kind"].startswith("zip/"),
    "Wrong extension, damaged, hostile": lambda case: (
        case["kind"].split("/")[0] in ("wrong-ext", "corrupt", "malicious")
    ),
}
"""What a line of the table counts."""

Tables = dict[str, Any]


def duckdb(path: Path) -> Tables:
    """The file's name in FROM, which chooses a reader by the extension and sniffs."""
    import duckdb as engine

    name = str(path).replace("'", "''")
    source = f"read_csv('{name}')" if path.suffix in (".csv", ".tsv", ".txt") else f"'{name}'"
    found = engine.sql(f"FROM {source}")
    return {path.stem: (found.columns, found.fetchall())}


def pandas(path: Path) -> Tables:
    """`read_...` by extension; text with the delimiter found by the csv module's sniffer."""
    import pandas as library

    readers: dict[str, Callable[[Path], Any]] = {
        ".xlsx": lambda file: library.read_excel(file, sheet_name=None),
        ".xls": lambda file: library.read_excel(file, sheet_name=None),
        ".ods": lambda file: library.read_excel(file, sheet_name=None),
        ".json": library.read_json,
        ".ndjson": lambda file: library.read_json(file, lines=True),
        ".parquet": library.read_parquet,
        ".sav": library.read_spss,
        ".dta": library.read_stata,
        ".sas7bdat": library.read_sas,
    }
    found = readers.get(path.suffix, lambda file: library.read_csv(file, sep=None, engine="python"))(path)
    frames = found if isinstance(found, dict) else {path.stem: found}
    return {name: frame_table(frame) for name, frame in frames.items()}


def polars(path: Path) -> Tables:
    """`read_...` by extension."""
    import polars as library

    readers: dict[str, Callable[[Path], Any]] = {
        ".xlsx": lambda file: library.read_excel(file, sheet_id=0),
        ".xls": lambda file: library.read_excel(file, sheet_id=0),
        ".ods": lambda file: library.read_ods(file, sheet_id=0),
        ".json": library.read_json,
        ".ndjson": library.read_ndjson,
        ".parquet": library.read_parquet,
    }
    found = readers.get(path.suffix, lambda file: library.read_csv(file, try_parse_dates=True))(path)
    frames = found if isinstance(found, dict) else {path.stem: found}
    return {name: (frame.columns, frame.rows()) for name, frame in frames.items()}


def clevercsv(path: Path) -> Tables:
    """Dialect and encoding detected, then pandas."""
    import clevercsv as library

    return {path.stem: frame_table(library.read_dataframe(str(path)))}


def frictionless(path: Path) -> Tables:
    """The resource described and extracted."""
    from frictionless import Resource, system

    with system.use_context(trusted=True), Resource(path=str(path)) as resource_:
        rows = [list(row.to_dict().values()) for row in resource_.row_stream]
        return {path.stem: (resource_.header.labels, rows)}


PEERS: dict[str, Callable[[Path], Tables]] = {
    each.__name__: each for each in (duckdb, pandas, polars, clevercsv, frictionless)
}


def frame_table(frame: Any) -> tuple[list[str], list[list[Any]]]:
    """Return a frame of pandas as columns and rows; an index that is a column is one."""
    if frame.index.name is not None:
        frame = frame.reset_index()
    missing = frame.isna().to_numpy() if frame.size else []
    rows = [
        [None if gone else value for value, gone in zip(values, of_row, strict=True)]
        for values, of_row in zip(frame.itertuples(index=False, name=None), missing, strict=True)
    ]
    return [str(column) for column in frame.columns], rows


def judged(peer: str, number: int) -> None:
    """Print `right` or why a peer's reading of a case is wrong; the whole life of a process."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("ignore")
    case = CASES[number]
    try:
        tables = PEERS[peer](FOLDER / case["file"])
        result: dict[str, Any] = {
            "tables": [
                {"name": name, "columns": columns, "rows": rows} for name, (columns, rows) in tables.items()
            ]
        }
    except BaseException as error:  # noqa: BLE001  # whatever a library raises is its answer
        result = {"error": str(error)}
    print(judge(case["expect"], result) or "right")


def peer_is_right(peer: str, number: int) -> bool:
    """Let a peer read a case in a process of its own; too slow, too large or crashed is wrong."""
    command = [sys.executable, "-m", "benchmarks.kinds", peer, str(number)]
    try:
        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
    except subprocess.TimeoutExpired:
        return False
    return run.stdout.strip().endswith("right")


def main() -> None:
    """Print the table."""
    right: dict[str, Counter[str]] = {name: Counter() for name in ("EduScale", *PEERS)}
    with tempfile.TemporaryDirectory() as name:
        server = start_server(Path(name))
        try:
            for number, case in enumerate(CASES):
                group = next(group for group, holds in GROUPS.items() if holds(case))
                right["EduScale"][group] += judge(case["expect"], read(server, case), accounts=True) is None
                for peer in PEERS:
                    right[peer][group] += peer_is_right(peer, number)
        finally:
            stop_server(server)
    of = Counter(next(group for group, holds in GROUPS.items() if holds(case)) for case in CASES)
    print(f"| kind | files | {' | '.join(right)} |\n|---|---|{'---|' * len(right)}")
    for group, files in of.items():
        print(f"| {group} | {files} | {' | '.join(str(counts[group]) for counts in right.values())} |")
    print(f"| **all** | {of.total()} | {' | '.join(str(counts.total()) for counts in right.values())} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        judged(sys.argv[1], int(sys.argv[2]))
    else:
        main()
