"""A delimited text file from bytes to tables: small ones whole, large ones by their edges and a pass of DuckDB."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import decode, text
from eduscale.ingest.formats.decode import Survey
from eduscale.ingest.reject_words import is_list_of_rejects
from eduscale.ingest.tables.findings import Findings, raw_text
from eduscale.ingest.tables.grid import Grid, Row
from eduscale.ingest.tables.layout import FoundTable, find_tables, is_blank, is_repeated_header, take_footer
from eduscale.ingest.tables.overrides import Overrides
from eduscale.ingest.tables.parquet import ROUND_SHARE, WIDE, CsvSource
from eduscale.ingest.tables.table_reader import Draft, LineNumbers, fit_rows, sample_columns
from eduscale.ingest.tables.types import habits
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import ReadGuess, ReadProblem, ReadTable, Said

SMALL_BYTES = 2 << 20
MANY_PARTS_BYTES = 8 << 20
"""Up to so many, a file that seems to hold several tables or subtotals is read whole too, to find them."""
EDGE_BYTES = 128 << 10
GROWTH = 3
"""So many bytes of UTF-8 a byte of another encoding becomes at most."""
SURVEYED, DIRECTLY, FILTERED = 0.1, 0.9, 0.5
"""What is done after the pass over the bytes; of the rest by reading directly; when records are filtered."""
LINES_BETWEEN_WORDS = 10_000
_BLANK_LINE = re.compile(rb"\n[;,|\t \"]*\r?\n")
_TOTAL_LINE = re.compile(
    rb"(?im)^[\"; ,\t]*(?:celkem|sou\S{1,2}et|mezisou|total|subtotal|grand total|summe|suma|razem|spolu|gesamt)\b"
)


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of a delimited text file, written."""
    workspace.use_all_threads()
    line_bytes = workspace.limits.line_bytes
    with path.open("rb") as stream, progress.part(0, SURVEYED):
        found = decode.survey(stream, edge=EDGE_BYTES, line_bytes=line_bytes)
        if b"\n" not in found.head and found.size > SMALL_BYTES:
            found = decode.survey(stream, edge=found.longest_line + EDGE_BYTES, line_bytes=line_bytes)
    with progress.part(SURVEYED, 1):
        if found.size <= SMALL_BYTES:
            return _read_small(path.read_bytes(), found, workspace, guesses)
        if found.size <= MANY_PARTS_BYTES and _has_many_parts(data := path.read_bytes()):
            return _read_small(data, found, workspace, guesses)
        return [_read_large(path, found, workspace, guesses)]


def _has_many_parts(data: bytes) -> bool:
    """Say whether blank lines part a text, or several of its lines are totals."""
    return _BLANK_LINE.search(data.strip()) is not None or len(_TOTAL_LINE.findall(data)) > 1


