"""No file we hand out runs anything when it is opened: a text that a spreadsheet would take for a formula is a
text in a workbook and has an apostrophe before it in a CSV; numbers stay numbers, negative ones too.

Every field that a person or an import may fill holds texts beginning with = + - @, a tabulator, a line end or
their full-width kin, one device each. Every export the product has is made of them and read cell by cell, then
opened in LibreOffice, which must find no formula. A list of who writes spreadsheets fails when a new one is not here.

Without `TEXT` in `campaigns/basis_cells.py`, `neutral` in `campaigns/accruals_file.py`, `importing/differing_file.py` or
`importing/returning.py` the CSVs hold formulas; without `data_type = "s"` in `campaigns/basis_workbook.py`, `importing/differing_file.py`
or `web/portal/workbook.py` the workbooks do. (The returned file keeps the cells that came with it as they were:
what we add to it is what is looked at.)
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from releveur.campaigns import profile
from releveur.campaigns.models import Campaign, Invitation
from releveur.contracts.models import Contract
from releveur.customers.models import Customer, Site
from releveur.fleet.models import Device, Installation
from releveur.importing.formulas import BEGINS
from releveur.readings.models import Finding
from tests.factories import (
    OPENED,
    a_campaign,
    a_dealer,
    a_proof,
    answers,
)
from tests.importing.files import SEED, a_file, a_row, accepted
from tests.web.visiting import a_visitor

pytestmark = pytest.mark.django_db

SOURCE = Path(__file__).parents[2] / "src" / "releveur"
WRITERS = {
    "campaigns/accruals_file.py",
    "campaigns/basis_file.py",
    "campaigns/basis_workbook.py",
    "campaigns/comparison_file.py",
    "importing/differing_file.py",
    "importing/returning.py",
    "importing/returning_workbooks.py",
    "web/portal/workbook.py",
}
EVIL = tuple(
    begin + rest
    for begin in BEGINS
    for rest in ('HYPERLINK("http://evil.example";"!")', "1+cmd|' /C calc'!A0", "2")
)
SEEDS = "".join(f'columns."{name}" = "{name}"\n' for name in SEED if "mois" not in name)
FORMULA = "table:formula="
NUMBER = re.compile(r"-?\d+(,\d+)?")


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder with every export, of a fleet of evil texts."""
    folder = tmp_path / "exports"
    folder.mkdir()
    files = [a_file(tmp_path, *(a_row(serial=f"E{number}") for number in range(len(EVIL))))]
    accepted(files[0])
    campaign = a_fleet_of_evil()
    for name in ("", "facturation", "tabulation"):
        for form in ("csv", "xlsx"):
            out = folder / f"basis-{name}.{form}"
            call_command("export_basis", campaign.pk, format=form, profile=name, output=out)
    for form in ("csv", "xlsx"):
        call_command("export_changes", format=form, output=folder / f"changes.{form}")
    call_command("export_accruals", on=date(2022, 5, 1), output=folder / "accruals.csv")
    visitor = a_visitor(Invitation.objects.get())
    (folder / "sheet.xlsx").write_bytes(visitor.get("/releves/tableur").content)
    return folder


def a_fleet_of_evil() -> Campaign:
    """One text a device, in every field of it; all are answered, the first one's counters went down."""
    a_dealer()
    Customer.objects.update(name=EVIL[0])
    Contract.objects.update(
        number=EVIL[1][:40], payer_name=EVIL[2], payer_code=EVIL[3][:40],
        customer_reference=EVIL[4], service_code=EVIL[5], commitment_number=EVIL[6],
    )  # fmt: skip
    Site.objects.update(name=EVIL[7], address=EVIL[8], town=EVIL[9])
    for device, text in zip(Device.objects.order_by("pk"), EVIL, strict=True):
        Device.objects.filter(pk=device.pk).update(serial=f"{text}{device.pk}", fleet_number=text)
        Installation.objects.filter(device=device).update(location=text)
    campaign = a_campaign()
    invitation = Invitation.objects.get()
    for number, device in enumerate(Device.objects.order_by("pk")):
        down = number == 0
        answers(
            invitation, device, now=OPENED,
            mono=30_000 if down else 41_200, color=80_000 if down else 92_910,
            proof=a_proof() if down else None,
            reason=Finding.Answer.LAST_WAS_WRONG if down else None,
        )  # fmt: skip
    return campaign


