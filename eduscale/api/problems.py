"""Every failure as one `application/problem+json` object (RFC 9457).

A problem holds `type, title, status, detail, instance, code, request_id`, and the facts of the error as extension
members, `field` for example. Title and detail are in the language of the reader, as far as there are words; the
code is the same in all. What the service did not raise on purpose is a 500 with a general text: nothing of an
exception's own message gets out, which may hold a path or a cell's value.
"""

from collections.abc import Mapping
from types import MappingProxyType

from flask import Response
from pydantic import BaseModel, Field
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException

from eduscale.api.problem_words import in_czech
from eduscale.core.errors import (
    DeadlineExceeded,
    EduscaleError,
    MethodNotAllowed,
    StorageError,
    StorageFull,
    Unavailable,
)
from eduscale.ingest.faults import FieldRefused
from eduscale.ingest.wording import Language, say

PROBLEM_JSON = "application/problem+json"

_EXPECTED_FAILURES = (Unavailable, StorageFull, DeadlineExceeded)
"""5xx errors that say all there is to say; a stack trace would only make noise."""


class ProblemDetails(BaseModel):
    """What went wrong with a request (RFC 9457); facts such as `field` stand beside these members."""

    type: str = Field(description="where this kind of problem is described")
    title: str
    status: int
    detail: str = Field(description="a sentence for the person at the other end")
    instance: str = Field(description="this very occurrence, by its request id")
    code: str = Field(description="stable, for programs")
    request_id: str


def is_unexpected(error: BaseException) -> bool:
    """Say whether nobody foresaw this failure, so that the log needs its stack trace."""
    if isinstance(error, HTTPException):
        return error.code is None or error.code >= 500
    if isinstance(error, EduscaleError) and not isinstance(error, StorageError):
        return error.status >= 500 and not isinstance(error, _EXPECTED_FAILURES)
    return True


def problem_response(error: BaseException, request_id: str, language: Language = "en") -> Response:
    """Return the answer to a request that failed with `error`, in the language where there are words for it."""
    if isinstance(error, EduscaleError) and not isinstance(error, StorageError):
        return _problem(
            request_id,
            status=error.status,
            code=error.code,
            title=error.title,
            detail=say(error.said, language) if isinstance(error, FieldRefused) else error.detail,
            language=language,
            facts=error.facts,
            headers=_headers(error),
        )
    if isinstance(error, HTTPException) and error.code is not None and 400 <= error.code < 500:
        title = error.name
        code = title.lower().replace(" ", "_").replace("'", "")
        return _problem(request_id, status=error.code, code=code, title=title, detail=title, language=language)
    return _problem(
        request_id,
        status=EduscaleError.status,
        code=EduscaleError.code,
        title=EduscaleError.title,
        detail="The request failed on our side. It is in our log under this request id",
        language=language,
    )


def _headers(error: EduscaleError) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed):
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, Unavailable):
        return {"Retry-After": str(error.retry_after_s)}
    return {}


def _problem(
    request_id: str,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    language: Language,
    facts: Mapping[str, object] = MappingProxyType({}),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    if language == "cs":
        title, detail = in_czech(code, title, detail, facts)
    members = ProblemDetails(
        type=f"/docs#error-{code}",
        title=title,
        status=status,
        detail=detail,
        instance=f"urn:request:{request_id}",
        code=code,
        request_id=request_id,
    ).model_dump()
    return Response(to_json({**facts, **members}), status, headers, mimetype=PROBLEM_JSON)
