"""What a campaign's mail says: the devices, the deadline and the consequences, as the templates want them.

Everything is fetched for many mails at once. Labels and numbers follow the active language, so a
letter is made under the reader's own (`translation.override`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from releveur.among import Among
from releveur.campaigns import silence
from releveur.campaigns.models import (
    Asked,
    Campaign,
    DueReading,
    Invitation,
    Kind,
    Problem,
    problem_told,
    still_held,
)
from releveur.campaigns.silence import Price
from releveur.campaigns.told import READ, STANDS, Told, tell
from releveur.clock import PARIS
from releveur.customers.models import Customer
from releveur.kept import AnyGiven, Kept
from releveur.outbox import keys
from releveur.readings import wording
from releveur.readings.models import Reading

MOST_DEVICES = 12
"""Devices named in a mail; the page has them all."""


LONGEST_SUBJECT = 90
SHORTEST_NAME = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One meter: its label, what is said of it, and why; words alone are said in passing."""

    label: str
    value: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """One device as a person recognises it: model, last four of the serial, where it stands."""

    model: str
    serial_end: str
    place: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Company:
    """A customer as it is named in a mail."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Group:
    """The devices of one company."""

    company: str
    code: str
    machines: Sequence[Machine]


type Row = DueReading | Told

type Context = dict[str, object]

type Corrected = Mapping[int, Reading | None]
"""What stood before per meter: declared, invoiced, or nothing."""


def asked_rows(invitations: Collection[int]) -> dict[int, list[DueReading]]:
    """The rows each invitation asks, in the order of the page, in one query."""
    rows: dict[int, list[DueReading]] = defaultdict(list)
    for one in _ASKED.ask(invitations=[*invitations]):
        one.due_reading.told = one.has_problem
        rows[one.invitation_id].append(one.due_reading)
    return rows


def told_rows(invitations: Collection[int]) -> dict[int, list[tuple[Told, int | None]]]:
    """The same as values, for many mails at once; each with the handover that asks it."""
    paths = [f"due_reading__{path}" for path in (*STANDS, *READ)]
    whom = Among("invitation", invitations)
    asked = _asked(whom).annotate(has_problem=problem_told("due_reading__"))
    rows: dict[int, list[tuple[Told, int | None]]] = defaultdict(list)
    for invitation, handover, *values in asked.values_list(
        "invitation_id", "handover_id", *paths, "has_problem"
    ):
        rows[invitation].append((Told._make(values), handover))
    return rows


def _asked(whom: Q | Among) -> QuerySet[Asked]:
    asked = Asked.objects.filter(still_held("due_reading__"), whom)
    return asked.order_by(
        "due_reading__installation__site__customer__code",
        "due_reading__installation__site_id",
        "due_reading__meter__device__serial",
        "due_reading__meter__kind__position",
        "due_reading__meter__kind__code",
    )


_ASKED = Kept(
    lambda: (
        _asked(Q(invitation=AnyGiven("invitations")))
        .annotate(has_problem=problem_told("due_reading__"))
        .select_related(
            "due_reading__reading",
            "due_reading__meter__kind",
            "due_reading__meter__device__model",
            "due_reading__installation__site__customer",
            "due_reading__coverage__contract",
        )
    )
)


def missing[R: (DueReading, Told)](rows: Iterable[R]) -> list[R]:
    """Rows nobody has answered, in values or in words: empty, or filled by our own estimate."""
    return [row for row in rows if row.answer is None and not row.told]


def asking(
    invitation: Invitation,
    rows: Sequence[Row],
    told: Sequence[Row],
    *,
    deadline: datetime,
    moved: bool = False,
    prices: Mapping[int, Price] | None = None,
) -> Context:
    """Of a mail that asks for readings.

    :param rows: all that is asked of this person
    :param told: what the mail names: all of it, or what is still missing
    :param moved: an earlier mail named an earlier deadline
    :param prices: what silence would retain, per row; none where this mail does not say it
    """
    named = tell(told)
    allowed = {row.estimation_allowed for row in named}
    found = [(prices or {}).get(row.pk) for row in named]
    lines = [
        (row, Line(row.label, words=silence.in_words(price)) if price else None)
        for row, price in zip(named, found, strict=True)
    ]
    return _about(invitation, tell(rows), lines) | {
        "priced": any(line for _row, line in lines),
        "deadline": in_words(deadline),
        "deadline_day": day_in_words(deadline),
        "moved": moved,
        "abroad": any(row.zone != PARIS.key for row in named),
        "estimated": True in allowed,
        "forbidden": False in allowed,
        "one_off": invitation.campaign.kind == Kind.ONE_OFF,
        "reason": _reason(invitation.campaign),
        "not_me": f"{settings.SITE_URL}/plus-moi/{keys.PLACEHOLDER}",
    }


def estimates(invitation: Invitation, rows: Sequence[Row]) -> Context:
    """Of the mail after the close: each value retained, and the words that explain it."""
    asked = tell(rows)
    told = [
        (row, Line(row.label, wording.number(row.estimate), _why(row.explanation)))
        for row in asked
        if row.estimate is not None
    ]
    return _about(invitation, asked, told) | {"meter_count": len(told)}


def declared(
    invitation: Invitation,
    lines: Sequence[tuple[DueReading, Reading]],
    *,
    number: str,
    now: datetime,
    instead: Corrected | None = None,
) -> Context:
    """Of a receipt: what was sent, and how many devices still wait for a value.

    :param instead: of a correction, what each value replaces, per meter
    """
    replaced = instead or {}
    values = {row.pk: reading for row, reading in lines}
    rows = asked_rows([invitation.pk]).get(invitation.pk, [])
    told = [
        (
            tell([row])[0],
            Line(
                row.meter.kind.label,
                wording.number(values[row.pk].value),
                _read(values[row.pk], replaced.get(row.meter_id)),
            ),
        )
        for row in rows
        if row.pk in values
    ]
    still = {row.meter.device_id for row in missing(rows) if row.pk not in values}
    return _about(invitation, tell(rows), told) | {
        "number": number,
        "made_at": in_words(now),
        "still_missing": len(still),
        "proposed": any(reading.proposed for reading in values.values()),
    }


def problem(told: Problem, rows: Sequence[DueReading]) -> Context:
    """Of the mail that notes a problem: what was told of which device, and what follows.

    :param rows: all that is asked of this person
    """
    asked = tell(rows)
    mine = [(row, None) for row in asked if row.device_id == told.device_id]
    return _about(told.invitation, asked, mine) | {
        "what": Problem.What(told.what).label,
        "words": told.words,
        "estimated": any(row.estimation_allowed for row, _line in mine),
        "still_missing": len({row.meter.device_id for row in missing(rows)}),
    }


def still_you(invitation: Invitation, rows: Sequence[DueReading], *, named: str) -> Context:
    """Of the mail to whoever named a successor whom the office refused."""
    told = missing(rows)
    waits = bool(told) and invitation.campaign.state == Campaign.State.OPEN
    said = asking(invitation, rows, told, deadline=invitation.asks_until)
    return said | {"named": named, "waits": waits}


def fitting(subject: str, context: Context) -> str:
    """The subject with as much of a long company name as lists of mails show; its code stands whole."""
    over = len(subject) - LONGEST_SUBJECT
    company = context.get("company")
    if over <= 0 or not isinstance(company, Company):
        return subject
    kept = max(len(company.name) - over - 1, SHORTEST_NAME)
    return subject.replace(company.name, f"{company.name[:kept].rstrip()}…")


def in_words(at: datetime) -> str:
    """« lundi 11 janvier 2027 à 18 h »: the wall clock of Paris, in the active language."""
    local = at.astimezone(PARIS)
    hour = f"{local:%H:%M}"
    if wording.in_french():
        hour = f"{local.hour}\u00a0h" + (f"\u00a0{local:%M}" if local.minute else "")
    return _("%(day)s at %(hour)s") % {"day": f"{_day(local)} {local.year}", "hour": hour}


def day_in_words(at: datetime) -> str:
    """« lundi 11 janvier »."""
    return _day(at.astimezone(PARIS))


def date_in_words(at: datetime) -> str:
    """« 11 janvier 2027 »: the day of a letter."""
    local = at.astimezone(PARIS)
    day = date_format(local, "j F Y")
    return f"1er{day[1:]}" if wording.in_french() and local.day == 1 else day


def place(row: DueReading) -> str:
    """« Siège, 2e étage »: where a device stands, for those who work there."""
    return tell([row])[0].place


def _about(
    invitation: Invitation, rows: Sequence[Told], told: Sequence[tuple[Told, Line | None]]
) -> Context:
    """What every mail of a campaign names: who, which companies, which devices, how many."""
    machine_count = len({row.device_id for row, _line in told})
    companies = [
        Company(*names) for names in dict.fromkeys((row.company, row.code) for row in rows)
    ]
    return {
        "first_name": invitation.contact.first_name,
        "companies": companies,
        "company": companies[0] if companies else None,
        "several_companies": len(companies) > 1,
        "company_count": len(companies),
        "groups": _groups(told),
        "more": max(0, machine_count - MOST_DEVICES),
        "machine_count": machine_count,
        "asked_count": len({row.device_id for row in rows}),
        "may_stop": True,
    }


def named_in_mails(customer: Customer) -> Company:
    """What mails say of a customer: words only, so that many mails share their form (`outbox.forms`)."""
    return Company(customer.name, customer.code)


def _reason(campaign: Campaign) -> str:
    """Why one device is asked for between its periods; empty where all are asked as usual."""
    match campaign.why:
        case Campaign.Why.REMOVAL:
            return _(
                "Your device is about to be taken away. To invoice what was really printed, we need the"
                " counters that it shows before it leaves. Fifteen seconds are enough, without account"
                " or password."
            )
        case Campaign.Why.MOVE:
            return _(
                "Your device is about to move. To invoice what was really printed, we need the counters"
                " that it shows before it moves. Fifteen seconds are enough, without account or"
                " password."
            )
        case Campaign.Why.END:
            return _(
                "The contract of your device is about to end. To invoice what was really printed, we"
                " need its last counters. Fifteen seconds are enough, without account or password."
            )
        case _:
            return ""


def companies(rows: Iterable[DueReading]) -> list[Customer]:
    """The customers whose devices these rows ask for, each once."""
    found: Mapping[int, Customer] = {
        row.installation.site.customer_id: row.installation.site.customer for row in rows
    }
    return list(found.values())


def _groups(told: Iterable[tuple[Told, Line | None]]) -> list[Group]:
    """The devices by company, as many as a mail names."""
    lines: dict[int, list[Line]] = defaultdict(list)
    first: dict[int, Told] = {}
    for row, line in told:
        first.setdefault(row.device_id, row)
        if line:
            lines[row.device_id].append(line)
    shown = list(first.values())[:MOST_DEVICES]
    return [
        Group(*names, [_machine(row, lines[row.device_id]) for row in mine])
        for names, mine in groupby(shown, key=lambda row: (row.company, row.code))
    ]


def _machine(row: Told, lines: Sequence[Line]) -> Machine:
    return Machine(row.model, row.serial[-4:], row.place, lines)


def _why(explanation: Mapping[str, Any] | None) -> str:
    words: Mapping[str, str] = (explanation or {}).get("words", {})
    return words.get("fr" if wording.in_french() else "en", "")


def _read(reading: Reading, instead: Reading | None) -> str:
    """When it was read and, of a correction, what it replaces."""
    day = _("read on %(day)s") % {"day": wording.day(reading.taken_on)}
    if instead is None:
        return day
    words = {"day": day, "value": wording.number(instead.value)}
    if instead.source == Reading.Source.SYSTEM:
        return _("%(day)s, instead of our estimate of %(value)s") % words
    return _("%(day)s, instead of %(value)s") % words


def _day(local: datetime) -> str:
    day = date_format(local, "l j F")
    return day.replace(" 1 ", " 1er ") if wording.in_french() else day
