"""What the dealer's policies make a task: too many estimates in a row, a year unread, an old catch-up.

Nothing is refused and nothing lost: a task says whom to call before the next estimate, or what to agree on
before the signature.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from django.db.models import (
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from releveur.campaigns import basis
from releveur.campaigns.models import Campaign, DueReading, Kind
from releveur.dealer.models import Dealer
from releveur.readings.models import Billed, Quality, Reading
from releveur.rules.schedule import due_on

NEVER = date(1900, 1, 1)
UNCERTAIN = timedelta(days=124)
"""As late as a reading may be for its campaign; which periods are too old is said by the rule."""

type Device = tuple[str, str]
"""Its customer's code and its serial number."""


def estimated_too_often(campaign: Campaign, dealer: Dealer) -> QuerySet[DueReading]:
    """Rows nobody has read yet whose meter was billed on estimates as often as the dealer allows.

    While the campaign runs, these are to be called before one more; after it, one more was made.
    """
    rows = _unread(campaign).annotate(
        last_real_on=Coalesce(Subquery(_last_real_day()), Value(NEVER), output_field=DateField()),
        until=Coalesce("reading__taken_on", "due_on"),
    )
    if dealer.estimates_in_a_row == 0:
        return rows
    guessed = Billed.objects.filter(meter=OuterRef("meter"), quality=Quality.ESTIMATED)
    since = guessed.filter(taken_on__gt=OuterRef("last_real_on"), taken_on__lt=OuterRef("until"))
    last = dealer.estimates_in_a_row
    # The first condition leaves few rows, and costs little for all of them together.
    return rows.filter(Exists(guessed), Exists(since.order_by("-taken_on")[last - 1 : last]))


def unread_too_long(campaign: Campaign, dealer: Dealer) -> QuerySet[DueReading]:
    """Rows nobody read, of meters without a real reading for longer than the dealer allows."""
    begin = F("due_on") - timedelta(days=dealer.read_every_days)
    rows = _unread(campaign).annotate(begin=ExpressionWrapper(begin, output_field=DateField()))
    read = _real().filter(taken_on__gt=OuterRef("begin"))
    came_since = Q(installation__since__gt=F("begin"))
    return rows.filter(~Exists(read)).exclude(came_since)


def charged_too_late(campaign: Campaign, dealer: Dealer) -> Mapping[Device, int]:
    """What a basis that is not signed charges for periods longer ago than the dealer looks back."""
    if campaign.state == Campaign.State.SIGNED:
        return {}
    begin = due_on(campaign.due_until, dealer.look_back_months, -1) + UNCERTAIN
    billed = Billed.objects.filter(meter=OuterRef("meter")).order_by("-taken_on")
    between = _real().filter(taken_on__gte=begin, taken_on__lt=OuterRef("billed_on"))
    guessed = Billed.objects.filter(
        meter=OuterRef("meter"), taken_on__lt=begin, quality=Quality.ESTIMATED
    )
    answered = campaign.due_readings.filter(kind=Kind.PERIODIC).answered()
    answered = answered.annotate(billed_on=Subquery(billed.values("taken_on")[:1]))
    meters = answered.filter(Exists(guessed), ~Exists(between)).values("meter")
    found: dict[Device, int] = defaultdict(int)
    for line in basis.compute(campaign, meters=list(meters.values_list("meter", flat=True))):
        device = (line.row.installation.site.customer.code, line.row.meter.device.serial)
        found[device] += line.too_old
    return {device: impressions for device, impressions in sorted(found.items()) if impressions}


def _unread(campaign: Campaign) -> QuerySet[DueReading]:
    return campaign.due_readings.filter(kind=Kind.PERIODIC).unanswered()


def _real() -> QuerySet[Reading]:
    """The real readings of a row's meter that count."""
    return Reading.objects.standing().real().filter(meter=OuterRef("meter"))


def _last_real_day() -> QuerySet[Reading, date]:
    return _real().order_by("-taken_on").values_list("taken_on", flat=True)[:1]
