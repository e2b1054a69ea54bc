"""A mail that came back: the address is dead, the office calls, the close waits for nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from releveur.campaigns import bounced, closing, mailing, office, posting, steps
from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.campaigns.status import Standing, devices
from releveur.outbox import bouncing, inbox, return_path, sorting, writing
from releveur.outbox.models import Arrived, Bounce, Mail
from tests.arriving.letters import ALEXANDRA, BOUNCES, a_bounce, mails_leave
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
)

pytestmark = pytest.mark.django_db

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)
FULL = "552 5.2.2 mailbox full"
SPAM = "554 5.7.1 blocked using zen.spamhaus.org"


@pytest.fixture(autouse=True)
def knob(settings: Any) -> None:
    settings.RETURN_PATH = BOUNCES


@pytest.fixture
def hers() -> Invitation:
    a_dealer()
    a_contact(customer := a_customer(), phone="01 42 96 00 10")
    bruno = a_contact(email="b@gramont-services.example", first_name="Bruno", phone="06 1")
    device = a_device(customer, serial="3923656030")
    a_contact(device)
    customer.respondents.create(contact=bruno)
    invitation = Invitation.objects.get(campaign=a_campaign())
    mails_leave(now=OPENED)
    return invitation


def arrives(raw: bytes, *, at: timedelta = HOUR) -> None:
    inbox.receive(raw, now=OPENED + at)
    sorting.sort_arrived(now=OPENED + at)


def her_mail() -> Mail:
    return Mail.objects.filter(to=ALEXANDRA).order_by("-pk")[0]


def tasks(campaign: Campaign) -> list[tuple[str, str]]:
    found = office.tasks(campaign, now=OPENED)
    return [(one["code"], one["words"]) for one in found if one["what"] == "BOUNCED"]


def comes_back(said: str = "550 5.1.1 User unknown", *, at: timedelta = HOUR) -> None:
    arrives(a_bounce(her_mail(), to=return_path.of(her_mail()), said=said), at=at)


def test_the_office_is_told_whom_to_call_for_what(hers: Invitation) -> None:
    comes_back()
    mail = bounced.tell(now=OPENED + HOUR)
    assert mail is not None and mail.to == "releves@bureautique-lafayette.example"
    for said in (
        "Alexandra", "01 42 96 00 10", "CL001007", "3923656030", ALEXANDRA, "User unknown", "Bruno",
        "06 1",
    ):  # fmt: skip
        assert said in mail.text, said
    [(code, words)] = tasks(hers.campaign)
    assert code == "CL001007" and "01 42 96 00 10" in words and "User unknown" in words


def test_one_mail_an_hour_tells_all_that_came_back_meanwhile(hers: Invitation) -> None:
    other = a_contact(customer := a_customer(code="CL002000"), email="zoe@autre.example")
    a_device(customer)
    a_campaign()
    mails_leave(now=OPENED)
    comes_back()
    assert bounced.tell(now=OPENED + HOUR)
    zoes = Mail.objects.get(to=other.email)
    arrives(a_bounce(zoes, to=return_path.of(zoes)))
    assert bounced.tell(now=OPENED + HOUR + timedelta(minutes=59)) is None
    assert bounced.tell(now=OPENED + 2 * HOUR), "within the hour"
    assert bounced.tell(now=OPENED + 9 * HOUR) is None, "once"
    assert Mail.objects.filter(kind="office").count() == 2


def test_nothing_more_goes_to_a_dead_address_and_the_close_does_not_wait(hers: Invitation) -> None:
    comes_back()
    for week in (1, 2, 3):
        assert steps.take_due_steps(now=OPENED + week * WEEK).reminders == 1, (
            "owed, as to everybody"
        )
        assert mailing.write_due(now=OPENED + week * WEEK) == 0, "and withheld"
    assert Notice.objects.exclude(withheld_at=None).count() == 3
    closes = hers.asks_until + timedelta(minutes=10)
    assert steps.take_due_steps(now=closes).closed == 1


def test_whom_no_mail_reached_was_not_asked(hers: Invitation) -> None:
    """As a mail that was refused at the door: a letter, and no estimate without the office's word."""
    assert not posting.letters(hers.campaign)
    comes_back()
    [page] = posting.letters(hers.campaign)
    assert page.serials == ["3923656030"]
    assert set(devices(hers.campaign).values()) == {Standing.UNASKED}
    assert closing.empty(hers.campaign_id).exists()


