"""A page cut at its facts: whoever has the facts of another person has her page, by one join."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_CHANGING = re.compile(r'(csrfmiddlewaretoken" value="|nonce" value="|nonce_of_file" value="|nonce=")[^"]+')
"""What differs each time the same page is drawn."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What stands between the facts, and which fact stands where."""

    between: Sequence[str]
    facts: Sequence[str]

    def filled(self, facts: Mapping[str, str]) -> str:
        parts = [self.between[0]]
        for name, text in zip(self.facts, self.between[1:], strict=True):
            parts.append(facts[name])
            parts.append(text)
        return "".join(parts)


def cut(page: str, facts: Mapping[str, str]) -> Skeleton:
    """Cut one person's page at what is hers.

    :param facts: her facts by name, each with enough around it to be found nowhere else
    """
    names = {text: name for name, text in facts.items()}
    longest_first = sorted(names, key=len, reverse=True)
    pieces = re.split("(" + "|".join(map(re.escape, longest_first)) + ")", page)
    return Skeleton(pieces[::2], [names[text] for text in pieces[1::2]])


def lasting(page: str) -> str:
    """A page without what differs each time."""
    return _CHANGING.sub(r"\1", page)
