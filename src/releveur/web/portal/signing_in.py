"""A person without her mail: address, then code or link. No page says whether an address is known."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from releveur import clock
from releveur.customers import addresses, login
from releveur.customers.models import Contact
from releveur.web import restraint
from releveur.web.client import client_of
from releveur.web.portal import access, language, session


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@language.kept
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a code at an address; known or not, the next page is the same."""
    address = request.POST.get("address", "")
    if request.method != "POST":
        return render(request, "portal/login.html", {"address": address, "wrong": False})
    browser = session.browser_of(request) or session.a_browser()
    try:
        login.ask(
            address,
            browser=browser,
            client=client_of(request),
            language=get_language() or "fr",
            known=access.known(request),
            now=clock.now(),
        )
    except addresses.NoAddress:
        said = {"address": address, "wrong": True}
        return render(request, "portal/login.html", said, status=422)
    except login.TooManyAsked:
        refused = render(request, "portal/login_later.html", status=429)
        return restraint.told(refused, after=login.HOUR)
    response: HttpResponse = redirect("portal:code")
    response.status_code = 303
    session.bind(response, browser)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@language.kept
def code(request: HttpRequest) -> HttpResponse:
    """Type the code, as it stands in the mail or without its dash."""
    browser = session.browser_of(request)
    if not browser:
        return redirect("portal:login")
    typed = request.POST.get("code", "")
    if request.method != "POST":
        return render(request, "portal/login_code.html", {"typed": typed, "left": None})
    try:
        contact = login.enter(typed, browser=browser, now=clock.now())
    except login.WrongCode as wrong:
        if wrong.left:
            said = {"typed": typed, "left": wrong.left}
            return render(request, "portal/login_code.html", said, status=422)
        return render(request, "portal/login_over.html", status=410)
    except login.NoCode:
        return render(request, "portal/login_over.html", status=410)
    return _in(contact)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def follow(request: HttpRequest, key: str) -> HttpResponse:
    """The mail's link: it wants the browser that asked, and a press of the button."""
    browser = session.browser_of(request)
    if request.method == "POST":
        try:
            return _in(login.follow(key, browser=browser, now=clock.now()))
        except login.NoCode:
            over = render(request, "portal/login_over.html", status=410)
            return restraint.guessed(request, over)
    if not login.opens(key, browser=browser):
        return render(request, "portal/login_over.html", status=410)
    return render(request, "portal/login_link.html")


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Leave this browser."""
    response: HttpResponse = redirect("portal:login")
    response.status_code = 303
    session.end(response)
    # What she had begun to type stands in this browser too.
    response["Clear-Site-Data"] = '"storage"'
    return response


def _in(contact: Contact) -> HttpResponse:
    response = HttpResponse(status=303, headers={"Location": reverse("portal:own")})
    session.begin(response, contact)
    return response
