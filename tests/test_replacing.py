"""E9 to E11 of the trade's books: a device exchanged, a counter that rolled over, a new board."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from releveur.campaigns import (
    asking,
    by_phone,
    closing,
    noting,
    replacing,
    retiring,
    signing,
    steps,
    undoing,
)
from releveur.campaigns.models import BasisLine, Campaign, DueReading, Invitation, Kind
from releveur.campaigns.noting import Said
from releveur.campaigns.replacing import Newcomer
from releveur.contracts.models import Coverage
from releveur.customers.models import Customer
from releveur.fleet import making, moving
from releveur.fleet.models import Device, DeviceModel, Installation, Respondent
from releveur.readings import recording
from releveur.readings.models import Finding, Reading
from releveur.rules.schedule import PARIS
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    a_proof,
    a_reading,
    answers,
    meter_of,
)

pytestmark = pytest.mark.django_db

FEBRUARY = date(2022, 2, 20)
MONDAY = datetime(2022, 2, 21, 10, tzinfo=PARIS)
APRIL = date(2022, 4, 5)


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", mono=39_684)


def retires(device: Device, *, on: date = FEBRUARY, **values: int) -> retiring.Retired:
    said = Said(confirmed=True)
    return retiring.retire(device, on=on, values=values, said=said, now=MONDAY)


def replaces(
    device: Device, *, on: date = FEBRUARY, old: int = 40_500, new: int = 125, serial: str = "NEW",
    model: str = "Xerox VersaLink C7025", now: datetime = MONDAY,
) -> replacing.Replaced:  # fmt: skip
    return replacing.replace(
        device, Newcomer(serial, {"Noir": new}, model), on=on, values={"Noir": old},
        said=Said(confirmed=True), now=now,
    )  # fmt: skip


def signed(campaign: Campaign, **options: bool) -> list[dict[str, Any]]:
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    signing.sign(campaign.pk, by="Mme Roy", now=OPENED + timedelta(days=30), **options)
    return [line.printed for line in BasisLine.objects.filter(campaign=campaign)]


def test_both_devices_of_a_quarter_are_billed_to_the_page_e9(device: Device) -> None:
    done = replaces(device)
    spring = a_campaign()
    [waiting] = spring.due_readings.unanswered()
    assert waiting.meter.device == done.stay.device, "the old one gave its last reading"
    answers(Invitation.objects.get(), done.stay.device, mono=980, now=OPENED)

    lines = {line["serial"]: line for line in signed(spring)}

    nets = {serial: line["net"] for serial, line in lines.items()}
    assert nets == {"3923656030": 816, "NEW": 855}
    assert sum(nets.values()) == 1_671
    assert lines["3923656030"]["due_on"] == "2022-02-20"
    assert {line["contract"] for line in lines.values()} == {lines["NEW"]["contract"]}
    assert {line["location"] for line in lines.values()} == {"Accueil"}


def test_the_new_device_stands_where_the_old_one_stood_under_its_contract(device: Device) -> None:
    contact = a_contact(device, email="marc@gramont-services.example")
    done = replaces(device)

    old, new = Installation.objects.get(device=device), done.stay
    assert (old.until, new.since, new.until) == (FEBRUARY, FEBRUARY, None)
    assert (new.site, new.location, new.replaces) == (old.site, old.location, old)
    ended, begun = Coverage.objects.get(device=device), Coverage.objects.get(device=new.device)
    assert (ended.until, begun.since, begun.contract) == (FEBRUARY, FEBRUARY, ended.contract)
    assert (new.device.mode, new.device.fleet_number) == (device.mode, "")
    assert (str(new.device.model), new.device.meters.get().kind.code) == (
        "Xerox VersaLink C7025",
        "MONO",
    )
    assert Respondent.objects.get(device=new.device).contact == contact


def test_a_model_known_already_is_not_made_again(device: Device) -> None:
    replaces(device, model="xerox  7855v_f")
    assert DeviceModel.objects.count() == 1


def test_a_device_back_from_the_workshop_keeps_its_own_meters_and_goes_on(device: Device) -> None:
    other = a_device(a_customer(code="CL002000"), serial="BACK", mono=100, color=50)
    retires(other, on=date(2022, 1, 20))

    done = replaces(device, serial="back", new=125, model="")

    assert (done.made, done.stay.device) == (False, other)
    assert {meter.kind.code for meter in other.meters.all()} == {"MONO", "COLOR"}


def test_a_new_device_may_have_a_meter_the_old_one_had_not(device: Device) -> None:
    newcomer = Newcomer("NEW", {"Noir": 5, "Couleur": 7}, "Xerox C7025")
    replacing.replace(device, newcomer, on=FEBRUARY, values={}, said=Said(), now=MONDAY)
    new = Device.objects.get(serial="NEW")
    assert {meter.kind.code for meter in new.meters.all()} == {"MONO", "COLOR"}


def test_its_first_reading_never_stands_for_the_period(device: Device) -> None:
    march = datetime(2022, 3, 28, 10, tzinfo=PARIS)
    done = replaces(device, on=march.date(), now=march)
    spring = a_campaign()
    row = spring.due_readings.get(meter__device=done.stay.device)
    assert row.reading is None


def test_a_replacement_is_whole_or_not_at_all(device: Device) -> None:
    with pytest.raises(making.ModelNeeded):
        replaces(device, model="")
    with pytest.raises(making.UnknownKind):
        replacing.replace(
            device, Newcomer("NEW", {"Vert": 1}, "X Y"), on=FEBRUARY, values={"Noir": 40_500},
            said=Said(confirmed=True), now=MONDAY,
        )  # fmt: skip
    with pytest.raises(noting.Questioned):
        replaces(device, old=39_600)
    a_device(a_customer(code="CL002000"), serial="TAKEN")
    with pytest.raises(moving.StandsElsewhere):
        replaces(device, serial="TAKEN")

    assert Installation.objects.get(device=device).until is None
    assert not Device.objects.filter(serial="NEW").exists()
    assert not Reading.objects.filter(occasion="REMOVAL").exists()


def test_a_device_retired_is_billed_once_more_at_its_end(device: Device) -> None:
    retires(device, Noir=40_500)

    [line] = signed(a_campaign())

    assert (line["net"], line["due_on"], line["new_on"]) == (816, "2022-02-20", "2022-02-20")
    july = datetime(2022, 7, 5, 10, tzinfo=PARIS)
    assert not a_campaign(due_until=july.date(), now=july).due_readings.exists()


def test_retired_without_values_it_is_asked_or_estimated_at_its_end(device: Device) -> None:
    retires(device)
    row = a_campaign().due_readings.get()
    assert (row.due_on, row.final, row.reading) == (FEBRUARY, True, None)
    assert Invitation.objects.get().asked.get().due_reading == row


def test_what_was_due_after_it_leaves_is_due_the_day_it_leaves(device: Device) -> None:
    early = datetime(2022, 3, 10, 10, tzinfo=PARIS)
    spring = a_campaign(now=early)
    day = date(2022, 3, 11)
    retiring.retire(device, on=day, values={}, said=Said(), now=early + timedelta(days=2))

    row = spring.due_readings.get()
    assert (row.due_on, row.final) == (day, True)
    assert DueReading.objects.asked_of(Invitation.objects.get()).exists(), "still on her page"
    july = datetime(2022, 7, 5, 10, tzinfo=PARIS)
    assert not a_campaign(due_until=july.date(), now=july).due_readings.exists()


def test_its_last_values_answer_the_request_that_asked_for_them(device: Device) -> None:
    request = asking.ask(
        device, why=Campaign.Why.REMOVAL, before=date(2022, 2, 25), now=MONDAY - timedelta(days=3)
    ).campaign
    retires(device, Noir=40_500)

    row = request.due_readings.get()
    assert (row.kind, row.reading and row.reading.value) == (Kind.ONE_OFF, 40_500)
    assert Invitation.objects.get().notices.get().withheld_at == MONDAY
    steps.take_due_steps(now=MONDAY + timedelta(days=5))


def test_last_values_are_checked_as_any_others(device: Device) -> None:
    def says(**said: Any) -> retiring.Retired:
        return retiring.retire(
            device, on=FEBRUARY, values={"Noir": 39_600}, said=Said(**said), now=MONDAY
        )

    with pytest.raises(noting.Questioned) as refusal:
        says(confirmed=True)
    assert [one.code for one in refusal.value.question.findings] == ["LOWER_THAN_LAST"]
    [reading] = says(proof=a_proof()).readings.values()
    assert (reading.occasion, reading.source) == ("REMOVAL", "OFFICE")


def test_a_day_that_cannot_be_is_refused(device: Device) -> None:
    with pytest.raises(noting.Questioned) as refusal:
        retires(device, on=date(2022, 2, 22), Noir=40_500)
    assert refusal.value.question.date_fault == "IN_THE_FUTURE"
    with pytest.raises(moving.CameLater):
        retires(device, on=date(2019, 1, 1))
    retires(device)
    with pytest.raises(moving.LeftAlready):
        retires(device)


def test_a_device_that_was_read_later_had_not_left(device: Device) -> None:
    a_reading(meter_of(device), date(2022, 2, 21), 40_500, source=Reading.Source.TECHNICIAN)
    for values in (dict[str, int](), {"Noir": 40_400}):
        with pytest.raises(retiring.ReadLater) as refusal:
            retiring.retire(device, on=FEBRUARY, values=values, said=Said(), now=MONDAY)
        assert refusal.value.day == "21/02/2022"
    with pytest.raises(retiring.ReadLater):
        replaces(device, old=40_400)
    assert Installation.objects.get().until is None
    assert retires(device, on=date(2022, 2, 21)).stay.until == date(2022, 2, 21)


def test_what_we_only_estimated_later_does_not_keep_it(device: Device) -> None:
    spring = a_campaign()
    closing.estimate_all(spring.due_readings.all(), now=OPENED)
    assert spring.due_readings.get().estimate
    done = retiring.retire(device, on=FEBRUARY, values={"Noir": 40_500}, said=Said(), now=OPENED)
    assert [one.value for one in done.readings.values()] == [40_500]


def declares(device: Device, value: int, reason: Finding.Answer, **more: Any) -> int:
    """The net of a quarter whose value the office declares with a reason and a photo."""
    spring = a_campaign()
    outcome = by_phone.declare(
        device.serial, {"Noir": value}, taken_on=APRIL, now=OPENED, proof=a_proof(),
        confirmed=True, reason=reason, **more,
    )  # fmt: skip
    assert outcome.receipt is not None
    [line] = signed(spring)
    assert line["net"] == line["of_this_period"], "nothing is regularised"
    net: int = line["net"]
    return net


def test_a_counter_that_rolled_over_goes_on_e10() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=999_600)
    assert declares(device, 350, Finding.Answer.ROLLED_OVER, digits=6) == 750
    meter = meter_of(device)
    assert meter.digits == 6, "asked once"
    bounds = Reading.objects.filter(meter=meter, occasion="NEW_METER").order_by("pk")
    assert [(one.segment, one.value, one.taken_on) for one in bounds] == [
        (1, 1_000_000, APRIL),
        (2, 0, APRIL),
    ]


def test_after_a_rollover_the_next_quarter_counts_on() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=999_600)
    declares(device, 350, Finding.Answer.ROLLED_OVER, digits=6)
    july = datetime(2022, 7, 5, 10, tzinfo=PARIS)
    summer = a_campaign(due_until=july.date(), now=july)
    invitation = Invitation.objects.get(campaign=summer)
    answers(invitation, device, mono=1_250, now=july)
    assert [line["net"] for line in signed(summer)] == [900]


def test_a_rollover_declared_again_leaves_no_bound_behind() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=999_600)
    spring = a_campaign()
    for value in (350, 360):
        by_phone.declare(
            device.serial, {"Noir": value}, taken_on=APRIL, now=OPENED + timedelta(minutes=value),
            proof=a_proof(), confirmed=True, reason=Finding.Answer.ROLLED_OVER, digits=6,
        )  # fmt: skip
    assert Reading.objects.standing().filter(occasion="NEW_METER").count() == 2
    assert [line["net"] for line in signed(spring)] == [760]


def test_a_rollover_needs_the_digits_of_the_display(device: Device) -> None:
    a_campaign()

    def declare(**more: Any) -> None:
        by_phone.declare(
            device.serial, {"Noir": 350}, taken_on=APRIL, now=OPENED, proof=a_proof(),
            reason=Finding.Answer.ROLLED_OVER, **more,
        )  # fmt: skip

    with pytest.raises(recording.DigitsUnknown):
        declare()
    with pytest.raises(recording.TooFewDigits):
        declare(digits=4)
    assert meter_of(device).digits is None, "a refusal keeps nothing"


def test_a_new_board_bills_what_it_shows_and_wants_its_photo_e11(device: Device) -> None:
    a_campaign()
    replaced = Finding.Answer.METER_REPLACED
    asked = by_phone.declare(
        device.serial, {"Noir": 210}, taken_on=APRIL, now=OPENED, reason=replaced
    )
    assert asked.receipt is None, "the photo is missing"
    assert declares(device, 210, replaced) == 210
    assert Reading.objects.get(meter=meter_of(device), taken_on=APRIL).segment == 2


def test_a_technicians_reading_on_the_day_is_not_overtaken(device: Device) -> None:
    a_reading(meter_of(device), FEBRUARY, 40_490, source=Reading.Source.TECHNICIAN)
    retires(device, Noir=40_500)
    [line] = signed(a_campaign())
    assert line["net"] == 816


def test_an_answer_taken_back_leaves_neither_the_request_nor_the_period_filled(
    device: Device,
) -> None:
    asking.ask(device, why=Campaign.Why.REMOVAL, before=date(2022, 4, 20), now=OPENED)
    invitation = Invitation.objects.get()
    outcome = answers(invitation, device, mono=41_000, now=OPENED)
    spring = a_campaign()
    assert not spring.due_readings.unanswered().exists()
    assert outcome.receipt is not None

    undoing.undo(outcome.receipt, by=invitation.contact, now=OPENED + timedelta(hours=1))

    assert DueReading.objects.filter(reading=None).count() == 2


def test_a_device_replaced_in_an_open_campaign_is_asked_for_beside_the_old_one(
    device: Device,
) -> None:
    early = datetime(2022, 3, 20, 10, tzinfo=PARIS)
    spring = a_campaign(now=early)
    done = replaces(device, on=date(2022, 3, 21), now=early + timedelta(days=1))
    a_campaign(now=early + timedelta(days=1))

    rows = {row.meter.device.serial: row for row in spring.due_readings.all()}
    assert (rows["3923656030"].due_on, rows["NEW"].due_on) == (date(2022, 3, 21), APRIL)
    assert rows["3923656030"].answer is not None
    answers(Invitation.objects.get(), done.stay.device, mono=980, now=OPENED)
    assert sum(line["net"] for line in signed(spring)) == 1_671


def test_what_was_invoiced_with_its_period_is_neither_replaced_nor_taken_back(
    device: Device,
) -> None:
    asking.ask(device, why=Campaign.Why.REMOVAL, before=date(2022, 5, 3), now=OPENED)
    invitation = Invitation.objects.get()
    outcome = answers(invitation, device, mono=41_000, now=OPENED)
    assert outcome.receipt is not None
    assert [line["net"] for line in signed(a_campaign())] == [1_316]

    with pytest.raises(undoing.NothingLeft):
        undoing.undo(outcome.receipt, by=invitation.contact, now=OPENED + timedelta(hours=1))
    again = OPENED + timedelta(days=3)
    answers(invitation, device, mono=41_100, now=again)

    values = Reading.objects.standing().filter(meter=meter_of(device)).order_by("taken_on")
    assert list(values.values_list("value", flat=True)) == [39_684, 41_000, 41_100]
