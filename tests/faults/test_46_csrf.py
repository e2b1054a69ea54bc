"""Another site that one of your customers has open sends nothing in her name.

Every form carries a token of this browser, and a request that changes something is refused (403) without it,
with another's, or when the browser says that it comes from another site, however the request is dressed. The
cookies are not sent along by other sites in the first place (`SameSite=Lax`), belong to this very host with https
(`__Host-`), and no script reads them. One door has no cookie to misuse: that of your mail provider, who has to
show a secret instead.

How it is tested: every address of the program that takes forms, from its own list, is sent to by a customer who
is logged in: without token, with the token of another browser, from another origin, from the origin `null`, as
JSON in a `text/plain` form, and over https without saying whence. With the token, the same form is let in.

Without `CsrfViewMiddleware` in `settings.MIDDLEWARE`, it fails; so it does with `csrf_exempt` on any page but
the provider's, and without `samesite="Lax"` in `access.grant` or `session._keep`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from releveur.campaigns.models import Invitation
from releveur.web.portal import access, session
from tests.doors import Town, a_town, every_door
from tests.test_doors import address_of, written

pytestmark = pytest.mark.django_db

EXEMPT = {"inbound:arrived"}
"""No cookie opens it."""

ELSEWHERE = "https://evil.example"
TOKEN = "csrfmiddlewaretoken"


@pytest.fixture
def town() -> Town:
    return a_town()


def forms() -> list[tuple[str, str]]:
    """The addresses that answer a form."""
    table = written()
    return [
        (name, pattern)
        for name, pattern, _places in every_door()
        if set(table[name, "POST"]) != {405} and name not in EXEMPT
    ]


def her_browser(town: Town) -> Client:
    """Hers, with a cookie of tokens; what forges nothing is let in, as in production."""
    browser = Client(enforce_csrf_checks=True)
    kept = {name: one.value for name, one in town.visitors["hers"].browser.cookies.items()}
    browser.cookies.load(kept)
    browser.get("/connexion")
    return browser


def token(browser: Client) -> str:
    page = browser.get("/connexion").content.decode()
    return page.partition(f'name="{TOKEN}" value="')[2].partition('"')[0]


def as_text(body: dict[str, Any]) -> dict[str, Any]:
    """How another site makes a browser send JSON without asking first."""
    return {"data": json.dumps(body), "content_type": "text/plain"}


def refused(browser: Client, address: str, **request: Any) -> bool:
    with transaction.atomic():
        answer = browser.post(address, **request)
        transaction.set_rollback(True)
    return answer.status_code == 403 and b"Bureautique Lafayette" in answer.content


def test_every_form_is_refused_however_it_is_forged(town: Town) -> None:
    browser, hers = her_browser(town), town.visitors["hers"]
    right, anothers = token(browser), token(Client())
    for name, pattern in forms():
        address, body = address_of(name, pattern, town, hers), town.bodies.get(name, {})
        whole = body | {TOKEN: right}
        forgeries: list[dict[str, Any]] = [
            {"data": body},
            {"data": body | {TOKEN: anothers}},
            {"data": body | {TOKEN: "x" * 64}},
            {"data": whole, "headers": {"Origin": ELSEWHERE}},
            {"data": whole, "headers": {"Origin": "null"}},
            {"data": whole, "secure": True},
            {"data": whole, "secure": True, "headers": {"Referer": f"{ELSEWHERE}/page"}},
            as_text(whole),
            {"data": json.dumps(whole), "content_type": "application/json"},
        ]
        let_in = [one for one in forgeries if not refused(browser, address, **one)]
        assert not let_in, name


def test_with_the_token_the_same_forms_are_let_in(town: Town) -> None:
    browser, hers = her_browser(town), town.visitors["hers"]
    right = token(browser)
    for name, pattern in forms():
        address, body = address_of(name, pattern, town, hers), town.bodies.get(name, {})
        assert not refused(browser, address, data=body | {TOKEN: right}), name
        from_here = {"Origin": "http://testserver"}
        assert not refused(browser, address, data=body | {TOKEN: right}, headers=from_here), name


def test_nothing_but_the_provider_s_door_does_without_a_token() -> None:
    views = dict(_views(get_resolver()))
    exempt = {name for name, view in views.items() if getattr(view, "csrf_exempt", False)}
    assert exempt == EXEMPT


def _views(resolver: Any, space: str = "") -> Any:
    for one in resolver.url_patterns:
        if hasattr(one, "url_patterns"):
            yield from _views(one, f"{one.namespace}:")
        else:
            yield f"{space}{one.name}", one.callback


def test_another_site_s_form_takes_no_cookie_along_and_no_script_reads_one(
    town: Town, settings: Any
) -> None:
    answer = HttpResponse()
    invitation = Invitation.objects.get(pk=town.arguments["invitation"])
    access.grant(answer, invitation)
    session.begin(answer, invitation.contact)
    session.bind(answer, session.a_browser())
    kept = [one for one in answer.cookies.values() if one.value]
    assert len(kept) == 3
    page, language = Client().get("/connexion"), Client().post("/langue", {"language": "en"})
    for cookie in (*kept, *page.cookies.values(), *language.cookies.values()):
        assert cookie["samesite"] == "Lax" and cookie["httponly"], cookie.key
        assert cookie["path"] == "/" and not cookie["domain"], cookie.key
