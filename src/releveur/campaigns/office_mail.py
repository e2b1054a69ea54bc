"""What happened at a customer's and a person of the office should know at once: one mail, one layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from releveur.campaigns import letter
from releveur.campaigns.models import Invitation
from releveur.customers.models import Contact
from releveur.dealer.models import Dealer
from releveur.outbox import writing
from releveur.outbox.models import Mail

FOLDER = "campaigns/mail/office"
PRIORITY = 1
"""Before a campaign's thousands."""

type Line = tuple[str, str]
"""What it is, and what it says; a line that says nothing is left out."""


@dataclass(frozen=True, slots=True)
class News:
    """A heading, one or two sentences, and the lines that say who, what and where."""

    heading: str
    sentence: str
    lines: Sequence[Line] = ()
    reply_to: str = ""
    """Whom the office answers by answering the mail; nobody: itself."""


def tell(news: Callable[[], News], *, now: datetime) -> Mail | None:
    """Owe the office a mail; call it in the transaction of the event it tells.

    :param news: called under the office's language, which is the installation's
    :returns: the mail; none where the dealer gave no address to write to
    """
    dealer = Dealer.objects.here()
    if not dealer.reply_to:
        return None
    mail = prepare(news, dealer=dealer, language=settings.LANGUAGE_CODE, now=now)
    mail.save()
    return mail


def prepare(
    news: Callable[[], News], *, dealer: Dealer, language: str, now: datetime, to: str = ""
) -> Mail:
    """The mail without owing it.

    :param to: somebody else than the dealer's own mailbox
    """
    with translation.override(language):
        told = news()
    lines = [{"label": label, "value": value} for label, value in told.lines if value]
    mail = writing.prepare(
        FOLDER,
        to=to or dealer.reply_to,
        language=language,
        context={"heading": told.heading, "sentence": told.sentence, "lines": lines},
        dealer=dealer,
        now=now,
        priority=PRIORITY,
    )
    mail.reply_to = told.reply_to or mail.reply_to
    return mail


def about(invitation: Invitation) -> list[Line]:
    """The lines that say who is meant: company and code, person, phone, address."""
    rows = letter.asked_rows([invitation.pk]).get(invitation.pk, [])
    companies = [
        (_("Company"), f"{company.name} ({company.code})") for company in letter.companies(rows)
    ]
    return [*companies, *person(invitation.contact)]


def person(contact: Contact) -> list[Line]:
    """How a person is reached."""
    department = f" ({contact.department})" if contact.department else ""
    return [
        (_("Person"), f"{contact}{department}"),
        (_("Phone"), contact.phone),
        (_("Mail address"), contact.email),
    ]
