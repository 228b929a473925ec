"""From a column's label as sent to its name: lower case, no diacritics, underscores, unique, never empty."""

import re
import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 128


def normal_name(label: str) -> str:
    """Return the normal form of one label; empty when it holds no letter or digit."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", label.casefold()) if not unicodedata.combining(c))
    plain = plain.replace("ł", "l").replace("đ", "d").replace("ø", "o")
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:MAX_LENGTH].rstrip("_")


def column_names(labels: Iterable[str]) -> list[str]:
    """Return a name for every label; the second `score` becomes `score_2`, a blank third label `column_3`."""
    names: list[str] = []
    taken: set[str] = set()
    for place, label in enumerate(labels, start=1):
        wanted = normal_name(label) or f"column_{place}"
        name, copy = wanted, 1
        while name in taken:
            copy += 1
            name = f"{wanted}_{copy}"
        taken.add(name)
        names.append(name)
    return names
