"""A value that came after the signature: its effect is said before it counts, and the office has its word."""

from __future__ import annotations

import json
from datetime import date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import DjangoAssertNumQueries

from releveur import clock
from releveur.audit.models import Entry
from releveur.campaigns import basis_file, late, proposing, signing
from releveur.campaigns.models import Campaign, DueReading, Invitation
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device
from releveur.readings.models import Finding, Quality, Reading, Withdrawal
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_proof,
    a_reading,
    answers,
    meter_of,
)
from tests.test_at_once import meanwhile
from tests.web.visiting import a_visitor, fields

pytestmark = pytest.mark.django_db

JULY = date(2022, 7, 5)
IN_MAY = datetime(2022, 5, 2, 11, 0, tzinfo=PARIS)
IN_JULY = datetime(2022, 7, 5, 10, 0, tzinfo=PARIS)


@pytest.fixture
def device() -> Device:
    a_dealer()
    a_contact(customer := a_customer())
    return a_device(customer, serial="3923656030", mono=39_684)


@pytest.fixture
def spring(device: Device) -> Campaign:
    """Estimated at 41 184, as the seed tells it, and signed."""
    return signed(estimated(a_campaign(), 41_184))


def estimated(campaign: Campaign, value: int) -> Campaign:
    for row in campaign.due_readings.all():
        row.reading = Reading.objects.create(
            meter=row.meter, taken_on=row.due_on, value=value, recorded_at=IN_MAY,
            quality=Quality.ESTIMATED, source=Reading.Source.SYSTEM,
            explanation={"method": "MEAN", "words": {"fr": "", "en": ""}},
        )  # fmt: skip
        row.save()
    return campaign


def signed(campaign: Campaign, *, now: datetime = IN_MAY) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    signing.sign(campaign.pk, by="Mme Roy", now=now, estimate_unasked=True)
    return Campaign.objects.get(pk=campaign.pk)


def declares(device: Device, value: int, *, on: date, reason: Finding.Answer | None = None) -> int:
    """The customer, through her old link; the number of the proposal."""
    clock.set(IN_JULY)
    invitation = Invitation.objects.latest("pk")
    answers(
        invitation, device, mono=value, taken_on=on, now=IN_JULY, proof=a_proof(), reason=reason
    )
    return Reading.objects.filter(proposed=True).latest("pk").pk


def line(campaign: Campaign) -> tuple[int, int, int]:
    [found] = json.loads(basis_file.as_json(campaign))["lines"]
    return found["net"], found["of_this_period"], found["regularisation"]


def summer(device: Device, value: int | None = None) -> Campaign:
    """The next campaign, and what its basis says."""
    campaign = a_campaign(due_until=JULY, now=IN_JULY)
    if value is not None:
        answers(
            Invitation.objects.get(campaign=campaign), device, mono=value, now=IN_JULY,
            proof=a_proof(),
        )  # fmt: skip
    return campaign


def releveur(*arguments: object) -> dict[str, Any]:
    out = StringIO()
    call_command(str(arguments[0]), *map(str, arguments[1:]), "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def real(device: Device) -> list[int]:
    standing = Reading.objects.standing().real().filter(meter=meter_of(device))
    return list(standing.order_by("taken_on").values_list("value", flat=True))


def test_a_proposal_says_what_it_would_change(device: Device, spring: Campaign) -> None:
    number = declares(device, 42_000, on=JULY)
    [listed] = releveur("proposals")["proposals"]
    assert {key: listed[key] for key in ("id", "campaign", "code", "serial", "meter", "value")} == {
        "id": number, "campaign": spring.pk, "code": "CL001007", "serial": "3923656030",
        "meter": "MONO", "value": 42_000,
    }  # fmt: skip
    told = (listed["billed"], listed["printed"], listed["difference"], listed["signed_value"])
    assert told == (1_500, 1_152, -348, 41_184)


def test_the_effect_is_said_in_a_sentence_with_the_numbers(
    device: Device, spring: Campaign
) -> None:
    declares(device, 42_000, on=JULY)
    [found] = proposing.proposals(spring.pk)
    said = proposing.said(found.effect).replace("\u202f", " ")
    assert "1 500" in said and "1 152" in said and "\u2212348" in said
    assert proposing.proposals(spring.pk + 1) == []


def test_a_value_of_before_the_signed_day_says_nothing_yet(
    device: Device, spring: Campaign
) -> None:
    declares(device, 41_000, on=date(2022, 4, 1))
    [found] = proposing.proposals()
    assert found.effect is None
    assert proposing.said(found.effect)


def test_a_correction_of_a_signed_value_is_measured_without_it(device: Device) -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=42_000, now=OPENED)
    signed(campaign)
    number = declares(device, 41_200, on=DUE_ON)
    [found] = proposing.proposals()
    assert found.effect == proposing.Effect(billed=2_316, printed=1_516, estimated=False)

    proposing.accept([number], now=IN_JULY)
    assert real(device) == [39_684, 41_200], "the misread value counts no more"
    assert line(summer(device, 42_000)) == (0, 800, -800)


