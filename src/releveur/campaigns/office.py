"""What waits for a person of the office: derived from the rows, stored nowhere."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from releveur.campaigns import bounced, closing, mailing, policies
from releveur.campaigns.models import Asked, Campaign, DueReading, Kind, Problem, Succession
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.readings.examining import NEXT_SEGMENT
from releveur.readings.models import Finding
from releveur.readings.wording import number
from releveur.rules.estimation import Method
from releveur.rules.schedule import GIVE_UP
from releveur.rules.validation import Code

type Task = dict[str, str]


class What(StrEnum):
    CALL = "CALL"
    PROBLEM = "PROBLEM"
    SUCCESSOR = "SUCCESSOR"
    BLOCKED = "BLOCKED"
    NEVER_ASKED = "NEVER_ASKED"
    MAIL_REFUSED = "MAIL_REFUSED"
    MAIL_LATE = "MAIL_LATE"
    BOUNCED = "BOUNCED"
    NO_BASIS_FOR_ESTIMATE = "NO_BASIS_FOR_ESTIMATE"
    PROPOSED = "PROPOSED"
    ESTIMATED_TOO_OFTEN = "ESTIMATED_TOO_OFTEN"
    UNREAD_TOO_LONG = "UNREAD_TOO_LONG"
    CHARGED_TOO_LATE = "CHARGED_TOO_LATE"
    COUNTER = "COUNTER"
    KEPT = "KEPT"


def tasks(campaign: Campaign, *, now: datetime) -> list[Task]:
    """Everything the office should look at in this campaign, the most urgent kind first."""
    return [
        *_of_rows(What.CALL, _to_call(campaign), _("to be read by phone or by a technician")),
        *_opted_out(campaign),
        *_problems(campaign),
        *_counters(campaign),
        *_kept(campaign),
        *_successors(campaign),
        *_refused(campaign),
        *_late(campaign, now=now),
        *_bounced(campaign),
        *_after_the_close(campaign),
        *_policies(campaign),
    ]


def _policies(campaign: Campaign) -> list[Task]:
    dealer = Dealer.objects.here()
    often = policies.estimated_too_often(campaign, dealer)
    words = _("billed on {count} estimates in a row or more: have it read").format(
        count=dealer.estimates_in_a_row
    )
    tasks = _of_rows(What.ESTIMATED_TOO_OFTEN, often, words)
    if campaign.state not in (Campaign.State.OPEN, Campaign.State.CLOSING):
        unread = policies.unread_too_long(campaign, dealer)
        words = _("no real reading for more than {days} days").format(days=dealer.read_every_days)
        tasks += _of_rows(What.UNREAD_TOO_LONG, unread, words)
    words = _(
        "{count} impressions to charge from more than {months} months ago: agree on them before you sign"
    )
    for (code, serial), count in policies.charged_too_late(campaign, dealer).items():
        said = words.format(count=number(count), months=dealer.look_back_months)
        tasks.append({"what": What.CHARGED_TOO_LATE, "code": code, "serial": serial, "words": said})
    return tasks


def _after_the_close(campaign: Campaign) -> list[Task]:
    if campaign.state in (Campaign.State.OPEN, Campaign.State.CLOSING):
        return []
    empty = closing.empty(campaign.pk)
    if campaign.kind == Kind.ONE_OFF:
        words = _("nobody answered: phone, or read it when it is fetched")
        return _of_rows(What.CALL, empty, words)
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
        *_of_rows(
            What.PROPOSED, proposed, _("a value came after the signature: releveur proposals")
        ),
    ]


def _to_call(campaign: Campaign) -> QuerySet[DueReading]:
    by_hand = (Device.Mode.PHONE, Device.Mode.TECHNICIAN)
    return campaign.due_readings.filter(reading=None, meter__device__mode__in=by_hand)


def _problems(campaign: Campaign) -> list[Task]:
    """What customers told of their devices, with the command that settles a replacement."""
    told = Problem.objects.filter(invitation__campaign=campaign, taken_back_at=None)
    rows = told.select_related("device", "invitation__contact").annotate(
        code=Subquery(
            DueReading.objects.filter(
                asked__invitation=OuterRef("invitation"), meter__device=OuterRef("device")
            )
            .order_by("pk")
            .values("installation__site__customer__code")[:1]
        )
    )
    return [
        {
            "what": What.PROBLEM,
            "code": row.code or "",
            "serial": row.device.serial,
            "words": _told(row),
        }
        for row in rows.order_by("pk")
    ]


def _counters(campaign: Campaign) -> list[Task]:
    """Counters that began anew: a new board, a rollover, another device in its place."""
    began = Finding.objects.filter(reading=OuterRef("reading")).filter(
        Q(answer__in=NEXT_SEGMENT) | Q(code__in=(Code.RESET, Code.REPLACED))
    )
    rows = campaign.due_readings.filter(Exists(began))
    return _of_rows(What.COUNTER, rows, _("its counter began anew: look at the volume"))


def _kept(campaign: Campaign) -> list[Task]:
    """Values somebody keeps although something else was probably meant."""
    kept = Finding.objects.filter(reading=OuterRef("reading"), answer=Finding.Answer.KEPT)
    rows = campaign.due_readings.filter(Exists(kept))
    return _of_rows(What.KEPT, rows, _("kept as typed, though something else was proposed"))


def _told(problem: Problem) -> str:
    """« Alexandra : il a été remplacé ; nouveau n° de série 123 ; ancien MONO 40500 … »."""
    said = [f"{problem.invitation.contact}: {Problem.What(problem.what).label}"]
    if problem.new_serial:
        said.append(_("new serial number %(serial)s") % {"serial": problem.new_serial})
    for age, words in (("old", _("old counters")), ("new", _("new counters"))):
        if values := problem.values.get(age):
            told = ", ".join(f"{kind} {value}" for kind, value in values.items())
            said.append(f"{words} {told}")
    return "; ".join([*said, *filter(None, [problem.words])])


def _opted_out(campaign: Campaign) -> list[Task]:
    """Devices still to be read, asked only of people who want no more mails: one call each."""
    asked = Asked.objects.filter(due_reading__campaign=campaign, due_reading__reading=None)
    others = Asked.objects.filter(
        due_reading=OuterRef("due_reading"), invitation__contact__opted_out_at=None
    )
    hers = asked.exclude(invitation__contact__opted_out_at=None).exclude(Exists(others))
    row = "due_reading__installation__site__customer__code"
    found = hers.select_related("invitation__contact", "due_reading__meter__device").order_by(
        row, "due_reading__meter__device__serial", "invitation"
    )
    words = _("{person} wants no more mails: call {phone}")
    calls = {
        (one.due_reading.meter.device.serial, one.invitation_id): {
            "what": What.CALL,
            "code": one.code,
            "serial": one.due_reading.meter.device.serial,
            "words": words.format(
                person=one.invitation.contact, phone=one.invitation.contact.phone or "?"
            ),
        }
        for one in found.annotate(code=F(row))
    }
    return list(calls.values())


def _of_rows(what: What, rows: QuerySet[DueReading], words: str) -> list[Task]:
    """One task a device, whatever the number of its meters."""
    pairs = rows.order_by(
        "installation__site__customer__code", "meter__device__serial"
    ).values_list("installation__site__customer__code", "meter__device__serial")
    return [
        {"what": what, "code": code, "serial": serial, "words": words}
        for code, serial in pairs.distinct()
    ]


def _successors(campaign: Campaign) -> list[Task]:
    """Who said that somebody else answers now, and waits for the office's word."""
    of_her = DueReading.objects.filter(asked__invitation=OuterRef("invitation"))
    code = of_her.order_by("pk").values("installation__site__customer__code")[:1]
    said = Succession.objects.filter(invitation__campaign=campaign, settled_at=None)
    words = _("{old} names {new} in her place: releveur successor {number} --accept or --refuse")
    return [
        {
            "what": What.SUCCESSOR,
            "code": one.code,
            "serial": "",
            "words": words.format(old=one.invitation.contact, new=one.email, number=one.pk),
        }
        for one in said.select_related("invitation__contact")
        .annotate(code=Coalesce(Subquery(code), Value("")))
        .order_by("pk")
    ]


