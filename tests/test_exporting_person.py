from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from releveur.audit.models import Entry
from releveur.campaigns.models import Campaign
from releveur.customers.models import Contact
from releveur.readings import proofs
from releveur.readings.models import Finding
from tests.factories import OPENED, answers, the_invitation
from tests.test_commands import refused, releveur
from tests.test_erasing import ADDRESS, PHONE, zenobie

__all__ = ["zenobie"]

pytestmark = pytest.mark.django_db(transaction=True)


def opened(path: Path) -> tuple[dict[str, Any], zipfile.ZipFile]:
    archive = zipfile.ZipFile(path)
    return json.loads(archive.read("person.json")), archive


def a_photo() -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "JPEG")
    out.seek(0)
    return out


def test_she_gets_all_that_is_kept_about_her_and_nothing_of_others(
    zenobie: Contact,
    tmp_path: Path,
) -> None:
    hers = the_invitation(Campaign.objects.get(), zenobie)
    second = hers.handed_over.get().device
    assert second
    answers(
        hers, second, mono=100, color=100, now=OPENED, proof=proofs.store(a_photo()),
        reason=Finding.Answer.METER_REPLACED,
    )  # fmt: skip
    output = tmp_path / "her.zip"

    answer = releveur("export_person", ADDRESS, output)

    told, archive = opened(output)
    assert output.stat().st_mode & 0o777 == 0o600
    assert (told["contact"][0]["last_name"], told["contact"][0]["phone"]) == ("Quarteron", PHONE)
    assert {name for name, rows in told.items() if not rows} == {"announced", "taken_back"}
    assert {one["meter__device__serial"] for one in told["readings"]} == {"A1", "A2"}
    assert [one["kind"] for one in told["mails"]] == [
        "invitation", "invitation", "receipt", "problem_noted", "asked", "code", "receipt",
    ], "one of them as a copy of Martin’s"  # fmt: skip
    photos = [name for name in archive.namelist() if name.startswith("photos/")]
    assert len(photos) == 1
    assert Image.open(BytesIO(archive.read(photos[0]))).size == (60, 40)
    first = min(name for name in archive.namelist() if name.startswith("mails/"))
    assert "Bonjour Zénobie" in archive.read(first).decode()
    assert answer["readings"] == len(told["readings"])
    whole = json.dumps(told, ensure_ascii=False)
    assert "karim@" not in whole, "nobody else’s mail"
    entry = Entry.objects.get(action="EXPORT_PERSON")
    assert (entry.subject_id, entry.subject_key) == (zenobie.pk, "")


def test_a_file_that_is_there_stays_and_nothing_is_written_down(
    zenobie: Contact,
    tmp_path: Path,
) -> None:
    (there := tmp_path / "her.zip").write_text("mine")
    refused("export_person", ADDRESS, there)
    assert there.read_text() == "mine"
    assert not Entry.objects.filter(action="EXPORT_PERSON").exists()


def test_after_she_was_erased_there_is_nothing_to_hand_out(
    zenobie: Contact,
    tmp_path: Path,
) -> None:
    releveur("erase_person", ADDRESS, "--even-if-asked")
    refused("export_person", ADDRESS, tmp_path / "her.zip")
    assert not list(tmp_path.iterdir())
