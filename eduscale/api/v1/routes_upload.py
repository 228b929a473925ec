"""Uploads over HTTP: send, list, look at, undo, and the rows of a table."""

import base64
import binascii
import json
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from werkzeug import Request, Response

from eduscale.api.bodies import Form, SentFile, read_form, read_json, read_query
from eduscale.api.events import Tell, event_stream, told, wants_events
from eduscale.api.language import language_of
from eduscale.api.responses import JSON, json_response
from eduscale.api.router import FormFields
from eduscale.api.v1.routes_datasets import RowsQuery, file_response
from eduscale.core import progress
from eduscale.core.errors import InvalidField
from eduscale.ingest.corrections import checked
from eduscale.ingest.faults import FieldRefused, check_region
from eduscale.ingest.receipts import present
from eduscale.ingest.reject_words import reject_words
from eduscale.ingest.uploads import Known, LandedFile, UploadService, Wish, place_in_list
from eduscale.ingest.wording import Language
from eduscale.models.base import Model
from eduscale.models.reading import Override, Said
from eduscale.models.rejects import RejectsFormat
from eduscale.models.upload import AUTO, GuessChange, State, UploadPage, Uploads
from eduscale.query.tables import TableService

_GUESSES = TypeAdapter(tuple[GuessChange, ...])
MAX_NAME = 200
MAX_GUESSES = 5_000

SEND = FormFields(
    files=("file",),
    texts={
        "region": "the region the file belongs to: letters without accents, digits and hyphens, 1 to 64",
        "dataset": "the name of the dataset that the rows shall go to; made from the file's name when left out",
        "sender": "who sends it: a school's code or name",
        "replaces": "the id of an upload whose place this one takes, or `auto`: of which it is a newer version",
        "overrides": "guesses that the reader shall not make: a JSON list as in PATCH /api/v1/uploads/{id}",
    },
    required=("file", "region"),
)

SEND_EVENTS = (
    "With Accept: text/event-stream, 200 and server-sent events: progress {file, filename, stage, fraction} while "
    "the file of that number is received, waiting, reading, looking, converting, checking, storing; then one "
    "result {status, uploads}, the plain answer, or one problem, with retry_after_s for Retry-After. "
    "Whoever hangs up does not stop the reading."
)
CHANGE_EVENTS = (
    "With Accept: text/event-stream, server-sent events: progress {stage, fraction} while the file is read again, "
    "then one result {status} with the members of the receipt, or one problem, as for an upload."
)


class UploadQuery(Model):
    """Which uploads to list."""

    region: str | None = None
    state: State | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$", description="of the bytes as sent")
    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = None


