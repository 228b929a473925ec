"""JSON files of every usual shape become the tables that an analyst would make of them, and lose nothing."""

import json
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eduscale.ingest.formats import json_file, record_stage
from eduscale.ingest.formats.recognise import recognise
from tests.ingest.reading import Read, read

Reader = Callable[..., Read]


@pytest.fixture
def sent(tmp_path: Path) -> Reader:
    """Read a value written as JSON, or text as it is."""

    def sent(value: Any, filename: str = "file.json") -> Read:
        is_text = isinstance(value, str | bytes)
        return read(tmp_path, value if is_text else json.dumps(value, ensure_ascii=False), filename)

    return sent


RECORDS = [{"id": 1, "name": "Žofie"}, {"id": 2, "name": None}, {"id": 3}]
AS_ROWS = [(1, "Žofie"), (2, None), (3, None)]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(RECORDS, id="list"),
        pytest.param({"data": RECORDS, "meta": {"total": 3}}, id="envelope"),
        pytest.param({"a": {"b": {"c": {"records": RECORDS}}}}, id="deep-envelope"),
        pytest.param({"fields": ["id", "name"], "rows": [[1, "Žofie"], [2, None], [3]]}, id="fields-and-rows"),
        pytest.param(
            {
                "header": [{"name": "id", "type": "int"}, {"name": "name"}],
                "values": [[1, "Žofie"], [2, None], [3]],
            },
            id="fields-as-objects",
        ),
        pytest.param(
            {
                "meta": {"view": {"columns": [{"name": "id"}, {"name": "name"}]}},
                "data": [[1, "Žofie"], [2, None], [3]],
            },
            id="fields-elsewhere",
        ),
        pytest.param({"id": [1, 2, 3], "name": ["Žofie", None, None]}, id="columns"),
        pytest.param({"data": {"id": [1, 2, 3], "name": ["Žofie", None, None]}}, id="columns-in-envelope"),
        pytest.param(
            {"id": {"0": 1, "1": 2, "2": 3}, "name": {"0": "Žofie", "1": None, "2": None}}, id="numbered-columns"
        ),
        pytest.param(
            {"columns": ["id", "name"], "index": [0, 1, 2], "data": [[1, "Žofie"], [2, None], [3, None]]},
            id="split",
        ),
        pytest.param([["id", "name"], [1, "Žofie"], [2, None], [3, None]], id="lists-with-a-header"),
    ],
)
@pytest.mark.parametrize("at_hand", [1, 1 << 20])
def test_every_shape_gives_the_same_table(
    document: Any, at_hand: int, sent: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_file, "AT_HAND", at_hand)
    got = sent(document)
    assert got.names == ["id", "name"]
    assert got.types == ["integer", "text"]
    assert got.rows() == AS_ROWS
    assert got.table.name == "file"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n".join(map(json.dumps, RECORDS)), id="lines"),
        pytest.param("\r\n\r\n".join(map(json.dumps, RECORDS)) + "\r\n", id="blank-lines"),
        pytest.param("".join(map(json.dumps, RECORDS)), id="without-space"),
        pytest.param("\n".join(json.dumps(record, indent=1) for record in RECORDS), id="pretty"),
        pytest.param(",\n".join(map(json.dumps, RECORDS)), id="commas"),
        pytest.param("".join(f"\x1e{json.dumps(record)}\n" for record in RECORDS), id="json-text-sequence"),
        pytest.param("\ufeff" + json.dumps(RECORDS), id="byte-order-mark"),
        pytest.param(json.dumps(RECORDS, ensure_ascii=False).encode("utf-16"), id="utf-16"),
        pytest.param(json.dumps(RECORDS, ensure_ascii=False).encode("utf-16-be"), id="utf-16-without-mark"),
        pytest.param(json.dumps(RECORDS, ensure_ascii=False).encode("cp1250"), id="windows-1250"),
        pytest.param('["id", "name"]\n[1, "Žofie"]\n[2, null]\n[3]\n', id="lists-by-line"),
    ],
)
@pytest.mark.parametrize("filename", ["file.json", "file.ndjson", "file.txt"])
def test_every_way_to_write_records_gives_the_same_table(text: str | bytes, filename: str, sent: Reader) -> None:
    got = sent(text, filename)
    assert got.names == ["id", "name"]
    assert got.rows() == AS_ROWS


