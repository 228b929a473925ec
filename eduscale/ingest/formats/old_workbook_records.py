"""The records of XLS workbooks: their types, where each starts, and how texts and numbers stand in them."""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from eduscale.core.errors import UnreadableFile


class RecordType:
    """The types of records."""

    BOF, EOF, CONTINUE = 0x0809, 0x0A, 0x3C
    FILEPASS, CODEPAGE, DATEMODE = 0x2F, 0x42, 0x22
    FORMAT, XF, BOUNDSHEET, SST = 0x041E, 0xE0, 0x85, 0xFC
    ROW, COLINFO, MERGED = 0x0208, 0x7D, 0xE5
    NUMBER, RK, MULRK = 0x0203, 0x027E, 0xBD
    LABELSST, LABEL, RSTRING, STRING = 0xFD, 0x0204, 0xD6, 0x0207
    BOOLERR, FORMULA = 0x0205, 0x06


class Record(NamedTuple):
    """A record: its type, and where its bytes start and end."""

    type: int
    start: int
    end: int


def records(stream: bytes, start: int) -> Iterator[Record]:
    """Yield the records of the part that begins at `start`, those of charts within it left out."""
    depth = 0
    header = struct.Struct("<HH")
    while True:
        type_, length = header.unpack_from(stream, start)
        start += 4
        end = start + length
        if end > len(stream):
            raise UnreadableFile("damaged_workbook")
        if type_ == RecordType.BOF:
            depth += 1
        if depth < 2:
            yield Record(type_, start, end)
        if type_ == RecordType.EOF:
            depth -= 1
            if depth <= 0:
                return
        start = end


def short_text(data: bytes, start: int) -> str:
    """Return a Unicode text behind its length in one byte."""
    return _characters(data, start + 2, data[start], data[start + 1])


def continued(stream: bytes, start: int, end: int) -> list[bytes]:
    """Return the bytes of a record and of those that continue it."""
    segments = [stream[start:end]]
    while True:
        type_, length = struct.unpack_from("<HH", stream, end)
        if type_ != RecordType.CONTINUE:
            return segments
        segments.append(stream[end + 4 : end + 4 + length])
        end += 4 + length


def _characters(data: bytes, start: int, length: int, flags: int) -> str:
    if flags & 1:
        return data[start : start + 2 * length].decode("utf-16-le", "replace")
    return data[start : start + length].decode("latin-1")


def shared_texts(segments: Sequence[bytes]) -> list[str]:
    """Return the texts that the cells of a workbook share."""
    (count,) = struct.unpack_from("<I", segments[0], 4)
    if count * 3 > sum(map(len, segments)):
        raise UnreadableFile("damaged_workbook")
    texts = Texts(segments, 8)
    return [texts.take() for _ in range(count)]


class Texts:
    """Unicode texts, one after the other, in segments that may end amid any of them."""

    def __init__(self, segments: Sequence[bytes], place: int) -> None:
        self._segments = segments
        self._next = 1
        self._data = segments[0]
        self._place = place

    def take(self) -> str:
        """Return the next text."""
        length, flags = struct.unpack("<HB", self._skip(3))
        runs = struct.unpack("<H", self._skip(2))[0] if flags & 8 else 0
        extra = struct.unpack("<I", self._skip(4))[0] if flags & 4 else 0
        parts = []
        while length:
            if self._place >= len(self._data):
                self._turn()
                flags = self._data[0]
                self._place = 1
            size = 2 if flags & 1 else 1
            taken = min(length, (len(self._data) - self._place) // size)
            if not taken:
                raise UnreadableFile("damaged_workbook")
            parts.append(_characters(self._data, self._place, taken, flags))
            self._place += taken * size
            length -= taken
        self._skip(4 * runs + extra)
        return "".join(parts)

    def _skip(self, count: int) -> bytes:
        """Return the next bytes, wherever a segment ends."""
        found = self._data[self._place : self._place + count]
        self._place += len(found)
        while len(found) < count:
            self._turn()
            more = self._data[: count - len(found)]
            self._place = len(more)
            found += more
        return found

    def _turn(self) -> None:
        self._data = self._segments[self._next]
        self._next += 1
        self._place = 0


def packed_number(stream: bytes, start: int) -> float:
    """Return a number that is stored in four bytes: a whole one or the upper half of a double, maybe times 100."""
    (bits,) = struct.unpack_from("<i", stream, start)
    value = float(bits >> 2) if bits & 2 else struct.unpack("<d", struct.pack("<q", (bits & ~3) << 32))[0]
    return value / 100 if bits & 1 else value
