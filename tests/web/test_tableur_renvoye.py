"""A fleet in a spreadsheet, sent back: the same checks as typed numbers, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.test import Client
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from releveur import clock
from releveur.campaigns.models import Campaign, DueReading, Invitation, Receipt
from releveur.fleet.models import Device
from releveur.readings.models import Reading
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    answers,
    meter_of,
    reading_of,
)
from tests.web.seeing import field
from tests.web.tableurs import (
    BLACK,
    COLOUR,
    DAY,
    FLEET,
    SERIAL,
    Taken,
    a_book,
    give,
)
from tests.web.visiting import fields, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(devices: list[Device]) -> Campaign:
    return a_campaign()


def test_a_filled_workbook_leads_to_one_receipt(visitor: Client, devices: list[Device]) -> None:
    taken = Taken(visitor)
    for number, device in enumerate(devices):
        taken.fill(device.serial, mono=41_200 + number)
        if number % 4 == 0:
            taken.fill(device.serial, color=91_000 + number)

    answer = give(visitor, taken.as_xlsx())

    assert (answer.status_code, answer["Location"]) == (
        303, f"/releves/recu/{Receipt.objects.get().number}",
    )  # fmt: skip
    assert not DueReading.objects.unanswered().exists()
    assert reading_of(meter_of(devices[40])).value == 41_240
    assert reading_of(meter_of(devices[0])).taken_on == DUE_ON
    assert reading_of(meter_of(devices[0])).source == Reading.Source.CUSTOMER


@pytest.mark.parametrize(
    "save",
    [
        Taken.as_csv,
        lambda taken: taken.as_csv(delimiter="\t", encoding="utf-16"),
        lambda taken: taken.as_csv(delimiter=",", encoding="utf-8-sig"),
    ],
)
def test_saved_as_csv_it_says_the_same(
    visitor: Client, devices: list[Device], save: Callable[[Taken], bytes]
) -> None:
    taken = Taken(visitor)
    taken.fill(devices[0].serial, mono="41 200", color="91\u00a0000", day="01/04/2022")
    taken.fill(devices[1].serial, mono="41201,00", day=date(2022, 4, 2))

    assert give(visitor, save(taken), name="releves.csv").status_code == 303

    first, second = reading_of(meter_of(devices[0])), reading_of(meter_of(devices[1]))
    assert (first.value, first.taken_on) == (41_200, date(2022, 4, 1))
    assert (second.value, second.taken_on) == (41_201, date(2022, 4, 2))
    assert DueReading.objects.exclude(reading=None).count() == 3


def test_everything_that_asks_is_shown_in_the_page_and_the_rest_is_recorded(
    visitor: Client, devices: list[Device]
) -> None:
    taken = Taken(visitor)
    for number, device in enumerate(devices):
        taken.fill(device.serial, mono=41_200 + number)
    taken.fill(devices[3].serial, mono=39_600)
    taken.fill(devices[5].serial, mono="41.205")
    line = taken.line_of(devices[7].serial)
    taken.fill(devices[7].serial, serial="INCONNU-7")

    page = give(visitor, taken.as_xlsx())

    assert page.status_code == 422
    seen = text(page)
    assert "<title>Erreur" in seen
    assert f"Ligne {line} : n° de série inconnu ici, INCONNU-7" in seen
    assert "2 équipements" in seen.split('id="problems"')[1][:80]
    assert "87 impressions" in seen and "Prendre une photo" in seen
    assert "41 205" in seen
    typed = fields(page)
    assert (typed[field(devices[3])], typed[field(devices[5])]) == ("39600", "41.205")
    assert typed[field(devices[7])] == ""
    assert Receipt.objects.get().number in seen
    assert DueReading.objects.exclude(reading=None).count() == FLEET - 3


def test_the_page_that_asks_is_sent_on_as_the_ordinary_one(
    visitor: Client, devices: list[Device]
) -> None:
    taken = Taken(visitor)
    taken.fill(devices[0].serial, mono=41_200, color=289_000)
    page = give(visitor, taken.as_xlsx())
    assert 'action="/releves"' in text(page)
    form = fields(page) | {f"confirmed-{devices[0].pk}": "41200/289000"}
    assert visitor.post("/releves", form).status_code == 303
    assert reading_of(meter_of(devices[0], "color")).value == 289_000


def test_lines_in_any_order_with_some_missing_are_found_by_their_serials(
    visitor: Client, devices: list[Device]
) -> None:
    headings = [BLACK, "Mon commentaire", SERIAL]
    rows = [[41_230, "ok", devices[30].serial], [41_202, None, devices[2].serial]]
    title = ["Relevés du trimestre"]
    assert give(visitor, a_book([title, [], headings, *rows])).status_code == 303
    assert reading_of(meter_of(devices[30])).value == 41_230
    assert Receipt.objects.get().lines.count() == 2


def test_what_was_filled_in_for_her_and_left_so_says_nothing(
    visitor: Client, devices: list[Device], invitation: Invitation
) -> None:
    answers(invitation, devices[1], mono=41_200, now=OPENED)
    taken = Taken(visitor)
    clock.set(OPENED + timedelta(days=2))
    page = give(visitor, taken.as_xlsx())
    assert page.status_code == 422
    assert "aucun nombre nouveau" in text(page)

    taken.fill(devices[2].serial, mono=41_300)
    assert give(visitor, taken.as_xlsx()).status_code == 303
    assert Receipt.objects.order_by("-pk")[0].lines.count() == 1
    assert reading_of(meter_of(devices[1])).taken_on == DUE_ON


def test_a_value_left_as_it_was_does_not_undo_a_colleagues_newer_one(
    visitor: Client, devices: list[Device], invitation: Invitation
) -> None:
    answers(invitation, devices[1], mono=41_200, now=OPENED)
    taken = Taken(visitor)
    answers(invitation, devices[1], mono=41_500, now=OPENED + timedelta(minutes=5))
    taken.fill(devices[2].serial, mono=41_300)

    assert give(visitor, taken.as_xlsx()).status_code == 303

    assert reading_of(meter_of(devices[1])).value == 41_500


def test_a_number_against_a_colleagues_newer_one_is_asked_about(
    visitor: Client, devices: list[Device], invitation: Invitation
) -> None:
    taken = Taken(visitor)
    answers(invitation, devices[1], mono=41_500, now=OPENED + timedelta(minutes=5))
    taken.fill(devices[1].serial, mono=41_300)

    page = give(visitor, taken.as_xlsx())

    assert page.status_code == 422
    assert "Alexandra a déclaré 41 500" in text(page)
    assert visitor.post("/releves", fields(page)).status_code == 303
    assert reading_of(meter_of(devices[1])).value == 41_300


def test_half_a_device_keeps_its_day_when_the_other_half_comes(
    visitor: Client, devices: list[Device], invitation: Invitation
) -> None:
    answers(invitation, devices[0], mono=41_200, now=OPENED)
    clock.set(OPENED + timedelta(days=9))
    taken = Taken(visitor)
    taken.fill(devices[0].serial, color=91_000)
    assert give(visitor, taken.as_xlsx()).status_code == 303
    assert reading_of(meter_of(devices[0])).taken_on == DUE_ON
    assert reading_of(meter_of(devices[0], "color")).taken_on == DUE_ON + timedelta(days=9)


def test_a_device_on_two_lines_is_asked_about_and_both_lines_are_told(
    visitor: Client, devices: list[Device]
) -> None:
    serial = devices[1].serial
    rows = [[SERIAL, BLACK], [serial, 41_200], [serial, None], [serial, 41_900], [serial, 41_200]]
    page = give(visitor, a_book(rows))
    assert page.status_code == 422
    assert f"Ligne 4 : l’équipement {serial} est déjà à la ligne 2" in text(page)
    assert fields(page)[field(devices[1])] == "41200"
    assert not Receipt.objects.exists()


def test_the_same_line_twice_counts_once(visitor: Client, devices: list[Device]) -> None:
    serial = devices[1].serial
    rows = [[SERIAL, BLACK], [serial, 41_200], [serial, 41_200]]
    assert give(visitor, a_book(rows)).status_code == 303


def test_a_device_under_another_companys_code_is_not_taken(
    visitor: Client, devices: list[Device]
) -> None:
    page = give(visitor, a_book([[SERIAL, "Code", BLACK], [devices[1].serial, "CL9", 41_200]]))
    assert page.status_code == 422
    assert "n’est pas chez la société CL9" in text(page)
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("4,12E+04", "a arrondi ce nombre"),
        ("41.201", "41 201"),
        (41.201, "41 201"),
        (41_201.5, "Tapez les chiffres"),
        ("en panne", "Tapez les chiffres"),
        (-5, "Tapez les chiffres"),
    ],
)
def test_what_is_no_whole_number_stays_as_it_was_with_its_error(
    visitor: Client, devices: list[Device], stored: object, told: str
) -> None:
    page = give(visitor, a_book([[SERIAL, BLACK], [devices[1].serial, stored]]))
    assert page.status_code == 422
    assert told in text(page)
    assert fields(page)[field(devices[1])] == str(stored)


@pytest.mark.parametrize("stored", ["41 201 ", 41_201.0, "41201,0", "41\u202f201", "0041201"])
def test_a_number_as_spreadsheets_write_it_is_read(
    visitor: Client, devices: list[Device], stored: object
) -> None:
    content = a_book([[SERIAL, BLACK], [devices[1].serial, stored]])
    assert give(visitor, content).status_code == 303
    assert reading_of(meter_of(devices[1])).value == 41_201


@pytest.mark.parametrize(
    "stored", [datetime(2022, 4, 1), date(2022, 4, 1), "01/04/2022", "2022-04-01"]
)
def test_a_day_is_read_as_a_cell_or_as_a_text(
    visitor: Client, devices: list[Device], stored: object
) -> None:
    rows = [[SERIAL, BLACK, DAY], [devices[1].serial, 41_200, stored]]
    assert give(visitor, a_book(rows)).status_code == 303
    assert reading_of(meter_of(devices[1])).taken_on == date(2022, 4, 1)


def test_a_day_that_does_not_exist_is_told_in_its_row(
    visitor: Client, devices: list[Device]
) -> None:
    rows = [[SERIAL, BLACK, DAY], [devices[1].serial, 41_200, "31/02/2022"]]
    page = give(visitor, a_book(rows))
    assert page.status_code == 422
    assert "31/02/2022" in text(page) and fields(page)[field(devices[1])] == "41200"


def test_a_counter_the_device_does_not_have_is_told_in_its_row(
    visitor: Client, devices: list[Device]
) -> None:
    rows = [[SERIAL, BLACK, COLOUR], [devices[1].serial, 41_200, 1_234]]
    page = give(visitor, a_book(rows))
    assert page.status_code == 422
    assert "un compteur que cet équipement n’a pas (1234)" in text(page)
    assert fields(page)[field(devices[1])] == "41200"
    assert not Receipt.objects.exists()


def test_a_serial_stored_as_a_number_is_found_and_a_rounded_one_is_told(
    visitor: Client, devices: list[Device]
) -> None:
    found = a_book([[SERIAL, BLACK], [int(devices[1].serial), 41_200]])
    assert give(visitor, found).status_code == 303
    page = give(visitor, a_book([[SERIAL, BLACK], ["3,92366E+09", 41_200], [None, 5]]))
    assert "arrondi le n° de série (3,92366E+09)" in text(page)
    assert "Ligne 3 : le n° de série manque" in text(page)


def test_a_serial_that_lost_its_zeros_is_found_where_only_one_can_be_meant(
    visitor: Client,
) -> None:
    a_device(a_customer(), serial="0012345", mono=10)
    a_campaign()
    assert give(visitor, a_book([[SERIAL, BLACK], [12345, 400]])).status_code == 303


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("autre.xlsx", a_book([["Produit", "Prix"], ["Stylo", 2]]), "pas le tableur de vos équip"),
        ("vide.xlsx", a_book([]), "vide"),
        ("vide.csv", b"", "vide"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 40, "fichier texte"),
        ("vieux.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 40, ".xlsx"),
        ("abime.xlsx", b"PK\x03\x04" + b"nothing", ".xlsx"),
        ("gros.csv", b"a;b\n" * (5 * 1024 * 1024 // 4 + 1), "5 Mo"),
        ("long.csv", f"{SERIAL};{BLACK}\n".encode() + b"x;\n" * 6_000, "5 000 lignes"),
        ("sans.xlsx", a_book([[SERIAL, "Compteur"], ["3923600001", 41_200]]), "pas le tableur"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_file_gets_one_sentence_that_says_what_to_do(
    visitor: Client, devices: list[Device], name: str, content: bytes, told: str
) -> None:
    page = give(visitor, content, name=name)
    assert page.status_code == 422
    seen = text(page)
    assert "Le tableur n’a pas été lu" in seen and told in seen
    assert "<title>Erreur" in seen and 'name="spreadsheet"' in seen
    assert not Receipt.objects.exists()


def test_no_file_at_all_is_asked_for(visitor: Client, devices: list[Device]) -> None:
    page = visitor.post("/releves/tableur/envoyer", {})
    assert page.status_code == 422 and "Choisissez le tableur" in text(page)


def test_a_workbook_that_unpacks_to_too_much_is_refused_before(
    visitor: Client, devices: list[Device]
) -> None:
    bomb = BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 40 * 1024 * 1024)
    page = give(visitor, bomb.getvalue())
    assert page.status_code == 422 and "Le tableur n’a pas été lu" in text(page)


def test_a_cell_far_off_does_not_fill_the_memory(visitor: Client, devices: list[Device]) -> None:
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.append([SERIAL, BLACK])
    page["T900000"] = "x"
    content = BytesIO()
    book.save(content)
    answer = give(visitor, content.getvalue())
    assert answer.status_code == 422 and "Le tableur n’a pas été lu" in text(answer)


def test_the_same_form_sent_twice_gives_the_same_receipt(
    visitor: Client, devices: list[Device]
) -> None:
    taken = Taken(visitor)
    taken.fill(devices[1].serial, mono=41_200)
    content, nonce = taken.as_xlsx(), "7f0e7f56-1111-4222-8333-944455556666"
    rows = a_book([[SERIAL, BLACK], [devices[2].serial, 41_300]])
    first = give(visitor, content, nonce=nonce)
    second = give(visitor, content, nonce=nonce)
    assert first.status_code == 303 and second.status_code in (303, 422)
    assert give(visitor, rows, nonce=nonce).status_code == 409
    assert Receipt.objects.count() == 1


def test_after_the_signature_the_spreadsheet_corrects_the_next_invoice(
    visitor: Client, devices: list[Device]
) -> None:
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    taken = Taken(visitor)
    taken.fill(devices[1].serial, mono=41_200)
    assert give(visitor, taken.as_xlsx()).status_code == 303
    assert Reading.objects.filter(proposed=True).count() == 1


def test_the_spreadsheet_of_another_person_fills_nothing_here(
    visitor: Client, devices: list[Device]
) -> None:
    a_contact(stranger := a_customer(code="CL009000", name="Autre"), email="x@autre.example")
    a_device(stranger, serial="STRANGER", mono=5)
    a_campaign()
    page = give(visitor, a_book([[SERIAL, BLACK], ["STRANGER", 90]]))
    assert page.status_code == 422 and "n° de série inconnu ici, STRANGER" in text(page)
    assert not Receipt.objects.exists()
