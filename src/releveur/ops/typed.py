"""What is typed at several commands, read in one way: values of counters, a photo, a serial number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.core.files import File
from django.utils.translation import gettext as _

from releveur.fleet import naming
from releveur.fleet.models import Device
from releveur.ops.doors import Refused
from releveur.readings import proofs
from releveur.readings.models import Proof
from releveur.rules import digits


def device(serial: str) -> Device:
    """The device of that serial number.

    :raises Refused: there is none
    """
    try:
        return naming.device(serial)
    except naming.UnknownSerial:
        raise Refused(_("There is no device %(serial)s.") % {"serial": serial}) from None


def values(texts: Sequence[str]) -> dict[str, int]:
    """« Noir=41 200 » as people type it.

    :raises Refused: a text that is no value of a meter
    """
    return dict(_value(text) for text in texts)


def label(text: str) -> tuple[str, str]:
    """« Noir=Impressions en noir »: a meter and its words.

    :raises Refused: no meter or no words
    """
    name, _separator, words = text.partition("=")
    if not name.strip() or not words.strip():
        raise Refused(_("%(text)s is not a label like Noir=Impressions.") % {"text": text})
    return name, words


def photo(file: Path | None) -> Proof | None:
    """The photo of a file, kept as a proof.

    :raises Refused: it cannot be read or is no photo
    """
    if file is None:
        return None
    try:
        with file.open("rb") as content:
            return proofs.store(File(content, name=file.name))
    except OSError as problem:
        raise Refused(
            _("%(file)s cannot be read: %(problem)s") % {"file": file, "problem": problem}
        ) from None
    except proofs.Refused as refusal:
        raise Refused(str(refusal)) from None


def _value(text: str) -> tuple[str, int]:
    name, separator, value = text.partition("=")
    try:
        if not separator:
            raise digits.NotANumber(text)
        return name, digits.typed(value)
    except ValueError:
        raise Refused(_("%(text)s is not a value like Noir=41200.") % {"text": text}) from None
