"""A chapter of the quarter: she swaps two counters and mends it with one click; her colleague's estimate explains itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from releveur import clock
from releveur.fleet.models import Device
from releveur.ops import ticking
from releveur.readings.models import Finding
from releveur.rules.schedule import PARIS
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_reading,
    meter_of,
    reading_of,
)
from tests.sink import Sink
from tests.stories import quarter
from tests.stories.quarter import plain, text
from tests.stories.test_a_quarter import post
from tests.web.seeing import field
from tests.web.visiting import buttons, fields
from tests.web.visiting import text as read

__all__ = ["post"]

pytestmark = pytest.mark.django_db(transaction=True)

WEEK = timedelta(days=7)
KARIM = {"first_name": "Karim", "email": "karim@gramont-services.example"}


def test_she_mends_her_slip_and_the_silent_colleague_reads_why(post: Sink, tmp_path: Path) -> None:
    hers, his = two_devices()
    campaign = a_campaign()
    ticking.tick(now=OPENED)
    alexandra = enter(post)
    alexandra.post(f"/releves/transmettre?device={his.pk}", KARIM)

    swaps_and_mends(alexandra, hers)
    ticking.tick(now=OPENED)
    assert told(post, "41 200", "92 910"), "the receipt has what was meant"
    assert set(Finding.objects.values_list("code", "answer")) == {("SWAPPED", "MENDED")}

    for week in (1, 2, 3):
        ticking.tick(now=OPENED + week * WEEK)
    closed = datetime(2022, 5, 2, 18, 10, tzinfo=PARIS)
    ticking.tick(now=closed)
    estimate = reading_of(meter_of(his))
    assert estimate.source == "SYSTEM"
    retained = f"{estimate.value:,}".replace(",", " ")
    assert told(post, "Karim", retained), "he reads what was retained"

    quarter.releveur("sign_campaign", campaign.pk, "--by", "Mme Roy", now=closed + WEEK)
    lines = {
        (line["N° de série"], line["Compteur"]): line
        for line in quarter.exported(campaign.pk, tmp_path)
    }
    assert lines[his.serial, "Noir"]["Nature"] == "estimé"
    why = estimate.explanation or {}
    assert lines[his.serial, "Noir"]["Méthode d’estimation"], "the accountant reads why"
    assert why["words"]["fr"] and why["words"]["en"]
    mended = lines[hers.serial, "Noir"]
    assert (mended["Relevé"], mended["Impressions"]) == ("41200", "1516")
    assert "inversés (corrigé par le client)" in mended["Anomalie"]


def two_devices() -> tuple[Device, Device]:
    """Hers counts colour; his has printed about 900 a quarter for two years."""
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer(), email="alexandra@gramont-services.example")
    hers = a_device(customer, serial="3923656030", volumes={"mono": 500, "color": 1_050})
    his = a_device(customer, serial="3357120044", model="B405", mono=12_305)
    for quarters in range(1, 8):
        day = date(2022, 1, 5) - timedelta(days=91 * quarters)
        a_reading(meter_of(his), day, 12_305 - 900 * quarters)
    return hers, his


def told(post: Sink, *words: str) -> bool:
    """Whether one of the mails that left says all of this."""
    return any(all(word in plain(text(mail)) for word in words) for mail in post.messages)


def enter(post: Sink) -> Client:
    """Press the red button and « Continuer »."""
    browser = Client()
    browser.post(f"/r/{quarter.link(post.messages[-1]).partition('/r/')[2]}")
    return browser


def swaps_and_mends(alexandra: Client, device: Device) -> None:
    form = fields(alexandra.get("/releves"))
    form |= {field(device, "mono"): "92 910", field(device, "color"): "41 200"}
    asked = alexandra.post("/releves", form)
    assert "Vous avez peut-être inversé noir et couleur. Inverser ?" in read(asked)
    click = next(one for one in buttons(asked) if one[0] == f"mend-{device.pk}")
    receipt = alexandra.post("/releves", fields(asked) | dict([click]), follow=True)
    assert "Vos relevés sont enregistrés" in read(receipt)
