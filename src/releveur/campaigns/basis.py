"""The billing basis: one line per meter, computed before the signature, stored by it.

How a volume is split into this period and the regularisation is `rules.metering.settle`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from releveur.audit.writing import Many, many
from releveur.campaigns import regularising
from releveur.campaigns.models import BasisLine, Campaign, DueReading, Kind
from releveur.campaigns.regularising import Policy
from releveur.readings import submission
from releveur.readings.models import Billed, Finding, Quality, Reading
from releveur.readings.submission import Facts
from releveur.rules import metering
from releveur.rules.estimation import Method
from releveur.rules.metering import Settlement
from releveur.rules.validation import Code

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One due reading with its reading, what was billed before it, and the volumes."""

    row: DueReading
    reading: Reading
    before: Billed | None
    settled: Settlement
    findings: Sequence[Finding]
    policy: Policy

    @property
    def too_old(self) -> int:
        """What it charges of periods longer ago than the dealer looks back."""
        return self.policy.too_old(self.settled.periods, on=self.reading.taken_on)


def compute(campaign: Campaign, *, meters: Collection[int] | None = None) -> list[Line]:
    """Every line of the basis in its order: customer, site, device, meter, day.

    The same number of queries whatever the size. A meter with two rows (moved, ended and covered
    again) is settled in the order of its days.

    :param meters: the lines of these only
    """
    if meters is not None and not meters:
        return []
    found = _rows(campaign)
    rows = list(found if meters is None else found.filter(meter__in=meters))
    known = submission.facts({row.meter_id: row.meter for row in rows}.values())
    before = dict(Billed.objects.last_of(known))
    return lines(rows, known=known, before=before, findings=_findings(rows))


def lines(
    rows: Sequence[DueReading],
    *,
    known: Mapping[int, Facts],
    before: Mapping[int, Billed],
    findings: Mapping[int, Sequence[Finding]],
) -> list[Line]:
    """The lines of rows that have a reading, in the order of the rows.

    :param known: the past of each meter: what is billed goes on from there
    :param before: the last billed index of each meter
    """
    installed = installation_readings(known)
    last: dict[int, Billed | None] = dict(before)
    indexes = {meter: list(facts.billed) for meter, facts in known.items()}
    policy = regularising.policy()
    settled: dict[int, Line] = {}
    for position, row in sorted(enumerate(rows), key=lambda one: one[1].due_on):
        assert row.reading is not None
        volumes = metering.settle(
            value_of(row.reading),
            billed=indexes[row.meter_id],
            history=known[row.meter_id].history,
            installed=installed.get(row.meter_id),
            weights=policy.weights,
        )
        found = findings.get(row.reading.pk, [])
        line = Line(row, row.reading, last.get(row.meter_id), volumes, found, policy)
        settled[position] = line
        last[row.meter_id] = billed(line)
        indexes[row.meter_id].append(value_of(row.reading))
    return [settled[position] for position in range(len(rows))]


def value_of(reading: Reading) -> metering.Reading:
    """A reading's row as the rules want it."""
    quality = metering.Quality(reading.quality)
    return metering.Reading(reading.taken_on, reading.value, quality, reading.segment)


def billed(line: Line) -> Billed:
    """The index that the signature makes the last billed one."""
    return Billed(
        meter_id=line.row.meter_id,
        segment=line.reading.segment,
        taken_on=line.reading.taken_on,
        value=line.reading.value,
        quality=line.reading.quality,
        origin=Billed.Origin.RELEVEUR,
        reading=line.reading,
    )


def stored(campaign: Campaign, line: Line, position: int) -> BasisLine:
    """The line as it will be printed for ever."""
    return BasisLine(
        campaign=campaign,
        due_reading=line.row,
        position=position,
        printed=printed(line),
        format_version=FORMAT_VERSION,
    )


def printed(line: Line) -> dict[str, str | int | None]:
    """The texts and numbers of one line: dates in ISO, volumes as integers, words in French.

    The basis is read by French accountants and programs, whatever language the office speaks.
    """
    row, contract = line.row, line.row.coverage.contract
    site, device = row.installation.site, row.meter.device
    return {
        "contract": contract.number,
        "payer_code": contract.payer_code or contract.customer.code,
        "payer_name": contract.payer_name or contract.customer.name,
        "customer_reference": contract.customer_reference,
        "service_code": contract.service_code,
        "commitment_number": contract.commitment_number,
        "customer_code": site.customer.code,
        "customer_name": site.customer.name,
        "site": site.name,
        "address": f"{site.address}, {site.postal_code} {site.town}".strip(", "),
        "location": row.installation.location,
        "maker": device.model.maker,
        "model": device.model.name,
        "serial": device.serial,
        "fleet_number": device.fleet_number,
        "meter": row.meter.kind.label_fr,
        "meter_code": row.meter.kind.code,
        "due_on": row.due_on.isoformat(),
        **_previous(line.before),
        **_new(line.reading),
        "net": line.settled.net,
        "of_this_period": line.settled.of_this_period,
        "regularisation": line.settled.regularisation,
        "regularised": regularising.in_french(line.settled.periods, line.policy),
        "anomaly": _anomaly(line),
    }


def _previous(before: Billed | None) -> dict[str, str | int | None]:
    if before is None:
        return {"previous_on": None, "previous_value": None, "previous_nature": None}
    return {
        "previous_on": before.taken_on.isoformat(),
        "previous_value": before.value,
        "previous_nature": NATURES[before.quality],
    }


