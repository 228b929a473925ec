"""Is a new file an older one of the same sender once more, corrected or continued? Rows are compared, not bytes.

What is found goes into the receipt; who counts is decided by a person, or by the wish `replaces=auto`.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from eduscale.core.errors import ChildCrashed, InvalidField, LimitExceeded
from eduscale.core.sandbox import Sandbox
from eduscale.ingest.dataset_names import period
from eduscale.models.dataset import Dataset
from eduscale.models.overlap import Overlap, OverlapKind, undecided
from eduscale.models.upload import AUTO, Head, StoredTable
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.catalogue import LiveTable, joined, live_table
from eduscale.warehouse.tasks import ComparedPair, ComparisonTask, PairResult, PairResults
from eduscale.warehouse.views import view_of_dataset

TASK = "eduscale.warehouse.comparison:compare"
MOST_UPLOADS = 20
"""So many of the sender's latest uploads to a dataset are looked at ..."""
MOST_ROWS = 3_000_000
"""... as long as they have no more rows in all, the latest excepted."""

MOST_GONE = 0.4
"""A newer version lacks at most this part of the older file's rows."""
PART_FROM = 0.8
"""A file is a part of an older one if at least so much of it is there."""
OVERLAP_FROM = 0.2
"""Less than this in common is nothing to speak of."""
OVERLAP_ROWS = 10
DATED_ROWS = 3
"""So many rows that tell of days are spoken of in any case: two weeks' lists that share a day."""
PERIODS_DIFFER = 0.8
"""What files must share whose names tell months apart: many rows are alike from month to month."""
ALIKE = 0.95
"""What files of few different rows must share either way."""
AUTO_FROM = 0.7
"""How sure `replaces=auto` must be."""

_log = logging.getLogger("eduscale.ingest")


class Evidence(NamedTuple):
    """What is known of two files when it is decided what they are to each other."""

    rows_new_file: int
    rows_old_file: int
    same: int
    distinct_same: int
    changed: int = 0
    periods_differ: bool = False
    dated: bool = False
    """Rows tell of days: the same row in two files is one thing told twice."""
    kept_share: float = 0.0
    """The greatest share at which this sender's files were kept side by side before."""


class Verdict(NamedTuple):
    """What a file is to an older one, and how sure that is."""

    kind: OverlapKind
    share: float
    confidence: float


class Versions:
    """Finds the older uploads of which a new one holds rows."""

    def __init__(self, *, uploads: UploadStore, sandbox: Sandbox, timeout_s: float) -> None:
        self._uploads = uploads
        self._sandbox = sandbox
        self._timeout_s = timeout_s

    @staticmethod
    def candidates(
        head: Head, tables: Sequence[StoredTable], live: Sequence[LiveTable]
    ) -> dict[str, tuple[LiveTable, ...]]:
        """Return the live uploads to compare a new one with, latest first: same sender, region and dataset."""
        upload = head.upload
        datasets = {table.dataset for table in tables if table.rows}
        found: dict[str, list[LiveTable]] = {}
        for table in live:
            older = table.head.upload
            if (
                (older.region, _sender(older.sender)) == (upload.region, _sender(upload.sender))
                and older.upload_id != upload.upload_id
                and older.upload_id not in head.replaced
                and (head.generation == 1 or older.received_at < upload.received_at)
            ):
                found.setdefault(older.upload_id, []).append(table)
        latest_first = [members for members in reversed(found.values()) if _shares(members, datasets)]
        chosen: dict[str, tuple[LiveTable, ...]] = {}
        rows = 0
        for members in latest_first[:MOST_UPLOADS]:
            rows += sum(table.part.rows for table in members)
            if chosen and rows > MOST_ROWS:
                break
            chosen[members[0].part.upload_id] = tuple(members)
        return chosen

    def compare(
        self, head: Head, tables: Sequence[StoredTable], candidates: Mapping[str, tuple[LiveTable, ...]],
        *, patience_s: float,
    ) -> dict[str, Overlap | None]:  # fmt: skip
        """Compare a new upload's rows with those of each candidate; None where nothing speaks of an overlap."""
        mine: dict[str, list[LiveTable]] = {}
        for table in tables:
            mine.setdefault(table.dataset, []).append(live_table(head, table, self._uploads))
        pairs = [
            (upload_id, dataset, pair)
            for upload_id, members in candidates.items()
            for dataset in mine
            if (pair := self._pair(mine[dataset], [table for table in members if table.dataset == dataset]))
        ]
        results = self._results([pair for _, _, pair in pairs], patience_s)
        by_upload: dict[str, dict[str, PairResult]] = {upload_id: {} for upload_id in candidates}
        for (upload_id, dataset, _), result in zip(pairs, results, strict=False):
            by_upload[upload_id][dataset] = result
        rows = sum(table.rows for table in tables)
        kept_share = _kept_share(candidates)
        return {
            upload_id: _overlap(head, rows, mine, candidates[upload_id], of_upload, kept_share=kept_share)
            for upload_id, of_upload in by_upload.items()
        }

    def _pair(self, new: Sequence[LiveTable], old: Sequence[LiveTable]) -> ComparedPair | None:
        """Describe the columns that both files have, as types that hold the values of either."""
        if not old:
            return None
        if _only_in(old, new):
            return None  # what is in those columns would be lost
        both = joined("", [*old, *new])
        shared = [{column.name for table in side for column in table.columns} for side in (new, old)]
        columns = [column for column in both.columns if column.name in shared[0] & shared[1]]
        if 2 * len(columns) < min(len(names) for names in shared):
            return None
        storages: dict[str, set[str]] = {}
        for table in (*new, *old):
            for column in table.columns:
                storages.setdefault(column.name, set()).add(column.storage)
        mixed = [each.name for each in columns if each.storage == "VARCHAR" and len(storages[each.name]) > 1]
        views = [
            view_of_dataset(
                Dataset(name="", columns=tuple(columns), parts=tuple(table.part for table in side)),
                local_path=self._uploads.objects.local_path,
            )
            for side in (new, old)
        ]
        return ComparedPair(new=views[0], old=views[1], mixed=tuple(mixed))

    def _results(self, pairs: Sequence[ComparedPair], patience_s: float) -> tuple[PairResult, ...]:
        """Compare in a child; a comparison that cannot be made must not keep a file out."""
        if not pairs:
            return ()
        task = ComparisonTask(pairs=tuple(pairs))
        try:
            answer = self._sandbox.run(
                TASK, task.model_dump_json().encode(), deadline_s=self._timeout_s, patience_s=patience_s
            )
        except (LimitExceeded, ChildCrashed) as error:
            _log.warning("rows were not compared: %s", error.code)
            return ()
        return PairResults.model_validate_json(answer).results