def test_another_address_is_written_to_at_once(hers: Invitation) -> None:
    comes_back()
    hers.contact.email = hers.contact.address_key = "a.morel@gramont-services.example"
    hers.contact.save()
    steps.take_due_steps(now=OPENED + WEEK)
    assert mailing.write_due(now=OPENED + WEEK) == 1
    assert tasks(hers.campaign) == []


def test_whoever_sends_her_link_again_says_that_her_address_works(hers: Invitation) -> None:
    comes_back()
    mailing.resend(hers, now=OPENED + 2 * HOUR)
    steps.take_due_steps(now=OPENED + WEEK)
    assert mailing.write_due(now=OPENED + WEEK) == 1
    assert tasks(hers.campaign) == []
    mails_leave(now=OPENED + WEEK)
    comes_back(at=WEEK + HOUR)
    assert len(tasks(hers.campaign)) == 1, "until a mail comes back again"


def test_a_full_mailbox_is_written_to_and_three_in_a_row_are_told(hers: Invitation) -> None:
    comes_back(FULL)
    assert bounced.tell(now=OPENED + HOUR) is None and tasks(hers.campaign) == []
    for week in (1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        mails_leave(now=OPENED + week * WEEK)
        comes_back(FULL, at=week * WEEK + HOUR)
    assert bouncing.put_off_in_a_row(ALEXANDRA) == 3
    assert bounced.tell(now=OPENED + 2 * WEEK + HOUR)
    assert len(tasks(hers.campaign)) == 1


def test_mails_that_were_not_wanted_kill_no_address_but_are_told(hers: Invitation) -> None:
    comes_back(SPAM)
    mail = bounced.tell(now=OPENED + HOUR)
    assert mail and "doctor mail" in mail.text
    assert not bouncing.dead([ALEXANDRA])


def test_a_copy_that_came_back_is_not_hers(hers: Invitation) -> None:
    mail = her_mail()
    arrives(a_bounce(mail, to=return_path.of(mail), address="copie@gramont-services.example"))
    assert not bouncing.dead([ALEXANDRA])
    assert set(devices(hers.campaign).values()) == {Standing.SILENT}


def test_who_has_seen_nothing_of_a_mail_stops_none(hers: Invitation) -> None:
    """Anybody may write a delivery status: neither our signature nor our Message-ID is in this one."""
    arrives(a_bounce(her_mail(), with_id=False))
    assert Bounce.objects.get().known_by == Bounce.KnownBy.ADDRESS
    assert not bouncing.dead([ALEXANDRA])
    assert bounced.tell(now=OPENED + HOUR), "the office is told all the same"
    comes_back()
    assert bouncing.dead([ALEXANDRA]), "the surer one takes its place"
    assert Bounce.objects.count() == 1


def test_the_message_id_is_enough_where_no_return_path_is_set(hers: Invitation) -> None:
    arrives(a_bounce(her_mail()))
    assert Bounce.objects.get().known_by == Bounce.KnownBy.MESSAGE_ID
    assert bouncing.dead([ALEXANDRA])


def test_somebody_who_was_not_asked_yet_is_named_with_her_phone() -> None:
    """As of the mail that announces the first campaign."""
    dealer = a_dealer()
    contact = a_contact(phone="01 42 96 00 10")
    mail = writing.blank(
        "campaigns/mail/announcement", to=contact.email, language="fr", dealer=dealer, now=OPENED
    )
    mail.state, mail.sent_at = Mail.State.SENT, OPENED
    mail.save()
    arrives(a_bounce(mail, to=return_path.of(mail)))
    told = bounced.tell(now=OPENED + HOUR)
    assert told and "Alexandra" in told.text and "01 42 96 00 10" in told.text


def test_news_of_the_office_that_came_back_are_not_told_to_the_office(hers: Invitation) -> None:
    comes_back()
    mail = bounced.tell(now=OPENED + HOUR)
    assert mail is not None
    arrives(a_bounce(mail, to=return_path.of(mail)))
    assert bounced.tell(now=OPENED + 9 * HOUR) is None
    assert Arrived.objects.filter(state="DONE").count() == 2
