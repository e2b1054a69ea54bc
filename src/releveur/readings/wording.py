"""What a finding says to the person who typed the value: what we saw, and what to do."""

from __future__ import annotations

from datetime import date

from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from releveur.readings.submission import DateFault
from releveur.rules.digits import shown
from releveur.rules.validation import Code, Demand, Finding


def in_french() -> bool:
    """Whether the reader is spoken to in French; in English otherwise."""
    return (get_language() or "fr").startswith("fr")


def number(value: int) -> str:
    """A number as the reader writes it."""
    return shown(value, "fr" if in_french() else "en")


def day(value: date) -> str:
    """« 05/01/2022 » as the French write it; « 5 Jan 2022 » where 05/01 could be May."""
    return f"{value:%d/%m/%Y}" if in_french() else date_format(value, "j M Y")


def sentence(finding: Finding, *, meter: str = "") -> str:
    """One finding in plain words.

    :param meter: the label of its meter in the reader's language; none when it is of the device
    """
    words = {
        "meter": meter,
        "over": number(finding.over),
        "low": number(finding.low or 0),
        "high": number(finding.high or 0),
    }
    return _template(finding) % words


def date_sentence(fault: DateFault) -> str:
    """What is wrong with the day a value was read on."""
    match fault:
        case "IN_THE_FUTURE":
            return _("This day is still to come. Give the day on which the counter was read.")
        case "BEFORE_THE_LAST_READING":
            return _(
                "This day comes before the last reading. Give the day on which the counter was read."
            )
        case "ALREADY_INVOICED":
            return _("This day is invoiced already. Give the day on which the counter was read.")
        case "BEFORE_ITS_INSTALLATION":
            return _(
                "The device was not there yet on this day. Give the day on which the counter was read."
            )
        case "AFTER_IT_LEFT":
            return _(
                "The device was not there any more on this day. Give the day on which the counter was"
                " read, at the latest the day the device left."
            )


def _template(finding: Finding) -> str:
    match finding.code, finding.demand:
        case Code.LOWER_THAN_LAST, _demand:
            return ngettext(
                "The counter %(meter)s is %(over)s impression below the last actual reading. Check the"
                " screen; if it is right, add a photo of it.",
                "The counter %(meter)s is %(over)s impressions below the last actual reading. Check the"
                " screen; if it is right, add a photo of it.",
                finding.over,
            )
        case Code.LOWER_THAN_ESTIMATE, demand:
            return _below_our_estimate(finding, demand)
        case Code.UNCHANGED, _demand:
            return _("The counters are the same as last time. Was nothing printed?")
        case Code.UNUSUAL_LOW, _demand:
            return _(
                "Counter %(meter)s: %(over)s impressions is less than usual (%(low)s to %(high)s)."
                " Is the number right?"
            )
        case _other:
            return _(
                "Counter %(meter)s: %(over)s impressions is more than usual (%(low)s to %(high)s)."
                " Is the number right?"
            )


def _below_our_estimate(finding: Finding, demand: Demand) -> str:
    ours = ngettext(
        "Our estimate of the counter %(meter)s was too high by %(over)s impression: it will be"
        " deducted.",
        "Our estimate of the counter %(meter)s was too high by %(over)s impressions: they will be"
        " deducted.",
        finding.over,
    )
    if demand is Demand.PROOF:
        return ours + " " + _("Add a photo of the screen so that we can correct it.")
    return ours
