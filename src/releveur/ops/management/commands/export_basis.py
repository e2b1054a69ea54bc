from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.campaigns import basis_file, basis_workbook, profile
from releveur.campaigns.models import Campaign
from releveur.ops import written_out
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.campaign_status import the_campaign

FORMATS = ("csv", "json", "xlsx")


class Command(Door):
    help = _(
        "Write the billing basis to a file: provisional before the signature, then for ever the same."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, metavar="ID")
        parser.add_argument("--format", choices=FORMATS, default="csv")
        parser.add_argument(
            "--profile", default="", metavar="NAME", help=_("columns and their look, by name")
        )
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        campaign = the_campaign(options["campaign"])
        content = _content(campaign, options["format"], options["profile"])
        output: Path = options["output"]
        try:
            put(output, content)
        except OSError as problem:
            raise Refused(
                _("%(file)s cannot be written: %(problem)s")
                % {"file": output, "problem": problem.strerror}
            ) from None
        written_out.note(campaign, Action.EXPORT_BASIS, output, content, key=campaign.pk, now=now)
        signed = campaign.state == Campaign.State.SIGNED
        return {
            "campaign": campaign.pk,
            "file": str(output),
            "bytes": len(content),
            "provisional": not signed,
        }


def _content(campaign: Campaign, form: str, name: str) -> bytes:
    try:
        look = profile.named(name)
    except profile.ProfileMisread as problem:
        raise Refused(str(problem)) from None
    if form == "json":
        if name:
            raise Refused(_("A profile is for csv and xlsx: leave --profile out for json."))
        return basis_file.as_json(campaign)
    write = basis_file.as_csv if form == "csv" else basis_workbook.as_xlsx
    return write(campaign, look)


def put(output: Path, content: bytes) -> None:
    """Whole or not at all: nobody reads half a file."""
    with tempfile.NamedTemporaryFile(dir=output.parent, prefix=output.name, delete=False) as draft:
        draft.write(content)
    Path(draft.name).replace(output)
