"""Mails that came back: the office is told within the hour whom to call, and finds it in its tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from releveur.campaigns import letter, office_mail
from releveur.campaigns.models import Campaign, DueReading, Invitation
from releveur.campaigns.office_mail import Line, News
from releveur.customers.models import Contact
from releveur.fleet import answering_for
from releveur.fleet.models import Installation
from releveur.outbox import bouncing
from releveur.outbox.composing import OF_THE_OFFICE
from releveur.outbox.models import Bounce, Mail

APART = timedelta(hours=1)
"""One mail an hour at most, with all that came back meanwhile."""

MOST_NAMED = 50
"""Persons named in one mail; the tasks of the campaign have them all."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail that came back, whose it was, and what is still missing of hers."""

    bounce: Bounce
    contact: Contact | None
    rows: Sequence[DueReading] = ()

    @property
    def person(self) -> str:
        return str(self.contact or self.bounce.address)

    @property
    def phone(self) -> str:
        return self.contact.phone if self.contact and self.contact.phone else "?"

    @property
    def missing(self) -> list[str]:
        """The devices, each once."""
        rows = letter.missing(self.rows)
        return list(dict.fromkeys(row.meter.device.serial for row in rows))


@transaction.atomic
def tell(*, now: datetime) -> Mail | None:
    """Owe the office a mail about all that came back since the last one, an hour after it at least.

    What came back for now is told once three mails in a row did. News of the office's own mails would
    come back as well: they are not told.
    """
    if Bounce.objects.filter(told_at__gt=now - APART).exists():
        return None
    untold = Bounce.objects.filter(told_at=None).order_by("pk").select_related("mail")
    held = list(untold.select_for_update(of=("self",)))
    news = [one for one in held if one.mail.kind not in OF_THE_OFFICE and _matters(one)]
    mail = None
    if news:
        mail = office_mail.tell(lambda: _news(_returned(news)), now=now)
        if mail is None:
            return None
    silent = {one.pk for one in held} - {one.pk for one in news}
    Bounce.objects.filter(pk__in=[one.pk for one in news]).update(told_at=now)
    Bounce.objects.filter(pk__in=silent).update(told_at=now - APART)
    return mail


def told(campaign: Campaign) -> list[tuple[str, str]]:
    """Company code and words of each person of a campaign whom mails do not reach."""
    people = {
        one.contact.address_key: one
        for one in campaign.invitations.select_related("contact").order_by("pk")
    }
    hard = bouncing.dead(people.keys())
    mine = Q(mail__key_uuid__in=campaign.invitations.values("uuid"))
    latest = {
        one.address_key: one
        for one in Bounce.objects.filter(mine | Q(address_key__in=hard), address_key__in=people)
        .filter(forgiven_at=None)
        .order_by("pk")
        .select_related("mail")
    }
    found = [one for key, one in latest.items() if key in hard or _matters(one)]
    return [_task(one) for one in _returned(found, {key: people[key] for key in latest})]


def _matters(bounce: Bounce) -> bool:
    if bounce.what != Bounce.What.SOFT:
        return True
    return bouncing.put_off_in_a_row(bounce.address) >= bouncing.MOST_IN_A_ROW


def _returned(
    bounces: Sequence[Bounce], people: Mapping[str, Invitation] | None = None
) -> list[Returned]:
    """Whose mails these were, with all that is asked of each."""
    whose = {
        one.pk: (people or {}).get(one.address_key) or invitation_of(one.mail) for one in bounces
    }
    rows = letter.asked_rows([one.pk for one in whose.values() if one])
    return [_of(one, whose[one.pk], rows) for one in bounces]


def _of(
    bounce: Bounce, invitation: Invitation | None, rows: Mapping[int, Sequence[DueReading]]
) -> Returned:
    if invitation is None:
        known = Contact.objects.filter(address_key=bounce.mail.to.casefold())
        return Returned(bounce, known.first())
    return Returned(bounce, invitation.contact, rows.get(invitation.pk, ()))


def invitation_of(mail: Mail) -> Invitation | None:
    """The invitation that a mail of a campaign belongs to; of any other, the last of its reader."""
    known = Invitation.objects.select_related("contact", "campaign")
    mine = known.filter(uuid=mail.key_uuid).first() if mail.key_uuid else None
    if mine or mail.kind in OF_THE_OFFICE:
        return mine
    return known.filter(contact__address_key=mail.to.casefold()).order_by("-pk").first()


def _news(returned: Sequence[Returned]) -> News:
    named = returned[:MOST_NAMED]
    lines: list[Line] = [(_("To call"), ", ".join(one.person for one in named[:3]))]
    lines += [(_whom(one), _what(one)) for one in named]
    if more := len(returned) - len(named):
        lines.append(
            (_("And"), _("%(count)s more: releveur campaign_status lists them.") % {"count": more})
        )
    return News(
        heading=_("Mails came back: call instead"),
        sentence=_(
            "These mails did not arrive. Call for the counters, and put the address right: nothing"
            " more is sent to an address at which nobody is."
        ),
        lines=lines,
    )


def _whom(one: Returned) -> str:
    """« Alexandra – Gramont Services (CL001007) »."""
    companies = [f"{company.name} ({company.code})" for company in letter.companies(one.rows)]
    return " – ".join([one.person, *companies])


def _what(one: Returned) -> str:
    other = answering_for.besides(one.contact, _stays(one.rows)) if one.contact else None
    lines = [
        _("Phone: %(phone)s") % {"phone": one.phone},
        f"{one.bounce.address} – {_meaning(one.bounce)}",
        _("The server said: %(words)s") % {"words": _said(one.bounce)},
    ]
    if missing := one.missing:
        lines.append(_("Still to be read: %(serials)s") % {"serials": ", ".join(missing)})
    if other:
        reached = ", ".join(filter(None, [str(other), other.phone, other.email]))
        lines.append(_("Somebody else there: %(person)s") % {"person": reached})
    return "\n".join(lines)


def _meaning(bounce: Bounce) -> str:
    match bounce.what:
        case Bounce.What.HARD:
            return _("nobody is at this address")
        case Bounce.What.POLICY:
            return _("the server does not want our mails: see releveur doctor mail")
        case _:
            return _("three mails in a row could not be delivered")


def _said(bounce: Bounce) -> str:
    words = bounce.words or bounce.code or "–"
    return words if not bounce.code or bounce.code in words else f"{bounce.code} {words}"


def _task(one: Returned) -> tuple[str, str]:
    code = next((company.code for company in letter.companies(one.rows)), "")
    words = _("{person}: {meaning} ({address}); call {phone}; the server said: {words}")
    return code, words.format(
        person=one.person, meaning=_meaning(one.bounce), address=one.bounce.address,
        phone=one.phone, words=_said(one.bounce),
    )  # fmt: skip


def _stays(rows: Iterable[DueReading]) -> list[Installation]:
    return list({row.installation_id: row.installation for row in rows}.values())
