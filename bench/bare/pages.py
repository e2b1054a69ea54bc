"""Two pages as somebody would write them who wanted nothing but speed."""

from __future__ import annotations

import json
import os
import secrets
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token

from bench.bare import building, skeleton
from bench.bare.skeleton import Skeleton
from releveur import clock
from releveur.clock import PARIS
from releveur.outbox import keys
from releveur.web.portal import access

WHERE = "BENCH_SPECIMENS"
"""Names the folder that holds one page of each kind, as the product drew it for the first person."""

LANDING = """
select i.id, c.name, c.code, count(distinct m.device_id), i.asks_until, d.name, d.phone
from campaigns_invitation i
join campaigns_asked a on a.invitation_id = i.id
join campaigns_duereading r on r.id = a.due_reading_id
join fleet_meter m on m.id = r.meter_id
join fleet_installation s on s.id = r.installation_id and (s.until is null or s.until >= r.due_on)
join customers_site p on p.id = s.site_id
join customers_customer c on c.id = p.customer_id
cross join dealer_dealer d
where i.key_hash = %s
group by i.id, c.id, d.id
"""

DECLARATION = """
select i.id, i.asks_until, x.estimation_allowed, t.department, c.name, c.code, p.id, p.address, p.postal_code, p.town,
    d.name, d.colour, d.address, d.postal_code, d.town, d.phone, d.reply_to, d.website,
    (select nonce from campaigns_receipt where invitation_id = i.id order by id desc limit 1),
    exists (select from campaigns_handover where i.id in (sender_id, receiver_id) and taken_back_at is null),
    exists (select from campaigns_succession where invitation_id = i.id),
    v.id, v.serial, v.fleet_number, o.maker, o.name, s.location,
    exists (select from campaigns_problem q join campaigns_asked z on z.invitation_id = q.invitation_id
        where z.due_reading_id = r.id and q.device_id = v.id and q.taken_back_at is null),
    r.id, r.reading_id, k.label_fr, b.value, b.taken_on, b.quality, b.source, h.volume
from campaigns_invitation i
join customers_contact t on t.id = i.contact_id
join campaigns_asked a on a.invitation_id = i.id
join campaigns_duereading r on r.id = a.due_reading_id
join contracts_coverage g on g.id = r.coverage_id
join contracts_contract x on x.id = g.contract_id
join fleet_meter m on m.id = r.meter_id
join fleet_meterkind k on k.id = m.kind_id
join fleet_device v on v.id = m.device_id
join fleet_devicemodel o on o.id = v.model_id
join fleet_installation s on s.id = r.installation_id and (s.until is null or s.until >= r.due_on)
join customers_site p on p.id = s.site_id
join customers_customer c on c.id = p.customer_id
join lateral (select l.value, l.taken_on, l.quality, e.source from readings_billed l
    left join readings_reading e on e.id = l.reading_id
    where l.meter_id = m.id order by l.taken_on desc, l.id desc limit 1) b on true
join lateral (select (max(value) - min(value)) / nullif(count(*) - 1, 0) volume from readings_reading w
    where w.meter_id = m.id and not w.proposed
    and not exists (select from readings_withdrawal where reading_id = w.id)
    and not exists (select from readings_reading where supersedes_id = w.id)) h on true
cross join dealer_dealer d
where i.id = %s and i.link_version = %s
order by v.id, k.position, r.id
"""

DAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]


def landing(request: HttpRequest, key: str) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(LANDING, [keys.hashed(key)])
        row = cursor.fetchone()
    return _page(_skeleton("landing").filled(landing_facts(key, row)))


def landing_facts(key: str, row: tuple[object, ...]) -> dict[str, str]:
    _invitation, name, code, devices, *_rest = row
    return {
        "who": f"{escape(str(name))} ({escape(str(code))})",
        "devices": f" {devices} ",
        "back": f'value="/r/{key}"',
    }


