"""The two files the dealer's ERP would export, and the one a collector would: the demo imports them all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from releveur.ops.demo.customers import COMPANIES, IN_PERSON, Company, Person
from releveur.ops.demo.machines import LAST, Machine, machines
from releveur.ops.demo.volumes import value_on

PERIODS = (
    date(2020, 4, 5), date(2020, 7, 5), date(2020, 10, 5), date(2021, 1, 5),
    date(2021, 4, 5), date(2021, 7, 5), date(2021, 10, 5), LAST,
)  # fmt: skip
"""The quarterly readings of two years."""

METERS = ("Noir", "Couleur", "Grand format noir", "Grand format couleur")

FLEET_HEADINGS = (
    "Code client", "Raison sociale", "Civilité", "Prénom", "Nom", "Service du contact", "Email",
    "Téléphone", "Langue", "Niveau du contact", "Site", "Adresse", "Code postal", "Ville",
    "Emplacement", "Marque", "Modèle", "N° de série", "N° de parc", "Mode de relevé",
    "Date d'installation", "N° de contrat", "Périodicité (mois)", "Prochaine échéance",
    "Estimation autorisée", "Code client facturé", "Référence client", "Code service",
    "N° d'engagement", "Date du dernier relevé facturé", "Nature du dernier relevé",
    *(f"Compteur {label}" for label in METERS), *(f"VMM {label}" for label in METERS),
)  # fmt: skip

READING_HEADINGS = (
    "N° de série", "Date du relevé", *(f"Compteur {label}" for label in METERS),
    "Nature", "Origine", "Occasion", "Facturé",
)  # fmt: skip

INVOICE_HEADINGS = (
    "N° de contrat", "N° de série", "Compteur", "Date ancien relevé", "Ancien index",
    "Date nouveau relevé", "Nouvel index", "Nature", "Quantité",
)  # fmt: skip


def fleet() -> str:
    """The fleet as the ERP exports it: a row per device, numbers and days in an ERP's dress."""
    return _table(FLEET_HEADINGS, _fleet_rows())


def history() -> str:
    """The readings invoiced in the two years before, and what the collector sent by 4 April 2022."""
    return _table(READING_HEADINGS, _history_rows())


def collected(on: date) -> str:
    """What the devices that report alone show on a day, as a collector's export."""
    alone = [one for one in machines() if one.mode == "automatique"]
    rows = (_reading(one, on, origin="remontée", billed="non") for one in alone)
    return _table(READING_HEADINGS, rows)


def invoiced(on: date) -> str:
    """The lines that the ERP invoiced for the quarter up to one of its days, a row per meter."""
    return _table(INVOICE_HEADINGS, _invoice_rows(on))


def _fleet_rows() -> Iterator[Mapping[str, str]]:
    for number, machine in enumerate(machines(), 1):
        company = COMPANIES[machine.customer]
        place = company.places[machine.place]
        person = IN_PERSON.get(machine.serial) or place.person or company.person
        assert person
        yield {
            "Code client": machine.customer,
            "Raison sociale": company.name,
            "Site": place.name,
            "Adresse": place.address,
            "Code postal": place.postal_code,
            "Ville": place.town,
            **_person(person),
            **_machine(machine, number),
            **_terms(company),
            **_last_billed(machine, company),
        }


def _person(person: Person) -> dict[str, str]:
    return {
        "Civilité": person.civility,
        "Prénom": person.first_name,
        "Nom": person.last_name,
        "Service du contact": person.department,
        "Email": person.email,
        "Téléphone": person.phone,
        "Langue": person.language,
        "Niveau du contact": person.level,
    }


def _machine(machine: Machine, number: int) -> dict[str, str]:
    return {
        "Emplacement": machine.location,
        "Marque": machine.maker,
        "Modèle": machine.model,
        "N° de série": machine.serial,
        "N° de parc": f"BL-{1_000 + number}",
        "Mode de relevé": machine.mode,
        "Date d'installation": _day(machine.installed),
        **{f"VMM {label}": str(one.monthly) for label, one in machine.registers.items()},
    }


def _terms(company: Company) -> dict[str, str]:
    terms = company.terms
    return {
        "N° de contrat": terms.number,
        "Périodicité (mois)": str(terms.months),
        "Prochaine échéance": terms.next_due,
        "Estimation autorisée": terms.estimation,
        "Code client facturé": terms.payer,
        "Référence client": terms.reference,
        "Code service": terms.service,
        "N° d'engagement": terms.commitment,
    }


