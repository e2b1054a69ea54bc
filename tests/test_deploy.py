"""What is given to whoever installs it: complete, and right for the programs that read it where these are here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from releveur.knobs import KNOBS

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"


def needed(program: str) -> str:
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{program} is not on this machine")
    return found


def run(*command: object) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_environment_file_names_every_setting_with_its_default_or_an_example() -> None:
    lines = (DEPLOY / "releveur.env").read_text().splitlines()
    told = [
        re.fullmatch(r"(#?)([A-Z_]+)=(.*)", line) for line in lines if not line.startswith("# ")
    ]
    settings = {match[2]: (match[1], match[3]) for match in told if match}
    assert list(settings) and set(settings) == {knob.name for knob in KNOBS}
    defaults = {knob.name: knob.default for knob in KNOBS}
    assert {name: said for name, (mark, said) in settings.items() if mark} == {
        name: defaults[name] for name, (mark, _said) in settings.items() if mark
    }


@pytest.mark.parametrize("unit", ["releveur-web", "releveur-worker"])
def test_the_units_leave_a_broken_in_program_little(unit: str) -> None:
    told = run(
        needed("systemd-analyze"),
        "security",
        "--offline=yes",
        "--threshold=20",
        DEPLOY / f"{unit}.service",
    )
    assert "Overall exposure level" in told


def caddyfile() -> str:
    """As the version that is here wants it, by the file's own words."""
    text = (DEPLOY / "Caddyfile").read_text()
    version = re.match(r"v?(\d+)\.(\d+)\.(\d+)", run(needed("caddy"), "version"))
    assert version
    older = tuple(map(int, version.groups())) < (2, 6, 4)
    return text.replace("request_buffers 32MB", "buffer_requests") if older else text


def test_caddy_understands_its_file(tmp_path: Path) -> None:
    file = tmp_path / "Caddyfile"
    file.write_text(caddyfile())
    assert "Valid" in run(needed("caddy"), "validate", "--adapter", "caddyfile", "--config", file)


def test_nginx_understands_its_file(tmp_path: Path) -> None:
    nginx = needed("nginx")
    certificate = ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem", "-subj", "/CN=x"]
    run(needed("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *certificate)
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"(ssl_certificate) .*", rf"\1 {tmp_path}/cert.pem;", text)
    text = re.sub(r"(ssl_certificate_key) .*", rf"\1 {tmp_path}/key.pem;", text)
    text = text.replace("/var/log/nginx", str(tmp_path))
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/error; events {{}} http {{ {text} }}"
    (tmp_path / "nginx.conf").write_text(whole)
    run(nginx, "-t", "-c", tmp_path / "nginx.conf")
