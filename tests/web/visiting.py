"""A customer's browser without JavaScript: opens pages, reads the form, sends it back changed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO
from typing import Protocol

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from releveur.campaigns.models import Invitation
from releveur.outbox import keys


def link(invitation: Invitation) -> str:
    """The address behind the red button."""
    return f"/r/{keys.make(invitation.uuid, invitation.link_version)}"


def a_visitor(invitation: Invitation) -> Client:
    """Somebody who pressed the red button and « Continuer »."""
    visitor = Client()
    visitor.post(link(invitation))
    return visitor


def a_photo(colour: str = "white") -> SimpleUploadedFile:
    content = BytesIO()
    Image.new("RGB", (640, 480), colour).save(content, "JPEG")
    return SimpleUploadedFile("IMG_0001.jpg", content.getvalue(), content_type="image/jpeg")


class Page(Protocol):
    """An answer with a body, as the test client gives it."""

    @property
    def content(self) -> bytes: ...
    @property
    def status_code(self) -> int: ...
    def __getitem__(self, header: str) -> str: ...


class Fields(HTMLParser):
    """The fields of the page's form, by name, as a browser would send them."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._form = form
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == self._form
        if tag == "input" and self._inside and given.get("name"):
            unsent = given.get("type") in ("checkbox", "radio") and "checked" not in given
            if not unsent and given.get("type") != "file":
                self.values[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def fields(page: Page, *, form: str = "sheet") -> dict[str, str]:
    parser = Fields(form)
    parser.feed(page.content.decode())
    return parser.values


def text(page: Page) -> str:
    """The page as read without scripts, white space folded, no-break spaces as plain ones."""
    seen = re.sub(r"<template.*?</template>", "", page.content.decode(), flags=re.DOTALL)
    return " ".join(seen.replace("\u00a0", " ").replace("\u202f", " ").split())


class Buttons(HTMLParser):
    """The named buttons of a page, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "button" and given.get("name", "").startswith(("mend-", "keep-")):
            self.found.append((given["name"], given["value"]))


def buttons(page: Page) -> list[tuple[str, str]]:
    parser = Buttons()
    parser.feed(page.content.decode())
    return parser.found
