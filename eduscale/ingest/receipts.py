"""An upload in the words of its reader: the receipt that people and programs get."""

from eduscale.ingest.uploads import Known
from eduscale.ingest.wording import Language, say
from eduscale.models.reading import ReadGuess, ReadProblem
from eduscale.models.upload import Column, Guess, Problem, Receipt, ReceiptError, StoredTable, Table


def present(known: Known, language: Language) -> Receipt:
    """Return the receipt of an upload, its evidence and problems worded in `language`."""
    upload, stored = known.head.upload, known.receipt
    error = stored.error if stored else None
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
        replaces=upload.replaces,
        replaced_by=known.replaced_by,
        duration_ms=stored.duration_ms if stored else 0,
        tables=tuple(_table(table, language) for table in stored.tables) if stored else (),
        error=ReceiptError(code=error.code, message=say(error, language)) if error else None,
    )


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
