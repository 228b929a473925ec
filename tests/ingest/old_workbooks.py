"""Writes the bytes of XLS workbooks, whole ones and such as no program would write."""

import struct
from collections.abc import Sequence

BIFF5, BIFF8 = 0x0500, 0x0600
GLOBALS, WORKSHEET = 0x05, 0x10


def record(type_: int, data: bytes = b"") -> bytes:
    """Return a record."""
    return struct.pack("<HH", type_, len(data)) + data


def begin(version: int, kind: int) -> bytes:
    """Return the record that begins a part of the stream."""
    return record(0x0809, struct.pack("<HHHH", version, kind, 0, 0) + bytes(8 if version == BIFF8 else 0))


END = record(0x0A)


def number(row: int, column: int, value: float, cell_format: int = 0) -> bytes:
    """Return a cell that holds a number."""
    return record(0x0203, struct.pack("<HHHd", row, column, cell_format, value))


def packed(row: int, column: int, *bits: int, cell_format: int = 0) -> bytes:
    """Return a cell, or several in a row, that hold numbers in four bytes each."""
    if len(bits) == 1:
        return record(0x027E, struct.pack("<HHHI", row, column, cell_format, bits[0]))
    cells = b"".join(struct.pack("<HI", cell_format, each) for each in bits)
    return record(0xBD, struct.pack("<HH", row, column) + cells + struct.pack("<H", column + len(bits) - 1))


def text(row: int, column: int, value: bytes) -> bytes:
    """Return a cell that holds a text in the workbook's code page."""
    return record(0x0204, struct.pack("<HHHH", row, column, 0, len(value)) + value)


def shared(row: int, column: int, place: int) -> bytes:
    """Return a cell that holds one of the shared texts."""
    return record(0xFD, struct.pack("<HHHI", row, column, 0, place))


def truth(row: int, column: int, value: int, *, error: bool = False) -> bytes:
    """Return a cell that holds true, false or an error."""
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, value, error))


def formula(row: int, column: int, result: bytes, cell_format: int = 0) -> bytes:
    """Return a cell with a formula and its last result."""
    return record(0x06, struct.pack("<HHH", row, column, cell_format) + result + bytes(8))


def unicode_text(value: str, *, wide: bool = True, count: str = "<H") -> bytes:
    """Return a text as BIFF8 has it."""
    data = value.encode("utf-16-le" if wide else "latin-1")
    return struct.pack(count, len(value)) + bytes([wide]) + data


def stream(
    sheets: Sequence[tuple[bytes | str, int, bytes]], *, version: int = BIFF8, settings: bytes = b""
) -> bytes:
    """Return the stream of a workbook: `sheets` are name, 1 if hidden, and the records of the cells."""
    names = [
        unicode_text(name, count="<B") if isinstance(name, str) else bytes([len(name)]) + name
        for name, _, _ in sheets
    ]
    head = begin(version, GLOBALS) + settings
    start = len(head) + sum(4 + 6 + len(name) for name in names) + len(END)
    listed, parts = b"", b""
    for name, (_, hidden, cells) in zip(names, sheets, strict=True):
        listed += record(0x85, struct.pack("<IBB", start + len(parts), hidden, 0) + name)
        parts += begin(version, WORKSHEET) + cells + END
    return head + listed + END + parts


def container(content: bytes, name: str = "Workbook") -> bytes:
    """Return an OLE2 file with one stream."""
    content = content.ljust(4096, b"\0")
    content += bytes(-len(content) % 512)
    sectors = len(content) // 512
    tables = 1
    while tables * 128 < sectors + 1 + tables:
        tables += 1
    last, table_mark, none = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
    chain = [*range(1, sectors), last, last, *[table_mark] * tables]
    chain += [none] * (tables * 128 - len(chain))
    places = [*range(sectors + 1, sectors + 1 + tables), *[none] * (109 - tables)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(10) + struct.pack("<IIIIIIII", tables, sectors, 0, 4096, last, 0, last, 0)
    header += struct.pack("<109I", *places)

    def entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
        encoded = (name + "\0").encode("utf-16-le")
        links = struct.pack("<HBBIII", len(encoded), kind, 1, none, none, child)
        return encoded.ljust(64, b"\0") + links + bytes(36) + struct.pack("<III", first, size, 0)

    directory = entry("Root Entry", 5, 1, last, 0) + entry(name, 2, none, 0, len(content)) + bytes(256)
    return header + content + directory + struct.pack(f"<{len(chain)}I", *chain)
