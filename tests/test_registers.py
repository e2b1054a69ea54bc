"""What the makers document of their counters, as data."""

from __future__ import annotations

import pytest

from releveur.fleet.models import DeviceModel
from releveur.fleet.registers import registers_of
from releveur.rules.validation import Relation

SUM = (Relation("TOTAL", ("MONO", "COLOR")),)


@pytest.mark.parametrize(
    ("maker", "tolerance", "relations"),
    [
        ("HP", 9, ()),
        ("Hewlett-Packard", 9, ()),
        ("Kyocera", 0, SUM),
        ("KYOCERA Document Solutions", 0, SUM),
        ("Sharp", 0, SUM),
        ("Xerox", 0, ()),
        ("", 0, ()),
    ],
)
def test_only_what_a_maker_documents_is_granted(
    maker: str, tolerance: int, relations: tuple[Relation, ...]
) -> None:
    found = registers_of(DeviceModel(maker=maker, name="M507"))
    assert (found.tolerance, found.relations) == (tolerance, relations)
