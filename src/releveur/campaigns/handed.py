"""What was handed to whom: read by the verbs, the pages and the mails. `handing_over` writes it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from releveur.campaigns.models import Asked, DueReading, DueReadingQuerySet, Handover, Invitation
from releveur.customers.models import Contact, Site
from releveur.fleet.models import Device
from releveur.kept import Given, Kept


def passable(invitation: Invitation) -> DueReadingQuerySet:
    """What is asked of a person in her own right: what a colleague handed her is not passed on."""
    own = Asked.objects.filter(invitation=invitation, due_reading=OuterRef("pk"), handover=None)
    return DueReading.objects.asked_of(invitation).filter(Exists(own))


def standing(invitation: Invitation) -> dict[int, Handover]:
    """What this person handed over, by row (the latest where there are several); one query."""
    return {row: one for row, one in around(invitation) if one.sender_id == invitation.pk}


def around(invitation: Invitation) -> list[tuple[int, Handover]]:
    """What this person handed over or was handed, row by row, the oldest first; one query."""
    return [(one.row, one) for one in _AROUND.ask(invitation=invitation.pk)]


_HERS = Q(sender=Given("invitation")) | Q(receiver=Given("invitation"))
_AROUND = Kept(
    lambda: (
        Handover.objects.filter(_HERS, taken_back_at=None)
        .annotate(
            row=F("receiver__asked__due_reading"),
            handed=F("receiver__asked__handover"),
            of_device=F("receiver__asked__due_reading__meter__device"),
            at_site=F("receiver__asked__due_reading__installation__site"),
        )
        .filter(Q(of_device=F("device")) | Q(at_site=F("site")), handed__isnull=False)
        .select_related("sender__contact", "receiver__contact")
        .order_by("pk", "row")
    )
)


def of(invitation: Invitation, what: Device | Site) -> Sequence[Handover]:
    """To whom this person handed exactly this, the latest first."""
    return list(given(invitation).filter(**scope(what)).order_by("-pk"))


def senders(invitation: Invitation) -> list[Contact]:
    """The colleagues who handed something to this person."""
    sent = Contact.objects.filter(
        invitations__handed_over__receiver=invitation, invitations__handed_over__taken_back_at=None
    )
    return list(sent.distinct())


def given(invitation: Invitation) -> QuerySet[Handover]:
    """What this person handed over and did not take back."""
    return Handover.objects.filter(sender=invitation, taken_back_at=None)


def rows_of(what: Device | Site | None) -> Q:
    """Of due readings: those of a device, or of a site."""
    return Q(meter__device=what) if isinstance(what, Device) else Q(installation__site=what)


def scope(what: Device | Site) -> dict[str, Device | Site | None]:
    """Of handovers: those of exactly this device, or this site."""
    device = what if isinstance(what, Device) else None
    return {"device": device, "site": None if device else what}
