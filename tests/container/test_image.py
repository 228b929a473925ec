"""The image, really built and run as Cloud Run would: read-only, without capabilities, small, not as root."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import free_port

pytestmark = [
    pytest.mark.container,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
SMOKE = Path(__file__).with_name("smoke.sh")
MAX_IMAGE_BYTES = 500_000_000
NAME = f"eduscale-{os.getpid()}"
FILE = "škola;žáci;průměr\nZŠ Jasanová;120;1,5\nZŠ Lipová;80;2,25\n".encode("cp1250")


def smoke(*arguments: str, port: int = 0) -> str:
    ran = subprocess.run(
        [str(SMOKE), *arguments],
        env={**os.environ, "PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.fixture(scope="module")
def image_bytes() -> int:
    return int(smoke("build"))


@pytest.fixture
def url(image_bytes: int) -> Iterator[str]:
    port = free_port()
    smoke("start", NAME, port=port)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while not answers(address):
            assert time.monotonic() < deadline, smoke("logs", NAME)
            time.sleep(0.05)
        yield address
    finally:
        smoke("remove", NAME)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_the_image_is_small(image_bytes: int):
    assert image_bytes < MAX_IMAGE_BYTES


def test_a_file_sent_to_the_container_can_be_queried(url: str):
    sent = requests.post(
        f"{url}/api/v1/uploads", files={"file": ("zaci.csv", FILE)}, data={"region": "north"}, timeout=60
    )
    assert sent.status_code == 201, sent.text
    [table] = sent.json()["uploads"][0]["tables"]
    asked = requests.post(
        f"{url}/api/v1/query",
        json={"sql": f"SELECT SUM(zaci) AS zaci, SUM(prumer) AS prumer FROM {table['dataset']}"},
        timeout=60,
    )
    assert asked.status_code == 200, asked.text
    assert [[float(cell) for cell in row] for row in asked.json()["rows"]] == [[200, 3.75]]


def test_it_does_not_run_as_root(url: str):
    assert int(smoke("run", NAME, "id", "-u")) != 0


def test_its_root_cannot_be_written_but_its_data_can(url: str):
    script = "import pathlib; pathlib.Path('/data/x').touch(); pathlib.Path('/srv/x').touch()"
    ran = subprocess.run(
        [str(SMOKE), "run", NAME, "python", "-c", script], capture_output=True, text=True, check=False
    )
    assert "Read-only file system: '/srv/x'" in ran.stderr


def test_it_stops_cleanly_within_ten_seconds_of_sigterm(url: str):
    began = time.monotonic()
    assert smoke("stop", NAME) == "0"
    assert time.monotonic() - began < 10


def test_its_log_is_json_lines(url: str):
    deadline = time.monotonic() + 10  # the first line follows its answer: it loads the logging library
    while '"httpRequest"' not in (log := smoke("logs", NAME)):
        assert time.monotonic() < deadline, log
        time.sleep(0.1)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any(line.get("httpRequest", {}).get("status") == 200 for line in lines)
