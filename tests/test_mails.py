"""Every mail of the product, for everybody the demonstration writes to, as it goes over the wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from django.test import Client
from pytest_django import Settings

from releveur import clock
from releveur.campaigns.models import Campaign, Invitation
from releveur.ops.demo import living, specimens
from releveur.ops.demo.specimens import SPECIMENS, Specimen
from releveur.outbox import composing
from tests.demonstration import a_demo
from tests.web.visiting import text

pytestmark = pytest.mark.django_db

LANGUAGES = ("fr", "en")
HEAVIEST = 30_000
"""Gmail cuts at 102 KB; a phone on the road is slower than that."""

TAG = re.compile(r"</?[a-zA-Z][^<>]*>|&[a-z]+;|&#\d+;")
REMOTE = re.compile(
    r"(?:src|background)=[\"']?https?:|url\(\s*[\"']?https?:|@import|<link\b", re.IGNORECASE
)
CONDITION = re.compile(r"<!--\[if ([^\]]+)\]>(<!-->)?|(<!--)?<!\[endif\]-->")


@pytest.fixture
def demo(settings: Settings, tmp_path: Path) -> Iterator[Campaign]:
    with a_demo(settings, tmp_path) as campaign:
        yield campaign


_MADE: list[Specimen] = []
"""Made once: hundreds of mails, which no test changes."""


@pytest.fixture
def all_mails(request: pytest.FixtureRequest) -> list[Specimen]:
    if not _MADE:
        request.getfixturevalue("demo")
        _MADE.extend(made())
    return _MADE


def made() -> list[Specimen]:
    return [
        specimens.show(kind, language, invitation=invitation, now=clock.now())
        for invitation in living.campaign().invitations.select_related("contact")
        for kind in SPECIMENS
        for language in LANGUAGES
    ]


def test_every_mail_has_a_specimen() -> None:
    missing = set(specimens.kinds()) - set(SPECIMENS)
    assert not missing, f"add to ops/demo/specimens.py: {sorted(missing)}"
    assert not set(SPECIMENS) - set(specimens.kinds())


def test_every_mail_is_light(all_mails: list[Specimen]) -> None:
    assert not [(one.kind, one.size) for one in all_mails if one.size > HEAVIEST]


def test_a_list_of_mails_shows_subject_and_preheader_whole(all_mails: list[Specimen]) -> None:
    long = [one.caught.subject for one in all_mails if len(one.caught.subject) > 90]
    wrong = [(one.kind, one.preheader) for one in all_mails if not 40 <= len(one.preheader) <= 90]
    assert (long, wrong) == ([], [])


def test_no_mail_shouts_or_begins_with_nothing(all_mails: list[Specimen]) -> None:
    assert not [one.kind for one in all_mails if "!" in one.caught.subject + one.caught.text]
    assert not [one.kind for one in all_mails if not one.caught.text.splitlines()[0].strip()]


def test_the_text_part_reads_well_anywhere(all_mails: list[Specimen]) -> None:
    for one in all_mails:
        body = one.caught.text
        assert not TAG.search(body), one.kind
        assert not set("\u00a0\u202f\u2009\t") & set(body), one.kind
        assert not re.search(r"\n{4,}|[ ]\n", body), one.kind
        assert not re.search(r"^ \S", body, re.MULTILINE), f"{one.kind}: a sentence is cut in two"
        for line in body.splitlines():
            if "http" in line:
                assert re.fullmatch(r"https?://\S+", line), f"{one.kind}: {line}"


def test_the_link_is_in_both_parts_and_nothing_is_loaded_from_elsewhere(
    all_mails: list[Specimen],
) -> None:
    for one in all_mails:
        if one.caught.link:
            assert one.caught.html.count(f'href="{one.caught.link}"') >= 1, one.kind
        assert not REMOTE.search(one.caught.html), one.kind
        assert "<script" not in one.caught.html and "{{" not in one.caught.html


def test_the_comments_for_outlook_are_balanced(all_mails: list[Specimen]) -> None:
    for one in all_mails:
        depth = 0
        for found in CONDITION.finditer(one.caught.html):
            depth += 1 if found[1] else -1
            assert depth in (0, 1), f"{one.kind}: {found[0]}"
        assert depth == 0, one.kind
        bare = re.sub(r"<!--\[if mso\]>.*?<!\[endif\]-->", "", one.caught.html, flags=re.DOTALL)
        assert "v:roundrect" not in bare, one.kind
    asking = next(one for one in all_mails if one.kind.endswith("/invitation"))
    assert re.search(r'<v:roundrect href="http\S+/r/', asking.caught.html)


def test_outlook_shows_every_mail_as_it_is_meant(all_mails: list[Specimen]) -> None:
    """Word, which draws it, knows tables and their cells; it pads nothing else, floats and places nothing."""
    wrong = set()
    for one in all_mails[:: 1 + len(all_mails) // 100]:
        # Without what Word alone reads, and with what it is told to skip.
        html = re.sub(r"<!--\[if mso\]>.*?<!\[endif\]-->", "", one.caught.html, flags=re.DOTALL)
        page = html5lib.parse(html, namespaceHTMLElements=False)
        for element in page.iterfind("body//*"):
            wrong |= {(one.kind, fault) for fault in faults_in_word(element)}
        assert '<!--[if mso]><table role="presentation" width="600"' in one.caught.html, one.kind
    assert not wrong


FAULTS_IN_WORD: Mapping[str, Callable[[Element, str], object]] = {
    "nothing to lay out with": lambda one, style: one.tag in ("div", "section", "ul", "button"),
    "a table that does not say that it is a frame without gaps": lambda one, style: (
        one.tag == "table" and {"role", "cellpadding", "cellspacing", "border"} - set(one.keys())
    ),
    "margins of Word's own": lambda one, style: one.tag in ("p", "h1") and "margin" not in style,
    "padding that Word drops": lambda one, style: (
        one.tag in ("p", "h1", "span", "strong") and "padding" in style
    ),
    "words in Word's own font": lambda one, style: (
        one.tag == "td" and (one.text or "").strip() and "font:" not in style
    ),
    "what Word does not know": lambda one, style: re.search(
        r"flex|grid|float|position|shadow|transform|url\(", style
    ),
    "wider than the card": lambda one, style: any(
        int(wide) > 600 for wide in re.findall(r"width:(\d+)px", style)
    ),
}
"""Of an element and its style."""


def faults_in_word(element: Element) -> Iterator[str]:
    style = element.get("style", "")
    if isinstance(element.tag, str) and "display:none" not in style:
        for fault, found in FAULTS_IN_WORD.items():
            if found(element, style):
                yield f"<{element.tag}>: {fault}"


def test_every_mail_says_that_a_machine_wrote_it_whom_to_answer_and_how_to_stop(
    demo: Campaign,
) -> None:
    invitation = Invitation.objects.select_related("contact")[0]
    for kind in SPECIMENS:
        message = as_sent(kind, invitation)
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["X-Auto-Response-Suppress"] == "All"
        assert message["Reply-To"] and message["Message-ID"]
        ways_out = message["List-Unsubscribe"] or ""
        of_the_office = kind.rpartition("/")[2] in composing.OF_THE_OFFICE
        assert ("mailto:" in ways_out) is not of_the_office
        assert "List-Unsubscribe-Post" not in message
        offered = composing.NO_MORE in str(message.get_body(("html",)))
        assert (composing.NO_MORE in ways_out) is offered, kind
        parts = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
        assert parts[:2] == ["text/plain", "text/html"]
        assert parts[2:] in ([], ["text/calendar", "application/ics"]), kind


def as_sent(kind: str, invitation: Invitation) -> EmailMessage:
    mail = specimens.prepare(kind, "fr", invitation=invitation, now=clock.now())
    message = message_from_bytes(
        composing.compose(mail, date=clock.now()), _class=EmailMessage, policy=default
    )
    assert isinstance(message, EmailMessage)
    return message


class TestTheGallery:
    def test_shows_every_mail_in_both_languages_and_three_themes(self, demo: Campaign) -> None:
        page = Client().get("/demo/mails")
        assert page.status_code == 200
        assert page.content.count(b"<iframe") == len(SPECIMENS) * 2 * 3
        assert "RELEVÉ" in text(page) and "METER READINGS OF YOUR EQUIPMENT" in text(page)
        frames = re.findall(r'<iframe[^>]* src="([^"]+)"', page.content.decode())
        for address in frames[:: len(frames) // 9]:
            frame = Client().get(address)
            assert frame.status_code == 200
            assert "sandbox" in frame["Content-Security-Policy"]

    def test_writes_nothing_and_exists_in_a_demonstration_only(
        self, demo: Campaign, settings: Settings
    ) -> None:
        Client().get("/demo/mails")
        assert not Invitation.objects.filter(contact__opted_out_at__isnull=False).exists()
        settings.DEMO = False
        assert Client().get("/demo/mails").status_code == 404
        first = "/demo/mails/1/clair/fr/campaigns/mail/invitation"
        assert Client().get(first).status_code == 404

    @pytest.mark.parametrize(
        "address", ["0/clair/fr/campaigns/mail/invitation", "1/rose/fr/campaigns/mail/invitation",
                    "1/clair/de/campaigns/mail/invitation", "1/clair/fr/campaigns/mail/nothing"]
    )  # fmt: skip
    def test_knows_no_other_frame(self, demo: Campaign, address: str) -> None:
        assert Client().get(f"/demo/mails/{address}").status_code == 404


def test_the_html_is_valid(all_mails: list[Specimen]) -> None:
    for one in all_mails[:: 1 + len(all_mails) // 60]:
        # A key may hold two dashes in a row; the parser's older rules know none within a comment.
        html5lib.HTMLParser(strict=True).parse(re.sub(r"/r/[\w-]{22}", "/r/KEY", one.caught.html))
