"""Rows written by COPY are the rows that were meant; and a fleet imported again is the fleet that was imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from releveur import putting
from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Contact, Customer, Site
from releveur.fleet.models import Device, DeviceModel, Installation, Meter, Respondent
from releveur.importing.report import Count
from releveur.readings.models import Billed, Reading
from tests.importing.files import a_file, a_row, accepted

pytestmark = pytest.mark.django_db

WRITTEN: tuple[type[models.Model], ...] = (
    Customer, Site, Contact, DeviceModel, Device, Installation, Meter, Respondent, Contract, Coverage, Reading, Billed,
)  # fmt: skip
SEVERAL = hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXTS = st.text(st.sampled_from("aé0 \\.,;\"'\t\r\n{}%")) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
)


@SEVERAL
@given(
    st.lists(
        st.tuples(TEXTS.map(lambda text: text[:160]), TEXTS, st.none() | TEXTS | st.integers())
    )
)
def test_every_text_arrives_as_it_is(told: list[tuple[str, str, str | int | None]]) -> None:
    rows = [
        Customer(code=f"C{number}", name=name, note=note, imported={note: said})
        for number, (name, note, said) in enumerate(told)
    ]
    with transaction.atomic():
        putting.put(Customer, rows)
        found = Customer.objects.in_bulk([row.pk for row in rows])
        transaction.set_rollback(True)

    assert [vars_of(row) for row in rows] == [vars_of(found[row.pk]) for row in rows]


def test_nothing_stays_nothing_and_an_empty_text_a_text() -> None:
    putting.put(Contact, [person := Contact(last_name="Martin")])
    person.refresh_from_db()

    assert (person.phone, person.quiet_until, person.imported) == ("", None, {})
    assert person.session_version == 1, "the database's own default"


def test_what_the_database_forbids_is_refused_as_ever() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        putting.put(Customer, [Customer(code="C1", name="A"), Customer(code="C1", name="B")])


def test_a_number_of_a_new_row_is_never_drawn_again() -> None:
    Customer.objects.create(code="C1", name="A")
    putting.put(Customer, [Customer(code="C2", name="B"), Customer(code="C3", name="C")])
    Customer.objects.create(code="C4", name="D")

    numbers = list(Customer.objects.order_by("code").values_list("pk", flat=True))
    assert numbers == sorted(set(numbers))


ROWS = st.lists(
    st.fixed_dictionaries({
        "code": st.sampled_from(["CL1", "CL2", "CL3"]),
        "site": st.sampled_from(["", "Dépôt", "Siège"]),
        "address": st.sampled_from(["1 rue A", "2 rue B"]),
        "location": st.sampled_from(["", "Accueil", 'Salle "A" ; 2e']),
        "email": st.sampled_from(["", "a@b.example", "c@d.example"]),
        "level": st.sampled_from(["client", "site", "matériel"]),
        "model": st.sampled_from(["B7025", "C8045"]),
        "contract": st.sampled_from(["", "K"]),
        "installed": st.sampled_from(["", "07/01/2019"]),
        "removed": st.sampled_from(["", "", "07/01/2021"]),
        "billed_on": st.sampled_from(["", "05/01/2022"]),
        "nature": st.sampled_from(["réel", "estimé"]),
        "mono": st.sampled_from(["", "0", "39684"]),
        "colour": st.sampled_from(["", "0", "89675"]),
        "mono_volume": st.sampled_from(["", "500"]),
    }),
    min_size=1,
    max_size=8,
)  # fmt: skip


@SEVERAL
@given(ROWS)
def test_any_fleet_imported_twice_is_as_it_was_after_the_first_time(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    for number, row in enumerate(rows):
        row |= {"serial": f"S{number}"}
        row["contract"] = row["contract"] and f"K-{row['code']}"
    path = a_file(tmp_path, *(a_row(**row) for row in rows))
    with transaction.atomic():
        first, written = accepted(path), everything()
        second, again = accepted(path), everything()
        transaction.set_rollback(True)

    assert again == written
    assert not second.differences
    for name, count in first.counts.items():
        assert second.counts[name] == Count(unchanged=count.created), name


def test_a_larger_fleet_takes_no_more_queries_new_or_again(tmp_path: Path) -> None:
    few = asked_for(lambda: accepted(a_file(tmp_path, *fleet("A", 2))))
    few_again = asked_for(lambda: accepted(a_file(tmp_path, *fleet("A", 2))))
    many = asked_for(lambda: accepted(a_file(tmp_path, *fleet("B", 40))))
    many_again = asked_for(lambda: accepted(a_file(tmp_path, *fleet("B", 40))))

    assert many <= few and many_again <= few_again


def fleet(letter: str, devices: int) -> list[dict[str, str]]:
    return [
        a_row(
            code=f"{letter}{number}", serial=f"{letter}{number}", contract=f"{letter}{number}",
            email=f"{letter}{number}@b.example", site=f"Site {number}",
        )
        for number in range(devices)
    ]  # fmt: skip


def asked_for(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as context:
        work()
    return len(context)


def everything() -> list[list[dict[str, object]]]:
    return [list(models.QuerySet(table).order_by("pk").values()) for table in WRITTEN]


def vars_of(row: models.Model) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if name != "_state"}
