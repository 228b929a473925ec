"""What a person decided is obeyed instead of what the reader guesses, or it is said why not."""

from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eduscale.ingest.formats import delimited
from eduscale.ingest.tables.decided import TYPES, UNITS
from eduscale.ingest.tables.overrides import FILE_WIDE
from eduscale.models.reading import Override
from tests.ingest.reading import Read, read
from tests.ingest.test_tabular import VARIANTS


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let files count as small ones, and as large ones whose edges are a few kilobytes."""
    if request.param == "large":
        monkeypatch.setattr(delimited, "SMALL_BYTES", 0)
        monkeypatch.setattr(delimited, "MANY_PARTS_BYTES", 0)
        monkeypatch.setattr(delimited, "EDGE_BYTES", 3_000)
    return str(request.param)


def said(what: str, value: object, column: str | None = None, table: int | None = None) -> Override:
    """A decision as it reaches the reader: for table 0 unless it is about the whole file."""
    if table is None and what not in FILE_WIDE:
        table = 0
    return Override.model_validate({"what": what, "value": value, "column": column, "table": table})


def rows_add_up(got: Read, seen: int) -> bool:
    table = got.table
    return table.rows + table.rejected_rows + table.set_aside_rows == seen


def lines(*cells: str, label: str = "v", count: int = 400) -> str:
    """A table of a number and one more column that repeats some cells."""
    return f"n;{label}\n" + "".join(f"{n};{cells[n % len(cells)]}\n" for n in range(count))


LONG = 400


def test_an_encoding_is_obeyed_and_the_guess_is_the_runner_up(size: str, tmp_path: Path) -> None:
    data = lines("Žák", "Šárka", "Město").encode("cp1250")
    got = read(tmp_path, data, overrides=(said("encoding", "ISO-8859-2"),))
    decision = got.decision("encoding")
    assert (decision.value, decision.overridden, decision.confidence) == ("ISO-8859-2", True, 1.0)
    assert decision.evidence.code == "override_said"
    assert decision.alternatives[0].value == "windows-1250"
    assert got.rows()[0][1] == "\x8eák"


def test_utf8_bytes_can_be_read_as_a_code_page(size: str, tmp_path: Path) -> None:
    got = read(tmp_path, lines("Žák"), overrides=(said("encoding", "windows-1252"),))
    assert got.rows()[0][1] == "\u017d\u00e1k".encode().decode("cp1252", "replace")


def test_lines_that_the_chosen_encoding_cannot_hold_are_reported(size: str, tmp_path: Path) -> None:
    data = (lines("a", "b") + "400;Žák\n").encode("cp1250")
    got = read(tmp_path, data, overrides=(said("encoding", "UTF-8"),))
    assert [(problem.row, problem.said.code) for problem in got.table.problems] == [(402, "letters_unreadable")]
    assert got.table.rows == LONG + 1


@pytest.mark.parametrize(("value", "columns"), [(",", ["n_v", "w"]), ("none", ["n_v_w"]), ("~", ["n_v_w"])])
def test_a_delimiter_is_obeyed(size: str, tmp_path: Path, value: str, columns: list[str]) -> None:
    text = lines("1,5", "2,7", label="v,w")
    got = read(tmp_path, text, overrides=(said("delimiter", value), said("header", 1)))
    assert got.names == columns
    assert got.decision("delimiter").overridden
    assert got.decision("delimiter").alternatives[0].value == ";"
    assert rows_add_up(got, LONG)


def test_an_unusual_delimiter_divides_what_was_one_column(size: str, tmp_path: Path) -> None:
    text = "".join(f"jmeno {n}~{n}~{n % 7}\n" for n in range(LONG))
    got = read(tmp_path, "jmeno~cislo~den\n" + text, overrides=(said("delimiter", "~"),))
    assert (got.names, got.types) == (["jmeno", "cislo", "den"], ["text", "integer", "integer"])


def test_quotes_that_mean_nothing_stay_in_the_cells(size: str, tmp_path: Path) -> None:
    text = lines('"a"', 'b "c"', "d")
    assert read(tmp_path, text).rows()[0][1] == "a"
    (tmp_path / "again").mkdir()
    got = read(tmp_path / "again", text, overrides=(said("quote", "none"),))
    assert [row[1] for row in got.rows()[:3]] == ['"a"', 'b "c"', "d"]
    assert got.decision("quote").overridden
    assert rows_add_up(got, LONG)


@pytest.mark.parametrize(
    ("header", "names", "first"),
    [(0, ["column_1", "column_2"], ("n", "v")), (1, ["n", "v"], ("0", "a")), (2, ["n_0", "v_a"], ("1", "b"))],
)
def test_header_rows_are_as_many_as_a_person_says(
    size: str, tmp_path: Path, header: int, names: list[str], first: tuple[str, str]
) -> None:
    got = read(tmp_path, lines("a", "b"), overrides=(said("header", header), said("type", "text", names[0])))
    assert got.names == names
    assert got.rows()[0] == first
    assert got.decision("header").overridden
    assert rows_add_up(got, LONG + 1 - header)


def test_more_header_rows_than_rows_are_refused_and_said(tmp_path: Path) -> None:
    got = read(tmp_path, "n;v\n1;2\n", overrides=(said("header", 9),))
    (refused,) = got.reading.refused
    assert refused.said.code == "override_header_too_long"
    assert [problem.said.code for problem in got.table.problems] == ["override_header_too_long"]
    assert (got.names, got.rows()) == (["n", "v"], [(1, 2)])
    assert not got.decision("header").overridden


def test_rows_at_the_end_are_data_if_a_person_says_so(size: str, tmp_path: Path) -> None:
    text = lines("1", "2") + "Celkem;600\n"
    got = read(tmp_path, text, overrides=(said("footer", 0),))
    assert got.rows()[-1] == (None, 600)
    assert got.rejects() == [("blanked", LONG + 2, "n", "not_a_number", "Celkem")]
    assert (got.table.rows, got.table.set_aside_rows) == (LONG + 1, 0)
    assert got.decision("footer").alternatives[0].value == 1


def test_rows_at_the_end_are_no_data_if_a_person_says_so(size: str, tmp_path: Path) -> None:
    got = read(tmp_path, lines("1", "2") + "ředitelka;5\nCelkem;600\n", overrides=(said("footer", 2),))
    assert (got.table.rows, got.table.set_aside_rows) == (LONG, 2)
    assert [(row, code) for _, row, _, code, _ in got.rejects()] == [(402, "note"), (403, "total")]
    assert got.types == ["integer", "integer"]


def test_a_decimal_mark_decides_what_either_mark_may_mean(size: str, tmp_path: Path) -> None:
    text = lines("1,234", "2,345")
    assert read(tmp_path, text).rows()[0][1] == 1.234
    (tmp_path / "again").mkdir()
    got = read(tmp_path / "again", text, overrides=(said("decimal_mark", "."),))
    assert got.rows()[0][1] == 1234
    assert (got.guess("decimal_mark"), got.decision("decimal_mark").overridden) == (".", True)


@pytest.mark.parametrize(
    "override", [said("date_order", "md"), said("date_order", "md", "v"), said("type", "date_md", "v")]
)
def test_an_order_of_day_and_month_decides_ambiguous_dates(size: str, tmp_path: Path, override: Override) -> None:
    text = lines("03/04/2024", "05/06/2024")
    assert read(tmp_path, text).rows()[0][1] == date(2024, 4, 3)
    (tmp_path / "again").mkdir()
    got = read(tmp_path / "again", text, overrides=(override,))
    assert got.rows()[0][1] == date(2024, 3, 4)
    assert got.decision(override.what, override.column).overridden


TYPED = [
    ("text", ("1", "2"), "text", "1"),
    ("integer", ("007", "012"), "integer", 7),
    ("integer", ("1.234", "2.345"), "integer", 1234),
    ("decimal", ("1", "2"), "decimal", 1.0),
    ("boolean", ("1", "0"), "boolean", True),
    ("date", ("45352", "45353"), "date", date(2024, 3, 1)),
    ("datetime", ("1.3.2024", "2.3.2024"), "datetime", datetime(2024, 3, 1)),
    ("time", ("7:30", "8:15"), "time", time(7, 30)),
    ("duration", ("7:30", "8:15"), "duration", 27_000),
]


@pytest.mark.parametrize(("type_", "cells", "kind", "first"), TYPED, ids=[f"{t}-{c[0]}" for t, c, _, _ in TYPED])
def test_a_column_has_the_type_that_a_person_says(
    size: str, tmp_path: Path, type_: str, cells: tuple[str, str], kind: str, first: object
) -> None:
    got = read(tmp_path, lines(*cells), overrides=(said("type", type_, "v"),))
    assert got.types == ["integer", kind]
    assert got.rows()[0][1] == first
    assert got.decision("type", "v").overridden
    assert got.table.problem_count == 0


def test_cells_that_are_not_of_the_decided_type_are_blanked_and_kept_among_the_rejects(
    size: str, tmp_path: Path
) -> None:
    text = lines("1", "dvě", "3", "x y")
    assert read(tmp_path, text).types == ["integer", "text"]
    (tmp_path / "again").mkdir()
    got = read(tmp_path / "again", text, overrides=(said("type", "integer", "v"),))
    assert [row[1] for row in got.rows()[:4]] == [1, None, 3, None]
    assert got.table.problem_count == LONG / 2
    assert got.rejects()[0] == ("blanked", 3, "v", "not_a_number", "dvě")
    assert len(got.rejects()) == LONG / 2
    assert rows_add_up(got, LONG)


def test_very_many_cells_of_another_type_are_told_one_by_one(tmp_path: Path) -> None:
    text = "n;v\n" + "".join(f"{n};{n if n % 2 else f'č. {n}'}\n" for n in range(5_000))
    got = read(tmp_path, text, overrides=(said("type", "integer", "v"),))
    assert [row for _, row, *_ in got.rejects()] == list(range(2, 5_002, 2))


def test_a_type_that_hardly_any_cell_has_is_refused_and_said(size: str, tmp_path: Path) -> None:
    got = read(tmp_path, lines("Jan", "Eva"), overrides=(said("type", "date", "v"),))
    (refused,) = got.reading.refused
    assert refused.said.code == "override_type_unfit"
    assert got.types == ["integer", "text"]
    assert got.table.problems[0].said == refused.said


def test_a_remembered_type_has_to_fit_half_of_the_values(tmp_path: Path) -> None:
    remembered = said("type", "integer", "v").model_copy(update={"decided_on": date(2026, 1, 15)})
    got = read(tmp_path, lines("1", "dvě", "tři"), overrides=(remembered,))
    assert got.reading.refused
    (tmp_path / "again").mkdir()
    got = read(tmp_path / "again", lines("1", "2", "tři"), overrides=(remembered,))
    decision = got.decision("type", "v")
    assert (decision.evidence.code, decision.evidence.facts) == ("override_remembered", {"day": "2026-01-15"})
    assert got.rows()[:3] == [(0, 1), (1, 2), (2, None)]


def test_a_blank_column_can_be_said_to_hold_dates(size: str, tmp_path: Path) -> None:
    got = read(tmp_path, lines("", ""), overrides=(said("type", "date", "v"),))
    assert got.types == ["integer", "date"]


def test_a_decided_type_holds_where_the_values_come_late(size: str, tmp_path: Path) -> None:
    text = "n;v\n" + "".join(f"{n};{'3.4.2024' if 900 < n < 1100 else ''}\n" for n in range(2_000))
    got = read(tmp_path, text, overrides=(said("type", "date", "v"),))
    assert got.rows()[1_000][1] == date(2024, 4, 3)
    assert got.table.problem_count == 0


def test_words_for_no_value_are_those_that_a_person_names(size: str, tmp_path: Path) -> None:
    text = lines("1", "999", "x", "Nevím")
    got = read(tmp_path, text, overrides=(said("null_words", "999, nevím, x", "v"),))
    assert got.types == ["integer", "integer"]
    assert [row[1] for row in got.rows()[:4]] == [1, None, None, None]
    assert got.table.problem_count == 0


def test_words_that_mean_something_after_all_make_text(size: str, tmp_path: Path) -> None:
    text = lines("1", "2", "x")
    got = read(tmp_path, text)
    assert got.rows()[2][1] is None
    assert got.decision("null_words", "v").alternatives[0].value == ""
    (tmp_path / "again").mkdir()
    got = read(tmp_path / "again", text, overrides=(said("null_words", "", "v"),))
    assert got.rows()[2][1] == "x"
    assert got.decision("null_words", "v").alternatives[0].value == "x"


def test_words_for_no_value_are_taken_out_of_text_too(size: str, tmp_path: Path) -> None:
    got = read(tmp_path, lines("Jan", "-", "Eva"), overrides=(said("null_words", ["-", "n. a."], "v"),))
    assert [row[1] for row in got.rows()[:3]] == ["Jan", None, "Eva"]


@pytest.mark.parametrize(
    ("cells", "unit", "first"),
    [
        (("50 %", "25 %"), "none", 50.0),
        (("50 %", "25 %"), "text", "50 %"),
        (("50", "25"), "%", 0.5),
        (("50 Kč", "25 Kč"), "none", 50.0),
        (("50", "25"), "€", 50),
    ],
)
def test_a_unit_is_obeyed(size: str, tmp_path: Path, cells: tuple[str, str], unit: str, first: object) -> None:
    got = read(tmp_path, lines(*cells), overrides=(said("unit", unit, "v"),))
    assert got.rows()[0][1] == first
    assert (got.guess("unit", "v"), got.decision("unit", "v").overridden) == (unit, True)


def test_a_wide_table_obeys_as_well(tmp_path: Path) -> None:
    header = ";".join(f"q{n}" for n in range(150))
    text = header + "\n" + "\n".join(";".join(str(n % 3) for n in range(150)) for _ in range(20)) + "\n"
    got = read(tmp_path, text, overrides=(said("type", "boolean", "q4"), said("null_words", "2", "q5")))
    assert (got.rows()[0][4], got.rows()[0][5]) == (True, None)


def test_what_cannot_be_found_is_said_and_nothing_else_is_lost(tmp_path: Path) -> None:
    got = read(
        tmp_path,
        "n;v\n1;2\n3;4\n",
        overrides=(
            said("type", "text", "gone"),
            said("header", 1, table=3),
            said("sheet", "List9"),
            said("type", "text", "v"),
        ),
    )
    assert sorted(refused.said.code for refused in got.reading.refused) == [
        "override_no_column",
        "override_no_table",
        "override_no_use",
    ]
    assert got.table.problem_count == 3
    assert got.types == ["integer", "text"]


def test_each_table_of_a_file_has_decisions_of_its_own(tmp_path: Path) -> None:
    text = "jmeno;body\nJan;1\nEva;2\n\n\nskola;zaci;trid\nLípa;100;5\nBuk;200;9\n"
    got = read(tmp_path, text, overrides=(said("type", "text", "zaci", table=1), said("header", 0, table=0)))
    first, second = got.reading.tables
    assert [column.name for column in first.columns] == ["column_1", "column_2"]
    assert got.rows(second) == [("Lípa", "100", 5), ("Buk", "200", 9)]


def workbook(*, rows: int = 5, hidden: bool = False) -> bytes:
    """A workbook of two sheets with numbers, dates as numbers, text and errors."""
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name in ("List1", "Skrytý"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["id", "body", "den", "kód"])
            for n in range(rows):
                sheet.write_row(n + 1, 0, [n, n + 0.5, 45352 + n, f"k{n}"])
            if hidden and name == "Skrytý":
                sheet.hide()
    return out.getvalue()


@pytest.mark.parametrize("rows", [5, 30_000], ids=["small", "long"])
def test_typed_cells_of_a_workbook_become_what_a_person_says(tmp_path: Path, rows: int) -> None:
    overrides = (said("type", "text", "id"), said("type", "date", "den"), said("null_words", "1.5", "body"))
    got = read(tmp_path, workbook(rows=rows), "a.xlsx", overrides)
    first = got.reading.tables[0]
    assert got.rows(first)[:2] == [("0", 0.5, date(2024, 3, 1), "k0"), ("1", None, date(2024, 3, 2), "k1")]
    assert first.rows == rows
    decision = next(guess for guess in first.guesses if (guess.what, guess.column) == ("type", "den"))
    assert (decision.overridden, decision.alternatives[0].value) == (True, "integer")


@pytest.mark.parametrize(
    ("value", "names"),
    [("Skrytý", ["Skrytý"]), (["List1", "Skrytý"], ["List1", "Skrytý"]), ("nic", ["List1"])],
    ids=["one", "both", "unknown"],
)
def test_the_sheets_are_those_that_a_person_names(tmp_path: Path, value: object, names: list[str]) -> None:
    got = read(tmp_path, workbook(hidden=True), "a.xlsx", (said("sheet", value),))
    assert [table.name for table in got.reading.tables] == names
    guesses = [guess for table in got.reading.tables for guess in table.guesses if guess.what == "sheet"]
    assert [guess.overridden for guess in guesses] == [value != "nic"] * len(names)
    assert len(got.reading.refused) == (value == "nic")


def test_a_header_of_a_sheet_is_as_long_as_a_person_says(tmp_path: Path) -> None:
    got = read(tmp_path, workbook(), "a.xlsx", (said("header", 0, table=1),))
    first, second = got.reading.tables
    assert (first.columns[0].name, second.columns[0].name) == ("id", "column_1")


def test_a_file_is_read_as_the_format_that_a_person_names(tmp_path: Path) -> None:
    got = read(tmp_path, b"\x01\x02\x03\x04\x05\x06\x07\x0e\x0f;b\n1;2\n", "a.csv", (said("format", "text"),))
    assert got.decision("format").overridden
    (tmp_path / "again").mkdir()
    got = read(tmp_path / "again", "a;b\n1;2\n", "a.csv", (said("format", "workbook"),))
    assert got.reading.error is not None


def parquet(folder: Path) -> bytes:
    """A Parquet file of typed columns."""
    path = folder / "typed.parquet"
    duckdb.connect().execute(
        "COPY (SELECT i AS id, CAST(i AS DOUBLE) AS body, DATE '2024-03-01' + CAST(i AS INTEGER) AS den, "
        f"i % 2 = 0 AS ok FROM range(5) AS t(i)) TO '{path}' (FORMAT parquet)"
    )
    return path.read_bytes()


@pytest.mark.parametrize(
    ("column", "type_", "kind", "first"),
    [
        ("id", "text", "text", "0"),
        ("id", "boolean", "boolean", False),
        ("body", "integer", "integer", 0),
        ("body", "text", "text", "0"),
        ("den", "text", "text", "2024-03-01"),
        ("den", "datetime", "datetime", datetime(2024, 3, 1)),
        ("ok", "text", "text", "true"),
    ],
)
def test_typed_columns_of_a_parquet_file_become_what_a_person_says(
    tmp_path: Path, column: str, type_: str, kind: str, first: object
) -> None:
    got = read(tmp_path, parquet(tmp_path), "a.parquet", (said("type", type_, column),))
    place = got.names.index(column)
    assert (got.types[place], got.rows()[0][place]) == (kind, first)
    decision = got.decision("type", column)
    assert decision.overridden
    assert (
        decision.alternatives[0].value
        == {"id": "integer", "body": "decimal", "den": "date", "ok": "boolean"}[column]
    )


@pytest.mark.parametrize("records", [5, 60_000], ids=["few", "many"])
@pytest.mark.parametrize("by_line", [False, True], ids=["list", "lines"])
def test_values_of_json_records_become_what_a_person_says(tmp_path: Path, records: int, by_line: bool) -> None:
    parts = [f'{{"id": {n}, "body": {n}.5, "ok": true}}' for n in range(records)]
    text = "\n".join(parts) if by_line else f"[{','.join(parts)}]"
    overrides = (said("type", "text", "id"), said("type", "text", "ok"), said("null_words", "1.5", "body"))
    got = read(tmp_path, text, "a.json", overrides)
    assert got.types == ["text", "decimal", "text"]
    assert got.rows()[:2] == [("0", 0.5, "true"), ("1", None, "true")]
    assert got.table.rows == records


def test_what_is_decided_counts_for_the_files_in_an_archive(tmp_path: Path) -> None:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "n;den\n1;03/04/2024\n2;05/06/2024\n")
        archive.writestr("b.csv", "n;den\n1;03/04/2024\n2;05/06/2024\n")
    overrides = (said("date_order", "md", table=1), said("encoding", "windows-1250"), said("format", "text"))
    got = read(tmp_path, out.getvalue(), "a.zip", overrides)
    first, second = got.reading.tables
    assert (got.rows(first)[0][1], got.rows(second)[0][1]) == (date(2024, 4, 3), date(2024, 3, 4))
    encodings = [guess for table in got.reading.tables for guess in table.guesses if guess.what == "encoding"]
    assert [guess.value for guess in encodings] == ["windows-1250", "windows-1250"]
    assert [refused.override.what for refused in got.reading.refused] == ["format"]


COLUMNS = ("id", "skola", "pocet", "prumer", "datum", "column_1", "gone")
DECISIONS = st.one_of(
    st.tuples(st.just("encoding"), st.sampled_from(["UTF-8", "windows-1250", "cp852", "UTF-16 LE", "latin-1"])),
    st.tuples(st.just("delimiter"), st.sampled_from([";", ",", "tab", "none", "fixed width", "~", "."])),
    st.tuples(st.just("quote"), st.sampled_from(['"', "'", "none"])),
    st.tuples(st.sampled_from(["header", "footer"]), st.integers(0, 4)),
    st.tuples(st.just("decimal_mark"), st.sampled_from([",", "."])),
    st.tuples(st.just("date_order"), st.sampled_from(["dm", "md"])),
    st.tuples(st.just("type"), st.sampled_from(TYPES)),
    st.tuples(st.just("unit"), st.sampled_from(UNITS)),
    st.tuples(st.just("null_words"), st.sampled_from(["", "0", "ZŠ 1, 3"])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    decisions=st.lists(st.tuples(DECISIONS, st.sampled_from(COLUMNS)), min_size=1, max_size=6),
    name=st.sampled_from(sorted(VARIANTS)),
    large=st.booleans(),
)
def test_whatever_is_decided_the_rows_add_up_and_each_decision_is_used_or_refused(
    decisions: list[tuple[tuple[str, object], str]],
    name: str,
    large: bool,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_column = ("type", "unit", "null_words")
    overrides = {
        (what, column if what in by_column else None): said(what, value, column if what in by_column else None)
        for (what, value), column in decisions
    }
    with monkeypatch.context() as patch:
        if large:
            patch.setattr(delimited, "SMALL_BYTES", 0)
            patch.setattr(delimited, "EDGE_BYTES", 3_000)
        got = read(tmp_path_factory.mktemp("read"), VARIANTS[name], overrides=tuple(overrides.values()))
    if got.reading.error is not None:
        return
    used = {
        (guess.what, guess.column)
        for table in got.reading.tables
        for guess in table.guesses
        if guess.overridden and table.index == 0
    }
    refused = {(each.override.what, each.override.column) for each in got.reading.refused}
    assert used | refused == set(overrides)
    assert not used & refused


DOCUMENT = '{"skoly": [{"kod": 1}, {"kod": 2}], "metadata": [{"klic": "a"}, {"klic": "b"}, {"klic": "c"}]}'


@pytest.mark.parametrize(
    ("value", "rows"),
    [("metadata", [3]), (["skoly", "metadata"], [2, 3]), ("nic", [2])],
    ids=["one", "both", "none"],
)
def test_the_tables_of_a_document_are_those_that_a_person_names(
    tmp_path: Path, value: object, rows: list[int]
) -> None:
    got = read(tmp_path, DOCUMENT, "a.json", (said("json_table", value),))
    assert [table.rows for table in got.reading.tables] == rows
    guesses = [guess for table in got.reading.tables for guess in table.guesses if guess.what == "json_table"]
    assert [guess.overridden for guess in guesses] == [value != "nic"] * len(rows)
    assert len(got.reading.refused) == (value == "nic")


def test_an_encoding_is_obeyed_in_json_too(tmp_path: Path) -> None:
    data = '[{"jmeno": "Žák"}, {"jmeno": "Šárka"}]'.encode("cp1250")
    got = read(tmp_path, data, "a.json", (said("encoding", "ISO-8859-2"),))
    assert got.rows()[0] == ("\x8eák",)
    assert got.decision("encoding").overridden
