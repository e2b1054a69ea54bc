"""A dealer's desk for a Hypothesis machine: one action of somebody after another, on the real verbs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from uuid import uuid4

from django.db.models import Q, QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from releveur.campaigns import (
    answering,
    closing,
    handing_over,
    links,
    opening,
    opting_out,
    pausing,
    reporting,
    signing,
    steps,
    succeeding,
    undoing,
)
from releveur.campaigns.models import (
    Asked,
    Campaign,
    DueReading,
    Handover,
    Invitation,
    Notice,
    Problem,
    Receipt,
)
from releveur.campaigns.reporting import Told
from releveur.customers import introducing
from releveur.customers.introducing import Named
from releveur.fleet.models import Device, Meter
from releveur.ops import ticking
from releveur.outbox.models import Mail
from releveur.readings.models import Finding, Proof, Reading
from releveur.readings.submission import Declared
from releveur.rules import schedule
from releveur.rules.schedule import PARIS
from tests.factories import DUE_ON, OPENED
from tests.faults import dumps, invariants
from tests.faults.dumps import Dump
from tests.sink import Sink

COLLEAGUES = (
    Named("karim@gramont-services.example", "Karim"),
    Named("lea@gramont-services.example", "Léa"),
)
REASONS = (
    Finding.Answer.LAST_WAS_WRONG,
    Finding.Answer.METER_REPLACED,
    Finding.Answer.OTHER,
)
ONE_OF = st.integers(0, 5)
"""Picks among what there is, the latest first."""

type OfficeVerb = Callable[[int, datetime], object]


def _sign(campaign: int, now: datetime) -> object:
    return signing.sign(campaign, by="Mme Roy", now=now, estimate_unasked=True)


def _sign_if_asked(campaign: int, now: datetime) -> object:
    return signing.sign(campaign, by="Mme Roy", now=now)


def _close(campaign: int, now: datetime) -> None:
    closing.close_early(campaign, now=now)


def _pause(campaign: int, now: datetime) -> None:
    pausing.pause(campaign, now=now)


def _resume(campaign: int, now: datetime) -> None:
    pausing.resume(campaign, now=now)


OFFICE: Sequence[OfficeVerb] = (_close, _sign, _sign_if_asked, _pause, _resume)
"""What the office does to a campaign as a whole."""

REFUSALS = (
    opening.AlreadyClosed, opening.TooFarAhead, closing.SomebodyIsSilent, closing.NotOpen,
    closing.StandsStill, pausing.NotOpen, pausing.PausedAlready, pausing.NotPaused,
    signing.NotClosed, signing.EarlierUnsigned, signing.NeverAsked, signing.OnlyAsked,
    undoing.TooLate, undoing.NothingLeft, reporting.NotAsked, reporting.AskedNoMore,
    handing_over.NotOpen, handing_over.NothingToHandOver, handing_over.ToHerself,
    handing_over.AskedAlready, handing_over.TooMany, succeeding.NotHers,
    introducing.NoMoreMails, links.NewerMailSent, links.UnknownLink, DueReading.DoesNotExist,
)  # fmt: skip
"""What the house may say to any action: it is refused, and nothing happened."""


class Desk(RuleBasedStateMachine):
    """Starts with a fleet and a campaign just opened; `world` and `sink` are given by the test."""

    world: Dump
    sink: Sink

    def __init__(self) -> None:
        super().__init__()
        self.world.put_back()
        self.sink.messages.clear()
        self.sink.replies = _taken
        self.now = OPENED
        self.answered: dict[int, int] = {}
        """What somebody answered and did not take back, per row of an unsigned campaign."""
        self.bases: invariants.Bases = {}
        self.backup: tuple[Dump, dict[int, int], invariants.Bases] | None = None

    # Time

    @initialize()
    def the_first_campaign_opens(self) -> None:
        opening.open_campaign(DUE_ON, now=self.now)
        self._tick()

    @rule(days=st.integers(0, 9), hour=st.integers(0, 23))
    def time_passes(self, days: int, hour: int) -> None:
        day = self.now.date() + timedelta(days)
        self.now = max(self.now, datetime.combine(day, time(hour), PARIS))
        self._tick()

    @rule(steps_taken=st.integers(1, 6))
    def nobody_does_anything_until_the_next_steps(self, steps_taken: int) -> None:
        for _step in range(steps_taken):
            self.now = steps.next_at(now=self.now) or self.now
            self._tick()

    @rule()
    def the_next_quarter_comes(self) -> None:
        last = Campaign.objects.order_by("-due_until").values_list("due_until", flat=True)[0]
        due = schedule.next_due(DUE_ON, 3, after=last)
        self.now = max(self.now, datetime.combine(due, time(10), PARIS))
        self._tick()
        with suppress(*REFUSALS):
            opening.open_campaign(due, now=self.now)
        self._tick()

    @rule(off=st.booleans())
    def the_mail_server_puts_everything_off(self, off: bool) -> None:
        """What waits to leave meanwhile leaves later, unless nobody needs it any more."""
        self.sink.replies = _later if off else _taken
        Mail.objects.update(next_try_at=None)
        self._tick()

    # People

    @rule(
        who=ONE_OF, which=ONE_OF, printed=st.integers(-300, 4_000), ago=st.integers(0, 12),
        half=st.booleans(), reason=st.sampled_from(REASONS),
    )  # fmt: skip
    def declares(
        self, who: int, which: int, printed: int, ago: int, half: bool, reason: Finding.Answer
    ) -> None:
        """A first answer, a correction, a late one: whatever the moment makes of it."""
        with suppress(*REFUSALS):
            invitation = self._somebody(who)
            device = _device_of(invitation, which)
            meters = list(device.meters.order_by("pk"))[: 1 if half else None]
            values = {meter.pk: max(0, _shows(meter) + printed) for meter in meters}
            declared = Declared(
                device.pk, self.now.date() - timedelta(ago), values,
                confirmed=True, reason=reason, proof=Proof.objects.get(),
            )  # fmt: skip
            outcome = answering.answer(
                answering.asked_of(invitation), [declared], by=invitation.contact,
                source=Reading.Source.CUSTOMER, now=self.now, nonce=uuid4(), invitation=invitation,
            )  # fmt: skip
            if outcome.receipt:
                self._remember(outcome.receipt)

    @rule(which=ONE_OF)
    def undoes(self, which: int) -> None:
        with suppress(*REFUSALS):
            receipt = _pick(Receipt.objects.exclude(invitation=None), which)
            assert receipt.by_contact
            undoing.undo(receipt, by=receipt.by_contact, now=self.now)
            for line in receipt.lines.filter(due_reading__reading=None):
                self.answered.pop(line.due_reading_id, None)

    @rule(who=ONE_OF, which=ONE_OF)
    def tells_a_problem(self, who: int, which: int) -> None:
        with suppress(*REFUSALS):
            invitation = self._somebody(who)
            device = _device_of(invitation, which)
            reporting.report(invitation, device, Told(Problem.What.NO_ACCESS), now=self.now)

    @rule(who=ONE_OF, which=ONE_OF)
    def takes_her_problem_back(self, who: int, which: int) -> None:
        with suppress(*REFUSALS):
            invitation = self._somebody(who)
            reporting.take_back(invitation, _device_of(invitation, which), now=self.now)

    @rule(who=ONE_OF, which=ONE_OF, whom=st.sampled_from(COLLEAGUES))
    def hands_over(self, who: int, which: int, whom: Named) -> None:
        with suppress(*REFUSALS):
            invitation = self._somebody(who)
            device = _device_of(invitation, which)
            handing_over.hand_over(invitation, device, to=whom, now=self.now)

    @rule(which=ONE_OF)
    def takes_back_from_a_colleague(self, which: int) -> None:
        with suppress(*REFUSALS):
            handover = _pick(Handover.objects.filter(taken_back_at=None), which)
            handing_over.take_back(handover, now=self.now)

    @rule(who=ONE_OF, whom=st.sampled_from(COLLEAGUES))
    def names_a_successor(self, who: int, whom: Named) -> None:
        with suppress(*REFUSALS):
            succeeding.name_successor(self._somebody(who), named=whom, now=self.now)

    @rule(who=ONE_OF, stops=st.booleans())
    def wants_no_more_mails_or_some_again(self, who: int, stops: bool) -> None:
        with suppress(*REFUSALS):
            verb = opting_out.stop if stops else opting_out.resume
            verb(self._somebody(who), now=self.now)

    # The dealer

    @rule(which=ONE_OF, printed=st.integers(0, 2_000))
    def a_technician_reads(self, which: int, printed: int) -> None:
        meter = _pick(Meter.objects.all(), which)
        history = Reading.objects.standing().real().filter(meter=meter)
        last = history.order_by("segment", "taken_on", "pk").last()
        if last and last.taken_on <= self.now.date():
            Reading.objects.create(
                meter=meter, segment=last.segment, taken_on=self.now.date(), recorded_at=self.now,
                value=last.value + printed, source=Reading.Source.TECHNICIAN,
                occasion=Reading.Occasion.SERVICE,
            )  # fmt: skip
        self._tick()

    @rule(verb=st.sampled_from(OFFICE), which=ONE_OF)
    def the_office_acts(self, verb: OfficeVerb, which: int) -> None:
        with suppress(*REFUSALS):
            verb(_pick(Campaign.objects.all(), which).pk, self.now)

    @rule()
    def the_database_is_dumped(self) -> None:
        self.backup = (dumps.take(), dict(self.answered), dict(self.bases))

    @rule()
    def a_dump_is_put_back(self) -> None:
        """All that happened since is lost; what waits for an operator's word is fault 17's."""
        if self.backup:
            dump, answered, self.bases = self.backup
            self.answered = dict(answered)
            dump.put_back()
            self.sink.messages.clear()

    # What holds whatever they do

    @invariant()
    def the_books_are_in_order(self) -> None:
        invariants.always()
        bases = invariants.signed()
        invariants.kept(self.bases, bases)
        for campaign in bases.keys() - self.bases.keys():
            self._what_was_answered_was_signed(campaign)
        self.bases = bases

    def _what_was_answered_was_signed(self, campaign: int) -> None:
        """No estimate beside a real reading: whoever answered finds her value on the basis."""
        for row in DueReading.objects.filter(campaign=campaign).select_related("basis_line"):
            if row.pk in self.answered:
                value = self.answered.pop(row.pk)
                assert row.basis_line.printed["new_value"] == value
                assert row.basis_line.printed["new_nature"] == "réel"

    def _tick(self) -> None:
        """What the worker does every minute, mails included."""
        owing, left = invariants.owing(), invariants.reminders_sent()
        was_open = {one.pk for one in Campaign.objects.filter(state=Campaign.State.OPEN)}
        ticking.tick(now=self.now)
        fresh = [one for pk, one in invariants.reminders_sent().items() if pk not in left]
        people = [one.invitation_id for one in fresh]
        assert len(people) == len(set(people)), "two reminders at once"
        assert set(people) <= owing & invariants.owing(), "a reminder after an answer"
        assert not [one for one in fresh if one.invitation.contact.opted_out_at]
        assert not [one for one in fresh if one.invitation.campaign.paused_at], "it stands still"
        for one in fresh:
            self._rested(one)
        for campaign in Campaign.objects.filter(pk__in=was_open).exclude(state="OPEN"):
            self._everybody_had_her_time(campaign, owing)
        ids = [message["Message-ID"] for message in self.sink.messages]
        assert len(ids) == len(set(ids)), "a mail left twice"
        invariants.settled()

    def _rested(self, reminder: Notice) -> None:
        """72 hours lie between two requests to one person."""
        since = reminder.invitation.invited_at
        others = Notice.objects.filter(
            invitation=reminder.invitation_id, what__in=invariants.REQUESTS, owed_at__gte=since
        )
        for mail in others.exclude(pk=reminder.pk).filter(mail__state="SENT"):
            assert mail.mail and mail.mail.sent_at
            assert self.now - mail.mail.sent_at >= schedule.PAUSE

    def _everybody_had_her_time(self, campaign: Campaign, owing: set[int]) -> None:
        """Whoever is silent in her own right had 48 hours after a third reminder that really left."""
        own = Asked.objects.filter(handover=None, invitation__campaign=campaign)
        silent = owing & set(own.values_list("invitation_id", flat=True))
        for one in Invitation.objects.filter(pk__in=silent, contact__opted_out_at=None):
            third = one.notices.filter(what="REMINDED_3").order_by("pk").last()
            reminded = third or one.continues_id or self._could_not_be_reached(one)
            assert reminded, "closed without a third reminder"
            if third and third.mail and third.mail.sent_at:
                assert self.now - third.mail.sent_at >= schedule.NOTICE

    def _could_not_be_reached(self, one: Invitation) -> bool:
        """A request to her could not leave for a day; the office has a task of it."""
        waited = self.now - schedule.GIVE_UP
        unsent = one.notices.filter(what__in=invariants.REQUESTS, mail__sent_at=None)
        unsent = unsent.filter(Q(withheld_at=None) | Q(withheld_at=self.now))
        return unsent.filter(owed_at__lte=waited).exists()

    def _remember(self, receipt: Receipt) -> None:
        for line in receipt.lines.select_related("reading", "due_reading__campaign"):
            if line.due_reading.campaign.state != Campaign.State.SIGNED:
                self.answered[line.due_reading_id] = line.reading.value

    def _somebody(self, number: int) -> Invitation:
        """One of the invitations, as long as her link lives."""
        one = _pick(Invitation.objects.all(), number)
        return links.alive(one.pk, version=one.link_version)


def _pick[M: (Campaign, Invitation, Receipt, Handover, Meter)](rows: QuerySet[M], number: int) -> M:
    every = list(rows.order_by("-pk"))
    if not every:
        raise DueReading.DoesNotExist("nothing there yet")
    return every[number % len(every)]


def _later(_to: str) -> str:
    return "451 4.3.0 later"


def _taken(_to: str) -> None:
    """250."""


def _device_of(invitation: Invitation, number: int) -> Device:
    asked = DueReading.objects.asked_of(invitation).values("meter__device")
    devices = list(Device.objects.filter(pk__in=asked).order_by("pk"))
    if not devices:
        raise DueReading.DoesNotExist("nothing asked")
    return devices[number % len(devices)]


def _shows(meter: Meter) -> int:
    last = Reading.objects.standing().real().filter(meter=meter)
    found = last.order_by("segment", "taken_on", "pk").last()
    return found.value if found else 0
