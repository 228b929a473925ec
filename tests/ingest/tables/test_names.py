"""A label becomes a name that every warehouse takes."""

from eduscale.ingest.tables.names import column_names


def test_names_are_plain_and_unique_and_never_empty() -> None:
    assert column_names(["Počet žáků", " Score ", "score", "", "§", "Łódź"]) == [
        "pocet_zaku",
        "score",
        "score_2",
        "column_4",
        "column_5",
        "lodz",
    ]


def test_a_copy_takes_no_name_that_is_there_already() -> None:
    assert column_names(["a_2", "a", "a"]) == ["a_2", "a", "a_3"]


def test_a_long_question_makes_a_short_name_that_ends_with_a_word() -> None:
    question = (
        "Jak jste celkově spokojen(a) s organizací a průběhem doučování ve druhém pololetí tohoto školního roku?"
    )
    first, second = column_names([question, question + " Proč?"])
    assert first == "jak_jste_celkove_spokojen_a_s_organizaci_a_prubehem"
    assert second == f"{first}_2"


def test_a_word_without_end_is_cut() -> None:
    assert column_names(["x" * 100]) == ["x" * 60]


def test_rows_of_a_matrix_keep_what_tells_them_apart() -> None:
    stem = "Ohodnoťte prosím jednotlivé části dnešního setkání učitelů"
    assert column_names([f"{stem} [Přednáška]", f"{stem} [Oběd]", "Poznámka [nepovinná]"]) == [
        "ohodnotte_prosim_jednotlive_casti_prednaska",
        "ohodnotte_prosim_jednotlive_casti_obed",
        "poznamka_nepovinna",
    ]


def test_codes_before_questions_are_names() -> None:
    labels = [
        "id. ID odpovědi",
        "submitdate. Datum odeslání",
        "G01Q02. Jak se máte?",
        "Q3[SQ001]. Kroužky [Šachy]",
    ]
    assert column_names(labels) == ["id", "submitdate", "g01q02", "q3_sq001"]


def test_abbreviations_before_words_are_no_codes() -> None:
    assert column_names(["Tř. učitel", "Poč. žáků", "Č. j"]) == ["tr_ucitel", "poc_zaku", "c_j"]