def likeliest_first(overlaps: Mapping[str, Overlap | None]) -> tuple[Overlap, ...]:
    """Return the overlaps there are, the likeliest older version first."""
    there = [overlap for overlap in overlaps.values() if overlap is not None]
    return tuple(
        sorted(there, key=lambda each: (each.kind != "newer", -each.rows_same, -each.received_at.timestamp()))
    )


def replaced_by_wish(overlaps: Sequence[Overlap]) -> tuple[str, ...]:
    """Return what `replaces=auto` replaces: all of which the new file is surely a newer version."""
    return tuple(each.upload_id for each in overlaps if each.kind == "newer" and each.confidence >= AUTO_FROM)


def replacing(head: Head, older_ids: Sequence[str], live: Mapping[str, Head]) -> Head:
    """Return a head that takes the place of further uploads, and is kept beside what those were kept beside."""
    kept = [kept for older_id in older_ids for kept in live[older_id].keeps]
    replaced = tuple(dict.fromkeys((*_known_ids(head), *(each for each in older_ids if each not in kept))))
    upload = head.upload.model_copy(update={"replaces": replaced[0] if replaced else None})
    keeps = tuple(each for each in dict.fromkeys((*head.keeps, *kept)) if each not in replaced)
    return head.model_copy(update={"upload": upload, "also_replaces": replaced[1:], "keeps": keeps})


def decided(head: Head, overlaps: Sequence[Overlap], live: Mapping[str, Head], replaces: str | None) -> Head:
    """Return a head as a person decided: it replaces one upload, all older versions of it (`auto`), or none.

    Raises InvalidField where there is no such upload to replace.
    """
    if replaces is None:
        keeps = (*head.keeps, *_known_ids(head), *(overlap.upload_id for overlap in overlaps))
        upload = head.upload.model_copy(update={"replaces": None})
        return head.model_copy(
            update={"upload": upload, "also_replaces": (), "keeps": tuple(dict.fromkeys(keeps))}
        )
    if replaces == AUTO:
        newer = [each for each in undecided(overlaps, live=live, kept=head.keeps) if each.kind == "newer"]
        return replacing(head, [each.upload_id for each in newer], live)
    if replaces in head.replaced:
        return head
    older = live.get(replaces)
    if older is None or replaces == head.upload.upload_id or older.upload.region != head.upload.region:
        raise InvalidField(
            "There is no upload of that id in this region that could be replaced.", field="replaces"
        )
    return replacing(head, [replaces], live)


