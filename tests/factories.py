"""A small world, built by plain functions: the seed's own customer unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.core.files.base import ContentFile

from releveur.campaigns import answering, opening
from releveur.campaigns.answering import Outcome
from releveur.campaigns.models import Campaign, DueReading, Invitation, Notice
from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Contact, Customer, Site
from releveur.dealer.models import Dealer
from releveur.fleet.models import (
    Device,
    DeviceModel,
    Installation,
    Meter,
    MeterKind,
    Respondent,
)
from releveur.outbox.models import Mail
from releveur.readings.models import Billed, Finding, Proof, Quality, Reading
from releveur.readings.submission import Declared
from releveur.rules.schedule import PARIS

READ_ON = date(2022, 1, 5)
DUE_ON = date(2022, 4, 5)
OPENED = datetime(2022, 4, 5, 10, 0, tzinfo=PARIS)

_number = count(1)


def a_dealer() -> Dealer:
    return Dealer.objects.update_or_create(
        pk=1,
        defaults={
            "name": "Bureautique Lafayette",
            "address": "12 rue La Fayette",
            "postal_code": "75009",
            "town": "Paris",
            "phone": "01 53 20 11 00",
            "reply_to": "releves@bureautique-lafayette.example",
            "sender_name": "Bureautique Lafayette",
            "sender_address": "releves@bureautique-lafayette.example",
            "website": "https://bureautique-lafayette.example",
        },
    )[0]


def a_customer(*, code: str = "CL001007", name: str = "Gramont Services") -> Customer:
    return Customer.objects.get_or_create(code=code, defaults={"name": name})[0]


def a_site(customer: Customer, *, name: str = "", address: str = "30 rue de Gramont") -> Site:
    where = {"postal_code": "75002", "town": "Paris"}
    return Site.objects.get_or_create(
        customer=customer, name=name, address=address, defaults=where
    )[0]


def a_contact(
    answers_for: Customer | Site | Device | None = None,
    *,
    email: str = "alexandra@gramont-services.example",
    first_name: str = "Alexandra",
    phone: str = "",
    language: str = "fr",
) -> Contact:
    known = {"first_name": first_name, "language": language, "phone": phone}
    known["department"] = "Comptabilité Fournisseurs"
    if email:
        contact = Contact.objects.get_or_create(
            address_key=email.casefold(), defaults={"email": email, **known}
        )[0]
    else:
        contact = Contact.objects.create(**known)
    if answers_for is not None:
        level = type(answers_for).__name__.lower()
        target: dict[str, Any] = {level: answers_for}
        Respondent.objects.get_or_create(contact=contact, **target)
    return contact


def a_contract(
    customer: Customer,
    *,
    number: str = "",
    months: int = 3,
    first_due_on: date = DUE_ON,
    estimation_allowed: bool = True,
) -> Contract:
    return Contract.objects.get_or_create(
        customer=customer,
        number=number,
        months=months,
        first_due_on=first_due_on,
        estimation_allowed=estimation_allowed,
    )[0]


def a_device(
    customer: Customer,
    *,
    serial: str = "",
    model: str = "7855V_F",
    read_on: date = READ_ON,
    mode: Device.Mode = Device.Mode.ASKED,
    site: Site | None = None,
    contract: Contract | None = None,
    location: str = "Accueil",
    volumes: Mapping[str, int] | None = None,
    **values: int,
) -> Device:
    """A device under contract, its last reading billed; meters by keyword: `mono=39_684`."""
    kinds = values or {"mono": 39_684, "color": 89_675}
    device = Device.objects.create(
        serial=serial or f"39{next(_number):08}",
        fleet_number=f"P-{next(_number):04}",
        model=DeviceModel.objects.get_or_create(maker="Xerox", name=model)[0],
        mode=mode,
    )
    Installation.objects.create(
        device=device, site=site or a_site(customer), location=location, since=date(2019, 1, 7)
    )
    Coverage.objects.create(
        contract=contract or a_contract(customer), device=device, since=date(2019, 1, 7)
    )
    for code, value in kinds.items():
        volume = (volumes or {}).get(code)
        meter = a_meter(device, code, monthly_volume=volume)
        a_billed_reading(meter, read_on, value)
    return device


def a_meter(device: Device, code: str, *, monthly_volume: int | None = None) -> Meter:
    kind = MeterKind.objects.get(code=code.upper())
    return Meter.objects.create(device=device, kind=kind, monthly_volume=monthly_volume)


def a_reading(
    meter: Meter,
    taken_on: date,
    value: int,
    *,
    source: Reading.Source = Reading.Source.IMPORT,
    occasion: Reading.Occasion = Reading.Occasion.PERIODIC,
    segment: int = 1,
) -> Reading:
    return Reading.objects.create(
        meter=meter,
        taken_on=taken_on,
        value=value,
        segment=segment,
        source=source,
        occasion=occasion,
        recorded_at=datetime(taken_on.year, taken_on.month, taken_on.day, 12, tzinfo=PARIS),
    )


def a_billed_reading(meter: Meter, taken_on: date, value: int) -> Reading:
    reading = a_reading(meter, taken_on, value)
    Billed.objects.create(
        meter=meter,
        taken_on=taken_on,
        value=value,
        quality=Quality.ACTUAL,
        origin=Billed.Origin.ERP,
        reading=reading,
    )
    return reading


def a_billed_estimate(meter: Meter, taken_on: date, value: int) -> Billed:
    return Billed.objects.create(
        meter=meter,
        taken_on=taken_on,
        value=value,
        quality=Quality.ESTIMATED,
        origin=Billed.Origin.ERP,
    )


def a_campaign(
    *, due_until: date = DUE_ON, now: datetime = OPENED, only: list[str] | None = None
) -> Campaign:
    """Open a campaign for everything due."""
    return opening.open_campaign(due_until, now=now, only=only).campaign


def meter_of(device: Device, code: str = "mono") -> Meter:
    return device.meters.get(kind__code=code.upper())


def reading_of(meter: Meter) -> Reading:
    """The reading of the meter's last period."""
    row = DueReading.objects.filter(meter=meter, reading__isnull=False).order_by("-due_on")[0]
    assert row.reading is not None
    return row.reading


