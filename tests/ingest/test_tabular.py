"""A file is read into typed Parquet and accounts for every row, or says in a code why it cannot be read."""

import random
import warnings
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eduscale.ingest.formats import delimited
from eduscale.ingest.tables.forms import NULL_WORDS
from tests.ingest.reading import Read, read

LINES = [
    "id;škola;počet;průměr;datum",
    *(f"{n};ZŠ {n % 7};{n * 3};{n % 5},25;{n % 28 + 1}.{n % 12 + 1}.2024" for n in range(400)),
]
TEXT = "\n".join(LINES) + "\n"


@pytest.fixture
def _as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every file count as large, its edges being a few kilobytes."""
    monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
    monkeypatch.setattr(delimited, "MANY_PARTS_BYTES", 0)
    monkeypatch.setattr(delimited, "EDGE_BYTES", 3_000)


def summary(got: Read) -> tuple[object, ...]:
    """Return what must not depend on how the file was read."""
    table = got.table
    return (
        [(column.label, column.type, column.storage) for column in table.columns],
        got.rows(),
        table.rejected_rows,
        table.set_aside_rows,
        sorted((problem.row, problem.said.code) for problem in table.problems),
    )


VARIANTS: dict[str, bytes] = {
    "regular": TEXT.encode(),
    "no newline at the end": TEXT.rstrip("\n").encode(),
    "with a byte order mark": TEXT.encode("utf-8-sig"),
    "CRLF": TEXT.replace("\n", "\r\n").encode(),
    "CR": TEXT.replace("\n", "\r").encode(),
    "mixed line ends": TEXT.replace("\n", "\r\n", 200).encode(),
    "windows-1250": TEXT.encode("cp1250"),
    "UTF-16": TEXT.encode("utf-16"),
    "quoted": "".join(";".join(f'"{cell}"' for cell in line.split(";")) + "\n" for line in LINES).encode(),
    "titled": ("Výkaz\n\n" + TEXT).encode(),
    "with a footer": (TEXT + "Celkem;;239400;;\nZdroj: výkaz\n").encode(),
    "with a row of types": TEXT.replace("\n", "\nnumber;text;number;decimal;date\n", 1).encode(),
    "with a line under the labels": TEXT.replace("\n", "\n---;-----;---;---;---\n", 1).encode(),
    "with a row of units": TEXT.replace("\n", "\n;;ks;[%];\n", 1).encode(),
    "with blank lines": TEXT.replace("\n150;", "\n\n\n150;").encode(),
    "with a bad cell": TEXT.replace(";600;", ";abc;").encode(),
    "with an impossible date": TEXT.replace(
        "\n199;ZŠ 3;597;4,25;4.8.2024", "\n199;ZŠ 3;597;4,25;31.6.2024"
    ).encode(),
    "with a short row": TEXT.replace(";597;4,25;4.8.2024", ";597").encode(),
    "with a long row": TEXT.replace("4,25;4.8.2024", "4,25;4.8.2024;x", 1).encode(),
    "with a stray quote": TEXT.replace("200;ZŠ", '200;"ZŠ').encode(),
    "with a text of two lines": TEXT.replace("ZŠ 4;600", '"ZŠ\n4";600').encode(),
    "with a repeated header": TEXT.replace("\n200;", f"\n{LINES[0]}\n200;").encode(),
    "with a null word late": TEXT.replace(";600;", ";-;").encode(),
    "with padding late": TEXT.replace(";600;", "; 600 ;").encode(),
    "with a thousand late": TEXT.replace(";1050;", ";1 050;").encode(),
    "with a line in another encoding": TEXT.encode().replace(b"200;Z\xc5\xa0", b"200;Z\x8a"),
    "with NULs": TEXT.replace("200;ZŠ", "200;Z\0Š").encode(),
}


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in VARIANTS.items()])
def test_large_files_are_read_as_small_ones(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "large").mkdir()
    small = summary(read(tmp_path / "small", data))
    monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
    monkeypatch.setattr(delimited, "MANY_PARTS_BYTES", 0)
    monkeypatch.setattr(delimited, "EDGE_BYTES", 3_000)
    large = summary(read(tmp_path / "large", data))
    assert large == small


def test_a_type_that_the_edges_of_a_large_file_do_not_show_is_found(_as_large: None, tmp_path: Path) -> None:
    cells = [str(n) for n in range(2000)]
    for n in range(600, 1400):
        cells[n] = f"x{n}"
    got = read(tmp_path, "n;value\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(cells)))
    assert got.types == ["integer", "text"]
    assert [row[1] for row in got.rows()] == cells


def test_the_order_of_day_and_month_is_found_in_the_middle_of_a_large_file(
    _as_large: None, tmp_path: Path
) -> None:
    cells = [f"{n % 12 + 1:02d}/{n % 9 + 1:02d}/2024" for n in range(2000)]
    cells[1000] = "03/25/2024"
    got = read(tmp_path, "n;when\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(cells)))
    assert str(got.rows()[1000][1]) == "2024-03-25"
    assert str(got.rows()[1][1]) == "2024-02-02"


@pytest.mark.parametrize("name", [name for name, data in VARIANTS.items()])
def test_every_guess_is_given_with_evidence(name: str, tmp_path: Path) -> None:
    table = read(tmp_path, VARIANTS[name]).table
    decided = [guess.what for guess in table.guesses if guess.column is None]
    assert {"encoding", "delimiter", "quote", "header", "decimal_mark"} <= set(decided)
    assert [guess.column for guess in table.guesses if guess.what == "type"] == [c.name for c in table.columns]
    assert all(guess.evidence.code and 0 <= guess.confidence <= 1 for guess in table.guesses)


@pytest.mark.parametrize("large", [False, True])
def test_cut_and_corrupted_bytes_give_a_reading_that_adds_up_or_a_code(
    large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
        monkeypatch.setattr(delimited, "MANY_PARTS_BYTES", 0)
        monkeypatch.setattr(delimited, "EDGE_BYTES", 3_000)
    chance = random.Random(7)
    for round_ in range(25):
        data = bytearray(chance.choice([TEXT.encode(), TEXT.encode("cp1250"), TEXT.encode("utf-16")]))
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            match chance.randint(0, 3):
                case 0:
                    del data[place : place + chance.randint(1, 200)]
                case 1:
                    data[place] = chance.choice(b'\x00";\n\r\xff\x8a')
                case 2:
                    data[place:place] = bytes(chance.randrange(256) for _ in range(5))
                case _:
                    data = data[: max(10, place)]
        folder = tmp_path / str(round_)
        folder.mkdir()
        got = read(folder, bytes(data))
        for table in got.reading.tables:
            rejects = got.rejects(table)
            assert table.rows == len(got.rows(table))
            assert table.rejected_rows == sum(reject[0] == "rejected" for reject in rejects)
            assert table.set_aside_rows == sum(reject[0] == "set_aside" for reject in rejects)


CELL = st.one_of(
    st.integers(-(10**17), 10**17).map(str),
    st.text(
        st.characters(codec="cp1250", exclude_categories=("Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=8
    ).filter(lambda cell: cell.lower() not in NULL_WORDS),
    st.sampled_from(["a b", 'say "x"', "a;b", "a,b", "two\nlines", "", "ěščřžýáíé"]),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=4, max_size=12),
    delimiter=st.sampled_from([";", ",", "\t", "|"]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_that_is_written_quoted_is_read_back(
    rows: list[tuple[str, ...]],
    delimiter: str,
    codec: str,
    end: Literal["\n", "\r\n"],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    text = delimiter.join(("key", "first", "second", "third")) + end
    text += "".join(f"row{n}{delimiter}{line}{end}" for n, line in enumerate(quoted))
    got = read(tmp_path_factory.mktemp("table"), text.encode(codec))
    back = [tuple("" if cell is None else str(cell).strip() for cell in row) for row in got.rows()]
    assert back == [(f"row{n}", *(cell.strip() for cell in row)) for n, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"", "empty_file", id="nothing"),
        pytest.param(b"\xef\xbb\xbf \r\n\n", "empty_file", id="only space"),
        pytest.param(b"%PDF-1.4\n", "not_a_table_pdf", id="PDF"),
        pytest.param(b"PK\x03\x04rest", "damaged_archive", id="cut ZIP"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "damaged_workbook", id="OLE2"),
        pytest.param(b"<!DOCTYPE html><p>", "web_page", id="web page"),
        pytest.param(b"MZ" + bytes(range(1, 256)) * 8, "binary_file", id="a program"),
        pytest.param(b"a," * 6000 + b"\n" + b"1," * 6000, "too_many_columns", id="too wide"),
    ],
)
def test_what_is_no_table_says_what_it_is(data: bytes, code: str, tmp_path: Path) -> None:
    error = read(tmp_path, data).reading.error
    assert error is not None
    assert error.code == code


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_a_column_is_empty_if_no_row_has_a_value_and_typed_by_those_that_do(
    large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
        monkeypatch.setattr(delimited, "MANY_PARTS_BYTES", 0)
        monkeypatch.setattr(delimited, "EDGE_BYTES", 3_000)
    lines = [
        f"{n};;{'7,5' if n == 1_000 else ''};{'31.12.2024' if 900 < n < 1_000 else ' '};x" for n in range(2_000)
    ]
    got = read(tmp_path, "\n".join(["id;nic;body;konec;text", *lines]))
    assert [column.empty for column in got.table.columns] == [False, True, False, False, False]
    assert got.types == ["integer", "text", "decimal", "date", "text"]
    assert got.rows()[1_000][2] == 7.5
    assert (got.table.rows, got.table.problem_count) == (2_000, 0)


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_whole_numbers_that_no_double_holds_are_marked(
    large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
        monkeypatch.setattr(delimited, "MANY_PARTS_BYTES", 0)
        monkeypatch.setattr(delimited, "EDGE_BYTES", 3_000)
    lines = [f"{n};{-9007199254740993 if n == 900 else n};{9007199254740 + n};{n},5" for n in range(1, 2_000)]
    got = read(tmp_path, "\n".join(["id;long;short;body", *lines]))
    assert got.types == ["integer", "integer", "integer", "decimal"]
    assert [column.long for column in got.table.columns] == [False, True, False, False]
    assert got.rows()[899][1] == -9007199254740993


def test_tables_of_a_text_file_are_called_as_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("one", "two", "large"):
        (tmp_path / folder).mkdir()
    one = read(tmp_path / "one", TEXT, "Výkaz 1. pololetí.csv")
    assert [table.name for table in one.reading.tables] == ["Výkaz 1. pololetí"]
    two = read(tmp_path / "two", "id;body\n1;2\n2;3\n\n\nškola;město;žáků\nA;Brno;20\nB;Zlín;30\n", "výkaz.csv")
    assert [table.name for table in two.reading.tables] == ["výkaz", "výkaz 2"]
    monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
    monkeypatch.setattr(delimited, "MANY_PARTS_BYTES", 0)
    assert read(tmp_path / "large", TEXT, "velký.csv").table.name == "velký"


@pytest.mark.parametrize(
    "header",
    [
        "{id},{jmeno}",
        "[1],[2]",
        "[id],[body]",
        "{,}",
        '["id","body"',
        "[",
        '{"a},b',
        "[1",
        "[2024] body,b",
        '{"id": 1},b',
    ],
)
def test_a_table_whose_header_begins_with_a_bracket_is_no_json(header: str, tmp_path: Path) -> None:
    assert read(tmp_path, header + "\n" + "1,2\n" * 2000).reading.error is None


def test_a_wrong_extension_is_reported(tmp_path: Path) -> None:
    assert read(tmp_path, "a;b\n1;2\n", "data.xlsx").guess("format") == "text"


def test_a_cell_of_a_megabyte_is_read(tmp_path: Path) -> None:
    got = read(tmp_path, "id,text,n\n1," + " slovo" * 300_000 + ",5\n2,b,6\n")
    assert got.rows()[0][2] == 5
    assert len(str(got.rows()[0][1])) == 1_799_999  # without the space before it


@pytest.mark.usefixtures("_as_large")
def test_an_attempt_that_is_given_up_leaves_no_file_open(tmp_path: Path) -> None:
    """Titles are noted before the file is found to be irregular, or to be refused; what was noted is let go of."""
    rows = [f"{number};Žák {number};{number % 5}" for number in range(2_000)]
    head = ["Výkaz za rok 2024", "", "id;jméno;body"]
    irregular = "\n".join([*head, *rows[:1_000], "1;2;3;4;5", *rows[1_000:]])
    refused = "\n".join([*head, *rows[:1_000], "1;" + "x" * 5_000 + ";3", *rows[1_000:]])
    for name in ("irregular", "refused"):
        (tmp_path / name).mkdir()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        assert read(tmp_path / "irregular", irregular).table.rejected_rows == 1
        assert read(tmp_path / "refused", refused, field_length=4_000).reading.error is not None
    assert [str(each.message) for each in told] == []
