"""Two pages as somebody would write them who wanted nothing but speed."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse

from bench.bare import skeleton
from bench.bare.skeleton import Skeleton
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
select i.id, c.name, c.code, p.id, p.address, v.id, v.serial, v.fleet_number, o.name, s.location, r.id, b.value,
    b.taken_on, h.volume, i.asks_until, d.name, d.phone
from campaigns_invitation i
join campaigns_asked a on a.invitation_id = i.id
join campaigns_duereading r on r.id = a.due_reading_id
join fleet_meter m on m.id = r.meter_id
join fleet_device v on v.id = m.device_id
join fleet_devicemodel o on o.id = v.model_id
join fleet_installation s on s.id = r.installation_id and (s.until is null or s.until >= r.due_on)
join customers_site p on p.id = s.site_id
join customers_customer c on c.id = p.customer_id
join lateral (select value, taken_on from readings_billed where meter_id = m.id order by taken_on desc, id desc limit 1)
    b on true
join lateral (select (max(value) - min(value)) / nullif(count(*) - 1, 0) volume from readings_reading
    where meter_id = m.id) h on true
cross join dealer_dealer d
where i.id = %s and i.link_version = %s
order by v.id, r.id
"""


def landing(request: HttpRequest, key: str) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(LANDING, [keys.hashed(key)])
        row = cursor.fetchone()
    return _page(_skeleton("landing").filled(landing_facts(key, row)))


def landing_facts(key: str, row: tuple[object, ...]) -> dict[str, str]:
    _invitation, name, code, devices, *_rest = row
    return {"who": f"{name} ({code})", "devices": f" {devices} ", "back": f'value="/r/{key}"'}


def declaration(request: HttpRequest) -> HttpResponse:
    ticket = signing.loads(request.COOKIES[access.COOKIE], salt=access.SALT, max_age=access.LIFE)
    with connection.cursor() as cursor:
        cursor.execute(DECLARATION, ticket)
        rows = cursor.fetchall()
    return _page(_skeleton("declaration").filled(declaration_facts(rows)))


def declaration_facts(rows: list[tuple[Any, ...]]) -> dict[str, str]:
    invitation, name, code, site, address, *_rest = rows[0]
    facts = {
        "draft": f'data-draft="{invitation}"',
        "who": f"<strong>{name}</strong>\xa0· {code}",
        "company": f"<span>{name}</span>",
        "site": f'"site-{site}"',
        "handed": f"?site={site}",
        "address": f"{address},",
    }
    for number, row in enumerate(rows):
        facts |= _cell(str(number), *row[5:])
    return facts


def _cell(
    number: str, device: object, serial: object, fleet: object, model: object, place: object,
    due: object, last: int, day: object, volume: int, *_rest: object,
) -> dict[str, str]:  # fmt: skip
    low, high = volume // 10 * 10, -(-volume // 10) * 10
    shown = f"{last:,}".replace(",", "\u202f")
    return {
        f"row {number}": f'"device-{device}"',
        f"of {number}": f'data-device="{device}"',
        f"link {number}": f'/materiel/{device}"',
        f"problem {number}": f"/materiel/{device}/",
        f"hand {number}": f"?device={device}",
        f"model {number}": f'"model">{model}<',
        f"named {number}": f"{model} {serial}",
        f"serial {number}": f">{serial}<",
        f"fleet {number}": f"parc {fleet}<",
        f"place {number}": f">{place}\n",
        f"last {number}": f'"{last}"',
        f"shown {number}": f"\u202f: {shown}<",
        f"low {number}": f'data-low="{low}" data-high="{high}"',
        f"usual {number}": f"{low} à\xa0{high}<",
        f"value {number}": f'"value-{due}"',
        f"before {number}": f'"value-{due}-last"',
        f"seen {number}": f'"seen-{due}"',
    }


def _page(text: str) -> HttpResponse:
    content = text.encode()
    return HttpResponse(content, headers={"Content-Length": len(content)})


@cache
def _skeleton(name: str) -> Skeleton:
    specimen = json.loads((Path(os.environ[WHERE]) / f"{name}.json").read_text())
    return skeleton.cut(specimen["page"], specimen["facts"])
