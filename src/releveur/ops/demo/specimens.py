"""Every mail of the product, as it would leave: found by its folder, said by the room that owns it.

The rows are real ones, of one person's invitation; what has not happened to them yet (a value sent, an
estimate) is put beside them in memory. Nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from pathlib import Path

from django.conf import settings
from django.utils import translation

from releveur.appointments import days
from releveur.appointments.models import Appointment
from releveur.appointments.telling import Letter
from releveur.campaigns import announcing, letter, mailing, office_mail, opting_out, silence
from releveur.campaigns.letter import Context
from releveur.campaigns.mailing import Envelope
from releveur.campaigns.models import DueReading, Invitation, Notice, Problem
from releveur.clock import PARIS
from releveur.customers import login
from releveur.dealer.closures import closed_days
from releveur.dealer.models import Dealer
from releveur.ops.demo import mailbox
from releveur.ops.demo.mailbox import Caught
from releveur.outbox import composing, writing
from releveur.outbox.models import Mail
from releveur.readings import estimating, submission
from releveur.readings.estimating import ModelRates
from releveur.readings.models import Billed, Reading

HIDDEN = re.compile(r"<div style=\"display:none.*?>(.*?)</div>", re.DOTALL)
FILLER = re.compile(r"[\s\u2007\u034f]+")
PRINTED = 1_204
"""Impressions since the last reading, where nobody has said any."""

A_RECEIPT = "R220411-AXFUWQ"


class NoSpecimen(Exception):
    """A mail of the product that nobody shows yet: add it to `SPECIMENS`."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """One kind of mail in one language: as it goes over the wire, and as it is read."""

    kind: str
    language: str
    caught: Caught
    preheader: str
    size: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose mail it is, what is asked of her, and when."""

    invitation: Invitation
    rows: Sequence[DueReading]
    dealer: Dealer
    now: datetime

    @property
    def missing(self) -> Sequence[DueReading]:
        return letter.missing(self.rows) or self.rows


def kinds() -> list[str]:
    """The folders of all mails, e.g. `campaigns/mail/invitation`, in the order in which they come."""
    here = Path(settings.HERE)
    found = (path.relative_to(path.parents[2]) for path in here.glob("*/templates/*/mail/*/"))
    folders = {path.as_posix() for path in found}
    return [kind for kind in SPECIMENS if kind in folders] + sorted(folders - set(SPECIMENS))


def show(kind: str, language: str, *, invitation: Invitation, now: datetime) -> Specimen:
    """One mail as it would leave for this person now.

    :raises NoSpecimen: it is not in `SPECIMENS`
    """
    mail = prepare(kind, language, invitation=invitation, now=now)
    content = composing.compose(mail, date=now)
    caught = mailbox.read(content, number=kind)
    return Specimen(kind, language, caught, preheader(mail.html), len(content))


def prepare(kind: str, language: str, *, invitation: Invitation, now: datetime) -> Mail:
    """The row it would leave from, unsaved; raises as `show` does."""
    if kind not in SPECIMENS:
        raise NoSpecimen(kind)
    rows = letter.asked_rows([invitation.pk]).get(invitation.pk, [])
    scene = Scene(invitation, rows, Dealer.objects.here(), now)
    with translation.override(language):
        return SPECIMENS[kind](kind, language, scene)


def preheader(html: str) -> str:
    """What a list of mails shows after the subject."""
    found = HIDDEN.search(html)
    return FILLER.sub(" ", unescape(found[1])).strip() if found else ""


type _Shown = Callable[[str, str, Scene], Mail]


def _written(context: Callable[[Scene], Context]) -> _Shown:
    """A mail of a campaign, by the function that says what is in it."""

    def shown(kind: str, language: str, scene: Scene) -> Mail:
        envelope = Envelope(scene.invitation, scene.dealer, scene.now)
        scene.invitation.contact.language = language
        return mailing.written(kind.rpartition("/")[2], lambda: context(scene), envelope)

    return shown


def _invitation(scene: Scene) -> Context:
    return _asking(scene, scene.rows, Notice.What.INVITED)


def _reminder(what: Notice.What) -> Callable[[Scene], Context]:
    return lambda scene: _asking(scene, scene.missing, what)


def _asking(scene: Scene, told: Sequence[DueReading], what: Notice.What) -> Context:
    deadline = scene.invitation.asks_until
    written = silence.is_written(scene.dealer, what)
    prices = silence.prices(scene.rows) if written else {}
    return letter.asking(scene.invitation, scene.rows, told, deadline=deadline, prices=prices)


def _estimates(scene: Scene) -> Context:
    unread = [estimating.unread(row.meter, on=row.due_on) for row in scene.rows]
    known = submission.facts([row.meter for row in scene.rows])
    past = [known[row.meter_id] for row in scene.rows]
    foreseen = estimating.foresee(unread, rates=ModelRates(), known=past, now=scene.now)
    for row, reading in zip(scene.rows, foreseen, strict=True):
        row.reading = row.estimate or reading
    return letter.estimates(scene.invitation, scene.rows)


