"""What waits for a person of the office: derived from the rows, stored nowhere (model.md, « Tasks »)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from releveur.campaigns import closing
from releveur.campaigns.models import Campaign, DueReading, Notice
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.rules.estimation import Method
from releveur.rules.schedule import GIVE_UP

type Task = dict[str, str]


class What(StrEnum):
    CALL = "CALL"
    BLOCKED = "BLOCKED"
    NEVER_ASKED = "NEVER_ASKED"
    MAIL_REFUSED = "MAIL_REFUSED"
    MAIL_LATE = "MAIL_LATE"
    NO_BASIS_FOR_ESTIMATE = "NO_BASIS_FOR_ESTIMATE"
    PROPOSED = "PROPOSED"


def tasks(campaign: Campaign, *, now: datetime) -> list[Task]:
    """Everything the office should look at in this campaign, the most urgent kind first."""
    return [
        *_of_rows(What.CALL, _to_call(campaign), _("to be read by phone or by a technician")),
        *_refused(campaign),
        *_late(campaign, now=now),
        *_after_the_close(campaign),
    ]


def _after_the_close(campaign: Campaign) -> list[Task]:
    if campaign.state in (Campaign.State.OPEN, Campaign.State.CLOSING):
        return []
    empty = closing.empty(campaign.pk)
    blocked = empty.filter(coverage__contract__estimation_allowed=False)
    guessed = campaign.due_readings.filter(reading__explanation__method=Method.NOTHING)
    proposed = campaign.due_readings.filter(
        receipt_lines__reading__proposed=True,
        receipt_lines__reading__withdrawal=None,
        receipt_lines__reading__superseded_by=None,
    )
    return [
        *_of_rows(
            What.BLOCKED, blocked, _("no reading and the contract forbids an estimate: not billed")
        ),
        *_of_rows(What.NEVER_ASKED, closing.never_asked(campaign.pk), _("nobody was asked")),
        *_of_rows(
            What.NO_BASIS_FOR_ESTIMATE, guessed, _("estimated at zero: nothing is known of it")
        ),
        *_of_rows(What.PROPOSED, proposed, _("a value came after the signature")),
    ]


def _to_call(campaign: Campaign) -> QuerySet[DueReading]:
    by_hand = (Device.Mode.PHONE, Device.Mode.TECHNICIAN)
    return campaign.due_readings.filter(reading=None, meter__device__mode__in=by_hand)


def _of_rows(what: What, rows: QuerySet[DueReading], words: str) -> list[Task]:
    """One task a device, whatever the number of its meters."""
    pairs = rows.order_by(
        "installation__site__customer__code", "meter__device__serial"
    ).values_list("installation__site__customer__code", "meter__device__serial")
    return [
        {"what": what, "code": code, "serial": serial, "words": words}
        for code, serial in pairs.distinct()
    ]


def _refused(campaign: Campaign) -> list[Task]:
    notices = Notice.objects.filter(invitation__campaign=campaign, mail__state=Mail.State.FAILED)
    return [
        _of_mail(What.MAIL_REFUSED, notice, _("mail to {address} refused: {reply}"))
        for notice in notices.select_related("mail").order_by("pk")
    ]


def _late(campaign: Campaign, *, now: datetime) -> list[Task]:
    notices = Notice.objects.filter(
        invitation__campaign=campaign, mail__state=Mail.State.OWED, owed_at__lte=now - GIVE_UP
    )
    return [
        _of_mail(
            What.MAIL_LATE, notice, _("mail to {address} could not leave for 24 hours: {reply}")
        )
        for notice in notices.select_related("mail").order_by("pk")
    ]


def _of_mail(what: What, notice: Notice, words: str) -> Task:
    mail = notice.mail
    assert mail is not None
    code = (
        DueReading.objects.filter(asked__invitation=notice.invitation_id)
        .order_by("pk")
        .values_list("installation__site__customer__code", flat=True)
        .first()
    )
    return {
        "what": what,
        "code": code or "",
        "serial": "",
        "words": words.format(address=mail.to, reply=mail.smtp_reply),
    }