def declaration(request: HttpRequest) -> HttpResponse:
    ticket = signing.loads(request.COOKIES[access.COOKIE], salt=access.SALT, max_age=access.LIFE)
    with connection.cursor() as cursor:
        cursor.execute(DECLARATION, ticket)
        rows = cursor.fetchall()
    request.META["CSRF_COOKIE"] = request.COOKIES[settings.CSRF_COOKIE_NAME]
    fresh = {
        "token": f'csrfmiddlewaretoken" value="{get_token(request)}"',
        "nonce": f'"nonce" value="{uuid4()}"',
        "style": f'<style nonce="{secrets.token_urlsafe(16)}"',
    }
    return _page(_skeleton("declaration").filled(declaration_facts(rows) | fresh))


def tokens_of(page: str) -> dict[str, str]:
    """What `declaration` makes anew each time, as it stands in a page."""
    starts = {
        "token": 'csrfmiddlewaretoken" value="',
        "nonce": '"nonce" value="',
        "style": '<style nonce="',
    }
    found = {name: page.index(start) for name, start in starts.items()}
    return {
        name: page[at : page.index('"', at + len(starts[name])) + 1] for name, at in found.items()
    }


def declaration_facts(rows: list[tuple[Any, ...]]) -> dict[str, str]:
    """What stands in the page, each value escaped and written as the reader writes it."""
    invitation, until, estimated, department, *of_customer = rows[0][:10]
    name, code, site, *address = of_customer
    dealer, colour, *of_dealer = map(escape, rows[0][10:18])
    at = until.astimezone(PARIS)
    place = f"{escape(address[0])}, {escape(address[1])} {escape(address[2])}"
    facts = {
        "draft": f'data-draft="{invitation}" data-recorded="{rows[0][18] or ""}"',
        "title": f"– {dealer}</title>",
        "brand": f"</span>{dealer}</p>",
        "initial": f'"mark" aria-hidden="true">{dealer[:1]}',
        "colour": f"--dealer: {colour};",
        "who": f"<strong>{escape(name)}</strong>\xa0· {escape(code)}",
        "department": f'"quiet">{escape(department)}<',
        "devices": f"vos {len(rows) // 2} équipements",
        "records": f">{len(rows) // 2} enregistrements",
        "deadline": f"<strong>{_in_words(at)}</strong> (heure",
        "bar": f"Jusqu’au {_in_words(at)}</span>",
        "days left": f"{(at.date() - clock.today()).days} jours",
        "estimated": "Sans relevé de votre part" if estimated else "",
        "today": f'name="on" value="{clock.today()}" max="{clock.today()}"',
        "shown": f'name="on-shown" value="{clock.today()}"',
        "company": f"<span>{escape(name)}</span>",
        "site": f'"site-{site}"',
        "handed": f"?site={site}",
        "address": f'"quiet">{place}<',
        "of address": f"{place}</caption>",
        "to address": f"– {place}</span>",
    }
    street, postal_code, town, phone, mailbox, website = of_dealer
    return facts | {
        "strong": f"<strong>{dealer}</strong>",
        "street": f"<span>{street}</span>",
        "town": f"<span>{postal_code} {town}</span>",
        "phone": f'"tel:{phone.replace(" ", "")}">{phone}<',
        "mailbox": f'"mailto:{mailbox}">{mailbox}<',
        "website": f'"{website}" rel="noreferrer">{website.removeprefix("https://")}<',
        "rows": building.rows([row[21:] for row in rows]),
    }


def _in_words(at: datetime) -> str:
    return f"{DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]} {at.year} à {at.hour}\u00a0h"


def _page(text: str) -> HttpResponse:
    content = text.encode()
    return HttpResponse(content, headers={"Content-Length": len(content)})


@cache
def _skeleton(name: str) -> Skeleton:
    specimen = json.loads((Path(os.environ[WHERE]) / f"{name}.json").read_text())
    return skeleton.cut(specimen["page"], specimen["facts"])
