"""The table is found between what stands above, within and below it."""

from pathlib import Path

import pytest

from tests.ingest.reading import Read, read


def test_titles_comments_totals_and_notes_are_set_aside(tmp_path: Path) -> None:
    got = read(tmp_path, "Přehled škol\nk 30. 9. 2024\n\nokres;škol\nJih;12\nSever;7\nCelkem;19\n\nZdroj: výkaz\n")
    assert got.rows() == [("Jih", 12), ("Sever", 7)]
    assert [(kind, row, code) for kind, row, _, code, _ in got.rejects()] == [
        ("set_aside", 1, "title"),
        ("set_aside", 2, "title"),
        ("set_aside", 9, "note"),
        ("set_aside", 7, "total"),
    ]


def test_a_header_of_two_rows_is_joined(tmp_path: Path) -> None:
    got = read(tmp_path, "okres;2023;;2024;\n;chlapci;dívky;chlapci;dívky\nJih;1;2;3;4\nSever;5;6;7;8\n")
    assert got.names == ["okres", "2023_chlapci", "2023_divky", "2024_chlapci", "2024_divky"]
    assert got.guess("header") == 2


def test_a_header_of_years_is_a_header(tmp_path: Path) -> None:
    got = read(tmp_path, "okres;2022;2023\nJih;12;15\nSever;7;9\n")
    assert got.names == ["okres", "2022", "2023"]
    assert got.rows() == [("Jih", 12, 15), ("Sever", 7, 9)]


def test_numbers_from_the_first_row_on_have_no_header(tmp_path: Path) -> None:
    got = read(tmp_path, "1;7;a\n2;14;b\n3;21;c\n")
    assert got.names == ["column_1", "column_2", "column_3"]
    assert got.table.rows == 3


def test_a_table_of_text_keeps_its_first_row_as_header(tmp_path: Path) -> None:
    got = read(tmp_path, "name,city\nAnn,Oak\nBob,Elm\n")
    assert got.names == ["name", "city"]


def test_a_row_of_types_is_no_data(tmp_path: Path) -> None:
    got = read(tmp_path, "School Year,Date,Region\nlist,date,string\n2024/25,31.12.2024,Jih\n")
    assert got.table.rows == 1
    assert got.types == ["text", "date", "text"]


def test_a_repeated_header_is_no_data(tmp_path: Path) -> None:
    got = read(tmp_path, "id,n\n1,2\nid,n\n3,4\n")
    assert got.rows() == [(1, 2), (3, 4)]
    assert got.table.set_aside_rows == 1


def test_a_blank_line_within_the_data_ends_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "id,name\n1,a\n\n2,b\n3,c\n").table.rows == 3


def test_a_second_header_starts_a_second_table(tmp_path: Path) -> None:
    got = read(tmp_path, "škola;počet\nA;1\nB;2\n\ntřída;kapacita;obsazeno\n1.A;30;28\n1.B;30;25\n")
    assert [[column.name for column in table.columns] for table in got.reading.tables] == [
        ["skola", "pocet"],
        ["trida", "kapacita", "obsazeno"],
    ]
    assert [table.rows for table in got.reading.tables] == [2, 2]


def test_a_comment_mark_may_be_data(tmp_path: Path) -> None:
    got = read(tmp_path, "tag,n\n#a,1\n#b,2\n#c,3\n")
    assert got.rows() == [("#a", 1), ("#b", 2), ("#c", 3)]


def test_facts_about_the_school_above_a_table_are_its_title(tmp_path: Path) -> None:
    got = read(tmp_path, "Škola;ZŠ Lípa;;\nRok;2024;;\n\nokres;škol;žáků;tříd\nJih;1;2;3\nSever;4;5;7\n")
    assert got.names == ["okres", "skol", "zaku", "trid"]
    assert got.table.set_aside_rows == 2


def test_days_as_labels_are_a_header(tmp_path: Path) -> None:
    got = read(tmp_path, "žák;2.9.2024;3.9.2024\nJan;1;0\nEva;1;1\n")
    assert got.rows() == [("Jan", 1, 0), ("Eva", 1, 1)]


