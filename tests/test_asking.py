from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from releveur.campaigns import asking, basis, closing, links, mailing, signing, steps
from releveur.campaigns.models import Campaign, DueReading, Invitation, Kind, Notice
from releveur.campaigns.status import status
from releveur.contracts.models import Coverage
from releveur.customers.models import Contact, Customer
from releveur.fleet.models import Device, Installation, Meter
from releveur.outbox.models import Mail
from releveur.readings.models import Reading
from releveur.rules.schedule import PARIS
from tests.factories import (
    OPENED,
    a_campaign,
    a_device,
    answers,
    meter_of,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db

WHY = Campaign.Why
MARCH = datetime(2022, 3, 28, 10, tzinfo=PARIS)
FETCHED_ON = date(2022, 4, 8)
AT_SIX = datetime(2022, 4, 8, 18, tzinfo=PARIS)


@pytest.fixture
def device(customer: Customer) -> Device:
    a_device(customer, serial="OTHER")
    return a_device(customer, serial="3923656030")


def asked(device: Device, why: Campaign.Why = WHY.REMOVAL) -> Campaign:
    return asking.ask(device, why=why, before=FETCHED_ON, now=MARCH).campaign


def the_mail() -> Mail:
    mailing.write_due(now=MARCH)
    return Mail.objects.get()


def test_one_device_is_asked_at_once_with_all_its_meters_until_its_last_evening(
    device: Device,
) -> None:
    campaign = asked(device)

    invitation = Invitation.objects.get()
    rows = DueReading.objects.asked_of(invitation)
    assert {row.meter.device for row in rows} == {device}
    assert {(row.kind, row.due_on, row.final) for row in rows} == {("ONE_OFF", FETCHED_ON, True)}
    assert rows.count() == 2
    assert invitation.asks_until == campaign.closes_at == AT_SIX
    assert Notice.objects.get().what == "INVITED"


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (WHY.REMOVAL, "va être retiré"),
        (WHY.MOVE, "va être déplacé"),
        (WHY.END, "arrive à son terme"),
    ],
)
def test_the_mail_says_why_and_what_silence_means(
    device: Device, why: Campaign.Why, words: str
) -> None:
    asked(device, why)
    mail = the_mail()

    for body in (mail.text, mail.html):
        assert words in body
        assert "vendredi 8 avril 2022" in body.replace("\u00a0", " ")
        assert "Sans réponse de votre part, le relevé de ce jour-là sera estimé." in body
        assert "Le prochain relevé réel" not in body


def test_the_usual_mail_is_as_it_was(device: Device) -> None:
    a_campaign()
    mailing.write_due(now=OPENED)
    assert "Pour facturer ce qui a réellement été imprimé" in Mail.objects.get().text


def test_a_meter_the_customer_does_not_see_is_not_asked(device: Device) -> None:
    Meter.objects.filter(pk=meter_of(device, "color").pk).update(asked=False)
    assert asked(device).due_readings.count() == 1


def test_reminders_leave_before_the_day_and_never_on_its_heels(device: Device) -> None:
    campaign = asked(device)
    left: dict[str, datetime] = {}
    now = MARCH
    while now < AT_SIX + timedelta(days=10):
        the_mails_leave(now=now)
        steps.take_due_steps(now=now)
        left.update(Notice.objects.values_list("what", "owed_at"))
        now += timedelta(hours=4)

    assert list(left) == ["INVITED", "REMINDED_1", "REMINDED_2", "REMINDED_3"]
    assert max(left.values()) < AT_SIX
    campaign.refresh_from_db()
    assert (campaign.state, campaign.closes_at) == ("CLOSED", AT_SIX)


def test_asked_the_day_before_nobody_is_reminded_and_it_closes_all_the_same(device: Device) -> None:
    yesterday = datetime(2022, 4, 7, 16, tzinfo=PARIS)
    campaign = asking.ask(device, why=WHY.END, before=FETCHED_ON, now=yesterday).campaign
    the_mails_leave(now=yesterday)
    for hours in range(60):
        steps.take_due_steps(now=yesterday + timedelta(hours=hours))

    assert [notice.what for notice in Notice.objects.all()] == ["INVITED"]
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.CLOSED


def test_at_its_end_nothing_is_estimated_nor_billed_and_the_office_is_told(device: Device) -> None:
    campaign = asked(device)
    the_mails_leave(now=MARCH)
    steps.take_due_steps(now=AT_SIX + timedelta(minutes=10))
    campaign.refresh_from_db()

    assert campaign.state == Campaign.State.CLOSED
    assert not Reading.objects.filter(source=Reading.Source.SYSTEM).exists()
    assert not Notice.objects.filter(what=Notice.What.CLOSED).exists()
    assert basis.compute(campaign) == []
    with pytest.raises(signing.OnlyAsked):
        signing.sign(campaign.pk, by="Mme Roy", now=AT_SIX)
    found: dict[str, Any] = status(campaign, now=AT_SIX)
    assert (found["kind"], found["devices"]["silent"]) == ("ONE_OFF", 1)
    assert [task["what"] for task in found["tasks"]] == ["CALL"]


