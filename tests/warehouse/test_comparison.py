"""How many rows two files share, and which of the others are changed rather than new."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eduscale.warehouse import comparison
from eduscale.warehouse.tasks import ComparedPair, ComparisonTask, PairResult
from eduscale.warehouse.values import column_type
from eduscale.warehouse.views import Run, View, ViewColumn
from tests.warehouse.children import in_child

Types = dict[str, str]


def view(folder: Path, name: str, select: str, types: Types) -> View:
    """Write a file by a SELECT; show its columns as `types`."""
    path = folder / f"{name}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        held = tuple((row[0], row[1]) for row in connection.execute(f"DESCRIBE {select}").fetchall())
        (count,) = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone() or (0,)
    shown = tuple(ViewColumn(name=each, type=column_type(kind), storage=kind) for each, kind in types.items())
    return View(name=name, columns=shown, runs=(Run(paths=(str(path),), rows=(count,), columns=held, alike=True),))


def compare(folder: Path, old: str, new: str, types: Types, *, mixed: Sequence[str] = ()) -> PairResult:
    pair = ComparedPair(
        old=view(folder, "old", old, types), new=view(folder, "new", new, types), mixed=tuple(mixed)
    )
    answer = in_child(comparison.compare, ComparisonTask(pairs=(pair,)).model_dump_json().encode())
    (result,) = json.loads(answer)["results"]
    return PairResult.model_validate(result)


def values(*rows: tuple[object, ...], names: str) -> str:
    cells = ", ".join(f"({', '.join('NULL' if cell is None else repr(cell) for cell in row)})" for row in rows)
    return f"SELECT * FROM (VALUES {cells}) AS t({names})"


PUPILS: Types = {"kod": "VARCHAR", "jmeno": "VARCHAR", "trida": "VARCHAR", "body": "INTEGER"}
NAMES = "kod, jmeno, trida, body"
OLD = [(f"z{number}", f"Jan {number}", f"{number % 9}.A", number % 7) for number in range(50)]


def test_rows_are_the_same_changed_new_or_gone(tmp_path: Path) -> None:
    """Changed is what meets by a column that names every row; the numbers add up to both files."""
    new = [("z0", "Jan 0", "0.A", 99), *OLD[1:48], ("n1", "Nova", "1.A", 1), ("n2", "Novy", "2.A", 2)]
    found = compare(tmp_path, values(*OLD, names=NAMES), values(*new, names=NAMES), PUPILS)
    assert (found.rows_new_file, found.rows_old_file, found.same, found.changed) == (50, 50, 47, 1)
    assert found.key == ("kod",)


def test_without_a_column_that_names_rows_a_pair_of_columns_may(tmp_path: Path) -> None:
    """Two pupils may share a name, not a name within a class."""
    old = [(f"Jan {number % 10}", f"{number // 10}.A", f"d{number % 2}", 5) for number in range(50)]
    new = [*old[:49], (*old[49][:3], 1)]
    found = compare(
        tmp_path, values(*old, names="jmeno, trida, den, body"), values(*new, names="jmeno, trida, den, body"),
        {"jmeno": "VARCHAR", "trida": "VARCHAR", "den": "VARCHAR", "body": "INTEGER"},
    )  # fmt: skip
    assert (found.same, found.changed, sorted(found.key)) == (49, 1, ["jmeno", "trida"])


@pytest.mark.parametrize(
    ("name", "days", "dated"), [("datum", 9, True), ("datum", 1, False), ("datum_narozeni", 9, False)]
)
def test_rows_that_tell_of_days_are_known(tmp_path: Path, name: str, days: int, dated: bool) -> None:
    """A list of events is one, a list of pupils with their birthdays is not, nor one of a single day."""
    select = f"SELECT i AS kod, DATE '2024-09-01' + (i % {days})::INT AS {name} FROM range({{}}, {{}}) AS t(i)"
    found = compare(tmp_path, select.format(0, 30), select.format(20, 60), {"kod": "BIGINT", name: "DATE"})
    assert (found.same, found.dated) == (10, dated)


def test_a_row_that_stands_there_twice_hides_no_changed_ones(tmp_path: Path) -> None:
    """A key names rows, however often each stands there; one copy more is a new row."""
    old, new = [*OLD, OLD[3], OLD[3]], [("z0", "Jan 0", "0.A", 99), *OLD[1:], OLD[3], OLD[3], OLD[3]]
    found = compare(tmp_path, values(*old, names=NAMES), values(*new, names=NAMES), PUPILS)
    assert (found.same, found.changed, found.key) == (51, 1, ("kod",))


def test_what_names_two_rows_is_no_key(tmp_path: Path) -> None:
    """The rows that are left may be told apart by a column that does not tell the others apart."""
    types: Types = {"trida": "VARCHAR", "jmeno": "VARCHAR", "body": "DOUBLE"}
    old = [("1.A", "Jan", 1.5), ("1.A", "Eva", 2.5), ("1.B", "Jan", 3.5)]
    new = [("1.A", "Jan", 1.5), ("1.A", "Eva", 2.5), ("1.B", "Ota", 3.5)]
    found = compare(
        tmp_path, values(*old, names="trida, jmeno, body"), values(*new, names="trida, jmeno, body"), types
    )
    assert (found.same, found.changed) == (2, 0)


def test_a_number_that_happens_to_be_unique_names_no_row(tmp_path: Path) -> None:
    """Another pupil with the same points is another row, not a changed one."""
    old = [("a", 10), ("b", 20), ("c", 30)]
    new = [("a", 10), ("b", 20), ("d", 30)]
    types: Types = {"kod": "VARCHAR", "body": "BIGINT"}
    found = compare(tmp_path, values(*old, names="kod, body"), values(*new, names="kod, body"), types)
    assert (found.same, found.changed, found.key) == (2, 0, ())


def test_rows_that_share_a_key_but_little_else_are_not_changed_ones(tmp_path: Path) -> None:
    """Next month's answers of the same pupils are new rows."""
    old = [(f"z{number}", f"o{number}", f"p{number}", number) for number in range(9)]
    new = [old[0], *((f"z{number}", f"q{number}", f"r{number}", -number) for number in range(1, 9))]
    found = compare(tmp_path, values(*old, names=NAMES), values(*new, names=NAMES), PUPILS)
    assert (found.same, found.changed) == (1, 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SELECT 2.0::DOUBLE AS x, 'a' AS y", "SELECT '2' AS x, 'a' AS y"),
        ("SELECT 2.5::DOUBLE AS x, 'a' AS y", "SELECT '2,5' AS x, 'a' AS y"),
        ("SELECT 1200::BIGINT AS x, 'a' AS y", "SELECT '1 200' AS x, 'a' AS y"),
        ("SELECT DATE '2024-09-03' AS x, 'a' AS y", "SELECT '3.9.2024' AS x, 'a' AS y"),
        ("SELECT TIMESTAMP '2024-09-03 10:05:00' AS x, 'a' AS y", "SELECT '3.9.2024 10:05' AS x, 'a' AS y"),
    ],
)
def test_a_column_that_became_text_in_one_file_does_not_make_every_row_differ(
    tmp_path: Path, old: str, new: str
) -> None:
    """One cell that is no number turns a whole column to text; the other rows are still the same."""
    assert compare(tmp_path, old, new, {"x": "VARCHAR", "y": "VARCHAR"}, mixed=["x"]).same == 1


