"""What a request carries: its body, read within a limit and to its very end, as JSON or as a form with files.

functions-framework would read what is left of a body into memory after the answer; `take_body` puts an empty
stream in its place, so a body is read here or not at all.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import re
import time
import unicodedata
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from werkzeug import Request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.sansio import multipart

from eduscale.core.errors import (
    BodyTooLarge,
    InvalidField,
    MalformedBody,
    StorageFull,
    UnsupportedMediaType,
)

READ_BYTES = 1024**2
MAX_FIELD_BYTES = 64 * 1024
MAX_PARTS = 1000
MAX_PART_HEADER_BYTES = 16 * 1024
CHUNKS_BEHIND = 8
FLUSH_BYTES = 16 * 1024**2
MAX_FILENAME_CHARS = 255

DRAIN_MAX_BYTES = 1024**3
DRAIN_MAX_S = 10.0

_BODY = "eduscale.body"
_Model = TypeVar("_Model", bound=BaseModel)

_NO_SPACE_ERRNOS = {28, 122}  # ENOSPC, EDQUOT


class Body:
    """The stream of a request's body: it cannot pass its limit, nor end early without an error."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._stream: IO[bytes] = environ["wsgi.input"]
        self._socket = environ.get("gunicorn.socket")
        self.announced_bytes = _content_length(environ)
        self._is_terminated = bool(environ.get("wsgi.input_terminated"))
        self._is_finished = False
        self.received_bytes = 0
        self.max_bytes = 0

    def limit(self, max_bytes: int) -> None:
        """Set the most that may be read; raises BodyTooLarge when the announced length is more already."""
        self.max_bytes = max_bytes
        if self.announced_bytes is not None and self.announced_bytes > max_bytes:
            raise _too_large(max_bytes)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, empty at the end; raises BodyTooLarge, or MalformedBody when cut short."""
        data = self._read(min(size, self.max_bytes + 1 - self.received_bytes))
        if self.received_bytes > self.max_bytes:
            raise _too_large(self.max_bytes)
        return data

    def read_all(self) -> bytes:
        """Return the whole body."""
        return b"".join(iter(lambda: self.read(READ_BYTES), b""))

    def drain(self) -> None:
        """Throw away what was not read, so that a client still sending gets to see the answer (RFC 9112, 9.6).

        Nothing is kept in memory. A client that sends too much or too slowly is cut off.
        """
        deadline = time.monotonic() + DRAIN_MAX_S
        end = self.received_bytes + DRAIN_MAX_BYTES
        if self.announced_bytes is not None and self.announced_bytes > end:
            return
        with contextlib.suppress(MalformedBody):
            while self.received_bytes < end and (left_s := deadline - time.monotonic()) > 0:
                if self._socket is not None:
                    self._socket.settimeout(left_s)
                if not self._read(READ_BYTES):
                    break
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.settimeout(None)

    def _read(self, size: int) -> bytes:
        if self.announced_bytes is not None:
            size = min(size, self.announced_bytes - self.received_bytes)
        elif not self._is_terminated:
            return b""  # neither a length nor a server that knows the end: there is no body
        if self._is_finished or size <= 0:
            return b""
        try:
            data = self._stream.read(size)
        except Exception as error:  # whatever the server raises on a broken chunk or connection
            self._is_finished = True
            raise MalformedBody("The body was cut short or is not encoded as it says") from error
        self.received_bytes += len(data)
        if not data:
            self._is_finished = True
            if self.announced_bytes is not None:
                raise MalformedBody("The body was cut short: fewer bytes came than were announced")
        return data


def take_body(request: Request) -> Body | None:
    """Take the body away from the framework, once a request; None when there is none.

    Raises MalformedBody for a length that is no number.
    """
    environ = request.environ
    if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" not in environ:
        return None
    source = environ["wsgi.input"]
    request.stream = environ["wsgi.input"] = io.BytesIO()
    body = Body({**environ, "wsgi.input": source})
    environ[_BODY] = body
    return body


def body_of(request: Request, max_bytes: int | None = None) -> Body:
    """Return the body of a request, limited to `max_bytes`, without it by the route's own limit."""
    body: Body = request.environ.get(_BODY) or Body({"wsgi.input": io.BytesIO()})
    if max_bytes is not None:
        body.limit(max_bytes)
    return body


def read_json(request: Request, model: type[_Model], max_bytes: int | None = None) -> _Model:
    """Return a JSON body as a model.

    Raises UnsupportedMediaType, MalformedBody for what is no strict JSON (RFC 8259, no name twice), and
    InvalidField naming the path of the first field that is missing or wrong.
    """
    if not _is_json(request.mimetype):
        raise UnsupportedMediaType("Send the body as application/json")
    raw = body_of(request, max_bytes).read_all()
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite
        )
        if b"\\u" in raw:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    except RecursionError:
        raise MalformedBody("The body is nested too deeply") from None
    except _InvalidJson as error:
        raise MalformedBody(str(error)) from None
    except UnicodeError:
        raise MalformedBody("The body is not valid UTF-8") from None
    except json.JSONDecodeError as error:
        raise MalformedBody(
            f"The body is not valid JSON: {error.msg}, line {error.lineno} column {error.colno}"
        ) from None
    except ValueError:  # an integer of more digits than Python converts
        raise MalformedBody("The body holds a number that is too long") from None
    return _validated(model, value, whole="body")


