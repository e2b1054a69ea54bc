"""An appointment as calendar programs want it (RFC 5545 and 5546).

An entry of a whole day: it says the day and no hour that nobody promised, needs no zone, and keeps
the day free. The person gets a REQUEST and, once it no longer holds, a CANCEL of the same UID. The
dealer is the organizer, whose own program would ignore a request of his: he gets it PUBLISHed, as does
whoever takes the file from the page.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vDatetime

from releveur.appointments.models import Appointment
from releveur.dealer.models import Dealer
from releveur.outbox.writing import clean_name

_SPACES = str.maketrans("\u00a0\u202f", "  ")


def request(appointment: Appointment, *, dealer: Dealer) -> str:
    """Ask the person's calendar to hold the day."""
    event = _hers(appointment, dealer)
    event.add("attendee", _attendee(appointment))
    return _calendar("REQUEST", event)


def cancel(appointment: Appointment, *, to: Appointment, dealer: Dealer) -> str:
    """Take the day out of a person's calendar again.

    :param to: the appointment as she knows it
    """
    event = _hers(to, dealer)
    event.add("attendee", _attendee(to))
    return _calendar("CANCEL", _ended(event, appointment))


def publish(appointment: Appointment, *, dealer: Dealer) -> str:
    """The entry as a file, for whoever wants it in a calendar."""
    return _calendar("PUBLISH", _hers(appointment, dealer))


def to_dealer(
    appointment: Appointment, before: Appointment | None, told: str, *, dealer: Dealer
) -> str:
    """The dealer's own entry, or its end; nothing where there is and was no day.

    :param told: all that the technician has to know
    """
    customer = appointment.customer
    summary = _("Call %(company)s (%(code)s): automatic meter readings") % {
        "company": customer.name,
        "code": customer.code,
    }
    if appointment.call_on and appointment.is_open:
        return _calendar("PUBLISH", _event(appointment, summary, told, dealer))
    if before and before.call_on:
        return _calendar("CANCEL", _ended(_event(before, summary, told, dealer), appointment))
    return ""


def _hers(appointment: Appointment, dealer: Dealer) -> Event:
    summary = _("Call from %(dealer)s: automatic meter readings") % {"dealer": dealer.name}
    called = appointment.network_name or appointment.person
    told = [_("We call %(who)s.") % {"who": called}]
    if dealer.phone:
        told.append(_("Our number: %(phone)s") % {"phone": dealer.phone})
    return _event(appointment, summary, "\n".join(told), dealer)


def _event(appointment: Appointment, summary: str, description: str, dealer: Dealer) -> Event:
    day = appointment.call_on
    assert day is not None
    event = Event()
    event.add("uid", f"{appointment.uuid}@releveur")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", _whole(appointment.changed_at))
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", _plain(summary))
    event.add("description", _plain(description.strip()))
    event.add("location", f"{appointment.address}, {appointment.postal_code} {appointment.town}")
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    mailbox = dealer.reply_to or dealer.sender_address
    event.add("organizer", vCalAddress.new(mailbox, cn=clean_name(dealer.name)))
    return event


def _ended(event: Event, appointment: Appointment) -> Event:
    """The same entry, cancelled by the change that the appointment is at now."""
    event["sequence"] = appointment.sequence
    event["dtstamp"] = vDatetime(_whole(appointment.changed_at))
    event["status"] = "CANCELLED"
    return event


def _attendee(appointment: Appointment) -> vCalAddress:
    return vCalAddress.new(
        appointment.email,
        cn=clean_name(appointment.person),
        cutype="INDIVIDUAL",
        role="REQ-PARTICIPANT",
        partstat="NEEDS-ACTION",
        rsvp=False,
    )


def _calendar(method: str, event: Event) -> str:
    calendar = Calendar()
    calendar.add("prodid", "-//Releveur//Releveur//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text.decode()


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _plain(text: str) -> str:
    """Calendar programs show the narrow spaces of French as boxes."""
    return text.translate(_SPACES)
