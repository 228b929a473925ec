"""Workbooks in one XML file give the cells that Excel shows; what could harm is refused."""

import datetime as dt
from pathlib import Path

import pytest

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.spreadsheet_xml import read_workbook
from eduscale.ingest.tables.grid import ErrorCell, Grid
from eduscale.models.reading import ReadLimits
from tests.ingest.reading import read as read_file

STYLES = '<Styles><Style ss:ID="h"><NumberFormat ss:Format="[h]:mm:ss"/></Style></Styles>'


def workbook(*sheets: str, encoding: str = "UTF-8") -> bytes:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"\n'
        ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
        f' xmlns:x="urn:schemas-microsoft-com:office:excel">{STYLES}{"".join(sheets)}</Workbook>'
    )
    return text.encode(encoding)


def sheet(rows: str, name: str = "List1", options: str = "") -> str:
    return f'<Worksheet ss:Name="{name}"><Table>{rows}</Table>{options}</Worksheet>'


def cell(kind: str, value: str, attributes: str = "") -> str:
    return f'<Cell {attributes}><Data ss:Type="{kind}">{value}</Data></Cell>'


def row(*cells: str, attributes: str = "") -> str:
    return f"<Row {attributes}>{''.join(cells)}</Row>"


def read(folder: Path, data: bytes, **limits: int) -> tuple[Grid, ...]:
    path = folder / "made.xls"
    path.write_bytes(data)
    return read_workbook(path, ReadLimits(**limits))


def refused(folder: Path, data: bytes, **limits: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(folder, data, **limits)
    return caught.value.reason


def test_cells_are_what_their_type_says(tmp_path: Path) -> None:
    cells = [
        cell("String", "007 &amp; <B>tučně</B>"),
        cell("Number", "1234.5"),
        cell("DateTime", "2024-09-01T00:00:00.000"),
        cell("DateTime", "2024-09-01T08:30:00.000"),
        cell("DateTime", "1899-12-31T07:45:00.000"),
        cell("DateTime", "1900-01-01T12:00:00.000", 'ss:StyleID="h"'),
        cell("Boolean", "1"),
        cell("Error", "#DIV/0!"),
        '<Cell ss:Formula="=RC[-1]"/>',
        '<Cell><Data ss:Type="String">a</Data><Comment><ss:Data>poznámka</ss:Data></Comment></Cell>',
    ]
    (grid,) = read(tmp_path, workbook(sheet(row(*cells))))
    assert list(grid.rows[0].cells) == [
        "007 & tučně",
        1234.5,
        dt.date(2024, 9, 1),
        dt.datetime(2024, 9, 1, 8, 30),
        dt.time(7, 45),
        dt.timedelta(hours=36),
        True,
        ErrorCell("#DIV/0!"),
        ErrorCell("=RC[-1]"),
        "a",
    ]


def test_cells_stand_where_their_index_says_and_merged_ones_carry_their_value(tmp_path: Path) -> None:
    rows = row(cell("String", "kraj", 'ss:MergeDown="1"'), cell("String", "žáci", 'ss:MergeAcross="1"'))
    rows += row(
        cell("String", "dívky", 'ss:Index="2"'), cell("String", "hoši"), attributes='ss:Hidden="1" ss:Span="2"'
    )
    rows += row(cell("Number", "4", 'ss:Index="3"'))
    rows += row(cell("Number", "5", 'ss:Index="3"'), attributes='ss:Index="7"')
    (grid,) = read(tmp_path, workbook(sheet('<Column ss:Index="3" ss:Hidden="1"/>' + rows)))
    assert [(each.number, list(each.cells)) for each in grid.rows] == [
        (1, ["kraj", "žáci", "žáci"]),
        (2, ["kraj", "dívky", "hoši"]),
        (5, [None, None, 4.0]),
        (7, [None, None, 5.0]),
    ]
    assert {guess.what: guess.evidence.facts for guess in grid.guesses} == {
        "hidden_rows": {"count": 1},
        "hidden_columns": {"count": 1},
    }


@pytest.mark.parametrize("encoding", ["UTF-8", "windows-1250", "UTF-16"])
def test_a_workbook_named_xls_is_read_whatever_its_encoding(tmp_path: Path, encoding: str) -> None:
    table = row(cell("String", "město"), cell("String", "žáků")) + row(cell("String", "Žďár"), cell("Number", "5"))
    hidden = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    sheets = sheet(row(cell("String", "tajné")), "Číselník", hidden), sheet(table, "Školy")
    got = read_file(tmp_path, workbook(*sheets, encoding=encoding), "export.xls")
    assert (got.table.name, got.names, got.rows()) == ("Školy", ["mesto", "zaku"], [("Žďár", 5)])
    assert got.guess("sheet") == "Školy"
    assert got.guess("format") == "spreadsheet_xml"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><x>&x;</x>",
            "unsafe_workbook",
        ),
        (workbook(sheet(row(cell("Number", "x")))), "damaged_workbook"),
        (workbook(sheet(row(cell("Number", "1", 'ss:Index="0"')))), "damaged_workbook"),
        (workbook(sheet(row(cell("Number", "1"))))[:-20], "damaged_workbook"),
        (workbook(sheet(row(cell("Number", "1", 'ss:Index="999999999"')))), "too_many_cells"),
        (workbook(sheet(row(cell("Number", "1")) * 11)), "too_many_cells"),
        (workbook(sheet(""), sheet("", "b")), "too_many_sheets"),
    ],
    ids=["document type", "no number", "no place", "cut", "far column", "many cells", "many sheets"],
)
def test_what_is_damaged_or_too_large_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert refused(tmp_path, data, cells=10, sheets=1) == reason
