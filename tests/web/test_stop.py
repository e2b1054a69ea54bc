"""The page behind « Ne plus recevoir ces messages »."""

from __future__ import annotations

import pytest
from django.test import Client

from releveur.campaigns import links
from releveur.campaigns.models import Invitation
from releveur.customers.models import Contact
from releveur.fleet import answering_for
from releveur.fleet.models import Installation
from releveur.outbox.models import Mail
from tests.factories import OPENED
from tests.web.visiting import link, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(invitation: Invitation) -> str:
    return link(invitation).replace("/r/", "/ne-plus-ecrire/")


def opted_out() -> bool:
    return Contact.objects.get().opted_out_at is not None


def test_looking_changes_nothing_for_scanners_open_links(page: str) -> None:
    answer = Client().get(page)
    assert answer.status_code == 200 and not opted_out()
    assert "alexandra@gramont-services.example" in text(answer)
    assert "no-store" in answer["Cache-Control"]


def test_a_person_presses_the_button_and_sees_what_follows(page: str) -> None:
    answer = Client().post(page, follow=True)
    assert opted_out() and Contact.objects.get().opted_out_at == OPENED
    assert answer.redirect_chain == [(page, 303)]
    assert "Nous ne vous écrivons plus" in text(answer)


def test_the_same_page_offers_the_way_back(page: str) -> None:
    visitor = Client()
    visitor.post(page)
    answer = visitor.post(page, {"again": "1"}, follow=True)
    assert not opted_out()
    assert "Ne plus recevoir ces messages" in text(answer)
    assert Mail.objects.filter(kind="office").count() == 2


def test_a_program_that_presses_one_click_is_refused(page: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(page, {"List-Unsubscribe": "One-Click"}).status_code == 403
    assert not opted_out()


def test_an_unknown_or_revoked_key_stops_nothing(page: str) -> None:
    assert Client().post("/ne-plus-ecrire/nobody").status_code == 404
    links.revoke(Invitation.objects.get())
    assert Client().post(page).status_code == 404
    assert not opted_out()


def test_an_old_mail_stops_too_when_its_campaign_is_signed(page: str) -> None:
    invitation = Invitation.objects.get()
    invitation.campaign.state = "SIGNED"
    invitation.campaign.signed_at, invitation.campaign.signed_by = OPENED, "Claire"
    invitation.campaign.save()
    Client().post(page)
    assert opted_out()


def test_her_own_pages_stay_hers_without_mails(page: str) -> None:
    Client().post(page)
    her, stays = Contact.objects.get(), list(Installation.objects.select_related("site"))
    assert answering_for.contacts(stays) == {stays[0].pk: []}
    assert answering_for.contacts(stays, as_seen_by=her) == {stays[0].pk: [her.pk]}
