"""A wrong setting stops the start with one line that names the key, what is wrong and what is accepted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eduscale.core.config import Settings, load_settings
from eduscale.core.errors import ConfigurationError

ROOT = Path(__file__).parents[2]

WRONG = {
    "unknown choice": ("ENV", "staging", "'local', 'dev' or 'prod'"),
    "choice in capitals": ("ENV", "PROD", "'local', 'dev' or 'prod'"),
    "empty choice": ("ENV", "", "'local', 'dev' or 'prod'"),
    "unknown access control": ("AUTH", "password", "'none'"),
    "no number": ("MAX_UPLOAD_BYTES", "1 GB", "a whole number"),
    "empty number": ("MAX_UPLOAD_BYTES", "", "a whole number"),
    "fraction": ("QUERY_MAX_ROWS", "1.5", "a whole number"),
    "negative": ("MAX_UPLOAD_BYTES", "-1", "greater than 0"),
    "too small": ("SANDBOX_MEMORY_BYTES", "1", "at least 268435456"),
    "infinite": ("READ_TIMEOUT_S", "inf", "a number"),
    "no time": ("QUERY_TIMEOUT_S", "soon", "a number"),
    "empty text": ("SERVICE_NAME", "", "not empty"),
    "blank text": ("GCP_REGION", "  ", "not empty"),
    "empty folder": ("DATA_DIR", "", "a path"),
    "line break": ("LOG_LEVEL", "INFO\nX", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
}


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(("key", "value", "accepted"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_value_is_one_line(key: str, value: str, accepted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    line = str(caught.value)
    assert line.startswith(f"{key}=")
    assert accepted in line.partition("accepted: ")[2]
    assert len(line.splitlines()) == 1


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SERVICE_NAME=file\nSERVICE_VERSION=2\n")
    monkeypatch.setenv("SERVICE_NAME", "environment")
    settings = load_settings()
    assert (settings.service_name, settings.service_version, settings.gcp_region) == (
        "environment",
        "2",
        "europe-west1",
    )


@pytest.mark.parametrize("key", ["AUTH", "GCP_PROJECT_ID"])
def test_empty_means_unset_where_a_setting_may_be_unset(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(key, "")
    assert getattr(load_settings(), key.lower()) is None


def test_a_file_of_another_encoding_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("SERVICE_NAME=Škola\n".encode("cp1250"))
    with pytest.raises(ConfigurationError, match=r"^\.env is not accepted"):
        load_settings()


def test_prod_refuses_to_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "prod")
    monkeypatch.setenv("AUTH", "none")
    with pytest.raises(ConfigurationError, match=r"^AUTH='none' is not accepted"):
        load_settings()


@pytest.mark.parametrize(
    ("env", "auth", "is_open"),
    [
        ("local", None, True),
        ("local", "none", True),
        ("dev", None, False),
        ("dev", "none", True),
        ("prod", None, False),
    ],
)
def test_only_local_is_open_by_itself(
    env: str, auth: str | None, is_open: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV", env)
    if auth:
        monkeypatch.setenv("AUTH", auth)
    assert load_settings().is_open is is_open


@pytest.mark.parametrize(
    ("key", "value"), [("ENV", "staging"), ("MAX_UPLOAD_BYTES", "1 GB"), ("SERVICE_NAME", "")]
)
def test_the_real_server_does_not_start_with_a_wrong_value(key: str, value: str, tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("functions-framework")),
        "--target=app",
        "--host=127.0.0.1",
        "--port=0",
    ]
    done = subprocess.run(
        [*command, f"--source={ROOT / 'main.py'}"],
        env={"PATH": os.environ["PATH"], key: value},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.startswith(f"{key}=")
    assert "accepted" in done.stderr
    assert len(done.stderr.splitlines()) == 1
