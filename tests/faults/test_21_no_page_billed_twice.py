"""Whatever was estimated, declared late, corrected after the invoice or counted by a new board, what is
billed of a device adds up to the pages it printed: none twice, none lost. A quarter asked by two
campaigns is asked, and billed, once.

Ten thousand lives of a meter by the rules alone, each a handful of periods that are read, estimated,
misread and corrected after the signature, counted on a new board or over the display's end; then two
such lives through the real verbs and the signed bases.

Without `late = sum(one.difference for one in periods)` in `rules/metering.py: settle` the parts of a
period are not its own any more; without `_as_a_guess(start)` in `rules/metering.py: net` the value that
was signed and then withdrawn bounds its segment, and its pages are billed twice; without
`late.take_proposals` in `campaigns/opening.py: open_campaign` the late value is lost, and so is its period.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releveur.campaigns import closing, opening, signing
from releveur.campaigns.models import BasisLine, Campaign, Invitation
from releveur.fleet.models import Device
from releveur.readings.models import Billed, Finding
from releveur.rules.metering import Quality, Reading, settle
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_proof,
    answers,
    the_mails_leave,
)

BEGAN = date(2022, 1, 5)
FULL = 1_000_000

type How = Literal["read", "silent", "new board", "over the end", "misread", "misread board"]


@dataclass
class Life:
    """One meter: what it really printed, what is known of it, what was billed."""

    day: date = BEGAN
    segment: int = 1
    value: int = 39_684
    read_on: date = BEGAN
    printed: int = 0
    billed_pages: int = 0
    history: list[Reading] = field(default_factory=lambda: [Reading(BEGAN, 39_684)])
    billed: list[Reading] = field(default_factory=lambda: [Reading(BEGAN, 39_684)])

    def period(self, how: How, pages: int, guess: int) -> None:
        self.day += timedelta(days=91)
        match how:
            case "silent":
                self._bill(Reading(self.day, guess, Quality.ESTIMATED, self.segment))
            case "misread" | "misread board":
                self._sign(Reading(self.day, self.value + guess, segment=self.segment))
                self._print("new board" if how == "misread board" else "read", pages)
            case _:
                self._sign(self._print(how, pages))

    def _print(self, how: How, pages: int) -> Reading:
        """What the display shows in truth: known from now on."""
        last, before = self.value, self.segment
        self.printed += pages
        self.value += pages
        if how == "new board":
            self.segment, self.value = before + 1, pages
            self.history.append(Reading(self.read_on, 0, segment=self.segment))
        if how == "over the end":
            self.segment, self.value = before + 1, pages
            self.printed += FULL - last
            self.history.append(Reading(self.day, FULL, segment=before))
            self.history.append(Reading(self.day, 0, segment=self.segment))
        self.read_on = self.day
        read = Reading(self.day, self.value, segment=self.segment)
        self.history.append(read)
        return read

    def _bill(self, estimate: Reading) -> None:
        self._sign(estimate)
        self.history.append(estimate)

    def _sign(self, new: Reading) -> None:
        settled = settle(new, billed=self.billed, history=[*self.history, new])
        assert settled.of_this_period + settled.regularisation == settled.net
        self.billed_pages += settled.net
        self.billed.append(new)


HOWS: tuple[How, ...] = (
    "read", "silent", "new board", "over the end", "misread", "misread board",
)  # fmt: skip
PERIODS = st.lists(
    st.tuples(st.sampled_from(HOWS), st.integers(0, 9_000), st.integers(0, 50_000)), max_size=8
)


@settings(max_examples=10_000, derandomize=True, deadline=None, database=None)
@given(PERIODS, st.integers(0, 9_000))
def test_ten_thousand_lives_of_a_meter_are_billed_to_the_page(
    periods: list[tuple[How, int, int]], last: int
) -> None:
    life = Life()
    for how, pages, guess in periods:
        life.period(how, pages, guess)
    life.period("read", last, 0)
    assert life.billed_pages == life.printed


JULY, OCTOBER = date(2022, 7, 5), date(2022, 10, 5)
"""The days after `DUE_ON` on which the device is due again."""


@pytest.mark.django_db
def test_a_late_value_and_the_next_campaign_settle_what_was_estimated() -> None:
    device = silent_in_spring()
    spring = Campaign.objects.get()
    answers(invited(), device, mono=41_000, now=at(date(2022, 5, 20)))
    signed_after(JULY, device, mono=42_000)
    signed_after(OCTOBER, device, mono=43_000)

    lines = BasisLine.objects.order_by("campaign_id")
    assert sum(line.printed["net"] for line in lines) == 43_000 - 39_684
    assert lines[0].printed["new_nature"] == "estimé" and lines[0].campaign == spring
    assert [line.printed["new_value"] for line in lines[1:]] == [42_000, 43_000]
    assert lines[1].printed["regularisation"] == late_index() - lines[0].printed["new_value"]


@pytest.mark.django_db
def test_a_value_signed_then_withdrawn_for_a_new_board_is_billed_by_the_new_board() -> None:
    device = a_device_asked()
    answers(invited(), device, mono=48_000, now=OPENED)
    signed()
    new_board = Finding.Answer.METER_REPLACED
    answers(
        invited(), device, mono=300, now=at(date(2022, 5, 20)), proof=a_proof(), reason=new_board
    )
    signed_after(JULY, device, mono=500)

    assert sum(line.printed["net"] for line in BasisLine.objects.all()) == 500


@pytest.mark.django_db
def test_a_quarter_asked_twice_is_asked_and_billed_once() -> None:
    device = a_device_asked()
    again = opening.open_campaign(DUE_ON, now=OPENED)
    beside = opening.open_campaign(DUE_ON + timedelta(days=20), now=OPENED)
    assert (again.added, beside.added) == (0, 0)
    answers(invited(), device, mono=41_200, now=OPENED)
    signed()
    assert Billed.objects.filter(origin="RELEVEUR").get().value == 41_200


def a_device_asked() -> Device:
    a_dealer()
    a_contact(customer := a_customer())
    device = a_device(customer, mono=39_684)
    opening.open_campaign(DUE_ON, now=OPENED)
    the_mails_leave(now=OPENED)
    return device


def silent_in_spring() -> Device:
    device = a_device_asked()
    Campaign.objects.update(state=Campaign.State.CLOSING)
    signed()
    return device


def signed() -> None:
    campaign = Campaign.objects.filter(due_readings__isnull=False).latest("due_until")
    Campaign.objects.filter(pk=campaign.pk, state="OPEN").update(state=Campaign.State.CLOSING)
    closing.finish(campaign.pk, now=OPENED)
    signing.sign(campaign.pk, by="Mme Roy", now=OPENED)


def signed_after(due: date, device: Device, *, mono: int) -> None:
    opening.open_campaign(due, now=at(due))
    the_mails_leave(now=at(due))
    answers(invited(), device, mono=mono, now=at(due))
    signed()


def invited() -> Invitation:
    return Invitation.objects.latest("pk")


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=PARIS)


def late_index() -> int:
    """Between 39 684 on 5 January and 41 000 on 20 May (135 days), on 5 April (day 90)."""
    return 39_684 + round((41_000 - 39_684) * 90 / 135)
