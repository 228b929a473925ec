"""Which files a folder stands for."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_LEFT_BEHIND = ("~$", "~")
"""How the names of locks and backups of office programs begin."""
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".lock", ".bak~")
_OF_THE_SYSTEM = frozenset({"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "icon\r"})


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files among the paths, and all files of the folders among them, sorted, none of them twice.

    Hidden files and what programs and operating systems leave behind are skipped in folders, but not if named.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _walk(path) if path.is_dir() else (path,):
            resolved = file.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield file


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_left_behind(name))
        for name in sorted(names):
            file = Path(place, name)
            if not _is_left_behind(name) and file.is_file():
                yield file


def _is_left_behind(name: str) -> bool:
    lower = name.lower()
    return lower.startswith((".", *_LEFT_BEHIND)) or lower.endswith(_UNFINISHED) or lower in _OF_THE_SYSTEM
