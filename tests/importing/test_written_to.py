"""How a person is written to: who gets copies, and until when she is left in peace."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from releveur.customers.models import Contact
from tests.importing.files import a_file, a_row, accepted, imported
from tests.importing.test_workbooks import TYPED, a_workbook

pytestmark = pytest.mark.django_db

COPY, QUIET = "Copie à", "Ne pas relancer jusqu'au"


def a_person(copies: str = "", quiet: str = "") -> dict[str, str]:
    return a_row() | {COPY: copies, QUIET: quiet}


def test_copies_and_quiet_days_are_stored_from_a_csv_of_france(tmp_path: Path) -> None:
    row = a_person(
        "compta@gramont.example ;Direction@gramont.example, compta@GRAMONT.example", "15/06/2022"
    )
    accepted(a_file(tmp_path, row, encoding="cp1252"))

    contact = Contact.objects.get()
    assert contact.copy_to == "compta@gramont.example,Direction@gramont.example"
    assert contact.quiet_until == date(2022, 6, 15)


def test_a_workbook_may_hold_a_real_day(tmp_path: Path) -> None:
    row = {**TYPED, COPY: "compta@gramont.example", QUIET: date(2022, 6, 15)}
    accepted(a_workbook(tmp_path, row))

    assert Contact.objects.get().quiet_until == date(2022, 6, 15)


def test_an_address_that_is_none_and_a_day_that_is_none_are_errors_of_their_line(
    tmp_path: Path,
) -> None:
    bad = a_person("compta@gramont.example; direction(at)gramont", "bientôt")
    report = imported(a_file(tmp_path, a_row(), bad))

    assert [(one.line, one.column) for one in report.errors] == [(3, COPY), (3, QUIET)]
    assert "direction(at)gramont" in report.errors[0].message
    assert not Contact.objects.exists()


def test_too_many_copies_are_an_error(tmp_path: Path) -> None:
    many = ";".join(f"personne{number}@gramont.example" for number in range(30))

    assert [one.column for one in imported(a_file(tmp_path, a_person(many))).errors] == [COPY]


def test_her_own_address_needs_no_copy(tmp_path: Path) -> None:
    report = accepted(a_file(tmp_path, a_person("Alexandra@gramont-services.example")))

    assert Contact.objects.get().copy_to == ""
    assert [one.column for one in report.warnings] == [COPY]


def test_the_erp_changes_them_and_what_was_changed_here_stays(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_person("a@gramont.example", "15/06/2022")))
    accepted(a_file(tmp_path, a_person("b@gramont.example", "")))
    contact = Contact.objects.get()
    assert (contact.copy_to, contact.quiet_until) == ("b@gramont.example", date(2022, 6, 15))

    Contact.objects.update(copy_to="c@gramont.example")
    report = accepted(a_file(tmp_path, a_person("b@gramont.example", "01/07/2022")))
    contact.refresh_from_db()
    assert (contact.copy_to, contact.quiet_until) == ("c@gramont.example", date(2022, 7, 1))
    assert [(one.line, one.value) for one in report.differences] == [(2, "b@gramont.example")]


def test_of_two_lines_about_one_person_the_first_counts(tmp_path: Path) -> None:
    other = a_person("b@gramont.example", "16/06/2022") | {"N° de série": "B2"}
    report = accepted(a_file(tmp_path, a_person("a@gramont.example", "15/06/2022"), other))

    assert Contact.objects.get().copy_to == "a@gramont.example"
    assert [(one.line, one.column) for one in report.warnings] == [(3, COPY), (3, QUIET)]
