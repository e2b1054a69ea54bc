"""Three reminders to whoever is silent, and not one after an answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery

from releveur.campaigns import locks
from releveur.campaigns.models import Campaign, DueReading, Invitation, Kind, Notice
from releveur.dealer.closures import closed_days
from releveur.kept import AnyGiven, Kept
from releveur.outbox.models import Mail
from releveur.rules import schedule
from releveur.rules.schedule import Closures, Facts, Plan, Remind

REMINDERS = (Notice.What.REMINDED_1, Notice.What.REMINDED_2, Notice.What.REMINDED_3)
ASKS = (Notice.What.INVITED, Notice.What.HANDED, *REMINDERS)


def silent(
    invitations: QuerySet[Invitation], *, in_their_own_right: bool = False
) -> QuerySet[Invitation]:
    """Those who still owe at least one value; a problem told is an answer too.

    :param in_their_own_right: without what colleagues handed them, which moves no deadline
    """
    asked: dict[str, OuterRef | None] = {"asked__invitation": OuterRef("pk")}
    if in_their_own_right:
        asked["asked__handover"] = None
    return invitations.filter(Exists(DueReading.objects.held().awaited().filter(**asked)))


def awaited(invitations: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """The silent ones who may be written to."""
    return silent(invitations).filter(contact__opted_out_at=None)


def owe(campaign: int, *, now: datetime) -> int:
    """Owe the reminder that is due to each silent person; return how many notices were written.

    Whoever holds the campaign first has claimed the step: a second worker finds the notices. A third
    reminder that leaves late moves that person's deadline, never earlier than a date already written;
    a colleague who only helps is not reminded after hers.
    """
    closures = closed_days()
    with transaction.atomic():
        held = locks.hold(campaign)
        if not held.is_asking:
            return 0
        due = held.invitations.filter(reminder_1_at__lte=now).select_related("contact")
        waiting = awaited(due).order_by("pk")
        deciding = _deciding(held)
        steps = [
            (invitation, step)
            for invitation, facts in facts_of(waiting).items()
            if isinstance(step := schedule.due_step(facts, closures=closures, now=now), Remind)
            and (invitation.pk in deciding or now < invitation.asks_until)
        ]
        for invitation, step in steps:
            if step.number == len(REMINDERS) and invitation.pk in deciding:
                _give_time(invitation, closures, now)
        reminded = {invitation.pk: invitation for invitation, _step in steps}
        Invitation.objects.bulk_update(reminded.values(), ["asks_until"])
        follow_deadlines(held, reminded=reminded, now=now)
        Notice.objects.bulk_create(_notice(invitation, step, now) for invitation, step in steps)
    return len(steps)


def move_deadlines(campaign: int, *, now: datetime) -> int:
    """Keep the 48 hours after a third reminder that left later than its plan, and say so by mail.

    The day of a one-off request does not move: the device leaves then.
    """
    closures = closed_days()
    with transaction.atomic():
        held = locks.hold(campaign)
        if not held.is_asking or held.kind == Kind.ONE_OFF:
            return 0
        third = Notice.objects.filter(
            invitation__in=silent(held.invitations.all(), in_their_own_right=True),
            what=Notice.What.REMINDED_3,
            mail__state=Mail.State.SENT,
        ).select_related("invitation", "mail")
        moved: dict[int, Invitation] = {}
        for notice in third.order_by("invitation_id"):
            deadline = schedule.asks_until_after(_left(notice), closures)
            if deadline > notice.invitation.asks_until:
                notice.invitation.asks_until = deadline
                moved[notice.invitation_id] = notice.invitation
        Invitation.objects.bulk_update(moved.values(), ["asks_until"])
        Notice.objects.bulk_create(
            Notice(invitation=one, what=Notice.What.MOVED, states=one.asks_until, owed_at=now)
            for one in moved.values()
        )
        follow_deadlines(held, now=now)
    return len(moved)


def follow_deadlines(
    campaign: Campaign, *, reminded: Mapping[int, Invitation] | None = None, now: datetime
) -> None:
    """Colleagues have as long as whoever asked them; a campaign closes at the latest deadline of all.

    :param reminded: who is reminded at this moment anyway: the reminder names the new deadline
    """
    senders = Invitation.objects.filter(
        handed_over__receiver=OuterRef("pk"), handed_over__taken_back_at=None
    )
    theirs = Subquery(senders.order_by("-asks_until").values("asks_until")[:1])
    following = campaign.invitations.annotate(theirs=theirs).filter(theirs__gt=F("asks_until"))
    moved = {one.pk: one for one in following.order_by("pk")}
    for one in moved.values():
        one.asks_until = one.theirs
    Invitation.objects.bulk_update(moved.values(), ["asks_until"])
    known = reminded or {}
    for pk in moved.keys() & known.keys():
        known[pk].asks_until = moved[pk].asks_until
    tell_moved([one for pk, one in moved.items() if pk not in known], now=now)
    latest = campaign.invitations.aggregate(latest=Max("asks_until"))["latest"]
    if latest and latest > campaign.closes_at:
        campaign.closes_at = latest
        campaign.save(update_fields=["closes_at"])


def tell_moved(people: Sequence[Invitation], *, now: datetime) -> int:
    """A new deadline is said to whoever was told an earlier one; a mail not written yet will name it.

    :returns: how many are told by a mail of its own
    """
    deadlines = {one.pk: one.asks_until for one in people}
    owed = Notice.objects.filter(
        invitation__in=awaited(Invitation.objects.filter(pk__in=deadlines)),
        what__in=[*ASKS, Notice.What.MOVED],
        withheld_at=None,
    )
    unwritten = list(owed.filter(mail=None).order_by("pk").select_for_update(of=("self",)))
    for notice in unwritten:
        notice.states = deadlines[notice.invitation_id]
    Notice.objects.bulk_update(unwritten, ["states"])
    learning = {notice.invitation_id for notice in unwritten}
    told = set(owed.exclude(mail=None).values_list("invitation_id", flat=True)) - learning
    Notice.objects.bulk_create(
        Notice(invitation_id=pk, what=Notice.What.MOVED, states=deadlines[pk], owed_at=now)
        for pk in sorted(told)
    )
    return len(told)


def withhold_answered(invitations: Collection[int], *, now: datetime) -> int:
    """Take back the mails that have not left to persons who owe nothing any more."""
    return _take_back(_OF_ANSWERED.ask(people=[*invitations]), now)


def withhold(notices: QuerySet[Notice], *, now: datetime) -> int:
    """Take back, of these, every request that has not left; what is leaving this moment leaves.

    :returns: how many were taken back
    """
    return _take_back(list(_held_unsent(notices)), now)


def _held_unsent(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    unsent = notices.filter(what__in=[*ASKS, Notice.What.MOVED], withheld_at=None).filter(
        Q(mail=None) | Q(mail__state=Mail.State.OWED)
    )
    return unsent.order_by("pk").select_for_update(of=("self",))


def _of_answered() -> QuerySet[Notice]:
    people = Invitation.objects.filter(pk=AnyGiven("people"))
    return Notice.objects.filter(invitation__in=people.exclude(pk__in=silent(people).values("pk")))


_OF_ANSWERED = Kept(lambda: _held_unsent(_of_answered()))


def _take_back(held: Sequence[Notice], now: datetime) -> int:
    taken = _withheld([one.mail_id for one in held if one.mail_id])
    back = [one.pk for one in held if one.mail_id is None or one.mail_id in taken]
    return Notice.objects.filter(pk__in=back).update(withheld_at=now)


def _withheld(mails: Collection[int]) -> set[int]:
    """Those of these mails that had not left, and now never will."""
    if not mails:
        return set()
    owed = Mail.objects.filter(pk__in=mails, state=Mail.State.OWED)
    taken = {mail.pk for mail in owed.order_by("pk").select_for_update(of=("self",))}
    Mail.objects.filter(pk__in=taken).update(state=Mail.State.WITHHELD)
    return taken


def facts_of(
    invitations: Iterable[Invitation], *, in_their_own_right: bool = False
) -> dict[Invitation, Facts]:
    """What the schedule wants to know of each person, in two queries (with their contacts loaded).

    :param in_their_own_right: as `silent` counts
    """
    people = list(invitations)
    asked = Invitation.objects.filter(pk__in=[one.pk for one in people])
    owing = set(silent(asked, in_their_own_right=in_their_own_right).values_list("pk", flat=True))
    notices: dict[int, list[Notice]] = {}
    for notice in Notice.objects.filter(invitation__in=people, what__in=ASKS).select_related(
        "mail"
    ):
        notices.setdefault(notice.invitation_id, []).append(notice)
    return {one: _facts(one, notices.get(one.pk, []), one.pk not in owing) for one in people}


def _facts(invitation: Invitation, notices: list[Notice], answered: bool) -> Facts:
    """A plan made again starts afresh: only notices owed since count.

    Who goes on with another's plan is not reminded for what lay before she came.
    """
    mine = [notice for notice in notices if notice.owed_at >= invitation.invited_at]
    owed = {notice.what: notice for notice in mine}
    third = owed.get(Notice.What.REMINDED_3)
    plan = plan_of(invitation)
    before = [
        at for at in plan.reminders if invitation.continues_id and at <= invitation.invited_at
    ]
    last = max((n for n, what in enumerate(REMINDERS, 1) if what in owed), default=0)
    sent = [notice.mail.sent_at for notice in mine if notice.mail and notice.mail.sent_at]
    return Facts(
        plan=plan,
        reminded=max(last, len(before)),
        answered=answered,
        last_mail_at=max(sent, default=None),
        third_gone=len(before) == len(REMINDERS) or bool(third and _gone(third)),
        waits_since=min((one.owed_at for one in mine if not _gone(one)), default=None),
        fixed=invitation.campaign.kind == Kind.ONE_OFF,
        opted_out=invitation.contact.opted_out_at is not None,
        quiet_until=invitation.contact.quiet_until,
    )


def plan_of(invitation: Invitation) -> Plan:
    """The plan an invitation was given, as stored."""
    reminders = (invitation.reminder_1_at, invitation.reminder_2_at, invitation.reminder_3_at)
    return Plan(reminders, invitation.asks_until)


def _gone(notice: Notice) -> bool:
    if notice.withheld_at:
        return True
    return notice.mail is not None and notice.mail.state != Mail.State.OWED


def _left(notice: Notice) -> datetime:
    assert notice.mail is not None and notice.mail.sent_at is not None
    return notice.mail.sent_at


def _deciding(campaign: Campaign) -> set[int]:
    """Who may move a deadline: the silent ones, colleagues who only help apart; of a one-off nobody."""
    if campaign.kind == Kind.ONE_OFF:
        return set()
    people = silent(campaign.invitations.all(), in_their_own_right=True)
    return set(people.values_list("pk", flat=True))


def _give_time(invitation: Invitation, closures: Closures, now: datetime) -> None:
    kept = schedule.asks_until_after(now, closures)
    invitation.asks_until = max(invitation.asks_until, kept)


def _notice(invitation: Invitation, step: Remind, now: datetime) -> Notice:
    return Notice(
        invitation=invitation,
        what=REMINDERS[step.number - 1],
        states=invitation.asks_until,
        owed_at=now,
    )
