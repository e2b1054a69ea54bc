"""From an empty database to the morning of the first campaign: through both imports, once.

Every step does nothing where it was done already, and the opening comes last: a preparation that was
killed goes on where it stopped.
"""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path

from releveur import clock
from releveur.campaigns import opening
from releveur.campaigns.models import Campaign
from releveur.clock.models import Instant
from releveur.customers.models import Customer
from releveur.dealer.models import Dealer
from releveur.importing import fleet, history
from releveur.importing.report import Report
from releveur.ops import ticking
from releveur.ops.demo import files

FIRST_DAY = date(2022, 4, 5)
MORNING = datetime(2022, 4, 5, 10, 0, tzinfo=clock.PARIS)
"""Tuesday 5 April 2022, ten in the morning."""

DEALER = {
    "name": "Bureautique Lafayette",
    "legal": "Bureautique Lafayette, entreprise fictive",
    "address": "12 quai des Tanneries",
    "postal_code": "75010",
    "town": "Paris",
    "phone": "01 40 00 00 00",
    "website": "https://bureautique-lafayette.example",
    "reply_to": "releves@bureautique-lafayette.example",
    "sender_name": "Bureautique Lafayette",
    "sender_address": "releves@bureautique-lafayette.example",
    "colour": "#c8102e",
}


class NotTheDemos(Exception):
    """The database holds customers who are not the demonstration's: nothing of it is touched."""


class Spoiled(Exception):
    """A file of the demonstration was refused by the import; the message lists why."""


def prepare() -> Campaign:
    """Fill the fictional dealer, set the clock, open the campaign and send its mails.

    :returns: the latest campaign, which is the first one unless somebody lived on already
    :raises NotTheDemos: the database holds somebody's real fleet
    """
    refuse_strangers()
    if latest := Campaign.objects.order_by("-due_until").first():
        return latest
    if not Instant.objects.exists():
        clock.set(MORNING)
    now = clock.now()
    Dealer.objects.update_or_create(pk=1, defaults=DEALER)
    take(files.fleet(), now=now)
    take(files.history(), readings=True, now=now)
    campaign = opening.open_campaign(FIRST_DAY, now=now).campaign
    ticking.tick(now=now)
    return campaign


def refuse_strangers() -> None:
    """:raises NotTheDemos: there are customers and no demonstration's clock"""
    if Customer.objects.exists() and not Instant.objects.exists():
        raise NotTheDemos


def take(text: str, *, readings: bool = False, now: datetime) -> Report:
    """Import a file of the demonstration as a dealer would.

    :raises Spoiled: the import refused it
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("releves.csv" if readings else "parc.csv")
        path.write_text(text, encoding="utf-8-sig", newline="")
        bring = history.import_readings if readings else fleet.import_fleet
        report = bring(path, now=now)
    if report.errors:
        raise Spoiled("\n".join(report.lines()))
    return report
