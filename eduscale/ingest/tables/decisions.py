"""How a table and its columns are read, as far as a person decided it, and the guesses that a receipt shows."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from eduscale.ingest.tables.decided import NO_UNIT, UTC, Decided
from eduscale.ingest.tables.overrides import TableOverrides, overridden, shown, words
from eduscale.ingest.tables.parquet import Loaded
from eduscale.ingest.tables.types import Choice, Habits, Sample, choose, share_of
from eduscale.models.reading import Alternative, Decision, Override, ReadGuess, Said

LEAST_SHARE = 0.1
"""A type that a person decides must fit this share of the known values ..."""
LEAST_SHARE_REMEMBERED = 0.5
"""... or this one where it was decided for an earlier file."""

_OF_TABLE: tuple[Decision, ...] = ("decimal_mark", "date_order")
_OF_COLUMN: tuple[Decision, ...] = ("type", "unit", "null_words", "time_zone", *_OF_TABLE)


class Decisions:
    """What people decided for one table and its columns; `columns` has it by the places of the columns.

    `instead` are choices that cells of other types than text would have made.
    """

    def __init__(
        self,
        overrides: TableOverrides,
        names: Sequence[str],
        *,
        samples: Sequence[Sample],
        habits: Habits,
        instead: Mapping[int, Choice],
    ) -> None:
        self._overrides = overrides
        self._names = names
        self._samples = samples
        self._guessed = habits
        self._instead = instead
        self._of_table = _found(overrides, _OF_TABLE, None)
        of_table = _decided(self._of_table)
        self.habits = habits._replace(mark=of_table.mark or habits.mark, order=of_table.order or habits.order)
        self._of_columns = {
            place: self._applicable(place, _found(overrides, _OF_COLUMN, name))
            for place, name in enumerate(names)
            if name in overrides.columns
        }
        self.columns = {place: _decided(found) for place, found in self._of_columns.items()}

    def _applicable(self, place: int, found: dict[Decision, Override]) -> dict[Decision, Override]:
        """Leave out a type or a unit that hardly any cell is written in."""
        for what in ("type", "unit"):
            override = found.get(what)
            if override is None:
                continue
            alone = _decided({kept: other for kept, other in found.items() if kept in (what, "null_words")})
            share = share_of(self._samples[place], self.habits, alone)
            if share < (LEAST_SHARE if override.decided_on is None else LEAST_SHARE_REMEMBERED):
                self._overrides.refuse(override, _unfit(override))
                found = {kept: other for kept, other in found.items() if kept != what}
        clock = found.get("time_zone")
        if clock is not None and clock.value == UTC and self._names_some_zones(place):
            self._overrides.refuse(clock, Said(code="override_zones_unknown", facts={"name": clock.column}))
            found = {kept: other for kept, other in found.items() if kept != "time_zone"}
        return found

    def _names_some_zones(self, place: int) -> bool:
        """Say whether some moments of a column name a time zone and others do not."""
        zone = choose(self._samples[place], self.habits).zone
        return zone is not None and not zone.complete

    def table_guesses(self) -> list[ReadGuess]:
        """Return how the table's numbers and dates are written."""
        guesses = {guess.what: guess for guess in _habit_guesses(self._guessed)}
        for what, override in self._of_table.items():
            guesses[what] = overridden(override, guesses.get(what))
        return list(guesses.values())

    def column_guesses(self, loaded: Loaded) -> Iterator[ReadGuess]:
        """Yield the type of every column, its unit, and which words were read as no value in it."""
        for place, choice in enumerate(loaded.choices):
            guesses = {
                guess.what: guess for guess in _column_guesses(self._names[place], choice, loaded.words.get(place))
            }
            decided = self._of_columns.get(place)
            if decided:
                guesses = self._with_decided(place, decided, guesses)
            yield from guesses.values()

    def _with_decided(
        self, place: int, decided: Mapping[Decision, Override], guesses: dict[str, ReadGuess]
    ) -> dict[str, ReadGuess]:
        """Put what was decided in place of guesses; their runners-up are what the reader would have taken."""
        choice = self._instead.get(place) or choose(self._samples[place], self._guessed)
        automatic = {
            guess.what: guess for guess in _column_guesses(self._names[place], choice, Counter(choice.null_words))
        }
        return guesses | {what: overridden(override, automatic.get(what)) for what, override in decided.items()}


def _found(overrides: TableOverrides, whats: Sequence[Decision], column: str | None) -> dict[Decision, Override]:
    return {what: override for what in whats if (override := overrides.find(what, column)) is not None}


def _decided(found: Mapping[Decision, Override]) -> Decided:
    values = {what: str(shown(override.value)) for what, override in found.items()}
    nulls = found.get("null_words")
    return Decided(
        type=values.get("type"),
        null_words=None if nulls is None else tuple(word.lower() for word in words(nulls.value)),
        unit=values.get("unit"),
        mark=values.get("decimal_mark"),
        order=values.get("date_order"),
        zone=values.get("time_zone"),
    )


def _unfit(override: Override) -> Said:
    value = str(shown(override.value))
    if override.what == "unit":
        return Said(code="override_unit_unfit", facts={"name": override.column, "value": value})
    return Said(code="override_type_unfit", facts={"name": override.column, "type": value.partition("_")[0]})


def _habit_guesses(table: Habits) -> list[ReadGuess]:
    guesses = []
    for what, value, votes, other in (
        ("decimal_mark", table.mark, table.mark_votes, "." if table.mark == "," else ","),
        ("date_order", table.order, table.order_votes, "md" if table.order == "dm" else "dm"),
    ):
        if not votes:
            if what == "decimal_mark" and table.either_mark and not table.binary:
                guesses.append(
                    ReadGuess(
                        what=what,
                        value=value,
                        evidence=Said(code="decimal_mark_either", facts={"cells": table.either_mark}),
                        confidence=0.6,
                        alternatives=(Alternative(value=other, confidence=0.4),),
                    )
                )
            continue
        total = sum(votes.values())
        share = votes[value] / total
        guesses.append(
            ReadGuess(
                what=what,
                value=value,
                evidence=Said(code=f"{what}_votes", facts={"votes": votes[value], "of": total}),
                confidence=round(min(0.99, share), 2),
                alternatives=(Alternative(value=other, confidence=round(1 - min(0.99, share), 2)),),
            )
        )
    return guesses


def _column_guesses(name: str, choice: Choice, nulls: Counter[str] | None) -> Iterator[ReadGuess]:
    yield ReadGuess(
        what="type",
        column=name,
        value=choice.form.type,
        evidence=choice.evidence,
        confidence=choice.confidence,
        alternatives=choice.alternatives,
    )
    if choice.zone is not None:
        yield choice.zone.guess(name)
    unit = choice.form.unit
    unit_code = "unit_percent" if choice.form.name == "percent" else "unit_currency"
    if unit:
        yield ReadGuess(
            what="unit",
            column=name,
            value=unit,
            evidence=Said(code=unit_code, facts={"unit": unit}),
            confidence=0.95,
            alternatives=(Alternative(value=NO_UNIT, confidence=0.05),),
        )
    if nulls:
        shown_words = ", ".join(nulls)
        letters = any(word.isalpha() and len(word) == 1 for word in nulls)
        facts = {"words": shown_words, "cells": nulls.total(), "type": choice.form.type}
        yield ReadGuess(
            what="null_words",
            column=name,
            value=shown_words,
            evidence=Said(code="null_words", facts=facts),
            confidence=0.7 if letters else 0.9,
            alternatives=(Alternative(value="", confidence=0.3 if letters else 0.1),),
        )
