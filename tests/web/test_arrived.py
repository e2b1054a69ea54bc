"""POST /mail/arrived: a provider hands over what arrived; nobody else does."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from releveur import clock
from releveur.outbox import mailboxes, sealing
from releveur.outbox.models import Arrived
from tests.arriving.letters import a_reply
from tests.factories import OPENED

pytestmark = pytest.mark.django_db

PAGE = "/mail/arrived"
SECRET = "s3cret"
BEARER = {"Authorization": f"Bearer {SECRET}"}
RAW = a_reply("Noir 41200")


@pytest.fixture(autouse=True)
def door(settings: Any) -> None:
    clock.set(OPENED)
    settings.INBOX_SECRET = SECRET


def posted(raw: bytes = RAW, *, headers: Mapping[str, str] = BEARER) -> HttpResponse:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post(PAGE, raw, content_type="message/rfc822", headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


def test_what_a_provider_posts_is_kept_once() -> None:
    assert [posted().status_code for _ in range(2)] == [201, 200]
    assert sealing.opened(Arrived.objects.get().sealed) == RAW
    assert Arrived.objects.get().arrived_at == OPENED


def test_a_signature_is_as_good_as_the_secret() -> None:
    right = "sha256=" + hmac.new(SECRET.encode(), RAW, hashlib.sha256).hexdigest()
    assert posted(headers={"X-Releveur-Signature": right}).status_code == 201
    assert posted(RAW + b"x", headers={"X-Releveur-Signature": right}).status_code == 401


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer wrong", f"Basic {SECRET}", "Bearer é"])
def test_who_does_not_know_the_secret_is_sent_away(said: str) -> None:
    assert posted(headers={"Authorization": said}).status_code == 401
    assert not Arrived.objects.exists()


def test_without_tls_it_is_refused_and_not_led_on(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^mail/arrived$"]
    assert posted().status_code == 403
    assert not Arrived.objects.exists()
    answer = Client().post(
        PAGE, RAW, content_type="message/rfc822", headers=dict(BEARER), secure=True
    )
    assert answer.status_code == 201


def test_without_a_secret_there_is_no_door(settings: Any) -> None:
    settings.INBOX_SECRET = ""
    assert posted(headers={"Authorization": "Bearer "}).status_code == 404


def test_only_a_post_and_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get(PAGE, headers=BEARER).status_code == 405
    assert posted(b" ").status_code == 400
    assert posted(b"x" * (mailboxes.LARGEST + 1)).status_code == 413
    assert not Arrived.objects.exists()
