"""Estimates written by the hundred thousand are those that each meter's own past gives, one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from releveur.among import Among
from releveur.customers.models import Customer
from releveur.fleet.models import Meter
from releveur.readings import estimating, submission
from releveur.readings.columns import OtherTypes, columns
from releveur.readings.estimating import ModelRates, Unread
from releveur.readings.models import Quality, Reading, Withdrawal
from tests.factories import a_device, a_reading, meter_of

pytestmark = pytest.mark.django_db

NOW = datetime(2022, 4, 28, 10, tzinfo=UTC)
ON = date(2022, 4, 5)
Occasion, Source = Reading.Occasion, Reading.Source


def the_pasts(customer: Customer) -> list[Meter]:
    """Meters of which everything stands that makes a past: and what does not count."""
    meters = [meter_of(a_device(customer, mono=39_684)) for _number in range(5)]
    evenly, swapped, mistaken, estimated, billed_only = meters
    for day, value in ((date(2020, 10, 5), 30_000), (date(2021, 7, 5), 36_001)):
        a_reading(evenly, day, value)
    a_reading(swapped, date(2021, 10, 5), 38_001)
    a_reading(swapped, date(2022, 2, 20), 40_500, occasion=Occasion.NEW_METER)
    a_reading(swapped, date(2022, 2, 20), 125, occasion=Occasion.NEW_METER, segment=2)
    a_reading(mistaken, date(2021, 10, 5), 38_784)
    wrong = a_reading(mistaken, date(2022, 2, 1), 400_000, source=Source.CUSTOMER)
    Reading.objects.create(
        meter=mistaken, taken_on=wrong.taken_on, value=40_000, recorded_at=NOW,
        source=Source.CUSTOMER, supersedes=wrong,
    )  # fmt: skip
    taken_back = a_reading(mistaken, date(2022, 3, 1), 99_999, source=Source.CUSTOMER)
    Withdrawal.objects.create(reading=taken_back, withdrawn_at=NOW)
    Reading.objects.create(
        meter=estimated, segment=2, taken_on=date(2022, 3, 1), value=7, recorded_at=NOW,
        quality=Quality.ESTIMATED, source=Source.SYSTEM, explanation={},
    )  # fmt: skip
    Withdrawal.objects.create(reading=billed_only.readings.get(), withdrawn_at=NOW)
    return meters


def test_what_is_written_in_bulk_is_what_each_past_gives(customer: Customer) -> None:
    meters = the_pasts(customer)
    those = [estimating.unread(meter, on=ON, reason={"fr": "Or", "en": "So"}) for meter in meters]
    facts = submission.facts(meters)
    known = [facts[meter.pk] for meter in meters]
    foreseen = estimating.foresee(those, rates=ModelRates(), known=known, now=NOW)

    numbers = estimating.write(those, rates=ModelRates(), now=NOW)

    written = Reading.objects.in_bulk(numbers)
    for number, one in zip(numbers, foreseen, strict=True):
        stored = written[number]
        assert (stored.meter_id, stored.segment) == (one.meter_id, one.segment)
        assert (stored.taken_on, stored.recorded_at) == (one.taken_on, one.recorded_at)
        assert (stored.value, stored.quality, stored.source) == (one.value, "ESTIMATED", "SYSTEM")
        assert stored.explanation == one.explanation
    assert len({one.value for one in foreseen}) > 3, "the pasts differ"


def test_why_nobody_read_it_is_kept_to_the_letter(customer: Customer) -> None:
    meter = the_pasts(customer)[0]
    said = 'C:\\temp\t« "Bof" »\n\\.\u202f\U0001f5a8'
    [number] = estimating.write(
        [estimating.unread(meter, on=ON, reason={"fr": said, "en": said})],
        rates=ModelRates(), now=NOW,
    )  # fmt: skip
    explanation = Reading.objects.get(pk=number).explanation
    assert explanation is not None
    assert explanation["words"]["fr"].startswith(said)


def test_a_meter_may_be_estimated_for_two_days_at_once(customer: Customer) -> None:
    meter = the_pasts(customer)[0]
    days = [date(2022, 4, 5), date(2022, 3, 5)]
    first, second = estimating.write(
        [estimating.unread(meter, on=day) for day in days], rates=ModelRates(), now=NOW
    )
    assert [Reading.objects.get(pk=pk).taken_on for pk in (first, second)] == days


def test_readings_come_in_the_order_of_what_was_asked(customer: Customer) -> None:
    meters = the_pasts(customer)[::-1]
    those = [estimating.unread(meter, on=ON) for meter in meters]
    numbers = estimating.write(those, rates=ModelRates(), now=NOW)
    found = Reading.objects.in_bulk(numbers)
    assert [found[number].meter_id for number in numbers] == [meter.pk for meter in meters]


def test_nothing_to_estimate_writes_nothing() -> None:
    nobody: list[Unread] = []
    assert estimating.write(nobody, rates=ModelRates(), now=NOW) == []
    assert not Reading.objects.exists()


def test_columns_of_another_type_are_refused(customer: Customer) -> None:
    a_device(customer, mono=39_684)
    with pytest.raises(OtherTypes, match="value"):
        columns(Reading.objects.all(), value="i4")
    with pytest.raises(OtherTypes, match="by_contact_id"):
        columns(Reading.objects.all(), by_contact_id="i8")


def test_a_key_is_among_many_or_among_none(customer: Customer) -> None:
    meters = the_pasts(customer)
    wanted = [meters[0].pk, meters[2].pk]
    assert set(Meter.objects.filter(Among("pk", wanted)).values_list("pk", flat=True)) == {*wanted}
    assert not Meter.objects.filter(Among("pk", [])).exists()
    others = Meter.objects.exclude(Among("pk", wanted)).values_list("pk", flat=True)
    assert set(others) == {meter.pk for meter in meters} - {*wanted}