def the_invitation(campaign: Campaign, contact: Contact) -> Invitation:
    return Invitation.objects.get(campaign=campaign, contact=contact)


def answers(
    invitation: Invitation,
    device: Device,
    *,
    now: datetime,
    taken_on: date | None = None,
    proof: Proof | None = None,
    reason: Finding.Answer | None = None,
    **values: int,
) -> Outcome:
    """The invited person declares a device: `answers(invitation, device, mono=41_200, now=...)`."""
    day = taken_on or now.astimezone(PARIS).date()
    declared = a_declaration(device, day, proof=proof, reason=reason, **values)
    return sends(invitation, declared, now=now)


def a_declaration(
    device: Device,
    taken_on: date,
    *,
    proof: Proof | None = None,
    reason: Finding.Answer | None = None,
    **values: int,
) -> Declared:
    """What a person says of a device, every confirmation given."""
    meters = {meter_of(device, code).pk: value for code, value in values.items()}
    return Declared(device.pk, taken_on, meters, confirmed=True, reason=reason, proof=proof)


def sends(
    invitation: Invitation,
    *declared: Declared,
    now: datetime,
    nonce: UUID | None = None,
    places: Mapping[int, int] | None = None,
) -> Outcome:
    """The invited person sends one form."""
    return answering.answer(
        answering.asked_of(invitation),
        declared,
        by=invitation.contact,
        source=Reading.Source.CUSTOMER,
        now=now,
        nonce=nonce or uuid4(),
        invitation=invitation,
        places=places,
    )


def a_proof() -> Proof:
    return Proof.objects.create(file=ContentFile(b"a photo", name="photo.jpg"), sha256="0" * 64)


def the_mails_leave(*, now: datetime) -> None:
    """Every notice still unwritten becomes a mail that left now, without a mail server."""
    for notice in Notice.objects.filter(mail=None, withheld_at=None):
        notice.mail = Mail.objects.create(
            to=notice.invitation.contact.email,
            language="fr",
            kind=notice.what,
            sender="x",
            subject="s",
            text="t",
            html="h",
            message_id=f"<{notice.pk}@example.org>",
            owed_at=now,
            state=Mail.State.SENT,
            sent_at=now,
            key_uuid=notice.invitation.uuid,
            key_version=notice.invitation.link_version,
            key_hash=notice.invitation.key_hash,
        )
        notice.save(update_fields=["mail"])
