from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import closing
from releveur.campaigns.status import status
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.campaign_status import the_campaign


class Command(Door):
    help = _("Close a campaign before its time, when nobody asked is silent.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, metavar="ID")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        campaign = the_campaign(options["campaign"])
        try:
            closing.close_early(campaign.pk, by=office(), now=now)
        except closing.NotOpen:
            raise Refused(_("This campaign is closed already.")) from None
        except closing.StandsStill:
            raise Refused(_("This campaign is paused: resume it first.")) from None
        except closing.SomebodyIsSilent:
            raise Refused(
                _("Somebody who was asked has not answered, and the deadline has not come.")
            ) from None
        return status(the_campaign(campaign.pk), now=now)
