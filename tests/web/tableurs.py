"""Spreadsheets as people fill them in and programs save them, and a fleet to fill in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from io import BytesIO, StringIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from releveur import clock
from releveur.fleet.models import Device
from tests.factories import (
    OPENED,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
)
from tests.web.visiting import Page

FLEET = 41
BLACK, COLOUR, DAY = "Nouveau compteur Noir", "Nouveau compteur Couleur", "Relevé le"
SERIAL = "N° de série"


def a_fleet(count: int) -> list[Device]:
    """Devices of one customer; one in four prints in colour."""
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer())
    usual = {"mono": 500, "color": 1_050}
    return [
        a_device(
            customer,
            serial=f"39236{number:05}",
            location=f"Salle {number}",
            volumes=usual,
            mono=39_684 + number,
            color=89_675 + number,
        )
        if number % 4 == 0
        else a_device(
            customer,
            serial=f"39236{number:05}",
            location=f"Salle {number}",
            volumes=usual,
            mono=39_684 + number,
        )
        for number in range(count)
    ]


class Taken:
    """The workbook as downloaded: cells by serial number and heading."""

    def __init__(self, visitor: Client) -> None:
        self.answer = visitor.get("/releves/tableur")
        assert self.answer.status_code == 200
        self.book = load_workbook(BytesIO(self.answer.content))
        page = self.book.active
        assert isinstance(page, Worksheet)
        self.page = page

    @property
    def headings(self) -> list[str]:
        return [str(cell.value) for cell in self.page[1]]

    def line_of(self, serial: str) -> int:
        column = self.headings.index(SERIAL)
        cells = [row[column] for row in self.page.iter_rows()]
        return next(line for line, cell in enumerate(cells, 1) if cell.value == serial)

    def fill(self, serial: str, /, **typed: object) -> None:
        for name, value in typed.items():
            heading = {"mono": BLACK, "color": COLOUR, "day": DAY, "serial": SERIAL}.get(name, name)
            place = self.headings.index(heading) + 1
            self.page.cell(self.line_of(serial), place).value = value  # type: ignore[assignment]

    def as_xlsx(self) -> bytes:
        content = BytesIO()
        self.book.save(content)
        return content.getvalue()

    def as_csv(self, *, delimiter: str = ";", encoding: str = "cp1252") -> bytes:
        """As a French spreadsheet saves it: days as shown, hidden columns too."""
        out = StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
        for row in self.page.iter_rows(values_only=True):
            writer.writerow([_shown(value) for value in row])
        return out.getvalue().encode(encoding)


def _shown(value: object) -> object:
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else value


def give(visitor: Client, content: bytes, *, name: str = "releves.xlsx", **form: str) -> Page:
    file = SimpleUploadedFile(name, content)
    return visitor.post("/releves/tableur/envoyer", {"spreadsheet": file, **form})


def a_book(rows: Sequence[Any]) -> bytes:
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    for row in rows:
        page.append(list(row))
    content = BytesIO()
    book.save(content)
    return content.getvalue()