def _last_billed(machine: Machine, company: Company) -> dict[str, str]:
    """The last index invoiced; a device with a new board brings it in its history, in its order."""
    if machine.new_board_on:
        return {}
    on = _parsed(company.terms.billed_on)
    return {
        "Date du dernier relevé facturé": f"{_day(on)} 00:00:00",
        "Nature du dernier relevé": "estimé" if machine.last_was_estimated else "réel",
        **{
            f"Compteur {label}": _grouped(_invoiced(machine, label, on))
            for label in machine.registers
        },
    }


def _invoiced(machine: Machine, label: str, on: date) -> int:
    """An estimate of the ERP was too high by an eighth of a month's impressions."""
    over = machine.registers[label].monthly // 8 if machine.last_was_estimated else 0
    return value_on(machine, label, on) + over


def _invoice_rows(on: date) -> Iterator[Mapping[str, str]]:
    """Contracts of other periods have their invoices on other days, and stand in other files."""
    before = PERIODS[PERIODS.index(on) - 1]
    for machine in machines():
        terms = COMPANIES[machine.customer].terms
        if terms.months != 3:
            continue
        estimated = machine.last_was_estimated and on == LAST
        for label in machine.registers:
            begins = value_on(machine, label, before)
            ends = _invoiced(machine, label, on) if estimated else value_on(machine, label, on)
            yield {
                "N° de contrat": terms.number,
                "N° de série": machine.serial,
                "Compteur": label,
                "Date ancien relevé": _day(before),
                "Ancien index": str(begins),
                "Date nouveau relevé": _day(on),
                "Nouvel index": str(ends),
                "Nature": "estimé" if estimated else "réel",
                "Quantité": str(ends - begins + _of_the_old_board(machine, label, before, on)),
            }


def _of_the_old_board(machine: Machine, label: str, before: date, on: date) -> int:
    born = machine.new_board_on
    return value_on(machine, label, born) if born and before < born < on else 0


def _history_rows() -> Iterator[Mapping[str, str]]:
    for machine in machines():
        months = COMPANIES[machine.customer].terms.months
        for on in _invoiced_days(machine):
            yield _reading(machine, on, origin="client", billed="oui" if months == 3 else "")
        if machine.new_board_on:
            yield from _new_board(machine, machine.new_board_on)
        if machine.mode == "automatique":
            yield _reading(machine, date(2022, 4, 4), origin="remontée", billed="non")


def _invoiced_days(machine: Machine) -> Iterator[date]:
    """The quarterly days, less the one the ERP estimated; other contracts are read on them too."""
    terms = COMPANIES[machine.customer].terms
    for on in PERIODS:
        ahead = terms.months != 3 and on > _parsed(terms.billed_on)
        if not (ahead or (machine.last_was_estimated and on == LAST)):
            yield on


def _new_board(machine: Machine, on: date) -> Iterator[Mapping[str, str]]:
    """The technician reads the old board, then the new one, which counts from zero."""
    yield _reading(machine, on, origin="technicien", occasion="intervention", billed="non")
    fresh = dict.fromkeys(machine.registers, 0)
    yield _row(machine, on, fresh, origin="technicien", occasion="nouveau compteur", billed="non")


def _reading(
    machine: Machine, on: date, *, origin: str, occasion: str = "", billed: str
) -> Mapping[str, str]:
    values = {label: value_on(machine, label, on) for label in machine.registers}
    return _row(machine, on, values, origin=origin, occasion=occasion, billed=billed)


def _row(
    machine: Machine,
    on: date,
    values: Mapping[str, int],
    *,
    origin: str,
    occasion: str,
    billed: str,
) -> Mapping[str, str]:
    return {
        "N° de série": machine.serial,
        "Date du relevé": _day(on),
        "Nature": "réel",
        "Origine": origin,
        "Occasion": occasion,
        "Facturé": billed,
        **{f"Compteur {label}": _grouped(value) for label, value in values.items()},
    }


def _table(headings: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    names = list(headings)
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _parsed(text: str) -> date:
    day, month, year = map(int, text.split("/"))
    return date(year, month, day)


def _grouped(value: int) -> str:
    """Thousands apart, as French exports have them."""
    return f"{value:,}".replace(",", "\u202f")
