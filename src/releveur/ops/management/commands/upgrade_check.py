from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from releveur.ops import upgrading
from releveur.ops.doors import Answer, Door, Refused


class Command(Door):
    help = _(
        "Before an upgrade: what it will change, for how long, and whether now is a good time."
    )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        plan = upgrading.look(now=now)
        answer = {"ready": not plan.against, **asdict(plan)}
        if plan.against:
            raise Refused("\n".join(plan.against), answer=answer)
        return answer
