"""French or English, in this browser; what was typed stays typed.

The switch of a page with a form sends that form. `kept` makes a look of it: the page sees a GET, so
that nothing is checked and nothing is written, and finds what was typed in `request.POST`.
"""

from __future__ import annotations

from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from releveur.web.portal.access import Page


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the reader's language in this browser, and go back to the page."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("portal:devices")
    response: HttpResponse = HttpResponseRedirect(back, status=303)
    return _remember(response, request.POST.get("language", ""))


def kept[**P](page: Page[P]) -> Page[P]:
    """Show the page's form in the language chosen with it, as it was typed.

    It stands next to the page, below what finds out who looks: that one speaks the person's own language.
    """

    @wraps(page)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        language = request.POST.get("language", "")
        if not _is_ours(language):
            return page(request, *args, **kwargs)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        request.method = "GET"
        return _remember(page(request, *args, **kwargs), language)

    return wrapper


def _remember(response: HttpResponse, language: str) -> HttpResponse:
    if _is_ours(language):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            secure=settings.CSRF_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def _is_ours(language: str) -> bool:
    return language in dict(settings.LANGUAGES) and check_for_language(language)