def _new(reading: Reading) -> dict[str, str | int | None]:
    explanation = reading.explanation or {}
    return {
        "new_on": reading.taken_on.isoformat(),
        "new_value": reading.value,
        "new_nature": NATURES[reading.quality],
        "origin": ORIGINS[reading.source],
        "estimated_how": explanation.get("words", {}).get("fr", ""),
        "proof": "oui" if reading.proof_id else "non",
    }


NATURES: Mapping[str, str] = {
    Quality.ACTUAL: "réel",
    Quality.ESTIMATED: "estimé",
    Quality.AGREED: "accord commercial",
}

ORIGINS: Mapping[str, str] = {
    Reading.Source.CUSTOMER: "relevé client",
    Reading.Source.OFFICE: "agence",
    Reading.Source.TECHNICIAN: "technicien",
    Reading.Source.AGENT: "automatique (remontée)",
    Reading.Source.MAIL: "mail",
    Reading.Source.API: "interface",
    Reading.Source.IMPORT: "import",
    Reading.Source.SYSTEM: "système",
}

ANSWERS: Mapping[str, str] = {
    Finding.Answer.METER_REPLACED: "compteur remplacé",
    Finding.Answer.ROLLED_OVER: "compteur repassé par zéro",
    Finding.Answer.LAST_WAS_WRONG: "dernier relevé erroné",
    Finding.Answer.OTHER: "autre raison",
    Finding.Answer.CONFIRMED: "confirmé",
    Finding.Answer.MENDED: "corrigé par le client",
    Finding.Answer.KEPT: "maintenu",
}

FINDINGS: Mapping[str, str] = {
    Code.LOWER_THAN_LAST: "plus bas que le dernier relevé réel",
    Code.LOWER_THAN_ESTIMATE: "plus bas que l’estimation facturée",
    Code.UNCHANGED: "aucune impression",
    Code.UNUSUAL_LOW: "volume inhabituellement bas",
    Code.UNUSUAL_HIGH: "volume inhabituellement haut",
    Code.WITHIN_TOLERANCE: "quelques pages perdues, comme le documente le constructeur",
    Code.SWAPPED: "compteurs peut-être inversés",
    Code.TOTAL_AS_MONO: "total peut-être saisi pour le noir",
    Code.MISTYPED: "chiffre peut-être mal saisi",
    Code.OTHER_DEVICE: "peut-être les compteurs d’un autre équipement",
    Code.ROWS_EXCHANGED: "équipements peut-être intervertis",
    Code.SAME_AS_OTHER: "mêmes compteurs qu’un autre équipement",
    Code.SHIFTED: "colonne peut-être décalée d’une ligne",
    Code.RESET: "compteur peut-être reparti de zéro",
    Code.ROLLED_OVER: "compteur passé par zéro après son dernier chiffre",
    Code.REPLACED: "équipement peut-être remplacé",
    Code.TOO_FAST: "plus que le modèle n’imprime en ce temps",
    Code.DIGITS: "nombre de chiffres inattendu",
    Code.DO_NOT_ADD_UP: "somme des compteurs inexacte",
}


def _anomaly(line: Line) -> str:
    """What the accountant should look at twice, in words; empty when all is plain."""
    words = ["premier relevé"] if line.settled.first else []
    if line.settled.net < 0:
        words.append("volume négatif")
    if line.too_old:
        words.append(regularising.anomaly(line.too_old, line.policy))
    if (line.reading.explanation or {}).get("method") == Method.NOTHING:
        words.append("estimation sans aucune donnée")
    for finding in line.findings:
        answer = ANSWERS.get(finding.answer)
        words.append(FINDINGS[finding.code] + (f" ({answer})" if answer else ""))
    return " ; ".join(words)


def _rows(campaign: Campaign) -> QuerySet[DueReading]:
    rows = campaign.due_readings.filter(kind=Kind.PERIODIC, reading__isnull=False).select_related(
        "reading",
        "meter__kind",
        "meter__device__model",
        "coverage__contract__customer",
        "installation__site__customer",
    )
    return rows.order_by(
        "installation__site__customer__code",
        "installation__site__name",
        "installation__site__address",
        "meter__device__serial",
        "meter__kind__position",
        "meter__kind__code",
        "due_on",
    )


def installation_readings(meters: Iterable[int]) -> dict[int, metering.Reading]:
    """The value each meter had when it was installed, where it is known."""
    readings = Reading.objects.standing().filter(
        meter__in=list(meters), occasion=Reading.Occasion.INSTALLATION
    )
    return {one.meter_id: value_of(one) for one in readings.order_by("meter_id", "-taken_on")}


def _findings(rows: Sequence[DueReading]) -> Mapping[int, list[Finding]]:
    found: dict[int, list[Finding]] = defaultdict(list)
    for one in Finding.objects.filter(reading__in=[row.reading_id for row in rows]).order_by("pk"):
        found[one.reading_id].append(one)
    return found


def digest(campaign: Campaign) -> Many:
    """What the audit keeps of a signed basis: a line changed later does not match it any more."""
    lines = BasisLine.objects.filter(campaign=campaign).order_by("position")
    return many(list(one) for one in lines.values_list("position", "printed").iterator())
