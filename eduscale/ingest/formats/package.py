"""The ZIP that a workbook is: opened without trust, and counted while inflating."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.zips import TooManyEntries, no_zip_is, open_zip
from eduscale.models.reading import ReadLimits

CHUNK_BYTES = 1 << 20


@contextmanager
def opened(path: Path, limits: ReadLimits) -> Iterator["Package"]:
    """Open a package; what fails while it is open for being damaged is an UnreadableFile."""
    try:
        with no_zip_is("damaged_workbook"), open_zip(path, limits.entries) as file:
            yield Package(file, limits.unpacked_bytes)
    except TooManyEntries as error:
        raise UnreadableFile("too_many_entries", limit=limits.entries) from error


class Package:
    """The parts of an open package by name in lower case; counts what is inflated."""

    def __init__(self, file: ZipFile, max_unpacked_bytes: int) -> None:
        self._file = file
        self._limit = max_unpacked_bytes
        self._entries = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in file.infolist()}
        self._declared = max(1, sum(entry.file_size for entry in file.infolist()))
        self._inflated = 0

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def chunks(self, name: str, limit: int | None = None) -> Generator[bytes, None, None]:
        """Yield a part; refuse one over the limit, and any where all together are over theirs."""
        entry = self._entries.get(name)
        if entry is None or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise UnreadableFile("damaged_workbook")
        if entry.flag_bits & 1:
            raise UnreadableFile("encrypted_workbook")
        limit = self._limit if limit is None else min(limit, self._limit)
        size = 0
        with self._file.open(entry) as part, ThreadPoolExecutor(max_workers=1) as pool:
            inflating = pool.submit(part.read, CHUNK_BYTES)
            while chunk := inflating.result():
                inflating = pool.submit(part.read, CHUNK_BYTES)  # meanwhile this one is looked through
                size += len(chunk)
                self._inflated += len(chunk)
                progress.report("looking", self._inflated / self._declared)
                if size > limit or self._inflated > self._limit:
                    raise UnreadableFile("too_large_unpacked", limit_bytes=limit)
                yield chunk

    def whole(self, name: str, limit: int) -> bytes:
        """Return a part at once."""
        return b"".join(self.chunks(name, limit))
