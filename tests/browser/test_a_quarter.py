"""The same quarter in Chromium: the mail itself is opened and its red button pressed."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.sink import Sink
from tests.stories import quarter
from tests.stories.test_a_quarter import post

__all__ = ["post"]


@pytest.mark.django_db(transaction=True)
def test_a_quarter_in_a_browser(
    page: Page, live_server: LiveServer, post: Sink, settings: Settings, tmp_path: Path
) -> None:
    settings.SITE_URL = live_server.url

    def press_the_red_button(mail: EmailMessage, values: Mapping[str, str]) -> None:
        opened = tmp_path / "mail.html"
        opened.write_text(quarter.html(mail))
        page.goto(opened.as_uri())
        page.get_by_role("link", name="RENSEIGNEZ VOS RELEVÉS COMPTEURS").first.click()
        page.get_by_role("button", name="Continuer").click()
        for label, value in values.items():
            page.get_by_role("textbox", name=f"Compteur {label}").fill(value)
        page.get_by_role("button", name="Envoyer mon relevé").click()
        assert page.get_by_role("heading", name="Vos relevés sont enregistrés").is_visible()

    quarter.live(press_the_red_button, sink=post, folder=tmp_path)
