"""Files of SPSS, Stata and SAS: labels, missing codes, dates, encodings, and what is damaged."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest

from eduscale.ingest.formats import statistics, statistics_file
from eduscale.ingest.wording import say
from eduscale.models.reading import Override, ReadGuess
from tests.ingest.reading import Read, read
from tests.ingest.statistics_writer import INT8, INT32, Tagged, Variable, written

SURVEY = (
    Variable("IDSTUD", [101, 102, 103, 104], "Číslo žáka"),
    Variable("pohlavi", [1, 2, 9, 1], "Pohlaví žáka", {1: "chlapec", 2: "dívka", 9: "neuvedeno"}, [9]),
    Variable("hodin", [5, -99, 98, None], "Hodin příprav", {-99: "neví"}, [-99, (97, 99)]),
    Variable("prumer", [1.5, 2, None, 3.25]),
    Variable("skola", ["ZŠ Žár", "", "x", "y"], "Škola", width=20),
)
PLAIN = tuple(replace(variable, labels={}, missing=()) for variable in SURVEY)
NAMES = {"sav": "x.sav", "dta": "x.dta", "por": "x.por", "sas7bdat": "x.sas7bdat", "xport": "x.xpt"}


def read_written(folder: Path, kind: str, variables: Sequence[Variable], **options: int) -> Read:
    return read(folder, written(kind, variables, **options), NAMES[kind])


def guess(got: Read, what: str, column: str | None) -> ReadGuess:
    (found,) = [each for each in got.table.guesses if (each.what, each.column) == (what, column)]
    return found


@pytest.mark.parametrize("compression", [0, 1, 2], ids=["plain", "rows", "zsav"])
def test_spss_variables_come_with_labels_applied_and_missing_codes_empty(tmp_path: Path, compression: int) -> None:
    got = read_written(tmp_path, "sav", SURVEY, compression=compression)
    assert got.names == ["idstud", "pohlavi", "hodin", "prumer", "skola"]
    assert [column.label for column in got.table.columns] == [
        "Číslo žáka",
        "Pohlaví žáka",
        "Hodin příprav",
        "prumer",
        "Škola",
    ]
    assert got.types == ["integer", "text", "integer", "decimal", "text"]
    assert got.rows() == [
        (101, "chlapec", 5, 1.5, "ZŠ Žár"),
        (102, "dívka", None, 2.0, None),
        (103, None, None, None, "x"),
        (104, "chlapec", None, 3.25, "y"),
    ]


def test_missing_codes_are_told_with_counts_and_meaning(tmp_path: Path) -> None:
    got = read_written(tmp_path, "sav", SURVEY)
    hours = guess(got, "missing_codes", "hodin")
    assert hours.value == "-99, 98"
    assert hours.evidence.facts == {"cells": 2, "codes": "-99 = neví: 1×, 98: 1×"}
    assert guess(got, "missing_codes", "pohlavi").evidence.facts["codes"] == "9 = neuvedeno: 1×"


def test_the_codes_behind_labels_are_never_lost(tmp_path: Path) -> None:
    got = read_written(tmp_path, "sav", SURVEY)
    labels = guess(got, "value_labels", "pohlavi")
    assert labels.value == "labels"
    assert labels.alternatives[0].value == "codes"
    assert "1 = chlapec; 2 = dívka" in say(labels.evidence, "en")


def test_a_scale_whose_ends_only_are_labelled_keeps_its_numbers(tmp_path: Path) -> None:
    points = Variable("q1", [1, 2, 3, 4, 5, 5], "Jak?", {1: "vůbec", 5: "velmi"})
    got = read_written(tmp_path, "sav", [points])
    assert got.types == ["integer"]
    assert [row[0] for row in got.rows()] == [1, 2, 3, 4, 5, 5]
    assert guess(got, "value_labels", "q1").value == "codes"
    assert "1 = vůbec; 5 = velmi" in say(guess(got, "value_labels", "q1").evidence, "cs")


def test_labels_that_repeat_the_code_are_none(tmp_path: Path) -> None:
    got = read_written(tmp_path, "sav", [Variable("q1", [1, 2, 3], "Jak?", {1: "1", 2: "2", 3: "3"})])
    assert got.types == ["integer"]
    assert not [each for each in got.table.guesses if each.what == "value_labels"]


def test_a_code_that_is_no_answer_by_its_label_is_no_number(tmp_path: Path) -> None:
    age = Variable("vek", [12, 13, -9, 12], labels={-9: "bez odpovědi"}, type=INT32)
    got = read_written(tmp_path, "dta", [age], version=118)
    assert [row[0] for row in got.rows()] == [12, 13, None, 12]
    found = guess(got, "missing_labels", "vek")
    assert found.value == "-9"
    assert found.confidence < 0.9


def test_a_code_without_label_among_many_with_one_is_kept_and_told(tmp_path: Path) -> None:
    values = [1, 2] * 20 + [3]
    got = read_written(tmp_path, "sav", [Variable("typ", values, labels={1: "ZŠ", 2: "SŠ"}, measure="nominal")])
    assert [row[0] for row in got.rows()][-3:] == ["ZŠ", "SŠ", "3"]
    (problem,) = got.table.problems
    assert (problem.said.code, problem.said.facts) == ("code_without_label", {"codes": "3", "cells": 1})


def test_texts_have_labels_too(tmp_path: Path) -> None:
    got = read_written(tmp_path, "sav", [Variable("p", ["M", "Z"], labels={"M": "muž", "Z": "žena"}, width=2)])
    assert got.rows() == [("muž",), ("žena",)]


def test_letters_of_stata_stand_for_missing_values(tmp_path: Path) -> None:
    labels = {1: "ano", 2: "možná", Tagged("a"): "odmítl"}
    got = read_written(
        tmp_path, "dta", [Variable("q", [1, 2, Tagged("a"), None], labels=labels, type=INT8)], version=118
    )
    assert [row[0] for row in got.rows()] == ["ano", "možná", None, None]
    assert guess(got, "missing_codes", "q").evidence.facts == {"cells": 1, "codes": "a = odmítl: 1×"}


@pytest.mark.parametrize(
    ("kind", "shown_as", "value", "type_", "expected"),
    [
        ("sav", "DATE11", 13_932_864_000, "date", date(2024, 4, 19)),
        ("sav", "ADATE10", 13_932_864_000, "date", date(2024, 4, 19)),
        ("sav", "DATETIME20", 13_932_867_661, "datetime", datetime(2024, 4, 19, 1, 1, 1)),
        ("sav", "TIME8", 3_661, "time", time(1, 1, 1)),
        ("sav", "TIME8", 90_000, "duration", 90_000),
        ("dta", "%td", 23_000, "date", date(2022, 12, 21)),
        ("dta", "%tdDD_Mon_CCYY", 23_000, "date", date(2022, 12, 21)),
        ("dta", "%tc", 2e12, "datetime", datetime(2023, 5, 18, 3, 33, 20)),
        ("dta", "%tcHH:MM", 3_660_000, "time", time(1, 1)),
        ("dta", "%tm", 770, "text", "2024m3"),
        ("dta", "%tq", -1, "text", "1959q4"),
        ("sas7bdat", "DATE9", 23_000, "date", date(2022, 12, 21)),
        ("sas7bdat", "YYMMDD10", 23_000, "date", date(2022, 12, 21)),
        ("sas7bdat", "E8601DA", 23_000, "date", date(2022, 12, 21)),
        ("sas7bdat", "DATETIME20", 2e9, "datetime", datetime(2023, 5, 18, 3, 33, 20)),
        ("sas7bdat", "TIME8", 3_661, "time", time(1, 1, 1)),
        ("sav", "F8.2", 3_661, "integer", 3_661),
        ("dta", "%9.0g", 3_661, "integer", 3_661),
    ],
)
def test_dates_and_times_are_what_their_format_shows(
    tmp_path: Path, kind: str, shown_as: str, value: float, type_: str, expected: object
) -> None:
    version = {"version": 118} if kind == "dta" else {}
    got = read_written(tmp_path, kind, [Variable("kdy", [value, None], format=shown_as)], **version)
    assert got.types == [type_]
    assert got.rows() == [(expected,), (None,)]


def test_a_date_that_no_calendar_has_is_a_problem_and_the_others_stay(tmp_path: Path) -> None:
    got = read_written(tmp_path, "sav", [Variable("den", [13_932_864_000, 1e15], format="DATE11")])
    assert got.rows() == [(date(2024, 4, 19),), (None,)]
    assert [problem.said.code for problem in got.table.problems] == ["dates_out_of_range"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("dta", {"version": 119}),
        ("dta", {"version": 118}),
        ("dta", {"version": 117}),
        ("dta", {"version": 114}),
        ("sas7bdat", {}),
        ("xport", {"version": 5}),
        ("xport", {"version": 8}),
    ],
    ids=str,
)
def test_the_other_programs_files_give_the_same_table(tmp_path: Path, kind: str, options: dict[str, int]) -> None:
    got = read_written(tmp_path, kind, PLAIN, **options)
    assert got.types == ["integer", "integer", "integer", "decimal", "text"]
    assert got.rows()[0] == (101, 1, 5, 1.5, "ZŠ Žár")
    assert got.table.columns[1].label == "Pohlaví žáka"


def test_a_portable_file_is_read(tmp_path: Path) -> None:
    variables = [Variable("ID", [1, 2, 3]), Variable("B", [1, 2.5, None]), Variable("S", ["a", "", "c"], width=3)]
    got = read_written(tmp_path, "por", variables)
    assert got.rows() == [(1, 1.0, "a"), (2, 2.5, None), (3, None, "c")]


def test_letters_that_a_portable_file_lost_are_told(tmp_path: Path) -> None:
    sent = written("por", [Variable("S", ["skXla", "b"], width=5)]).replace(b"skXla", "skóla".encode("cp1250"))
    got = read(tmp_path, sent, "x.por")
    assert [problem.said.code for problem in got.table.problems] == ["letters_lost"]


TEXT = "Žluťoučký kůň"


def spss_bytes(*, declared: bytes, page: int) -> bytes:
    """Return an SPSS file in windows-1250 that says of its encoding what is given, or nothing."""
    sent = written("sav", [Variable("s", ["x" * len(TEXT), "b"], "XXXXX", width=16)])
    place = sent.index(b"\x07\0\0\0\x14\0\0\0")
    record = struct.pack("<4i", 7, 20, 1, len(declared)) + declared if declared else b""
    sent = sent[:place] + record + sent[place + 21 :]
    place = sent.index(b"\x07\0\0\0\x03\0\0\0") + 44
    sent = sent[:place] + struct.pack("<i", page) + sent[place + 4 :]
    return sent.replace(b"x" * len(TEXT), TEXT.encode("cp1250")).replace(b"XXXXX", "Škola".encode("cp1250"))


@pytest.mark.parametrize(
    ("declared", "page"),
    [(b"windows-1250", 1250), (b"", 1250), (b"", 2), (b"", 0), (b"UTF-8", 65001), (b"x-unknown", 0)],
    ids=["named", "numbered", "ascii", "nothing", "false", "unknown"],
)
def test_an_old_spss_file_is_read_whatever_it_says_of_its_encoding(
    tmp_path: Path, declared: bytes, page: int
) -> None:
    got = read(tmp_path, spss_bytes(declared=declared, page=page), "x.sav")
    assert got.table.columns[0].label == "Škola"
    assert got.rows() == [(TEXT,), ("b",)]


@pytest.mark.parametrize(("kind", "version"), [("dta", 114), ("dta", 117), ("xport", 5)])
@pytest.mark.parametrize("codec", ["cp1250", "utf-8"])
def test_a_file_that_cannot_say_its_encoding_is_read_by_its_letters(
    tmp_path: Path, kind: str, version: int, codec: str
) -> None:
    filler = "x" * len(TEXT.encode(codec))
    sent = written(kind, [Variable("s", [filler, "b"], "Otázka", width=32)], version=version)
    got = read(tmp_path, sent.replace(filler.encode(), TEXT.encode(codec)), NAMES[kind])
    assert got.rows() == [(TEXT,), ("b",)]
    assert got.guess("encoding") in ("windows-1250", "UTF-8", "UTF-8 + windows-1250")


def test_rows_are_read_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [float(number) for number in range(1_000)]
    variables = [Variable("n", numbers), Variable("t", [f"t{number:.0f}" for number in numbers], width=8)]
    monkeypatch.setattr(statistics_file, "CELLS_AT_ONCE", 500)
    got = read_written(tmp_path, "sav", variables, compression=1)
    assert got.rows() == [(number, f"t{number}") for number in range(1_000)]


def test_more_values_than_memory_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MEMORY_SHARE", 1e-9)
    got = read_written(tmp_path, "sav", PLAIN)
    assert got.reading.error is not None
    assert got.reading.error.code == "too_many_values"


def test_a_file_of_many_variables_is_read(tmp_path: Path) -> None:
    variables = [Variable(f"q{number}", [number, None], f"Otázka {number}") for number in range(300)]
    got = read_written(tmp_path, "sav", variables)
    assert got.rows()[0] == tuple(range(300))
    assert got.names[-1] == "q299"


def test_a_file_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    got = read_written(tmp_path, "sav", [replace(variable, values=[]) for variable in SURVEY])
    assert (got.table.rows, len(got.table.columns)) == (0, 5)


@pytest.mark.parametrize("kind", ["sav", "dta", "sas7bdat", "xport", "por"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_file_is_an_error_in_words_or_a_table_that_adds_up(tmp_path: Path, kind: str, share: float) -> None:
    plain = [Variable("ID", [float(n) for n in range(50)], "Label"), Variable("S", ["abc"] * 50, width=8)]
    sent = written(kind, plain)
    got = read(tmp_path, sent[: int(len(sent) * share)], NAMES[kind])
    if got.reading.error is None:
        assert got.table.rows == len(got.rows())
    else:
        assert got.reading.error.code == "damaged_statistics_file"


def test_content_counts_and_a_wrong_name_is_told(tmp_path: Path) -> None:
    got = read(tmp_path, written("sav", SURVEY), "data.csv")
    assert got.guess("format") == "statistics"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x1c\0\0\0\0\0\0\0ENCRYPTEDSAV\x15\0\0\0" + bytes(range(256)), "encrypted_statistics_file"),
        (
            bytes(12) + bytes.fromhex("c2ea8163b31411cfbd92080009c7318c181f1011") + bytes(300),
            "sas_catalogue",
        ),
        (b"$FL2" + b"\x01" * 400, "damaged_statistics_file"),
    ],
    ids=["encrypted", "catalogue", "garbage"],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, sent: bytes, code: str) -> None:
    got = read(tmp_path, sent, "x.sav")
    assert got.reading.error is not None
    assert got.reading.error.code == code


def decide(what: str, value: object, column: str) -> Override:
    return Override.model_validate({"what": what, "value": value, "column": column, "table": 0})


@pytest.mark.parametrize(
    ("override", "column", "values"),
    [
        (decide("value_labels", "codes", "pohlavi"), 1, [1, 2, None, 1]),
        (decide("missing_codes", "", "pohlavi"), 1, ["chlapec", "dívka", "neuvedeno", "chlapec"]),
        (decide("missing_codes", "-99", "hodin"), 2, [5, None, 98, None]),
        (decide("missing_codes", ("-99", "5"), "hodin"), 2, [None, None, 98, None]),
    ],
    ids=["codes", "nothing missing", "one code", "two codes"],
)
def test_what_a_person_decides_about_codes_counts(
    tmp_path: Path, override: Override, column: int, values: list[object]
) -> None:
    got = read(tmp_path, written("sav", SURVEY), "x.sav", overrides=(override,))
    assert [row[column] for row in got.rows()] == values
    assert guess(got, override.what, override.column).overridden
    assert not got.reading.refused


def test_labels_can_be_wanted_where_only_some_codes_have_one(tmp_path: Path) -> None:
    sent = written("sav", [Variable("q1", [1, 2, 5], "Jak?", {1: "vůbec", 5: "velmi"})])
    got = read(tmp_path, sent, "x.sav", overrides=(decide("value_labels", "labels", "q1"),))
    assert got.rows() == [("vůbec",), ("2",), ("velmi",)]


def test_a_label_can_be_said_to_be_an_answer(tmp_path: Path) -> None:
    sent = written("sav", [Variable("vek", [12, 13, -9, 12], labels={-9: "bez odpovědi"})])
    got = read(tmp_path, sent, "x.sav", overrides=(decide("missing_labels", "", "vek"),))
    assert [row[0] for row in got.rows()] == [12, 13, -9, 12]


def test_a_decision_about_codes_that_are_not_there_is_refused(tmp_path: Path) -> None:
    got = read(tmp_path, written("sav", SURVEY), "x.sav", overrides=(decide("value_labels", "codes", "idstud"),))
    assert [refused.said.code for refused in got.reading.refused] == ["override_no_use"]


@pytest.mark.parametrize("declared", [b"windows-1252", b""], ids=["false", "nothing"])
def test_a_person_can_say_in_which_encoding_a_file_is(tmp_path: Path, declared: bytes) -> None:
    sent = spss_bytes(declared=declared, page=1252)
    override = Override.model_validate({"what": "encoding", "value": "windows-1250"})
    got = read(tmp_path, sent, "x.sav", overrides=(override,))
    assert got.rows() == [(TEXT,), ("b",)]
    assert guess(got, "encoding", None).overridden
    assert not got.reading.refused
