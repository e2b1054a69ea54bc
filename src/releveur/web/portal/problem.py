"""« Un problème avec cet équipement ? »: told in one form, taken back with one press."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from releveur import clock
from releveur.campaigns import handed, reporting
from releveur.campaigns.models import Invitation, Problem
from releveur.campaigns.reporting import Told
from releveur.fleet.models import Device
from releveur.rules import digits
from releveur.web.portal import language, sheet
from releveur.web.portal.access import invited
from releveur.web.portal.sheet import Row
from releveur.web.restraint import restrained

AGES = ("old", "new")


@dataclass(slots=True)
class Form:
    """What was typed, and what is wrong with it, field by field."""

    what: str = ""
    words: str = ""
    new_serial: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter of a replaced device, before and after."""

    name: str
    label: str
    typed: str
    error: str


@require_http_methods(["GET", "HEAD", "POST"])
@invited
@language.kept
@restrained("problem", most=600)
def problem(request: HttpRequest, invitation: Invitation, device: int) -> HttpResponse:
    """Ask what is the matter; record it, and go back to the sheet."""
    now = clock.now()
    drawn = sheet.draw(invitation, now=now, device=device)
    if not drawn.rows or drawn.head.is_signed:
        raise Http404
    [row] = drawn.rows
    if request.method != "POST":
        form = _typed(request, row) if request.POST else _standing(row)
        return _page(request, drawn, row, form)
    form = _typed(request, row)
    form.errors = _errors(form)
    if not form.errors:
        told = _told(form, row)
        with _or_404():
            reporting.report(invitation, row.device, told, now=now)
        return _back(row.device)
    return _page(request, drawn, row, form, status=422)


@require_POST
@invited
@restrained("problem", most=600)
def take_back(request: HttpRequest, invitation: Invitation, device: int) -> HttpResponse:
    """The device can be read after all."""
    drawn = sheet.draw(invitation, now=clock.now(), device=device)
    if not drawn.rows or drawn.head.is_signed:
        raise Http404
    with _or_404():
        reporting.take_back(invitation, drawn.rows[0].device, now=clock.now())
    return _back(drawn.rows[0].device)


def _back(device: Device) -> HttpResponse:
    address = f"{reverse('portal:devices')}#device-{device.pk}"
    return HttpResponseRedirect(address, status=303)


def _page(
    request: HttpRequest, drawn: sheet.Sheet, row: Row, form: Form, *, status: int = 200
) -> HttpResponse:
    context = {
        "head": drawn.head,
        "row": row,
        "form": form,
        "hers": handed.passable(drawn.head.invitation).exists(),
        "choices": Problem.What.choices,
        "groups": [
            (_("Old device"), _counters(row, form, "old")),
            (_("New device"), _counters(row, form, "new")),
        ],
    }
    return render(request, "portal/problem.html", context, status=status)


@contextmanager
def _or_404() -> Iterator[None]:
    """While the form was on its way, the device may have gone to somebody else, or been invoiced."""
    try:
        yield
    except (reporting.NotAsked, reporting.AskedNoMore) as no:
        raise Http404 from no


def _counters(row: Row, form: Form, age: str) -> list[Counter]:
    names = [(f"{age}-{cell.kind.code}", cell.kind.label) for cell in row.cells]
    return [
        Counter(name, label, form.typed.get(name, ""), form.errors.get(name, ""))
        for name, label in names
    ]


def _standing(row: Row) -> Form:
    """The form as it was sent before."""
    told = row.problem
    if told is None:
        return Form()
    typed = {
        f"{age}-{kind}": str(value)
        for age, values in told.values.items()
        for kind, value in values.items()
    }
    return Form(told.what, told.words, told.new_serial, typed)


def _typed(request: HttpRequest, row: Row) -> Form:
    sent = request.POST
    form = Form(sent.get("what", ""), sent.get("words", "").strip(), sent.get("serial", "").strip())
    form.typed = {
        name: sent.get(name, "").strip()
        for age in AGES
        for name in (f"{age}-{cell.kind.code}" for cell in row.cells)
    }
    return form


def _errors(form: Form) -> dict[str, str]:
    if form.what not in Problem.What.values:
        return {"what": _("Choose what is the matter.")}
    if form.what == Problem.What.OTHER and not form.words:
        return {"words": _("Say in a few words what is the matter.")}
    return _misread(form) if form.what == Problem.What.REPLACED else {}


def _misread(form: Form) -> dict[str, str]:
    """Counters may be left empty; what is typed must be a number."""
    wrong = {}
    for name, text in form.typed.items():
        try:
            digits.typed(text)
        except digits.Nothing:
            continue
        except ValueError:
            wrong[name] = _("Type the digits on the screen, for example 39684.")
    return wrong


def _told(form: Form, row: Row) -> Told:
    return Told(
        Problem.What(form.what),
        words=form.words,
        new_serial=form.new_serial if form.what == Problem.What.REPLACED else "",
        old_values=_values(form, row, "old"),
        new_values=_values(form, row, "new"),
    )


def _values(form: Form, row: Row, age: str) -> dict[str, int]:
    if form.what != Problem.What.REPLACED:
        return {}
    typed = {cell.kind.code: form.typed[f"{age}-{cell.kind.code}"] for cell in row.cells}
    return {kind: digits.typed(text) for kind, text in typed.items() if text}
