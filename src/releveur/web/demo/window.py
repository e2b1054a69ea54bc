"""The shop window itself: one page that says where the quarter stands and what can be done next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from releveur import clock
from releveur.campaigns import basis_file, closing, steps
from releveur.campaigns.models import Campaign, DueReading
from releveur.campaigns.status import devices
from releveur.customers.models import Contact
from releveur.ops.demo import customers, living, mailbox, telling
from releveur.ops.demo.mailbox import Box, Caught
from releveur.web.demo import standing
from releveur.web.demo.access import demonstrated


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who got mails, and the one that lies open."""

    readers: Sequence[tuple[str, Box]]
    shown: Caught | None


@require_safe
@demonstrated
def window(request: HttpRequest) -> HttpResponse:
    """Where the quarter stands, its numbers, its mails, and the one thing to do next."""
    now, campaign = clock.now(), living.campaign()
    closed = campaign.state == Campaign.State.CLOSED
    context = {
        "now": now.astimezone(clock.PARIS),
        "shown_at": now.isoformat(),
        "campaign": campaign,
        "may_be_signed": closed,
        "is_signed": campaign.state == Campaign.State.SIGNED,
        "next_at": steps.next_at(now=now),
        "stations": telling.timeline(campaign, now=now),
        "shares": standing.shares(devices(campaign).values()),
        "happened": _happened(request),
        "never_asked": _never_asked(campaign) if closed else [],
        "settled": telling.settled(campaign),
        "mailbox": _mailbox(request.GET.get("mail", "")),
    }
    return render(request, "demo/window.html", context)


@require_safe
@demonstrated
def basis(request: HttpRequest) -> HttpResponse:
    """The billing basis as the ERP gets it."""
    campaign = living.campaign()
    name = f"prefacturation-{campaign.due_until:%Y-%m-%d}.csv"
    return HttpResponse(
        basis_file.as_csv(campaign),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _happened(request: HttpRequest) -> list[str]:
    """What the last button did, in sentences, in the order in which it happened."""
    told = {name: _count(request, name) for name in ("answered", "collected", "reminders", "sent")}
    sentences = [
        ngettext("%(n)d person answered.", "%(n)d people answered.", told["answered"]),
        ngettext("%(n)d reading came by itself.", "%(n)d readings came by themselves.", told["collected"]),
        ngettext("%(n)d reminder left.", "%(n)d reminders left.", told["reminders"]),
        ngettext("%(n)d mail was delivered.", "%(n)d mails were delivered.", told["sent"]),
    ]  # fmt: skip
    found = [
        sentence % {"n": count}
        for sentence, count in zip(sentences, told.values(), strict=True)
        if count
    ]
    if _count(request, "closed"):
        found.insert(0, _("The campaign is closed: whoever stayed silent was estimated."))
    if lines := _count(request, "signed"):
        found.append(
            ngettext(
                "The basis is signed: %(n)d line will never change.",
                "The basis is signed: %(n)d lines will never change.",
                lines,
            )
            % {"n": lines}
        )
    return found


def _count(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _never_asked(campaign: Campaign) -> list[DueReading]:
    """One row for each device that nobody was asked for."""
    rows = closing.never_asked(campaign.pk).select_related(
        "meter__device__model", "installation__site__customer"
    )
    by_device = {row.meter.device_id: row for row in rows.order_by("pk")}
    return list(by_device.values())


def _mailbox(number: str) -> Mailbox:
    mails = mailbox.caught()
    hers = next((one for one in mails if one.to == customers.ALEXANDRA.email), None)
    shown = next((one for one in mails if one.number == number), hers or next(iter(mails), None))
    boxes = mailbox.boxes(mails)
    names = {
        contact.email: str(contact)
        for contact in Contact.objects.filter(email__in=[box.to for box in boxes])
    }
    readers = [(names.get(box.to, box.to), box) for box in boxes]
    return Mailbox(sorted(readers, key=_alexandra_first), shown)


def _alexandra_first(reader: tuple[str, Box]) -> tuple[bool, datetime]:
    _name, box = reader
    return box.to != customers.ALEXANDRA.email, box.mails[0].sent_at
