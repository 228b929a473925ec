"""JSON files: documents with tables in them, and files of one record a line."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any, BinaryIO

from eduscale.core import progress
from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import decode
from eduscale.ingest.formats.decode import Encoding, Survey
from eduscale.ingest.formats.json_stream import DECODER, JsonText, as_object
from eduscale.ingest.formats.json_tables import MAX_ENVELOPES, Findings, JsonTable, Shape, tables_in
from eduscale.ingest.formats.record_stage import RecordStage
from eduscale.ingest.tables.grid import Cell, Grid, Row
from eduscale.ingest.tables.overrides import names, overridden, shown
from eduscale.ingest.tables.values import to_json
from eduscale.ingest.tables.workspace import Workspace
from eduscale.models.reading import Alternative, Override, ReadGuess, ReadTable, Said, Value

EDGE_BYTES = 128 << 10
AT_HAND = 4 << 20
"""A value of up to so many characters is read at once, a longer one element by element."""
LOOKED_AT_LINES = 50
PARSED = 0.7
"""What is done when every value was seen once."""
MAX_BESIDE = 1 << 20
SHOWN_BESIDE = 200


def read(path: Path, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> list[ReadTable]:
    """Return the tables of a JSON file, written."""
    with path.open("rb") as stream:
        found = decode.survey(stream, edge=EDGE_BYTES)
        stream.seek(0)
        decode.check_utf8(stream, found)
        encoding = decode.as_decided(decode.find_encoding(found), workspace.overrides)
        stream.seek(0)
        file = _JsonFile(workspace, (*guesses, encoding.guess()))
        pieces = _reported(decode.texts(stream, encoding), stream, found.size)
        try:
            return file.read_lines(pieces) if _is_lines(found, encoding) else file.read_document(pieces)
        except RecursionError:
            raise UnreadableFile("json_too_deep", line=1) from None


def _reported(pieces: Iterator[str], stream: BinaryIO, size: int) -> Iterator[str]:
    """Yield the text and report how far in the file it is."""
    for piece in pieces:
        progress.report("looking", PARSED * stream.tell() / size)
        yield piece


def _is_lines(found: Survey, encoding: Encoding) -> bool:
    """Say whether every line is a value of its own, a few of them perhaps damaged."""
    head = "".join(decode.texts(BytesIO(found.head), encoding))
    lines = [line for line in head.split("\n") if line.strip()]
    if found.size > len(found.head):
        lines = lines[:-1]
    whole = [_is_whole(line) for line in lines[:LOOKED_AT_LINES]]
    if len(whole) <= 1:
        return False
    return whole[0] or (lines[0].lstrip().startswith("{") and sum(whole) * 2 >= len(whole))


def _is_whole(line: str) -> bool:
    try:
        return isinstance(DECODER.decode(line), dict | list)
    except (ValueError, RecursionError):
        return False


def _numbered(pieces: Iterator[str], *, longest: int) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank with their numbers; raises UnreadableFile for a line that is too long."""
    number, held = 0, ""
    for piece in chain(pieces, ("\n",)):
        *lines, held = (held + piece).split("\n")
        if len(held) > longest:
            raise UnreadableFile("line_too_long", line=number + len(lines) + 1, limit_bytes=longest)
        for number, line in enumerate(lines, start=number + 1):  # noqa: B020  # goes on from the last piece
            bare = line.strip(" \t\x1e")
            if bare:
                yield number, bare


