"""The product's settings as in production, on a server of the bench's own; no developer's environment gets in."""

from __future__ import annotations

import os

from releveur import knobs

_GIVEN = {
    "RELEVEUR_DATA_DIR": ".data/bench",
    # What is measured in this very process talks over one connection; the servers it starts hold a pool.
    "RELEVEUR_POOL": "0",
    "RELEVEUR_LINK_SECRET": "bench",
    "RELEVEUR_SECRET_KEY": "bench",
    "RELEVEUR_LOG_LEVEL": "ERROR",
}
_FROM_OUTSIDE = {
    "DATABASE_URL",
    "RELEVEUR_DATA_DIR",
    "RELEVEUR_POOL",
    "RELEVEUR_POSTGRES_BIN",
    "RELEVEUR_SITE_URL",
}
for _knob in knobs.KNOBS:
    if _knob.name not in _FROM_OUTSIDE:
        os.environ.pop(_knob.name, None)
for _name, _value in _GIVEN.items():
    os.environ.setdefault(_name, _value)

from releveur.settings import *  # noqa: E402, F403  # the settings as they are, read in the environment above