def test_marks_as_labels_are_a_header(tmp_path: Path) -> None:
    got = read(tmp_path, "třída;1;2;3;4;5\n1.A;10;5;2;0;0\n1.B;8;7;3;1;0\n")
    assert got.names == ["trida", "1", "2", "3", "4", "5"]


def test_a_short_table_among_longer_notes_is_found(tmp_path: Path) -> None:
    notes = "Poznámka: hodiny po 45 minutách\n* předběžné údaje\n"
    got = read(tmp_path, f"Výkaz docházky\nŠkola: ZŠ Lípa\n\nid;jméno;hodin\n1;A;3\n2;B;4\n\n{notes}")
    assert got.rows() == [(1, "A", 3), (2, "B", 4)]
    assert got.table.set_aside_rows == 4


def test_prose_with_some_commas_is_no_table_of_two_columns(tmp_path: Path) -> None:
    got = read(
        tmp_path, "Milí rodiče\nzítra, jak víte\njdeme ven, snad\nvezměte si boty, prosím\nDěkujeme\nŠkola\n"
    )
    assert len(got.names) == 1


def test_a_row_of_units_is_no_data(tmp_path: Path) -> None:
    got = read(tmp_path, "škola;cesta;cena\n;km;(Kč)\nLípa;1,5;20\nDub;2,5;30\n")
    assert got.types == ["text", "decimal", "integer"]
    assert [code for _, _, _, code, _ in got.rejects()] == ["unit_row"]


def test_letters_that_could_be_units_are_data_above_letters(tmp_path: Path) -> None:
    assert read(tmp_path, "jméno;pohlaví\n;m\nEva;ž\nJan;m\n").table.rows == 3


def test_subtotals_within_a_table_that_ends_with_a_total_are_no_data(tmp_path: Path) -> None:
    lines = ["1.A;X;5", "1.A;Y;6", "Celkem 1.A;;11", "1.B;Z;7", "Celkem 1.B;;7", "Celkem;;18"]
    got = read(tmp_path, "třída;žák;body\n" + "\n".join(lines) + "\n")
    assert got.rows() == [("1.A", "X", 5), ("1.A", "Y", 6), ("1.B", "Z", 7)]
    assert sorted(row for _, row, _, _, _ in got.rejects()) == [4, 6, 7]


def test_a_line_under_the_labels_is_no_data(tmp_path: Path) -> None:
    got = read(tmp_path, "id;body\n-----;-----\n1;2\n2;3\n")
    assert got.rows() == [(1, 2), (2, 3)]
    assert [(row, code) for _, row, _, code, _ in got.rejects()] == [(2, "rule")]


@pytest.mark.parametrize(
    "last",
    [
        pytest.param("Suma;Petr;6.A;2;4.5.2013", id="a surname"),
        pytest.param("Suma Petr;;6.A;2;4.5.2013", id="a name in one cell"),
        pytest.param("Total Jan;;;2;", id="a name and a number"),
        pytest.param("Suma;;;2;", id="a surname and a number"),
        pytest.param("Celkem;;;2;4.5.2013", id="a date"),
        pytest.param("Celkem;;6.A;2;", id="a code"),
    ],
)
def test_a_pupil_whose_name_means_a_total_is_kept(last: str, tmp_path: Path) -> None:
    lines = ["Nová;Eva;6.A;1;1.9.2012", "Dub;Jan;6.B;3;5.6.2013", "Lípa;Ota;6.A;1;7.8.2013"]
    got = read(tmp_path, "příjmení;jméno;třída;známka;narozen\n" + "\n".join([*lines, last]) + "\n")
    assert got.table.rows == 4
    assert got.table.set_aside_rows == 0


@pytest.mark.parametrize(
    "last",
    [
        pytest.param("Suma;;14;210", id="sums"),
        pytest.param("Suma;;;70", id="a mean"),
        pytest.param("Total 2024;;9;9", id="a year after the word"),
        pytest.param("Celkem;x;14;-", id="marks for nothing"),
        pytest.param("Celkem za školu;;14;1 000 Kč", id="an amount"),
        pytest.param("Mezisoučet;;14;210", id="a subtotal"),
    ],
)
def test_a_total_is_set_aside(last: str, tmp_path: Path) -> None:
    lines = ["Jih;a;2;60", "Sever;b;5;70", "Západ;c;7;80"]
    got = read(tmp_path, "okres;kraj;škol;žáků\n" + "\n".join([*lines, last]) + "\n")
    assert got.table.rows == 3
    assert [code for _, _, _, code, _ in got.rejects()] == ["total"]