class Change(Model):
    """What to change about an upload: guesses, after which the file is read again, or which upload counts."""

    guesses: tuple[GuessChange, ...] = Field(default=(), max_length=MAX_GUESSES)
    replaces: str | None = Field(
        default=None,
        description="the id of the upload whose place it takes; `auto`: all of which it is a newer version; "
        "null: none, both are kept and nothing is said about it any more",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.guesses and "replaces" not in self.model_fields_set:
            raise ValueError("give guesses, or what it replaces")
        return self


class RejectsQuery(Model):
    """The file format of what was left out, and the language of the reasons if it is not Accept-Language's."""

    format: RejectsFormat = "csv"
    language: Language | None = None


class UploadHandlers:
    """The handlers of `/api/v1/uploads`."""

    def __init__(
        self, service: UploadService, tables: TableService, *, scratch: Callable[[], Path], max_bytes: int
    ) -> None:
        self._service = service
        self._tables = tables
        self._scratch = scratch
        self._max_bytes = max_bytes

    def send(self, request: Request) -> Response:
        """Land and read every file of a form: 201 if any is new, 200 if all were in, 422 if none can be read.

        Who asks for events gets them as soon as the form is there and makes sense.
        """
        folder = self._scratch()
        try:
            form = read_form(
                request,
                folder,
                max_bytes=self._max_bytes,
                file_fields=SEND.files,
                text_fields=tuple(SEND.texts),
            )
            wish = _wish(form)
            if not form.files:
                raise InvalidField("Choose at least one file.", field="file")
            if wish.replaces not in (None, AUTO) and len(form.files) > 1:
                raise InvalidField("Only one file can take the place of an upload.", field="replaces")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        language = language_of(request)
        receive = partial(self._receive, folder, form.files, wish, language)
        return event_stream(receive, language) if wants_events(request) else receive()

    def _receive(
        self,
        folder: Path,
        files: Sequence[SentFile],
        wish: Wish,
        language: Language,
        tell: Tell | None = None,
    ) -> Response:
        """Read the files that have landed in `folder`, clear it, and answer."""
        known = []
        try:
            for number, sent in enumerate(files):
                with told(tell, file=number, filename=sent.filename):
                    progress.report("received", 0)
                    landed = LandedFile(sent.filename, sent.path, sent.sha256, sent.size_bytes)
                    known.append(self._service.receive(landed, wish))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        answer = Uploads(uploads=tuple(present(one, language) for one in known))
        return json_response(answer, _status(known))

    def list(self, request: Request) -> Response:
        """List uploads, newest first."""
        query = read_query(request, UploadQuery)
        before = _decoded(query.cursor) if query.cursor else None
        page, more = self._service.newest(
            region=query.region, state=query.state, sha256=query.sha256, limit=query.limit, before=before
        )
        language = language_of(request)
        cursor = _encoded(place_in_list(page[-1].head)) if more else None
        return json_response(UploadPage(items=tuple(present(one, language) for one in page), next_cursor=cursor))

    def show(self, request: Request, upload_id: str) -> Response:
        """Return one receipt."""
        return json_response(present(self._service.get(upload_id), language_of(request)))

    def change(self, request: Request, upload_id: str) -> Response:
        """Correct guesses and read the file again, or decide what becomes of an older upload of the same rows."""
        language = language_of(request)
        work = partial(self._change, upload_id, read_json(request, Change), language)
        return event_stream(work, language) if wants_events(request) else work()

    def _change(self, upload_id: str, change: Change, language: Language, tell: Tell | None = None) -> Response:
        known = self._service.get(upload_id)
        if change.guesses:
            with told(tell):
                known = self._service.correct(upload_id, checked(change.guesses))
        if "replaces" in change.model_fields_set:
            known = self._service.decide(upload_id, change.replaces)
        return json_response(present(known, language))

    def undo(self, request: Request, upload_id: str) -> Response:
        """Take an upload's rows out again."""
        return json_response(present(self._service.undo(upload_id), language_of(request)))

    def forget_corrections(self, request: Request, upload_id: str) -> Response:
        """Forget the corrections for files of an upload's kind and read it as if there had been none."""
        language = language_of(request)
        work = partial(self._forget_corrections, upload_id, language)
        return event_stream(work, language) if wants_events(request) else work()

    def _forget_corrections(self, upload_id: str, language: Language, tell: Tell | None = None) -> Response:
        with told(tell):
            return json_response(present(self._service.forget_corrections(upload_id), language))

    def rows(self, request: Request, upload_id: str, index: int) -> Response:
        """Return rows of one table in file order."""
        query = read_query(request, RowsQuery)
        page = self._tables.rows(upload_id, index, offset=query.offset, limit=query.limit)
        return Response(page, mimetype=JSON)

    def rejects(self, request: Request, upload_id: str) -> Response:
        """Return what is not in an upload's tables, in the sender's own columns, and why."""
        query = read_query(request, RejectsQuery)
        words = reject_words(query.language or language_of(request))
        path = self._tables.rejects(upload_id, query.format, words)
        return file_response(path, f"rejects-{upload_id}.{query.format}")


def _overrides(text: str) -> tuple[Override, ...]:
    try:
        guesses = _GUESSES.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(["overrides", *map(str, first["loc"])])
        raise InvalidField(f"{field}: {first['msg']}", field=field) from None
    return checked(guesses, field="overrides")


def _wish(form: Form) -> Wish:
    region = form.fields.get("region", "")
    check_region(region)
    for field in ("dataset", "sender"):
        if len(form.fields.get(field, "")) > MAX_NAME:
            raise FieldRefused(Said(code="name_too_long", facts={"limit": MAX_NAME}), field=field)
    texts = {field: form.fields.get(field, "").strip() or None for field in ("dataset", "sender", "replaces")}
    sent = form.fields.get("overrides", "").strip()
    return Wish(region=region, **texts, overrides=_overrides(sent) if sent else ())


def _status(known: list[Known]) -> int:
    if any(one.head.state == "loaded" and not one.duplicate for one in known):
        return 201
    return 200 if any(one.head.state == "loaded" for one in known) else 422


def _encoded(place: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _decoded(cursor: str) -> tuple[str, str]:
    try:
        received_at, upload_id = json.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError, TypeError):
        raise InvalidField("Use the next_cursor of the page before, unchanged.", field="cursor") from None
    return str(received_at), str(upload_id)