def _known_ids(head: Head) -> tuple[str, ...]:
    return tuple(each for each in head.replaced if each != AUTO)


def judge(evidence: Evidence) -> Verdict | None:
    """Decide by what two files share whether one is a newer version of the other, a part of it, or overlaps it.

    A row that stands many times in a file says little: such files must agree almost wholly.
    """
    new, old, same, distinct, changed, periods_differ, dated, kept_share = evidence
    identical = same == new == old
    if not same or (distinct < 2 and not identical):
        return None
    in_new, in_old = same / old, same / new
    gone = (old - same - changed) / old
    telling = identical or 2 * distinct >= same
    least = max(0.5, PERIODS_DIFFER if periods_differ else 0, (1 + kept_share) / 2 if kept_share else 0)
    confidence = round(
        min(in_new + changed / old / 2, 1.0) * (1 - 0.5**same) * (0.8 if periods_differ else 1.0)
        * (1.0 if telling else 0.8), 2,
    )  # fmt: skip
    share = round(max(in_new, in_old), 4)
    if not telling and min(in_new, in_old) < ALIKE:
        return None
    verdict = None
    if in_new >= least and gone <= MOST_GONE:
        verdict = Verdict("newer", share, confidence)
    elif in_old >= max(least, PART_FROM):
        verdict = Verdict("part", share, round(in_old * (1 - 0.5**same), 2))
    elif distinct >= OVERLAP_ROWS and share >= (least if least > 0.5 else OVERLAP_FROM):
        verdict = Verdict("overlap", share, share)
    elif dated and distinct >= DATED_ROWS:
        verdict = Verdict("overlap", share, 0.5)
    return verdict


def _overlap(
    head: Head,
    rows: int,
    mine_by_dataset: Mapping[str, Sequence[LiveTable]],
    older: Sequence[LiveTable],
    results: Mapping[str, PairResult],
    *,
    kept_share: float,
) -> Overlap | None:
    upload = older[0].head.upload
    rows_old = sum(table.part.rows for table in older)
    same, changed = (sum(getattr(each, name) for each in results.values()) for name in ("same", "changed"))
    same, changed = min(same, rows, rows_old), min(changed, rows - same)
    mine, theirs = period(head.upload.filename), period(upload.filename)
    evidence = Evidence(
        rows_new_file=rows,
        rows_old_file=rows_old,
        same=same,
        distinct_same=sum(each.distinct_same for each in results.values()),
        changed=changed,
        periods_differ=bool(mine and theirs and mine != theirs),
        dated=any(each.dated for each in results.values()),
        kept_share=kept_share,
    )
    verdict = judge(evidence)
    if verdict is None:
        return None
    added, is_lost = 0, False
    for dataset in {table.dataset for table in older if table.part.rows}:
        old, new = [table for table in older if table.dataset == dataset], mine_by_dataset.get(dataset, ())
        added += len(_only_in(new, old))
        is_lost |= bool(_only_in(old, new))
    if is_lost and verdict.kind == "newer":  # the rows of its other tables are here, but not all of it
        verdict = verdict._replace(kind="overlap")
    return Overlap(
        upload_id=upload.upload_id,
        filename=upload.filename,
        received_at=upload.received_at,
        kind=verdict.kind,
        rows_same=same,
        rows_new=rows - same - changed,
        rows_changed=changed,
        rows_gone=max(0, rows_old - same - changed),
        key=next((each.key for each in results.values() if each.key), ()),
        estimated=any(each.estimated for each in results.values()),
        columns_added=added,
        share=verdict.share,
        confidence=verdict.confidence,
        in_datasets={dataset: each.same for dataset, each in results.items() if each.same},
    )


def _only_in(some: Sequence[LiveTable], others: Sequence[LiveTable]) -> set[str]:
    """Return the columns with values that some tables have and others lack, those made of a column excepted."""
    there = {column.name for table in others for column in table.columns}
    return {
        column.name
        for table in some
        for column in table.columns
        if not column.empty and column.made_of is None and column.name not in there
    }


def _kept_share(candidates: Mapping[str, Sequence[LiveTable]]) -> float:
    """Return how much files had in common that a person kept side by side; files nearly alike teach nothing."""
    shares = [
        overlap.share
        for members in candidates.values()
        for overlap in members[0].overlaps
        if overlap.upload_id in members[0].head.keeps and overlap.share < ALIKE
    ]
    return max(shares, default=0.0)


def _shares(members: Sequence[LiveTable], datasets: set[str]) -> bool:
    return any(table.dataset in datasets and table.part.rows for table in members)


def _sender(name: str | None) -> str | None:
    return " ".join(name.casefold().split()) if name else None
