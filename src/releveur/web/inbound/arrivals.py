"""POST /mail/arrived: a raw message, from whoever knows the secret. Twice the same is one message."""

from __future__ import annotations

import hashlib
import hmac
import math

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from releveur import clock
from releveur.customers import restraining
from releveur.outbox import inbox
from releveur.web.client import client_of

SIGNED = "sha256="
MOST_WRONG = 60
"""An hour, of one network."""


@csrf_exempt  # no cookie opens it: a browser that is led here knows no secret
@never_cache
@require_POST
def arrived(request: HttpRequest) -> JsonResponse:
    """Keep a message: 201, or 200 when it is here already. What it says is looked at later.

    401: no secret, or a wrong one; 429: that too often; 413: larger than `inbox.LARGEST`; 403: without TLS; 404: this
    installation has no such door.
    """
    if not settings.INBOX_SECRET:
        raise Http404
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        # A program that is led on to https does not notice what it sent before.
        return JsonResponse({"error": "https only"}, status=403)
    bearer = _shows_the_secret(request)
    if not bearer and "X-Releveur-Signature" not in request.headers:
        return _wrong(request)
    raw = request.read(inbox.LARGEST + 1)
    if len(raw) > inbox.LARGEST:
        return JsonResponse({"error": "too large", "most": inbox.LARGEST}, status=413)
    if not bearer and not _is_signed(request, raw):
        return _wrong(request)
    if not raw.strip():
        return JsonResponse({"error": "empty"}, status=400)
    _row, new = inbox.receive(raw, now=clock.now())
    return JsonResponse({"new": new}, status=201 if new else 200)


def _wrong(request: HttpRequest) -> JsonResponse:
    """Counted by where it comes from; whoever shows the secret is never refused for it."""
    try:
        restraining.count("mail arrived", client_of(request), most=MOST_WRONG)
    except restraining.TooOften as often:
        after = str(math.ceil(often.after.total_seconds()))
        return JsonResponse({"error": "too often"}, status=429, headers={"Retry-After": after})
    return JsonResponse({"error": "unauthorized"}, status=401)


def _shows_the_secret(request: HttpRequest) -> bool:
    said = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(said, f"Bearer {settings.INBOX_SECRET}".encode())


def _is_signed(request: HttpRequest, raw: bytes) -> bool:
    """`sha256=` and the HMAC of the body under the secret, in hexadecimal."""
    said = request.headers["X-Releveur-Signature"].encode()
    right = hmac.new(settings.INBOX_SECRET.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(said, f"{SIGNED}{right}".encode())
