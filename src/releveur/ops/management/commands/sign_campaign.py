from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import signing
from releveur.campaigns.models import DueReading
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.campaign_status import the_campaign


class Command(Door):
    help = _("Sign a closed campaign: its basis never changes again, the ERP may invoice it.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, metavar="ID")
        parser.add_argument("--by", required=True, metavar="NAME", help=_("who signs"))
        parser.add_argument(
            "--estimate-unasked", action="store_true", help=_("estimate what nobody was asked for")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        campaign = the_campaign(options["campaign"])
        by = options["by"].strip()
        if not by:
            raise Refused(_("A signature needs a name."))
        try:
            signed = signing.sign(
                campaign.pk, by=by, now=now, estimate_unasked=options["estimate_unasked"]
            )
        except signing.OnlyAsked:
            raise Refused(
                _(
                    "A one-off request is not signed: its reading is billed with the device's next"
                    " campaign."
                )
            ) from None
        except signing.NotClosed as refusal:
            raise Refused(
                _("Only a closed campaign is signed; this one is %(state)s.") % {"state": refusal}
            ) from None
        except signing.EarlierUnsigned as refusal:
            raise _blocked(
                _("An earlier campaign of these meters waits for its signature: %(which)s.")
                % {"which": ", ".join(str(one.pk) for one in refusal.campaigns)},
                blocked=[{"campaign": one.pk} for one in refusal.campaigns],
            ) from None
        except signing.NeverAsked as refusal:
            raise _blocked(
                _(
                    "%(count)s readings nobody was asked for: %(which)s. Read them, or --estimate-unasked."
                )
                % {"count": len(refusal.rows), "which": ", ".join(_serials(refusal.rows))},
                blocked=[_row(row) for row in refusal.rows],
            ) from None
        return {
            "campaign": campaign.pk, "state": "SIGNED", "signed_by": by, "signed_at": now,
            "lines": signed.lines, "blocked": signed.blocked,
        }  # fmt: skip


def _blocked(sentence: str, *, blocked: list[dict[str, object]]) -> Refused:
    return Refused(sentence, answer={"signed": False, "error": sentence, "blocked": blocked})


def _serials(rows: Iterable[DueReading]) -> list[str]:
    return list(dict.fromkeys(row.meter.device.serial for row in rows))


def _row(row: DueReading) -> dict[str, object]:
    return {
        "code": row.installation.site.customer.code,
        "serial": row.meter.device.serial,
        "meter": row.meter.kind.code,
    }
