from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from releveur.campaigns import mailing, opening, steps
from releveur.campaigns.models import Asked, Campaign, DueReading, Invitation, Notice
from releveur.contracts.models import Coverage
from releveur.customers.models import Contact
from releveur.fleet.models import Device, Installation
from releveur.outbox.models import Mail
from releveur.readings.models import Reading
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    a_reading,
    a_site,
    answers,
    meter_of,
    the_invitation,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_the_seed_in_rows() -> None:
    customer = a_customer()
    alexandra = a_contact(customer)
    a_device(customer, serial="3923656030")

    campaign = a_campaign()

    assert list(DueReading.objects.values_list("due_on", "kind")) == [(DUE_ON, "PERIODIC")] * 2
    invitation = Invitation.objects.get()
    assert (invitation.campaign, invitation.contact) == (campaign, alexandra)
    assert Asked.objects.count() == 2
    assert list(Notice.objects.values_list("what", "states")) == [
        ("INVITED", invitation.asks_until)
    ]


def test_the_plan_is_three_reminders_a_week_apart_and_two_days_more() -> None:
    a_contact(customer := a_customer())
    a_device(customer)

    invitation = Invitation.objects.get(campaign=a_campaign())

    local = [
        at.astimezone(PARIS).strftime("%a %d/%m %H:%M")
        for at in (invitation.reminder_1_at, invitation.reminder_2_at, invitation.reminder_3_at)
    ]
    assert local == ["Tue 12/04 10:00", "Tue 19/04 10:00", "Tue 26/04 10:00"]
    assert invitation.asks_until.astimezone(PARIS) == datetime(2022, 4, 28, 18, tzinfo=PARIS)


def test_opening_the_same_day_again_adds_only_what_is_new() -> None:
    a_contact(customer := a_customer())
    a_device(customer)
    campaign = a_campaign()
    a_device(customer)

    again = opening.open_campaign(DUE_ON, now=OPENED)

    assert (again.campaign, again.added) == (campaign, 2)
    assert Campaign.objects.count() == 1
    assert Invitation.objects.count() == 1
    assert opening.open_campaign(DUE_ON, now=OPENED).added == 0


def test_a_person_given_more_devices_later_gets_a_new_plan_and_never_an_earlier_deadline() -> None:
    a_contact(customer := a_customer())
    a_device(customer)
    first = Invitation.objects.get(campaign=a_campaign())
    a_device(customer)

    later = OPENED + timedelta(days=8)
    a_campaign(now=later)

    again = Invitation.objects.get()
    assert again.invited_at == later
    assert again.asks_until > first.asks_until
    assert Notice.objects.filter(what="INVITED").count() == 2


def test_a_day_more_than_31_days_ahead_is_refused() -> None:
    with pytest.raises(opening.TooFarAhead):
        a_campaign(due_until=DUE_ON + timedelta(days=32))
    assert a_campaign(due_until=DUE_ON + timedelta(days=31))


def test_missed_due_dates_are_settled_by_the_latest() -> None:
    a_contact(customer := a_customer())
    a_device(customer)

    a_campaign(due_until=date(2022, 10, 20), now=datetime(2022, 10, 6, 10, tzinfo=PARIS))

    assert set(DueReading.objects.values_list("due_on", flat=True)) == {date(2022, 10, 5)}


def test_what_the_erp_billed_already_is_not_due_again() -> None:
    customer = a_customer()
    device = a_device(customer, mono=100)
    a_billed_estimate(meter_of(device), DUE_ON, 500)

    a_campaign()

    assert not DueReading.objects.exists()


def test_a_device_never_read_is_never_due() -> None:
    a_device(a_customer(), mode=Device.Mode.NONE)
    a_campaign()
    assert not DueReading.objects.exists()


@pytest.mark.parametrize("mode", [Device.Mode.PHONE, Device.Mode.TECHNICIAN, Device.Mode.AUTOMATIC])
def test_only_devices_asked_by_mail_are_asked_by_mail(mode: Device.Mode) -> None:
    a_contact(customer := a_customer())
    a_device(customer, mode=mode)

    a_campaign()

    assert DueReading.objects.count() == 2
    assert not Asked.objects.exists()


def test_the_nearest_level_answers() -> None:
    customer = a_customer()
    a_contact(customer)
    annex = a_site(customer, name="Annexe", address="1 rue du Port")
    paul = a_contact(annex, email="paul@gramont-services.example", first_name="Paul")
    here = a_device(customer, mono=1)
    there = a_device(customer, site=annex, mono=1)

    campaign = a_campaign()

    asked = dict(
        Asked.objects.values_list("due_reading__meter__device", "invitation__contact__first_name")
    )
    assert asked == {here.pk: "Alexandra", there.pk: "Paul"}
    assert the_invitation(campaign, paul)


