"""Which SQL may run: one read-only GoogleSQL SELECT over the catalogue's datasets, written anew for DuckDB.

Everything works by allow-lists: a syntax node, an attribute of a node, a function or a table that is not expected
is refused. The text that was sent never reaches the engine; what the engine gets is generated from the checked
tree, and it checks that text once more with its own parser.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, ParseError, TokenError, UnsupportedError
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.parsers.bigquery import BigQueryParser

from eduscale.core.errors import QueryRefused
from eduscale.models.dataset import Dataset
from eduscale.models.reading import Value
from eduscale.query.functions import FUNCTIONS, Arguments, Expr, call, extract, interval, number, whole
from eduscale.warehouse.views import PSEUDO_COLUMNS, table_name

MAX_CHARACTERS = 100_000
MAX_BRACKETS = 60
MAX_WORDS = 20_000
MAX_TABLES = 60
_STEPS_A_WORD = 40
_LISTED = 12
_NAME_CHARACTERS = 80


@dataclass(frozen=True)
class CheckedSql:
    """A statement that may run: DuckDB's text for it, what it reads and the values bound to it."""

    duckdb: str
    datasets: tuple[str, ...]
    pseudo_columns: tuple[str, ...]
    parameters: dict[str, Value]


def check(sql: str, *, catalogue: Mapping[str, Dataset], parameters: Mapping[str, Value]) -> CheckedSql:
    """Return the statement as DuckDB may run it; raises QueryRefused saying what is not allowed."""
    _check_text(sql)
    try:
        query = _parse(sql)
        translation = _Translation(catalogue, parameters, _named_pseudo_columns(query))
        translated = translation.query(query, frozenset())
        text = _DUCKDB.generate(
            translated, identify=True, comments=False, copy=False, unsupported_level=ErrorLevel.RAISE
        )
    except RecursionError:
        raise QueryRefused("The statement is nested too deeply.") from None
    except UnsupportedError:
        raise QueryRefused("The statement uses something that cannot be translated.") from None
    translation.refuse_unnamed_parameters()
    return CheckedSql(
        duckdb=text,
        datasets=tuple(sorted(translation.datasets)),
        pseudo_columns=translation.pseudo_columns,
        parameters=translation.bound,
    )


class _Parser(BigQueryParser):
    """Reads every function call as a plain name with arguments, so that one table decides about all of them."""

    FUNCTIONS = {}
    FUNCTION_PARSERS = {
        name: BigQueryParser.FUNCTION_PARSERS[name] for name in ("CAST", "SAFE_CAST", "EXTRACT", "ARRAY")
    }
    NO_PAREN_FUNCTION_PARSERS = {"CASE": BigQueryParser.NO_PAREN_FUNCTION_PARSERS["CASE"]}

    def _advance(self, times: int = 1) -> None:
        """Stop where going back and trying again, which nesting multiplies, costs more than any sane statement."""
        self._steps = getattr(self, "_steps", 0) + 1
        if self._steps > _STEPS_A_WORD * self._tokens_size + 1_000:
            raise QueryRefused("The statement is nested in a way that takes too long to read.")
        super()._advance(times)

    def _warn_unsupported(self) -> None:
        """Log nothing: a statement may hold names, and what falls back to a Command is refused."""


class _GoogleSql(BigQuery):
    Parser = _Parser


def _check_text(sql: str) -> None:
    if len(sql) > MAX_CHARACTERS:
        raise QueryRefused(f"The statement is longer than {MAX_CHARACTERS} characters.")
    for character in set(sql):
        kind = unicodedata.category(character)
        if (kind in ("Cc", "Cs") and character not in "\t\n\r") or character in _DIRECTION_MARKS:
            raise QueryRefused(f"The statement holds a control character, U+{ord(character):04X}.")
    depth = deepest = 0
    for bracket in re.findall(r"[()\[\]]", sql):
        depth = depth + 1 if bracket in "([" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    if deepest > MAX_BRACKETS:
        raise QueryRefused(f"The statement nests brackets more than {MAX_BRACKETS} deep.")


class _DuckDbGenerator(DuckDBGenerator):
    """Writes IGNORE NULLS for functions that are plain names, as all of ours are."""

    TRANSFORMS = {
        **DuckDBGenerator.TRANSFORMS,
        exp.IgnoreNulls: lambda self, node: f"{self.sql(node, 'this')} IGNORE NULLS",
        exp.RespectNulls: lambda self, node: f"{self.sql(node, 'this')} RESPECT NULLS",
    }


class _DuckDb(DuckDB):
    Generator = _DuckDbGenerator


