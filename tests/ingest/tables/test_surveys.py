"""Exports of surveys: options found in cells, scales, names and labels of questions, moments, headers."""

import csv
import io
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from eduscale.ingest.formats import delimited
from eduscale.ingest.tables.multiple_choice import find_options
from eduscale.ingest.tables.scales import numbered_scale, worded_scale
from eduscale.models.reading import Override, ReadGuess
from tests.ingest.reading import Read, read

WITH_COMMAS = ("Ano, pravidelně", "Sport, hry a pohyb", "Hudba", "Jazyky, například angličtina nebo němčina")


def options_of(*cells: str) -> tuple[str, ...] | None:
    found = find_options(Counter(cells))
    return found.options if found else None


def guesses(got: Read, what: str) -> dict[str | None, ReadGuess]:
    return {each.column: each for each in got.table.guesses if each.what == what}


def as_csv(*rows: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        (("Šachy, Keramika", "Robotika", "Šachy"), ("Šachy", "Keramika", "Robotika")),
        (("Chess;Pottery;", "Robotics;"), ("Chess", "Pottery", "Robotics")),
        (("Chess;Pottery", "Pottery", "Chess"), ("Chess", "Pottery")),
        (
            ("Sport, hry a pohyb, Hudba", "Hudba", "Sport, hry a pohyb", "Hudba, Jazyky, například němčina"),
            ("Sport, hry a pohyb", "Hudba", "Jazyky, například němčina"),
        ),
        (("Sport, hry, Hudba", "Sport, Hudba", "Hudba", "Sport, hry"), ("Sport, hry", "Hudba", "Sport")),
    ],
    ids=["comma", "terminated", "semicolon", "options with commas", "an option within another"],
)
def test_options_are_found_in_the_cells(cells: tuple[str, ...], options: tuple[str, ...]) -> None:
    assert options_of(*cells) == options


@pytest.mark.parametrize(
    "cells",
    [
        ("Novák, Jan", "Svobodová, Jana", "Novák, Petr", "Dvořák, Jan"),
        ("Praha, Dlouhá 5", "Brno, Krátká 7", "Praha, Široká 1"),
        ("Bylo to dobré, děkuji", "Příště prosím dříve, více času, lepší jídlo", "nic"),
        ("Šachy", "Robotika", "Šachy"),
        ("1, 2", "2, 3", "1", "3"),
        ("a, b", "b, a", "a", "b"),
        ("Příště delší přestávku, jinak výborné", "Velmi užitečné", "Přijdu zas"),
    ],
    ids=["names", "addresses", "sentences", "single", "numbers", "no order", "one sentence"],
)
def test_other_texts_with_commas_are_no_choices(cells: tuple[str, ...]) -> None:
    assert options_of(*cells * 5) is None


def test_what_people_wrote_instead_is_no_option() -> None:
    cells = ["Šachy, Keramika", "Šachy", "Keramika, Tanec", "Tanec"] * 10 + [
        f"Šachy, Vlastní {n}" for n in range(8)
    ]
    assert options_of(*cells) == ("Šachy", "Keramika", "Tanec")


def test_two_answers_in_every_cell_are_choices_where_each_is_ended() -> None:
    assert options_of("Chess;Pottery;", "Chess;Dance;") == ("Chess", "Pottery", "Dance")


@given(st.lists(st.sets(st.sampled_from(WITH_COMMAS), min_size=1), min_size=1, max_size=60))
def test_each_option_is_true_exactly_where_it_was_chosen(chosen: list[set[str]]) -> None:
    cells = [", ".join(option for option in WITH_COMMAS if option in some) for some in chosen]
    found = find_options(Counter(cells))
    if found is None or not set(found.options) <= set(WITH_COMMAS):
        return
    for option in found.options:
        query = f"SELECT {found.sql(option, 'c')} FROM (SELECT unnest(?) AS c)"
        values = duckdb.execute(query, [cells]).fetchall()
        assert [value for (value,) in values] == [option in some for some in chosen]


