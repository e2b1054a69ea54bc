"""What was declared becomes readings, with what was found of them and answered; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from releveur.accounts.models import User
from releveur.customers.models import Contact
from releveur.fleet.models import Meter
from releveur.readings.examining import Examined, Heard
from releveur.readings.mending import Mended
from releveur.readings.models import Finding, Proof, Reading
from releveur.rules import metering
from releveur.rules.validation import Code, Demand


class DigitsUnknown(Exception):
    """A rollover needs the digits of the display."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(meter)
        self.meter = meter.kind.label


class TooFewDigits(Exception):
    """The display has shown more than its digits hold."""

    def __init__(self, digits: int, last: int) -> None:
        super().__init__(digits, last)
        self.digits = digits
        self.last = last


def submit(
    examined: Sequence[Examined],
    *,
    by: Contact | User | None,
    source: Reading.Source,
    now: datetime,
    proposed: bool = False,
) -> dict[int, Reading]:
    """Record what was declared, with its findings and the answers given; one reading per meter.

    A value replaced by its author or a colleague is superseded, never changed. For the meters that
    went down « Compteur remplacé » opens the next segment, at 0 unless somebody knows better; a rollover
    ends this one with 10^digits before.

    :raises DigitsUnknown: a meter rolled over whose digits nobody wrote down
    :raises TooFewDigits: a meter rolled over that had shown more
    """
    person = {
        "by_contact": by if isinstance(by, Contact) else None,
        "by_user": by if isinstance(by, User) else None,
    }
    fresh: dict[int, Reading] = {}
    opening: list[Reading] = []
    for one in examined:
        for meter, value in one.declared.values.items():
            opens = one.opens(meter)
            reading = Reading(
                meter_id=meter, segment=one.facts[meter].segment + bool(opens),
                taken_on=one.declared.taken_on, recorded_at=now, value=value, source=source,
                proposed=proposed, supersedes=one.replaces.get(meter), proof=_proof(one, meter),
                occasion=one.occasion, **person,
            )  # fmt: skip
            fresh[meter] = reading
            if opens:
                opening += _bounds_of_segments(reading, one, opens)
    if fresh:
        Reading.objects.bulk_create([*opening, *fresh.values()])
    if findings := [found for one in examined for found in _findings(one, fresh)]:
        Finding.objects.bulk_create(findings)
    return fresh


def _proof(one: Examined, meter: int) -> Proof | None:
    asked = any(
        heard.finding.demand is Demand.PROOF and heard.finding.key in ("", str(meter))
        for heard in one.heard
    )
    return one.declared.proof if asked else None


def _bounds_of_segments(first: Reading, one: Examined, opens: Finding.Answer) -> list[Reading]:
    """Where the segment before ended, if that is known, and where this one began.

    Of a new register nobody knows when: its pages count from the last real reading, from 0 unless its first
    value was seen. One that rolled over, or whose last value was seen, printed all the while: both bounds
    stand on the day of the new value, so that the line to it is straight.
    """
    known, meter = one.facts[first.meter_id], first.meter_id
    last = metering.last_real(known.history)
    assert last is not None, "only a value below a real one opens a segment"
    began = one.declared.began.get(meter, 0)
    if opens is Finding.Answer.ROLLED_OVER:
        ended, began = _full(one, first, last.value), 0
    elif meter in one.declared.ended:
        ended = one.declared.ended[meter]
    else:
        return [_bound(first, first.segment, last.taken_on, began)]
    before = _bound(first, known.segment, first.taken_on, ended)
    return [before, _bound(first, first.segment, first.taken_on, began)]


def _full(one: Examined, first: Reading, last: int) -> int:
    found = any(heard.finding.code is Code.ROLLED_OVER for heard in one.heard)
    top = one.facts[first.meter_id].full(inferred=found)
    if top is None:
        raise DigitsUnknown(Meter.objects.select_related("kind").get(pk=first.meter_id))
    if last >= top:
        raise TooFewDigits(len(str(top)) - 1, last)
    return top


def _bound(first: Reading, segment: int, on: date, value: int) -> Reading:
    return Reading(
        meter_id=first.meter_id, segment=segment, value=value, recorded_at=first.recorded_at,
        taken_on=on, occasion=Reading.Occasion.NEW_METER, source=first.source,
        proposed=first.proposed, by_contact=first.by_contact, by_user=first.by_user,
    )  # fmt: skip


def _findings(one: Examined, fresh: Mapping[int, Reading]) -> Iterator[Finding]:
    for heard in one.heard:
        found = heard.finding
        meters = [int(found.key)] if found.key else list(one.declared.values)
        for meter in meters:
            if meter in fresh:
                yield Finding(
                    reading=fresh[meter], code=found.code, demand=found.demand,
                    answer=heard.answer or Finding.Answer.NOTHING, numbers=_numbers(heard),
                )  # fmt: skip
    for mended in one.mended:
        values = dict(mended.proposal.values)
        for meter in values.keys() & one.declared.values.keys():
            yield Finding(
                reading=fresh[meter], code=mended.offer.finding.code,
                demand=mended.offer.finding.demand, answer=Finding.Answer.MENDED,
                numbers=_of_mended(mended),
            )  # fmt: skip


def _numbers(heard: Heard) -> dict[str, object]:
    found = heard.finding
    told: dict[str, object] = {"over": found.over, "low": found.low, "high": found.high}
    if heard.offer and heard.offer.proposals[0].values:
        told |= {"typed": _by_meter(heard.offer.typed)}
        told |= {"mended": _by_meter(heard.offer.proposals[0].values)}
    return told


def _of_mended(mended: Mended) -> dict[str, object]:
    return {
        "over": mended.offer.finding.over,
        "typed": _by_meter(mended.offer.typed),
        "mended": _by_meter(mended.proposal.values),
    }


def _by_meter(values: Sequence[tuple[int, int]]) -> dict[str, int]:
    return {str(meter): value for meter, value in values}
