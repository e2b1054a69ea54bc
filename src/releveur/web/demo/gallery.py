"""Every mail of the product side by side: both languages, light, dark, and inverted by a mail program."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from releveur import clock
from releveur.campaigns.models import Invitation
from releveur.dealer import branding
from releveur.ops.demo import customers, living, specimens
from releveur.ops.demo.specimens import Specimen
from releveur.outbox.composing import LOGO
from releveur.web.demo.access import demonstrated
from releveur.web.demo.mails import APART, IN_A_WINDOW_OF_ITS_OWN

LANGUAGES = ("fr", "en")
THEMES: dict[str, tuple[Promise, str, str]] = {
    "clair": (_("light"), "not all", ":root { color-scheme: only light !important; }"),
    "sombre": (_("dark"), "all", ":root { color-scheme: only dark !important; }"),
    "inverse": (
        _("inverted by the mail program"),
        "not all",
        ":root { color-scheme: only light !important; background: #fff; filter: invert(1); }",
    ),
}
"""Of each theme: its name, the media its own dark rules then hold for, and what is put on top."""

DARK = "(prefers-color-scheme: dark)"


@dataclass(frozen=True, slots=True)
class Shown:
    """One kind of mail in the gallery: its specimens, or that there is none."""

    kind: str
    specimens: Sequence[Specimen]

    @property
    def name(self) -> str:
        """Its folder without what all have in common."""
        return self.kind.replace("/mail/", "/")


@require_safe
@demonstrated
def gallery(request: HttpRequest) -> HttpResponse:
    """All mails; of the chosen reader, Alexandra unless another is asked for."""
    invitation, readers = _chosen(request.GET.get("lecteur", ""))
    context = {
        "mails": [_shown(kind, invitation) for kind in specimens.kinds()],
        "themes": [(theme, words) for theme, (words, *_rest) in THEMES.items()],
        "reader": invitation,
        "readers": readers,
    }
    return render(request, "demo/gallery.html", context)


@require_safe
@xframe_options_sameorigin
@csp_override(APART)
@demonstrated
def frame(request: HttpRequest, reader: int, theme: str, language: str, kind: str) -> HttpResponse:
    """The HTML part of one mail in one theme."""
    invitation = living.campaign().invitations.filter(pk=reader).first()
    if invitation is None or theme not in THEMES or language not in LANGUAGES:
        raise Http404
    try:
        found = specimens.show(kind, language, invitation=invitation, now=clock.now())
    except specimens.NoSpecimen:
        raise Http404 from None
    return HttpResponse(dressed(found.caught.html, theme))


def dressed(html: str, theme: str) -> str:
    """A mail as a program with this theme shows it, whatever the browser prefers."""
    _words, media, rules = THEMES[theme]
    html = html.replace(DARK, media).replace(
        "</head>", f"<style>{rules}</style>{IN_A_WINDOW_OF_ITS_OWN}</head>", 1
    )
    if f"cid:{LOGO}" in html and (logo := branding.logo()):
        inline = base64.b64encode(logo).decode()
        html = html.replace(f"cid:{LOGO}", f"data:image/png;base64,{inline}")
    return html


def _shown(kind: str, invitation: Invitation) -> Shown:
    now = clock.now()
    try:
        found = [
            specimens.show(kind, language, invitation=invitation, now=now) for language in LANGUAGES
        ]
    except specimens.NoSpecimen:
        found = []
    return Shown(kind, found)


def _chosen(reader: str) -> tuple[Invitation, Sequence[Invitation]]:
    invitations = living.campaign().invitations.select_related("contact")
    readers = list(invitations.order_by("contact__last_name", "pk"))
    named = [one for one in readers if str(one.pk) == reader]
    hers = [one for one in readers if one.contact.email == customers.ALEXANDRA.email]
    return (named or hers or readers)[0], readers
