from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

from releveur.campaigns.models import Campaign, Invitation
from releveur.customers import login
from releveur.customers.models import Contact, LoginCode
from releveur.fleet.models import Device, Installation, Respondent
from releveur.outbox import keys
from releveur.outbox.models import Mail
from releveur.web.portal.access import COOKIE
from releveur.web.portal.session import BROWSER, PERSON
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    a_reading,
    a_site,
    answers,
    meter_of,
)
from tests.web.visiting import a_visitor, link, text

pytestmark = pytest.mark.django_db

ALEXANDRA = "alexandra@gramont-services.example"
NOBODY = "nobody@elsewhere.example"


def the_code() -> str:
    return keys.code(LoginCode.objects.latest("id").uuid, 1)


def the_link() -> str:
    return f"/connexion/lien/{keys.make(LoginCode.objects.latest('id').uuid, 1)}"


def asking(address: str = ALEXANDRA) -> Client:
    visitor = Client()
    answer = visitor.post("/connexion", {"address": address})
    assert (answer.status_code, answer["Location"]) == (303, "/connexion/code")
    return visitor


def inside(address: str = ALEXANDRA) -> Client:
    """Somebody who came in with her code."""
    visitor = asking(address)
    answer = visitor.post("/connexion/code", {"code": the_code()})
    assert (answer.status_code, answer["Location"]) == (303, "/mes-releves")
    return visitor


def test_a_person_without_her_mail_comes_to_her_sheet(invitation: Invitation) -> None:
    visitor = inside()
    page = visitor.get("/mes-releves")
    assert "Gramont Services" in text(page)
    assert "Il manque 1 équipement sur 1." in text(page)
    assert "jeudi 28 avril 2022 à 18 h" in text(page)

    answer = visitor.post(f"/mes-releves/{invitation.pk}")
    assert (answer.status_code, answer["Location"]) == (303, "/releves")
    assert "3923656030" in text(visitor.get("/releves"))


def test_known_and_unknown_addresses_see_the_same_pages(invitation: Invitation) -> None:
    seen = []
    for address in (ALEXANDRA, NOBODY):
        visitor = asking(address)
        asked = visitor.get("/connexion/code")
        wrong = visitor.post("/connexion/code", {"code": "2222-2222"})
        seen.append((asked.status_code, text(asked), wrong.status_code, text(wrong)))
    (_ok, known, _no, known_wrong), (_ok, unknown, _no, unknown_wrong) = seen
    assert without_tokens(known) == without_tokens(unknown)
    assert without_tokens(known_wrong) == without_tokens(unknown_wrong)
    assert Mail.objects.filter(kind="code").count() == 1


def without_tokens(page: str) -> str:
    return re.sub(r'(name="csrfmiddlewaretoken" value|nonce)="[^"]*"', "", page)


def test_the_field_takes_what_the_phone_offers_and_what_is_pasted(invitation: Invitation) -> None:
    page = asking().get("/connexion/code").content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'maxlength="40"' in page


def test_a_wrong_code_says_how_many_tries_are_left_and_the_fifth_is_the_last(
    invitation: Invitation,
) -> None:
    visitor = asking()
    page = visitor.post("/connexion/code", {"code": "2222-2222"})
    assert page.status_code == 422
    assert "Il vous reste 4 essais." in text(page)
    for _try in range(4):
        page = visitor.post("/connexion/code", {"code": "2222-2222"})
    assert page.status_code == 410
    assert visitor.post("/connexion/code", {"code": the_code()}).status_code == 410


def test_the_link_wants_the_same_browser_and_a_press_of_the_button(invitation: Invitation) -> None:
    visitor = asking()
    assert Client().get(the_link()).status_code == 410
    assert Client().post(the_link()).status_code == 410

    before = LoginCode.objects.values().get()
    page = visitor.get(the_link())
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "strict-origin"
    assert PERSON not in visitor.cookies
    assert LoginCode.objects.values().get() == before

    answer = visitor.post(the_link())
    assert (answer.status_code, answer["Location"]) == (303, "/mes-releves")
    assert visitor.get("/mes-releves").status_code == 200


def test_every_form_wants_its_token(invitation: Invitation) -> None:
    visitor = inside()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor.cookies
    for address in ("/connexion", "/connexion/code", the_link(), f"/mes-releves/{invitation.pk}"):
        assert strict.post(address).status_code == 403


def test_nothing_but_a_session_opens_her_pages(invitation: Invitation) -> None:
    for visitor in (Client(), asking(), a_visitor(invitation)):
        assert visitor.get("/mes-releves")["Location"] == "/connexion"
        assert visitor.post(f"/mes-releves/{invitation.pk}")["Location"] == "/connexion"
    forger = inside()
    forger.cookies[PERSON] = forger.cookies[PERSON].value[:-2] + "zz"
    assert forger.get("/mes-releves")["Location"] == "/connexion"


def test_a_browser_that_only_asked_cannot_pass_its_cookie_for_a_session(
    invitation: Invitation,
) -> None:
    visitor = asking()
    visitor.cookies[PERSON] = visitor.cookies[BROWSER].value
    visitor.cookies[COOKIE] = visitor.cookies[BROWSER].value
    assert visitor.get("/mes-releves")["Location"] == "/connexion"
    assert visitor.get("/releves").status_code == 403


