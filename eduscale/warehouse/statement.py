"""The second look at a statement: DuckDB's own parser says what the generated text really is.

The guard checked the tree that the text comes from; this catches what the two parsers understand differently.
"""

from collections.abc import Collection, Iterator
from typing import Any

import duckdb
from pydantic_core import from_json

from eduscale.core.errors import QueryRefused
from eduscale.warehouse.macros import MACRO_NAMES

FUNCTIONS = MACRO_NAMES | frozenset(
    """
    + - * / // || ~~ !~~ like_escape not_like_escape count count_star sum avg min max any_value arg_max
    arg_min bool_and bool_or stddev_samp stddev_pop var_samp var_pop corr covar_pop covar_samp
    approx_count_distinct quantile_disc quantile_cont array_agg string_agg row_number rank dense_rank
    percent_rank cume_dist ntile lag lead first_value last_value nth_value nullif greatest least abs sign
    round trunc ceil floor mod sqrt cbrt pow exp ln log log10 sin cos tan asin acos atan atan2 isnan isinf
    random length strlen upper lower trim ltrim rtrim lpad rpad strpos replace translate repeat reverse
    starts_with ends_with string_split ascii unicode chr nfc_normalize printf regexp_matches
    regexp_extract_all regexp_replace uuid now timezone make_date make_time make_timestamp date_diff date_sub
    strftime strptime epoch_ms epoch_us to_years to_months to_days to_hours to_minutes to_seconds
    to_milliseconds to_microseconds len range unnest list_value list_slice list_reverse list_concat
    array_to_string generate_series struct_pack
    """.split()
)
"""Every function of DuckDB that a translated statement may call."""

_CLASSES = frozenset(
    """
    BETWEEN CASE CAST COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION OPERATOR PARAMETER
    POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW
    """.split()
)
_REFERENCES = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "SELECT_NODE", "SET_OPERATION_NODE"})
_SESSION_WORDS = frozenset(
    """
    current_catalog current_date current_role current_schema current_time current_timestamp current_user
    localtime localtimestamp session_user user
    """.split()
)
"""Names that DuckDB reads as functions where there is no such column."""


def check(
    connection: duckdb.DuckDBPyConnection, sql: str, *, tables: Collection[str], columns: Collection[str]
) -> None:
    """Raise QueryRefused unless the text is one SELECT over `tables` and its own WITH, calling listed functions.

    `columns` are the names that the tables have.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryRefused("Exactly one SELECT is allowed.")
    row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    tree: dict[str, Any] = from_json(row[0]) if row else {"error": True}
    if tree.get("error") or len(tree["statements"]) != 1:
        raise QueryRefused("Only a SELECT is allowed.")
    named = {name.lower() for name in columns}
    for node, known in _nodes(tree["statements"][0], frozenset(tables)):
        _check_node(node, known, named)


def _nodes(value: Any, known: frozenset[str]) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Yield every object of the tree with the tables that are visible where it stands."""
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item, known)
    elif isinstance(value, dict):
        inner = known
        for entry in (value.get("cte_map") or {}).get("map", ()):
            yield from _nodes(entry["value"], inner)
            inner = inner | {entry["key"].lower()}
        yield value, inner
        for key, item in value.items():
            if key != "cte_map":
                yield from _nodes(item, inner)


def _check_node(node: dict[str, Any], tables: frozenset[str], columns: Collection[str]) -> None:
    kind = node.get("type")
    if node.get("sample"):
        raise QueryRefused("TABLESAMPLE is not allowed.")
    if "class" in node and node["class"] not in _CLASSES:
        raise QueryRefused("The statement holds an expression that is not allowed.")
    if "from_table" in node and node["from_table"] and node["from_table"].get("type") not in _REFERENCES:
        raise QueryRefused("FROM takes datasets, sub-queries and UNNEST.")
    if kind in ("TABLE_FUNCTION", "SHOW_REF", "PIVOT", "COLUMN_DATA", "DELIM_GET", "BOUND_TABLE_REF"):
        raise QueryRefused("FROM takes datasets, sub-queries and UNNEST.")
    if kind == "BASE_TABLE":
        qualified = node.get("schema_name") or node.get("catalog_name")
        if qualified or node.get("at_clause") or node["table_name"].lower() not in tables:
            raise QueryRefused("The statement reads a table that it may not read.")
    if "function_name" in node:
        qualified = node.get("schema") or node.get("catalog")
        if qualified or node["function_name"].lower() not in FUNCTIONS:
            raise QueryRefused("The statement calls a function that is not on the list.")
    if kind == "COLUMN_REF" and node.get("class") == "COLUMN_REF":
        names = node["column_names"]
        if len(names) == 1 and names[0].lower() in _SESSION_WORDS and names[0].lower() not in columns:
            raise QueryRefused(f"There is no column {names[0]}.")
