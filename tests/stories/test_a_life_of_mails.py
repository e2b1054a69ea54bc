"""Every mail of a company's quarter, over a real mail server: who gets which, in which order, in which conversation."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from django.core.serializers import serialize

from releveur.appointments import asking as appointments
from releveur.appointments.asking import Wanted
from releveur.campaigns import (
    announcing,
    handing_over,
    mailing,
    reminding,
    reporting,
    steps,
    succeeding,
)
from releveur.campaigns.models import Campaign, Invitation, Problem
from releveur.campaigns.reporting import Told
from releveur.customers.introducing import Named
from releveur.customers.models import Contact
from releveur.fleet.models import Device
from releveur.ops import ticking
from releveur.outbox import composing, keys
from releveur.outbox.models import Mail
from releveur.rules.schedule import GRACE
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    answers,
)
from tests.sink import Sink
from tests.stories.quarter import html, text
from tests.stories.test_a_quarter import post

__all__ = ["post"]

pytestmark = pytest.mark.django_db(transaction=True)

DAY, WEEK = timedelta(days=1), timedelta(days=7)
ALEXANDRA, KARIM = "alexandra@gramont-services.example", "karim@gramont-services.example"
LOUISE, OFFICE = "louise@gramont-services.example", "releves@bureautique-lafayette.example"
CHIEF = "direction@gramont-services.example"
KEY = re.compile(r"/(?:r|plus-moi|ne-plus-ecrire)/([\w-]{22})")

EXPECTED = {
    ALEXANDRA: ["announcement", "invitation", "problem_noted", "reminder_1", "still_you"],
    KARIM: ["handed", "reminder_1", "reminder_2", "reminder_3", "moved", "closed"],
    LOUISE: [
        "invitation", "reminder_2", "asked", "reminder_3", "moved", "receipt", "closed",
        "correction",
    ],
    OFFICE: ["office", "office", "office", "to_dealer"],
}  # fmt: skip
"""The office: a problem, a successor to confirm, the one who followed at once, an appointment."""

ON_THEIR_OWN = {"announcement", "asked", "to_dealer", "office"}
"""They answer no invitation."""


def test_each_person_gets_her_mails_and_no_other_in_one_conversation(post: Sink) -> None:
    lived()
    received = {to: [one for one in post.messages if one["To"] == to] for to in EXPECTED}
    assert {to: [kind(one) for one in mails] for to, mails in received.items()} == EXPECTED
    assert sum(map(len, received.values())) == len(post.messages), "nobody else got any"
    assert not Mail.objects.exclude(state__in=["SENT", "WITHHELD"]).exists()
    for to, mails in received.items():
        for mail in mails:
            says_what_it_is(mail)
            assert mail["Cc"] == (CHIEF if to == LOUISE else None), kind(mail)
        stands_in_one_conversation(mails)
    assert Counter(one["Message-ID"] for one in post.messages).most_common(1)[0][1] == 1

    found = {to: keys_in(mails) for to, mails in received.items()}
    assert [len(found[to]) for to in EXPECTED] == [1, 1, 1, 0], "a link each, the office none"
    assert len(set[str]().union(*found.values())) == 3
    rows = serialize("json", [*Mail.objects.all(), *Invitation.objects.all()])
    assert keys.PLACEHOLDER in rows
    assert not [key for one in found.values() for key in one if key in rows]


def kind(message: EmailMessage) -> str:
    """What it was written as; the row it left from is known by its Message-ID."""
    return Mail.objects.get(message_id=str(message["Message-ID"])).kind


def keys_in(mails: list[EmailMessage]) -> set[str]:
    return {key for mail in mails for body in (text(mail), html(mail)) for key in KEY.findall(body)}


def says_what_it_is(mail: EmailMessage) -> None:
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] and str(mail["From"]).endswith(f"<{OFFICE}>")
    ways_out = str(mail["List-Unsubscribe"] or "")
    assert ("mailto:" in ways_out) is (mail["To"] != OFFICE), kind(mail)
    assert (composing.NO_MORE in ways_out) is (composing.NO_MORE in html(mail)), kind(mail)
    assert "List-Unsubscribe-Post" not in mail


def stands_in_one_conversation(mails: list[EmailMessage]) -> None:
    """The first that asks begins it, all others answer that one."""
    of_the_campaign = [one for one in mails if kind(one) not in ON_THEIR_OWN]
    alone = [one for one in mails if kind(one) in ON_THEIR_OWN]
    assert not [kind(one) for one in [*of_the_campaign[:1], *alone] if one["In-Reply-To"]]
    for one in of_the_campaign[1:]:
        assert one["In-Reply-To"] == one["References"] == of_the_campaign[0]["Message-ID"]


def lived() -> None:
    """Announced, asked, one device broken, one handed on; another person follows, late mails, the end."""
    a_dealer()
    alexandra = a_contact(customer := a_customer())
    first, second, broken = (a_device(customer, serial=f"392365603{one}") for one in range(3))
    announcing.announce(DUE_ON, now=OPENED - DAY)
    ticking.tick(now=OPENED - DAY)
    campaign = a_campaign()
    ticking.tick(now=OPENED)
    hers = campaign.invitations.get(contact=alexandra)

    reporting.report(hers, broken, Told(Problem.What.BROKEN), now=OPENED + DAY)
    ticking.tick(now=OPENED + DAY)
    handing_over.hand_over(hers, second, to=Named(KARIM, "Karim"), now=OPENED + 2 * DAY)
    ticking.tick(now=OPENED + 2 * DAY)
    ticking.tick(now=OPENED + WEEK)

    louise = followed(hers, now=OPENED + WEEK + DAY)
    ticking.tick(now=OPENED + 2 * WEEK)
    wants_to_be_called(louise.contact, first, now=OPENED + 2 * WEEK + DAY)
    left = third_reminder_late(campaign)
    answers(louise, first, mono=41_200, color=92_910, now=left + timedelta(hours=1))
    ticking.tick(now=left + timedelta(hours=1))
    closes(campaign)
    after = campaign.closes_at + DAY
    answers(louise, first, mono=41_201, color=92_910, now=after)
    ticking.tick(now=after)
    ticking.tick(now=after + 2 * WEEK)


def followed(old: Invitation, *, now: datetime) -> Invitation:
    """The office refuses somebody from elsewhere; a colleague of the same company follows at once."""
    elsewhere = Named("louise@orange.fr", "Louise", "Petit")
    refused = succeeding.name_successor(old, named=elsewhere, now=now)
    ticking.tick(now=now)
    succeeding.refuse(refused, now=now)
    ticking.tick(now=now)
    a_contact(email=LOUISE, first_name="Louise")
    Contact.objects.filter(email=LOUISE).update(copy_to=CHIEF)
    succeeding.name_successor(old, named=Named(LOUISE, "Louise"), now=now)
    ticking.tick(now=now)
    return Invitation.objects.get(contact__email=LOUISE)


def wants_to_be_called(person: Contact, device: Device, *, now: datetime) -> None:
    wanted = Wanted(
        address="30 rue de Gramont", postal_code="75002", town="Paris", first_name="Louise",
        last_name="Petit", email=LOUISE, devices=frozenset({device.pk}),
    )  # fmt: skip
    appointments.ask(a_customer(), wanted, by=person, choice=wanted.devices, now=now)
    ticking.tick(now=now)


def third_reminder_late(campaign: Campaign) -> datetime:
    """Owed and written in time, it leaves thirty hours later: the deadline moves, for both."""
    due = OPENED + 3 * WEEK
    steps.take_due_steps(now=due)
    mailing.write_due(now=due)
    left = due + timedelta(hours=30)
    ticking.tick(now=left)
    ticking.tick(now=left)
    assert reminding.move_deadlines(campaign.pk, now=left) == 0
    return left


def closes(campaign: Campaign) -> None:
    campaign.refresh_from_db()
    ticking.tick(now=campaign.closes_at + GRACE)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.CLOSED
