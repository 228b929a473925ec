"""Every messy case file is read as its expectation says: values, names, types, what is left out, and errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from eduscale.ingest.wording import say
from tests.cases.judge import judge
from tests.ingest.reading import read_path

CASES = Path(__file__).parents[1] / "cases"
SUFFIXES = (
    ".csv",
    ".tsv",
    ".txt",
    ".xlsx",
    ".xls",
    ".ods",
    ".json",
    ".ndjson",
    ".sav",
    ".dta",
    ".sas7bdat",
    ".zip",
    ".parquet",
)


def case_files() -> list[Any]:
    """Return the cases of the formats that are read today."""
    cases = json.loads((CASES / "cases.json").read_text(encoding="utf-8"))["cases"]
    return [
        pytest.param(case, id=f"{case['kind']}-{Path(case['file']).stem}")
        for case in cases
        if case["file"].endswith(SUFFIXES)
    ]


@pytest.mark.parametrize("case", case_files())
def test_case_is_read_as_expected(case: dict[str, Any], tmp_path: Path) -> None:
    got = read_path(CASES / case["file"], tmp_path, Path(case["file"]).name)
    if got.reading.error:
        result: dict[str, Any] = {"error": say(got.reading.error, "en")}
    else:
        result = {
            "tables": [
                {
                    "name": table.name,
                    "columns": [column.name for column in table.columns],
                    "rows": [list(row) for row in got.rows(table)],
                    "rejected": table.rejected_rows,
                    "set_aside": table.set_aside_rows,
                    "problems": table.problem_count,
                }
                for table in got.reading.tables
            ]
        }
    assert judge(case["expect"], result, "full", accounts=True) is None
    assert not any(bad in json.dumps(result, default=str) for bad in case["expect"].get("forbidden", ()))
