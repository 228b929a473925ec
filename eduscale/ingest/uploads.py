"""Uploads from landing to commit: land the bytes, claim them, read them in a child, move the head.

Killed at any instant and sent again, the result is the same: until the head says `loaded` nothing counts, and
whoever finds an unfinished upload continues it.
"""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from eduscale.core import progress
from eduscale.core.errors import (
    ChildCrashed,
    Conflict,
    DeadlineExceeded,
    EduscaleError,
    FileSizeExceeded,
    InvalidField,
    MemoryExceeded,
    NotFound,
    ObjectChanged,
    RequestError,
    StorageError,
    StorageFull,
    Unavailable,
    UnreadableFile,
)
from eduscale.core.sandbox import Sandbox
from eduscale.ingest.corrections import (
    Corrections,
    applied,
    changed,
    check_applied,
    layouts_of,
    without_corrections,
)
from eduscale.ingest.dataset_names import dataset_name
from eduscale.ingest.placing import RENAMED, placed
from eduscale.ingest.reader import read_sent_file
from eduscale.ingest.versions import Versions, decided, likeliest_first, replaced_by_wish, replacing
from eduscale.models.overlap import Overlap, undecided
from eduscale.models.reading import Override, Reading, ReadLimits, Said
from eduscale.models.upload import AUTO, Head, StoredReceipt, StoredTable, UploadFacts
from eduscale.storage.overrides import OverrideStore
from eduscale.storage.uploads import Standing, UploadStore, VersionedHead
from eduscale.warehouse.catalogue import Catalogue

UNFINISHED = ("waiting", "reading")
POLL_S = 0.2
READ = 0.95
"""What of an upload is done when its file is read."""


class LandedFile(NamedTuple):
    """A file as it arrived: finished on disk at `path`, hashed, not yet stored."""

    filename: str
    path: Path
    sha256: str
    size_bytes: int


class Wish(NamedTuple):
    """What the sender said about the file; `dataset` as written, if at all."""

    region: str
    dataset: str | None = None
    sender: str | None = None
    replaces: str | None = None
    overrides: tuple[Override, ...] = ()


class Known(NamedTuple):
    """An upload as it stands: its head, its reading if there is one, and whether these bytes were in already.

    `replaced_by` is the loaded upload that took its place, if any; `overlaps` are the uploads that hold rows of
    this one while nobody has decided what becomes of them.
    """

    head: Head
    receipt: StoredReceipt | None
    duplicate: bool = False
    replaced_by: str | None = None
    overlaps: tuple[Overlap, ...] = ()


class _Understood(NamedTuple):
    """A reading with its folder, the layouts that the reader alone finds, and what people decided in it.

    Of the latter `news` is what is to be remembered.
    """

    reading: Reading
    folder: Path
    layouts: tuple[str, ...]
    overrides: tuple[Override, ...] = ()
    news: tuple[Override, ...] = ()


