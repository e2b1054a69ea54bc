"""Whatever anybody types in a name, a mail of ours goes to its one reader and says what we wrote.

No field of a customer, a contact, a site, a device, an appointment or of your own settings adds a
recipient, a header, an attachment or a line to the entry of a calendar. What no name holds is refused
where it is typed; where an older row or an import holds it all the same, it is shown as one line.

Seen to fail without: `clean_name` in `writing.blank`, and the encoded words it drops;
`" ".join(….split())` of the subject in `writing.prepare`; `NAME` in `introducing._name`.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from typing import Any

import icalendar
import pytest
from django.db import models
from django.db.models import QuerySet

from releveur import clock
from releveur.campaigns.models import Invitation, Problem
from releveur.customers.addresses import NoAddress
from releveur.customers.introducing import Named, NoName, checked
from releveur.customers.models import Contact, Customer, Site
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device, DeviceModel, Installation
from releveur.ops import ticking
from releveur.ops.demo import specimens
from releveur.ops.demo.specimens import SPECIMENS
from releveur.outbox import composing, delivering, inbox
from releveur.outbox.models import Mail
from tests import sink
from tests.arriving.letters import ALEXANDRA, a_reply
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.web.visiting import a_visitor, fields

pytestmark = pytest.mark.django_db

EVIL = [
    "Alexandra\r\nBcc: evil@evil.example",
    "A\nX-Evil: 1\n\n<script>alert(1)</script>",
    "A\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n",
    'Morel, "A" <evil@evil.example>: x; y',
    "=?utf-8?q?A=0D=0ABcc:_evil@evil.example?=",
    "A\u2028Bcc: evil@evil.example\u0085\x0b\x0c\x1c",
    "A\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nATTENDEE:mailto:evil@evil.example\r\nSUMMARY:evil",
    "%0d%0aBcc:evil@evil.example;ATTENDEE=mailto:evil@evil.example\\n",
]
HEADERS = {
    "from", "to", "subject", "date", "message-id", "reply-to", "auto-submitted",
    "x-auto-response-suppress", "list-unsubscribe", "content-language", "mime-version", "content-type",
    "content-transfer-encoding", "in-reply-to", "references",
}  # fmt: skip
TYPED: dict[type[models.Model], set[str]] = {
    Dealer: {"name", "legal", "address", "town", "phone", "sender_name"},
    Customer: {"name", "code"},
    Site: {"name", "address", "postal_code", "town"},
    Contact: {"civility", "first_name", "last_name", "department", "phone"},
    DeviceModel: {"maker", "name"},
    Device: {"serial", "fleet_number"},
    Installation: {"location"},
}
"""Every field of a row that a mail may repeat."""


@pytest.fixture
def hers() -> Invitation:
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer(), phone="01 42 96 00 10")
    a_device(customer, serial="3923656030")
    return Invitation.objects.get(campaign=a_campaign())


def typed_everywhere(evil: str) -> None:
    """Into the rows themselves, past every check of a form: as an import of long ago may have."""
    for table, names in TYPED.items():
        held: QuerySet[models.Model] = QuerySet(table)
        most = {
            field.name: getattr(field, "max_length", None) or 200
            for field in table._meta.get_fields()  # noqa: SLF001  # the one way to ask
        }
        held.update(**{name: evil[: most[name]] for name in names})


def harmless(raw: bytes, mail: Mail) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert {name.lower() for name in dict(message.items())} <= HEADERS, message.keys()
    for once in ("From", "To", "Subject", "Message-ID"):
        assert len(message.get_all(once, [])) == 1
    [(_name, to)] = getaddresses([str(message["To"])])
    assert to == mail.to
    [(name, sender)] = getaddresses([str(message["From"])])
    assert sender == "releves@bureautique-lafayette.example" and not re.search(r'[@:,"<>]', name)
    assert "\n" not in message["Subject"] and len(name) <= 75
    sender, reader, copies = composing.envelope(mail)
    assert (reader, copies) == (mail.to, []) and "evil" not in sender
    return message


def entries(message: EmailMessage) -> list[icalendar.Calendar]:
    found = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return [
        icalendar.Calendar.from_ical(part.get_payload(decode=True))  # type: ignore[arg-type]
        for part in found
    ]


@pytest.mark.parametrize("kind", SPECIMENS)
def test_every_mail_says_what_we_wrote_to_its_one_reader(hers: Invitation, kind: str) -> None:
    for evil in EVIL:
        typed_everywhere(evil)
        invitation = Invitation.objects.select_related("contact").get()
        mail = specimens.prepare(kind, "fr", invitation=invitation, now=OPENED)
        mail.save()
        message = harmless(composing.compose(mail, date=OPENED), mail)
        for calendar in entries(message):
            [event] = calendar.walk("VEVENT")
            people = event.get("ATTENDEE", [])
            people = people if isinstance(people, list) else [people]
            assert not [one for one in people if "evil" in str(one)]
            assert "evil" not in str(event.get("ORGANIZER", ""))


def test_at_a_real_server_each_has_one_reader(hers: Invitation) -> None:
    for evil in EVIL:
        typed_everywhere(evil)
        specimens.prepare("campaigns/mail/invitation", "fr", invitation=hers, now=OPENED).save()
    with sink.listening() as server:
        delivered = delivering.deliver_due(now=OPENED, server=server.server)
    assert (delivered.sent, delivered.failed) == (len(EVIL), 0)
    assert set(server.to) == {ALEXANDRA} and not server.copies


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_person_types_of_another_is_refused(evil: str) -> None:
    with pytest.raises(NoName):
        checked(Named("karim@client.example", evil))
    with pytest.raises(NoName):
        checked(Named("karim@client.example", "Karim", evil))
    with pytest.raises(NoAddress):
        checked(Named(f"karim@client.example{evil}", "Karim"))


@pytest.mark.parametrize("evil", EVIL)
def test_what_is_typed_for_an_appointment_or_of_a_device_stays_in_its_line(
    hers: Invitation, evil: str
) -> None:
    visitor = a_visitor(hers)
    page = fields(visitor.get("/releves/rendez-vous"))
    typed = {
        name: evil
        for name in page
        if not re.search("csrf|day|date|call_on|nonce|postal|phone|email|site", name)
    }
    visitor.post("/releves/rendez-vous", page | typed)
    device = hers.campaign.due_readings.order_by("pk")[0].meter.device
    visitor.post(
        f"/releves/materiel/{device.pk}/probleme", {"what": "OTHER", "words": evil, "serial": evil}
    )
    assert Problem.objects.exists()
    mails = list(Mail.objects.all())
    assert mails
    for mail in mails:
        harmless(composing.compose(mail, date=OPENED), mail)


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_stranger_writes_by_mail_becomes_no_header_of_ours(
    hers: Invitation, evil: str
) -> None:
    raw = a_reply(evil, subject="x").replace(
        b"Subject: x", b"Subject: " + evil.replace("\r", "").replace("\n", "\n ").encode("utf-8")
    )
    inbox.receive(raw, now=OPENED)
    ticking.take_in(now=OPENED)
    mail = Mail.objects.get(kind="office")
    harmless(composing.compose(mail, date=OPENED), mail)


def test_an_address_that_is_none_reaches_no_server(hers: Invitation, settings: Any) -> None:
    for evil in ("a@b.example\r\nRCPT TO:<evil@evil.example>", "a b@c.example", "é@c.example", "@"):
        mail = specimens.prepare("campaigns/mail/invitation", "fr", invitation=hers, now=OPENED)
        mail.to = evil[:254]
        mail.save()
    with sink.listening() as server:
        delivered = delivering.deliver_due(now=OPENED, server=server.server)
    assert (delivered.sent, delivered.failed) == (0, 4) and not server.messages
