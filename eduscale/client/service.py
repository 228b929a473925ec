"""The service as seen over HTTP: is this file in already, and send it, hearing how far that is.

A file is streamed from disk, so memory does not grow with it. Sending the same bytes again is harmless, so whoever
lost the connection simply does that.
"""

import hashlib
import http.client
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

CHUNK_BYTES = 1 << 18
TIMEOUT_S = 60.0
"""Of one step on the network; while a file is read the service breaks its silence every few seconds."""
RETRY_AFTER_S = 5.0
"""Where a busy service does not say it."""

Receipt = dict[str, Any]
OnProgress = Callable[[str, float], None]
"""Called with a stage, `sending` and then those of the service, and the share that is done, 0 to 1."""


class Refused(Exception):
    """The service answered and will not do it; `detail` is its sentence, empty if it had none."""

    def __init__(self, status: int, detail: str = "", field: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field


class Busy(Exception):
    """The service has no room just now; ask again after `retry_after_s`."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class Unreachable(Exception):
    """There is no service at that address, or the connection to it was lost."""


class Unreadable(Exception):
    """The file cannot be read, or changed while it was sent."""


class Digest(NamedTuple):
    """A file's content in short."""

    sha256: str
    size_bytes: int


def digest_of(path: Path) -> Digest:
    """Return the digest of a file's content; raises Unreadable."""
    sha256, size_bytes = hashlib.sha256(), 0
    for chunk in _chunks(path):
        sha256.update(chunk)
        size_bytes += len(chunk)
    return Digest(sha256.hexdigest(), size_bytes)


class Service:
    """One service at an address (ValueError if it is none); `token` is sent as a bearer token if there is one."""

    def __init__(self, url: str, *, language: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(url)
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port = parts.hostname, parts.port
        self._uploads = parts.path.rstrip("/") + "/api/v1/uploads"
        self._headers = {"Accept-Language": language, "User-Agent": "eduscale"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def find(self, digest: Digest, *, region: str, dataset: str | None) -> Receipt | None:
        """Return the receipt of a file that is loaded there already; raises Refused, Busy, Unreachable."""
        query = urlencode({"region": region, "state": "loaded", "sha256": digest.sha256})
        items: list[Receipt] = self._ask("GET", f"{self._uploads}?{query}")["items"]
        return next((item for item in items if item["dataset"] == dataset), None)

    def send(self, path: Path, digest: Digest, fields: Mapping[str, str], on_progress: OnProgress) -> Receipt:
        """Send a file and return its receipt; raises Refused, Busy, Unreachable, Unreadable."""
        form = _Form(path, digest.size_bytes, fields)
        headers = {**form.headers, "Accept": "text/event-stream"}
        (receipt,) = self._ask("POST", self._uploads, headers, form.body(on_progress), on_progress)["uploads"]
        return dict(receipt)

    def _ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: Iterator[bytes] | None = None,
        on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:
        with closing(self._kind(self._host, self._port, timeout=TIMEOUT_S)) as connection:
            try:
                with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has everything
                    connection.request(method, target, body, {**self._headers, **(headers or {})})
                response = connection.getresponse()
                answer = _answer(response, on_progress)
            except (OSError, http.client.HTTPException) as error:
                raise Unreachable(str(error)) from error
        return _accepted(answer)


class _Answer(NamedTuple):
    status: int
    content: Any
    retry_after_s: float


def _answer(response: http.client.HTTPResponse, on_progress: OnProgress | None) -> _Answer:
    """Return a plain answer, or the end of one that streams events."""
    if response.headers.get_content_type() != "text/event-stream":
        content = _parsed(response.read())
        return _Answer(response.status, content, _seconds(response.headers.get("Retry-After")))
    for name, data in _events(response):
        content = _parsed(data)
        if name != "progress":
            return _Answer(content["status"], content, _seconds(content.get("retry_after_s")))
        if on_progress is not None:
            on_progress(content["stage"], content["fraction"])
    raise http.client.IncompleteRead(b"")


def _events(lines: http.client.HTTPResponse) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the data of each event; a comment only keeps the connection open."""
    name = ""
    for line in lines:
        field, _, value = line.rstrip(b"\r\n").partition(b": ")
        if field == b"event":
            name = value.decode()
        elif field == b"data":
            yield name, value


def _accepted(answer: _Answer) -> dict[str, Any]:
    """Return what was asked for, be it the receipt of an unreadable file; raises Refused, Busy."""
    content = answer.content if isinstance(answer.content, dict) else {}
    if "uploads" in content or (answer.status == 200 and "items" in content):
        return content
    if answer.status in (429, 502, 503, 504):
        raise Busy(answer.retry_after_s)
    raise Refused(answer.status, str(content.get("detail", "")), content.get("field"))


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _seconds(text: object) -> float:
    try:
        return max(1.0, float(str(text)))
    except ValueError:
        return RETRY_AFTER_S


class _Form:
    """A multipart body of a few texts and one file, whose length is known before it is sent."""

    def __init__(self, path: Path, size_bytes: int, fields: Mapping[str, str]) -> None:
        boundary = uuid.uuid4().hex
        texts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        name = path.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        self._head = f"{texts}{file}Content-Type: application/octet-stream\r\n\r\n".encode("utf-8", "replace")
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._path = path
        self._size_bytes = size_bytes
        self.headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(self._head) + size_bytes + len(self._tail)),
        }

    def body(self, on_progress: OnProgress) -> Iterator[bytes]:
        """Yield the body; raises Unreadable."""
        yield self._head
        sent = 0
        for chunk in _chunks(self._path):
            sent += len(chunk)
            if sent > self._size_bytes:
                break
            yield chunk
            on_progress("sending", sent / self._size_bytes)
        if sent != self._size_bytes:
            raise Unreadable
        yield self._tail


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from iter(partial(file.read, CHUNK_BYTES), b"")
    except OSError as error:
        raise Unreadable(error.strerror or "") from error
