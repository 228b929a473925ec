"""Workbooks as people make them are read cell by cell; what could harm the reader is refused with a reason."""

import datetime as dt
import random
import re
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats import package, workbook_xml
from eduscale.ingest.formats.workbook import read_workbook
from eduscale.ingest.tables.grid import ErrorCell, Grid
from eduscale.models.reading import ReadLimits

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Make a workbook by a function that gets the XlsxWriter workbook and its first sheet."""

    def made(fill: Callable[[Any, Any], None], **options: object) -> Path:
        path = tmp_path / "made.xlsx"
        book = xlsxwriter.Workbook(str(path), options)
        fill(book, book.add_worksheet("List1"))
        book.close()
        return path

    return made


@pytest.fixture
def simple(make: Callable[..., Path]) -> Path:
    """A workbook with a header and three rows."""

    def fill(_book: Any, sheet: Any) -> None:
        for row, cells in enumerate([["id", "škola"], [1, "Alfa"], [2, "Beta"], [3, "Gama"]]):
            sheet.write_row(row, 0, cells)

    return make(fill)


def read(path: Path, **limits: int) -> tuple[Grid, ...]:
    return read_workbook(path, path.parent, ReadLimits(**limits))


def cells(grid: Grid) -> list[list[object]]:
    return [list(row.cells) for row in grid.rows]


def refused(path: Path, **limits: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(path, **limits)
    return caught.value.reason


def changed(path: Path, changes: dict[str, Callable[[bytes], bytes]]) -> Path:
    """Copy a workbook with some of its parts changed."""
    target = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name, lambda data: data)(old.read(name)))
    return target


def with_rows(path: Path, xml: bytes, after: bytes = b"") -> Path:
    """Copy a workbook with other rows in its first sheet."""
    return changed(
        path,
        {
            SHEET: lambda data: re.sub(
                rb"(?s)<sheetData>.*</sheetData>", b"<sheetData>" + xml + b"</sheetData>" + after, data
            )
        },
    )


# What cells become


def test_numbers_text_dates_and_truth_come_as_they_were_typed(make: Callable[..., Path]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        date = book.add_format({"num_format": "d.m.yyyy"})
        moment = book.add_format({"num_format": "d.m.yyyy h:mm"})
        clock = book.add_format({"num_format": "h:mm"})
        percent = book.add_format({"num_format": "0.0%"})
        sheet.write_number(0, 0, 5)
        sheet.write_string(0, 1, "007")
        sheet.write_datetime(0, 2, dt.datetime(2024, 9, 1), date)
        sheet.write_datetime(0, 3, dt.datetime(2024, 9, 1, 8, 30), moment)
        sheet.write_datetime(0, 4, dt.time(7, 45), clock)
        sheet.write_number(0, 5, 0.333, percent)
        sheet.write_boolean(0, 6, True)
        sheet.write_string(0, 7, " kraj ")

    (grid,) = read(make(fill))
    assert cells(grid) == [
        [5.0, "007", dt.date(2024, 9, 1), dt.datetime(2024, 9, 1, 8, 30), dt.time(7, 45), 0.333, True, " kraj "]
    ]
    assert [type(cell) for cell in grid.rows[0].cells][6] is bool


def test_a_duration_over_a_day_is_a_duration_and_no_date_of_1900(make: Callable[..., Path]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        elapsed = book.add_format({"num_format": "[h]:mm:ss"})
        sheet.write_number(0, 0, 1.5, elapsed)
        sheet.write_number(1, 0, 0.25, elapsed)

    (grid,) = read(make(fill))
    assert cells(grid) == [[dt.timedelta(hours=36)], [dt.timedelta(hours=6)]]


def test_dates_of_the_1904_system_are_not_four_years_early(make: Callable[..., Path]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_datetime(0, 0, dt.datetime(2024, 9, 1), book.add_format({"num_format": "yyyy-mm-dd"}))

    (grid,) = read(make(fill, date_1904=True))
    assert cells(grid) == [[dt.date(2024, 9, 1)]]


def test_a_formula_gives_its_last_value_and_never_its_text(make: Callable[..., Path]) -> None:
    def fill(_book: Any, sheet: Any) -> None:
        sheet.write_formula(0, 0, "=1+1", value=2)
        sheet.write_formula(0, 1, '="a"&"b"', value="ab")

    (grid,) = read(make(fill))
    assert cells(grid) == [[2.0, "ab"]]


def test_error_cells_are_marked_with_what_the_sheet_shows(make: Callable[..., Path]) -> None:
    def fill(_book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["# žáků", "průměr", "pozn"])
        sheet.write_formula(1, 1, "=1/0", value="#DIV/0!")
        sheet.write_string(1, 0, "#N/A")
        sheet.write_formula(2, 0, "=NA()", value="#N/A")
        sheet.write_string(2, 2, "x")

    (grid,) = read(make(fill))
    assert cells(grid) == [
        ["# žáků", "průměr", "pozn"],
        ["#N/A", ErrorCell("#DIV/0!")],
        [ErrorCell("#N/A"), None, "x"],
    ]


def test_a_formula_that_was_never_calculated_is_marked_by_its_text(make: Callable[..., Path]) -> None:
    def fill(_book: Any, sheet: Any) -> None:
        sheet.write_formula(0, 0, "=B1&A2", value="")
        sheet.write_row(0, 1, ["x", 2])
        sheet.write_formula(1, 1, "=1<2", value=1)
        sheet.write_formula(1, 2, '="<"&"&"', value="")

    path = make(fill)
    marked = [[ErrorCell("=B1&A2"), "x", 2.0], [None, 1.0, ErrorCell('="<"&"&"')]]
    assert cells(read(path)[0]) == marked
    variants: list[tuple[bytes, bytes]] = [
        (b"<v></v>", b"<v/>"),
        (b"<v></v>", b""),
        (b"</f><v></v>", b"</f><v />"),
    ]
    for old, new in variants:
        assert cells(read(changed(path, {SHEET: lambda data, o=old, n=new: data.replace(o, n)}))[0]) == marked


def test_a_sheet_of_nothing_but_uncalculated_formulas_has_its_rows(simple: Path) -> None:
    rows = b'<row r="3"><c r="C3"><f>1+1</f></c></row><row r="4"><c r="B4"><f>2+2</f></c></row>'
    (grid,) = read(with_rows(simple, rows))
    assert [(row.number, list(row.cells)) for row in grid.rows] == [
        (3, [None, ErrorCell("=1+1")]),
        (4, [ErrorCell("=2+2")]),
    ]


def test_an_empty_text_is_the_value_of_a_formula_like_any_other(simple: Path) -> None:
    rows = b'<row r="1"><c r="A1" t="str"><f>IF(1,"")</f><v></v></c><c r="B1"><v>1</v></c></row>'
    assert cells(read(with_rows(simple, rows))[0]) == [[1.0]]


def test_a_whole_number_too_long_for_a_double_keeps_every_digit(simple: Path) -> None:
    rows = (
        b'<row r="1"><c r="A1"><v>9007199254740993</v></c><c r="B1" s="0"><v>-123456789012345678901</v></c>'
        b'<c r="C1"><v>1.5E+20</v></c><c r="D1"><v>1234567890123456.5</v></c></row>'
    )
    (grid,) = read(with_rows(simple, rows))
    assert cells(grid) == [[9007199254740993, -123456789012345678901, 1.5e20, 1234567890123456.5]]


def test_rich_text_is_joined_and_escaped_control_characters_are_real_ones(make: Callable[..., Path]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_rich_string(0, 0, "Al", book.add_format({"bold": True}), "fa")
        sheet.write_string(0, 1, "první_x000D_\ndruhý")

    path = make(fill)
    strings = changed(path, {"xl/sharedStrings.xml": lambda data: data.replace(b"_x005F_x000D_", b"_x000D_")})
    (grid,) = read(strings)
    assert cells(grid) == [["Alfa", "první\r\ndruhý"]]


def test_text_written_into_the_cells_themselves_is_read(simple: Path) -> None:
    rows = (
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>v bu\xc5\x88ce</t></is></c>'
        b'<c r="B1" t="str"><v>vzorec</v></c></row>'
    )
    (grid,) = read(with_rows(simple, rows))
    assert cells(grid) == [["v buňce", "vzorec"]]


def test_what_openpyxl_writes_is_read_alike(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "datum", "text"])
    sheet.append([1, dt.date(2024, 1, 31), "01234"])
    sheet.append([2, None, "=1+1"])
    sheet["C3"].data_type = "s"
    book.save(tmp_path / "made.xlsx")
    (grid,) = read(tmp_path / "made.xlsx")
    assert cells(grid) == [["id", "datum", "text"], [1.0, dt.date(2024, 1, 31), "01234"], [2.0, None, "=1+1"]]


# Where cells stand


def test_rows_keep_the_numbers_that_the_sender_sees(make: Callable[..., Path]) -> None:
    def fill(_book: Any, sheet: Any) -> None:
        sheet.write_row(4, 2, ["id", "n"])
        sheet.write_row(5, 2, [1, 10])
        sheet.write_row(8, 2, [2])

    (grid,) = read(make(fill))
    assert [row.number for row in grid.rows] == [5, 6, 9]
    assert cells(grid) == [["id", "n"], [1.0, 10.0], [2.0]], "columns that are empty on the left are no columns"


def test_every_cell_of_a_merged_range_has_its_value(make: Callable[..., Path]) -> None:
    def fill(_book: Any, sheet: Any) -> None:
        sheet.merge_range("A1:J1", "Výkaz")
        sheet.write_row(1, 0, ["kraj", "okres", "n"])
        sheet.merge_range("A3:A5", "Jižní")
        for row, district in enumerate("ABCD", start=2):
            sheet.write_row(row, 1, [district, row])
        sheet.write_string(5, 0, "Severní")

    (grid,) = read(make(fill))
    assert cells(grid) == [
        ["Výkaz", "Výkaz", "Výkaz"],
        ["kraj", "okres", "n"],
        ["Jižní", "A", 2.0],
        ["Jižní", "B", 3.0],
        ["Jižní", "C", 4.0],
        ["Severní", "D", 5.0],
    ], "and none beyond the width of the sheet"


def test_merged_ranges_of_absurd_size_are_refused_or_harmless(simple: Path) -> None:
    (grid,) = read(
        with_rows(
            simple,
            b'<row r="1"><c r="A1"><v>1</v></c></row>',
            b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        )
    )
    assert cells(grid) == [[1.0]]


# Sheets


def test_a_hidden_sheet_is_left_out_and_the_receipt_says_so(make: Callable[..., Path]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["kod", "text"])
        sheet.hide()
        data = book.add_worksheet("Data")
        data.write_row(0, 0, ["id", "n"])
        data.activate()
        data.set_first_sheet()

    (grid,) = read(make(fill))
    assert grid.name == "Data"
    assert [(guess.what, guess.value, guess.evidence.facts) for guess in grid.guesses] == [
        ("sheet", "Data", {"hidden": "List1"})
    ]


def test_a_hidden_sheet_is_read_where_the_visible_ones_are_empty(make: Callable[..., Path]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        hidden = book.add_worksheet("Data")
        hidden.write_row(0, 0, ["id", "n"])
        hidden.hide()

    (grid,) = read(make(fill))
    assert (grid.name, grid.guesses[0].evidence.code) == ("Data", "sheet_hidden")


def test_hidden_rows_and_columns_are_read_and_counted(make: Callable[..., Path]) -> None:
    def fill(_book: Any, sheet: Any) -> None:
        for row in range(5):
            sheet.write_row(row, 1, [row, row, row])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.set_row(9, None, None, {"hidden": True})
        sheet.set_column("C:C", None, None, {"hidden": True})
        sheet.set_column("F:XFD", None, None, {"hidden": True})

    (grid,) = read(make(fill))
    assert len(grid.rows) == 5
    assert [(guess.what, guess.value, guess.evidence.facts) for guess in grid.guesses] == [
        ("hidden_rows", "read", {"count": 2}),
        ("hidden_columns", "read", {"count": 1}),
    ]


def test_several_sheets_come_in_the_order_of_the_workbook_without_charts(make: Callable[..., Path]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["a", 1])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=List1!$B$1:$B$1"})
        book.add_chartsheet("Graf").set_chart(chart)
        book.add_worksheet("Druhý & <třetí>").write_row(0, 0, ["b"])

    assert [grid.name for grid in read(make(fill))] == ["List1", "Druhý & <třetí>"]


def test_a_workbook_without_a_value_has_no_grid(make: Callable[..., Path]) -> None:
    assert read(make(lambda _book, _sheet: None)) == ()


# Sizes that are declared, and sizes that are


@pytest.mark.parametrize("value", [b"", b"<v>1</v>"], ids=["styled", "with a value"])
@pytest.mark.parametrize("place", [b"A1048576", b"XFD2", b"XFD1048576"])
def test_a_stray_cell_far_away_costs_next_to_nothing(simple: Path, place: bytes, value: bytes) -> None:
    row = place.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    first = b'<row r="1"><c r="A1"><v>7</v></c><c r="B1"><v>8</v></c></row>'
    stray = b'<row r="' + row + b'"><c r="' + place + b'" s="0">' + value + b"</c></row>"
    path = with_rows(simple, first + stray)
    tracemalloc.start()
    started = time.perf_counter()
    (grid,) = read(path)
    elapsed_s = time.perf_counter() - started
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cells(grid)[0] == [7.0, 8.0]
    assert len(grid.rows) == (2 if value else 1)
    assert elapsed_s < 2
    assert peak_bytes < 16 << 20


def test_a_thousand_declared_rows_without_values_are_no_rows(make: Callable[..., Path]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        border = book.add_format({"border": 1})
        for row in range(1000):
            sheet.write_row(row, 0, ["", "", ""], border)
        sheet.write_row(0, 0, ["id", "n"])
        sheet.write_row(1, 0, [1, 2])

    (grid,) = read(make(fill))
    assert cells(grid) == [["id", "n"], [1.0, 2.0]]


def test_a_sheet_cut_into_many_blocks_is_read_as_one(
    make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(_book: Any, sheet: Any) -> None:
        for row in range(500):
            if row % 7:
                sheet.write_row(row, row % 3, [f"text {row}", row, row / 3])
        sheet.write_formula(333, 4, "=1/0", value="#DIV/0!")
        sheet.merge_range("G100:G400", "přes bloky")

    path = make(fill)
    whole = read(path)
    for module in (package, workbook_xml):
        monkeypatch.setattr(module, "CHUNK_BYTES", 1500)
    assert read(path) == whole
    assert len(whole[0].rows) == len([row for row in range(500) if row % 7])


def test_rows_without_numbers_are_counted_on(simple: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (package, workbook_xml):
        monkeypatch.setattr(module, "CHUNK_BYTES", 100)
    (grid,) = read(with_rows(simple, b"".join(b'<row spans="1:1"><c><v>%d</v></c></row>' % n for n in range(50))))
    assert [row.number for row in grid.rows] == list(range(1, 51))
    assert cells(grid) == [[float(n)] for n in range(50)]


def test_a_sheet_with_prefixed_names_is_read(simple: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (package, workbook_xml):
        monkeypatch.setattr(module, "CHUNK_BYTES", 100)

    def prefixed(data: bytes) -> bytes:
        return re.sub(rb"<(/?)([a-z])", rb"<\1x:\2", data).replace(b"xmlns=", b"xmlns:x=", 1)

    assert cells(read(changed(simple, {SHEET: prefixed}))[0]) == cells(read(simple)[0])


def test_parts_are_found_by_relation_not_by_name(simple: Path) -> None:
    target = simple.with_name("moved.xlsx")
    with zipfile.ZipFile(simple) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/_rels/workbook.xml.rels":
                data = data.replace(b'"worksheets/sheet1.xml"', b'"/xl/Worksheets/Odd%20name.xml"')
            new.writestr("xl\\worksheets\\odd%20name.xml" if name == SHEET else name, data)
    assert cells(read(target)[0]) == cells(read(simple)[0])


# What is refused


@pytest.mark.parametrize(
    "part", [SHEET, "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "_rels/.rels"]
)
def test_a_document_type_is_refused_in_any_part(simple: Path, part: str) -> None:
    def declared(data: bytes) -> bytes:
        head, _, rest = data.partition(b"?>")
        return head + b'?>\n<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rest

    assert refused(changed(simple, {part: declared})) == "unsafe_workbook"


@pytest.mark.parametrize("place", [b"<row ", b"</sheetData>"])
def test_a_document_type_amid_the_sheet_is_refused(simple: Path, place: bytes) -> None:
    path = changed(simple, {SHEET: lambda data: data.replace(place, b"<!DOCTYPE x>" + place, 1)})
    assert refused(path) == "unsafe_workbook"


def test_what_unpacks_to_more_than_the_limit_is_refused_without_being_held(simple: Path) -> None:
    path = with_rows(simple, b'<row r="1"><c r="A1"><v>1</v></c></row>' + b" " * (100 << 20))
    tracemalloc.start()
    assert refused(path, unpacked_bytes=16 << 20) == "too_large_unpacked"
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 64 << 20


def test_parts_that_are_small_one_by_one_are_counted_together(simple: Path) -> None:
    with zipfile.ZipFile(simple) as archive:
        largest = max(archive.getinfo(name).file_size for name in (SHEET, "xl/styles.xml", "xl/sharedStrings.xml"))
    assert refused(simple, unpacked_bytes=largest) == "too_large_unpacked"


def test_strings_over_the_limit_are_refused(simple: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_xml, "MAX_STRINGS_BYTES", 50)
    assert refused(simple) == "too_large_unpacked"


def test_a_size_that_lies_does_not_help(simple: Path) -> None:
    data = bytearray(simple.read_bytes())
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(SHEET.encode()))
    struct.pack_into("<I", data, place + 24, 10)
    simple.write_bytes(data)
    assert refused(simple) == "damaged_workbook"


def test_too_many_entries_are_refused(simple: Path) -> None:
    assert refused(simple, entries=3) == "too_many_entries"


def test_too_many_cells_are_refused(simple: Path) -> None:
    assert refused(simple, cells=7) == "too_many_cells"


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="9"><c r="A9"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></c><c r="B1048576"><v>1</v></c></row>',
        b'<row><c r="A1"><v>1</v></c></row><row><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1"><c r="A1" t="s"><v>99999</v></c></row>',
    ],
    ids=["rows out of order", "a cell of another row", "rows without numbers", "a text that is not there"],
)
def test_a_sheet_that_contradicts_itself_is_damaged(simple: Path, rows: bytes) -> None:
    assert refused(with_rows(simple, rows)) == "damaged_workbook"


def test_more_merged_ranges_than_cells_are_refused(simple: Path) -> None:
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="L2"><v>1</v></c></row>'
    merges = b"<mergeCells>" + b'<mergeCell ref="A1:L1048576"/>' * 100 + b"</mergeCells>"
    assert refused(with_rows(simple, rows, merges), cells=1000) == "too_many_cells"


@pytest.mark.parametrize(
    ("part", "reason"), [("word/document.xml", "word_document"), ("ppt/presentation.xml", "presentation")]
)
def test_another_office_document_is_named_as_what_it_is(tmp_path: Path, part: str, reason: str) -> None:
    path = tmp_path / "dokument.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr(part, "<document/>")
    assert refused(path) == reason


def test_some_zip_file_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "data.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("data.csv", "a;b\n")
    assert refused(path) == "not_a_workbook"


def test_broken_sheet_xml_is_a_damaged_workbook(simple: Path) -> None:
    assert refused(changed(simple, {SHEET: lambda data: data[: len(data) // 2]})) == "damaged_workbook"
    assert refused(changed(simple, {SHEET: lambda data: data.replace(b"</c>", b"", 1)})) == "damaged_workbook"
    assert refused(changed(simple, {SHEET: lambda data: data.replace(b"</worksheet>", b"")})) == "damaged_workbook"


def test_a_workbook_cut_anywhere_is_damaged(simple: Path) -> None:
    data = simple.read_bytes()
    for length in range(4, len(data) - 1, 97):
        simple.write_bytes(data[:length])
        assert refused(simple) == "damaged_workbook"


def mangled(data: bytes, random_: random.Random) -> bytes:
    """Change, drop or repeat some bytes."""
    result = bytearray(data)
    for _ in range(random_.randrange(1, 6)):
        place = random_.randrange(len(result))
        match random_.randrange(3):
            case 0:
                result[place] = random_.choice(b"<>\"'/&=#!r19AZ\x00\xff")
            case 1:
                del result[place : place + random_.randrange(1, 30)]
            case _:
                result[place:place] = result[place : place + random_.randrange(1, 30)]
    return bytes(result)


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", ""])
def test_a_mangled_workbook_is_read_or_refused_but_nothing_else(simple: Path, part: str) -> None:
    random_ = random.Random(3)
    original = simple.read_bytes()
    for _ in range(60):
        if part:
            path = changed(simple, {part: lambda data: mangled(data, random_)})
        else:
            path = simple
            path.write_bytes(mangled(original, random_))
        try:
            read(path)
        except UnreadableFile as error:
            assert re.fullmatch("[a-z_]+", error.reason)


def test_nothing_is_left_in_the_folder(simple: Path) -> None:
    read(simple)
    assert [path.name for path in simple.parent.iterdir()] == [simple.name]