def _receipt(scene: Scene) -> Context:
    return letter.declared(scene.invitation, _sent(scene), number=A_RECEIPT, now=scene.now)


def _correction(scene: Scene) -> Context:
    sent = _sent(scene)
    instead = {
        row.meter_id: Reading(value=now.value - PRINTED // 2, source=Reading.Source.CUSTOMER)
        for row, now in sent
    }
    return letter.declared(scene.invitation, sent, number=A_RECEIPT, now=scene.now, instead=instead)


def _problem(scene: Scene) -> Context:
    device = scene.rows[0].meter.device
    told = Problem(
        device=device, invitation=scene.invitation, what=Problem.What.BROKEN,
        words="Le technicien vient jeudi.",
    )  # fmt: skip
    return letter.problem(told, scene.rows)


def _still_you(scene: Scene) -> Context:
    return letter.still_you(scene.invitation, scene.rows, named="Karim Benali")


def _handed(scene: Scene) -> Context:
    first = [row for row in scene.rows if row.meter.device_id == scene.rows[0].meter.device_id]
    return _asking(scene, first, Notice.What.HANDED) | {"sender": "Karim Benali"}


def _sent(scene: Scene) -> list[tuple[DueReading, Reading]]:
    """What she declared, or may declare today."""
    last = dict(
        Billed.objects.filter(meter__in=[row.meter_id for row in scene.rows])
        .order_by("taken_on", "pk")
        .values_list("meter_id", "value")
    )
    day = scene.now.astimezone(PARIS).date()
    return [
        (row, row.answer or Reading(taken_on=day, value=last.get(row.meter_id, 0) + PRINTED))
        for row in scene.rows
    ]


def _announcement(kind: str, language: str, scene: Scene) -> Mail:
    scene.invitation.contact.language = language
    return announcing.prepare(
        scene.invitation.contact, letter.companies(scene.rows), dealer=scene.dealer, now=scene.now
    )


def _office(kind: str, language: str, scene: Scene) -> Mail:
    return office_mail.prepare(
        lambda: opting_out.stopped(scene.invitation),
        dealer=scene.dealer, language=language, now=scene.now,
    )  # fmt: skip


def _code(kind: str, language: str, scene: Scene) -> Mail:
    return writing.prepare(
        kind,
        to=scene.invitation.contact.email,
        language=language,
        context=login.said(),
        dealer=scene.dealer,
        now=scene.now,
        link=(scene.invitation.uuid, login.FIRST, scene.invitation.key_hash),
    )


def _appointment(kind: str, language: str, scene: Scene) -> Mail:
    """Asked for by her, for the devices of her first site; cancelled a moment later."""
    stays = [row.installation for row in scene.rows]
    site, contact = stays[0].site, scene.invitation.contact
    contact.language = language
    one = Appointment(
        customer=site.customer, site=site, by_contact=contact,
        address=site.address, postal_code=site.postal_code, town=site.town,
        first_name=contact.first_name, last_name=contact.last_name,
        email=contact.email, phone=contact.phone,
        call_on=days.soonest(closures=closed_days(), now=scene.now), changed_at=scene.now,
    )  # fmt: skip
    where = {stay.pk: stay for stay in stays if stay.site_id == site.pk}
    letter = Letter(one, scene.dealer, list(where.values()), scene.now)
    if kind.endswith("/to_dealer"):
        return letter.to_dealer(None, language=language)
    if kind.endswith("/asked"):
        return letter.asked(None, changed=False)
    one.cancelled_at = scene.now
    return letter.no_longer(one)


SPECIMENS: Mapping[str, _Shown] = {
    "campaigns/mail/invitation": _written(_invitation),
    "campaigns/mail/reminder_1": _written(_reminder(Notice.What.REMINDED_1)),
    "campaigns/mail/reminder_2": _written(_reminder(Notice.What.REMINDED_2)),
    "campaigns/mail/reminder_3": _written(_reminder(Notice.What.REMINDED_3)),
    "campaigns/mail/moved": _written(_reminder(Notice.What.MOVED)),
    "campaigns/mail/closed": _written(_estimates),
    "campaigns/mail/receipt": _written(_receipt),
    "campaigns/mail/correction": _written(_correction),
    "campaigns/mail/problem_noted": _written(_problem),
    "campaigns/mail/handed": _written(_handed),
    "campaigns/mail/still_you": _written(_still_you),
    "campaigns/mail/announcement": _announcement,
    "campaigns/mail/office": _office,
    "appointments/mail/asked": _appointment,
    "appointments/mail/cancelled": _appointment,
    "appointments/mail/to_dealer": _appointment,
    "customers/mail/code": _code,
}
