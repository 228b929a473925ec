"""The data tables of web pages are read as a browser shows them; a page without one is refused and says so."""

import random
import re
from pathlib import Path

import pytest

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.web_table import read_page
from eduscale.ingest.tables.grid import ErrorCell, Grid
from eduscale.models.reading import ReadLimits
from tests.ingest.reading import read as read_file


def read(folder: Path, page: str | bytes, **limits: int) -> tuple[Grid, ...]:
    path = folder / "page.html"
    path.write_bytes(page if isinstance(page, bytes) else page.encode())
    return read_page(path, ReadLimits(**limits))


def cells(folder: Path, page: str | bytes) -> list[list[object]]:
    """Return what the only table of a page holds."""
    (grid,) = read(folder, page)
    return [list(row.cells) for row in grid.rows]


def refused(folder: Path, page: str, **limits: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(folder, page, **limits)
    return caught.value.reason


# What a cell shows


def test_text_is_what_a_browser_shows(tmp_path: Path) -> None:
    page = (
        "<table><tr><th>a<th>b<tr><td>\n  Novák&nbsp;&amp;\n syn <br/>druhý <b>řádek</b> <td>1&nbsp;234,5"
        "<tr><td><p>jeden</p><p>dva</p><!-- <td>x</td> --><td><script>var a = '<td>y</td>';</script>&#345;"
        "<tr><td><span style='display: none'>20240901</span>1. 9. 2024<td><input type=text value=12>"
        "<tr><td>007<td>#DIV/0!</table>"
    )
    assert cells(tmp_path, page) == [
        ["a", "b"],
        ["Novák & syn\ndruhý řádek", "1 234,5"],
        ["jeden\ndva", "ř"],
        ["1. 9. 2024", "12"],
        ["007", ErrorCell("#DIV/0!")],
    ]


def test_numbers_that_a_spreadsheet_stored_beside_the_text_are_exact(tmp_path: Path) -> None:
    page = (
        "<table><tr><td>a<td>b<tr><td x:num='25.254'>25,3<td x:num='0.075'>8 %"
        "<tr><td x:num='45536'>1.9.2024<td x:num='1234.5'>1 234,50 Kč"
        "<tr><td sdval='1.5' sdnum='1029;0;[H]:MM:SS'>36:00:00<td sdval='1' sdnum='1029;0;BOOLEAN'>PRAVDA</table>"
    )
    rows = cells(tmp_path, page)
    assert rows[1:3] == [[25.254, 0.075], ["1.9.2024", 1234.5]]
    assert [str(rows[3][0]), rows[3][1]] == ["1 day, 12:00:00", True]


# Where cells stand


def test_spans_carry_their_value_to_every_cell(tmp_path: Path) -> None:
    page = (
        "<table><tr><th rowspan=2>kraj</th><th colspan=2>žáků</th></tr><tr><th>dívky</th><th>chlapci</th></tr>"
        "<tr><td rowspan=2>Jih</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr>"
        "<tr><td rowspan='x'>Sever</td><td colspan=0>5</td><td rowspan=9>6</td></tr></table>"
    )
    assert cells(tmp_path, page) == [
        ["kraj", "žáků", "žáků"],
        ["kraj", "dívky", "chlapci"],
        ["Jih", "1", "2"],
        ["Jih", "3", "4"],
        ["Sever", "5", "6"],
    ]
    got = read_file(tmp_path, page, "vykaz.html")
    assert got.names == ["kraj", "zaku_divky", "zaku_chlapci"]
    assert (got.table.rows, got.guess("header")) == (3, 2)


def test_rows_and_cells_that_are_never_closed_end_where_the_next_begin(tmp_path: Path) -> None:
    page = "<TABLE BORDER=1><TR><TD>a<TD>b<TR><TD>1<TD>2</TR></TD><TR><TD>3<TD>4"
    assert cells(tmp_path, page) == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_a_header_that_the_page_marks_counts_though_all_is_text(tmp_path: Path) -> None:
    page = "<table><tr><th>jméno<th>třída<tr><td>jméno<td>1.A<tr><td>Eva<td>1.A</table>"
    got = read_file(tmp_path, page, "zaci.htm")
    assert got.names == ["jmeno", "trida"]
    assert got.rows() == [("jméno", "1.A"), ("Eva", "1.A")]


# Which tables


def test_tables_for_the_layout_are_left_and_those_within_are_taken(tmp_path: Path) -> None:
    inner = "<table><tr><td>třída<td>žáků<tr><td>1.A<td><table><tr><td>25</table><tr><td>1.B<td>24</table>"
    page = f"<table><tr><td>Menu<td>Odhlásit<tr><td>Nabídka<td><h2>Počty</h2>{inner}</table>"
    (grid,) = read(tmp_path, page)
    assert grid.name == "Počty"
    assert [list(row.cells) for row in grid.rows] == [["třída", "žáků"], ["1.A", "25"], ["1.B", "24"]]


def test_every_data_table_of_a_page_is_a_table_of_its_own_name(tmp_path: Path) -> None:
    table = "<tr><td>a<td>b<tr><td>1<td>2</table>"
    page = f"<h1>Škola</h1><table>{table}<h2>Třídy <i>1. stupně</i></h2><table>{table}"
    page += f"<table><caption>Děti</caption>{table}"
    assert [grid.name for grid in read(tmp_path, page)] == ["Škola", "Třídy 1. stupně", "Děti"]


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><form><table><tr><td>Jméno<td><input name=u><tr><td>Heslo<td><input type=password></table>",
        "<!DOCTYPE html><p>Stránka nenalezena</p>",
        "<table><tr><td>Úvod<td>Kontakt<td>Přihlásit</table>",
        "<script>document.write('<table><tr><td>a<td>b<tr><td>1<td>2</table>')</script><table></table>",
    ],
    ids=["sign in", "no table", "menu", "script"],
)
def test_a_page_without_a_table_of_data_says_so(tmp_path: Path, page: str) -> None:
    got = read_file(tmp_path, f"<html>{page}", "export.xls")
    assert got.reading.error is not None
    assert got.reading.error.code == "web_page"


