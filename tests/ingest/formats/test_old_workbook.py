"""XLS workbooks of any age give the cells that their sheets show; what is damaged or strange is named as such."""

import datetime as dt
import random
import re
import struct
import tracemalloc
from pathlib import Path

import pytest

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.old_workbook import read_workbook
from eduscale.ingest.tables.grid import ErrorCell, Grid
from eduscale.models.reading import ReadLimits
from tests.ingest import old_workbooks as xls
from tests.ingest.reading import read as read_file
from tests.ingest.reading import read_path

MADE = Path(__file__).parent / "files" / "libreoffice.xls"


def read(folder: Path, data: bytes, **limits: int) -> tuple[Grid, ...]:
    path = folder / "made.xls"
    path.write_bytes(data)
    return read_workbook(path, ReadLimits(**limits))


def cells_of(folder: Path, cells: bytes, **options: object) -> list[list[object]]:
    """Return what comes of a sheet with these records."""
    (grid,) = read(folder, xls.container(xls.stream([("List1", 0, cells)], **options)))  # type: ignore[arg-type]
    return [list(row.cells) for row in grid.rows]


def refused(folder: Path, data: bytes, **limits: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(folder, data, **limits)
    return caught.value.reason


# Whole files


def test_what_libreoffice_writes_is_read_as_it_shows_it(tmp_path: Path) -> None:
    got = read_path(MADE, tmp_path, "skoly.xls").reading.tables
    assert [(table.name, table.rows, table.rejected_rows, table.set_aside_rows) for table in got] == [
        ("Školy 2024", 4, 0, 3),
        ("Třídy", 2, 0, 0),
    ]
    assert [(column.name, column.type) for column in got[0].columns] == [
        ("kod", "text"),
        ("skola", "text"),
        ("otevreno", "date"),
        ("dochazka_zaku", "integer"),
        ("dochazka_podil", "decimal"),
        ("splneno", "boolean"),
        ("vyuka", "duration"),
        ("cena", "decimal"),
        ("prumer", "integer"),
        ("okres", "text"),
    ]


def test_values_of_a_whole_workbook_are_exact(tmp_path: Path) -> None:
    got = read_path(MADE, tmp_path, "skoly.xls")
    rows = got.rows(got.reading.tables[0])
    assert rows[0] == ("007", "ZŠ Žďár", dt.date(2001, 9, 1), 120, 0.915, True, 129600, 1234.5, 60, "Jih")
    assert rows[2][1] == "Gymnázium\nŘíčany"
    assert [row[9] for row in rows] == ["Jih", "Jih", "Jih", "Sever"], "merged cells carry their value"
    assert [row[8] for row in rows] == [60, None, 160, None], "formulas that failed have no value"
    errors = [(problem.row, problem.column, problem.said.facts) for problem in got.reading.tables[0].problems]
    assert errors == [(6, "Průměr", {"cell": "#DIV/0!"}), (8, "Průměr", {"cell": "#N/A"})]


def test_hidden_sheets_rows_and_columns_are_reported(tmp_path: Path) -> None:
    guesses = {guess.what: guess for guess in read_workbook(MADE, ReadLimits())[0].guesses}
    assert guesses["sheet"].evidence.facts == {"hidden": "Číselník"}
    assert guesses["hidden_rows"].evidence.facts == {"count": 1}
    assert guesses["hidden_columns"].evidence.facts == {"count": 1}


# Cells


def test_numbers_of_every_storage_are_the_same_numbers(tmp_path: Path) -> None:
    half = struct.unpack("<I", struct.pack("<d", 0.5)[4:])[0]
    cells = (
        xls.number(0, 0, 12.25)
        + xls.packed(0, 1, 7 << 2 | 2)
        + xls.packed(0, 2, 1234 << 2 | 3, (-5 << 2 | 2) & 0xFFFFFFFF, half, half | 1)
        + xls.formula(0, 6, struct.pack("<d", 3.5))
    )
    assert cells_of(tmp_path, cells) == [[12.25, 7.0, 12.34, -5.0, 0.5, 0.005, 3.5]]


@pytest.mark.parametrize(
    ("number_format", "value", "shown"),
    [
        ("d.m.yyyy", 45536.0, dt.date(2024, 9, 1)),
        ("[$-405]d. mmmm yyyy;@", 45536.0, dt.date(2024, 9, 1)),
        ("d.m.yyyy h:mm", 45536.25, dt.datetime(2024, 9, 1, 6)),
        ("h:mm", 0.75, dt.time(18)),
        ("h:mm:ss.000", 0.75, dt.time(18)),
        ("[h]:mm:ss", 1.5, dt.timedelta(hours=36)),
        ("[mm]:ss", 0.5, dt.timedelta(hours=12)),
        ("0.0%", 0.85, 0.85),
        ('#,##0.00 "dní"', 12.0, 12.0),
        ("[Red]0;[Blue]-0", 3.0, 3.0),
        ("General", 45536.0, 45536.0),
        ('0" ks / měsíc"', 4.0, 4.0),
        ("d.m.yyyy", 1e9, 1e9),
        ("d.m.yyyy", -1.0, -1.0),
    ],
)
def test_a_number_is_what_its_format_shows(
    tmp_path: Path, number_format: str, value: float, shown: object
) -> None:
    settings = xls.record(0x041E, struct.pack("<H", 200) + xls.unicode_text(number_format))
    settings += xls.record(0xE0, struct.pack("<HH", 0, 200) + bytes(16))
    assert cells_of(tmp_path, xls.number(0, 0, value), settings=settings) == [[shown]]


def test_dates_before_march_1900_and_of_the_1904_system_are_right(tmp_path: Path) -> None:
    date = xls.record(0xE0, struct.pack("<HH", 0, 14) + bytes(16))
    assert cells_of(tmp_path, xls.number(0, 0, 59) + xls.number(1, 0, 61), settings=date) == [
        [dt.date(1900, 2, 28)],
        [dt.date(1900, 3, 1)],
    ]
    since_1904 = xls.record(0x22, b"\x01\x00")
    assert cells_of(tmp_path, xls.number(0, 0, 44074), settings=date + since_1904) == [[dt.date(2024, 9, 1)]]


def test_truth_errors_and_results_of_formulas_are_told_apart(tmp_path: Path) -> None:
    cells = (
        xls.truth(0, 0, 1)
        + xls.truth(0, 1, 0x2A, error=True)
        + xls.formula(0, 2, b"\x01\x00\x00\x00\x00\x00\xff\xff")
        + xls.formula(0, 3, b"\x02\x00\x07\x00\x00\x00\xff\xff")
        + xls.formula(0, 4, b"\x00\x00\x00\x00\x00\x00\xff\xff")
        + xls.record(0x0207, xls.unicode_text("součet"))
        + xls.formula(0, 5, b"\x03\x00\x00\x00\x00\x00\xff\xff")
        + xls.number(0, 6, 1)
    )
    assert cells_of(tmp_path, cells) == [
        [True, ErrorCell("#N/A"), False, ErrorCell("#DIV/0!"), "součet", None, 1.0]
    ]


def test_shared_texts_are_whole_wherever_a_record_ends(tmp_path: Path) -> None:
    rich = struct.pack("<HBH", 4, 0x08, 2) + b"bold" + bytes(8)
    texts = struct.pack("<II", 3, 3) + xls.unicode_text("žluťoučký kůň") + rich + xls.unicode_text("x", wide=False)
    whole = [["žluťoučký kůň", "bold", "x"]]
    cells = b"".join(xls.shared(0, place, place) for place in range(3))
    for cut in range(8, len(texts)):
        first, rest = texts[:cut], texts[cut:]
        if 11 < cut < 11 + 26:
            if (cut - 11) % 2:
                continue  # a character is never cut
            rest = b"\x01" + rest
        elif 42 < cut < 46 or cut == 11 + 26 + 5 + 4 + 8 + 3:
            rest = b"\x00" + rest
        elif cut in (11, 42):
            rest = (b"\x01" if cut == 11 else b"\x00") + rest
        elif 8 < cut < 11 or 37 < cut < 42 or 54 < cut < 57:
            continue  # the head of a text is never cut
        settings = xls.record(0xFC, first) + xls.record(0x3C, rest)
        assert cells_of(tmp_path, cells, settings=settings) == whole, cut


def test_cells_of_an_embedded_chart_are_no_cells_of_the_sheet(tmp_path: Path) -> None:
    chart = xls.begin(xls.BIFF8, 0x20) + xls.number(0, 0, 99) + xls.END
    assert cells_of(tmp_path, xls.number(0, 0, 1) + chart + xls.number(0, 1, 2)) == [[1.0, 2.0]]


def test_a_merged_range_carries_its_value(tmp_path: Path) -> None:
    merged = xls.record(0xE5, struct.pack("<HHHHH", 1, 0, 2, 0, 0))
    cells = b"".join(xls.number(row, 1, row) for row in range(3)) + xls.number(0, 0, 7)
    assert cells_of(tmp_path, cells + merged) == [[7.0, 0.0], [7.0, 1.0], [7.0, 2.0]]


# Texts before 1997


def test_texts_in_a_declared_code_page_are_read_in_it(tmp_path: Path) -> None:
    words = ["škola", "Žďár nad Sázavou", "Říčany", "Kroměříž", "Uherský Brod"]
    cells = b"".join(xls.text(row, 0, word.encode("cp1250")) for row, word in enumerate(words))
    for declared in (1250, 1252):
        settings = xls.record(0x42, struct.pack("<H", declared))
        content = xls.stream([("Žáci".encode("cp1250"), 0, cells)], version=xls.BIFF5, settings=settings)
        (grid,) = read(tmp_path, xls.container(content, "Book"))
        assert [row.cells[0] for row in grid.rows] == words
        assert grid.name == "Žáci"
        (guess,) = grid.guesses
        assert (guess.what, guess.value) == ("encoding", "windows-1250")
        assert guess.evidence.code == ("encoding_declared" if declared == 1250 else "encoding_letters")


def test_a_stream_without_a_container_is_read(tmp_path: Path) -> None:
    content = xls.record(0x0809, struct.pack("<HHHH", 0, xls.WORKSHEET, 0, 0))
    content += xls.text(0, 0, b"jmeno") + xls.text(0, 1, b"body") + xls.text(1, 0, "Říčany".encode("cp1250"))
    content += xls.number(1, 1, 5) + xls.END
    got = read_file(tmp_path, content, "export.xls")
    assert got.names == ["jmeno", "body"]
    assert got.table.name == "export"


# What is declared, and what is there


def test_a_cell_far_away_costs_next_to_nothing(tmp_path: Path) -> None:
    tracemalloc.start()
    assert len(cells_of(tmp_path, xls.number(0, 0, 1) + xls.number(65535, 255, 2))) == 2
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 4 << 20


def test_too_many_cells_are_refused(tmp_path: Path) -> None:
    content = xls.stream([("List1", 0, b"".join(xls.number(row, 1, row) for row in range(4)))])
    assert refused(tmp_path, xls.container(content), cells=7) == "too_many_cells"


def test_too_many_sheets_are_refused(tmp_path: Path) -> None:
    content = xls.stream([(f"List{number}", 0, xls.number(0, 0, 1)) for number in range(3)])
    assert refused(tmp_path, xls.container(content), sheets=2) == "too_many_sheets"


def test_an_encrypted_workbook_is_named_as_such(tmp_path: Path) -> None:
    content = xls.stream([("List1", 0, xls.number(0, 0, 1))], settings=xls.record(0x2F, bytes(54)))
    assert refused(tmp_path, xls.container(content)) == "encrypted_workbook"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("EncryptedPackage", "encrypted_workbook"),
        ("WordDocument", "word_document"),
        ("PowerPoint Document", "presentation"),
        ("Contents", "not_a_workbook"),
    ],
)
def test_another_document_is_named_as_what_it_is(tmp_path: Path, name: str, reason: str) -> None:
    assert refused(tmp_path, xls.container(bytes(5000), name)) == reason


