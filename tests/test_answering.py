from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from releveur.campaigns.answering import Outcome, SentOtherwise
from releveur.campaigns.models import (
    Campaign,
    DueReading,
    Invitation,
    Notice,
    Receipt,
    ReceiptLine,
)
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.readings.models import Finding, Reading, Withdrawal
from releveur.readings.submission import Declared
from releveur.rules.validation import Code
from tests.factories import (
    OPENED,
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_customer,
    a_declaration,
    a_device,
    a_proof,
    a_site,
    answers,
    meter_of,
    reading_of,
    sends,
)

pytestmark = pytest.mark.django_db

TODAY = date(2022, 4, 5)


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", volumes={"mono": 500, "color": 1_050})


def test_an_answer_fills_the_rows_and_gives_one_receipt(
    device: Device, invitation: Invitation
) -> None:
    outcome = answers(invitation, device, mono=41_200, color=92_910, now=OPENED)

    assert outcome.receipt is not None
    assert sorted(outcome.receipt.lines.values_list("reading__value", flat=True)) == [
        41_200,
        92_910,
    ]
    assert not DueReading.objects.unanswered().exists()
    assert Mail.objects.filter(kind__endswith="receipt").count() == 1


def test_half_a_row_is_kept(device: Device, invitation: Invitation) -> None:
    answers(invitation, device, mono=41_200, now=OPENED)

    assert DueReading.objects.unanswered().get().meter == meter_of(device, "color")


def test_after_the_last_answer_the_reminders_that_have_not_left_are_taken_back(
    device: Device, invitation: Invitation
) -> None:
    mail = Mail.objects.create(
        to="a@example.org", language="fr", kind="campaigns/mail/invitation", sender="x", subject="s",
        text="t", html="h", message_id="<1@example.org>", owed_at=OPENED,
    )  # fmt: skip
    invited = Notice.objects.get()
    Notice.objects.update(mail=mail)
    reminder = Notice.objects.create(
        invitation=invitation, what="REMINDED_1", states=invitation.asks_until, owed_at=OPENED
    )

    answers(invitation, device, mono=41_200, color=92_910, now=OPENED)

    mail.refresh_from_db()
    assert mail.state == Mail.State.WITHHELD
    assert all(
        Notice.objects.get(pk=notice.pk).withheld_at == OPENED for notice in (invited, reminder)
    )


def test_a_lower_value_asks_for_a_photo_and_nothing_of_that_device_is_recorded(
    device: Device, invitation: Invitation
) -> None:
    outcome = answers(invitation, device, mono=39_600, color=92_910, now=OPENED)

    assert outcome.receipt is None
    [finding] = outcome.questions[device.pk].findings
    assert (finding.code, finding.key) == (Code.LOWER_THAN_LAST, str(meter_of(device).pk))
    assert not Reading.objects.filter(source="CUSTOMER").exists()


def test_a_lower_value_with_its_photo_is_recorded_with_its_reason(
    device: Device, invitation: Invitation
) -> None:
    outcome = answers(
        invitation, device, mono=39_600, color=92_910, now=OPENED, proof=a_proof(),
        reason=Finding.Answer.LAST_WAS_WRONG,
    )  # fmt: skip

    assert outcome.receipt is not None
    lower = Reading.objects.get(source="CUSTOMER", meter=meter_of(device))
    assert (lower.value, lower.segment, lower.proof_id is not None) == (39_600, 1, True)
    assert lower.findings.get(code="LOWER_THAN_LAST").answer == "LAST_WAS_WRONG"


def test_a_replaced_meter_opens_a_segment_at_zero(device: Device, invitation: Invitation) -> None:
    _replaced(invitation, device)

    mono = Reading.objects.filter(meter=meter_of(device), source="CUSTOMER")
    assert list(mono.order_by("pk").values_list("segment", "occasion", "value", "taken_on")) == [
        (2, "NEW_METER", 0, date(2022, 1, 5)),
        (2, "PERIODIC", 210, TODAY),
    ]


def test_taking_back_a_replaced_meter_takes_back_its_segment(
    device: Device, invitation: Invitation
) -> None:
    _replaced(invitation, device)

    answers(invitation, device, mono=41_200, now=OPENED + timedelta(minutes=5))

    standing = Reading.objects.standing().filter(meter=meter_of(device)).order_by("pk")
    assert list(standing.values_list("segment", "value")) == [(1, 39_684), (1, 41_200)]
    assert Withdrawal.objects.count() == 1