_DUCKDB = _DuckDb()
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _parse(sql: str) -> exp.Query:
    dialect = _GoogleSql()
    try:
        tokens = dialect.tokenize(sql)
        if len(tokens) > MAX_WORDS:
            raise QueryRefused(f"The statement has more than {MAX_WORDS} words and signs.")
        statements = [statement for statement in dialect.parser().parse(tokens, sql) if statement is not None]
    except ParseError as error:
        place = error.errors[0] if error.errors else {}
        line, column = place.get("line"), place.get("col")
        where = f" near line {line}, column {column}" if line and column else ""
        expected = str(place.get("description") or "")
        hint = f" {expected}." if re.fullmatch(r"Expect\w* [A-Za-z()\[\], ]+", expected) else ""
        raise QueryRefused(
            f"The statement is not a GoogleSQL SELECT that can be understood{where}.{hint}"
        ) from None
    except (TokenError, ValueError, TypeError, AttributeError, LookupError):
        # the parser stumbles over some statements that nobody would write
        raise QueryRefused(
            "The statement has a quote, comment, sign or word in a place where it cannot be understood."
        ) from None
    statements = [statement for statement in statements if not isinstance(statement, exp.Semicolon)]
    if len(statements) != 1:
        raise QueryRefused("Exactly one statement is allowed, and it has to be a SELECT.")
    if not isinstance(statements[0], exp.Query) or isinstance(statements[0], exp.Table):
        raise QueryRefused("Only a SELECT is allowed; nothing can be changed, described, loaded or called.")
    if sum(1 for _ in statements[0].find_all(exp.Table)) > MAX_TABLES:
        raise QueryRefused(f"The statement names tables more than {MAX_TABLES} times.")
    return statements[0]


_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _folded(name: str) -> str:
    """Fold case as GoogleSQL and DuckDB do, for ASCII letters only: look-alikes stay apart."""
    return name.translate(_ASCII_LOWER)


def _named_pseudo_columns(query: exp.Query) -> tuple[str, ...]:
    named = {_folded(identifier.name) for identifier in query.find_all(exp.Identifier)}
    return tuple(name for name in PSEUDO_COLUMNS if name in named)


def _near(name: str, known: Mapping[str, object]) -> str:
    """List what there is, the closest first and not more than a person reads."""
    close = get_close_matches(_folded(name[:_NAME_CHARACTERS]), known, n=3, cutoff=0.6)
    listed = [*close, *(other for other in sorted(known) if other not in close)]
    more = ", ..." if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more


