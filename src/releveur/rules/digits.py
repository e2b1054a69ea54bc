"""Numbers as people type them, as spreadsheets spoil them, and as we show them.

People copy `39 684` with whatever space their screen used; a spreadsheet adds `,00`; `39.684` may
mean thousands or a fraction, so nobody guesses. Only the digits 0 to 9 count: `²` and the digits of
other scripts are no numbers here.
"""

from __future__ import annotations

import re

LONGEST = 12
"""Digits: no register of a printer is longer."""

_SPACING = str.maketrans("", "", " \t\u00a0\u2007\u2009\u202f'\u2019")
_WHOLE = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([.,][0-9]{3})+")
_ZERO_DECIMALS = re.compile(r"([0-9]+)[.,]0+")
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+")


class Nothing(ValueError):
    """There is no number, only emptiness."""


class NotANumber(ValueError):
    """Something else than the digits of a whole number."""


class TooLong(ValueError):
    """More digits than a register has."""


class Scientific(ValueError):
    """A spreadsheet has rounded the number and kept its magnitude only."""


class Ambiguous(ValueError):
    """Thousands or a fraction: `grouped` is the value if thousands were meant."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.grouped = int(re.sub("[.,]", "", text))


def typed(text: str) -> int:
    r"""Read what a person typed as a value of a meter, in impressions.

    :raises Nothing: the field is empty
    :raises Ambiguous: `39.684` or `39,684`: ask which is meant
    :raises TooLong: more than 12 digits, zeros in front not counted
    :raises NotANumber: anything else that is not a whole number

    >>> typed(" 39\u202f684 "), typed("39'684"), typed("0039684")
    (39684, 39684, 39684)
    """
    return _whole(_bare(text))


def of_a_file(text: str) -> int:
    """Read a cell of a file: as `typed`, and decimals that are all zero.

    :raises Scientific: `3,92366E+09`: the digits are lost, the file must be exported again

    >>> of_a_file("39684,00"), of_a_file("39684.0")
    (39684, 39684)
    """
    bare = _bare(text)
    if _SCIENTIFIC.fullmatch(bare):
        raise Scientific(bare)
    decimals = _ZERO_DECIMALS.fullmatch(bare)
    if decimals and not _GROUPED.fullmatch(bare):
        return _whole(decimals[1])
    return _whole(bare)


def shown(number: int, language: str) -> str:
    r"""Write a number with its thousands apart: U+202F in French (`fr`), else a comma.

    >>> shown(39_684, "en"), shown(39_684, "fr") == "39\u202f684"
    ('39,684', True)
    """
    grouped = f"{number:,}"
    return grouped.replace(",", "\u202f") if language == "fr" else grouped


def _bare(text: str) -> str:
    return text.strip().translate(_SPACING)


def _whole(bare: str) -> int:
    if not bare:
        raise Nothing
    if not _WHOLE.fullmatch(bare):
        if len(bare) <= LONGEST * 2 and _GROUPED.fullmatch(bare):
            raise Ambiguous(bare)
        raise NotANumber(bare)
    digits = bare.lstrip("0") or "0"
    if len(digits) > LONGEST:
        raise TooLong(bare)
    return int(digits)
