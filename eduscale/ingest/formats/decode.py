"""From the bytes of a text file to UTF-8 text with plain line ends: which encoding, and what had to be mended."""

import codecs
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, NamedTuple

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.tables.overrides import Overrides, overridden
from eduscale.models.reading import Alternative, Override, ReadGuess, Said

CHUNK = 1 << 20
EVIDENCE_BYTES = 1 << 17
"""So many bytes of lines with letters beyond ASCII are enough to tell an encoding."""

SURE = 0.9
"""From here on the letters say more than what a file declares."""

NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-32": "UTF-32",
    "cp1250": "windows-1250",
    "cp1252": "windows-1252",
    "iso8859-2": "ISO-8859-2",
    "cp852": "cp852",
    "cp850": "cp850",
}
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MIXED = "UTF-8 + "
"""How a file is named whose letters are UTF-8 but for a few in another encoding."""
NO_CHARACTER_SETS = frozenset({"idna", "punycode", "raw_unicode_escape", "unicode_escape", "utf-7"})
WIDE_CODECS = ("utf-16-le", "utf-16-be", "utf-32")
CODE_PAGES = ("cp1250", "cp1252", "iso8859-2", "cp852", "cp850")
ALPHABETS = {
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "pl": "ąćęłńóśźż",
    "de": "äöüß",
    "fr": "àâçèéêëîïôùûüœæ",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "es": "áéíñóúü",
    "pt": "áâãçéêíóôõú",
    "it": "àèéìòù",
    "sv": "åäöæøé",
}
UNLIKELY = {
    "cs": re.compile("č[bcfgprvz]"),
    "sk": re.compile("č[bcfgprvz]"),
    "hr": re.compile("č[bcfgpvz]"),
    "pl": re.compile("[ńśź][aeouy]|ć[aou]"),
}
"""Neighbours that the language hardly knows, though it knows the letter."""
RARE = frozenset("ĺŕľďťóúëïüœæÿ")
TYPOGRAPHY = frozenset("„“”‚‘’«»–—…€§°·•×½¼²³©®™\u00a0")
_TYPESET = re.compile(r"„[^„“”\n]{1,80}[“”]|(?<= )[–—](?= )|(?<=[0-9]) ?€")
"""Quotes in pairs, dashes between words and amounts of money: what word processors leave in a text."""
_LONE_LETTER = re.compile(r"(?<![^\s;,|])[^\W\d_àáéèíóôúåö](?![^\s;,|])")


@dataclass
class Survey:
    """What one pass over the bytes of a file found."""

    size: int = 0
    bom: str | None = None
    nuls: bool = False
    newlines: int = 0
    returns: int = 0
    returns_with_newline: int = 0
    ascii: bool = True
    utf8: bool = True
    longest_line: int = 0
    """What no line is longer than, in bytes: exact only where lines are longer than a chunk."""
    head: bytes = b""
    tail: bytes = b""
    foreign: bytearray = field(default_factory=bytearray)
    """Lines with bytes beyond ASCII, as many as are wanted for evidence."""


class Encoding(NamedTuple):
    """How the bytes of a file become text; `codec` is what Python calls it.

    `mixed` is set when most of the file is UTF-8 and single bytes are not: these are read as `codec`. Where a
    person decided it, `override` says so, and `instead` is what it would have been.
    """

    codec: str
    confidence: float
    evidence: Said
    alternatives: tuple[Alternative, ...] = ()
    mixed: bool = False
    override: Override | None = None
    instead: ReadGuess | None = None

    @property
    def name(self) -> str:
        """What people call the encoding."""
        return NAMES.get(self.codec, self.codec)

    def guess(self) -> ReadGuess:
        """Return the encoding as a decision for the receipt."""
        if self.override is not None:
            return overridden(self.override, self.instead)
        return ReadGuess(
            what="encoding",
            value=MIXED + self.name if self.mixed else self.name,
            evidence=self.evidence,
            confidence=self.confidence,
            alternatives=self.alternatives,
        )


