"""Every page of the portal in every state is valid HTML, whole and in the language it says."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation

import releveur.web
from releveur.web.portal.templatetags import paper
from tests.web.seeing import Seen
from tests.web.states import every_state

pytestmark = pytest.mark.django_db

NO_PAGES = {
    "portal:problem_back": "leads back to the sheet",
    "portal:spreadsheet": "a workbook",
    "portal:undo": "leads to the receipt",
    "portal:question": "a part of the sheet, for the script",
    "portal:receive": "a ticket for a photo",
    "portal:photo": "a picture",
    "portal:take_back": "leads back to the sheet",
    "portal:appointment_cancel": "leads to the thanks",
    "portal:appointment_calendar": "a day for a calendar",
    "portal:leave": "leads to the address",
    "portal:open": "leads to the sheet",
    "portal:language": "leads back to the page",
    "portal:logo": "a picture",
    "portal:security": "whom to tell, in lines",
}
"""Addresses that answer with something else than a page of their own."""

PAGES = os.environ.get("RELEVEUR_PAGES")
"""A folder to keep the pages in for a validator, if one is given: see CONTRIBUTING.md."""

TEMPLATES = Path(releveur.web.__file__).parent / "templates"
ERRORS = ("404.html", "500.html", "403_csrf.html", "400.html", "413.html", "429.html")
HTML = "{http://www.w3.org/1999/xhtml}"
REFERRING = ("for", "aria-describedby", "aria-labelledby", "form", "aria-controls")


@pytest.fixture(params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seen(language: str) -> list[Seen]:
    paper.drawn.cache_clear()  # as in a process that has shown nothing yet
    seen = every_state(language)
    if PAGES:
        for number, one in enumerate(seen):
            name = re.sub(r"\W+", "-", f"{language} {number:03} {one.page} {one.state}".strip())
            Path(PAGES, f"{name}.html").write_bytes(one.answer.content)
    return seen


def test_every_state_is_valid_whole_and_in_its_language(seen: list[Seen], language: str) -> None:
    faults = [
        f"{one.page}, {one.state or 'as it is'}: {fault}"
        for one in seen
        for fault in faults_of(one.answer.content.decode(), language)
    ]
    assert not faults
    assert not unclassified({one.page for one in seen})
    used = {part.name for one in seen for part in one.answer.templates}
    assert not unseen(used), "a template that no state shows"


@pytest.mark.parametrize("name", ERRORS)
def test_the_pages_of_a_failure_are_valid_too(name: str, language: str) -> None:
    request = RequestFactory().get("/") if name != "500.html" else None
    with translation.override(language):
        assert not list(
            faults_of(render_to_string(name, {"minutes": 59}, request=request), language)
        )


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("</h1>", "", "end-tag"),
        ("</h1>", "</h1><h1>Encore</h1>", "2 headings"),
        ("<main", '<p id="main"></p><main', "2 times the id main"),
        ("<main", '<label for="nowhere"></label><main', "points to no nowhere"),
        ('lang="fr"', 'lang="en"', "speaks en"),
    ],
)
def test_a_fault_is_found(before: str, after: str, fault: str) -> None:
    page = '<!doctype html><html lang="fr"><title>x</title><main id="main"><h1>x</h1></main></html>'
    assert not list(faults_of(page, "fr"))
    assert fault in " ".join(faults_of(page.replace(before, after), "fr"))


def unclassified(pages: set[str]) -> set[str]:
    """Addresses that are neither seen in some state nor said to be no page."""
    named = {name for name in names(get_resolver()) if name.startswith("portal:")}
    assert not pages & set(NO_PAGES)
    return named ^ (pages | set(NO_PAGES))


def names(resolver: URLResolver, space: str = "") -> Iterator[str]:
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern):
            yield f"{space}{one.name}"
        else:
            yield from names(one, f"{space}{one.namespace}:" if one.namespace else space)


def unseen(used: set[str]) -> set[str]:
    ours = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("portal/*.html")}
    return ours - used


def faults_of(html: str, language: str) -> Iterator[str]:
    parser = html5lib.HTMLParser(strict=False)
    page = parser.parse(html)
    yield from (f"{code} {about} at {place}" for place, code, about in parser.errors)
    if page.get("lang") != language:
        yield f"speaks {page.get('lang')}"
    headings = len(list(page.iter(f"{HTML}h1")))
    if headings != 1:
        yield f"{headings} headings of the page"
    yield from faulty_ids(page)
    if re.search(r"\{[{%#]|[%#}]\}", html):
        yield "a piece of template is left"


def faulty_ids(page: Element) -> Iterator[str]:
    elements = list(everything(page))
    ids = Counter(one.get("id") for one in elements if one.get("id") is not None)
    yield from (f"{count} times the id {name}" for name, count in ids.items() if count > 1)
    for one in elements:
        for attribute in REFERRING:
            for name in (one.get(attribute) or "").split():
                if name not in ids:
                    yield f"{attribute} of {one.tag.removeprefix(HTML)} points to no {name}"
        address = one.get("href") or ""
        if address.startswith("#") and address[1:] not in ids:
            yield f"a link leads to no {address}"


def everything(page: Element) -> Iterator[Any]:
    """Elements; comments are none."""
    return (one for one in page.iter() if isinstance(one.tag, str))
