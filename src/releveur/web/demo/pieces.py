"""Invented contents for the portal's own partials, so that the design page shows them and no copy of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace as Piece

from django.utils.translation import gettext as _

from releveur.campaigns.silence import Price
from releveur.fleet.models import MeterKind
from releveur.readings.models import Billed, Quality, Reading
from releveur.rules.schedule import PARIS

STATUSES = ("DUE", "PARTIAL", "DONE", "ASKS", "REPORTED", "ESTIMATED", "AUTOMATIC")
LAST = date(2022, 1, 5)
DECLARED_AT = datetime(2022, 4, 5, 10, 0, tzinfo=PARIS)
COUNTERS = {"MONO": (39_684, (900, 1_500)), "COLOR": (89_675, (3_000, 3_600))}
PERIODS = ((38_784, 0), (39_684, 900), (40_584, 900), (41_830, 1_246))


def sheet(now: datetime) -> Piece:
    """What the rows of a sheet share."""
    kinds = list(MeterKind.objects.filter(code__in=COUNTERS).order_by("position"))
    return Piece(kinds=kinds, columns=6 + len(kinds), today=now.date().isoformat())


def group() -> Piece:
    """A site with a device to read, one that asks, and one that is done."""
    rows = [
        _row(1, "VersaLink C405", "3923656030", "DUE"),
        _row(2, "AltaLink C8045", "3932410077", "ASKS", typed="38 100"),
        _row(3, "WorkCentre 7855", "3357120044", "DONE", standing=41_200),
    ]
    site = Piece(
        pk=0, name=_("Head office"), address="30 rue de Gramont", postal_code="75002", town="Paris"
    )
    return Piece(site=site, customer=Piece(name="Gramont Services", code="CL001007"), rows=rows)


def silents() -> dict[str, Piece]:
    """What is retained of the device to read, if nothing comes."""
    return {
        _name(1, kind): Piece(
            price=Price(LAST + timedelta(days=90), COUNTERS[kind][0] + pages, pages), beside=None
        )
        for kind, pages in (("MONO", 1_240), ("COLOR", 3_310))
    }


def history() -> Piece:
    """One meter with its picture and its table."""
    kind = MeterKind.objects.get(code="MONO")
    lines: list[Piece] = []
    bars: list[Piece] = []
    for number, (value, volume) in enumerate(PERIODS):
        quality = Quality.ESTIMATED if number == 2 else Quality.ACTUAL
        source = Reading.Source.SYSTEM if number == 2 else Reading.Source.CUSTOMER
        taken_on = LAST + timedelta(days=90 * (number - 1))
        reading = Reading(value=value, taken_on=taken_on, quality=quality, source=source)
        lines.insert(0, Piece(reading=reading, volume=volume or None))
        height = volume * 50 // 1_246
        if volume:
            bars.append(Piece(x=number * 30 - 30, y=57 - height, width=24, height=height,
                              estimated=number == 2))  # fmt: skip
    return Piece(kind=kind, lines=lines, bars=bars)


def _row(
    number: int, model: str, serial: str, status: str, *, typed: str = "", standing: int = 0
) -> Piece:
    asks = status == "ASKS"
    cells = [
        _cell(number, kind, typed, standing) for kind in MeterKind.objects.filter(code__in=COUNTERS)
    ]
    words = _(
        "The black counter is below the last actual reading (39 684). Check the screen; if it is right, add a photo of it."
    )
    declared = (
        Reading(value=standing, recorded_at=DECLARED_AT, source=Reading.Source.OFFICE)
        if standing
        else None
    )
    return Piece(
        device=Piece(pk=number, serial=serial, model=Piece(name=model, maker="Xerox"), fleet_number=""),
        place=Piece(installation=Piece(location=_("Reception"))), status=status, cells=cells,
        by_kind={cell.kind.pk: cell for cell in cells}, billed=cells[0].billed, declared=declared,
        problem=None, is_folded=bool(standing), asks=asks, has_something_to_say=asks,
        told=[Piece(sentence=words)] if asks else [], taken=[], keep=(),
        question=Piece(conflicts=[]) if asks else None, likely_reason="", seems_replaced=False, bounds_asked=[], bounds={},
        date_error="", taken_on="", wants_word=False, wants_photo=asks, wants_reason=asks,
        photo_error="", proof="", reason="",
    )  # fmt: skip


def _cell(number: int, kind: MeterKind, typed: str, standing: int) -> Piece:
    value, usual = COUNTERS[kind.code]
    name = _name(number, kind.code)
    low = typed if kind.code == "MONO" else ""
    billed = Billed(value=value, taken_on=LAST, quality=Quality.ACTUAL)
    answer = Reading(value=value + 1_516, quality=Quality.ACTUAL) if standing else None
    return Piece(
        name=name, kind=kind, due=Piece(pk=name), billed=billed, lowest=value, usual=usual,
        typed=low, standing=answer, seen="", estimate=None,
        error=_("Below the last reading") if low else "",
    )  # fmt: skip


def _name(number: int, kind: str) -> str:
    return f"value-{number}-{kind.lower()}"