def _read_large(path: Path, found: Survey, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> ReadTable:
    """Read a large file directly while it looks like regular UTF-8, which DuckDB checks; else a mended copy."""
    regular = _has_one_line_end(found) and not found.nuls
    decided = workspace.overrides.find("encoding") is not None
    if regular and decode.has_utf8_edges(found) and not decided:
        encoding = decode.find_encoding(found)
        large = _LargeText(path, found, workspace, (*guesses, encoding.guess()))
        with progress.part(0, DIRECTLY):
            written = large.read_directly()
        if written is not None:
            return written
        with progress.part(DIRECTLY * ROUND_SHARE, 1):
            return _read_mended(path, found, workspace, guesses)
    return _read_mended(path, found, workspace, guesses)


def _read_mended(path: Path, found: Survey, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> ReadTable:
    """Read a large file line by line, or a copy of it in UTF-8 with plain line ends."""
    override = workspace.overrides.find("encoding")
    regular = _has_one_line_end(found) and not found.nuls
    with path.open("rb") as stream, progress.part(0, 0.1):
        decode.check_utf8(stream, found)
    encoding = decode.as_decided(decode.find_encoding(found), workspace.overrides)
    guesses = (*guesses, encoding.guess())
    if regular and found.utf8 and encoding.codec in ("utf-8", "utf-8-sig"):
        large = _LargeText(path, found, workspace, guesses)
        with progress.part(0.1, 1):
            return (large.read_directly() if override is not None else None) or large.read_filtered()
    mended: list[tuple[int, str]] = []
    if encoding.mixed or found.nuls or override is not None:
        with path.open("rb") as lines:
            mended = list(decode.mended_lines(lines, encoding))
    plain = workspace.folder / "plain.txt"
    with progress.part(0.1, 0.3):
        decode.write_utf8(path, encoding, plain)
    try:
        with plain.open("rb") as stream, progress.part(0.3, 0.35):
            found = decode.survey(stream, edge=EDGE_BYTES, line_bytes=GROWTH * found.longest_line)
        large = _LargeText(plain, found, workspace, guesses, mended=mended)
        with progress.part(0.35, 1):
            return large.read_directly() or large.read_filtered()
    finally:
        plain.unlink()


def _has_one_line_end(found: Survey) -> bool:
    return found.returns == found.returns_with_newline and found.returns in (0, found.newlines)


def _read_small(
    data: bytes, surveyed: Survey, workspace: Workspace, guesses: tuple[ReadGuess, ...]
) -> list[ReadTable]:
    with progress.part(0, 0):  # it takes no time worth telling
        decode.check_utf8(BytesIO(data), surveyed)
        encoding = decode.as_decided(decode.find_encoding(surveyed), workspace.overrides)
        lines = "".join(decode.texts(BytesIO(data), encoding)).split("\n")
    reading = text.find_dialect(lines, workspace.overrides)
    numbered = list(enumerate(lines, start=1))[reading.skip :]
    found = list(text.Records(numbered, reading.dialect, width=_usual_width(numbered, reading.dialect)))
    problems = [ReadProblem(row=record.line, said=Said(code=record.flaw)) for record in found if record.flaw]
    sent_lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    problems += [
        ReadProblem(row=line, said=Said(code=code)) for line, code in decode.mended_lines(sent_lines, encoding)
    ]
    problems.sort(key=lambda problem: problem.row or 0)
    grid = Grid(
        name="",
        rows=[Row(record.line, record.cells, record.span) for record in found],
        guesses=(*guesses, encoding.guess(), *reading.guesses),
        problems=tuple(problems),
        longest_field=surveyed.size,
    )
    return workspace.tables.read_grid(grid, delimiter=reading.dialect.delimiter)


def _usual_width(lines: list[tuple[int, str]], dialect: text.Dialect) -> int:
    """Return the commonest width of records, read without that knowledge."""
    widths: dict[int, int] = {}
    for record in text.Records(lines[: text.SAMPLE_LINES], dialect):
        if len(record.cells) > 1:
            widths[len(record.cells)] = widths.get(len(record.cells), 0) + record.span
    return max(widths, key=lambda width: widths[width], default=0)


def _longest(records: Sequence[text.Record], overrides: Overrides) -> FoundTable | None:
    """Return the table of the most rows, if there is any; what stands above it is set aside as its title."""
    rows = [Row(record.line, record.cells, record.span) for record in records]
    shown, _ = find_tables(rows, to_the_end=False)
    if not shown:
        return None
    place = max(range(len(shown)), key=lambda place: len(shown[place].data))
    if overrides.of(0).find("header") is not None:
        # What was decided is about this table, the only one of the file.
        shown, _ = find_tables(rows, overrides=overrides, first=-place, to_the_end=False)
    above, table = shown[:place], shown[place]
    for other in reversed(above):
        rows = [*other.header, *other.data, *(row for row, _ in other.set_aside)]
        table.set_aside[:0] = [(row, "title") for row in sorted(rows, key=lambda row: row.number)]
    return table


class _LargeText:
    """Reads a large UTF-8 file with plain line ends as one table.

    The head shows dialect, layout and types, the tail the footer. If the file is as regular as it looks DuckDB
    reads it directly, and the number of lines proves it; otherwise its records are filtered into a strict copy.
    """

    def __init__(
        self,
        path: Path,
        found: Survey,
        workspace: Workspace,
        guesses: tuple[ReadGuess, ...],
        *,
        mended: Sequence[tuple[int, str]] = (),
    ) -> None:
        self._mended_lines = mended
        self._path = path
        self._found = found
        self._tables = workspace.tables
        self._copy = workspace.folder / "strict.csv"
        overrides = workspace.overrides
        head = found.head.decode("utf-8-sig", "ignore").replace("\r\n", "\n").split("\n")[:-1]
        if not head:
            raise UnreadableFile("line_too_long", line=1, limit_bytes=len(found.head))
        reading = text.find_dialect(head, overrides)
        self._dialect, self._skip = reading.dialect, reading.skip
        numbered = list(enumerate(head, start=1))[reading.skip :]
        self._usual = _usual_width(numbered, self._dialect)
        records = list(text.Records(numbered, self._dialect, width=self._usual))
        flawed = any(record.flaw or record.span > 1 for record in records)
        if records and records[-1].flaw:
            records.pop()
        self._tables.refuse_wide(len(record.cells) for record in records)
        table = _longest(records, overrides)
        if table is None:
            raise UnreadableFile("no_table")
        self._table = table
        self._tables.check_width(self._table.width)
        if is_list_of_rejects(self._table.labels):
            raise UnreadableFile("list_of_rejects")
        self._lines = found.newlines + (not found.tail.endswith(b"\n"))
        tail = self._tail_rows()
        footer, footer_guess = take_footer(tail, self._table.width, overrides.of(0))
        within = [
            (row, code)
            for row, code in self._table.set_aside
            if code in ("type_row", "unit_row", "rule", "import_ids")
        ]
        self._aside = {row.number: (row, code) for row, code in (*within, *footer)}
        self._sample_rows = [row for row in (*self._table.data, *tail) if len(row.cells) == self._table.width]
        self._guesses = [*guesses, *reading.guesses, *self._table.guesses, footer_guess]
        irregular = flawed or footer or self._dialect.escape or self._dialect.wrapped
        inner = [row for row, code in self._table.set_aside if code not in ("title", "comment")]
        comments = any(code == "comment" for _, code in self._table.set_aside)
        self._comments = comments
        plain = self._dialect.delimiter and not self._dialect.cuts and self._table.width <= WIDE
        self._regular = plain and not (irregular or inner or comments)

    def _tail_rows(self) -> list[Row]:
        """Return the last rows with the lines where they start, counted from the end of the file."""
        lines = self._found.tail.decode("utf-8", "ignore").replace("\r\n", "\n").split("\n")
        if lines[-1] == "":
            lines.pop()
        numbered = list(enumerate(lines, start=self._lines - len(lines) + 1))[1:]
        records = text.Records(numbered, self._dialect, width=self._usual)
        rows = [
            Row(record.line, record.cells, record.span) for record in records if any(map(str.strip, record.cells))
        ]
        top = self._top()
        return [row for row in rows if row.number > top]

    def _top(self) -> int:
        """Return the number of lines above the first row of data."""
        above = [
            *self._table.header,
            *(row for row, code in self._table.set_aside if code in ("title", "comment")),
        ]
        return max((row.number + row.span - 1 for row in above), default=self._skip)

    def _findings(self) -> Findings:
        findings = self._tables.findings()
        for line, code in self._mended_lines:
            findings.problem(code, line)
        return findings

    def _draft(
        self, source: CsvSource, findings: Findings, seen: int, lines: LineNumbers, longest_field: int
    ) -> Draft:
        samples = sample_columns(self._sample_rows, self._table.width)
        return Draft(
            name="",
            labels=self._table.labels,
            source=source,
            samples=samples,
            habits=habits(samples, delimiter=self._dialect.delimiter),
            lines=lines.line,
            guesses=self._guesses,
            findings=findings,
            seen=seen,
            longest_field=longest_field,
            short_names=self._table.codes,
        )

    def read_directly(self) -> ReadTable | None:
        """Let DuckDB read the file as it is; None when not every line is exactly one row."""
        if not self._regular:
            return None
        top = self._top()
        findings = self._findings()
        for row, code in self._table.set_aside:
            findings.reject(
                "set_aside", row.number, code, raw_text(row.cells, self._dialect.delimiter), cells=row.cells
            )
        lines = LineNumbers()
        lines.add(0, top + 1)
        source = CsvSource(
            self._path,
            self._table.width,
            delimiter=self._dialect.delimiter,
            quote=self._dialect.quote,
            skip=top,
            doubtful=True,
        )
        seen = self._lines - top + len(self._table.set_aside)
        draft = self._draft(source, findings, seen, lines, self._found.longest_line)
        return self._tables.try_to_write(draft)

    def read_filtered(self) -> ReadTable:
        """Read the records that are data from a strict copy."""
        findings = self._findings()
        lines = LineNumbers()
        with self._copy.open("w", encoding="utf-8", newline="") as out, progress.part(0, FILTERED):
            seen, longest = self._filter(out, findings, lines)
        source = CsvSource(
            self._copy, self._table.width, delimiter=self._dialect.delimiter or ",", longest=longest
        )
        try:
            with progress.part(FILTERED, 1):
                return self._tables.write(self._draft(source, findings, seen, lines, longest))
        finally:
            self._copy.unlink()

    def _filter(self, out: IO[str], findings: Findings, lines: LineNumbers) -> tuple[int, int]:
        """Write the records that are data as strict CSV; return the rows seen, and a bound of a row's bytes."""
        delimiter, width = self._dialect.delimiter or ",", self._table.width
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
        for row, code in self._table.set_aside:
            if code in ("title", "comment"):
                findings.reject("set_aside", row.number, code, raw_text(row.cells, delimiter), cells=row.cells)
        seen, written, longest, step = findings.counts["set_aside"], 0, 0, None
        records = text.Records(self._numbered(self._top()), self._dialect, width=self._usual)
        is_regular = self._regular_line()
        while (taken := records.take()) is not None:
            number, line = taken
            if is_regular(line) and number not in self._aside:
                out.write(line + "\n")
                longest = max(longest, len(line))
            else:
                record = records.record(number, line)
                if all(map(is_blank, record.cells)):
                    continue
                cells = self._mended(record, findings)
                if cells is None:
                    seen += 1
                    continue
                writer.writerow(cells)
                longest = max(longest, sum(map(len, cells)))
            if number - written != step:
                step = number - written
                lines.add(written, number)
            seen += 1
            written += 1
        return seen, 4 * longest + 3 * width

    def _regular_line(self) -> Callable[[str], bool]:
        """Return a quick test for lines that strict CSV takes as they are and that are surely data."""
        dialect, width = self._dialect, self._table.width
        if dialect.wrapped or dialect.cuts or dialect.escape or not dialect.delimiter or dialect.quote == "'":
            return lambda line: False
        delimiter, quote, marks = dialect.delimiter, dialect.quote or '"', width - 1
        quotes_cells = bool(dialect.quote)
        matches = text.regular_line(dialect, width).fullmatch
        header = tuple(self._labels_start(delimiter))
        start = ("#", *header) if self._comments else header
        blank = f"{delimiter}{quote} \t\xa0"

        def is_regular(line: str) -> bool:
            if line.startswith(start) or (len(line) < 2 * width and not line.strip(blank)):
                return False
            if quote in line:
                return quotes_cells and matches(line) is not None
            return line.count(delimiter) == marks

        return is_regular

    def _labels_start(self, delimiter: str) -> Iterator[str]:
        """Yield how a repeated header would begin, quoted or not."""
        if self._table.header:
            first = self._table.labels[0]
            yield from (first + delimiter, f'"{first}"{delimiter}')

    def _mended(self, record: text.Record, findings: Findings) -> list[str] | None:
        """Return the cells of a record that is not plainly regular; None, and noted why, if it is left out."""
        row = Row(record.line, record.cells, record.span)
        if record.flaw:
            findings.problem(record.flaw, record.line)
        reason = self._reason_aside(row)
        if reason:
            raw = raw_text(record.cells, self._dialect.delimiter)
            findings.reject("set_aside", record.line, reason, raw, cells=record.cells)
            return None
        kept = fit_rows([row], self._table.labels, findings, self._dialect.delimiter, strict=True)
        return [str(cell) for cell in kept[0].cells] if kept else None

    def _reason_aside(self, row: Row) -> str | None:
        if row.number in self._aside:
            return self._aside[row.number][1]
        first = row.cells[0]
        if self._comments and isinstance(first, str) and first.startswith("#"):
            return "comment"
        return "repeated_header" if self._table.header and is_repeated_header(row, self._table.labels) else None

    def _numbered(self, top: int) -> Iterator[tuple[int, str]]:
        with self._path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if number % LINES_BETWEEN_WORDS == 0:
                    progress.report("looking", number / self._lines)
                if number > top:
                    yield number, line.rstrip("\r\n")
