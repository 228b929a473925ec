"""What people decided instead of the reader, asked for wherever a guess is made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eduscale.models.reading import (
    Alternative,
    Decision,
    Override,
    ReadGuess,
    ReadProblem,
    ReadTable,
    Refused,
    Said,
    Value,
)

FILE_WIDE: frozenset[Decision] = frozenset({"format", "sheet", "json_table", "encoding", "delimiter", "quote"})
"""Decisions about a file as a whole."""
BY_COLUMN: frozenset[Decision] = frozenset(
    {
        "type",
        "null_words",
        "unit",
        "renamed_from",
        "time_zone",
        "value_labels",
        "missing_codes",
        "missing_labels",
        "multiple_choice",
    }
)
"""Decisions that need a column."""
TABLE_OR_COLUMN: frozenset[Decision] = frozenset({"decimal_mark", "date_order"})

Key = tuple[int | None, str | None, Decision]


def key(override: Override) -> Key:
    """Return what two decisions of the same guess share."""
    return override.table, override.column, override.what


class Overrides:
    """The decisions for one file. Those that no reader asks for, or that it refuses, are reported in the end."""

    def __init__(self, decided: Iterable[Override] = ()) -> None:
        self._decided = {key(override): override for override in decided}
        self._asked: set[Key] = set()
        self._refused: dict[Key, Refused] = {}

    def find(self, what: Decision) -> Override | None:
        """Return what was decided for the whole file, if anything."""
        return self._find((None, None, what))

    def of(self, table: int) -> "TableOverrides":
        """Return what was decided for one table; a table of a negative number is none of the file's."""
        return TableOverrides(self, table)

    def refuse(self, override: Override, said: Said) -> None:
        """Note that a decision cannot be applied."""
        self._refused[key(override)] = Refused(override=override, said=said)

    def report(self, tables: Sequence[ReadTable]) -> tuple[list[ReadTable], tuple[Refused, ...]]:
        """Return finished tables, with a problem for each decision that was not applied, and those decisions."""
        for asked, override in self._decided.items():
            if asked not in self._asked:
                self.refuse(override, _why_unasked(override, tables))
        reported = list(tables)
        for refused in self._refused.values():
            override = refused.override
            place = override.table if override.table is not None and override.table < len(reported) else 0
            problem = ReadProblem(column=override.column, said=refused.said)
            table = reported[place]
            reported[place] = table.model_copy(
                update={"problems": (problem, *table.problems), "problem_count": table.problem_count + 1}
            )
        return reported, tuple(self._refused.values())

    def _find(self, wanted: Key) -> Override | None:
        found = self._decided.get(wanted)
        if found is not None:
            self._asked.add(wanted)
        return None if wanted in self._refused else found

    def _columns(self, table: int) -> frozenset[str]:
        return frozenset(column for of, column, _ in self._decided if of == table and column is not None)


@dataclass(frozen=True)
class TableOverrides:
    """The decisions for one table of a file."""

    _overrides: Overrides
    table: int

    def find(self, what: Decision, column: str | None = None) -> Override | None:
        """Return what was decided for the table or one of its columns, if anything."""
        return self._overrides._find((self.table, column, what))

    def refuse(self, override: Override, said: Said) -> None:
        """Note that a decision cannot be applied."""
        self._overrides.refuse(override, said)

    @property
    def columns(self) -> frozenset[str]:
        """The names of the columns for which anything was decided."""
        return self._overrides._columns(self.table)


def overridden(override: Override, instead: ReadGuess | None) -> ReadGuess:
    """Return the guess that a person decided; the runner-up is what the reader would have taken."""
    value = shown(override.value)
    others = [guess for guess in (instead,) if guess is not None and guess.value != value]
    more = instead.alternatives if instead is not None else ()
    return ReadGuess(
        what=override.what,
        column=override.column,
        value=value,
        evidence=Said(code="override_said")
        if override.decided_on is None
        else Said(code="override_remembered", facts={"day": override.decided_on.isoformat()}),
        confidence=1.0,
        alternatives=(
            *(Alternative(value=guess.value, confidence=guess.confidence) for guess in others),
            *(other for other in more if other.value != value),
        ),
        overridden=True,
    )


def shown(value: Value | tuple[str, ...]) -> Value:
    """Return a decided value as a receipt shows it: several words as one text."""
    return ", ".join(value) if isinstance(value, tuple) else value


def names(value: Value | tuple[str, ...]) -> tuple[str, ...]:
    """Return a decided value that may be several names."""
    return value if isinstance(value, tuple) else (str(value),)


def words(value: Value | tuple[str, ...]) -> tuple[str, ...]:
    """Return a decided value that may be several words, given as a list or as the text of a receipt."""
    parts = value if isinstance(value, tuple) else str(value).split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _why_unasked(override: Override, tables: Sequence[ReadTable]) -> Said:
    if override.table is not None and override.table >= len(tables):
        return Said(code="override_no_table", facts={"table": override.table + 1, "tables": len(tables)})
    if override.column is not None:
        return Said(code="override_no_column", facts={"name": override.column})
    return Said(code="override_no_use", facts={"what": override.what})
