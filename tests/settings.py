"""The product's settings on a server of the tests' own; nothing of the developer's environment gets in."""

from __future__ import annotations

import os

from releveur import knobs

_GIVEN = {
    "RELEVEUR_DATA_DIR": ".data/tests",
    "RELEVEUR_POOL": "0",
    # Nobody listens there: a test that wants its mails delivered brings a server of its own.
    "RELEVEUR_SMTP_URL": "smtp://127.0.0.1:9",
    "RELEVEUR_TEST_CLOCK": "1",
}
_FROM_THE_COMMAND_LINE = {"RELEVEUR_POSTGRES_BIN", "RELEVEUR_DATA_DIR"}
for _knob in knobs.KNOBS:
    if _knob.name not in _FROM_THE_COMMAND_LINE:
        os.environ.pop(_knob.name, None)
for _name, _value in _GIVEN.items():
    os.environ.setdefault(_name, _value)

from releveur.settings import *  # noqa: E402, F403  # the settings as they are, read in the environment above

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
# As in production, minus the time it takes to make a password hard to guess.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
