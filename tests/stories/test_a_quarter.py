"""The seed document as one test: from the red button to the signed basis and the regularisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from releveur.campaigns.models import DueReading
from releveur.fleet.models import Meter
from tests import sink
from tests.sink import Sink
from tests.stories import quarter
from tests.web.visiting import fields, text


@pytest.fixture
def post(settings: Settings) -> Iterator[Sink]:
    """A mail server that the product reaches as any other."""
    with sink.listening() as listening:
        options = {"host": listening.server.host, "port": listening.server.port}
        settings.SMTP = options
        yield listening


@pytest.mark.django_db(transaction=True)
def test_a_quarter(post: Sink, tmp_path: Path) -> None:
    quarter.live(_answer_by_form, sink=post, folder=tmp_path)


def _answer_by_form(mail: EmailMessage, values: Mapping[str, str]) -> None:
    """Press the button, press « Continuer », type, send: without a line of script."""
    alexandra = Client()
    address = quarter.link(mail).partition("/r/")[2]
    assert alexandra.get(f"/r/{address}").status_code == 200
    alexandra.post(f"/r/{address}")
    page = alexandra.get("/releves")
    assert "dernier relevé : 41 184" in text(page), "the value of the last invoice"
    form = fields(page)
    for label, value in values.items():
        row = DueReading.objects.get(
            meter=Meter.objects.get(kind__label_fr=label), campaign__state="OPEN"
        )
        form[f"value-{row.pk}"] = value
    receipt = alexandra.post("/releves", form, follow=True)
    assert "Vos relevés sont enregistrés" in text(receipt)
