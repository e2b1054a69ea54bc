"""What a finding says to the person who typed the value: what we saw, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, gettext_lazy, ngettext
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


@dataclass(frozen=True, slots=True)
class Named:
    """What a finding speaks of, as its reader calls it.

    `meter` and `device`: its own; `meters`: all that it would change; `other`: the second device;
    `full`: the value after which the counter would start again.
    """

    meter: str = ""
    meters: Sequence[str] = ()
    device: str = ""
    other: str = ""
    full: int | None = None


def sentence(finding: Finding, named: Named = Named()) -> str:
    """One finding in plain words."""
    words = {
        "meter": named.meter or in_a_row(named.meters),
        "meters": in_a_row([one[:1].lower() + one[1:] for one in named.meters]),
        "device": named.device,
        "other": named.other,
        "over": number(finding.over),
        "low": number(finding.low or 0),
        "high": number(finding.high or 0),
        "value": number(finding.mended[0][1]) if finding.mended else "",
        "full": number(named.full - 1) if named.full else "",
    }
    return _template(finding, named) % words


def in_a_row(names: Sequence[str]) -> str:
    """« noir, couleur et total »."""
    each = list(dict.fromkeys(names))
    if len(each) < 2:  # one has nothing before it
        return "".join(each)
    return _("%(some)s and %(last)s") % {"some": ", ".join(each[:-1]), "last": each[-1]}


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


def _template(finding: Finding, named: Named) -> str:
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
        case Code.UNCHANGED, _demand if not finding.key:
            return _("The counters are the same as last time. Was nothing printed?")
        case Code.RESET, _demand if not finding.key:
            return _(
                "The counters seem to have started again. Were they, or the device’s board, replaced?"
                " Add a photo of the screen."
            )
        case Code.ROLLED_OVER, _demand if not named.full:
            return _("Did the counter %(meter)s start again from zero after its last digit?")
        case Code.MISTYPED, _demand if not finding.mended:
            return _("A digit may have slipped in the counter %(meter)s. Is the number right?")
        case code, _demand:
            return str(_SENTENCES[code])


_SENTENCES = {
    Code.UNUSUAL_LOW: gettext_lazy(
        "Counter %(meter)s: %(over)s impressions is less than usual (%(low)s to %(high)s)."
        " Is the number right?"
    ),
    Code.UNUSUAL_HIGH: gettext_lazy(
        "Counter %(meter)s: %(over)s impressions is more than usual (%(low)s to %(high)s)."
        " Is the number right?"
    ),
    Code.UNCHANGED: gettext_lazy(
        "The counter %(meter)s is the same as last time. Was nothing printed with it?"
    ),
    Code.WITHIN_TOLERANCE: gettext_lazy(
        "The counter %(meter)s is %(over)s below the last reading: this model may lose a few pages"
        " when the power fails. You have nothing to do."
    ),
    Code.SWAPPED: gettext_lazy("You may have swapped %(meters)s. Swap them?"),
    Code.TOTAL_AS_MONO: gettext_lazy(
        "The total may stand in the field %(meter)s. Is %(value)s meant?"
    ),
    Code.MISTYPED: gettext_lazy(
        "A digit may have slipped in the counter %(meter)s. Is %(value)s meant?"
    ),
    Code.DIGITS: gettext_lazy(
        "The counter %(meter)s has more or fewer digits than one would expect. Is the number right?"
    ),
    Code.TOO_FAST: gettext_lazy(
        "Counter %(meter)s: %(over)s impressions is more than this model prints in that time. Is the"
        " number right?"
    ),
    Code.DO_NOT_ADD_UP: gettext_lazy(
        "On this device the total is the sum of the other counters. Check the numbers."
    ),
    Code.OTHER_DEVICE: gettext_lazy("These may be the counters of %(other)s. Put them there?"),
    Code.ROWS_EXCHANGED: gettext_lazy(
        "The counters of %(device)s and %(other)s may be swapped. Swap them?"
    ),
    Code.SAME_AS_OTHER: gettext_lazy(
        "%(device)s and %(other)s have the same counters. Are they right?"
    ),
    Code.SHIFTED: gettext_lazy("The counters may have slipped to the next line. Move them back?"),
    Code.ROLLED_OVER: gettext_lazy(
        "Did the counter %(meter)s start again from zero after %(full)s?"
    ),
    Code.RESET: gettext_lazy(
        "The counter %(meter)s seems to have started again. Was it, or the device’s board, replaced?"
        " Add a photo of the screen."
    ),
    Code.REPLACED: gettext_lazy(
        "The counters look like those of another device. Was this one replaced? Add a photo of the"
        " screen."
    ),
}


def mend_button(finding: Finding) -> str:
    """What the button says that takes the proposal; empty where the values say it best."""
    match finding.code:
        case Code.SWAPPED | Code.ROWS_EXCHANGED:
            return _("Swap them")
        case Code.OTHER_DEVICE:
            return _("Put them there")
        case Code.SHIFTED:
            return _("Move them back")
        case Code.ROLLED_OVER:
            return _("Yes")
        case _value:
            return ""


def keep_button(finding: Finding) -> str:
    """What the button says that leaves everything as typed."""
    return _("No") if finding.code is Code.ROLLED_OVER else _("Keep what I typed")


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
