"""The order in which one walks from device to device: by building, up the floors, door after door.

An emplacement is a line of free text. A building and a floor are recognised where it names them, in
French or English, and what is left is put in natural order: « Salle 9 » before « Salle 10 ».
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

GROUND, BETWEEN = 0.0, 0.5
NO_FLOOR = 1_000.0
"""Behind the floors: where an emplacement names none, nobody knows on which way it lies."""

type Natural = tuple[tuple[int, int, str], ...]

_ORDINALS = {
    "premier": 1, "deuxieme": 2, "second": 2, "troisieme": 3, "quatrieme": 4, "cinquieme": 5,
    "sixieme": 6, "septieme": 7, "huitieme": 8, "neuvieme": 9, "dixieme": 10, "dernier": 900,
    "first": 1, "third": 3, "fourth": 4, "fifth": 5, "top": 900,
}  # fmt: skip
_WHICH = rf"(?P<number>\d{{1,2}}) ?(?:ers?|ere|emes?|nde?|nds?|rd|th|st|e)?|(?P<word>{'|'.join(_ORDINALS)})"
_BUILDING = re.compile(
    r"\b(?:batiment|bat|building|bldg|aile|wing|pavillon|tour|tower|bloc|block)\b[ .]*(?P<name>\w+)\b"
    r"(?! ?(?:etage|floor|niveau))"
)
_BELOW = re.compile(
    rf"(?:\b(?:{_WHICH})[ -])?\b(?:sous[ -]?sol|basement|s[-/]s|ss)\b[ -]?(?P<behind>\d)?"
    r"|(?:\b(?:r|n|niveau|level) ?|^|(?<=[ ,(]))-(?P<minus>\d)\b|\b(?:sous[ -]?sol|ss)(?P<joined>\d)\b"
)
_AT_THE_GROUND = re.compile(
    r"\b(?:rdc|rdj|rez[ -]?de[ -]?(?:chaussee|jardin|rue)|ground[ -]floor|r ?\+ ?0|niveau 0|level 0)\b"
)
_HALF_WAY = re.compile(r"\b(?:entresol|mezzanine)\b")
_ABOVE = re.compile(
    rf"\b(?:{_WHICH}) ?(?:etage|floor|niveau)\b"
    r"|\b(?:etage|floor|niveau|level|r ?\+) ?(?P<behind>\d{1,2})\b"
)
_PARTS = re.compile(r"\d+|\D+")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where on the walk: smaller comes first."""

    building: Natural
    floor: float
    rest: Natural


def place(location: str) -> Place:
    """Find the place of an emplacement on the walk; sort by it.

    >>> floors = ["2e étage", "10e étage", "RDC", "1er étage", "2e sous-sol", "Sous-sol"]
    >>> sorted(floors, key=place)
    ['2e sous-sol', 'Sous-sol', 'RDC', '1er étage', '2e étage', '10e étage']
    >>> sorted(["Bât. B, RDC", "Bât. A – 2e étage", "Accueil", "Bâtiment A, R+1"], key=place)
    ['Accueil', 'Bâtiment A, R+1', 'Bât. A – 2e étage', 'Bât. B, RDC']
    >>> sorted(["Salle B10", "Salle B9", "4th floor", "Ground floor"], key=place)
    ['Ground floor', '4th floor', 'Salle B9', 'Salle B10']
    """
    text = _plain(location)
    building = _BUILDING.search(text)
    left = _without(text, building)
    floor, named = _floor(left)
    return Place(
        natural(building["name"]) if building else (), floor, natural(_without(left, named))
    )


def natural(text: str) -> Natural:
    """A text to sort by, its numbers by their size, accents and case forgiven.

    >>> sorted(["Labo 10", "labo 9", "Étude"], key=natural)
    ['Étude', 'labo 9', 'Labo 10']
    """
    words = " ".join(re.findall(r"\w+", _plain(text)))
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.strip())
        for part in _PARTS.findall(words)
        if part.strip()
    )


def _floor(text: str) -> tuple[float, re.Match[str] | None]:
    if found := _BELOW.search(text):
        return -float(_number(found) or 1), found
    if found := _AT_THE_GROUND.search(text):
        return GROUND, found
    if found := _HALF_WAY.search(text):
        return BETWEEN, found
    if found := _ABOVE.search(text):
        return float(_number(found)), found
    return NO_FLOOR, None


def _number(found: re.Match[str]) -> int:
    named = {name: said for name, said in found.groupdict().items() if said}
    if word := named.pop("word", None):
        return _ORDINALS[word]
    return int(next(iter(named.values()), 0))


def _without(text: str, found: re.Match[str] | None) -> str:
    return text[: found.start()] + " " + text[found.end() :] if found else text


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold().replace("\u2212", "-"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
