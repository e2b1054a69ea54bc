"""What a row of the sheet and its fields show, in the reader's words: the templates only place it.

A sheet has a dozen of them a device, and a template that decides and formats each of them by itself takes five
times longer than these functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import TypedDict, cast

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from releveur.campaigns.models import Handover
from releveur.campaigns.silence import Price, in_words
from releveur.fleet.models import MeterKind
from releveur.readings import wording
from releveur.readings.models import Billed, Quality, Reading
from releveur.rules.schedule import PARIS
from releveur.web.portal.beside import Beside
from releveur.web.portal.sheet import SETTLED, Cell, Row
from releveur.web.portal.silent import Silent, Silents

ANY_DEVICE = 9_876_543_210
"""In an address that is asked for once."""


class Field(TypedDict):
    """One meter: its empty field and what stands below it, or of a settled row what was told."""

    label: str
    id: str
    attributes: SafeString
    seen: SafeString
    error: str
    last: str
    origin: str
    usual: str
    estimate: str
    told: str
    step: str


class Shown(TypedDict):
    """One device."""

    pk: int
    css: str
    name: str
    model: str
    maker: str
    serial: str
    fleet: str
    place: str
    notes: Sequence[str]
    day: str
    origin: str
    is_folded: bool
    fields: Sequence[Field | None]
    silence: SafeString
    at: str
    problem: str
    handed: Handover | None
    may_hand: bool


def row(row: Row, kinds: Sequence[MeterKind], colleagues: Beside | None, silents: Silents) -> Shown:
    """One device of the sheet, with a field or nothing for each kind of meter."""
    device, status, billed = row.device, row.status, row.billed
    fleet = device.fleet_number
    cells = row.by_kind
    is_folded = status in SETTLED
    found: Shown = {
        "pk": device.pk,
        "css": status.lower(),
        "name": f"{device.model.name} {device.serial}",
        "model": device.model.name,
        "maker": device.model.maker,
        "serial": device.serial,
        "fleet": _("fleet no. %(number)s") % {"number": fleet} if fleet else "",
        "place": row.place.installation.location or "–",
        "notes": _notes(row),
        "day": wording.day(billed.taken_on) if billed else "",
        "origin": origin(billed) if billed else "",
        "is_folded": is_folded,
        "fields": [
            field(cell, row, is_folded=is_folded) if (cell := cells.get(kind.pk)) else None
            for kind in kinds
        ],
        "silence": silence(row, {} if is_folded else silents),
        "at": _address("portal:device", device.pk),
        "problem": _address("portal:problem", device.pk),
        "handed": colleagues.given_of(row) if colleagues else None,
        "may_hand": colleagues is not None and colleagues.may_hand(row),
    }
    return _escaped(found)


def field(cell: Cell, row: Row, *, prefix: str = "", is_folded: bool = False) -> Field:
    """One meter of a device.

    :param prefix: of its id, where the page shows the field once more
    """
    billed, standing, estimate = cell.billed, cell.standing, cell.estimate
    name = prefix + cell.name
    usual = [wording.number(pages) for pages in cell.usual or ()]
    found: Field = {
        "label": _("Counter %(kind)s") % {"kind": cell.kind.label},
        "id": name,
        "attributes": _attributes(_input(cell, row, name=name, alone=bool(prefix))),
        "seen": _attributes({"name": f"seen-{cell.due.pk}", "value": cell.seen}),
        "error": cell.error,
        "last": _last(billed, alone=bool(prefix)),
        "origin": origin(billed) if billed and prefix else "",
        "usual": _("usual: %(low)s to %(high)s") % {"low": usual[0], "high": usual[1]}
        if usual
        else "",
        "estimate": _("our estimate: %(value)s") % {"value": wording.number(estimate.value)}
        if estimate
        else "",
        "told": wording.number(standing.value) if standing and is_folded else "",
        "step": step(standing, billed) if standing and is_folded else "",
    }
    return _escaped(found)


def nature(reading: Reading) -> str:
    """« réel – relevé client »: the quality always with its origin."""
    return f"{Quality(reading.quality).label} – {Reading.Source(reading.source).label}"


def origin(billed: Billed) -> str:
    """The nature of a billed index: with the origin of its reading, where it has one."""
    return nature(billed.reading) if billed.reading else str(Quality(billed.quality).label)


def signed(value: int) -> str:
    """« + 1 516 »: a difference with its sign."""
    sign = "\u2212" if value < 0 else "+"
    return f"{sign}\u00a0{wording.number(abs(value))}"


def step(reading: Reading, billed: Billed | None) -> str:
    """The difference with the last billed value, in the same segment."""
    if billed is None or billed.segment != reading.segment:
        return _("first value")
    return signed(reading.value - billed.value)


def who(reading: Reading) -> str:
    """Who declared a value: a person's name, else where it comes from."""
    if reading.by_contact:
        return str(reading.by_contact)
    return str(Reading.Source(reading.source).label)


