"""The API described: an OpenAPI 3.1 document made from the route table, and a page made from that document."""

from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from eduscale.api.events import EVENT_STREAM
from eduscale.api.problems import PROBLEM_JSON, ProblemDetails
from eduscale.api.responses import JSON
from eduscale.api.router import PATH_VALUE, FormFields, Route
from eduscale.core.errors import (
    BodyTooLarge,
    EduscaleError,
    Forbidden,
    InvalidField,
    MalformedBody,
    NotFound,
    UnsupportedMediaType,
)

_SCHEMAS = "#/components/schemas/{model}"
_PATH_TYPES = {"int": {"type": "integer", "minimum": 0}, "float": {"type": "number"}}
_Schemas = Mapping[tuple[type[BaseModel], JsonSchemaMode], dict[str, Any]]


def openapi_document(routes: tuple[Route, ...], title: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes; every model stands once, under `components`."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemDetails, "serialization"): None}
    for route in routes:
        if isinstance(route.body, type):
            wanted[route.body, "validation"] = None
        if route.response is not None:
            wanted[route.response, "serialization"] = None
    made, definitions = models_json_schema(list(wanted), ref_template=_SCHEMAS)
    schemas: _Schemas = {key: made[key] for key in wanted}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "responses": {
                "Problem": {
                    "description": "The request failed",
                    "content": {PROBLEM_JSON: {"schema": schemas[ProblemDetails, "serialization"]}},
                }
            },
        },
    }


def _operation(route: Route, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{_identifier(route.template)}",
        "summary": route.summary,
        "tags": [route.tag],
        "x-permission": route.permission,
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {**_answers(route, schemas), **_problems(route)},
    }
    body = _request_body(route, schemas)
    if body:
        operation["requestBody"] = body
    return operation


def _identifier(template: str) -> str:
    words = "".join(char if char.isalnum() else " " for char in template).split()
    return "_".join(words) or "root"


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATH_TYPES.get(converter, {"type": "string"})}
        for converter, name in PATH_VALUE.findall(route.pattern)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(ref_template=_SCHEMAS)
    required = schema.get("required", [])
    parameters = []
    for name, field in schema.get("properties", {}).items():
        described = {key: value for key, value in field.items() if key not in {"title", "description"}}
        parameter = {"name": name, "in": "query", "required": name in required, "schema": described}
        if "description" in field:
            parameter["description"] = field["description"]
        parameters.append(parameter)
    return parameters


def _request_body(route: Route, schemas: _Schemas) -> dict[str, Any] | None:
    if isinstance(route.body, FormFields):
        return {"required": True, "content": {"multipart/form-data": {"schema": _form_schema(route.body)}}}
    if route.body is not None:
        return {"required": True, "content": {JSON: {"schema": schemas[route.body, "validation"]}}}
    return None


def _form_schema(form: FormFields) -> dict[str, Any]:
    binary = {"type": "string", "contentMediaType": "application/octet-stream"}
    files = {name: {"type": "array", "items": binary, "minItems": 1} for name in form.files}
    texts = {name: {"type": "string", "description": meaning} for name, meaning in form.texts.items()}
    return {
        "type": "object",
        "properties": {**files, **texts},
        "required": [*form.files, *form.required],
        "additionalProperties": False,
    }


def _answers(route: Route, schemas: _Schemas) -> dict[str, Any]:
    answers = {str(route.status): _success(route, schemas)}
    if route.events:  # its status is sent before anything is done, so it says nothing
        content = {**_success(route, schemas)["content"], EVENT_STREAM: {"schema": {"type": "string"}}}
        answers["200"] = {"description": route.events, "content": content}
    return answers


