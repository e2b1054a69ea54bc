"""A form sent with more fields than the page has, in the hope that one of them sets what only the dealer
may set, changes nothing more than the form alone.

Every form of the customer's pages is sent as the page makes it, and then once more, on the database put back,
with the name of every column of every table beside it, in four different values; the two databases are
compared byte by byte. Values for rows of other customers, and another person's ticket for a photo, go with
them.

Without fields that are named one by one (with a column filled from `request.POST` by its name), a table differs:
tried with `department` in `web/portal/appointments.py: _ask`. Two walls keep a stranger's row, and either alone holds: the form is read
from the rows of `sheet.draw(invitation, …)` alone, and `asked_of(invitation)` in `sending._answer` knows no
other. The same for the API, and « 422 », wait for the API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.test import Client

from releveur import clock
from releveur.campaigns.models import DueReading, Invitation
from tests.factories import OPENED, a_contact, a_customer, a_device, a_proof
from tests.faults import dumps
from tests.faults.asked import asked, the_device
from tests.faults.dumps import Dump
from tests.web.visiting import a_visitor, fields

pytestmark = pytest.mark.django_db(transaction=True)

BY_CHANCE = re.compile(
    rb"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|[0-9a-f]{64}"
)
"""Message ids, uuids and hashes of keys: new ones each time. (Nonces are the form's, and stay.)"""

LISTS = {"devices"}
"""What may be said several times."""

type Form = dict[str, str]


@pytest.fixture
def world() -> Dump:
    """Alexandra is asked for two devices, a stranger for one."""
    clock.set(OPENED)
    a_contact(stranger := a_customer(code="CL009000", name="Autre SA"), email="bob@autre.example")
    a_device(stranger, serial="3900009000", mono=5)
    asked(devices=2)
    a_proof()
    return dumps.take()


def hers() -> Invitation:
    return Invitation.objects.get(contact__email="alexandra@gramont-services.example")


def values(visitor: Client) -> tuple[str, Form]:
    row = DueReading.objects.get(meter__device=the_device(0))
    return "/releves", fields(visitor.get("/releves")) | {f"value-{row.pk}": "41200"}


def one_device(visitor: Client) -> tuple[str, Form]:
    page = f"/releves/materiel/{the_device(1).pk}"
    row = DueReading.objects.get(meter__device=the_device(1))
    form = fields(visitor.get(page), form="device") or fields(visitor.get(page))
    return page, form | {f"value-{row.pk}": "41300"}


def a_problem(visitor: Client) -> tuple[str, Form]:
    return f"/releves/materiel/{the_device(0).pk}/probleme", {"what": "NO_ACCESS"}


def a_handover(visitor: Client) -> tuple[str, Form]:
    named = {"email": "karim@gramont-services.example", "first_name": "Karim"}
    return f"/releves/transmettre?device={the_device(0).pk}", named


def a_successor(visitor: Client) -> tuple[str, Form]:
    named = {"email": "lea@gramont-services.example", "first_name": "Léa"}
    return "/releves/plus-moi", named


def an_appointment(visitor: Client) -> tuple[str, Form]:
    return "/releves/rendez-vous", {
        "address": "30 rue de Gramont", "postal_code": "75002", "town": "Paris",
        "devices": str(the_device(0).pk), "first_name": "Alexandra", "last_name": "Petit",
        "email": "alexandra@gramont-services.example", "phone": "06 11 22 33 44",
    }  # fmt: skip


FORMS = (values, one_device, a_problem, a_handover, a_successor, an_appointment)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_nothing_but_the_form_counts(form: object, world: Dump) -> None:
    assert callable(form)
    visitor = a_visitor(hers())
    page, own = form(visitor)
    shown = visitor.get(page).content.decode()
    own = {"nonce": "6b0a6f0e-5f0d-4c35-9f0a-0d2f6a0f0f0f"} | own
    visitor.post(page, own)
    honest = normal(dumps.take())
    assert honest != normal(world), "the form alone does something"

    for value in hostile():
        world.put_back()
        extra = {name: value for name in columns() if f'name="{name}"' not in shown}
        visitor.post(page, extra | others() | own)
        assert differing(honest, normal(dumps.take())) == [], value


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_what_is_said_twice_or_in_the_address_too_counts_once(form: object, world: Dump) -> None:
    assert callable(form)
    visitor = a_visitor(hers())
    page, own = form(visitor)
    own = {"nonce": "6b0a6f0e-5f0d-4c35-9f0a-0d2f6a0f0f0f"} | own
    visitor.post(page, own)
    honest = normal(dumps.take())
    for first in ("99999", "'; --", ""):
        world.put_back()
        twice = {name: [first, value] for name, value in own.items() if name not in LISTS}
        join = "&" if "?" in page else "?"
        visitor.post(page + join + urlencode(dict.fromkeys(own, first)), own | twice)
        assert differing(honest, normal(dumps.take())) == [], first


def columns() -> set[str]:
    """The name of every column, as Django and as the database call it."""
    names: set[str] = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:  # noqa: SLF001  # Django's own way
            names |= {field.name, str(field.column)}
    return names


def hostile() -> list[str]:
    stranger = DueReading.objects.get(meter__device__serial="3900009000")
    return ["SIGNED", "1", str(stranger.pk), "2022-01-01T00:00:00Z"]


def others() -> Form:
    """Values for a stranger's row, and a ticket for a photo that is nobody's."""
    row = DueReading.objects.get(meter__device__serial="3900009000")
    return {f"value-{row.pk}": "99", f"on-{row.meter.device_id}": "2022-04-05", "proof-1": "1:2:3"}


def normal(dump: Dump) -> Mapping[str, bytes]:
    """What was recorded; how often she came, and the line of the audit with its salt, differ each time."""
    recorded = {
        table: rows
        for table, rows in dump.tables.items()
        if not table.startswith(("audit_", "customers_tally"))
    }
    return {table: BY_CHANCE.sub(b"by chance", rows) for table, rows in recorded.items()}


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    return [table for table in sorted({*one, *other}) if one.get(table) != other.get(table)]
