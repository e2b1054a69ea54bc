"""Whether mails of this installation arrive, and what to do where they do not: one finding a subject."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from releveur.dealer.models import Dealer
from releveur.ops.doctor.checks import Finding, Level
from releveur.ops.doctor.mail import domains, servers
from releveur.ops.doctor.mail.asking_dns import Dns, NoAnswer
from releveur.ops.doctor.mail.patient import Patient, Subject
from releveur.outbox import smtp

SUBJECTS: Sequence[Subject] = (
    domains.spf,
    domains.dkim,
    domains.dmarc,
    domains.links,
    domains.returns,
    servers.relay,
    servers.inbox,
)


def examine(*, resolver: str = "", to: str = "", now: datetime) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too.

    :param resolver: `HOST` or `HOST:PORT` of another resolver than the machine's
    :param to: where a test message is sent; none without
    """
    sender = Dealer.objects.here().sender_address
    patient = Patient(
        Dns(resolver),
        sender,
        (settings.RETURN_PATH or sender).rpartition("@")[2].lower(),
        urlsplit(settings.SITE_URL).hostname or "",
        smtp.server(),
        now,
    )
    found = [one for subject in SUBJECTS for one in _done(subject, patient)]
    if to:
        found.append(servers.test_message(to, patient.server, now=now))
    return found


def _done(subject: Subject, patient: Patient) -> list[Finding]:
    try:
        return list(subject(patient))
    except NoAnswer as fault:
        words = _("the name servers do not answer: %(fault)s") % {"fault": fault}
        to_do = _("Try again, or name another resolver with --resolver.")
        return [Finding(subject.__name__, Level.FAIL, words, to_do)]
