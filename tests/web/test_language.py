"""Another language at any moment: what was typed stands in the page, which asks nothing and writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from releveur import clock
from releveur.appointments.models import Appointment
from releveur.campaigns.models import Handover, Invitation, Problem, Receipt, Succession
from releveur.customers.models import Contact, LoginCode
from releveur.fleet.models import Device
from releveur.outbox import keys
from releveur.outbox.models import Mail
from tests.factories import OPENED, a_dealer
from tests.web.seeing import an_invitation, field, first
from tests.web.test_signing_in import asking
from tests.web.visiting import Page, a_visitor, buttons, fields

pytestmark = pytest.mark.django_db

WRITTEN = (Appointment, Handover, LoginCode, Mail, Problem, Receipt, Succession)
PERSON = {"first_name": "Karim", "last_name": "Ben", "email": "karim"}


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the portal, half filled in, and wrong as far as it goes."""

    address: str
    name: str
    typed: dict[str, str]
    marks: tuple[str, ...] = ()
    """Of the page, beside the values: what is chosen."""
    visitor: Callable[[Invitation], Client] = a_visitor


def the_key(invitation: Invitation) -> str:
    return keys.make(invitation.uuid, invitation.link_version)


def forms(invitation: Invitation) -> dict[str, Form]:
    device, other = first(), Device.objects.get(serial="3357120044")
    site = device.installations.get().site_id
    own, hand = f"/releves/materiel/{device.pk}", "/releves/transmettre"
    appointment = "/releves/rendez-vous"
    annex = f"site-{other.installations.get().site_id}"
    problem = {"what": "REPLACED", "serial": "NEW 1", "old-MONO": "12,5", "words": "Since May"}
    asked = {
        "place": annex, "address": "", "postal_code": "75", "town": "P.", "first_name": "", "last_name": "M",
        "email": "m", "phone": "1", "network_name": "Idris", "network_phone": "?", "network_email": "i",
        "call_on": "2022-04-09", "words": "Badge",
    }  # fmt: skip
    return {
        "the sheet": Form("/releves", "sheet", {field(device, "mono"): "39.6", "on": "2022-04-01"}),
        "a device": Form(own, "device", {field(device, "mono"): "39.6"}),
        "a problem": Form(
            f"{own}/probleme", "problem", problem,
            ('value="REPLACED" checked', ">Since May</textarea>"),
        ),
        "a device handed over": Form(f"{hand}?device={device.pk}", "person", PERSON),
        "a site handed over": Form(f"{hand}?site={site}", "person", PERSON),
        "not me": Form("/releves/plus-moi", "person", PERSON),
        "not me, from a mail": Form(
            f"/plus-moi/{the_key(invitation)}", "person", PERSON, visitor=lambda _one: Client()
        ),
        "an appointment": Form(
            f"{appointment}?place={annex}", "sheet", asked, (">\nBadge</textarea>",)
        ),
        "the place of it": Form(
            f"{appointment}?choose", "place", {"place": annex}, (f'value="{annex}" checked',)
        ),
        "an address": Form(
            "/connexion", "login", {"address": "alexandra"}, visitor=lambda _one: Client()
        ),
        "a code": Form("/connexion/code", "login", {"code": "7KQM"}, visitor=lambda _one: asking()),
    }  # fmt: skip


NAMES = (
    "the sheet", "a device", "a problem", "a device handed over", "a site handed over", "not me",
    "not me, from a mail", "an appointment", "the place of it", "an address", "a code",
)  # fmt: skip


@pytest.fixture
def invitation() -> Invitation:
    clock.set(OPENED)
    a_dealer()
    return an_invitation()


def count() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in WRITTEN}


def switched(page: Page, form: str) -> re.Match[str] | None:
    return re.search(
        f'<button type="submit" form="{form}" name="language" value="en"', page.content.decode()
    )


def target(page: Page, form: Form) -> str:
    """Where the form of this page is sent."""
    tag = re.search(f'<form [^>]*id="{form.name}"[^>]*>', page.content.decode())
    assert tag, "the page has the form"
    action = re.search('action="([^"]*)"', tag[0])
    return action[1] if action else form.address


