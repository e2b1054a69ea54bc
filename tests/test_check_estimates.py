"""Every stored estimate comes out again, those of the first version as well; what was changed is named."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from releveur.customers.models import Customer
from releveur.fleet.models import Meter
from releveur.readings import estimating, recomputing
from releveur.readings.estimating import ModelRates
from releveur.readings.models import Quality, Reading
from tests.factories import a_device, a_reading, meter_of
from tests.rules.test_estimation import OF_VERSION_1
from tests.test_commands import refused, releveur

pytestmark = pytest.mark.django_db

NOW = datetime(2022, 4, 28, 10, tzinfo=UTC)
ON = date(2022, 4, 5)


@pytest.fixture
def meter(customer: Customer) -> Meter:
    meter = meter_of(a_device(customer, mono=39_684))
    a_reading(meter, date(2021, 1, 5), 33_600)
    estimating.write([estimating.unread(meter, on=ON)], rates=ModelRates(), now=NOW)
    return meter


def an_estimate(meter: Meter, *, value: int, version: int = 1, volume: int = 772) -> Reading:
    stored = {"method": "YEAR", "version": version, "volume": volume, "inputs": OF_VERSION_1}
    return Reading.objects.create(
        meter=meter, taken_on=date(2022, 9, 1), value=value, recorded_at=NOW,
        quality=Quality.ESTIMATED, source=Reading.Source.SYSTEM, explanation=stored,
    )  # fmt: skip


def test_what_was_estimated_comes_out_again_whatever_its_version(meter: Meter) -> None:
    an_estimate(meter, value=19_862)
    assert releveur("check_estimates") == {"estimates": 2, "differing": []}


def test_an_estimate_that_was_changed_is_named(meter: Meter) -> None:
    changed = an_estimate(meter, value=19_863)
    answer, refusal = refused("check_estimates")
    assert answer["estimates"] == 2
    assert answer["differing"] == [
        {
            "reading": changed.pk, "meter": meter.pk, "taken_on": "2022-09-01", "version": 1,
            "value": 19_863, "again": 19_862,
        }
    ]  # fmt: skip
    assert refusal.returncode == 1
    assert "19\u202f863" in str(refusal) or "19,863" in str(refusal)


def test_the_impressions_counted_are_compared_as_well(meter: Meter) -> None:
    an_estimate(meter, value=19_862, volume=773)
    assert len(list(recomputing.differing(lambda _done: None))) == 1


def test_a_version_that_nobody_knows_does_not_come_out(meter: Meter) -> None:
    an_estimate(meter, value=19_862, version=99)
    [found] = recomputing.differing(lambda _done: None)
    assert (found.version, found.again) == (99, None)


def test_long_work_says_how_far_it_is(meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "CHUNK", 1)
    an_estimate(meter, value=19_862)
    said: list[int] = []
    assert not list(recomputing.differing(said.append))
    assert said == [1, 2]
