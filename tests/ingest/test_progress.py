"""Reading says how far it is, whatever the file: stages in order, shares of the whole; unheard, nothing."""

import threading
from pathlib import Path

import pytest
import xlsxwriter

from eduscale.core import progress
from eduscale.ingest.tables import parquet
from tests.ingest.reading import read, read_path

ROWS = 150_000
REGULAR = "id;name;score\n" + "".join(f"{row};Jana {row % 977};{row % 100},5\n" for row in range(ROWS))
TEXTS = {
    "regular": (REGULAR.encode(), ["reading", "looking", "converting", "checking"]),
    "to be filtered": (
        (REGULAR + 'x;"open;1\n').encode(),
        ["reading", "looking", "converting", "looking", "converting", "checking"],
    ),
    "to be copied": (
        REGULAR.replace("Jana", "Jiří").encode("cp1250"),
        ["reading", "looking", "converting", "checking"],
    ),
    "wide": (
        (
            "\n".join([";".join(f"c{place}" for place in range(150)), *[";".join(["12345"] * 150)] * 3_000])
        ).encode(),
        ["reading", "looking", "converting", "checking"],
    ),
}


def heard_reading(folder: Path, data: bytes) -> list[tuple[str, float]]:
    heard: list[tuple[str, float]] = []
    with progress.heard_by(lambda stage, fraction: heard.append((stage, fraction))):
        assert read(folder, data).reading.error is None
    return heard


def stages(heard: list[tuple[str, float]]) -> list[str]:
    return [stage for place, (stage, _) in enumerate(heard) if not place or heard[place - 1][0] != stage]


@pytest.mark.parametrize(("data", "expected"), TEXTS.values(), ids=TEXTS.keys())
def test_a_text_tells_its_stages_and_shares(tmp_path: Path, data: bytes, expected: list[str]) -> None:
    heard = heard_reading(tmp_path, data)
    assert stages(heard) == expected
    assert all(0 <= fraction <= 1 for _, fraction in heard)
    shares = [fraction for _, fraction in heard]
    assert shares == sorted(shares)
    assert shares[-1] > 0.6


def test_a_single_statement_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Converting is one statement of DuckDB, which is asked while it runs."""
    monkeypatch.setattr(parquet, "WATCH_S", 0.002)
    converting = [
        fraction for stage, fraction in heard_reading(tmp_path, REGULAR.encode()) if stage == "converting"
    ]
    assert len(set(converting)) >= 3


def test_a_workbook_tells_the_blocks_that_are_read(tmp_path: Path) -> None:
    sent = tmp_path / "two.xlsx"
    with xlsxwriter.Workbook(sent) as book:
        for name in ("A", "B"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["id", "name", "score"])
            for row in range(1, 12_000):
                sheet.write_row(row, 0, [row, f"Jana {row % 977}", row % 100])
    heard: list[tuple[str, float]] = []
    with progress.heard_by(lambda stage, fraction: heard.append((stage, fraction))):
        assert read_path(sent, tmp_path, "two.xlsx").reading.error is None
    shares = [fraction for _, fraction in heard]
    assert shares == sorted(shares)
    assert stages(heard) == ["reading", "looking", "reading", "converting", "checking", "converting", "checking"]


def test_unheard_reading_starts_no_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Thread", None)
    assert read(tmp_path, REGULAR).reading.error is None
