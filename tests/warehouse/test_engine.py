"""What the child process does with a checked statement: views, limits, the answer's bytes."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eduscale.core.errors import MemoryExceeded, QueryRefused
from eduscale.models.dataset import Dataset, DatasetColumn, DatasetPart
from eduscale.warehouse import engine
from eduscale.warehouse.tasks import QueryTask, RowsTask
from eduscale.warehouse.values import column_type
from eduscale.warehouse.views import PSEUDO_COLUMNS, View, quoted, view_of_dataset
from tests.warehouse.children import in_child


def parquet(path: Path, select: str) -> tuple[tuple[str, str], ...]:
    """Write a Parquet file; returns its columns and their types."""
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        return tuple((row[0], row[1]) for row in connection.execute(f"DESCRIBE {select}").fetchall())


def dataset(folder: Path, *selects: str, widened: dict[str, str] | None = None) -> View:
    """Make a dataset of one part a SELECT, as of uploads u0, u1 ... of regions R0, R1 ..."""
    parts, columns = [], dict[str, str]()
    for number, select in enumerate(selects):
        key = f"part-{number}.parquet"
        held = parquet(folder / key, select)
        with duckdb.connect() as connection:
            row = connection.execute(f"SELECT count(*) FROM '{folder / key}'").fetchone()
        assert row is not None
        for name, storage in held:
            columns.setdefault(name, storage)
        parts.append(
            DatasetPart(
                upload_id=f"u{number}",
                generation=1,
                table=0,
                region=f"R{number}",
                sender=None if number else "škola O'Neill",
                filename="7. roč'ník.xlsx" if number < 2 else "8.csv",
                table_name=f"7.{'ABC'[number % 3]}",
                key=key,
                rows=row[0],
                columns=held,
            )
        )
    columns |= widened or {}
    shown = tuple(
        DatasetColumn(name=name, label=name, type=column_type(storage), storage=storage)
        for name, storage in columns.items()
    )
    whole = Dataset(name="d", columns=shown, parts=tuple(parts))
    return view_of_dataset(whole, local_path=lambda key: folder / key)


def ask(view: View, sql: str, *, max_rows: int = 100, max_bytes: int = 10**7, **more: Any) -> dict[str, Any]:
    """Run DuckDB's SQL over a view, which is called "dataset:d"."""
    pseudo_columns = more.pop("pseudo_columns", ())
    memory_bytes = more.pop("memory_bytes", None)
    task = QueryTask(
        sql=sql,
        parameters=more,
        views=(view,),
        pseudo_columns=pseudo_columns,
        max_rows=max_rows,
        max_bytes=max_bytes,
    )
    answer = in_child(engine.query, task.model_dump_json().encode(), memory_bytes=memory_bytes)
    return json.loads(answer)  # type: ignore[no-any-return]


def page(view: View, offset: int, limit: int) -> dict[str, Any]:
    """Read a page of a view."""
    task = RowsTask(view=view, offset=offset, limit=limit)
    return json.loads(in_child(engine.rows, task.model_dump_json().encode()))  # type: ignore[no-any-return]


def test_parts_are_one_table_in_their_order(tmp_path: Path) -> None:
    """Rows keep the order of the uploads and of the file."""
    view = dataset(tmp_path, "SELECT range AS n FROM range(3)", "SELECT 10 + range AS n FROM range(2)")
    answer = ask(view, 'SELECT n FROM "dataset:d"')
    assert answer["rows"] == [[0], [1], [2], [10], [11]]
    assert (answer["columns"], answer["types"], answer["truncated"]) == (["n"], ["integer"], False)
    assert answer["engine"] == "duckdb"
    assert answer["bytes_processed"] == sum((tmp_path / f"part-{n}.parquet").stat().st_size for n in range(2))


def test_a_column_that_a_part_lacks_is_null_there(tmp_path: Path) -> None:
    """Two files of one run, read by column name, whatever their order."""
    view = dataset(tmp_path, "SELECT 1::BIGINT AS a, 'x' AS b", "SELECT 'y' AS b, 2::BIGINT AS c, 5::BIGINT AS a")
    assert len(view.runs) == 1
    assert ask(view, 'SELECT * FROM "dataset:d"')["rows"] == [[1, "x", None], [5, "y", 2]]


