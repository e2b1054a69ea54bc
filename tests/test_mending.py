"""A slip is asked about, mended with one click or kept as typed; what was typed is never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from releveur.campaigns import by_phone, office
from releveur.campaigns.models import DueReading, Invitation, Receipt
from releveur.campaigns.questioning import Question
from releveur.customers.models import Customer
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device, DeviceModel, Meter
from releveur.ops.refusals import asked_back
from releveur.readings.models import Finding, Reading
from releveur.readings.submission import Declared
from releveur.rules import metering
from releveur.rules.validation import Code, Demand
from tests.factories import (
    OPENED,
    a_campaign,
    a_declaration,
    a_device,
    a_proof,
    meter_of,
    reading_of,
    sends,
)

pytestmark = pytest.mark.django_db

TODAY = date(2022, 4, 5)


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", volumes={"mono": 500, "color": 1_050})


@pytest.fixture
def swapped(device: Device) -> Declared:
    """Black and colour, each in the other's field."""
    declared = a_declaration(device, TODAY, mono=92_910, color=41_200)
    return replace(declared, confirmed=False)


def asked(invitation: Invitation, declared: Declared) -> Question:
    return sends(invitation, declared, now=OPENED).questions[declared.device]


def mended(declared: Declared, question: Question) -> Declared:
    [offer] = question.offers
    return replace(declared, mend=frozenset([offer.proposals[0].name]))


def kept(declared: Declared, question: Question) -> Declared:
    return replace(declared, keep=frozenset(offer.question for offer in question.offers))


def net_of(meter: Meter) -> int:
    """The impressions that the meter's answer brings, over its segments."""
    history = Reading.objects.standing().filter(meter=meter).histories()[meter.pk]
    return metering.net(history[0], history[-1], history)


def test_swapped_counters_are_asked_about_with_the_values_that_were_meant(
    invitation: Invitation, device: Device, swapped: Declared
) -> None:
    question = asked(invitation, swapped)

    [finding], [offer] = question.findings, question.offers
    assert (finding.code, finding.demand) == (Code.SWAPPED, Demand.CONFIRM)
    mono, color = meter_of(device).pk, meter_of(device, "color").pk
    assert dict(offer.proposals[0].values) == {mono: 41_200, color: 92_910}
    assert dict(offer.typed) == {mono: 92_910, color: 41_200}
    assert not Receipt.objects.exists()


def test_one_click_records_what_was_meant_and_what_was_typed(
    invitation: Invitation, device: Device, swapped: Declared
) -> None:
    outcome = sends(invitation, mended(swapped, asked(invitation, swapped)), now=OPENED)

    assert outcome.receipt is not None and not outcome.questions
    mono, color = meter_of(device), meter_of(device, "color")
    assert (reading_of(mono).value, reading_of(color).value) == (41_200, 92_910)
    for meter in (mono, color):
        found = reading_of(meter).findings.get()
        assert (found.code, found.answer) == ("SWAPPED", "MENDED")
        assert found.numbers["typed"] == {str(mono.pk): 92_910, str(color.pk): 41_200}
        assert found.numbers["mended"] == {str(mono.pk): 41_200, str(color.pk): 92_910}


def test_kept_as_typed_the_lower_counter_still_wants_its_photo(
    invitation: Invitation, device: Device, swapped: Declared
) -> None:
    as_typed = kept(swapped, asked(invitation, swapped))

    question = asked(invitation, as_typed)
    assert [(one.code, one.demand, one.key) for one in question.findings] == [
        (Code.LOWER_THAN_LAST, Demand.PROOF, str(meter_of(device, "color").pk))
    ]
    proved = replace(as_typed, proof=a_proof(), reason=Finding.Answer.LAST_WAS_WRONG)
    assert sends(invitation, proved, now=OPENED).receipt is not None
    color = reading_of(meter_of(device, "color"))
    assert color.value == 41_200 and color.proof is not None
    assert dict(color.findings.values_list("code", "answer")) == {
        "SWAPPED": "KEPT", "LOWER_THAN_LAST": "LAST_WAS_WRONG",
    }  # fmt: skip
    numbers = color.findings.get(code="SWAPPED").numbers
    assert numbers["typed"] != numbers["mended"], "what we proposed is kept beside what was typed"


def test_the_same_click_twice_gives_the_same_receipt(
    invitation: Invitation, swapped: Declared
) -> None:
    clicked = mended(swapped, asked(invitation, swapped))
    nonce = uuid4()
    first, second = (sends(invitation, clicked, now=OPENED, nonce=nonce) for _click in range(2))

    assert second.repeated and second.receipt == first.receipt and not second.questions
    assert Reading.objects.filter(source="CUSTOMER").count() == 2
    assert Finding.objects.filter(answer="MENDED").count() == 2