@pytest.mark.parametrize(
    "points",
    [
        (
            "rozhodně nesouhlasím",
            "spíše nesouhlasím",
            "ani souhlasím, ani nesouhlasím",
            "spíše souhlasím",
            "rozhodně souhlasím",
        ),
        ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"),
        ("určitě ne", "spíše ne", "spíše ano", "určitě ano"),
        ("velmi nespokojen(a)", "spíše nespokojen(a)", "spíše spokojen(a)", "velmi spokojen(a)"),
        ("Very dissatisfied", "Somewhat dissatisfied", "Neutral", "Somewhat satisfied", "Very satisfied"),
        ("nikdy", "zřídka", "občas", "často", "vždy"),
        ("Never", "Rarely", "Sometimes", "Often", "Always"),
        ("1 - vůbec nesouhlasím", "2 - spíše nesouhlasím", "3 - spíše souhlasím", "4 - zcela souhlasím"),
        ("Poor", "Fair", "Good", "Very good", "Excellent"),
    ],
    ids=lambda points: points[0],
)
def test_a_scale_in_words_has_its_points_in_order(points: tuple[str, ...]) -> None:
    shuffled = [*points[1::2], "Nevím", *points[::2]]
    scale = worded_scale(shuffled)
    assert scale is not None
    assert scale.points == points


@pytest.mark.parametrize(
    "cells",
    [("ano", "ne"), ("Praha", "Brno", "Ostrava"), ("dobrý", "den"), ("souhlasím", "nevím"), ("Agree",)],
    ids=str,
)
def test_other_words_are_no_scale(cells: tuple[str, ...]) -> None:
    assert worded_scale(cells) is None


@pytest.mark.parametrize(
    ("label", "cells", "top"),
    [
        ("Jak se vám líbila výuka?\n(1 = málo, 5 = hodně)", "345", 5),
        ("Rate the lesson", "45", 5),
        ("Jak hodnotíte akci na škále 1-10?", "78", 10),
        ("How satisfied are you? (1 to 7)", "2", 7),
        ("Ročník", "12345", None),
        ("Kolik máte dětí?", "19", None),
    ],
)
def test_a_scale_of_numbers_is_one_that_a_question_asks_for(label: str, cells: str, top: int | None) -> None:
    scale = numbered_scale(cells, label)
    assert (len(scale.points) if scale else None) == top


def test_google_forms(tmp_path: Path) -> None:
    got = read(
        tmp_path,
        as_csv(
            ("Časová značka", "Jak se vám líbilo dnešní setkání?", "O které kroužky máte zájem?", "Vzkaz"),
            ("2024/09/03 8:15:22 odp. SELČ", "5", "Šachy, Sport, hry a pohyb", "Díky, bylo to fajn"),
            ("2024/09/04 9:15:22 dop. SELČ", "4", "Šachy", ""),
            ("2024/11/04 9:15:22 dop. SEČ", "5", "Keramika", "nic"),
            ("2024/11/05 9:15:22 dop. SEČ", "3", "Šachy, Keramika", ""),
        ),
    )
    assert got.types == ["datetime", "integer", "text", "text"]
    assert got.table.columns[1].label == "Jak se vám líbilo dnešní setkání?"
    (choice,) = guesses(got, "multiple_choice").values()
    assert (choice.column, choice.value, choice.alternatives[0].value) == (got.names[2], "text", "columns")
    assert choice.evidence.facts["options"] == "Šachy | Sport, hry a pohyb | Keramika"
    assert guesses(got, "scale")["jak_se_vam_libilo_dnesni_setkani"].value == 5
    assert guesses(got, "time_zone")["casova_znacka"].value == "SELČ / SEČ"


def test_google_forms_without_a_zone_says_that_it_is_unknown(tmp_path: Path) -> None:
    got = read(
        tmp_path,
        as_csv(
            ("Timestamp", "Which clubs do you attend?", "I liked it."),
            ("3/9/2024 14:05:12", "Chess;Pottery", "Strongly agree"),
            ("13/9/2024 14:05:12", "Chess", "Agree"),
            ("14/9/2024 14:05:12", "Pottery", "Disagree"),
        ),
    )
    assert guesses(got, "time_zone")["timestamp"].value == "local"
    assert list(guesses(got, "multiple_choice")) == ["which_clubs_do_you_attend"]
    assert guesses(got, "scale")["i_liked_it"].evidence.facts["points"] == "Disagree | Agree | Strongly agree"


