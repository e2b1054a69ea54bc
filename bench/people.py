"""The people of a world as their browsers and mails know them: keys, cookies, and what they would type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

from django.core import signing
from django.db import connection

from bench import load
from bench.databases import Databases
from bench.worlds import Fleet
from releveur import clock
from releveur.campaigns import opening
from releveur.campaigns.models import Invitation
from releveur.outbox import keys
from releveur.web.portal import access

PAST = 4
"""Readings of each meter: from here on the sheet knows what is usual."""

TOKEN = "b" * 32
"""Of the form and of its cookie; a browser has them from the page before."""

TYPED = """
select a.invitation_id, r.id, b.value + v.volume from campaigns_duereading r
join campaigns_asked a on a.due_reading_id = r.id
join readings_billed b on b.meter_id = r.meter_id
join lateral (select (max(value) - min(value)) / (count(*) - 1) volume from readings_reading where meter_id = r.meter_id)
    v on true
order by a.invitation_id, r.id
"""


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    ticket: str

    @property
    def landing(self) -> load.Request:
        return load.get(f"/r/{self.key}")

    @property
    def declaration(self) -> load.Request:
        return load.get("/releves", cookies=self.cookies)

    @property
    def cookies(self) -> str:
        return f"{access.COOKIE}={self.ticket}; csrftoken={TOKEN}"


def asked(databases: Databases, devices: int, *, past: int = PAST) -> str:
    """A world in which everybody has just been asked."""
    fleet = Fleet(devices, past)
    world = databases.world(fleet.name, fleet.build)
    return databases.grown(
        f"{world}_asked",
        world,
        lambda: opening.open_campaign(clock.today(), now=clock.now()),
    )


def everybody() -> list[Person]:
    people = Invitation.objects.order_by("pk").values_list("pk", "uuid", "link_version")
    return [
        Person(keys.make(uuid, version), signing.dumps([pk, version], salt=access.SALT))
        for pk, uuid, version in people
    ]


def forms(people: Sequence[Person], path: str) -> list[load.Request]:
    """Of each person the form with all her devices, as usual as can be."""
    typed: dict[int, dict[str, object]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(TYPED)
        for invitation, row, value in cursor.fetchall():
            typed[invitation] |= {f"value-{row}": value, f"seen-{row}": ""}
    return [
        load.post(path, _form(typed[invitation]), cookies=person.cookies)
        for invitation, person in zip(sorted(typed), people, strict=True)
    ]


def _form(values: dict[str, object]) -> bytes:
    today = clock.today().isoformat()
    common = {"csrfmiddlewaretoken": TOKEN, "nonce": uuid4(), "on": today, "on-shown": today}
    return urlencode(common | values).encode()
