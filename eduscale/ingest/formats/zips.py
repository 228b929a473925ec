"""Opening a ZIP file of a stranger: `zipfile` loads the list of entries at once, so its size is checked first."""

import errno
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from eduscale.core.errors import UnreadableFile

ZIP_ERRORS = (
    BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, OverflowError, UnicodeDecodeError
)  # fmt: skip
"""What `zipfile` raises on bytes that are no ZIP file; and OSError, where they have it seek before the start."""
ENTRY_BYTES = 256
"""What an entry with a long name takes in the list."""

_OF_PACKAGES = (b"[content_types].xml", b"_rels/.rels", b"mimetype")
_HEAD_BYTES = 4096
_LOOKED_AT_BYTES = 1 << 20
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _END64_BYTES = 22, 20, 56
_ENTRY, _LEAST_ENTRY_BYTES = b"PK\x01\x02", 46
_MAX_COMMENT_BYTES = 0xFFFF
_FULL_ENTRIES, _FULL_BYTES = 0xFFFF, 0xFFFFFFFF
"""What stands for a number that only the 64-bit record holds."""


class TooManyEntries(Exception):
    """The list of entries is longer than allowed."""


class _List(NamedTuple):
    """The list of entries as the end of a ZIP file describes it; it ends at `end`."""

    entries: int
    list_bytes: int
    end: int


@contextmanager
def no_zip_is(reason: str) -> Iterator[None]:
    """Say that bytes which turn out to be no ZIP file are unreadable for that reason."""
    try:
        yield
    except ZIP_ERRORS as error:
        raise UnreadableFile(reason) from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise UnreadableFile(reason) from error


def open_zip(path: Path, max_entries: int) -> ZipFile:
    """Open a ZIP file; raises TooManyEntries, and otherwise what `no_zip_is` is for."""
    listed = _list_of(path)
    if listed.entries > max_entries or listed.list_bytes > max(max_entries, 64) * ENTRY_BYTES:
        raise TooManyEntries
    package = ZipFile(path)
    if len(package.filelist) > max_entries:
        package.close()
        raise TooManyEntries
    return package


def is_package(path: Path, *, named_so: bool) -> bool:
    """Say whether a ZIP file is a document of an office program, which is no archive of files.

    Where its list of entries is damaged its first bytes tell, or its name.
    """
    try:
        with no_zip_is("damaged_archive"):
            names = list(_names(path))
    except UnreadableFile:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).lower()
        return named_so or any(mark in head for mark in (*_OF_PACKAGES, b"xl/"))
    return any(name.lower().replace(b"\\", b"/").lstrip(b"/") in _OF_PACKAGES for name in names)


def has_entry(path: Path, name: bytes) -> bool:
    """Say whether a ZIP file lists an entry of that name, in lower case; False where its list is damaged."""
    try:
        with no_zip_is("damaged_archive"):
            return any(each.lower().replace(b"\\", b"/").lstrip(b"/") == name for each in _names(path))
    except UnreadableFile:
        return False


def _names(path: Path) -> Iterator[bytes]:
    """Yield the names of the first entries as they are written, by a look at the list alone."""
    found = _list_of(path)
    with path.open("rb") as file:
        file.seek(max(0, found.end - found.list_bytes))
        listed = file.read(min(found.list_bytes, _LOOKED_AT_BYTES))
    place = 0
    while listed.startswith(_ENTRY, place) and len(listed) >= place + _LEAST_ENTRY_BYTES:
        name, extra, comment = struct.unpack_from("<HHH", listed, place + 28)
        start = place + _LEAST_ENTRY_BYTES
        yield listed[start : start + name]
        place = start + name + extra + comment
    if listed and not place:
        raise BadZipFile


def _list_of(path: Path) -> _List:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - _END_BYTES - _MAX_COMMENT_BYTES)
        file.seek(start)
        tail = file.read()
        end = tail.rfind(_END)
        if end < 0 or len(tail) < end + _END_BYTES:
            raise BadZipFile
        entries, list_bytes = struct.unpack_from("<HI", tail, end + 10)
        locator = tail[max(0, end - _LOCATOR_BYTES) : end]
        if not locator.startswith(_LOCATOR64) or (entries != _FULL_ENTRIES and list_bytes != _FULL_BYTES):
            return _List(entries, list_bytes, start + end)
        (place,) = struct.unpack_from("<Q", locator, 8)
        file.seek(place)
        record = file.read(_END64_BYTES)
    if not record.startswith(_END64) or len(record) < _END64_BYTES:
        raise BadZipFile
    entries, list_bytes = struct.unpack_from("<QQ", record, 32)
    return _List(entries, list_bytes, place)
