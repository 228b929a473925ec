"""A Parquet file written a column at a time is read by DuckDB as the values it was given, whatever their type."""

from pathlib import Path

import duckdb
import pytest

from eduscale.ingest.tables import parquet
from eduscale.ingest.tables.wide_parquet import WideParquet, stored_sql
from tests.ingest.reading import read

VALUES = {
    "VARCHAR": "('příliš'), (NULL), (''), ('a' || chr(10) || 'b'), (repeat('x', 100000))",
    "BIGINT": "(0::BIGINT), (NULL), (-1), (9223372036854775807), (-9223372036854775808)",
    "DOUBLE": "(0.1::DOUBLE), (NULL), (-1e300), (5e-324), (0)",
    "BOOLEAN": "(true), (NULL), (false), (true), (NULL)",
    "DATE": "(DATE '2024-02-29'), (NULL), (DATE '1600-01-01'), (DATE '1970-01-01'), (DATE '2999-12-31')",
    "TIME": "(TIME '00:00:00'), (NULL), (TIME '23:59:59.999999'), (TIME '12:00:00'), (NULL)",
    "TIMESTAMP": "(TIMESTAMP '2024-02-29 10:00:00.000001'), (NULL), (TIMESTAMP '1600-01-01'), (NULL), (NULL)",
    "DECIMAL(38,4)": "(1.5::DECIMAL(38,4)), (NULL), (-0.0001), (9999999999999999999999999999999999.9999), (0)",
}


@pytest.mark.parametrize("storage", VALUES)
def test_values_of_every_type_come_back_in_groups_and_without_nulls_too(storage: str, tmp_path: Path) -> None:
    connection = duckdb.connect()
    given = connection.execute(f"SELECT v FROM (VALUES {VALUES[storage]}) AS t(v)").fetchall()
    query = f"SELECT {stored_sql(storage, 'v')} AS v FROM (VALUES {VALUES[storage]}) AS t(v)"
    all_values = connection.execute(query).fetchnumpy()["v"]
    present = connection.execute(f"{query} WHERE v IS NOT NULL").fetchnumpy()["v"]
    path = tmp_path / "wide.parquet"
    with WideParquet(path, ["první", "b"], [storage, storage]) as file:
        file.write_group(len(all_values), [all_values, all_values[::-1]])
        file.write_group(len(present), [present, present])

    stored = connection.execute(f"FROM read_parquet('{path}')")

    assert [(name, str(kind)) for name, kind, *_ in stored.description or []] == [
        ("první", storage),
        ("b", storage),
    ]
    there = [value for value in given if value != (None,)]
    wanted = [(*one, *other) for one, other in zip([*given, *there], [*given[::-1], *there], strict=True)]
    assert stored.fetchall() == wanted


def test_a_file_without_rows_has_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "wide.parquet"
    names = [f"c{place}" for place in range(20)]
    with WideParquet(path, names, ["DATE"] * 20):
        pass
    stored = duckdb.connect().execute(f"FROM read_parquet('{path}')")
    assert [name for name, *_ in stored.description or []] == names
    assert stored.fetchall() == []


ROWS = [
    "id;škola;počet;průměr;datum;čas;splněno;telefon;podíl;rodné",
    *(
        f"{n};ZŠ {n % 7};{n * 3};{n % 5},25;{n % 28 + 1}.{n % 12 + 1}.2024;{n % 24}:30;"
        f"{'ano' if n % 2 else 'ne'};777 123 {n % 900 + 100};{n % 100} %;{n}0000000000000,{n % 100:02}1"
        for n in range(1, 300)
    ),
]


@pytest.mark.parametrize("bad", ["", "abc"], ids=["every cell fits", "one cell does not"])
@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_a_wide_table_reads_as_a_narrow_one(
    bad: str, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join(ROWS) + "\n"
    if bad:
        text = text.replace(";600;", f";{bad};")
    if large:
        monkeypatch.setattr("eduscale.ingest.formats.delimited.SMALL_BYTES", 0)
        monkeypatch.setattr("eduscale.ingest.formats.delimited.MANY_PARTS_BYTES", 0)
    (tmp_path / "narrow").mkdir()
    (tmp_path / "wide").mkdir()
    narrow = read(tmp_path / "narrow", text)
    monkeypatch.setattr(parquet, "WIDE", 5)
    monkeypatch.setattr("eduscale.ingest.formats.delimited.WIDE", 5)
    monkeypatch.setattr(parquet, "CELLS_AT_ONCE", 700)

    wide = read(tmp_path / "wide", text)

    assert wide.table == narrow.table
    assert wide.rows() == narrow.rows()
    assert wide.rejects() == narrow.rejects()
    assert len(wide.rejects()) == bool(bad)
    assert set(wide.types) == {"integer", "text", "decimal", "date", "time", "boolean"}