_BINARY = {"this", "expression"}
_ATTRIBUTES: dict[type[Expr], set[str]] = {
    exp.Select: {
        *("with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "qualify"),
        *("windows", "order", "limit", "offset"),
    },
    exp.Subquery: {"this", "alias", "with_", "order", "limit", "offset"},
    exp.Union: {"this", "expression", "distinct", "with_", "order", "limit", "offset"},
    exp.Intersect: {"this", "expression", "distinct", "with_", "order", "limit", "offset"},
    exp.Except: {"this", "expression", "distinct", "with_", "order", "limit", "offset"},
    exp.With: {"expressions"},
    exp.CTE: {"this", "alias"},
    exp.TableAlias: {"this"},
    exp.From: {"this"},
    exp.Table: {"this", "alias"},
    exp.Join: {"this", "on", "using", "side", "kind"},
    exp.Where: {"this"},
    exp.Group: {"expressions", "rollup", "cube", "grouping_sets", "all"},
    exp.Rollup: {"expressions"},
    exp.Cube: {"expressions"},
    exp.GroupingSets: {"expressions"},
    exp.Having: {"this"},
    exp.Qualify: {"this"},
    exp.Order: {"this", "expressions"},
    exp.Ordered: {"this", "desc", "nulls_first"},
    exp.Limit: {"expression"},
    exp.Offset: {"expression"},
    exp.Distinct: {"expressions"},
    exp.Alias: {"this", "alias"},
    exp.Column: {"this", "table", "db", "catalog"},
    exp.Dot: {"this", "expression"},
    exp.Identifier: {"this", "quoted"},
    exp.Star: {"except_", "replace"},
    exp.Literal: {"this", "is_string"},
    exp.Null: set(),
    exp.Boolean: {"this"},
    exp.Paren: {"this"},
    exp.Tuple: {"expressions"},
    exp.Window: {"this", "partition_by", "order", "spec", "alias", "over"},
    exp.WindowSpec: {"kind", "start", "start_side", "end", "end_side"},
    exp.Case: {"this", "ifs", "default"},
    exp.If: {"this", "true"},
    exp.Exists: {"this"},
    exp.In: {"this", "expressions", "query", "unnest"},
    exp.Between: {"this", "low", "high"},
    exp.Like: {"this", "expression", "negate"},
    exp.Is: _BINARY,
    exp.NullSafeEQ: _BINARY,
    exp.NullSafeNEQ: _BINARY,
    exp.And: _BINARY,
    exp.Or: _BINARY,
    exp.Not: {"this"},
    exp.EQ: _BINARY,
    exp.NEQ: _BINARY,
    exp.GT: _BINARY,
    exp.GTE: _BINARY,
    exp.LT: _BINARY,
    exp.LTE: _BINARY,
    exp.Add: _BINARY,
    exp.Sub: _BINARY,
    exp.Mul: _BINARY,
    exp.Div: {"this", "expression", "typed", "safe"},
    exp.Neg: {"this"},
    exp.DPipe: {"this", "expression", "safe"},
    exp.Cast: {"this", "to"},
    exp.TryCast: {"this", "to", "safe"},
    exp.Extract: {"this", "expression"},
    exp.AtTimeZone: {"this", "zone"},
    exp.Interval: {"this", "unit"},
    exp.Bracket: {"this", "expressions", "offset", "safe"},
    exp.Array: {"expressions", "value_constructor", "struct_name_inheritance"},
    exp.Unnest: {"expressions", "alias", "offset"},
    exp.Anonymous: {"this", "expressions"},
    exp.SafeFunc: {"this"},
    exp.CurrentDate: set(),
    exp.CurrentDatetime: set(),
    exp.CurrentTime: set(),
    exp.CurrentTimestamp: set(),
    exp.Parameter: {"this"},
    exp.RawString: {"this"},
}
"""Every syntax node that a statement may hold, and which of its attributes may be set."""

_REFUSED_NODES = {
    "TableSample": "TABLESAMPLE",
    "Version": "FOR SYSTEM_TIME",
    "Placeholder": "a parameter without a name (write @name)",
    "SessionParameter": "a system variable (@@...)",
    "Pivot": "PIVOT and UNPIVOT",
    "Lateral": "LATERAL",
    "Lambda": "a lambda",
    "Kwarg": "a named argument",
    "PropertyEQ": "a named argument",
    "ByteString": "a bytes literal",
    "HexString": "a hexadecimal literal",
    "DataType": "a type in this place",
    "Command": "a statement other than SELECT",
}

_QUALIFIED = "A dataset is named alone, without a project, folder, file or schema before it."
_REFUSED_ATTRIBUTES: dict[tuple[type[Expr], str], str] = {
    (exp.Table, "db"): _QUALIFIED,
    (exp.Table, "catalog"): _QUALIFIED,
    (exp.Table, "version"): "FOR SYSTEM_TIME is not allowed.",
    (exp.Table, "sample"): "TABLESAMPLE is not allowed.",
    (exp.Table, "pivots"): "PIVOT and UNPIVOT are not allowed.",
    (exp.Select, "kind"): "SELECT AS STRUCT and SELECT AS VALUE are not allowed.",
    (exp.Cast, "format"): "A CAST with FORMAT is not allowed; use FORMAT_DATE or PARSE_DATE.",
    (exp.With, "recursive"): "WITH RECURSIVE is not allowed.",
}

_CASTS = {
    exp.DType.BIGINT: "int64",
    exp.DType.DOUBLE: "float64",
    exp.DType.BOOLEAN: "bool",
    exp.DType.DATE: "date",
    exp.DType.DATETIME: "datetime",
    exp.DType.TIMESTAMP: "datetime",
    exp.DType.TIMESTAMPTZ: "timestamp",
    exp.DType.DECIMAL: "numeric",
}
_ELEMENTS = {
    exp.DType.BIGINT: "BIGINT",
    exp.DType.DOUBLE: "DOUBLE",
    exp.DType.BOOLEAN: "BOOLEAN",
    exp.DType.DATE: "DATE",
    exp.DType.TEXT: "VARCHAR",
}
_JOIN_SIDES = {"", "LEFT", "RIGHT", "FULL"}
_JOIN_KINDS = {"", "INNER", "OUTER", "CROSS"}

_MAY_BE_DATES = (exp.Column, exp.Anonymous)
_MODIFIERS = (exp.Distinct, exp.Order, exp.Limit, exp.IgnoreNulls, exp.RespectNulls, exp.HavingMax)

Scope = frozenset[str]


class _Translation:
    """One walk over a statement that checks every node and turns it into what DuckDB understands."""

    def __init__(
        self, catalogue: Mapping[str, Dataset], parameters: Mapping[str, Value], pseudo_columns: tuple[str, ...]
    ) -> None:
        self.datasets: set[str] = set()
        self.pseudo_columns = pseudo_columns
        self.bound: dict[str, Value] = {}
        self._catalogue = catalogue
        self._parameters = {_folded(name): value for name, value in parameters.items()}
        self._placeholders: dict[str, str] = {}

    def query(self, query: exp.Query, scope: Scope) -> Expr:
        """Check the whole statement and name its columns as GoogleSQL does."""
        translated = self._visit(query, scope)
        _name_columns(translated)
        return translated

    def refuse_unnamed_parameters(self) -> None:
        """Refuse values for parameters that the statement does not name."""
        unnamed = sorted(self._parameters.keys() - self._placeholders.keys())
        if unnamed:
            raise QueryRefused(f"The statement names no parameter @{unnamed[0]}; leave out what it does not use.")

    def _visit(self, node: Expr, scope: Scope) -> Expr:
        self._check_attributes(node)
        if isinstance(node, exp.Query):
            return self._visit_query(node, scope)
        special = getattr(self, f"_visit_{type(node).__name__.lower()}", None)
        if special is not None:
            return special(node, scope)  # type: ignore[no-any-return]
        return self._visit_children(node, scope)

    @staticmethod
    def _check_attributes(node: Expr) -> None:
        allowed = _ATTRIBUTES.get(type(node))
        if allowed is None:
            what = _REFUSED_NODES.get(type(node).__name__)
            raise QueryRefused(f"Not allowed in a query: {what or _words(node)}.")
        for attribute, value in node.args.items():
            if attribute not in allowed and value:
                raise QueryRefused(_REFUSED_ATTRIBUTES.get((type(node), attribute), _not_allowed(node, attribute)))

    def _visit_children(self, node: Expr, scope: Scope) -> Expr:
        for attribute, value in list(node.args.items()):
            if isinstance(value, exp.Expr):
                node.set(attribute, self._visit(value, scope))
            elif isinstance(value, list):
                node.set(
                    attribute, [self._visit(item, scope) if isinstance(item, exp.Expr) else item for item in value]
                )
        return node

    # Queries, tables, names

    def _visit_query(self, node: exp.Query, scope: Scope) -> Expr:
        with_ = node.args.get("with_")
        if with_ is not None:
            self._check_attributes(with_)
            for cte in with_.expressions:
                # a table in the list may use those before it, never itself nor those outside of this query
                self._check_attributes(cte)
                cte.set("this", self._visit(cte.this, scope))
                self._visit(cte.args["alias"], scope)
                scope = scope | {_folded(cte.alias)}
            node.set("with_", None)
        if isinstance(node, exp.Select):
            self._check_select(node)
            self._prefer_aliases(node)
        if isinstance(node, exp.SetOperation) and node.args.get("distinct") is None:
            raise QueryRefused("Write UNION ALL or UNION DISTINCT, INTERSECT DISTINCT, EXCEPT DISTINCT.")
        readable = _dataset_sources(node, scope) if self.pseudo_columns and isinstance(node, exp.Select) else ()
        self._visit_children(node, scope)
        if with_ is not None:
            node.set("with_", with_)
        if readable:
            self._hide_pseudo_columns(node, readable)
        return node

    @staticmethod
    def _check_select(node: exp.Select) -> None:
        distinct = node.args.get("distinct")
        if isinstance(distinct, exp.Distinct) and distinct.args.get("on"):
            raise QueryRefused("DISTINCT ON is not allowed.")
        if not node.expressions:
            raise QueryRefused("A SELECT needs at least one column.")

    def _prefer_aliases(self, node: exp.Select) -> None:
        """Let GROUP BY and ORDER BY mean a name of the SELECT list where DuckDB would mean a column."""
        places: dict[str, int] = {}
        for place, projection in enumerate(node.expressions, start=1):
            if isinstance(projection, exp.Star) or isinstance(projection.this, exp.Star):
                break
            inner = projection.this
            same = isinstance(inner, exp.Column) and _folded(inner.name) == _folded(projection.alias)
            if isinstance(projection, exp.Alias) and not same:
                places[_folded(projection.alias)] = place
        group = node.args.get("group")
        for holder in [group, *group.find_all(exp.Rollup, exp.Cube)] if group is not None else []:
            for column in holder.expressions:
                if isinstance(column, exp.Column) and not column.table and _folded(column.name) in places:
                    column.replace(number(places[_folded(column.name)]))
        order = node.args.get("order")
        if places and order is not None:
            self._refuse_shadowed(node, order, places)

    def _refuse_shadowed(self, node: exp.Select, order: exp.Order, names: Mapping[str, int]) -> None:
        """Refuse to calculate in ORDER BY with a name that may mean a column as well, as far as that is known."""
        tables = [table for table in node.find_all(exp.Table) if _folded(table.name) in self._catalogue]
        columns = {column.name for table in tables for column in self._catalogue[_folded(table.name)].columns}
        for projection in node.expressions:
            columns.update(_folded(column.name) for column in projection.find_all(exp.Column))
        shadowed = columns & names.keys()
        for ordered in order.expressions:
            for column in ordered.this.find_all(exp.Column):
                if column is not ordered.this and not column.table and _folded(column.name) in shadowed:
                    raise QueryRefused(
                        f"ORDER BY calculates with {_quoted(column.name)}, a column and also something else "
                        "in the SELECT list; give the one in the SELECT list a name of its own."
                    )

    def _hide_pseudo_columns(self, node: exp.Query, sources: tuple[str, ...]) -> None:
        """Keep `*` from showing pseudo-columns, which the views hold as soon as a query names them."""
        for projection in node.expressions:
            star = projection.this if isinstance(projection, exp.Column) else projection
            if not isinstance(star, exp.Star):
                continue
            of_table = _folded(projection.table) if isinstance(projection, exp.Column) else None
            hidden = [
                exp.column(name, table=source, quoted=True)
                for source in sources
                if of_table in (None, _folded(source))
                for name in self.pseudo_columns
            ]
            if hidden:
                star.set("except_", [*(star.args.get("except_") or []), *hidden])

    def _visit_table(self, node: exp.Table, scope: Scope) -> Expr:
        name = node.this
        if not isinstance(name, exp.Identifier):
            raise QueryRefused("A table function is not allowed; FROM takes datasets, sub-queries and UNNEST.")
        if _folded(name.name) in scope:
            return self._visit_children(node, scope)
        dataset = _folded(name.name)
        if dataset not in self._catalogue:
            there = _near(name.name, self._catalogue)
            known = f"Datasets: {there}." if there else "There are no datasets yet."
            raise QueryRefused(f"There is no dataset {_quoted(name.name)}. {known}")
        self.datasets.add(dataset)
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name.name, quoted=True))
        alias = self._visit(alias, scope)
        return exp.Table(this=exp.to_identifier(table_name(dataset), quoted=True), alias=alias)

    def _visit_join(self, node: exp.Join, scope: Scope) -> Expr:
        if not all(isinstance(name, exp.Identifier) for name in node.args.get("using") or []):
            raise QueryRefused("USING takes names of columns.")
        side, kind = str(node.args.get("side") or ""), str(node.args.get("kind") or "")
        if side not in _JOIN_SIDES or kind not in _JOIN_KINDS:
            raise QueryRefused(f"A {side} {kind} JOIN is not allowed.")
        if kind != "CROSS" and not node.args.get("on") and not node.args.get("using"):
            if not isinstance(node.this, exp.Unnest):
                raise QueryRefused("A JOIN needs ON or USING; without a condition write CROSS JOIN.")
            node.set("on", exp.Boolean(this=True))
        return self._visit_children(node, scope)

    def _visit_unnest(self, node: exp.Unnest, scope: Scope) -> Expr:
        """Write UNNEST as a sub-query; DuckDB's own offset begins at 1, GoogleSQL's at 0."""
        if len(node.expressions) != 1:
            raise QueryRefused("UNNEST takes one array.")
        array = self._visit(node.expressions[0], scope)
        alias = node.args.get("alias")
        name = alias.args["columns"][0].name if alias is not None and alias.args.get("columns") else "f0_"
        values = exp.column("values", table="array", quoted=True)
        columns: list[Expr] = [exp.alias_(call("unnest", values), name, quoted=True)]
        offset = node.args.get("offset")
        if offset:
            offset_name = offset.name if isinstance(offset, exp.Identifier) else "offset"
            places = call("unnest", call("range", call("len", values.copy())))
            columns.append(exp.alias_(places, offset_name, quoted=True))
        query = exp.Select(expressions=columns, from_=exp.From(this=_derived(array, "values", "array")))
        return exp.Subquery(
            this=query, alias=exp.TableAlias(this=exp.to_identifier(f"{name} values", quoted=True))
        )

    def _visit_in(self, node: exp.In, scope: Scope) -> Expr:
        unnest = node.args.get("unnest")
        if unnest is None:
            return self._visit_children(node, scope)
        array = self._visit(unnest.expressions[0], scope)
        inner = exp.Subquery(this=exp.Select(expressions=[call("unnest", array)]))
        return exp.In(this=self._visit(node.this, scope), query=inner)

    def _visit_column(self, node: exp.Column, scope: Scope) -> Expr:
        if isinstance(node.this, exp.Star):
            self._visit(node.this, scope)
        elif not all(isinstance(part, exp.Identifier) for part in node.parts):
            raise QueryRefused("A column is a name, or a table and a name.")
        return node

    def _visit_alias(self, node: exp.Alias, scope: Scope) -> Expr:
        if not isinstance(node.args.get("alias"), exp.Identifier):
            raise QueryRefused("A name after AS is a plain name.")
        return self._visit_children(node, scope)

    def _visit_tablealias(self, node: exp.TableAlias, _scope: Scope) -> Expr:
        if not isinstance(node.this, exp.Identifier):
            raise QueryRefused("A name after AS is a plain name.")
        return node

    def _visit_tuple(self, node: exp.Tuple, scope: Scope) -> Expr:
        if not isinstance(node.parent, (exp.GroupingSets, exp.Rollup, exp.Cube)):
            raise QueryRefused("Several values in brackets are allowed in GROUPING SETS and after IN; use STRUCT.")
        return self._visit_children(node, scope)

    def _visit_dot(self, node: exp.Dot, scope: Scope) -> Expr:
        if not isinstance(node.expression, exp.Identifier):
            raise QueryRefused("A function may not be called with a prefix.")
        return self._visit_children(node, scope)

    def _visit_star(self, node: exp.Star, scope: Scope) -> Expr:
        holder = node.parent.parent if isinstance(node.parent, exp.Column) else node.parent
        if not isinstance(holder, (exp.Select, exp.Anonymous)) or (
            holder is not node.parent and not isinstance(holder, exp.Select)
        ):
            raise QueryRefused("* stands alone in SELECT or in COUNT(*).")
        for left_out in node.args.get("except_") or []:
            if not isinstance(left_out, (exp.Column, exp.Identifier)) or isinstance(left_out.this, exp.Star):
                raise QueryRefused("* EXCEPT takes names of columns.")
            if isinstance(left_out, exp.Column):
                self._visit(left_out, scope)
        for replaced in node.args.get("replace") or []:
            if not isinstance(replaced, exp.Alias):
                raise QueryRefused("* REPLACE takes values with the names of columns.")
            replaced.set("this", self._visit(replaced.this, scope))
        return node

    # Values

    def _visit_literal(self, node: exp.Literal, _scope: Scope) -> Expr:
        if node.is_string:
            return node
        written = str(node.this)
        if re.fullmatch(r"\d+", written):
            if len(written) > 19 or int(written) > 2**63 - 1:
                raise QueryRefused("A whole number has to be below 2^63.")
            return node
        if not re.fullmatch(r"\d*\.?\d*(e[-+]?\d+)?", written, re.IGNORECASE):
            raise QueryRefused("A number is written 12, 1.5 or 2e3.")
        # 1.5 is a FLOAT64 in GoogleSQL and a DECIMAL in DuckDB
        return node if "e" in written.lower() else number_text(f"{written}e0")

    def _visit_mul(self, node: exp.Mul, scope: Scope) -> Expr:
        self._visit_children(node, scope)
        return exp.Mul(this=_wide(node.this), expression=_wide(node.expression))

    def _visit_add(self, node: exp.Add, scope: Scope) -> Expr:
        self._visit_children(node, scope)
        return exp.Add(this=_wide(node.this), expression=node.expression)

    def _visit_sub(self, node: exp.Sub, scope: Scope) -> Expr:
        self._visit_children(node, scope)
        if isinstance(node.this, _MAY_BE_DATES) and isinstance(node.expression, _MAY_BE_DATES):
            return call("gsql_minus", node.this, node.expression)
        return exp.Sub(this=_wide(node.this), expression=node.expression)

    def _visit_rawstring(self, node: exp.RawString, _scope: Scope) -> Expr:
        return exp.Literal.string(node.this)

    def _visit_parameter(self, node: exp.Parameter, _scope: Scope) -> Expr:
        if not isinstance(node.this, (exp.Var, exp.Identifier)):
            raise QueryRefused("A system variable (@@...) is not allowed.")
        name = _folded(node.name)
        if name not in self._parameters:
            raise QueryRefused(f"The statement names a parameter @{node.name} that was not supplied.")
        value = self._parameters[name]
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise QueryRefused(f"The parameter @{node.name} is beyond 64 bits; send it as a text.")
        place = self._placeholders.setdefault(name, f"p{len(self._placeholders)}")
        self.bound[place] = value
        placeholder = exp.Placeholder(this=place)
        kind = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", str: "VARCHAR"}.get(type(value))
        return placeholder if kind is None else exp.Cast(this=placeholder, to=exp.DataType.build(kind))

    def _visit_like(self, node: exp.Like, scope: Scope) -> Expr:
        negate = node.args.get("negate")
        pattern = self._visit(node.expression, scope)
        like: Expr = exp.Like(this=self._visit(node.this, scope), expression=pattern)
        if not isinstance(pattern, exp.Literal) or "\\" in str(pattern.this):
            like = exp.Escape(this=like, expression=exp.Literal.string("\\"))
        return exp.Not(this=exp.Paren(this=like)) if negate else like

    def _visit_cast(self, node: exp.Cast, scope: Scope) -> Expr:
        return self._cast(node, scope, safe=False)

    def _visit_trycast(self, node: exp.TryCast, scope: Scope) -> Expr:
        return self._cast(node, scope, safe=True)

    def _cast(self, node: exp.Cast, scope: Scope, *, safe: bool) -> Expr:
        value, to = self._visit(node.this, scope), node.args["to"]
        kind = to.this
        if kind == exp.DType.TEXT and not to.expressions:
            return call("gsql_string", value)
        if kind in _CASTS and not to.expressions:
            return call(f"gsql_safe_{_CASTS[kind]}" if safe else f"gsql_{_CASTS[kind]}", value)
        if kind == exp.DType.TIME:
            target = exp.DataType.build("TIME")
            return exp.TryCast(this=value, to=target) if safe else exp.Cast(this=value, to=target)
        if kind == exp.DType.ARRAY and len(to.expressions) == 1 and to.expressions[0].this in _ELEMENTS:
            target = exp.DataType.build(f"{_ELEMENTS[to.expressions[0].this]}[]", dialect="duckdb")
            return exp.TryCast(this=value, to=target) if safe else exp.Cast(this=value, to=target)
        raise QueryRefused(
            "A CAST may be to INT64, FLOAT64, NUMERIC, STRING, BOOL, DATE, DATETIME, TIME, TIMESTAMP or an ARRAY."
        )

    def _visit_extract(self, node: exp.Extract, scope: Scope) -> Expr:
        return exp.Paren(this=extract(node.this, self._visit(node.expression, scope)))

    def _visit_attimezone(self, node: exp.AtTimeZone, scope: Scope) -> Expr:
        return call("gsql_zoned", self._visit(node.this, scope), self._visit(node.args["zone"], scope))

    def _visit_interval(self, node: exp.Interval, scope: Scope) -> Expr:
        if node.this is not None:
            node.set("this", self._visit(node.this, scope))
        return interval(node)

    def _visit_bracket(self, node: exp.Bracket, scope: Scope) -> Expr:
        if len(node.expressions) != 1:
            raise QueryRefused("An array takes one index.")
        place = self._visit(node.expressions[0], scope)
        if node.args.get("offset") == 1:
            place = exp.Paren(this=exp.Sub(this=place, expression=number(1)))
        return call(
            "gsql_safe_offset" if node.args.get("safe") else "gsql_offset", self._visit(node.this, scope), place
        )

    # Functions

    def _visit_currentdate(self, _node: Expr, _scope: Scope) -> Expr:
        return _current("CURRENT_DATE")

    def _visit_currentdatetime(self, _node: Expr, _scope: Scope) -> Expr:
        return _current("CURRENT_DATETIME")

    def _visit_currenttime(self, _node: Expr, _scope: Scope) -> Expr:
        return _current("CURRENT_TIME")

    def _visit_currenttimestamp(self, _node: Expr, _scope: Scope) -> Expr:
        return _current("CURRENT_TIMESTAMP")

    def _visit_safefunc(self, node: exp.SafeFunc, scope: Scope) -> Expr:
        return call("TRY", self._visit(node.this, scope))

    def _visit_window(self, node: exp.Window, scope: Scope) -> Expr:
        inner = node.this
        if isinstance(inner, exp.Anonymous):
            node.set("this", None)
            self._visit_children(node, scope)
            called = self._call(inner, scope, windowed=True)
            if not isinstance(called, (exp.Anonymous, exp.Filter)):
                raise QueryRefused(f"{inner.name.upper()} may not be used with OVER.")
            node.set("this", called)
            return node
        if not isinstance(inner, exp.Identifier):
            raise QueryRefused("OVER stands after a function that is on the list.")
        return self._visit_children(node, scope)

    def _visit_anonymous(self, node: exp.Anonymous, scope: Scope) -> Expr:
        return self._call(node, scope, windowed=False)

    def _call(self, node: exp.Anonymous, scope: Scope, *, windowed: bool) -> Expr:
        name = _folded(node.name).upper()
        function = FUNCTIONS.get(name)
        if function is None:
            close = get_close_matches(name[:_NAME_CHARACTERS], FUNCTIONS, n=3, cutoff=0.6)
            hint = f" Close to it: {', '.join(close)}." if close else ""
            raise QueryRefused(f"The function {_quoted(node.name)} is not on the list of functions.{hint}")
        if windowed and function.kind == "scalar":
            raise QueryRefused(f"{name} may not be used with OVER.")
        if not windowed and function.kind == "window":
            raise QueryRefused(f"{name} needs OVER.")
        given = self._arguments(name, node.expressions, function.kind, function.parts, scope)
        if len(given.values) < function.least or (function.most is not None and len(given.values) > function.most):
            raise QueryRefused(f"{name} takes {_how_many(function.least, function.most)}.")
        if windowed and given.limit is not None:
            raise QueryRefused(f"{name} with LIMIT may not be used with OVER.")
        return function.build(given)

    def _arguments(
        self, name: str, expressions: list[Expr], kind: str, parts: tuple[int, ...], scope: Scope
    ) -> Arguments:
        first: list[Expr] = list(expressions[:-1])
        last: Expr | None = expressions[-1] if expressions else None
        nulls, order, limit, having, distinct = None, None, None, None, False
        if kind != "scalar":
            while isinstance(last, (exp.Limit, exp.Order, exp.IgnoreNulls, exp.RespectNulls, exp.HavingMax)):
                if isinstance(last, exp.Limit):
                    limit = self._visit(last.expression, scope)
                elif isinstance(last, exp.Order):
                    order = exp.Order(expressions=[self._visit(item, scope) for item in last.expressions])
                elif isinstance(last, exp.HavingMax):
                    having = exp.HavingMax(
                        this=exp.Null(), expression=self._visit(last.expression, scope), max=last.args.get("max")
                    )
                else:
                    nulls = type(last)
                last = last.this
            if isinstance(last, exp.Distinct):
                if not last.expressions:
                    raise QueryRefused(f"{name}: DISTINCT stands before a value.")
                distinct = True
                first, last = [*first, *last.expressions[:-1]], last.expressions[-1]
        raw = [*first, last] if last is not None else []
        if any(isinstance(value, _MODIFIERS) for value in raw):
            raise QueryRefused(f"{name} may not be called with DISTINCT, ORDER BY, LIMIT or IGNORE NULLS here.")
        if name != "STRUCT" and any(isinstance(value, exp.Alias) for value in raw):
            raise QueryRefused(f"{name} does not take names for its arguments.")
        if name != "COUNT" and any(isinstance(value, exp.Star) for value in raw):
            raise QueryRefused(f"{name} does not take *.")
        values = [value if place in parts else self._visit(value, scope) for place, value in enumerate(raw)]
        return Arguments(name, values, distinct, nulls, order, limit, having)


