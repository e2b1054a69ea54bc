"""With https on: what Django's own inspection finds, the names of cookies, and what a browser is told."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as here
from django.db import connection
from django.test import Client

from releveur import clock, postgres
from releveur.accounts.models import User
from releveur.campaigns.models import Invitation
from releveur.customers.models import Contact, Customer
from releveur.dealer.models import Dealer
from tests.factories import OPENED
from tests.web.visiting import a_visitor, link

SHOW = """
import django; django.setup()
from django.conf import settings
from releveur.web.portal import access, session
print(settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, access.COOKIE, session.BROWSER,
      session.PERSON, settings.SECURE_HSTS_SECONDS >= 31536000)
"""
LED_ON = """
import django; django.setup()
from django.test import RequestFactory
from django.middleware.security import SecurityMiddleware
for path in ("/connexion", "/mail/arrived", "/health/live"):
    led = SecurityMiddleware(lambda _request: None).process_request(RequestFactory(SERVER_NAME="releves.dealer.example").get(path))
    print(path, led.status_code if led else "-")
"""


def with_https(
    tmp_path: Path, *command: str, database: str = "postgres://app:secret@db.example/desk"
) -> subprocess.CompletedProcess[str]:
    ours = ("RELEVEUR_", "DJANGO_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    given = {
        "RELEVEUR_DATA_DIR": str(tmp_path),
        "RELEVEUR_HTTPS": "1",
        "RELEVEUR_SITE_URL": "https://releves.dealer.example",
        "DJANGO_SETTINGS_MODULE": "releveur.settings",
        "DATABASE_URL": database,
    }
    return subprocess.run(
        [sys.executable, *command], env=clean | given, capture_output=True, text=True, check=False
    )


@pytest.mark.django_db
def test_djangos_own_inspection_finds_nothing(tmp_path: Path, server: postgres.Server) -> None:
    inspect = ("-m", "releveur", "check", "--deploy", "--fail-level", "WARNING")
    database = server.conninfo(name=connection.settings_dict["NAME"])
    said = with_https(tmp_path, *inspect, database=database)
    assert said.returncode == 0, said.stderr
    assert "no issues" in said.stdout


def test_every_cookie_belongs_to_this_very_host(tmp_path: Path) -> None:
    *cookies, a_year = with_https(tmp_path, "-c", SHOW).stdout.split()
    assert len(set(cookies)) == 5 and a_year == "True"
    assert not [name for name in cookies if not name.startswith("__Host-")]


def test_only_pages_for_people_lead_on_to_https(tmp_path: Path) -> None:
    said = with_https(tmp_path, "-c", LED_ON).stdout.splitlines()
    assert said == ["/connexion 301", "/mail/arrived -", "/health/live -"]


@pytest.mark.django_db
def test_what_a_browser_may_do_is_said_on_every_page(customer: Customer) -> None:
    for address in ("/connexion", "/r/AAAA", "/nowhere", "/releves", "/releves/photo"):
        told = Client().get(address)
        assert told["X-Content-Type-Options"] == "nosniff"
        assert told["Referrer-Policy"] == "strict-origin"
        assert told["Cross-Origin-Opener-Policy"] == "same-origin"
        assert told["X-Frame-Options"] == "DENY"
        policy = told["Content-Security-Policy"]
        for directive in ("default-src 'none'", "base-uri 'none'", "script-src 'self';",
                          "frame-ancestors 'none'", "form-action 'self'",
                          "require-trusted-types-for 'script'", "trusted-types releveur"):  # fmt: skip
            assert directive in f"{policy};"


@pytest.mark.django_db
def test_with_https_the_headers_and_cookies_say_so(customer: Customer, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.CSRF_COOKIE_SECURE = True
    page = Client().get("/connexion", secure=True)
    assert page["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    cookie = page.cookies[settings.CSRF_COOKIE_NAME]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"
    assert (cookie["path"], cookie["domain"]) == ("/", "")


@pytest.mark.django_db
def test_whom_to_tell_of_a_weakness_is_said_where_researchers_look(
    customer: Customer, settings: Any
) -> None:
    clock.set(OPENED)
    said = dict(
        line.split(": ", 1)
        for line in Client().get("/.well-known/security.txt").content.decode().splitlines()
    )
    assert said["Contact"] == "mailto:releves@bureautique-lafayette.example"
    assert said["Canonical"] == f"{here.SITE_URL}/.well-known/security.txt"
    expires = datetime.strptime(said["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=30) < expires - OPENED < timedelta(days=365)
    settings.SECURITY_CONTACT = "https://dealer.example/faille"
    assert "Contact: https://dealer.example/faille" in (
        Client().get("/.well-known/security.txt").content.decode()
    )
    settings.SECURITY_CONTACT = ""
    Dealer.objects.update(reply_to="")
    assert Client().get("/.well-known/security.txt").status_code == 404


@pytest.mark.django_db
def test_no_redirect_leads_to_another_host(customer: Customer) -> None:
    for elsewhere in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ):
        answer = Client().post("/langue", {"language": "en", "next": elsewhere})
        assert answer.status_code == 303 and answer["Location"].startswith("/releves")
    assert Client().get("//evil.example/").status_code == 404
    assert Client(SERVER_NAME="evil.example").get("/connexion").status_code == 400


@pytest.mark.django_db
def test_pages_of_a_person_are_not_stored(invitation: Invitation) -> None:
    visitor = a_visitor(invitation)
    for address in (
        "/releves",
        "/releves/feuille",
        "/releves/tableur",
        link(invitation),
        "/connexion",
    ):
        told = visitor.get(address)["Cache-Control"]
        assert "no-store" in told and "private" in told, address


@pytest.mark.django_db
def test_no_file_of_the_source_is_served(customer: Customer) -> None:
    for path in (".git/config", ".env", "pyproject.toml", "static/", "static/releveur/", "secret_key",
                 "static/../settings.py", "static/%2e%2e/settings.py", "files/", "debug", "admin/"):  # fmt: skip
        assert Client().get(f"/{path}").status_code == 404, path


@pytest.mark.django_db
def test_there_is_no_account_to_begin_with() -> None:
    assert not User.objects.exists() and not Contact.objects.exists()