def _success(route: Route, schemas: _Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.status != HTTPStatus.NO_CONTENT:
        answer["content"] = {
            media_type: {
                "schema": schemas[route.response, "serialization"]
                if route.response is not None and media_type == JSON
                else {}
            }
            for media_type in route.media_types
        }
    return answer


def _problems(route: Route) -> dict[str, Any]:
    errors: list[type[EduscaleError]] = [*route.errors]
    if route.permission != "public":
        errors.append(Forbidden)
    if PATH_VALUE.search(route.pattern):
        errors.append(NotFound)
    if route.query is not None:
        errors.append(InvalidField)
    if route.body is not None:
        errors += [MalformedBody, BodyTooLarge, UnsupportedMediaType, InvalidField]
    statuses = sorted({error.status for error in errors} - {route.status})
    return {str(status): {"$ref": "#/components/responses/Problem"} for status in statuses} | {
        "default": {"$ref": "#/components/responses/Problem"}
    }


_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2.5rem; font: 600 1.05rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { width: 32%; }
ul { padding-left: 1.2rem; overflow-wrap: anywhere; }
td, th { text-align: left; vertical-align: top; padding: .25rem .5rem .25rem 0; overflow-wrap: anywhere; }
th { font-weight: 600; }
tr { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
code { font: .9em ui-monospace, monospace; }
"""


def docs_page(document: dict[str, Any]) -> str:
    """Return the document as one HTML page, which needs no script, no other file and no other host."""
    info = document["info"]
    title = f"{escape(info['title'])} {escape(info['version'])}"
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    contents = "".join(
        f'<li><a href="#{escape(each["operationId"])}"><code>{method.upper()} {escape(path)}</code></a> '
        f"{escape(each['summary'])}</li>"
        for method, path, each in operations
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        '<p>For programs: <a href="/openapi.json">openapi.json</a>. A request that fails is answered with a '
        '<a href="#schema-ProblemDetails">problem</a>, in Czech or English by <code>Accept-Language</code>; '
        "what is wrong with a query is told in English only.</p>"
        f"<ul>{contents}</ul>"
        + "".join(_operation_html(*each) for each in operations)
        + "<h1>Errors</h1>"
        + _errors_html()
        + "<h1>Objects</h1>"
        + "".join(_schema_html(name, schema) for name, schema in schemas.items())
        + "</main></body></html>"
    )


def _operation_html(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        (each["name"], f"{each['in']}, {_type_html(each['schema'])}", _described(each["schema"], each))
        for each in operation["parameters"]
    ]
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        rows.append(("body", f"{escape(media_type)} {'' if 'properties' in schema else _type_html(schema)}", ""))
        required = schema.get("required", ())
        rows += [
            (name, _type_html(field), f"{_described(field, field)}{' (required)' if name in required else ''}")
            for name, field in schema.get("properties", {}).items()
        ]
    for status, answer in operation["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            rows.append((status, f"{escape(media_type)} {_type_html(content['schema'])}", answer["description"]))
    refused = [
        "any other error" if status == "default" else status
        for status, answer in operation["responses"].items()
        if "$ref" in answer
    ]
    summary = operation["summary"]
    stop = "" if summary.endswith("?") else "."
    return (
        f'<h2 id="{escape(operation["operationId"])}">{method.upper()} {escape(path)}</h2>'
        f"<p>{escape(summary)}{stop} Needs <code>{escape(operation['x-permission'])}</code>."
        f" Fails with {', '.join(refused)}.</p>{_table_html(rows)}"
    )


def _described(schema: dict[str, Any], described: dict[str, Any]) -> str:
    """Return a description with the default value, where there is one."""
    text = str(described.get("description", ""))
    default = schema.get("default")
    return text if default is None else f"{text} (default {default})".strip()


def _errors_html() -> str:
    rows = "".join(
        f'<tr id="error-{error.code}"><th><code>{error.code}</code></th><td>{error.status}</td>'
        f"<td>{escape(error.title)}</td></tr>"
        for error in sorted(_with_subclasses(EduscaleError), key=lambda each: (each.status, each.code))
    )
    return f"<table>{rows}</table>"


def _with_subclasses(error: type[EduscaleError]) -> list[type[EduscaleError]]:
    """Return an error class and all below it, one of each code."""
    found = {error.code: error}
    for below in error.__subclasses__():
        found = {each.code: each for each in _with_subclasses(below)} | found
    return list(found.values())


def _schema_html(name: str, schema: dict[str, Any]) -> str:
    rows = [
        (field, _type_html(described), described.get("description", ""))
        for field, described in schema.get("properties", {}).items()
    ]
    return (
        f'<h2 id="schema-{escape(name)}">{escape(name)}</h2>'
        f"<p>{escape(schema.get('description', ''))}</p>{_table_html(rows)}"
    )


def _table_html(rows: list[tuple[str, str, str]]) -> str:
    """Return rows of (name, type as HTML, description)."""
    if not rows:
        return ""
    cells = "".join(
        f"<tr><th><code>{escape(name)}</code></th><td>{kind}</td><td>{escape(description)}</td></tr>"
        for name, kind, description in rows
    )
    return f"<table>{cells}</table>"


def _type_html(schema: dict[str, Any]) -> str:
    """Return a schema's type in a word or two, linked where it is an object of its own."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type_html(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if schema.get("type") == "array":
        return f"list of {_type_html(schema['items'])}" if "items" in schema else "list"
    return escape(str(schema.get("format") or schema.get("type") or ""))