def read_query(request: Request, model: type[_Model]) -> _Model:
    """Return the parameters after the question mark as a model; raises InvalidField for one wrong or repeated."""
    values: dict[str, str] = {}
    for name, texts in request.args.lists():
        if len(texts) > 1:
            raise InvalidField(f"{_shown(name)}: give it once", field=_shown(name))
        if "\ufffd" in texts[0]:
            raise InvalidField(f"{_shown(name)}: is not valid UTF-8", field=_shown(name))
        values[name] = texts[0]
    return _validated(model, values, whole="query")


@dataclass(frozen=True)
class SentFile:
    """A file of a form, written to `path` and hashed on the way; `filename` is clean but is the sender's."""

    field: str
    filename: str
    path: Path
    sha256: str
    size_bytes: int
    content_type: str


@dataclass(frozen=True)
class Form:
    """The texts of a multipart body by name, and its files in the order in which they were sent."""

    fields: dict[str, str]
    files: tuple[SentFile, ...]


def read_form(
    request: Request,
    folder: Path,
    *,
    max_bytes: int | None = None,
    file_fields: tuple[str, ...] = ("file",),
    text_fields: tuple[str, ...] = (),
) -> Form:
    """Stream a multipart/form-data body: files into `folder`, texts (at most 64 KiB each) into memory.

    A file input in which nothing was chosen counts as not sent. Raises UnsupportedMediaType, MalformedBody,
    BodyTooLarge, InvalidField naming the field, StorageFull; `folder` is the caller's to clean up, then too.
    """
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("Send the body as multipart/form-data")
    boundary = request.mimetype_params.get("boundary", "")
    if not 1 <= len(boundary) <= 200 or not boundary.isascii():
        raise MalformedBody("The Content-Type of the body has no usable boundary")
    form = _FormReader(folder, file_fields, text_fields)
    body = body_of(request, max_bytes)
    decoder = _Decoder(boundary.encode("ascii"))
    try:
        while not form.is_complete:
            data = body.read(READ_BYTES)
            decoder.receive_data(data or None)
            form.take(decoder)
    except ValueError as error:
        raise MalformedBody("The body is not a whole multipart/form-data body") from error
    except OSError as error:
        if error.errno in _NO_SPACE_ERRNOS:
            raise StorageFull("There is no room left to store the file") from error
        raise
    finally:
        form.close()
    return Form(form.fields, tuple(form.files))


class _Decoder(multipart.MultipartDecoder):
    """werkzeug's decoder, which reads part headers as UTF-8 only; old clients send them as Windows-1250."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            data = data.decode("cp1250", "replace").encode("utf-8")
        return super()._parse_headers(data)

    def held_bytes(self) -> int:
        return len(self.buffer)


class _FormReader:
    """Turns the decoder's events into files and texts."""

    def __init__(self, folder: Path, file_fields: tuple[str, ...], text_fields: tuple[str, ...]) -> None:
        self.fields: dict[str, str] = {}
        self.files: list[SentFile] = []
        self.is_complete = False
        self._folder = folder
        self._file_fields = file_fields
        self._text_fields = text_fields
        self._parts = 0
        self._text: tuple[str, bytearray] | None = None
        self._file: _FileWriter | None = None

    def take(self, decoder: _Decoder) -> None:
        """Handle every event that the data received so far gives."""
        while True:
            event = decoder.next_event()
            if isinstance(event, multipart.Data):
                self._take_data(event)
            elif isinstance(event, multipart.Field | multipart.File):
                self._begin(event)
            elif isinstance(event, multipart.Epilogue):
                self.is_complete = True
                return
            elif isinstance(event, multipart.NeedData):
                # Only data is handed on as it comes: a preamble, a part's header or what follows the last boundary
                # would pile up.
                if decoder.held_bytes() > MAX_PART_HEADER_BYTES and decoder.state is not multipart.State.DATA:
                    raise MalformedBody("The multipart body holds too much outside its fields")
                return

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _begin(self, event: multipart.Field | multipart.File) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise MalformedBody(f"The form has more than {MAX_PARTS:,} fields")
        name = event.name
        if name is None:
            raise MalformedBody("A part of the form has no name")
        if name in self._file_fields:
            if not isinstance(event, multipart.File):
                raise InvalidField(f"{name}: send it as a file, with a filename", field=name)
            path = self._folder / f"part-{len(self.files)}"
            content_type = parse_options_header(event.headers.get("content-type"))[0]
            self._file = _FileWriter(name, event.filename, path, content_type or "application/octet-stream")
        elif name not in self._text_fields:
            accepted = ", ".join((*self._file_fields, *self._text_fields))
            raise InvalidField(f"{_shown(name)}: there is no such field; accepted: {accepted}", field=_shown(name))
        elif isinstance(event, multipart.File):
            raise InvalidField(f"{name}: send it as text, not as a file", field=name)
        elif name in self.fields:
            raise InvalidField(f"{name}: give it once", field=name)
        else:
            self._text = (name, bytearray())

    def _take_data(self, event: multipart.Data) -> None:
        if self._file is not None:
            self._file.write(event.data)
            if not event.more_data:
                file, self._file = self._file, None
                if file.is_chosen:
                    self.files.append(file.finish())
                else:
                    file.close()
        elif self._text is not None:
            name, data = self._text
            data += event.data
            if len(data) > MAX_FIELD_BYTES:
                raise InvalidField(f"{name}: longer than {MAX_FIELD_BYTES // 1024} KiB", field=name)
            if not event.more_data:
                self._text = None
                try:
                    self.fields[name] = data.decode("utf-8")
                except UnicodeDecodeError:
                    raise InvalidField(f"{name}: is not valid UTF-8", field=name) from None


