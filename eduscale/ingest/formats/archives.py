"""Archives and compressed files: each file in one is read by the reader of its format, as if it were sent alone.

Nothing is unpacked under a name from the archive: one file at a time is written to a nameless file in the child's
folder, its bytes counted as they come, and removed when it is read. A file that cannot be read is a problem of the
whole, unless none can.
"""

import bz2
import gzip
import lzma
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import decode
from eduscale.ingest.formats.recognise import EXTENSIONS, HEAD_BYTES, recognise
from eduscale.ingest.formats.zips import TooManyEntries, no_zip_is, open_zip
from eduscale.ingest.tables.findings import MAX_PROBLEMS
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadProblem, ReadTable, Said

MAX_DEPTH = 3
"""An archive in an archive in an archive is read, what lies deeper is not."""
CHUNK_BYTES = 1 << 20
PROSE_WORDS = 4
"""A text of no columns with so many words a line is something to read, not a table."""
FOR_ALL = ("archive_too_large", "archive_of_too_many_files")
"""Reasons that end the reading of the whole archive."""

_LEFT_BEHIND = re.compile(
    r"(?:^|/)(?:__MACOSX/|\.(?:DS_Store|Spotlight-V100|Trashes|fseventsd)(?:/|$)|\._[^/]*$|~\$[^/]*$|\.~lock\.[^/]*#$"
    r"|(?:Thumbs\.db|desktop\.ini)$)",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"(?:read[ _-]?me|licen[cs]e|changelog|(?:čti|cti)[ _-]?(?:mě|me)?)\b.*", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_OPENERS: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_READABLE = (ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2)
_ENCRYPTED, _NAME_IS_UTF8 = 0x1, 0x800
_UNIX = 3

ReadFile = Callable[[Path, str, Workspace], list[ReadTable]]
"""Reads a file, of which it takes the name as a hint."""


class Member(NamedTuple):
    """A file in an archive: its name there, the size it states, and what opens it; that raises UnreadableFile."""

    name: str
    stated_bytes: int
    open: Callable[[], IO[bytes]]


@dataclass
class _Unpacking:
    """The state of reading one sent archive with all archives in it."""

    workspace: Workspace
    read_file: ReadFile
    unpacked_bytes: int = 0
    files: int = 0
    leftovers: list[str] = field(default_factory=list)
    unread: list[tuple[str, UnreadableFile]] = field(default_factory=list)

    @property
    def limit_bytes(self) -> int:
        return self.workspace.limits.unpacked_bytes


def read(
    path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...], *, filename: str, read_file: ReadFile
) -> list[ReadTable]:
    """Return the tables of the files in an archive, written; raises UnreadableFile where there is none."""
    unpacking = _Unpacking(workspace, read_file)
    tables = _tables(path, filename, unpacking, inside="", title="", depth=1)
    if not tables:
        raise _nothing_read(unpacking)
    found = _left_out(unpacking)
    problems = tuple(_unread(name, error) for name, error in unpacking.unread)
    first = tables[0]
    tables = [table.model_copy(update={"guesses": (*guesses, *table.guesses)}) for table in tables]
    tables[0] = tables[0].model_copy(
        update={
            "guesses": (*tables[0].guesses, *found),
            "problems": (*first.problems, *problems)[:MAX_PROBLEMS],
            "problem_count": first.problem_count + len(problems),
        }
    )
    return tables


def _tables(
    path: Path, filename: str, unpacking: _Unpacking, *, inside: str, title: str, depth: int
) -> list[ReadTable]:
    """Return the tables of an archive; `inside` is where it lies itself, `title` what all titles begin with."""
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    if not is_zip:
        member = _compressed(path, filename)
        return _tables_of([member], [title or _stem(member.name)], unpacking, inside=inside, depth=depth)
    with _zip(path, unpacking.workspace.limits.entries) as package:
        members = []
        for member in _zip_members(package):
            if _LEFT_BEHIND.search(member.name.replace("\\", "/")):
                unpacking.leftovers.append(member.name)
            else:
                members.append(member)
        titles = [f"{title}/{own}" if title else own for own in _titles([member.name for member in members])]
        return _tables_of(members, titles, unpacking, inside=inside, depth=depth)


