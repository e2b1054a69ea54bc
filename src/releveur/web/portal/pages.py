"""The pages that every site owes its readers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """How usable the pages are for everybody, and whom to tell what is not."""
    return render(request, "portal/accessibility.html")


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """Who publishes the site, and who hosts it."""
    return render(request, "portal/legal.html")


@require_safe
def personal_data(request: HttpRequest) -> HttpResponse:
    """What is kept of a person, what for, and how to have it corrected."""
    return render(request, "portal/personal_data.html")
