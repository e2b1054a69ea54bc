"""Why two lines differ, in a sentence an accountant can check with both files on the table."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from releveur.readings.wording import day, number
from releveur.rules.comparison import Code, Compared, Index, Line

TITLES: Mapping[Code, object] = {
    Code.OTHER_READING: gettext_lazy("another reading was taken"),
    Code.READING_NOT_TAKEN: gettext_lazy("a reading outside the days that count"),
    Code.READING_MISSING: gettext_lazy("reading missing here"),
    Code.REAL_AGAINST_ESTIMATE: gettext_lazy("real here, estimated there"),
    Code.TWO_ESTIMATES: gettext_lazy("two estimates"),
    Code.METERS_SWAPPED: gettext_lazy("meters swapped in the file"),
    Code.FIRST_READING: gettext_lazy("no index billed before is known here"),
    Code.OTHER_PREVIOUS: gettext_lazy("another billed index to begin with"),
    Code.PREVIOUS_NOT_BILLED: gettext_lazy("previous reading not marked as billed"),
    Code.PREVIOUS_MISSING: gettext_lazy("previous index missing here"),
    Code.COUNTER_CHANGED: gettext_lazy("the counter began again"),
    Code.NOT_DEDUCTED: gettext_lazy("too high an estimate not deducted there"),
    Code.ROUNDED: gettext_lazy("round numbers there"),
    Code.MINIMUM: gettext_lazy("minimum or lump sum there"),
    Code.REDUCED: gettext_lazy("included or deducted impressions there"),
    Code.DUPLICATED: gettext_lazy("line twice in the file"),
    Code.OTHER_PERIOD: gettext_lazy("line of another period"),
    Code.SERIAL_UNKNOWN: gettext_lazy("device unknown here"),
    Code.CONTRACT_UNCLEAR: gettext_lazy(
        "contract without lines here, or named with and without devices"
    ),
    Code.METER_UNKNOWN: gettext_lazy("meter unknown here"),
    Code.METER_NOT_BILLED: gettext_lazy("meter not billed here"),
    Code.NOT_COVERED: gettext_lazy("device not under contract that day"),
    Code.NOT_DUE: gettext_lazy("nothing due in this period"),
    Code.NO_ESTIMATE_ALLOWED: gettext_lazy("not read, estimate forbidden"),
    Code.BILLED_WITHOUT_LINE: gettext_lazy("billed index without a line in the file"),
    Code.NOTHING_PRINTED: gettext_lazy("nothing printed, no line there"),
    Code.OTHER_VALUE: gettext_lazy("two values on the same day"),
    Code.OTHER_PREVIOUS_VALUE: gettext_lazy("two previous values on the same day"),
    Code.OTHER_QUANTITY: gettext_lazy("the quantity there contradicts its indexes"),
    Code.NO_INDEXES: gettext_lazy("no indexes in the file"),
    Code.NOT_IN_FILE: gettext_lazy("not in the file"),
    Code.UNKNOWN: gettext_lazy("cause unknown"),
}

SENTENCES: Mapping[Code, object] = {
    Code.OTHER_READING: gettext_lazy(
        "The ERP took the reading %(their_new)s; here %(our_new)s counts, the real reading nearest to"
        " the day due that was known in time."
    ),
    Code.READING_NOT_TAKEN: gettext_lazy(
        "The ERP took the reading %(their_new)s. It was read too early, or after the deadline: here the"
        " estimate %(our_new)s counts, and the next period settles it."
    ),
    Code.READING_MISSING: gettext_lazy(
        "The ERP invoiced the index %(their_new)s, which is not among the readings here; here %(our_new)s"
        " counts. Import it and compare again."
    ),
    Code.REAL_AGAINST_ESTIMATE: gettext_lazy(
        "The ERP estimated %(their_new)s; here the real reading %(our_new)s counts."
    ),
    Code.TWO_ESTIMATES: gettext_lazy(
        "Nobody read it: the ERP estimated %(their_new)s, the rules here %(our_new)s. The next real"
        " reading settles both."
    ),
    Code.METERS_SWAPPED: gettext_lazy(
        "The indexes of two meters of this device stand crosswise in the file: %(their_new)s is that of"
        " the other meter, here %(our_new)s."
    ),
    Code.FIRST_READING: gettext_lazy(
        "The ERP’s line begins at %(their_previous)s; no index billed before is known here. Import the"
        " billed indexes (Facturé: oui) and compare again."
    ),
    Code.OTHER_PREVIOUS: gettext_lazy(
        "The ERP’s line begins at %(their_previous)s; the last index billed before this period is"
        " %(our_previous)s."
    ),
    Code.PREVIOUS_NOT_BILLED: gettext_lazy(
        "The ERP’s line begins at %(their_previous)s: that reading is here, but not as billed, so that"
        " ours begins at %(our_previous)s. Import it with Facturé: oui and compare again."
    ),
    Code.PREVIOUS_MISSING: gettext_lazy(
        "The ERP’s line begins at %(their_previous)s, which is not known here; ours begins at"
        " %(our_previous)s, the last billed index. Import it and compare again."
    ),
    Code.COUNTER_CHANGED: gettext_lazy(
        "The counter began again within the period. Here the impressions before and after it add up to"
        " %(our_quantity)s; the ERP invoiced %(their_quantity)s."
    ),
    Code.NOT_DEDUCTED: gettext_lazy(
        "The new index is below the one invoiced before. The ERP invoiced nothing; here the difference"
        " is given back."
    ),
    Code.ROUNDED: gettext_lazy(
        "The ERP invoices round numbers: its own indexes make %(their_span)s, its line says"
        " %(their_quantity)s."
    ),
    Code.MINIMUM: gettext_lazy(
        "The ERP’s line says %(their_quantity)s, its own indexes make %(their_span)s: a minimum or a lump"
        " sum was invoiced, or something else was added."
    ),
    Code.REDUCED: gettext_lazy(
        "The ERP’s line says %(their_quantity)s, its own indexes make %(their_span)s: included or spoiled"
        " impressions were taken off."
    ),
    Code.DUPLICATED: gettext_lazy(
        "The same line stands in the file twice: the same indexes and the same quantity."
    ),
    Code.OTHER_PERIOD: gettext_lazy(
        "This line (from %(their_previous)s to %(their_new)s) is not of this period."
    ),
    Code.SERIAL_UNKNOWN: gettext_lazy(
        "This device is not known here. Import it with the fleet, or check its serial number."
    ),
    Code.CONTRACT_UNCLEAR: gettext_lazy(
        "The line has no serial number, and no line here is of that contract alone. Export it with the"
        " serial number."
    ),
    Code.METER_UNKNOWN: gettext_lazy(
        "This device has no such meter here. Add it with the fleet, or check its name in the file."
    ),
    Code.METER_NOT_BILLED: gettext_lazy("This meter is not one that is billed here."),
    Code.NOT_COVERED: gettext_lazy(
        "The device was under no contract here on that day. Check since when its contract and its stay"
        " run."
    ),
    Code.NOT_DUE: gettext_lazy(
        "Nothing of this device was due here in this period, or it stood nowhere. Check the period and"
        " the due days of its contract."
    ),
    Code.NO_ESTIMATE_ALLOWED: gettext_lazy(
        "Nobody read it in time, and the contract forbids an estimate: nothing is billed here before"
        " the next reading."
    ),
    Code.BILLED_WITHOUT_LINE: gettext_lazy(
        "The index %(our_new)s stands here as invoiced by the ERP, but the file has no line of it."
    ),
    Code.NOTHING_PRINTED: gettext_lazy("Nothing was printed: here a line of 0, in the ERP none."),
    Code.OTHER_VALUE: gettext_lazy(
        "Of the same day the ERP has %(their_new)s, and here stands %(our_new)s, both as real: one of them"
        " is wrong. Look at the proof."
    ),
    Code.OTHER_PREVIOUS_VALUE: gettext_lazy(
        "Of the same day the ERP’s line begins at %(their_previous)s, and here %(our_previous)s was billed:"
        " one of them is wrong."
    ),
    Code.OTHER_QUANTITY: gettext_lazy(
        "The ERP’s line says %(their_quantity)s although its index went down, and no change of counter is"
        " known here: one of its numbers is wrong, or the change has to be entered here."
    ),
    Code.NO_INDEXES: gettext_lazy(
        "The file gives a quantity without its two indexes, or of a whole contract: nobody can say where the"
        " difference is from."
    ),
    Code.NOT_IN_FILE: gettext_lazy(
        "It was due here and under contract, and the file has no line of it: ask whether it was invoiced."
    ),
    Code.UNKNOWN: gettext_lazy("Nothing here says why. Look at both lines."),
}


def title(code: Code) -> str:
    """A cause in a few words."""
    return str(TITLES[code])


def sentence(code: Code, compared: Compared) -> str:
    """A cause with the numbers of these lines."""
    ours, theirs = compared.ours, compared.theirs
    first, last = (theirs[0], theirs[-1]) if theirs else (None, None)
    return str(SENTENCES[code]) % {
        "our_new": _said(ours.new if ours else None),
        "our_previous": _said(ours.previous if ours else None),
        "our_quantity": number(ours.quantity if ours else 0),
        "their_new": _said(last.new if last else None),
        "their_previous": _said(first.previous if first else None),
        "their_quantity": number(sum(line.quantity for line in theirs)),
        "their_span": number(_span(first, last)),
    }


def sentences(compared: Compared) -> str:
    """Every cause of a difference; the share of each where there are several."""
    parts = compared.parts
    if len(parts) == 1:
        return sentence(parts[0].code, compared)
    return " ".join(
        f"({signed(part.impressions)}) {sentence(part.code, compared)}" for part in parts
    )


def signed(impressions: int) -> str:
    """A difference with its sign; the minus of typography."""
    if impressions == 0:
        return "0"
    return ("+" if impressions > 0 else "\u2212") + number(abs(impressions))


def _said(index: Index | None) -> str:
    if index is None:
        return "–"
    if index.on is None:
        return number(index.value)
    return _("%(value)s of %(day)s") % {"value": number(index.value), "day": day(index.on)}


def _span(first: Line | None, last: Line | None) -> int:
    if first is None or last is None or first.previous is None or last.new is None:
        return 0
    return last.new.value - first.previous.value
