"""What passes between the service and its children: frames of a kind, a length and that many bytes.

A child that has read a crafted file may be in a stranger's hands. Nothing that it sends is unpickled or trusted:
sizes are capped, an error must be one of ours, and of other exceptions only type and places are taken.
"""

import errno
import io
import json
import os
import re
import socket
import struct
import time
import traceback
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from eduscale.core.errors import EduscaleError, Fact
from eduscale.core.progress import STAGES, Listener, Stage

MAX_ERROR_BYTES = 64 * 1024
MAX_PROGRESS_BYTES = 100
MOST_WORDS, MOST_WORDS_A_SECOND = 100, 20
"""How often a child may report its progress, many times what `core.progress.calmed` lets pass."""

STARTED = b"started"
NOT_STARTED = b"not started"
READY = b"ready"
ENDING = struct.Struct(">i?")
"""How a child ended, as the helper process says it: the wait status, and whether its last words were of memory."""

_HEADER = struct.Struct(">BQ")
_CHUNK_BYTES = 1024 * 1024
_MAX_FRAMES = 40
_MAX_CHAIN = 10
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_TYPE_NAME = re.compile(r"[\w.<>]{1,200}", re.ASCII)
_PLACE = re.compile(r"[^\x00-\x1f\x7f]{1,300}")
_CONSTRUCTOR_ONLY = ("retry_after_s", "allowed")
"""What some errors take beside detail and facts."""


class Kind(IntEnum):
    """What a frame holds."""

    TASK = 1
    ARGUMENT = 2
    ANSWER = 3
    REFUSAL = 4
    OUT_OF_MEMORY = 5
    FAILURE = 6
    WATCHED_TASK = 7
    PROGRESS = 8


_REPLIES = frozenset({Kind.ANSWER, Kind.REFUSAL, Kind.OUT_OF_MEMORY, Kind.FAILURE})


class AnswerTooLarge(Exception):
    """A child announces a longer answer than it may give."""


class MalformedFrame(Exception):
    """What a child sent means nothing."""


def send_frame(channel: socket.socket, kind: Kind, payload: bytes, *, deadline: float | None = None) -> None:
    """Send a frame; raises TimeoutError at the deadline (of time.monotonic) and OSError where nobody listens."""
    # Of an empty payload there is nothing to send, and who has the header may have answered and left already.
    for part in filter(None, (_HEADER.pack(kind, len(payload)), payload)):
        channel.settimeout(_left_s(deadline))
        channel.sendall(part)


def receive_frame(channel: socket.socket) -> tuple[Kind, bytes]:
    """Return a frame that the service sent; raises EOFError and OSError."""
    number, length = _HEADER.unpack(_receive(channel, _HEADER.size, None))
    return Kind(number), _receive(channel, length, None)


def receive_reply(
    channel: socket.socket, *, max_bytes: int, deadline: float, on_progress: Listener | None = None
) -> tuple[Kind, bytes]:
    """Return the last frame that a child sent, after those of its progress, if that was asked for.

    Raises TimeoutError at the deadline (of time.monotonic), AnswerTooLarge, MalformedFrame, EOFError and OSError.
    """
    started, words = time.monotonic(), 0
    while True:
        number, length = _HEADER.unpack(_receive(channel, _HEADER.size, deadline))
        if number != Kind.PROGRESS or on_progress is None:
            break
        words += 1
        most = MOST_WORDS + MOST_WORDS_A_SECOND * (time.monotonic() - started)
        if length > MAX_PROGRESS_BYTES or words > most:
            raise MalformedFrame
        on_progress(*decode_progress(_receive(channel, length, deadline)))
    if number == Kind.ANSWER and length > max_bytes:
        raise AnswerTooLarge
    if number not in _REPLIES or (number != Kind.ANSWER and length > MAX_ERROR_BYTES):
        raise MalformedFrame
    return Kind(number), _receive(channel, length, deadline)


def _receive(channel: socket.socket, length: int, deadline: float | None) -> bytes:
    received = io.BytesIO()  # grows with what really comes and gives up its bytes without copying them
    while (left := length - received.tell()) > 0:
        channel.settimeout(_left_s(deadline))
        chunk = channel.recv(min(left, _CHUNK_BYTES))
        if not chunk:
            raise EOFError
        received.write(chunk)
    return received.getvalue()


