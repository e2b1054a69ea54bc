"""However many workers on however many machines close the same campaigns at the same moment, each is
closed once, each missing counter is estimated once, and each silent person is told once.

Eight processes of the product start together and close the same twenty-five campaigns of three devices each.

Without `select_for_update` in `campaigns/locks.py: hold` several processes say that they closed the same
campaign; without `reading=None` in `campaigns/closing.py: _estimate` meters have two estimates.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest

from releveur.campaigns.models import Asked, Campaign, DueReading, Invitation, Kind, Notice
from releveur.contracts.models import Coverage
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.readings.models import Reading
from tests.factories import DUE_ON, OPENED, a_contact, a_customer, a_dealer, a_device
from tests.faults.processes import python, started

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSES = 8
CAMPAIGNS = 25
DEVICES = 3
ENDS = OPENED + timedelta(days=23, hours=8)

CLOSE = """
import sys
from datetime import datetime
from releveur.campaigns import closing
from releveur.campaigns.models import Campaign

now = datetime.fromisoformat(sys.argv[1])
campaigns = list(Campaign.objects.order_by("pk").values_list("pk", flat=True))
print("ready")
sys.stdin.readline()
begun = estimated = 0
for pk in campaigns:
    begun += closing.begin(pk, now=now)
    estimated += closing.finish(pk, now=now)
print("closed", begun, estimated)
"""


@pytest.fixture
def campaigns() -> None:
    """Made by hand: opening so many campaigns is not what is tried here."""
    a_dealer()
    contact = a_contact(customer := a_customer())
    devices = [a_device(customer, mono=39_684) for _number in range(DEVICES)]
    made = Campaign.objects.bulk_create(
        Campaign(due_until=DUE_ON + timedelta(number), opened_at=OPENED, closes_at=ENDS)
        for number in range(CAMPAIGNS)
    )
    rows = DueReading.objects.bulk_create(a_row(one, device) for one in made for device in devices)
    invitations = Invitation.objects.bulk_create(
        Invitation(
            campaign=one, contact=contact, key_hash=uuid4().hex, invited_at=OPENED,
            reminder_1_at=OPENED + timedelta(7), reminder_2_at=OPENED + timedelta(14),
            reminder_3_at=OPENED + timedelta(21), asks_until=ENDS,
        )
        for one in made
    )  # fmt: skip
    hers = {one.campaign_id: one for one in invitations}
    Asked.objects.bulk_create(
        Asked(invitation=hers[row.campaign_id], due_reading=row) for row in rows
    )
    Notice.objects.bulk_create(
        Notice(invitation=one, what="REMINDED_3", states=ENDS, owed_at=OPENED, mail=a_mail_sent())
        for one in invitations
    )


def a_row(campaign: Campaign, device: Device) -> DueReading:
    return DueReading(
        campaign=campaign, kind=Kind.PERIODIC, due_on=campaign.due_until,
        meter=device.meters.get(), coverage=Coverage.objects.get(device=device),
        installation=device.installations.get(),
    )  # fmt: skip


def a_mail_sent() -> Mail:
    return Mail.objects.create(
        to="alexandra@gramont-services.example", language="fr", kind="reminder_3", sender="x",
        subject="s", text="t", html="h", message_id=uuid4().hex, owed_at=OPENED,
        state=Mail.State.SENT, sent_at=OPENED + timedelta(21),
    )  # fmt: skip


def test_eight_processes_close_each_campaign_once(campaigns: None) -> None:
    with ExitStack() as running:
        command = python(CLOSE, (ENDS + timedelta(minutes=10)).isoformat())
        closers = [running.enter_context(started(*command)) for _number in range(PROCESSES)]
        for one in closers:
            one.says("ready")
        for one in closers:
            one.tell()
        said = [one.says("closed ", seconds=120).split()[1:] for one in closers]
        assert [one.ends() for one in closers] == [0] * PROCESSES

    assert sum(int(begun) for begun, _estimated in said) == CAMPAIGNS
    assert sum(int(estimated) for _begun, estimated in said) == CAMPAIGNS * DEVICES
    assert set(Campaign.objects.values_list("state", flat=True)) == {"CLOSED"}
    assert Reading.objects.filter(source="SYSTEM").count() == CAMPAIGNS * DEVICES
    assert not DueReading.objects.filter(reading=None).exists()
    assert Notice.objects.filter(what="CLOSED").count() == CAMPAIGNS
