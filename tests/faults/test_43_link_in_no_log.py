"""Whoever reads the logs can open nobody's page: no link's key, no code, no cookie, no address of a person is in them.

A person goes through every page as somebody served by the real programs; then all they logged is searched for her key, code, cookie
and address.

`logs.redacted` in `logs.py` does it: without its first pattern the key of the very first page is found
(Django logs the address of every page that was refused), without its last one the address of a refused copy.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from http.cookiejar import CookieJar
from itertools import count
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from releveur import postgres
from tests.faults.installing import Installation, Serving, installed, serving, until
from tests.sink import Sink

ROOT = Path(__file__).resolve().parent.parent.parent
WORLD = """
import django
django.setup()
from releveur import clock
from releveur.campaigns import mailing
from releveur.campaigns.models import Invitation
from releveur.outbox import keys
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
clock.set(OPENED)
a_dealer()
contact = a_contact(a_customer())
contact.copy_to = "zoe@gramont-services.example"
contact.save()
a_device(a_customer(), serial="3923656030")
a_campaign()
mailing.write_due(now=OPENED)
invitation = Invitation.objects.get()
print(keys.make(invitation.uuid, invitation.link_version))
"""
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
PERSON = "alexandra@gramont-services.example"
COPY = "zoe@gramont-services.example"


class Browser:
    """Keeps cookies, follows redirects, fills in forms; an error is a page like another."""

    def __init__(self, tree: Serving) -> None:
        self.jar = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.jar))
        self._site = f"http://127.0.0.1:{tree.port}"

    def open(self, path: str, **form: str) -> str:
        body = urlencode(form).encode() if form else None
        try:
            with self._opener.open(self._site + path, body, timeout=20) as answer:
                return str(answer.read().decode())
        except HTTPError as answer:
            return answer.read().decode()

    def press(self, path: str, **form: str) -> str:
        """Open a page and send its form."""
        token = CSRF.search(self.open(path))
        assert token, f"{path} has a form"
        return self.open(path, csrfmiddlewaretoken=token[1], **form)


@pytest.fixture
def desk(server: postgres.Server, tmp_path: Path, post: Sink) -> Iterator[Installation]:
    with installed(
        server, tmp_path, post, RELEVEUR_TEST_CLOCK="1",
        RELEVEUR_LOG_LEVEL="DEBUG", RELEVEUR_LOG_FORMAT="json",
    ) as desk:  # fmt: skip
        yield desk


def lived_through(desk: Installation, post: Sink) -> tuple[str, set[str]]:
    """A visit with all that may go wrong; what was logged, and what must not be in it."""
    made = subprocess.run(
        [sys.executable, "-c", WORLD], env=desk.environment, cwd=ROOT, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    key = made.stdout.strip()
    mails = count()
    post.replies = lambda to: f"451 <{to}> come back" if next(mails) == 0 else None
    post.no_copies = {COPY: f"550 5.1.1 <{COPY}> unknown here"}
    with serving(desk, "--with-worker") as tree:
        until(lambda: "no copy of a mail" in tree.logged())
        hers = Browser(tree)
        hers.open(f"/r/{key}")
        hers.press(f"/r/{key}")
        hers.open(f"/r/{key}", forged="1")
        hers.open(f"/r/{key}/nothing-here")
        hers.open(f"/ne-plus-ecrire/{key}")
        hers.open(f"/plus-moi/{key}")
        hers.press("/connexion", address=PERSON)
        until(lambda: any(" code " in str(mail["Subject"]) for mail in post.messages))
        mail = post.messages[-1].get_body(("plain",))
        assert mail
        said = mail.get_content()
        [link] = re.findall(r"/connexion/lien/([\w-]+)", said)
        [code] = re.findall(r"\s([2-9B-Z]{4}-[2-9B-Z]{4})\s", said)
        hers.open(f"/connexion/lien/{link}")
        hers.open(f"/connexion/lien/{link}", forged="1")
        hers.press("/connexion/code", code=code)
        desk.query("alter table campaigns_invitation rename to elsewhere")
        hers.open(f"/r/{key}")
        desk.query("alter table elsewhere rename to campaigns_invitation")
    cookies = {cookie.value for cookie in hers.jar if cookie.value and len(cookie.value) > 8}
    secrets = {(desk.data / name).read_text() for name in ("link_secret", "secret_key")}
    return tree.logged(), {key, link, code, code.replace("-", ""), PERSON, COPY} | cookies | secrets


def test_no_log_holds_what_opens_a_page_or_names_a_person(desk: Installation, post: Sink) -> None:
    logged, secrets = lived_through(desk, post)
    assert not [secret for secret in secrets if secret in logged]
    assert '"route": "r/<str:key>"' in logged and "[key]" in logged, "the pages were logged"
    assert "Traceback" in logged, "and so was the page that failed"
    assert "no copy of a mail to [address] 550 5.1.1" in logged, "with the mail server's words"
    assert len(secrets) >= 9
