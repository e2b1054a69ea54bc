from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from releveur import knobs

SHOW = """
from django.conf import settings
mailer = settings.MAILERS["default"]["OPTIONS"]
database = settings.DATABASES["default"]
print(mailer["host"], mailer["port"], mailer["username"], mailer["password"],
      mailer["use_ssl"], mailer["use_tls"], mailer["timeout"], database["USER"], database["HOST"],
      settings.OWNER_DATABASE["USER"], database["OPTIONS"].get("sslmode"), bool(settings.POSTGRES))
"""


def shown(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RELEVEUR_")}
    given = {"RELEVEUR_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "releveur.settings"}
    return subprocess.run(
        [sys.executable, "-c", SHOW], env=clean | given | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_installation_is_described_by_its_environment(tmp_path: Path) -> None:
    said = shown(
        tmp_path,
        DATABASE_URL="postgres://app:secret@db.example:5433/desk?sslmode=require",
        RELEVEUR_OWNER_URL="postgres://owner:secret@db.example:5433/desk",
        RELEVEUR_SMTP_URL="smtps://desk%40dealer.example:p%2Fw@mail.example",
    )
    assert said.stdout.split() == [
        "mail.example", "465", "desk@dealer.example", "p/w", "True", "False", "30",
        "app", "db.example", "owner", "require", "False",
    ]  # fmt: skip


def test_reading_the_settings_starts_no_server(tmp_path: Path) -> None:
    assert shown(tmp_path).stdout.split()[-1] == "True"
    assert not list(tmp_path.glob("postgresql-*"))


@pytest.mark.parametrize(
    ("knob", "value"),
    [("RELEVEUR_DEMO", "yes"), ("RELEVEUR_POOL", "-1"), ("RELEVEUR_SMTP_URL", "http://mail")],
)
def test_a_knob_that_cannot_be_understood_is_named(tmp_path: Path, knob: str, value: str) -> None:
    assert f"KnobMisread: {knob}" in shown(tmp_path, **{knob: value}).stderr


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "data" / "secret_key"
    made = knobs.secret("RELEVEUR_SECRET_KEY", kept_in=file)
    assert knobs.secret("RELEVEUR_SECRET_KEY", kept_in=file) == made
    assert len(made) >= 50
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert settings.SECRET_KEY != settings.LINK_SECRET


def test_no_page_runs_a_script_or_a_style_written_into_it() -> None:
    assert "unsafe-inline" not in str(settings.SECURE_CSP)
    assert "unsafe-eval" not in str(settings.SECURE_CSP)
