"""The servers by which mails leave and arrive: whether they answer, to whom, and over what."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from releveur.campaigns import office_mail
from releveur.campaigns.office_mail import News
from releveur.dealer.models import Dealer
from releveur.ops.doctor.checks import Finding, Level
from releveur.ops.doctor.mail.patient import Patient
from releveur.outbox import composing, mailboxes, smtp
from releveur.outbox.models import Mail
from releveur.outbox.smtp import Line, PutOff, Refused, Server, Unreachable

DAYS_LEFT = 21
"""Of a certificate: less is worth a word, for those that renew themselves do it before."""

DAY = 24 * 3600


def relay(patient: Patient) -> Iterator[Finding]:
    """Whether the mail server lets us in, without telling the password to anybody else."""
    try:
        with _greeted(patient.server) as server:
            yield from _within(server, patient.server)
    except ssl.SSLCertVerificationError as fault:
        words = _("the certificate of %(host)s is not valid: %(fault)s")
        known = {"host": patient.server.host, "fault": fault.verify_message}
        to_do = _("Name the server as its certificate does, or have it renewed.")
        yield Finding("relay_tls", Level.FAIL, words % known, to_do)
    except smtplib.SMTPAuthenticationError as fault:
        words = _("the mail server does not know our password: %(fault)s")
        said = fault.smtp_error
        known = {"fault": said.decode(errors="replace") if isinstance(said, bytes) else said}
        to_do = _("Put the right one in RELEVEUR_SMTP_URL, special characters percent-encoded.")
        yield Finding("relay_login", Level.FAIL, words % known, to_do)
    except (OSError, smtplib.SMTPException) as fault:
        words = _("the mail server %(host)s:%(port)s does not answer: %(fault)s")
        known = {"host": patient.server.host, "port": str(patient.server.port), "fault": str(fault)}
        to_do = _("Look at RELEVEUR_SMTP_URL, and at the firewall between.")
        yield Finding("relay", Level.FAIL, words % known, to_do)


def inbox(patient: Patient) -> Iterator[Finding]:
    """Whether the mailbox can be opened; nothing in it is touched."""
    if not settings.INBOX:
        return
    try:
        with mailboxes.opened(settings.INBOX):
            yield Finding("inbox", Level.OK, _("the inbox opens"))
    except mailboxes.Unreachable as fault:
        words = _("the inbox does not open: %(fault)s") % {"fault": fault}
        yield Finding("inbox", Level.FAIL, words, _("Look at RELEVEUR_INBOX."))


def test_message(to: str, server: Server, *, now: datetime) -> Finding:
    """Send a message to an address at once, whatever else is owed, and keep it as any other mail."""
    try:
        mail = _message(to, now=now)
        with Line(server) as line:
            line.send(*composing.envelope(mail), composing.compose(mail, date=now))
    except (ValidationError, ValueError):
        words = _("nobody can be written to at %(to)s") % {"to": to}
        return Finding("test", Level.FAIL, words, _("Name another address with --to."))
    except (Refused, PutOff, Unreachable) as fault:
        Mail.objects.filter(pk=mail.pk).update(state=Mail.State.FAILED, smtp_reply=str(fault)[:500])
        words = _("the test message was not taken: %(fault)s") % {"fault": fault}
        return Finding("test", Level.FAIL, words, _("The words are the mail server’s: ask there."))
    Mail.objects.filter(pk=mail.pk).update(state=Mail.State.SENT, sent_at=now)
    words = _("the test message to %(to)s was taken (%(id)s)") % {"to": to, "id": mail.message_id}
    to_do = _(
        "Look whether it is there, and not among the spam; its header Authentication-Results says"
        " spf=pass, dkim=pass and dmarc=pass."
    )
    return Finding("test", Level.OK, words, to_do)


def _message(to: str, *, now: datetime) -> Mail:
    """A row that no worker sends: it is withheld until it has left."""
    mail = office_mail.prepare(
        _test, dealer=Dealer.objects.here(), language=settings.LANGUAGE_CODE, now=now, to=to
    )
    mail.state = Mail.State.WITHHELD
    mail.save()
    return mail


def _test() -> News:
    return News(
        heading=_("A test of the mails"),
        sentence=_("If you read this where you read your mails, they arrive."),
        lines=[(_("Portal"), settings.SITE_URL)],
    )


@contextmanager
def _greeted(to: Server) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    server: smtplib.SMTP = (
        smtplib.SMTP_SSL(to.host, to.port, timeout=smtp.CONNECT_SECONDS, context=context)
        if to.use_ssl
        else smtplib.SMTP(to.host, to.port, timeout=smtp.CONNECT_SECONDS)
    )
    with server:
        server.ehlo_or_helo_if_needed()
        yield server


def _within(server: smtplib.SMTP, to: Server) -> Iterator[Finding]:
    known = {"host": to.host, "port": str(to.port)}
    offered = server.has_extn("starttls")
    if to.use_tls:
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    if isinstance(server.sock, ssl.SSLSocket):
        yield _certificate(server.sock, to)
    elif _is_here(to.host):
        yield Finding("relay_tls", Level.OK, _("the mail server is this machine"))
    else:
        words = _("mails leave without encryption, though %(host)s offers it")
        if not offered:
            words = _("%(host)s offers no encryption")
        to_do = _("Write smtp+starttls:// or smtps:// in RELEVEUR_SMTP_URL.")
        yield Finding("relay_tls", Level.WARN, words % known, to_do)
    if to.username:
        server.login(to.username, to.password)
        yield Finding("relay_login", Level.OK, _("the mail server knows us"))
    yield Finding("relay", Level.OK, _("the mail server %(host)s:%(port)s answers") % known)


def _certificate(talk: ssl.SSLSocket, to: Server) -> Finding:
    """It was verified when the conversation began; it may end soon."""
    shown = talk.getpeercert() or {}
    left = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time_ns() / 1e9) / DAY
    known = {"host": to.host, "days": int(left)}
    if left < DAYS_LEFT:
        words = _("the certificate of %(host)s ends in %(days)s days") % known
        return Finding("relay_tls", Level.WARN, words, _("Have it renewed."))
    return Finding("relay_tls", Level.OK, _("the certificate of %(host)s is valid") % known)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
