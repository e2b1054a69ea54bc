"""The demonstration in a test: its own folder, its own mail server, the morning of 5 April 2022."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_django import Settings

from releveur.campaigns.models import Campaign
from releveur.ops.demo import catching, preparing


@contextmanager
def a_demo(
    settings: Settings, folder: Path, *, at: str = "http://testserver"
) -> Iterator[Campaign]:
    """Prepare it as script/demo does, and go on taking mails."""
    port = catching.any_port()
    settings.DEMO, settings.DATA_DIR, settings.SITE_URL = True, folder, at
    options = {"host": catching.HOST, "port": port}
    settings.SMTP = options
    with catching.catching(port):
        yield preparing.prepare()
