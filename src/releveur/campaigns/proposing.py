"""Values that came after the signature: what each would change, and the office's word on it.

Accepted, a new reading stands over the proposal, and the next period settles the difference; rejected, it
is taken back with a reason. What was signed never changes. Nobody's word is needed: the next campaign that
takes the meter makes real what still waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By, note
from releveur.campaigns import basis, late, locks, regularising
from releveur.campaigns.explaining import signed
from releveur.campaigns.models import ReceiptLine
from releveur.campaigns.regularising import Policy
from releveur.readings import submission, withdrawing
from releveur.readings.models import Reading
from releveur.readings.submission import Facts
from releveur.readings.wording import number
from releveur.rules import metering


class State(StrEnum):
    """What became of a proposal."""

    WAITING = "WAITING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    REPLACED = "REPLACED"


class NoSuchProposal(Exception):
    """No value of that number came after a signature."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Settled(Exception):
    """It was settled otherwise before: accepted, rejected, or another value was declared since."""

    def __init__(self, number: int, state: State) -> None:
        super().__init__(number, state)
        self.number = number
        self.state = state


@dataclass(frozen=True, slots=True)
class Effect:
    """What a proposal would change on the next basis, in impressions.

    `billed` and `printed` are of the periods that it corrects; `estimated` says whether the last of
    them was billed on an estimate.
    """

    billed: int
    printed: int
    estimated: bool

    @property
    def difference(self) -> int:
        return self.printed - self.billed


@dataclass(frozen=True, slots=True)
class Proposal:
    """A late value in the line of its receipt; `effect` is None while no real reading follows the billed one."""

    line: ReceiptLine
    effect: Effect | None


def proposals(campaign: int | None = None) -> list[Proposal]:
    """What waits for the office, of one campaign or of all, the oldest first; a fixed number of queries."""
    rows = _with_what_is_shown(late.standing())
    if campaign is not None:
        rows = rows.filter(due_reading__campaign=campaign)
    return with_effects(list(rows.order_by("pk")))


def with_effects(lines: Sequence[ReceiptLine]) -> list[Proposal]:
    """Each of these proposals with what it would change, taken alone."""
    known = _known(lines)
    starts = _starts(line.reading.meter_id for line in lines)
    policy = regularising.policy()
    return [
        Proposal(
            line,
            effect_of(
                line.reading,
                known=known[line.reading.meter_id],
                starts=starts[line.reading.meter_id],
                policy=policy,
            ),
        )
        for line in lines
    ]


def effect_of(
    proposal: Reading, *, known: Facts, starts: Sequence[Reading] = (), policy: Policy
) -> Effect | None:
    """What the next basis would regularise if this value were real.

    None where no real reading stands on both sides of what was billed last: a later one will say it.

    :param known: the past of its meter, without the reading that it corrects
    :param starts: the bounds of segments that were proposed with it
    """
    history = [*known.history, *map(basis.value_of, (*starts, proposal))]
    periods = metering.corrected(known.billed, history, weights=policy.weights)
    if periods is None:
        return None
    return Effect(
        billed=sum(one.billed for one in periods),
        printed=sum(one.printed for one in periods),
        estimated=known.billed[-1].quality is metering.Quality.ESTIMATED,
    )


def said(effect: Effect | None) -> str:
    """« estimé 1 500, réel 1 152 : −348 sur la prochaine période », in the reader's language."""
    if effect is None:
        return _("the next real reading will say what it changes")
    sentence = (
        _("estimated %(billed)s, actual %(printed)s: %(difference)s on the next period")
        if effect.estimated
        else _("billed %(billed)s, actual %(printed)s: %(difference)s on the next period")
    )
    return sentence % {
        "billed": number(effect.billed),
        "printed": number(effect.printed),
        "difference": signed(effect.difference),
    }


