"""Every address of the product, who comes to it, and what she gets: one table, complete by force.

Nobody has no cookie; « wrong » has forged ones; a revoked link, and an old one whose quarter is invoiced
and whose owner was asked again; another customer; the former holder of the device that moved to her; a
colleague who was given another device of hers; and herself. An address that names a thing names one of
hers, and of nobody else; an address that holds a key holds the visitor's own.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from releveur.campaigns.models import DueReading, Receipt
from tests.doors import VISITORS, Town, Visitor, a_town, every_door

pytestmark = pytest.mark.django_db

TABLE = """
                                   nobody  wrong revoked    old  other former colleague   hers
portal:enter                 GET      404    404     404    410    200    200       200    200
portal:enter                 POST     404    404     404    410    303    303       303    303
portal:stop                  GET      404    404     404    200    200    200       200    200
portal:stop                  POST     404    404     404    303    303    303       303    303
portal:devices               GET      403    403     403    410    200    200       200    200
portal:devices               POST     403    403     403    410    303    303       303    422
portal:device                GET      403    403     403    410    404    404       404    200
portal:device                POST     403    403     403    410    404    404       404    422
portal:question              GET      405    405     405    405    405    405       405    405
portal:question              POST     403    403     403    410    404    404       404    200
portal:problem               GET      403    403     403    410    404    404       404    200
portal:problem               POST     403    403     403    410    404    404       404    303
portal:problem_back          GET      405    405     405    405    405    405       405    405
portal:problem_back          POST     403    403     403    410    404    404       404    303
portal:where_of              GET      403    403     403    410    404    404       404    200
portal:where_of              POST     405    405     405    405    405    405       405    405
portal:spreadsheet           GET      403    403     403    410    200    200       200    200
portal:spreadsheet           POST     405    405     405    405    405    405       405    405
portal:send_spreadsheet      GET      403    403     403    410    200    200       200    200
portal:send_spreadsheet      POST     403    403     403    410    422    422       422    422
portal:printed               GET      403    403     403    410    200    200       200    200
portal:printed               POST     405    405     405    405    405    405       405    405
portal:receipt               GET      403    403     403    410    404    404       404    200
portal:receipt               POST     405    405     405    405    405    405       405    405
portal:undo                  GET      405    405     405    405    405    405       405    405
portal:undo                  POST     403    403     403    410    404    404       404    303
portal:receive               GET      405    405     405    405    405    405       405    405
portal:receive               POST     403    403     403    410    422    422       422    422
portal:photo                 GET      403    403     403    410    404    404       404    200
portal:photo                 POST     405    405     405    405    405    405       405    405
portal:hand_over             GET      403    403     403    410    404    404       404    200
portal:hand_over             POST     403    403     403    410    404    404       404    303
portal:take_back             GET      405    405     405    405    405    405       405    405
portal:take_back             POST     403    403     403    410    404    404       404    303
portal:not_me                GET      403    403     403    410    200    200       200    200
portal:not_me                POST     403    403     403    410    303    303       303    303
portal:not_me_by_mail        GET      404    404     404    410    200    200       200    200
portal:not_me_by_mail        POST     404    404     404    410    303    303       303    303
portal:appointment           GET      403    403     403    410    200    200       302    200
portal:appointment           POST     403    403     403    410    422    422       302    422
portal:appointment_asked     GET      403    403     403    410    302    302       302    200
portal:appointment_asked     POST     405    405     405    405    405    405       405    405
portal:appointment_cancel    GET      405    405     405    405    405    405       405    405
portal:appointment_cancel    POST     403    403     403    410    404    404       404    303
portal:appointment_calendar  GET      403    403     403    410    404    404       404    200
portal:appointment_calendar  POST     405    405     405    405    405    405       405    405
portal:login                 GET      200    200     200    200    200    200       200    200
portal:login                 POST     303    303     303    303    303    303       303    303
portal:code                  GET      302    302     302    302    302    302       302    302
portal:code                  POST     302    302     302    302    302    302       302    302
portal:follow                GET      410    410     410    410    410    410       410    410
portal:follow                POST     410    410     410    410    410    410       410    410
portal:leave                 GET      405    405     405    405    405    405       405    405
portal:leave                 POST     303    303     303    303    303    303       303    303
portal:own                   GET      302    302     302    200    200    200       200    200
portal:own                   POST     405    405     405    405    405    405       405    405
portal:open                  GET      405    405     405    405    405    405       405    405
portal:open                  POST     302    302     302    404    404    404       404    303
portal:where                 GET      200    200     200    200    200    200       200    200
portal:where                 POST     405    405     405    405    405    405       405    405
portal:accessibility         GET      200    200     200    200    200    200       200    200
portal:accessibility         POST     405    405     405    405    405    405       405    405
portal:legal                 GET      200    200     200    200    200    200       200    200
portal:legal                 POST     405    405     405    405    405    405       405    405
portal:personal_data         GET      200    200     200    200    200    200       200    200
portal:personal_data         POST     405    405     405    405    405    405       405    405
portal:security              GET      200    200     200    200    200    200       200    200
portal:security              POST     405    405     405    405    405    405       405    405
portal:language              GET      405    405     405    405    405    405       405    405
portal:language              POST     303    303     303    303    303    303       303    303
portal:logo                  GET      404    404     404    404    404    404       404    404
portal:logo                  POST     405    405     405    405    405    405       405    405
inbound:arrived              GET      405    405     405    405    405    405       405    405
inbound:arrived              POST     401    401     401    401    401    401       401    401
health:live                  GET      200    200     200    200    200    200       200    200
health:live                  POST     405    405     405    405    405    405       405    405
health:ready                 GET      503    503     503    503    503    503       503    503
health:ready                 POST     405    405     405    405    405    405       405    405
health:metrics               GET      404    404     404    404    404    404       404    404
health:metrics               POST     405    405     405    405    405    405       405    405
demo:window                  GET      404    404     404    404    404    404       404    404
demo:window                  POST     405    405     405    405    405    405       405    405
demo:advance                 GET      405    405     405    405    405    405       405    405
demo:advance                 POST     404    404     404    404    404    404       404    404
demo:sign                    GET      405    405     405    405    405    405       405    405
demo:sign                    POST     404    404     404    404    404    404       404    404
demo:next_period             GET      405    405     405    405    405    405       405    405
demo:next_period             POST     404    404     404    404    404    404       404    404
demo:basis                   GET      404    404     404    404    404    404       404    404
demo:basis                   POST     405    405     405    405    405    405       405    405
demo:design                  GET      404    404     404    404    404    404       404    404
demo:design                  POST     405    405     405    405    405    405       405    405
demo:gallery                 GET      404    404     404    404    404    404       404    404
demo:gallery                 POST     405    405     405    405    405    405       405    405
demo:specimen                GET      404    404     404    404    404    404       404    404
demo:specimen                POST     405    405     405    405    405    405       405    405
demo:mail                    GET      404    404     404    404    404    404       404    404
demo:mail                    POST     405    405     405    405    405    405       405    405
"""
"""No demonstration runs, a secret is set for arriving mails, and the dealer has no logo."""

METHODS = ("GET", "POST")
NOTHING = {"reader": "1", "theme": "light", "language": "fr", "kind": "code"}
"""What the demonstration's addresses name."""