def test_a_number_changed_after_the_question_is_asked_about_again(
    invitation: Invitation, device: Device, swapped: Declared
) -> None:
    click = mended(swapped, asked(invitation, swapped)).mend
    other = replace(a_declaration(device, TODAY, mono=92_950, color=41_200), confirmed=False)

    question = asked(invitation, replace(other, mend=click))

    assert [one.code for one in question.findings] == [Code.SWAPPED]
    assert not DueReading.objects.answered().exists()


def test_a_name_that_nobody_offered_changes_nothing(
    invitation: Invitation, device: Device, swapped: Declared
) -> None:
    mono = meter_of(device).pk
    for name in (f"SWAPPED..{mono}=92910.{mono}=1", "SWAPPED", "...", "a=b_c"):
        assert asked(invitation, replace(swapped, mend=frozenset([name]))).findings
    assert not Reading.objects.filter(source="CUSTOMER").exists()


def test_a_proposal_may_not_name_a_meter_of_somebody_else(
    invitation: Invitation, swapped: Declared
) -> None:
    with pytest.raises(DueReading.DoesNotExist):
        sends(invitation, replace(swapped, mend=frozenset(["SWAPPED..1=1.999999=5"])), now=OPENED)


def test_a_counter_past_its_last_digit_is_one_question_and_goes_on(
    invitation: Invitation, customer: Customer
) -> None:
    """E10: 999 600, then 000 350: 750 impressions; nobody counted the digits of the display."""
    device = a_device(customer, serial="NINES", mono=999_600, volumes={"mono": 250})
    a_campaign()
    declared = replace(a_declaration(device, TODAY, mono=350), confirmed=False)

    question = asked(invitation, declared)
    [offer] = question.offers
    assert (offer.finding.code, offer.finding.demand) == (Code.ROLLED_OVER, Demand.CONFIRM)
    assert offer.full == 1_000_000

    assert sends(invitation, mended(declared, question), now=OPENED).receipt is not None
    mono = meter_of(device)
    standing = Reading.objects.standing().filter(meter=mono).order_by("segment", "pk")
    assert list(standing.values_list("segment", "value")) == [
        (1, 999_600), (1, 1_000_000), (2, 0), (2, 350),
    ]  # fmt: skip
    assert reading_of(mono).findings.get().answer == "ROLLED_OVER"
    assert net_of(mono) == 750


def test_said_no_a_rollover_asks_for_a_photo(invitation: Invitation, customer: Customer) -> None:
    device = a_device(customer, serial="NINES", mono=999_600, volumes={"mono": 250})
    a_campaign()
    declared = replace(a_declaration(device, TODAY, mono=350), confirmed=False)
    question = asked(invitation, kept(declared, asked(invitation, declared)))
    assert [one.code for one in question.findings] == [Code.LOWER_THAN_LAST]


def test_a_new_board_asks_for_a_photo_and_counts_from_zero(
    invitation: Invitation, device: Device
) -> None:
    """E11: 39 684, the board changed, 210 read: 210."""
    declared = replace(a_declaration(device, TODAY, mono=210, color=150), confirmed=False)
    question = asked(invitation, declared)
    assert [(one.code, one.demand) for one in question.findings] == [(Code.RESET, Demand.PROOF)]

    replaced = replace(declared, proof=a_proof(), reason=Finding.Answer.METER_REPLACED)
    assert sends(invitation, replaced, now=OPENED).receipt is not None
    assert [net_of(meter_of(device, code)) for code in ("mono", "color")] == [210, 150]


def test_what_the_old_counter_showed_last_and_the_new_one_first_is_counted(
    invitation: Invitation, device: Device
) -> None:
    """E9: 39 684 to 40 500, then 125 to 980: 816 + 855 = 1 671."""
    mono, color = meter_of(device), meter_of(device, "color")
    declared = replace(
        a_declaration(device, TODAY, mono=980, color=400), confirmed=False, proof=a_proof(),
        reason=Finding.Answer.METER_REPLACED, ended={mono.pk: 40_500}, began={mono.pk: 125},
    )  # fmt: skip
    assert sends(invitation, declared, now=OPENED).receipt is not None
    assert net_of(mono) == 1_671
    assert net_of(color) == 400, "of this one nobody knows more"


def test_a_few_pages_less_are_let_pass_where_the_maker_documents_it(
    invitation: Invitation, device: Device
) -> None:
    DeviceModel.objects.update(maker="HP", name="LaserJet M507")
    lost = replace(a_declaration(device, TODAY, mono=39_676, color=92_910), confirmed=False)
    assert sends(invitation, lost, now=OPENED).receipt is not None
    found = reading_of(meter_of(device)).findings.get()
    assert (found.code, found.answer) == ("WITHIN_TOLERANCE", "NOTHING")
    assert net_of(meter_of(device)) == -8, "what was printed less what was lost"


