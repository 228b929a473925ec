"""The Dockerfile keeps to what a linter and the service ask of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "docker" / "Dockerfile"
HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


@pytest.mark.container
def test_hadolint_finds_nothing():
    ran = subprocess.run([HADOLINT, FILE], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_final_stage_runs_as_a_numeric_user_without_a_shell():
    final = FILE.read_text().split("FROM ")[-1]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    command = re.search(r"^CMD (.*)$", final, re.MULTILINE)
    assert command is not None
    assert json.loads(command[1]) == ["functions-framework", "--target=app"]