# Side by side


def read_again(folder: Path, text: str) -> Read:
    """Read another text in a folder of its own."""
    again = folder / "again"
    again.mkdir()
    return read(again, text)


def columns_and_rows(folder: Path, text: str) -> list[tuple[list[str], list[tuple[object, ...]]]]:
    got = read(folder, text)
    return [([column.name for column in table.columns], got.rows(table)) for table in got.reading.tables]


def test_tables_side_by_side_are_tables_of_their_own(tmp_path: Path) -> None:
    text = "škola;žáků;;třída;kapacita;obsazeno\nA;1;;1.A;30;28\nB;2;;2.A;28;27\nC;5;;;;\n"
    assert columns_and_rows(tmp_path, text) == [
        (["skola", "zaku"], [("A", 1), ("B", 2), ("C", 5)]),
        (["trida", "kapacita", "obsazeno"], [("1.A", 30, 28), ("2.A", 28, 27)]),
    ]


def test_tables_side_by_side_go_on_after_a_blank_line(tmp_path: Path) -> None:
    text = "škola;žáků;;obor;míst\nA;1;;mat;30\nB;2;;fyz;28\n;;;;\nC;3;;che;4\n"
    assert [rows for _, rows in columns_and_rows(tmp_path, text)] == [
        [("A", 1), ("B", 2), ("C", 3)],
        [("mat", 30), ("fyz", 28), ("che", 4)],
    ]


def test_titles_above_tables_name_them_and_are_theirs(tmp_path: Path) -> None:
    text = "Dívky;;;Chlapci;\ntřída;počet;;třída;počet\n1.A;3;;1.A;5\n1.B;4;;1.B;6\nCelkem;7;;Celkem;11\n"
    got = read(tmp_path, text, "zaci.csv")
    assert [table.name for table in got.reading.tables] == ["zaci Dívky", "zaci Chlapci"]
    assert [[code for _, _, _, code, _ in got.rejects(table)] for table in got.reading.tables] == [
        ["title", "total"],
        ["title", "total"],
    ]


def test_titles_between_stacked_tables_name_them(tmp_path: Path) -> None:
    text = "Školy;;\nškola;žáků;\nA;1;\nB;2;\n;;\nTřídy;;\ntřída;kapacita;obsazeno\n1.A;30;28\n2.A;28;27\n"
    got = read(tmp_path, text, "vykaz.csv")
    assert [table.name for table in got.reading.tables] == ["vykaz Školy", "vykaz Třídy"]
    assert [table.set_aside_rows for table in got.reading.tables] == [1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "jméno;třída;;čeština;matematika\nEva;1.A;;1;2\nJan;1.B;;2;3\nOta;1.A;;1;1\n",
        "jméno;příjmení;;obec;PSČ\nEva;Malá;;Brno;60200\nJan;Velký;;Praha;11000\nOta;Krátký;;Plzeň;30100\n",
        "id;jméno;;poznámka;datum\n1;Eva;;;\n2;Jan;;x;1.1.2024\n3;Ota;;;\n",
        "id;jméno;;poznámka\n1;Eva;;\n2;Jan;;x\n",
    ],
    ids=["marks", "addresses", "sparse", "one column"],
)
def test_a_blank_column_within_a_table_parts_nothing(tmp_path: Path, text: str) -> None:
    assert len(columns_and_rows(tmp_path, text)) == 1


def test_a_title_over_tables_side_by_side_is_no_table(tmp_path: Path) -> None:
    text = "Přehled;;;;\n;;;;\nškola;žáků;;učitel;úvazek\nA;1;;Nová;1\nB;2;;Malý;0,5\n"
    assert [columns for columns, _ in columns_and_rows(tmp_path, text)] == [
        ["skola", "zaku"],
        ["ucitel", "uvazek"],
    ]


# Headers of merged cells, and what stands below


