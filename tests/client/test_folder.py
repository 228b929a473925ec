"""Which files a folder stands for."""

from pathlib import Path

import pytest

from eduscale.client.folder import files_in


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def found(root: Path, *paths: Path) -> list[str]:
    return [file.relative_to(root).as_posix() for file in files_in(paths or (root,))]


def test_a_folder_is_all_its_files_in_a_steady_order(tmp_path: Path) -> None:
    make(tmp_path, "b.csv", "a.csv", "skoly/z.xlsx", "skoly/2024/c.csv", "no ending")
    assert found(tmp_path) == ["a.csv", "b.csv", "no ending", "skoly/z.xlsx", "skoly/2024/c.csv"]


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store", "._a.csv", ".~lock.a.ods#", "~$a.xlsx", "Thumbs.db", "desktop.ini", "a.csv.part", "a.tmp",
        "__MACOSX/a.csv", ".git/config", "$RECYCLE.BIN/a.csv",
    ],
)  # fmt: skip
def test_what_nobody_means_to_send_is_skipped(tmp_path: Path, name: str) -> None:
    make(tmp_path, "a.csv", name)
    assert found(tmp_path) == ["a.csv"]


def test_what_is_named_is_sent_and_nothing_twice(tmp_path: Path) -> None:
    make(tmp_path, ".hidden.csv", "a.csv")
    named = (tmp_path / "a.csv", tmp_path / ".hidden.csv", tmp_path)
    assert found(tmp_path, *named) == ["a.csv", ".hidden.csv"]
    assert found(tmp_path, tmp_path / "a.csv", tmp_path / "." / "a.csv") == ["a.csv"]


def test_a_link_that_leads_nowhere_or_in_a_circle_stops_nothing(tmp_path: Path) -> None:
    make(tmp_path, "a.csv")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nothing")
    (tmp_path / "circle").symlink_to(tmp_path)
    assert found(tmp_path) == ["a.csv"]
