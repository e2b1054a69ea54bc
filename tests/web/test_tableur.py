"""A fleet in a spreadsheet, taken down: typed, protected, in the order of the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from releveur.campaigns.models import Campaign, Invitation
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from tests.factories import (
    DUE_ON,
    OPENED,
    READ_ON,
    a_campaign,
    answers,
)
from tests.web.tableurs import (
    BLACK,
    COLOUR,
    DAY,
    SERIAL,
    Taken,
    a_book,
    a_fleet,
    give,
)
from tests.web.visiting import Page, a_visitor, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(devices: list[Device]) -> Campaign:
    return a_campaign()


def test_the_workbook_has_one_line_per_device_in_the_order_of_the_page(
    visitor: Client, devices: list[Device]
) -> None:
    taken = Taken(visitor)
    assert taken.answer["Content-Disposition"] == (
        'attachment; filename="releves-CL001007-2022-04-05.xlsx"'
    )
    assert taken.headings == [
        "Société", "Code", "Site", "Localisation", "Modèle", SERIAL, "N° de parc",
        "Dernier relevé Noir", "Date du dernier relevé Noir",
        "Dernier relevé Couleur", "Date du dernier relevé Couleur",
        BLACK, COLOUR, DAY, "Clé",
    ]  # fmt: skip
    serials = [row[5] for row in taken.page.iter_rows(min_row=2, values_only=True)]
    assert serials == [device.serial for device in devices], "Salle 9 comes before Salle 10"


def test_numbers_days_and_serials_are_stored_as_such(
    visitor: Client, devices: list[Device]
) -> None:
    taken = Taken(visitor)
    row = taken.page[taken.line_of(devices[4].serial)]
    serial, last, day = row[5], row[7], row[8]
    assert (serial.data_type, serial.number_format) == ("s", "@")
    assert (last.value, last.data_type) == (39_688, "n")
    assert isinstance(day.value, datetime) and day.value.date() == READ_ON
    assert day.number_format == "dd/mm/yyyy"


def test_only_the_cells_to_fill_are_open(visitor: Client, devices: list[Device]) -> None:
    taken = Taken(visitor)
    assert taken.page.protection.sheet and not taken.page.protection.password
    open_cells = {
        (row[5].value, heading)
        for row in taken.page.iter_rows()
        for heading, cell in zip(taken.headings, row, strict=True)
        if not cell.protection.locked
    }
    assert (devices[0].serial, COLOUR) in open_cells
    assert (devices[1].serial, COLOUR) not in open_cells, "this device has no such counter"
    assert {heading for _serial, heading in open_cells} == {BLACK, COLOUR, DAY}
    black_only, both = taken.page[3][12], taken.page[2][12]
    assert black_only.fill.fgColor.rgb != both.fill.fgColor.rgb


def test_the_workbook_checks_filters_and_prints(visitor: Client, devices: list[Device]) -> None:
    page = Taken(visitor).page
    kinds = {one.type: str(one.sqref) for one in page.data_validations.dataValidation}
    assert kinds == {"whole": "L2:L42 M2:M42", "date": "N2:N42"}
    whole = next(one for one in page.data_validations.dataValidation if one.type == "whole")
    assert whole.error == "Tapez les chiffres affichés à l’écran, par exemple 39684."
    assert page.freeze_panes == "A2" and page.auto_filter.ref == "A1:N42"
    assert page.column_dimensions["O"].hidden
    assert page.page_setup.orientation == "landscape" and page.print_title_rows == "$1:$1"


def test_what_stands_is_filled_in_and_an_estimate_is_not(
    visitor: Client, devices: list[Device], invitation: Invitation
) -> None:
    answers(invitation, devices[1], mono=41_200, now=OPENED)
    taken = Taken(visitor)
    row = taken.page[taken.line_of(devices[1].serial)]
    assert (row[11].value, row[11].protection.locked) == (41_200, False)
    assert isinstance(row[13].value, datetime) and row[13].value.date() == DUE_ON
    assert taken.page[2][11].value is None and taken.page[2][13].value is None


@pytest.mark.parametrize(
    "code", ['x"; filename="a.html', "x\r\nSet-Cookie: a=b", "../../etc", "é/\\u202e"]
)
def test_a_hostile_code_gives_the_file_no_name_of_its_own(
    visitor: Client, devices: list[Device], code: str
) -> None:
    Customer.objects.update(code=code)
    said = visitor.get("/releves/tableur")["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename(=\"[\w-]+\.xlsx\"|\*=utf-8''[\w%-]+\.xlsx)", said), (
        said
    )


def test_a_name_is_never_a_formula(visitor: Client, devices: list[Device]) -> None:
    devices[0].installations.update(location='=HYPERLINK("http://evil.example";"ici")')
    cell = Taken(visitor).page[2][3]
    assert cell.data_type == "s" or not str(cell.value).startswith("=")
    with ZipFile(BytesIO(visitor.get("/releves/tableur").content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_an_english_reader_gets_english_headings_and_her_file_is_read(
    visitor: Client, devices: list[Device], invitation: Invitation
) -> None:
    type(invitation.contact).objects.update(language="en")
    taken = visitor.get("/releves/tableur")
    assert "readings-CL001007" in taken["Content-Disposition"]
    page = load_workbook(BytesIO(taken.content)).active
    assert isinstance(page, Worksheet)
    headings = [cell.value for cell in page[1]]
    assert "Serial number" in headings and "New counter Black" in headings
    row = [devices[1].serial if name == "Serial number" else None for name in headings]
    row[headings.index("New counter Black")] = 41_200  # type: ignore[call-overload]
    assert give(visitor, a_book([headings, row])).status_code == 303


def test_without_the_mails_link_there_is_no_spreadsheet(devices: list[Device]) -> None:
    assert Client().get("/releves/tableur").status_code == 403
    assert Client().post("/releves/tableur/envoyer", {}).status_code == 403


def test_the_entry_is_offered_to_whoever_has_many_devices(
    visitor: Client, devices: list[Device]
) -> None:
    seen = text(visitor.get("/releves"))
    assert "Télécharger le tableur" in seen and "Feuille à imprimer" in seen
    assert "Renvoyer le tableur rempli" in seen


def test_up_to_seven_devices_are_typed_without_a_spreadsheet() -> None:
    a_fleet(7)
    page = a_visitor(Invitation.objects.get(campaign=a_campaign())).get("/releves")
    assert "Télécharger le tableur" not in text(page)


def queries(act: Callable[[], Page]) -> int:
    with CaptureQueriesContext(connection) as caught:
        act()
    return len(caught)


@pytest.mark.parametrize("count", [8, 41])
def test_down_and_up_cost_the_same_whatever_the_number_of_devices(count: int) -> None:
    devices = a_fleet(count)
    visitor = a_visitor(Invitation.objects.get(campaign=a_campaign()))
    content = a_book([[SERIAL, BLACK], *([one.serial, 39_600] for one in devices)])
    assert queries(lambda: visitor.get("/releves/tableur")) <= 9
    assert queries(lambda: give(visitor, content)) <= 35
