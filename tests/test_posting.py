from __future__ import annotations

import html
from datetime import timedelta
from pathlib import Path

import html5lib
import pytest

from releveur import clock
from releveur.campaigns import posting, steps
from releveur.campaigns.models import Campaign
from releveur.customers.models import Contact
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device, Meter
from releveur.outbox.models import Mail
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_site,
    meter_of,
    the_mails_leave,
)
from tests.test_commands import refused, releveur

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def dealer() -> Dealer:
    clock.set(OPENED)
    return a_dealer()


def a_silent_customer(code: str = "CL001007", **known: str) -> Device:
    """A customer whose only person has a phone and no address."""
    customer = a_customer(code=code, name=f"Maison {code}")
    a_contact(customer, email="", phone="01 40 00 00 00", **known)
    return a_device(customer, serial=f"S-{code}", mono=39_684)


def text(campaign: Campaign) -> str:
    return html.unescape(posting.printed(posting.letters(campaign), campaign, now=OPENED))


def test_whom_nobody_can_write_to_by_mail_gets_a_letter_and_no_other() -> None:
    a_silent_customer()
    a_contact(written := a_customer(code="CL002000"))
    a_device(written)
    a_device(a_customer(code="CL003000"), serial="ALONE")
    by_phone = a_device(a_customer(code="CL004000"), mode=Device.Mode.PHONE)

    letters = posting.letters(a_campaign())

    assert [one.customer.code for one in letters] == ["CL001007", "CL003000"]
    assert [one.attention for one in letters] == ["Alexandra", ""]
    assert by_phone.serial not in [serial for one in letters for serial in one.serials]


def test_who_wants_no_more_mails_gets_a_letter_until_she_has_answered() -> None:
    contact = a_contact(customer := a_customer())
    device = a_device(customer, serial="3923656030", mono=39_684)
    campaign = a_campaign()
    assert posting.letters(campaign) == []

    Contact.objects.filter(pk=contact.pk).update(opted_out_at=OPENED)
    assert [one.contact for one in posting.letters(campaign)] == [contact]

    releveur("declare", device.serial, "Noir=41200")
    assert posting.letters(campaign) == []


def test_a_mail_refused_for_good_is_followed_by_a_letter() -> None:
    a_contact(customer := a_customer())
    a_device(customer, mono=39_684)
    campaign = a_campaign()
    the_mails_leave(now=OPENED)
    Mail.objects.update(state=Mail.State.FAILED)
    assert len(posting.letters(campaign)) == 1


def test_one_page_a_customer_or_a_site_where_people_answer_by_site() -> None:
    customer = a_customer()
    lyon = a_site(customer, name="Agence de Lyon", address="12 rue de la République")
    lille = a_site(customer, name="Agence de Lille", address="4 place Rihour")
    a_contact(customer, email="", phone="01", first_name="Alexandra")
    a_contact(lyon, email="", phone="04", first_name="Benoît")
    for number in range(2):
        a_device(customer, serial=f"PARIS-{number}")
    a_device(customer, site=lille, serial="LILLE")
    a_device(customer, site=lyon, serial="LYON")

    pages = {one.attention: one for one in posting.letters(a_campaign())}

    assert pages["Alexandra"].serials == ["PARIS-0", "PARIS-1", "LILLE"]
    assert pages["Alexandra"].site.address == "30 rue de Gramont", "where most of them stand"
    assert (pages["Benoît"].serials, pages["Benoît"].site) == (["LYON"], lyon)


def test_a_letter_says_what_how_and_until_when() -> None:
    device = a_silent_customer()
    said = text(a_campaign())

    for words in (
        "À l’attention de Alexandra", "30 rue de Gramont", "75002 Paris", "Paris, le 5 avril 2022",
        device.serial, "Xerox 7855V_F", "Accueil", "39\u202f684", "le 05/01/2022",
        "jeudi 28 avril 2022 à 18\u00a0h", "01 53 20 11 00",
        "releves@bureautique-lafayette.example", "/connexion",
        "Sans réponse de votre part, votre facture",
    ):  # fmt: skip
        assert words in said, words


def test_each_counter_has_a_box_per_digit_of_its_display() -> None:
    device = a_silent_customer()
    campaign = a_campaign()
    assert text(campaign).count("<i></i>") + 1 == 6
    Meter.objects.filter(pk=meter_of(device).pk).update(digits=8)
    said = text(campaign)
    assert said.count("<i></i>") + said.count('<i class="gap"></i>') == 8
    assert said.count('<i class="gap"></i>') == 2, "thousands stand apart"


def test_each_letter_is_in_its_readers_language() -> None:
    a_silent_customer()
    a_silent_customer("CL002000", language="en", first_name="Mary")
    said = text(a_campaign())
    assert "For the attention of Mary" in said
    assert "5 April 2022" in said
    assert "Madame, Monsieur," in said


def test_the_file_is_whole_valid_and_needs_nothing_else() -> None:
    device = a_silent_customer()
    device.installations.update(location="<script>alert(1)</script>")
    campaign = a_campaign()
    page = posting.printed(posting.letters(campaign), campaign, now=OPENED)

    html5lib.HTMLParser(strict=True).parse(page)
    assert "<script" not in page
    assert "src=" not in page.replace('src="data:', "")
    assert "http" not in page.replace("http://127.0.0.1", "").replace("http://testserver", "")


def test_the_command_writes_the_file_and_says_to_whom(tmp_path: Path) -> None:
    a_silent_customer()
    campaign = a_campaign()
    output = tmp_path / "lettres.html"

    listed = releveur("letters", campaign.pk)
    written = releveur("letters", campaign.pk, "--output", output)

    assert listed["to"] == written["to"] == [
        {
            "code": "CL001007", "company": "Maison CL001007", "attention": "Alexandra",
            "site": "30 rue de Gramont, 75002 Paris", "serials": ["S-CL001007"],
        }
    ]  # fmt: skip
    assert output.read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    refused("letters", campaign.pk, "--output", tmp_path / "nowhere" / "x.html")


def test_a_closed_campaign_sends_no_letters() -> None:
    a_silent_customer()
    campaign = a_campaign()
    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))
    refused("letters", campaign.pk)