def _notes(row: Row) -> list[str]:
    """Below the status: who declared it, and what was told of the device."""
    notes = []
    if declared := row.declared:
        day = wording.day(declared.recorded_at.astimezone(PARIS))
        notes.append(_("Declared by %(who)s on %(day)s") % {"who": who(declared), "day": day})
    if problem := row.problem:
        day = wording.day(problem.told_at.astimezone(PARIS))
        told = _("Told by %(who)s on %(day)s") % {"who": problem.invitation.contact, "day": day}
        notes.append(format_html("{}<br>{}", problem.get_what_display(), told))
    return notes


def _input(cell: Cell, row: Row, *, name: str, alone: bool) -> dict[str, object]:
    """What the script and a screen reader know of a field; nothing that is not known."""
    kind, device, standing = cell.kind.label, row.device, cell.standing
    stands = _in_a_field(standing.value) if standing else ""
    said = {"kind": kind, "model": device.model.name, "serial": device.serial}
    found: dict[str, object] = {"id": name, "name": cell.name, "value": cell.typed or stands}
    if not alone:
        found["aria-label"] = _("Counter %(kind)s, %(model)s %(serial)s") % said
    found["aria-describedby"] = f"{name}-last {name}-error" if cell.error else f"{name}-last"
    if cell.error:
        found["aria-invalid"] = "true"
    found |= {"data-device": device.pk, "data-kind": kind}
    if cell.typed:
        found["data-stands"] = stands
    if cell.billed:
        found["data-last"] = cell.billed.value
    if cell.lowest is not None:
        found["data-lowest"] = cell.lowest
    if cell.usual:
        found["data-low"], found["data-high"] = cell.usual
    return found


def silence(row: Row, silents: Silents, *, prefix: str = "") -> SafeString:
    """What we retain for each meter of a device that stays empty; nothing where that is not told.

    The script says it anew for what is left when a part of the device is typed.
    """
    parts = [
        _part(prefix + cell.name, cell, silent)
        for cell in row.cells
        if (silent := silents.get(cell.due.pk))
    ]
    lead = [_("Without a reading from you, we retain about:")] if parts else []
    return format_html_join(" ", "{}", ((part,) for part in [*lead, *parts]))


def _part(name: str, cell: Cell, silent: Silent) -> SafeString:
    known: dict[str, object] = {"data-of": name}
    if beside := silent.beside:
        known["data-due"], known["data-day"] = silent.price.day, beside.day
        known["data-beside"] = _in_words(cell, beside)
    return format_html("<span{}>{}</span>", _attributes(known), _in_words(cell, silent.price))


def _in_words(cell: Cell, price: Price) -> str:
    said = {"kind": cell.kind.label, "retained": in_words(price), "day": wording.day(price.day)}
    return _("%(kind)s %(retained)s on %(day)s") % said


def _in_a_field(value: int) -> str:
    """A number that comes back with the form: the comma of the English would be asked about."""
    return wording.number(value).replace(",", "\u202f")


def _last(billed: Billed | None, *, alone: bool) -> str:
    if billed is None:
        return _("no reading yet")
    said = {"value": wording.number(billed.value), "day": wording.day(billed.taken_on)}
    if alone:
        return _("Value at the last reading: %(value)s (%(day)s)") % said
    return _("last reading: %(value)s") % said


def _attributes(named: Mapping[str, object]) -> SafeString:
    """As a tag has them; every value is escaped here."""
    return SafeString("".join(f' {name}="{escape(str(value))}"' for name, value in named.items()))


def _escaped[Texts: (Field, Shown)](found: Texts) -> Texts:
    """The same with each text made harmless at once; a template takes four times longer for each of them."""
    harmless = {
        name: SafeString(escape(text)) if type(text) is str else text
        for name, text in found.items()
    }
    return cast("Texts", harmless)


def _address(name: str, device: int) -> str:
    before, after = _around(name)
    return f"{before}{device}{after}"


@cache
def _around(name: str) -> tuple[str, str]:
    """What stands before and after a device's number in an address."""
    before, _number, after = reverse(name, args=[ANY_DEVICE]).partition(str(ANY_DEVICE))
    return before, after
