"""« Automatiser le relevé de vos compteurs » stands wherever a person is who may ask for it."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releveur import clock
from releveur.campaigns import handing_over
from releveur.campaigns.models import Invitation
from releveur.customers.introducing import Named
from releveur.outbox import keys
from tests.factories import OPENED, a_campaign, a_customer, a_dealer, a_device, answers
from tests.web.seeing import an_invitation, first
from tests.web.test_signing_in import inside
from tests.web.visiting import a_visitor, text

pytestmark = pytest.mark.django_db

OFFER = 'id="automate"'
FORM = "/releves/rendez-vous"


@pytest.fixture
def invitation() -> Invitation:
    clock.set(OPENED)
    a_dealer()
    return an_invitation()


def pages(invitation: Invitation) -> list[str]:
    """Each page of a person who came by her own mail."""
    device = first()
    answer = answers(invitation, device, mono=41_200, now=OPENED)
    assert answer.receipt
    own = f"/releves/materiel/{device.pk}"
    return [
        "/releves", own, f"{own}/probleme", f"{own}/compteur", "/releves/tableur/envoyer",
        f"/releves/recu/{answer.receipt.number}", f"/releves/transmettre?device={device.pk}",
        "/releves/plus-moi",
    ]  # fmt: skip


def test_each_page_of_a_person_who_came_by_her_mail_offers_it(invitation: Invitation) -> None:
    visitor = a_visitor(invitation)
    for page in pages(invitation):
        seen = visitor.get(page)
        assert seen.status_code == 200 and text(seen).count(OFFER) == 1, page
        assert f'<a href="{FORM}">' in text(seen), page


def test_it_is_offered_to_whoever_came_in_with_a_code_and_leads_there(
    invitation: Invitation,
) -> None:
    visitor = inside()
    assert OFFER in text(visitor.get("/mes-releves"))
    answer = visitor.post(f"/mes-releves/{invitation.pk}", {"appointment": "1"})
    assert (answer.status_code, answer["Location"]) == (303, FORM)
    assert visitor.get(FORM).status_code == 200


def test_it_is_not_offered_where_it_makes_no_sense(invitation: Invitation) -> None:
    visitor = a_visitor(invitation)
    key = keys.make(invitation.uuid, invitation.link_version)
    for page in (FORM, f"{FORM}?choose", "/releves/feuille"):
        assert OFFER not in text(visitor.get(page)), page
    for page in ("/compteur", "/connexion", f"/plus-moi/{key}", f"/ne-plus-ecrire/{key}"):
        assert OFFER not in text(Client().get(page)), page


def test_a_colleague_does_not_see_what_is_not_hers_to_ask(invitation: Invitation) -> None:
    device = first()
    named = Named("karim@gramont-services.example", "Karim", "Benali")
    made = handing_over.hand_over(invitation, device, to=named, now=OPENED)
    visitor = a_visitor(made.receiver)
    own = f"/releves/materiel/{device.pk}"
    for page in ("/releves", own, f"{own}/probleme", f"{own}/compteur", "/releves/tableur/envoyer"):
        seen = visitor.get(page)
        assert seen.status_code == 200 and OFFER not in text(seen), page


def test_no_page_costs_more_for_many_devices(
    invitation: Invitation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(38):
        a_device(a_customer())
    a_campaign()
    visitor, person = a_visitor(invitation), inside()
    for page in pages(invitation):
        with django_assert_max_num_queries(12):
            visitor.get(page)
    with django_assert_max_num_queries(12):
        person.get("/mes-releves")
