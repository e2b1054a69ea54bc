from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.campaigns import links
from releveur.customers import login
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.resend import invitations_of, noted


class Command(Door):
    help = _("Kill the links of a customer's people at once; resend gives them new ones.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", metavar="CODE")

    @transaction.atomic
    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        invitations = list(invitations_of(options["code"]))
        for invitation in invitations:
            links.revoke(invitation)
            login.revoke(invitation.contact)
        noted(options["code"], Action.REVOKE, invitations, now=now)
        return {"code": options["code"], "revoked": len(invitations)}
