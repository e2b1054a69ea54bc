"""A spreadsheet or text file made to fill the memory or the day is refused within seconds, at the import of your
fleet as where customers send theirs back, with a sentence; nothing of it is kept.

A workbook of 100 KB with a million rows, one whose directory lies, entities that repeat each other or name
another file, a cell in the last corner, a text in which a quotation mark never closes, one line of 5 MB,
a million columns, two million empty lines: each goes through the command `import_fleet` and through the
customer's upload, by the clock.

Without `_check_directory` in `importing/workbooks.py` the first ones unpack, without `_count_cells` the corner
fills its gap; without `_bounded` in `importing/tables.py` the texts are taken as they are. Entities meet two
walls, `_refuse_entities` there and a reader that knows none: either alone holds. What passes all that still meets the limits of its child (24). (Imports in the office's browser come
later, by a job, through the same door.)
"""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.readings.models import Reading
from tests.importing.test_bombs import CELL, LAUGHS, MEGABYTE, SHEET, TEXTS, a_bomb, a_million_rows
from tests.importing.test_workbooks import a_sheet
from tests.web.conftest import customer, devices, visitor
from tests.web.tableurs import give
from tests.web.visiting import text

__all__ = ["customer", "devices", "visitor"]

pytestmark = pytest.mark.django_db

SECONDS = 10
"""Measured under one; the machine may be busy."""
HEADINGS = b"Code client;N\xb0 de s\xe9rie;Compteur Noir\n"

BOMBS: dict[str, Callable[[], bytes]] = {
    "a million rows in 100 KB": a_million_rows,
    "64 MB of a picture": lambda: a_bomb({"xl/media/image1.png": b"\1" * 64 * MEGABYTE}),
    "texts that repeat each other": lambda: a_bomb(
        {SHEET: a_sheet(CELL), TEXTS: LAUGHS + b"<sst><si><t>&a9;</t></si></sst>"}
    ),
    "a text that names a file": lambda: a_bomb(
        {
            SHEET: a_sheet(CELL),
            TEXTS: b"<!DOCTYPE sst [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
            b"<sst><si><t>&x;</t></si></sst>",
        }
    ),
    "the last corner": lambda: a_bomb(
        {SHEET: a_sheet(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')}
    ),
    "a quotation mark that never closes": lambda: HEADINGS + b'CL1;"' + b"x\n" * 1_000_000,
    "one line of 4 MB": lambda: HEADINGS + b"x" * 4_000_000,
    "a million columns": lambda: b";" * 1_000_000 + b"x",
    "two million empty lines": lambda: b"\n" * 2_000_000,
    "zeros": lambda: bytes(4_000_000),
}

SAYS = {
    "a million rows in 100 KB": "une fois décompressé",
    "64 MB of a picture": "une fois décompressé",
    "texts that repeat each other": "illisible",
    "a text that names a file": "illisible",
    "the last corner": "plus de 250 colonnes",
    "a quotation mark that never closes": "jamais fermé",
    "one line of 4 MB": "jamais fermé",
    "a million columns": "plus de 250 colonnes",
    "two million empty lines": "vide",
    "zeros": "fichier texte",
}
"""What the sentence says, whoever reads it."""


@pytest.mark.parametrize("what", BOMBS)
def test_the_import_refuses_it_at_once_and_the_fleet_stays(tmp_path: Path, what: str) -> None:
    file = tmp_path / "parc.xlsx"
    file.write_bytes(BOMBS[what]())
    began = perf_counter()
    with pytest.raises(CommandError, match=f"rien n’a été importé(.|\n)*{SAYS[what]}"):
        call_command("import_fleet", file)
    assert perf_counter() - began < SECONDS
    assert not Device.objects.exists() and not Customer.objects.exists()


@pytest.mark.parametrize("what", BOMBS)
def test_the_customers_upload_refuses_it_at_once_with_a_sentence(
    devices: list[Device], visitor: Client, what: str
) -> None:
    bomb, before = BOMBS[what](), Reading.objects.count()
    began = perf_counter()
    page = give(visitor, bomb)
    assert perf_counter() - began < SECONDS
    assert page.status_code == 422 and SAYS[what] in html.unescape(text(page))
    assert Reading.objects.count() == before
