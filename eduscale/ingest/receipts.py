"""An upload in the words of its reader: the receipt that people and programs get."""

from collections.abc import Iterable

from eduscale.ingest.uploads import Known
from eduscale.ingest.wording import Language, say
from eduscale.models.dataset import Dataset
from eduscale.models.overlap import CountedTwice, DatasetWarning, Overlap, SharedRows
from eduscale.models.reading import ReadGuess, ReadProblem, Said, Value
from eduscale.models.upload import AUTO, Column, Guess, Problem, Receipt, ReceiptError, StoredTable, Table


def present(known: Known, language: Language) -> Receipt:
    """Return the receipt of an upload, its evidence and problems worded in `language`."""
    upload, stored = known.head.upload, known.receipt
    error = stored.error if stored else None
    shared = tuple(_shared(overlap, language) for overlap in known.overlaps)
    return Receipt(
        upload_id=upload.upload_id,
        generation=known.head.generation,
        filename=upload.filename,
        sha256=upload.sha256,
        size_bytes=upload.size_bytes,
        region=upload.region,
        dataset=upload.dataset,
        sender=upload.sender,
        state=known.head.state,
        received_at=upload.received_at,
        duplicate=known.duplicate,
        replaces=None if upload.replaces == AUTO else upload.replaces,
        also_replaces=known.head.also_replaces,
        replaced_by=known.replaced_by,
        newer_version_of=next((each for each in shared if each.kind == "newer"), None),
        shares_rows_with=shared,
        duration_ms=stored.duration_ms if stored else 0,
        tables=tuple(_table(table, language) for table in stored.tables) if stored else (),
        error=ReceiptError(code=error.code, message=say(error, language)) if error else None,
    )


def warnings_of(datasets: Iterable[Dataset], language: Language) -> tuple[DatasetWarning, ...]:
    """Return what is to be known before trusting the numbers of datasets, worded in `language`."""
    return tuple(_warning(twice, language) for dataset in datasets for twice in dataset.counted_twice)


def _warning(twice: CountedTwice, language: Language) -> DatasetWarning:
    said = Said(code="rows_counted_twice", facts=twice.model_dump(exclude={"upload_ids"}))
    return DatasetWarning(
        code=said.code,
        message=say(said, language),
        dataset=twice.dataset,
        upload_ids=twice.upload_ids,
        rows=twice.rows,
    )


def _shared(overlap: Overlap, language: Language) -> SharedRows:
    return SharedRows(
        upload_id=overlap.upload_id,
        filename=overlap.filename,
        received_at=overlap.received_at,
        kind=overlap.kind,
        rows_same=overlap.rows_same,
        rows_new=overlap.rows_new,
        rows_changed=overlap.rows_changed,
        rows_gone=overlap.rows_gone,
        key=overlap.key or None,
        estimated=overlap.estimated,
        confidence=overlap.confidence,
        message=say(_told(overlap), language),
    )


def _told(overlap: Overlap) -> Said:
    facts: dict[str, Value] = {
        "filename": overlap.filename,
        "day": overlap.received_at.date().isoformat(),
        "same": overlap.rows_same,
        "new": overlap.rows_new,
        "changed": overlap.rows_changed,
        "gone": overlap.rows_gone,
        "added": overlap.columns_added,
    }
    if overlap.columns_added:
        is_newer = overlap.kind == "newer"
        return Said(code="newer_with_columns" if is_newer else "rows_in_without_columns", facts=facts)
    if overlap.kind == "part":
        return Said(code="rows_already_in" if overlap.rows_new else "all_rows_already_in", facts=facts)
    if overlap.kind == "overlap":
        return Said(code="rows_partly_in", facts=facts)
    if not overlap.rows_new + overlap.rows_changed + overlap.rows_gone:
        return Said(code="same_rows_again", facts=facts)
    return Said(code="newer_version", facts=facts)


def _table(table: StoredTable, language: Language) -> Table:
    return Table(
        index=table.index,
        name=table.name,
        dataset=table.dataset,
        columns=tuple(
            Column(name=column.name, label=column.label, type=column.type, concept=column.concept)
            for column in table.columns
        ),
        rows=table.rows,
        rejected_rows=table.rejected_rows,
        set_aside_rows=table.set_aside_rows,
        guesses=tuple(_guess(guess, language) for guess in table.guesses),
        problems=tuple(_problem(problem, language) for problem in table.problems),
        problem_count=table.problem_count,
    )


def _guess(guess: ReadGuess, language: Language) -> Guess:
    return Guess(
        what=guess.what,
        column=guess.column,
        value=guess.value,
        evidence=say(guess.evidence, language),
        confidence=guess.confidence,
        alternatives=guess.alternatives,
        overridden=guess.overridden,
    )


def _problem(problem: ReadProblem, language: Language) -> Problem:
    return Problem(
        row=problem.row, column=problem.column, code=problem.said.code, message=say(problem.said, language)
    )
