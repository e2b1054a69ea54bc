"""What one form writes, written by hand: one transaction, and not a question more than it needs."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.core import signing
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from releveur import clock
from releveur.customers import restraining
from releveur.web.portal import access, devices

ASKED = """
select r.id, r.meter_id, i.contact_id, c.email, i.uuid, i.link_version, i.key_hash from campaigns_duereading r
join campaigns_asked a on a.due_reading_id = r.id
join campaigns_invitation i on i.id = a.invitation_id
join customers_contact c on c.id = i.contact_id
where i.id = %s and i.link_version = %s order by r.id for update of r
"""

READ = """
with fresh as (
    insert into readings_reading (meter_id, segment, taken_on, recorded_at, value, quality, source, occasion, proposed,
        by_contact_id)
    select meter, 1, %s, %s, value, 'ACTUAL', 'CUSTOMER', 'PERIODIC', false, %s
    from unnest(%s::bigint[], %s::bigint[]) said(meter, value)
    returning id, meter_id
)
update campaigns_duereading r set reading_id = fresh.id from fresh
where r.meter_id = fresh.meter_id and r.id = any(%s) returning r.id, fresh.id
"""

MAIL = """
insert into outbox_mail ("to", copy_to, language, kind, priority, sender, reply_to, subject, text, html, calendar,
    message_id, in_reply_to, key_uuid, key_version, key_hash, state, owed_at, attempts, smtp_reply)
values (%s, '', 'fr', 'receipt', 10, %s, %s, %s, %s, %s, '', %s, '', %s, %s, %s, 'OWED', %s, 0, '') returning id
"""

RECEIPT = """
insert into campaigns_receipt (number, nonce, digest, invitation_id, by_contact_id, made_at, mail_id)
values (%s, %s, %s, %s, %s, %s, %s) returning id
"""

LINES = """
insert into campaigns_receiptline (receipt_id, due_reading_id, reading_id)
select %s, row, reading from unnest(%s::bigint[], %s::bigint[]) said(row, reading)
"""

WITHHELD = (
    "update campaigns_notice set withheld_at = %s where invitation_id = %s and mail_id is null"
)

SENDER = "Bureautique Lafayette <releves@bureautique-lafayette.example>"
TEXT, HTML = (
    "Merci, vos relevés sont enregistrés. " * 47,
    "<p>Merci, vos relevés sont enregistrés.</p>" * 204,
)
"""As long as the product's own."""


def submit(request: HttpRequest) -> HttpResponse:
    ticket = signing.loads(request.COOKIES[access.COOKIE], salt=access.SALT, max_age=access.LIFE)
    number = f"R{uuid4().hex[:12]}"
    with transaction.atomic(), connection.cursor() as cursor:
        restraining.count("readings", str(ticket[0]), most=devices.MOST_FORMS)
        cursor.execute(ASKED, ticket)
        asked = cursor.fetchall()
        contact, email, *link = asked[0][2:]
        rows, meters = [row for row, *_rest in asked], [meter for _row, meter, *_rest in asked]
        values = [int(request.POST[f"value-{row}"]) for row in rows]
        now = clock.now()
        cursor.execute(READ, [request.POST["on"], now, contact, meters, values, rows])
        filled = cursor.fetchall()
        subject, message_id = f"Relevés enregistrés, reçu {number}", f"<{number}@{SENDER}>"
        cursor.execute(MAIL, [email, SENDER, SENDER, subject, TEXT, HTML, message_id, *link, now])
        [mail] = cursor.fetchone()
        nonce = UUID(request.POST["nonce"])
        cursor.execute(RECEIPT, [number, nonce, "0" * 64, ticket[0], contact, now, mail])
        [receipt] = cursor.fetchone()
        cursor.execute(
            LINES, [receipt, [row for row, _one in filled], [one for _row, one in filled]]
        )
        cursor.execute(WITHHELD, [now, ticket[0]])
    there = f"/releves/recu/{number}"
    return HttpResponse(status=303, headers={"Location": there, "Content-Length": 0})
