"""A statement goes in, an answer or a clear refusal comes out, and the service outlives both."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eduscale.core.errors import (
    LimitExceeded,
    QueryError,
    QueryFailed,
    QueryRefused,
)
from eduscale.core.sandbox import Sandbox
from eduscale.models.dataset import Dataset, DatasetColumn, DatasetPart
from eduscale.models.query import QueryAnswer, QueryRequest
from eduscale.query.run import QueryService
from eduscale.warehouse.values import column_type

ATTACKS = [
    attack
    for attack in json.loads(Path(__file__).with_name("attacks.json").read_text("utf-8"))
    if attack["layer"] != "policy"
]
DEADLINE_S = 2.0

TABLES = {
    "zaci": """
        SELECT range::BIGINT AS id, 'Jan' || range AS jmeno, 'Novák' AS prijmeni, '000' || range AS rodne_cislo,
            'zak' || range || '@skola.cz' AS email, ['Praha', 'Zlínský', NULL][range % 3 + 1] AS kraj,
            (range % 20)::BIGINT AS skola_id, (range % 9 + 1)::BIGINT AS rocnik,
            CASE WHEN range % 7 > 0 THEN (range % 5 + 1)::BIGINT END AS znamka
        FROM range(1000)""",
    "skoly": """
        SELECT range::BIGINT AS id, 'ZŠ ' || range AS nazev, 'Praha' AS kraj, 'u' AS "update", 'd' AS "delete",
            TIMESTAMP '2025-09-01 10:00:00' AS updated_at, TIMESTAMP '2025-09-01 10:00:00' AS created_at,
            3::BIGINT AS call_count, ['malá', 'vesnická'][: (range % 3)::BIGINT] AS stitky
        FROM range(20)""",
    "prazdna": "SELECT 1::BIGINT AS id WHERE false",
}


LABELS = {"jmeno": "Jméno a  příjmení", "znamka": "vysvedceni.M"}
"""What people see above a column, where it is not its name."""


def make_dataset(folder: Path, name: str, *selects: str) -> Dataset:
    parts, columns = [], dict[str, str]()
    for number, select in enumerate(selects):
        key = f"{name}-{number}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({select}) TO '{folder / key}' (FORMAT parquet)")
            held = tuple((row[0], row[1]) for row in connection.execute(f"DESCRIBE {select}").fetchall())
        columns |= dict(held)
        parts.append(
            DatasetPart(
                upload_id=f"upload-{number}",
                generation=1,
                table=0,
                region=f"kraj-{number}",
                sender=f"skola-{number}",
                filename=f"{name}-{number}.xlsx",
                table_name=f"list-{number}",
                key=key,
                rows=1,
                columns=held,
            )
        )
    shown = tuple(
        DatasetColumn(name=column, label=LABELS.get(column, column), type=column_type(storage), storage=storage)
        for column, storage in columns.items()
    )
    return Dataset(name=name, columns=shown, parts=tuple(parts))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryService]:
    folder = tmp_path_factory.mktemp("parquet")
    datasets = {name: make_dataset(folder, name, select) for name, select in TABLES.items()}
    datasets["dochazka"] = make_dataset(
        folder,
        "dochazka",
        "SELECT 1::BIGINT AS id, DATE '2025-09-01' AS den",
        "SELECT 2::BIGINT AS id, DATE '2025-09-02' AS den",
    )
    sandbox = Sandbox(memory_bytes=512 * 1024 * 1024, processes=2, queue=8, preload=("eduscale.warehouse.engine",))
    with contextlib.closing(sandbox):
        yield QueryService(
            catalogue=lambda: datasets,
            local_path=lambda key: folder / key,
            sandbox=sandbox,
            timeout_s=DEADLINE_S,
            max_rows=500,
        )


def ask(service: QueryService, sql: str, max_rows: int | None = None, **parameters: Any) -> QueryAnswer:
    request = QueryRequest(sql=sql, parameters=parameters, max_rows=max_rows)
    return QueryAnswer.model_validate_json(service.answer(request).json)


def rows(service: QueryService, sql: str, **parameters: Any) -> list[tuple[object, ...]]:
    return list(ask(service, sql, **parameters).rows)


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack["id"] for attack in ATTACKS])
def test_an_attack_is_refused_or_stopped_and_the_next_query_works(
    service: QueryService, attack: dict[str, str]
) -> None:
    """What looks like an attack and is none gives rows."""
    if attack["expect"] == "allow":
        assert ask(service, attack["sql"]).rows
    else:
        expected = (QueryError, LimitExceeded) if "limit" in attack["layer"] else QueryRefused
        with pytest.raises(expected):
            ask(service, attack["sql"])
    assert rows(service, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT COUNT(*) FROM zaci", [(1000,)]),
        ("select Count(*) from ZACI where ID < 10", [(10,)]),
        ("SELECT z.id FROM zaci AS z JOIN skoly s ON z.skola_id = s.id WHERE z.id = 25", [(25,)]),
        ("SELECT zaci.id FROM zaci WHERE zaci.id = 1", [(1,)]),
        ("SELECT `id` FROM `zaci` WHERE id = 1", [(1,)]),
        ("SELECT id FROM zaci z LEFT JOIN (SELECT id FROM skoly) s USING (id) WHERE id = 900", [(900,)]),
        (
            "SELECT kraj, COUNT(*) AS n FROM zaci GROUP BY 1 ORDER BY 1",
            [(None, 333), ("Praha", 334), ("Zlínský", 333)],
        ),
        ("SELECT kraj FROM zaci GROUP BY kraj ORDER BY kraj DESC", [("Zlínský",), ("Praha",), (None,)]),
        ("SELECT kraj, COUNT(*) n FROM zaci GROUP BY ALL HAVING n > 333", [("Praha", 334)]),
        ("WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM b", [(2,)]),
        ("WITH zaci AS (SELECT * FROM zaci WHERE id = 5) SELECT id FROM zaci", [(5,)]),
        ("SELECT * FROM (WITH a AS (SELECT 3 AS x) SELECT * FROM a)", [(3,)]),
        ("WITH A AS (SELECT 1 AS x) SELECT * FROM a", [(1,)]),
        ("(SELECT 1 AS x) UNION ALL (SELECT 2) ORDER BY x DESC LIMIT 1", [(2,)]),
        ("SELECT 1 UNION DISTINCT SELECT 1", [(1,)]),
        ("SELECT id FROM skoly EXCEPT DISTINCT SELECT id FROM skoly WHERE id > 0", [(0,)]),
        (
            "SELECT s.id, t FROM skoly AS s, UNNEST(s.stitky) AS t WHERE s.id = 2 ORDER BY t",
            [(2, "malá"), (2, "vesnická")],
        ),
        (
            "SELECT t, o FROM skoly s CROSS JOIN UNNEST(stitky) AS t WITH OFFSET AS o WHERE s.id = 2 ORDER BY o",
            [("malá", 0), ("vesnická", 1)],
        ),
        ("SELECT s.id, t FROM skoly s LEFT JOIN UNNEST(stitky) AS t WHERE s.id = 0", [(0, None)]),
        ("SELECT x, offset FROM UNNEST(['a', 'b']) AS x WITH OFFSET ORDER BY offset DESC", [("b", 1), ("a", 0)]),
        ("SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 10)) AS x", [(10,)]),
        ("SELECT SUM(x) FROM UNNEST([1, 2, 3]) x WHERE x IN UNNEST([1, 3])", [(4,)]),
        (
            "SELECT id FROM skoly WHERE EXISTS (SELECT 1 FROM zaci WHERE zaci.id = skoly.id + 985)",
            [(n,) for n in range(15)],
        ),
        ("SELECT * EXCEPT (den) FROM dochazka ORDER BY id", [(1,), (2,)]),
        ("SELECT * REPLACE (id * 10 AS id) FROM dochazka ORDER BY id", [(10, "2025-09-01"), (20, "2025-09-02")]),
        ("SELECT d.* FROM dochazka d ORDER BY d.id LIMIT 1 OFFSET 1", [(2, "2025-09-02")]),
        ("SELECT DISTINCT rocnik FROM zaci WHERE rocnik IN (1, 2) ORDER BY rocnik", [(1,), (2,)]),
        ("SELECT id FROM zaci WHERE TRUE QUALIFY ROW_NUMBER() OVER (ORDER BY id DESC) = 1", [(999,)]),
        ("SELECT id FROM dochazka WHERE den >= '2025-09-02'", [(2,)]),
        ("FROM zaci |> WHERE id < 3 |> SELECT id |> ORDER BY id DESC |> LIMIT 2", [(2,), (1,)]),
        ("SELECT COUNT(*) FROM prazdna", [(0,)]),
        ("SELECT id IS NULL AS id, COUNT(*) AS n FROM zaci GROUP BY id", [(False, 1000)]),
        (
            "SELECT id > 499 AS id, COUNT(*) AS n FROM zaci GROUP BY ROLLUP(id) ORDER BY id",
            [(None, 1000), (False, 500), (True, 500)],
        ),
        (
            "SELECT kraj AS k, SUM(id) AS id FROM zaci GROUP BY kraj HAVING id < 166500 ORDER BY k",
            [("Zlínský", 166167)],
        ),
        ("SELECT -id AS id FROM dochazka ORDER BY id", [(-2,), (-1,)]),
        ("SELECT id - id AS nic FROM dochazka LIMIT 1", [(0,)]),
        ("SELECT 1 -- a remark\n;", [(1,)]),
        ("SELECT 1; -- a remark", [(1,)]),
        ("SELECT 1 /* ; */ AS x # another", [(1,)]),
    ],
)
def test_a_select_gives_its_rows(service: QueryService, sql: str, expected: list[tuple[object, ...]]) -> None:
    """The shapes that analysts write."""
    assert rows(service, sql) == expected


def test_pseudo_columns_are_there_by_name_and_never_in_a_star(service: QueryService) -> None:
    """Where a row came from can be asked; whoever does not ask does not see it."""
    assert ask(service, "SELECT * FROM dochazka").columns == ("id", "den")
    assert rows(service, "SELECT _region, _sender, _file, _table, _upload_id FROM dochazka ORDER BY 1") == [
        ("kraj-0", "skola-0", "dochazka-0.xlsx", "list-0", "upload-0"),
        ("kraj-1", "skola-1", "dochazka-1.xlsx", "list-1", "upload-1"),
    ]
    assert ask(service, "SELECT *, _REGION FROM dochazka").columns == ("id", "den", "_region")
    assert ask(service, "SELECT d.* FROM dochazka d WHERE d._upload_id = 'upload-1'").columns == ("id", "den")
    joined = "SELECT * FROM dochazka a JOIN dochazka b ON a._region = b._region"
    assert ask(service, joined).columns == ("id", "den", "id_1", "den_1")
    inner = "SELECT * FROM (SELECT id, _region FROM dochazka) JOIN zaci USING (id) WHERE zaci._region = 'kraj-0'"
    assert ask(service, inner).columns[:3] == ("id", "_region", "jmeno")
    assert rows(service, "SELECT _region, COUNT(*) FROM dochazka GROUP BY _region ORDER BY 1") == [
        ("kraj-0", 1),
        ("kraj-1", 1),
    ]


def test_columns_without_a_name_are_named_as_in_googlesql(service: QueryService) -> None:
    """f0_, f1_ by their number among the unnamed; names that repeat are numbered."""
    assert ask(service, "SELECT 1, 2 AS b, 1 + 1, id, id FROM zaci LIMIT 1").columns == (
        "f0_",
        "b",
        "f1_",
        "id",
        "id_1",
    )
    assert ask(service, "SELECT MAX(id) FROM zaci UNION ALL SELECT 1").columns == ("f0_",)


def test_parameters_are_bound_as_values(service: QueryService) -> None:
    """Text stays text, whatever is in it; each parameter may be named more than once."""
    assert rows(service, "SELECT @a, @b, @c, @d, @A", a="x' OR 1=1 --", b=5, c=1.5, d=True) == [
        ("x' OR 1=1 --", 5, 1.5, True, "x' OR 1=1 --")
    ]
    assert rows(service, "SELECT COUNT(*) FROM zaci WHERE kraj = @kraj AND id < @id", kraj="Praha", id=10) == [
        (4,)
    ]
    assert rows(service, "SELECT id FROM zaci WHERE id >= @od ORDER BY id LIMIT @kolik", od=7, kolik=2) == [
        (7,),
        (8,),
    ]
    assert rows(service, "SELECT id FROM dochazka WHERE den = CAST(@den AS DATE)", den="2025-09-02") == [(2,)]
    assert rows(service, "SELECT @nic IS NULL", nic=None) == [(True,)]
    assert rows(service, "SELECT @a + 1", a=2**40) == [(2**40 + 1,)]


@pytest.mark.parametrize(
    ("sql", "parameters", "fragment"),
    [
        ("SELECT @p", {}, "not supplied"),
        ("SELECT 1", {"p": 1}, "names no parameter @p"),
        ("SELECT ?", {}, "parameter without a name"),
        ("SELECT :p", {"p": 1}, "parameter without a name"),
        ("SELECT @@time_zone", {}, "system variable"),
        ("SELECT @p", {"p": 2**70}, "64 bits"),
        ("SELECT * FROM @p", {"p": "zaci"}, "table"),
        ("SELECT $p", {"p": 1}, ""),
    ],
)
def test_other_parameters_are_refused(
    service: QueryService, sql: str, parameters: dict[str, Any], fragment: str
) -> None:
    """Only a parameter that is named and supplied is bound."""
    with pytest.raises(QueryRefused) as caught:
        ask(service, sql, **parameters)
    assert fragment.lower() in caught.value.detail.lower()


@pytest.mark.parametrize(
    ("sql", "fragments"),
    [
        ("SELECT * FROM zacii", ["zacii", "Datasets: zaci"]),
        ("SELECT * FROM neznama", ["neznama", "dochazka, prazdna, skoly, zaci"]),
        ("SELECT jmen FROM zaci", ["jmen", "jmeno", "zaci"]),
        ("SELECT z.jmen FROM zaci z", ["jmen", "jmeno"]),
        ("SELECT * EXCEPT (jmen) FROM zaci", ["jmen"]),
        ("SELECT id FROM zaci ORDER BY znamk", ["znamk", "znamka"]),
        ("SELECT x.id FROM zaci", ['"x"', "FROM", "The column is id"]),
        ("SELECT x.jmen FROM zaci", ['"x"', "FROM", "Columns of zaci: jmeno"]),
        ("SELECT vysvedceni.M FROM zaci", ['"vysvedceni.M" is a column\'s label', "SQL is znamka."]),
        ("SELECT z.`jméno a příjmení` FROM zaci z", ["label", "SQL is jmeno."]),
        ("SELECT id FROM zaci WHERE `Jméno a příjmení` = 'x'", ["label", "SQL is jmeno."]),
        ("SELECT x.`Jméno a příjmení` FROM zaci", ['"x"', "The column is jmeno"]),
        ("SELECT id FROM zaci, skoly", ["id", "several"]),
        ("SELECT kraj, id FROM zaci GROUP BY kraj", ["id", "GROUP BY"]),
        ("SELECT id FROM zaci WHERE COUNT(*) > 1", ["aggregates"]),
        ("SELECT id FROM zaci UNION ALL SELECT id, kraj FROM zaci", ["UNION"]),
        ("SELECT SUMM(id) FROM zaci", ["SUMM", "SUM"]),
        ("SELECT id * den FROM dochazka", ["The sign *", "types: integer, date."]),
        (
            "SELECT AVG(jmeno) FROM zaci",
            ["AVG does not take values of these types: text.", "SAFE_CAST"],
        ),
        ("SELECT STDDEV(jmeno) FROM zaci", ["STDDEV_SAMP", "types: text.", "FLOAT64"]),
        ("SELECT jmeno * 2 FROM zaci", ["The sign *", "types: text, integer.", "FLOAT64"]),
        ("SELECT EXTRACT(YEAR FROM jmeno) FROM zaci", ["EXTRACT", "types: text.", "SAFE_CAST(... AS DATE)"]),
        ("SELECT DATE_TRUNC(jmeno, MONTH) FROM zaci", ["DATE_TRUNC", "types: text.", "SAFE_CAST(... AS DATE)"]),
        ("SELECT UPPER(den) FROM dochazka", ["UPPER", "types: date.", "AS STRING"]),
        ("SELECT id LIKE '1%' FROM zaci", ["LIKE", "types: integer, text."]),
        ("SELECT SUM(den) FROM dochazka", ["SUM", "types: date."]),
        ("SELECT COUNT(*) FROM zaci WHERE jmeno > 3", ["compared: text and integer.", "SAFE_CAST"]),
        ("SELECT COALESCE(id, den) FROM dochazka", ["combined: integer and date.", "CAST"]),
        ("SELECT id FROM dochazka WHERE den = 5", ["integer", "date"]),
        ("SELECT 1 UNION SELECT 2", ["DISTINCT or ALL"]),
        ("SELECT current_user", []),
        ("SELECT `user`", ["user"]),
        ("SELECT FROM zaci", []),
        ("SELEC 1", ["SELECT"]),
        ("", []),
    ],
)
def test_a_mistake_is_answered_with_what_there_is(service: QueryService, sql: str, fragments: list[str]) -> None:
    """Mistyped tables and columns are met with those that exist, the closest first."""
    with pytest.raises((QueryRefused, QueryFailed, ValueError)) as caught:
        ask(service, sql)
    for fragment in fragments:
        assert fragment in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(jmeno AS INT64) FROM zaci",
        "SELECT COUNT(*) FROM zaci WHERE jmeno = 5",
        "SELECT id + CAST(email AS INT64) FROM zaci",
        "SELECT PARSE_DATE('%Y', prijmeni) FROM zaci",
        "SELECT 1 / 0",
        "SELECT den - den FROM dochazka",
        "SELECT MAX(den) - DATE '2025-01-01' FROM dochazka",
        "SELECT id / (id - id) FROM zaci",
        "SELECT stitky[OFFSET(5)] FROM skoly",
        "SELECT (SELECT jmeno FROM zaci) FROM skoly",
        "SELECT TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL id * 1000000000000 DAY) FROM zaci",
        "SELECT CHR(id + 5000000) FROM zaci",
        "SELECT REGEXP_CONTAINS(jmeno, CONCAT('(', jmeno)) FROM zaci",
        "SELECT REPEAT(jmeno, -1) || CAST(1e300 * 1e300 AS INT64) FROM zaci",
    ],
)
def test_a_failure_names_no_value(service: QueryService, sql: str) -> None:
    """DuckDB quotes cells in its messages; the service never does."""
    with pytest.raises((QueryFailed, QueryRefused)) as caught:
        ask(service, sql)
    for secret in ("Jan", "Nov", "@skola", "parquet", "LINE", "INT32", "VARCHAR"):
        assert secret not in caught.value.detail


@pytest.mark.parametrize(
    "sql",
    [
        "WITH audit AS (SELECT 1 AS id) SELECT * FROM (SELECT * FROM audit), audit_log",
        "SELECT * FROM (WITH tajne AS (SELECT 1) SELECT 1) AS x, tajne",
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        "WITH a AS (SELECT * FROM a) SELECT * FROM a",
        "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT * FROM a",
        "SELECT (WITH t AS (SELECT 1) SELECT 1), (SELECT 1 FROM t)",
        "SELECT * FROM `dataset:zaci`",
        "SELECT * FROM duckdb_tables",
        "SELECT * FROM temp.zaci",
        "SELECT * FROM `zaci.id`",
        "SELECT * FROM `/etc/passwd`",
        "SELECT * FROM zaci TABLESAMPLE SYSTEM (10 PERCENT)",
        "SELECT * FROM zaci PIVOT (COUNT(id) FOR kraj IN ('Praha'))",
        "SELECT * FROM zaci, zaci.stitky",
        "SELECT AS STRUCT id FROM zaci",
        "SELECT AS VALUE id FROM zaci",
        "SELECT DISTINCT ON (kraj) id FROM zaci",
        "SELECT * FROM zaci NATURAL JOIN skoly",
        "SELECT * FROM zaci SEMI JOIN skoly USING (id)",
        "SELECT * FROM zaci ASOF JOIN skoly USING (id)",
        "SELECT * FROM zaci POSITIONAL JOIN skoly",
        "SELECT COLUMNS('j.*') FROM zaci",
        "SELECT COUNT(*) FILTER (WHERE id > 1) FROM zaci",
        "SELECT (*) FROM zaci",
        "SELECT * EXCEPT (READ_TEXT('/etc/hostname')) FROM zaci",
        "SELECT * EXCEPT INTERVAL (id) FROM zaci",
        "SELECT * REPLACE (READ_TEXT('/etc/hostname') AS id) FROM zaci",
        "SELECT COUNT(DISTINCT) FROM zaci",
        "SELECT SUM(id AS x) FROM zaci",
        "SELECT SUM(id) @p FROM zaci",
        "SELECT ('a', 'b')",
        "FROM zaci |> LIMIT NULL |> LIMIT 5",
        "FROM zaci |> PIVOT(COUNT(id) FOR kraj IN ('Praha'))",
        "FROM zaci |> TABLESAMPLE SYSTEM (1 PERCENT)",
        "FROM zaci |> JOIN audit_log ON TRUE",
        "FROM zaci |> UNION ALL (SELECT * FROM audit_log)",
        "SELECT MAX(*) FROM zaci",
        "SELECT COUNT(zaci.*) FROM zaci",
        "SELECT x -> x FROM zaci",
        "SELECT ARRAY_AGG(x => 1)",
        "SELECT jmeno.upper() FROM zaci",
        "SELECT main.upper(jmeno) FROM zaci",
        "SELECT NET.HOST(jmeno) FROM zaci",
        "SELECT SAFE.READ_TEXT('/etc/hostname')",
        "SELECT `read_text`('/etc/hostname')",
        "SELECT SESSION_USER()",
        "SELECT ERROR(jmeno) FROM zaci",
        "SELECT gsql_string(1)",
        "SELECT * FROM UNNEST(READ_TEXT('/etc/hostname'))",
        "SELECT * FROM VALUES (1)",
        "VALUES (1)",
        "SELECT 1 INTO x",
        "SELECT * FROM zaci FOR UPDATE",
        "SELECT * FROM EXTERNAL_QUERY('x', 'SELECT 1')",
        "EXPLAIN SELECT 1",
        "DECLARE x INT64; SELECT 1",
        "SET x = 1",
        "SELECT 1 UNION ALL BY NAME SELECT 2",
        "SELECT \u202e1",
        "SELECT 1\x00",
        "SELECT 1\x1b",
        "SELECT 'a\u0000'",
        "SELECT 1 FROM zaci JOIN skoly",
        "SELECT -id AS id FROM dochazka ORDER BY id + 1",
        "SELECT * FROM z\u0430ci",
        "SELECT * FROM \uff5aaci",
        "SELECT " + "x" * 90_000 + "(1)",
        "SELECT * FROM " + "x" * 90_000,
        "SELECT '",
        "SELECT `",
        "SELECT /* ",
        "SELECT " + "(" * 3000 + "1" + ")" * 3000,
        "SELECT " + "ABS(" * 500 + "1" + ")" * 500,
        "SELECT " + "NOT " * 9000 + "TRUE",
        "SELECT " + "STRUCT(" * 30 + "1 AS a" + " AS a)" * 29 + ")",
        "SELECT " + " || ".join(["'a'"] * 9000),
        "SELECT 1 " + "UNION ALL SELECT 1 " * 5000,
    ],
    ids=lambda sql: sql[:40].encode("ascii", "backslashreplace").decode(),
)
def test_variants_of_the_attacks_are_refused(service: QueryService, sql: str) -> None:
    """By kind: scoping, names, clauses, functions, statements, characters, nesting."""
    with pytest.raises(QueryRefused) as caught:
        ask(service, sql)
    assert caught.value.detail


def test_asking_for_more_rows_than_the_service_gives_cuts_the_answer(service: QueryService) -> None:
    """The service's limit holds whatever the request says; a smaller wish is granted."""
    assert (
        len(ask(service, "SELECT id FROM zaci", 10_000).rows),
        ask(service, "SELECT id FROM zaci").truncated,
    ) == (500, True)
    small = ask(service, "SELECT id FROM zaci ORDER BY id LIMIT 3", 3)
    assert (len(small.rows), small.truncated) == (3, False)
    assert ask(service, "SELECT id FROM zaci ORDER BY id LIMIT 4", 3).truncated


def test_nothing_of_a_statement_reaches_the_log(service: QueryService, caplog: pytest.LogCaptureFixture) -> None:
    """The parser of a library would log statements that it does not know."""
    for sql in ("CALL tajne('Novak')", "BEGIN SELECT 'Novak'; END", "EXECUTE IMMEDIATE 'Novak'"):
        with pytest.raises(QueryRefused):
            ask(service, sql)
    assert caplog.records == []


def test_a_statement_of_hundreds_of_tables_is_refused(service: QueryService) -> None:
    joins = " ".join(f"JOIN skoly z{n} ON z{n}.id = z0.id" for n in range(1, 300))
    with pytest.raises(QueryRefused, match="more than 60 times"):
        ask(service, f"SELECT COUNT(*) FROM skoly z0 {joins}")
    assert rows(service, "SELECT 1") == [(1,)]
