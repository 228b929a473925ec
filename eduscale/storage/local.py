"""Objects in a local folder: whole writes, one winner among racing writers, nothing torn by a kill.

A new object is written to a hidden scratch file, flushed to disk and then linked to its name, which fails when
the name is taken. A replaced one is renamed over the old while a lock file is held. Left-over scratch files are
swept by age.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from eduscale.core.errors import ObjectChanged, ObjectMissing, StorageError, StorageFull, Unavailable
from eduscale.storage.objects import StoredObject

LOCK_FILES = 64
SCRATCH_MAX_AGE_S = 3600
"""Longer than any request may take."""
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalFolder:
    """An ObjectStore in a folder that one or more processes of this machine share."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._scratch = self._root / ".scratch"
        self._locks = self._root / ".locks"

    def ping(self) -> None:
        """Prove that the folder can be written to; raises Unavailable."""
        try:
            with self._scratch_file(b"ping"):
                pass
        except StorageFull as error:
            raise Unavailable("There is no room left in the data folder.") from error

    def get(self, key: str) -> StoredObject:
        """Return a small object; raises ObjectMissing."""
        try:
            data = self._path(key).read_bytes()
        except FileNotFoundError:
            raise ObjectMissing(key) from None
        return StoredObject(data, _version(data))

    def exists(self, key: str) -> bool:
        """Say whether there is an object of that key."""
        return self._path(key).is_file()

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write a small object if there is none; False when there was one, which then stays as it is."""
        with self._scratch_file(data) as scratch:
            return self._link(scratch, self._path(key))

    def put_file_if_absent(self, key: str, path: Path) -> bool:
        """Move a finished file into the store; the file at `path` is gone afterwards either way."""
        target = self._path(key)
        try:
            if target.is_file():
                return False
            with _translated(), path.open("rb") as file:
                os.fsync(file.fileno())
            return self._link(path, target)
        finally:
            path.unlink(missing_ok=True)

    def swap(self, key: str, data: bytes, *, version: str) -> str:
        """Replace an object if it still is of `version`; returns the new one, raises ObjectChanged."""
        with self._scratch_file(data) as scratch, self._locked(key):
            try:
                found = self.get(key).version
            except ObjectMissing:
                raise ObjectChanged(key) from None
            if found != version:
                raise ObjectChanged(key)
            target = self._path(key)
            with _translated():
                scratch.replace(target)
                _flush_folder(target.parent)
        return _version(data)

    def delete(self, key: str) -> bool:
        """Remove an object; False when there was none."""
        with self._locked(key):
            try:
                self._path(key).unlink()
            except FileNotFoundError:
                return False
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix that ends with `/`, in no promised order."""
        folder = self._path(prefix.removesuffix("/"))
        for parent, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            base = Path(parent).relative_to(self._root).as_posix()
            for name in files:
                if not name.startswith("."):
                    yield f"{base}/{name}"

    def stamps(self, prefix: str) -> dict[str, str]:
        """Return the keys right below a prefix, each with a mark that differs once the object was replaced."""
        try:
            with os.scandir(self._path(prefix.removesuffix("/"))) as entries:
                return {
                    f"{prefix}{entry.name}": _stamp(entry.stat())
                    for entry in entries
                    if not entry.name.startswith(".")
                }
        except FileNotFoundError:
            return {}

    def open(self, key: str) -> BinaryIO:
        """Open an object for streaming; raises ObjectMissing."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise ObjectMissing(key) from None

    def local_path(self, key: str) -> Path:
        """Return a path under which a child process can read the object; raises ObjectMissing."""
        path = self._path(key)
        if not path.is_file():
            raise ObjectMissing(key)
        return path

    def scratch(self) -> Path:
        """Make a new empty folder for unfinished files, on the same file system as the store."""
        with _translated():
            self._scratch.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix="work-", dir=self._scratch))

    def sweep(self) -> int:
        """Remove scratch files that a killed process left behind over an hour ago; returns how many."""
        removed = 0
        oldest = time.time() - SCRATCH_MAX_AGE_S
        for path in self._scratch.glob("*") if self._scratch.is_dir() else ():
            try:
                if path.stat().st_mtime >= oldest:
                    continue
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            except FileNotFoundError:
                continue
            removed += 1
        return removed

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if any(part in ("", ".", "..") or part.startswith(".") or "\0" in part for part in parts):
            raise StorageError("An object's key has an empty or hidden part.")
        return self._root.joinpath(*parts)

    @contextmanager
    def _scratch_file(self, data: bytes) -> Iterator[Path]:
        with _translated():
            self._scratch.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="object-", dir=self._scratch)
        path = Path(name)
        try:
            with _translated(), os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _link(self, source: Path, target: Path) -> bool:
        with _translated():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except FileExistsError:
                return False
            _flush_folder(target.parent)
        return True

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        number = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=2).digest(), "big") % LOCK_FILES
        with _translated():
            self._locks.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._locks / f"{number:02}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _version(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_ino}-{status.st_size}"


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn a full disk into StorageFull and any other failure into Unavailable, without the path in it."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFull("There is no room left to store the file; nothing of it was kept.") from error
        raise Unavailable("The data folder cannot be written to.") from error
