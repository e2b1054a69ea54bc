"""POST /mail/arrived: a raw message, from whoever knows the secret. Twice the same is one message."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from releveur import clock
from releveur.outbox import inbox

SIGNED = "sha256="


@csrf_exempt  # no cookie opens it: a browser that is led here knows no secret
@never_cache
@require_POST
def arrived(request: HttpRequest) -> JsonResponse:
    """Keep a message: 201, or 200 when it is here already. What it says is looked at later.

    401: no secret, or a wrong one; 413: larger than `inbox.LARGEST`; 404: this installation has no
    such door.
    """
    if not settings.INBOX_SECRET:
        raise Http404
    bearer = _shows_the_secret(request)
    if not bearer and "X-Releveur-Signature" not in request.headers:
        return JsonResponse({"error": "unauthorized"}, status=401)
    raw = request.read(inbox.LARGEST + 1)
    if len(raw) > inbox.LARGEST:
        return JsonResponse({"error": "too large", "most": inbox.LARGEST}, status=413)
    if not bearer and not _is_signed(request, raw):
        return JsonResponse({"error": "unauthorized"}, status=401)
    if not raw.strip():
        return JsonResponse({"error": "empty"}, status=400)
    _row, new = inbox.receive(raw, now=clock.now())
    return JsonResponse({"new": new}, status=201 if new else 200)


def _shows_the_secret(request: HttpRequest) -> bool:
    said = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(said, f"Bearer {settings.INBOX_SECRET}".encode())


def _is_signed(request: HttpRequest, raw: bytes) -> bool:
    """`sha256=` and the HMAC of the body under the secret, in hexadecimal."""
    said = request.headers["X-Releveur-Signature"].encode()
    right = hmac.new(settings.INBOX_SECRET.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(said, f"{SIGNED}{right}".encode())
