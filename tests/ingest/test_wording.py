"""Whatever the reader may say has a sentence in both languages."""

import ast
import string
from pathlib import Path

import pytest

from eduscale.ingest import wording
from eduscale.ingest.reject_words import reject_words
from eduscale.ingest.tables import forms
from eduscale.ingest.tables import table_reader as tables
from eduscale.models.reading import Said

INGEST = Path(wording.__file__).parent


def codes_in_use() -> set[str]:
    """Return every code that a module of `ingest` names in a Said, an UnreadableFile or a problem."""
    codes: set[str] = set()
    for path in INGEST.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            told = [keyword.value for keyword in node.keywords if keyword.arg == "code"] if name == "Said" else []
            told += node.args[:1] if name in ("UnreadableFile", "problem") else []
            codes |= {
                part.value
                for value in told
                for part in ast.walk(value)
                if isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and not isinstance(value, ast.JoinedStr)
            }
    return codes


def test_every_code_has_its_sentences() -> None:
    used = codes_in_use()
    assert len(used) > 20
    assert used <= wording.codes()


def reasons_in_use() -> set[str]:
    """Return every code that a module of `ingest` gives to a reject, or to a row that a layout sets aside."""
    codes = set(tables.BAD_CELL_CODES.values())
    for path in INGEST.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            given: list[ast.expr] = []
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reject":
                given = node.args[1:3]
            elif isinstance(node, ast.Tuple) and node.elts and ast.unparse(node.elts[0]) in ("row", "data.pop()"):
                given = node.elts[1:2]
            for value in given:
                parts = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
                codes |= {
                    one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return codes


@pytest.mark.parametrize("language", ["en", "cs"])
def test_every_reason_of_a_reject_has_a_sentence_without_facts(language: wording.Language) -> None:
    """A file of rejects holds codes only."""
    used = reasons_in_use()
    assert {"row_long", "title", "total", "repeated_header", "not_a_date", "not_a_record"} <= used
    assert used <= set(reject_words(language).reasons)


def test_both_languages_use_the_same_facts() -> None:
    for code in wording.codes():
        english, czech = wording._SENTENCES[code]
        fields = [
            {field for _, field, _, _ in string.Formatter().parse(text) if field} for text in (english, czech)
        ]
        assert fields[0] == fields[1], code


@pytest.mark.parametrize("language", ["en", "cs"])
def test_a_cell_that_is_left_empty_is_shown_where_it_is_known(language: wording.Language) -> None:
    """Receipts of before, and files of rejects, hold no cell beside the code."""
    for code in set(tables.BAD_CELL_CODES.values()):
        assert "(nemocen)" in wording.say(Said(code=code, facts={"example": "nemocen"}), language)
        assert wording.say(Said(code=code), language) == wording.plain_sentences(language)[code]


def test_a_sentence_carries_its_facts() -> None:
    said = Said(code="row_short", facts={"cells": 2, "columns": 4})
    assert wording.say(said, "en").startswith("The row has 2 of 4 cells")
    assert wording.say(said, "cs").startswith("Řádek má 2 z 4 buněk")


@pytest.mark.parametrize(
    ("rows", "english", "czech"),
    [
        (1, "The first row holds names", "První řádek obsahuje názvy"),
        (2, "The first 2 rows hold names", "První 2 řádky obsahují názvy"),
        (5, "The first 5 rows hold names", "Prvních 5 řádků obsahuje názvy"),
    ],
)
def test_a_number_is_followed_by_the_words_that_go_with_it(rows: int, english: str, czech: str) -> None:
    said = Said(code="header_labels", facts={"rows": rows, "columns": 3, "value_columns": 2})
    assert wording.say(said, "en").startswith(english)
    assert wording.say(said, "cs").startswith(czech)


def test_every_form_of_values_has_its_words() -> None:
    dates = [*forms.dates("dm"), *forms.dates("md")]
    moments = [forms.moment(date, time) for date in dates for time in forms.TIMES]
    known = [*forms.numbers(","), *forms.prices(","), *dates, *moments, *forms.TIMES, *forms.DURATIONS]
    known += [
        *forms.DURATIONS,
        *forms.signed(","),
        forms.DOTTED_TIME,
        forms.DAY_NUMBERS,
        forms.mixed_dates("dm"),
        forms.marked("x"),
    ]
    for form in (*known, forms.ISO_MOMENT, forms.boolean("ano", "ne")):
        said = Said(code="type_fits", facts={"form": form.name, "cells": 2, "of": 2})
        assert "_" not in wording.say(said, "en")
        assert wording._FORMS[form.name][1] in wording.say(said, "cs")


def test_no_sentence_leaves_the_number_of_things_open() -> None:
    for code in wording.codes():
        for sentence in wording._SENTENCES[code]:
            assert "(s)" not in sentence
            assert "(počet" not in sentence


def test_a_receipt_of_an_older_reader_stays_readable() -> None:
    assert wording.say(Said(code="column_kept_as_text"), "cs") == "column kept as text"


def test_whoever_raises_an_error_gives_all_the_facts_of_its_sentence() -> None:
    for path in INGEST.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "UnreadableFile":
                continue
            code = node.args[0]
            given = {keyword.arg for keyword in node.keywords}
            if not isinstance(code, ast.Constant) or None in given:
                continue
            wanted = {field for _, field, _, _ in string.Formatter().parse(wording._SENTENCES[code.value][0])}
            assert {field for field in wanted if field} <= given, f"{path.name}:{node.lineno}"
