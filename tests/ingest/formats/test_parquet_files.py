"""Parquet files keep their types and their order; what is damaged is refused and never stops the service."""

import tempfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.reading import Read, read

Reader = Callable[..., Read]
UUID = "b6e071ac-88d6-4577-adf0-a94b5f584376"


def parquet(query: str, options: str = "") -> bytes:
    """Return the bytes of a Parquet file that holds a query's rows."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "made.parquet"
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet{options})")
        return path.read_bytes()


@pytest.fixture
def sent(tmp_path: Path) -> Reader:
    """Read a query's rows, sent as Parquet."""
    return lambda query, options="": read(tmp_path, parquet(query, options), "file.parquet")


@pytest.mark.parametrize(
    ("value", "type_", "stored"),
    [
        pytest.param("7::TINYINT", "integer", 7, id="tinyint"),
        pytest.param("9007199254740993::BIGINT", "integer", 9007199254740993, id="bigint"),
        pytest.param("5::UBIGINT", "integer", 5, id="unsigned"),
        pytest.param("18446744073709551615::UBIGINT", "integer", Decimal(2**64 - 1), id="unsigned-beyond-63-bits"),
        pytest.param("0.1::FLOAT", "decimal", 0.1, id="float"),
        pytest.param("0.1::DOUBLE", "decimal", 0.1, id="double"),
        pytest.param("1.10::DECIMAL(9,2)", "decimal", Decimal("1.10"), id="decimal"),
        pytest.param("5::DECIMAL(20,0)", "integer", Decimal(5), id="decimal-without-decimals"),
        pytest.param("true", "boolean", True, id="boolean"),
        pytest.param("DATE '2024-01-31'", "date", date(2024, 1, 31), id="date"),
        pytest.param("TIME '07:30:01.5'", "time", time(7, 30, 1, 500_000), id="time"),
        pytest.param("TIMESTAMP '2024-01-31 07:30'", "datetime", datetime(2024, 1, 31, 7, 30), id="timestamp"),
        pytest.param("TIMESTAMP_NS '2024-01-31'", "datetime", datetime(2024, 1, 31), id="nanoseconds"),
        pytest.param("TIMESTAMPTZ '2024-01-31 07:30+02'", "datetime", datetime(2024, 1, 31, 5, 30), id="moment"),
        pytest.param("INTERVAL 36 HOURS", "duration", 129_600, id="interval"),
        pytest.param("INTERVAL 3 MONTHS", "text", "3 months", id="interval-of-no-length"),
        pytest.param("'x'::ENUM('x', 'y')", "text", "x", id="enum"),
        pytest.param(
            f"'{UUID}'::UUID",
            "text",
            UUID,
            id="uuid",
        ),
        pytest.param("'\\xFF\\x00'::BLOB", "text", "ff00", id="bytes"),
        pytest.param("'\\xC5\\xBD'::BLOB", "text", "Ž", id="bytes-that-are-text"),
        pytest.param("'{\"a\": 1}'::JSON", "json", '{"a": 1}', id="json"),
        pytest.param("[1, NULL]", "json", "[1,null]", id="list"),
        pytest.param("[{'a': DATE '2024-01-31'}]", "json", '[{"a":"2024-01-31"}]', id="list-of-objects"),
        pytest.param("MAP {'k': 1}", "json", '{"k":1}', id="map"),
        pytest.param("'007'", "text", "007", id="code"),
        pytest.param("'1,5'", "decimal", 1.5, id="number-as-text"),
        pytest.param("'31.1.2024'", "date", date(2024, 1, 31), id="date-as-text"),
        pytest.param("''", "text", None, id="empty-text"),
        pytest.param("NULL::INTEGER", "integer", None, id="typed-nothing"),
    ],
)
@pytest.mark.parametrize("wide", [False, True])
def test_values_keep_their_type(value: str, type_: str, stored: object, wide: bool, sent: Reader) -> None:
    more = "".join(f", {place} AS more_{place}" for place in range(120)) if wide else ""
    got = sent(f"SELECT {value} AS a{more}")
    assert got.types[0] == type_
    assert got.rows()[0][0] == stored


def test_fields_of_objects_become_columns(sent: Reader) -> None:
    got = sent("SELECT {'name': 'Alfa', 'addr': {'city': 'Luh', 'tags': ['x']}} AS school UNION ALL SELECT NULL")
    assert [column.label for column in got.table.columns] == [
        "school.name",
        "school.addr.city",
        "school.addr.tags",
    ]
    assert got.names == ["school_name", "school_addr_city", "school_addr_tags"]
    assert got.rows() == [("Alfa", "Luh", '["x"]'), (None, None, None)]


def test_rows_keep_the_order_of_the_file(sent: Reader) -> None:
    got = sent("SELECT (i * 7919) % 300000 AS a FROM range(300000) t(i)", ", ROW_GROUP_SIZE 20000")
    assert got.table.rows == 300_000
    assert [row[0] for row in got.rows()] == [i * 7919 % 300_000 for i in range(300_000)]


def test_a_bad_cell_among_many_is_named_by_its_record(sent: Reader) -> None:
    got = sent("SELECT CASE WHEN i = 4000 THEN 'oops' ELSE i::VARCHAR END AS a FROM range(9000) t(i)")
    assert got.types == ["integer"]
    assert got.rejects() == [("blanked", 4001, "a", "not_a_number", "oops")]


def test_nan_is_null_and_infinity_a_problem(sent: Reader) -> None:
    got = sent("SELECT unnest([1.5, 'NaN'::DOUBLE, 'Infinity'::DOUBLE]) AS a")
    assert got.rows() == [(1.5,), (None,), (None,)]
    assert got.guess("null_words", "a") == "NaN"
    assert got.rejects() == [("blanked", 3, "a", "not_a_number", "inf")]


def test_moments_of_a_zone_are_told_to_be_at_utc(sent: Reader) -> None:
    assert sent("SELECT TIMESTAMPTZ '2024-01-31 07:30+02' AS a").guess("time_zone", "a") == "UTC"


def test_a_column_that_is_blank_at_both_ends_is_not_empty(sent: Reader) -> None:
    got = sent("SELECT CASE WHEN i = 5000 THEN '1,5' END AS a, i AS b FROM range(9000) t(i)")
    assert got.types == ["decimal", "integer"]
    assert not got.table.columns[0].empty


def test_a_table_without_rows_has_its_columns(sent: Reader) -> None:
    got = sent("SELECT 1 AS a, 'x' AS b WHERE false")
    assert got.names == ["a", "b"]
    assert got.table.rows == 0


def test_a_cut_file_is_damaged(tmp_path: Path) -> None:
    error = read(tmp_path, parquet("SELECT 1 AS a")[:-20], "file.parquet").reading.error
    assert error is not None
    assert error.code == "damaged_parquet"


def test_an_encrypted_file_says_so(tmp_path: Path) -> None:
    error = read(tmp_path, parquet("SELECT 1 AS a")[:-4] + b"PARE", "file.parquet").reading.error
    assert error is not None
    assert error.code in ("encrypted_parquet", "damaged_parquet")


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_any_damage_ends_in_a_table_or_an_error(data: st.DataObject) -> None:
    damaged = bytearray(BASE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(4, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with tempfile.TemporaryDirectory() as folder:
        got = read(Path(folder), bytes(damaged), "file.parquet")
        assert got.reading.error or got.reading.tables


BASE = parquet("SELECT i AS a, 'text ' || i AS b, [i] AS c, i / 7 AS d, {'x': i} AS e FROM range(50) t(i)")