@pytest.mark.parametrize(
    ("data", "is_json"),
    [
        pytest.param(b'[\n  {"id": 1, "n": null},\n  {"id": 2}\n]\n', True, id="records"),
        pytest.param(b'[{"text": "' + b"x" * 9000 + b'"}]', True, id="a-long-text"),
        pytest.param(b"[" + b"12.5, " * 9000 + b"1]", True, id="list-of-numbers"),
        pytest.param(b"[" * 100_000, True, id="without-an-end"),
        pytest.param(b'{"id": 1}\n{"id": 2}\n', True, id="lines"),
        pytest.param(b'{"id": 1,\n{"id": 2}\n', True, id="lines-of-which-the-first-is-bad"),
        pytest.param(b'[1, "a"]\n[2, "b"]\n', True, id="lists-by-line"),
        pytest.param('{"žáci": []}'.encode("utf-16"), True, id="utf-16"),
        pytest.param('{"žáci": []}'.encode("utf-16-be"), True, id="utf-16-without-mark"),
        pytest.param(b'[{"id": 1}, {"id"', True, id="cut"),
        pytest.param(b"[id],[name]\n1,2\n", False, id="names-in-brackets"),
        pytest.param(b"{id};{name}\n1;2\n", False, id="names-in-braces"),
        pytest.param(b'{"a";"b"}\n1;2\n', False, id="quotes-in-braces"),
    ],
)
def test_json_is_known_by_its_content(data: bytes, is_json: bool, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(data)
    assert (recognise(path, "file.csv")[0] == "json") == is_json


def test_nested_objects_become_columns_and_lists_stay_json(sent: Reader) -> None:
    got = sent([{"school": {"name": "Alfa", "addr": {"city": "Luh"}}, "tags": ["x", {"y": 1}]}, {"school": None}])
    assert [column.label for column in got.table.columns] == ["school.name", "school.addr.city", "tags"]
    assert got.names == ["school_name", "school_addr_city", "tags"]
    assert got.types == ["text", "text", "json"]
    assert got.rows() == [("Alfa", "Luh", '["x",{"y":1}]'), (None, None, None)]


def test_a_value_beside_objects_keeps_a_column_of_its_own(sent: Reader) -> None:
    got = sent([{"school": {"name": "Alfa"}}, {"school": "Beta"}])
    assert got.rows() == [(None, "Alfa"), ("Beta", None)]


def test_objects_of_ever_other_keys_are_kept_as_json(sent: Reader) -> None:
    got = sent([{"points": {f"2024-01-{day:02}": 1, f"2024-02-{day:02}": 2}} for day in range(1, 29)])
    assert got.types == ["json"]


def test_several_lists_become_several_tables(sent: Reader) -> None:
    got = sent({"skoly": [{"id": 1}], "zaci": [{"id": 1}, {"id": 2}], "verze": 2, "links": [{"rel": "self"}]})
    assert [(table.name, table.rows) for table in got.reading.tables] == [("skoly", 1), ("zaci", 2)]
    (beside,) = got.rejects(got.reading.tables[0])
    assert beside[0] == "set_aside"
    assert json.loads(str(beside[4])) == {"verze": 2, "links": [{"rel": "self"}]}


def test_what_stands_around_the_records_is_reported(sent: Reader) -> None:
    got = sent({"data": RECORDS, "meta": {"total": 3}})
    assert got.guess("json_table") == "data"
    assert got.rejects() == [("set_aside", 1, None, "json_beside", '{"meta":{"total":3}}')]


def test_an_object_without_lists_is_one_record(sent: Reader) -> None:
    assert sent({"id": 5, "address": {"city": "Luh"}}).rows() == [(5, "Luh")]


def test_objects_known_by_keys_are_records_with_a_key(sent: Reader) -> None:
    got = sent({"s1": {"n": 1}, "s2": {"n": 2}, "s3": {"n": 3}})
    assert got.names == ["key", "n"]
    assert got.rows() == [("s1", 1), ("s2", 2), ("s3", 3)]


def test_a_bad_line_is_rejected_and_named_by_its_number(sent: Reader) -> None:
    got = sent('{"id":1}\n\n{"id":2,\n{"id":3}\n7\n', "file.ndjson")
    assert got.rows() == [(1,), (3,)]
    assert got.rejects() == [
        ("rejected", 3, None, "bad_json_line", '{"id":2,'),
        ("rejected", 5, None, "not_a_record", "7"),
    ]
    assert [(problem.row, problem.said.code) for problem in got.table.problems] == [
        (3, "bad_json_line"),
        (5, "not_a_record"),
    ]


def test_a_bad_first_line_is_only_a_bad_line(sent: Reader) -> None:
    got = sent('{"id":1,\n{"id":2}\n{"id":3}\n', "file.ndjson")
    assert got.rows() == [(2,), (3,)]


def test_rows_of_another_length_than_the_fields_are_reported(sent: Reader) -> None:
    got = sent({"fields": ["a", "b"], "rows": [[1, 2], [1], [1, 2, 3], [4, 5]]})
    assert got.rows() == [(1, 2), (1, None), (4, 5)]
    assert got.rejects() == [("rejected", 3, None, "record_long", "[1,2,3]")]
    assert [problem.said.code for problem in got.table.problems] == ["row_short", "record_long"]


def test_a_repeated_key_loses_no_value(sent: Reader) -> None:
    got = sent('[{"id": 1, "v": 1, "v": 2}, {"id": 2, "v": 3}]')
    assert got.names == ["id", "v", "v_2"]
    assert got.rows() == [(1, 1, 2), (2, 3, None)]
    assert [(problem.row, problem.said.facts["key"]) for problem in got.table.problems] == [(1, "v")]


@pytest.mark.parametrize("block", [1, 500, 1 << 20])
def test_a_wide_table_is_read_the_same_in_blocks(
    block: int, sent: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_stage, "BLOCK_VALUES", block)
    records = [{f"k{key}": f"v {row}" if key % 3 else row for key in range(row, row + 150)} for row in range(9)]
    got = sent(records)
    assert len(got.names) == 158
    assert got.rows() == [tuple(record.get(name) for name in got.names) for record in records]


def test_numbers_keep_all_their_digits(sent: Reader) -> None:
    got = sent('[{"a": 12345678901234567890, "b": 0.12345678901234567891, "c": 0.1}, {"a": 1, "b": 1, "c": 1}]')
    assert got.types == ["integer", "decimal", "decimal"]
    assert got.rows()[0] == (Decimal("12345678901234567890"), Decimal("0.12345678901234567891"), 0.1)


def test_a_double_written_with_seventeen_digits_is_a_double(sent: Reader) -> None:
    assert sent('[{"a": 0.10000000000000001}]').rows() == [(0.1,)]


def test_nan_is_null_and_infinity_a_problem(sent: Reader) -> None:
    got = sent('[{"a": NaN, "b": 1}, {"a": 1.5, "b": Infinity}]')
    assert got.rows() == [(None, 1), (1.5, None)]
    assert got.guess("null_words", "a") == "NaN"
    assert got.rejects() == [("blanked", 2, "b", "not_a_number", "inf")]


def test_half_a_character_is_replaced_and_reported(sent: Reader) -> None:
    got = sent('[{"a": "x\\ud83d"}, {"a": "\\ud83d\\ude00"}]')
    assert got.rows() == [("x\ufffd",), ("😀",)]
    assert [problem.row for problem in got.table.problems] == [1]


@pytest.mark.parametrize(
    ("text", "code", "facts"),
    [
        pytest.param("[" * 100_000 + "]" * 100_000, "json_too_deep", {"line": 1}, id="deep-lists"),
        pytest.param('{"a":' * 100_000, "json_too_deep", {"line": 1}, id="deep-objects"),
        pytest.param('[\n{"a":' + "[" * 100_000, "json_too_deep", {"line": 1}, id="deep-in-a-record"),
        pytest.param('[{"id": 1},\n {"id": 2', "truncated_json", {"line": 2, "character": 10}, id="cut"),
        pytest.param('[{"id": 1},\n {"na', "truncated_json", {"line": 2, "character": 6}, id="cut-in-text"),
        pytest.param('[{"id": 1},\n {"id" 2}]', "damaged_json", {"line": 2, "character": 8}, id="damaged"),
        pytest.param('[{"id": 1' + "0" * 5_000 + "}]", "json_number_too_long", {"line": 1}, id="long-number"),
        pytest.param("[]", "no_table", {}, id="nothing"),
        pytest.param('{"data": [], "total": 0}', "no_table", {}, id="envelope-of-nothing"),
    ],
)
@pytest.mark.parametrize("at_hand", [1, 1 << 20])
def test_what_cannot_be_read_says_why_and_where(
    text: str, code: str, facts: dict[str, int], at_hand: int, sent: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_file, "AT_HAND", at_hand)
    error = sent(text).reading.error
    assert error is not None
    assert (error.code, error.facts) == (code, facts)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
COLUMNS = {
    "whole": st.integers(-(10**37), 10**37),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "flag": st.booleans(),
    # A letter first, or a text may be a number or a date.
    "text": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")).map("text ".__add__),
    "list": st.lists(NESTED, max_size=3),
}
ROWS = st.lists(st.fixed_dictionaries({}, optional=COLUMNS), min_size=2, max_size=20)


@given(
    records=ROWS,
    block=st.sampled_from([1, 7, 100_000]),
    at_hand=st.sampled_from([1, 1 << 20]),
    lines=st.booleans(),
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_any_records_are_read_back_equal(
    records: list[dict[str, Any]], block: int, at_hand: int, lines: bool
) -> None:
    text = "\n".join(map(json.dumps, records)) if lines else json.dumps(records)
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(json_file, "AT_HAND", at_hand)
        patch.setattr(record_stage, "BLOCK_VALUES", block)
        got = read(Path(folder), text, "file.json")
        if not any(records):
            assert got.reading.error or lines
            return
        labels = [column.label for column in got.table.columns]
        read_back = [dict(zip(labels, row, strict=True)) for row in got.rows()]
    assert set(labels) == {key for record in records for key in record}
    assert len(read_back) == len(records)
    for record, row in zip(records, read_back, strict=True):
        for label in labels:
            value, cell = record.get(label), row[label]
            if isinstance(value, list) and cell is not None:
                cell = json.loads(str(cell))
            assert cell == value


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_any_damage_ends_in_tables_or_an_error(data: st.DataObject) -> None:
    whole = json.dumps({"data": [{"id": 1, "a": {"b": "žluť"}, "c": [1, 2.5, None]}, {"id": 2}], "n": 1}).encode()
    base = data.draw(st.sampled_from([whole, b'{"id":1,"a":"x"}\n{"id":2,"a":{"b":1}}\n{"id":3}\n']))
    damaged = bytearray(base)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=3))
        damaged = damaged or bytearray(b" ")
    with tempfile.TemporaryDirectory() as folder:
        got = read(Path(folder), bytes(damaged), "file.json")
        assert got.reading.error or got.reading.tables
