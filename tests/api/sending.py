"""A small client of the service, for tests: files in a form, JSON back."""

import json
import uuid
from typing import Any, NamedTuple

from tests.conftest import Server


class Answer(NamedTuple):
    """What the service answered; `body` is the JSON, or bytes where it is none."""

    status: int
    headers: dict[str, str]
    body: Any


def call(server: Server, method: str, path: str, payload: object = None, language: str = "en") -> Answer:
    """Send a request, with a JSON body if there is a payload."""
    body = None if payload is None else json.dumps(payload).encode()
    return exchange(server, method, path, body, {"Content-Type": "application/json", "Accept-Language": language})


def send(server: Server, *files: tuple[str, bytes], language: str = "en", **fields: str) -> Answer:
    """Upload files, each a name and its bytes."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, data in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept-Language": language}
    return exchange(server, "POST", "/api/v1/uploads", body, headers)


def exchange(server: Server, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    """Send one request on a connection of its own."""
    connection = server.connect(timeout_s=120)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read()
        is_json = "json" in response.headers.get("Content-Type", "")
        return Answer(response.status, dict(response.headers), json.loads(data) if is_json and data else data)
    finally:
        connection.close()


def ask(server: Server, sql: str, **parameters: object) -> Answer:
    """Send a query."""
    return call(server, "POST", "/api/v1/query", {"sql": sql, "parameters": parameters})
