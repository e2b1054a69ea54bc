from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import translation

from releveur.campaigns import letter, links, mailing, reminding, signing, steps
from releveur.campaigns.models import DueReading, Invitation, Notice, Receipt
from releveur.campaigns.told import tell
from releveur.customers.models import Contact
from releveur.outbox import delivering, keys
from releveur.outbox.models import Mail
from tests import sink
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    answers,
)

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def invited(*, devices: int = 1, language: str = "fr") -> Invitation:
    a_dealer()
    customer = a_customer()
    a_contact(customer, language=language)
    for _number in range(devices):
        a_device(customer)
    return Invitation.objects.get(campaign=a_campaign())


def the_mail(kind: str = "invitation") -> Mail:
    return Mail.objects.get(kind=kind)


def test_the_invitation_says_who_what_until_when_and_what_silence_means() -> None:
    invited()
    assert mailing.write_due(now=OPENED) == 1
    mail = the_mail()
    assert mail.subject.startswith("Relevé compteurs avant le ")
    assert mail.subject.endswith(" – 1 équipement – Gramont Services (CL001007)")
    for said in ("Bonjour Alexandra,", "CL001007", "7855V_F", "jusqu’au", "2022 à 18 h", "estimé"):
        assert said in mail.text
    assert "RELEVÉ COMPTEURS DE VOTRE(VOS) ÉQUIPEMENT(S)" in mail.html
    assert "RENSEIGNEZ VOS RELEVÉS COMPTEURS" in mail.html


def test_the_invitation_speaks_the_readers_language() -> None:
    invited(language="en")
    mailing.write_due(now=OPENED)
    assert "Hello Alexandra," in the_mail().text and "ENTER YOUR METER READINGS" in the_mail().html


def test_a_notice_becomes_one_mail_however_often_it_is_written() -> None:
    invited()
    assert [mailing.write_due(now=OPENED) for _ in range(2)] == [1, 0]
    assert Notice.objects.get().mail == the_mail()


def test_no_stored_body_holds_a_key_and_the_mail_that_leaves_does() -> None:
    invitation = invited()
    mailing.write_due(now=OPENED)
    key = keys.make(invitation.uuid, invitation.link_version)
    assert key not in the_mail().text + the_mail().html
    with sink.listening() as server:
        delivering.deliver_due(now=OPENED, server=server.server)
    body = server.messages[0].get_body(("plain",))
    assert body is not None and f"/r/{key}" in body.get_content()


def test_a_reminder_answers_the_invitation_and_names_only_what_is_missing() -> None:
    invitation = invited(devices=3)
    mailing.write_due(now=OPENED)
    Mail.objects.update(state=Mail.State.SENT, sent_at=OPENED)
    device = invitation.campaign.due_readings.order_by("pk")[0].meter.device
    answers(invitation, device, now=OPENED, mono=41_000, color=91_000)
    assert reminding.owe(invitation.campaign_id, now=invitation.reminder_1_at) == 1
    mailing.write_due(now=invitation.reminder_1_at)
    reminder = the_mail("reminder_1")
    assert reminder.in_reply_to == the_mail().message_id
    assert reminder.subject.startswith("1er rappel : il manque 2 relevés sur 3")
    assert device.serial[-4:] not in reminder.text.replace("CL001007", "")


def test_what_was_answered_before_the_mail_was_written_is_withheld() -> None:
    invitation = invited()
    device = invitation.campaign.due_readings.order_by("pk")[0].meter.device
    Notice.objects.create(
        invitation=invitation,
        what=Notice.What.REMINDED_1,
        states=invitation.asks_until,
        owed_at=OPENED,
    )
    answers(invitation, device, now=OPENED, mono=41_000, color=91_000)
    Notice.objects.update(withheld_at=None)
    assert mailing.write_due(now=OPENED) == 0
    assert set(Notice.objects.values_list("withheld_at", flat=True)) == {OPENED}


def test_a_large_fleet_is_named_in_part_and_the_mail_stays_small() -> None:
    invited(devices=41)
    mailing.write_due(now=OPENED)
    assert "et 29 autres" in the_mail().text
    assert len(the_mail().html.encode()) < 30_000


