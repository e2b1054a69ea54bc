"""What the house refuses at its doors, in sentences: one per fact, with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from django.utils.translation import gettext_lazy as _

from releveur.campaigns import asking, by_phone, noting, proposing, retiring
from releveur.campaigns.questioning import Question
from releveur.contracts import covering
from releveur.fleet import describing, making, moving, naming
from releveur.fleet.models import Device, Meter
from releveur.ops.doors import Refused
from releveur.readings import mending, recording, wording
from releveur.readings.wording import Named
from releveur.rules.validation import Finding

SENTENCES: Mapping[type[Exception], object] = {
    naming.UnknownMeter: _("This device has no meter %(name)s; it has %(known)s."),
    by_phone.NothingDue: _("No campaign asked for this device."),
    recording.DigitsUnknown: _(
        "How many digits the display of %(meter)s has is not known. Say it: --digits 6."
    ),
    recording.TooFewDigits: _(
        "A display of %(digits)s digits never showed %(last)s. Check --digits, or give another reason."
    ),
    asking.TooLate: _("That day is over. Give a later one, or record the value with declare."),
    asking.TooFarAhead: _(
        "A reading is asked for at most 31 days ahead: what is read earlier would not count."
    ),
    asking.StandsNowhere: _(
        "%(serial)s stands nowhere that day. Give a day on which it is still there."
    ),
    asking.NotCovered: _(
        "%(serial)s is under no contract that day: nothing would be invoiced. Check the day."
    ),
    asking.NothingShown: _("No meter of %(serial)s is shown to the customer: nothing to ask."),
    asking.NobodyToAsk: _(
        "Nobody who answers for %(serial)s has a mail address. Add one to the fleet file, or phone and"
        " use declare."
    ),
    asking.AskedAlready: _(
        "Campaign %(number)s asks for this device until %(day)s. resend CODE sends its mail again;"
        " declare records what is told by phone."
    ),
    moving.StandsNowhere: _("%(serial)s stands nowhere. Check the serial number."),
    moving.LeftAlready: _("%(serial)s left on %(day)s already."),
    moving.CameLater: _("%(serial)s came on %(day)s only. Give a later day."),
    retiring.ReadLater: _(
        "%(serial)s was read on %(day)s still: it had not left before. Give that day or a later one."
    ),
    moving.StandsElsewhere: _("%(serial)s stands at %(site)s. Retire it there first."),
    covering.CoveredAlready: _(
        "%(serial)s is under contract %(contract)s already. End that first."
    ),
    naming.UnknownModel: _(
        "There is no model %(name)s. Write maker and name as the fleet file does: show_where lists them."
    ),
    describing.TooMuch: _(
        "At most %(steps)s steps, of at most %(letters)s characters each: they are read at the device."
    ),
    proposing.NoSuchProposal: _(
        "No value number %(number)s came after a signature: releveur proposals lists them."
    ),
    proposing.Settled: _(
        "Number %(number)s is settled already (%(state)s): nothing was done. What was accepted is"
        " corrected by another reading."
    ),
    making.ModelNeeded: _('%(serial)s is not known yet. Say its model: --model "Maker Name".'),
    making.UnknownKind: _("There is no kind of meter %(name)s; there are %(known)s."),
}


@contextmanager
def refusals(**words: object) -> Iterator[None]:
    """Turn what a verb refuses into its sentence, filled with these words and the fact's own."""
    try:
        yield
    except noting.Questioned as refusal:
        raise asked_back([refusal.question]) from None
    except tuple(SENTENCES) as fact:
        raise Refused(str(SENTENCES[type(fact)]) % {**words, **vars(fact)}) from None


def asked_back(questions: Iterable[Question]) -> Refused:
    """A declaration that raises questions: every finding, with its sentence."""
    findings = [found for one in questions for found in _findings(one)]
    sentence = " ".join(str(found["sentence"]) for found in findings) + _hint(findings)
    return Refused(sentence, answer={"accepted": False, "findings": findings})


def _findings(question: Question) -> list[dict[str, object]]:
    meters = _meters(question)
    found: list[dict[str, object]] = [
        {
            "meter": meters[int(finding.key)].kind.code if finding.key else None,
            "code": finding.code,
            "demand": finding.demand,
            "sentence": wording.sentence(finding, _named(finding, question, meters)),
            **_proposed(finding, meters),
        }
        for finding in question.findings
    ]
    if question.date_fault:
        sentence = wording.date_sentence(question.date_fault)
        found.append(
            {"meter": None, "code": question.date_fault, "demand": "CONFIRM", "sentence": sentence}
        )
    return found


def _meters(question: Question) -> dict[int, Meter]:
    keys = [finding.key for finding in question.findings if finding.key]
    keys += [meter for finding in question.findings for meter, _value in finding.mended]
    wanted = Meter.objects.select_related("kind", "device__model")
    return wanted.in_bulk({int(key) for key in keys})


def _named(finding: Finding, question: Question, meters: Mapping[int, Meter]) -> Named:
    full = next((one.full for one in question.offers if one.finding is finding), None)
    other = Device.objects.filter(pk=finding.other).first() if finding.other else None
    return Named(
        meter=meters[int(finding.key)].kind.label if finding.key else "",
        meters=[meters[int(meter)].kind.label for meter, _value in finding.mended],
        other=str(other or ""),
        full=full,
    )


def _proposed(finding: Finding, meters: Mapping[int, Meter]) -> dict[str, object]:
    """What `--mend` records instead, by meter; nothing where it only asks."""
    if finding.code not in mending.SLIPS or not finding.mended:
        return {}
    kinds = {meters[int(meter)].kind.code: value for meter, value in finding.mended}
    return {"mended": kinds}


def _hint(findings: Iterable[Mapping[str, object]]) -> str:
    """What to type to take what is proposed."""
    values = [
        f"{kind}={value}"
        for found in findings
        for kind, value in dict(cast("Mapping[str, int]", found.get("mended", {}))).items()
    ]
    if not values:
        return ""
    return " " + _("--mend records %(values)s; --confirm keeps what was said.") % {
        "values": " ".join(values)
    }