def test_a_level_without_an_address_leaves_the_word_to_the_next() -> None:
    customer = a_customer()
    a_contact(customer)
    device = a_device(customer, mono=1)
    a_contact(device, email="", first_name="Zoé", phone="01 42 00 00 00")

    a_campaign()

    assert Asked.objects.get().invitation.contact.first_name == "Alexandra"


def test_a_person_who_answers_for_two_companies_is_invited_once() -> None:
    one, two = a_customer(), a_customer(code="CL001008", name="Gramont Immobilier")
    a_contact(one)
    a_contact(two)
    a_device(one, mono=1)
    a_device(two, mono=1)

    a_campaign()

    assert Invitation.objects.count() == 1
    assert Asked.objects.count() == 2


def test_a_real_reading_close_to_the_day_fills_the_row_and_nobody_is_asked() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=39_684)
    reading = a_reading(
        meter_of(device), date(2022, 3, 28), 41_000, source=Reading.Source.TECHNICIAN
    )

    a_campaign()

    assert DueReading.objects.get().reading == reading
    assert not Invitation.objects.exists()


def test_a_reading_more_than_twenty_days_early_does_not_count() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=39_684)
    a_reading(meter_of(device), date(2022, 3, 15), 41_000, source=Reading.Source.TECHNICIAN)

    a_campaign()

    assert DueReading.objects.get().reading is None


def test_a_device_that_left_owes_its_last_reading_at_its_old_place() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=39_684)
    left_on = date(2022, 2, 10)
    Installation.objects.update(until=left_on)
    Coverage.objects.update(until=left_on)

    a_campaign()

    due = DueReading.objects.get()
    assert (due.due_on, due.final) == (left_on, True)
    assert due.installation.device == device
    assert not opening.open_campaign(date(2022, 5, 5), now=OPENED).added, "once is enough"


def test_a_moved_device_owes_one_reading_at_each_place() -> None:
    old, new = a_customer(), a_customer(code="CL002000", name="Port Royal")
    device = a_device(old, mono=39_684)
    moved_on = date(2022, 2, 10)
    Installation.objects.update(until=moved_on)
    Coverage.objects.update(until=moved_on)
    Installation.objects.create(device=device, site=a_site(new), since=moved_on)
    Coverage.objects.create(device=device, contract=a_contract(new), since=moved_on)

    a_campaign()

    due = DueReading.objects.order_by("due_on").values_list(
        "due_on", "installation__site__customer__code", "final"
    )
    assert list(due) == [(moved_on, "CL001007", True), (DUE_ON, "CL002000", False)]


def test_only_the_pilots_named_are_asked() -> None:
    a_device(a_customer())
    pilot = a_device(a_customer(code="CL002000", name="Port Royal"), serial="PILOT-1")
    a_device(a_customer(code="CL003000", name="Trois Rivières"))

    a_campaign(only=["CL001007", "PILOT-1"])

    assert DueReading.objects.values("meter__device").distinct().count() == 2
    assert DueReading.objects.filter(meter__device=pilot).exists()


def test_another_period_is_due_on_its_own_grid() -> None:
    customer = a_customer()
    a_device(customer, contract=a_contract(customer, months=12, first_due_on=date(2022, 9, 1)))
    a_device(
        customer, contract=a_contract(customer, months=1, first_due_on=date(2022, 1, 31)), mono=5
    )

    a_campaign()

    assert list(DueReading.objects.values_list("due_on", flat=True)) == [date(2022, 3, 31)]


def test_a_closed_campaign_takes_nobody_in() -> None:
    a_contact(customer := a_customer())
    a_device(customer)
    campaign = a_campaign()
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    a_device(customer)

    with pytest.raises(opening.AlreadyClosed):
        a_campaign()


