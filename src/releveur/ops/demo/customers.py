"""The customers of a dealer who does not exist, who answers for them, and when they answer.

No address can be written to: `.example` is nobody's (RFC 2606).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

type Level = Literal["client", "site", "matériel"]


@dataclass(frozen=True, slots=True)
class Person:
    """An « interlocuteur relevé », at which level, and how soon he answers.

    `answers_at` has a number per period: before which reminder the person answers (1 to 3); None is
    silence. The person a visitor plays is silent: the visitor answers for her.
    """

    first_name: str
    last_name: str
    department: str
    email: str = ""
    phone: str = ""
    civility: str = "Mme"
    language: str = "fr"
    level: Level = "client"
    answers_at: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Place:
    address: str
    postal_code: str
    town: str
    name: str = ""
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract as the ERP has it; an empty number is a contract without one."""

    number: str = ""
    months: int = 3
    next_due: str = "05/04/2022"
    billed_on: str = "05/01/2022"
    estimation: str = "oui"
    reference: str = ""
    payer: str = ""
    service: str = ""
    commitment: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    places: tuple[Place, ...]
    person: Person | None = None
    terms: Terms = Terms()


ALEXANDRA = Person(
    "Alexandra", "Morel", "Comptabilité Fournisseurs", "alexandra.morel@gramont-services.example",
    "01 42 96 00 10", answers_at=(None, 1),
)  # fmt: skip

SOLENE = Person(
    "Solène", "Carpentier", "Secrétariat général", "solene.carpentier@robe-et-sceau.example",
    "01 45 44 00 21", answers_at=(1, 1),
)  # fmt: skip
"""She keeps the offices of a notary and of a law firm: one person, two companies, one mail."""

