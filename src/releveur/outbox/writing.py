"""Writing a mail: three small files, rendered in the reader's language, become a row that is owed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation

from releveur.dealer.models import Dealer
from releveur.outbox import colours, keys
from releveur.outbox.composing import LOGO, no_more_link
from releveur.outbox.forms import Forms, Parts
from releveur.outbox.models import Mail

LONGEST_SENDER = 75
"""Characters of a sender's name; longer ones are refused by some receivers."""

LONGEST_SUBJECT = 240
LONGEST_REPLY = 500

_TROUBLESOME = re.compile(r'(=\?|\?=|[@:;,"<>()\[\]\\\x00-\x1f\x7f-\x9f\u2028\u2029])+')
_SPACES = str.maketrans("\u00a0\u202f\u2009", "   ")
_LINE_ENDS = re.compile(r"[ \t]+$", re.MULTILINE)
_INDENTS = re.compile(r"\s*\n\s*")
"""A third of a mail's weight, for nobody's eyes."""
_BROKEN_SENTENCES = re.compile(r"\n (?=\S)")
"""Between two sentences stands a blank; the first one's file ends with its line."""
_BLANK_LINES = re.compile(r"\n{3,}")

type Link = tuple[UUID, int, str]
"""The uuid and version that the key of a mail's link is made from, and the hash it is known by."""


def write(
    name: str,
    *,
    to: str,
    language: str,
    context: Mapping[str, object],
    now: datetime,
    priority: int = 0,
    link: Link | None = None,
    in_reply_to: str = "",
    message_id: str = "",
    calendar: str = "",
) -> Mail:
    """Render the three parts of a mail and owe it.

    Call it inside the transaction of the event it announces: both happen, or neither does.

    :param name: folder of the templates, e.g. `campaigns/mail/receipt`
    :param calendar: an iCalendar text that goes with it, its METHOD included
    :raises ValidationError: nobody can be written to at this address
    """
    mail = prepare(
        name, to=to, language=language, context=context, dealer=Dealer.objects.here(), now=now,
        priority=priority, link=link, in_reply_to=in_reply_to, message_id=message_id,
        calendar=calendar,
    )  # fmt: skip
    mail.save()
    return mail


def prepare(
    name: str,
    *,
    to: str,
    language: str,
    context: Mapping[str, object],
    dealer: Dealer,
    now: datetime,
    priority: int = 0,
    link: Link | None = None,
    in_reply_to: str = "",
    message_id: str = "",
    copy_to: str = "",
    calendar: str = "",
    forms: Forms | None = None,
) -> Mail:
    """Render a mail without storing it, for those who store many at once; raises as `write` does.

    :param copy_to: addresses, separated by commas; what is none is left out
    :param forms: of a writing of many mails, all of one dealer and one moment
    """
    validate_email(to)
    copied = _copies(copy_to)
    common = _common(dealer)
    own = {"copies": ", ".join(copied), **context}

    def render(said: Mapping[str, object], title: str | None) -> Parts:
        return _rendered(name, {**common, **said}, title)

    with translation.override(language):
        parts = forms.parts((name, language), own, render) if forms else render(own, None)
    mail = blank(name, to=to, language=language, dealer=dealer, now=now)
    mail.priority, mail.calendar = priority, calendar
    subject, mail.text, mail.html = parts
    mail.subject = subject[:LONGEST_SUBJECT]
    mail.key_uuid, mail.key_version, mail.key_hash = link or (None, None, "")
    mail.in_reply_to, mail.copy_to = in_reply_to, ",".join(copied)
    mail.message_id = message_id or mail.message_id
    return mail


def forms() -> Forms:
    """For a writing of many mails, all of one dealer and one moment."""
    return Forms(_plain)


def _common(dealer: Dealer) -> dict[str, object]:
    """What all mails of a dealer are told."""
    ground = colours.ground(dealer.colour)
    return {
        "dealer": dealer,
        "ground": ground,
        "ink": colours.ink_on(ground),
        "logo": LOGO,
        **_addresses(),
    }


def _rendered(name: str, context: Mapping[str, object], title: str | None) -> Parts:
    """The three parts in the active language.

    :param title: of the HTML, if it is not the subject
    """
    subject = _plain(" ".join(render_to_string(f"{name}/subject.txt", context).split()))
    text = _plain(render_to_string(f"{name}/body.txt", context))
    html = render_to_string(f"{name}/body.html", {**context, "subject": title or subject})
    return subject, _lines(text), _INDENTS.sub("\n", html).strip() + "\n"


def blank(name: str, *, to: str, language: str, dealer: Dealer, now: datetime) -> Mail:
    """A mail of this kind without its words."""
    domain = dealer.sender_address.rpartition("@")[2]
    return Mail(
        to=to,
        language=language,
        kind=name.rpartition("/")[2],
        sender=f"{clean_name(dealer.sender_name or dealer.name)} <{dealer.sender_address}>".strip(),
        reply_to=dealer.reply_to,
        message_id=f"<{uuid4().hex}@{domain}>",
        owed_at=now,
    )


def failed(
    name: str,
    fault: Exception,
    *,
    to: str,
    language: str,
    dealer: Dealer,
    now: datetime,
    link: Link | None = None,
) -> Mail:
    """A mail that could not be written: nobody gets it, and the office sees why."""
    mail = blank(name, to=to, language=language, dealer=dealer, now=now)
    mail.key_uuid, mail.key_version, mail.key_hash = link or (None, None, "")
    mail.state = Mail.State.FAILED
    mail.smtp_reply = f"{type(fault).__name__}: {fault}"[:LONGEST_REPLY]
    return mail


def clean_name(name: str) -> str:
    """A sender's name without what mail programs misread: `@ : , "`, encoded words and their like.

    >>> clean_name('Relevés: "Bureautique" <a@b.example>, Paris')
    'Relevés Bureautique a b.example Paris'
    """
    return " ".join(_TROUBLESOME.sub(" ", name).split())[:LONGEST_SENDER].strip()


def _copies(addresses: str) -> list[str]:
    """Of a list typed by people, what a mail can be sent to."""
    kept: list[str] = []
    for address in map(str.strip, addresses.replace(";", ",").split(",")):
        with suppress(ValidationError):
            validate_email(address)
            kept.append(address)
    return list(dict.fromkeys(kept))


def _addresses() -> dict[str, str]:
    """What templates link to; `no_more_link` is shown only where `may_stop` is said."""
    site = settings.SITE_URL
    link = f"{site}/r/{keys.PLACEHOLDER}"
    return {"site_url": site, "link": link, "no_more_link": no_more_link()}


def _lines(text: str) -> str:
    """The text part without what templates leave between the lines."""
    whole = _BROKEN_SENTENCES.sub(" ", _LINE_ENDS.sub("", text))
    return _BLANK_LINES.sub("\n\n", whole).strip() + "\n"


def _plain(text: str) -> str:
    """Old mail programs show the narrow spaces of French as boxes."""
    return text.translate(_SPACES)
