"""The seed, lived: a fleet is imported, a quarter stays silent, the next one is answered and settled."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from django.core.management import call_command

from releveur.rules.schedule import PARIS
from tests.importing.files import SEED
from tests.sink import Sink

OPENED = datetime(2022, 4, 5, 10, 0, tzinfo=PARIS)
JULY = datetime(2022, 7, 5, 10, 0, tzinfo=PARIS)
LINK = re.compile(r"https?://\S+/r/[\w-]{22}")

type Answer = Callable[[EmailMessage, Mapping[str, str]], None]
"""How a customer answers: from the mail she got to the receipt."""


def live(answer: Answer, *, sink: Sink, folder: Path) -> None:
    """Two quarters of the seed's customer, silent in the first, answering in the second."""
    fleet = folder / "parc.csv"
    fleet.write_text(_csv(dict(SEED) | {"VMM Noir": "507", "VMM Couleur": "1081"}), "cp1252")
    releveur("import_fleet", fleet, now=OPENED)
    spring = releveur("open_campaign", "--due-until", "2022-04-05", now=OPENED)["campaign"]

    _three_reminders_and_the_close(spring, sink)
    _signed_estimate(spring, folder)

    summer = releveur("open_campaign", "--due-until", "2022-07-05", now=JULY)["campaign"]
    releveur("tick", now=JULY)
    invitation = sink.messages[-1]
    answer(invitation, {"Noir": "42 000", "Couleur": "95 000"})
    releveur("tick", now=JULY)
    assert "42 000" in plain(text(sink.messages[-1])), "the receipt comes by mail"
    mails = len(sink.messages)
    releveur("tick", now=JULY + timedelta(days=30))
    assert len(sink.messages) == mails, "whoever answered is left in peace"

    _settled(summer, folder)


def _three_reminders_and_the_close(campaign: int, sink: Sink) -> None:
    releveur("tick", now=OPENED)
    for week in (1, 2, 3):
        releveur("tick", now=OPENED + timedelta(days=7 * week))
    invitation, *reminders = sink.messages
    assert len(reminders) == 3
    for mail in sink.messages:
        assert LINK.search(text(mail)), "each mail carries the red button's link in clear"
        assert "RENSEIGNEZ VOS RELEVÉS COMPTEURS" in html(mail)
    for mail in reminders:
        assert mail["In-Reply-To"] == invitation["Message-ID"], "reminders thread"

    assert status(campaign, now=datetime(2022, 4, 28, 18, 9, tzinfo=PARIS))["state"] == "OPEN"
    closed = status(campaign, now=datetime(2022, 4, 28, 18, 10, tzinfo=PARIS))
    assert (closed["state"], closed["devices"]["estimated"]) == ("CLOSED", 1)
    assert "41 184" in plain(text(sink.messages[-1])), "the silent are told what was retained"


def _signed_estimate(campaign: int, folder: Path) -> None:
    provisional = exported(campaign, folder)
    assert {line["Préfacturation"] for line in provisional} == {"PROVISOIRE", "TOTAL"}
    releveur(
        "sign_campaign", campaign, "--by", "Mme Roy", now=datetime(2022, 5, 2, 11, tzinfo=PARIS)
    )
    mono = line_of("Noir", exported(campaign, folder))
    assert (mono["Relevé"], mono["Nature"], mono["Impressions"]) == ("41184", "estimé", "1500")
    assert "507" in mono["Méthode d’estimation"]


def _settled(campaign: int, folder: Path) -> None:
    assert status(campaign, now=JULY + timedelta(days=40))["state"] == "CLOSED"
    releveur("sign_campaign", campaign, "--by", "Mme Roy", now=JULY + timedelta(days=40))
    lines = exported(campaign, folder)
    mono, colour = line_of("Noir", lines), line_of("Couleur", lines)
    assert mono["Dernier relevé facturé"] == "41184"
    assert (mono["Impressions"], mono["Dont de cette période"], mono["Dont régularisation"]) == (
        "816", "1164", "-348",
    )  # fmt: skip
    assert mono["Origine"] == "relevé client"
    period, late = int(colour["Dont de cette période"]), int(colour["Dont régularisation"])
    assert (period, period + late) == (2_677, int(colour["Impressions"]))
    total = next(
        line for line in lines if line["Préfacturation"] == "TOTAL" and line["Compteur"] == "Tous"
    )
    assert int(total["Impressions"]) == 816 + int(colour["Impressions"])


def releveur(name: str, *arguments: object, now: datetime) -> dict[str, Any]:
    """A command as a script calls it, the test clock moved first."""
    out = io.StringIO()
    options = [*map(str, arguments), "--now", now.isoformat(), "--json"]
    call_command(name, *options, stdout=out, stderr=io.StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def status(campaign: int, *, now: datetime) -> dict[str, Any]:
    return releveur("campaign_status", campaign, now=now)


def exported(campaign: int, folder: Path) -> list[dict[str, str]]:
    output = folder / f"basis-{campaign}.csv"
    call_command("export_basis", str(campaign), "--output", str(output), stdout=io.StringIO())
    return list(csv.DictReader(io.StringIO(output.read_text("utf-8-sig")), delimiter=";"))


def line_of(meter: str, lines: list[dict[str, str]]) -> dict[str, str]:
    return next(line for line in lines if line["Compteur"] == meter and line["N° de série"])


def text(mail: EmailMessage) -> str:
    return _part(mail, "plain")


def html(mail: EmailMessage) -> str:
    return _part(mail, "html")


def link(mail: EmailMessage) -> str:
    found = LINK.search(text(mail))
    assert found
    return found[0]


def plain(words: str) -> str:
    return words.replace("\u202f", " ").replace("\u00a0", " ")


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    content: str = body.get_content()
    return content


def _csv(row: Mapping[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(row), delimiter=";")
    writer.writeheader()
    writer.writerow(row)
    return out.getvalue()
