from __future__ import annotations

import pytest
from django.test import Client

from releveur.campaigns import links
from releveur.campaigns.models import Invitation
from releveur.web.portal.access import COOKIE
from tests.web.visiting import a_visitor, link, text

pytestmark = pytest.mark.django_db


def test_the_red_button_opens_a_page_that_says_who_what_and_until_when(
    invitation: Invitation,
) -> None:
    page = Client().get(link(invitation))

    assert page.status_code == 200
    seen = text(page)
    assert "Gramont Services (CL001007)" in seen
    assert "jeudi 28 avril 2022 à 18 h" in seen
    assert "Continuer" in seen


def test_a_scanner_that_opens_the_link_changes_nothing_and_gets_no_session(
    invitation: Invitation, django_assert_num_queries: object
) -> None:
    before = list(Invitation.objects.values())
    scanner = Client()
    for _visit in range(3):
        assert scanner.get(link(invitation)).status_code == 200
    assert COOKIE not in scanner.cookies
    assert scanner.get("/releves").status_code == 403
    assert list(Invitation.objects.values()) == before


def test_the_link_leaves_no_trace_in_other_sites_or_caches(invitation: Invitation) -> None:
    page = Client().get(link(invitation))
    assert page["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page["Cache-Control"]


def test_pressing_continue_leads_to_an_address_without_the_key(invitation: Invitation) -> None:
    visitor = Client()
    answer = visitor.post(link(invitation))
    assert (answer.status_code, answer["Location"]) == (303, "/releves")
    cookie = visitor.cookies[COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"


def test_continue_without_its_token_is_refused(invitation: Invitation) -> None:
    assert Client(enforce_csrf_checks=True).post(link(invitation)).status_code == 403


def test_an_unknown_link_says_what_to_do(invitation: Invitation) -> None:
    page = Client().get("/r/AAAAAAAAAAAAAAAAAAAAAA")
    assert page.status_code == 404
    assert "01 53 20 11 00" in text(page)


def test_a_revoked_link_closes_the_pages_it_opened(invitation: Invitation) -> None:
    visitor = a_visitor(invitation)
    old = link(invitation)
    assert visitor.get("/releves").status_code == 200
    links.revoke(invitation)
    assert visitor.get("/releves").status_code == 403
    assert visitor.get(old).status_code == 404


def test_a_forged_cookie_opens_nothing(invitation: Invitation) -> None:
    visitor = a_visitor(invitation)
    visitor.cookies[COOKIE] = visitor.cookies[COOKIE].value[:-2] + "zz"
    assert visitor.get("/releves").status_code == 403


def test_the_page_speaks_the_persons_language_and_the_other_on_demand(
    invitation: Invitation,
) -> None:
    visitor = a_visitor(invitation)
    assert "Compteur Noir" in text(visitor.get("/releves"))

    answer = visitor.post("/langue", {"language": "en", "next": "/releves"})
    assert answer["Location"] == "/releves"
    page = visitor.get("/releves")
    assert "Counter Black" in text(page)
    assert '<html lang="en">' in page.content.decode()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_the_language_switch_leads_nowhere_else(invitation: Invitation, elsewhere: str) -> None:
    answer = a_visitor(invitation).post("/langue", {"language": "en", "next": elsewhere})
    assert answer["Location"] == "/releves"
