from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
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
from releveur.ops.written_out import Content

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
        parts = _parts(campaign, options["format"], options["profile"])
        output: Path = options["output"]
        try:
            content = put(output, parts)
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
            "bytes": content.bytes,
            "provisional": not signed,
        }


def _parts(campaign: Campaign, form: str, name: str) -> Iterable[bytes]:
    try:
        look = profile.named(name)
    except profile.ProfileMisread as problem:
        raise Refused(str(problem)) from None
    if form == "csv":
        return basis_file.in_parts(campaign, look)
    if form == "xlsx":
        return [basis_workbook.as_xlsx(campaign, look)]
    if name:
        raise Refused(_("A profile is for csv and xlsx: leave --profile out for json."))
    return [basis_file.as_json(campaign)]


def put(output: Path, parts: Iterable[bytes]) -> Content:
    """Whole or not at all: nobody reads half a file."""
    size, digest = 0, hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=output.parent, prefix=output.name, delete=False) as draft:
        try:
            for part in parts:
                draft.write(part)
                digest.update(part)
                size += len(part)
        except BaseException:
            Path(draft.name).unlink()
            raise
    Path(draft.name).replace(output)
    return Content(size, digest.hexdigest())
