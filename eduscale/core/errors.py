"""Every error the service raises on purpose, in one tree.

    EduscaleError
    ├── RequestError                the caller can mend it (4xx)
    │   ├── NotFound                404 not_found
    │   ├── MethodNotAllowed        405 method_not_allowed
    │   ├── Conflict                409 conflict
    │   ├── BodyTooLarge            413 body_too_large
    │   ├── UnsupportedMediaType    415 unsupported_media_type
    │   ├── InvalidField            422 invalid_field        (fact: field)
    │   ├── MalformedBody           400 malformed_body
    │   ├── Unauthenticated         401 unauthenticated
    │   └── Forbidden               403 forbidden
    ├── QueryError                  the SQL cannot be answered (4xx)
    │   ├── QueryRefused            422 query_refused        not allowed, or names what does not exist
    │   └── QueryFailed             422 query_failed         allowed, but failed while running
    ├── LimitExceeded               a child process ran into its limit
    │   ├── DeadlineExceeded        504 deadline_exceeded
    │   ├── MemoryExceeded          422 memory_exceeded
    │   └── FileSizeExceeded        422 file_size_exceeded
    ├── Unavailable                 503 unavailable          passing; Retry-After
    │   └── Busy                    503 busy
    ├── StorageFull                 507 storage_full
    ├── UnreadableFile              becomes a receipt's `error`, never a response of its own (fact: code)
    ├── StorageError                storage, for the layers above to translate
    │   ├── ObjectMissing           no object of that key
    │   └── ObjectChanged           a compare-and-swap lost
    ├── ChildCrashed                500 child_crashed        a sandboxed task died without an answer
    └── ConfigurationError          stops the start, one line

An error's `detail` is a sentence for the person at the other end; `facts` hold what a program may use
(a field's name, a row, a limit), never a cell value, a path or a person's name.
"""

from typing import ClassVar

Fact = str | int | float | bool | None


class EduscaleError(Exception):
    """An error with a stable `code`, an HTTP `status`, a sentence (`detail`) and `facts`."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str = "", **facts: Fact) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.facts: dict[str, Fact] = facts


class RequestError(EduscaleError):
    """The request itself is wrong; sending it again unchanged will not help."""

    code = "bad_request"
    status = 400
    title = "The request cannot be understood"


class NotFound(RequestError):
    """There is nothing under that address, or nothing the caller may see."""

    code = "not_found"
    status = 404
    title = "Not found"


class MethodNotAllowed(RequestError):
    """The address exists, the method does not; `allowed` lists those that do."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"

    def __init__(self, detail: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__(detail)
        self.allowed = allowed


class Conflict(RequestError):
    """Somebody else changed the same thing first."""

    code = "conflict"
    status = 409
    title = "Changed in the meantime"


class BodyTooLarge(RequestError):
    """The body is over the limit of the route; facts: max_bytes."""

    code = "body_too_large"
    status = 413
    title = "The body is too large"


class UnsupportedMediaType(RequestError):
    """The content type is none that the route reads."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported content type"


class InvalidField(RequestError):
    """A field is missing or has a value that is not accepted; facts: field."""

    code = "invalid_field"
    status = 422
    title = "A field is missing or wrong"

    def __init__(self, detail: str, *, field: str) -> None:
        super().__init__(detail, field=field)


class MalformedBody(RequestError):
    """The body is cut short or is not what its content type says."""

    code = "malformed_body"
    status = 400
    title = "The body cannot be read"


class Unauthenticated(RequestError):
    """Nobody is signed in."""

    code = "unauthenticated"
    status = 401
    title = "Sign in first"


class Forbidden(RequestError):
    """The caller is known, or access is closed, and may not do this."""

    code = "forbidden"
    status = 403
    title = "No access"


class QueryError(EduscaleError):
    """A statement that cannot be answered as it stands."""

    code = "query_failed"
    status = 422
    title = "The query cannot be answered"


class QueryRefused(QueryError):
    """The statement holds something that is not allowed, or names a table or column that does not exist."""

    code = "query_refused"
    title = "The query is not allowed"


class QueryFailed(QueryError):
    """The statement is allowed but failed while it ran, a division by zero for example."""


class LimitExceeded(EduscaleError):
    """A task was stopped because it ran into one of its limits."""

    code = "limit_exceeded"
    status = 422
    title = "Too much work for one request"


class DeadlineExceeded(LimitExceeded):
    """The task was killed at its deadline; facts: seconds."""

    code = "deadline_exceeded"
    status = 504
    title = "It took too long"


class MemoryExceeded(LimitExceeded):
    """The task needed more memory than it may have; facts: bytes."""

    code = "memory_exceeded"
    title = "It needs too much memory"


class FileSizeExceeded(LimitExceeded):
    """The task was about to write a larger file than it may; facts: bytes."""

    code = "file_size_exceeded"
    title = "It makes too large a file"


class Unavailable(EduscaleError):
    """Something this service needs does not answer just now; try again after `retry_after_s`."""

    code = "unavailable"
    status = 503
    title = "Not available just now"

    def __init__(self, detail: str = "", *, retry_after_s: int = 5, **facts: Fact) -> None:
        super().__init__(detail, **facts)
        self.retry_after_s = retry_after_s


class Busy(Unavailable):
    """Every worker is taken and the queue is full."""

    code = "busy"
    title = "Busy, please try again in a moment"


class StorageFull(EduscaleError):
    """There is no room left to store what was sent."""

    code = "storage_full"
    status = 507
    title = "No room left"


class UnreadableFile(EduscaleError):
    """A sent file cannot be read as a table; `reason` is a code that `ingest.wording` puts into words."""

    code = "unreadable_file"
    status = 422
    title = "The file cannot be read"

    def __init__(self, reason: str, **facts: Fact) -> None:
        super().__init__(reason, **facts)
        self.reason = reason


class StorageError(EduscaleError):
    """A problem of the storage, for the layer above to handle or translate."""

    code = "storage_error"
    title = "The storage failed"


class ObjectMissing(StorageError):
    """There is no object of that key."""

    code = "object_missing"


class ObjectChanged(StorageError):
    """The object is no longer the version that the caller saw."""

    code = "object_changed"


class ChildCrashed(EduscaleError):
    """A sandboxed task died without an answer."""

    code = "child_crashed"
    title = "The worker stopped unexpectedly"


class ConfigurationError(EduscaleError):
    """A setting is wrong; the message is one line naming the key, what is wrong and what is accepted."""

    code = "configuration_error"
