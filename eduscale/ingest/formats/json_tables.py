"""Which tables a JSON document holds: lists of records, of rows or of values, whatever stands around them."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from eduscale.ingest.formats.record_stage import RecordStage

MAX_ENVELOPES = 8
"""Objects around the records are looked into down to this depth."""
LEAST_KEYED = 3
"""So many objects of the same keys in an object are records known by their keys."""
BESIDE_WORDS = frozenset(
    {
        *("links", "link", "errors", "warnings", "messages", "fields", "columns", "cols", "schema", "meta"),
        *("metadata", "pagination", "paging", "page", "info", "facets", "aggregations", "filters", "sort"),
        *("query", "params", "header", "headers", "context", "@context", "debug", "request", "status"),
    }
)
"""Keys under which programs say something about the records."""
RECORD_WORDS = frozenset({"data", "items", "records", "results", "result", "rows", "value", "values", "features"})
"""Keys under which lists of records stand."""
LABEL_WORDS = ("field", "column", "cols", "head", "name", "label", "schema", "attribute", "key", "variable")
"""Words in the keys of lists that name the columns of rows."""
NAMING_KEYS = ("name", "fieldName", "id", "key", "field", "label", "title")

JsonPath = tuple[str, ...]
Shape = Literal["records", "one_record", "keyed_records", "columns", "rows"]


@dataclass(frozen=True)
class JsonTable:
    """A table in a document: the keys that lead to it, how it is written, and what of it is what.

    `items` are records, or rows, or the values of columns; `labels` name the columns of the last two, if they are
    known. `uses` are the paths of what else belongs to the table.
    """

    path: JsonPath
    shape: Shape
    items: Sequence[Any] | RecordStage
    cells: int
    labels: tuple[str, ...] = ()
    uses: tuple[JsonPath, ...] = ()

    @property
    def place(self) -> str:
        """Where in the document it is, in words."""
        return ".".join(self.path) or self.shape


@dataclass(frozen=True)
class Findings:
    """The tables of a document that were chosen, those that were not, and what else stands in it."""

    chosen: tuple[JsonTable, ...]
    others: tuple[JsonTable, ...]
    beside: Any


def tables_in(document: Any, named: Collection[str] = ()) -> Findings:
    """Find the tables of a document, only those at places that are named if there are any.

    Long lists of records in it are stages that hold them.
    """
    found = list(_find(document, ()))
    if not found and isinstance(document, dict) and document and not _has_no_records(document):
        found = [JsonTable((), "one_record", [document], len(document))]
    found = [_with_labels(table, document) if table.shape == "rows" else table for table in found]
    used = {path for table in found for path in table.uses}
    candidates = [table for table in found if table.path not in used]
    chosen = [table for table in candidates if table.place in named]
    if named:
        return _chosen(document, chosen, candidates)
    chosen = [table for table in candidates if BESIDE_WORDS.isdisjoint(key.lower() for key in table.path)]
    if not chosen and candidates:
        chosen = [max(candidates, key=lambda table: table.cells)]
    return _chosen(document, chosen, candidates)


def _chosen(document: Any, chosen: Sequence[JsonTable], candidates: Sequence[JsonTable]) -> Findings:
    others = tuple(table for table in candidates if table not in chosen)
    taken = {path for table in chosen for path in (table.path, *table.uses)}
    return Findings(tuple(chosen), others, _without(document, (), taken))


def _find(value: Any, path: JsonPath) -> Iterator[JsonTable]:
    if isinstance(value, RecordStage):
        yield JsonTable(path, "records", value, value.cells)
    elif isinstance(value, list):
        yield from _find_in_list(value, path)
    elif isinstance(value, dict):
        columns = _as_columns(value)
        if columns:
            yield JsonTable(path, "columns", list(columns.values()), _cells(columns.values()), tuple(columns))
        elif _is_keyed(value):
            records = [{"key": key, **item} for key, item in value.items()]
            yield JsonTable(path, "keyed_records", records, _cells(records))
        elif len(path) < MAX_ENVELOPES:
            for key, item in value.items():
                yield from _find(item, (*path, key))


def _find_in_list(value: list[Any], path: JsonPath) -> Iterator[JsonTable]:
    kinds = Counter(map(type, value))
    if value and kinds[dict] * 2 >= len(value):
        yield JsonTable(path, "records", value, _cells(item for item in value if isinstance(item, dict)))
    elif value and kinds[list] * 2 >= len(value):
        yield JsonTable(path, "rows", value, _cells(item for item in value if isinstance(item, list)))
    elif value and not path:
        yield JsonTable(path, "columns", [value], len(value), ("",))


def _cells(items: Any) -> int:
    return sum(map(len, items))


def _as_columns(value: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return an object's values as columns of equal length, if they are that."""
    values = list(value.values())
    if all(isinstance(item, list) for item in values):
        lengths = {len(item) for item in values}
        nested = any(isinstance(cell, dict) for item in values for cell in item) or _has_named_rows(value)
        return dict(value) if len(lengths) == 1 and lengths != {0} and not nested else {}
    if all(isinstance(item, dict) and item for item in values) and _are_numbered(values):
        return {key: list(item.values()) for key, item in value.items()}
    return {}


