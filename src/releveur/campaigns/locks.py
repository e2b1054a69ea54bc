"""The one order in which rows are locked; every verb follows it, whatever it is about.

1. Advisory locks: one import, one opening, one announcing at a time.
2. What stands below campaigns: Meter, Installation, Coverage, of the device that a verb is about.
3. Campaign, by id: shared (FOR SHARE) by whoever answers, takes back, fills, estimates or writes mails;
   alone (FOR UPDATE) by whoever opens, invites, reminds, hands over, closes or signs. Who holds one
   alone meets nobody else in its invitations, rows and notices.
4. Invitation, by id.
5. DueReading, by id. A row that stands at the same reading in another campaign belongs to the set.
6. Notice, by id.
7. Mail, by id.

Readings are never locked: they are written once, and whoever points a row to one, or takes it back,
holds every row that stands at it. Nobody goes back up the list. Who finds, once everything is held, that
another row belongs to the set lets go of all and begins anew (`hold_whole`). What a verb looks at is
read after its locks, in a statement of its own: a row that comes joined to one we waited for is as old
as the waiting.

Outside of it: the sender takes mails that nobody holds, `links.revoke` one invitation and its mails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from django.db import connection, transaction

from releveur.among import array
from releveur.campaigns.models import Asked, Campaign, DueReading, Invitation
from releveur.kept import AnyGiven, Kept


def share(campaigns: Iterable[int]) -> None:
    """Keep these campaigns in their state until the transaction ends; many may share them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM campaigns_campaign WHERE id = ANY(%s) ORDER BY id FOR SHARE",
            [sorted(set(campaigns))],
        )


def hold(campaign: int, *, sharing: Collection[int] = ()) -> Campaign:
    """Hold one campaign alone: nobody answers, is added or is reminded meanwhile.

    :param sharing: others to share, each at its place in the order
    """
    share(other for other in sharing if other < campaign)
    held = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign)
    share(other for other in sharing if other > campaign)
    return held


def hold_invitations(invitations: Iterable[int]) -> list[Invitation]:
    """Hold these invitations alone, by id."""
    rows = Invitation.objects.filter(pk__in=list(invitations)).order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def hold_due_readings(due_readings: Iterable[int]) -> list[DueReading]:
    """Hold these rows alone, by id, and then read them, with what the verbs look at."""
    ids = list(due_readings)
    hold_rows(ids)
    return _HELD.ask(ids=ids)


_HELD = Kept(
    lambda: (
        DueReading.objects.filter(pk=AnyGiven("ids"))
        .select_related("meter__kind", "campaign", "installation__site", "reading")
        .select_related("coverage__contract", "meter__device__model")
        .order_by("pk")
    )
)


def hold_rows(due_readings: Sequence[int]) -> None:
    """Hold these rows alone, by id; the caller reads what it needs of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM campaigns_duereading WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE",
            [array(due_readings)],
        )


def hold_whole(look: Callable[[], Mapping[int, int]]) -> list[DueReading]:
    """Share the campaigns of all rows that `look` names, hold whoever asks them, then the rows.

    Others may have joined them while we waited: then all is let go, and taken again in the order.

    :param look: the rows by their ids, with their campaigns
    """
    assert connection.in_atomic_block, "locks last as long as their transaction"
    wanted = dict(look())
    while wanted:
        with transaction.atomic():
            share(wanted.values())
            _hold_asking([*wanted])
            held = hold_due_readings(wanted)
            found = look()
            if found.keys() <= wanted.keys():
                return held
            # Back to the savepoint: its locks go with it.
            transaction.set_rollback(True)
        wanted |= found
    return []


def asking(due_readings: Iterable[DueReading | int]) -> set[int]:
    """Every invitation that asks one of these rows."""
    ids = [one if isinstance(one, int) else one.pk for one in due_readings]
    return set(_ASKING.ask(ids=ids))


_ASKING = Kept(
    lambda: (
        Asked.objects.filter(due_reading=AnyGiven("ids"))
        .values_list("invitation_id", flat=True)
        .distinct()
    )
)


def _hold_asking(due_readings: Sequence[int]) -> None:
    """Hold alone, by id, every invitation that asks one of these rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM campaigns_invitation WHERE id IN (SELECT invitation_id FROM campaigns_asked"
            " WHERE due_reading_id = ANY(%s)) ORDER BY id FOR UPDATE",
            [list(due_readings)],
        )
