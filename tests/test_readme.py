"""What the README shows is what happens: its tour is run on the real server, line by line."""

import os
import re
import subprocess
from pathlib import Path

from tests.conftest import Server

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def steps() -> list[tuple[str, str]]:
    """Return the commands of the tour, each with the output that stands below it."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in block.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def steady(text: str) -> str:
    return re.sub(r'"(elapsed_ms|bytes_processed)":[\d.]+', r'"\1":0', text).strip()


def test_the_tour_prints_what_the_readme_says(server: Server, tmp_path: Path) -> None:
    (tmp_path / "eduscale").symlink_to(Path(__file__).parents[1] / "eduscale")
    assert len(steps()) >= 8
    for command, output in steps():
        here = command.replace("http://127.0.0.1:8080", server.url)
        ran = subprocess.run(
            ["bash", "-c", here],
            cwd=tmp_path,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert steady(ran.stdout) == steady(output), command


def test_every_setting_is_in_the_table() -> None:
    from eduscale.core.config import Settings

    named = set(re.findall(r"`([A-Z_]+)`", README))
    assert {name.upper() for name in Settings.model_fields} <= named


def test_every_file_it_links_to_exists() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (Path(__file__).parents[1] / target).exists(), target
