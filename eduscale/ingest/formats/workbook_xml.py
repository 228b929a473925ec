"""The package of an XLSX file, copied in a form that is safe to parse.

The copy holds what is read and nothing else, uncompressed: strings, styles and the rows of each sheet, in blocks.
Each block is a sheet of its own there, so that one stray cell in the last row or column costs a small block
instead of the whole rectangle up to it, a sheet is parsed piece by piece, and what is parsed is what was checked.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import quoteattr, unescape
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.package import CHUNK_BYTES, Package, opened
from eduscale.ingest.formats.sheets import Merge, check_sheets
from eduscale.models.reading import ReadLimits

MAX_PART_BYTES = 32 << 20
"""What a part that is held as a whole may take: the workbook, the styles, what stands around a sheet's rows."""
MAX_STRINGS_BYTES = 256 << 20
MAX_COLUMNS = 16_384
MAX_BLOCK_AREA = 4_000_000
"""Cells in the rectangle around a block; the parser allocates all of them."""
MAX_BLOCK_BYTES = 32 << 20
"""Of rows without numbers, which cannot be cut."""

_XMLNS = "http://schemas.openxmlformats.org"
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_SHEET_DATA = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)sheetData(?:\s[^>]*?)?(/?)>")
_ROW_NUMBER = re.compile(rb"<(?:[\w.-]+:)?row\s(?:[^>]*?\s)?r=[\"']([0-9]{1,7})[\"']")
_ROW_PREFIX = re.compile(rb"<((?:[\w.-]+:)?)row\s")
_CELL_NUMBER = re.compile(rb"<(?:[\w.-]+:)?c\s(?:[^>]*?\s)?r=[\"'][A-Za-z]{1,3}([0-9]{1,7})[\"']")
_FAR_COLUMN = re.compile(rb'r="[A-Za-z]{3}')
_FAR_COLUMN_SINGLE_QUOTED = re.compile(rb"r='[A-Za-z]{3}")
"""Apart from the usual spelling: one literal to look for is found twice as fast."""
_MERGE = re.compile(
    rb"<(?:[\w.-]+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})[\"']"
)
_ERROR_CELL = re.compile(
    rb"<(?P<p>(?:[\w.-]+:)?)c\s(?=[^>]*\bt=[\"']e[\"'])(?:[^>]*?\s)?r=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*>"
    rb"(?:(?!</(?P=p)c>).)*?<(?P=p)v>([^<]*)<",
    re.DOTALL,
)
_UNCALCULATED = re.compile(
    rb"<(?:[\w.-]+:)?f(?:\s[^>]*?)?(?:/>|>([^<]*)</(?:[\w.-]+:)?f>)(?:<(?:[\w.-]+:)?v\s*(?:/>|></(?:[\w.-]+:)?v>))?"
    rb"</(?:[\w.-]+:)?c>"
)
_CELL_START = re.compile(
    rb"<(?:[\w.-]+:)?c\s(?![^>]*\bt=[\"']str)(?:[^>]*?\s)?r=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*>$"
)
"""Of a cell that does not hold a text: an empty text is the value of a formula like any other."""
_HIDDEN_ROW = re.compile(
    rb"<(?:[\w.-]+:)?row\s(?=[^>]*\bhidden=[\"'](?:1|true))(?:[^>]*?\s)?r=[\"']([0-9]{1,7})[\"']"
)
_COLUMNS = re.compile(rb"<(?:[\w.-]+:)?col\s[^>]*\bhidden=[\"'](?:1|true)[^>]*>")
_BOUND = re.compile(rb"\b(min|max)=[\"']([0-9]{1,5})[\"']")
_LONG_NUMBER = re.compile(
    rb"<(?:[\w.-]+:)?c\s(?:[^>]*?\s)?r=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*><(?:[\w.-]+:)?v>(-?[0-9]{16,40})<"
)


class Block(NamedTuple):
    """Some rows of a sheet: which sheet of the copy they are, and whether to look for cells without a value there.

    Where it is known that they begin with row `first`, a row of our own stands above them, with a text in column
    A: a parser that counts from the first filled cell then counts from there.
    """

    place: int
    may_have_errors: bool
    first: int | None


@dataclass(frozen=True)
class Sheet:
    """A worksheet: its name, whether it is hidden, its rows in blocks, and its merged ranges."""

    name: str
    hidden: bool
    blocks: tuple[Block, ...]
    merges: tuple[Merge, ...]
    hidden_rows: frozenset[int] = frozenset()
    """Their numbers, 1-based."""
    hidden_columns: frozenset[int] = frozenset()
    """Their places, 0-based."""


