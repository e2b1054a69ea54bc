"""What must be true of the database at any moment, whoever did what: found out with queries of our own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from django.db.models import F, Q, QuerySet

from releveur.campaigns.models import (
    Asked,
    BasisLine,
    Campaign,
    DueReading,
    Kind,
    Notice,
    Problem,
    ReceiptLine,
)
from releveur.outbox.models import Mail
from releveur.readings.models import Billed, Quality, Reading
from releveur.rules import window

REMINDERS = ("REMINDED_1", "REMINDED_2", "REMINDED_3")
REQUESTS = ("INVITED", "HANDED", *REMINDERS)

type Bases = Mapping[int, list[tuple[int, dict[str, object]]]]
"""The printed lines of each signed campaign, by position."""


def always() -> None:
    """Hold at any moment between two verbs."""
    one_reading_per_row()
    what_was_taken_back_counts_nowhere()
    what_a_receipt_names_stands()
    a_basis_says_what_its_rows_say()
    nothing_leaves_to_whoever_answered()
    nothing_leaves_after_the_close()
    nets_add_up()


def settled() -> None:
    """Hold besides once everything due was done."""
    no_estimate_where_a_real_reading_fits()


def one_reading_per_row() -> None:
    """A reading stands for one period of its own meter; whoever is estimated has one estimate."""
    rows = DueReading.objects.filter(kind=Kind.PERIODIC).exclude(reading=None)
    filled = Counter(rows.values_list("reading_id", flat=True))
    assert not [reading for reading, times in filled.items() if times > 1]
    assert not rows.exclude(reading__meter=F("meter")).exists()


def what_was_taken_back_counts_nowhere() -> None:
    """No row of an unsigned campaign stands at a reading withdrawn, superseded or proposed."""
    open_rows = DueReading.objects.exclude(campaign__state=Campaign.State.SIGNED)
    gone = Q(reading__withdrawal__isnull=False) | Q(reading__superseded_by__isnull=False)
    assert not open_rows.filter(gone | Q(reading__proposed=True)).exists()


def what_a_receipt_names_stands() -> None:
    """A value somebody has a receipt for is her row's, unless taken back, declared again or proposed."""
    counts = ReceiptLine.objects.filter(reading__in=Reading.objects.standing())
    lost = counts.exclude(due_reading__reading=F("reading"))
    assert not lost.exists(), f"receipts of nothing: {list(lost.select_related('receipt'))}"


def a_basis_says_what_its_rows_say() -> None:
    """What was signed is what the rows stood at, and stand at for ever."""
    for line in BasisLine.objects.select_related("due_reading__reading"):
        reading = line.due_reading.reading
        assert reading and line.printed["new_value"] == reading.value


def nothing_leaves_to_whoever_answered() -> None:
    """A request that waits to leave goes to somebody who still owes something and wants mails."""
    waiting = _unsent().filter(what__in=REQUESTS)
    people = {notice.invitation_id for notice in waiting.exclude(mail=None)}
    assert not people - owing(), "a request is about to leave to somebody who answered"
    assert not waiting.exclude(invitation__contact__opted_out_at=None).exclude(mail=None).exists()


def nothing_leaves_after_the_close() -> None:
    """No request waits to leave of a campaign that asks no more."""
    closed = ~Q(invitation__campaign__state=Campaign.State.OPEN)
    assert not _unsent().filter(closed, what__in=REQUESTS).exists()


def nets_add_up() -> None:
    """What was billed of a meter adds up to the pages between its first and its last real value."""
    nets: dict[int, int] = defaultdict(int)
    for line in BasisLine.objects.select_related("due_reading"):
        printed = line.printed
        assert printed["of_this_period"] + printed["regularisation"] == printed["net"]
        nets[line.due_reading.meter_id] += printed["net"]
    billed = Billed.objects.filter(meter__in=nets).order_by("meter_id", "taken_on", "pk")
    indexes: dict[int, list[Billed]] = defaultdict(list)
    for one in billed:
        indexes[one.meter_id].append(one)
    for meter, net in nets.items():
        first, *_between, last = indexes[meter]
        if last.quality == Quality.ACTUAL:
            assert net == _pages(first, last), f"meter {meter}: {indexes[meter]}"