COMPANIES: Mapping[str, Company] = {
    "CL001007": Company(
        "Gramont Services",
        (Place("30 rue de Gramont", "75002", "Paris"),),
        ALEXANDRA,
        Terms("CT-2019-0117", reference="GRAMONT/IMP"),
    ),
    "CL001012": Company(
        "Lycée Camille-Flammarion",
        (
            Place("4 avenue des Cordeliers", "91260", "Juvisy-sur-Orge", "Bâtiment A – Administration"),
            Place("4 avenue des Cordeliers", "91260", "Juvisy-sur-Orge", "Bâtiment B – Sciences"),
            Place("11 rue Hoche", "91260", "Juvisy-sur-Orge", "Bâtiment C – Ateliers"),
        ),
        Person(
            "Farid", "Benali", "Intendance", "intendance@lycee-flammarion.example",
            "01 69 21 00 40", "M.", answers_at=(2, 2),
        ),
        Terms("CT-2018-0042", service="INTENDANCE", commitment="2022-0381"),
    ),
    "CL001015": Company(
        "Cabinet Aubrac Avocats",
        (Place("18 boulevard Raspail", "75007", "Paris"),),
        SOLENE,
        Terms("CT-2020-0203"),
    ),
    "CL001018": Company(
        "Étude Vernay, notaires",
        (Place("7 place Saint-Sulpice", "75006", "Paris"),),
        SOLENE,
        Terms("CT-2020-0204"),
    ),
    "CL001021": Company(
        "Atelier Morvan Architectes",
        (Place("52 rue de la Folie-Méricourt", "75011", "Paris"),),
        Person(
            "Jeanne", "Morvan", "Direction", "jeanne@atelier-morvan.example", "01 43 55 00 12",
            answers_at=(None, 1),
        ),
        Terms("CT-2019-0150"),
    ),
    "CL001024": Company(
        "Clinique des Tilleuls",
        (
            Place("2 allée des Tilleuls", "92190", "Meudon", "Clinique", Person(
                "Odile", "Grandjean", "Accueil", "accueil@clinique-tilleuls.example",
                "01 46 26 00 31", level="site", answers_at=(1, 1),
            )),
            Place("15 rue de la République", "92190", "Meudon", "Centre d’imagerie", Person(
                "Thomas", "Leroux", "Services techniques", "imagerie@clinique-tilleuls.example",
                "01 46 26 00 32", "M.", level="site", answers_at=(None, 2),
            )),
        ),
        terms=Terms("CT-2019-0098"),
    ),
    "CL001027": Company(
        "Imprimerie du Canal",
        (Place("88 quai de la Loire", "75019", "Paris"),),
        Person("Bruno", "Castel", "Atelier", "atelier@imprimerie-canal.example", civility="M."),
        Terms("CT-2021-0310"),
    ),
    "CL001030": Company(
        "Transports Delorme",
        (Place("Zone d’activité des Portes, lot 6", "77127", "Lieusaint"),),
        Person(
            "Nadia", "Delorme", "Exploitation", "exploitation@transports-delorme.example",
            "01 64 13 00 77",
        ),
        Terms("CT-2020-0188", estimation="non"),
    ),
    "CL001033": Company(
        "Mairie de Saint-Aubin-sur-Orne",
        (Place("1 place de la Mairie", "14750", "Saint-Aubin-sur-Orne"),),
        Person(
            "Hélène", "Lemarchand", "Secrétariat de mairie", "secretariat@mairie-saint-aubin.example",
            "02 31 97 00 05", answers_at=(3, None),
        ),
        Terms(
            "CT-2018-0011", months=12, next_due="01/04/2022", billed_on="01/04/2021",
            service="MAIRIE-14", commitment="E22-104",
        ),
    ),
    "CL001036": Company(
        "Boulangerie Perrault",
        (Place("9 rue des Martyrs", "75009", "Paris"),),
        Person("Gilles", "Perrault", "", phone="01 48 78 00 63", civility="M."),
    ),
    "CL001039": Company(
        "Hôtel Bellecombe",
        (Place("24 rue de Douai", "75009", "Paris"),),
        Person("Inès", "Roche", "Réception", "reception@hotel-bellecombe.example", "01 42 80 00 24"),
        Terms("CT-2021-0275"),
    ),
    "CL001042": Company(
        "Northgate Consulting France",
        (Place("112 avenue Kléber", "75116", "Paris"),),
        Person(
            "Emily", "Hart", "Accounts Payable", "emily.hart@northgate.example", "01 47 27 00 90",
            "Ms", "en", answers_at=(None, 1),
        ),
        Terms("CT-2021-0291", payer="NGT-LONDON"),
    ),
    "CL001045": Company(
        "Pharmacie de la République",
        (Place("5 place de la République", "94200", "Ivry-sur-Seine"),),
        Person(
            "Paul", "Nguyen", "", "pharmacie.republique@officine.example", "01 46 72 00 18", "M.",
            answers_at=(1, 1),
        ),
        Terms("CT-2020-0166"),
    ),
    "CL001048": Company(
        "Assurances Kermadec",
        (
            Place("30 quai Duguay-Trouin", "35000", "Rennes", "Siège"),
            Place("6 rue de Siam", "29200", "Brest", "Agence de Brest"),
        ),
        Person(
            "Maëlle", "Kermadec", "Moyens généraux", "moyens.generaux@assurances-kermadec.example",
            "02 99 31 00 44", answers_at=(2, 1),
        ),
        Terms("CT-2019-0133"),
    ),
    "CL001051": Company(
        "Coopérative agricole du Vexin",
        (Place("3 route de Magny", "95450", "Vigny"),),
        Person(
            "Luc", "Hardouin", "Comptabilité", "compta@coop-vexin.example", "01 30 39 00 15", "M.",
            answers_at=(1, None),
        ),
        Terms("CT-2019-0121", months=6, next_due="05/04/2022", billed_on="05/10/2021"),
    ),
    "CL001054": Company(
        "Ondine Voyages",
        (Place("14 rue de la Compagnie", "97400", "Saint-Denis"),),
        Person(
            "Clara", "Payet", "Agence", "agence@ondine-voyages.example", "02 62 20 00 08",
            answers_at=(None, None),
        ),
    ),
}  # fmt: skip

IN_PERSON: Mapping[str, Person] = {
    "E174M300418": Person(
        "Yann", "Le Goff", "Courrier", "courrier@assurances-kermadec.example", civility="M.",
        level="matériel", answers_at=(3, 1),
    ),
}  # fmt: skip
"""People who answer for one device only, by its serial number."""


def people() -> list[Person]:
    """Everybody who may answer, each once."""
    found: dict[str, Person] = {}
    for company in COMPANIES.values():
        at_places = [place.person for place in company.places]
        for person in (company.person, *at_places):
            if person:
                found.setdefault(person.email or person.phone, person)
    return [*found.values(), *IN_PERSON.values()]