def _has_named_rows(value: Mapping[str, Any]) -> bool:
    """Say whether lists are rows and the names of their columns, rather than columns."""
    widths = {len(labels) for _, labels in _label_lists(value, ())}
    return any(all(isinstance(cell, list) and len(cell) in widths for cell in item) for item in value.values())


def _has_no_records(value: Mapping[str, Any]) -> bool:
    """Say whether an object is the envelope of an empty list."""
    return any(
        (item == [] and key.lower() in RECORD_WORDS) or (isinstance(item, dict) and _has_no_records(item))
        for key, item in value.items()
    )


def _are_numbered(objects: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether objects are columns whose rows are known by their numbers, as data frames are written."""
    first = objects[0].keys()
    return list(first) == [str(row) for row in range(len(first))] and all(item.keys() == first for item in objects)


def _is_keyed(value: Mapping[str, Any]) -> bool:
    """Say whether an object's values are records of much the same keys."""
    values = list(value.values())
    if len(values) < LEAST_KEYED or not all(isinstance(item, dict) and item for item in values):
        return False
    shared, every = set(values[0]), set[str]()
    for item in values:
        shared &= item.keys()
        every |= item.keys()
    return "key" not in every and len(shared) * 2 >= len(every)


def _with_labels(table: JsonTable, document: Any) -> JsonTable:
    """Return rows with the names of their columns, if these stand in a list of their own."""
    rows = [row for row in table.items if isinstance(row, list)] if isinstance(table.items, list) else []
    width = Counter(map(len, rows)).most_common(1)[0][0]
    lists = [(path, labels) for path, labels in _label_lists(document, ()) if len(labels) == width]
    if not lists:
        return table
    path, labels = max(lists, key=lambda each: _shared(each[0], table.path))
    index = _at(document, (*table.path[:-1], "index")) if table.path else None
    if isinstance(index, list) and len(index) == len(rows):
        uses = (path, (*table.path[:-1], "index"))
        if index == list(range(len(index))):
            return replace(table, labels=labels, uses=uses)
        items = [[key, *row] for key, row in zip(index, rows, strict=True)]
        return replace(table, items=items, labels=("index", *labels), uses=uses)
    return replace(table, labels=labels, uses=(path,))


def _label_lists(value: Any, path: JsonPath) -> Iterator[tuple[JsonPath, tuple[str, ...]]]:
    """Yield the lists that name something."""
    if isinstance(value, dict) and len(path) < MAX_ENVELOPES:
        for key, item in value.items():
            yield from _label_lists(item, (*path, key))
    elif isinstance(value, list) and path and value:
        names = [_name(item) for item in value]
        is_called_so = any(word in path[-1].lower() for word in LABEL_WORDS)
        if all(names) and (is_called_so or isinstance(value[0], dict)):
            yield path, tuple(names)


def _name(value: Any) -> str:
    if isinstance(value, dict):
        return next((value[key] for key in NAMING_KEYS if isinstance(value.get(key), str)), "")
    return value if isinstance(value, str) else ""


def _shared(one: JsonPath, other: JsonPath) -> int:
    """Return how many keys two paths have in common."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(other))


def _at(document: Any, path: JsonPath) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _without(value: Any, path: JsonPath, taken: set[JsonPath]) -> Any:
    """Return what of a value is in no table; None where that is nothing."""
    if path in taken:
        return None
    if isinstance(value, dict):
        left = {key: _without(item, (*path, key), taken) for key, item in value.items()}
        return {key: item for key, item in left.items() if item is not None or value[key] is None} or None
    return value