def test_the_number_of_queries_does_not_depend_on_the_fleet(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        a_contact(customer := a_customer(code=f"C{number}"), email=f"c{number}@example.org")
        a_device(customer)

    with django_assert_max_num_queries(40):
        a_campaign()


@pytest.mark.django_db(transaction=True)
def test_twenty_hands_open_one_campaign() -> None:
    a_contact(customer := a_customer())
    a_device(customer)

    def press(_hand: int) -> int:
        try:
            return a_campaign().pk
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as hands:
        opened = set(hands.map(press, range(20)))

    assert len(opened) == 1
    assert (Campaign.objects.count(), DueReading.objects.count(), Notice.objects.count()) == (
        1,
        2,
        1,
    )


def test_a_row_filled_between_the_opening_and_the_close_stops_the_reminders() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=39_684)
    campaign = a_campaign()
    a_reading(meter_of(device), date(2022, 4, 7), 41_100, source=Reading.Source.TECHNICIAN)

    taken = steps.take_due_steps(now=OPENED + timedelta(days=7))

    assert (taken.filled, taken.reminders) == (1, 0)
    assert campaign.due_readings.get().reading is not None


def test_a_reading_fills_one_row_only() -> None:
    customer = a_customer()
    contract = a_contract(customer, months=1, first_due_on=DUE_ON)
    device = a_device(customer, mono=39_684, contract=contract, read_on=date(2022, 3, 5))
    a_reading(meter_of(device), date(2022, 4, 6), 41_100, source=Reading.Source.TECHNICIAN)
    a_campaign()

    a_campaign(due_until=date(2022, 5, 5), now=datetime(2022, 4, 20, 10, tzinfo=PARIS))

    filled = DueReading.objects.order_by("due_on").values_list("due_on", "reading__value")
    assert list(filled) == [(DUE_ON, 41_100), (date(2022, 5, 5), None)]


class TestOpenedTwiceOnADay:
    """A company more is asked, with the same deadline: the person gets what she needs, in one mail."""

    @pytest.fixture
    def alexandra(self) -> Contact:
        a_dealer()
        first = a_customer()
        a_contact(second := a_customer(code="CL001008", name="Gramont Immobilier"))
        a_device(first, serial="3923656030")
        a_device(second, serial="3932410077")
        return a_contact(first)

    def test_after_her_mail_left_she_gets_one_that_names_both(self, alexandra: Contact) -> None:
        a_campaign(only=["CL001007"])
        mailing.write_due(now=OPENED)
        Mail.objects.update(state="SENT", sent_at=OPENED)

        a_campaign(only=["CL001008"], now=OPENED + HOUR)
        mailing.write_due(now=OPENED + HOUR)

        first, second = Mail.objects.order_by("pk")
        assert ("6030" in first.text, "0077" in first.text) == (True, False)
        assert "6030" in second.text and "0077" in second.text
        assert (first.state, second.state) == ("SENT", "OWED")
        assert first.key_uuid == second.key_uuid, "the link in her first mail shows both too"
        assert Notice.objects.get().owed_at == OPENED + HOUR

    def test_while_her_mail_waits_it_is_written_anew_and_only_one_leaves(
        self, alexandra: Contact
    ) -> None:
        a_campaign(only=["CL001007"])
        mailing.write_due(now=OPENED)
        a_campaign(only=["CL001008"], now=OPENED + HOUR)
        mailing.write_due(now=OPENED + HOUR)
        assert [mail.state for mail in Mail.objects.order_by("pk")] == ["WITHHELD", "OWED"]

    def test_who_had_answered_everything_is_asked_for_what_came_since(
        self, alexandra: Contact
    ) -> None:
        campaign = a_campaign(only=["CL001007"])
        device = Device.objects.get(serial="3923656030")
        answers(campaign.invitations.get(), device, mono=41_200, color=92_910, now=OPENED)
        assert Notice.objects.get().withheld_at

        a_campaign(only=["CL001008"], now=OPENED + HOUR)
        mailing.write_due(now=OPENED + HOUR)

        [mail] = Mail.objects.filter(kind="invitation")
        assert "0077" in mail.text and "6030" not in mail.text

    def test_opened_again_without_anything_new_nobody_is_written_to(
        self, alexandra: Contact
    ) -> None:
        a_campaign()
        mailing.write_due(now=OPENED)
        a_campaign(now=OPENED + HOUR)
        assert mailing.write_due(now=OPENED + HOUR) == 0

    def test_two_due_dates_are_two_mails_with_a_link_each(self, alexandra: Contact) -> None:
        a_device(
            customer := a_customer(),
            serial="3944000001",
            contract=a_contract(customer, number="2", first_due_on=date(2022, 4, 20)),
        )
        a_campaign()
        a_campaign(due_until=date(2022, 4, 20), now=OPENED + HOUR)
        mailing.write_due(now=OPENED + HOUR)

        first, second = Mail.objects.order_by("pk")
        assert "6030" in first.text and "0077" in first.text and "0001" not in first.text
        assert "0001" in second.text and "6030" not in second.text
        assert first.key_uuid != second.key_uuid
