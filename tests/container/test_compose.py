"""docker-compose.dev.yml: Compose accepts it, and its own command reloads what is edited."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import yaml

from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker" / "docker-compose.dev.yml"
APP = yaml.safe_load(FILE.read_text())["services"]["app"]
COMPOSE = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


@pytest.mark.container
def test_compose_accepts_the_file():
    ran = subprocess.run([COMPOSE, "-f", FILE, "config", "-q"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_publishes_port_8000_and_mounts_the_source():
    assert APP["ports"] == ["127.0.0.1:8000:8000"]
    assert "..:/srv/eduscale:ro" in APP["volumes"]
    assert APP["env_file"] == [{"path": "../.env", "required": False}]


def test_its_command_reloads_an_edited_route(tmp_path: Path):
    shutil.copytree(ROOT / "eduscale", tmp_path / "eduscale", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "main.py", tmp_path)
    port = free_port()
    command = [part.replace("--port=8000", f"--port={port} --host=127.0.0.1") for part in APP["command"]]
    program = Path(sys.executable).with_name(command[0])
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *command[1:]],
            cwd=tmp_path,
            env={"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "DATA_DIR": "data"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for_status(port, "ok")
            route = tmp_path / "eduscale" / "api" / "v1" / "routes_health.py"
            route.write_text(route.read_text().replace('"ok"', '"edited"'))
            wait_for_status(port, "edited")
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for_status(port: int, status: str) -> None:
    deadline = time.monotonic() + 30
    answer = None
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            answer = requests.get(f"http://127.0.0.1:{port}/health", timeout=5).json()["status"]
            if answer == status:
                return
        time.sleep(0.1)
    raise AssertionError(f"/health says {answer}, not {status}")
