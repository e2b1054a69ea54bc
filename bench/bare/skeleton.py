"""A page cut at its facts: whoever has the facts of another person has her page, by one join."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_CHANGING = re.compile(
    r'(csrfmiddlewaretoken" value="|nonce" value="|nonce_of_file" value="|nonce=")[^"]+'
)
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

    Facts that read the same (two devices of one model) come in the order of their names, each as often.

    :param facts: her facts by name, each with enough around it to be found nowhere else
    :raises LookupError: the page does not show one of them
    """
    names: dict[str, list[str]] = defaultdict(list)
    for name, text in facts.items():
        names[text].append(name)
    longest_first = sorted(names, key=len, reverse=True)
    pieces = re.split("(" + "|".join(map(re.escape, longest_first)) + ")", page)
    found = Counter(pieces[1::2])
    if lost := names.keys() - found:
        raise LookupError(f"not in the page: {sorted(lost)}")
    seen: Counter[str] = Counter()
    order = []
    for text in pieces[1::2]:
        mine = names[text]
        order.append(mine[seen[text] * len(mine) // found[text]])
        seen[text] += 1
    return Skeleton(pieces[::2], order)


def lasting(page: str) -> str:
    """A page without what differs each time."""
    return _CHANGING.sub(r"\1", page)
