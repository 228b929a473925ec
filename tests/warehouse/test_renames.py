"""A misspelt column is the same column; one that is merely alike is not."""

import time
from typing import NamedTuple

import pytest

from eduscale.warehouse.renames import is_misspelling, likely_renamed, same_columns


class Column(NamedTuple):
    name: str
    type: str = "text"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("interventition_type", "intervention_type"),
        ("pocetzaku", "pocet_zaku"),
        ("satisfacton", "satisfaction"),
        ("organisation_school", "organization_school"),
        ("participants", "participant"),
        ("hodnoceni_lekotra", "hodnoceni_lektora"),
        ("dosazene_vzdelaani", "dosazene_vzdelani"),
    ],
)
def test_a_slip_of_the_pen(one: str, other: str) -> None:
    assert is_misspelling(one, other)
    assert is_misspelling(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("omluvene", "neomluvene"),
        ("absence_omluvene", "absence_neomluvene"),
        ("datum_od", "datum_do"),
        ("cerven", "cervenec"),
        ("score_1", "score_2"),
        ("skore_1_1", "skore_11"),
        ("test_2023", "test_2024"),
        ("pretest", "posttest"),
        ("body", "bod"),
        ("vstup", "vystup"),
        ("internal", "external"),
        ("minimalni", "maximalni"),
        ("ucitel", "ucitelka"),
        ("znamka_matematika", "znamka_cestina"),
        ("average_a", "average_b"),
        ("prichod", "prijezd"),
        ("pritomni", "pritomny"),
        ("satisfaction", "overall_satisfaction"),
    ],
)
def test_other_words_that_are_as_close(one: str, other: str) -> None:
    """Merging two of these would mix what must stay apart."""
    assert not is_misspelling(one, other)
    assert not is_misspelling(other, one)


KNOWN = [Column("datum", "date"), Column("interventition_type"), Column("body", "integer")]


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ([Column("intervention_type")], {"intervention_type": "interventition_type"}),
        ([Column("intervention_type", "integer")], {}),
        ([Column("intervention_type"), Column("interventition_type")], {}),
        ([Column("intervention_type"), Column("interventiion_type")], {}),
        ([Column("datum", "date"), Column("nove")], {}),
    ],
    ids=["misspelt", "of another type", "both are there", "two would fit", "nothing alike"],
)
def test_a_column_is_taken_for_one_that_is_missing_and_the_only_one_like_it(
    columns: list[Column], found: dict[str, str]
) -> None:
    assert same_columns(columns, KNOWN) == found


@pytest.mark.parametrize(
    ("appeared", "vanished", "found"),
    [
        ({"zaku_celkem": (2, "integer")}, {"pocet_zaku": (2, "integer")}, {"zaku_celkem": "pocet_zaku"}),
        ({"zaku_celkem": (2, "text")}, {"pocet_zaku": (2, "integer")}, {}),
        ({"poznamka": (7, "text")}, {"trida": (1, "text")}, {}),
        ({"datum_do": (1, "date")}, {"datum_od": (5, "date")}, {"datum_do": "datum_od"}),
        (
            {"hodnoceni_lektora": (4, "integer"), "spokojenost_celkem": (3, "decimal")},
            {"spokojenost": (3, "integer"), "hodnoceni_lektoru": (4, "integer")},
            {"hodnoceni_lektora": "hodnoceni_lektoru", "spokojenost_celkem": "spokojenost"},
        ),
    ],
    ids=["same place", "another type", "nothing in common", "alike in name", "the most alike pair up"],
)
def test_a_likely_new_name_is_told(
    appeared: dict[str, tuple[int, str]], vanished: dict[str, tuple[int, str]], found: dict[str, str]
) -> None:
    assert likely_renamed(appeared, vanished) == found


def test_thousands_of_questions_are_not_compared_one_by_one() -> None:
    """Two questionnaires of 5,000 columns would be 25 million pairs."""
    old = [Column(f"question_{number}_before") for number in range(5_000)]
    new = [Column(f"question_{number}_after") for number in range(5_000)]
    started = time.process_time()
    assert same_columns([*new, Column("intervention")], [*old, Column("interventition")]) == {
        "intervention": "interventition"
    }
    places = ({column.name: (0, "text") for column in side} for side in (new, old))
    assert likely_renamed(*places) == {}
    assert time.process_time() - started < 2