def test_the_session_is_kept_for_twelve_hours_out_of_reach_of_scripts(
    invitation: Invitation,
) -> None:
    cookie = inside().cookies[PERSON]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (43_200, True, "Lax")
    assert "no-store" in inside().get("/mes-releves")["Cache-Control"]


def test_revoking_and_leaving_end_the_session(invitation: Invitation) -> None:
    visitor, other = inside(), inside()
    assert visitor.post("/deconnexion")["Clear-Site-Data"] == '"storage"'
    assert visitor.get("/mes-releves")["Location"] == "/connexion"
    assert other.get("/mes-releves").status_code == 200
    login.revoke(Contact.objects.get(address_key=ALEXANDRA))
    assert other.get("/mes-releves")["Location"] == "/connexion"


def test_anothers_invitation_does_not_exist(invitation: Invitation) -> None:
    a_contact(email="boris@gramont-services.example", first_name="Boris")
    visitor = inside("boris@gramont-services.example")
    assert visitor.post(f"/mes-releves/{invitation.pk}").status_code == 404
    page = text(visitor.get("/mes-releves"))
    assert "Aucun relevé ne vous est demandé" in page
    assert "3923656030" not in page


def test_a_signed_period_is_named_and_its_sheet_opens_until_she_is_asked_again(
    invitation: Invitation,
) -> None:
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    visitor = inside()
    assert f'action="/mes-releves/{invitation.pk}"' in visitor.get("/mes-releves").content.decode()

    later = a_campaign(due_until=date(2022, 7, 5), now=OPENED.replace(month=7))
    page = visitor.get("/mes-releves").content.decode()
    assert f'action="/mes-releves/{invitation.pk}"' not in page
    assert f'action="/mes-releves/{Invitation.objects.get(campaign=later).pk}"' in page
    assert "facturé" in page
    answer = visitor.post(f"/mes-releves/{invitation.pk}")
    assert answer["Location"] == "/mes-releves"
    assert COOKIE not in visitor.cookies


def test_the_history_gives_date_value_and_nature_with_its_origin(invitation: Invitation) -> None:
    device = Device.objects.get(serial="3923656030")
    answers(invitation, device, mono=41_200, color=92_910, now=OPENED)
    page = text(inside().get("/mes-releves"))
    for told in ("05/04/2022", "41 200", "réel – relevé client", "05/01/2022", "39 684"):
        assert told in page
    assert "Tout est relevé." in page


def test_what_a_device_read_elsewhere_is_not_hers(invitation: Invitation) -> None:
    device = Device.objects.get(serial="3923656030")
    a_reading(meter_of(device), date(2018, 12, 31), 12_121)
    a_reading(meter_of(device), date(2022, 6, 30), 77_777)
    Installation.objects.filter(device=device).update(until=date(2022, 6, 1))
    elsewhere = a_customer(code="CL002000", name="Voisin")
    there = a_site(elsewhere, address="1 rue d’à côté")
    Installation.objects.create(device=device, site=there, since=date(2022, 6, 1))
    page = text(inside().get("/mes-releves"))
    assert "39 684" in page
    assert "12 121" not in page
    assert "77 777" not in page
    assert "à côté" not in page


def test_the_history_ends_for_who_answers_no_more(invitation: Invitation) -> None:
    visitor = inside()
    assert "39 684" in text(visitor.get("/mes-releves"))
    Respondent.objects.all().delete()
    assert "39 684" not in text(visitor.get("/mes-releves"))


def test_the_page_costs_the_same_for_one_device_and_for_many(
    invitation: Invitation, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for _device in range(12):
        a_device(a_customer())
    visitor = inside()
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        visitor.get("/mes-releves")


def test_too_many_codes_and_no_address_are_said_plainly(invitation: Invitation) -> None:
    page = Client().post("/connexion", {"address": "alexandra"})
    assert page.status_code == 422
    assert "nom@societe.fr" in text(page)
    for _turn in range(5):
        asking()
    page = Client().post("/connexion", {"address": ALEXANDRA})
    assert page.status_code == 429
    assert "01 53 20 11 00" in text(page)


@pytest.mark.parametrize(
    ("proxies", "told", "client"),
    [
        (0, "203.0.113.7", "127.0.0.1"),
        (1, "spoofed, 203.0.113.7", "203.0.113.7"),
        (2, "spoofed, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (1, "", "127.0.0.1"),
    ],
)
def test_a_client_is_told_by_our_own_proxies_only(
    invitation: Invitation,
    settings: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    proxies: int,
    told: str,
    client: str,
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(login, "ask", lambda _address, **said: seen.append(said["client"]))
    settings.PROXIES = proxies  # type: ignore[attr-defined]
    Client().post("/connexion", {"address": ALEXANDRA}, headers={"X-Forwarded-For": told})
    assert seen == [client]


def test_the_pages_of_dead_links_and_every_footer_lead_there(invitation: Invitation) -> None:
    for address in ("/r/AAAAAAAAAAAAAAAAAAAAAA", "/releves", "/compteur", link(invitation)):
        assert 'href="/connexion"' in Client().get(address).content.decode()
    assert "Mail perdu ? Entrer avec votre adresse" in text(Client().get("/releves"))
