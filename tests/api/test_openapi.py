"""The description says what the service does, and the page about it needs nothing else."""

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, Field
from werkzeug import Request, Response

from eduscale.api.openapi import docs_page, openapi_document
from eduscale.api.router import FormFields, Route, Router


class Page(BaseModel):
    limit: int = Field(default=50, ge=1, description="how many")
    region: str


class Pupil(BaseModel):
    name: str


class School(BaseModel):
    pupils: list[Pupil]


def answer(request: Request) -> Response:
    return Response()


ROUTES = (
    Route("GET", "/schools/<int:index>/<name>", answer, "dataset:read", "One school", query=Page, response=School),
    Route("POST", "/schools", answer, "upload:write", "Add a school", body=School, response=School, status=201),
    Route(
        "POST",
        "/files",
        answer,
        "upload:write",
        "Send files",
        body=FormFields(files=("file",), texts={"region": "where", "sender": "who"}, required=("region",)),
        response=School,
    ),
    Route("DELETE", "/schools/<name>", answer, "upload:write", "Remove a school", status=204),
)


@pytest.fixture(scope="module")
def document() -> dict:
    return openapi_document(ROUTES, "title <b>", "1")


def test_the_document_is_valid(document: dict) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_the_services_own_document_is_valid_and_names_every_route(client) -> None:
    document = client.get("/openapi.json").json
    OpenAPIV31SpecValidator(document).validate()
    assert document["paths"]["/health"]["get"]["x-permission"] == "public"


def test_path_and_query_parameters_are_typed(document: dict) -> None:
    parameters = document["paths"]["/schools/{index}/{name}"]["get"]["parameters"]
    assert [(each["name"], each["in"], each["required"], each["schema"]["type"]) for each in parameters] == [
        ("index", "path", True, "integer"),
        ("name", "path", True, "string"),
        ("limit", "query", False, "integer"),
        ("region", "query", True, "string"),
    ]


def test_a_model_used_twice_stands_once(document: dict) -> None:
    assert set(document["components"]["schemas"]) == {"ProblemDetails", "School", "Pupil"}
    body = document["paths"]["/schools"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/School"}


def test_a_form_names_its_files_and_texts(document: dict) -> None:
    schema = document["paths"]["/files"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert list(schema["properties"]) == ["file", "region", "sender"]
    assert schema["required"] == ["file", "region"]


def test_a_route_that_streams_says_so_beside_its_plain_answer() -> None:
    route = Route("PATCH", "/s", answer, "upload:write", "Change", response=School, events="progress, then result")
    document = openapi_document((route,), "t", "1")
    OpenAPIV31SpecValidator(document).validate()
    answered = document["paths"]["/s"]["patch"]["responses"]["200"]
    assert answered["description"] == "progress, then result"
    assert set(answered["content"]) == {"application/json", "text/event-stream"}


def test_the_page_escapes_and_asks_no_other_host(document: dict) -> None:
    page = docs_page(document)
    assert "title &lt;b&gt;" in page
    assert not re.search(r"""(?:src|href)=["'](?!/openapi\.json|#)""", page)
    assert "<script" not in page


def test_every_link_on_the_page_leads_somewhere(client) -> None:
    page = client.get("/docs").text
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets
    assert {"error-not_found", "error-body_too_large"} <= targets


def test_the_page_has_a_strict_policy(client) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_operation_ids_are_unique() -> None:
    routes = Router(ROUTES).routes
    document = openapi_document(routes, "t", "1")
    ids = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(ids) == len(set(ids))
