"""A file of SPSS, Stata or SAS as its parser gives it: what it says of its variables, and their values.

The parser is C code: it runs in the child, as every reader does, and is imported where it is needed only.
"""

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import decode
from eduscale.ingest.formats.decode import Encoding
from eduscale.ingest.formats.statistics_kinds import StatisticsKind, statistics_kind
from eduscale.ingest.tables.overrides import Overrides

if TYPE_CHECKING:
    from pyreadstat import metadata_container

CELLS_AT_ONCE = 500_000
"""What the parser hands over at a time, each number an object of Python's."""
HEAD_BYTES = 4096
NUMBER_BYTES = 8
TEXT_BYTES = 24
"""A reference, and a share in a text that other cells have too."""

_READ_BY: dict[StatisticsKind, str] = {
    "sav": "read_sav",
    "por": "read_por",
    "dta": "read_dta",
    "sas7bdat": "read_sas7bdat",
    "xport": "read_xport",
}
_TELL_MISSING = frozenset({"sav", "dta", "sas7bdat"})
"""The kinds of which the parser tells which missing values the user defined."""
_UNICODE_STATA = 118
"""From this format on, Stata's files are UTF-8; the older ones do not say what they are."""
_RAW = "ISO-8859-1"
"""Has a letter for every byte, so that nothing is lost before it is known what the bytes are."""

Code = float | str
"""A value that may have a label: a number, a text, or the letter of a missing value."""


class Cells(NamedTuple):
    """A variable's values; the letters are those that stood for missing ones, which are NaN now."""

    values: npt.NDArray[Any]
    letters: Counter[Code]


