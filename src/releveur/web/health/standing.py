"""Alive: the process answers. Ready: it can do its work; each check says what it read."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from releveur.ops.doctor import at_work, checks


@require_safe
@never_cache
def live(_request: HttpRequest) -> JsonResponse:
    """Answers without the database: a restart would not bring that back."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
def ready(_request: HttpRequest) -> JsonResponse:
    """200 when everything is as it should be, else 503; a lost database is not asked twice."""
    [database] = checks.look(at_work.READY[:1])
    rest = checks.look(at_work.READY[1:]) if database.ok else ()
    found = [database, *rest]
    fine = all(finding.ok for finding in found)
    said = {finding.check: {"ok": finding.ok, "reading": finding.reading} for finding in found}
    return JsonResponse({"ready": fine, "checks": said}, status=200 if fine else 503)
