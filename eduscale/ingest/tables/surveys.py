"""What is particular to exports of surveys: several answers in a cell, scales, moments without a zone."""

from collections.abc import Iterable, Iterator, Sequence

from eduscale.ingest.tables.multiple_choice import Options, find_options
from eduscale.ingest.tables.names import normal_name
from eduscale.ingest.tables.scales import Scale, numbered_scale, worded_scale
from eduscale.ingest.tables.types import Choice, Sample
from eduscale.models.reading import Alternative, ReadGuess, Said

TIMES_OF_ANSWERS = frozenset(
    "casova_znacka timestamp start_time completion_time cas_zahajeni cas_dokonceni zacatek dokonceni cas_spusteni "
    "startdate enddate recordeddate start_date end_date recorded_date submitdate datestamp datum_odeslani "
    "submit_date submitted_at last_modified_time cas_posledni_upravy zeitstempel casova_peciatka".split()
)
"""How surveys call the moments of an answer, which they note without a time zone."""
LEAST_QUESTIONS = 2
"""So many labels that are questions make a survey too."""
SHOWN_BETWEEN = " | "


def survey_guesses(
    labels: Sequence[str],
    names: Sequence[str],
    samples: Sequence[Sample],
    choices: Sequence[Choice],
    *,
    told: Iterable[ReadGuess],
) -> Iterator[ReadGuess]:
    """Yield what the columns of a table are as answers of a survey, beyond what is told already."""
    is_survey = _is_survey(labels)
    with_zone = {guess.column for guess in told if guess.what == "time_zone"}
    for label, name, sample, choice in zip(labels, names, samples, choices, strict=True):
        type_ = choice.form.type
        if type_ == "text":
            scale = worded_scale(sample.counts)
            if scale is not None:
                yield _scale_guess(scale, name, "scale_words", 0.9)
            options = find_options(sample.counts) if scale is None else None
            if options is not None:
                yield _options_guess(options, name)
        elif is_survey and type_ == "integer":
            scale = numbered_scale(sample.counts, label)
            if scale is not None:
                yield _scale_guess(scale, name, "scale_numbers", 0.75)
        elif is_survey and type_ == "datetime" and not with_zone & {None, name} and _is_of_answer(label, name):
            yield ReadGuess(
                what="time_zone",
                column=name,
                value="local",
                evidence=Said(code="zone_unknown"),
                confidence=0.6,
                alternatives=(Alternative(value="UTC", confidence=0.3),),
            )


def _is_survey(labels: Sequence[str]) -> bool:
    questions = sum(label.rstrip().endswith("?") for label in labels)
    return questions >= LEAST_QUESTIONS or any(normal_name(label) in TIMES_OF_ANSWERS for label in labels)


def _is_of_answer(label: str, name: str) -> bool:
    return bool({normal_name(label), name} & TIMES_OF_ANSWERS)


def _options_guess(options: Options, name: str) -> ReadGuess:
    confidence = round(min(0.95, 0.6 + 0.05 * options.several), 2)
    facts = {
        "options": SHOWN_BETWEEN.join(options.options),
        "count": len(options.options),
        "cells": options.several,
    }
    return ReadGuess(
        what="multiple_choice",
        column=name,
        value="text",
        evidence=Said(code="multiple_choice", facts=facts),
        confidence=confidence,
        alternatives=(Alternative(value="columns", confidence=round(1 - confidence, 2)),),
    )


def _scale_guess(scale: Scale, name: str, code: str, confidence: float) -> ReadGuess:
    facts = {"points": SHOWN_BETWEEN.join(scale.points), "count": len(scale.points)}
    return ReadGuess(
        what="scale",
        column=name,
        value=len(scale.points),
        evidence=Said(code=code, facts=facts),
        confidence=confidence,
    )
