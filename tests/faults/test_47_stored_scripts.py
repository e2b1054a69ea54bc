"""Whatever somebody types, imports, photographs or writes us is shown as words: it runs in nobody's browser.

Not the name of a company or of a machine's place in your ERP's file, not what a printer says of itself, not a
customer's words about a problem, not the subject or text of a mail that came in, not a photo's name: every page,
every mail and every entry of a calendar shows it as it was typed. And if one day a page forgot it, the browser
still runs nothing, because pages may only run our own file, never a script written into them.

How it is tested: a payload that calls a dialog stands in every field of every table a page or mail repeats, past
all checks; further ones come by the forms, an import, a photo's name and an incoming mail. Then every page she
may open, every mail and every entry is opened in Chromium: no dialog, no error in the console (so the second
line of defence was not even needed), no element made of a payload. And the source holds no `|safe`, `mark_safe`,
`{% autoescape off %}` in anything that is HTML.

Without `require-trusted-types-for` in `settings.SECURE_CSP` words become elements in a script that forgot itself.
Without the escaping of any one field, as `|safe` in `portal/row.html` or `autoescape off` in
`outbox/templates/mail/layout.html`, the guard of the source fails. The office's pages come with their own lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Route
from playwright.sync_api import Error as PlaywrightError
from pytest_django.live_server_helper import LiveServer

import releveur
from releveur import clock
from releveur.appointments.models import Appointment
from releveur.campaigns.models import Invitation, Problem
from releveur.customers.models import Contact, Customer, Site
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device, DeviceModel, Installation
from releveur.ops import ticking
from releveur.ops.demo import specimens
from releveur.ops.demo.specimens import SPECIMENS
from releveur.outbox import inbox
from releveur.outbox.models import Mail
from tests.arriving.letters import a_reply
from tests.doors import Town, a_town, every_door
from tests.factories import OPENED, a_campaign, a_dealer
from tests.importing.files import a_file, a_row, imported
from tests.test_doors import address_of, written
from tests.web.test_html import NO_PAGES
from tests.web.visiting import a_photo, a_visitor, fields

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

SOURCE = Path(releveur.__file__).parent
PAYLOADS = (
    "\"'><canary-x><svg/onload=alert(1)>",
    "</textarea></title></style><canary-x><img src=x onerror=alert(1)>",
    "<canary-x><script>alert(1)</script>{{7*7}}",
)
CANARIES = "canary-x, [onload], [onerror], script:not([src]):not([type='application/json'])"
TYPED: dict[type[models.Model], set[str]] = {
    Dealer: {"name", "legal", "hosting", "address", "town", "phone", "sender_name"},
    Customer: {"name"},
    Site: {"name", "address", "town"},
    Contact: {"civility", "first_name", "last_name", "department", "phone"},
    DeviceModel: {"maker", "name", "shown_where"},
    Device: {"fleet_number"},
    Installation: {"location"},
    Problem: {"words", "new_serial"},
    Appointment: {"first_name", "last_name", "phone", "address", "town", "note"},
}
"""Every field of words that a page or a mail may repeat."""


def typed_everywhere(payload: str) -> None:
    """Into the rows, past every check, each as long as it may be; what is unique stays so by its number."""
    for table, names in TYPED.items():
        known = {field.name: field for field in table._meta.get_fields()}  # noqa: SLF001
        for row in table._default_manager.all():  # noqa: SLF001
            for name in names & set(known):
                most = getattr(known[name], "max_length", None) or 400
                setattr(row, name, f"{row.pk}{payload}"[:most])
            row.save()


@pytest.fixture
def town() -> Town:
    town = a_town()
    device = town.arguments["device"]
    browser = town.visitors["hers"].browser
    told = {"what": "OTHER", "words": PAYLOADS[0], "serial": PAYLOADS[0]}
    assert browser.post(f"/releves/materiel/{device}/probleme", told).status_code == 303
    return town


def complains(said: ConsoleMessage) -> bool:
    """An answer that is no page has no icon: the browser looks for one."""
    return said.type == "error" and not said.location["url"].endswith("/favicon.ico")


@contextmanager
def watched(browser: Browser, *, at: str) -> Iterator[tuple[Page, list[str]]]:
    """A page, and all that a script that ran, or wanted to, would have left."""
    context = browser.new_context(base_url=at, locale="fr-FR")
    page = context.new_page()
    heard: list[str] = []

    def opened(dialog: Dialog) -> None:
        heard.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("dialog", opened)
    page.on("pageerror", lambda error: heard.append(f"error {error}"))
    page.on("console", lambda said: heard.append(said.text) if complains(said) else None)
    yield page, heard
    context.close()


def carry(page: Page, client: Client, at: str) -> None:
    page.context.add_cookies(
        [{"name": name, "value": one.value, "url": at} for name, one in client.cookies.items()]
    )


def pages(town: Town) -> list[str]:
    """Every address that shows her something."""
    hers, table = town.visitors["hers"], written()
    return [
        address_of(name, pattern, town, hers)
        for name, pattern, _places in every_door()
        if table[name, "GET"][-1] == 200 and name not in NO_PAGES
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_page_shows_it_as_words(
    town: Town,
    browser: Browser,
    live_server: LiveServer,
    payload: str,
) -> None:
    typed_everywhere(payload)
    shown = 0
    with watched(browser, at=live_server.url) as (page, heard):
        carry(page, town.visitors["hers"].browser, live_server.url)
        for address in pages(town):
            page.goto(address)
            assert page.locator(CANARIES).count() == 0, address
            assert heard == [], address
            shown += "canary-x" in page.content()
    assert shown >= 12, "the payloads are there, as words"


@pytest.mark.parametrize(
    "sink",
    [
        "document.body.innerHTML = typed",
        "document.write(typed)",
        "document.body.insertAdjacentHTML('beforeend', typed)",
    ],
)
def test_words_become_no_elements_where_a_script_of_ours_forgets_itself(
    town: Town, browser: Browser, live_server: LiveServer, sink: str
) -> None:
    with watched(browser, at=live_server.url) as (page, heard):
        carry(page, town.visitors["hers"].browser, live_server.url)
        page.goto("/releves")
        with pytest.raises(PlaywrightError, match="TrustedHTML"):
            page.evaluate(f"typed => {{ {sink} }}", PAYLOADS[0])
        assert page.locator(CANARIES).count() == 0
        assert not [said for said in heard if said.startswith("dialog")]


def fulfil(route: Route, *, html: bytes) -> None:
    route.fulfill(body=html, content_type="text/html; charset=utf-8")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_forms_that_come_back_show_it_as_words(
    town: Town,
    browser: Browser,
    live_server: LiveServer,
    payload: str,
) -> None:
    hers, device = town.visitors["hers"].browser, town.arguments["device"]
    answers = []
    for address in ("/releves", f"/releves/materiel/{device}", f"/releves/transmettre?device={device}",
                    "/releves/plus-moi", f"/releves/materiel/{device}/probleme", "/connexion",
                    "/releves/rendez-vous"):  # fmt: skip
        sheet = fields(hers.get(address)) | fields(hers.get(address), form="device")
        typed = {name: payload for name in sheet if "csrf" not in name}
        named = {"email": payload, "first_name": payload, "address": payload, "what": "OTHER"}
        named |= {
            "words": "",
            "serial": payload,
            "last_name": payload,
            "place": sheet.get("place", ""),
        }
        photo = SimpleUploadedFile(f"{payload.replace('/', '')}.jpg", a_photo().read())
        answers.append(hers.post(address, typed | named | {f"photo-{device}": photo}))
    assert {one.status_code for one in answers} <= {422, 409, 303}
    assert sum(one.status_code == 422 for one in answers) >= 4
    with watched(browser, at=live_server.url) as (page, heard):
        for answer in answers:
            page.route("**/as-answered", partial(fulfil, html=answer.content))
            page.goto("/as-answered")
            assert page.locator(CANARIES).count() == 0
            assert heard == []
            page.unroute("**/as-answered")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_mail_shows_it_as_words(
    town: Town,
    browser: Browser,
    payload: str,
) -> None:
    typed_everywhere(payload)
    hers = Invitation.objects.select_related("contact").get(pk=town.arguments["invitation"])
    reply = a_reply(payload, subject="x").replace(b"Subject: x", b"Subject: " + payload.encode())
    inbox.receive(reply, now=OPENED)
    ticking.take_in(now=OPENED)
    mails = [*Mail.objects.exclude(html="h").exclude(html="")]
    mails += [specimens.prepare(kind, "fr", invitation=hers, now=OPENED) for kind in SPECIMENS]
    assert {mail.kind for mail in mails} >= {"office", "invitation", "handed"}
    with watched(browser, at="about:blank") as (page, heard):
        for mail in mails:
            page.set_content(mail.html)
            assert page.locator(CANARIES).count() == 0, mail.kind
            assert heard == [], mail.kind
            assert "X-ALT-DESC" not in mail.calendar, "an entry holds no markup at all"
    assert any("canary-x" in mail.html for mail in mails), "as words: &lt;canary-x"


def test_what_an_import_brings_is_shown_as_words(
    tmp_path: Path,
    browser: Browser,
    live_server: LiveServer,
) -> None:
    clock.set(OPENED)
    a_dealer()
    payload = PAYLOADS[0]
    row = a_row(name=payload, last_name=payload, site=payload, location=payload, model=payload)
    imported(a_file(tmp_path, row))
    a_campaign()
    with watched(browser, at=live_server.url) as (page, heard):
        carry(page, a_visitor(Invitation.objects.get()), live_server.url)
        for address in ("/releves", "/releves/feuille", "/releves/rendez-vous"):
            page.goto(address)
            assert "canary-x" in page.content() and page.locator(CANARIES).count() == 0
            assert heard == []


UNESCAPED = re.compile(
    r"\|\s*safe(seq)?\b|mark_safe|autoescape off|SafeString\(|\.innerHTML|insertAdjacentHTML"
)
HARMLESS = {
    "web/portal/shown.py": "escape(",
    "web/portal/templatetags/paper.py": "render_to_string(",
}
"""Files that call something harmless, and what made it so in the same line."""
SPEAKS_TEXT = re.compile(r"(subject|body|layout|facts|office)\.txt$")


def test_nothing_in_the_source_lets_words_become_markup() -> None:
    found: list[Any] = [
        path.relative_to(SOURCE).as_posix()
        for path in sorted(SOURCE.rglob("*"))
        if path.suffix in {".py", ".html", ".txt", ".js", ".toml"}
        and UNESCAPED.search(path.read_text())
        and not SPEAKS_TEXT.search(path.name)
    ]
    assert found == list(HARMLESS), "only the plain text of a mail is not escaped"
    for file, by in HARMLESS.items():
        lines = (SOURCE / file).read_text().splitlines()
        assert all(by in line for line in lines if UNESCAPED.search(line)), file