type Answers = dict[tuple[str, str], tuple[int, ...]]


def written() -> Answers:
    """The table: the answers to each address and method, a visitor a column."""
    head, *lines = TABLE.strip("\n").splitlines()
    assert tuple(head.split()) == VISITORS
    rows = [line.split() for line in lines]
    return {(name, method): tuple(map(int, codes)) for name, method, *codes in rows}


def address_of(name: str, pattern: str, town: Town, visitor: Visitor) -> str:
    def filled(place: re.Match[str]) -> str:
        what = place[1].rpartition(":")[2]
        return str((NOTHING | town.arguments | {"key": visitor.key})[what])

    query = f"?device={town.arguments['device']}" if name == "portal:hand_over" else ""
    return re.sub(r"<([^>]+)>", filled, pattern) + query


def sent(visitor: Visitor, method: str, address: str, body: dict[str, Any]) -> Any:
    """Her answer, in a browser that forgets it; whatever it did is undone."""
    browser = Client(raise_request_exception=True)
    browser.cookies.load({name: one.value for name, one in visitor.browser.cookies.items()})
    with transaction.atomic():
        answer = browser.generic(method, address) if method not in METHODS else (
            browser.get(address) if method == "GET" else browser.post(address, body)
        )  # fmt: skip
        transaction.set_rollback(True)
    return answer


