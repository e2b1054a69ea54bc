from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.campaigns import posting
from releveur.campaigns.posting import Letter
from releveur.ops import written_out
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.campaign_status import the_campaign
from releveur.ops.management.commands.export_basis import put


class Command(Door):
    help = _("Letters to print for whom no mail reaches: a box for each digit, until the deadline.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, metavar="ID")
        parser.add_argument(
            "--output", type=Path, metavar="FILE.html", help=_("without it, only who gets a letter")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        campaign = the_campaign(options["campaign"])
        try:
            letters = posting.letters(campaign)
        except posting.NotOpen:
            raise Refused(_("This campaign is closed already.")) from None
        output: Path | None = options["output"]
        if output and letters:
            page = posting.printed(letters, campaign, now=now).encode()
            _write(output, page)
            key = campaign.pk
            written_out.note(campaign, Action.PRINT_LETTERS, output, page, key=key, now=now)
        return {
            "campaign": campaign.pk,
            "letters": len(letters),
            "to": [_to(letter) for letter in letters],
            "file": str(output) if output and letters else None,
        }


def _write(output: Path, page: bytes) -> None:
    try:
        put(output, [page])
    except OSError as problem:
        raise Refused(
            _("%(file)s cannot be written: %(problem)s")
            % {"file": output, "problem": problem.strerror}
        ) from None


def _to(letter: Letter) -> Answer:
    return {
        "code": letter.customer.code,
        "company": letter.customer.name,
        "attention": letter.attention,
        "site": str(letter.site),
        "serials": letter.serials,
    }
