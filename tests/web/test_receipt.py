"""The receipt says what happens next, with the dates that are known and no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from releveur import clock
from releveur.campaigns.models import Campaign, DueReading, Invitation, Kind, Receipt
from tests.factories import OPENED, a_dealer, answers
from tests.web.seeing import an_invitation, first, second, sign
from tests.web.visiting import a_visitor, text

pytestmark = pytest.mark.django_db

ENDS = "Votre facture de la période qui se termine le"
NEXT = "Votre prochaine facture est établie"
UNTIL = "Jusqu’au <strong>jeudi 28 avril 2022 à 18 h</strong> (heure de Paris)"


@pytest.fixture
def invitation() -> Invitation:
    clock.set(OPENED)
    a_dealer()
    return an_invitation()


def receipt(invitation: Invitation) -> str:
    answers(invitation, first(), mono=41_200, color=92_910, now=OPENED)
    answers(invitation, second(), mono=41_200, color=92_910, now=OPENED)
    return seen(invitation)


def seen(invitation: Invitation) -> str:
    number = Receipt.objects.latest("pk").number
    return text(a_visitor(invitation).get(f"/releves/recu/{number}"))


def test_it_says_until_when_one_may_change_and_what_period_is_invoiced(
    invitation: Invitation,
) -> None:
    said = receipt(invitation)
    assert UNTIL in said
    assert f"{ENDS} <strong>mardi 5 avril 2022</strong>" in said


def test_two_periods_are_both_named(invitation: Invitation) -> None:
    receipt(invitation)
    line = Receipt.objects.latest("pk").lines.order_by("pk")[0]
    later = line.due_reading.due_on + timedelta(days=2)
    DueReading.objects.filter(pk=line.due_reading_id).update(due_on=later)
    assert "<strong>mardi 5 avril 2022, jeudi 7 avril 2022</strong>" in seen(invitation)


def test_a_one_off_request_promises_no_date(invitation: Invitation) -> None:
    DueReading.objects.update(kind=Kind.ONE_OFF)
    said = receipt(invitation)
    assert ENDS not in said and NEXT in said


def test_after_the_deadline_nothing_is_said_of_it(invitation: Invitation) -> None:
    said = receipt(invitation)
    Campaign.objects.update(state=Campaign.State.CLOSED)
    assert UNTIL in said and UNTIL not in seen(invitation)
    sign()
    assert ENDS not in seen(invitation)
