"""What a person sent, read field by field into the sheet she saw; nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID, uuid4

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from releveur.campaigns.models import Invitation
from releveur.readings import mending, proofs, wording
from releveur.readings.models import Finding, Proof
from releveur.readings.submission import Declared
from releveur.rules import digits
from releveur.web.portal.sheet import Row, Sheet, Status

NUMBER = re.compile(r"[0-9]{1,18}")
MOST_ANSWERS = 20
LONGEST_ANSWER = 5_000
PROOF_SALT = "releveur.web.portal.proof"


@dataclass(frozen=True, slots=True)
class Sent:
    """One form: its nonce, the rows that can be examined, and the place of each device."""

    nonce: UUID
    declared: list[Declared] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)


def read(request: HttpRequest, sheet: Sheet) -> Sent:
    """Read the form into the sheet's rows, and collect what can be declared.

    A row with a number nobody can read, or a photo that is none, stays as typed with its error.
    """
    for row in sheet.rows:
        _fill(row, request.POST, request.FILES, sheet.head.invitation)
    return sent_of(nonce(request), sheet)


def sent_of(nonce: UUID, sheet: Sheet) -> Sent:
    """What the filled rows of a sheet declare, in the order in which people fill them."""
    places = {row.device.pk: place for place, row in enumerate(sheet.rows)}
    lines = [row.line for row in sheet.rows if row.line is not None]
    if lines != sorted(lines):  # somebody sorted the spreadsheet
        places = {row.device.pk: row.line for row in sheet.rows if row.line is not None}
    return Sent(nonce, declared_in(sheet.rows, sheet.head.invitation), places)


def declared_in(rows: Iterable[Row], invitation: Invitation) -> list[Declared]:
    """What the filled rows declare; a row with an error stays as it is."""
    every = list(rows)
    values = _as_typed(every, {row.device.pk: _values(row) for row in every})
    declared = []
    for row in every:
        mine, day = values[row.device.pk], _day(row)
        if mine and day and not row.asks:
            declared.append(_declared(row, mine, day, invitation))
    return declared


def _as_typed(rows: Sequence[Row], values: dict[int, dict[int, int]]) -> dict[int, dict[int, int]]:
    """The values as a person typed them: a script may have put proposals into the fields since."""
    names = [name for row in rows for name in row.mend]
    if not names:
        return values
    every = {meter: value for mine in values.values() for meter, value in mine.items()}
    typed = mending.as_typed(every, names)
    return {
        row.device.pk: {
            cell.due.meter_id: typed[cell.due.meter_id]
            for cell in row.cells
            if cell.due.meter_id in typed
        }
        for row in rows
    }


def nonce(request: HttpRequest) -> UUID:
    """The number of this very form: sent twice, it records once."""
    try:
        return UUID(request.POST.get("nonce", ""))
    except ValueError:
        return uuid4()


def keep(request: HttpRequest, sheet: Sheet) -> list[Declared]:
    """Put what was typed back into the sheet: the page is only shown again.

    :returns: what the rows declare that had a question on the page, as if nothing had been answered
        to it yet; the others are not read
    """
    invitation = sheet.head.invitation
    for row in sheet.rows:
        _fill(row, request.POST, request.FILES, invitation)
    asked = [row for row in sheet.rows if f"asked-{row.device.pk}" in request.POST]
    declared = declared_in(asked, invitation)
    return [replace(one, confirmed=False, proof=None) for one in declared]


def keep_proof(proof: Proof, invitation: Invitation) -> str:
    """A ticket for a photo already received, good for this invitation only."""
    return signing.dumps([proof.pk, invitation.pk], salt=PROOF_SALT)


def _fill(
    row: Row,
    sent: QueryDict,
    files: MultiValueDict[str, UploadedFile[bytes]],
    invitation: Invitation,
) -> None:
    device = row.device.pk
    row.mend = _answers(sent, f"mend-{device}")
    row.keep = _answers(sent, f"keep-{device}")
    row.bounds = {
        name: text
        for cell in row.cells
        for name in (f"ended-{cell.due.pk}", f"began-{cell.due.pk}")
        if (text := sent.get(name, "").strip())
    }
    for cell in row.cells:
        cell.typed = sent.get(cell.name, "").strip()
    row.taken_on = _given_day(row, sent)
    row.confirmed = sent.get(f"confirmed-{device}") == row.fingerprint
    row.reason = sent.get(f"reason-{device}", "")
    row.proof = sent.get(f"proof-{device}", "")
    row.seen = {cell.due.meter_id: sent.get(f"seen-{cell.due.pk}") for cell in row.cells}
    photo = files.get(f"photo-{device}") or files.get(f"file-{device}")
    if photo and row.fingerprint.strip("/"):
        _receive(row, photo, invitation)


def _answers(sent: QueryDict, name: str) -> tuple[str, ...]:
    """What was pressed now and before; nothing of what nobody could have been offered."""
    given = dict.fromkeys(sent.getlist(name)[:MOST_ANSWERS])
    return tuple(one for one in given if len(one) <= LONGEST_ANSWER)


def _given_day(row: Row, sent: Mapping[str, str]) -> str:
    """The day of this device, else the one of the whole form.

    Nobody touched the form's day: it is today at its latest place, and may be tomorrow where this device stands.
    """
    if mine := sent.get(f"on-{row.device.pk}", "").strip():
        return mine
    given = sent.get("on", "").strip()
    untouched = given == sent.get("on-shown")
    return row.taken_on if not given or (untouched and given > row.taken_on) else given


def _receive(row: Row, photo: UploadedFile[bytes], invitation: Invitation) -> None:
    try:
        row.proof = keep_proof(proofs.store(photo), invitation)
    except proofs.Refused as refusal:
        row.photo_error = str(refusal)


def _values(row: Row) -> dict[int, int]:
    values = {}
    for cell in row.cells:
        if not cell.typed or cell.error:
            continue
        try:
            values[cell.due.meter_id] = digits.typed(cell.typed)
        except digits.Ambiguous as doubt:
            cell.error = _("Is it %(number)s? Type the number without a point or comma.") % {
                "number": wording.number(doubt.grouped)
            }
        except digits.TooLong:
            cell.error = _("This number is too long for a counter. Type the digits on the screen.")
        except ValueError:
            cell.error = _("Type the digits on the screen, for example 39684.")
    return values


def _kept(row: Row, values: Mapping[int, int]) -> frozenset[int]:
    """The half of a row that was sent before comes back with the form: its day stays its own."""
    return frozenset(
        cell.due.meter_id
        for cell in row.cells
        if row.status is Status.PARTIAL
        and cell.standing is not None
        and cell.standing.value == values.get(cell.due.meter_id)
    )


def _day(row: Row) -> date | None:
    try:
        return date.fromisoformat(row.taken_on)
    except ValueError:
        row.date_error = row.date_error or _(
            "Type the day as 2022-04-05, or choose it in the calendar."
        )
        return None


def _declared(row: Row, values: dict[int, int], day: date, invitation: Invitation) -> Declared:
    reasons = Finding.Answer.METER_REPLACED, Finding.Answer.LAST_WAS_WRONG, Finding.Answer.OTHER
    return Declared(
        device=row.device.pk,
        taken_on=day,
        values=values,
        confirmed=row.confirmed,
        reason=Finding.Answer(row.reason) if row.reason in reasons else None,
        proof=_proof(row.proof, invitation),
        seen={meter: _seen(row.seen.get(meter)) for meter in values},
        kept=_kept(row, values),
        mend=frozenset(row.mend),
        keep=frozenset(row.keep),
        ended=_bounds(row, "ended"),
        began=_bounds(row, "began"),
    )


def _bounds(row: Row, which: str) -> dict[int, int]:
    """What a replaced counter showed last, or the new one first: only where a number can be read."""
    found = {}
    for cell in row.cells:
        with suppress(ValueError):
            text = row.bounds.get(f"{which}-{cell.due.pk}", "")
            found[cell.due.meter_id] = digits.typed(text)
    return found


def _proof(ticket: str, invitation: Invitation) -> Proof | None:
    try:
        proof, bearer = signing.loads(ticket, salt=PROOF_SALT)
    except signing.BadSignature:
        return None
    return Proof.objects.filter(pk=proof).first() if bearer == invitation.pk else None


def _seen(text: str | None) -> int | None:
    return int(text) if text and NUMBER.fullmatch(text) else None
