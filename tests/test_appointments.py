"""A company asks to be called: one appointment at a time, and both sides learn each change by mail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from io import BytesIO
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from icalendar import Calendar, Event
from PIL import Image

from releveur.appointments import asking, days
from releveur.appointments.asking import Wanted
from releveur.appointments.models import Appointment
from releveur.customers.models import Contact, Customer
from releveur.dealer import branding
from releveur.dealer.models import Closure
from releveur.fleet.models import Device
from releveur.outbox import composing, delivering
from releveur.outbox.models import Mail
from releveur.rules.schedule import PARIS
from tests.factories import OPENED, a_contact, a_customer, a_dealer, a_device, a_site
from tests.sink import Sink

pytestmark = pytest.mark.django_db

TUESDAY = date(2022, 4, 12)
LATER = OPENED + timedelta(hours=1)


@pytest.fixture
def customer() -> Customer:
    a_dealer()
    return a_customer()


@pytest.fixture
def alexandra(customer: Customer) -> Contact:
    return a_contact(customer)


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030")


@pytest.fixture
def wanted(device: Device) -> Wanted:
    return a_request(device)


def a_request(device: Device) -> Wanted:
    return Wanted(
        address="30 rue de Gramont",
        postal_code="75002",
        town="Paris",
        first_name="Alexandra",
        last_name="Morel",
        email="alexandra@gramont-services.example",
        phone="01 44 00 00 01",
        devices=frozenset({device.pk}),
        network_name="Idris Benali",
        network_phone="06 12 34 56 78",
        call_on=TUESDAY,
        words="Pas avant 10 h ; badge à l’accueil",
    )


def asks(wanted: Wanted, *, now: datetime = OPENED) -> Appointment:
    return asking.ask(a_customer(), wanted, by=a_contact(), choice=wanted.devices, now=now)


def letters(post: Sink) -> dict[str, EmailMessage]:
    """The mails that arrived since last time, by whom they are for."""
    post.messages.clear()
    delivering.deliver_due(now=LATER, server=post.server)
    return {str(message["To"]): message for message in post.messages}


def entry(message: EmailMessage) -> tuple[str, Event]:
    """Method and event of the entry a mail brings, the same in both of its places."""
    [part] = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
    [file] = message.iter_attachments()
    assert file.get_filename() == "rendez-vous.ics"
    assert file.get_content() == part.get_content().encode()
    calendar = Calendar.from_ical(part.get_content())
    assert part.get_param("method") == calendar["method"]
    [event] = calendar.walk("VEVENT")
    assert isinstance(event, Event)
    return str(calendar["method"]), event


HERS, OURS = "alexandra@gramont-services.example", "releves@bureautique-lafayette.example"


def test_a_request_tells_the_person_and_the_dealer(post: Sink, wanted: Wanted) -> None:
    asks(wanted)

    mails = letters(post)

    assert set(mails) == {HERS, OURS}
    hers, ours = mails[HERS], mails[OURS]
    assert (hers["Reply-To"], ours["Reply-To"]) == (OURS, HERS)
    assert "mardi 12 avril 2022" in hers["Subject"] and "CL001007" in hers["Subject"]
    told = ours.get_body(("plain",))
    assert told
    words = told.get_content()
    for needed in (
        "Gramont Services", "CL001007", "30 rue de Gramont", "75002 Paris", "Alexandra Morel",
        "01 44 00 00 01", "Idris Benali", "06 12 34 56 78", "Xerox 7855V_F", "3923656030",
        "Accueil", "mardi 12 avril 2022", "Pas avant 10 h ; badge à l’accueil", HERS,
    ):  # fmt: skip
        assert needed in words
    html = ours.get_body(("html",))
    assert html and "3923656030" in html.get_content()


def test_the_entry_stands_last_among_the_alternatives_and_is_attached(
    post: Sink, wanted: Wanted
) -> None:
    asks(wanted)
    message = letters(post)[HERS]

    assert message.get_content_type() == "multipart/mixed"
    body, file = message.iter_parts()
    assert [part.get_content_type() for part in body.iter_parts()] == [
        "text/plain", "text/html", "text/calendar",
    ]  # fmt: skip
    calendar = list(body.iter_parts())[-1]
    assert dict(calendar["Content-Type"].params) == {"charset": "utf-8", "method": "REQUEST"}
    assert (file.get_content_type(), file.get_content_disposition()) == (
        "application/ics", "attachment",
    )  # fmt: skip


def test_a_day_is_an_entry_of_a_whole_day_from_the_dealer_to_the_person(
    post: Sink, wanted: Wanted
) -> None:
    asked = asks(wanted)

    method, event = entry(letters(post)[HERS])

    assert method == "REQUEST"
    assert (event["uid"], event["sequence"]) == (f"{asked.uuid}@releveur", 0)
    assert (event.start, event.end) == (TUESDAY, TUESDAY + timedelta(days=1))
    assert event.DTSTAMP == OPENED
    assert (event["organizer"], event["attendee"]) == (f"mailto:{OURS}", f"mailto:{HERS}")
    assert event["attendee"].params["CN"] == "Alexandra Morel"
    assert event["location"] == "30 rue de Gramont, 75002 Paris"
    assert event["transp"] == "TRANSPARENT", "nobody promised an hour: the day stays free"
    assert "Idris Benali" in str(event["description"])


def test_the_dealers_entry_is_published_since_he_is_its_organizer(
    post: Sink, wanted: Wanted
) -> None:
    asks(wanted)
    method, event = entry(letters(post)[OURS])
    assert method == "PUBLISH" and "attendee" not in event
    assert "Gramont Services (CL001007)" in str(event["summary"])
    assert "3923656030" in str(event["description"]) and "06 12 34 56 78" in str(
        event["description"]
    )


def test_another_day_moves_the_same_entry(post: Sink, wanted: Wanted) -> None:
    first = asks(wanted)
    before = letters(post)[HERS]
    second = asks(replace(wanted, call_on=TUESDAY + timedelta(days=1)), now=LATER)

    after = letters(post)[HERS]
    method, event = entry(after)

    assert first == second and Appointment.objects.count() == 1
    assert (method, event["uid"], event["sequence"]) == ("REQUEST", f"{first.uuid}@releveur", 1)
    assert event.DTSTAMP == LATER
    assert after["In-Reply-To"] == before["Message-ID"], "one conversation"


@pytest.mark.parametrize("to", [HERS, OURS])
def test_a_day_taken_back_takes_the_entry_away(post: Sink, wanted: Wanted, to: str) -> None:
    asks(wanted)
    letters(post)
    asked = asks(replace(wanted, call_on=None), now=LATER)

    method, event = entry(letters(post)[to])

    assert (method, event["status"], event["sequence"]) == ("CANCEL", "CANCELLED", 1)
    assert (event["uid"], event.start) == (f"{asked.uuid}@releveur", TUESDAY)


@pytest.mark.parametrize("to", [HERS, OURS])
def test_cancelling_takes_the_entry_away_and_tells_both(
    post: Sink, wanted: Wanted, to: str
) -> None:
    asked = asks(wanted)
    letters(post)
    asking.cancel(asked, now=LATER)

    mails = letters(post)

    method, event = entry(mails[to])
    assert set(mails) == {HERS, OURS} and "annulé" in mails[to]["Subject"]
    assert (method, event["uid"], event["sequence"]) == ("CANCEL", f"{asked.uuid}@releveur", 1)
    told = mails[OURS].get_body(("plain",))
    assert told and "il n’y a personne à appeler" in told.get_content().replace("\n", " ")


def test_without_a_day_no_calendar_is_touched(post: Sink, wanted: Wanted) -> None:
    asks(replace(wanted, call_on=None))
    for message in letters(post).values():
        assert message.get_content_type() == "multipart/alternative"
        assert not list(message.iter_attachments())


def test_who_is_replaced_by_somebody_else_learns_it_and_loses_the_entry(
    post: Sink, wanted: Wanted
) -> None:
    asks(wanted)
    letters(post)
    asks(
        replace(wanted, first_name="Naïma", last_name="Roy", email="naima@gramont.example"),
        now=LATER,
    )

    mails = letters(post)

    assert set(mails) == {HERS, "naima@gramont.example", OURS}
    told = mails[HERS].get_body(("plain",))
    assert told and "Naïma Roy" in told.get_content()
    assert entry(mails[HERS])[0] == "CANCEL"
    assert entry(mails[HERS])[1]["attendee"] == f"mailto:{HERS}"
    assert entry(mails["naima@gramont.example"])[0] == "REQUEST"


def test_saying_the_same_again_changes_nothing_and_writes_to_nobody(wanted: Wanted) -> None:
    asks(wanted)
    again = asks(wanted, now=LATER)
    assert (again.sequence, Mail.objects.count()) == (0, 2)


def test_a_company_has_one_open_appointment_in_the_database(wanted: Wanted) -> None:
    asked = asks(wanted)
    asked.pk, asked.uuid = None, uuid4()
    with (
        pytest.raises(IntegrityError, match="a_company_asks_for_one_appointment_at_a_time"),
        transaction.atomic(),
    ):
        asked.save(force_insert=True)


def test_after_a_cancelled_one_another_may_be_asked_for(wanted: Wanted) -> None:
    first = asks(wanted)
    asking.cancel(first, now=LATER)
    second = asks(wanted, now=LATER)
    assert second.pk != first.pk and second.uuid != first.uuid and second.sequence == 0
    with pytest.raises(asking.NotOpen):
        asking.cancel(first, now=LATER)


def test_a_device_or_a_site_of_another_company_is_refused(wanted: Wanted) -> None:
    stranger = a_customer(code="CL009000", name="Autre")
    other = a_device(stranger, serial="STRANGER")
    with pytest.raises(asking.NotOfThisCompany):
        asks(replace(wanted, devices=wanted.devices | {other.pk}))
    with pytest.raises(asking.NotOfThisCompany):
        asks(replace(wanted, site=a_site(stranger)))
    assert not Appointment.objects.exists() and not Mail.objects.exists()


def test_devices_a_colleague_cannot_see_stay_when_she_changes_the_rest(
    customer: Customer, wanted: Wanted, device: Device
) -> None:
    hers = a_device(customer, serial="HERS")
    asks(wanted)
    asking.ask(
        customer,
        replace(wanted, devices=frozenset({hers.pk})),
        by=a_contact(),
        choice={hers.pk},
        now=LATER,
    )
    assert set(Appointment.objects.get().devices.all()) == {device, hers}


@pytest.mark.parametrize(
    ("day", "fault"),
    [
        (date(2022, 4, 4), "PAST"),
        (date(2022, 4, 9), "WEEKEND"),
        (date(2022, 4, 18), "CLOSED"),  # Easter Monday
        (date(2022, 5, 27), "CLOSED"),
        (date(2222, 4, 12), "TOO_FAR"),
    ],
)
def test_nobody_is_called_when_the_office_is_closed(
    wanted: Wanted, day: date, fault: days.Fault
) -> None:
    Closure.objects.create(first_day=date(2022, 5, 27), last_day=date(2022, 5, 27))
    with pytest.raises(asking.CannotCallThen) as refusal:
        asks(replace(wanted, call_on=day))
    assert refusal.value.fault == fault


def test_today_is_possible_as_long_as_the_office_is_open(wanted: Wanted) -> None:
    today = replace(wanted, call_on=OPENED.date())
    with pytest.raises(asking.CannotCallThen, match="OVER_FOR_TODAY"):
        asks(today, now=datetime(2022, 4, 5, 18, 0, tzinfo=PARIS))
    assert asks(today).call_on == OPENED.date()


def test_what_is_typed_cannot_break_out_of_the_entry_or_the_mail(
    post: Sink, wanted: Wanted
) -> None:
    evil = 'x";CN=y:mailto:evil@example.org\r\nATTENDEE:mailto:evil@example.org <b>&'
    asks(replace(wanted, last_name=evil[:80], words=evil, address=evil))
    mails = letters(post)
    _method, event = entry(mails[HERS])
    assert event["attendee"] == f"mailto:{HERS}"
    assert "<b>&" in str(event["location"])
    html = mails[OURS].get_body(("html",))
    assert html and "<b>&" not in html.get_content()


def test_an_entry_without_its_method_is_not_sent(wanted: Wanted) -> None:
    asks(wanted)
    mail = Mail.objects.earliest("pk")
    mail.calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    with pytest.raises(ValueError, match="method"):
        composing.compose(mail, date=OPENED)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_appointment(wanted: Wanted) -> None:
    def click(_number: int) -> int:
        try:
            return asks(wanted).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as clicks:
        made = list(clicks.map(click, range(2)))
    assert made[0] == made[1]
    assert Mail.objects.count() == 2


def test_the_dealers_logo_stays_with_the_html(post: Sink, wanted: Wanted) -> None:
    picture = BytesIO()
    Image.new("RGB", (80, 40), "red").save(picture, "PNG")
    branding.describe({}, logo=BytesIO(picture.getvalue()))
    asks(wanted)
    body, _file = letters(post)[HERS].iter_parts()
    kinds = [part.get_content_type() for part in body.iter_parts()]
    assert kinds == ["text/plain", "multipart/related", "text/calendar"]


def test_a_contacts_copies_get_her_appointment_mails_and_never_the_dealers(
    post: Sink, wanted: Wanted, alexandra: Contact
) -> None:
    Contact.objects.update(copy_to="chef@gramont-services.example")
    asked = asks(replace(wanted, email="Alexandra@gramont-services.example"))
    mails = letters(post)
    asking.cancel(asked, now=LATER)
    mails |= {f"then {to}": message for to, message in letters(post).items()}

    copied = {to: message["Cc"] for to, message in mails.items() if message["Cc"]}
    hers = "Alexandra@gramont-services.example"
    assert copied == dict.fromkeys((hers, f"then {hers}"), "chef@gramont-services.example")
    told = mails[hers].get_body(("plain",))
    assert told and "chef@gramont-services.example" in told.get_content()


def test_who_is_named_to_be_called_has_her_own_copies_or_none(post: Sink, wanted: Wanted) -> None:
    Contact.objects.update(copy_to="chef@gramont-services.example")
    asks(replace(wanted, email="naima@gramont-services.example"))
    assert not [message["Cc"] for message in letters(post).values() if message["Cc"]]
