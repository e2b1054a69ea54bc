"""The states of a sheet in which something slipped, or happened at a device."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.test import Client

from tests.factories import READ_ON, a_reading, meter_of
from tests.web.seeing import Seen, alone, field, first, second, see, third, typed
from tests.web.visiting import buttons


def slips(browser: Client) -> Iterator[Seen]:
    """The sheet and the window of a device, asking each of these questions."""
    values = {
        "swapped": ("92910", "41200"),
        "mistyped": ("412000", "92910"),
        "total as mono": ("134110", "92910"),
        "a new board": ("210", "150"),
        "another device": ("39600", "300000"),
        "too many digits": ("41200", "300000"),
        "mistyped, and lower": ("39600", "929100"),
    }
    window = f"/releves/materiel/{first().pk}"
    for state, (mono, color) in values.items():
        form = typed(browser, first(), mono=mono, color=color)
        yield see("devices", state, browser.post("/releves", form), status=422)
        form = alone(browser, first(), mono=mono, color=color)
        yield see("device", state, browser.post(window, form), status=422)
    taken = {f"keep-{first().pk}": "x", f"mend-{first().pk}": _proposal(browser, form)}
    answer = browser.post(window, form | taken)
    yield see("device", "mended, and lower", answer, status=422)
    a_reading(meter_of(second()), READ_ON + timedelta(days=30), 39_900)
    form = typed(browser, first(), mono="41195", color="92950")
    form |= {field(second(), "mono"): "41195", field(second(), "color"): "92950"}
    yield see("devices", "the same twice", browser.post("/releves", form), status=422)
    a_reading(meter_of(third()), READ_ON + timedelta(days=30), 999_600)
    form = typed(browser, third(), mono="350")
    yield see("devices", "past its last digit", browser.post("/releves", form), status=422)
    form |= {field(first(), "mono"): "1000900", field(first(), "color"): "92910"}
    yield see("devices", "of another device", browser.post("/releves", form), status=422)


def _proposal(browser: Client, form: dict[str, Any]) -> str:
    """The first proposal for the device that the window shows."""
    asking = browser.post(f"/releves/materiel/{first().pk}", form)
    return next(value for name, value in buttons(asking) if name.startswith("mend-"))
