"""What is logged: lines for people, objects for machines, a number for each request, nobody's secrets."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.test import Client
from pytest_django import Settings

from releveur import logs
from releveur.customers import login
from releveur.customers.models import Customer
from releveur.outbox import keys

KEY = "aB3_-efghijklmnopqrs9Z"


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"msg": message, "args": arguments, "name": "x", "levelname": "INFO"}
    )
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize("page", ["r", "ne-plus-ecrire", "plus-moi", "connexion/lien"])
@pytest.mark.parametrize("form", [logs.Lines(), logs.Objects()])
def test_the_key_of_a_link_is_never_written(form: logging.Formatter, page: str) -> None:
    said = form.format(record("Not Found: %s", f"/{page}/{KEY}"))
    assert KEY not in said and f"/{page}/[key]" in said
    assert KEY not in form.format(record(f"Referer: https://x.example/{page}/{KEY}?a=b"))


def test_codes_and_addresses_are_never_written() -> None:
    said = logs.Objects().format(record("550 <a.petit@gramont.example> %s 7KQMX2RD", "7KQM-X2RD"))
    assert "petit" not in said and "7KQM" not in said


def test_every_code_we_make_is_recognised() -> None:
    letters = keys.CODE_ALPHABET
    for start in range(len(letters)):
        code = "".join(letters[(start + step) % len(letters)] for step in range(8))
        assert logs.redacted(f"code {code[:4]}-{code[4:]}.") == "code [code]."


def test_the_words_of_an_exception_pass_the_same_way() -> None:
    fault = ValueError(f"/r/{KEY} of a.petit@gramont.example")
    failed = record("failed", exc_info=(ValueError, fault, None))
    for form in (logs.Lines(), logs.Objects()):
        said = form.format(failed)
        assert "ValueError" in said and KEY not in said and "petit" not in said


def test_an_object_a_line_for_machines() -> None:
    logs.request_id.set("abc-12345")
    said = json.loads(logs.Objects().format(record("%s", "done\nand more", status=200, route="r")))
    logs.request_id.set("")
    assert (said["message"], said["status"], said["route"]) == ("done\nand more", 200, "r")
    assert said["request_id"] == "abc-12345"


def test_nothing_typed_makes_a_line_of_its_own() -> None:
    forged = "x\n2022-04-05 10:00:00 INFO releveur.access: GET r 200\r\x1b[2J\u2028y"
    failed = record("%s", forged, exc_info=(ValueError, ValueError(forged), None))
    lines = logs.Lines("{asctime} {levelname} {name}: {message}", style="{")
    first, *below = lines.format(failed).splitlines()
    assert first.endswith(r"x\n2022-04-05 10:00:00 INFO releveur.access: GET r 200\r\x1b[2J\u2028y")
    assert below and not [line for line in below if not line.startswith("  ")]
    assert len(logs.Objects().format(failed).splitlines()) == 1


def test_every_line_says_when_with_its_zone_who_and_how_grave() -> None:
    made = record("%s", "done", created=1_649_145_600.0)
    lines = logs.Lines("{asctime} {levelname} {name}: {message}", style="{")
    said = lines.format(made)
    assert re.fullmatch(r"2022-04-05 \d\d:00:00\.000[+-]\d\d:\d\d INFO x: done", said)
    told = json.loads(logs.Objects().format(made))
    assert (told["at"], told["level"], told["logger"]) == (
        "2022-04-05T08:00:00.000+00:00",
        "INFO",
        "x",
    )


@pytest.mark.django_db
def test_whatever_is_refused_is_written_down(
    customer: Customer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "MOST_OF_A_CLIENT", 1)
    with caplog.at_level(logging.INFO, logger="releveur.access"):
        Client().get("/releves")
        Client(enforce_csrf_checks=True).post("/connexion", {"address": "a@b.example"})
        for _time in range(2):
            Client().post("/connexion", {"address": "a@b.example"})
        Client(SERVER_NAME="evil.example").get("/connexion")
    told = [line.getMessage() for line in caplog.records if line.name == "releveur.access"]
    assert [line.rsplit(" ", 2)[0] for line in told] == [
        "GET releves 403", "POST connexion 403", "POST connexion 303", "POST connexion 429",
        "GET - 400",
    ]  # fmt: skip


@pytest.mark.django_db
def test_each_request_leaves_one_line_that_names_its_page_and_not_its_address(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="releveur.access"):
        client.get(f"/r/{KEY}?secret=1")
        client.get("/nothing-here")
    told = [line.getMessage() for line in caplog.records if line.name == "releveur.access"]
    assert [re.sub(r"[\d.]+ ms", "ms", line) for line in told] == [
        "GET r/<str:key> 404 ms",
        "GET - 404 ms",
    ]


def test_the_proxys_number_is_kept_only_where_it_is_believed_and_can_be_read(
    client: Client, settings: Settings
) -> None:
    def given(number: str) -> str:
        return client.get("/health/live", headers={"X-Request-ID": number}).headers["X-Request-ID"]

    assert re.fullmatch(r"[0-9a-f]{32}", given("from-the-proxy"))
    settings.TRUSTS_REQUEST_ID = True
    assert given("from-the-proxy") == "from-the-proxy"
    for forged in ("short", "a" * 65, "with spaces in it", "mail@example.test"):
        assert given(forged) != forged
