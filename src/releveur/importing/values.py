"""One cell, one value: days, numbers and words as exports write and spreadsheets spoil them.

Every function takes the text of a cell that is not empty, and raises `Misread` with a sentence that
says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from django.utils.translation import gettext as _

from releveur.customers.addresses import NoAddress, key, written
from releveur.fleet.models import Device, Installation
from releveur.importing.columns import MOST_REMEMBERED, bare
from releveur.importing.tables import Number
from releveur.readings.models import Quality, Reading
from releveur.rules import digits


class Misread(ValueError):
    """A cell does not hold what its column says; the message says what to do."""


EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
_FRENCH_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[ T].*)?")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?[eE]\+\d+")
_WHOLE_AS_DECIMAL = re.compile(r"(\d+)[.,]0+")
_ROUNDED = re.compile(r"(?=\d{10,}$)\d{1,6}0+|.*\D.*")
"""A stored number of ten digits and more with six that count: 3,92366E+09 was read back."""
_QUOTED_BY_A_SPREADSHEET = re.compile(r'="?(.*?)"?')

MONTHS: Mapping[str, int] = {
    "1": 1, "mensuel": 1, "mensuelle": 1, "mois": 1, "m": 1,
    "2": 2, "bimestriel": 2, "bimestrielle": 2, "b": 2,
    "3": 3, "trimestriel": 3, "trimestrielle": 3, "trimestre": 3, "t": 3,
    "4": 4, "quadrimestriel": 4, "quadrimestrielle": 4, "q": 4,
    "6": 6, "semestriel": 6, "semestrielle": 6, "semestre": 6, "s": 6,
    "12": 12, "annuel": 12, "annuelle": 12, "an": 12, "a": 12,
}  # fmt: skip
MODES: Mapping[str, Device.Mode] = {
    "mail": Device.Mode.ASKED, "email": Device.Mode.ASKED, "client": Device.Mode.ASKED,
    "portail": Device.Mode.ASKED, "manuel": Device.Mode.ASKED, "courriel": Device.Mode.ASKED,
    "telephone": Device.Mode.PHONE, "tel": Device.Mode.PHONE,
    "technicien": Device.Mode.TECHNICIAN, "prestataire": Device.Mode.TECHNICIAN,
    "automatique": Device.Mode.AUTOMATIC, "auto": Device.Mode.AUTOMATIC,
    "remontee": Device.Mode.AUTOMATIC, "collecteur": Device.Mode.AUTOMATIC,
    "aucun": Device.Mode.NONE, "aucune": Device.Mode.NONE, "jamais": Device.Mode.NONE,
}  # fmt: skip
NATURES: Mapping[str, Quality] = {
    "reel": Quality.ACTUAL, "reelle": Quality.ACTUAL, "r": Quality.ACTUAL,
    "releve": Quality.ACTUAL, "releveclient": Quality.ACTUAL,
    "releveprestataire": Quality.ACTUAL,
    "estime": Quality.ESTIMATED, "estimee": Quality.ESTIMATED, "estimation": Quality.ESTIMATED,
    "e": Quality.ESTIMATED,
    "accord": Quality.AGREED, "accordcommercial": Quality.AGREED,
}  # fmt: skip
ORIGINS: Mapping[str, Reading.Source] = {
    "client": Reading.Source.IMPORT, "releveclient": Reading.Source.IMPORT,
    "import": Reading.Source.IMPORT, "erp": Reading.Source.IMPORT,
    "technicien": Reading.Source.TECHNICIAN, "prestataire": Reading.Source.TECHNICIAN,
    "releveprestataire": Reading.Source.TECHNICIAN, "intervention": Reading.Source.TECHNICIAN,
    "agence": Reading.Source.OFFICE, "telephone": Reading.Source.OFFICE,
    "automatique": Reading.Source.AGENT, "remontee": Reading.Source.AGENT,
    "collecteur": Reading.Source.AGENT, "mail": Reading.Source.MAIL,
    "email": Reading.Source.MAIL, "interface": Reading.Source.API, "api": Reading.Source.API,
}  # fmt: skip
OCCASIONS: Mapping[str, Reading.Occasion] = {
    "periodique": Reading.Occasion.PERIODIC, "releve": Reading.Occasion.PERIODIC,
    "facturation": Reading.Occasion.PERIODIC,
    "installation": Reading.Occasion.INSTALLATION,
    "installationchezleclient": Reading.Occasion.INSTALLATION,
    "depose": Reading.Occasion.REMOVAL, "retrait": Reading.Occasion.REMOVAL,
    "reprise": Reading.Occasion.REMOVAL, "repriseclient": Reading.Occasion.REMOVAL,
    "resiliation": Reading.Occasion.REMOVAL,
    "intervention": Reading.Occasion.SERVICE, "suspension": Reading.Occasion.SERVICE,
    "pret": Reading.Occasion.LOAN, "installationenpret": Reading.Occasion.LOAN,
    "retourpret": Reading.Occasion.LOAN,
    "nouveaucompteur": Reading.Occasion.NEW_METER,
    "changementdecompteur": Reading.Occasion.NEW_METER,
}  # fmt: skip
LEVELS: Mapping[str, str] = {
    "client": "customer", "societe": "customer", "site": "site",
    "materiel": "device", "machine": "device", "equipement": "device",
}  # fmt: skip
LANGUAGES: Mapping[str, str] = {
    "fr": "fr", "francais": "fr", "frfr": "fr", "french": "fr",
    "en": "en", "anglais": "en", "english": "en", "engb": "en", "enus": "en",
}  # fmt: skip
STAYS: Mapping[str, Installation.Kind] = {
    "pret": Installation.Kind.LOAN, "oui": Installation.Kind.LOAN, "o": Installation.Kind.LOAN,
    "definitive": Installation.Kind.DEFINITIVE, "definitif": Installation.Kind.DEFINITIVE,
    "non": Installation.Kind.DEFINITIVE, "n": Installation.Kind.DEFINITIVE,
}  # fmt: skip
YES_NO: Mapping[str, bool] = {
    "oui": True, "o": True, "vrai": True, "1": True, "x": True, "yes": True, "true": True,
    "estimationautorisee": True,
    "non": False, "n": False, "faux": False, "0": False, "no": False, "false": False,
    "reel": False,
}  # fmt: skip


def word[T](text: str, words: Mapping[str, T]) -> T:
    """One of the words a column may hold, accents and case forgiven."""
    try:
        return words[bare(text)]
    except KeyError:
        known = ", ".join(key for key in words if len(key) > 1 or key.isdigit())
        raise Misread(
            _("This word is not known. Write one of: %(words)s.") % {"words": known}
        ) from None


def months(text: str) -> int:
    """A period in digits or words: `3`, `3 mois`, `trimestrielle`."""
    return word(re.sub(r"\s*mois\s*$", "", text, flags=re.IGNORECASE) or text, MONTHS)


@lru_cache(MOST_REMEMBERED)
def day(text: str) -> date:
    """`05/01/2022`, with or without an hour behind, or the same in ISO; two digits mean 20xx."""
    if iso := _ISO_DAY.fullmatch(text):
        year, month, number = iso.groups()
    elif french := _FRENCH_DAY.fullmatch(text):
        number, month, year = french.groups()
    else:
        raise Misread(_("This is not a day. Write it as 05/01/2022."))
    try:
        found = date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(number))
    except ValueError:
        raise Misread(_("There is no such day. Write it as 05/01/2022.")) from None
    if not EARLIEST <= found < LATEST:
        raise Misread(_("This year is not possible. Check the day."))
    return found


def count(text: str) -> int:
    """A whole number of impressions: a value of a meter, or a monthly volume."""
    try:
        return digits.of_a_file(text)
    except digits.Scientific:
        raise Misread(_spoiled()) from None
    except digits.Ambiguous as either:
        raise Misread(
            _("Thousands or a fraction? Write %(number)d if thousands were meant.")
            % {"number": either.grouped}
        ) from None
    except ValueError:
        raise Misread(_("This is not a whole number. Write the digits only.")) from None


def serial(text: str) -> str:
    """A serial number: what a spreadsheet wraps round it is taken off, what it ruined is refused.

    A cell stored as a number is taken as its digits, unless most of them were rounded away.
    """
    if isinstance(text, Number) and _ROUNDED.fullmatch(text):
        raise Misread(_rounded())
    plain = identifier(text)
    if _SCIENTIFIC.fullmatch(plain):
        raise Misread(_spoiled())
    whole = _WHOLE_AS_DECIMAL.fullmatch(plain)
    return whole[1] if whole else plain


def identifier(text: str) -> str:
    """A code or a number that is no quantity: `="0012"` and `'0012` are 0012."""
    wrapped = _QUOTED_BY_A_SPREADSHEET.fullmatch(text)
    plain = (wrapped[1] if wrapped else text).removeprefix("'").strip()
    if not plain:
        raise Misread(_("This is empty. Write it, or leave the whole row out."))
    return plain


@lru_cache(MOST_REMEMBERED)
def address(text: str) -> str:
    """One e-mail address."""
    try:
        return written(text)
    except NoAddress:
        raise Misread(_("This is not one e-mail address. Write one a row.")) from None


def addresses(text: str) -> list[str]:
    """Several e-mail addresses, with `,` or `;` between them; each once."""
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, re.split("[,;]", text))):
        try:
            one = written(part)
        except NoAddress:
            message = _("« %(part)s » is no e-mail address. Write addresses with commas between.")
            raise Misread(message % {"part": part[:80]}) from None
        found.setdefault(key(one), one)
    return list(found.values())


def _spoiled() -> str:
    return _(
        "A spreadsheet has rounded this number and lost its digits. Export the file again and import"
        " it without opening it in a spreadsheet."
    )


def _rounded() -> str:
    return _(
        "This serial number was stored as a rounded number, like 3.92366E+09, and has lost its digits."
        " Write it again, in a cell formatted as text."
    )