def test_accepted_it_is_real_at_once_and_the_next_basis_settles_it(
    device: Device, spring: Campaign
) -> None:
    before = basis_file.as_csv(spring), basis_file.as_json(spring)
    number = declares(device, 40_900, on=date(2022, 5, 20))

    assert releveur("accept_proposal", number) == {"accepted": [number]}

    assert real(device) == [39_684, 40_900]
    assert Reading.objects.get(pk=number).proposed, "what was proposed stays as it was written"
    assert (basis_file.as_csv(spring), basis_file.as_json(spring)) == before
    assert releveur("proposals") == {"proposals": []}
    # 1 216 impressions in 135 days: 811 in the first 90.
    assert line(summer(device, 42_000)) == (816, 1_505, 811 - 1_500)


def test_accepting_twice_does_it_once(device: Device, spring: Campaign) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    assert releveur("accept_proposal", number) == {"accepted": [number]}
    assert releveur("accept_proposal", number) == {"accepted": []}
    assert Reading.objects.filter(supersedes=number).count() == 1
    summer(device)
    assert real(device) == [39_684, 40_900], "the next campaign finds nothing to take"


def test_rejected_it_never_counts_and_the_reason_stands(device: Device, spring: Campaign) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    rejected = releveur("reject_proposal", number, "--reason", "photo d’un autre matériel")
    assert rejected == {"rejected": [number]}
    assert releveur("reject_proposal", number, "--reason", "encore") == {"rejected": []}
    assert Withdrawal.objects.get(reading=number).reason == "photo d’un autre matériel"
    campaign = summer(device, 42_000)
    assert real(device) == [39_684, 42_000]
    assert line(campaign) == (816, 1_164, -348)


def test_nobodys_word_is_needed_the_next_campaign_takes_what_waits(
    device: Device, spring: Campaign
) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    summer(device)
    assert real(device) == [39_684, 40_900]
    with pytest.raises(proposing.Settled) as refusal:
        proposing.reject([number], reason="trop tard", now=IN_JULY)
    assert refusal.value.state is proposing.State.ACCEPTED


def test_both_words_are_in_the_audit(device: Device, spring: Campaign) -> None:
    first = declares(device, 40_900, on=date(2022, 5, 20))
    proposing.reject([first], reason="illisible", now=IN_JULY)
    second = declares(device, 40_800, on=date(2022, 5, 20))
    proposing.accept([second], now=IN_JULY)
    entries = Entry.objects.filter(action__in=["ACCEPT_LATE", "REJECT_LATE"]).order_by("pk")
    assert [(one.action, one.subject_key, one.subject_id) for one in entries] == [
        ("REJECT_LATE", "3923656030", first),
        ("ACCEPT_LATE", "3923656030", second),
    ]
    assert entries[1].before == {"MONO": 41_184} and entries[1].after == {"MONO": 40_800}


def test_a_value_declared_again_replaces_the_proposal(device: Device, spring: Campaign) -> None:
    first = declares(device, 40_900, on=date(2022, 5, 20))
    second = declares(device, 40_800, on=date(2022, 5, 20))
    assert [one["id"] for one in releveur("proposals")["proposals"]] == [second]
    with pytest.raises(proposing.Settled) as refusal:
        proposing.accept([first, second], now=IN_JULY)
    assert refusal.value.state is proposing.State.REPLACED
    assert real(device) == [39_684], "all of them or none"


@pytest.mark.parametrize("command", ["accept_proposal", "reject_proposal"])
def test_a_number_that_is_no_proposal_is_named(
    device: Device, spring: Campaign, command: str
) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    reason = ["--reason", "x"] if command == "reject_proposal" else []
    of_a_real_one = Reading.objects.exclude(proposed=True).earliest("pk").pk
    with pytest.raises(CommandError, match=str(of_a_real_one)) as refusal:
        call_command(command, str(number), str(of_a_real_one), *reason)
    assert refusal.value.returncode == 1
    assert [one.line.reading_id for one in proposing.proposals()] == [number]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 241])
def test_a_rejection_says_why(device: Device, spring: Campaign, reason: str) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    with pytest.raises(CommandError):
        call_command("reject_proposal", str(number), "--reason", reason)
    assert not Withdrawal.objects.exists()


def test_a_dry_run_says_the_same_and_writes_nothing(device: Device, spring: Campaign) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    assert releveur("accept_proposal", number, "--dry-run") == {"accepted": [number]}
    assert releveur("reject_proposal", number, "--reason", "x", "--dry-run") == {
        "rejected": [number]
    }
    assert len(releveur("proposals")["proposals"]) == 1


