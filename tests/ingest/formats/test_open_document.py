"""OpenDocument spreadsheets give the cells that their sheets show, and only those; what could harm is refused."""

import datetime as dt
import random
import re
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.open_document import read_workbook
from eduscale.ingest.tables.grid import ErrorCell, Grid
from eduscale.models.reading import ReadLimits
from tests.ingest.reading import read as read_file
from tests.ingest.reading import read_path

MADE = Path(__file__).parent / "files" / "libreoffice.ods"
MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in [
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("number", "datastyle"),
        ("draw", "drawing"),
    ]
)


def document(body: str, styles: str = "", root: str = "office:document-content") -> str:
    """Return the XML of a document with one sheet, or several where the body ends one and begins another."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{root} {SPACES} office:mimetype="{MIMETYPE}" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="List1">{body}</table:table></office:spreadsheet></office:body></{root}>'
    )


def packed(folder: Path, content: str, mimetype: str = MIMETYPE, **others: str) -> Path:
    path = folder / "made.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        for name, data in others.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return path


def rows_of(folder: Path, body: str, styles: str = "") -> list[list[object]]:
    (grid,) = read_workbook(packed(folder, document(body, styles)), ReadLimits())
    return [list(row.cells) for row in grid.rows]


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def text(shown: str, attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{shown}</text:p></table:table-cell>'


def number(value: float, attributes: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}" {attributes}>'
        f"<text:p>{value}</text:p></table:table-cell>"
    )


def refused(path: Path, **limits: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_workbook(path, ReadLimits(**limits))
    return caught.value.reason


# Whole files


def test_what_libreoffice_writes_is_read_as_it_shows_it(tmp_path: Path) -> None:
    got = read_path(MADE, tmp_path, "skoly.ods")
    tables = got.reading.tables
    assert [(table.name, table.rows, table.set_aside_rows) for table in tables] == [
        ("Školy 2024", 4, 3),
        ("Třídy", 2, 0),
    ]
    rows = got.rows(tables[0])
    assert rows[0] == ("007", "ZŠ Žďár", dt.date(2001, 9, 1), 120, 0.915, True, 129600, 1234.5, 60, "Jih")
    assert rows[2][1] == "Gymnázium\nŘíčany"
    assert [row[9] for row in rows] == ["Jih", "Jih", "Jih", "Sever"], "merged cells carry their value"
    assert [(problem.row, problem.said.facts) for problem in tables[0].problems] == [
        (6, {"cell": "#DIV/0!"}),
        (8, {"cell": "#N/A"}),
    ]
    guesses = {guess.what: guess.evidence.facts for guess in tables[0].guesses}
    assert guesses["sheet"] == {"hidden": "Číselník"}
    assert guesses["hidden_rows"] == guesses["hidden_columns"] == {"count": 1}


def test_a_flat_document_is_read_like_a_zipped_one(tmp_path: Path) -> None:
    content = document(row(text("id"), text("n")) + row(text("a"), number(1)), root="office:document")
    got = read_file(tmp_path, content, "data.fods")
    assert (got.names, got.rows()) == (["id", "n"], [("a", 1)])


# Cells


def test_values_come_from_what_is_stored_not_from_what_is_shown(tmp_path: Path) -> None:
    def cell(kind: str, stored: str, shown: str) -> str:
        attribute = {"date": "date-value", "boolean": "boolean-value"}.get(kind, "value")
        return (
            f'<table:table-cell office:value-type="{kind}" office:{attribute}="{stored}">'
            f"<text:p>{shown}</text:p></table:table-cell>"
        )

    cells = [
        cell("float", "1234.5678", "1 235"),
        cell("percentage", "0.075", "8 %"),
        cell("currency", "99.9", "99,90 Kč"),
        cell("date", "2024-09-01", "1. září"),
        cell("date", "2024-09-01T08:30:00", "1. 9."),
        cell("date", "24-0-0", "?"),
        cell("boolean", "true", "PRAVDA"),
        text("007"),
    ]
    assert rows_of(tmp_path, row(*cells)) == [
        [1234.5678, 0.075, 99.9, dt.date(2024, 9, 1), dt.datetime(2024, 9, 1, 8, 30), "24-0-0", True, "007"]
    ]


def test_durations_are_told_from_times_of_day_by_length_and_by_format(tmp_path: Path) -> None:
    def cell(stored: str, style: str = "") -> str:
        attributes = f'office:value-type="time" office:time-value="{stored}" table:style-name="{style}"'
        return f"<table:table-cell {attributes}/>"

    styles = (
        '<number:time-style style:name="N1" number:truncate-on-overflow="false"/>'
        '<number:time-style style:name="N2"/>'
        '<style:style style:name="hours" style:data-style-name="N1"/>'
        '<style:style style:name="clock" style:data-style-name="N2"/>'
    )
    column = '<table:table-column table:default-cell-style-name="hours" table:number-columns-repeated="9"/>'
    cells = [cell("PT36H00M00S"), cell("PT07H45M00S", "clock"), cell("PT07H45M00S", "hours"), cell("PT1H")]
    assert rows_of(tmp_path, column + row(*cells, cell("P1DT2H3M4.5S"), cell("-PT1H"), cell("?")), styles) == [
        [
            dt.timedelta(hours=36),
            dt.time(7, 45),
            dt.timedelta(hours=7, minutes=45),
            dt.timedelta(hours=1),
            dt.timedelta(days=1, hours=2, minutes=3, seconds=4.5),
            dt.timedelta(hours=-1),
            "?",
        ]
    ]


def test_a_text_is_what_its_paragraphs_show_without_notes_and_drawings(tmp_path: Path) -> None:
    shown = (
        '<table:table-cell office:value-type="string">'
        "<office:annotation><text:p>pozn.</text:p></office:annotation>"
        '<text:p>a<text:s text:c="3"/>b<text:tab/><text:span>c</text:span><text:line-break/>d</text:p>'
        "<draw:frame><draw:text-box><text:p>obrázek</text:p></draw:text-box></draw:frame>"
        "<text:p>e<text:ruby><text:ruby-base>f</text:ruby-base><text:ruby-text>g</text:ruby-text></text:ruby></text:p>"
        "</table:table-cell>"
    )
    assert rows_of(tmp_path, row(shown)) == [["a   b\tc\nd\nef"]]


def test_formulas_give_their_last_value_error_or_the_formula_itself(tmp_path: Path) -> None:
    formula = 'table:formula="of:=[.A1]/0"'
    cells = [
        number(2, formula),
        text("#DIV/0!", formula + ' office:string-value="" calcext:value-type="error"'),
        text("Err:502", formula),
        text("#N/A"),
        f"<table:table-cell {formula}/>",
        f'<table:table-cell {formula} office:value-type="float" office:value="1">'
        "<text:p>TRUE</text:p></table:table-cell>",
    ]
    assert rows_of(tmp_path, row(*cells)) == [
        [2.0, ErrorCell("#DIV/0!"), ErrorCell("Err:502"), "#N/A", ErrorCell("=[.A1]/0"), True]
    ]


def test_a_formula_that_was_never_calculated_is_a_problem_with_its_text_in_the_rejects(tmp_path: Path) -> None:
    formula = '<table:table-cell table:formula="of:=1+1"/>'
    path = packed(
        tmp_path, document(row(text("id"), text("n")) + row(text("a"), formula) + row(text("b"), number(1)))
    )
    got = read_path(path, tmp_path, "made.ods")
    assert got.rows() == [("a", None), ("b", 1)]
    assert got.table.problems[0].said.code == "formula_without_value"
    assert got.rejects() == [("blanked", 2, "n", "formula_without_value", "=1+1")]


def test_a_merged_range_carries_its_value_and_covered_cells_have_none_of_their_own(tmp_path: Path) -> None:
    spanned = 'table:number-columns-spanned="2" table:number-rows-spanned="2"'
    covered = "<table:covered-table-cell><text:p>skryto</text:p></table:covered-table-cell>"
    body = row(text("Jih", spanned), covered, number(1)) + row(covered * 2, number(2)) + row(text("b"))
    assert rows_of(tmp_path, body) == [["Jih", "Jih", 1.0], ["Jih", "Jih", 2.0], ["b"]]


# What is declared, and what is there


def test_declared_emptiness_is_nothing_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    body = row(number(1), empty) + row(empty, attributes='table:number-rows-repeated="1000000"')
    body += row(number(2), empty, attributes='table:number-rows-repeated="2"')
    body += row(empty, attributes='table:number-rows-repeated="48573"')
    tracemalloc.start()
    (grid,) = read_workbook(packed(tmp_path, document(body)), ReadLimits())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(row.number, list(row.cells)) for row in grid.rows] == [(1, [1.0]), (1000002, [2.0]), (1000003, [2.0])]
    assert peak_bytes < 4 << 20


@pytest.mark.parametrize(
    ("columns", "rows"), [(16384, 1048576), (1, 10**12), (10**12, 1)], ids=["all", "rows", "columns"]
)
def test_a_value_that_is_repeated_everywhere_is_refused_before_it_is(
    tmp_path: Path, columns: int, rows: int
) -> None:
    cell = number(1, f'table:number-columns-repeated="{columns}"')
    tracemalloc.start()
    reason = refused(packed(tmp_path, document(row(cell, attributes=f'table:number-rows-repeated="{rows}"'))))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reason == "too_many_cells"
    assert peak_bytes < 4 << 20


def test_too_many_cells_are_refused(tmp_path: Path) -> None:
    assert refused(packed(tmp_path, document(row(number(1), number(2)) * 4)), cells=7) == "too_many_cells"


def test_too_many_sheets_are_refused(tmp_path: Path) -> None:
    assert (
        refused(packed(tmp_path, document('</table:table><table:table table:name="x">')), sheets=1)
        == "too_many_sheets"
    )


def test_what_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, document(row(text("x" * (3 << 20)))))
    assert refused(path, unpacked_bytes=1 << 20) == "too_large_unpacked"


# Sheets


def test_deleted_cells_and_those_of_linked_documents_are_no_sheets(tmp_path: Path) -> None:
    sheet = f'<table:table table:name="x">{row(text("starý"))}</table:table>'
    aside = f"<table:tracked-changes>{sheet}</table:tracked-changes><table:dde-links>{sheet}</table:dde-links>"
    content = document(row(text("nový"))).replace("<office:spreadsheet>", f"<office:spreadsheet>{aside}")
    grids: tuple[Grid, ...] = read_workbook(packed(tmp_path, content), ReadLimits())
    assert [(grid.name, grid.rows[0].cells) for grid in grids] == [("List1", ["nový"])]


# What is refused


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    content = document(row(text("&x;"))).replace(
        "?>", '?><!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>', 1
    )
    assert refused(packed(tmp_path, content)) == "unsafe_workbook"


def test_an_encrypted_document_is_named_as_such(tmp_path: Path) -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    assert refused(packed(tmp_path, "\x00garbled", **{"META-INF__manifest_xml": manifest})) == "encrypted_workbook"
    assert refused(packed(tmp_path, "", **{"encrypted-package": "x"})) == "encrypted_workbook"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("text", "word_document"), ("presentation", "presentation"), ("graphics", "not_a_workbook")],
)
def test_another_document_is_named_as_what_it_is(tmp_path: Path, kind: str, reason: str) -> None:
    got = read_path(
        packed(tmp_path, "<x/>", f"application/vnd.oasis.opendocument.{kind}"), tmp_path, "dokument.odt"
    )
    assert got.reading.error is not None
    assert got.reading.error.code == reason


@pytest.mark.parametrize(
    "content",
    [
        "<office:document-content>",
        document(row('<table:table-cell office:value-type="float"/>')),
        document(row('<table:table-cell office:value-type="float" office:value="x"/>')),
        document(row(text("a", 'table:number-columns-repeated="x"'))),
    ],
    ids=["broken XML", "no value", "no number", "no count"],
)
def test_a_document_that_contradicts_itself_is_damaged(tmp_path: Path, content: str) -> None:
    assert refused(packed(tmp_path, content)) == "damaged_workbook"


def test_a_document_cut_anywhere_is_damaged(tmp_path: Path) -> None:
    data, path = MADE.read_bytes(), tmp_path / "cut.ods"
    for length in range(4, len(data) - 1, 397):
        path.write_bytes(data[:length])
        assert refused(path) == "damaged_workbook"


def test_mangled_content_is_read_or_refused_but_nothing_else(tmp_path: Path) -> None:
    random_ = random.Random(7)
    with zipfile.ZipFile(MADE) as archive:
        content = archive.read("content.xml").decode()
    for _ in range(150):
        place = random_.randrange(len(content))
        length = random_.randrange(1, 12)
        changed = content[:place] + random_.choice(["", '"', "9", "<", "-", "x"]) + content[place + length :]
        try:
            read_workbook(packed(tmp_path, changed), ReadLimits())
        except UnreadableFile as error:
            assert re.fullmatch("[a-z_]+", error.reason)