Place = tuple[int, int]
"""Row and column of a cell, 0-based."""


def column_index(letters: str) -> int:
    """Return the 0-based index of a column such as `AB`."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def block_part(place: int) -> str:
    """Return the name of a block's part in the copy."""
    return f"xl/worksheets/{place}.xml"


def error_cells(block: bytes) -> dict[Place, str]:
    """Return the cells of a block that hold an error, with what the sheet shows there."""
    return {_place(column, row): text.decode() for _, column, row, text in _ERROR_CELL.findall(block)}


def uncalculated_cells(block: bytes) -> dict[Place, str]:
    """Return the cells of a block whose formula was never calculated, with the formula as one sees it."""
    found: dict[Place, str] = {}
    for match in _UNCALCULATED.finditer(block):
        start = block.rfind(b"<", 0, match.start())
        cell = _CELL_START.match(block, start, match.start())
        if cell is not None:
            found[_place(cell[1], cell[2])] = "=" + unescape((match[1] or b"").decode())
    return found


def _hidden_columns(head: bytes) -> Iterator[tuple[int, int]]:
    """Yield the first and last of every run of hidden columns, 1-based."""
    for column in _COLUMNS.findall(head):
        bounds = {name: int(number) for name, number in _BOUND.findall(column)}
        if bounds.get(b"min", 0) > 0 and b"max" in bounds:
            yield bounds[b"min"], bounds[b"max"]


def long_numbers(block: bytes) -> dict[Place, int]:
    """Return the whole numbers of a block that are too long for a double, digit by digit as written."""
    return {_place(column, row): int(digits) for column, row, digits in _LONG_NUMBER.findall(block)}


def _place(column: bytes, row: bytes) -> Place:
    return int(row) - 1, column_index(column.decode())


def copy_checked(source: Path, target: Path, limits: ReadLimits) -> tuple[Sheet, ...]:
    """Write the copy of a workbook that is safe to parse and return its worksheets; raises UnreadableFile."""
    with opened(source, limits) as package, ZipFile(target, "w", ZIP_STORED) as copy:
        return _Copier(package, copy, limits).run()


