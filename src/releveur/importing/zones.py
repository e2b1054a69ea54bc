"""The time zone of a site, from its French postal code."""

from __future__ import annotations

from collections.abc import Mapping

PARIS = "Europe/Paris"
OVERSEAS: Mapping[str, str] = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "984": "Indian/Kerguelen",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}


def of(postal_code: str) -> str:
    """The zone in which a site's days begin and end.

    >>> of("97400"), of("98800"), of("75002"), of("98000")
    ('Indian/Reunion', 'Pacific/Noumea', 'Europe/Paris', 'Europe/Paris')
    """
    return OVERSEAS.get(postal_code.replace(" ", "")[:3], PARIS)