def test_a_label_that_stands_below_itself_was_merged_over_the_rows_of_a_header(tmp_path: Path) -> None:
    text = "okres;žáci;žáci;žáci;žáci\nokres;2023;2023;2024;2024\nokres;dívky;chlapci;dívky;chlapci\n"
    text += "Jih;1;2;3;4\nSever;3;4;5;6\n"
    got = read(tmp_path, text)
    assert got.guess("header") == 3
    assert got.names == [
        "okres", "zaci_2023_divky", "zaci_2023_chlapci", "zaci_2024_divky", "zaci_2024_chlapci"
    ]  # fmt: skip


def test_a_row_that_says_who_made_the_table_is_no_data(tmp_path: Path) -> None:
    text = "třída;chlapci;dívky\n1.A;10;12\n2.A;11;13\nCelkem;21;25\n;;\nVypracoval: X;;Dne: 1.10.2024\n"
    got = read(tmp_path, text)
    assert (got.rows(), got.types) == ([("1.A", 10, 12), ("2.A", 11, 13)], ["text", "integer", "integer"])
    assert [code for _, _, _, code, _ in got.rejects()] == ["total", "note"]


def test_a_last_row_without_a_name_that_sums_up_the_others_is_a_total(tmp_path: Path) -> None:
    got = read(tmp_path, "jméno;x;y\nA;1;2\nB;3;4\nC;5;6\n;9;12\n")
    assert got.table.rows == 3
    assert [code for _, _, _, code, _ in got.rejects()] == ["total"]
    assert read_again(tmp_path, "jméno;x;y\nA;1;2\nB;3;4\nC;5;6\n;8;12\n").table.rows == 4


@pytest.mark.parametrize("word", ["jmeno", "Žák", "name"])
@pytest.mark.parametrize("width", [2, 3])
def test_a_header_may_repeat_one_word(word: str, width: int, tmp_path: Path) -> None:
    """It is no title: what merged cells carry along stands above labels, and this above names."""
    got = read(tmp_path, "\n".join([";".join([word] * width), *(";".join("AB" * width)[: 2 * width - 1],) * 2]))
    assert [column.label for column in got.table.columns] == [word] * width
    assert got.table.rows == 2


def test_a_title_that_merged_cells_carry_along_stays_a_title(tmp_path: Path) -> None:
    got = read(tmp_path, "Žáci;Žáci\njméno;třída\nAda;1.A\nEva;2.B\n")
    assert got.names == ["jmeno", "trida"]
    assert [code for _, _, _, code, _ in got.rejects()] == ["title"]


def test_tables_of_texts_below_each_other_are_told_apart_by_their_labels(tmp_path: Path) -> None:
    got = read(tmp_path, "Třída;Učitel\n1.A;Nováková\n2.B;Svoboda\n\nKroužek;Vedoucí\nŠachy;Malá\nKeramika;Nový\n")
    first, second = got.reading.tables
    assert [[column.label for column in table.columns] for table in (first, second)] == [
        ["Třída", "Učitel"],
        ["Kroužek", "Vedoucí"],
    ]
    assert got.rows(second) == [("Šachy", "Malá"), ("Keramika", "Nový")]


def test_names_after_a_blank_line_are_no_labels(tmp_path: Path) -> None:
    got = read(tmp_path, "Jméno;Město\nAda;Brno\nEva;Praha\n\nIda;Zlín\nJan;Most\n")
    assert got.table.rows == 4


LARGE = "".join(f"Žák {n};třída {n % 30};poznámka o žákovi číslo {n}\n" for n in range(50_000))


def test_a_repeated_header_in_a_large_table_of_texts_is_set_aside(tmp_path: Path) -> None:
    """No cell fails to convert there, so it is looked for."""
    half = LARGE.index("Žák 25000;")
    header = "Jméno;Třída;Poznámka\n"
    got = read(tmp_path, header + LARGE[:half] + header + LARGE[half:])
    assert got.table.rows == 50_000
    assert got.rejects() == [("set_aside", 25_002, None, "repeated_header", "Jméno;Třída;Poznámka")]


