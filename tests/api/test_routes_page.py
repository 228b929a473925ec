"""The page over HTTP: policy, types, revalidation, languages."""

import json

import pytest
from werkzeug import Request
from werkzeug.test import EnvironBuilder

from eduscale.api.v1.routes_page import PageHandlers
from eduscale.core.errors import NotFound

handlers = PageHandlers()


def request(**headers: str) -> Request:
    return Request(
        EnvironBuilder(headers={name.replace("_", "-"): value for name, value in headers.items()}).get_environ()
    )


def test_the_page_comes_with_a_policy_that_allows_our_own_files_alone():
    response = handlers.page(request())
    assert response.content_type == "text/html; charset=utf-8"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("page.js", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
    ],
)
def test_a_browser_that_has_a_file_is_told_to_keep_it(name: str, media_type: str):
    first = handlers.static(request(), name)
    assert (first.status_code, first.content_type, first.headers["Cache-Control"]) == (200, media_type, "no-cache")
    again = handlers.static(request(If_None_Match=first.headers["ETag"]), name)
    assert again.status_code == 304
    assert handlers.static(request(If_None_Match='"another"'), name).status_code == 200


@pytest.mark.parametrize(
    ("language", "title"), [("cs-CZ,cs;q=0.9,en;q=0.8", "Docházkový formulář"), ("de", "Attendance checklist")]
)
def test_samples_are_listed_in_the_readers_language(language: str, title: str):
    listed = json.loads(handlers.samples(request(Accept_Language=language)).data)
    assert listed[0] == {"name": "dochazka_2024_25.xlsx", "title": title, "description": listed[0]["description"]}


def test_a_sample_is_a_file_to_save():
    response = handlers.sample(request(), "test_scores_2025.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="test_scores_2025.csv"'
    assert response.data.startswith(b"pupil_id,")


@pytest.mark.parametrize("answer", (handlers.static, handlers.sample))
def test_a_file_that_is_not_there_is_not_found(answer):
    with pytest.raises(NotFound):
        answer(request(), "nothing.js")