def survey(stream: BinaryIO, *, edge: int, line_bytes: int = sys.maxsize) -> Survey:
    """Count in one pass what shows how regular a file is; `edge` bytes of its head and of its tail are kept.

    Raises UnreadableFile at a line of more than `line_bytes`.
    """
    found = Survey()
    after_return = False
    open_bytes = 0
    # A line that is longer than a chunk is not within one.
    for chunk in _chunks(stream, min(CHUNK, line_bytes)):
        if not found.size:
            found.bom = next((codec for bom, codec in BOMS if chunk.startswith(bom)), None)
        ends = _line_ends(chunk)
        longest = open_bytes + (ends[0] if ends else len(chunk))
        if longest > line_bytes:
            raise UnreadableFile("line_too_long", line=_ended_lines(found) + 1, limit_bytes=line_bytes)
        found.longest_line = max(found.longest_line, longest, min(CHUNK, len(chunk)))
        open_bytes = len(chunk) - 1 - ends[1] if ends else longest
        found.size += len(chunk)
        found.nuls = found.nuls or b"\0" in chunk
        found.newlines += chunk.count(b"\n")
        found.ascii = found.ascii and chunk.isascii()
        if after_return or b"\r" in chunk:
            found.returns += chunk.count(b"\r")
            found.returns_with_newline += chunk.count(b"\r\n") + (after_return and chunk.startswith(b"\n"))
            after_return = chunk.endswith(b"\r")
        if len(found.head) < edge:
            found.head += chunk[: edge - len(found.head)]
        found.tail = (found.tail + chunk)[-edge:] if len(chunk) < edge else chunk[-edge:]
    return found


def _chunks(stream: BinaryIO, chunk_bytes: int = CHUNK) -> Iterator[bytes]:
    """Yield the bytes of a file from its start, and report how far they are."""
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    for chunk in iter(partial(stream.read, chunk_bytes), b""):
        progress.report("looking", stream.tell() / size)
        yield chunk


def _line_ends(chunk: bytes) -> tuple[int, int] | None:
    """Return where the first and the last line end of a chunk stand, if there is one."""
    marks = [mark for mark in (b"\n", b"\r") if mark in chunk]
    if not marks:
        return None
    return min(map(chunk.find, marks)), max(map(chunk.rfind, marks))


def _ended_lines(found: Survey) -> int:
    return found.newlines + found.returns - found.returns_with_newline


def has_utf8_edges(found: Survey) -> bool:
    """Say whether the whole lines in a file's head and tail are UTF-8."""
    head, tail = found.head[: found.head.rfind(b"\n")], found.tail[found.tail.find(b"\n") + 1 :]
    return found.bom in (None, "utf-8-sig") and _is_utf8(head) and _is_utf8(tail)


def check_utf8(stream: BinaryIO, found: Survey) -> None:
    """Decode a surveyed file strictly, and keep lines with bytes beyond ASCII as evidence where that fails."""
    strict = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(stream):
            strict.decode(chunk)
        strict.decode(b"", final=True)
    except UnicodeDecodeError:
        found.utf8 = False
        stream.seek(0)
        for line in iter(partial(stream.readline, EVIDENCE_BYTES), b""):
            if not line.isascii():
                found.foreign += line.rstrip(b"\r\n") + b"\n"
                if len(found.foreign) > EVIDENCE_BYTES:
                    break
        del found.foreign[EVIDENCE_BYTES:]


def codec_named(name: str) -> str | None:
    """Return what Python calls an encoding, named as in receipts or as usual elsewhere; None if unknown."""
    codec = next((codec for codec, shown in NAMES.items() if shown.casefold() == name.casefold()), name)
    try:
        codec = codecs.lookup(codec).name
        is_text = codec not in NO_CHARACTER_SETS and "a;1".encode(codec).decode(codec) == "a;1"
    except (LookupError, UnicodeError, ValueError):
        return None
    return ("utf-8-sig" if codec == "utf-8" else codec) if is_text else None