@transaction.atomic
def accept(numbers: Collection[int], *, by: By = OFFICE, now: datetime) -> list[Reading]:
    """Make these proposals real at once; the next basis settles them. Accepted before: nothing is done.

    :param numbers: the primary keys of the proposed readings
    :returns: the proposals that this call made real
    :raises NoSuchProposal: one of them is none; nothing is done then
    :raises Settled: one was rejected or replaced; nothing is done then
    """
    lines = _hold(numbers, unless=State.ACCEPTED)
    starts = _proposed_with([line.reading for line in lines])
    late.make_real(lines, starts=starts, now=now)
    for line in lines:
        _note(line, Action.ACCEPT_LATE, by=by, now=now)
    return [line.reading for line in lines]


@transaction.atomic
def reject(
    numbers: Collection[int], *, reason: str, by: By = OFFICE, now: datetime
) -> list[Reading]:
    """Take these proposals back, and say why: they will never count. Rejected before: nothing is done.

    The reason stands with the withdrawal and not in the audit, which never forgets a name.

    :raises NoSuchProposal: one of them is none; nothing is done then
    :raises Settled: one was accepted or replaced; nothing is done then
    """
    lines = _hold(numbers, unless=State.REJECTED)
    readings = [line.reading for line in lines]
    taken_back = [*readings, *_proposed_with(readings)]
    withdrawing.withdraw(taken_back, by=None, reason=reason, now=now)
    for line in lines:
        _note(line, Action.REJECT_LATE, by=by, now=now)
    return readings


def state_of(proposal: Reading) -> State:
    """What became of it: read with `superseded_by` and `withdrawal`."""
    after = getattr(proposal, "superseded_by", None)
    if after is not None:
        return State.REPLACED if after.proposed else State.ACCEPTED
    return State.REJECTED if getattr(proposal, "withdrawal", None) else State.WAITING


def _hold(numbers: Collection[int], *, unless: State) -> list[ReceiptLine]:
    """Hold the rows of these proposals, and leave out those that are settled so already."""
    mine = ReceiptLine.objects.filter(reading__in=numbers, reading__proposed=True)
    locks.hold_whole(lambda: dict(mine.values_list("due_reading_id", "due_reading__campaign_id")))
    related = ("reading__superseded_by", "reading__withdrawal", "reading__meter__kind")
    rows = mine.select_related(*related, "reading__meter__device", "due_reading__reading")
    found = {line.reading_id: line for line in rows}
    if strangers := set(numbers) - found.keys():
        raise NoSuchProposal(min(strangers))
    states = {proposal: state_of(line.reading) for proposal, line in found.items()}
    for proposal, state in sorted(states.items()):
        if state not in (State.WAITING, unless):
            raise Settled(proposal, state)
    return [line for proposal, line in sorted(found.items()) if states[proposal] is State.WAITING]


def _proposed_with(readings: Sequence[Reading]) -> list[Reading]:
    """The bounds of segments that came with these values and wait like them."""
    waiting = set(late.starts_proposed([one.meter_id for one in readings]))
    return [one for one in withdrawing.starts_of(readings) if one in waiting]


def _note(line: ReceiptLine, action: Action, *, by: By, now: datetime) -> None:
    meter, signed = line.reading.meter, line.due_reading.reading
    note(
        line.reading, action, key=meter.device.serial, by=by,
        before={meter.kind.code: signed and signed.value}, after={meter.kind.code: line.reading.value},
        now=now,
    )  # fmt: skip


def _with_what_is_shown(lines: QuerySet[ReceiptLine]) -> QuerySet[ReceiptLine]:
    return lines.select_related(
        "due_reading__campaign",
        "due_reading__meter__kind",
        "due_reading__meter__device",
        "due_reading__installation__site__customer",
    )


def _known(lines: Sequence[ReceiptLine]) -> Mapping[int, Facts]:
    """The past of their meters as it would be: what a proposal corrects counts no more."""
    corrected = [one.pk for one in late.corrected_by(lines)]
    meters = {line.due_reading.meter_id: line.due_reading.meter for line in lines}
    return submission.facts(meters.values(), setting_aside=corrected)


def _starts(meters: Iterable[int]) -> Mapping[int, list[Reading]]:
    found: dict[int, list[Reading]] = defaultdict(list)
    for one in late.starts_proposed([*meters]):
        found[one.meter_id].append(one)
    return found
