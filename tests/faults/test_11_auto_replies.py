"""Out-of-office answers count for nothing, go to nobody, and no two programs talk to each other for ever.

Our mails say themselves that a program wrote them, so that programs do not answer. What answers all the
same, in any of the customers' languages, enters no reading, stops no reminder and does not fill the
office's mailbox. A mail of ours that comes round again is never sent on; a sender who never ends is put
off to the next hour, and nothing of his is lost.

Seen to fail without: `Auto-Submitted` in `composing._headers`; `auto_replies.is_automatic` in
`sorting._kind`; `sorting._is_ours`; `.exclude(sender__in=busy)` in `replying.forward_due`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from releveur.campaigns import mailing
from releveur.campaigns.models import DueReading, Invitation
from releveur.dealer.models import Dealer
from releveur.ops import ticking
from releveur.outbox import anatomy, auto_replies, delivering, inbox
from releveur.outbox.models import Arrived, Mail
from tests import sink
from tests.arriving.letters import ALEXANDRA, a_reply
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device

pytestmark = pytest.mark.django_db

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
ABSENT = {
    "Réponse automatique : Relevé compteurs": {},
    "Automatic reply: Relevé compteurs": {},
    "Abwesenheitsnotiz: Relevé compteurs": {},
    "Automatisch antwoord: Relevé compteurs": {},
    "Respuesta automática: Relevé compteurs": {},
    "Risposta automatica: Relevé compteurs": {},
    "Re: Relevé compteurs": {"Auto-Submitted": "auto-replied"},
    "RE: Relevé compteurs": {"X-Auto-Response-Suppress": "All"},
    "Ticket n° 41 200 ouvert": {"Precedence": "bulk"},
}


@pytest.fixture
def asking() -> Mail:
    a_dealer()
    a_contact(customer := a_customer())
    a_device(customer)
    a_campaign()
    with sink.listening() as server:
        mailing.write_due(now=OPENED)
        delivering.deliver_due(now=OPENED, server=server.server)
        [sent] = server.messages
    assert auto_replies.is_automatic(anatomy.parsed(sent.as_bytes())), "it says so itself"
    assert sent["Auto-Submitted"] == "auto-generated" and sent["X-Auto-Response-Suppress"] == "All"
    return Mail.objects.get(kind="invitation")


def arrives(*raws: bytes, now: Any = OPENED + HOUR) -> None:
    for raw in raws:
        inbox.receive(raw, now=now)
    ticking.take_in(now=now)


def to_the_office() -> int:
    return Mail.objects.filter(kind="office").count()


def test_out_of_office_is_no_answer_in_any_language(asking: Mail) -> None:
    words = "Absente jusqu’au 3 mai. Noir 41200 Couleur 90100."
    arrives(
        *(
            a_reply(words, answers=asking, subject=subject, headers=known)
            for subject, known in ABSENT.items()
        )
    )
    assert to_the_office() == 0
    assert not DueReading.objects.exclude(reading=None).exists()
    kinds = set(Arrived.objects.values_list("kind", "mail"))
    assert kinds == {("AUTO_REPLY", asking.pk)}, "kept, with the mail it answers"
    assert ticking.tick(now=OPENED + WEEK).reminders == 1, "she is reminded like anybody"


def test_a_day_later_the_office_gets_them_all_in_one_list(asking: Mail) -> None:
    """A program may have sent what a person wrote: nothing is dropped unseen."""
    left = "Alexandra ne travaille plus ici : écrivez à bruno@gramont-services.example."
    arrives(*(a_reply(left, subject=one, headers=known) for one, known in ABSENT.items()))
    ticking.take_in(now=OPENED + HOUR + timedelta(hours=23))
    assert to_the_office() == 0
    for hours in (24, 25, 49):
        ticking.take_in(now=OPENED + HOUR + timedelta(hours=hours))
    news = Mail.objects.get(kind="office")
    assert news.text.count("bruno@gramont-services.example") == len(ABSENT)
    assert not Arrived.objects.exclude(state="DONE").exists()


def test_a_mail_of_ours_that_comes_round_is_not_sent_on(asking: Mail) -> None:
    arrives(a_reply("Noir 41200", answers=asking))
    news = Mail.objects.get(kind="office")
    for _round in range(5):
        sent_on = a_reply("x", sender=Dealer.objects.here().sender_address, subject=news.subject)
        arrives(sent_on.replace(b"<reply-", news.message_id[:-1].encode() + b">\nX-Old: <reply-"))
    assert to_the_office() == 1


def test_a_rule_of_the_office_that_answers_its_own_news_makes_no_circle(asking: Mail) -> None:
    arrives(a_reply("Noir 41200", answers=asking))
    for _round in range(5):
        news = Mail.objects.filter(kind="office").latest("pk")
        arrives(a_reply("bien reçu", answers=news, sender=Dealer.objects.here().reply_to))
    assert to_the_office() == 1


def test_a_program_that_answers_without_saying_so_stays_a_trickle(asking: Mail) -> None:
    for number in range(25):
        arrives(a_reply(f"Votre demande {number} est enregistrée", sender="robot@client.example"))
    assert to_the_office() == 10
    arrives(a_reply("Noir 41200", answers=asking))
    assert to_the_office() == 11, "and holds up nobody else"
    assert Arrived.objects.filter(state="SORTED").count() == 15, "nothing is lost"


def test_a_person_who_answers_is_no_program(asking: Mail) -> None:
    assert Invitation.objects.get().contact.email == ALEXANDRA
    arrives(a_reply("Noir 41200", answers=asking, headers={"X-Auto-Response-Suppress": "DR, OOF"}))
    assert to_the_office() == 1
