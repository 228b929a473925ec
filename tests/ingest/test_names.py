"""A label becomes a name that every warehouse takes."""

from eduscale.ingest.names import column_names


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