def test_no_cell_of_any_export_is_a_formula_and_numbers_are_numbers(exports: Path) -> None:
    for name in (
        "basis-.csv", "basis-facturation.csv", "basis-tabulation.csv", "changes.csv", "accruals.csv",
    ):  # fmt: skip
        cells = list(of_a_text(exports / name))
        ours = [cell for cell in cells if cell.startswith(BEGINS) and not NUMBER.fullmatch(cell)]
        assert not ours and any("HYPERLINK" in cell for cell in cells), name
        assert not name.startswith("basis") or any(cell.startswith("-") for cell in cells), name
    for file in exports.glob("*.xlsx"):
        found = list(of_a_workbook(file))
        assert not [cell for cell, kind in found if kind == "f"], file.name
        assert any("HYPERLINK" in str(cell) for cell, kind in found if kind == "s"), file.name
        below = [cell for cell, kind in found if kind == "n" and isinstance(cell, int) and cell < 0]
        assert below or not file.name.startswith("basis"), file.name


def test_libreoffice_finds_no_formula_in_them(exports: Path, tmp_path: Path) -> None:
    (exports / "control.csv").write_text('"=1+1";2\r\n')
    texts = [
        exports / name for name in ("basis-.csv", "changes.csv", "accruals.csv", "control.csv")
    ]
    # `;` and quotes, UTF-8, from the first line, and what looks like a formula is one.
    as_csv = "--infilter=CSV:59,34,76,1,,0,false,true,false,false,false,-1,true"
    seen = opened(tmp_path / "texts", as_csv, *texts)
    assert FORMULA in seen.pop("control"), "LibreOffice runs what is not quoted"
    books = opened(tmp_path / "books", *exports.glob("*.xlsx"))
    assert len(seen) == 3 and len(books) == 5
    assert not [name for name, page in [*seen.items(), *books.items()] if FORMULA in page]
    for page in (seen["basis-"], books["basis-"]):
        assert re.search(r'office:value="-\d+"', page), "a negative volume is a number"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_we_write_into_a_returned_file_is_text(tmp_path: Path, form: str) -> None:
    heading = "=1+1"
    rows = [a_row(serial=f"E{number}") | {heading: text} for number, text in enumerate(EVIL)]
    file, out = a_file(tmp_path, *rows), tmp_path / f"returned.{form}"
    if form == "xlsx":
        file = as_a_workbook(file)
    theirs = tmp_path / "theirs.toml"
    theirs.write_text(f'columns."{heading}" = "Périodicité (mois)"\n' + SEEDS)
    with pytest.raises(CommandError):
        call_command("import_fleet", file, mapping=str(theirs), returned=out)
    if form == "csv":
        last = [row[-1] for row in csv.reader(io.StringIO(out.read_text()), delimiter=";")]
        assert not [cell for cell in last if cell.startswith(BEGINS)]
    else:
        cells = [row[-1] for row in load_workbook(out).worksheets[0].iter_rows()]
        assert not [cell for cell in cells if cell.data_type == "f"]
        last = [str(cell.value) for cell in cells]
    assert sum(heading in cell for cell in last) > len(EVIL) / 2, "it names the heading"


def test_every_writer_of_spreadsheets_is_looked_at_here() -> None:
    writes = re.compile(r"csv\.writer|DictWriter|Workbook\(|ZipFile\([^)]*\"w\"")
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if writes.search(path.read_text())
    }
    # The demonstration's own files, what is unpacked to be read, and a person's JSON, mails and photos.
    others = {name for name in found if name.startswith("ops/")} | {"importing/workbooks.py"}
    assert found - others == WRITERS


def of_a_text(file: Path) -> Iterator[str]:
    look = profile.named(file.stem.partition("-")[2])
    text = file.read_bytes().decode(look.encoding)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=look.separator):
        yield from row


def of_a_workbook(file: Path) -> Iterator[tuple[object, str]]:
    for row in load_workbook(file).worksheets[0].iter_rows():
        yield from ((cell.value, cell.data_type) for cell in row)


def as_a_workbook(file: Path) -> Path:
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    for row in csv.reader(io.StringIO(file.read_text()), delimiter=";"):
        page.append(row)
        for cell in page[page.max_row]:
            cell.data_type = "s"
    book.save(file.with_suffix(".xlsx"))
    return file.with_suffix(".xlsx")


def opened(folder: Path, *arguments: object) -> dict[str, str]:
    """Opened by LibreOffice without a window, and saved as plain XML: by name, what it saw."""
    program = shutil.which("soffice")
    if program is None:
        pytest.fail(
            "this test opens the exports in LibreOffice: install it (Debian: apt-get install"
            " libreoffice-calc), or run it by script/test faults, which does"
        )
    folder.mkdir()
    own = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    how = ["--headless", "--convert-to", "fods", "--outdir", str(folder), *map(str, arguments)]
    subprocess.run([program, own, *how], check=True, timeout=120, stdout=subprocess.DEVNULL)
    return {file.stem: file.read_text() for file in folder.glob("*.fods")}
