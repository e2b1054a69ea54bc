"""The office refuses a successor: who named her is told, and nobody else is written to."""

from __future__ import annotations

import pytest

from releveur.campaigns import mailing, succeeding
from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.customers.models import Contact
from releveur.outbox import keys
from releveur.outbox.models import Mail
from tests.factories import OPENED
from tests.test_succeeding import DAY, ELSEWHERE, WEEK, names, old

__all__ = ["old"]

pytestmark = pytest.mark.django_db


def test_refused_she_learns_it_by_a_mail_and_nobody_else_gets_one(old: Invitation) -> None:
    mailing.write_due(now=OPENED)
    invited = Mail.objects.get(kind="invitation")
    one = names(old, ELSEWHERE)
    before = set(Mail.objects.values_list("pk", flat=True))

    succeeding.refuse(one, now=OPENED + DAY)

    mail = Mail.objects.exclude(pk__in=before).get()
    assert (mail.kind, mail.to) == ("still_you", old.contact.email)
    assert mail.in_reply_to == invited.message_id
    assert "Louise Petit" in mail.text and "jeudi 28 avril 2022" in mail.text
    assert keys.PLACEHOLDER in mail.text
    assert not Contact.objects.filter(email=ELSEWHERE.email).exists()
    assert Invitation.objects.count() == Notice.objects.count() == 1
    with pytest.raises(succeeding.Settled):
        succeeding.refuse(one, now=OPENED + DAY)
    assert Mail.objects.filter(kind="still_you").count() == 1


def test_refused_after_the_close_the_mail_names_no_deadline(old: Invitation) -> None:
    one = names(old, ELSEWHERE)
    Campaign.objects.update(state=Campaign.State.CLOSED)
    succeeding.refuse(one, now=OPENED + 5 * WEEK)
    mail = Mail.objects.get(kind="still_you")
    assert "28 avril" not in mail.text and "/r/" not in mail.text


def test_refused_who_wants_no_mails_gets_none(old: Invitation) -> None:
    one = names(old, ELSEWHERE)
    Contact.objects.update(opted_out_at=OPENED)
    succeeding.refuse(one, now=OPENED)
    assert not Mail.objects.filter(kind="still_you").exists()
