from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

from releveur.outbox import keys

ONE = UUID("3f2c8a1e-5b7d-4c1a-9e0f-123456789abc")


def test_a_key_is_22_characters_fit_for_an_address() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", keys.make(uuid4(), 1)) for _ in range(100))


def test_the_same_link_has_the_same_key_until_its_version_moves_on() -> None:
    assert keys.make(ONE, 1) == keys.make(ONE, 1)
    assert keys.make(ONE, 1) != keys.make(ONE, 2)


def test_without_the_secret_nobody_makes_the_key(settings: Any) -> None:
    before = keys.make(ONE, 1)
    settings.LINK_SECRET = "another"
    assert keys.make(ONE, 1) != before


def test_the_hash_does_not_show_the_key() -> None:
    key = keys.make(ONE, 1)
    assert re.fullmatch(r"[0-9a-f]{64}", keys.hashed(key)) and key not in keys.hashed(key)


def test_a_link_handed_out_under_a_former_secret_goes_out_again(settings: Any) -> None:
    handed_out, code = keys.make(ONE, 1), keys.code(ONE, 1)
    known_by = keys.hashed(handed_out)
    former, settings.LINK_SECRET = settings.LINK_SECRET, "another"
    assert keys.make(ONE, 1, hashed_as=known_by) != handed_out, "not accepted any more"
    settings.OLD_LINK_SECRETS = ["older still", former]
    assert keys.make(ONE, 1, hashed_as=known_by) == handed_out
    assert keys.code(ONE, 1, hashed_as=known_by) == code
    assert keys.make(ONE, 2) not in {handed_out, keys.make(ONE, 1, hashed_as=known_by)}
