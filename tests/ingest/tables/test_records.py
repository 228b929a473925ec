"""Records, whose columns are known by name, become the same kind of table as cells do, and keep their types."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import inf, nan
from pathlib import Path

import duckdb
import numpy as np
import pytest

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.tables import forms
from eduscale.ingest.tables.parquet import ParquetWriter
from eduscale.ingest.tables.records import RecordColumn, Records, Rejected
from eduscale.ingest.tables.table_reader import TableReader
from eduscale.ingest.tables.values import ValueColumn
from eduscale.models.reading import Reading, ReadLimits, ReadTable
from tests.ingest.reading import Read


def written(folder: Path, *columns: RecordColumn, rejected: Sequence[Rejected] = ()) -> Read:
    """Write records numbered from 1."""
    with duckdb.connect() as connection:
        reader = TableReader(folder, ParquetWriter(connection), limits=ReadLimits(), default_name="sent")
        numbers = range(1, len(columns[0].values) + 1)
        table: ReadTable = reader.read_records(Records("", columns, numbers, rejected=rejected))
    return Read(Reading(tables=(table,)), folder)


@pytest.mark.parametrize(
    ("values", "type_", "stored"),
    [
        pytest.param([1, None, -3], "integer", [1, None, -3], id="integers"),
        pytest.param([9007199254740993, 1], "integer", [9007199254740993, 1], id="integers-beyond-a-double"),
        pytest.param([2**63 - 1, -(2**63)], "integer", [2**63 - 1, -(2**63)], id="the-widest-bigints"),
        pytest.param(
            [2**64, 1, None], "integer", [Decimal(2**64), Decimal(1), None], id="integers-beyond-64-bits"
        ),
        pytest.param([10**40, 1], "text", [str(10**40), "1"], id="integers-of-too-many-digits"),
        pytest.param([1.5, 2, None], "decimal", [1.5, 2.0, None], id="integers-and-doubles"),
        pytest.param([2**53 + 1, 0.5], "decimal", [Decimal("9007199254740993.0"), Decimal("0.5")], id="exact"),
        pytest.param([2**53 + 1, inf], "text", [str(2**53 + 1), "inf"], id="no-number-holds-both"),
        pytest.param([1.5, nan, inf], "decimal", [1.5, None, inf], id="nan-is-null"),
        pytest.param([1.0, nan, 3.0], "integer", [1, None, 3], id="whole-doubles"),
        pytest.param([Decimal("1.10"), 2], "decimal", [Decimal("1.10"), Decimal("2.00")], id="decimals"),
        pytest.param([True, False, None], "boolean", [True, False, None], id="booleans"),
        pytest.param(["007", "012", ""], "text", ["007", "012", None], id="codes"),
        pytest.param(["1,5", "2,25"], "decimal", [1.5, 2.25], id="numbers-as-text"),
        pytest.param(["2024-01-31", None], "date", [date(2024, 1, 31), None], id="dates-as-text"),
        pytest.param([5, "five", None], "text", ["5", "five", None], id="mixed"),
        pytest.param([date(1, 1, 1), None], "date", [date(1, 1, 1), None], id="dates"),
        pytest.param(
            [datetime(2024, 1, 31, 7, 30, 1, 5), datetime(2024, 1, 1)],
            "datetime",
            [datetime(2024, 1, 31, 7, 30, 1, 5), datetime(2024, 1, 1)],
            id="datetimes",
        ),
        pytest.param([time(7, 30), None], "time", [time(7, 30), None], id="times"),
        pytest.param([timedelta(hours=36), None], "duration", [129600, None], id="durations"),
        pytest.param([["x", 1], {"a": None}, None], "json", ['["x",1]', '{"a":null}', None], id="json"),
        pytest.param([[1, 2], "x"], "text", ["[1,2]", "x"], id="lists-and-text"),
        pytest.param([None, None], "text", [None, None], id="nothing"),
        pytest.param(np.array([1, 2]), "integer", [1, 2], id="array-of-integers"),
        pytest.param(
            np.array(["2024-01-31T07:30", "NaT"], dtype="M8[ns]"), "datetime", None, id="array-of-moments"
        ),
    ],
)
def test_values_keep_their_type_and_texts_are_decided(
    values: Sequence[object], type_: str, stored: list[object] | None, tmp_path: Path
) -> None:
    got = written(tmp_path, RecordColumn("a", values))
    assert got.types == [type_]
    assert [row[0] for row in got.rows()] == (stored or [datetime(2024, 1, 31, 7, 30), None])


def test_a_form_of_the_format_wins_over_the_type_of_the_values(tmp_path: Path) -> None:
    columns = RecordColumn("a", [1, 2], form=forms.TEXT), RecordColumn("b", [None, None], form=forms.DATE_VALUES)
    got = written(tmp_path, *columns)
    assert got.types == ["text", "date"]
    assert got.rows() == [("1", None), ("2", None)]
    assert [column.empty for column in got.table.columns] == [False, True]


def test_a_name_is_made_of_the_short_name(tmp_path: Path) -> None:
    got = written(tmp_path, RecordColumn("Jak jste spokojeni?", [1], short_name="Q1"), RecordColumn("Q1", [2]))
    assert got.names == ["q1", "q1_2"]
    assert [column.label for column in got.table.columns] == ["Jak jste spokojeni?", "Q1"]


def test_one_bad_cell_of_many_is_null_and_named_by_its_place(tmp_path: Path) -> None:
    got = written(tmp_path, RecordColumn("a", [*map(str, range(5000)), "oops", *map(str, range(4999))]))
    assert got.types == ["integer"]
    assert got.rows()[5000] == (None,)
    assert got.rejects() == [("blanked", 5001, "a", "not_a_number", "oops")]


def test_rejected_records_are_rows_seen(tmp_path: Path) -> None:
    got = written(tmp_path, RecordColumn("a", [1]), rejected=[Rejected(7, "row_long", "raw")])
    assert (got.table.rows, got.table.rejected_rows) == (1, 1)
    assert got.rejects() == [("rejected", 7, None, "row_long", "raw")]


def test_more_columns_than_a_table_may_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="too_many_columns"):
        written(tmp_path, *(RecordColumn(f"c{place}", [1]) for place in range(ReadLimits().columns + 1)))


def test_a_wide_table_keeps_its_types(tmp_path: Path) -> None:
    got = written(tmp_path, *(RecordColumn(f"c{place}", [place, None]) for place in range(150)))
    assert set(got.types) == {"integer"}
    assert got.rows()[0] == tuple(range(150))


def test_what_blocks_have_shown_decides_as_the_whole_column_would() -> None:
    column = ValueColumn()
    column.skip(3)
    column.add([1] * 3000)
    column.add([2**53 + 1])
    assert column.choice() is not None
    column.add([0.5])
    choice = column.choice()
    assert choice is not None
    assert (choice.form.type, choice.form.storage) == ("decimal", "DECIMAL(38,1)")
    assert column.sample().counts[""] == 3
