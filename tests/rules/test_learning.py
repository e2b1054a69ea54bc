"""What campaigns teach the checks, in numbers done by hand."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from releveur.rules.findings import Code
from releveur.rules.learning import NAMES, WEIGHT, Lessons, learned
from releveur.rules.priors import PRIORS, Priors


def test_nothing_seen_teaches_nothing() -> None:
    assert learned(Lessons()) == PRIORS


def test_as_many_declarations_as_the_priors_count_for_meet_them_halfway() -> None:
    told = learned(Lessons(WEIGHT, {Code.SWAPPED: 60}))
    assert told.swapped == pytest.approx((0.03 + PRIORS.swapped) / 2)
    assert told.mistyped == pytest.approx(PRIORS.mistyped / 2)


def test_volumes_that_stray_further_widen_the_scale() -> None:
    told = learned(Lessons(strayed=(WEIGHT * 0.36, WEIGHT)))
    assert told.scale == pytest.approx(((0.36 + PRIORS.scale**2) / 2) ** 0.5)


def test_what_never_went_wrong_stays_possible() -> None:
    told = learned(Lessons(10_000_000))
    assert all(getattr(told, name) > 0 for name in NAMES.values())
    assert Priors.of(asdict(told)) == told