def test_limesurvey_codes_are_names_and_questions_labels(tmp_path: Path) -> None:
    header = (
        "id. ID odpovědi",
        "submitdate. Datum odeslání",
        "G01Q01. Jak jste byli spokojeni s průběhem celého projektu?",
        "G01Q02[SQ001]. Které kroužky navštěvujete? [Šachy]",
        "G01Q02[other]. Které kroužky navštěvujete? [Jiné]",
    )
    got = read(
        tmp_path,
        as_csv(
            header,
            ("1", "2024-09-03 14:05:12", "velmi spokojeni", "Ano", ""),
            ("2", "2024-09-03 15:05:12", "spíše spokojeni", "Ne", "Modelář"),
        ),
    )
    assert got.names == ["id", "submitdate", "g01q01", "g01q02_sq001", "g01q02_other"]
    assert [column.label for column in got.table.columns] == list(header)
    assert got.types == ["integer", "datetime", "text", "boolean", "text"]


QUALTRICS = (
    ("StartDate", "EndDate", "Status", "Progress", "ResponseId", "Q1", "Q2_1", "Q2_2"),
    (
        "Start Date",
        "End Date",
        "Response Type",
        "Progress",
        "Response ID",
        "How satisfied are you with the training, all in all?",
        "Please rate the following. - The lecturer",
        "Please rate the following. - The materials",
    ),
    (
        '{"ImportId":"startDate","timeZone":"America/Denver"}',
        '{"ImportId":"endDate","timeZone":"America/Denver"}',
        '{"ImportId":"status"}',
        '{"ImportId":"progress"}',
        '{"ImportId":"_recordId"}',
        '{"ImportId":"QID1"}',
        '{"ImportId":"QID2_1"}',
        '{"ImportId":"QID2_2"}',
    ),
)
ANSWERS = (
    ("2024-09-03 14:05:12", "2024-09-03 14:09:12", "0", "100", "R_1aBc", "Very satisfied", "5", "4"),
    ("2024-09-04 14:05:12", "2024-09-04 14:09:12", "0", "100", "R_2aBc", "Somewhat satisfied", "3", "4"),
    ("2024-09-05 14:05:12", "2024-09-05 14:09:12", "0", "50", "R_3aBc", "Very dissatisfied", "1", "2"),
)


def test_qualtrics_codes_are_names_and_the_row_of_ids_is_set_aside(tmp_path: Path) -> None:
    got = read(tmp_path, as_csv(*QUALTRICS, *ANSWERS))
    assert got.names == ["startdate", "enddate", "status", "progress", "responseid", "q1", "q2_1", "q2_2"]
    assert [column.label for column in got.table.columns] == list(QUALTRICS[1])
    assert got.types[:2] == ["datetime", "datetime"]
    assert (got.table.rows, got.table.set_aside_rows) == (3, 1)
    assert got.rejects()[0][:4] == ("set_aside", 3, None, "import_ids")
    assert got.guess("time_zone") == "America/Denver"
    assert guesses(got, "scale")["q1"].value == 3


def test_qualtrics_without_the_row_of_ids(tmp_path: Path) -> None:
    got = read(tmp_path, as_csv(*QUALTRICS[:2], *ANSWERS))
    assert got.names[-3:] == ["q1", "q2_1", "q2_2"]
    assert (got.table.rows, got.table.set_aside_rows) == (3, 0)
    assert guesses(got, "time_zone")["startdate"].value == "local"


def test_a_large_qualtrics_export_is_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
    got = read(tmp_path, as_csv(*QUALTRICS, *(ANSWERS * 3_000)))
    assert got.names[-3:] == ["q1", "q2_1", "q2_2"]
    assert (got.table.rows, got.table.set_aside_rows) == (9_000, 1)
    assert got.guess("time_zone") == "America/Denver"


def workbook(*rows: tuple[object, ...]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "d.m.yyyy h:mm:ss"}) as book:
        sheet = book.add_worksheet("Form1")
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write(number, place, cell)
    return out.getvalue()


