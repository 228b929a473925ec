"""What a dataset is called: the sender's wish, or the file's and the sheet's name without dates and numbers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from eduscale.models.reading import ReadTable

FALLBACK = "data"
MAX_LENGTH = 64
DEFAULT_SHEETS = {"list", "sheet", "tabelle", "feuille", "harok", "arkusz", "hoja", "table", "tabulka"}
MONTHS = frozenset(
    """january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep oct nov dec
    leden unor brezen duben kveten cerven cervenec srpen zari rijen listopad prosinec
    ledna unora brezna dubna kvetna cervna cervence srpna rijna listopadu prosince""".split()
)
COPIES = {"kopie", "copy", "final", "v", "verze", "version", "kopia", "of"}
CORRECTIONS = {
    "oprava", "opraveno", "opravena", "opraveny", "opravene", "corrected", "correction", "fixed", "updated",
    "aktualizace", "aktualizovano",
}  # fmt: skip


def dataset_name(wish: str | None, filename: str, table_name: str, *, alone: bool) -> str:
    """Return the name of a table's dataset; a table that is not `alone` in its file carries its own name too."""
    if wish:
        return _normal(wish) or FALLBACK
    stem = _undated(_words(_stem(PurePath(filename.replace("\\", "/")))))
    sheet = _undated(_words(table_name))
    if sheet == stem or (len(sheet) == 1 and sheet[0] in DEFAULT_SHEETS):
        sheet = []
    words = stem or sheet if alone else stem + [word for word in sheet if word not in stem]
    return "_".join(words)[:MAX_LENGTH].strip("_") or FALLBACK


def dataset_names(wish: str | None, filename: str, tables: Sequence[ReadTable]) -> list[str]:
    """Return the names of the datasets of all tables of a file.

    A table from an archive is named as if its file had been sent alone; files of one layout share the dataset.
    """
    members = Counter(table.member for table in tables)
    layouts: dict[frozenset[str], list[str]] = {}
    for table in tables:
        if table.member is not None:
            layouts.setdefault(_layout(table), []).append(table.member)
    names = []
    for table in tables:
        alike = layouts.get(_layout(table), [])
        if wish is None and len(set(alike)) > 1:
            names.append(_shared_name(filename, alike))
        elif table.member is None:
            names.append(dataset_name(wish, filename, table.name, alone=len(tables) == 1))
        else:
            alone = members[table.member] == 1
            names.append(dataset_name(wish, table.member, table.name.rpartition(": ")[2], alone=alone))
    return names


def _layout(table: ReadTable) -> frozenset[str]:
    return frozenset(column.name for column in table.columns)


def _shared_name(filename: str, members: Sequence[str]) -> str:
    """Return what some files of an archive are called together: their name, their folder's, the archive's."""
    names = {dataset_name(None, member, "", alone=True) for member in members}
    if len(names) == 1:
        return names.pop()
    folders = {PurePath(member.replace("\\", "/")).parent for member in members}
    words = _undated(_words(folders.pop().name)) if len(folders) == 1 else []
    return "_".join(words)[:MAX_LENGTH] or dataset_name(None, filename, "", alone=True)


def period(filename: str) -> frozenset[str]:
    """Return the months and numbers in a file's name that may tell one month's file from another's.

    What only counts copies, as in `zaci (2).csv` or `zaci_v2.csv`, is left out.
    """
    stem = re.sub(r"\(\d{1,2}\)\s*$", "", _stem(PurePath(filename.replace("\\", "/"))))
    words = [part for word in _words(stem) for part in re.findall(r"[a-z]+|\d+", word)]
    return frozenset(
        word
        for before, word in zip(["", *words], words, strict=False)
        if word in MONTHS or (word.isdigit() and before not in COPIES)
    )


def _stem(path: PurePath) -> str:
    """Return a file's name without its extensions; a dot within the name, as in `1. pololetí`, is none."""
    while path.suffix and " " not in path.suffix:
        path = path.with_suffix("")
    return path.name


def _normal(text: str) -> str:
    name = "_".join(_words(text))[:MAX_LENGTH].strip("_")
    return f"d_{name}" if name[:1].isdigit() else name


def _words(text: str) -> list[str]:
    """Split at anything that is no letter or digit; lower case, no diacritics."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return [word for word in re.split(r"[^a-z0-9]+", plain.casefold()) if word]


def _undated(words: list[str]) -> list[str]:
    """Leave out numbers, dates, months and marks of copies; `list1` becomes `list`."""
    bare = (re.sub(r"\d+", "", word) for word in words)
    return [word for word in bare if word and word not in MONTHS | COPIES | CORRECTIONS]