def _refused(campaign: Campaign) -> list[Task]:
    failed = mailing.of_campaign(campaign).filter(state=Mail.State.FAILED)
    return _of_mails(What.MAIL_REFUSED, failed, _("mail to {address} refused: {reply}"))


def _late(campaign: Campaign, *, now: datetime) -> list[Task]:
    late = mailing.of_campaign(campaign).filter(state=Mail.State.OWED, owed_at__lte=now - GIVE_UP)
    return _of_mails(
        What.MAIL_LATE, late, _("mail to {address} could not leave for 24 hours: {reply}")
    )


def _bounced(campaign: Campaign) -> list[Task]:
    return [
        {"what": What.BOUNCED, "code": code, "serial": "", "words": words}
        for code, words in bounced.told(campaign)
    ]


def _customer() -> Coalesce:
    """The code of the customer a mail is about."""
    of_a_notice = DueReading.objects.filter(asked__invitation=OuterRef("notice__invitation"))
    of_a_receipt = DueReading.objects.filter(receipt_lines__receipt=OuterRef("receipt"))
    of_a_link = DueReading.objects.filter(asked__invitation__uuid=OuterRef("key_uuid"))
    code = "installation__site__customer__code"
    return Coalesce(
        Subquery(of_a_notice.order_by("pk").values(code)[:1]),
        Subquery(of_a_receipt.order_by("pk").values(code)[:1]),
        Subquery(of_a_link.order_by("pk").values(code)[:1]),
        Value(""),
    )


def _of_mails(what: What, mails: QuerySet[Mail], words: str) -> list[Task]:
    rows = mails.order_by("pk").values_list(_customer(), "to", "smtp_reply")
    return [
        {"what": what, "code": code, "serial": "", "words": words.format(address=to, reply=reply)}
        for code, to, reply in rows
    ]
