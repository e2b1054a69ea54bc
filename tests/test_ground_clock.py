from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import Settings

from releveur import clock

NOON = datetime(2022, 4, 5, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_a_test_clock_stands_still_until_it_is_moved() -> None:
    clock.set(NOON)
    assert clock.now() == clock.now() == NOON

    clock.set(NOON + timedelta(days=7))
    assert clock.now() == NOON + timedelta(days=7)


def test_the_first_setting_may_be_any_day_and_later_ones_never_go_back() -> None:
    clock.set(NOON)
    clock.set(NOON)
    with pytest.raises(clock.ClockRunsForward) as refused:
        clock.set(NOON - timedelta(seconds=1))
    assert refused.value.at == clock.now() == NOON


def test_real_time_cannot_be_set(settings: Settings) -> None:
    settings.TEST_CLOCK = False
    with pytest.raises(clock.NoTestClock):
        clock.set(NOON)


def test_the_business_day_is_the_one_in_paris() -> None:
    clock.set(datetime(2022, 4, 5, 22, 30, tzinfo=UTC))
    assert clock.today() == date(2022, 4, 6)
