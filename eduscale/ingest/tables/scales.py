"""Answers on a scale: from strongly disagree to strongly agree, from never to always, from 1 to 5."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from eduscale.ingest.tables.names import normal_name

MAX_POINTS = 11
MAX_ANSWERS = 16
"""The points of a scale and what stands beside it; more are none."""
MAX_LENGTH = 120

_STRONG = frozenset(
    "rozhodne zcela uplne velmi naprosto plne urcite silne velice moc strongly completely totally very definitely "
    "extremely fully absolutely highly".split()
)
_WEAK = frozenset(
    "spise castecne trochu mirne docela celkem somewhat slightly rather partly mostly probably fairly moderately "
    "tend quite skor ciastocne".split()
)
_CORES = (
    ("suhlas", "nesuhlas"),
    ("souhlas", "nesouhlas"),
    ("agree", "disagree"),
    ("spokoj", "nespokoj"),
    ("satisf", "dissatisf"),
    ("ano", "ne"),
    ("yes", "no"),
    ("pravdepodobn", "nepravdepodobn"),
    ("likely", "unlikely"),
    ("dulezit", "nedulezit"),
    ("important", "unimportant"),
    ("uzitecn", "neuzitecn"),
    ("prinosn", "neprinosn"),
    ("useful", "useless"),
    ("srozumiteln", "nesrozumiteln"),
    ("jist", "nejist"),
)
"""What a scale is about and its contrary, as words begin; words of two and three letters are whole."""
_NEUTRAL = re.compile("(?:^|_)(?:ani|neither|neutral[a-z]*|undecided|napul|nerozhodn[a-z]*|unsure)(?:_|$)")
_NOT = frozenset(("not", "vubec"))
_OUTSIDE = re.compile(
    "nevim|neviem|nedokazu.*|nemohu.*|neumim.*|nechci.*|netyka.*|don_t_know|do_not_know|not_sure|no_opinion"
    "|cannot_say|n_a|not_applicable|bez_odpovedi|prefer_not.*"
)
"""Answers beside the scale."""
_LADDERS: tuple[tuple[str, ...], ...] = (
    (
        "nikdy|vubec_nikdy|never",
        "temer_nikdy|skoro_nikdy|almost_never|hardly_ever",
        "zridka|vyjimecne|malokdy|zriedka|rarely|seldom",
        "nekdy|obcas|niekedy|sometimes|occasionally",
        "casto|caste?jsi|vetsinou|obvykle|often|usually|frequently",
        "temer_vzdy|skoro_vzdy|almost_always",
        "vzdy|pokazde|always",
    ),
    (
        "velmi_spatn.|very_poor|very_bad|terrible",
        "spatn.|spis[e]?_spatn.|poor|bad",
        "dostatecn.|podprumern.|below_average",
        "prumern.|uspokojiv.|fair|average|ok",
        "dobr.|spis[e]?_dobr.|good|above_average",
        "velmi_dobr.|chvalitebn.|very_good",
        "vyborn.|vynikajic.|excellent|outstanding",
    ),
    (
        "vubec|vubec_ne|not_at_all",
        "malo|trochu|jen_trochu|a_little|slightly|a_little_bit",
        "stredne|castecne|moderately|somewhat|to_some_extent",
        "dost|hodne|docela_hodne|a_lot|quite_a_lot|quite_a_bit",
        "velmi|velmi_hodne|extremne|very_much|extremely|a_great_deal",
    ),
)
_HINT = re.compile(r"(?<![0-9])([01])\s*(?:[-–—=:až]|to\b)[^0-9]{0,60}(?<![0-9])(4|5|6|7|10)(?![0-9])", re.DOTALL)
_RATED = re.compile(
    r"(?i)\?\s*$|\brat(?:e|ing)\b|ohodno|hodnoc|spokojen|satisf|souhlas|agree|škál|\bscale\b|kvalit|quality|performance"
)
_COUNTED = re.compile(r"(?i)\b(?:kolik|počet|věk|rok|how (?:many|much|old|long|far)|number of|age|year)")
"""What a question asks for that is answered by a number on no scale."""


class Scale(NamedTuple):
    """The points of a scale that occur, or that it has, from the lowest to the highest."""

    points: tuple[str, ...]


def worded_scale(cells: Iterable[str]) -> Scale | None:
    """Return the scale of which all cells are points, those beside it aside; None where they are of none."""
    distinct = {cell.strip() for cell in cells} - {""}
    if len(distinct) > MAX_ANSWERS or any(len(cell) > MAX_LENGTH for cell in distinct):
        return None
    answers = {cell: re.sub("^[0-9]+_", "", normal_name(cell)) for cell in distinct}
    on_scale = {cell: name for cell, name in answers.items() if not _OUTSIDE.fullmatch(name)}
    if not 2 <= len(on_scale) <= MAX_POINTS:
        return None
    ranks = _degrees(on_scale) or _rungs(on_scale)
    return Scale(tuple(sorted(ranks, key=lambda cell: ranks[cell]))) if ranks else None


def _degrees(answers: Mapping[str, str]) -> dict[str, int] | None:
    """Rank answers by how much they say one thing or its contrary; None where some say neither."""
    ranks: dict[str, int] = {}
    cores: set[tuple[str, str]] = set()
    graded = False
    for cell, name in answers.items():
        words = name.split("_")
        if _NEUTRAL.search(name):
            ranks[cell], graded = 0, True
            continue
        found = [(core, _says(words, core)) for core in _CORES]
        says = [(core, sign) for core, sign in found if sign]
        if len(says) != 1:
            return None
        (core, sign), degree = says[0], 2
        if _NOT & set(words):
            sign = -1
            degree = 3 if "vubec" in words or "at" in words else 1
        elif _STRONG & set(words):
            degree = 3
        elif _WEAK & set(words):
            degree = 1
        graded = graded or degree != 2
        cores.add(core)
        ranks[cell] = sign * degree
    return ranks if graded and len(cores) == 1 and len(set(ranks.values())) > 1 else None


def _says(words: list[str], core: tuple[str, str]) -> int:
    """Return 1 where words say a thing, -1 where they say its contrary, 0 where they say neither."""
    positive, negative = core
    if len(positive) < 4:
        return 1 if positive in words else -1 if negative in words else 0
    if any(word.startswith(negative) for word in words):
        return -1
    return 1 if any(word.startswith(positive) for word in words) else 0


def _rungs(answers: Mapping[str, str]) -> dict[str, int] | None:
    """Rank answers by a ladder that has all of them, three at least."""
    for ladder in _LADDERS:
        ranks = {
            cell: rank
            for cell, name in answers.items()
            for rank, rung in enumerate(ladder)
            if re.fullmatch(rung, name)
        }
        if len(ranks) == len(answers) and len(set(ranks.values())) > 2:
            return ranks
    return None


def numbered_scale(cells: Iterable[str], label: str) -> Scale | None:
    """Return the scale of numbers that a question asks for; None where it is no such question."""
    numbers = {int(cell) for cell in map(str.strip, cells) if cell.isdecimal() and len(cell) < 3}
    hint = _HINT.search(label)
    if not numbers or (hint is None and (not _RATED.search(label) or _COUNTED.search(label))):
        return None
    if hint:
        low, high = int(hint[1]), int(hint[2])
    else:
        low = 0 if 0 in numbers else 1
        high = next((top for top in (5, 7, 10) if max(numbers) <= top), 0)
        if len(numbers) < 2 or (low == 0 and high != 10):
            return None
    if min(numbers) < low or max(numbers) > high:
        return None
    return Scale(tuple(map(str, range(low, high + 1))))