def seen(town: Town) -> Answers:
    return {
        (name, method): tuple(
            sent(
                visitor,
                method,
                address_of(name, pattern, town, visitor),
                town.bodies.get(name, {}),
            ).status_code
            for visitor in (town.visitors[who] for who in VISITORS)
        )
        for name, pattern, _places in every_door()
        for method in METHODS
    }


@pytest.fixture
def town(settings: Any) -> Town:
    settings.INBOX_SECRET = "s3cret"
    return a_town()


def test_every_address_is_in_the_table() -> None:
    doors = {(name, method) for name, _pattern, _places in every_door() for method in METHODS}
    assert doors ^ set(written()) == set(), "say who gets what at these"


def test_every_visitor_gets_what_the_table_says(town: Town) -> None:
    expected, answered = written(), seen(town)
    assert {
        f"{name} {method} {who}": f"{got}, not {want}"
        for (name, method), codes in answered.items()
        for who, got, want in zip(VISITORS, codes, expected[name, method], strict=True)
        if got != want
    } == {}


def test_no_other_method_is_answered_anywhere(town: Town) -> None:
    hers = town.visitors["hers"]
    for name, pattern, _places in every_door():
        address = address_of(name, pattern, town, hers)
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            assert sent(hers, method, address, {}).status_code in {404, 405}, f"{method} {name}"


def test_every_answer_says_what_it_is_and_in_which_letters(town: Town) -> None:
    hers, seen = town.visitors["hers"], set()
    for name, pattern, _places in every_door():
        for method in METHODS:
            address = address_of(name, pattern, town, hers)
            answer = sent(hers, method, address, town.bodies.get(name, {}))
            if answer.streaming or answer.content:
                kind, _semicolon, letters = answer["Content-Type"].partition("; ")
                seen.add(kind)
                assert not kind.startswith("text/") or letters.startswith("charset=utf-8"), name
    assert {"text/html", "text/calendar", "image/jpeg", "application/json"} <= seen


@pytest.mark.parametrize("who", ["other", "former", "colleague"])
def test_what_a_form_names_of_others_is_not_theirs_to_fill(town: Town, who: str) -> None:
    browser, before = town.visitors[who].browser, DueReading.objects.count()
    receipts = Receipt.objects.count()
    answer = browser.post("/releves", town.bodies["portal:devices"])
    assert answer.status_code == 303
    assert (DueReading.objects.count(), Receipt.objects.count()) == (before, receipts)


@pytest.mark.parametrize("who", ["other", "former", "colleague", "old"])
def test_no_page_of_theirs_names_what_is_hers(town: Town, who: str) -> None:
    browser = town.visitors[who].browser
    for address in ("/releves", "/releves/feuille", "/mes-releves", "/releves/rendez-vous/merci"):
        page = browser.get(address, follow=True).content.decode()
        for hers in ("hers SA", town.arguments["number"], "Morel"):
            shared = who == "colleague" and hers == "hers SA"
            assert shared or hers not in page, f"{address} tells {who} of {hers}"
    if who != "former":
        assert "MOVED" not in browser.get("/releves", follow=True).content.decode()