def test_whoever_answers_for_two_companies_gets_one_mail_that_says_so() -> None:
    a_dealer()
    for code, name in (("CL001007", "Gramont Services"), ("CL001008", "Gramont Conseil")):
        customer = a_customer(code=code, name=name)
        a_contact(customer)
        a_device(customer)
    a_campaign()
    mailing.write_due(now=OPENED)
    assert the_mail().subject.endswith("2 équipements – 2 sociétés")
    assert "CL001007" in the_mail().text and "CL001008" in the_mail().text


def test_where_the_contract_forbids_it_no_estimate_is_announced() -> None:
    a_dealer()
    customer = a_customer()
    a_contact(customer)
    a_device(customer, contract=a_contract(customer, estimation_allowed=False))
    a_campaign()
    mailing.write_due(now=OPENED)
    assert "ne permet pas d’estimation" in the_mail().text


def test_a_mail_that_cannot_be_written_fails_alone() -> None:
    a_dealer()
    for code, email in (("CL1", "nobody"), ("CL2", "alexandra@gramont-services.example")):
        customer = a_customer(code=code)
        a_contact(customer, email=email)
        a_device(customer)
    a_campaign()
    assert mailing.write_due(now=OPENED) == 2
    states = dict(Mail.objects.values_list("to", "state"))
    assert states == {
        "nobody": Mail.State.FAILED,
        "alexandra@gramont-services.example": Mail.State.OWED,
    }


def test_a_persons_copies_are_named_in_her_mails() -> None:
    invitation = invited()
    Contact.objects.update(copy_to="chef@gramont-services.example;compta@gramont.example, personne")
    mailing.write_due(now=OPENED)
    mail = the_mail()
    assert mail.copy_to == "chef@gramont-services.example,compta@gramont.example"
    for body in (mail.text, mail.html):
        assert "chef@gramont-services.example, compta@gramont.example" in body
    device = invitation.campaign.due_readings.order_by("pk")[0].meter.device
    invitation.contact.refresh_from_db()
    answers(invitation, device, now=OPENED, mono=41_000, color=91_000)
    assert the_mail("receipt").copy_to == mail.copy_to


def test_a_thousand_mails_cost_no_query_each(django_assert_max_num_queries: object) -> None:
    a_dealer()
    for number in range(30):
        customer = a_customer(code=f"CL{number}")
        a_contact(customer, email=f"{number}@gramont-services.example")
        a_device(customer)
    a_campaign()
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        assert mailing.write_due(now=OPENED) == 30


def test_the_receipt_repeats_what_was_sent() -> None:
    invitation = invited()
    mailing.write_due(now=OPENED)
    device = invitation.campaign.due_readings.order_by("pk")[0].meter.device
    answers(invitation, device, now=OPENED, taken_on=date(2022, 4, 5), mono=41_000, color=91_000)
    mail = the_mail("receipt")
    assert Receipt.objects.get().number in mail.subject
    assert "41 000" in mail.text and "relevé le 05/04/2022" in mail.text
    assert "rien d’autre à faire" in mail.text


def test_a_form_that_only_corrects_gets_a_mail_that_says_what_it_replaced() -> None:
    invitation = invited()
    device = invitation.campaign.due_readings.order_by("pk")[0].meter.device
    on = date(2022, 4, 5)
    answers(invitation, device, now=OPENED, taken_on=on, mono=41_000)
    answers(invitation, device, now=OPENED, taken_on=on, mono=41_100, color=91_000)
    assert not Mail.objects.filter(kind="correction").exists(), "one value is new"
    answers(invitation, device, now=OPENED, taken_on=on, mono=41_200)
    mail = the_mail("correction")
    assert "Votre correction est notée" in mail.html and mail.subject.startswith("Correction notée")
    assert "41 200" in mail.text and "relevé le 05/04/2022, au lieu de 41 100" in mail.text
    assert "91 000" not in mail.text


def test_a_value_after_the_signature_is_a_correction_of_what_was_invoiced() -> None:
    invitation = invited()
    campaign = invitation.campaign
    mailing.write_due(now=OPENED)
    Mail.objects.update(state="SENT", sent_at=OPENED)
    for week in (1, 2, 3):
        steps.take_due_steps(now=OPENED + week * WEEK)
        mailing.write_due(now=OPENED + week * WEEK)
        Mail.objects.update(state="SENT", sent_at=OPENED + week * WEEK)
    closed = OPENED + 4 * WEEK
    steps.take_due_steps(now=closed)
    signing.sign(campaign.pk, by="Claire", now=closed, estimate_unasked=False)
    device = campaign.due_readings.order_by("pk")[0].meter.device
    estimate = campaign.due_readings.get(meter__kind__code="MONO").reading
    assert estimate is not None

    answers(invitation, device, now=closed, mono=41_200)

    mail = the_mail("correction")
    value = f"{estimate.value:,}".replace(",", " ")
    assert f"au lieu de notre estimation de {value}" in mail.text
    assert "ces relevés seront pris en compte avec la prochaine" in mail.text