def test_a_good_row_is_saved_beside_a_row_that_asks(device: Device, invitation: Invitation) -> None:
    other = a_device(a_customer(), mono=10)
    a_campaign()
    low, good = a_declaration(device, TODAY, mono=39_600), a_declaration(other, TODAY, mono=300)

    outcome = sends(invitation, low, good, now=OPENED)

    assert outcome.receipt is not None
    assert [line.reading.value for line in outcome.receipt.lines.all()] == [300]
    assert set(outcome.questions) == {device.pk}


def test_declaring_again_supersedes_and_keeps_both(device: Device, invitation: Invitation) -> None:
    answers(invitation, device, mono=41_200, now=OPENED)
    answers(invitation, device, mono=41_250, now=OPENED + timedelta(minutes=3))

    row = DueReading.objects.get(meter=meter_of(device))
    assert row.reading is not None
    assert row.reading.value == 41_250
    assert row.reading.supersedes is not None
    assert row.reading.supersedes.value == 41_200


def test_sending_what_stands_already_writes_nothing(device: Device, invitation: Invitation) -> None:
    answers(invitation, device, mono=41_200, now=OPENED)

    again = answers(invitation, device, mono=41_200, now=OPENED)

    assert again == Outcome(None)
    assert Reading.objects.filter(source="CUSTOMER").count() == 1


def test_a_second_colleague_learns_what_the_first_declared(
    device: Device, invitation: Invitation
) -> None:
    mono = meter_of(device)
    answers(invitation, device, mono=41_200, now=OPENED)
    late = Declared(device.pk, TODAY, {mono.pk: 41_300}, confirmed=True, seen={mono.pk: None})

    asked = sends(invitation, late, now=OPENED)
    [conflict] = asked.questions[device.pk].conflicts
    assert (conflict.value, conflict.by_contact) == (41_200, invitation.contact)

    chosen = Declared(device.pk, TODAY, late.values, confirmed=True, seen={mono.pk: conflict.pk})
    assert sends(invitation, chosen, now=OPENED).receipt is not None
    assert reading_of(mono).value == 41_300


@pytest.mark.parametrize(
    ("taken_on", "fault"),
    [(date(2022, 4, 6), "IN_THE_FUTURE"), (date(2022, 1, 4), "BEFORE_THE_LAST_READING")],
)
def test_an_impossible_day_is_asked_again(
    device: Device, invitation: Invitation, taken_on: date, fault: str
) -> None:
    outcome = answers(invitation, device, mono=41_200, taken_on=taken_on, now=OPENED)
    assert outcome.questions[device.pk].date_fault == fault


def test_the_same_form_twice_gives_the_same_receipt(device: Device, invitation: Invitation) -> None:
    nonce = uuid4()
    declared = a_declaration(device, TODAY, mono=41_200)

    first = sends(invitation, declared, now=OPENED, nonce=nonce)
    second = sends(invitation, declared, now=OPENED, nonce=nonce)

    assert (second.receipt, second.repeated) == (first.receipt, True)
    assert ReceiptLine.objects.count() == 1


def test_the_same_form_with_other_values_is_refused(device: Device, invitation: Invitation) -> None:
    nonce = uuid4()

    def answers_once(mono: int) -> Outcome:
        return sends(invitation, a_declaration(device, TODAY, mono=mono), now=OPENED, nonce=nonce)

    first = answers_once(41_200)

    with pytest.raises(SentOtherwise) as refusal:
        answers_once(41_999)

    assert refusal.value.receipt == first.receipt


def test_a_device_asked_of_nobody_here_does_not_exist(
    device: Device, invitation: Invitation
) -> None:
    stranger = a_device(a_customer(code="CL009000", name="Autre"), mono=1)

    with pytest.raises(DueReading.DoesNotExist):
        answers(invitation, stranger, mono=5, now=OPENED)


def test_after_the_signature_a_value_is_a_proposal(device: Device, invitation: Invitation) -> None:
    answers(invitation, device, mono=41_200, now=OPENED)
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")

    answers(invitation, device, mono=41_300, now=OPENED + timedelta(days=1))

    assert reading_of(meter_of(device)).value == 41_200
    assert Reading.objects.get(proposed=True).value == 41_300


