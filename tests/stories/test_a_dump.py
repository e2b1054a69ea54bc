"""Whoever gets hold of a dump of the database gets in nowhere: it holds no key, no code and no cookie."""

from __future__ import annotations

import base64
import re

import psycopg
import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from psycopg import sql

from releveur import clock, postgres
from releveur.campaigns.models import Receipt
from releveur.ops import ticking
from releveur.web.portal.session import BROWSER, SALT
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.sink import Sink
from tests.stories.quarter import text
from tests.stories.test_a_quarter import post
from tests.web.visiting import fields

__all__ = ["post"]

pytestmark = pytest.mark.django_db(transaction=True)

ALEXANDRA = "alexandra@gramont-services.example"
KARIM = {"first_name": "Karim", "email": "karim@gramont-services.example"}
KEY = re.compile(r"/(?:r|plus-moi|ne-plus-ecrire|connexion/lien)/([\w-]{22})")
CODE = re.compile(r"^ +([2-9A-Z]{4}-[2-9A-Z]{4})\r?$", re.MULTILINE)


def test_a_dump_after_the_story_opens_nothing(post: Sink, server: postgres.Server) -> None:
    cookies = lived(post)
    told = [text(mail) for mail in post.messages]
    keys = {key for mail in told for key in KEY.findall(mail)}
    codes = {code for mail in told for code in CODE.findall(mail)}
    assert (len(keys), len(codes)) == (3, 1), "hers, Karim’s, and those of coming back"
    assert len(cookies) == 8, "three browsers: a token each, what let them in, and what waited"

    dump = dumped(server)
    for known in (ALEXANDRA, Receipt.objects.get().number, "{{LINK-KEY}}"):
        assert known in dump, "it is a dump of this story"
    bare = {code.replace("-", "") for code in codes}
    secrets = keys | codes | bare | cookies
    assert not {one for one in secrets if any(form in dump for form in disguises(one))}


def lived(post: Sink) -> set[str]:
    """Asked, answered, handed on, an appointment made, back without the mail; the cookies of it all."""
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer(), email=ALEXANDRA)
    a_device(customer, mono=39_684)
    other = a_device(customer, mono=39_684)
    a_campaign()
    ticking.tick(now=OPENED)
    alexandra = Client()
    alexandra.post(f"/r/{newest_key(post)}")
    sends(alexandra, f"/releves/transmettre?device={other.pk}", KARIM)
    ticking.tick(now=OPENED)
    karim = Client()
    karim.post(f"/r/{newest_key(post)}")
    assert karim.get("/releves").status_code == 200
    form = fields(alexandra.get("/releves"))
    values = {name: "41200" for name in form if name.startswith("value-")}
    sends(alexandra, "/releves", form | values)
    page = alexandra.get("/releves/rendez-vous")
    sends(alexandra, "/releves/rendez-vous", fields(page) | {"last_name": "Morel"})
    ticking.tick(now=OPENED)
    return kept_by(alexandra) | kept_by(karim) | came_back(post)


def sends(browser: Client, address: str, form: dict[str, str]) -> None:
    assert browser.post(address, form).status_code == 303


def came_back(post: Sink) -> set[str]:
    """In with an address and a code; the cookies, and the secret within the one that waits."""
    back = Client()
    sends(back, "/connexion", {"address": ALEXANDRA})
    waiting = kept_by(back)
    secret = signing.loads(back.cookies[BROWSER].value, salt=f"{SALT}.{BROWSER}")
    ticking.tick(now=OPENED)
    code = CODE.findall(text(post.messages[-1]))[0]
    sends(back, "/connexion/code", {"code": code})
    assert back.get("/mes-releves").status_code == 200
    return waiting | kept_by(back) | {secret}


def kept_by(browser: Client) -> set[str]:
    return {one.value for one in browser.cookies.values() if one.value}


def newest_key(post: Sink) -> str:
    [*_older, key] = KEY.findall(text(post.messages[-1]))
    return str(key)


def dumped(server: postgres.Server) -> str:
    """Every table of every schema that is ours, as `pg_dump` writes it."""
    name = str(connection.settings_dict["NAME"])
    with psycopg.connect(server.conninfo(user=postgres.OWNER, name=name)) as owner:
        tables = owner.execute(
            "select schemaname, tablename from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        return "\n".join(_copied(owner, sql.Identifier(*table)) for table in tables)


def _copied(owner: psycopg.Connection, table: sql.Identifier) -> str:
    with owner.cursor().copy(sql.SQL("copy {} to stdout").format(table)) as copy:
        return b"".join(bytes(chunk) for chunk in copy).decode()


def disguises(secret: str) -> set[str]:
    """As it is, in small letters, and as bytes are shown."""
    content = secret.encode()
    return {secret, secret.lower(), content.hex(), base64.b64encode(content).decode().rstrip("=")}
