"""The devices of a dealer who does not exist: what stands where, and how much it prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

MONO, COLOUR = "Noir", "Couleur"
LARGE_MONO, LARGE_COLOUR = "Grand format noir", "Grand format couleur"

LAST = date(2022, 1, 5)
"""The day of the last quarterly reading before the demonstration begins."""


@dataclass(frozen=True, slots=True)
class Register:
    """One meter: what it showed on `LAST`, and the impressions it counts in an average month."""

    on_last: int
    monthly: int


@dataclass(frozen=True, slots=True)
class Machine:
    serial: str
    customer: str
    maker: str
    model: str
    location: str
    registers: Mapping[str, Register]
    place: int = 0
    mode: str = "mail"
    installed: date = date(2019, 1, 7)
    off_since: date | None = None
    new_board_on: date | None = None
    last_was_estimated: bool = False


def machines() -> list[Machine]:
    """Every device, in the order of the ERP's export."""
    return [*_OF_THE_CITY, *_of_the_school()]


def _both(mono: int, colour: int, *, monthly: tuple[int, int]) -> dict[str, Register]:
    return {MONO: Register(mono, monthly[0]), COLOUR: Register(colour, monthly[1])}


def _mono(value: int, *, monthly: int) -> dict[str, Register]:
    return {MONO: Register(value, monthly)}


_OF_THE_CITY = (
    Machine("3923656030", "CL001007", "Xerox", "7855V_F", "Comptabilité, 1er étage",
            _both(39_684, 89_675, monthly=(500, 1_080))),
    Machine("3932410077", "CL001015", "Xerox", "AltaLink C8045", "Accueil",
            _both(64_310, 40_118, monthly=(1_450, 620))),
    Machine("3357120044", "CL001015", "Xerox", "VersaLink B405", "Bibliothèque",
            _mono(38_412, monthly=780)),
    Machine("3358870912", "CL001015", "Xerox", "VersaLink C405", "Bureau de Me Aubrac",
            _both(22_741, 16_038, monthly=(430, 260))),
    Machine("V2Y4801215", "CL001018", "Kyocera", "TASKalfa 3554ci", "Étude, rez-de-chaussée",
            _both(112_904, 31_277, monthly=(2_300, 540))),
    Machine("VRL7X03361", "CL001018", "Kyocera", "ECOSYS M3145idn", "Négociation",
            _mono(54_806, monthly=1_120)),
    Machine("3940075518", "CL001021", "Xerox", "AltaLink C8170", "Plateau, 2e étage", {
        MONO: Register(71_220, 1_280), COLOUR: Register(98_540, 1_760),
        LARGE_MONO: Register(9_842, 170), LARGE_COLOUR: Register(14_395, 260),
    }),
    Machine("2YX09417", "CL001021", "Canon", "imageRUNNER ADVANCE C3530i", "Salle de réunion",
            _both(18_264, 27_930, monthly=(320, 510))),
    Machine("C727K200185", "CL001024", "Ricoh", "IM C3000", "Accueil principal",
            _both(88_017, 35_482, monthly=(1_900, 720)), place=0),
    Machine("C727K200186", "CL001024", "Ricoh", "IM C3000", "Soins, 1er étage",
            _both(120_655, 18_204, monthly=(2_600, 380)), place=0),
    Machine("G986P801177", "CL001024", "Ricoh", "IM 430F", "Pharmacie intérieure",
            _mono(41_388, monthly=960), place=0),
    Machine("C727K200240", "CL001024", "Ricoh", "IM C3000", "Radiologie",
            _both(57_930, 61_744, monthly=(1_150, 1_240)), place=1),
    Machine("G986P801203", "CL001024", "Ricoh", "IM 430F", "Secrétariat médical",
            _mono(66_019, monthly=1_380), place=1, last_was_estimated=True),
    Machine("3950220801", "CL001027", "Xerox", "PrimeLink C9065", "Atelier, presse 1",
            _both(412_880, 1_084_327, monthly=(9_800, 26_400)), mode="automatique"),
    Machine("3950220802", "CL001027", "Xerox", "PrimeLink C9065", "Atelier, presse 2",
            _both(386_145, 962_470, monthly=(9_200, 23_700)), mode="automatique"),
    Machine("3357120171", "CL001027", "Xerox", "VersaLink B405", "Bureau",
            _mono(25_873, monthly=560), mode="automatique"),
    Machine("VRL7X03402", "CL001030", "Kyocera", "ECOSYS M3145idn", "Quai",
            _mono(97_240, monthly=2_050)),
    Machine("VRL7X03403", "CL001030", "Kyocera", "ECOSYS M3145idn", "Exploitation",
            _mono(83_512, monthly=1_760)),
    Machine("2YX11880", "CL001033", "Canon", "imageRUNNER ADVANCE C3525i", "Secrétariat",
            _both(46_905, 38_216, monthly=(840, 690))),
    Machine("XUG02219", "CL001036", "Canon", "i-SENSYS MF443dw", "Arrière-boutique",
            _mono(9_127, monthly=190)),
    Machine("C728R410066", "CL001039", "Ricoh", "IM C2500", "Réception",
            _both(30_118, 42_661, monthly=(610, 880)), mode="technicien"),
    Machine("3932410310", "CL001042", "Xerox", "AltaLink C8045", "3rd floor",
            _both(52_743, 77_902, monthly=(1_020, 1_540))),
    Machine("3932410311", "CL001042", "Xerox", "AltaLink C8045", "4th floor",
            _both(48_390, 69_118, monthly=(960, 1_390)), new_board_on=date(2021, 6, 15)),
    Machine("G986P801355", "CL001045", "Ricoh", "IM 430F", "Comptoir",
            _mono(72_604, monthly=1_610)),
    Machine("E174M300415", "CL001048", "Ricoh", "MP C4504", "Siège, 1er étage",
            _both(103_871, 58_226, monthly=(2_080, 1_150)), place=0),
    Machine("E174M300416", "CL001048", "Ricoh", "MP C4504", "Siège, 2e étage",
            _both(94_402, 47_015, monthly=(1_870, 930)), place=0),
    Machine("E174M300418", "CL001048", "Ricoh", "MP C4504", "Service courrier",
            _both(140_066, 12_930, monthly=(2_950, 270)), place=0),
    Machine("E174M300420", "CL001048", "Ricoh", "MP C4504", "Agence",
            _both(51_739, 33_408, monthly=(1_040, 650)), place=1, mode="automatique"),
    Machine("V2Y4801344", "CL001051", "Kyocera", "TASKalfa 3554ci", "Bureau",
            _both(61_525, 24_880, monthly=(1_180, 470))),
    Machine("XUG02274", "CL001051", "Canon", "i-SENSYS MF443dw", "Silo",
            _mono(6_340, monthly=140), off_since=date(2021, 8, 20)),
    Machine("3358871003", "CL001054", "Xerox", "VersaLink C405", "Agence",
            _both(19_482, 28_615, monthly=(390, 570))),
)  # fmt: skip