def test_a_second_proposal_supersedes_the_first(device: Device, invitation: Invitation) -> None:
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    answers(invitation, device, mono=41_300, now=OPENED)
    answers(invitation, device, mono=41_350, now=OPENED + timedelta(hours=1))

    first, second = Reading.objects.filter(proposed=True).order_by("pk")
    assert second.supersedes == first


@pytest.mark.django_db(transaction=True)
def test_fifty_clicks_leave_one_receipt() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer)
    invitation = Invitation.objects.get(campaign=a_campaign())
    nonce = uuid4()
    declared = a_declaration(device, TODAY, mono=41_200)

    def click(_number: int) -> str:
        try:
            receipt = sends(invitation, declared, now=OPENED, nonce=nonce).receipt
            assert receipt is not None
            return receipt.number
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as clicks:
        numbers = set(clicks.map(click, range(50)))

    assert len(numbers) == 1
    assert (Receipt.objects.count(), ReceiptLine.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_persons_at_once_leave_one_reading_and_one_that_it_supersedes() -> None:
    customer = a_customer()
    a_contact(customer)
    a_contact(customer, email="paul@gramont-services.example", first_name="Paul")
    device = a_device(customer, mono=39_684)
    campaign = a_campaign()
    people = list(Invitation.objects.filter(campaign=campaign))

    def declare(number: int) -> None:
        try:
            answers(people[number % 2], device, mono=41_200 + number, now=OPENED)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as hands:
        list(hands.map(declare, range(16)))

    standing = Reading.objects.standing().filter(source="CUSTOMER")
    assert standing.get() == DueReading.objects.get().reading
    assert Reading.objects.filter(source="CUSTOMER").count() == 16


def _replaced(invitation: Invitation, device: Device) -> None:
    """The meter shows 210 after a new board; the photo says so."""
    reason = Finding.Answer.METER_REPLACED
    answers(invitation, device, mono=210, color=92_910, now=OPENED, proof=a_proof(), reason=reason)


def test_a_day_invoiced_already_is_asked_again_until_the_signature(
    device: Device, invitation: Invitation
) -> None:
    estimate_on = date(2022, 4, 2)
    a_billed_estimate(meter_of(device), estimate_on, 41_184)
    outcome = answers(invitation, device, mono=42_000, taken_on=estimate_on, now=OPENED)
    assert outcome.questions[device.pk].date_fault == "ALREADY_INVOICED"

    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    corrected = answers(invitation, device, mono=42_000, taken_on=estimate_on, now=OPENED)
    assert corrected.receipt is not None


def test_a_day_after_the_device_left_is_asked_again_and_its_last_day_is_not() -> None:
    device, invitation = a_device_that_left(on=date(2022, 4, 6))
    late = OPENED + timedelta(days=2)
    outcome = answers(invitation, device, mono=200, now=late)
    assert outcome.questions[device.pk].date_fault == "AFTER_IT_LEFT"
    on_its_last = answers(invitation, device, mono=200, taken_on=date(2022, 4, 6), now=late)
    assert on_its_last.receipt is not None


def test_a_device_that_moved_to_another_site_of_the_customer_is_still_there() -> None:
    day = date(2022, 4, 6)
    device, invitation = a_device_that_left(on=day)
    elsewhere = a_site(a_customer(), name="Atelier", address="2 rue de Gramont")
    device.installations.create(site=elsewhere, since=day)
    outcome = answers(invitation, device, mono=200, now=OPENED + timedelta(days=2))
    assert outcome.receipt is not None


def a_device_that_left(*, on: date) -> tuple[Device, Invitation]:
    """Asked for on 05/04, gone the day after."""
    a_contact(customer := a_customer())
    device = a_device(customer, mono=100)
    invitation = Invitation.objects.get(campaign=a_campaign())
    device.installations.update(until=on)
    return device, invitation


def test_a_day_before_the_device_came_is_asked_again() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=100)
    invitation = Invitation.objects.get(campaign=a_campaign())
    outcome = answers(invitation, device, mono=200, taken_on=date(1, 1, 1), now=OPENED)
    assert outcome.questions[device.pk].date_fault == "BEFORE_ITS_INSTALLATION"