def test_a_column_of_another_spelling_in_some_files_is_one_column(tmp_path: Path) -> None:
    """Runs are cut where the spelling changes; within one, files may still differ in their other columns."""
    selects = (
        "SELECT 1::BIGINT AS a, 'x' AS b",
        "SELECT 'y' AS b, 2::BIGINT AS aa",
        "SELECT 3::BIGINT AS aa, 'z' AS c",
    )
    held = [parquet(tmp_path / f"{number}.parquet", select) for number, select in enumerate(selects)]
    columns = [("a", "BIGINT"), ("b", "VARCHAR"), ("c", "VARCHAR")]
    whole = Dataset(
        name="d",
        columns=tuple(DatasetColumn(name=n, label=n, type=column_type(s), storage=s) for n, s in columns),
        parts=tuple(
            DatasetPart(
                upload_id=f"u{number}", generation=1, table=0, region="r", sender=None, filename="", table_name="",
                key=f"{number}.parquet", rows=1, columns=of_file, renamed=(("aa", "a"),) if number else (),
            )
            for number, of_file in enumerate(held)
        ),
    )  # fmt: skip
    view = view_of_dataset(whole, local_path=lambda key: tmp_path / key)
    assert len(view.runs) == 2
    assert ask(view, 'SELECT * FROM "dataset:d"')["rows"] == [[1, "x", None], [2, "y", None], [3, None, "z"]]


def test_a_type_that_changed_between_uploads_is_widened(tmp_path: Path) -> None:
    """Whole numbers and decimals become decimals without losing a digit, and the order stays."""
    view = dataset(
        tmp_path,
        "SELECT 1::BIGINT AS a",
        "SELECT 1.25::DECIMAL(10,2) AS a",
        "SELECT 9007199254740993::BIGINT AS a",
        widened={"a": "DECIMAL(21,2)"},
    )
    assert len(view.runs) == 3
    assert ask(view, 'SELECT a FROM "dataset:d"')["rows"] == [[1.0], [1.25], ["9007199254740993.00"]]


def test_a_dataset_without_parts_is_an_empty_table(tmp_path: Path) -> None:
    """Its columns are there, its rows are not."""
    view = dataset(tmp_path, "SELECT 1::BIGINT AS a").model_copy(update={"runs": ()})
    assert ask(view, 'SELECT a, _region FROM "dataset:d"', pseudo_columns=("_region",))["rows"] == []
    assert page(view, 0, 10) == {"columns": ["a"], "types": ["integer"], "rows": [], "total": 0}


def test_pseudo_columns_say_which_upload_a_row_came_from(tmp_path: Path) -> None:
    """Region, sender, file, table and upload of each part, also where files are read as one run."""
    view = dataset(
        tmp_path, "SELECT 1::BIGINT AS a", "SELECT 2::BIGINT AS a", "SELECT 'x' AS a", widened={"a": "VARCHAR"}
    )
    sql = 'SELECT a, _region, _sender, _file, _table, _upload_id FROM "dataset:d" ORDER BY _upload_id'
    assert ask(view, sql, pseudo_columns=PSEUDO_COLUMNS)["rows"] == [
        ["1", "R0", "škola O'Neill", "7. roč'ník.xlsx", "7.A", "u0"],
        ["2", "R1", None, "7. roč'ník.xlsx", "7.B", "u1"],
        ["x", "R2", None, "8.csv", "7.C", "u2"],
    ]


def test_one_row_more_than_allowed_says_that_the_answer_is_cut(tmp_path: Path) -> None:
    """Exactly as many rows as allowed are not cut."""
    view = dataset(tmp_path, "SELECT range AS n FROM range(5000)")
    assert ask(view, 'SELECT n FROM "dataset:d"', max_rows=4999)["truncated"] is True
    whole = ask(view, 'SELECT n FROM "dataset:d"', max_rows=5000)
    assert (whole["truncated"], len(whole["rows"]), whole["rows"][4999]) == (False, 5000, [4999])


