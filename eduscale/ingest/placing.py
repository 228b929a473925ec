"""Which dataset each table of a file goes to, and what is known there: misspelt columns, the sender's history."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from eduscale.ingest.dataset_names import dataset_names
from eduscale.ingest.history import Sent, Warned, warnings
from eduscale.ingest.tables.findings import MAX_PROBLEMS
from eduscale.ingest.tables.overrides import overridden
from eduscale.models.dataset import Dataset, DatasetColumn
from eduscale.models.reading import (
    Alternative,
    Override,
    ReadColumn,
    ReadGuess,
    Reading,
    ReadProblem,
    ReadTable,
    Refused,
    Said,
)
from eduscale.models.upload import StoredTable, UploadFacts
from eduscale.warehouse.catalogue import LiveTable, as_known, extended, place
from eduscale.warehouse.renames import same_columns

RENAMED = "renamed_from"
"""The guess that a column is one that its dataset knows, misspelt."""
SURE = 0.9
UNSURE = 0.6
"""How sure it is that a column of a name that is merely alike is one of its own."""


class Placed(NamedTuple):
    """Tables with their datasets, and decisions of people about columns that cannot be applied."""

    tables: list[StoredTable]
    refused: tuple[Refused, ...]


class _Renaming(NamedTuple):
    """Which columns of a table are columns of its dataset under another name, and why."""

    renamed: dict[str, str]
    guesses: tuple[ReadGuess, ...]
    refused: tuple[Refused, ...]


def placed(
    reading: Reading,
    upload: UploadFacts,
    datasets: Mapping[str, Dataset],
    live: Sequence[LiveTable],
    overrides: Sequence[Override] = (),
) -> Placed:
    """Give each table its dataset; those of one file do not mix either unless their layouts agree.

    `live` are the tables there are, oldest first: the sender's own say what is unlike in this file. `overrides`
    may say which columns are one.
    """
    known = dict(datasets)
    tables: list[StoredTable] = []
    refused: list[Refused] = []
    wishes = dataset_names(upload.dataset, upload.filename, reading.tables)
    for table, wish in zip(reading.tables, wishes, strict=True):
        decided = [each for each in overrides if each.what == RENAMED and each.table == table.index]
        said = {each.column or "": str(each.value) for each in decided}
        name = place(as_known(table.columns, said), wish, known)
        renaming = _renaming(table, known[name].columns if name in known else (), decided)
        known[name] = extended(known.get(name), name, as_known(table.columns, renaming.renamed))
        refused += renaming.refused
        problems = [ReadProblem(column=each.override.column, said=each.said) for each in renaming.refused]
        changes = {
            "guesses": (*table.guesses, *renaming.guesses),
            "problems": (*problems, *table.problems)[:MAX_PROBLEMS],
            "problem_count": table.problem_count + len(problems),
        }
        tables.append(StoredTable(**(dict(table) | changes), dataset=name, renamed=renaming.renamed))
    return Placed(_warned(tables, _own(live, upload)), tuple(refused))


def _renaming(table: ReadTable, known: Sequence[DatasetColumn], decided: Sequence[Override]) -> _Renaming:
    """Take misspelt columns for what they mean, and columns for what people decided that they are."""
    columns = {column.name: column for column in table.columns}
    labels = {column.name: column.label for column in known}
    alone = same_columns(table.columns, known)
    renamed = same_columns(table.columns, known, refused=[each.column or "" for each in decided])
    guesses = [_guess(columns[name], known_name, labels[known_name]) for name, known_name in renamed.items()]
    refused = []
    for override in decided:
        name, value = override.column or "", str(override.value)
        is_free = value in labels and value not in columns and value not in renamed.values()
        if name in columns and (is_free or value == name):
            instead = _guess(columns[name], alone[name], labels[alone[name]]) if name in alone else None
            guesses.append(overridden(override, instead))
            if value != name:
                renamed[name] = value
        else:
            said = Said(code="override_no_known_column", facts={"name": value})
            refused.append(Refused(override=override, said=said))
    return _Renaming(renamed, tuple(guesses), tuple(refused))


def _guess(column: ReadColumn, known_name: str, known_label: str) -> ReadGuess:
    return ReadGuess(
        what=RENAMED,
        column=column.name,
        value=known_name,
        evidence=Said(code="column_misspelt", facts={"label": column.label, "known": known_label}),
        confidence=SURE,
        alternatives=(Alternative(value=column.name, confidence=round(1 - SURE, 2)),),
    )


def _own(live: Sequence[LiveTable], upload: UploadFacts) -> list[LiveTable]:
    return [
        table
        for table in live
        if (table.part.region, table.part.sender) == (upload.region, upload.sender)
        and table.part.upload_id != upload.upload_id
        and table.head.upload.received_at <= upload.received_at
    ]


def _warned(tables: Sequence[StoredTable], own: Sequence[LiveTable]) -> list[StoredTable]:
    """Put what is unlike the sender's earlier files before the problems of the first table of each dataset."""
    warned = list(tables)
    for dataset in dict.fromkeys(table.dataset for table in tables):
        places = [number for number, table in enumerate(tables) if table.dataset == dataset]
        found = warnings(
            [_sent(tables[number]) for number in places],
            [table for table in own if table.dataset == dataset],
            [problem for number in places for problem in tables[number].problems],
        )
        decided = {guess.column for number in places for guess in tables[number].guesses if guess.what == RENAMED}
        told = [each for each in found if each.renamed is None or each.renamed[0] not in decided]
        for number in places:
            warned[number] = _with_guesses(tables[number], told)
        warned[places[0]] = _with_problems(warned[places[0]], told)
    return warned


def _with_problems(table: StoredTable, told: Sequence[Warned]) -> StoredTable:
    problems = (*(ReadProblem(column=each.column, said=each.said) for each in told), *table.problems)
    return table.model_copy(
        update={"problems": problems[:MAX_PROBLEMS], "problem_count": table.problem_count + len(told)}
    )


def _with_guesses(table: StoredTable, told: Sequence[Warned]) -> StoredTable:
    guesses = [guess for each in told if (guess := _kept_apart(each, table)) is not None]
    return table.model_copy(update={"guesses": (*table.guesses, *guesses)})


def _kept_apart(warned: Warned, table: StoredTable) -> ReadGuess | None:
    """Return the guess that a column of a table is one of its own, though it may be one that its file lacks."""
    if warned.renamed is None or warned.renamed[0] not in {column.name for column in table.columns}:
        return None
    name, other = warned.renamed
    alternatives = (Alternative(value=other, confidence=round(1 - UNSURE, 2)),)
    return ReadGuess(
        what=RENAMED, column=name, value=name, evidence=warned.said, confidence=UNSURE, alternatives=alternatives
    )


def _sent(table: StoredTable) -> Sent:
    return Sent(as_known(table.columns, table.renamed), table.rows)
