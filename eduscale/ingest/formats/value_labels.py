"""Codes of statistics programs: which stand for a missing value, and whether labels are shown for the others."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from eduscale.ingest.formats.statistics_file import Cells, Code
from eduscale.ingest.tables.overrides import overridden, words
from eduscale.models.reading import Alternative, Override, ReadGuess, ReadProblem, Said

FEW_UNLABELLED = 0.05
"""Up to this share of the cells, codes without a label are an oversight in a variable of categories."""

_MISSING = re.compile(
    r"neuved|neodpov|bez odpov|nev[ií]|chyb[ěí]|odmít|netýk|nezjišt|nehodnot|neposoud|neuvád|nevie|odmiet"
    r"|missing|no answer|not answered|no response|refus|don.?t know|do not know|not applicable|not asked"
    r"|not reached|not administered|invalid|omitted|skip|keine angabe|weiß nicht|verweiger|brak danych|nie wiem"
    r"|\bn/?a\b|\bdk\b",
    re.IGNORECASE,
)


class Shown(NamedTuple):
    """A column's values as they are to be shown, and what was decided and is wrong about them."""

    values: npt.NDArray[Any]
    guesses: list[ReadGuess]
    problems: list[ReadProblem]


def shown(
    cells: Cells,
    labels: Mapping[Code, str],
    missing: Sequence[tuple[Code, Code]],
    *,
    measure: str,
    label: str,
    name: str,
    decided: Mapping[str, Override],
) -> Shown:
    """Return values without missing ones, which are spans of codes, and by their labels if all have one.

    What people `decided` instead counts.
    """
    kinds = Counter[Code](cells.letters)
    values, found = _without(cells.values, lambda code: _is_within(code, missing))
    kinds += found
    guesses = [_missing_guess(kinds, labels, name, declared=True)] if kinds else []
    if override := decided.get("missing_codes"):
        codes = words(override.value)
        values, _ = _without(cells.values, lambda code: plain(code) in codes)
        guesses = [overridden(override, guesses[0] if guesses else None)]
    named = {
        code: text
        for code, text in labels.items()
        if isinstance(code, str) == (values.dtype == object) and text and text != plain(code)
    }
    present = _counted(values)
    if not named or not present:
        return Shown(values, guesses, [])
    unnamed = {code: count for code, count in present.items() if code not in named}
    is_category = measure != "scale" and len(unnamed) < len(present.keys() & named.keys())
    share = sum(unnamed.values()) / sum(present.values())
    by_labels = not unnamed or (is_category and share <= FEW_UNLABELLED)
    confidence = 0.8 if not by_labels else 0.7 if unnamed else 0.95
    guess = _labels_guess(named, name, by_labels=by_labels, confidence=confidence)
    if override := decided.get("value_labels"):
        by_labels, guess = override.value == "labels", overridden(override, guess)
    guesses.append(guess)
    if by_labels:
        problems = []
        if unnamed:
            facts = {"codes": _listed(unnamed), "cells": sum(unnamed.values())}
            problems = [ReadProblem(column=label, said=Said(code="code_without_label", facts=facts))]
        return Shown(_relabelled(values, named), guesses, problems)
    silent, found = _without(values, lambda code: _MISSING.search(named.get(code, "")) is not None)
    if found:
        guess = _missing_guess(found, labels, name, declared=False)
        if override := decided.get("missing_labels"):
            return Shown(values, [*guesses, overridden(override, guess)], [])
        guesses.append(guess)
    return Shown(silent, guesses, [])


def plain(code: Code) -> str:
    """Return a code as it is written: whole numbers without decimals."""
    return code if isinstance(code, str) else f"{code:.15g}"


def _is_within(code: Code, spans: Sequence[tuple[Code, Code]]) -> bool:
    if isinstance(code, str):
        return any(code == low for low, _ in spans)
    return any(low <= code <= high for low, high in spans if isinstance(low, float) and isinstance(high, float))


def _counted(values: npt.NDArray[Any]) -> dict[Code, int]:
    """Return the distinct values with their counts, missing ones left out."""
    if values.dtype == object:
        return dict(Counter(value for value in values.tolist() if value is not None))
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    return dict(zip(distinct.tolist(), counts.tolist(), strict=True))


def _without(
    values: npt.NDArray[Any], is_missing: Callable[[Code], bool]
) -> tuple[npt.NDArray[Any], Counter[Code]]:
    """Return values without those that stand for a missing one, and how many of each there were."""
    found = Counter({code: count for code, count in _counted(values).items() if is_missing(code)})
    if not found:
        return values, found
    left = values.copy()
    left[np.isin(values, list(found))] = None if values.dtype == object else np.nan
    return left, found


def _relabelled(values: npt.NDArray[Any], named: Mapping[Code, str]) -> npt.NDArray[Any]:
    """Return the labels of values; a value without one is written as it is."""
    if values.dtype == object:
        known = {code: named.get(code, code) for code in set(values.tolist())}
        return np.array([known[value] for value in values.tolist()], dtype=object)
    distinct, places = np.unique(values, return_inverse=True, equal_nan=True)
    texts = np.array(
        [None if np.isnan(code) else named.get(code, plain(code)) for code in distinct.tolist()], dtype=object
    )
    return texts[places]


def _labels_guess(named: Mapping[Code, str], name: str, *, by_labels: bool, confidence: float) -> ReadGuess:
    value, other = ("labels", "codes") if by_labels else ("codes", "labels")
    return ReadGuess(
        what="value_labels",
        column=name,
        value=value,
        evidence=Said(code=f"values_by_{value}", facts={"labels": _explained(named)}),
        confidence=confidence,
        alternatives=(Alternative(value=other, confidence=round(1 - confidence, 2)),),
    )


def _missing_guess(counts: Counter[Code], labels: Mapping[Code, str], name: str, *, declared: bool) -> ReadGuess:
    confidence = 0.97 if declared else 0.8
    codes = ", ".join(
        f"{plain(code)} = {labels[code]}: {count}×" if labels.get(code) else f"{plain(code)}: {count}×"
        for code, count in counts.items()
    )
    facts = {"cells": counts.total(), "codes": codes}
    return ReadGuess(
        what="missing_codes" if declared else "missing_labels",
        column=name,
        value=_listed(counts),
        evidence=Said(code="missing_declared" if declared else "missing_by_label", facts=facts),
        confidence=confidence,
        alternatives=(Alternative(value="", confidence=round(1 - confidence, 2)),),
    )


def _listed(codes: Mapping[Code, object]) -> str:
    return ", ".join(map(plain, codes))


def _explained(named: Mapping[Code, str]) -> str:
    return "; ".join(f"{plain(code)} = {text}" for code, text in named.items())
