"""What a dataset is called: the sender's wish, or the file's and the sheet's name without dates and numbers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import PurePath

from eduscale.models.reading import ReadTable

FALLBACK = "tabulka"
MAX_LENGTH = 64
TELLING_LETTERS = 4
"""So long is a word that tells what files hold; `zs`, which the names of schools share, tells nothing."""
MONTHS = frozenset(
    """january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    leden unor brezen duben kveten cerven cervenec srpen zari rijen listopad prosinec
    ledna unora brezna dubna kvetna cervna cervence srpna rijna listopadu prosince
    lednu unoru breznu dubnu kvetnu cervnu cervenci srpnu rijnu prosinci
    marec maj oktober januara februara marca aprila maja juna jula augusta septembra oktobra novembra decembra
    januar janner februar marz mai juni juli dezember""".split()
)
COPIES = {"kopie", "copy", "final", "v", "verze", "version", "kopia", "of"}
CORRECTIONS = {
    "oprava", "opraveno", "opravena", "opraveny", "opravene", "corrected", "correction", "fixed", "updated",
    "aktualizace", "aktualizovano",
}  # fmt: skip

_SHEET = "list|sheet|tabelle|blatt|feuille|feuil|harok|arkusz|hoja|table|tabulka|sesit|zosit|mappe|book"
_LETTER_ONLY = r"[A-Za-z]\d?"
_CODE = (
    rf"(?:\d{{1,2}}(?:{_LETTER_ONLY}|[ ._-]{{1,2}}{_LETTER_ONLY}|\.[A-Z]{{1,3}}\d?)"
    r"|[IVX]{1,4}(?:[ ._-]{1,2}[A-Z]|\.[A-Z]{1,3})\d?)(?![A-Za-z0-9])"
)
"""A class: 7.A, 7A, 7_a, 9. B, 1.E1, 3.IT, VI.A."""
_CLASS_WORD = r"(?i:tr|trid[ay]?|tried[ay]?|class|klasse)(?![A-Za-z])"
_ORDINAL = (
    r"(?i:[ivx]{1,4}|prv[nea]i?[aey]?|druh[aey]|treti[a]?|ctvrt[aey]|first|second|third|fourth|1st|2nd|3rd|4th"
    r"|erstes|zweites)"
)
_PERIOD = r"(?i:pololet|polrok|ctvrtlet|stvrtrok|semest|trimest|term\b|half|halbjahr|quarter|kvartal)"
_SCHOOL_YEAR = r"(?i:(?:skol(?:ni|sky|skeho|niho)|sk)[ ._-]{1,2}ro[ck]u?|school[ ._-]?year|schuljahr)"
_NAMES_NOTHING = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    rf"{_CLASS_WORD}[ ._-]*(?:{_CODE}|\d{{1,2}}(?![A-Za-z0-9]))"
    rf"|(?:{_CODE}|\d{{1,2}})[ ._-]*{_CLASS_WORD}"
    rf"|{_CODE}"
    rf"|{_ORDINAL}[ ._-]+(?={_PERIOD})"
    r"|(?i:q[1-4]|[1-4]q)(?![A-Za-z0-9])"
    rf"|{_SCHOOL_YEAR}(?![A-Za-z])"
    rf"|(?i:{_SHEET})[ _-]?\d+(?![A-Za-z0-9])"
    ")"
)
"""What tells one of many alike tables from the others: a class, which half of a year, the number of a sheet."""
_BARE_SHEET = re.compile(rf"(?i:{_SHEET})")
_CLASS = re.compile(rf"(?<![A-Za-z0-9]){_CODE}")
_CLASS_AS_SUFFIX = re.compile(rf"(?<![A-Za-z0-9])(?:\d{{1,2}}|[IVX]{{1,4}})\.{_LETTER_ONLY}$")


def dataset_name(wish: str | None, filename: str, table_name: str, *, alone: bool) -> str:
    """Return the name of a table's dataset; a table that is not `alone` in its file carries its own name too.

    Where neither says what is in it, as with `7.A.csv`, the folders of the file do, the innermost first.
    """
    if wish:
        return _normal(wish) or FALLBACK
    path = _path(filename)
    stem, sheet = _telling(_stem(path)), _telling(table_name)
    if sheet == stem or _BARE_SHEET.fullmatch(_plain(table_name).strip()) or _is_letter(sheet):
        sheet = []
    words = stem or sheet if alone else stem + [word for word in sheet if word not in stem]
    return _joined(words) or _joined(_of_folders(path)) or FALLBACK


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
            own = table.name.rpartition(": ")[2] if not alone else ""
            names.append(dataset_name(wish, f"{filename}/{table.member}", own, alone=alone))
    return names


def _layout(table: ReadTable) -> frozenset[str]:
    return frozenset(column.name for column in table.columns)


def _shared_name(filename: str, members: Sequence[str]) -> str:
    """Return what some files of an archive are called together.

    That is how all their names begin, or else the folder's name, or the archive's.
    """
    stems = [words for member in members if (words := _telling(_stem(_path(member))))]
    shared = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*stems, strict=False))]
    if len({tuple(words) for words in stems}) == 1 or any(len(word) >= TELLING_LETTERS for word in shared):
        return _joined(shared)
    folders = {_path(member).parent for member in members}
    words = _of_folders(_path(members[0])) if len(folders) == 1 else []
    return _joined(words) or dataset_name(None, filename, "", alone=True)


def _of_folders(path: PurePath) -> list[str]:
    """Return the words of the innermost folder that says what is in it; an archive is a folder too."""
    return next((words for folder in path.parents if (words := _telling(_stem(folder)))), [])


def period(filename: str) -> frozenset[str]:
    """Return the months, numbers and classes in a file's name that may tell one month's file from another's.

    What only counts copies, as in `zaci (2).csv` or `zaci_v2.csv`, is left out.
    """
    stem = re.sub(r"\(\d{1,2}\)\s*$", "", _stem(_path(filename)))
    classes = ["".join(_words(found)) for found in _CLASS.findall(_plain(stem))]
    words = [part for word in _words(stem) for part in re.findall(r"[a-z]+|\d+", word)]
    months_and_numbers = (
        word
        for before, word in zip(["", *words], words, strict=False)
        if word in MONTHS or (word.isdigit() and before not in COPIES)
    )
    return frozenset((*months_and_numbers, *classes))


def _path(filename: str) -> PurePath:
    return PurePath(filename.replace("\\", "/"))


def _stem(path: PurePath) -> str:
    """Return a file's name without its extensions; a dot within it, as in `1. pololetí` or `7.A`, is none."""
    while path.suffix and " " not in path.suffix and not _CLASS_AS_SUFFIX.search(_plain(path.name)):
        path = path.with_suffix("")
    return path.name


def _joined(words: Sequence[str]) -> str:
    return "_".join(words)[:MAX_LENGTH].strip("_")


def _normal(text: str) -> str:
    name = _joined(_words(text))
    return f"d_{name}" if name[:1].isdigit() else name


def _plain(text: str) -> str:
    """Return a text without diacritics."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _words(text: str) -> list[str]:
    """Split at anything that is no letter or digit; lower case, no diacritics."""
    return [word for word in re.split(r"[^a-z0-9]+", _plain(text).casefold()) if word]


def _telling(text: str) -> list[str]:
    """Return the words that say what is in a table: no numbers, dates, classes, marks of copies or of sheets.

    A letter that is left of more words says nothing either.
    """
    sent = _words(text)
    bare = (re.sub(r"\d+", "", word) for word in _words(_NAMES_NOTHING.sub(" ", _plain(text))))
    words = [word for word in bare if word and word not in MONTHS | COPIES | CORRECTIONS]
    return [] if _is_letter(words) and words != sent else words


def _is_letter(words: Sequence[str]) -> bool:
    return len(words) == 1 and len(words[0]) == 1