class UploadService:
    """Receives, corrects, lists and undoes uploads."""

    def __init__(
        self,
        *,
        uploads: UploadStore,
        catalogue: Catalogue,
        sandbox: Sandbox,
        read_timeout_s: float,
        patience_s: float,
        memory_bytes: int,
        limits: ReadLimits,
    ) -> None:
        self._uploads = uploads
        self._catalogue = catalogue
        self._corrections = Corrections(OverrideStore(uploads.objects))
        self._sandbox = sandbox
        self._read_timeout_s = read_timeout_s
        self._patience_s = patience_s
        self._memory_bytes = memory_bytes
        self._limits = limits
        self._versions = Versions(uploads=uploads, sandbox=sandbox, timeout_s=read_timeout_s)
        self._reader = _process_name()
        self._commit = threading.Lock()
        self._turns = _Turns()

    def receive(self, file: LandedFile, wish: Wish) -> Known:
        """Store and read one file, or return the upload that these bytes already are.

        Raises Busy when there is no free worker; the bytes are kept, so that sending again continues.
        """
        self._check_replaces(wish)
        raw_key = self._uploads.raw_key(wish.region, file.sha256)
        self._uploads.objects.put_file_if_absent(raw_key, file.path)
        identity = _identity(wish.region, wish.dataset, file.sha256)
        fresh_id = _new_id()
        while True:
            upload_id = self._uploads.claim(identity, fresh_id)
            if upload_id == fresh_id or not self._has_ended(upload_id):
                break
            self._uploads.reclaim(identity, stale=upload_id, upload_id=fresh_id)
        self._uploads.create_head(
            Head(
                state="waiting",
                generation=0,
                upload=UploadFacts(
                    upload_id=upload_id,
                    filename=file.filename,
                    sha256=file.sha256,
                    size_bytes=file.size_bytes,
                    region=wish.region,
                    dataset=wish.dataset,
                    sender=wish.sender,
                    received_at=datetime.now(UTC),
                    replaces=wish.replaces,
                ),
                overrides=wish.overrides,
            )
        )
        is_new = self._finish(upload_id)
        if wish.overrides and not is_new:
            self.correct(upload_id, wish.overrides)
        if not is_new and wish.replaces == AUTO and upload_id in self._uploads.live_heads():
            return self.decide(upload_id, AUTO)._replace(duplicate=True)
        return self._known(self._uploads.head(upload_id).head, duplicate=not is_new)

    def get(self, upload_id: str) -> Known:
        """Return one upload; raises NotFound."""
        return self._known(self._uploads.head(upload_id).head)

    def newest(
        self,
        *,
        region: str | None,
        state: str | None,
        limit: int,
        before: tuple[str, str] | None,
        sha256: str | None = None,
    ) -> tuple[list[Known], bool]:
        """Return a page of uploads, newest first, after the place `before`, and whether more follow."""
        heads = [
            head
            for head in self._uploads.heads().values()
            if (region is None or head.upload.region == region)
            and (state is None or head.state == state)
            and (sha256 is None or head.upload.sha256 == sha256)
        ]
        heads.sort(key=place_in_list, reverse=True)
        if before is not None:
            heads = [head for head in heads if place_in_list(head) < before]
        standing = self._uploads.standing()
        return [self._known(head, standing=standing) for head in heads[:limit]], len(heads) > limit

    def undo(self, upload_id: str) -> Known:
        """Take an upload's rows out again, however often it is asked; its claim is released."""
        while True:
            head, version = self._uploads.head(upload_id)
            if head.state == "undone":
                break
            undone = head.model_copy(update={"state": "undone", "reader": None, "lease_until": None})
            try:
                self._uploads.move_head(undone, version=version)
            except ObjectChanged:
                continue
            head = undone
            break
        self._release(head)
        return self._known(head)

    def decide(self, upload_id: str, replaces: str | None) -> Known:
        """Let an upload take the place of another, or of all it is a newer version of (`auto`), or of none (None).

        Raises NotFound, Conflict where the upload's own rows do not count, and InvalidField.
        """
        while True:
            with self._commit:
                head, version = self._uploads.head(upload_id)
                live = self._uploads.live_heads()
                if upload_id not in live:
                    raise Conflict("The rows of this upload do not count: it is not loaded, or was replaced.")
                overlaps = self._uploads.receipt(upload_id, head.generation).overlaps
                wanted = decided(head, overlaps, live, replaces)
                if wanted == head:
                    return self._known(head)
                try:
                    self._uploads.move_head(wanted, version=version)
                except ObjectChanged:
                    continue
                return self._known(wanted)

    def correct(self, upload_id: str, changes: Sequence[Override]) -> Known:
        """Read an upload again with changed overrides, and remember them.

        Its rows stay until the new ones are there. Raises NotFound, Conflict for an upload that was undone, and
        CorrectionRefused; then nothing is changed.
        """
        while True:
            self._finish(upload_id)
            with self._turns.of(upload_id):
                found = self._uploads.head(upload_id)
                if found.head.state == "undone":
                    raise Conflict("This upload was undone. Please send the file again.")
                if found.head.state in UNFINISHED or self._is_read_elsewhere(found.head):
                    time.sleep(POLL_S)
                    continue
                overrides = changed(found.head.overrides, changes)
                try:
                    if overrides == found.head.overrides:
                        self._corrections.remember(found.head.upload, self._layouts(found.head), changes)
                    else:
                        self._read_again(found, overrides, tuple(changes))
                except ObjectChanged:
                    continue
                return self._known(self._uploads.head(upload_id).head)

    def forget_corrections(self, upload_id: str) -> Known:
        """Forget what was decided for files of an upload's kind, and read it as if nobody had corrected it."""
        known = self.get(upload_id)
        if known.receipt is not None:
            self._corrections.forget(known.head.upload, self._layouts(known.head))
        if known.head.state == "undone" or not known.head.overrides:
            return known
        return self.correct(upload_id, [each.model_copy(update={"value": None}) for each in known.head.overrides])

    def _layouts(self, head: Head) -> tuple[str, ...]:
        """Return the layouts that the reader alone found in an upload that has been read."""
        receipt = self._uploads.receipt(head.upload.upload_id, head.generation)
        return receipt.layouts or layouts_of(head.upload.filename, receipt.tables, receipt.error)

    def _check_replaces(self, wish: Wish) -> None:
        if wish.replaces is None or wish.replaces == AUTO:
            return
        try:
            replaced = self._uploads.head(wish.replaces).head
        except NotFound:
            replaced = None
        if replaced is None or replaced.upload.region != wish.region:
            raise InvalidField("There is no upload of that id in this region.", field="replaces")

    def _has_ended(self, upload_id: str) -> bool:
        """Say whether a claim points to an upload that was undone or rejected, so that it may be tried anew."""
        try:
            return self._uploads.head(upload_id).head.state in ("undone", "rejected")
        except NotFound:
            return False

    def _known(self, head: Head, *, duplicate: bool = False, standing: Standing | None = None) -> Known:
        upload_id, receipt = head.upload.upload_id, None
        if head.generation > 0:
            receipt = self._uploads.receipt(upload_id, head.generation)
        live, replaced_by = standing or self._uploads.standing()
        overlaps: tuple[Overlap, ...] = ()
        if receipt is not None and upload_id in live:
            overlaps = undecided(receipt.overlaps, live=live, kept=head.keeps)
        return Known(head, receipt, duplicate, replaced_by.get(upload_id), overlaps)

    def _finish(self, upload_id: str) -> bool:
        """Bring an upload to its end and return True, or wait until somebody else has."""
        with self._turns.of(upload_id):
            while True:
                found = self._uploads.head(upload_id)
                if found.head.state not in UNFINISHED:
                    return False
                if self._is_read_elsewhere(found.head):
                    time.sleep(POLL_S)
                    continue
                try:
                    self._read(found)
                except ObjectChanged:
                    continue
                return True

    def _is_read_elsewhere(self, head: Head) -> bool:
        if head.reader is None or head.reader == self._reader:
            return False
        if head.lease_until is not None and head.lease_until < datetime.now(UTC):
            return False
        return not _is_dead(head.reader)

    def _read(self, found: VersionedHead) -> None:
        """Read an upload for the first time; raises ObjectChanged if it was undone meanwhile."""
        self._carry_out(
            found,
            found.head.model_copy(update={"state": "reading"}),
            lambda folder: self._understand(found.head, folder),
        )

    def _read_again(
        self, found: VersionedHead, overrides: tuple[Override, ...], changes: tuple[Override, ...]
    ) -> None:
        """Read an upload as people decided; while a loaded one is read it stays loaded.

        Raises ObjectChanged if it was undone meanwhile, and CorrectionRefused if a change cannot be applied.
        """
        head = found.head
        layouts = self._layouts(head)

        def understand(folder: Path) -> _Understood:
            if head.state == "rejected" and not self._claim_again(head):
                raise Conflict("The same file was sent again since. Please correct that upload.")
            reading = self._read_in_child(head.upload, folder, overrides)
            check_applied(reading, changes)
            return _Understood(reading, folder, layouts, overrides, changes)

        if head.state == "loaded":
            self._carry_out(found, head, understand)
            return
        try:
            self._carry_out(
                found, head.model_copy(update={"state": "reading", "overrides": overrides}), understand
            )
        except EduscaleError:
            self._release(head)
            raise

    def _claim_again(self, head: Head) -> bool:
        """Take back the claim of an upload that was rejected; False where its bytes are another upload by now."""
        identity, upload_id = _identity_of(head), head.upload.upload_id
        holder = self._uploads.claim(identity, upload_id)
        if holder != upload_id and self._has_ended(holder):
            self._uploads.reclaim(identity, stale=holder, upload_id=upload_id)
            holder = self._uploads.claim(identity, upload_id)
        return holder == upload_id

    def _understand(self, head: Head, folder: Path) -> _Understood:
        """Read as the reader alone would, and again if that is a layout for which people decided anything."""
        upload, sent = head.upload, head.overrides
        if head.generation > 0 and not self._claim_again(head):
            return _Understood(Reading(error=Said(code="sent_again")), folder, self._layouts(head))
        alone, corrected = folder / "alone", folder / "corrected"
        alone.mkdir()
        reading = self._read_in_child(upload, alone)
        layouts = layouts_of(upload.filename, reading.tables, reading.error)
        overrides = changed(self._corrections.recall(upload, layouts), sent)
        if not overrides:
            return _Understood(reading, alone, layouts, news=sent)
        corrected.mkdir()
        with progress.part(1, 1):  # nobody could know that there is a second reading
            again = self._read_in_child(upload, corrected, overrides)
        if again.error is not None:
            return _Understood(without_corrections(reading), alone, layouts)
        return _Understood(again, corrected, layouts, overrides, applied(again, sent))

    def _carry_out(self, found: VersionedHead, busy: Head, understand: Callable[[Path], _Understood]) -> None:
        """Commit what comes out of reading, the head being `busy` meanwhile, and as before if it fails."""
        started = time.monotonic()
        waiting = found.head
        lease = timedelta(seconds=3 * self._read_timeout_s + 2 * self._patience_s + 60)
        reading_head = busy.model_copy(update={"reader": self._reader, "lease_until": datetime.now(UTC) + lease})
        version = self._uploads.move_head(reading_head, version=found.version)
        generation = waiting.generation + 1
        upload_id = waiting.upload.upload_id
        folder = self._uploads.objects.scratch()
        try:
            progress.report("waiting", 0)
            with progress.part(0, READ):
                understood = understand(folder)
            progress.report("storing", READ)
            self._uploads.clear_reading(upload_id, generation)
            for path in sorted(understood.folder.glob("*.parquet")):
                self._uploads.add_reading_file(upload_id, generation, path)
            head = reading_head.model_copy(update={"generation": generation, "reader": None, "lease_until": None})
            self._commit_reading(head, version, understood, started)
        except (Unavailable, StorageFull, StorageError, RequestError):
            with suppress(ObjectChanged):
                self._uploads.move_head(waiting, version=version)
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _read_in_child(self, upload: UploadFacts, folder: Path, overrides: tuple[Override, ...] = ()) -> Reading:
        path = self._uploads.objects.local_path(self._uploads.raw_key(upload.region, upload.sha256))
        try:
            return read_sent_file(
                self._sandbox,
                path=path,
                filename=upload.filename,
                folder=folder,
                memory_bytes=self._memory_bytes,
                limits=self._limits,
                deadline_s=self._read_timeout_s,
                patience_s=self._patience_s,
                overrides=tuple(override for override in overrides if override.what != RENAMED),
            )
        except UnreadableFile as error:
            return Reading(error=Said(code=error.reason, facts=error.facts))
        except (DeadlineExceeded, MemoryExceeded, FileSizeExceeded, ChildCrashed) as error:
            return Reading(error=Said(code=f"reading_{error.code}", facts=error.facts))

    def _commit_reading(self, head: Head, version: str, understood: _Understood, started: float) -> None:
        """Choose the datasets, compare with what is there, write the receipt, move the head: now the rows count.

        Rows are compared outside the lock; uploads that are committed meanwhile are compared in turn.
        """
        compared: dict[str, Overlap | None] = {}
        while True:
            with self._commit:
                live, datasets = self._catalogue.live_tables(), self._catalogue.without(head.upload.upload_id)
                tables, refused = placed(understood.reading, head.upload, datasets, live, understood.overrides)
                if head.generation > 1:
                    check_applied(understood.reading.model_copy(update={"refused": refused}), understood.news)
                candidates = self._versions.candidates(head, tables, live)
                unseen = {key: tables for key, tables in candidates.items() if key not in compared}
                if not unseen:
                    overlaps = likeliest_first({key: compared[key] for key in candidates})
                    self._commit_compared(VersionedHead(head, version), understood, tables, overlaps, started)
                    return
            compared |= self._versions.compare(head, tables, unseen, patience_s=self._patience_s)

    def _commit_compared(
        self,
        found: VersionedHead,
        understood: _Understood,
        tables: list[StoredTable],
        overlaps: tuple[Overlap, ...],
        started: float,
    ) -> None:
        """Write the receipt and move the head; the caller holds the lock of commits."""
        head, reading = found.head, understood.reading
        if head.upload.replaces == AUTO:
            head = replacing(head, replaced_by_wish(overlaps), self._uploads.live_heads())
        elif self._is_replaced_otherwise(head.upload):
            reading, tables = Reading(error=Said(code="already_replaced")), []
        self._uploads.add_receipt(
            StoredReceipt(
                upload_id=head.upload.upload_id,
                generation=head.generation,
                duration_ms=round(1000 * (time.monotonic() - started)),
                tables=tuple(tables),
                overlaps=overlaps,
                error=reading.error,
                layouts=understood.layouts,
            )
        )
        state = "rejected" if reading.error else "loaded"
        names = tuple(dict.fromkeys(table.dataset for table in tables))
        committed = head.model_copy(update={"state": state, "datasets": names, "overrides": understood.overrides})
        if reading.error is None:
            self._corrections.remember(head.upload, understood.layouts, understood.news)
        self._uploads.move_head(committed, version=found.version)
        if reading.error:
            self._release(committed)

    def _is_replaced_otherwise(self, upload: UploadFacts) -> bool:
        """Say whether what an upload replaces is not live, and not because of this upload."""
        if upload.replaces is None:
            return False
        live, replaced_by = self._uploads.standing()
        return upload.replaces not in live and replaced_by.get(upload.replaces) != upload.upload_id

    def _release(self, head: Head) -> None:
        self._uploads.release(_identity_of(head), head.upload.upload_id)