class _FileWriter:
    """Writes and hashes one file of a form, a few chunks behind the network and beside it.

    Hashing, writing and flushing to disk leave the interpreter free, so another thread can receive meanwhile. What
    is flushed on the way need not be waited for when the file is stored.
    """

    def __init__(self, field: str, filename: str, path: Path, content_type: str) -> None:
        self._field = field
        self._raw_filename = filename
        self._path = path
        self._content_type = content_type
        self._file = path.open("wb", buffering=0)
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        self._unflushed_bytes = 0
        self._behind = ThreadPoolExecutor(1)
        self._chunks: deque[Future[None]] = deque()

    @property
    def is_chosen(self) -> bool:
        """Whether this is a file; a browser sends an input without one as an empty file without a name."""
        return bool(self._raw_filename or self._size_bytes)

    def write(self, data: bytes) -> None:
        self._size_bytes += len(data)
        self._chunks.append(self._behind.submit(self._keep, data))
        if len(self._chunks) > CHUNKS_BEHIND:
            self._chunks.popleft().result()

    def finish(self) -> SentFile:
        for chunk in self._chunks:
            chunk.result()
        self.close()
        return SentFile(
            field=self._field,
            filename=clean_filename(self._raw_filename),
            path=self._path,
            sha256=self._sha256.hexdigest(),
            size_bytes=self._size_bytes,
            content_type=self._content_type,
        )

    def close(self) -> None:
        self._behind.shutdown(cancel_futures=True)
        self._file.close()

    def _keep(self, data: bytes) -> None:
        self._sha256.update(data)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._unflushed_bytes += len(data)
        if self._unflushed_bytes >= FLUSH_BYTES:
            os.fdatasync(self._file.fileno())
            self._unflushed_bytes = 0


def clean_filename(sent: str) -> str:
    """Return the last component of a sent filename, without control and direction marks, at most 255 characters.

    A name whose UTF-8 was taken for Latin-1 on the way ("Å¡kola") is put right; the ending survives shortening.
    """
    with contextlib.suppress(UnicodeError):
        sent = sent.encode("latin-1").decode("utf-8")
    name = re.split(r"[/\\]", sent)[-1]
    name = unicodedata.normalize("NFC", name)
    name = "".join(char for char in name if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    name = name.strip()
    if not name.strip("."):
        return "upload"
    if len(name) > MAX_FILENAME_CHARS:
        ending = PurePath(name).suffix[:16]
        name = name[: MAX_FILENAME_CHARS - len(ending)] + ending
    return name


class _InvalidJson(Exception):
    """JSON that Python would read but that says different things to different readers."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise _InvalidJson("The body has an object that names a field twice")
    return value


def _no_constant(name: str) -> NoReturn:
    raise _InvalidJson(f"The body is not valid JSON: {name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _InvalidJson("The body holds a number that is too large")
    return value


def _validated(model: type[_Model], value: object, *, whole: str) -> _Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = _shown(".".join(map(str, first["loc"])) or whole)
        raise InvalidField(f"{field}: {_lower_first(first['msg'])}", field=field) from None


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _shown(name: str) -> str:
    """Return a name that the caller chose so that it can stand in a sentence."""
    return "".join(char if char.isprintable() else "?" for char in name[:100])


def _is_json(mimetype: str) -> bool:
    return mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))


def _content_length(environ: dict[str, Any]) -> int | None:
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    text = str(environ.get("CONTENT_LENGTH") or "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise MalformedBody("Content-Length is not a number of bytes")
    return int(text)


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body may have at most {max_bytes:,} bytes", max_bytes=max_bytes)
