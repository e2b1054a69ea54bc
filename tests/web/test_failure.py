"""Whatever fails, the page says whom to call: also when the database is gone."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from pytest_django import DjangoAssertNumQueries, Settings

from releveur import urls as ours
from tests.factories import a_dealer
from tests.web.visiting import text

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "01 53 20 11 00"
SAID = {"fr": "Une erreur s’est produite de notre côté", "en": "Something failed on our side"}


def fails(_request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def refused(_request: HttpRequest) -> HttpResponse:
    raise OperationalError


urlpatterns = [path("fails", fails), path("refused", refused), path("", include("releveur.urls"))]
handler500 = ours.handler500


@pytest.fixture(autouse=True)
def a_failing_page(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that fails, a dealer, and a process that has not read it yet."""
    settings.ROOT_URLCONF = __name__
    caplog.set_level(logging.CRITICAL, "django.request")
    a_dealer()
    monkeypatch.setattr("releveur.web.branding._last_read", {})


@pytest.fixture
def no_database() -> Iterator[None]:
    where = connection.settings_dict["HOST"], connection.settings_dict["PORT"]

    def move(host: str, port: str) -> None:
        connection.close()
        connection.settings_dict |= {"HOST": host, "PORT": port}

    move("127.0.0.1", "1")
    yield
    move(*where)


def visitor(language: str = "fr") -> Client:
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    return client


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_that_fails_says_whom_to_call_in_both_languages(language: str) -> None:
    page = visitor(language).get("/fails")
    assert page.status_code == 500
    assert f'<html lang="{language}">' in text(page) and SAID[language] in text(page)
    assert PHONE in text(page) and "Bureautique Lafayette" in text(page)


def test_without_a_database_the_dealer_is_the_one_last_read(
    request: pytest.FixtureRequest,
) -> None:
    visitor().get("/connexion")
    request.getfixturevalue("no_database")
    for address, status in (("/fails", 500), ("/mes-releves", 302), ("/nowhere", 404)):
        page = visitor().get(address)
        assert page.status_code == status
        assert PHONE in text(page) or status == 302, address


def test_a_process_that_never_read_the_dealer_says_the_rest(no_database: None) -> None:
    page = visitor().get("/nowhere")
    assert page.status_code == 500 and SAID["fr"] in text(page) and PHONE not in text(page)


def test_what_the_database_refused_is_not_asked_of_it_again(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    visitor().get("/connexion")
    with django_assert_num_queries(0):
        assert PHONE in text(visitor().get("/refused"))


def test_other_pages_of_a_failure_say_it_too() -> None:
    refused = Client(enforce_csrf_checks=True).post("/connexion", {"address": "x"})
    for page, status in ((visitor().get("/nowhere"), 404), (refused, 403)):
        assert page.status_code == status and PHONE in text(page)
