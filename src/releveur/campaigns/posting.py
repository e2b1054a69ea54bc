"""Whom no mail reaches gets a letter: a printed page with a box for each digit."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from releveur.campaigns import closing, letter
from releveur.campaigns.models import Campaign, DueReading
from releveur.customers.models import Contact, Customer, Site
from releveur.dealer import branding
from releveur.dealer.models import Dealer
from releveur.fleet import answering_for
from releveur.fleet.models import Device, Respondent
from releveur.outbox import colours
from releveur.readings import wording
from releveur.readings.models import Billed

FOLDER = "campaigns/letter"
FEWEST_BOXES = 6
"""Of a display whose digits are not known; one more than its last value has, if that is more."""


class NotOpen(Exception):
    """The campaign asks nobody any more."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One page: to whom, where, and what it asks."""

    customer: Customer
    site: Site
    contact: Contact | None
    rows: Sequence[DueReading]

    @property
    def language(self) -> str:
        return self.contact.language if self.contact else "fr"

    @property
    def attention(self) -> str:
        """The person's name; empty where only a phone number is known."""
        return str(self.contact or "")

    @property
    def serials(self) -> list[str]:
        return list(dict.fromkeys(row.meter.device.serial for row in self.rows))


@dataclass(frozen=True, slots=True)
class Register:
    """One counter to copy: a box per digit (true: a gap before it), and what it showed last."""

    label: str
    boxes: Sequence[bool]
    last_value: str
    last_on: str


@dataclass(frozen=True, slots=True)
class Machine:
    device: Device
    place: str
    registers: Sequence[Register]


def letters(campaign: Campaign) -> list[Letter]:
    """A letter per customer, or per site where people answer by site, for what no mail asks.

    Nobody there has an address, every mail came back, or the person wants no more of them.

    :raises NotOpen: it is closing, closed or signed
    """
    if campaign.state != Campaign.State.OPEN:
        raise NotOpen(campaign.state)
    rows = list(_unreached(campaign))
    people = answering_for.nearest({row.installation_id: row.installation for row in rows}.values())
    pages: dict[tuple[int, int | None, int | None], list[DueReading]] = defaultdict(list)
    for row in rows:
        pages[_page(row, people.get(row.installation_id))].append(row)
    return [_letter(mine, people.get(mine[0].installation_id)) for mine in pages.values()]


def _unreached(campaign: Campaign) -> QuerySet[DueReading]:
    """Rows shown to a customer who is asked by mail, and whom none reaches."""
    wanted = Q(invitation__contact__opted_out_at=None)
    rows = campaign.due_readings.held().unanswered()
    rows = rows.filter(meter__asked=True, meter__device__mode=Device.Mode.ASKED)
    return rows.exclude(closing.reached(wanted)).select_related(
        "meter__kind", "meter__device__model", "installation__site__customer", "coverage__contract"
    ).order_by(
        "installation__site__customer__code", "installation__site__name",
        "installation__site__address", "installation__location", "meter__device__serial",
        "meter__kind__position", "meter__kind__code",
    )  # fmt: skip


def _page(row: DueReading, person: Respondent | None) -> tuple[int, int | None, int | None]:
    site = row.installation.site
    if person is None:
        return site.customer_id, None, None
    return site.customer_id, person.contact_id, None if person.customer_id else site.pk


def _letter(rows: Sequence[DueReading], person: Respondent | None) -> Letter:
    """Addressed to the site where most of its devices stand."""
    sites = [row.installation.site for row in rows]
    often = Counter(site.pk for site in sites)
    site = max(sites, key=lambda one: often[one.pk])
    return Letter(site.customer, site, person.contact if person else None, rows)


def printed(pages: Sequence[Letter], campaign: Campaign, *, now: datetime) -> str:
    """The letters as one page of HTML that needs nothing else: a sheet of paper or more for each."""
    dealer, logo = Dealer.objects.here(), branding.logo()
    billed = Billed.objects.last_of(row.meter_id for page in pages for row in page.rows)
    common = {
        "dealer": dealer,
        "logo": b64encode(logo).decode() if logo else "",
        "portal": f"{settings.SITE_URL}{reverse('portal:login')}",
        "one_off": bool(campaign.why),
    }
    bodies = [_body(page, campaign, billed, common, now=now) for page in pages]
    return render_to_string(
        f"{FOLDER}/document.html",
        common | {"bodies": bodies, "ink": colours.ink_on(dealer.colour), "campaign": campaign},
    )


def _body(
    page: Letter,
    campaign: Campaign,
    billed: Mapping[int, Billed],
    common: Mapping[str, object],
    *,
    now: datetime,
) -> str:
    allowed = {row.coverage.contract.estimation_allowed for row in page.rows}
    with translation.override(page.language):
        machines = _machines(page, billed)
        context = {
            "page": page,
            "machines": machines,
            "machine_count": len(machines),
            "today": letter.date_in_words(now),
            "deadline": letter.in_words(campaign.closes_at),
            "estimated": True in allowed,
            "forbidden": False in allowed,
        }
        return render_to_string(f"{FOLDER}/page.html", {**common, **context})


def _machines(page: Letter, billed: Mapping[int, Billed]) -> list[Machine]:
    by_device: dict[int, list[DueReading]] = defaultdict(list)
    for row in page.rows:
        by_device[row.meter.device_id].append(row)
    return [
        Machine(
            mine[0].meter.device,
            _place(mine[0], page.site),
            [_register(row, billed.get(row.meter_id)) for row in mine],
        )
        for mine in by_device.values()
    ]


def _place(row: DueReading, here: Site) -> str:
    """At the letter's own address the spot is enough."""
    stay = row.installation
    return stay.location if stay.site_id == here.pk and stay.location else letter.place(row)


def _register(row: DueReading, last: Billed | None) -> Register:
    digits = row.meter.digits or max(FEWEST_BOXES, len(str(last.value)) + 1 if last else 0)
    return Register(
        row.meter.kind.label,
        [left % 3 == 0 and left != digits for left in range(digits, 0, -1)],
        wording.number(last.value) if last else "",
        wording.day(last.taken_on) if last else "",
    )
