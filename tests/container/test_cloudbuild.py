"""cloudbuild.yaml: what Cloud Build would refuse, and the order in which traffic may move."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "cloudbuild.yaml"
SDK_PYTHON = Path("/usr/lib/google-cloud-sdk/platform/bundledpythonunix/bin/python3")
BUILD = yaml.safe_load(FILE.read_text())
STEPS = {step["id"]: step for step in BUILD["steps"]}
BUILT_IN = {"PROJECT_ID", "BUILD_ID", "PROJECT_NUMBER", "LOCATION"}
"""What `gcloud builds submit` sets without a commit."""


def before(step_id: str) -> set[str]:
    """Return the steps that have passed when this one starts."""
    waited = set(STEPS[step_id]["waitFor"]) - {"-"}
    return waited.union(*(before(each) for each in waited))


def test_every_substitution_is_defined():
    text = FILE.read_text().replace("$$", "")
    used = set(re.findall(r"\$\{?([A-Z_][A-Z0-9_]*)", text))
    assert used <= BUILT_IN | set(BUILD["substitutions"])
    assert set(BUILD["substitutions"]) <= used, "a substitution that nothing uses is refused"


def test_steps_wait_for_steps_that_stand_before_them():
    seen = {"-"}
    for step_id, step in STEPS.items():
        assert set(step["waitFor"]) <= seen
        seen.add(step_id)
    assert len(STEPS) == len(BUILD["steps"])


def test_traffic_moves_only_after_tests_audit_and_smoke_passed():
    assert before("traffic") == set(STEPS) - {"traffic"}
    assert before("deploy") >= {"test", "audit", "build", "push"}
    assert "--no-traffic" in STEPS["deploy"]["args"][-1]
    moving = [step_id for step_id, step in STEPS.items() if "update-traffic" in str(step["args"])]
    assert moving == ["traffic"]


def test_no_step_is_allowed_to_fail():
    assert not any(step.get("allowFailure") or step.get("allowExitCodes") for step in BUILD["steps"])


def test_durations_are_seconds():
    durations = [BUILD["timeout"], *(step["timeout"] for step in BUILD["steps"] if "timeout" in step)]
    assert all(re.fullmatch(r"\d+s", duration) for duration in durations)


def test_the_region_is_european():
    assert BUILD["substitutions"]["_REGION"].startswith("europe-")


@pytest.mark.parametrize(
    "step_id", [step_id for step_id, step in STEPS.items() if step.get("entrypoint") == "bash"]
)
def test_scripts_are_valid_bash(step_id: str):
    args = STEPS[step_id]["args"]
    script = args[-1] if args[0].startswith("-") else (ROOT / args[0]).read_text()
    parsed = subprocess.run(
        ["bash", "-n"], input=script.replace("$$", "$"), text=True, capture_output=True, check=False
    )
    assert parsed.returncode == 0, parsed.stderr


@pytest.mark.skipif(not SDK_PYTHON.exists(), reason="needs the Google Cloud SDK")
def test_gcloud_itself_reads_the_file():
    ran = subprocess.run(
        [SDK_PYTHON, Path(__file__).with_name("validate_cloudbuild.py"), FILE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) == len(STEPS)
