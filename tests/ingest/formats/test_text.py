"""Records keep their cells whatever the dialect, and a broken quote costs one line at most."""

from pathlib import Path

import pytest

from eduscale.ingest.formats.text import Dialect, Records, find_dialect
from tests.ingest.reading import read


def records(text: str, dialect: Dialect, width: int = 0) -> list[list[str]]:
    """Return the cells of a text's records."""
    return [record.cells for record in Records(enumerate(text.split("\n"), start=1), dialect, width=width)]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_although_others_stand_in_the_cells(delimiter: str) -> None:
    lines = [delimiter.join(row) for row in (["code", "title", "n"], ["a, b", "c c", "1"], ["d", "e: f", "2"])]
    lines = [line if delimiter != "," else line.replace("a, b", '"a, b"') for line in lines]
    assert find_dialect(lines).dialect.delimiter == delimiter


def test_a_text_with_line_breaks_is_one_record() -> None:
    text = '1,"a\n\nb, ""c""",x\n2,d,y'
    assert records(text, Dialect(","), 3) == [["1", 'a\n\nb, "c"', "x"], ["2", "d", "y"]]


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    text = '1;"Old;4\n2;b;5\n3;c;6'
    assert records(text, Dialect(";"), 3) == [["1", "Old", "4"], ["2", "b", "5"], ["3", "c", "6"]]


def test_a_quote_that_is_closed_rows_later_swallows_nothing() -> None:
    text = '1;"Old;4\n2;b;5\n3;c";6\n4;d;7'
    assert [row[0] for row in records(text, Dialect(";"), 3)] == ["1", "2", "3", "4"]


def test_quotes_inside_cells_are_characters() -> None:
    assert records('a\t24"\tb', Dialect("\t")) == [["a", '24"', "b"]]


def test_a_backslash_may_protect_a_quote() -> None:
    assert records('"a \\" b",c', Dialect(",", escape="\\")) == [['a " b', "c"]]


def test_a_million_quotes_do_not_take_long() -> None:
    lines = ['"a"",b'] * 3000
    assert len(records("\n".join(lines), Dialect(","), 2)) == 3000


def test_lines_are_counted_as_in_the_senders_file(tmp_path: Path) -> None:
    cells = [f"{n};{n}" for n in range(200)]
    cells[3] = '3;"3"'
    cells[150] = "150;abc"
    text = "n;value\n\n" + "\n".join(cells) + "\n"
    assert [problem.row for problem in read(tmp_path, text).table.problems] == [153]


def test_short_rows_are_filled_up_and_long_ones_rejected(tmp_path: Path) -> None:
    got = read(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n")
    assert got.rows() == [(1, 2, 3), (4, 5, None), (10, 11, 12)]
    assert got.rejects() == [("rejected", 4, None, "row_long", "6,7,8,9")]
    assert [(p.row, p.said.code) for p in got.table.problems] == [(3, "row_short"), (4, "row_long")]