def test_an_answer_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """The limit is on the bytes of the answer, not only on rows."""
    view = dataset(tmp_path, "SELECT repeat('x', 1000) AS t FROM range(3000)")
    with pytest.raises(MemoryExceeded, match="fewer columns"):
        ask(view, 'SELECT t FROM "dataset:d"', max_rows=3000, max_bytes=1_000_000)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT length(repeat('x', 4000000000))",
        "SELECT count(*) FROM (SELECT unnest(generate_series(1, 3000000000)))",
        """SELECT string_agg(repeat('abcdefgh', 1000), '') FROM "dataset:d" AS a CROSS JOIN "dataset:d" AS b""",
    ],
)
def test_a_query_that_wants_too_much_memory_is_stopped(tmp_path: Path, sql: str) -> None:
    """The process's own limit answers, and the answer is an error, not a crash."""
    view = dataset(tmp_path, "SELECT range AS n FROM range(1000)")
    with pytest.raises(MemoryExceeded):
        ask(view, sql, memory_bytes=400 * 1024 * 1024)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        'DROP VIEW "dataset:d"',
        "SET threads = 1",
        "COPY (SELECT 1) TO '/tmp/x'",
        'SUMMARIZE "dataset:d"',
        'DESCRIBE "dataset:d"',
        "SHOW TABLES",
        "PRAGMA database_list",
        "FROM duckdb_settings()",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT read_text('/etc/hostname')",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM information_schema.tables",
        'SELECT * FROM memory."dataset:d"',
        "SELECT * FROM query('SELECT 1')",
        "SELECT getvariable('x')",
        "SELECT current_setting('threads')",
        "SELECT current_user",
        'SELECT "current_schema"',
        "SELECT * FROM (WITH other AS (SELECT 1) SELECT * FROM other), other",
        'SELECT * FROM "dataset:d" AT (VERSION => 1)',
        "SELECT COLUMNS('.*') + 1 FROM range(3)",
        "SELECT list_transform([1], x -> read_text('/etc/hostname'))",
        'SELECT * FROM "dataset:d" TABLESAMPLE 10%',
        "VALUES (getenv('HOME'))",
        "EXECUTE p",
        "CALL pragma_version()",
        "not sql at all",
    ],
)
def test_the_second_look_refuses_what_the_guard_never_writes(tmp_path: Path, sql: str) -> None:
    """Even a text that got past the guard reads nothing but the views and calls nothing but the list."""
    view = dataset(tmp_path, "SELECT 1::BIGINT AS a")
    with pytest.raises(QueryRefused):
        ask(view, sql)


def test_no_other_file_can_be_read_even_by_a_listed_function(tmp_path: Path) -> None:
    """The connection itself is closed to everything but the view's files, and stays so."""
    view = dataset(tmp_path, "SELECT 1::BIGINT AS a")
    other = tmp_path / "other.parquet"
    parquet(other, "SELECT 'secret' AS s")

    def attempt(argument: bytes) -> bytes:
        connection = engine.restricted(json.loads(argument))
        engine.lock(connection)
        failed = []
        for sql in (
            f"SELECT * FROM read_parquet('{other}')",
            f"COPY (SELECT 1) TO '{tmp_path / 'new.csv'}'",
            f"ATTACH '{tmp_path / 'new.duckdb'}'",
            "SET enable_external_access = true",
            "SET memory_limit = '90GB'",
            "INSTALL httpfs",
            "LOAD httpfs",
        ):
            try:
                connection.execute(sql)
            except duckdb.Error:
                failed.append(sql)
        return json.dumps(len(failed)).encode()

    assert json.loads(in_child(attempt, json.dumps(view.paths).encode())) == 7


def test_column_names_of_an_answer_are_unique(tmp_path: Path) -> None:
    """A repeated name is numbered, and no number repeats a name that is there."""
    view = dataset(tmp_path, "SELECT 1::BIGINT AS n")
    answer = ask(view, 'SELECT n, n, 5 AS n_1, n AS "N" FROM "dataset:d"')
    assert answer["columns"] == ["n", "n_2", "n_1", "N_3"]


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("9007199254740993", "integer", "9007199254740993"),
        ("9007199254740992", "integer", 9007199254740992),
        ("-9007199254740993", "integer", "-9007199254740993"),
        ("1.50::DECIMAL(10,2)", "decimal", 1.5),
        ("0.1::DECIMAL(38,10)", "decimal", 0.1),
        ("12345678901234567890.123::DECIMAL(38,3)", "decimal", "12345678901234567890.123"),
        ("'NaN'::DOUBLE", "decimal", "NaN"),
        ("'-inf'::DOUBLE", "decimal", "-Infinity"),
        ("true", "boolean", True),
        ("DATE '2025-09-01'", "date", "2025-09-01"),
        ("TIMESTAMP '2025-09-01 10:20:30'", "datetime", "2025-09-01T10:20:30"),
        ("TIMESTAMP '2025-09-01 10:20:30.5'", "datetime", "2025-09-01T10:20:30.500000"),
        ("TIMESTAMPTZ '2025-09-01 10:20:30+02'", "datetime", "2025-09-01T08:20:30Z"),
        ("TIME '07:05:00'", "time", "07:05:00"),
        ("18446744073709551615::DECIMAL(38,0)", "integer", "18446744073709551615"),
        ("5::DECIMAL(38,0)", "integer", 5),
        ("INTERVAL 36 HOUR", "duration", "36:00:00"),
        ("INTERVAL 1500 MILLISECOND", "duration", "0:00:01.5"),
        ("'\\xFF\\x00'::BLOB", "text", "/wA="),
        ("'[1, {\"a\": null}]'::JSON", "json", [1, {"a": None}]),
        ("[1.5::DECIMAL(3,1), NULL]", "json", [1.5, None]),
        ("{'a': 9007199254740993, 'd': DATE '2025-01-01'}", "json", {"a": "9007199254740993", "d": "2025-01-01"}),
        ("'Žluťoučký kůň \"\\'", "text", 'Žluťoučký kůň "\\'),
        ("NULL", "integer", None),
    ],
)
def test_values_leave_as_promised(tmp_path: Path, expression: str, kind: str, value: object) -> None:
    """JSON carries every value without loss, the type says what it is, and rows and queries agree."""
    view = dataset(tmp_path, f"SELECT {expression} AS v" if expression != "NULL" else "SELECT NULL::BIGINT AS v")
    answer = ask(view, 'SELECT v FROM "dataset:d"')
    assert (answer["types"], answer["rows"]) == ([kind], [[value]])
    assert page(view, 0, 1)["rows"] == [[value]]


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("170141183460469231731687303715884105727", "integer", "170141183460469231731687303715884105727"),
        ("to_seconds(-90)", "duration", "-0:01:30"),
        ("1e0 / 3", "decimal", 1 / 3),
        ("uuid() IS NULL", "boolean", False),
    ],
)
def test_values_that_no_file_holds_leave_as_promised(
    tmp_path: Path, expression: str, kind: str, value: object
) -> None:
    """What a query works out follows the same rules."""
    answer = ask(dataset(tmp_path, "SELECT 1::BIGINT AS v"), f"SELECT {expression}")
    assert (answer["types"], answer["rows"]) == ([kind], [[value]])


