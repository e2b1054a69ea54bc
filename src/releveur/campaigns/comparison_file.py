"""A comparison as files: a table of every line, and a report to print."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from releveur.campaigns import explaining
from releveur.campaigns.basis_cells import Printed
from releveur.campaigns.comparing import Comparison
from releveur.dealer.models import Dealer
from releveur.importing.formulas import neutral
from releveur.outbox import colours
from releveur.readings.wording import day, number
from releveur.rules.comparison import Compared, Index, Verdict

MOST_PRINTED = 2_000
"""Differences a report shows; the table has all of them."""

HEADINGS = (
    "Résultat", "Code client", "Raison sociale", "N° de contrat", "N° de série", "Compteur",
    "Ancien index ici", "Du", "Nouvel index ici", "Au", "Impressions ici",
    "Ancien index ERP", "Du (ERP)", "Nouvel index ERP", "Au (ERP)", "Impressions ERP",
    "Écart", "Causes", "Explication", "Lignes du fichier",
)  # fmt: skip
"""In French, as those of the basis: accountants read both side by side."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the report, in words."""

    verdict: Verdict
    customer: str
    serial: str
    meter: str
    ours: str
    theirs: str
    difference: str
    why: str


def as_csv(comparison: Comparison) -> bytes:
    """Every line, what differs first; `;`, UTF-8 with BOM, days as 05/01/2022, sums at the end."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    equal = (one for one in comparison.compared if one.verdict is Verdict.EQUAL)
    for one in (*comparison.differences, *equal):
        writer.writerow([_cell(value) for value in _row(one, comparison)])
    sums = comparison.impressions
    total = ["TOTAL", *[""] * 9, sums["ours"], *[""] * 4, sums["theirs"], sums["difference"]]
    writer.writerow([*total, *[""] * 3])
    return out.getvalue().encode("utf-8-sig")


def as_json(comparison: Comparison) -> dict[str, object]:
    """Counts, sums, causes and every difference, for a program."""
    campaign, known = comparison.campaign, comparison.known_until
    return {
        "campaign": campaign.pk if campaign else None,
        "due_until": comparison.due_until.isoformat(),
        "known_until": known.isoformat() if known else None,
        "lines": comparison.counts,
        "impressions": comparison.impressions,
        "causes": {
            code.value: {"parts": count, "impressions": impressions}
            for code, (count, impressions) in comparison.causes.items()
        },
        "differences": [_as_json(one, comparison) for one in comparison.differences],
    }


def printed(comparison: Comparison, *, file: str, now: datetime) -> str:
    """The report as one page of HTML that needs nothing else, to be printed and signed."""
    dealer = Dealer.objects.here()
    differences = comparison.differences
    known = comparison.known_until
    context = {
        "dealer": dealer,
        "ink": colours.ink_on(dealer.colour),
        "campaign": comparison.campaign,
        "due_until": day(comparison.due_until),
        "known_until": day(known) if known else "",
        "file": file,
        "today": day(now.date()),
        "counts": {name: number(count) for name, count in comparison.counts.items()},
        "sums": {
            "ours": number(comparison.impressions["ours"]),
            "theirs": number(comparison.impressions["theirs"]),
            "difference": explaining.signed(comparison.impressions["difference"]),
        },
        "causes": [
            {
                "title": explaining.title(code),
                "count": number(count),
                "impressions": explaining.signed(impressions),
                "open": not code.explains,
            }
            for code, (count, impressions) in comparison.causes.items()
        ],
        "unexplained": [
            _shown(one, comparison)
            for one in differences[:MOST_PRINTED]
            if one.verdict is Verdict.UNEXPLAINED
        ],
        "explained": [
            _shown(one, comparison)
            for one in differences[:MOST_PRINTED]
            if one.verdict is Verdict.EXPLAINED
        ],
        "left_out": max(0, len(differences) - MOST_PRINTED),
    }
    return render_to_string("campaigns/comparison/document.html", context)


def _row(one: Compared, comparison: Comparison) -> Sequence[str | int]:
    printed = comparison.printed.get(one.key, {})
    first, last = (one.theirs[0], one.theirs[-1]) if one.theirs else (None, None)
    return [
        _verdict(one.verdict),
        *(str(printed.get(name) or "") for name in ("customer_code", "customer_name", "contract")),
        one.key[0],
        comparison.labels[one.key],
        *_ends(one.ours.previous if one.ours else None, one.ours.new if one.ours else None),
        one.ours.quantity if one.ours else "",
        *_ends(first.previous if first else None, last.new if last else None),
        sum(line.quantity for line in one.theirs) if one.theirs else "",
        one.difference,
        " + ".join(part.code.value for part in one.parts),
        explaining.sentences(one) if one.parts else "",
        _numbers(one),
    ]


def _ends(*ends: Index | None) -> Iterator[str | int]:
    for end in ends:
        yield end.value if end else ""
        yield f"{end.on:%d/%m/%Y}" if end and end.on else ""


def _numbers(one: Compared) -> str:
    return ", ".join(str(line.number) for line in one.theirs if line.number)


def _cell(value: str | int) -> str | int:
    return neutral(value) if isinstance(value, str) else value


def _verdict(verdict: Verdict) -> str:
    return {
        Verdict.EQUAL: _("equal"),
        Verdict.EXPLAINED: _("explained"),
        Verdict.UNEXPLAINED: _("to be looked at"),
    }[verdict]


def _as_json(one: Compared, comparison: Comparison) -> Mapping[str, object]:
    return {
        "serial": one.key[0],
        "meter": one.key[1],
        "verdict": one.verdict.value,
        "ours": one.ours.quantity if one.ours else None,
        "theirs": sum(line.quantity for line in one.theirs) if one.theirs else None,
        "difference": one.difference,
        "lines": [line.number for line in one.theirs],
        "parts": [
            {
                "code": part.code.value,
                "impressions": part.impressions,
                "sentence": explaining.sentence(part.code, one),
            }
            for part in one.parts
        ],
    }


def _shown(one: Compared, comparison: Comparison) -> Shown:
    printed: Printed = comparison.printed.get(one.key, {})
    return Shown(
        one.verdict,
        " ".join(filter(None, (str(printed.get("customer_code") or ""),
                               str(printed.get("customer_name") or "")))),
        one.key[0],
        comparison.labels[one.key],
        number(one.ours.quantity) if one.ours else "–",
        number(sum(line.quantity for line in one.theirs)) if one.theirs else "–",
        explaining.signed(one.difference),
        explaining.sentences(one),
    )  # fmt: skip