# Letters


@pytest.mark.parametrize(
    ("encoding", "declared", "said"),
    [
        ("cp1250", "windows-1250", "windows-1250"),
        ("cp1250", None, "windows-1250"),
        ("cp1250", "iso-8859-1", "windows-1250"),
        ("iso8859-2", "ISO-8859-2", "ISO-8859-2"),
        ("utf-8", "windows-1250", "UTF-8"),
        ("utf-8-sig", None, "UTF-8"),
        ("utf-16", None, "UTF-16 LE"),
    ],
)
def test_letters_are_right_whatever_is_declared(
    tmp_path: Path, encoding: str, declared: str | None, said: str
) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    rows = "".join(
        f"<tr><td>{name}<td>{n}"
        for n, name in enumerate(["Žďár", "Kroměříž", "Příbram", "Děčín", "Tábor", "Říčany"])
    )
    page = f"<html><head>{meta}</head><table><tr><th>město<th>počet{rows}</table>"
    got = read_file(tmp_path, page.encode(encoding), "export.xls")
    assert got.names == ["mesto", "pocet"]
    assert got.rows()[:2] == [("Žďár", 0), ("Kroměříž", 1)]
    assert got.guess("encoding") == said


# What could harm


def test_too_many_cells_are_refused_before_they_are_made(tmp_path: Path) -> None:
    page = "<table><tr><td>a<td>b<tr>" + "<td colspan=999999 rowspan=65534>x" * 10_000 + "</table>"
    assert refused(tmp_path, page) == "too_many_cells"
    assert refused(tmp_path, "<table>" + "<tr><td>a<td>b" * 10, cells=15) == "too_many_cells"


def test_a_row_that_spans_all_others_is_counted_in_each(tmp_path: Path) -> None:
    page = "<table><tr><td colspan=900 rowspan=60000>a<td>b" + "<tr><td>1" * 60_000 + "</table>"
    assert refused(tmp_path, page) == "too_many_cells"


def test_tables_within_tables_without_end_do_no_harm(tmp_path: Path) -> None:
    page = "<table><tr><td>a<td>" * 20_000 + "<tr><td>1<td>2<tr><td>3<td>4"
    assert len(read(tmp_path, page)) <= 20


def test_nothing_a_page_refers_to_is_opened(tmp_path: Path) -> None:
    page = (
        '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><link rel=stylesheet href="http://127.0.0.1:1/x">'
        '<table><tr><td>a<td>b<tr><td>&x;<td><img src="file:///etc/passwd"><tr><td>1<td>2</table>'
    )
    assert cells(tmp_path, page) == [["a", "b"], ["&x;"], ["1", "2"]]


def test_a_mangled_page_is_read_or_refused_but_nothing_else(tmp_path: Path) -> None:
    page = (
        "<!DOCTYPE html><html><head><![if gte mso 9]><style>td{}</style><![endif]></head><body><h1>A</h1><table>"
        "<thead><tr><th rowspan=2>a</th><th colspan=2>b &amp; c</th></tr></thead><!-- x -->"
        "<tr><td>1</td><td x:num='2'>2</td></tr>"
        "<tr><td><table><tr><td>3</td></tr></table></td></tr></table></body></html>"
    )
    random_ = random.Random(11)
    for _ in range(500):
        place, length = random_.randrange(len(page)), random_.randrange(0, 9)
        changed = (
            page[:place] + random_.choice(["", "<", ">", "!", "<![", "<!--", "\"'", "&#"]) + page[place + length :]
        )
        try:
            read(tmp_path, changed)
        except UnreadableFile as error:
            assert re.fullmatch("[a-z_]+", error.reason)
