"""The container of office files before 2007 (OLE2): a small file system of named streams in one file."""

import struct
from collections.abc import Iterator

from eduscale.core.errors import UnreadableFile

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_STREAM_BYTES = 128 << 20

_LAST_SECTOR = 0xFFFFFFFA
"""From here on a number of a sector means something else."""
_ENTRY_BYTES = 128
_STREAM, _ROOT = 2, 5


class CompoundFile:
    """The streams of an OLE2 file by name; raises UnreadableFile where it is damaged."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            shift, mini_shift = struct.unpack_from("<HH", data, 30)
            directory, _, self._cutoff, mini_table = struct.unpack_from("<IIII", data, 48)
            if not (7 <= shift <= 16 and 4 <= mini_shift < shift):
                raise UnreadableFile("damaged_workbook")
            self._size, self._mini_size = 1 << shift, 1 << mini_shift
            self._table = self._read_table()
            self._entries = dict(self._read_directory(directory))
            root = next((entry for entry in self._entries.values() if entry[0] == _ROOT), None)
            self._mini_stream = self._chain(root[1], root[2]) if root and root[1] < _LAST_SECTOR else b""
            mini = self._chain(mini_table) if mini_table < _LAST_SECTOR else b""
            self._mini_table = struct.unpack(f"<{len(mini) // 4}I", mini)
        except struct.error as error:
            raise UnreadableFile("damaged_workbook") from error

    @property
    def names(self) -> frozenset[str]:
        """The names of all streams."""
        return frozenset(name for name, entry in self._entries.items() if entry[0] == _STREAM)

    def stream(self, name: str) -> bytes:
        """Return the bytes of a stream."""
        _, first, size = self._entries[name]
        if size >= self._cutoff:
            return self._chain(first, size)
        return self._gather(self._mini_table, self._mini_stream, self._mini_size, first, size, offset=0)

    def _read_table(self) -> tuple[int, ...]:
        """Return the allocation table: which sector follows which."""
        sectors = list(struct.unpack_from("<109I", self._data, 76))
        following, left = struct.unpack_from("<II", self._data, 68)
        while following < _LAST_SECTOR and left:
            *more, following = struct.unpack_from(f"<{self._size // 4}I", self._data, self._size * (following + 1))
            sectors += more
            left -= 1
            if len(sectors) * self._size > len(self._data) + 109 * self._size:
                raise UnreadableFile("damaged_workbook")
        parts = [
            self._data[self._size * (sector + 1) : self._size * (sector + 2)]
            for sector in sectors
            if sector < _LAST_SECTOR
        ]
        table = b"".join(parts)
        return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])

    def _read_directory(self, first: int) -> Iterator[tuple[str, tuple[int, int, int]]]:
        """Yield the root and the streams right below it; those of embedded documents have the same names."""
        directory = self._chain(first)
        waiting, seen = [0], set()
        while waiting:
            number = waiting.pop()
            start = number * _ENTRY_BYTES
            if number in seen or start + _ENTRY_BYTES > len(directory):
                continue
            seen.add(number)
            length, kind, _, left, right, child = struct.unpack_from("<HBBIII", directory, start + 64)
            sector, size = struct.unpack_from("<II", directory, start + 116)
            name = directory[start : start + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            if kind in (_STREAM, _ROOT):
                yield name, (kind, sector, size)
            waiting += [child] if number == 0 else [left, right]

    def _chain(self, first: int, size: int | None = None) -> bytes:
        return self._gather(self._table, self._data, self._size, first, size, offset=self._size)

    def _gather(
        self, table: tuple[int, ...], data: bytes, sector_bytes: int, first: int, size: int | None, *, offset: int
    ) -> bytes:
        """Return the sectors of a chain, joined; a chain that turns in a circle is longer than its file."""
        limit = min(len(data), MAX_STREAM_BYTES) if size is None else size
        if limit > MAX_STREAM_BYTES:
            raise UnreadableFile("too_large_unpacked", limit_bytes=MAX_STREAM_BYTES)
        parts, sector, length = [], first, 0
        while sector < _LAST_SECTOR and (size is None or length < size):
            start = offset + sector * sector_bytes
            part = data[start : start + sector_bytes]
            length += sector_bytes
            if sector >= len(table) or not part or length > limit + sector_bytes:
                raise UnreadableFile("damaged_workbook")
            parts.append(part)
            sector = table[sector]
        whole = b"".join(parts)
        if size is not None and len(whole) < size:
            raise UnreadableFile("damaged_workbook")
        return whole if size is None else whole[:size]