class _JsonFile:
    """Reads one file; `guesses` are what is known of it so far."""

    def __init__(self, workspace: Workspace, guesses: tuple[ReadGuess, ...]) -> None:
        self._workspace = workspace
        self._tables = workspace.tables
        self._guesses = guesses
        self._stages = 0
        self._override: Override | None = None

    def read_lines(self, pieces: Iterator[str]) -> list[ReadTable]:
        """Read a file of one value a line; a line that is none is rejected."""
        stage, rows = self._stage(), []
        for number, line in _numbered(pieces, longest=self._workspace.limits.line_bytes):
            try:
                value = DECODER.decode(line)
            except (ValueError, RecursionError):
                stage.reject(number, "bad_json_line", line)
                continue
            if isinstance(value, list):
                rows.append(Row(number, [_cell(item) for item in value]))
            else:
                stage.add(number, value)
        self._workspace.use_all_threads()
        with progress.part(PARSED, 1):
            return self._finished(stage, rows)

    def _finished(self, stage: RecordStage, rows: Sequence[Row]) -> list[ReadTable]:
        found = self._tables.read_grid(Grid("", rows, self._guesses)) if rows else []
        return [*found, stage.finish("", self._guesses)] if stage.rows or not rows else found

    def read_document(self, pieces: Iterator[str]) -> list[ReadTable]:
        """Read one value, or several that follow one another."""
        text = JsonText(pieces, at_hand=AT_HAND, longest=self._workspace.limits.line_bytes)
        document = self._outline(text, 0)
        if text.skip(",") or text.peek():
            document = self._sequence(document, text)
        self._workspace.use_all_threads()
        found = self._found(document)
        if not found.chosen:
            raise UnreadableFile("no_table")
        several = len(found.chosen) > 1
        written: list[ReadTable] = []
        for table in found.chosen:
            name = table.path[-1] if several and table.path else ""
            guesses = (*self._guesses, *_where(table, found, self._override))
            beside = [to_json(found.beside)[:MAX_BESIDE]] if found.beside and not written else []
            with progress.part(PARSED, 1):
                written += self._write(table, name, guesses, beside)
        return written

    def _found(self, document: Any) -> Findings:
        """Return the tables of a document, those that a person named if there are any of these names."""
        self._override = self._workspace.overrides.find("json_table")
        if self._override is not None:
            found = tables_in(document, names(self._override.value))
            if found.chosen:
                return found
            said = Said(code="override_no_json_table", facts={"name": shown(self._override.value)})
            self._workspace.overrides.refuse(self._override, said)
            self._override = None
        return tables_in(document)

    def _stage(self) -> RecordStage:
        self._stages += 1
        return RecordStage(self._workspace, f"stage-{self._stages}")

    def _outline(self, text: JsonText, depth: int) -> Any:
        """Return the next value; of a long one the lists of records are stages, which hold them elsewhere."""
        complete, value = text.small_value()
        if complete:
            return value
        character = text.peek()
        if character == "{" and depth < MAX_ENVELOPES:
            return as_object((key, self._outline(text, depth + 1)) for key in text.members())
        if character != "[":
            return text.value()
        elements = text.elements()
        first = list(next(([element] for element in elements), []))
        if first and isinstance(first[0], dict):
            return self._staged(chain(first, elements))
        return [*first, *elements]

    def _staged(self, records: Iterator[Any]) -> RecordStage:
        stage = self._stage()
        for number, record in enumerate(records, start=1):
            stage.add(number, record)
        return stage

    def _sequence(self, first: Any, text: JsonText) -> Any:
        """Return values that follow one another as one list."""
        if not isinstance(first, dict):
            return [first, *(value for _, value in text.values())]
        stage = self._stage()
        for line, value in chain([(1, first)], text.values()):
            stage.add(line, value)
        return stage

    def _write(
        self, table: JsonTable, name: str, guesses: tuple[ReadGuess, ...], beside: Sequence[str]
    ) -> list[ReadTable]:
        items = table.items
        if isinstance(items, RecordStage):
            return [items.finish(name, guesses, beside)]
        if table.shape == "columns":
            rows = zip(*items, strict=True)
            records = (as_object(zip(table.labels, row, strict=True)) for row in rows)
            return [self._staged(records).finish(name, guesses, beside)]
        if table.shape == "rows":
            return self._write_rows(table.labels, items, name, guesses, beside)
        return [self._staged(iter(items)).finish(name, guesses, beside)]

    def _write_rows(
        self,
        labels: Sequence[str],
        rows: Sequence[Any],
        name: str,
        guesses: tuple[ReadGuess, ...],
        beside: Sequence[str],
    ) -> list[ReadTable]:
        """Write rows whose columns are named elsewhere, or, without labels, in one of the rows."""
        numbered = enumerate(rows, start=1)
        if not labels:
            lists = ((number, row if isinstance(row, list) else [row]) for number, row in numbered)
            grid = Grid(name, [Row(number, [_cell(item) for item in row]) for number, row in lists], guesses)
            return self._tables.read_grid(grid)
        stage = self._stage()
        for number, row in numbered:
            if isinstance(row, list) and len(row) <= len(labels):
                if len(row) < len(labels):
                    stage.problem("row_short", number, cells=len(row), columns=len(labels))
                stage.add(number, as_object(zip(labels, row, strict=False)))
            elif isinstance(row, list):
                stage.reject(number, "record_long", to_json(row), cells=len(row), columns=len(labels))
            else:
                stage.add(number, row)
        return [stage.finish(name, guesses, beside)]


def _cell(item: Any) -> Cell:
    """Return a value of a row as a cell."""
    match item:
        case dict() | list() | Decimal():
            return to_json(item) if not isinstance(item, Decimal) else format(item, "f")
        case float() if not isfinite(item):
            return None
    return item  # type: ignore[no-any-return]  # texts, numbers, booleans and null


_SHAPES: dict[Shape, str] = {
    "records": "json_records",
    "one_record": "json_one_record",
    "keyed_records": "json_keyed_records",
    "columns": "json_columns",
    "rows": "json_rows",
}


def _where(table: JsonTable, found: Findings, override: Override | None) -> Iterator[ReadGuess]:
    """Yield where in the document a table was found, and what stands beside it, where that was a decision."""
    others = tuple(Alternative(value=other.place, confidence=0.1) for other in found.others[:5])
    if override is not None:
        guess = overridden(override.model_copy(update={"value": table.place}), None)
        yield guess.model_copy(update={"alternatives": others})
        return
    if not table.path and table.shape in ("records", "rows"):
        return
    shown = to_json(found.beside) if found.beside else ""
    short = shown if len(shown) <= SHOWN_BESIDE else f"{shown[:SHOWN_BESIDE]}…"
    facts: dict[str, Value] = {"beside": short} if shown else {}
    yield ReadGuess(
        what="json_table",
        value=table.place,
        evidence=Said(code="json_envelope" if shown else _SHAPES[table.shape], facts=facts),
        confidence=0.9 if found.others or shown else 0.95,
        alternatives=others,
    )
