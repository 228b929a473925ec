"""The reader's language is the first of Czech and English that the browser asks for."""

import pytest
from werkzeug import Request
from werkzeug.test import EnvironBuilder

from eduscale.api.language import language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("cs", "cs"),
        ("cs-CZ, en;q=0.5", "cs"),
        ("en-GB,en;q=0.9,cs;q=0.8", "en"),
        ("de, cs;q=0.5", "cs"),
        ("en;q=0.2, cs;q=0.9", "cs"),
        ("cs;q=0, en", "en"),
        ("*", "en"),
        ("de", "en"),
        ("", "en"),
    ],
)
def test_language(header: str, language: str) -> None:
    request = Request(EnvironBuilder(headers={"Accept-Language": header}).get_environ())
    assert language_of(request) == language
