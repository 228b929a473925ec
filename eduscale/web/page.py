"""The page: its files and the samples as plain bytes, read once, when the first one is asked for."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from eduscale.core.errors import NotFound
from eduscale.models.base import Model

Language = Literal["en", "cs"]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of the page: nothing but our own files, and no code or style inside the markup."""

_HERE = Path(__file__).parent
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class WebFile:
    """A file as it is sent: its bytes, what they are, and a tag that changes with them."""

    body: bytes
    media_type: str
    etag: str


class Sample(Model):
    """An invented file that can be sent with one click."""

    name: str
    title: str
    description: str


_SAMPLES: dict[Language, tuple[Sample, ...]] = {
    "en": (
        Sample(
            name="dochazka_2024_25.xlsx",
            title="Attendance checklist",
            description="XLSX with a misspelt header, a row of types and a thousand empty rows",
        ),
        Sample(
            name="pololeti_zs_jasanova.csv",
            title="A school’s half-year marks",
            description="Czech CSV from an old program: title lines, decimal commas, a total, one wrong cell",
        ),
        Sample(
            name="test_scores_2025.csv",
            title="Test scores",
            description="A clean CSV with decimal points and yes/no",
        ),
    ),
    "cs": (
        Sample(
            name="dochazka_2024_25.xlsx",
            title="Docházkový formulář",
            description="XLSX s překlepem v záhlaví, řádkem typů a tisícem prázdných řádků",
        ),
        Sample(
            name="pololeti_zs_jasanova.csv",
            title="Pololetní hodnocení školy",
            description="CSV ze staršího programu: nadpisy, desetinné čárky, součet a jedna chybná buňka",
        ),
        Sample(
            name="test_scores_2025.csv",
            title="Výsledky testů",
            description="Čisté CSV s desetinnými tečkami a yes/no",
        ),
    ),
}


def page() -> WebFile:
    """Return the page itself."""
    return static_file("index.html")


def static_file(name: str) -> WebFile:
    """Return a file that the page loads; raises NotFound."""
    return _found(_folder("static"), name)


def samples(language: Language) -> tuple[Sample, ...]:
    """Return what samples there are, described in `language`."""
    return _SAMPLES[language]


def sample_file(name: str) -> WebFile:
    """Return a sample's bytes; raises NotFound."""
    return _found(_folder("samples"), name)


def _found(files: dict[str, WebFile], name: str) -> WebFile:
    if name not in files:
        raise NotFound("There is no such file")
    return files[name]


@cache
def _folder(name: str) -> dict[str, WebFile]:
    """Read the files of a folder beside this module, by name."""
    return {path.name: _web_file(path) for path in (_HERE / name).iterdir() if path.suffix in _MEDIA_TYPES}


def _web_file(path: Path) -> WebFile:
    body = path.read_bytes()
    return WebFile(body, _MEDIA_TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:32])
