"""Corrections: what people decide instead of the reader, checked, and remembered for files of the same kind.

A kind is a region, a sender and a layout: the labels of a table as the reader finds it when nobody corrects it.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import PurePath

from eduscale.core.errors import InvalidField
from eduscale.ingest.faults import FieldRefused
from eduscale.ingest.formats.decode import MIXED, codec_named
from eduscale.ingest.formats.recognise import FORMATS
from eduscale.ingest.formats.text import DELIMITER_NAMES, NO_QUOTES
from eduscale.ingest.placing import RENAMED
from eduscale.ingest.tables.decided import TYPES, UNITS, ZONES
from eduscale.ingest.tables.overrides import BY_COLUMN, FILE_WIDE, TABLE_OR_COLUMN, key, names, words
from eduscale.models.reading import Override, Reading, ReadProblem, ReadTable, Said, Value
from eduscale.models.upload import GuessChange, UploadFacts
from eduscale.storage.overrides import OverrideStore, Remembered

MAX_EDGE_ROWS = 1_000
"""More rows are no header and no footer."""
MAX_WORD = 100

_ANSWERS: dict[str, tuple[str, ...]] = {
    "format": FORMATS,
    "quote": ('"', "'", NO_QUOTES),
    "decimal_mark": (",", "."),
    "date_order": ("dm", "md"),
    "type": TYPES,
    "unit": UNITS,
    "time_zone": ZONES,
    "value_labels": ("labels", "codes"),
    "missing_labels": ("",),
    "multiple_choice": ("text", "columns"),
}
_OTHER_SPELLINGS = {
    ("delimiter", "\t"): "tab",
    ("delimiter", "\\t"): "tab",
    ("delimiter", ""): "none",
    ("quote", ""): "none",
}


class CorrectionRefused(FieldRefused):
    """A correction cannot be applied to this file."""


def checked(guesses: Iterable[GuessChange], *, field: str = "guesses") -> tuple[Override, ...]:
    """Return what a person sent as overrides, of value None where the reader shall decide again.

    Raises InvalidField naming the one that can be applied to no file.
    """
    return tuple(_checked(guess, f"{field}.{place}") for place, guess in enumerate(guesses))


def _checked(guess: GuessChange, field: str) -> Override:
    if guess.what in BY_COLUMN and guess.column is None:
        raise InvalidField(f"Which column? {guess.what} is decided for a column.", field=f"{field}.column")
    if guess.column is not None and guess.what not in BY_COLUMN | TABLE_OR_COLUMN:
        raise InvalidField(f"{guess.what} is not decided for a column.", field=f"{field}.column")
    value = guess.value
    if isinstance(value, str):
        value = _OTHER_SPELLINGS.get((guess.what, value), value)
    if value is not None:
        wrong = _fault(guess.what, value)
        if wrong:
            raise InvalidField(wrong, field=f"{field}.value")
    table = None if guess.what in FILE_WIDE else guess.table
    return Override(table=table, column=guess.column, what=guess.what, value=value)


def _fault(what: str, value: Value | tuple[str, ...]) -> str | None:  # noqa: PLR0911  # one answer a kind of value
    """Return what is wrong with a value, if anything."""
    if what in ("header", "footer"):
        is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_EDGE_ROWS
        return None if is_count else f"{what}: a number of rows, 0 to {MAX_EDGE_ROWS}."
    if what in ("sheet", "json_table"):
        return None if all(map(_is_word, names(value))) and value else f"{what}: a name, or a list of names."
    if what in ("null_words", "missing_codes"):
        is_words = isinstance(value, str | tuple) and all(map(_is_word, words(value)))
        return None if is_words else f"{what}: words of at most {MAX_WORD} characters, or none."
    if not isinstance(value, str):
        return f"{what}: a text."
    if what == "encoding":
        return None if codec_named(value.removeprefix(MIXED)) else "encoding: there is none of that name."
    if what == "delimiter":
        is_mark = len(value) == 1 and not value.isalnum() and value not in "\"'\r\n\0"
        named = ", ".join(DELIMITER_NAMES.values())
        return None if is_mark or value in DELIMITER_NAMES.values() else f"delimiter: one of {named}, or a mark."
    if what == RENAMED:
        return None if _is_word(value) else f"{what}: the name of a column of the dataset, or the column's own."
    answers = _ANSWERS[what]
    return None if value in answers else f"{what}: one of {', '.join(answers)}."


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_WORD


def changed(overrides: Iterable[Override], changes: Iterable[Override]) -> tuple[Override, ...]:
    """Return overrides with changes made to them; a change of value None takes one out."""
    found = {key(override): override for override in overrides}
    found.update((key(change), change) for change in changes)
    return tuple(override for override in found.values() if override.value is not None)


def layouts_of(filename: str, tables: Sequence[ReadTable], error: Said | None) -> tuple[str, ...]:
    """Return a mark of the layout of every table that was read automatically, or of why there is none.

    Only the Latin letters of a label count, so that it is the same in whatever encoding it was read and for any
    year; a column without such letters counts by its type.
    """
    kind = PurePath(filename).suffix.lower()
    if error is not None:
        return (_digest(kind, error.code),)
    return tuple(
        _digest(
            kind, *(re.sub("[^a-z]", "", column.label.lower()) or f"<{column.type}>" for column in table.columns)
        )
        for table in tables
    )


def check_applied(reading: Reading, changes: Sequence[Override]) -> None:
    """Raise CorrectionRefused if a file cannot be read with changes, or one of them could not be applied."""
    if reading.error is not None:
        is_limit = reading.error.code.startswith("reading_")
        raise CorrectionRefused(reading.error if is_limit else Said(code="override_unreadable"), field="guesses")
    places = {key(change): place for place, change in enumerate(changes)}
    for refused in reading.refused:
        place = places.get(key(refused.override))
        if place is not None:
            raise CorrectionRefused(refused.said, field=f"guesses.{place}.value")


def applied(reading: Reading, changes: Iterable[Override]) -> tuple[Override, ...]:
    """Return the changes that a reading could apply."""
    refused = {key(each.override) for each in reading.refused}
    return tuple(change for change in changes if key(change) not in refused)


def without_corrections(reading: Reading) -> Reading:
    """Return what the reader alone understood, with the problem that it was to be corrected and could not."""
    problem = ReadProblem(said=Said(code="override_unusable"))
    tables = [
        table.model_copy(update={"problems": (problem, *table.problems), "problem_count": table.problem_count + 1})
        for table in reading.tables[:1]
    ]
    return reading.model_copy(update={"tables": (*tables, *reading.tables[1:])})


class Corrections:
    """Remembers corrections for the sender and layout, so that the next file of the kind needs none."""

    def __init__(self, store: OverrideStore) -> None:
        self._store = store

    def recall(self, upload: UploadFacts, layouts: Sequence[str]) -> tuple[Override, ...]:
        """Return what was decided for earlier files of the kind; where tables disagree the first one counts."""
        kept = {layout: self._store.get(_key(upload, layout)) for layout in set(layouts)}
        found: dict[object, Override] = {}
        for place, layout in enumerate(layouts):
            for override in kept[layout]:
                placed = _moved(override, place)
                found.setdefault(key(placed), placed)
        return tuple(found.values())

    def remember(self, upload: UploadFacts, layouts: Sequence[str], changes: Iterable[Override]) -> None:
        """Keep changes for the next files of the kind; one of value None is forgotten.

        What was decided for a table is kept with its layout, by how many tables further it is: none, unless what
        was decided for the whole file changed the number of tables.
        """
        today = datetime.now(UTC).date()
        by_layout: dict[str, list[Override]] = {}
        for change in changes:
            dated = change.model_copy(update={"decided_on": today})
            if change.table is None:
                for layout in layouts:
                    by_layout.setdefault(layout, []).append(dated)
            else:
                place = min(change.table, len(layouts) - 1)
                by_layout.setdefault(layouts[place], []).append(_moved(dated, -place))
        for layout, some in by_layout.items():
            self._store.change(_key(upload, layout), _blank(upload), lambda known, some=some: changed(known, some))  # type: ignore[misc]

    def forget(self, upload: UploadFacts, layouts: Iterable[str]) -> None:
        """Forget all that was decided for files of the kind."""
        for layout in set(layouts):
            self._store.change(_key(upload, layout), _blank(upload), lambda known: ())


def _moved(override: Override, tables: int) -> Override:
    return override if override.table is None else override.model_copy(update={"table": override.table + tables})


def _blank(upload: UploadFacts) -> Remembered:
    return Remembered(region=upload.region, sender=upload.sender)


def _key(upload: UploadFacts, layout: str) -> str:
    return _digest(upload.region, upload.sender or "", layout)


def _digest(*parts: str) -> str:
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
