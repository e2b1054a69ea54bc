"""The receipt of what somebody declared: its number, its lines and, for an invited person, its mail."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from releveur.accounts.models import User
from releveur.campaigns import mailing
from releveur.campaigns.letter import Corrected
from releveur.campaigns.models import DueReading, Invitation, Receipt
from releveur.customers.models import Contact
from releveur.readings.models import Reading

LINES = """
    INSERT INTO campaigns_receiptline (receipt_id, due_reading_id, reading_id)
    SELECT %s, line.due_reading, line.reading
    FROM unnest(%s::bigint[], %s::bigint[]) AS line(due_reading, reading)
"""


def acknowledge(
    lines: Sequence[tuple[DueReading, Reading]],
    *,
    nonce: UUID,
    digest: str,
    by: Contact | User | None,
    invitation: Invitation | None,
    instead: Corrected | None,
    now: datetime,
) -> Receipt:
    """Write the receipt of these readings; call it in the transaction that records them.

    :param digest: of what was declared, so that the same form sent again is known
    :param instead: what each value replaces, where the form did nothing but correct
    """
    number = _number(nonce, now)
    mail = (
        mailing.receipt(number, invitation=invitation, lines=lines, instead=instead, now=now)
        if invitation
        else None
    )
    receipt = Receipt.objects.create(
        number=number,
        nonce=nonce,
        digest=digest,
        invitation=invitation,
        by_contact=by if isinstance(by, Contact) else None,
        by_user=by if isinstance(by, User) else None,
        made_at=now,
        mail=mail,
    )
    named = [row.pk for row, _reading in lines], [reading.pk for _row, reading in lines]
    with connection.cursor() as cursor:
        cursor.execute(LINES, [receipt.pk, *named])
    return receipt


def _number(nonce: UUID, now: datetime) -> str:
    """Short enough for the phone: the day, then six letters and digits of the nonce's hash."""
    letters = base64.b32encode(hashlib.sha256(nonce.bytes).digest()).decode()[:6]
    return f"R{now:%y%m%d}-{letters}"
