from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import proposing
from releveur.campaigns.proposing import Proposal
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.campaign_status import the_campaign
from releveur.readings.wording import day, number


class Command(Door):
    help = _("List the values that came after a signature, with what each would change.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, nargs="?", metavar="ID")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        campaign = options["campaign"] and the_campaign(options["campaign"]).pk
        return {"proposals": [told(one) for one in proposing.proposals(campaign)]}

    def words(self, answer: Answer) -> str:
        listed = answer["proposals"]
        assert isinstance(listed, list)
        if not listed:
            return _("No value waits for your word.")
        line = _("%(id)s: %(code)s, %(serial)s, %(meter)s %(value)s of %(on)s: %(words)s")
        return "\n".join(
            line % {**one, "value": number(one["value"]), "on": day(one["taken_on"])}
            for one in listed
        )


def told(proposal: Proposal) -> dict[str, Any]:
    """A proposal as a program reads it, with a sentence for people."""
    line, effect = proposal.line, proposal.effect
    row, reading = line.due_reading, line.reading
    return {
        "id": reading.pk,
        "campaign": row.campaign_id,
        "code": row.installation.site.customer.code,
        "serial": row.meter.device.serial,
        "meter": row.meter.kind.code,
        "taken_on": reading.taken_on,
        "value": reading.value,
        "recorded_at": reading.recorded_at,
        "signed_value": row.reading.value if row.reading else None,
        "billed": effect.billed if effect else None,
        "printed": effect.printed if effect else None,
        "difference": effect.difference if effect else None,
        "words": proposing.said(effect),
    }