def _left_s(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


def encode_progress(stage: Stage, fraction: float) -> bytes:
    """Return how far a task is as JSON."""
    return json.dumps([stage, round(fraction, 4)]).encode()


def decode_progress(payload: bytes) -> tuple[Stage, float]:
    """Return what `encode_progress` described; raises MalformedFrame."""
    match _json(payload):
        case [str(name), int(fraction) | float(fraction)] if name in STAGES and 0 <= fraction <= 1:
            return name, float(fraction)
    raise MalformedFrame


def encode_refusal(error: EduscaleError) -> bytes:
    """Return one of our errors as JSON."""
    more = {name: getattr(error, name) for name in _CONSTRUCTOR_ONLY if hasattr(error, name)}
    content = {
        "class": type(error).__name__,
        "code": error.code,
        "detail": error.detail,
        "facts": error.facts,
        "more": more,
    }
    return json.dumps(content).encode()


def decode_refusal(payload: bytes) -> EduscaleError:
    """Return the error that `encode_refusal` described; raises MalformedFrame when it is none of ours."""
    content = _object(payload)
    kind = _error_class(content.get("class"), content.get("code"))
    detail, facts, more = content.get("detail"), content.get("facts"), content.get("more")
    if kind is None or not isinstance(detail, str) or not isinstance(facts, dict) or not isinstance(more, dict):
        raise MalformedFrame
    if not all(isinstance(value, Fact) for value in facts.values()):
        raise MalformedFrame
    if not set(more) <= set(_CONSTRUCTOR_ONLY) or set(facts) & set(_CONSTRUCTOR_ONLY):
        raise MalformedFrame
    if type(more.get("retry_after_s", 0)) is not int:
        raise MalformedFrame
    if isinstance(allowed := more.get("allowed"), list):
        more["allowed"] = tuple(str(method) for method in allowed)
    try:
        return kind(detail, **{**facts, **more})
    except TypeError:
        raise MalformedFrame from None


def _error_class(name: Any, code: Any) -> type[EduscaleError] | None:
    """Find a class of the error tree; the name tells a class from its base where both have one code."""
    kinds: list[type[EduscaleError]] = [EduscaleError]
    for kind in kinds:
        if (kind.__name__, kind.code) == (name, code):
            return kind
        kinds.extend(kind.__subclasses__())
    return None


def encode_failure(error: BaseException) -> bytes:
    """Return an exception's type and places as JSON; its message stays behind, for it may quote a cell."""
    kind = type(error)
    stack = traceback.walk_tb(error.__traceback__)
    places = [[frame.f_code.co_filename, line, frame.f_code.co_name] for frame, line in stack]
    content = {"type": f"{kind.__module__}.{kind.__qualname__}", "places": places[-_MAX_FRAMES:]}
    return json.dumps(content).encode()


def decode_failure(payload: bytes) -> str:
    """Return what `encode_failure` described as Python prints a stack trace; raises MalformedFrame."""
    content = _object(payload)
    kind, places = content.get("type"), content.get("places")
    if not isinstance(kind, str) or not _TYPE_NAME.fullmatch(kind):
        raise MalformedFrame
    if not isinstance(places, list) or len(places) > _MAX_FRAMES:
        raise MalformedFrame
    lines = [_stack_line(place) for place in places]
    return "\n".join(
        ["Traceback (most recent call last):", *lines, f"{kind.removeprefix('builtins.')}: (message withheld)"]
    )


def _stack_line(place: Any) -> str:
    match place:
        case [str(file), int(line), str(function)] if _PLACE.fullmatch(file) and _PLACE.fullmatch(function):
            return f'  File "{file}", line {line}, in {function}'
    raise MalformedFrame


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an exception, or one that it was made from, is of memory: Python's or DuckDB's."""
    names = ("MemoryError", "OutOfMemoryException")
    return any(kind.__name__ in names for each in _chain(error) for kind in type(each).__mro__)


def is_out_of_room(error: BaseException) -> bool:
    """Say whether an exception, or one that it was made from, is of a full disk: Python's or DuckDB's."""
    return _is_of_writing(error, *_NO_ROOM)


def is_of_a_file_too_large(error: BaseException) -> bool:
    """Say whether an exception, or one that it was made from, is of the limit of a file's size."""
    return _is_of_writing(error, errno.EFBIG)


def _is_of_writing(error: BaseException, *numbers: int) -> bool:
    return any(
        (isinstance(each, OSError) and each.errno in numbers)
        or (type(each).__name__ == "IOException" and any(os.strerror(number) in str(each) for number in numbers))
        for each in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(_MAX_CHAIN):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__


def _object(payload: bytes) -> dict[str, Any]:
    content = _json(payload)
    if not isinstance(content, dict):
        raise MalformedFrame
    return content


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        raise MalformedFrame from None
