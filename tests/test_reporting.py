"""A problem is told instead of a value."""

from __future__ import annotations

from datetime import timedelta

import pytest

from releveur.campaigns import closing, letter, office, reporting, status, steps
from releveur.campaigns.models import Campaign, DueReading, Invitation, Notice, Problem
from releveur.campaigns.reporting import Told
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.readings.models import Reading
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    answers,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
BROKEN = Told(Problem.What.BROKEN, words="Le technicien vient jeudi.")


@pytest.fixture
def invitation(invitation: Invitation) -> Invitation:
    the_mails_leave(now=OPENED)
    return invitation


def test_whoever_told_a_problem_of_her_only_device_is_not_reminded(
    invitation: Invitation, device: Device
) -> None:
    reporting.report(invitation, device, BROKEN, now=OPENED)
    assert steps.take_due_steps(now=OPENED + WEEK).reminders == 0


def test_another_device_of_hers_is_still_asked_and_the_reminder_names_it_alone(
    device: Device,
) -> None:
    other = a_device(a_customer(), serial="3932410077")
    invitation = a_campaign().invitations.get()
    the_mails_leave(now=OPENED)
    reporting.report(invitation, device, BROKEN, now=OPENED)

    assert steps.take_due_steps(now=OPENED + WEEK).reminders == 1
    rows = letter.missing(letter.asked_rows([invitation.pk])[invitation.pk])
    assert {row.meter.device for row in rows} == {other}


@pytest.mark.parametrize(
    ("language", "quoted"),
    [("en", "“Le technicien vient jeudi.”"), ("fr", "« Le technicien vient jeudi. »")],
)
def test_her_words_are_quoted_as_her_language_quotes(
    invitation: Invitation, device: Device, language: str, quoted: str
) -> None:
    invitation.contact.language = language
    reporting.report(invitation, device, BROKEN, now=OPENED)
    mail = Mail.objects.get(kind="problem_noted")
    assert quoted in mail.text and quoted in mail.html.replace("\u202f", " ")


def test_a_problem_taken_back_is_reminded_of_again(invitation: Invitation, device: Device) -> None:
    reporting.report(invitation, device, BROKEN, now=OPENED)
    assert reporting.take_back(invitation, device, now=OPENED + timedelta(hours=1))
    assert not reporting.take_back(invitation, device, now=OPENED + timedelta(hours=2))
    assert steps.take_due_steps(now=OPENED + WEEK).reminders == 1


def test_a_reminder_on_its_way_is_withheld(invitation: Invitation, device: Device) -> None:
    steps.take_due_steps(now=OPENED + WEEK)
    reporting.report(invitation, device, BROKEN, now=OPENED + WEEK)
    notice = Notice.objects.get(what=Notice.What.REMINDED_1)
    assert notice.withheld_at == OPENED + WEEK


def test_a_device_with_a_problem_is_estimated_and_the_estimate_gives_the_reason(
    invitation: Invitation, device: Device
) -> None:
    reporting.report(invitation, device, BROKEN, now=OPENED)
    closing.close_early(invitation.campaign_id, now=OPENED + 4 * WEEK)

    explained = Reading.objects.filter(source="SYSTEM").values_list("explanation", flat=True)
    words = [one["words"] for one in explained if one]
    assert len(words) == 2
    for said in words:
        assert said["fr"].startswith(
            "Vous nous avez signalé cet équipement\u202f: il est en panne. "
        )
        assert said["en"].startswith("You told us of this device: it is out of order. ")


def test_where_the_contract_forbids_it_a_problem_is_not_estimated() -> None:
    a_contact(customer := a_customer())
    contract = a_contract(customer, estimation_allowed=False)
    device = a_device(customer, contract=contract)
    invitation = a_campaign().invitations.get()
    the_mails_leave(now=OPENED)
    reporting.report(invitation, device, BROKEN, now=OPENED)
    closing.close_early(invitation.campaign_id, now=OPENED + 4 * WEEK)
    assert not Reading.objects.filter(source="SYSTEM").exists()


def test_the_office_sees_what_was_told_and_of_a_replaced_device_both_counters(
    invitation: Invitation, device: Device
) -> None:
    replaced = Told(
        Problem.What.REPLACED,
        new_serial="3900000001",
        old_values={"MONO": 40_500},
        new_values={"MONO": 125},
    )
    reporting.report(invitation, device, replaced, now=OPENED)

    campaign = Campaign.objects.get()
    assert status.devices(campaign) == {device.pk: status.Standing.REPORTED}
    [task] = office.tasks(campaign, now=OPENED)
    assert (task["what"], task["code"], task["serial"]) == ("PROBLEM", "CL001007", "3923656030")
    for said in ("Alexandra", "remplacé", "3900000001", "MONO 40500", "MONO 125"):
        assert said in task["words"]


def test_told_again_the_newer_word_counts(invitation: Invitation, device: Device) -> None:
    reporting.report(invitation, device, BROKEN, now=OPENED)
    gone = reporting.report(invitation, device, Told(Problem.What.GONE), now=OPENED + WEEK)
    assert Problem.objects.get(taken_back_at=None) == gone
    rows = list(device.meters.values_list("due_readings", flat=True))
    assert reporting.standing(rows) == dict.fromkeys(rows, gone)


def test_a_mail_notes_it(invitation: Invitation, device: Device) -> None:
    reporting.report(invitation, device, BROKEN, now=OPENED)
    mail = Mail.objects.get(kind="problem_noted")
    assert (mail.to, mail.state) == ("alexandra@gramont-services.example", "OWED")
    assert "Vous nous avez signalé cet équipement : il est en panne." in mail.text
    assert "6030" in mail.text and "Le technicien vient jeudi." in mail.text


def test_a_value_may_still_come_and_counts(invitation: Invitation, device: Device) -> None:
    reporting.report(invitation, device, BROKEN, now=OPENED)
    answers(invitation, device, mono=41_200, color=92_000, now=OPENED)
    assert not DueReading.objects.unanswered().exists()


def test_another_reason_wants_words_and_a_strangers_device_is_none(
    invitation: Invitation, device: Device
) -> None:
    with pytest.raises(reporting.WordsMissing):
        reporting.report(invitation, device, Told(Problem.What.OTHER, words="  "), now=OPENED)
    stranger = a_device(a_customer(code="CL009"), mono=5)
    with pytest.raises(reporting.NotAsked):
        reporting.report(invitation, stranger, BROKEN, now=OPENED)


def test_after_the_signature_nothing_is_told(invitation: Invitation, device: Device) -> None:
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    with pytest.raises(reporting.AskedNoMore):
        reporting.report(invitation, device, BROKEN, now=OPENED)


def test_the_office_learns_of_it_by_mail_and_answers_the_person(
    invitation: Invitation, device: Device
) -> None:
    a_dealer()
    reporting.report(invitation, device, BROKEN, now=OPENED)
    mail = Mail.objects.get(kind="office")
    assert (mail.to, mail.reply_to) == (
        "releves@bureautique-lafayette.example",
        "alexandra@gramont-services.example",
    )
    for said in ("3923656030", "en panne", "Le technicien vient jeudi.", "CL001007", "Alexandra"):
        assert said in mail.text
