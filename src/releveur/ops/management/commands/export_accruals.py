from __future__ import annotations

import codecs
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.campaigns import accruals_file, accruing
from releveur.campaigns.accruals_file import Sums
from releveur.campaigns.accruing import Accrual
from releveur.ops import new_files, written_out
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.export_basis import put
from releveur.ops.management.commands.open_campaign import a_date


class Command(Door):
    help = _("Write what is yet to be invoiced on a day: per contract and meter, estimated.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--on", type=a_date, required=True, metavar="DATE", help=_("the day, past or to come")
        )
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help=_("a file to write, else CSV is printed")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        on: date = options["on"]
        output: Path | None = options["output"]
        try:
            accruals = accruing.accruals(on, now=now)
        except accruing.TooFarAhead:
            raise Refused(_("Give a day of the past or of the year to come.")) from None
        sums = Sums()
        if output is None:
            return self._listed(on, accruals, sums, as_json=options["json"])
        new_files.check(output)
        try:
            content = put(output, _encoded(accruals_file.as_csv(accruals, sums)))
        except OSError as problem:
            raise Refused(
                _("%(file)s cannot be written: %(problem)s")
                % {"file": output, "problem": problem.strerror}
            ) from None
        written_out.note(None, Action.EXPORT_ACCRUALS, output, content, key=on, now=now)
        return _summed(on, sums) | {"file": str(output), "bytes": content.bytes}

    def _listed(
        self, on: date, accruals: Iterator[Accrual], sums: Sums, *, as_json: bool
    ) -> Answer:
        if not as_json:
            self.printed = "".join(accruals_file.as_csv(accruals, sums))
            return _summed(on, sums)
        lines = [one for one in accruals_file.lines(accruals, sums) if "total" not in one]
        return _summed(on, sums) | {"lines": lines}

    def words(self, answer: Answer) -> str:
        if "file" not in answer:
            return self.printed.rstrip("\r\n")
        return (
            _(
                "%(impressions)d impressions of %(meters)d meters to be invoiced, written to %(file)s"
            )
            % answer
        )


def _summed(on: date, sums: Sums) -> dict[str, object]:
    return {
        "on": on,
        "meters": sums.lines,
        "impressions": sums.impressions,
        "kinds": {label: volumes["net"] for label, volumes in sorted(sums.by_kind.items())},
        "contracts": sums.by_contract,
    }


def _encoded(texts: Iterator[str]) -> Iterator[bytes]:
    yield codecs.BOM_UTF8
    for text in texts:
        yield text.encode()