@pytest.mark.parametrize("text", ["05", "+5", "5e0", "0 005"])
def test_text_that_is_no_plain_number_is_not_the_number(tmp_path: Path, text: str) -> None:
    """A code with a leading zero was changed when it became a number."""
    old, new = "SELECT 5::BIGINT AS x, 'a' AS y", f"SELECT '{text}' AS x, 'a' AS y"
    assert compare(tmp_path, old, new, {"x": "VARCHAR", "y": "VARCHAR"}, mixed=["x"]).same == 0


def test_whole_numbers_and_decimals_of_one_value_are_the_same(tmp_path: Path) -> None:
    """The view widens both to one type."""
    assert compare(tmp_path, "SELECT 2::BIGINT AS x", "SELECT 2.0::DOUBLE AS x", {"x": "DOUBLE"}).same == 1


def test_columns_may_have_any_name_of_ours(tmp_path: Path) -> None:
    """Names of the comparison's own tables and columns are no names of columns."""
    names = "h, in_new, in_old, n, rows, counted, row_hash"
    types = dict.fromkeys(names.split(", "), "INTEGER")
    old, new = ([(number, *range(6)) for number in range(start, start + 9)] for start in (0, 3))
    found = compare(tmp_path, values(*old, names=names), values(*new, names=names), types)
    assert (found.same, found.distinct_same) == (6, 6)


ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, "a", "b", ""])), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=ROWS, new=ROWS)
def test_rows_are_counted_as_often_as_they_stand_there(
    tmp_path: Path, old: list[tuple[object, ...]], new: list[tuple[object, ...]]
) -> None:
    """A row that is three times in one file and twice in the other is the same twice."""
    types: Types = {"x": "INTEGER", "y": "VARCHAR"}
    found = compare(tmp_path, values(*old, names="x, y"), values(*new, names="x, y"), types)
    both = Counter(old) & Counter(new)
    assert (found.same, found.distinct_same) == (both.total(), len(both))
    assert found.changed <= min(len(old), len(new)) - found.same


LARGE = (
    "SELECT i AS kod, 'Jan ' || (i * 7919 % 100003) AS jmeno, i % 9 AS trida FROM range({start}, {end}) AS t(i)"
)
LARGE_TYPES: Types = {"kod": "BIGINT", "jmeno": "VARCHAR", "trida": "BIGINT"}


@pytest.mark.parametrize(
    ("start", "end", "same"), [(0, 60_000, 60_000), (30_000, 90_000, 30_000), (60_000, 120_000, 0)]
)
def test_large_files_are_counted_exactly_once_a_first_look_found_something(
    tmp_path: Path, start: int, end: int, same: int
) -> None:
    """The first look reads a few columns of some rows; it must neither miss an overlap nor see one in nothing."""
    old, new = LARGE.format(start=0, end=60_000), LARGE.format(start=start, end=end)
    found = compare(tmp_path, old, new, LARGE_TYPES)
    assert (found.same, found.estimated) == (same, False)


def test_a_small_file_within_a_large_one_is_found(tmp_path: Path) -> None:
    """What counts is the share of the smaller file."""
    old, new = LARGE.format(start=0, end=90_000), LARGE.format(start=500, end=600)
    assert compare(tmp_path, old, new, LARGE_TYPES).same == 100


def test_huge_files_are_counted_in_a_sample_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows are in the sample of both files, so the estimate is close."""
    monkeypatch.setattr(comparison, "EXACT_ROWS", 20_000)
    old, new = LARGE.format(start=0, end=60_000), LARGE.format(start=30_000, end=90_000)
    found = compare(tmp_path, old, new, LARGE_TYPES)
    assert found.estimated
    assert 25_000 < found.same < 35_000
