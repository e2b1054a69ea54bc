"""However often and by however many people a campaign is launched at the same moment, there is one
campaign, every device is asked for once, and nobody gets two invitations.

Twenty threads press at one instant, each on a connection of its own; then twenty more for a date whose
campaign has closed.

Without `wait_for_other_openings()` in `campaigns/opening.py: open_campaign`, the presses that come second
find no campaign yet and fail on the database's own constraint instead of joining the first. Without that
constraint too (`a_due_date_is_asked_by_one_campaign_at_a_time`) there would be twenty campaigns. The
answer 409 with a link to the first waits for the office's page with the button.
"""

from __future__ import annotations

import pytest

from releveur.campaigns import opening
from releveur.campaigns.models import Campaign, DueReading, Invitation, Notice
from releveur.campaigns.opening import Opened
from tests.factories import DUE_ON, OPENED, a_contact, a_customer, a_dealer, a_device
from tests.faults.at_once import raised, together

pytestmark = pytest.mark.django_db(transaction=True)

PRESSES = 20
DEVICES = 3


@pytest.fixture(autouse=True)
def fleet() -> None:
    a_dealer()
    a_contact(customer := a_customer())
    for _number in range(DEVICES):
        a_device(customer, mono=39_684, color=89_675)


def press(_number: int) -> Opened:
    return opening.open_campaign(DUE_ON, now=OPENED)


def test_twenty_presses_at_once_open_one_campaign() -> None:
    outcomes = together(PRESSES, press)

    assert not raised(outcomes)
    opened = [one for one in outcomes if isinstance(one, Opened)]
    campaign = Campaign.objects.get()
    assert {one.campaign.pk for one in opened} == {campaign.pk}, "each press is led to the first"
    assert sorted(one.added for one in opened) == [0] * (PRESSES - 1) + [2 * DEVICES]
    assert DueReading.objects.count() == 2 * DEVICES
    assert Invitation.objects.count() == 1
    assert Notice.objects.count() == 1


def test_twenty_presses_after_the_close_are_all_refused_and_open_nothing() -> None:
    press(0)
    Campaign.objects.update(state=Campaign.State.CLOSED)
    a_device(a_customer(), mono=5)

    outcomes = together(PRESSES, press)

    assert {type(one) for one in outcomes} == {opening.AlreadyClosed}
    assert Campaign.objects.count() == 1 and DueReading.objects.count() == 2 * DEVICES