def _tables_of(
    members: Sequence[Member], titles: Sequence[str], unpacking: _Unpacking, *, inside: str, depth: int
) -> list[ReadTable]:
    """Return the tables of some files; those that cannot be read are noted."""
    unpacking.files += len(members)
    if unpacking.files > unpacking.workspace.limits.entries:
        raise UnreadableFile("archive_of_too_many_files", limit=unpacking.workspace.limits.entries)
    # A bomb that states its size is refused before anything of it is read; one that lies is found out.
    if unpacking.unpacked_bytes + sum(member.stated_bytes for member in members) > unpacking.limit_bytes:
        raise UnreadableFile("archive_too_large", limit_bytes=unpacking.limit_bytes)
    tables: list[ReadTable] = []
    for number, (member, title) in enumerate(zip(members, titles, strict=True)):
        place = f"{inside}/{member.name}" if inside else member.name
        try:
            with progress.part(number / len(members), (number + 1) / len(members)):
                tables += _member_tables(member, title, unpacking, place=place, depth=depth)
        except UnreadableFile as error:
            if error.reason in FOR_ALL:
                raise
            unpacking.unread.append((place, error))
    return tables


def _member_tables(
    member: Member, title: str, unpacking: _Unpacking, *, place: str, depth: int
) -> list[ReadTable]:
    """Return the tables of one file; raises UnreadableFile, and nothing of it stays, where there is none."""
    workspace, name = unpacking.workspace, _parts(member.name)[-1]
    with tempfile.NamedTemporaryFile(dir=workspace.folder, prefix="member-") as file:
        _unpack(member, file, unpacking)
        path = Path(file.name)
        format_, _ = recognise(path, name)
        if format_ == "archive":
            if depth == MAX_DEPTH:
                raise UnreadableFile("archive_too_deep", limit=MAX_DEPTH)
            return _tables(path, name, unpacking, inside=place, title=title, depth=depth + 1)
        workspace.start_anew()
        with workspace.tables.of_file(title):
            tables = unpacking.read_file(path, name, workspace)
            if len(tables) == 1 and _is_prose(path, name, tables[0]):
                raise UnreadableFile("not_a_table_prose")
    if not tables:
        raise UnreadableFile("no_table")
    return [_named(table, title, place, alone=len(tables) == 1) for table in tables]


def _unpack(member: Member, target: IO[bytes], unpacking: _Unpacking) -> None:
    """Write the bytes of a file in an archive to `target`, and count them."""
    with member.open() as source:
        while chunk := _next(source):
            unpacking.unpacked_bytes += len(chunk)
            if unpacking.unpacked_bytes > unpacking.limit_bytes:
                raise UnreadableFile("archive_too_large", limit_bytes=unpacking.limit_bytes)
            target.write(chunk)
    target.flush()


def _next(source: IO[bytes]) -> bytes:
    try:
        with no_zip_is("damaged_archive"):
            return source.read(CHUNK_BYTES)
    except (lzma.LZMAError, gzip.BadGzipFile) as error:
        raise UnreadableFile("damaged_archive") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise UnreadableFile("damaged_archive") from error  # so says bz2


def _named(table: ReadTable, title: str, place: str, *, alone: bool) -> ReadTable:
    """Return a table with a name that shows which file it is from."""
    guess = ReadGuess(
        what="member",
        value=place,
        evidence=Said(code="archive_member", facts={"member": place}),
        confidence=1.0,
    )
    name = title if alone else table.name if table.name.startswith(title) else f"{title}: {table.name}"
    return table.model_copy(update={"name": name, "member": place, "guesses": (guess, *table.guesses)})


# What is told


def _left_out(unpacking: _Unpacking) -> tuple[ReadGuess, ...]:
    """Say which files are nobody's data."""
    count = len(unpacking.leftovers)
    if not count:
        return ()
    evidence = Said(code="archive_leftovers", facts={"count": count, "example": unpacking.leftovers[0]})
    return (ReadGuess(what="left_out", value=count, evidence=evidence, confidence=0.99),)


def _unread(member: str, error: UnreadableFile) -> ReadProblem:
    return ReadProblem(
        said=Said(code="member_unread", facts={**error.facts, "member": member, "why": error.reason})
    )


def _nothing_read(unpacking: _Unpacking) -> UnreadableFile:
    """Return the reason why nothing of an archive can be read."""
    if not unpacking.unread:
        return UnreadableFile("empty_archive")
    (member, first), count = unpacking.unread[0], len(unpacking.unread)
    if first.reason == "encrypted_archive":
        return first
    facts = {**first.facts, "member": member, "why": first.reason, "count": count}
    return UnreadableFile("archive_unreadable", **facts)