def test_the_answer_is_a_last_reading_with_a_receipt(device: Device) -> None:
    campaign = asked(device)
    outcome = answers(Invitation.objects.get(), device, mono=41_000, color=92_000, now=MARCH)

    assert outcome.receipt is not None and outcome.receipt.mail is not None
    occasions = {reading.occasion for reading in Reading.objects.filter(taken_on=MARCH.date())}
    assert occasions == {Reading.Occasion.REMOVAL}
    assert Notice.objects.get().withheld_at == MARCH
    closing.close_early(campaign.pk, now=MARCH)


def test_a_device_that_only_moves_gets_a_plain_reading(device: Device) -> None:
    asked(device, WHY.MOVE)
    answers(Invitation.objects.get(), device, mono=41_000, color=92_000, now=MARCH)
    assert not Reading.objects.filter(occasion=Reading.Occasion.REMOVAL).exists()


def test_the_answer_fills_the_period_too_and_a_correction_follows(device: Device) -> None:
    asked(device)
    request = Invitation.objects.get()
    answers(request, device, mono=41_000, color=92_000, now=MARCH)
    spring = a_campaign(only=["3923656030"])
    assert not spring.due_readings.unanswered().exists(), "nobody is asked again"

    answers(request, device, mono=41_100, now=MARCH + timedelta(hours=1))

    row = spring.due_readings.get(meter=meter_of(device))
    assert row.reading is not None and row.reading.value == 41_100


def test_an_answer_during_the_quarter_fills_its_row_and_stops_its_reminders(device: Device) -> None:
    spring = a_campaign(only=["3923656030"])
    request = asking.ask(device, why=WHY.REMOVAL, before=date(2022, 4, 20), now=OPENED).campaign
    answers(Invitation.objects.get(campaign=request), device, mono=41_000, color=92_000, now=OPENED)
    steps.take_due_steps(now=OPENED + timedelta(minutes=1))

    assert not spring.due_readings.unanswered().exists()
    assert Notice.objects.get(invitation__campaign=spring).withheld_at


def test_a_request_does_not_hold_up_the_signature_of_the_quarter(device: Device) -> None:
    asking.ask(device, why=WHY.END, before=date(2022, 4, 1), now=MARCH)
    spring = a_campaign(only=["3923656030"])
    answers(Invitation.objects.get(campaign=spring), device, mono=41_200, color=92_910, now=OPENED)
    Campaign.objects.filter(pk=spring.pk).update(state="CLOSED")

    assert signing.sign(spring.pk, by="Mme Roy", now=OPENED).lines == 2


def test_the_link_of_a_closed_request_dies_with_the_next_mail(device: Device) -> None:
    campaign = asked(device)
    invitation = Invitation.objects.get()
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    links.alive(invitation.pk, version=1)

    a_campaign()

    with pytest.raises(links.NewerMailSent):
        links.alive(invitation.pk, version=1)


def test_what_cannot_be_asked_is_refused(device: Device) -> None:
    def ask(before: date = FETCHED_ON) -> None:
        asking.ask(device, why=WHY.REMOVAL, before=before, now=MARCH)

    with pytest.raises(asking.TooLate):
        ask(date(2022, 3, 27))
    with pytest.raises(asking.TooFarAhead):
        ask(date(2022, 4, 29))
    Installation.objects.filter(device=device).update(until=date(2022, 4, 7))
    with pytest.raises(asking.StandsNowhere):
        ask()
    Installation.objects.filter(device=device).update(until=FETCHED_ON)
    Coverage.objects.filter(device=device).update(until=date(2022, 4, 7))
    with pytest.raises(asking.NotCovered):
        ask()
    Coverage.objects.filter(device=device).update(until=FETCHED_ON)
    Meter.objects.filter(device=device).update(asked=False)
    with pytest.raises(asking.NothingShown):
        ask()
    Meter.objects.filter(device=device).update(asked=True)
    Contact.objects.update(email="", address_key="")
    with pytest.raises(asking.NobodyToAsk):
        ask()
    assert not Campaign.objects.exists(), "a refusal leaves nothing behind"


def test_nobody_is_asked_twice(device: Device) -> None:
    campaign = asked(device)
    with pytest.raises(asking.AskedAlready):
        asking.ask(device, why=WHY.END, before=date(2022, 4, 12), now=MARCH)
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    with pytest.raises(asking.AskedAlready):
        asked(device)
    asking.ask(device, why=WHY.END, before=date(2022, 4, 12), now=MARCH)
    assert Campaign.objects.filter(kind=Kind.ONE_OFF).count() == 2
