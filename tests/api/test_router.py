"""A request line leads to the right route, or to the right refusal, whatever way it is written."""

import pytest
from werkzeug import Request, Response

from eduscale.api.router import Route, Router
from eduscale.core.errors import NotFound
from tests.api.conftest import Ask, ask_raw
from tests.conftest import Server

FOUND = {
    "plain": ("/things/a", {"name": "a"}),
    "trailing slash": ("/things/a/", {"name": "a"}),
    "query": ("/things/a?b=/c", {"name": "a"}),
    "encoded letter": ("/things/%61", {"name": "a"}),
    "encoded static part": ("/th%69ngs/a", {"name": "a"}),
    "encoded slash stays in its segment": ("/things/a%2Fb", {"name": "a/b"}),
    "encoded slash in small letters": ("/things/a%2fb", {"name": "a/b"}),
    "diacritics": ("/things/%C5%A1kola", {"name": "škola"}),
    "encoded percent is decoded once": ("/things/100%2525", {"name": "100%25"}),
    "encoded question mark": ("/things/a%3Fb", {"name": "a?b"}),
    "plus is a plus": ("/things/a+b", {"name": "a+b"}),
    "number": ("/things/7/rows", {"index": 7}),
}
MISSING = ["/nothing", "/things/a/b", "/things//a", "/things/x/rows", "/things%2Fa", "/things/-1/rows"]
BROKEN = ["/things/%zz", "/things/%2", "/things/%", "/things/%ff", "/things/%C5", "/things/%ED%A0%80"]


@pytest.mark.parametrize(("path", "values"), FOUND.values(), ids=FOUND.keys())
def test_a_path_is_found_with_its_values(path: str, values: dict, ask: Ask) -> None:
    answer = ask("GET", path)
    assert answer.status == 200
    assert answer.json == {"values": values}


@pytest.mark.parametrize("path", MISSING)
def test_another_path_is_404(path: str, ask: Ask) -> None:
    answer = ask("GET", path)
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_two_leading_slashes_are_not_one(probe_server: Server) -> None:
    answer = ask_raw(probe_server, b"GET //things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("path", BROKEN)
def test_a_broken_path_is_400(path: str, ask: Ask) -> None:
    answer = ask("GET", path)
    assert (answer.status, answer.json["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/things", "GET, HEAD, OPTIONS, POST"),
        ("/form", "OPTIONS, POST"),
        ("/things/first", "GET, HEAD, OPTIONS, PATCH, PUT"),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "DELETE", "BREW"])
def test_allow_names_the_methods_of_every_route_that_matches(method: str, path: str, allow: str, ask: Ask) -> None:
    answer = ask(method, path)
    assert answer.headers["Allow"] == allow
    assert answer.status == (204 if method == "OPTIONS" else 405)


@pytest.mark.parametrize("first", ["GET", "PUT"])
def test_a_path_that_is_written_out_hides_a_value_only_for_its_own_method(first: str, ask: Ask) -> None:
    assert ask(first, "/things/first").json == {"values": {"name": "first"} if first == "GET" else {}}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_a_path_that_is_written_out_is_matched_as_the_map_would(method: str) -> None:
    def handler(request: Request) -> Response:
        return Response()

    router = Router(
        Route(each, pattern, handler, "public", "x")
        for each, pattern in (("GET", "/<name>"), ("GET", "/a"), ("PUT", "/a"), ("PUT", "/<name>"), ("GET", "/a"))
    )
    looked_up = router.match({"REQUEST_METHOD": method, "RAW_URI": "/a"})
    matched = router.match({"REQUEST_METHOD": method, "RAW_URI": "/a/"})  # not in the list as it is
    assert looked_up == matched


def test_head_is_get_without_its_body(ask: Ask) -> None:
    get, head = ask("GET", "/things/a"), ask("HEAD", "/things/a")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.body))


def test_head_of_a_streamed_answer_sends_nothing(ask: Ask) -> None:
    assert ask("HEAD", "/stream/whole").body == b""


def test_the_absolute_form_of_a_request_line_is_understood(probe_server: Server) -> None:
    answer = ask_raw(
        probe_server,
        b"GET http://example.org/things/a%2Fb?x=1 HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"values":{"name":"a/b"}}')


def test_no_path_is_redirected(ask: Ask) -> None:
    for path in ("/things/", "/things/a/", "/health/"):
        assert ask("GET", path).status == 200


def test_a_server_that_does_not_pass_the_raw_target_is_served_by_the_decoded_path() -> None:
    def handler(request: Request, name: str) -> Response:
        return Response(name)

    router = Router([Route("GET", "/things/<name>", handler, "public", "One")])
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/things/\u00c5\u00a1"}  # UTF-8 as WSGI passes it
    assert router.match(environ).values == {"name": "š"}
    with pytest.raises(NotFound):
        router.match({"REQUEST_METHOD": "GET", "PATH_INFO": "/"})


def test_a_template_names_its_values() -> None:
    route = Route("GET", "/a/<int(min=1):index>/<name>.csv", lambda request: Response(), "public", "One")
    assert route.template == "/a/{index}/{name}.csv"
