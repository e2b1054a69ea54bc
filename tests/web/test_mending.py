"""One click mends, another keeps what was typed: two buttons of an ordinary form, on a page without JavaScript."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releveur.campaigns.models import DueReading, Receipt
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from tests.factories import a_campaign, a_customer, a_device, meter_of, reading_of
from tests.web.seeing import field
from tests.web.tableurs import Taken, give
from tests.web.visiting import Page, a_photo, buttons, fields, text

pytestmark = pytest.mark.django_db

WORDS = "Vous avez peut-être inversé noir et couleur. Inverser ?"


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", volumes={"mono": 500, "color": 1_050})


def types(visitor: Client, device: Device, **values: str) -> Page:
    form = fields(visitor.get("/releves"))
    form |= {field(device, code): value for code, value in values.items()}
    return visitor.post("/releves", form)


def presses(visitor: Client, page: Page, name: str, **more: object) -> Page:
    """Press one of the buttons of a question, as a browser sends it with the form."""
    pressed = next(one for one in buttons(page) if one[0] == name)
    return visitor.post("/releves", {**fields(page), **dict([pressed]), **more})


def test_swapped_counters_are_asked_about_with_old_and_new_beside_each_other(
    visitor: Client, device: Device
) -> None:
    page = types(visitor, device, mono="92910", color="41200")

    seen = text(page)
    assert page.status_code == 422
    assert WORDS in seen and "Garder ce que j’ai saisi" in seen
    assert "92 910</s>" in seen and "41 200</strong>" in seen
    assert "Prendre une photo" not in seen, "one cause asks one question"
    assert "!" not in seen.partition("<main")[2].replace("<!--", ""), "nobody is shouted at"
    assert [name for name, _value in buttons(page)] == [f"mend-{device.pk}", f"keep-{device.pk}"]
    assert fields(page)[field(device, "mono")] == "92910", "what was typed stands in its field"


def test_one_click_mends_and_leads_to_the_receipt(visitor: Client, device: Device) -> None:
    page = types(visitor, device, mono="92910", color="41200")

    answer = presses(visitor, page, f"mend-{device.pk}")

    assert answer["Location"] == f"/releves/recu/{Receipt.objects.get().number}"
    assert reading_of(meter_of(device)).value == 41_200
    assert reading_of(meter_of(device, "color")).value == 92_910


def test_a_double_click_is_harmless(visitor: Client, device: Device) -> None:
    page = types(visitor, device, mono="92910", color="41200")
    first, second = (presses(visitor, page, f"mend-{device.pk}") for _click in range(2))
    assert first["Location"] == second["Location"]
    assert Receipt.objects.count() == 1


def test_kept_as_typed_it_asks_for_the_photo_as_ever(visitor: Client, device: Device) -> None:
    page = types(visitor, device, mono="92910", color="41200")

    again = presses(visitor, page, f"keep-{device.pk}")
    assert again.status_code == 422
    seen = text(again)
    assert WORDS not in seen and "Prendre une photo" in seen and "Que s’est-il passé" in seen

    form = fields(again) | {f"reason-{device.pk}": "LAST_WAS_WRONG"}
    sent = visitor.post("/releves", {**form, f"file-{device.pk}": a_photo()})
    assert sent.status_code == 303
    assert reading_of(meter_of(device, "color")).value == 41_200
    assert reading_of(meter_of(device)).findings.get(code="SWAPPED").answer == "KEPT"


def test_good_rows_are_recorded_beside_a_question(visitor: Client, device: Device) -> None:
    other = a_device(a_customer(), mono=10)
    a_campaign()
    page = types(visitor, device, mono="92910", color="41200")
    form = fields(page) | {field(other, "mono"): "300"}
    page = visitor.post("/releves", form)
    assert page.status_code == 422 and reading_of(meter_of(other)).value == 300
    assert presses(visitor, page, f"mend-{device.pk}").status_code == 303
    assert Receipt.objects.count() == 2


def test_enter_in_a_field_presses_no_answer(visitor: Client, device: Device) -> None:
    """Without a script Enter presses the first button of a form."""
    page = types(visitor, device, mono="92910", color="41200").content.decode()
    form = page[page.index('id="sheet"') :]
    first = form[form.index('<button type="submit"') :]
    assert first.startswith('<button type="submit" class="unseen"')


def test_the_window_of_one_device_has_the_same_two_buttons(visitor: Client, device: Device) -> None:
    address = f"/releves/materiel/{device.pk}"
    form = fields(visitor.get(address), form="device")
    form |= {field(device, "mono"): "92910", field(device, "color"): "41200"}
    page = visitor.post(address, form)
    assert page.status_code == 422 and WORDS in text(page)

    pressed = next(one for one in buttons(page) if one[0].startswith("mend-"))
    answer = visitor.post(address, {**fields(page, form="device"), **dict([pressed])})

    assert answer.status_code == 303
    assert reading_of(meter_of(device)).value == 41_200


def test_the_other_language_keeps_the_question(visitor: Client, device: Device) -> None:
    page = types(visitor, device, mono="92910", color="41200")
    spoken = visitor.post("/releves", fields(page) | {"language": "en"})
    assert "You may have swapped black and colour. Swap them?" in text(spoken)
    assert buttons(spoken) == buttons(page)


@pytest.mark.parametrize("count", [3, 12])
def test_asking_costs_the_same_whatever_the_number_of_devices(
    visitor: Client,
    device: Device,
    count: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    others = [a_device(a_customer(), volumes={"mono": 400}, mono=39_684) for _n in range(count)]
    a_campaign()
    form = fields(visitor.get("/releves"))
    form |= {field(device, "mono"): "92910", field(device, "color"): "41200"}
    form |= {field(other, "mono"): "412000" for other in others[1:]}
    with django_assert_max_num_queries(36):
        page = visitor.post("/releves", form)
    assert page.status_code == 422
    assert len([one for one in buttons(page) if one[0].startswith("keep-")]) == count


def test_a_script_asks_in_place_and_nothing_is_recorded(visitor: Client, device: Device) -> None:
    form = fields(visitor.get("/releves"))
    form |= {field(device, "mono"): "92910", field(device, "color"): "41200"}
    address = f"/releves/materiel/{device.pk}/question"

    part = visitor.post(address, form)
    assert WORDS in text(part) and "<html" not in text(part)
    assert not Receipt.objects.exists()
    kept = next(one for one in buttons(part) if one[0].startswith("keep-"))
    assert "Prendre une photo" in text(visitor.post(address, form | dict([kept])))

    fine = form | {field(device, "mono"): "41200", field(device, "color"): "92910"}
    assert not text(visitor.post(address, fine))
    other = a_device(a_customer(), mono=5)
    assert visitor.post(f"/releves/materiel/{other.pk}/question", form).status_code == 404


def test_what_a_script_put_into_the_fields_is_recorded_as_mended(
    visitor: Client, device: Device
) -> None:
    page = types(visitor, device, mono="92910", color="41200")
    mend = next(one for one in buttons(page) if one[0].startswith("mend-"))
    form = fields(visitor.get("/releves")) | dict([mend])
    put = {field(device, "mono"): "41\u202f200", field(device, "color"): "92\u202f910"}

    assert visitor.post("/releves", form | put).status_code == 303

    found = reading_of(meter_of(device)).findings.get()
    assert (found.code, found.answer) == ("SWAPPED", "MENDED")
    assert found.numbers["typed"][str(meter_of(device).pk)] == 92_910


def test_a_column_of_the_spreadsheet_that_slipped_goes_back_with_one_click(
    visitor: Client, customer: Customer
) -> None:
    """Everything stands one line too low; the page that asks is the ordinary one, with the lines to correct."""
    last = [39_684, 512_305, 7_400, 88_120, 203_000, 61_500, 940_000, 15_250]
    devices = [
        a_device(customer, location=f"Salle {n}", volumes={"mono": 400}, mono=value)
        for n, value in enumerate(last)
    ]
    a_campaign()
    meant = [value + 1_200 + 10 * n for n, value in enumerate(last)]
    taken = Taken(visitor)
    for device, value in zip(devices[1:], meant, strict=False):
        taken.fill(device.serial, mono=value)

    page = give(visitor, taken.as_xlsx())

    seen = text(page)
    assert page.status_code == 422 and not Receipt.objects.exists()
    assert "Les compteurs ont peut-être glissé d’une ligne. Les remettre à leur place ?" in seen
    pressed = [name for name, _value in buttons(page)]
    assert len(pressed) == 2, "one question, told at each line, answered at the first"
    assert presses(visitor, page, pressed[0]).status_code == 303
    assert [reading_of(meter_of(device)).value for device in devices[:-1]] == meant[:-1]
    assert DueReading.objects.unanswered().filter(meter__device=devices[-1]).exists()


def test_two_rows_exchanged_name_both_devices_and_are_mended_together(
    visitor: Client, device: Device
) -> None:
    one = a_device(a_customer(), serial="ONE", volumes={"mono": 500}, mono=39_684)
    other = a_device(a_customer(), serial="OTHER", volumes={"mono": 300}, mono=12_305)
    a_campaign()
    form = fields(visitor.get("/releves"))
    form |= {field(one, "mono"): "13250", field(other, "mono"): "41200"}
    page = visitor.post("/releves", form)
    words = "Les compteurs de 7855V_F ONE et de 7855V_F OTHER sont peut-être inversés. Inverser ?"
    assert words in text(page)
    assert len(buttons(page)) == 2
    assert "Répondre à la ligne de 7855V_F ONE" in text(page)

    assert presses(visitor, page, f"mend-{one.pk}").status_code == 303
    assert [reading_of(meter_of(each)).value for each in (one, other)] == [41_200, 13_250]
