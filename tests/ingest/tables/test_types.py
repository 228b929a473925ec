"""A column's type is decided by all its cells, and nothing is lost or invented by converting them."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from tests.ingest.reading import Read, read, read_path


def read_column(folder: Path, cells: Sequence[str], label: str = "value") -> Read:
    """Read a column of cells beside a counter, separated by semicolons."""
    lines = [f"n;{label}", *(f"{n};{cell}" for n, cell in enumerate(cells))]
    return read(folder, "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("cells", "type_", "values"),
    [
        pytest.param(["1", "-20", "300"], "integer", [1, -20, 300], id="whole numbers"),
        pytest.param(
            ["1 234", "12\u00a0500", "1\u202f000\u202f000"], "integer", [1234, 12500, 1000000], id="spaces"
        ),
        pytest.param(["1,5", "2", "-0,25"], "decimal", [1.5, 2.0, -0.25], id="decimal comma"),
        pytest.param(["1.5", "2.25", "3"], "decimal", [1.5, 2.25, 3.0], id="decimal point"),
        pytest.param(["1 234,50", "999,99"], "decimal", [1234.5, 999.99], id="spaces and comma"),
        pytest.param(["1.234,50", "12.000,75"], "decimal", [1234.5, 12000.75], id="points and comma"),
        pytest.param(["1,234.50", "12,000.75"], "decimal", [1234.5, 12000.75], id="commas and point"),
        pytest.param(["33,3 %", "85 %", "7%"], "decimal", [0.333, 0.85, 0.07], id="percent"),
        pytest.param(["1 250,00 Kč", "80,50 Kč"], "decimal", [1250.0, 80.5], id="currency"),
        pytest.param(
            ["0,1234567890123456789", "2,5"],
            "decimal",
            [Decimal("0.1234567890123456789"), Decimal("2.5000000000000000000")],
            id="more digits than a double holds",
        ),
        pytest.param(["ano", "ne", "Ano"], "boolean", [True, False, True], id="ano and ne"),
        pytest.param(["TRUE", "false", "True"], "boolean", [True, False, True], id="true and false"),
        pytest.param(
            ["31.12.2024", "1. 9. 2024"], "date", [date(2024, 12, 31), date(2024, 9, 1)], id="Czech dates"
        ),
        pytest.param(["2024-12-31", "2024-01-05"], "date", [date(2024, 12, 31), date(2024, 1, 5)], id="ISO dates"),
        pytest.param(["03/04/2024", "25/04/2024"], "date", [date(2024, 4, 3), date(2024, 4, 25)], id="day first"),
        pytest.param(
            ["03/04/2024", "04/25/2024"], "date", [date(2024, 3, 4), date(2024, 4, 25)], id="month first"
        ),
        pytest.param(
            ["5. března 2024", "1. září 2023"], "date", [date(2024, 3, 5), date(2023, 9, 1)], id="mesice"
        ),
        pytest.param(["March 5, 2024", "Sep 1, 2023"], "date", [date(2024, 3, 5), date(2023, 9, 1)], id="months"),
        pytest.param(
            ["31.12.2024 9:05", "1.9.2024 23:59"],
            "datetime",
            [datetime(2024, 12, 31, 9, 5), datetime(2024, 9, 1, 23, 59)],
            id="moments",
        ),
        pytest.param(
            ["2024-12-31T09:05:00Z", "2024-09-01T23:59:30Z"],
            "datetime",
            [datetime(2024, 12, 31, 9, 5), datetime(2024, 9, 1, 23, 59, 30)],
            id="ISO moments with a zone",
        ),
        pytest.param(["8:00", "14:30"], "time", [time(8), time(14, 30)], id="times"),
        pytest.param(["12:00:00", "36:30:00"], "duration", [43200, 131400], id="durations in seconds"),
        pytest.param(["1", "", "-", "3"], "integer", [1, None, None, 3], id="a dash is no value among numbers"),
        pytest.param(["1", "N/A", "3"], "integer", [1, None, 3], id="a null word among numbers"),
        pytest.param([" 1", "2 ", "3"], "integer", [1, 2, 3], id="padded numbers"),
    ],
)
def test_cells_become_values(cells: list[str], type_: str, values: list[object], tmp_path: Path) -> None:
    got = read_column(tmp_path, cells)
    assert got.types[1] == type_
    assert [row[1] for row in got.rows()] == values


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(["007", "123"], id="leading zeros"),
        pytest.param(["12345678901234567890", "1"], id="long ids"),
        pytest.param(["1E1", "2E3"], id="class codes"),
        pytest.param(["1e3", "2"], id="scientific"),
        pytest.param(["0x1F", "12"], id="hexadecimal"),
        pytest.param(["1_000", "12"], id="underscores"),
        pytest.param(["2023/24", "2024/25"], id="school years"),
        pytest.param(["3/4", "5/6"], id="fractions"),
        pytest.param(["777 123 456", "602 555 111"], id="phone numbers"),
        pytest.param(["+420777123456", "+420602555111"], id="phone numbers with a prefix"),
        pytest.param(["NA", "NO", "NP"], id="country codes"),
        pytest.param(["NO", "NA"], id="country codes that are words too"),
        pytest.param(["1.A", "2.B"], id="classes"),
        pytest.param(["779 00", "602 00"], id="postal codes"),
        pytest.param(["epoch", "infinity"], id="words DuckDB takes for dates"),
        pytest.param(["31.12.2024", "vloni"], id="mixed"),
        pytest.param(["=1+1", "@SUM(1)"], id="formulas"),
    ],
)
def test_text_stays_as_sent(cells: list[str], tmp_path: Path) -> None:
    got = read_column(tmp_path, cells)
    assert got.types[1] == "text"
    assert [row[1] for row in got.rows()] == cells


def test_one_bad_cell_in_many_is_blanked_reported_and_kept_as_sent(tmp_path: Path) -> None:
    cells = [str(n) for n in range(300)]
    cells[141] = "abc"
    got = read_column(tmp_path, cells)
    assert got.types[1] == "integer"
    assert got.rows()[141] == (141, None)
    assert [(p.row, p.column, p.said.code) for p in got.table.problems] == [(143, "value", "not_a_number")]
    assert got.table.problems[0].said.facts == {"example": "abc"}
    assert got.rejects() == [("blanked", 143, "value", "not_a_number", "abc")]


def test_an_impossible_date_is_blanked(tmp_path: Path) -> None:
    cells = ["15.6.2024"] * 200
    cells[7] = "31.2.2024"
    got = read_column(tmp_path, cells)
    assert got.types[1] == "date"
    assert got.rejects() == [("blanked", 9, "value", "not_a_date", "31.2.2024")]


def test_a_leading_zero_among_many_numbers_makes_them_ids(tmp_path: Path) -> None:
    cells = [str(n) for n in range(1000, 1300)]
    cells[150] = "0042"
    assert read_column(tmp_path, cells).types[1] == "text"


def test_a_few_odd_cells_keep_a_short_column_text_and_are_named(tmp_path: Path) -> None:
    got = read_column(tmp_path, ["1", "2", "3", "4", "5", "6", "nemoc"])
    assert got.types[1] == "text"
    assert [(p.row, p.column, p.said.code, p.said.facts) for p in got.table.problems] == [
        (8, "value", "odd_cell_in_text", {"example": "nemoc", "type": "integer"})
    ]


def test_an_odd_cell_far_down_a_long_file_is_named(tmp_path: Path) -> None:
    cells = [str(n) for n in range(1000, 6000)]
    cells[3000] = "0042"
    got = read_column(tmp_path, cells)
    assert got.types[1] == "text"
    assert [(p.row, p.said.facts["example"]) for p in got.table.problems] == [(3002, "0042")]


def test_many_odd_cells_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    got = read_column(tmp_path, [*map(str, range(200)), *["nemoc"] * 30])
    assert [(p.row, p.said.code, p.said.facts["cells"]) for p in got.table.problems] == [
        (202, "odd_cells_in_text", 30)
    ]


@pytest.mark.parametrize("impossible", ["31.2.2014", "29.2.2015", "32.1.2015", "2015-02-29"])
def test_an_impossible_date_is_blanked_in_a_short_column_too(impossible: str, tmp_path: Path) -> None:
    got = read_column(tmp_path, [*["15.6.2014"] * 12, impossible, *["1.7.2014"] * 12])
    assert got.types[1] == "date"
    assert got.rejects() == [("blanked", 14, "value", "not_a_date", impossible)]
    assert [(p.row, p.said.code) for p in got.table.problems] == [(14, "not_a_date")]


def test_the_culprit_is_named_where_impossible_dates_make_a_column_text(tmp_path: Path) -> None:
    got = read_column(tmp_path, ["15.6.2014", "16.6.2014", "31.2.2014", "17.6.2014", "18.6.2014"])
    assert got.types[1] == "text"
    assert [(p.row, p.said.facts) for p in got.table.problems] == [(4, {"example": "31.2.2014", "type": "date"})]


def test_a_date_in_the_other_order_is_not_blanked(tmp_path: Path) -> None:
    got = read_column(tmp_path, [*["25/6/2014"] * 20, "6/25/2014"])
    assert got.types[1] == "text"
    assert [p.row for p in got.table.problems] == [22]


def test_numbers_shortened_by_a_spreadsheet_are_flagged(tmp_path: Path) -> None:
    got = read_column(tmp_path, ["1.23E+15", "1.23457E+15", "9,87E+14"])
    assert [p.said.code for p in got.table.problems] == ["number_shortened"]


def test_the_other_columns_decide_an_ambiguous_mark(tmp_path: Path) -> None:
    got = read(tmp_path, "a;b\n1,5;1.234\n2,25;2.500\n")
    assert got.rows() == [(1.5, 1234), (2.25, 2500)]
    assert got.guess("decimal_mark") == ","


@pytest.mark.parametrize(("mark", "first"), [(".", 1234), (",", 1.234)])
def test_numbers_that_either_mark_could_mean_say_that_they_are_unsure(
    mark: str, first: float, tmp_path: Path
) -> None:
    got = read_column(tmp_path, [cell.replace(".", mark) for cell in ("1.234", "2.500", "12.750")])
    (guess,) = [guess for guess in got.table.guesses if guess.what == "decimal_mark"]
    assert got.rows()[0][1] == first
    assert guess.confidence <= 0.7
    assert (guess.value, guess.alternatives[0].value) == (",", ".")


def test_ambiguous_dates_are_day_first_and_say_that_they_are_unsure(tmp_path: Path) -> None:
    got = read_column(tmp_path, ["03/04/2024", "05/06/2024"])
    (guess,) = [guess for guess in got.table.guesses if guess.what == "type" and guess.column == "value"]
    assert got.rows()[0][1] == date(2024, 4, 3)
    assert guess.confidence < 0.7
    assert guess.alternatives[0].value == "date_md"


def null_words(got: Read) -> list[tuple[object, ...]]:
    """Return what was decided about words that mean nothing: column, words, and how many cells hold them."""
    return [
        (guess.column, guess.value, guess.evidence.facts["cells"])
        for guess in got.table.guesses
        if guess.what == "null_words"
    ]


def test_words_that_were_read_as_no_value_are_told_with_their_number(tmp_path: Path) -> None:
    got = read_column(tmp_path, [*map(str, range(40)), "x", "N/A", "x"])
    assert null_words(got) == [("value", "N/A, x", 3)]
    assert got.table.problem_count == 0


def test_words_far_down_a_long_file_are_counted(tmp_path: Path) -> None:
    cells = [str(n) for n in range(40_000)]
    cells[20_000] = cells[30_000] = " NA"
    assert null_words(read_column(tmp_path, cells)) == [("value", "NA", 2)]


def test_words_in_a_table_of_many_columns_are_counted(tmp_path: Path) -> None:
    lines = [";".join(f"c{n}" for n in range(150)), *[";".join(["1"] * 149 + [cell]) for cell in "1x3x"]]
    assert null_words(read(tmp_path, "\n".join(lines) + "\n")) == [("c149", "x", 2)]


def test_a_letter_that_empties_many_cells_is_a_problem(tmp_path: Path) -> None:
    got = read_column(tmp_path, ["1", "2", "x", "3", "x"])
    assert [(p.column, p.said.code, p.said.facts) for p in got.table.problems] == [
        ("value", "null_letter", {"word": "x", "cells": 2, "of": 5})
    ]


@pytest.mark.parametrize(
    ("cells", "unit", "values"),
    [
        pytest.param(["35,-", "1 200,-"], "Kč", [35.0, 1200.0], id="a dash for no hellers"),
        pytest.param(
            ["35,-", "38,00 Kč", "1 200 Kč", "-5,50 CZK", "9,- Kč"], "Kč", [35, 38, 1200, -5.5, 9], id="crowns"
        ),
        pytest.param(["€ 12.50", "€ 1,200.00", "3 €"], "€", [12.5, 1200.0, 3.0], id="euros in front"),
        pytest.param(["$0.99", "$1,000.50"], "$", [0.99, 1000.5], id="dollars"),
        pytest.param(["50 %", "7%"], "%", [0.5, 0.07], id="percent"),
    ],
)
def test_a_column_of_one_unit_is_numbers_and_its_unit_is_told(
    cells: list[str], unit: str, values: list[float], tmp_path: Path
) -> None:
    got = read_column(tmp_path, cells)
    assert got.types[1] == "decimal"
    assert [row[1] for row in got.rows()] == values
    assert got.guess("unit", "value") == unit


def test_prices_in_several_currencies_stay_text_with_the_reason(tmp_path: Path) -> None:
    got = read_column(tmp_path, ["35 Kč", "2 €", "38,- Kč", "3 €"])
    assert got.types[1] == "text"
    assert [(p.said.code, p.said.facts) for p in got.table.problems] == [
        ("several_currencies", {"currencies": "Kč, €"})
    ]


def test_a_mixed_column_says_how_much_of_it_is_of_another_type(tmp_path: Path) -> None:
    got = read_column(tmp_path, ["1", "2", "a", "b"])
    (said,) = [guess.evidence for guess in got.table.guesses if (guess.what, guess.column) == ("type", "value")]
    assert (said.code, said.facts) == ("type_mixed", {"type": "integer", "cells": 2, "of": 4})


def test_chapters_keep_the_zero_at_their_end_and_say_why(tmp_path: Path) -> None:
    cells = [f"{chapter}.{step}" for chapter in (1, 2, 3) for step in range(1, 13)]
    got = read_column(tmp_path, cells)
    (said,) = [guess.evidence for guess in got.table.guesses if (guess.what, guess.column) == ("type", "value")]
    assert [row[1] for row in got.rows()] == cells
    assert said.code == "type_steps"


def test_decimals_of_one_or_two_places_are_no_chapters(tmp_path: Path) -> None:
    cells = [*(f"{n / 100:g}" for n in range(100, 300)), "1.20"]
    assert read_column(tmp_path, cells).types[1] == "decimal"


DAYS = ((5, 12), (3, 3), (12, 1))
ABBREVIATED = ((10, 3), (3, 1), (12, 5))


@pytest.mark.parametrize(
    ("label", "cells", "type_", "values"),
    [
        ("a", ["5-", "12,5-", "7"], "decimal", [-5, -12.5, 7]),
        ("a", ["(5)", "(1 200,50)", "8"], "decimal", [-5, -1200.5, 8]),
        ("a", ["\u22125", "\u221212", "9"], "integer", [-5, -12, 9]),
        ("a", ["- 7", "1", "2"], "integer", [-7, 1, 2]),
        ("a", ["(5)", "(7)", "(8)"], "text", ["(5)", "(7)", "(8)"]),
        ("a", ["1'234.50", "2'000.00", "3'000.00"], "decimal", [1234.5, 2000, 3000]),
        ("a", ["90 min", "1 h 30 min", "1,5 hod."], "duration", [5400, 5400, 5400]),
        ("a", ["1:30 h", "0:45 h", "2 hours"], "duration", [5400, 2700, 7200]),
        ("a", ["36:30", "7:15", "120:00"], "duration", [131_400, 26_100, 432_000]),
        ("a", ["12.05.2014", "3 marca 2014", "2014-12-01"], "date", [date(2014, m, d) for m, d in DAYS]),
        ("a", ["pondělí 12. května 2014", "po 3. března 2014"], "date", [date(2014, 5, 12), date(2014, 3, 3)]),
        ("a", ["Mo, 12.05.2014", "Di, 03.03.2014"], "date", [date(2014, 5, 12), date(2014, 3, 3)]),
        ("a", ["Monday, May 12, 2014", "Mon 3 March 2014"], "text", None),
        ("a", ["3. Okt. 2024", "1. Mär. 2024", "5. Dez 2024"], "date", [date(2024, m, d) for m, d in ABBREVIATED]),
        ("a", ["+5", "-3", "+12"], "integer", [5, -3, 12]),
        ("a", ["+5,5", "+3", "0"], "decimal", [5.5, 3, 0]),
        ("a", ["1-", "2", "3", "4"], "text", ["1-", "2", "3", "4"]),
        ("a", ["5 m", "7 m", "8 m"], "text", ["5 m", "7 m", "8 m"]),
        ("a", ["8.45", "9:30", "10.15"], "time", [time(8, 45), time(9, 30), time(10, 15)]),
        ("začátek", ["8.00", "8.55", "10.15"], "time", [time(8), time(8, 55), time(10, 15)]),
        ("začátek", ["8.00", "8.75", "10.15"], "decimal", [8, 8.75, 10.15]),
        ("průměr", ["8.00", "8.55", "10.15"], "decimal", [8, 8.55, 10.15]),
        ("datum", ["45292", "45323", "45536"], "date", [date(2024, 1, 1), date(2024, 2, 1), date(2024, 9, 1)]),
        ("BirthDate", ["40000", "", "40001"], "date", [date(2009, 7, 6), None, date(2009, 7, 7)]),
        ("candidate", ["45292", "45323", "45536"], "integer", [45292, 45323, 45536]),
        ("datum", ["45292", "3", "45536"], "integer", [45292, 3, 45536]),
        ("telefon", ["777123456", "603111222", "601222333"], "text", ["777123456", "603111222", "601222333"]),
        ("počet", ["777123456", "603111222", "601222333"], "integer", [777123456, 603111222, 601222333]),
        ("rodné číslo", ["9554121234", "9501011234", "9012315678"], "text", None),
        ("oběd (ano/ne)", ["1", "0", "1"], "boolean", [True, False, True]),
        ("oběd", ["1", "0", "1"], "integer", [1, 0, 1]),
        ("1.9.", ["x", "", "X"], "boolean", [True, False, True]),
        ("1.9.", ["✓", " ", "✓"], "boolean", [True, False, True]),
        ("kód", ["x", "x", "x"], "text", ["x", "x", "x"]),
        ("1.9.", ["x", "", "omluven"], "text", ["x", None, "omluven"]),
        ("splnil", ["✓", "✗", "✓"], "boolean", [True, False, True]),
        ("a", ["5", "nezadáno", "bez údaje"], "integer", [5, None, None]),
        ("a", ["3 lutego 2024", "4 maja 2024"], "date", [date(2024, 2, 3), date(2024, 5, 4)]),
        ("a", [" Ada ", "Bob\u00a0", "\tEva"], "text", ["Ada", "Bob", "Eva"]),
    ],
)
def test_cells_mean_what_people_mean_by_them(
    label: str, cells: list[str], type_: str, values: list[object] | None, tmp_path: Path
) -> None:
    """Signs, units, marks and the column's name decide where the digits alone do not."""
    got = read(tmp_path, f"n;{label}\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(cells)))
    assert got.types[1] == type_
    assert [row[1] for row in got.rows()] == (values or cells)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["1", "1-", "2", "3", "2-", "N", "4"], "type_grades"),
        (["1-2", "2", "3", "1"], "type_grades"),
        (["055412/1234", "955412/123", "905101/1111"], "type_birth_numbers"),
    ],
)
def test_what_a_text_holds_is_said(cells: list[str], code: str, tmp_path: Path) -> None:
    """Grades and birth numbers stay as sent, and the receipt says why, not what is wrong."""
    table = read_column(tmp_path, cells).table
    (guess,) = [guess for guess in table.guesses if (guess.what, guess.column) == ("type", "value")]
    assert (guess.value, guess.evidence.code) == ("text", code)
    assert not table.problems


def test_day_numbers_of_a_sheet_are_days_where_the_name_says_so(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "dny.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["datum", "kusů"])
        for row in range(1, 20):
            sheet.write_row(row, 0, [45_291 + row, 45_291 + row])
    got = read_path(tmp_path / "dny.xlsx", tmp_path, "dny.xlsx")
    assert got.types == ["date", "integer"]
    assert got.rows()[0] == (date(2024, 1, 1), 45292)


def test_formats_that_keep_texts_apart_keep_spaces_and_nulls(tmp_path: Path) -> None:
    """A null is no blank box to tick, and a space in quotes is one that somebody meant."""
    got = read(tmp_path, '[{"a": " x ", "b": "x"}, {"a": "y", "b": null}, {"a": "z", "b": "x"}]', "a.json")
    assert got.types == ["text", "text"]
    assert got.rows() == [(" x ", "x"), ("y", None), ("z", "x")]
