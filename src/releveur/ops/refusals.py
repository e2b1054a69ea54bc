"""What the house refuses at its doors, in sentences: one per fact, with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _

from releveur.campaigns import asking, by_phone, noting, proposing, retiring
from releveur.campaigns.answering import Question
from releveur.contracts import covering
from releveur.fleet import describing, making, moving, naming
from releveur.fleet.models import Meter
from releveur.ops.doors import Refused
from releveur.readings import submission, wording

SENTENCES: Mapping[type[Exception], object] = {
    naming.UnknownMeter: _("This device has no meter %(name)s; it has %(known)s."),
    by_phone.NothingDue: _("No campaign asked for this device."),
    submission.DigitsUnknown: _(
        "How many digits the display of %(meter)s has is not known. Say it: --digits 6."
    ),
    submission.TooFewDigits: _(
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
    sentence = " ".join(str(found["sentence"]) for found in findings)
    return Refused(sentence, answer={"accepted": False, "findings": findings})


def _findings(question: Question) -> list[dict[str, object]]:
    keys = [finding.key for finding in question.findings if finding.key]
    meters = Meter.objects.select_related("kind").in_bulk([int(key) for key in keys])
    found: list[dict[str, object]] = [
        {
            "meter": meters[int(finding.key)].kind.code if finding.key else None,
            "code": finding.code,
            "demand": finding.demand,
            "sentence": wording.sentence(
                finding, meter=meters[int(finding.key)].kind.label if finding.key else ""
            ),
        }
        for finding in question.findings
    ]
    if question.date_fault:
        sentence = wording.date_sentence(question.date_fault)
        found.append(
            {"meter": None, "code": question.date_fault, "demand": "CONFIRM", "sentence": sentence}
        )
    return found
