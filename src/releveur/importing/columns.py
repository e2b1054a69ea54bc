"""Which column of a file says what: headings of a French dealer's exports, any order, any spelling.

Accents, case, dots and spaces are forgiven. A heading nobody knows is named and ignored.
docs/imports.md lists the first name of each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

FLEET: Mapping[str, Sequence[str]] = {
    "code": ("Code client", "N° client", "Code tiers", "CustomerCode"),
    "name": ("Raison sociale", "Société", "Nom du client", "Intitulé client"),
    "civility": ("Civilité",),
    "first_name": ("Prénom",),
    "last_name": ("Nom", "Nom du contact"),
    "department": ("Service du contact", "Service"),
    "email": ("Email", "E-mail", "Mail", "Adresse mail", "Courriel"),
    "phone": ("Téléphone", "Tél", "N° de téléphone"),
    "language": ("Langue",),
    "copy_to": ("Copie à", "En copie"),
    "quiet_until": ("Ne pas relancer jusqu'au", "Pas de relance avant"),
    "level": ("Niveau du contact", "Niveau"),
    "site": ("Site", "Nom du site", "Intitulé livraison"),
    "address": ("Adresse", "Adresse d'installation"),
    "postal_code": ("Code postal", "CP"),
    "town": ("Ville",),
    "location": ("Emplacement", "Localisation"),
    "maker": ("Marque", "Fabricant"),
    "model": ("Modèle",),
    "serial": ("N° de série", "No série", "Numéro de série", "Matricule", "SerialNumber"),
    "fleet_number": ("N° de parc", "Numéro de parc", "N° matériel", "AssetNumber"),
    "mode": ("Mode de relevé",),
    "installed": ("Date d'installation", "Date installation client"),
    "removed": ("Date de retrait", "Date de dépose"),
    "loan": ("Prêt", "Type d'installation"),
    "contract": ("N° de contrat", "No contrat", "Numéro de contrat"),
    "months": ("Périodicité (mois)", "Périodicité"),
    "next_due": ("Prochaine échéance", "Date prochaine facture"),
    "estimation": ("Estimation autorisée",),
    "payer_code": ("Code client facturé", "Code payeur"),
    "payer_name": ("Client facturé", "Raison sociale du client facturé"),
    "customer_reference": ("Référence client",),
    "service_code": ("Code service",),
    "commitment_number": ("N° d'engagement", "Numéro d'engagement"),
    "contract_since": ("Début de contrat", "Date de début"),
    "contract_until": ("Fin de contrat", "Date de fin"),
    "billed_on": ("Date du dernier relevé facturé", "Date du dernier relevé"),
    "nature": ("Nature du dernier relevé",),
    "meter": ("Compteur", "Désignation compteur"),
    "value": ("Valeur", "Index"),
    "volume": ("VMM",),
}

READINGS: Mapping[str, Sequence[str]] = {
    "serial": FLEET["serial"],
    "taken_on": ("Date", "Date du relevé", "Date relevé", "Date du compteur", "Relevé le"),
    "meter": FLEET["meter"],
    "value": FLEET["value"],
    "nature": ("Nature", "Nature du relevé", "Type de relevé"),
    "origin": ("Origine", "Source"),
    "occasion": ("Occasion", "Motif"),
    "billed": ("Facturé",),
}

REMARKS = "À corriger"
"""The column in which a file comes back with what is wrong; read again, it says nothing."""

MOST_REMEMBERED = 20_000
"""Texts of which it is remembered what they mean: a file says the same things over and over."""

_METER = re.compile(r"(compteur|vmm)[ _:-]+(.+)", re.IGNORECASE)


@dataclass(slots=True)
class Columns:
    """Where each field stands; `meters` and `volumes` by the label of the kind."""

    headings: Sequence[str]
    fields: dict[str, int] = field(default_factory=dict)
    meters: dict[str, int] = field(default_factory=dict)
    volumes: dict[str, int] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    def heading(self, name: str, known: Mapping[str, Sequence[str]]) -> str:
        """The heading of a field as the file writes it, else as we would."""
        return self.headings[self.fields[name]] if name in self.fields else known[name][0]


@lru_cache(MOST_REMEMBERED)
def bare(text: str) -> str:
    """A heading or a word without accents, case, dots and spaces: `N° de série` is `ndeserie`."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if letter.isalnum())


def is_ours(heading: str) -> bool:
    """Whether we added a column ourselves."""
    return bare(heading) == bare(REMARKS)


def find(
    headings: Sequence[str],
    known: Mapping[str, Sequence[str]],
    *,
    mapped: Sequence[str] | None = None,
) -> Columns:
    """Find the known columns of a table; one heading met twice counts once and is named.

    :param mapped: our heading for each of the file's, empty for those that do not matter
    """
    names = {bare(spelling): name for name, spellings in known.items() for spelling in spellings}
    found = Columns(headings)
    for position, heading in enumerate(mapped or headings):
        name, kind = names.get(bare(heading)), _METER.fullmatch(heading)
        if name:
            _keep(found, found.fields, name, position)
        elif kind:
            place = found.meters if kind[1].casefold() == "compteur" else found.volumes
            _keep(found, place, kind[2].strip(), position)
        elif heading and not is_ours(heading):
            found.unknown.append(heading)
    return found


def _keep(found: Columns, place: dict[str, int], name: str, position: int) -> None:
    if name in place:
        found.doubled.append(found.headings[position])
    else:
        place[name] = position