def test_a_duration_is_seconds_to_queries_and_hours_to_people(tmp_path: Path) -> None:
    """Files hold seconds, which a query can add up; a page of rows shows hours, minutes, seconds."""
    seconds = dataset(tmp_path, "SELECT 5400::BIGINT AS t UNION ALL SELECT 126000")
    view = seconds.model_copy(update={"columns": (seconds.columns[0].model_copy(update={"type": "duration"}),)})
    assert ask(view, 'SELECT sum(t) FROM "dataset:d"')["rows"] == [[131400]]
    shown = page(view, 0, 2)
    assert (shown["types"], shown["rows"]) == (["duration"], [["1:30:00"], ["35:00:00"]])


DEEP = "[" * 300 + "]" * 300


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('["x",{"y":null}]', ["x", {"y": None}]),
        ("[9007199254740993,0.5]", ["9007199254740993", 0.5]),
        (DEEP, DEEP),
    ],
    ids=["values", "digits", "too-deep"],
)
def test_json_is_text_to_queries_and_lists_and_objects_to_people(tmp_path: Path, text: str, shown: object) -> None:
    """A query compares text and takes it apart; a page of rows holds what the text says, however deep it is."""
    texts = dataset(tmp_path, f"SELECT '{text}' AS t")
    view = texts.model_copy(update={"columns": (texts.columns[0].model_copy(update={"type": "json"}),)})
    assert ask(view, "SELECT t FROM \"dataset:d\" WHERE t <> 'x'")["rows"] == [[text]]
    answer = page(view, 0, 1)
    assert (answer["types"], answer["rows"]) == (["json"], [[shown]])


def test_pages_run_through_all_files_in_order(tmp_path: Path) -> None:
    """Pages of any size join to the whole, without a row lost or doubled at a file's edge."""
    view = dataset(
        tmp_path,
        "SELECT range AS n FROM range(7)",
        "SELECT (7 + range) AS n, 'x' AS extra FROM range(1)",
        "SELECT (8 + range)::VARCHAR AS n FROM range(5)",
        widened={"n": "VARCHAR"},
    )
    for size in (1, 3, 7, 8, 100):
        numbers = [row[0] for offset in range(0, 14, size) for row in page(view, offset, size)["rows"]]
        assert numbers == [str(number) for number in range(13)]
    beyond = page(view, 13, 5)
    assert (beyond["rows"], beyond["total"], beyond["columns"]) == ([], 13, ["n", "extra"])


def test_an_identifier_cannot_leave_its_quotes(tmp_path: Path) -> None:
    """One function quotes every identifier."""
    assert quoted('a" b') == '"a"" b"'
    view = dataset(tmp_path, 'SELECT 1::BIGINT AS "a"" , \'x\' --"')
    assert ask(view, 'SELECT * FROM "dataset:d"')["rows"] == [[1]]
