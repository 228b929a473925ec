"""Which dataset each table of a file goes to, and what is known there: misspelt columns, the sender's history."""

from collections.abc import Iterable, Mapping, Sequence

from eduscale.ingest.dataset_names import dataset_names
from eduscale.ingest.findings import MAX_PROBLEMS
from eduscale.ingest.history import Sent, warnings
from eduscale.models.dataset import Dataset
from eduscale.models.reading import Alternative, ReadGuess, Reading, ReadProblem, ReadTable, Said
from eduscale.models.upload import StoredTable, UploadFacts
from eduscale.warehouse.catalogue import LiveTable, as_known, extended, place
from eduscale.warehouse.renames import same_columns

RENAMED = "renamed_from"
"""The guess that a column is one that its dataset knows, misspelt."""
SURE = 0.9


def placed(
    reading: Reading, upload: UploadFacts, datasets: Mapping[str, Dataset], live: Sequence[LiveTable]
) -> list[StoredTable]:
    """Give each table its dataset; those of one file do not mix either unless their layouts agree.

    `live` are the tables there are, oldest first: the sender's own say what is unlike in this file.
    """
    known = dict(datasets)
    tables = []
    wishes = dataset_names(upload.dataset, upload.filename, reading.tables)
    for table, wish in zip(reading.tables, wishes, strict=True):
        name = place(table.columns, wish, known)
        renamed = same_columns(table.columns, known[name].columns) if name in known else {}
        columns = as_known(table.columns, renamed)
        labels = {column.name: column.label for column in known[name].columns} if name in known else {}
        known[name] = extended(known.get(name), name, columns)
        guesses = (*table.guesses, *_guesses(table, renamed, labels))
        tables.append(StoredTable(**(dict(table) | {"guesses": guesses}), dataset=name, renamed=renamed))
    return _warned(tables, _own(live, upload))


def _guesses(table: ReadTable, renamed: Mapping[str, str], labels: Mapping[str, str]) -> Iterable[ReadGuess]:
    for column in table.columns:
        if column.name in renamed:
            known = renamed[column.name]
            yield ReadGuess(
                what=RENAMED,
                column=column.name,
                value=known,
                evidence=Said(code="column_misspelt", facts={"label": column.label, "known": labels[known]}),
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
        places = [place for place, table in enumerate(tables) if table.dataset == dataset]
        found = warnings(
            [_sent(tables[place]) for place in places],
            [table for table in own if table.dataset == dataset],
            [problem for place in places for problem in tables[place].problems],
        )
        if found:
            first = tables[places[0]]
            problems = (*(ReadProblem(column=each.column, said=each.said) for each in found), *first.problems)
            warned[places[0]] = first.model_copy(
                update={"problems": problems[:MAX_PROBLEMS], "problem_count": first.problem_count + len(found)}
            )
    return warned


def _sent(table: StoredTable) -> Sent:
    return Sent(as_known(table.columns, table.renamed), table.rows)