def as_decided(found: Encoding, overrides: Overrides) -> Encoding:
    """Return the encoding that a person named, if anybody did, in place of the one that was found."""
    override = overrides.find("encoding")
    if override is None:
        return found
    name = str(override.value)
    codec = codec_named(name.removeprefix(MIXED))
    if codec is None:
        raise LookupError(name)
    return Encoding(
        codec,
        1.0,
        Said(code="override_said"),
        mixed=name.startswith(MIXED),
        override=override,
        instead=found.guess(),
    )


def find_encoding(found: Survey) -> Encoding:
    """Decide how a surveyed file is encoded: byte order mark, NULs, strict UTF-8, then letters of languages."""
    wide = found.bom or _wide(found)
    if wide and wide != "utf-8-sig":
        return Encoding(
            wide, 1.0 if found.bom else 0.95, Said(code="encoding_bom" if found.bom else "encoding_nuls")
        )
    if found.utf8:
        if found.bom:
            return Encoding("utf-8-sig", 1.0, Said(code="encoding_bom"))
        return Encoding("utf-8", 0.99, Said(code="encoding_ascii" if found.ascii else "encoding_utf8_valid"))
    lines = bytes(found.foreign).split(b"\n")
    broken = [line for line in lines if not _is_utf8(line)]
    whole = sum(1 for line in lines if line and not line.isascii()) - len(broken)
    mixed = bool(found.bom) or whole * 20 > len(broken)
    scores = {codec: _likeness(b"\n".join(broken or lines), codec) for codec in CODE_PAGES}
    ranked = sorted(CODE_PAGES, key=lambda codec: -scores[codec])
    best, second = ranked[0], ranked[1]
    margin = scores[best] - scores[second]
    alternatives = tuple(
        Alternative(value=NAMES[codec], confidence=round(0.5 / (1 + scores[best] - scores[codec]), 2))
        for codec in ranked[1:3]
    )
    return Encoding(
        codec=best,
        confidence=round(min(0.98, 0.6 + 0.1 * margin), 2),
        evidence=Said(
            code="encoding_mixed" if mixed else "encoding_letters",
            facts={
                "letters": "".join(_foreign_letters(b"\n".join(broken or lines), best)),
                "runner_up": NAMES[second],
            },
        ),
        alternatives=alternatives,
        mixed=mixed,
    )


def weigh_declared(found: Survey, declared: str) -> Encoding:
    """Decide how a file is encoded that declares it: as declared, unless its bytes clearly say otherwise."""
    codec = codec_of(declared)
    likely = find_encoding(found)
    if found.ascii or codec is None or likely.codec.startswith(("utf-16", "utf-32")):
        return likely
    is_utf8 = codec.startswith("utf-8")
    if is_utf8 or likely.codec.startswith("utf-8") or (likely.codec != codec and likely.confidence >= SURE):
        return likely
    alternatives = () if likely.codec == codec else (Alternative(value=likely.name, confidence=0.05),)
    return Encoding(codec, 0.95, Said(code="encoding_declared"), alternatives)


def codec_of(label: str) -> str | None:
    """Return what Python calls an encoding that a file or a web page names; None where it knows none."""
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    # Who says ISO-8859-1 or ASCII means the code page of Windows, as browsers know.
    return {"iso8859-1": "cp1252", "ascii": "cp1252", "utf-8-sig": "utf-8"}.get(name, name)


def _wide(found: Survey) -> str | None:
    """Recognise UTF-16 without a byte order mark by where its NULs stand."""
    head = found.head[:4096]
    if len(head) < 4 or not found.nuls:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _is_utf8(line: bytes) -> bool:
    return _can_be_decoded(line, "utf-8")


