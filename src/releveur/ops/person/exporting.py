"""All that is kept about a person, as she may ask for it: one JSON, her mails as text, her photos."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from releveur.appointments.models import Appointment
from releveur.audit import showing
from releveur.audit.models import Action, Actor, Entry
from releveur.audit.writing import By, note
from releveur.campaigns.models import (
    Announcement,
    Handover,
    Invitation,
    Problem,
    ReceiptLine,
    Succession,
)
from releveur.customers.models import Contact, LoginCode
from releveur.fleet.models import Respondent
from releveur.ops.doors import Refused
from releveur.outbox.models import Mail
from releveur.readings.models import Proof, Reading, Withdrawal

type Rows = list[dict[str, object]]

CONTACT = (
    "id", "civility", "first_name", "last_name", "department", "email", "phone", "language",
    "copy_to", "quiet_until", "opted_out_at", "imported",
)  # fmt: skip
READING = (
    "id", "meter__device__serial", "meter__kind__code", "taken_on", "value", "quality", "source",
    "recorded_at", "proof_id",
)  # fmt: skip
LINE = (
    "receipt__number", "receipt__made_at", "due_reading__campaign_id", "reading_id",
    "reading__meter__device__serial", "reading__meter__kind__code", "reading__value",
)  # fmt: skip
ANSWERS_FOR = (
    "customer__code", "site__customer__code", "site__address", "device__serial", "passed_to_id",
)  # fmt: skip
INVITATION = (
    "id", "campaign_id", "invited_at", "reminder_1_at", "reminder_2_at", "reminder_3_at",
    "asks_until",
)  # fmt: skip
ASKED = (
    "id", "asked__due_reading__due_on", "asked__due_reading__meter__device__serial",
    "asked__due_reading__meter__kind__code",
)  # fmt: skip
HANDED = (
    "id", "sender_id", "receiver_id", "device__serial", "site__address", "named", "made_at",
    "taken_back_at",
)  # fmt: skip
PROBLEM = (
    "device__serial", "what", "words", "new_serial", "values", "told_at", "taken_back_at",
)  # fmt: skip
CODE = ("asked_at", "expires_at", "used_at", "tries")
MAIL = ("id", "kind", "to", "copy_to", "subject", "state", "owed_at", "sent_at", "smtp_reply")
APPOINTMENT = (
    "id", "customer__code", "address", "postal_code", "town", "first_name", "last_name", "email",
    "phone", "network_name", "network_phone", "network_email", "call_on", "words", "asked_at",
    "cancelled_at", "settled_at",
)  # fmt: skip


@transaction.atomic
def export(address: str, *, by: By, now: datetime) -> tuple[bytes, dict[str, int]]:
    """A zip of everything, and how much of each there is; that it was handed out is written down.

    :raises Refused: nothing is kept of this address
    """
    contact = Contact.objects.filter(address_key=address.casefold()).first()
    told = {**_elsewhere(address, contact), **(_hers(contact) if contact else {})}
    counts = {name: len(rows) for name, rows in told.items()}
    if not contact and not any(counts.values()):
        raise Refused(_("Nobody here has the address %(address)s.") % {"address": address})
    note(contact, Action.EXPORT_PERSON, by=by, after=counts, now=now)
    content = {"address": address, "exported_at": now, **told}
    return _zipped(content, contact, address), counts


def _hers(contact: Contact) -> dict[str, Rows]:
    return {
        "contact": _rows(Contact.objects.filter(pk=contact.pk), *CONTACT),
        "answers_for": _rows(Respondent.objects.filter(contact=contact), *ANSWERS_FOR),
        **_asked(contact),
        **_said(contact),
        "codes_asked_for": _rows(LoginCode.objects.filter(contact=contact), *CODE),
        "audit": [showing.told(one) for one in _entries(contact)],
    }


def _asked(contact: Contact) -> dict[str, Rows]:
    invited = Invitation.objects.filter(contact=contact)
    handed = Handover.objects.filter(Q(sender__contact=contact) | Q(receiver__contact=contact))
    return {
        "announced": _rows(Announcement.objects.filter(contact=contact), "made_at", "mail_id"),
        "invitations": _rows(invited, *INVITATION),
        "asked": _rows(invited.filter(asked__isnull=False), *ASKED),
        "handed_over": _rows(handed, *HANDED),
    }


def _said(contact: Contact) -> dict[str, Rows]:
    taken_back = Withdrawal.objects.filter(by_contact=contact)
    return {
        "receipts": _rows(ReceiptLine.objects.filter(receipt__by_contact=contact), *LINE),
        "readings": _rows(Reading.objects.filter(by_contact=contact), *READING),
        "taken_back": _rows(taken_back, "reading_id", "withdrawn_at", "reason"),
        "photos": _rows(_photos(contact), "id", "sha256"),
        "problems": _rows(Problem.objects.filter(invitation__contact=contact), *PROBLEM),
    }


def _entries(contact: Contact) -> QuerySet[Entry]:
    """What she did, and what was done about her."""
    hers = Q(actor=Actor.CUSTOMER, actor_id=contact.pk)
    about = Q(subject="CONTACT", subject_id=contact.pk)
    return Entry.objects.select_related("name", "unsealed").filter(hers | about)


def _elsewhere(address: str, contact: Contact | None) -> dict[str, Rows]:
    """What hangs on the address alone, though it may be no contact's."""
    called = Q(email__iexact=address) | Q(network_email__iexact=address)
    if contact:
        called |= Q(by_contact=contact)
    return {
        "mails": _rows(_mails(address), *MAIL),
        "appointments": _rows(Appointment.objects.filter(called), *APPOINTMENT),
        "successions": _rows(
            Succession.objects.filter(
                Q(email__iexact=address) | Q(invitation__contact=contact or 0)
            ),
            "id", "invitation_id", "first_name", "last_name", "email", "said_at", "settled_at",
        ),
        "copies": _rows(Contact.objects.filter(copy_to__icontains=address), "id"),
    }  # fmt: skip


def _mails(address: str) -> QuerySet[Mail]:
    return Mail.objects.filter(Q(to__iexact=address) | Q(copy_to__icontains=address))


def _photos(contact: Contact) -> QuerySet[Proof]:
    return Proof.objects.filter(readings__by_contact=contact, erased=None).distinct()


def _rows[M: Model](rows: QuerySet[M], *fields: str) -> Rows:
    return list(rows.order_by("pk").values(*fields))


def _zipped(content: dict[str, object], contact: Contact | None, address: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        archive.writestr("person.json", text)
        for name, said in _files(contact, address):
            archive.writestr(name, said)
    return out.getvalue()


def _files(contact: Contact | None, address: str) -> Iterator[tuple[str, bytes]]:
    for mail in _mails(address).order_by("pk").iterator():
        yield f"mails/{mail.pk}.txt", f"{mail.subject}\n\n{mail.text}".encode()
    for photo in _photos(contact) if contact else []:
        with photo.file.open("rb") as file:
            yield f"photos/{photo.pk}.jpg", file.read()
