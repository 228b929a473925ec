"""Heads, claims and receipts on top of the object store: which uploads there are and which of them count.

raw/<region>/<sha256>                     the bytes as received
claims/<region>/<dataset or ->/<sha256>   put if absent: the id of the upload of those bytes
readings/<upload_id>/<generation>/        receipt.json and Parquet files, written once
heads/<upload_id>.json                    the commit, a compare-and-swap
"""

import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from eduscale.core.errors import NotFound, ObjectChanged, ObjectMissing
from eduscale.models.upload import Head, StoredReceipt
from eduscale.storage.objects import ObjectStore

HEADS = "heads/"
UPLOAD_ID = re.compile(r"[a-z0-9-]{1,64}")


class VersionedHead(NamedTuple):
    """A head and the version that its next compare-and-swap has to name."""

    head: Head
    version: str


class Standing(NamedTuple):
    """Which uploads count at a moment: the live heads by id, and which loaded upload took the place of which."""

    live: dict[str, Head]
    replaced_by: dict[str, str]


class UploadStore:
    """Every upload by id; heads are cached and read again only when they changed."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects
        self._lock = threading.Lock()
        self._heads: dict[str, tuple[str, Head]] = {}

    def raw_key(self, region: str, sha256: str) -> str:
        """Return the key of a file's bytes as received."""
        return f"raw/{region}/{sha256}"

    def claim(self, identity: str, upload_id: str) -> str:
        """Claim an identity for `upload_id`, or return the id of the upload that holds it already."""
        key = f"claims/{identity}"
        while not self.objects.put_if_absent(key, upload_id.encode()):
            try:
                return self.objects.get(key).data.decode()
            except ObjectMissing:
                continue
        return upload_id

    def reclaim(self, identity: str, *, stale: str, upload_id: str) -> None:
        """Hand an identity over from an upload that ended to a new one, unless somebody else did first."""
        key = f"claims/{identity}"
        try:
            held = self.objects.get(key)
            if held.data.decode() == stale:
                self.objects.swap(key, upload_id.encode(), version=held.version)
        except (ObjectMissing, ObjectChanged):
            return

    def release(self, identity: str, upload_id: str) -> None:
        """Give up an upload's claim, so that the same bytes may be tried again."""
        key = f"claims/{identity}"
        try:
            if self.objects.get(key).data.decode() == upload_id:
                self.objects.delete(key)
        except ObjectMissing:
            return

    def create_head(self, head: Head) -> None:
        """Write an upload's first head, unless it has one."""
        self.objects.put_if_absent(_head_key(head.upload.upload_id), _dump(head))

    def head(self, upload_id: str) -> VersionedHead:
        """Return an upload's head as it is now; raises NotFound."""
        try:
            found = self.objects.get(_head_key(upload_id))
        except ObjectMissing:
            raise NotFound("There is no upload of that id.") from None
        return VersionedHead(Head.model_validate_json(found.data), found.version)

    def move_head(self, head: Head, *, version: str) -> str:
        """Replace an upload's head; raises ObjectChanged when somebody else did first."""
        return self.objects.swap(_head_key(head.upload.upload_id), _dump(head), version=version)

    def heads(self) -> dict[str, Head]:
        """Return all heads by upload id; only those that changed are read."""
        stamps = self.objects.stamps(HEADS)
        with self._lock:
            known = self._heads
        fresh: dict[str, tuple[str, Head]] = {}
        for key, stamp in stamps.items():
            upload_id = key.removeprefix(HEADS).removesuffix(".json")
            held = known.get(upload_id)
            if held is None or held[0] != stamp:
                try:
                    held = (stamp, self.head(upload_id).head)
                except NotFound:
                    continue
            fresh[upload_id] = held
        with self._lock:
            self._heads = fresh
        return {upload_id: head for upload_id, (_, head) in fresh.items()}

    def live_heads(self) -> dict[str, Head]:
        """Return the heads that count: loaded, and replaced by no upload that is loaded."""
        return self.standing().live

    def standing(self) -> Standing:
        """Return which uploads count now, and what took the place of those that no longer do."""
        heads = self.heads()
        replaced_by = _successors(heads)
        live = {
            upload_id: head
            for upload_id, head in heads.items()
            if head.state == "loaded" and upload_id not in replaced_by
        }
        return Standing(live, replaced_by)

    def clear_reading(self, upload_id: str, generation: int) -> None:
        """Remove what a killed reader left of a generation that was never committed."""
        for key in list(self.objects.keys(f"readings/{upload_id}/{generation}/")):
            self.objects.delete(key)

    def add_reading_file(self, upload_id: str, generation: int, path: Path) -> None:
        """Move one Parquet file into a generation that is not committed yet."""
        self.objects.put_file_if_absent(self.reading_key(upload_id, generation, path.name), path)

    def add_receipt(self, receipt: StoredReceipt) -> None:
        """Write a generation's receipt, the last file before its commit."""
        key = self.reading_key(receipt.upload_id, receipt.generation, "receipt.json")
        self.objects.put_if_absent(key, receipt.model_dump_json(exclude_defaults=True).encode())

    def receipt(self, upload_id: str, generation: int) -> StoredReceipt:
        """Return a committed generation's receipt."""
        found = self.objects.get(self.reading_key(upload_id, generation, "receipt.json"))
        return StoredReceipt.model_validate_json(found.data)

    def reading_key(self, upload_id: str, generation: int, name: str) -> str:
        """Return the key of a generation's file."""
        return f"readings/{upload_id}/{generation}/{name}"


def _head_key(upload_id: str) -> str:
    if not UPLOAD_ID.fullmatch(upload_id):
        raise NotFound("There is no upload of that id.")
    return f"{HEADS}{upload_id}.json"


def _successors(heads: Mapping[str, Head]) -> dict[str, str]:
    """Follow each loaded head to what it replaces, and through undone ones: what they replaced stays replaced."""
    found: dict[str, str] = {}
    for upload_id, head in heads.items():
        replaced = list(head.replaced) if head.state == "loaded" else []
        while replaced:
            older_id = replaced.pop()
            if older_id not in found:
                found[older_id] = upload_id
                older = heads.get(older_id)
                replaced += older.replaced if older is not None and older.state == "undone" else ()
    return found


def _dump(head: Head) -> bytes:
    return head.model_dump_json().encode()
