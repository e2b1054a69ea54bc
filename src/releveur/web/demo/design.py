"""The design language live: every part of it once, in any dealer's colour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import SimpleNamespace as Piece

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from releveur import clock
from releveur.web.demo import pieces
from releveur.web.demo.access import demonstrated

COLOUR = re.compile(r"#?([0-9a-f]{6})\Z")

DIFFICULT: tuple[tuple[str, Promise], ...] = (
    ("c8102e", _("red")),
    ("ffd400", _("yellow")),
    ("b8e6b8", _("pale green")),
    ("00ff00", _("pure green")),
    ("001f5b", _("navy")),
    ("000000", _("black")),
    ("fafafa", _("nearly white")),
)
"""Colours of dealers that a careless page would make illegible."""

ROLES: tuple[tuple[str, Promise], ...] = (
    ("accent", _("the one next action; the dealer's own colour")),
    ("paper", _("what is to be filled in or read")),
    ("ground", _("the table it lies on")),
    ("well", _("a field")),
    ("ink", _("text")),
    ("quiet", _("what explains")),
    ("line", _("hairlines, never alone")),
    ("edge", _("borders of what can be used")),
    ("ok", _("in order")),
    ("ok-ground", _("a row or a sentence in order")),
    ("ask", _("asks something")),
    ("ask-ground", _("the place of the question")),
)
STEPS = ("3", "2", "1", "0", "small")
GAPS = ("1", "2", "3", "4")


@dataclass(frozen=True, slots=True)
class Choice:
    """One colour to try."""

    colour: str
    words: Promise
    chosen: bool


class Specimen(forms.Form):
    """A field as it waits, and one that was refused."""

    given = forms.CharField(
        label=_("First name"), widget=forms.TextInput({"class": "line", "autocomplete": "off"})
    )
    refused = forms.EmailField(
        label=_("E-mail"),
        help_text=_("It gets the receipt."),
        widget=forms.EmailInput({"class": "line", "autocomplete": "off"}),
        error_messages={
            "invalid": _("This is not an e-mail address. Write it like name@company.com.")
        },
    )
    words = forms.CharField(
        label=_("A few words"), required=False, widget=forms.Textarea({"class": "line", "rows": 3})
    )


@require_safe
@demonstrated
def design(request: HttpRequest) -> HttpResponse:
    """Every part by its name; in the colour that is asked for, else in the dealer's."""
    asked = COLOUR.match(request.GET.get("couleur", "").lower())
    colour = asked[1] if asked else ""
    form = Specimen({"given": "Alexandra", "refused": "alexandra@"}, auto_id="specimen-%s")
    context = {
        "colour": colour,
        "choices": [Choice(code, words, code == colour) for code, words in DIFFICULT],
        "roles": ROLES,
        "steps": STEPS,
        "gaps": GAPS,
        "form": form,
        "wrong": [("specimen-refused", form.errors["refused"][0])],
        "statuses": pieces.STATUSES,
        "sheet": pieces.sheet(clock.now()),
        "group": pieces.group(),
        "head": Piece(customers=[None]),
        "colleagues": None,
        "silents": pieces.silents(),
        "meter": pieces.history(),
    }
    return render(request, "demo/design.html", context)
