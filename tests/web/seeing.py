"""What the chapters of `states` are told with: a reader's browser, what she sees, and her devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client

from releveur.campaigns.models import Campaign, DueReading, Invitation
from releveur.fleet.models import Device
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    a_site,
    meter_of,
)
from tests.web.visiting import fields, link

USUAL = {"mono": 500, "color": 1_050}


@dataclass(frozen=True, slots=True)
class Seen:
    """One page in one state."""

    page: str
    """The name of its address."""
    state: str
    answer: Any
    """What the test client got."""


class Reader:
    """Somebody with a browser that speaks this language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def browser(self, invitation: Invitation | None = None) -> Client:
        """A browser, where an invitation is given with its sheet open."""
        client = Client()
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = self.language
        if invitation:
            client.post(link(invitation))
        return client

    def get(self, address: str) -> Any:
        return self.browser().get(address)


def see(page: str, state: str, answer: Any, *, status: int = 200) -> Seen:
    """One state; another answer than the expected one means that it was not reached."""
    assert answer.status_code == status, f"{page}, {state}: {answer.status_code}"
    return Seen(f"portal:{page}", state, answer)


def send(browser: Client, address: str, form: dict[str, Any] | None = None) -> Any:
    """Send a form and go where the answer leads."""
    answer = browser.post(address, form or {})
    assert answer.status_code == 303, answer.content.decode()
    return browser.get(answer["Location"])


def an_invitation() -> Invitation:
    """Three devices at two sites; two of them count colour."""
    a_contact(customer := a_customer())
    a_device(customer, serial="3923656030", volumes=USUAL, location="Accueil, rez-de-chaussée")
    a_device(customer, serial="3932410077", model="C8045", volumes=USUAL, location="2e étage")
    annex = a_site(customer, name="Entrepôt", address="4 quai de Grenelle")
    a_device(customer, serial="3357120044", model="B405", site=annex, mono=12_305)
    return Invitation.objects.get(campaign=a_campaign())


def first() -> Device:
    return Device.objects.get(serial="3923656030")


def second() -> Device:
    return Device.objects.get(serial="3932410077")


def third() -> Device:
    return Device.objects.get(serial="3357120044")


def field(device: Device, code: str = "mono") -> str:
    return f"value-{DueReading.objects.get(meter=meter_of(device, code)).pk}"


def typed(browser: Client, device: Device, **values: str) -> dict[str, Any]:
    """The sheet's form, filled in by hand."""
    named = {field(device, code): value for code, value in values.items()}
    return fields(browser.get("/releves")) | named


def alone(browser: Client, device: Device, **values: str) -> dict[str, Any]:
    """The same of the window of one device."""
    named = {field(device, code): value for code, value in values.items()}
    return fields(browser.get(f"/releves/materiel/{device.pk}"), form="device") | named


def sign(now: object = OPENED) -> None:
    Campaign.objects.update(state="SIGNED", signed_at=now, signed_by="Mme Roy")
