"""« Un problème avec cet équipement ? »: told instead of a value; nobody is reminded of that device any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from releveur.campaigns import locks, mailing, office_mail, reminding
from releveur.campaigns.models import Campaign, DueReading, Invitation, Problem
from releveur.campaigns.office_mail import News
from releveur.fleet.models import Device
from releveur.kept import AnyGiven, Kept

MOST_WORDS = 1_000
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class NotAsked(Exception):
    """This person is not asked for this device."""


class AskedNoMore(Exception):
    """The invoice of this period is made: whoever has a problem now calls."""


class WordsMissing(Exception):
    """« Another reason » without a word says nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells of a device; of a replaced one, the new serial and both counters by kind."""

    what: Problem.What
    words: str = ""
    new_serial: str = ""
    old_values: Mapping[str, int] = field(default_factory=dict)
    new_values: Mapping[str, int] = field(default_factory=dict)


@transaction.atomic
def report(invitation: Invitation, device: Device, told: Told, *, now: datetime) -> Problem:
    """Write what was told, withhold the reminders it makes pointless, and owe the mail that notes it.

    Told again, the newer word replaces the one before.

    :raises NotAsked: the device is not asked of this invitation
    :raises AskedNoMore: its campaign is signed
    :raises WordsMissing: another reason, and no words
    """
    if told.what is Problem.What.OTHER and not _plain(told.words):
        raise WordsMissing
    asking = _hold(invitation, device)
    _standing(asking, device).update(taken_back_at=now)
    problem = Problem.objects.create(
        device=device,
        invitation=invitation,
        what=told.what,
        words=_plain(told.words)[:MOST_WORDS],
        new_serial=_plain(told.new_serial)[:60],
        values=_values(told),
        told_at=now,
    )
    reminding.withhold_answered(asking, now=now)
    mailing.problem_noted(problem, now=now)
    office_mail.tell(lambda: _news(problem), now=now)
    return problem


@transaction.atomic
def take_back(invitation: Invitation, device: Device, *, now: datetime) -> bool:
    """The device can be read after all, whoever told that it cannot; reminders go on as planned.

    :returns: whether something stood

    :raises NotAsked: the device is not asked of this invitation
    :raises AskedNoMore: its campaign is signed
    """
    return bool(_standing(_hold(invitation, device), device).update(taken_back_at=now))


def standing(due_readings: Iterable[int]) -> dict[int, Problem]:
    """The last problem told by somebody asked for each of these rows, in one query."""
    return {one.row: one for one in _TOLD.ask(rows=list(due_readings))}


_TOLD = Kept(
    lambda: (
        Problem.objects.filter(taken_back_at=None)
        .annotate(
            row=F("invitation__asked__due_reading"),
            of_device=F("invitation__asked__due_reading__meter__device"),
        )
        .filter(row=AnyGiven("rows"), of_device=F("device"))
        .select_related("invitation__contact")
        .order_by("pk")
    )
)


def reason(problem: Problem) -> dict[str, str]:
    """Why a device was estimated, in French (`fr`) and English (`en`), to be stored with the estimate."""
    said = {}
    for language in ("fr", "en"):
        with translation.override(language):
            said[language] = _("You told us of this device: %(what)s.") % {
                "what": Problem.What(problem.what).label
            }
    return said


def _news(problem: Problem) -> News:
    """What the office is told at once; its list of tasks has the same."""
    device = problem.device
    return News(
        heading=_("Problem told: %(device)s") % {"device": device},
        sentence=_(
            "This customer tells why a device has no reading. No more reminders leave for it."
        ),
        lines=[
            (_("Device"), str(device)),
            (_("What is the matter?"), str(Problem.What(problem.what).label)),
            (_("Serial number of the new device"), problem.new_serial),
            (_("old counters"), _listed(problem.values.get("old", {}))),
            (_("new counters"), _listed(problem.values.get("new", {}))),
            (_("A few words"), problem.words),
            *office_mail.about(problem.invitation),
        ],
        reply_to=problem.invitation.contact.email,
    )


def _listed(values: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {value}" for kind, value in values.items())


def _hold(invitation: Invitation, device: Device) -> set[int]:
    """Hold what an answer holds, so that nobody closes or reminds meanwhile.

    :returns: everybody who is asked for the device where it stands
    """
    locks.share([invitation.campaign_id])
    if invitation.campaign_id in _signed([invitation.campaign_id]):
        raise AskedNoMore
    rows = DueReading.objects.asked_of(invitation).filter(meter__device=device)
    asking = locks.asking(rows)
    if not asking:
        raise NotAsked(device.serial)
    locks.hold_invitations(asking)
    return asking


def _signed(campaigns: Collection[int]) -> set[int]:
    signed = Campaign.objects.filter(pk__in=campaigns, state=Campaign.State.SIGNED)
    return set(signed.values_list("pk", flat=True))


def _standing(asking: Collection[int], device: Device) -> QuerySet[Problem]:
    return Problem.objects.filter(invitation__in=asking, device=device, taken_back_at=None)


def _plain(words: str) -> str:
    """Without the signs that neither tables nor mails hold."""
    return _CONTROLS.sub("", words).strip()


def _values(told: Told) -> dict[str, dict[str, int]]:
    if told.what is not Problem.What.REPLACED:
        return {}
    return {"old": dict(told.old_values), "new": dict(told.new_values)}
