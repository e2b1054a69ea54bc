"""« Ne plus recevoir ces messages »: nothing more is sent, the office calls, the close waits for nobody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from releveur.campaigns import closing, mailing, office, opening, opting_out, steps
from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.campaigns.status import nobody_to_ask
from releveur.customers.models import Contact
from releveur.outbox import delivering, keys
from releveur.outbox.models import Mail
from releveur.readings.models import Reading
from tests import sink
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    answers,
    meter_of,
    reading_of,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture
def hers(invitation: Invitation) -> Invitation:
    Contact.objects.update(phone="01 42 96 00 10")
    return invitation


def calls(campaign: Campaign) -> list[tuple[str, str, str]]:
    return [
        (one["code"], one["serial"], one["words"])
        for one in office.tasks(campaign, now=OPENED)
        if one["what"] == "CALL"
    ]


def test_the_header_leads_to_the_page_and_to_an_address_never_to_one_click(
    hers: Invitation,
) -> None:
    mailing.write_due(now=OPENED)
    with sink.listening() as server:
        delivering.deliver_due(now=OPENED, server=server.server)
    [message] = server.messages
    key = keys.make(hers.uuid, hers.link_version)
    assert message["List-Unsubscribe"] == (
        f"<http://127.0.0.1:8000/ne-plus-ecrire/{key}>,"
        " <mailto:releves@bureautique-lafayette.example?subject=unsubscribe>"
    )
    assert "List-Unsubscribe-Post" not in message
    assert key not in Mail.objects.get().html


def test_who_stops_gets_no_reminder_and_what_has_not_left_is_taken_back(hers: Invitation) -> None:
    mailing.write_due(now=OPENED)

    assert opting_out.stop(hers, now=OPENED)

    assert Mail.objects.get(kind="invitation").state == Mail.State.WITHHELD
    for week in (1, 2, 3):
        assert steps.take_due_steps(now=OPENED + week * WEEK).reminders == 0
    assert mailing.write_due(now=OPENED + 3 * WEEK) == 0


def test_the_office_is_told_once_whom_to_call(hers: Invitation) -> None:
    assert [opting_out.stop(hers, now=OPENED) for _ in range(2)] == [True, False]
    mail = Mail.objects.get(kind="office")
    assert mail.to == "releves@bureautique-lafayette.example"
    assert mail.reply_to == "alexandra@gramont-services.example"
    for said in ("CL001007", "Gramont Services", "Alexandra", "01 42 96 00 10"):
        assert said in mail.text and said in mail.html
    assert "ne-plus-ecrire" not in mail.html


def test_who_stops_is_called_while_something_of_hers_is_missing(hers: Invitation) -> None:
    the_mails_leave(now=OPENED)
    assert calls(hers.campaign) == []
    opting_out.stop(hers, now=OPENED)
    [(code, serial, words)] = calls(hers.campaign)
    assert (code, serial) == ("CL001007", "3923656030") and "01 42 96 00 10" in words
    device = hers.campaign.due_readings.order_by("pk")[0].meter.device
    answers(hers, device, now=OPENED, mono=41_000, color=91_000)
    assert calls(hers.campaign) == []
    assert Mail.objects.get(kind="receipt").state == Mail.State.OWED, "what she sends is confirmed"


def test_nobody_is_called_while_a_colleague_is_asked_for_the_same(hers: Invitation) -> None:
    a_contact(a_customer(code="CL001008"), email="b@gramont-services.example", first_name="Bruno")
    campaign = hers.campaign
    other = Invitation.objects.create(
        campaign=campaign,
        contact=a_contact(email="b@gramont-services.example"),
        key_hash="other",
        invited_at=hers.invited_at,
        reminder_1_at=hers.reminder_1_at,
        reminder_2_at=hers.reminder_2_at,
        reminder_3_at=hers.reminder_3_at,
        asks_until=hers.asks_until,
    )
    for row in campaign.due_readings.all():
        other.asked.create(due_reading=row)
    opting_out.stop(hers, now=OPENED)
    assert calls(campaign) == []


def test_her_silence_is_estimated_at_the_deadline_she_was_told(hers: Invitation) -> None:
    the_mails_leave(now=OPENED)
    opting_out.stop(hers, now=OPENED)
    device = hers.campaign.due_readings.order_by("pk")[0].meter.device
    with pytest.raises(closing.SomebodyIsSilent):
        closing.close_early(hers.campaign_id, now=OPENED + WEEK)
    closes = hers.asks_until + timedelta(minutes=10)
    assert steps.take_due_steps(now=closes - timedelta(minutes=1)).closed == 0
    assert steps.take_due_steps(now=closes).closed == 1
    assert reading_of(meter_of(device)).source == Reading.Source.SYSTEM
    mailing.write_due(now=closes)
    assert not Mail.objects.filter(kind="closed").exists()


def test_a_later_campaign_asks_the_next_level_or_puts_her_on_the_call_list(
    hers: Invitation,
) -> None:
    opting_out.stop(hers, now=OPENED)
    later = date(2022, 7, 5)
    campaign = opening.open_campaign(later, now=OPENED + 12 * WEEK).campaign
    assert not campaign.invitations.exists()
    assert nobody_to_ask(campaign) == [
        {"code": "CL001007", "serial": "3923656030", "phone": "01 42 96 00 10"}
    ]


def test_a_colleague_at_the_next_level_answers_instead() -> None:
    a_dealer()
    customer = a_customer()
    device = a_device(customer)
    at_the_device = a_contact(device)
    a_contact(customer, email="b@gramont-services.example", first_name="Bruno")
    hers = Invitation.objects.get(campaign=a_campaign())
    assert hers.contact == at_the_device
    opting_out.stop(hers, now=OPENED)
    later = opening.open_campaign(date(2022, 7, 5), now=OPENED + 12 * WEEK).campaign
    assert later.invitations.get().contact.first_name == "Bruno"


def test_who_changes_her_mind_is_written_to_again_and_the_office_knows(hers: Invitation) -> None:
    mailing.write_due(now=OPENED)
    opting_out.stop(hers, now=OPENED)

    assert opting_out.resume(hers, now=OPENED)

    assert mailing.write_due(now=OPENED) == 1, "the invitation that was taken back leaves after all"
    assert Mail.objects.filter(kind="office").count() == 2
    Mail.objects.filter(kind="invitation").update(state="SENT", sent_at=OPENED)
    assert steps.take_due_steps(now=OPENED + WEEK).reminders == 1
    assert Notice.objects.filter(what="INVITED").count() == 1
    assert not opting_out.resume(hers, now=OPENED)


def test_a_notice_owed_by_an_opening_that_did_not_know_yet_is_withheld(hers: Invitation) -> None:
    hers.contact.opted_out_at = OPENED
    hers.contact.save(update_fields=["opted_out_at"])
    assert mailing.write_due(now=OPENED) == 0
    assert Notice.objects.get().withheld_at == OPENED
