from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import default
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from PIL import Image

from releveur.campaigns import mailing
from releveur.dealer.models import Dealer
from releveur.outbox import composing
from releveur.outbox.models import Mail
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_device

pytestmark = pytest.mark.django_db


def dealer(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("dealer", *arguments, "--json", stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def a_logo(folder: Path) -> str:
    file = folder / "logo.jpg"
    Image.new("RGB", (2_000, 900), "navy").save(file)
    return str(file)


def test_what_is_said_of_the_dealer_stands_and_the_rest_stays() -> None:
    dealer("--name", "Bureautique Lafayette", "--phone", "01 53 20 11 00")
    said = dealer("--colour", "#00509d")
    assert (said["name"], said["phone"], said["colour"]) == (
        "Bureautique Lafayette", "01 53 20 11 00", "#00509d",
    )  # fmt: skip
    assert Dealer.objects.count() == 1


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError) as refusal:
        dealer("--colour", "red")
    assert refusal.value.returncode == 1
    assert not Dealer.objects.exists()


def test_a_logo_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"<svg/>")
    with pytest.raises(CommandError):
        dealer("--name", "Bureautique Lafayette", "--logo", str(tmp_path / "logo.png"))


def test_pages_show_the_logo(tmp_path: Path) -> None:
    assert Client().get("/logo.png").status_code == 404
    dealer("--name", "Bureautique Lafayette", "--logo", a_logo(tmp_path))
    picture = Client().get("/logo.png")
    assert Image.open(BytesIO(picture.content)).size == (356, 160)
    assert 'alt="Bureautique Lafayette"' in Client().get("/compteur").content.decode()


def test_a_mail_carries_the_logo_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    dealer("--name", "Bureautique Lafayette", "--logo", a_logo(tmp_path))
    a_contact(customer := a_customer())
    a_device(customer)

    a_campaign()
    mailing.write_due(now=OPENED)
    mail = Mail.objects.get()

    message = message_from_bytes(composing.compose(mail, date=OPENED), policy=default)

    html = message.get_body(("html",))
    assert html is not None
    assert f"cid:{composing.LOGO}" in html.get_content()
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == f"<{composing.LOGO}>"


def test_the_dealer_says_whether_silence_is_priced() -> None:
    assert dealer("--phone", "01 53 20 11 00")["price_of_silence"] == "FROM_REMINDER_2"
    assert dealer("--price-of-silence", "NEVER")["price_of_silence"] == "NEVER"
    assert dealer()["price_of_silence"] == "NEVER"
    with pytest.raises(CommandError):
        dealer("--price-of-silence", "SOMETIMES")
    assert Dealer.objects.get().price_of_silence == "NEVER"
