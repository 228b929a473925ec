"""What a file is, by its content; its name is only a hint."""

import json
import re
from pathlib import Path, PurePath
from typing import Literal, get_args

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.statistics_kinds import statistics_kind
from eduscale.ingest.formats.zips import has_entry, is_package
from eduscale.ingest.tables.overrides import Overrides, overridden
from eduscale.models.reading import Override, ReadGuess, Said

Format = Literal[
    "archive",
    "text",
    "workbook",
    "old_workbook",
    "binary_workbook",
    "open_document",
    "spreadsheet_xml",
    "web_page",
    "json",
    "statistics",
    "parquet",
]
FORMATS: tuple[Format, ...] = get_args(Format)

EXTENSIONS = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".tab": "text",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".xls": "old_workbook",
    ".xlsb": "binary_workbook",
    ".ods": "open_document",
    ".fods": "open_document",
    ".htm": "web_page",
    ".html": "web_page",
    **dict.fromkeys((".sav", ".zsav", ".por", ".dta", ".sas7bdat", ".xpt"), "statistics"),
    ".parquet": "parquet",
    ".json": "json",
    ".ndjson": "json",
    ".jsonl": "json",
    ".geojson": "json",
    ".zip": "archive",
    ".gz": "archive",
    ".bz2": "archive",
    ".xz": "archive",
}
_OTHERS = {
    b"%PDF": "not_a_table_pdf",
    b"\x89PNG": "not_a_table_image",
    b"\xff\xd8\xff": "not_a_table_image",
    b"GIF8": "not_a_table_image",
    b"Rar!": "other_archive",
    b"7z\xbc\xaf": "other_archive",
    b"\x28\xb5\x2f\xfd": "other_archive",
    b"{\\rtf": "word_document",
    b"SQLite format 3": "database_file",
}
_ZIP = b"PK"
_PARQUET = (b"PAR1", b"PARE")
"""The second begins files whose schema is encrypted."""
_OBJECT = re.compile(r'\[?\s*\{\s*"(?:[^"\\]|\\.)*"\s*:')
"""The beginning of an object that has a key, or of a list of such objects."""
_COMPRESSED = (b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00")
_TAR = b"ustar"
_TAR_AT = 257
_OLD_WORKBOOKS = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
"""An OLE2 container, whose reader tells what else it is, or the first record of a workbook without a container."""
_PROLOGUE = r"\s*(?:<\?[^>]*>\s*|<!--.*?-->\s*)*"
BINARY_WORKBOOK = b"xl/workbook.bin"
_FLAT_DOCUMENT = re.compile(_PROLOGUE + r"(?:<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>\s*)?<office:document\s", re.DOTALL)
_SPREADSHEET_XML = re.compile(
    _PROLOGUE + r"<(?:\w+:)?Workbook\s[^>]*urn:schemas-microsoft-com:office:spreadsheet", re.DOTALL
)
_PAGE = re.compile(
    _PROLOGUE + r"<(?:!doctype\s+html|html|head|body|meta|title|table|style)[\s>]", re.DOTALL | re.IGNORECASE
)
_FRAGMENT = re.compile(r"\s*<[a-z][^>]*>.*<(?:table|tr|td)[\s>]", re.DOTALL | re.IGNORECASE)
"""A piece of a page, as small programs write it."""

HEAD_BYTES = 4096
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1a\x1b"))


def recognise(path: Path, filename: str, overrides: Overrides | None = None) -> tuple[Format, ReadGuess | None]:
    """Return what a file is, and a decision to report where its name or a person says otherwise.

    What is an archive stays one, for what a person decides is about tables. Raises UnreadableFile.
    """
    overrides = overrides or Overrides()
    try:
        found, guess = _by_content(path, filename)
    except UnreadableFile:
        override = overrides.find("format")
        if override is None:
            raise
        return _format_of(override), overridden(override, None)
    override = overrides.find("format") if found != "archive" else None
    if override is None:
        return found, guess
    said = Said(code="format_as_named", facts={"format": found})
    instead = guess or ReadGuess(what="format", value=found, evidence=said, confidence=0.99)
    return _format_of(override), overridden(override, instead)


def _format_of(override: Override) -> Format:
    return next(known for known in FORMATS if known == override.value)


def _by_content(path: Path, filename: str) -> tuple[Format, ReadGuess | None]:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES and not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile("empty_file")
    named = EXTENSIONS.get(PurePath(filename).suffix.lower())
    is_office = named in ("workbook", "binary_workbook", "open_document")
    if head.startswith(_COMPRESSED) or (head.startswith(_ZIP) and not is_package(path, named_so=is_office)):
        return _named("archive", filename)
    if head.startswith(_TAR, _TAR_AT):
        raise UnreadableFile("other_archive")
    for magic, reason in _OTHERS.items():
        if head.startswith(magic):
            raise UnreadableFile(reason)
    found = _format(head, named)
    if found == "workbook" and has_entry(path, BINARY_WORKBOOK):
        found = "binary_workbook"
    if found == "text" and _is_binary(head):
        raise UnreadableFile("binary_file")
    return _named(found, filename)


def _named(found: Format, filename: str) -> tuple[Format, ReadGuess | None]:
    """Return a format, and a decision to report where the name of the file says otherwise."""
    extension = PurePath(filename).suffix.lower()
    if EXTENSIONS.get(extension, found) == found:
        return found, None
    return found, ReadGuess(
        what="format",
        value=found,
        evidence=Said(code="format_by_content", facts={"extension": extension, "format": found}),
        confidence=0.99,
    )


def _format(head: bytes, named: str | None) -> Format:
    """Return which reader a file is for by its first bytes; `named` is the format that its name stands for."""
    if statistics_kind(head):
        return "statistics"
    if head.startswith(_OLD_WORKBOOKS):
        return "old_workbook"
    if head.startswith(_PARQUET):
        return "parquet"
    if head.startswith(_ZIP):
        return "open_document" if b"mimetypeapplication/" in head[:80] else "workbook"
    return _text_format(_text(head), is_named_json=named == "json", is_cut=len(head) == HEAD_BYTES)


def _text_format(text: str, *, is_named_json: bool, is_cut: bool) -> Format:
    if _FLAT_DOCUMENT.match(text):
        return "open_document"
    if _SPREADSHEET_XML.match(text):
        return "spreadsheet_xml"
    if _PAGE.match(text) or _FRAGMENT.match(text):
        return "web_page"
    return "json" if _is_json(text, is_named_so=is_named_json, is_cut=is_cut) else "text"


def _text(head: bytes) -> str:
    """Return the beginning of a text, whose letters beyond ASCII do not matter."""
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return head.decode("utf-16" if wide else "utf-8-sig", "ignore").replace("\0", "")


def _is_binary(head: bytes) -> bool:
    """Say whether bytes that belong in no text are too many for chance; NULs may be UTF-16 or padding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(0) > len(head) // 10:
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > max(8, len(head) // 50)


def _is_json(text: str, *, is_named_so: bool, is_cut: bool) -> bool:
    """Say whether a file begins with an object or a list of JSON, whole or cut, and goes on with nothing else."""
    text = text.strip()
    if not text.startswith(("{", "[")):
        return False
    if is_named_so:
        return True
    is_object = _OBJECT.match(text) is not None
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except RecursionError:
        return True
    except json.JSONDecodeError as error:
        cut_off = error.msg.startswith("Unterminated string") or re.fullmatch(r"[\w.+-]*", text[error.pos :])
        return is_object or (is_cut and error.pos > 1 and bool(cut_off))
    following = text[end:].lstrip()
    if is_object:  # one record a line, with a comma between them in some files
        following = following.removeprefix(",").lstrip()
    return not following or following.startswith(("{", "["))
