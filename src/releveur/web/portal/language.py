"""French or English, in this browser; what was typed stays typed."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the reader's language in this browser, and go back to the page."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("portal:devices")
    response: HttpResponse = HttpResponseRedirect(back, status=303)
    return _remember(response, request.POST.get("language", ""))


def is_chosen(request: HttpRequest) -> bool:
    """Whether a form was sent to change the language; from here on the page speaks it."""
    language = request.POST.get("language", "")
    if not _is_ours(language):
        return False
    translation.activate(language)
    request.LANGUAGE_CODE = language
    return True


def speak_on(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """The same page in the chosen language, which this browser remembers."""
    return _remember(page, request.POST.get("language", ""))


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