def _pages(first: Billed, last: Billed) -> int:
    """Counted segment by segment, each from its first real value to its last."""
    values: dict[int, list[int]] = {}
    real = Reading.objects.standing().exclude(source="SYSTEM").filter(meter=first.meter_id)
    for one in real.order_by("segment", "taken_on", "pk"):
        values.setdefault(one.segment, []).append(one.value)
    pages = 0
    for segment in range(first.segment, last.segment + 1):
        begins = first.value if segment == first.segment else values[segment][0]
        ends = last.value if segment == last.segment else values[segment][-1]
        pages += ends - begins
    return pages


def no_estimate_where_a_real_reading_fits() -> None:
    """No row of an unsigned campaign is empty or estimated while a real reading for it stands unused."""
    used = DueReading.objects.filter(kind=Kind.PERIODIC).exclude(reading=None).values("reading")
    unused = Reading.objects.standing().exclude(source="SYSTEM").exclude(pk__in=used)
    unused = unused.exclude(occasion__in=["NEW_METER", "INSTALLATION"])
    rows = DueReading.objects.filter(kind=Kind.PERIODIC).filter(
        Q(reading=None) | Q(reading__source="SYSTEM")
    )
    rows = rows.exclude(campaign__state=Campaign.State.SIGNED)
    billed = Billed.objects.last_of(rows.values_list("meter_id", flat=True))
    for row in rows.select_related("coverage__contract"):
        last = billed.get(row.meter_id)
        fitting = [
            one
            for one in unused.filter(meter=row.meter_id)
            if window.fits(
                one.taken_on,
                due_on=row.due_on,
                months=row.coverage.contract.months,
                billed_on=last.taken_on if last else None,
            )
        ]
        assert not fitting, f"{row} is not at {fitting}"


def owing() -> set[int]:
    """Invitations that still owe a value: asked, unanswered, no problem told."""
    told = {
        (problem.device_id, row)
        for problem in Problem.objects.filter(taken_back_at=None)
        for row in Asked.objects.filter(invitation=problem.invitation_id).values_list(
            "due_reading_id", flat=True
        )
    }
    unanswered = Q(due_reading__reading=None) | Q(due_reading__reading__source="SYSTEM")
    asked = Asked.objects.filter(unanswered).select_related("due_reading__meter")
    return {
        one.invitation_id
        for one in asked
        if (one.due_reading.meter.device_id, one.due_reading_id) not in told
    }


def signed() -> Bases:
    """Every signed basis as it is stored."""
    found: dict[int, list[tuple[int, dict[str, object]]]] = {
        pk: []
        for pk in Campaign.objects.filter(state="SIGNED")
        .order_by("pk")
        .values_list("pk", flat=True)
    }
    for line in BasisLine.objects.order_by("campaign_id", "position"):
        found[line.campaign_id].append((line.position, line.printed))
    return found


def kept(before: Bases, after: Bases) -> None:
    """What was signed stays as it was, to the letter."""
    for campaign, lines in before.items():
        assert after.get(campaign) == lines, f"the signed basis of campaign {campaign} changed"


def reminders_sent() -> dict[int, Notice]:
    """Every reminder that left, by its primary key."""
    left = Notice.objects.filter(what__in=REMINDERS, mail__state=Mail.State.SENT)
    return {one.pk: one for one in left.select_related("mail", "invitation__contact")}


def _unsent() -> QuerySet[Notice]:
    return Notice.objects.filter(withheld_at=None).filter(
        Q(mail=None) | Q(mail__state=Mail.State.OWED)
    )
