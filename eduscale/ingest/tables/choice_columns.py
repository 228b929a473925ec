"""Questions with several answers as one column an option, where a person wants it so."""

from collections.abc import Sequence
from typing import NamedTuple

from eduscale.ingest.tables.multiple_choice import find_options
from eduscale.ingest.tables.names import free_name, row_name
from eduscale.ingest.tables.overrides import TableOverrides, overridden
from eduscale.ingest.tables.types import Sample
from eduscale.models.reading import Override, ReadColumn, ReadGuess, ReadTable, Said

COLUMNS = "columns"


class Spread(NamedTuple):
    """A table with new columns, each behind the one that it is made of, and what SQL selects for all of them."""

    table: ReadTable
    selected: Sequence[str]


def spread_choices(table: ReadTable, samples: Sequence[Sample], overrides: TableOverrides) -> Spread | None:
    """Return a table with the columns that people want of its questions; None where they want nothing."""
    columns: list[ReadColumn] = []
    selected: list[str] = []
    guesses: list[ReadGuess] = []
    decided: dict[str | None, Override] = {}
    taken = {column.name for column in table.columns}
    for column, sample in zip(table.columns, samples, strict=True):
        columns.append(column)
        raw = f'"{column.name}"'
        selected.append(raw)
        wanted = column.name in overrides.columns
        override = overrides.find("multiple_choice", column.name) if wanted else None
        if override is None:
            continue
        found = find_options(sample.counts) if column.type == "text" else None
        if found is None:
            overrides.refuse(override, Said(code="override_no_options", facts={"name": column.name}))
            continue
        decided[column.name] = override
        for option in found.options if override.value == COLUMNS else ():
            name = free_name(row_name(column.name, option), taken)
            taken.add(name)
            columns.append(
                ReadColumn(
                    name=name,
                    label=f"{column.label} [{option}]",
                    type="boolean",
                    storage="BOOLEAN",
                    empty=column.empty,
                    made_of=column.name,
                )
            )
            selected.append(f'{found.sql(option, raw)} AS "{name}"')
            guesses.append(_type_guess(name, option))
    if not decided:
        return None
    told = [
        overridden(decided[guess.column], guess)
        if guess.what == "multiple_choice" and guess.column in decided
        else guess
        for guess in table.guesses
    ]
    changes = {"columns": tuple(columns), "guesses": (*told, *guesses)}
    return Spread(table.model_copy(update=changes), selected)


def _type_guess(name: str, option: str) -> ReadGuess:
    return ReadGuess(
        what="type",
        column=name,
        value="boolean",
        evidence=Said(code="choice_column", facts={"option": option}),
        confidence=0.99,
    )
