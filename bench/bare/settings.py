"""The same server and database, and nothing between a request and its view."""

from __future__ import annotations

from releveur.settings import *  # noqa: F403  # the settings as they are

MIDDLEWARE = []
ROOT_URLCONF = "bench.bare.urls"
