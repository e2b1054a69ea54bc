"""A fleet file becomes one picture: each thing once, contradictions of the file with itself named."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from releveur.customers import addresses
from releveur.importing import cells as reading_cells
from releveur.importing import kinds, values, zones
from releveur.importing.cells import Cells
from releveur.importing.columns import FLEET, find
from releveur.importing.picture import (
    ContactKey,
    Level,
    Picture,
    Said,
    SaidDevice,
    SaidMeter,
    SiteKey,
    Value,
    contact_key,
    model_key,
    site_key,
)
from releveur.importing.report import Report
from releveur.importing.tables import Table, Unreadable
from releveur.importing.terms import ESSENTIAL
from releveur.readings.models import Quality

NEEDED = ("code", "serial")
MOST_COPIES = 500
"""Characters."""


def draw(table: Table, report: Report) -> Picture:
    """Read every row; what is wrong goes to the report, all of it at once.

    :raises Unreadable: a needed heading is missing
    """
    columns = find(table.headings, FLEET, mapped=table.names)
    if missing := reading_cells.require(columns, NEEDED, FLEET):
        message = _("These headings are missing: %(names)s. Export the file again with them.")
        raise Unreadable(message % {"names": ", ".join(missing)})
    reading_cells.announce(columns, report)
    picture = Picture(kinds=kinds.known())
    picture.headings = {name: columns.heading(name, FLEET) for name in FLEET}
    for row in table.rows:
        cells = Cells(row, columns, FLEET, report)
        if reading_cells.usable(cells):
            _add(picture, cells)
    return picture


def _add(picture: Picture, cells: Cells) -> None:
    code = cells.read("code", values.identifier)
    if not code:
        cells.error("code", cells.text("code"), _("The customer has no code. Write it."))
        return
    _add_customer(picture, cells, code)
    place = _add_site(picture, cells, code)
    serial = _add_device(picture, cells, code, place)
    _add_contact(picture, cells, {"customer": code, "site": place, "device": serial})


def _add_customer(picture: Picture, cells: Cells, code: str) -> None:
    said = picture.customers.setdefault(code, Said(cells.line))
    if said.add({"name": cells.text("name", 160) or None}):
        message = _("%(code)s has another name on line %(line)d; the first one counts.")
        cells.warn("name", cells.text("name"), message % {"code": code, "line": said.line})


def _add_site(picture: Picture, cells: Cells, code: str) -> SiteKey:
    name, address = cells.text("site", 120), cells.text("address", 240)
    postal_code, town = cells.text("postal_code", 10), cells.text("town", 80)
    key = site_key(code, name, address, postal_code, town)
    fresh = key not in picture.sites
    said = picture.sites.setdefault(key, Said(cells.line))
    told: dict[str, Value | None] = {
        "name": name or None,
        "address": address or None,
        "postal_code": postal_code or None,
        "town": town or None,
        "zone": zones.of(postal_code) if postal_code else None,
    }
    against = said.add(told)
    if not address and fresh:
        cells.warn("address", "", _("The site has no address. A technician will not find it."))
    if name and against:
        message = _("The site has another address on line %(line)d; the first one counts.")
        cells.warn("address", str(next(iter(against.values()))), message % {"line": said.line})
    return key


def _add_contact(
    picture: Picture, cells: Cells, targets: dict[Level, str | SiteKey | None]
) -> None:
    first, last = cells.text("first_name", 80), cells.text("last_name", 80)
    email, phone = _address(cells), cells.text("phone", 30)
    if not (first or last or email or phone):
        return
    key = contact_key(email, first, last, phone)
    said = picture.contacts.setdefault(key, Said(cells.line))
    told: dict[str, Value | None] = {
        "civility": cells.text("civility", 20) or None,
        "first_name": first or None,
        "last_name": last or None,
        "department": cells.text("department", 120) or None,
        "email": email or None,
        "phone": phone or None,
        "language": cells.read("language", lambda text: values.word(text, values.LANGUAGES)),
        "copy_to": _copies(cells, email) or None,
        "quiet_until": cells.read("quiet_until", values.day),
    }
    against = said.add(told)
    if {"first_name", "last_name"} & against.keys():
        message = _("This address has another name on line %(line)d; the first one counts.")
        cells.warn("email", email, message % {"line": said.line})
    for name in ("copy_to", "quiet_until"):
        if name in against:
            message = _("Line %(line)d says otherwise of this person; the first one counts.")
            cells.warn(name, cells.text(name), message % {"line": said.line})
    _add_respondent(picture, cells, key, targets)


def _address(cells: Cells) -> str:
    """An address that is none is a remark, not a refusal: the phone still reaches the person."""
    text = cells.text("email", 254)
    try:
        return values.address(text) if text else ""
    except values.Misread as misread:
        cells.warn("email", text, str(misread))
        return ""


def _copies(cells: Cells, email: str) -> str:
    """Who gets a copy of her mails, with commas between; she herself is left out."""
    written = cells.read("copy_to", values.addresses) or []
    copies = [one for one in written if addresses.key(one) != addresses.key(email)]
    if len(copies) < len(written):
        cells.warn("copy_to", email, _("The person's own address needs no copy: it was left out."))
    if len(",".join(copies)) > MOST_COPIES:
        message = _("This is longer than %(longest)d characters. Shorten it.")
        cells.error("copy_to", copies[0], message % {"longest": MOST_COPIES})
    return ",".join(copies)


def _add_respondent(
    picture: Picture, cells: Cells, key: ContactKey, targets: dict[Level, str | SiteKey | None]
) -> None:
    level = cells.read("level", lambda text: values.word(text, values.LEVELS))
    chosen: Level = "device"
    if level in ("customer", "site") or targets["device"] is None:
        chosen = "site" if level == "site" else "customer"
    target = targets[chosen]
    if target is not None:
        picture.respondents.setdefault((key, chosen, target), cells.line)


def _add_device(picture: Picture, cells: Cells, code: str, place: SiteKey) -> str | None:
    serial = cells.read("serial", values.serial)
    if serial is None:
        if not cells.text("serial") and (cells.text("model") or not cells.text("level")):
            cells.error("serial", "", _("The device has no serial number. Write it."))
        return None
    if len(serial) > 60:
        cells.text("serial", 60)
        return None
    fresh = _device(cells, code, place)
    if fresh.model:
        names = (cells.text("maker", 80), cells.text("model", 120))
        picture.models.setdefault(fresh.model, names)
    said = picture.devices.setdefault(serial, fresh)
    if said is not fresh:
        _compare(cells, said, fresh)
    _add_contract(picture, cells, said)
    _add_meters(picture, cells, said)
    return serial


def _device(cells: Cells, code: str, place: SiteKey) -> SaidDevice:
    model = cells.text("model", 120)
    line = cells.line
    return SaidDevice(
        line=line,
        customer=code,
        site=place,
        contract=cells.read("contract", values.identifier) or "",
        model=model_key(cells.text("maker", 80), model) if model else None,
        device=Said(line, _given(
            fleet_number=cells.text("fleet_number", 60),
            mode=cells.read("mode", lambda text: values.word(text, values.MODES)),
        )),
        stay=Said(line, _given(
            location=cells.text("location", 160),
            kind=cells.read("loan", lambda text: values.word(text, values.STAYS)),
        )),
        terms=Said(line, _terms(cells)),
        installed=cells.read("installed", values.day),
        removed=cells.read("removed", values.day),
        next_due=cells.read("next_due", values.day),
        billed_on=cells.read("billed_on", values.day),
        nature=cells.read("nature", lambda text: values.word(text, values.NATURES))
        or Quality.ACTUAL,
    )  # fmt: skip


def _terms(cells: Cells) -> dict[str, Value]:
    return _given(
        months=cells.read("months", values.months),
        estimation_allowed=cells.read("estimation", lambda text: values.word(text, values.YES_NO)),
        payer_code=cells.text("payer_code", 40),
        payer_name=cells.text("payer_name", 160),
        customer_reference=cells.text("customer_reference", 80),
        service_code=cells.text("service_code", 80),
        commitment_number=cells.text("commitment_number", 80),
        since=cells.read("contract_since", values.day),
        until=cells.read("contract_until", values.day),
    )


def _given(**told: Value | None) -> dict[str, Value]:
    """An empty cell says nothing: it neither fills nor empties a field."""
    return {name: value for name, value in told.items() if value is not None and value != ""}


_IDENTITY: tuple[tuple[str, str], ...] = (
    ("customer", "code"),
    ("site", "site"),
    ("contract", "contract"),
    ("model", "model"),
    ("installed", "installed"),
    ("removed", "removed"),
    ("next_due", "next_due"),
    ("billed_on", "billed_on"),
    ("nature", "nature"),
)


def _compare(cells: Cells, said: SaidDevice, fresh: SaidDevice) -> None:
    """Rows of one device must agree on what it is; on the rest the first one counts."""
    for name, column in _IDENTITY:
        one, other = getattr(said, name), getattr(fresh, name)
        if other in (None, "") or (name == "nature" and not cells.text("nature")):
            continue
        if one in (None, ""):
            setattr(said, name, other)
        elif one != other:
            message = _("Line %(line)d says otherwise of the same serial number. Keep one.")
            cells.error(column, cells.text(column), message % {"line": said.line})
    for mine, theirs in ((said.device, fresh.device), (said.stay, fresh.stay)):
        for value in mine.add(theirs.values).values():
            message = _("Line %(line)d says otherwise; the first one counts.")
            cells.warn("serial", str(value), message % {"line": said.line})
    said.terms.add(fresh.terms.values)


_TERMS = {"since": "contract_since", "until": "contract_until"}


def _add_contract(picture: Picture, cells: Cells, said: SaidDevice) -> None:
    if said.installed and said.removed and said.removed < said.installed:
        message = _("The device leaves before it was installed. Check both days.")
        cells.error("removed", cells.text("removed"), message)
    if not said.contract:
        return
    if len(said.contract) > 60:
        cells.text("contract", 60)
    holder = picture.holders.setdefault(said.contract, said.customer)
    if holder != said.customer:
        message = _("This contract is %(customer)s's on another line. A contract has one customer.")
        cells.error("contract", said.contract, message % {"customer": holder})
    terms = picture.contracts.setdefault(said.contract, Said(cells.line))
    for name, value in terms.add(said.terms.values).items():
        column = {"estimation_allowed": "estimation"}.get(name, name)
        if name in ESSENTIAL:
            message = _("Line %(line)d says otherwise of this contract. Keep one.")
            cells.error(column, _shown(value), message % {"line": terms.line})
        else:
            message = _("Line %(line)d says otherwise; the first one counts.")
            cells.warn(_TERMS.get(name, name), _shown(value), message % {"line": terms.line})


def _add_meters(picture: Picture, cells: Cells, said: SaidDevice) -> None:
    columns = cells.columns
    for label in columns.meters | columns.volumes:
        value = _number(cells, columns.meters, label)
        volume = _number(cells, columns.volumes, label)
        heading = columns.headings[columns.meters.get(label, columns.volumes.get(label, 0))]
        _add_meter(picture, cells, said, label, SaidMeter(cells.line, heading, value, volume))
    if label := cells.text("meter", 60):
        told = SaidMeter(
            cells.line,
            columns.heading("value", FLEET),
            cells.read("value", values.count),
            cells.read("volume", values.count),
        )
        _add_meter(picture, cells, said, label, told)


def _number(cells: Cells, where: dict[str, int], label: str) -> int | None:
    return cells.number(where[label], values.count) if label in where else None


def _add_meter(
    picture: Picture, cells: Cells, said: SaidDevice, label: str, told: SaidMeter
) -> None:
    if told.value is None and told.volume is None:
        return
    kind = kinds.code(label, picture.kinds)
    picture.labels.setdefault(kind, label)
    meter = said.meters.setdefault(kind, told)
    if meter is told:
        return
    if meter.value is None:
        meter.value, meter.line, meter.column = told.value, told.line, told.column
    elif told.value is not None and told.value != meter.value:
        message = _("Line %(line)d gives %(value)d for the same meter. Keep one.")
        words = {"line": meter.line, "value": meter.value}
        cells.report.error(cells.line, told.column, str(told.value), message % words)
    meter.volume = told.volume if meter.volume is None else meter.volume


def _shown(value: Value) -> str:
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)