@pytest.mark.parametrize("name", NAMES)
def test_what_was_typed_stands_in_the_other_language(invitation: Invitation, name: str) -> None:
    form = forms(invitation)[name]
    visitor = form.visitor(invitation)
    shown = visitor.get(form.address)
    assert switched(shown, form.name), "the switch sends the form"
    before = count()

    page = visitor.post(target(shown, form), form.typed | {"language": "en"})

    seen = page.content.decode()
    assert page.status_code == 200 and '<html lang="en">' in seen
    assert count() == before, "nothing is written"
    assert "Error:" not in seen and 'class="problems"' not in seen and "aria-invalid" not in seen
    stands = fields(page, form=form.name)
    assert {key: stands.get(key, form.typed[key]) for key in form.typed} == form.typed
    assert [key for key in form.typed if key not in stands] in ([], ["words"])
    assert all(mark in seen for mark in form.marks), form.marks
    assert '<html lang="en">' in visitor.get(form.address).content.decode(), "it is remembered"


@pytest.mark.parametrize("alone", [False, True])
def test_a_question_is_asked_in_the_other_language_with_its_answers(
    invitation: Invitation, alone: bool
) -> None:
    visitor, device = a_visitor(invitation), first()
    address = f"/releves/materiel/{device.pk}" if alone else "/releves"
    name = "device" if alone else "sheet"
    mono, color = field(device, "mono"), field(device, "color")
    form = fields(visitor.get(address), form=name) | {mono: "39600", color: "929100"}
    asking = visitor.post(address, form)
    assert asking.status_code == 422
    kept = next(value for key, value in buttons(asking) if key == f"keep-{device.pk}")
    answers = {f"reason-{device.pk}": "OTHER", f"keep-{device.pk}": kept}
    before = count()

    sent = fields(asking, form=name) | answers | {"language": "en"}
    page = visitor.post(address, sent)

    stands = fields(page, form=name)
    assert {key: stands[key] for key in answers} == answers and stands[mono] == "39600"
    assert "is below the last actual reading" in page.content.decode()
    assert count() == before


def test_a_number_that_was_not_sent_yet_asks_nothing_in_the_other_language(
    invitation: Invitation,
) -> None:
    visitor, device = a_visitor(invitation), first()
    typed = fields(visitor.get("/releves")) | {field(device, "mono"): "39600"}
    page = visitor.post("/releves", typed | {"language": "en"}).content.decode()
    assert 'class="question' not in page.split("<template")[0] and "Error:" not in page


def test_devices_that_were_unticked_stay_so(invitation: Invitation) -> None:
    site = first().installations.get().site_id
    typed = {"place": f"site-{site}", "devices": str(first().pk), "language": "en"}
    page = a_visitor(invitation).post("/releves/rendez-vous", typed).content.decode()
    assert len(re.findall('name="devices"[^>]* checked', page)) == 1


def test_even_a_form_without_a_fault_is_not_sent_by_the_switch(invitation: Invitation) -> None:
    visitor = a_visitor(invitation)
    device = first()
    address = f"/releves/materiel/{device.pk}/probleme"
    visitor.post(address, {"what": "OTHER", "words": "Parti", "language": "en"})
    assert not Problem.objects.exists()
    assert visitor.post(address, {"what": "OTHER", "words": "Parti"}).status_code == 303
    assert Problem.objects.get().words == "Parti"


@pytest.mark.parametrize("address", ["/ne-plus-ecrire/{key}", "/r/{key}"])
def test_a_page_with_a_button_only_is_opened_again(invitation: Invitation, address: str) -> None:
    visitor, page = Client(), address.format(key=the_key(invitation))
    answer = visitor.post("/langue", {"language": "en", "next": page})
    assert (answer.status_code, answer["Location"]) == (303, page)
    assert '<html lang="en">' in visitor.get(page).content.decode()
    assert Contact.objects.get().opted_out_at is None and not Mail.objects.exists()


def test_a_language_that_does_not_exist_is_a_form_like_any_other(invitation: Invitation) -> None:
    page = Client().post("/connexion", {"address": "alexandra", "language": "x"})
    assert page.status_code == 422


def test_a_wrong_code_stays_as_typed(invitation: Invitation) -> None:
    page = asking().post("/connexion/code", {"code": "7KQM-0000"})
    assert page.status_code == 422 and fields(page, form="login")["code"] == "7KQM-0000"
