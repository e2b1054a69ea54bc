"""The rows of the sheet, built from what the database said: each value escaped, numbers and days as they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from itertools import groupby
from math import ceil, exp, floor, sqrt
from typing import Any

NATURES = {("ACTUAL", "IMPORT"): "réel – import"}

DUE = (
    '<span class="status due"><svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">'
    '<circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.5"'
    ' stroke-dasharray="2.5 2.5" /></svg>À relever</span>'
)

REACH = exp(1.476 * sqrt(2 * 0.25**2 / 4))
"""Of the usual range of a meter whose three spans were alike (docs/rules/validation.md)."""

type Told = tuple[Any, ...]
"""One meter and its device, in the order of the query."""


def rows(told: Iterable[Told]) -> str:
    return "".join(
        _device(list(meters)) for _device_id, meters in groupby(told, lambda one: one[0])
    )


def _device(meters: Sequence[Told]) -> str:
    device, serial, fleet, maker, model, place = meters[0][:6]
    serial, model = escape(serial), escape(model)
    name = f"{model} {serial}"
    cells = "".join(_cell(device, name, *one[7:]) for one in meters)
    _due, _reading, _kind, _last, day, quality, source, _volume = meters[0][7:]
    return f"""<tr class="row due" id="device-{device}" tabindex="-1">
  <td class="state">{DUE}</td>
  <td class="model">{model}<span class="small">{escape(maker)}</span></td>
  <td class="serial" data-label="N° de série">{serial}<span class="small">parc {escape(fleet)}</span></td>
  <td class="place" data-label="Localisation">{escape(place)}</td>
  <td class="before" data-label="Date du dernier relevé">{_day(day)}<span class="small">{NATURES[quality, source]}</span></td>
  {cells}<td class="action">
    <a class="button enter" href="/releves/materiel/{device}" data-dialog>Saisir<span class="unseen"> {name}</span></a>
    <a class="aside" href="/releves/materiel/{device}/probleme">Un problème\u202f?<span class="unseen"> {name}</span></a>
    <a class="aside" href="/releves/transmettre?device={device}">Transmettre<span class="unseen"> {name}</span></a>
  </td>
</tr>
"""


def _cell(
    device: int, name: str, due: int, _reading: int | None, kind: str, last: int,
    _day: date, _quality: str, _source: str, volume: int,
) -> str:  # fmt: skip
    low = floor(((volume + 1) / REACH - 1) / 10) * 10
    high = ceil(((volume + 1) * REACH - 1) / 100) * 100
    kind = escape(kind)
    return (
        f'''<td class="number" data-label="Compteur {kind}"><input type="text" class="meter" inputmode="numeric" autocomplete="off"'''
        f''' enterkeyhint="next" id="value-{due}" name="value-{due}" value="" aria-label="Compteur {kind}, {name}"'''
        f''' aria-describedby="value-{due}-last" data-device="{device}" data-kind="{kind}" data-last="{last}"'''
        f""" data-lowest="{last}" data-low="{low}" data-high="{high}">
<input type="hidden" name="seen-{due}" value="">
<output class="delta" for="value-{due}"></output>
<span class="small" id="value-{due}-last">dernier relevé\u202f: {_number(last)}<br><span class="usual">habituel\u202f: {_number(low)}"""
        f""" à\xa0{_number(high)}</span></span></td>
  """
    )


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")


def _day(value: date) -> str:
    return f"{value:%d/%m/%Y}"
