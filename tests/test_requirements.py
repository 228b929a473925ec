"""Pinned requirements: exact, hashed, from nowhere in particular, and under licences that the project may use."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

from eduscale.core.config import Settings

ROOT = Path(__file__).parents[1]
FILES = ["docker/requirements.txt", "requirements.txt", "tests/requirements.txt"]
COPYLEFT = re.compile(r"\b(?:A?GPL|GNU (?:Affero )?General Public)", re.IGNORECASE)


def pins(file: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / file).read_text(), re.MULTILINE))


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_an_exact_pin_or_a_hash(file: str):
    for line in (ROOT / file).read_text().splitlines():
        assert re.fullmatch(
            r"(#.*|[a-z0-9._-]+==[^\s;]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|)", line
        ), line


@pytest.mark.parametrize("file", [file.replace(".txt", ".in") for file in FILES])
def test_every_direct_dependency_is_pinned(file: str):
    direct = [line for line in (ROOT / file).read_text().splitlines() if line and line[0] not in "#-"]
    assert set(direct) <= set(pins(file.replace(".in", ".txt")))


def test_a_larger_set_pins_the_same_versions_as_the_smaller():
    runtime, clone, everything = (pins(file).items() for file in FILES)
    assert runtime <= clone <= everything


def test_no_runtime_package_is_under_the_gpl():
    for name in pins("docker/requirements.txt"):
        try:
            package = metadata(name)
        except PackageNotFoundError:
            continue  # pinned for another platform
        stated = [package.get("License-Expression") or package.get("License") or ""]
        stated += [each for each in package.get_all("Classifier") or [] if each.startswith("License ::")]
        assert not COPYLEFT.search(" ".join(text[:200] for text in stated)), name


def test_the_example_environment_names_every_setting():
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = dict(re.findall(r"^(?:# )?([A-Z0-9_]+)=(.*)$", "\n".join(lines), re.MULTILINE))
    assert {key.lower() for key in named} == set(Settings.model_fields)


def test_the_example_environment_states_the_defaults():
    example = Settings(_env_file=ROOT / ".env.example")
    for key, field in Settings.model_fields.items():
        assert getattr(example, key) == field.get_default(), key