def test_a_chain_of_sectors_in_a_circle_is_damaged(tmp_path: Path) -> None:
    data = bytearray(xls.container(xls.stream([("List1", 0, xls.number(0, 0, 1) * 600)])))
    data[-512:-508] = struct.pack("<I", 0)
    assert refused(tmp_path, bytes(data)) == "damaged_workbook"


def test_a_text_that_is_not_there_is_damaged(tmp_path: Path) -> None:
    content = xls.stream([("List1", 0, xls.shared(0, 0, 99))])
    assert refused(tmp_path, xls.container(content)) == "damaged_workbook"


def test_a_workbook_cut_anywhere_is_damaged_or_whole(tmp_path: Path) -> None:
    data, whole = MADE.read_bytes(), read_workbook(MADE, ReadLimits())
    for length in range(9, len(data), 61):
        try:
            assert read(tmp_path, data[:length]) == whole
        except UnreadableFile as error:
            assert error.reason in ("damaged_workbook", "not_a_workbook")


def test_a_mangled_workbook_is_read_or_refused_but_nothing_else(tmp_path: Path) -> None:
    random_, original = random.Random(5), MADE.read_bytes()
    for _ in range(400):
        data = bytearray(original)
        for _ in range(random_.randrange(1, 9)):
            data[random_.randrange(8, len(data))] = random_.choice((0, 1, 2, 0x80, 0xFF, random_.randrange(256)))
        try:
            read(tmp_path, bytes(data))
        except UnreadableFile as error:
            assert re.fullmatch("[a-z_]+", error.reason)
