"""What is said of silence is what the close then writes: when, of which meters, and to whom."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from releveur.campaigns import asking, basis, letter, mailing, reminding, reporting, silence, steps
from releveur.campaigns.models import Campaign, Invitation, Notice, Problem
from releveur.campaigns.reporting import Told
from releveur.customers.models import Customer
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.readings.models import Reading
from tests.factories import (
    DUE_ON,
    OPENED,
    READ_ON,
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    a_reading,
    answers,
    meter_of,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
SAYS = "impressions (estimated counter "
SETTING = Dealer.PriceOfSilence
WHAT = Notice.What


@pytest.fixture
def customer() -> Customer:
    a_dealer()
    a_contact(customer := a_customer(), language="en")
    return customer


@pytest.fixture
def device(customer: Customer) -> Device:
    """Read five times, a year of it."""
    device = a_device(customer, serial="3923656030")
    for quarter in range(1, 5):
        day = READ_ON - quarter * timedelta(91)
        a_reading(meter_of(device), day, 39_684 - quarter * 1_500)
        a_reading(meter_of(device, "color"), day, 89_675 - quarter * 700)
    return device


def setting(which: Dealer.PriceOfSilence) -> None:
    Dealer.objects.update(price_of_silence=which)


def reminded(campaign: Campaign, weeks: int) -> None:
    """Time goes by, mails leave, nobody answers."""
    for week in range(weeks + 1):
        steps.take_due_steps(now=OPENED + week * WEEK)
        mailing.write_due(now=OPENED + week * WEEK)
        Mail.objects.filter(state="OWED").update(state="SENT", sent_at=OPENED + week * WEEK)


def mails() -> dict[str, Mail]:
    return {mail.kind: mail for mail in Mail.objects.order_by("pk")}


def foreseen(invitation: Invitation) -> dict[int, silence.Price]:
    rows = letter.asked_rows([invitation.pk])[invitation.pk]
    found = silence.prices(rows)
    return {row.meter_id: found[row.pk] for row in rows if row.pk in found}


@pytest.mark.parametrize(
    ("which", "saying"),
    [
        (SETTING.NEVER, set()),
        (SETTING.FROM_REMINDER_2, {"reminder_2", "reminder_3"}),
        (SETTING.ALWAYS, {"invitation", "reminder_1", "reminder_2", "reminder_3"}),
    ],
)
def test_mails_say_it_from_when_the_dealer_wants_it(
    device: Device, which: Dealer.PriceOfSilence, saying: set[str]
) -> None:
    setting(which)
    reminded(a_campaign(), 3)

    written = mails()
    assert set(written) == {"invitation", "reminder_1", "reminder_2", "reminder_3"}
    assert {kind for kind, mail in written.items() if SAYS in mail.text} == saying
    assert {kind for kind, mail in written.items() if SAYS in mail.html} == saying


@pytest.mark.parametrize(
    ("which", "saying"),
    [
        (SETTING.NEVER, set()),
        (SETTING.FROM_REMINDER_2, {WHAT.REMINDED_2, WHAT.REMINDED_3, WHAT.MOVED}),
        (SETTING.ALWAYS, {*WHAT} - {WHAT.CLOSED}),
    ],
)
def test_each_kind_of_mail_knows_whether_it_says_it(
    which: Dealer.PriceOfSilence, saying: set[WHAT]
) -> None:
    dealer = Dealer(price_of_silence=which)
    assert {what for what in WHAT if silence.is_written(dealer, what)} == saying


def test_a_link_sent_again_says_it_once_the_second_reminder_was_due(device: Device) -> None:
    invitation = a_campaign().invitations.get()
    assert SAYS not in mailing.resend(invitation, now=OPENED).text
    assert SAYS in mailing.resend(invitation, now=invitation.reminder_2_at).text
    setting(SETTING.NEVER)
    assert SAYS not in mailing.resend(invitation, now=invitation.reminder_2_at).text


def test_the_close_retains_what_was_said_and_invoices_these_impressions(device: Device) -> None:
    other = a_device(a_customer(), serial="3932410077", volumes={"mono": 500, "color": 80})
    campaign = a_campaign()
    reminded(campaign, 3)
    said = foreseen(campaign.invitations.get())
    text = mails()["reminder_3"].text

    campaign.refresh_from_db()
    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))

    lines = basis.compute(campaign)
    retained = {
        line.row.meter_id: silence.Price(
            line.reading.taken_on, line.reading.value, line.settled.net
        )
        for line in lines
    }
    assert said == retained and len(said) == 4
    assert {line.row.meter.device for line in lines} == {device, other}
    for price in retained.values():
        assert f"{price.impressions:,} impressions (estimated counter {price.value:,})" in text


def test_what_counts_is_what_was_not_invoiced_yet(device: Device) -> None:
    meter = meter_of(device)
    a_billed_estimate(meter, date(2022, 2, 5), 40_184)
    before = foreseen(a_campaign().invitations.get())[meter.pk]
    assert before.impressions == before.value - 40_184


def test_of_a_device_half_read_the_other_meter_is_estimated_for_that_day(device: Device) -> None:
    campaign = a_campaign()
    invitation = campaign.invitations.get()
    whole = foreseen(invitation)
    later = OPENED + WEEK
    answers(invitation, device, mono=41_200, now=later)

    [(meter, price)] = foreseen(invitation).items()
    assert meter == meter_of(device, "color").pk
    assert price.day == later.date() and whole[meter].day == DUE_ON
    assert price.impressions > whole[meter].impressions

    reminded(campaign, 3)
    campaign.refresh_from_db()
    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))
    estimated = Reading.objects.get(source="SYSTEM")
    assert (estimated.meter_id, estimated.taken_on) == (meter, price.day)
    assert estimated.explanation is not None
    # The answer for black tells the close of this time; one answer among so few tells little.
    assert estimated.value == pytest.approx(price.value, rel=0.001)
    assert estimated.explanation["low"] < price.value < estimated.explanation["high"]


def test_nothing_is_said_where_nothing_will_be_estimated(device: Device) -> None:
    forbidden = a_contract(a_customer(), number="B", estimation_allowed=False)
    blocked = a_device(a_customer(), contract=forbidden, volumes={"mono": 500}, mono=500)
    broken = a_device(a_customer(), volumes={"mono": 500}, mono=500)
    campaign = a_campaign()
    invitation = campaign.invitations.get()
    reporting.report(invitation, broken, Told(Problem.What.BROKEN), now=OPENED)

    assert set(foreseen(invitation)) == {meter.pk for meter in device.meters.all()}

    reminded(campaign, 2)
    text = mails()["reminder_2"].text
    assert text.count("estimated counter") == 2, f"not of {blocked} and {broken}"
    assert "whose contract does not allow it" in text


def test_a_mail_of_which_nothing_can_be_estimated_has_no_sentence_for_it(
    customer: Customer,
) -> None:
    a_device(customer, contract=a_contract(customer, estimation_allowed=False))
    reminded(a_campaign(), 2)
    mail = mails()["reminder_2"]
    assert "retain" not in mail.text and "retain" not in mail.html


def test_of_a_meter_nobody_knows_a_volume_of_nothing_is_said(customer: Customer) -> None:
    a_device(customer, mono=500)
    assert foreseen(a_campaign().invitations.get()) == {}


def test_a_one_off_request_estimates_nothing_and_says_nothing(device: Device) -> None:
    setting(SETTING.ALWAYS)
    asked = asking.ask(device, why=Campaign.Why.REMOVAL, before=date(2022, 4, 8), now=OPENED)
    assert foreseen(asked.campaign.invitations.get()) == {}
    mailing.write_due(now=OPENED)
    assert SAYS not in Mail.objects.get().text


def test_after_the_close_the_estimates_themselves_are_told(device: Device) -> None:
    setting(SETTING.ALWAYS)
    campaign = a_campaign()
    reminded(campaign, 3)
    campaign.refresh_from_db()
    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))
    mailing.write_due(now=campaign.closes_at + WEEK)
    assert SAYS not in mails()["closed"].text


def test_who_sees_it_by_now(device: Device) -> None:
    invitation = a_campaign().invitations.get()
    second = invitation.reminder_2_at
    for which, before, after in (
        (SETTING.NEVER, False, False),
        (SETTING.FROM_REMINDER_2, False, True),
        (SETTING.ALWAYS, True, True),
    ):
        dealer = Dealer(price_of_silence=which)
        hour = timedelta(hours=1)
        assert silence.is_told(dealer, invitation, now=second - hour) is before
        assert silence.is_told(dealer, invitation, now=second) is after


def past_reads(campaign: Campaign, weeks: int) -> int:
    """How often the past of meters is asked for while the reminders of that week are written."""
    reminding.owe(campaign.pk, now=OPENED + weeks * WEEK)
    with CaptureQueriesContext(connection) as asked:
        assert mailing.write_due(now=OPENED + weeks * WEEK)
    the_mails_leave(now=OPENED + weeks * WEEK)
    Mail.objects.filter(state="OWED").update(state="SENT", sent_at=OPENED + weeks * WEEK)
    return sum('FROM "readings_reading"' in one["sql"] for one in asked)


def test_the_past_is_read_once_for_all_and_only_for_mails_that_say_it(device: Device) -> None:
    for number in range(3):
        a_contact(other := a_customer(code=f"CL{number}"), email=f"{number}@autre.example")
        a_device(other, volumes={"mono": 500}, mono=500)
    campaign = a_campaign()
    the_mails_leave(now=OPENED)

    assert past_reads(campaign, 1) == 0
    assert past_reads(campaign, 2) == 1
    assert {mail.kind for mail in Mail.objects.all()} >= {"reminder_1", "reminder_2"}