def _is_prose(path: Path, name: str, table: ReadTable) -> bool:
    """Say whether a text that was read as one column is no table."""
    if not any(guess.what == "delimiter" and guess.value == "none" for guess in table.guesses):
        return False
    with path.open("rb") as file:
        lines = [line.split() for line in file.read(1 << 16).splitlines()]
    lines = [words for words in lines if words]
    words = sum(map(len, lines)) / max(1, len(lines))
    return words >= PROSE_WORDS or _ABOUT.fullmatch(_stem(name)) is not None


# Names


def _parts(name: str) -> list[str]:
    """Return the folders and the name of a file, without what would lead out of the archive."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    parts = parts[1:] if len(parts) > 1 and _DRIVE.fullmatch(parts[0]) else parts
    return parts or ["file"]


def _stem(name: str) -> str:
    """Return the name of a file without the extensions that tell its format."""
    stem = _parts(name)[-1]
    while (path := PurePosixPath(stem)).suffix.lower() in EXTENSIONS:
        stem = path.stem
    return stem


def _titles(names: Sequence[str]) -> list[str]:
    """Return what tells the files of an archive apart: folders that not all share, the name, the extension."""
    places = [_parts(name) for name in names]
    shared = 0
    while places and all(len(parts) > shared + 1 and parts[shared] == places[0][shared] for parts in places):
        shared += 1
    short = ["/".join([*parts[shared:-1], _stem(parts[-1])]) for parts in places]
    counts = Counter(short)
    seen: Counter[str] = Counter()
    unique = []
    for parts, own in zip(places, short, strict=True):
        title = "/".join(parts[shared:]) if counts[own] > 1 else own
        seen[title] += 1
        unique.append(f"{title} ({seen[title]})" if seen[title] > 1 else title)
    return unique


# Formats


def _compressed(path: Path, filename: str) -> Member:
    """Return the one file that was compressed, named as the whole without the last extension."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    open_as = next(opener for magic, opener in _OPENERS.items() if head.startswith(magic))
    name = PurePosixPath(_parts(filename)[-1])
    inner = name.stem if EXTENSIONS.get(name.suffix.lower()) == "archive" else name.name
    return Member(inner, 0, partial(open_as, path))


@contextmanager
def _zip(path: Path, max_entries: int) -> Iterator[ZipFile]:
    """Open a ZIP archive; raises UnreadableFile."""
    try:
        with no_zip_is("damaged_archive"):
            package = open_zip(path, max_entries)
    except TooManyEntries as error:
        raise UnreadableFile("archive_of_too_many_files", limit=max_entries) from error
    with package:
        yield package


def _zip_members(package: ZipFile) -> Iterator[Member]:
    """Yield the files of a ZIP archive."""
    entries = [entry for entry in package.infolist() if not entry.is_dir()]
    old = [entry for entry in entries if not entry.flag_bits & _NAME_IS_UTF8]
    names = dict(zip(map(id, old), _old_names([entry.filename for entry in old]), strict=True))
    for entry in entries:
        yield Member(names.get(id(entry), entry.filename), entry.file_size, partial(_opened, package, entry))


def _old_names(names: Sequence[str]) -> list[str]:
    """Return names that are not marked as UTF-8 as they were meant: in it, or a code page of DOS or Windows."""
    sent = [name.encode("cp437", "replace") for name in names]
    survey = decode.survey(stream := BytesIO(b"\n".join(sent)), edge=0)
    stream.seek(0)
    decode.check_utf8(stream, survey)
    if survey.ascii:
        return list(names)
    # Few letters tell little of a code page; where both make Czech of them it is that of DOS, as most programs do.
    czech = [codec for codec in ("cp852", "cp1250") if _is_czech(b"".join(sent).decode(codec, "replace"))]
    codec = "utf-8" if survey.utf8 else czech[0] if czech else decode.find_encoding(survey).codec
    return [name.decode(codec, "replace") for name in sent]


def _is_czech(text: str) -> bool:
    return all(letter.isascii() or letter in decode.ALPHABETS["cs"] for letter in text.lower())


def _opened(package: ZipFile, entry: ZipInfo) -> IO[bytes]:
    if entry.flag_bits & _ENCRYPTED:
        raise UnreadableFile("encrypted_archive")
    mode = entry.external_attr >> 16
    if entry.create_system == _UNIX and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise UnreadableFile("archive_link")
    if entry.compress_type not in _READABLE:
        method = _METHODS.get(entry.compress_type, str(entry.compress_type))
        raise UnreadableFile("unsupported_compression", method=method)
    with no_zip_is("damaged_archive"):
        return package.open(entry)