def test_microsoft_forms(tmp_path: Path) -> None:
    moment = datetime(2024, 9, 3, 14, 5, 12)
    stem = "Do jaké míry souhlasíte s následujícími výroky o dnešním semináři?"
    rows = [
        (number, moment, moment + timedelta(minutes=3), "anonymous", chosen, agree, number + 2)
        for number, (chosen, agree) in enumerate(
            [
                ("Hry, soutěže;Výlety;", "Rozhodně souhlasím"),
                ("Výlety;", "Spíše nesouhlasím"),
                ("Hry, soutěže;", "Souhlasím"),
            ],
            start=1,
        )
    ]
    header = (
        "ID",
        "Čas zahájení",
        "Čas dokončení",
        "E-mail",
        "Co jste dělali?",
        f"{stem} [Byl užitečný]",
        "Ohodnoťte prosím lektora",
    )
    got = read(tmp_path, workbook(header, *rows), "Hodnocení(1-3).xlsx")
    assert got.names[1:3] == ["cas_zahajeni", "cas_dokonceni"]
    assert got.types[:3] == ["integer", "datetime", "datetime"]
    assert got.table.columns[5].label == header[5]
    assert max(map(len, got.names)) <= 60
    assert set(guesses(got, "time_zone")) == {"cas_zahajeni", "cas_dokonceni"}
    (choice,) = guesses(got, "multiple_choice").values()
    assert choice.evidence.facts["options"] == "Hry, soutěže | Výlety"
    scales = guesses(got, "scale")
    assert scales[got.names[5]].evidence.facts["points"] == "Spíše nesouhlasím | Souhlasím | Rozhodně souhlasím"
    assert scales["ohodnotte_prosim_lektora"].value == 5


CLUBS = as_csv(
    ("Timestamp", "Which clubs do you attend?", "Which clubs do you attend? [note]"),
    ("2024-09-03 14:05:12", "Chess, Sport, games and play", "x y"),
    ("2024-09-04 14:05:12", "", ""),
    ("2024-09-05 14:05:12", "Pottery", "'"),
    ("2024-09-06 14:05:12", "Chess, Pottery", ""),
)


def decided(what: str, value: object, column: str) -> Override:
    return Override.model_validate({"what": what, "value": value, "column": column, "table": 0})


def test_a_column_an_option_is_made_where_a_person_wants_it(tmp_path: Path) -> None:
    column = "which_clubs_do_you_attend"
    got = read(tmp_path, CLUBS, overrides=(decided("multiple_choice", "columns", column),))
    assert got.names == [
        "timestamp",
        column,
        f"{column}_chess",
        f"{column}_sport_games_and_play",
        f"{column}_pottery",
        f"{column}_note",
    ]
    assert got.table.columns[3].label == "Which clubs do you attend? [Sport, games and play]"
    assert [row[1:5] for row in got.rows()] == [
        ("Chess, Sport, games and play", True, True, False),
        (None, None, None, None),
        ("Pottery", False, False, True),
        ("Chess, Pottery", True, False, True),
    ]
    (choice,) = guesses(got, "multiple_choice").values()
    assert (choice.value, choice.overridden, choice.alternatives[0].value) == ("columns", True, "text")


def test_a_large_file_gets_its_columns_an_option_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
    got = read(tmp_path, CLUBS, overrides=(decided("multiple_choice", "columns", "which_clubs_do_you_attend"),))
    assert got.rows()[0][2:5] == (True, True, False)


def test_a_column_without_options_is_not_divided_and_it_is_said(tmp_path: Path) -> None:
    got = read(tmp_path, CLUBS, overrides=(decided("multiple_choice", "columns", "timestamp"),))
    assert len(got.names) == 3
    assert [refused.said.code for refused in got.reading.refused] == ["override_no_options"]


def test_a_zone_that_nobody_knows_can_be_said(tmp_path: Path) -> None:
    got = read(tmp_path, CLUBS, overrides=(decided("time_zone", "UTC", "timestamp"),))
    zone = guesses(got, "time_zone")["timestamp"]
    assert (zone.value, zone.overridden) == ("UTC", True)
    assert not got.reading.refused
