"""What is yet to be invoiced, as a file: a line per meter, a total per contract, then one per kind of meter."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from releveur.campaigns.accruing import Accrual
from releveur.campaigns.basis import NATURES
from releveur.importing.formulas import neutral

type Cell = str | int | date | None

COLUMNS: Mapping[str, str] = {
    "total": "Total",
    "contract": "N° de contrat",
    "payer_code": "Code client facturé",
    "payer_name": "Client facturé",
    "customer_code": "Code client",
    "customer_name": "Raison sociale",
    "serial": "N° de série",
    "fleet_number": "N° de parc",
    "meter": "Compteur",
    "since_on": "Date du dernier relevé facturé",
    "since_value": "Dernier relevé facturé",
    "since_nature": "Nature du dernier relevé",
    "until_on": "Jusqu’au",
    "value": "Relevé",
    "nature": "Nature",
    "net": "Impressions",
    "of_this_period": "Dont de cette période",
    "regularisation": "Dont régularisation",
    "how": "Méthode d’estimation",
}
VOLUMES = ("net", "of_this_period", "regularisation")


@dataclass(slots=True)
class Sums:
    """What the lines add up to; filled while they are read."""

    lines: int = 0
    by_contract: list[dict[str, Cell]] = field(default_factory=list)
    by_kind: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def impressions(self) -> int:
        return sum(volumes["net"] for volumes in self.by_kind.values())

    def add(self, line: Mapping[str, Cell]) -> None:
        self.lines += 1
        _add(self.by_kind.setdefault(str(line["meter"]), Counter()), line)


def lines(accruals: Iterable[Accrual], sums: Sums) -> Iterator[dict[str, Cell]]:
    """Every line, and after those of a contract their total.

    :param sums: gets the totals of contracts and of kinds
    """
    for _contract, mine in groupby(accruals, key=lambda one: one.place.contract_id):
        volumes: Counter[str] = Counter()
        for one in mine:
            line = as_line(one)
            sums.add(line)
            _add(volumes, line)
            yield line
        names = ("contract", "payer_code", "payer_name", "customer_code", "customer_name")
        total = {name: line[name] for name in names} | {name: volumes[name] for name in VOLUMES}
        sums.by_contract.append(total)
        yield {"total": "TOTAL CONTRAT", **total}


def as_line(one: Accrual) -> dict[str, Cell]:
    """One meter: days as days, numbers as numbers, words in French as in the basis."""
    place, since, reached = one.place, one.since, one.reached
    return {
        "contract": place.contract,
        "payer_code": place.payer_code or place.contracted_code,
        "payer_name": place.payer_name or place.contracted_name,
        "customer_code": place.contracted_code,
        "customer_name": place.contracted_name,
        "serial": place.serial,
        "fleet_number": place.fleet_number,
        "meter": place.label,
        "since_on": since.taken_on if since else None,
        "since_value": since.value if since else None,
        "since_nature": NATURES[since.quality] if since else None,
        "until_on": reached.taken_on,
        "value": reached.value,
        "nature": NATURES[reached.quality],
        "net": one.net,
        "of_this_period": one.of_this_period,
        "regularisation": one.regularisation,
        "how": one.how,
    }


def as_csv(accruals: Iterable[Accrual], sums: Sums) -> Iterator[str]:
    """`;` between cells, days as dd/mm/yyyy, CRLF; what a spreadsheet would run is quoted."""
    yield _row(list(COLUMNS.values()))
    for line in lines(accruals, sums):
        yield _row([line.get(name) for name in COLUMNS])
    for label, volumes in [*sorted(sums.by_kind.items()), ("Tous", _all(sums))]:
        total: dict[str, Cell] = {"total": "TOTAL", "meter": label, **volumes}
        yield _row([total.get(name) for name in COLUMNS])


def _all(sums: Sums) -> Counter[str]:
    volumes: Counter[str] = Counter(dict.fromkeys(VOLUMES, 0))
    for of_a_kind in sums.by_kind.values():
        volumes.update(of_a_kind)
    return volumes


def _add(volumes: Counter[str], line: Mapping[str, Cell]) -> None:
    for name in VOLUMES:
        volume = line[name]
        assert isinstance(volume, int)
        volumes[name] += volume


def _row(cells: Sequence[Cell]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow([_text(cell) for cell in cells])
    return out.getvalue()


def _text(cell: Cell) -> str | int | None:
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    return neutral(cell) if isinstance(cell, str) else cell