class StatisticsFile:
    """One file, opened; raises UnreadableFile where it is damaged."""

    def __init__(self, path: Path, overrides: Overrides | None = None) -> None:
        self._path = path
        self._overrides = overrides or Overrides()
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        self.kind: StatisticsKind = statistics_kind(head) or "sav"
        is_silent = self.kind == "xport" or (self.kind == "dta" and _stata_version(head) < _UNICODE_STATA)
        self._charset = _RAW if is_silent else None
        self.encoding: Encoding | None = None
        """How the texts were read where the file does not say it."""
        self._meta = self._open()
        self._sent_names: list[str] = self._meta.column_names
        # A damaged file may have variables without a name.
        self.names = [self.text(name or "") for name in self._sent_names]

    def _open(self) -> "metadata_container":
        try:
            none, _ = self._parse({"metadataonly": True})
            first, meta = self._parse({"row_limit": max(1, CELLS_AT_ONCE // max(1, len(none)))})
        except UnicodeError as error:
            if self._charset is not None or self.kind == "por":
                raise UnreadableFile("damaged_statistics_file") from error
            self._charset = _RAW
            return self._open()
        if self._charset == _RAW:
            self.encoding = decode.as_decided(_encoding_of(first, meta), self._overrides)
        return meta

    def _parse(self, options: Mapping[str, Any]) -> tuple[Mapping[str, list[Any]], "metadata_container"]:
        """Return values by variable, and what is known of them; UnicodeError if texts are not as declared."""
        import pyreadstat

        more: dict[str, Any] = {"user_missing": True} if self.kind in _TELL_MISSING else {}
        if self._charset is not None:
            more["encoding"] = self._charset
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values, meta = getattr(pyreadstat, _READ_BY[self.kind])(
                    str(self._path), output_format="dict", disable_datetime_conversion=True, **options, **more
                )
        except UnicodeDecodeError:
            raise
        except pyreadstat.ReadstatError as error:
            if any(word in str(error) for word in ("encoding", "character set")):
                raise UnicodeError from error
            raise UnreadableFile("damaged_statistics_file") from error
        except (pyreadstat.PyreadstatError, ValueError, OverflowError) as error:
            raise UnreadableFile("damaged_statistics_file") from error
        if len(values) != len(meta.column_names):
            # The values of two variables of one name cannot be told apart any more.
            raise UnreadableFile("damaged_statistics_file")
        return values, meta

    def cells(self, budget_bytes: int) -> list[Cells]:
        """Return the values of each variable; raises UnreadableFile where they need more than the budget."""
        width = len(self.names)
        if not width:
            return []
        texts = list(map(self._is_text, range(width)))
        row_bytes = sum(TEXT_BYTES if text else NUMBER_BYTES for text in texts)
        parts: list[list[npt.NDArray[Any]]] = [[] for _ in range(width)]
        known: list[dict[str, str | None]] = [{} for _ in range(width)]
        letters: list[Counter[Code]] = [Counter() for _ in range(width)]
        rows = 0
        for block in self._blocks(max(1, CELLS_AT_ONCE // width)):
            rows += len(block[0])
            if rows * row_bytes > budget_bytes:
                raise UnreadableFile("too_many_values", columns=width)
            for place, values in enumerate(block):
                part = self._texts(values, known[place]) if texts[place] else _numbers(values, letters[place])
                parts[place].append(part)
        return [Cells(np.concatenate(part), letter) for part, letter in zip(parts, letters, strict=True)]

    def _blocks(self, rows: int) -> Iterator[list[list[Any]]]:
        """Yield some rows at a time, a list a variable; at least one block, be it empty."""
        offset = 0
        while True:
            try:
                values, _ = self._parse({"row_limit": rows, "row_offset": offset})
            except UnicodeError as error:
                raise UnreadableFile("damaged_statistics_file") from error
            block = list(values.values())
            yield block
            offset += rows
            if len(block[0]) < rows:
                return

    def _texts(self, values: Sequence[str | None], known: dict[str, str | None]) -> npt.NDArray[Any]:
        """Return texts without the spaces that fill a field up, equal ones being one object."""
        for value in set(values) - known.keys():
            if value is not None:
                known[value] = self.text(value).rstrip(" \0") or None
        texts = np.empty(len(values), dtype=object)
        texts[:] = [None if value is None else known[value] for value in values]
        return texts

    def text(self, raw: str) -> str:
        """Return a text of the file as it was meant."""
        if self.encoding is None or raw.isascii():
            return raw
        sent = raw.encode("latin-1")
        if self.encoding.mixed:
            try:
                return sent.decode()
            except UnicodeDecodeError:
                pass
        return sent.decode(self.encoding.codec, "replace")

    def _is_text(self, place: int) -> bool:
        return bool(self._meta.readstat_variable_types[self._sent_names[place]] == "string")

    def label(self, place: int) -> str:
        """Return a variable's label, or its name where it has none."""
        return self.text(self._meta.column_labels[place] or "").strip() or self.names[place]

    def value_labels(self, place: int) -> dict[Code, str]:
        """Return what the codes of a variable mean."""
        sent = self._meta.variable_value_labels.get(self._sent_names[place], {})
        return {self._code(code): self.text(label).strip() for code, label in sent.items()}

    def missing_ranges(self, place: int) -> list[tuple[Code, Code]]:
        """Return the first and the last of the codes that stand for missing values, a span each."""
        sent: Any = self._meta.missing_ranges.get(self._sent_names[place], ())
        return [(self._code(span["lo"]), self._code(span["hi"])) for span in sent]

    def _code(self, sent: float | str) -> Code:
        return self.text(sent).rstrip(" \0") if isinstance(sent, str) else float(sent)

    def shown_as(self, place: int) -> str:
        """Return the format in which the program shows a variable."""
        return self._meta.original_variable_types[self._sent_names[place]] or ""

    def measure(self, place: int) -> str:
        """Return whether a variable is nominal, ordinal, scale or unknown."""
        return str(self._meta.variable_measure.get(self._sent_names[place], "unknown"))


def _stata_version(head: bytes) -> int:
    match = re.search(rb"<release>([0-9]{3})</release>", head)
    return int(match[1]) if match else head[0]


def _encoding_of(values: Mapping[str, list[Any]], meta: "metadata_container") -> Encoding:
    """Tell the encoding of texts that were read as Latin-1 by their letters."""
    texts = {text for text in meta.column_labels if text}
    texts.update(label for labels in meta.variable_value_labels.values() for label in labels.values())
    for cells in values.values():
        texts.update(cell for cell in cells if isinstance(cell, str))
    sent = "\n".join(sorted(texts)).encode("latin-1", "replace")
    found = decode.survey(BytesIO(sent), edge=0)
    decode.check_utf8(BytesIO(sent), found)
    return decode.find_encoding(found)


def _numbers(values: Sequence[Any], letters: Counter[Code]) -> npt.NDArray[np.float64]:
    """Return numbers, NaN where there is none, and count the letters that stand for missing ones."""
    try:
        return np.array(values, dtype=float)
    except ValueError:
        letters.update(value for value in values if isinstance(value, str))
        return np.array([None if isinstance(value, str) else value for value in values], dtype=float)
