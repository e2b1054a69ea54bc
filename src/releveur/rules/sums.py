"""What meters of a device show adds up, where its maker counts so: mono + colour = total, exactly.

A broken sum is no accusation: it says that one of the values is not what the screen shows, and which
value would fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from releveur.rules.findings import Relation, Together


def difference(relation: Relation, values: Mapping[str, int]) -> int | None:
    """Return total - parts; None when one of them was not declared.

    >>> difference(Relation("TOTAL", ("MONO", "COLOR")), {"TOTAL": 130, "MONO": 100, "COLOR": 20})
    10
    """
    kinds = (relation.total, *relation.parts)
    if any(kind not in values for kind in kinds):
        return None
    return values[relation.total] - sum(values[kind] for kind in relation.parts)


def broken(device: Together) -> tuple[Relation, int] | None:
    """Return the first relation that the declared values break, and by how much."""
    values = {seen.kind: seen.new.value for seen in device.meters}
    for relation in device.relations:
        if found := difference(relation, values):
            return relation, found
    return None


def holding(device: Together) -> set[str]:
    """Return the kinds whose values are confirmed by a sum that comes out right."""
    values = {seen.kind: seen.new.value for seen in device.meters}
    held = (one for one in device.relations if difference(one, values) == 0)
    return {kind for relation in held for kind in (relation.total, *relation.parts)}


def repairs(relation: Relation, by: int, device: Together) -> Sequence[tuple[str, int]]:
    """Return for each meter of the relation the value that would make the sum come out."""
    found = []
    for seen in device.meters:
        if seen.kind == relation.total:
            found.append((seen.key, seen.new.value - by))
        elif seen.kind in relation.parts and seen.new.value + by >= 0:
            found.append((seen.key, seen.new.value + by))
    return [(key, value) for key, value in found if value >= 0]


def comes_out(relation: Relation, device: Together, mended: Mapping[str, int]) -> bool:
    """Tell whether a relation holds once these values stand in place of the typed ones."""
    values = {seen.kind: mended.get(seen.key, seen.new.value) for seen in device.meters}
    return difference(relation, values) == 0
