"""The rows that a person is asked, as the sheet reads them: each question written and planned once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from releveur.campaigns.models import DueReading, Invitation
from releveur.kept import AnyGiven, Given, Kept
from releveur.readings.models import Billed


def of(invitation: Invitation, device: int | None, *, shown: bool) -> list[DueReading]:
    """The rows asked of a person, in the order of her sheet; of one device, or of all.

    :param shown: with what a page says of them; a form is read with less
    """
    if device is not None:
        return _ASKED_OF_ONE.ask(invitation=invitation.pk, device=device)
    return (_ASKED if shown else _READ).ask(invitation=invitation.pk)


def billed_before(invitation: Invitation, meters: Sequence[int]) -> list[Billed]:
    """The last index billed of each meter before this campaign."""
    return _BILLED_BEFORE.ask(campaign=invitation.campaign_id, meters=meters)


def _with_what_is_shown(asked: QuerySet[DueReading]) -> QuerySet[DueReading]:
    return _with_what_is_read(asked).select_related("reading__by_contact", "coverage__contract")


def _with_what_is_read(asked: QuerySet[DueReading]) -> QuerySet[DueReading]:
    return asked.select_related(
        "meter__kind", "meter__device__model", "installation__site__customer", "reading"
    ).order_by(
        "installation__site__customer__code",
        "installation__site__name",
        "installation__site__address",
        "installation__location",
        "meter__device__serial",
        "meter__device_id",
        "meter__kind__position",
        "meter__kind__code",
        "due_on",
    )


_ASKED = Kept(lambda: _with_what_is_shown(DueReading.objects.asked_of(Given("invitation"))))
_READ = Kept(lambda: _with_what_is_read(DueReading.objects.asked_of(Given("invitation"))))
_ASKED_OF_ONE = Kept(
    lambda: _with_what_is_shown(
        DueReading.objects.asked_of(Given("invitation")).filter(meter__device=Given("device"))
    )
)
_BILLED_BEFORE = Kept(
    lambda: (
        Billed.objects.exclude(reading__fills__campaign=Given("campaign"))
        .filter(meter=AnyGiven("meters"))
        .select_related("reading")
        .latest_ones()
    )
)