def _derived(value: Expr, column: str, table: str) -> Expr:
    """Write (SELECT value AS column) AS table."""
    query = exp.Select(expressions=[exp.alias_(value, column, quoted=True)])
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(table, quoted=True)))


def _wide(value: Expr) -> Expr:
    """Calculate with a number literal in 64 bits, as GoogleSQL does."""
    return whole(value) if isinstance(value, exp.Literal) and str(value.this).isdigit() else value


def _current(name: str) -> Expr:
    return FUNCTIONS[name].build(Arguments(name, ()))


def number_text(written: str) -> Expr:
    """Write a number exactly as given."""
    return exp.Literal(this=written, is_string=False)


def _not_allowed(node: Expr, attribute: str) -> str:
    return f"Not allowed in {_words(node)}: {attribute.strip('_').replace('_', ' ')}."


def _words(node: Expr) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()


def _quoted(name: str) -> str:
    return f'"{name[:_NAME_CHARACTERS]}"'


def _how_many(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} argument(s)"
    return f"{least} argument(s)" if least == most else f"{least} to {most} arguments"


def _dataset_sources(node: exp.Select, scope: Scope) -> tuple[str, ...]:
    """Return the names under which a SELECT reads datasets directly."""
    from_ = node.args.get("from_")
    tables = [from_.this if from_ is not None else None, *(join.this for join in node.args.get("joins") or [])]
    return tuple(
        table.alias_or_name
        for table in tables
        if isinstance(table, exp.Table) and _folded(table.name) not in scope
    )


def _name_columns(query: Expr) -> None:
    """Give unnamed columns of the answer GoogleSQL's names f0_, f1_ ..."""
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    if not isinstance(query, exp.Select):
        return
    unnamed = 0
    for place, projection in enumerate(query.expressions):
        if not isinstance(projection, (exp.Alias, exp.Column, exp.Star, exp.Dot)):
            query.expressions[place].replace(exp.alias_(projection.copy(), f"f{unnamed}_", quoted=True))
            unnamed += 1
