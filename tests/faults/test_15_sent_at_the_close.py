"""What a customer sends at the second of the close, or from a page opened before it, is never lost: until
the dealer signs it counts, afterwards it is settled with the next period, and her receipt says which.

The form is opened while the campaign asks and sent before the close, in the middle of it, after it and
after the signature; then the sending and the close are stopped before each of their locks in turn and meet.

Without `reading=None` in `campaigns/closing.py: _estimate` an estimate takes the place of the value sent;
without `proposed=True` in `campaigns/answering.py: _record` the late value changes what was signed. That the page refuses nothing is
better than the page that says « clôturée » of the first draft.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from django.test import Client

from releveur import clock
from releveur.campaigns import closing, signing
from releveur.campaigns.models import BasisLine, Campaign, DueReading
from releveur.readings.models import Reading
from tests.factories import OPENED, answers
from tests.faults import dumps, invariants
from tests.faults.asked import asked, the_device
from tests.interleaving import interleave
from tests.web.visiting import Page, a_visitor, fields, text

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = OPENED + timedelta(days=23, hours=8)

type Moment = Callable[[int], object]


def nothing(campaign: int) -> None:
    """It is still open."""


def begun(campaign: int) -> None:
    Campaign.objects.filter(pk=campaign).update(state=Campaign.State.CLOSING)


def closed(campaign: int) -> None:
    begun(campaign)
    closing.finish(campaign, now=SECOND)


def signed(campaign: int) -> None:
    closed(campaign)
    signing.sign(campaign, by="Mme Roy", now=SECOND)


def opened_before(close: Moment) -> tuple[Client, Page]:
    """The page is opened, then the campaign closes so far, then the form is sent."""
    clock.set(OPENED)
    invitation = asked()
    visitor = a_visitor(invitation)
    form = fields(visitor.get("/releves"))
    clock.set(SECOND)
    close(invitation.campaign_id)
    form[f"value-{DueReading.objects.get().pk}"] = "41200"
    form["on"] = "2022-04-28"
    return visitor, visitor.post("/releves", form)


@pytest.mark.parametrize("close", [nothing, begun, closed])
def test_a_form_opened_before_the_close_counts_until_the_signature(close: Moment) -> None:
    visitor, sent = opened_before(close)
    assert sent.status_code == 303
    receipt = text(visitor.get(sent["Location"]))
    assert "41 200" in receipt
    assert "est établie avec ces valeurs" in receipt
    closing.finish(Campaign.objects.get().pk, now=SECOND)
    row = DueReading.objects.select_related("reading").get()
    assert row.reading is not None and row.reading.value == 41_200


def test_after_the_signature_it_is_kept_for_the_next_period() -> None:
    visitor, sent = opened_before(signed)
    assert sent.status_code == 303
    receipt = text(visitor.get(sent["Location"]))
    assert "41 200" in receipt and "La facture de cette période est établie" in receipt
    assert Reading.objects.get(value=41_200).proposed
    assert BasisLine.objects.get().printed["new_nature"] == "estimé"


@pytest.mark.parametrize("she_first", [True, False])
def test_wherever_the_two_meet_the_receipt_names_what_stands(she_first: bool) -> None:
    invitation = asked()
    begun(invitation.campaign_id)
    world = dumps.take()

    def sends() -> object:
        return answers(invitation, the_device(), mono=41_200, now=SECOND)

    def closes() -> object:
        return closing.finish(invitation.campaign_id, now=SECOND)

    first, second = (sends, closes) if she_first else (closes, sends)
    for stop in count():
        world.put_back()
        one, other, stopped = interleave(first, second, stopped_before=stop)
        assert not isinstance(one, Exception) and not isinstance(other, Exception), (one, other)
        invariants.always()
        assert Campaign.objects.get().state == Campaign.State.CLOSED
        if not stopped:
            break
