"""Opening a ZIP file of a stranger: `zipfile` loads the list of entries at once, so its size is checked first."""

import struct
import zlib
from pathlib import Path
from zipfile import BadZipFile, ZipFile

ZIP_ERRORS = (BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, OverflowError)
"""What `zipfile` raises on bytes that are no ZIP file."""
ENTRY_BYTES = 256
"""What an entry with a long name takes in the list."""

_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _END64_BYTES = 22, 20, 56
_MAX_COMMENT_BYTES = 0xFFFF
_FULL = (0xFFFF, 0xFFFFFFFF)
"""What stands for a number that only the 64-bit record holds."""


class TooManyEntries(Exception):
    """The list of entries is longer than allowed."""


def open_zip(path: Path, max_entries: int) -> ZipFile:
    """Open a ZIP file; raises TooManyEntries, or one of ZIP_ERRORS."""
    entries, list_bytes = _list_size(path)
    if entries > max_entries or list_bytes > max(max_entries, 64) * ENTRY_BYTES:
        raise TooManyEntries
    package = ZipFile(path)
    if len(package.filelist) > max_entries:
        package.close()
        raise TooManyEntries
    return package


def _list_size(path: Path) -> tuple[int, int]:
    """Return how many entries a ZIP file says it has, and the bytes of its list of them."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - _END_BYTES - _MAX_COMMENT_BYTES)
        file.seek(start)
        tail = file.read()
        end = tail.rfind(_END)
        if end < 0 or len(tail) < end + _END_BYTES:
            raise BadZipFile
        entries, list_bytes = struct.unpack_from("<HI", tail, end + 10)
        if entries != _FULL[0] and list_bytes != _FULL[1]:
            return entries, list_bytes
        locator = tail[max(0, end - _LOCATOR_BYTES) : end]
        if not locator.startswith(_LOCATOR64):
            return entries, list_bytes
        file.seek(struct.unpack_from("<Q", locator, 8)[0])
        record = file.read(_END64_BYTES)
    if not record.startswith(_END64) or len(record) < _END64_BYTES:
        raise BadZipFile
    entries, list_bytes = struct.unpack_from("<QQ", record, 32)
    return entries, list_bytes
