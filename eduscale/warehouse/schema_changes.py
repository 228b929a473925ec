"""How the columns of a dataset changed from upload to upload: what, and since which."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eduscale.models.dataset import SchemaChange
from eduscale.models.reading import ReadColumn
from eduscale.warehouse.catalogue import LiveTable
from eduscale.warehouse.renames import likely_renamed

Layout = Mapping[str, ReadColumn]
"""The columns of a file by their name in the dataset, in order."""
MOST_CHANGES = 1_000


def schema_changes(tables: Sequence[LiveTable]) -> tuple[SchemaChange, ...]:
    """Return how each upload's columns differ from those that the same sender sent before, oldest first.

    A sender's first upload is compared with the dataset as it was, for columns that are new to it. `tables` are
    all live tables of one dataset, those of the oldest upload first; the latest changes are kept.
    """
    uploads: dict[str, list[LiveTable]] = {}
    for table in tables:
        uploads.setdefault(table.part.upload_id, []).append(table)
    known: set[str] = set()
    latest: dict[tuple[str, str | None], list[LiveTable]] = {}
    changes: list[SchemaChange] = []
    for members in uploads.values():
        now = layout(table.columns for table in members)
        sender = (members[0].part.region, members[0].part.sender)
        if sender in latest:
            changes += _since(latest[sender], members)
        elif known:
            changes += [
                _change(members, "added", column.name, after=column.type)
                for column in now.values()
                if column.name not in known
            ]
        latest[sender] = members
        known |= now.keys()
    return tuple(changes[-MOST_CHANGES:])


def layout(of_tables: Iterable[Sequence[ReadColumn]]) -> Layout:
    """Return the columns of all tables that a file brings to a dataset; a filled one goes before an empty one."""
    columns: dict[str, ReadColumn] = {}
    for table in of_tables:
        for column in table:
            if column.name not in columns or columns[column.name].empty:
                columns[column.name] = column
    return columns


def renamed_and_gone(now: Layout, before: Layout) -> tuple[dict[str, str], list[str]]:
    """Return which columns that appeared may be which that vanished, and the names of those just gone."""
    appeared, vanished = (
        {name: (place, column.type) for place, (name, column) in enumerate(one.items()) if name not in other}
        for one, other in ((now, before), (before, now))
    )
    renamed = likely_renamed(appeared, vanished)
    return renamed, [name for name in vanished if name not in renamed.values()]


def _since(earlier: Sequence[LiveTable], members: Sequence[LiveTable]) -> Iterator[SchemaChange]:
    before, now = (layout(table.columns for table in side) for side in (earlier, members))
    spelt_before, spelt_now = _spelling(earlier), _spelling(members)
    renamed, gone = renamed_and_gone(now, before)
    for new, old in renamed.items():
        yield _change(members, "renamed", new, before=old, after=new)
    for name in gone:
        yield _change(members, "dropped", name, before=before[name].type)
    for name, column in now.items():
        if name not in before:
            if name not in renamed:
                yield _change(members, "added", name, after=column.type)
            continue
        if spelt_before.get(name, name) != spelt_now.get(name, name):
            yield _change(members, "renamed", name, before=before[name].label, after=column.label, merged=True)
        if column.type != before[name].type and not (column.empty or before[name].empty):
            yield _change(members, "retyped", name, before=before[name].type, after=column.type)
    shared_before = [name for name in before if name in now]
    shared_now = [name for name in now if name in before]
    if shared_before != shared_now:
        yield _change(members, "reordered", None, before=", ".join(shared_before), after=", ".join(shared_now))


def _spelling(tables: Iterable[LiveTable]) -> dict[str, str]:
    return {shown: name for table in tables for name, shown in table.part.renamed}


def _change(
    members: Sequence[LiveTable], kind: str, column: str | None, *,
    before: str | None = None, after: str | None = None, merged: bool = False,
) -> SchemaChange:  # fmt: skip
    upload = members[0].head.upload
    return SchemaChange.model_validate(
        {
            "upload_id": upload.upload_id, "filename": upload.filename, "received_at": upload.received_at,
            "kind": kind, "column": column, "before": before, "after": after, "merged": merged,
        }
    )  # fmt: skip