class _Copier:
    """Copies one package."""

    def __init__(self, package: Package, copy: ZipFile, limits: ReadLimits) -> None:
        self._limits = limits
        self._package = package
        self._copy = copy
        self._blocks = 0

    def run(self) -> tuple[Sheet, ...]:
        """Copy all worksheets."""
        main = self._main_part()
        listed = self._relations(main)
        declared: list[tuple[str, bool, str]] = []
        settings = ""
        for tag, attributes in _elements(self._whole(main)):
            if tag == "workbookPr" and attributes.get("date1904", "0") in ("1", "true", "on"):
                settings = '<workbookPr date1904="1"/>'
            elif tag == "sheet":
                kind, target = listed.get(attributes.get("id", ""), ("", ""))
                if kind == "worksheet":
                    hidden = attributes.get("state", "visible") != "visible"
                    declared.append((attributes.get("name", ""), hidden, target))
        check_sheets(len(declared), self._limits)
        for kind, name, limit in (
            ("styles", "xl/styles.xml", MAX_PART_BYTES),
            ("sharedStrings", "xl/sharedStrings.xml", MAX_STRINGS_BYTES),
        ):
            target = next((target for type_, target in listed.values() if type_ == kind), "")
            if target in self._package:
                self._write(name, self._chunks(target, limit))
        sheets = tuple(self._sheet(name, hidden, target) for name, hidden, target in declared)
        self._describe(settings)
        return sheets

    def _main_part(self) -> str:
        for name, reason in (("word/document.xml", "word_document"), ("ppt/presentation.xml", "presentation")):
            if name in self._package:
                raise UnreadableFile(reason)
        if "_rels/.rels" not in self._package:
            raise UnreadableFile("not_a_workbook")
        main = next((target for kind, target in self._relations("").values() if kind == "officeDocument"), "")
        if not main.endswith(".xml"):
            raise UnreadableFile("not_a_workbook")
        return main

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        return relations(part, self._whole)

    def _chunks(self, name: str, limit: int | None = None) -> Generator[bytes, None, None]:
        """Yield a part; refuse one over the limit, and a document type, for it may declare entities."""
        last = b""
        for chunk in self._package.chunks(name, limit):
            # A single character is found many times faster than two.
            if (b"!" in chunk or b"!" in last) and _DOCTYPE.search(last + chunk):
                raise UnreadableFile("unsafe_workbook")
            last = chunk[-16:]
            yield chunk

    def _whole(self, name: str) -> bytes:
        return b"".join(self._chunks(name, MAX_PART_BYTES))

    def _write(self, name: str, chunks: Iterable[bytes]) -> None:
        with self._copy.open(ZipInfo(name), "w") as part:
            for chunk in chunks:
                part.write(chunk)

    def _sheet(self, name: str, hidden: bool, target: str) -> Sheet:
        blocks: list[Block] = []
        hidden_rows: set[int] = set()
        hidden_columns: set[int] = set()

        def keep(head: bytes, rows: bytes, foot: bytes) -> None:
            start = _ROW_NUMBER.match(rows)
            first = int(start[1]) if start and int(start[1]) > 1 else None
            anchor = _anchor(rows, first - 1) if first else b""
            self._write(block_part(self._blocks), (head, anchor, rows, foot))
            # A single character is found many times faster than several, and most sheets have no such one.
            if b"h" in rows and b"hidden=" in rows:
                hidden_rows.update(map(int, _HIDDEN_ROW.findall(rows)))
            if not blocks:
                for first_column, last_column in _hidden_columns(head):
                    hidden_columns.update(range(first_column - 1, min(last_column, MAX_COLUMNS)))
            has_errors = b"#" in rows and (b't="e"' in rows or b"t='e'" in rows)
            has_errors = has_errors or (
                b"f" in rows and (b"<f" in rows or b":f" in rows) and _UNCALCULATED.search(rows) is not None
            )
            blocks.append(Block(self._blocks, has_errors, first))
            self._blocks += 1

        with closing(self._chunks(target)) as chunks:
            foot = _cut(chunks, keep)
        merges = tuple(
            Merge(int(top) - 1, column_index(left.decode()), int(bottom) - 1, column_index(right.decode()))
            for left, top, right, bottom in _MERGE.findall(foot)
        )
        return Sheet(name, hidden, tuple(blocks), merges, frozenset(hidden_rows), frozenset(hidden_columns))

    def _describe(self, settings: str) -> None:
        """Write the parts that list the blocks as sheets."""
        relation = f"{_XMLNS}/officeDocument/2006/relationships"
        sheets = "".join(f'<sheet name="{n}" sheetId="{n + 1}" r:id="s{n}"/>' for n in range(self._blocks))
        targets = [(f"s{n}", "worksheet", f"worksheets/{n}.xml") for n in range(self._blocks)]
        targets += [("styles", "styles", "styles.xml"), ("strings", "sharedStrings", "sharedStrings.xml")]
        self._write(
            "xl/workbook.xml",
            [
                f'<workbook xmlns="{_XMLNS}/spreadsheetml/2006/main" xmlns:r="{relation}">'
                f"{settings}<sheets>{sheets}</sheets></workbook>".encode()
            ],
        )
        self._write("xl/_rels/workbook.xml.rels", [_relationships(relation, targets)])
        self._write("_rels/.rels", [_relationships(relation, [("main", "officeDocument", "xl/workbook.xml")])])


def _relationships(relation: str, targets: list[tuple[str, str, str]]) -> bytes:
    listed = "".join(
        f"<Relationship Id={quoteattr(id_)} Type={quoteattr(f'{relation}/{kind}')} Target={quoteattr(target)}/>"
        for id_, kind, target in targets
    )
    return f'<Relationships xmlns="{_XMLNS}/package/2006/relationships">{listed}</Relationships>'.encode()


def relations(part: str, whole: Callable[[str], bytes]) -> dict[str, tuple[str, str]]:
    """Return the parts of a package that a part of it refers to: id to kind and name; `whole` returns a part."""
    path = PurePosixPath(part)
    listing = f"{path.parent}/_rels/{path.name}.rels" if part else "_rels/.rels"
    found = {}
    for tag, attributes in _elements(whole(listing)):
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rsplit("/", 1)[-1]
            found[attributes.get("Id", "")] = kind, _resolve(path.parent, attributes.get("Target", ""))
    return found


def _resolve(folder: PurePosixPath, target: str) -> str:
    """Return a part's name from a target that is relative to a folder or starts at the root."""
    target = target.replace("\\", "/")
    parts: list[str] = []
    for piece in (target if target.startswith("/") else f"{folder}/{target}").split("/"):
        if piece == "..":
            parts = parts[:-1]
        elif piece not in ("", "."):
            parts.append(piece)
    return "/".join(parts).lower()


