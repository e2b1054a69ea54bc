"""A person asks to be erased: name, address and phone go everywhere, the company's readings stay.

Nothing that is written once holds a name: it points to the contact's number, and that row then names
nobody. So the application's role is enough.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from releveur.appointments import erasing as appointments
from releveur.audit import erasing as audit
from releveur.audit.models import Action
from releveur.audit.writing import By, note
from releveur.campaigns import erasing as campaigns
from releveur.customers import erasing as customers
from releveur.customers.erasing import Traces
from releveur.customers.models import Contact
from releveur.dealer.models import Dealer
from releveur.fleet import forgetting as fleet
from releveur.ops.doors import Refused
from releveur.ops.person import leftovers
from releveur.outbox import erasing as mails


@transaction.atomic
def erase(address: str, *, even_if_asked: bool, by: By, now: datetime) -> dict[str, object]:
    """Erase whoever has this address; say what was done, and where words of hers still stand.

    :param even_if_asked: she is asked in a campaign that runs: she is asked no more, the office calls
    :raises Refused: nobody has it, or she is asked at present
    """
    contact = Contact.objects.filter(address_key=address.casefold()).first()
    known = traces(address, contact)
    asked = _refuse_while_asked(contact, even_if_asked=even_if_asked)
    close = campaigns.known_to(contact) if contact else set()
    found = _everywhere(known, contact, {*close, *_office()}, now=now)
    if not contact and not any(found.values()):
        raise Refused(_("Nobody here has the address %(address)s.") % {"address": address})
    answer: dict[str, object] = {"contact": contact.pk if contact else None, **found}
    note(contact, Action.ERASE_PERSON, by=by, after={**found, "asked": asked}, now=now)
    left = leftovers.of(known)
    return answer | {"asked_no_more": asked, "left": [asdict(one) for one in left]}


def traces(address: str, contact: Contact | None) -> Traces:
    """What this person is known by, wherever it was given with her address."""
    people = [*campaigns.people(address), *appointments.people(address)]
    if contact:
        people.append((contact.first_name, contact.last_name, contact.phone))
    return customers.traces(address, people)


def _refuse_while_asked(contact: Contact | None, *, even_if_asked: bool) -> list[int]:
    asked = [one.pk for one in campaigns.asked_now(contact)] if contact else []
    if asked and not even_if_asked:
        sentence = _(
            "This person is asked at present, by campaign %(campaigns)s. Wait for its close, or say"
            " --even-if-asked: she is asked no more, and the office calls for her counters."
        )
        raise Refused(sentence % {"campaigns": ", ".join(map(str, asked))})
    return asked


def _office() -> set[str]:
    dealer = Dealer.objects.here()
    return {dealer.reply_to, dealer.sender_address} - {""}


def _everywhere(
    known: Traces, contact: Contact | None, close: set[str], *, now: datetime
) -> dict[str, int]:
    """The house's order of locks: campaigns, invitations, notices, mails."""
    asked = campaigns.erase(known.address, contact=contact, now=now)
    written = mails.erase(known.address, everywhere=known.whole, among=known.names, known_to=close)
    found = {
        **asdict(asked),
        "appointments": appointments.erase(known.address, contact=contact),
        "mails": written.hers,
        "mails_withheld": written.withheld,
        "mails_of_others": written.others,
        "copies": customers.erase_from_copies(known.address),
    }
    if contact:
        found["answered_for"] = fleet.answer_no_more(contact)
        found["audit_names"] = audit.erase_names(contact.pk, now=now)
        customers.erase(contact, now=now)
    return found
