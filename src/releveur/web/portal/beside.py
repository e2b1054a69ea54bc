"""Who else answers, as the sheet shows it beside its rows; and what was just done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest

from releveur.campaigns import handed, succeeding
from releveur.campaigns.models import Campaign, Handover, Invitation, Succession
from releveur.web.portal.sheet import Row

HANDED, TAKEN_BACK = "transmis", "repris"
"""What the sheet's address says after the one and the other."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Who else answers, as the sheet shows it, by row; and what was just done about it."""

    given: Mapping[int, Handover]
    received: Mapping[int, Handover]
    is_open: bool
    succession: Succession | None
    handed: Handover | None = None
    taken_back: Handover | None = None

    @property
    def is_succeeded(self) -> bool:
        """Whether somebody answers in her place already."""
        return self.succession is not None and self.succession.successor_id is not None

    def given_of(self, row: Row) -> Handover | None:
        """To whom this row was handed."""
        found = [self.given[cell.due.pk] for cell in row.cells if cell.due.pk in self.given]
        return found[-1] if found else None

    def may_hand(self, row: Row) -> bool:
        """Whether this device may be handed over: asked of her in her own right, and still missing."""
        if not self.is_open or row.problem:
            return False
        return any(
            cell.due.answer is None and cell.due.pk not in self.received for cell in row.cells
        )

    @property
    def senders(self) -> list[str]:
        """The colleagues who handed something to this person."""
        found = {one.sender_id: str(one.sender.contact) for one in self.received.values()}
        return list(found.values())


def draw(request: HttpRequest, invitation: Invitation) -> Beside:
    """For the sheet; two queries, and one more right after something was handed or taken back."""
    around = handed.around(invitation)
    return Beside(
        given={row: one for row, one in around if one.sender_id == invitation.pk},
        received={row: one for row, one in around if one.receiver_id == invitation.pk},
        is_open=invitation.campaign.state == Campaign.State.OPEN,
        succession=succeeding.latest(invitation),
        handed=_just(request, HANDED, invitation),
        taken_back=_just(request, TAKEN_BACK, invitation),
    )


def _just(request: HttpRequest, what: str, invitation: Invitation) -> Handover | None:
    number = request.GET.get(what, "")
    if not is_number(number):
        return None
    return Handover.objects.filter(pk=number, sender=invitation).first()


def is_number(text: str) -> bool:
    """Whether what an address names can be the number of a row."""
    return text.isascii() and text.isdigit() and len(text) < 19
