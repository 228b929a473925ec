"""A dataset's name comes from the wish, else from the file and sheet without dates, numbers and copy marks."""

import pytest

from eduscale.ingest.dataset_names import dataset_name, dataset_names, period
from eduscale.models.reading import ReadColumn, ReadTable


@pytest.mark.parametrize(
    ("filename", "sheet", "name"),
    [
        ("dochazka_2024_25.xlsx", "List1", "dochazka"),
        ("Docházka září 2024 (2).csv", "Docházka září 2024 (2)", "dochazka"),
        ("export-2024-09-03.csv", "export-2024-09-03", "export"),
        ("20240903.xlsx", "Žáci", "zaci"),
        ("2024.csv", "2024", "tabulka"),
        ("Škola.v2.final.csv", "x", "skola"),
        ("", "", "tabulka"),
        ("Hodnocení 1. pololetí.csv", "Hodnocení 1. pololetí", "hodnoceni_pololeti"),
        ("ZŠ č. 5 - docházka.csv", "ZŠ č. 5 - docházka", "zs_c_dochazka"),
    ],
)
def test_derived_from_the_file_or_the_sheet(filename: str, sheet: str, name: str) -> None:
    assert dataset_name(None, filename, sheet, alone=True) == name


@pytest.mark.parametrize(
    "stem",
    """7.A|7A|7_a|9. B|10-C|1.E1|3.IT|VI.A|IX. B|třída 7.A|7. třída|Klasse 7a|1. pololetí 7.A|září|März
    únor 2025|šk. rok 2024-25|školní rok 2024_2025|List3|Sheet1|Tabelle 2|Q1""".replace("\n    ", "|").split("|"),
)
def test_what_tells_alike_tables_apart_names_no_dataset(stem: str) -> None:
    """A class, a month, a school year or a sheet's number is no part of a name, wherever it stands."""
    rest = {"1. pololetí 7.A": "pololeti"}.get(stem, "")
    assert dataset_name(None, f"{stem}.csv", stem, alone=True) == (rest or "tabulka")
    assert dataset_name(None, f"Prospěch {stem}.csv", "", alone=True) == "_".join(filter(None, ["prospech", rest]))
    assert dataset_name(None, "Prospěch.xlsx", stem, alone=False) == "_".join(filter(None, ["prospech", rest]))
    assert dataset_name(None, f"skola/{stem}.csv", stem, alone=True) == (rest or "skola")


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("I. pololetí", "pololeti"),
        ("druhé pololetí", "pololeti"),
        ("první stupeň", "prvni_stupen"),
        ("iva", "iva"),
        ("a", "a"),
        ("list_ucitelu", "list_ucitelu"),
        ("class_size", "class_size"),
        ("3D tisk", "tisk"),
    ],
)
def test_words_that_only_look_like_a_class_or_a_sheet_stay(stem: str, name: str) -> None:
    assert dataset_name(None, f"{stem}.csv", stem, alone=True) == name


def test_classes_tell_files_of_one_dataset_apart() -> None:
    """The file of 7.B is no newer version of that of 7.A."""
    assert period("7.A.csv") != period("7.B.csv")
    assert period("prospěch 7A.csv") == period("prospěch 7.A (2).csv")


def test_each_of_several_tables_carries_its_own_name() -> None:
    assert dataset_name(None, "skola.xlsx", "Žáci 2024", alone=False) == "skola_zaci"
    assert dataset_name(None, "skola.xlsx", "List2", alone=False) == "skola"
    assert dataset_name(None, "Žáci 2024.csv", "Žáci 2024 2", alone=False) == "zaci"


@pytest.mark.parametrize(("wish", "name"), [("Žáci 2024", "zaci_2024"), ("2024", "d_2024"), ("--", "tabulka")])
def test_a_wish_is_followed_in_its_normal_form(wish: str, name: str) -> None:
    assert dataset_name(wish, "x.csv", "x", alone=True) == name


def tables(**members: tuple[str, ...]) -> list[ReadTable]:
    """Return tables of these columns, one of each file of an archive."""
    return [
        ReadTable(
            index=index,
            name=member.rpartition(".")[0],
            member=member,
            columns=tuple(ReadColumn(name=name, label=name, type="text", storage="VARCHAR") for name in columns),
            rows=1,
            rejected_rows=0,
            set_aside_rows=0,
            rows_file="",
        )
        for index, (member, columns) in enumerate(members.items())
    ]


PUPILS, TEACHERS = ("id", "jmeno", "trida"), ("id", "aprobace")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param({"skoly/zs_lipa.csv": PUPILS, "skoly/zs_buk.csv": PUPILS}, ["skoly", "skoly"], id="folder"),
        pytest.param({"2024/zaci.csv": PUPILS, "2025/zaci.csv": PUPILS}, ["zaci", "zaci"], id="name"),
        pytest.param({"zs_lipa.csv": PUPILS, "zs_buk.csv": PUPILS}, ["vykaz", "vykaz"], id="archive"),
        pytest.param({"zaci.csv": PUPILS, "ucitele.csv": TEACHERS}, ["zaci", "ucitele"], id="layouts"),
        pytest.param(
            {"skola/prospech_7A.csv": PUPILS, "skola/prospech_7B.csv": PUPILS}, ["prospech"] * 2, id="classes"
        ),
        pytest.param({"skola/7A.csv": PUPILS, "skola/8A.csv": PUPILS}, ["skola", "skola"], id="only-classes"),
        pytest.param({"7A/zaci.csv": PUPILS, "8A/zaci.csv": PUPILS}, ["zaci", "zaci"], id="folders-of-classes"),
        pytest.param({"7A.csv": PUPILS, "8A.csv": TEACHERS}, ["vykaz", "vykaz"], id="nothing-but-classes"),
        pytest.param(
            {"skoly/dochazka_lipa.csv": PUPILS, "skoly/dochazka_buk.csv": PUPILS}, ["dochazka"] * 2, id="start"
        ),
        pytest.param({"kraj/2024.csv": PUPILS}, ["kraj"], id="only-a-year"),
        pytest.param(
            {"a/zaci.csv": PUPILS, "b/zaci.csv": PUPILS, "ucitele.csv": TEACHERS}, ["zaci", "zaci", "ucitele"],
            id="both",
        ),
    ],
)  # fmt: skip
def test_files_of_one_layout_in_an_archive_share_a_dataset(
    members: dict[str, tuple[str, ...]], expected: list[str]
) -> None:
    assert dataset_names(None, "vykaz_2025.zip", tables(**members)) == expected
    assert dataset_names("přání", "vykaz_2025.zip", tables(**members)) == ["prani"] * len(members)
