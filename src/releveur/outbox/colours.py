"""Text that can be read on the dealer's colour, whichever it is.

Contrast after WCAG 2.2, « relative luminance » and « contrast ratio ».
"""

from __future__ import annotations

from functools import lru_cache

WHITE = "#ffffff"
BLACK = "#000000"
ENOUGH = 4.5
"""WCAG 2.2, 1.4.3."""


@lru_cache(maxsize=16)
def ink_on(colour: str) -> str:
    """White or black, whichever reads better, in colours as they are and inverted.

    >>> ink_on("#c8102e"), ink_on("#ffd400")
    ('#ffffff', '#000000')
    """
    return max((WHITE, BLACK), key=lambda ink: _reads(ink, colour))


@lru_cache(maxsize=16)
def ground(colour: str) -> str:
    """The colour, or as much darker as its ink needs to be read, inverted too: `ENOUGH` is reached.

    Some mail programs invert all colours in the dark, and nothing can stop them.

    >>> ground("#c8102e"), ground("#808080")
    ('#c8102e', '#767676')
    """
    while _reads(ink_on(colour), colour) < ENOUGH:
        colour = "#" + "".join(
            f"{max(0, int(colour[at : at + 2], 16) - 1):02x}" for at in (1, 3, 5)
        )
    return colour


def inverted(colour: str) -> str:
    """The colour that a program shows which turns light into dark.

    >>> inverted("#c8102e")
    '#37efd1'
    """
    return f"#{0xFFFFFF - int(colour[1:], 16):06x}"


def contrast(one: str, other: str) -> float:
    """How well two colours `#rrggbb` part, from 1 (equal) to 21 (black and white).

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _reads(ink: str, colour: str) -> float:
    return min(contrast(ink, colour), contrast(inverted(ink), inverted(colour)))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