def test_a_value_told_again_after_the_word_corrects_the_one_accepted(
    device: Device, spring: Campaign
) -> None:
    first = declares(device, 40_900, on=date(2022, 5, 20))
    proposing.accept([first], now=IN_JULY)
    row = DueReading.objects.get()
    assert late.told([row.pk])[row.pk].value == 40_900, "her page shows what she told"

    second = declares(device, 40_800, on=date(2022, 5, 20))
    assert late.told([row.pk])[row.pk].pk == second
    [found] = proposing.proposals()
    # 1 116 impressions in 135 days are 744 in the first 90.
    assert found.effect == proposing.Effect(billed=1_500, printed=744, estimated=True)
    proposing.accept([second], now=IN_JULY)
    assert real(device) == [39_684, 40_800]


def test_her_page_shows_what_she_told_before_and_after_the_word(
    device: Device, spring: Campaign
) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    visitor = a_visitor(Invitation.objects.get())
    before = visitor.get("/releves")
    proposing.accept([number], now=IN_JULY)
    after = visitor.get("/releves")
    assert all("40\u202f900" in page.content.decode() for page in (before, after))
    for page in (before, after):
        visitor.post("/releves", fields(page))
    assert Reading.objects.filter(proposed=True).count() == 1, "what is sent back is nothing new"


def test_a_new_board_told_late_goes_with_its_value(device: Device, spring: Campaign) -> None:
    board = Finding.Answer.METER_REPLACED
    first = declares(device, 300, on=date(2022, 5, 20), reason=board)
    [found] = proposing.proposals()
    # Nothing is known of the old board's end: 300 impressions in 135 days, 200 in the first 90.
    assert found.effect == proposing.Effect(billed=1_500, printed=200, estimated=True)
    proposing.reject([first], reason="pas remplacé", now=IN_JULY)
    assert not Reading.objects.standing().filter(segment=2).exists()

    second = declares(device, 310, on=date(2022, 5, 20), reason=board)
    proposing.accept([second], now=IN_JULY)
    standing = Reading.objects.standing().filter(segment=2).order_by("taken_on")
    assert list(standing.values_list("value", flat=True)) == [0, 310]


def test_the_list_takes_as_many_queries_for_one_as_for_ten(
    django_assert_num_queries: DjangoAssertNumQueries, device: Device
) -> None:
    customer = a_customer()
    devices = [device, *(a_device(customer, mono=1_000) for _more in range(9))]
    signed(estimated(a_campaign(), 41_184))
    declares(device, 40_900, on=date(2022, 5, 20))
    with django_assert_num_queries(6):
        assert len(proposing.proposals()) == 1
    for one in devices[1:]:
        declares(one, 41_500, on=date(2022, 5, 20))
    with django_assert_num_queries(6):
        assert len(proposing.proposals()) == 10


@pytest.mark.parametrize("resplit", ["DAYS", "SEASON"])
@pytest.mark.parametrize("word", ["accept", "reject", "none"])
def test_whatever_the_word_signed_bases_add_up_to_what_was_printed(
    device: Device, spring: Campaign, word: str, resplit: str
) -> None:
    Dealer.objects.update(resplit=resplit)
    for day, value in ((date(2021, 1, 5), 30_000), (date(2021, 4, 5), 36_000)):
        a_reading(meter_of(device), day, value)
    number = declares(device, 40_900, on=date(2022, 5, 20))
    if word == "accept":
        proposing.accept([number], now=IN_JULY)
    if word == "reject":
        proposing.reject([number], reason="x", now=IN_JULY)
    silent = signed(estimated(summer(device), 43_000), now=IN_JULY)
    in_october = datetime(2022, 10, 5, 10, 0, tzinfo=PARIS)
    autumn = a_campaign(due_until=in_october.date(), now=in_october)
    answers(
        Invitation.objects.get(campaign=autumn), device, mono=43_100, now=in_october,
        proof=a_proof(),
    )  # fmt: skip
    lines = [line(one) for one in (spring, silent, signed(autumn, now=in_october))]
    assert sum(net for net, _period, _late in lines) == 43_100 - 39_684
    assert all(net == period + late for net, period, late in lines)


@pytest.mark.django_db(transaction=True)
def test_accepted_by_two_at_once_it_becomes_real_once(device: Device, spring: Campaign) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    with meanwhile(lambda: proposing.accept([number], now=IN_JULY)) as other:
        assert len(proposing.accept([number], now=IN_JULY)) == 1
    assert other.result() == []
    assert Reading.objects.filter(supersedes=number).count() == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_rejects_while_another_accepts_is_told(device: Device, spring: Campaign) -> None:
    number = declares(device, 40_900, on=date(2022, 5, 20))
    with meanwhile(lambda: proposing.reject([number], reason="x", now=IN_JULY)) as other:
        proposing.accept([number], now=IN_JULY)
    with pytest.raises(proposing.Settled):
        other.result()
    assert DueReading.objects.get().reading.value == 41_184  # type: ignore[union-attr]