def test_two_rows_exchanged_are_put_right_by_one_click(
    invitation: Invitation, customer: Customer
) -> None:
    one = a_device(customer, serial="ONE", volumes={"mono": 500}, mono=39_684)
    other = a_device(customer, serial="OTHER", volumes={"mono": 300}, mono=12_305)
    a_campaign()
    mine, theirs = (
        replace(a_declaration(device, TODAY, mono=value), confirmed=False)
        for device, value in ((one, 13_250), (other, 41_200))
    )
    outcome = sends(invitation, mine, theirs, now=OPENED)
    assert {one.findings[0].code for one in outcome.questions.values()} == {Code.ROWS_EXCHANGED}
    names = {offer.question for one in outcome.questions.values() for offer in one.offers}
    assert len(names) == 1, "it is one question, told at both"

    clicked = mended(mine, outcome.questions[one.pk])
    assert sends(invitation, clicked, theirs, now=OPENED).receipt is not None
    assert reading_of(meter_of(one)).value == 41_200
    assert reading_of(meter_of(other)).value == 13_250


def test_the_values_of_a_device_that_nobody_declared_are_put_there(
    invitation: Invitation, customer: Customer
) -> None:
    one = a_device(customer, serial="ONE", volumes={"mono": 500}, mono=39_684)
    other = a_device(customer, serial="OTHER", volumes={"mono": 300}, mono=512_305)
    a_campaign()
    declared = replace(a_declaration(one, TODAY, mono=513_250), confirmed=False)
    question = asked(invitation, declared)
    assert question.findings[0].code is Code.OTHER_DEVICE
    assert question.findings[0].other == str(other.pk)

    assert sends(invitation, mended(declared, question), now=OPENED).receipt is not None
    assert reading_of(meter_of(other)).value == 513_250
    assert DueReading.objects.unanswered().filter(meter__device=one).exists()


def test_a_column_shifted_by_a_row_goes_back_with_one_click(
    invitation: Invitation, customer: Customer
) -> None:
    last = [39_684, 512_305, 7_400, 88_120, 203_000]
    devices = [a_device(customer, volumes={"mono": 400}, mono=value) for value in last]
    a_campaign()
    meant = [value + 1_200 + 10 * n for n, value in enumerate(last)]
    rows = [
        replace(a_declaration(device, TODAY, mono=value), confirmed=False)
        for device, value in zip(devices[1:], meant[:-1], strict=True)
    ]
    places = {device.pk: place for place, device in enumerate(devices)}
    outcome = sends(invitation, *rows, now=OPENED, places=places)
    codes = {finding.code for one in outcome.questions.values() for finding in one.findings}
    assert codes == {Code.SHIFTED} and outcome.receipt is None

    clicked = mended(rows[0], outcome.questions[devices[1].pk])
    again = sends(invitation, clicked, *rows[1:], now=OPENED, places=places)
    assert again.receipt is not None and not again.questions
    values = [reading_of(meter_of(device)).value for device in devices[:-1]]
    assert values == meant[:-1]
    waiting = DueReading.objects.unanswered().filter(meter__device__in=devices)
    assert waiting.get().meter.device == devices[-1], "it is still to be read"


def test_the_dealers_own_priors_weigh(invitation: Invitation, swapped: Declared) -> None:
    Dealer.objects.update_or_create(pk=1, defaults={"priors": {"swapped": 1e-300}})
    assert asked(invitation, swapped).findings[0].code is not Code.SWAPPED


def test_a_counter_that_began_anew_is_on_the_offices_list(
    invitation: Invitation, device: Device
) -> None:
    declared = a_declaration(device, TODAY, mono=210, color=150, proof=a_proof())
    replaced = replace(declared, reason=Finding.Answer.METER_REPLACED)
    assert sends(invitation, replaced, now=OPENED).receipt is not None

    [task] = office.tasks(invitation.campaign, now=OPENED)
    assert (task["what"], task["serial"]) == ("COUNTER", device.serial)


def test_what_was_kept_against_our_proposal_is_on_the_offices_list(
    invitation: Invitation, device: Device
) -> None:
    declared = replace(a_declaration(device, TODAY, mono=412_000, color=92_910), confirmed=False)
    as_typed = kept(declared, asked(invitation, declared))
    assert sends(invitation, as_typed, now=OPENED).receipt is not None
    assert [one["what"] for one in office.tasks(invitation.campaign, now=OPENED)] == ["KEPT"]


def test_by_phone_the_proposal_is_said_and_taken(invitation: Invitation, device: Device) -> None:
    values = {"Noir": 92_910, "Couleur": 41_200}
    outcome = by_phone.declare(device.serial, values, taken_on=TODAY, now=OPENED)
    refused = asked_back(outcome.questions.values())
    assert "'mended': {'MONO': 41200, 'COLOR': 92910}" in str(refused.answer)
    assert "--mend" in str(refused)

    outcome = by_phone.declare(device.serial, values, taken_on=TODAY, now=OPENED, mend=True)
    assert outcome.receipt is not None
    assert reading_of(meter_of(device)).value == 41_200
