"""The guard by itself, without the second look that the engine takes."""

import pytest

from eduscale.core.errors import QueryRefused
from eduscale.models.dataset import Dataset, DatasetColumn
from eduscale.query.guard import check

ZACI = Dataset(
    name="zaci", columns=(DatasetColumn(name="id", label="Id", type="integer", storage="BIGINT"),), parts=()
)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM tajne WHERE id IN (WITH tajne AS (SELECT 1 AS id) SELECT id FROM tajne)",
        "SELECT * FROM (WITH tajne AS (SELECT 1) SELECT 1) AS x, tajne",
        "SELECT * FROM (WITH tajne AS (SELECT 1) SELECT 1 UNION ALL SELECT * FROM tajne) CROSS JOIN tajne",
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        "WITH a AS (SELECT * FROM a) SELECT * FROM a",
        "WITH a AS (WITH tajne AS (SELECT 1) SELECT * FROM tajne) SELECT * FROM a, tajne",
    ],
)
def test_a_name_given_by_with_counts_only_where_it_is_visible(sql: str) -> None:
    """Inside its own query and after its own definition, nowhere else."""
    with pytest.raises(QueryRefused, match="There is no dataset"):
        check(sql, catalogue={"zaci": ZACI}, parameters={})


def test_what_was_sent_never_reaches_the_engine_as_it_was() -> None:
    """Names are quoted anew, remarks are gone, datasets have names that no statement can spell."""
    sql = 'SELECT id AS `a" , x --` /* z */ FROM ZACI -- remark'
    checked = check(sql, catalogue={"zaci": ZACI}, parameters={})
    assert checked.duckdb == 'SELECT "id" AS "a"" , x --" FROM "dataset:zaci" AS "ZACI"'
    assert (checked.datasets, checked.pseudo_columns, checked.parameters) == (("zaci",), (), {})


def test_a_query_reads_only_the_datasets_it_names() -> None:
    """A WITH of the same name hides a dataset, which then is not read at all."""
    both = {"zaci": ZACI, "skoly": ZACI.model_copy(update={"name": "skoly"})}
    checked = check("WITH skoly AS (SELECT 1 AS id) SELECT * FROM skoly", catalogue=both, parameters={})
    assert checked.datasets == ()
    checked = check("SELECT _sender FROM zaci WHERE id = @n", catalogue=both, parameters={"N": 5})
    assert (checked.datasets, checked.pseudo_columns, checked.parameters) == (("zaci",), ("_sender",), {"p0": 5})
