from __future__ import annotations

from datetime import date, datetime

import pytest

from releveur.campaigns import links
from releveur.campaigns.models import Campaign, Invitation
from releveur.outbox import keys
from releveur.rules.schedule import PARIS
from tests.factories import a_campaign

pytestmark = pytest.mark.django_db


def key_of(invitation: Invitation) -> str:
    return keys.make(invitation.uuid, invitation.link_version)


def test_a_key_opens_its_invitation_and_the_database_holds_only_its_hash(
    invitation: Invitation,
) -> None:
    assert links.find(key_of(invitation)) == invitation
    assert key_of(invitation) not in str(Invitation.objects.values().get())


def test_a_key_nobody_issued_opens_nothing(invitation: Invitation) -> None:
    with pytest.raises(links.UnknownLink):
        links.find("A" * 22)


def test_a_revoked_link_dies_with_every_page_it_opened(invitation: Invitation) -> None:
    old = key_of(invitation)
    links.revoke(invitation)

    with pytest.raises(links.UnknownLink):
        links.find(old)
    with pytest.raises(links.UnknownLink):
        links.alive(invitation.pk, version=1)
    invitation.refresh_from_db()
    assert links.find(key_of(invitation)) == invitation


def test_a_link_lives_on_after_the_signature_until_that_person_is_asked_again(
    invitation: Invitation,
) -> None:
    Campaign.objects.update(
        state="SIGNED", signed_at=datetime(2022, 5, 2, tzinfo=PARIS), signed_by="Mme Roy"
    )
    assert links.find(key_of(invitation)) == invitation

    a_campaign(due_until=date(2022, 7, 5), now=datetime(2022, 7, 5, 10, tzinfo=PARIS))

    with pytest.raises(links.NewerMailSent):
        links.find(key_of(invitation))