def test_several_tables_and_subtotals_are_found_in_a_file_of_some_megabytes(tmp_path: Path) -> None:
    rows = [f"Žák {n};třída {n // 100};{n % 7};poznámka o žákovi číslo {n}\n" for n in range(50_000)]
    rows.insert(100, "Celkem;;297;\n")
    rows.append("Celkem;;149997;\n")
    got = read(tmp_path, "Jméno;Třída;Body;Poznámka\n" + "".join(rows) + "\nŠkola;Počet\nZŠ A;5\nZŠ B;7\n")
    first, second = got.reading.tables
    assert (first.rows, first.set_aside_rows) == (50_000, 2)
    assert got.rows(second) == [("ZŠ A", 5), ("ZŠ B", 7)]


def test_means_below_grades_are_set_aside(tmp_path: Path) -> None:
    """Grades with a sign and letters in place of grades are what the means are of."""
    rows = "Bartoš Jan;1;1;1,33\nČerná Eva;2-;1-;2,00\nDvořák Petr;N;2;3,00\nMalá Iva;U;1;1,00\n"
    got = read(tmp_path, f"Příjmení a jméno;ČJ;AJ;Průměr\n{rows}\nPrůměr třídy;1,67;1,25;1,83\n")
    assert got.rows()[1] == ("Černá Eva", "2-", "1-", 2.0)
    assert [code for _, _, _, code, _ in got.rejects()] == ["total"]


@pytest.mark.parametrize(
    "days", [["1.9", "2.9", "3.9"], ["30.9", "1.10", "2.10"], ["1.9.", "2.9.", "3.9."]], ids=lambda days: days[0]
)
def test_days_of_a_month_are_labels(days: list[str], tmp_path: Path) -> None:
    """They are no decimal numbers, which would not follow each other."""
    got = read(tmp_path, f"Strávník;{';'.join(days)};Obědů\nAda;1;;1;2\nBob;;1;1;2\nEva;1;1;1;3\n")
    assert [column.label for column in got.table.columns] == ["Strávník", *days, "Obědů"]


def test_decimal_numbers_in_a_first_row_are_no_days(tmp_path: Path) -> None:
    got = read(tmp_path, "Ada,1.5,2.7,3.9\nBob,1.2,3.4,2.2\nEva,4.2,1.1,2.9\n")
    assert got.table.rows == 3


@pytest.mark.parametrize("numbers", ["1;2;3", "a;1;2", "a;b;1;2"])
def test_a_row_that_numbers_the_columns_is_set_aside(numbers: str, tmp_path: Path) -> None:
    stub = ";Okres" if numbers.startswith("a;b") else ""
    cell = ";Brno" if stub else ""
    got = read(tmp_path, f"Škola{stub};Žáků;Podíl\n{numbers}\nZŠ A{cell};12;0,5\nZŠ B{cell};24;0,25\n")
    assert [(row, code) for _, row, _, code, _ in got.rejects()] == [(2, "number_row")]
    assert got.types[-2:] == ["integer", "decimal"]


def test_a_note_amid_the_rows_is_set_aside(tmp_path: Path) -> None:
    got = read(tmp_path, "Třída;Žáků\n1.A;20\nPoznámka: 1.C zrušena\n2.A;25\n")
    assert got.rows() == [("1.A", 20), ("2.A", 25)]
    assert [code for _, _, _, code, _ in got.rejects()] == ["note"]


@pytest.mark.parametrize("names", [("1. stupeň celkem", "2. stupeň Total"), ("Celkem z 1. stupně", "Total of 2.")])
@pytest.mark.parametrize("end", ["", "Celkem;86\n", "Celá škola celkem;86\n"])
def test_named_subtotals_that_are_sums_are_set_aside(names: tuple[str, str], end: str, tmp_path: Path) -> None:
    got = read(tmp_path, f"Třída;Počet\n1.A;20\n1.B;21\n{names[0]};41\n6.A;22\n6.B;23\n{names[1]};45\n{end}")
    assert got.rows() == [("1.A", 20), ("1.B", 21), ("6.A", 22), ("6.B", 23)]
    assert {code for _, _, _, code, _ in got.rejects()} == {"total"}


def test_a_row_named_as_a_total_that_is_no_sum_is_kept(tmp_path: Path) -> None:
    got = read(tmp_path, "Jméno;Body\nJan;5\nEva;6\nPetr Total;12\nIva;7\nAda celkemová;30\nBob;1\n")
    assert got.table.rows == 6
