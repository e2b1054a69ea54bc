from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from releveur.importing.report import SHOWN
from releveur.ops.doors import Answer, Door, Refused
from releveur.readings import recomputing
from releveur.readings.recomputing import Differing
from releveur.readings.wording import number


class Command(Door):
    help = _("Compute every stored estimate again: does the same value come out as was retained?")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        count = recomputing.how_many()
        found = [*recomputing.differing(lambda done: self.progress(done, max(count, done)))]
        answer: Answer = {"estimates": count, "differing": [asdict(one) for one in found]}
        if found:
            sentence = "\n".join(map(_sentence, found[:SHOWN]))
            first = _("%(differing)d of %(estimates)d estimates come out otherwise:") % {
                "differing": len(found),
                "estimates": count,
            }
            raise Refused(f"{first}\n{sentence}", answer=answer)
        return answer

    def words(self, answer: Answer) -> str:
        return _("Estimates computed again: %(estimates)d. Each is what it was.") % answer


def _sentence(one: Differing) -> str:
    again = _("nothing") if one.again is None else number(one.again)
    return _(
        "reading %(reading)d of meter %(meter)d on %(day)s: %(value)s stored, %(again)s computed"
    ) % {
        "reading": one.reading,
        "meter": one.meter,
        "day": one.taken_on,
        "value": number(one.value),
        "again": again,
    }
