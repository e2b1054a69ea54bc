from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from releveur.ops.doors import Answer, Door
from releveur.outbox.progress import progress


class Command(Door):
    help = _("How the sending goes: mails owed, their pace, minutes to go, what slows them down.")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        return {**progress()}