def _can_be_decoded(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _foreign_letters(sample: bytes, codec: str) -> list[str]:
    letters = Counter(c for c in sample.decode(codec, "replace") if ord(c) > 127 and c.isalpha())
    return [letter for letter, _ in letters.most_common(8)]


def _likeness(sample: bytes, codec: str) -> float:
    """Say how much a sample, read in a code page, looks like text in some language with these letters."""
    text = sample.decode(codec, "replace")
    strange = 0.0
    for character, count in Counter(text).items():
        if ord(character) < 128 or character.isalpha() or character in TYPOGRAPHY:
            continue
        strange += count * (4.0 if unicodedata.category(character) in ("Cc", "So", "Co", "Cn") else 2.0)
    words = Counter(word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii())
    strange += 2.0 * len(re.findall(r"[^\W\d_][^\x00-\x7f\w\s–—’‘“”„…€«»\u00a0][^\W\d_]?", text))
    strange += 1.5 * sum(
        count for word, count in words.items() if re.search(r"[a-zß-ž][A-ZÀ-ÞĄĆČĎĘĚĹŁŃŇŐŔŘŚŠŤŮŰŹŻŽĽ]", word)
    )
    strange += sum(not letter.isascii() for letter in _LONE_LETTER.findall(text))
    strange -= len(_TYPESET.findall(text))
    likeness = {language: {word: _fits_language(word, language) for word in words} for language in ALPHABETS}
    best = 0.0
    if words:
        best = max(
            sum(
                count * max(own[word], max(other[word] for other in likeness.values()) - 0.6)
                for word, count in words.items()
            )
            for own in likeness.values()
        )
    return best - strange


def _fits_language(word: str, language: str) -> float:
    alphabet, unlikely = ALPHABETS[language], UNLIKELY.get(language)
    score = -0.5 if unlikely and unlikely.search(word.lower()) else 0.0
    for letter in word.lower():
        if ord(letter) > 127:
            score += (0.7 if letter in RARE else 1.0) if letter in alphabet else -1.5
    return score


def _fallback(codec: str) -> str:
    """Register a codec error handler that reads what is no UTF-8 as `codec`, and return its name."""

    def read_as(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        return error.object[error.start : error.end].decode(codec, "replace"), error.end

    name = f"else-{codec}"
    codecs.register_error(name, read_as)
    return name


def _decoder(encoding: Encoding) -> codecs.IncrementalDecoder:
    if encoding.mixed:
        return codecs.getincrementaldecoder("utf-8-sig")(_fallback(encoding.codec))
    return codecs.getincrementaldecoder(encoding.codec)("replace")


def texts(stream: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """Yield the text of a file in pieces: without byte order mark and NULs, every line end a newline."""
    decoder = _decoder(encoding)
    held = ""
    for chunk in _chunks(stream):
        text = held + decoder.decode(chunk)
        held = "\r" if text.endswith("\r") else ""
        yield _plain(text[: len(text) - len(held)])
    yield _plain(held + decoder.decode(b"", final=True))


def _plain(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.removeprefix("\ufeff")


def write_utf8(path: Path, encoding: Encoding, target: Path) -> None:
    """Write a file's text as UTF-8 with plain line ends."""
    with path.open("rb") as stream, target.open("wb") as out:
        for text in texts(stream, encoding):
            out.write(text.encode("utf-8", "replace"))


def mended_lines(lines: Iterable[bytes], encoding: Encoding) -> Iterator[tuple[int, str]]:
    """Yield the 1-based number of every line that was not read as it stands, and the code of what was done."""
    strict = encoding.override is not None and not encoding.mixed and encoding.codec not in WIDE_CODECS
    for number, line in enumerate(lines, start=1):
        if strict and not _can_be_decoded(line, encoding.codec):
            yield number, "letters_unreadable"
        if encoding.mixed and not line.isascii() and not _is_utf8(line):
            yield number, "line_mended"
        if b"\0" in line and line.strip(b"\0\r\n") and encoding.codec not in WIDE_CODECS:
            yield number, "nul_removed"