class _Turns:
    """One lock an upload, so that threads with the same bytes wait for one reading instead of repeating it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def of(self, upload_id: str) -> Iterator[None]:
        with self._guard:
            lock, users = self._locks.get(upload_id, (threading.Lock(), 0))
            self._locks[upload_id] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._locks[upload_id]
                if users == 1:
                    del self._locks[upload_id]
                else:
                    self._locks[upload_id] = (lock, users - 1)


def place_in_list(head: Head) -> tuple[str, str]:
    """Return what uploads are ordered by: when they were received, then their id."""
    return head.upload.received_at.isoformat(), head.upload.upload_id


def _identity(region: str, dataset: str | None, sha256: str) -> str:
    """Return what makes the same bytes one upload: region, wish of dataset, content."""
    wish = dataset_name(dataset, "", "", alone=True) if dataset else "-"
    return f"{region}/{wish}/{sha256}"


def _identity_of(head: Head) -> str:
    return _identity(head.upload.region, head.upload.dataset, head.upload.sha256)


def _new_id() -> str:
    return secrets.token_hex(12)


def _process_name() -> str:
    """Name this process so that another on the same machine can tell whether it still lives."""
    return f"{os.uname().nodename}:{os.getpid()}:{_started_at(os.getpid())}"


def _is_dead(reader: str) -> bool:
    node, pid, started = reader.rsplit(":", 2)
    return node == os.uname().nodename and _started_at(int(pid)) != started


def _started_at(pid: int) -> str:
    """Return when a process started, in the kernel's ticks, or nothing when there is none of that id."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
