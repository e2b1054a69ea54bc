from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns.models import Campaign
from releveur.campaigns.status import status
from releveur.ops.doors import Answer, Door, Refused


def the_campaign(number: int) -> Campaign:
    """The campaign of that number.

    :raises Refused: there is none
    """
    campaign = Campaign.objects.filter(pk=number).first()
    if campaign is None:
        raise Refused(_("There is no campaign %(number)s.") % {"number": number})
    return campaign


class Command(Door):
    help = _("Where a campaign stands, in numbers that add up, and what waits for the office.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, metavar="ID")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        return status(the_campaign(options["campaign"]), now=now)
