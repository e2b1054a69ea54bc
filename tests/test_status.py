from __future__ import annotations

from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from releveur.campaigns import handing_over, mailing, office, reporting, steps
from releveur.campaigns.models import Campaign, DueReading, Invitation, Notice, Problem
from releveur.campaigns.status import Json, status
from releveur.customers.introducing import Named
from releveur.customers.models import Contact, Customer
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.readings.models import Reading
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_device,
    a_reading,
    answers,
    meter_of,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def devices(campaign: Campaign) -> dict[str, int]:
    campaign.refresh_from_db()
    return _part(status(campaign, now=OPENED), "devices")


def _part(whole: Json, name: str) -> dict[str, int]:
    part = whole[name]
    assert isinstance(part, dict)
    return {key: count for key, count in part.items() if count}


@pytest.fixture
def campaign(customer: Customer) -> Campaign:
    """One device of every standing."""
    a_device(customer, serial="DECLARED")
    a_device(customer, serial="PARTIAL")
    a_device(customer, serial="SILENT")
    a_device(customer, serial="AUTOMATIC", mode=Device.Mode.AUTOMATIC)
    read = a_device(customer, serial="READ", mono=100)
    a_reading(meter_of(read), date(2022, 4, 1), 500, source=Reading.Source.TECHNICIAN)
    a_device(customer, serial="BLOCKED", contract=a_contract(customer, estimation_allowed=False))
    a_device(a_customer(code="CL009000", name="Sans adresse"), serial="UNASKED")
    campaign = a_campaign()
    invitation = Invitation.objects.get()
    answers(
        invitation, Device.objects.get(serial="DECLARED"), mono=41_000, color=92_000, now=OPENED
    )
    answers(invitation, Device.objects.get(serial="PARTIAL"), mono=41_000, now=OPENED)
    return campaign


def test_each_device_stands_somewhere_and_they_add_up_while_it_runs(campaign: Campaign) -> None:
    assert devices(campaign) == {
        "due": 7, "already_read": 1, "automatic": 1, "declared": 1, "partial": 1, "unasked": 1,
        "silent": 2,
    }  # fmt: skip


def test_after_the_close_the_silent_are_estimated_or_blocked(campaign: Campaign) -> None:
    for week in range(4):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    steps.take_due_steps(now=Campaign.objects.get().closes_at + timedelta(minutes=10))

    assert devices(campaign) == {
        "due": 7, "already_read": 1, "automatic": 1, "declared": 1, "partial": 1, "unasked": 1,
        "blocked": 1, "estimated": 1,
    }  # fmt: skip


def test_whom_nobody_answers_for_is_listed_with_the_nearest_phone(campaign: Campaign) -> None:
    stranger = a_customer(code="CL009000")
    a_contact(stranger, email="", first_name="Zoé", phone="01 42 00 00 00")

    assert status(campaign, now=OPENED)["nobody_to_ask"] == [
        {"code": "CL009000", "serial": "UNASKED", "phone": "01 42 00 00 00"}
    ]


def test_mails_are_counted_by_what_became_of_them(campaign: Campaign) -> None:
    mails = _part(status(campaign, now=OPENED), "mails")
    assert mails == {"owed": 3}, "an invitation and two receipts"
    the_mails_leave(now=OPENED)
    assert _part(status(campaign, now=OPENED), "mails") == {"owed": 2, "sent": 1}


def test_a_refused_mail_is_a_task_for_the_office(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    Mail.objects.filter(notice__isnull=False).update(state="FAILED", smtp_reply="550 unknown")

    tasks = status(campaign, now=OPENED)["tasks"]

    assert isinstance(tasks, list)
    refused = next(task for task in tasks if task["what"] == "MAIL_REFUSED")
    assert "550 unknown" in refused["words"]
    assert devices(campaign)["unasked"] == 3, "whoever was never reached was never asked"


def test_a_resent_link_a_noted_problem_and_a_colleagues_mail_that_are_refused_are_tasks_too(
    campaign: Campaign,
) -> None:
    invitation = Invitation.objects.get()
    mailing.write_due(now=OPENED)
    device = DueReading.objects.asked_of(invitation).awaited()[0].meter.device
    to = Named("karim@gramont-services.example", "Karim")
    handing_over.hand_over(invitation, device, to=to, now=OPENED)
    mailing.write_due(now=OPENED)
    mailing.resend(invitation, now=OPENED)
    told = reporting.Told(Problem.What.BROKEN)
    reporting.report(invitation, device, told, now=OPENED)
    kinds = ("handed", "invitation", "problem_noted")
    refused = Mail.objects.filter(kind__in=kinds).exclude(notice__what="INVITED")
    assert refused.update(state="FAILED", smtp_reply="550 unknown") == 3

    tasks = office.tasks(campaign, now=OPENED)

    found = [task for task in tasks if task["what"] == "MAIL_REFUSED"]
    assert [task["code"] for task in found] == ["CL001007"] * 3
    assert _part(status(campaign, now=OPENED), "mails")["failed"] == 3


def test_a_mail_that_cannot_be_written_is_a_task_too(
    campaign: Campaign,
) -> None:
    Contact.objects.update(email="nobody at all")
    mailing.resend(Invitation.objects.get(), now=OPENED)
    [task] = [one for one in office.tasks(campaign, now=OPENED) if one["what"] == "MAIL_REFUSED"]
    assert "nobody at all" in task["words"] and task["code"] == "CL001007"


def test_a_mail_that_cannot_leave_for_a_day_is_a_task_for_the_office(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    Mail.objects.filter(notice__isnull=False).update(state="OWED", sent_at=None)
    Notice.objects.update(owed_at=OPENED)

    tasks = status(campaign, now=OPENED + timedelta(hours=24))["tasks"]

    assert isinstance(tasks, list)
    assert [task["what"] for task in tasks] == ["MAIL_LATE"] * 3, "the invitation and two receipts"
    assert {task["code"] for task in tasks} == {"CL001007"}


def test_a_status_costs_the_same_whatever_the_fleet(
    campaign: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(30):
        status(campaign, now=OPENED)
