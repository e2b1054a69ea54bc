"""A copy of the database opens nothing: neither a link, nor a code, nor a browser's cookie is in it."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client

from releveur import clock
from releveur.campaigns import mailing
from releveur.campaigns.models import Invitation
from releveur.fleet.models import Device
from releveur.outbox import delivering, keys
from tests import sink
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device, meter_of
from tests.web.test_devices import name
from tests.web.visiting import fields

pytestmark = pytest.mark.django_db

LINKS = re.compile(r"/(?:r|connexion/lien|ne-plus-ecrire|plus-moi)/([\w-]{22})")
CODES = re.compile(r"\b([2-9B-DF-HJ-NP-TV-Z]{4}-[2-9B-DF-HJ-NP-TV-Z]{4})\b")
ALEXANDRA = "alexandra@gramont-services.example"


def every_row() -> str:
    """All rows of all tables, as text."""
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        rows = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'select one::text from "{table}" as one')
            rows += [text for (text,) in cursor.fetchall()]
    return "\n".join(rows)


def the_mails_arrive(post: sink.Sink) -> str:
    """What of all mails came over the wire, as their readers see it."""
    mailing.write_due(now=OPENED)
    delivering.deliver_due(now=OPENED, server=post.server)
    bodies = [message.get_body(("plain",)) for message in post.messages]
    headers = [str(message["List-Unsubscribe"]) for message in post.messages]
    return "\n".join([*(body.get_content() for body in bodies if body), *headers])


def lives_through_everything(visitor: Client, device: Device) -> None:
    """She answers, hands a device on, asks to be called, and comes in again by a code."""
    form = fields(visitor.get("/releves")) | {name(device, "mono"): "41200"}
    assert visitor.post("/releves", form).status_code == 303
    karim = {"first_name": "Karim", "email": "karim@gramont-services.example"}
    assert visitor.post(f"/releves/transmettre?device={device.pk}", karim).status_code == 303
    assert visitor.post("/connexion", {"address": ALEXANDRA}).status_code == 303


def test_a_copy_of_the_database_opens_nothing() -> None:
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer(), email=ALEXANDRA)
    device = a_device(customer, mono=39_684, color=89_675)
    a_campaign()
    with sink.listening() as post:
        first = LINKS.search(the_mails_arrive(post))
        assert first
        visitor = Client()
        visitor.post(f"/r/{first[1]}")
        lives_through_everything(visitor, device)
        read = the_mails_arrive(post)
    [code] = set(CODES.findall(read))
    cookies = {one.value for one in visitor.cookies.values() if len(one.value) > 2}
    assert visitor.post("/connexion/code", {"code": code}).status_code == 303
    cookies |= {one.value for one in visitor.cookies.values() if len(one.value) > 2}
    secrets = {*LINKS.findall(read), code, code.replace("-", ""), *cookies}

    assert len(set(LINKS.findall(read))) >= 3, "the red button, the colleague's, the code's"
    assert len(cookies) >= 3
    assert Invitation.objects.count() == 2 and meter_of(device)
    dump = every_row()
    assert keys.PLACEHOLDER in dump, "the mails are in it"
    assert not [secret for secret in secrets if secret in dump]