def _elements(data: bytes) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of a small part in order, names and attributes without prefixes."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((_local(tag), {_local(name): value for name, value in attributes.items()}))

    def doctype(*_: object) -> None:
        raise UnreadableFile("unsafe_workbook")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnreadableFile("damaged_workbook") from error
    return found


def _local(name: str) -> str:
    return name.rsplit(" ", 1)[-1]


def _cut(chunks: Iterator[bytes], keep: Callable[[bytes, bytes, bytes], None]) -> bytes:
    """Hand the rows of a sheet on in blocks, each with what makes it a sheet; return what follows the rows."""
    pending = b""
    while (opening := _SHEET_DATA.search(pending)) is None:
        if len(pending) > MAX_PART_BYTES:
            raise UnreadableFile("damaged_workbook")
        pending += _next(chunks)
    prefix, empty = opening[1], opening[2]
    before = pending[: opening.start()]
    pending = pending[opening.end() :]
    # The parser looks for merged ranges in a second pass, which ends where it finds them.
    head = before + b"<" + prefix + b"mergeCells/>" + opening[0]
    close = b"</" + prefix + b"sheetData"
    foot = close + b"></" + prefix + b"worksheet>"
    row = b"<" + prefix + b"row "
    seen = 0
    while not empty and (end := pending.find(close, max(0, seen - len(close)))) < 0:
        seen = len(pending)
        cut = pending.rfind(row, max(1, seen - 2 * CHUNK_BYTES)) if seen >= CHUNK_BYTES else -1
        if cut > 0 and _ROW_NUMBER.match(pending, cut):
            for block in _pieces(pending[:cut], row):
                keep(head, block, foot)
            pending = pending[cut:]
            seen -= cut
        elif seen > MAX_BLOCK_BYTES:
            raise UnreadableFile("too_large_unpacked", limit_bytes=MAX_BLOCK_BYTES)
        pending += _next(chunks)
    if not empty:
        for block in _pieces(pending[:end], row):
            keep(head, block, foot)
        pending = pending[end:]
    for chunk in chunks:
        pending += chunk
        if len(pending) > MAX_PART_BYTES:
            raise UnreadableFile("too_large_unpacked", limit_bytes=MAX_PART_BYTES)
    if b"</" + prefix + b"worksheet" not in pending:
        raise UnreadableFile("damaged_workbook")
    return pending


def _anchor(rows: bytes, number: int) -> bytes:
    """Return a row to stand above `rows`, whose elements it takes the prefix from."""
    prefix = _ROW_PREFIX.match(rows)
    p = prefix[1].decode() if prefix else ""
    return f'<{p}row r="{number}"><{p}c r="A{number}" t="str"><{p}v>A</{p}v></{p}c></{p}row>'.encode()


def _next(chunks: Iterator[bytes]) -> bytes:
    chunk = next(chunks, None)
    if chunk is None:
        raise UnreadableFile("damaged_workbook")
    return chunk


def _pieces(block: bytes, row: bytes) -> Iterator[bytes]:
    """Yield a block whole, or cut further where the rectangle around its cells would be too large."""
    far = _FAR_COLUMN.search(block) or (b"'" in block and _FAR_COLUMN_SINGLE_QUOTED.search(block))
    width = 16_384 if far else 702
    first = _ROW_NUMBER.search(block)
    last = _ROW_NUMBER.match(block, max(0, block.rfind(row)))
    cell = _CELL_NUMBER.match(block, max(0, block.rfind(row[:-4] + b"c ")))
    if first is None or last is None:
        span = block.count(row[:-1])
        if span * width > MAX_BLOCK_AREA:
            raise UnreadableFile("too_many_cells", limit=MAX_BLOCK_AREA)
        if cell and int(cell[1]) > (int(first[1]) if first else 0) + span:
            raise UnreadableFile("damaged_workbook")
        if block.strip():
            yield block
        return
    span = int(last[1]) - int(first[1]) + 1
    if span < 1 or (cell and int(cell[1]) > int(last[1])):
        raise UnreadableFile("damaged_workbook")
    if span * width <= MAX_BLOCK_AREA:
        yield block
        return
    start, top = 0, int(first[1])
    for match in _ROW_NUMBER.finditer(block):
        number = int(match[1])
        if (number - top + 1) * width > MAX_BLOCK_AREA:
            yield block[start : match.start()]
            start, top = match.start(), number
    yield block[start:]
