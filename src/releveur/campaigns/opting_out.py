"""« Ne plus recevoir ces messages »: nothing is sent to her any more, and the office calls instead.

Her deadline stands and her silence is estimated as anyone's: she was asked. Later campaigns ask
somebody else of the same device, site or company; where there is nobody, her devices are « à appeler ».
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.audit.writing import note
from releveur.campaigns import locks, office_mail, reminding
from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.campaigns.office_mail import News
from releveur.customers import acting, opting_out


@transaction.atomic
def stop(invitation: Invitation, *, now: datetime) -> bool:
    """Send this person nothing more, take back what has not left, and tell the office.

    :returns: False when she had said so before: nothing was done
    """
    hers = _held(invitation)
    if not opting_out.stop(invitation.contact, now=now):
        return False
    reminding.withhold(Notice.objects.filter(invitation__in=hers), now=now)
    office_mail.tell(lambda: stopped(invitation), now=now)
    note(invitation.contact, Action.STOP_MAILS, by=acting.by(invitation.contact), now=now)
    return True


@transaction.atomic
def resume(invitation: Invitation, *, now: datetime) -> bool:
    """Write to this person again: an invitation that was taken back leaves after all.

    :returns: False when there was nothing to take back
    """
    hers = _held(invitation)
    if not opting_out.resume(invitation.contact):
        return False
    silent = reminding.silent(Invitation.objects.filter(pk__in=hers))
    people = list(silent.values_list("pk", flat=True))
    invited = Notice.objects.filter(invitation__in=people, what=Notice.What.INVITED)
    invited.exclude(withheld_at=None).update(withheld_at=None, mail=None)
    office_mail.tell(lambda: _resumed(invitation), now=now)
    note(invitation.contact, Action.RESUME_MAILS, by=acting.by(invitation.contact), now=now)
    return True


def _held(invitation: Invitation) -> list[int]:
    """All running invitations of this person, held in the house's order."""
    running = Invitation.objects.filter(
        contact=invitation.contact_id, campaign__state=Campaign.State.OPEN
    )
    campaigns = dict(running.values_list("pk", "campaign_id"))
    locks.share(set(campaigns.values()))
    return [one.pk for one in locks.hold_invitations(campaigns)]


def stopped(invitation: Invitation) -> News:
    """What the office is told."""
    return News(
        heading=_("Wants no more mails: call instead"),
        sentence=_(
            "This person asked us not to write to her any more. Call for the counters, or have somebody"
            " else named who may be written to."
        ),
        lines=office_mail.about(invitation),
        reply_to=invitation.contact.email,
    )


def _resumed(invitation: Invitation) -> News:
    return News(
        heading=_("May be written to again"),
        sentence=_("This person asked us to go on writing to her."),
        lines=office_mail.about(invitation),
        reply_to=invitation.contact.email,
    )