ROOMS = (
    ("Proviseur", "Vie scolaire", "Intendance", "Secrétariat", "Salle des professeurs", "CDI",
     "Reprographie", "Infirmerie", "Orientation", "Loge", "Salle du conseil", "Gestion",
     "Agence comptable"),
    ("Labo physique 1", "Labo physique 2", "Labo chimie 1", "Labo chimie 2", "SVT 1", "SVT 2",
     "Salle B101", "Salle B102", "Salle B103", "Salle B104", "Salle B201", "Salle B202",
     "Salle B203", "Salle B204"),
    ("Atelier bois", "Atelier métal", "Électrotechnique 1", "Électrotechnique 2", "Robotique",
     "Dessin", "Salle C1", "Salle C2", "Salle C3", "Salle C4", "Salle C5", "Magasin",
     "Bureau des chefs de travaux", "Foyer"),
)  # fmt: skip


def _of_the_school() -> Iterator[Machine]:
    """Forty-one devices of one customer in three buildings; one in four prints in colour."""
    number = 0
    for place, rooms in enumerate(ROOMS):
        for room in rooms:
            number += 1
            colour = number % 4 == 3
            monthly = 380 + number * 37 % 620
            registers = _mono(monthly * 24 + number * 211, monthly=monthly)
            if colour:
                registers[COLOUR] = Register(monthly * 9 + number * 97, monthly * 3 // 8)
            yield Machine(
                f"VRK{8_204_100 + number * 13}", "CL001012", "Kyocera",
                "ECOSYS M6635cidn" if colour else "ECOSYS M3145idn", room, registers, place,
            )  # fmt: skip
