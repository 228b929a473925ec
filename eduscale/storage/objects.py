"""The storage seam: objects by key, in a folder or in a bucket."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol


class StoredObject(NamedTuple):
    """An object's bytes and the version that a compare-and-swap names."""

    data: bytes
    version: str


class ObjectStore(Protocol):
    """Objects by key (`/` separates parts); every write is whole or not at all."""

    def ping(self) -> None:
        """Prove that the store answers; raises Unavailable."""

    def get(self, key: str) -> StoredObject:
        """Return a small object; raises ObjectMissing."""

    def exists(self, key: str) -> bool:
        """Say whether there is an object of that key."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write a small object if there is none; False when there was one, which then stays as it is."""

    def put_file_if_absent(self, key: str, path: Path) -> bool:
        """Move a finished file into the store; the file at `path` is gone afterwards either way."""

    def swap(self, key: str, data: bytes, *, version: str) -> str:
        """Replace an object if it still is of `version`; returns the new one, raises ObjectChanged."""

    def delete(self, key: str) -> bool:
        """Remove an object; False when there was none."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix that ends with `/`, in no promised order."""

    def stamps(self, prefix: str) -> dict[str, str]:
        """Return the keys right below a prefix, each with a mark that differs once the object was replaced."""

    def open(self, key: str) -> BinaryIO:
        """Open an object for streaming; raises ObjectMissing."""

    def local_path(self, key: str) -> Path:
        """Return a path under which a child process can read the object; raises ObjectMissing."""

    def scratch(self) -> Path:
        """Make a new empty folder for unfinished files, on the same file system as the store where it has one."""

    def sweep(self) -> int:
        """Remove unfinished files that a killed process left behind long ago; returns how many."""
