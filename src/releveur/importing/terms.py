"""Which contract covers each device of a file: by its number, else by period and due days.

A row without number belongs to the customer's unnumbered contract of that period: the one that
covers the device already, else one whose due days hold its next due date, else a new one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from releveur.among import Among, AmongTexts
from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Customer
from releveur.importing import comparing, deciding
from releveur.importing.comparing import Changes
from releveur.importing.deciding import Difference
from releveur.importing.picture import Picture, Said, SaidDevice
from releveur.importing.report import Remark, Report
from releveur.rules import schedule

FIRST_DUE = "first_due_on"
ESSENTIAL = ("months", "estimation_allowed", "payer_code")
"""What all devices of one contract must agree on; on the rest the first one counts."""


@dataclass(slots=True)
class _Terms:
    """Contracts as they will stand: those of the file by number, the unnumbered by customer."""

    headings: Mapping[str, str]
    numbered: dict[str, Contract]
    unnumbered: dict[tuple[int, int], list[Contract]] = field(
        default_factory=lambda: defaultdict(list)
    )
    covering: Mapping[str, Contract] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)
    told: dict[int, Said] = field(default_factory=dict)
    dated: set[int] = field(default_factory=set)
    confirmed: set[int] = field(default_factory=set)
    differing: set[int] = field(default_factory=set)
    """Contracts of which a line names a due day that is theirs, and one that is not."""


def settle(
    picture: Picture,
    customers: Mapping[str, Customer],
    coverages: Mapping[str, Coverage],
    *,
    report: Report,
) -> dict[str, Contract]:
    """Find, make and compare the contracts of a file.

    :param coverages: the open ones of the file's devices by serial, with their contracts
    :returns: the contract of each serial, written
    """
    terms = _load(picture, customers, coverages)
    found: dict[str, Contract] = {}
    # Who says a next due date speaks before who leaves it to be computed.
    for serial, said in sorted(picture.devices.items(), key=lambda one: one[1].next_due is None):
        due = _next_due(said)
        contract = _contract(serial, said, due, customers[said.customer], terms)
        found[serial] = contract
        _say(contract, said, terms, report)
        _date(contract, said, due, terms, report)
    _write({id(one): one for one in found.values()}, terms, report)
    return found


def _load(
    picture: Picture, customers: Mapping[str, Customer], coverages: Mapping[str, Coverage]
) -> _Terms:
    numbered = {
        one.number: one
        for one in Contract.objects.filter(AmongTexts("number", picture.contracts)).select_related(
            "customer"
        )
    }
    terms = _Terms(picture.headings, numbered)
    # One object for one row: what is changed in one place is seen in the other.
    rows: dict[int, Contract] = {one.pk: one for one in numbered.values()}
    theirs = Among("customer", [one.pk for one in customers.values()])
    there = Contract.objects.filter(theirs, number="")
    for one in there.select_related("customer").order_by("pk"):
        rows[one.pk] = one
        terms.unnumbered[one.customer_id, one.months].append(one)
    terms.covering = {
        serial: rows.get(one.contract_id, one.contract) for serial, one in coverages.items()
    }
    return terms


def _next_due(said: SaidDevice) -> date | None:
    """The next due date: as said, else the last billed day and a period."""
    if said.next_due:
        return said.next_due
    return schedule.due_on(said.billed_on, said.months, 1) if said.billed_on else None


def _contract(
    serial: str, said: SaidDevice, due: date | None, customer: Customer, terms: _Terms
) -> Contract:
    if said.contract:
        return _numbered(said, customer, terms)
    present = terms.covering.get(serial)
    there = terms.unnumbered[customer.pk, said.months]
    if present in there:
        return present
    for one in there:
        if _holds(one, due):
            return one
    fresh = Contract(customer=customer, months=said.months)
    there.append(fresh)
    terms.fresh.add(id(fresh))
    return fresh


def _numbered(said: SaidDevice, customer: Customer, terms: _Terms) -> Contract:
    contract = terms.numbered.get(said.contract)
    if contract is None:
        contract = Contract(customer=customer, number=said.contract, months=said.months)
        terms.numbered[said.contract] = contract
        terms.fresh.add(id(contract))
    return contract


def _holds(contract: Contract, due: date | None) -> bool:
    if due is None or contract.first_due_on is None:
        return due is contract.first_due_on
    return schedule.on_grid(contract.first_due_on, contract.months, due)


def _say(contract: Contract, said: SaidDevice, terms: _Terms, report: Report) -> None:
    """Gather what every device says of one contract; an unnumbered one must agree with itself."""
    told = terms.told.setdefault(id(contract), Said(said.line))
    for name, value in told.add(said.terms.values).items():
        if not said.contract and name in ESSENTIAL:
            message = _(
                "Line %(line)d says otherwise of the same contract (%(name)s). Give each its number."
            )
            words = {"line": told.line, "name": comparing.label(Contract, name)}
            report.error(said.line, "", str(value), message % words)
    if said.contract and contract.customer.code != said.customer:
        message = _("This contract is %(customer)s's here. A contract has one customer.")
        words = {"customer": contract.customer.code}
        report.error(said.line, terms.headings["contract"], said.contract, message % words)
    if (
        "months" not in said.terms.values
        and id(contract) in terms.fresh
        and not told.values.get("months")
    ):
        message = _("The period is missing: quarterly was taken. Write it.")
        report.warn(said.line, terms.headings["months"], "", message)


def _date(
    contract: Contract, said: SaidDevice, due: date | None, terms: _Terms, report: Report
) -> None:
    """The next due date sets the first due day once; later only a day of the same grid is equal."""
    if due is None:
        if contract.first_due_on is None:
            message = _(
                "Neither a next due date nor a last reading: nothing will be due. Write one."
            )
            report.warn(said.line, terms.headings["next_due"], "", message)
        return
    if contract.first_due_on is None:
        contract.first_due_on = due
        terms.dated.add(id(contract))
        return
    if not said.next_due:
        return
    if schedule.on_grid(contract.first_due_on, contract.months, due):
        terms.confirmed.add(id(contract))
    else:
        _date_again(contract, said, due, terms, report)


def _date_again(
    contract: Contract, said: SaidDevice, due: date, terms: _Terms, report: Report
) -> None:
    """Another due day than those of the contract: an error where this file set them, else a difference."""
    first = contract.first_due_on
    set_by_this_file = terms.dated | terms.confirmed if report.prefer == "file" else set()
    assert first is not None
    message = _("This is no due day of the contract, which counts from %(day)s.")
    sentence = message % {"day": f"{first:%d/%m/%Y}"}
    remark = Remark(said.line, terms.headings["next_due"], f"{due:%d/%m/%Y}", sentence)
    if id(contract) in terms.fresh | set_by_this_file:
        report.errors.append(remark)
        return
    terms.differing.add(id(contract))
    found = Difference(FIRST_DUE, due.isoformat(), first.isoformat(), remark, f"{first:%d/%m/%Y}")
    if deciding.takes_the_files(contract, found, report):
        contract.first_due_on = due
        terms.dated.add(id(contract))


def _write(contracts: Mapping[int, Contract], terms: _Terms, report: Report) -> None:
    changes: Changes[Contract] = Changes()
    for key, contract in contracts.items():
        said = terms.told[key]
        if key in terms.fresh:
            comparing.fill(contract, said.values)
            changes.created.append(contract)
            report.counts["contracts"].created += 1
            continue
        took = comparing.compare(contract, said, changes, table="contracts", report=report)
        agrees = key in terms.confirmed and key not in terms.differing
        if key in terms.differing or (agrees and deciding.forget(contract, FIRST_DUE)):
            changes.touch(contract, "imported")
        if key in terms.dated:
            changes.touch(contract, "first_due_on")
            if not took:
                report.counts["contracts"].updated += 1
                report.counts["contracts"].unchanged -= 1
    changes.write(Contract)
