"""Text that can be read on the dealer's colour, whichever it is.

Contrast after WCAG 2.2, « relative luminance » and « contrast ratio ».
"""

from __future__ import annotations

WHITE = "#ffffff"
BLACK = "#000000"


def ink_on(colour: str) -> str:
    """White or black, whichever reads better; the better one reaches 4.58 on any colour.

    >>> ink_on("#c8102e"), ink_on("#ffd400")
    ('#ffffff', '#000000')
    """
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """How well two colours `#rrggbb` part, from 1 (equal) to 21 (black and white).

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
