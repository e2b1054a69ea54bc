"""From the label of a column to a kind of meter: known by any usual name, else made."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from releveur.fleet.models import MeterKind
from releveur.importing.columns import bare

OTHER_NAMES: Mapping[str, str] = {
    "nb": "MONO", "noiretblanc": "MONO", "noira4": "MONO", "mono": "MONO", "bw": "MONO",
    "coul": "COLOR", "color": "COLOR", "colour": "COLOR", "co": "COLOR", "couleura4": "COLOR",
    "noira3": "LARGE_MONO", "a3noir": "LARGE_MONO", "a3nb": "LARGE_MONO",
    "couleura3": "LARGE_COLOR", "a3couleur": "LARGE_COLOR", "a3co": "LARGE_COLOR",
    "scans": "SCAN", "numerisation": "SCAN",
}  # fmt: skip


def known() -> dict[str, str]:
    """The code of every kind there is, by each of its bare names."""
    names = dict(OTHER_NAMES)
    for code, french, english in MeterKind.objects.values_list("code", "label_fr", "label_en"):
        names |= dict.fromkeys((bare(code), bare(french), bare(english)), code)
    return names


def code(label: str, names: dict[str, str]) -> str:
    """The code of the kind a label names; a new label gets a code of its own, kept in `names`."""
    name = bare(label)
    if name not in names:
        plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
        names[name] = re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")[:40] or "OTHER"
    return names[name]


def make(codes: Mapping[str, str]) -> dict[str, MeterKind]:
    """Find or make the kinds of these codes, each with the label to show for it."""
    there = MeterKind.objects.in_bulk(list(codes), field_name="code")
    fresh = [
        MeterKind(code=name, label_fr=label[:60], label_en=label[:60])
        for name, label in codes.items()
        if name not in there
    ]
    return there | {kind.code: kind for kind in MeterKind.objects.bulk_create(fresh)}