def test_a_link_is_sent_once_more_before_the_campaigns_thousands() -> None:
    invitation = invited()
    mailing.write_due(now=OPENED)
    again = mailing.resend(invitation, now=OPENED + WEEK)
    assert again.priority > the_mail_first().priority
    assert (again.kind, again.in_reply_to) == ("invitation", the_mail_first().message_id)


def the_mail_first() -> Mail:
    return Mail.objects.order_by("pk")[0]


@pytest.mark.parametrize(
    ("language", "subject", "deadline"),
    [
        ("fr", "Relevé compteurs : nouvelle date limite le", "jeudi 28 avril 2022 à 18 h"),
        ("en", "Meter readings: new deadline on Thursday 28 April", "Thursday 28 April 2022"),
    ],
)
def test_a_moved_deadline_is_said_in_the_readers_words(
    language: str, subject: str, deadline: str
) -> None:
    invitation = invited(language=language)
    Notice.objects.all().delete()
    Notice.objects.create(
        invitation=invitation, what="MOVED", states=invitation.asks_until, owed_at=OPENED
    )
    mailing.write_due(now=OPENED)
    mail = the_mail("moved")
    assert subject in mail.subject.replace("\u202f", " ").replace("\u00a0", " ")
    assert deadline in mail.text and deadline in mail.html.replace("\u00a0", " ")


def test_a_link_revoked_before_its_mail_left_is_replaced_in_it() -> None:
    invitation = invited()
    mailing.write_due(now=OPENED)
    links.revoke(invitation)
    invitation.refresh_from_db()
    assert the_mail().key_version == invitation.link_version == 2


def test_a_reminder_that_names_a_later_deadline_says_that_it_is_moved() -> None:
    invited()
    mailing.write_due(now=OPENED)
    assert "reportée" not in the_mail().text
    late = OPENED + 4 * WEEK
    Mail.objects.update(state="SENT", sent_at=OPENED)

    steps.take_due_steps(now=late)
    mailing.write_due(now=late)

    reminder = the_mail("reminder_3")
    assert "La date limite est reportée." in reminder.text
    assert "La date limite est reportée." in reminder.html


def test_an_address_whose_server_knows_nobody_is_not_written_to_again() -> None:
    invitation = invited()
    mailing.write_due(now=OPENED)
    Mail.objects.update(state=Mail.State.FAILED, smtp_reply="550 5.1.1 User unknown")
    reminding.owe(invitation.campaign_id, now=invitation.reminder_1_at)
    assert mailing.write_due(now=invitation.reminder_1_at) == 0
    assert Notice.objects.get(what=Notice.What.REMINDED_1).withheld_at

    Mail.objects.update(smtp_reply="554 5.7.1 looks like spam")
    reminding.owe(invitation.campaign_id, now=invitation.reminder_2_at)
    assert mailing.write_due(now=invitation.reminder_2_at) == 1, (
        "another refusal is of that mail only"
    )


def test_values_and_rows_are_told_alike() -> None:
    """Thousands of mails are written from the ones, a receipt from the others."""
    invitation = invited(devices=3)
    answered = DueReading.objects.asked_of(invitation)[0].meter.device
    answers(invitation, answered, mono=41_200, now=OPENED)

    rows = letter.asked_rows([invitation.pk])[invitation.pk]
    values = [row for row, _handover in letter.told_rows([invitation.pk])[invitation.pk]]
    assert values == tell(rows) and len({one.device_id for one in values}) == 3
    assert [one.answer is None for one in values] == [row.answer is None for row in rows]
    assert len(letter.missing(values)) == len(letter.missing(rows)) == len(rows) - 1
    with translation.override("en"):
        labels = [row.meter.kind.label for row in rows]
        assert [one.label for one in values] == labels
