"""How an ERP wants the basis: which columns under which names, and how days and numbers look.

A profile is a TOML file with a name: shipped here, or the dealer's own in the data folder's
`profiles`, which wins. docs/basis.md describes it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

SHIPPED = Path(__file__).with_name("profiles")
COLUMNS: Mapping[str, str] = {
    "state": "Préfacturation",
    "contract": "N° de contrat",
    "payer_code": "Code client facturé",
    "payer_name": "Client facturé",
    "customer_reference": "Référence client",
    "service_code": "Code service",
    "commitment_number": "N° d’engagement",
    "customer_code": "Code client",
    "customer_name": "Raison sociale",
    "site": "Site",
    "address": "Adresse",
    "location": "Emplacement",
    "maker": "Marque",
    "model": "Modèle",
    "serial": "N° de série",
    "fleet_number": "N° de parc",
    "meter": "Compteur",
    "due_on": "Échéance",
    "previous_on": "Date du dernier relevé facturé",
    "previous_value": "Dernier relevé facturé",
    "previous_nature": "Nature du dernier relevé",
    "new_on": "Date du relevé",
    "new_value": "Relevé",
    "new_nature": "Nature",
    "origin": "Origine",
    "net": "Impressions",
    "of_this_period": "Dont de cette période",
    "regularisation": "Dont régularisation",
    "anomaly": "Anomalie",
    "estimated_how": "Méthode d’estimation",
    "proof": "Photo justificative",
}
FURTHER: Mapping[str, str] = {"regularised": "Détail de la régularisation"}
"""Columns that a profile may name: with ours, what was signed before them would be other bytes."""

ENCODINGS = ("utf-8-sig", "utf-8", "cp1252")
SEPARATORS = (";", ",", "\t", "|")


class ProfileMisread(Exception):
    """There is no such profile, or it says what cannot be done; the message says which."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`columns` are headings by our key, in their order; `decimals` are those of the volumes."""

    columns: Mapping[str, str]
    encoding: str = "utf-8-sig"
    separator: str = ";"
    decimal_sign: str = ","
    decimals: int = 0
    date_format: str = "%d/%m/%Y"
    totals: bool = True


OURS = Profile(COLUMNS)


def named(name: str) -> Profile:
    """Load the profile of that name; without a name, ours.

    :raises ProfileMisread: unknown, not TOML, or a setting that cannot be
    """
    if not name:
        return OURS
    for folder in (Path(settings.DATA_DIR) / "profiles", SHIPPED):
        path = folder / f"{name}.toml"
        if path.parent == folder and path.is_file():
            return _loaded(path)
    known = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.toml")))
    raise ProfileMisread(
        _("There is no profile %(name)s. Shipped: %(known)s.") % {"name": name, "known": known}
    )


def _loaded(path: Path) -> Profile:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        profile = Profile(columns=_columns(said.pop("columns")), **said)
        _check(profile)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise ProfileMisread(
            _("%(file)s is no profile: %(problem)s") % {"file": path, "problem": problem}
        ) from problem
    return profile


def _columns(said: Mapping[str, str]) -> Mapping[str, str]:
    keys = {heading: key for key, heading in {**COLUMNS, **FURTHER}.items()}
    if unknown := [heading for heading in said.values() if heading not in keys]:
        raise ValueError(_("there is no column %(names)s") % {"names": ", ".join(unknown)})
    if not said or len(set(said.values())) < len(said):
        raise ValueError(_("each column comes once, and there is at least one"))
    return {keys[heading]: name for name, heading in said.items()}


def _check(profile: Profile) -> None:
    choices = (
        ("encoding", profile.encoding, ENCODINGS),
        ("separator", profile.separator, SEPARATORS),
        ("decimal_sign", profile.decimal_sign, (",", ".")),
        ("decimals", profile.decimals, range(5)),
        ("totals", profile.totals, (True, False)),
    )
    for setting, value, allowed in choices:
        if value not in allowed:
            raise ValueError(f"{setting} = {value!r}")
    f"{date(2022, 1, 5):{profile.date_format}}".encode(profile.encoding)
