"""A text that a spreadsheet would run as a formula is quoted before it goes into a CSV."""

from __future__ import annotations

BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(text: str) -> str:
    """The text, with an apostrophe before what would run.

    >>> neutral("=1+1"), neutral("1+1")
    ("'=1+1", '1+1')
    """
    return f"'{text}" if text.startswith(BEGINS) else text
