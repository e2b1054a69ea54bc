from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from releveur.ops import ticking
from releveur.ops.doors import Answer, Door


class Command(Door):
    help = _(
        "Do all that is due now: mails that arrived, steps of campaigns, mails to write, mails to deliver."
    )
    sends = True

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        ticking.fetch(now=now)
        return asdict(ticking.tick(now=now))
