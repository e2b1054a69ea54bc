"""Workbooks made to fill the memory, the disk or the day: refused with a sentence, before they do."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pytest
from openpyxl import Workbook

from releveur.importing import files, workbooks
from releveur.importing.tables import Unreadable
from releveur.web.portal import returned
from tests.importing.files import imported
from tests.importing.test_workbooks import a_sheet

MEGABYTE = 1024 * 1024
MILLION = 1_000_000
SHEET, TEXTS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
CELL = b'<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
LAUGHS = b"<!DOCTYPE sst [<!ENTITY a0 'ha'>%s]>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (depth, b"&a%d;" % (depth - 1) * 10) for depth in range(1, 10)
)


def a_bomb(parts: Mapping[str, bytes], *, level: int = 9) -> bytes:
    """A workbook some of whose parts are these."""
    plain, bomb = io.BytesIO(), io.BytesIO()
    Workbook().save(plain)
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as out,
    ):
        for name in dict.fromkeys([*source.namelist(), *parts]):
            out.writestr(name, parts[name] if name in parts else source.read(name))
    return bomb.getvalue()


@contextmanager
def refused_at_once(*, within: float = 0.5) -> Iterator[None]:
    began = perf_counter()
    with pytest.raises(Unreadable) as refusal:
        yield
    assert perf_counter() - began < within
    assert str(refusal.value)


def a_million_rows() -> bytes:
    """Some 100 KB that unpack to 33 MB and a million rows."""
    bomb = a_bomb({SHEET: a_sheet(b"<row><c><v>12345678</v></c></row>" * MILLION)})
    assert len(bomb) < 110_000
    return bomb


@pytest.mark.parametrize("bounds", [workbooks.A_FLEET, returned.BOUNDS])
def test_a_small_file_with_a_million_rows_is_refused_at_once(bounds: workbooks.Bounds) -> None:
    bomb = a_million_rows()
    with refused_at_once():
        files.table(bomb, bounds=bounds)


def test_the_import_says_so_in_its_report(tmp_path: Path) -> None:
    path = tmp_path / "parc.xlsx"
    path.write_bytes(a_million_rows())
    with pytest.raises(Unreadable, match="CSV"):
        files.read(path)


@pytest.mark.django_db
def test_the_fleet_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "parc.xlsx"
    path.write_bytes(a_million_rows())
    [error] = imported(path).errors
    assert "CSV" in error.message


def test_what_unpacks_to_more_than_a_customer_has_is_refused_though_it_is_packed_badly() -> None:
    noise = b"".join(
        b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (n, n, n * n) for n in range(1, MILLION)
    )
    bomb = a_bomb({SHEET: a_sheet(noise)}, level=1)
    assert len(noise) < len(bomb) * workbooks.HIGHEST_RATIO
    with refused_at_once():
        files.table(bomb, bounds=returned.BOUNDS)


def test_parts_nobody_reads_count_too() -> None:
    bomb = a_bomb({"xl/media/image1.png": b"\1" * 64 * MEGABYTE})
    with refused_at_once():
        files.table(bomb, bounds=returned.BOUNDS)


def test_a_thousand_parts_are_no_workbook() -> None:
    bomb = a_bomb({f"xl/worksheets/sheet{n}.xml": b"" for n in range(workbooks.MOST_PARTS)})
    with refused_at_once():
        files.table(bomb)


def test_a_directory_that_lies_about_the_size_is_not_believed() -> None:
    bomb = bytearray(a_bomb({SHEET: a_sheet(CELL * 500_000)}))
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        real = archive.getinfo(SHEET).file_size
    told, small = struct.pack("<L", real), struct.pack("<L", 1_000)
    assert bomb.count(told) >= 2, "in the part's own head and in the directory"
    with refused_at_once():
        files.table(bytes(bomb.replace(told, small)), bounds=returned.BOUNDS)


@pytest.mark.parametrize("part", [SHEET, TEXTS, BOOK])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_texts_that_repeat_each_other_are_refused(part: str, encoding: str) -> None:
    texts = LAUGHS + b"<sst><si><t>&a9;</t></si></sst>"
    if encoding == "utf-16":
        texts = texts.decode().encode(encoding)
    bomb = a_bomb({SHEET: a_sheet(CELL), part: texts})
    with refused_at_once():
        files.table(bomb)


def test_a_text_that_names_another_file_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    names = f"<!DOCTYPE sst [<!ENTITY x SYSTEM '{secret.as_uri()}'>]>".encode()
    with refused_at_once():
        files.table(
            a_bomb({SHEET: a_sheet(CELL), TEXTS: names + b"<sst><si><t>&x;</t></si></sst>"})
        )
