"""What stands here and not in the ERP: the values the office has yet to type there.

The ERP stays the master. What each row keeps as imported is compared with what stands here; a
person or a place that no file ever named counts where it belongs to something that one did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from django.db import models

from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Contact, Customer, Site
from releveur.fleet.models import Device, DeviceModel, Installation, Meter, Respondent
from releveur.importing import comparing, deciding, placing, terms
from releveur.importing.columns import FLEET, bare
from releveur.importing.deciding import Plain, plain
from releveur.importing.mapping import Named

type Shown = str | int | date
"""A value as a file of the ERP would have it; empty for nothing."""

CUSTOMER = {"name": "name"}
SITE = {"name": "site", "address": "address", "postal_code": "postal_code", "town": "town"}
CONTACT = {
    name: name
    for name in (
        "civility", "first_name", "last_name", "department", "email", "phone", "language",
        "copy_to", "quiet_until",
    )
}  # fmt: skip
DEVICE = {"fleet_number": "fleet_number", "mode": "mode"}
STAY = {"location": "location", "kind": "loan", "since": "installed"}
CONTRACT = {
    "months": "months",
    "estimation_allowed": "estimation",
    "payer_code": "payer_code",
    "payer_name": "payer_name",
    "customer_reference": "customer_reference",
    "service_code": "service_code",
    "commitment_number": "commitment_number",
    "since": "contract_since",
    "until": "contract_until",
}
"""Which column says what, by field of the table."""

DAYS = {"since", "until", "quiet_until", terms.FIRST_DUE}
WORDS: Mapping[object, str] = {
    **dict(
        zip(Device.Mode, ("mail", "téléphone", "technicien", "automatique", "aucun"), strict=True)
    ),
    Installation.Kind.DEFINITIVE: "définitive",
    Installation.Kind.LOAN: "prêt",
    True: "oui",
    False: "non",
}
LEVELS = {"customer": "client", "site": "site", "device": "matériel"}


@dataclass(frozen=True, slots=True)
class Changed:
    """One value: in which table, whose, under which heading, in the ERP and here."""

    table: str
    customer: str
    key: str
    heading: str
    erp: Shown
    here: Shown


@dataclass(slots=True)
class _Search:
    """What is asked for, and what every table needs to know."""

    since: date | None
    headings: Mapping[str, str]
    customers: dict[int, str] = field(default_factory=dict)
    found: list[Changed] = field(default_factory=list)

    def compare(
        self, row: models.Model, columns: Mapping[str, str], table: str, customer: str, key: str
    ) -> None:
        """Compare a row that a file named with what was imported, else with the defaults."""
        if deciding.made_here(row):
            return
        for name, column in columns.items():
            self.compare_field(row, name, (table, customer, key, column))

    def compare_field(self, row: models.Model, name: str, where: tuple[str, str, str, str]) -> None:
        met, here = deciding.met(row).get(name), getattr(row, name)
        if not self.is_old(row, name, here):
            imported: Mapping[str, Plain] = getattr(row, "imported")  # noqa: B009
            erp = met["said"] if met else imported.get(name, comparing.default(row, name))
            self.add(name, where, erp, here)

    def add(self, name: str, where: tuple[str, str, str, str], erp: object, here: object) -> None:
        """Keep a value that differs."""
        if (plain(erp) or None) != (plain(here) or None):
            table, customer, key, column = where
            heading = self.headings.get(column, column)
            changed = (_shown(name, erp), _shown(name, here))
            self.found.append(Changed(table, customer, key, heading, *changed))

    def is_old(self, row: models.Model, name: str, here: object) -> bool:
        """Whether an import met the difference before the day asked for."""
        met = deciding.met(row).get(name)
        if self.since is None or met is None or met["here"] != plain(here):
            return False
        return date.fromisoformat(met["since"]) < self.since


def differing(*, since: date | None = None, by: Named | None = None) -> list[Changed]:
    """Every value that differs here from the last imported one, by table.

    :param since: leave out what an import met before that day, unless it changed again
    :param by: whose headings to name: those of a mapping, else ours
    """
    search = _Search(since, _headings(by))
    for customer in Customer.objects.order_by("code"):
        search.compare(customer, CUSTOMER, "customers", customer.code, customer.code)
    for site in Site.objects.select_related("customer").order_by("customer__code", "pk"):
        search.compare(site, SITE, "sites", site.customer.code, _known_as(site, "name", "address"))
    _stays(search)
    _contacts(search)
    _devices(search)
    _contracts(search)
    return search.found


def _headings(by: Named | None) -> dict[str, str]:
    ours = {bare(spelling): name for name, names in FLEET.items() for spelling in names}
    theirs = by.columns.items() if by else ()
    return {name: spellings[0] for name, spellings in FLEET.items()} | {
        ours[bare(name)]: heading for heading, name in theirs if bare(name) in ours
    }


def _known_as(row: models.Model, *names: str) -> str:
    """How the ERP knows a row: by the first of these fields that it ever said."""
    imported: Mapping[str, Plain] = getattr(row, "imported")  # noqa: B009
    said = (imported.get(name, getattr(row, name)) for name in names)
    return next((str(one) for one in said if one), "")


def _stays(search: _Search) -> None:
    """Where each device stands, or left; and under which contract."""
    covering = {
        one.device_id: one.contract
        for one in Coverage.objects.filter(until=None).select_related("contract")
    }
    rows = Installation.objects.select_related("device", "site__customer").order_by(
        "device__serial", models.F("since").asc(nulls_first=True), "pk"
    )
    for _device, some in groupby(rows, key=lambda one: one.device_id):
        stays = list(some)
        last = stays[-1]
        search.customers[last.device_id] = last.site.customer.code
        told = next((one for one in reversed(stays) if not deciding.made_here(one)), None)
        if told:
            _stay(last, told, covering.get(last.device_id), search)


def _stay(
    last: Installation, told: Installation, contract: Contract | None, search: _Search
) -> None:
    where = ("installations", last.site.customer.code, last.device.serial)
    if last is told:
        search.compare(last, STAY, *where)
    elif not search.is_old(last, placing.SITE, last.site_id):
        _moved_here(last, told, search)
    met = deciding.met(last).get(placing.UNTIL)
    if not search.is_old(last, placing.UNTIL, last.until):
        left = met["said"] if met else last.imported.get(placing.UNTIL)
        search.add(placing.UNTIL, (*where, "removed"), left, last.until)
    if last.until is None and not search.is_old(last, placing.CONTRACT, str(contract or "–")):
        number = str(told.imported.get(placing.CONTRACT, "/"))
        erp = "" if number.startswith("/") else number
        here = contract.number if contract else ""
        search.add(placing.CONTRACT, (*where, "contract"), erp, here)


def _moved_here(last: Installation, told: Installation, search: _Search) -> None:
    code = last.site.customer.code
    where = ("installations", code, last.device.serial)
    search.add("code", (*where, "code"), told.site.customer.code, code)
    search.add(placing.SITE, (*where, "site"), str(told.site), str(last.site))
    for name, column in STAY.items():
        erp = told.imported.get(name, getattr(told, name))
        search.add(name, (*where, column), erp, getattr(last, name))


def _contacts(search: _Search) -> None:
    """Known persons, and those who answer here for something of the ERP and are not in it."""
    levels: dict[int, list[tuple[str, str]]] = {}
    answers = Respondent.objects.select_related("customer", "site__customer", "device")
    for one in answers.order_by("pk"):
        levels.setdefault(one.contact_id, []).extend(_answers_for(one, search))
    for contact in Contact.objects.order_by("pk"):
        targets = levels.get(contact.pk, [])
        customer = targets[0][0] if targets else ""
        key = _known_as(contact, "email", "last_name", "phone")
        if not deciding.made_here(contact):
            search.compare(contact, CONTACT, "contacts", customer, key)
            continue
        for code, target in targets:
            search.add("level", ("contacts", code, key, "level"), "", target)
        for name, column in CONTACT.items() if targets else ():
            search.add(name, ("contacts", customer, key, column), "", getattr(contact, name))


def _answers_for(one: Respondent, search: _Search) -> Iterator[tuple[str, str]]:
    """The customer and what of it, where a file named that."""
    if one.customer and one.customer.imported:
        yield one.customer.code, LEVELS["customer"]
    elif one.site and one.site.imported:
        yield one.site.customer.code, f"{LEVELS['site']} {one.site}"
    elif one.device and one.device.imported:
        code = search.customers.get(one.device_id or 0, "")
        yield code, f"{LEVELS['device']} {one.device.serial}"


def _devices(search: _Search) -> None:
    models_ = DeviceModel.objects.in_bulk()
    for device in Device.objects.select_related("model").order_by("serial"):
        customer = search.customers.get(device.pk, "")
        where = ("devices", customer, device.serial)
        search.compare(device, DEVICE, *where)
        met = deciding.met(device).get("model_id")
        told = models_.get(met["said"] if met else device.imported.get("model_id"))
        if told and not search.is_old(device, "model_id", device.model_id):
            search.add("maker", (*where, "maker"), told.maker, device.model.maker)
            search.add("model", (*where, "model"), told.name, device.model.name)
    for meter in Meter.objects.select_related("device", "kind").order_by("device__serial", "kind"):
        if not deciding.made_here(meter.device):
            where = ("meters", search.customers.get(meter.device_id, ""), meter.device.serial)
            search.compare_field(meter, "monthly_volume", (*where, f"VMM {meter.kind.label_fr}"))


def _contracts(search: _Search) -> None:
    rows: Iterable[Contract] = Contract.objects.select_related("customer")
    for one in rows:
        where = ("contracts", one.customer.code, str(one))
        search.compare(one, CONTRACT, *where)
        met = deciding.met(one).get(terms.FIRST_DUE)
        if met and not search.is_old(one, terms.FIRST_DUE, one.first_due_on):
            search.add(terms.FIRST_DUE, (*where, "next_due"), met["said"], one.first_due_on)


def _shown(name: str, value: Any) -> Shown:
    if value is None or value == "":
        return ""
    if name in DAYS and isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, bool) or name in ("mode", "kind"):
        return WORDS[value]
    return value if isinstance(value, int | date) else str(value)
