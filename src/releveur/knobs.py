"""Every knob of an installation: one table, read from the environment, described in docs/settings.md."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Knob:
    name: str
    default: str
    meaning: str


KNOBS = (
    Knob("DATABASE_URL", "", "PostgreSQL of the application's role; empty: the embedded server"),
    Knob(
        "RELEVEUR_OWNER_URL",
        "",
        "the same database as its owner; for migrate, backup and restore",
    ),
    Knob("RELEVEUR_DATA_DIR", ".data", "folder of the embedded server, the secrets and the photos"),
    Knob("RELEVEUR_FILES_URL", "", "bucket of the photos, s3://…; empty: in the data folder"),
    Knob("RELEVEUR_POSTGRES_BIN", "", "PostgreSQL programs to embed instead of the wheel's"),
    Knob(
        "RELEVEUR_KEEP_POSTGRES", "0", "1: the embedded server goes on when this process leaves it"
    ),
    Knob("RELEVEUR_POOL", "8", "database connections a process may hold; 0: one a thread, no pool"),
    Knob("RELEVEUR_SECRET_KEY", "", "signs cookies and forms; empty: made once in the data folder"),
    Knob(
        "RELEVEUR_LINK_SECRET",
        "",
        "derives the links in mails; empty: made once in the data folder",
    ),
    Knob("RELEVEUR_OLD_SECRET_KEYS", "", "former secret keys still accepted, separated by commas"),
    Knob(
        "RELEVEUR_OLD_LINK_SECRETS",
        "",
        "former link secrets whose links still go out, separated by commas",
    ),
    Knob(
        "RELEVEUR_INSTALLATION",
        "",
        "names this installation to its database; empty: made once in the data folder",
    ),
    Knob(
        "RELEVEUR_SITE_URL", "http://127.0.0.1:8000", "address of the portal, as written in mails"
    ),
    Knob("RELEVEUR_HOSTS", "", "host names answered besides the portal's own, separated by commas"),
    Knob("RELEVEUR_HTTPS", "0", "1: https only, secure cookies, HSTS; set it behind a TLS proxy"),
    Knob(
        "RELEVEUR_PROXIES",
        "1",
        "with https, proxies before the portal that add to X-Forwarded-For; 0: none is believed",
    ),
    Knob(
        "RELEVEUR_SECURITY_CONTACT",
        "",
        "whom to tell of a weakness, https: or mailto:; empty: the dealer's mailbox",
    ),
    Knob("RELEVEUR_SMTP_URL", "smtp://127.0.0.1:2525", "server by which mail leaves"),
    Knob("RELEVEUR_MAILS_A_MINUTE", "0", "most mails that leave in a minute; 0: no limit"),
    Knob(
        "RELEVEUR_MAILS_A_MINUTE_TO_A_DOMAIN",
        "0",
        "most mails in a minute to addresses of one domain; 0: no limit",
    ),
    Knob("RELEVEUR_MAILS_A_DAY", "0", "most mails in 24 hours; 0: no limit"),
    Knob("RELEVEUR_MAIL_LANES", "2", "mails sent at the same time, besides the urgent ones"),
    Knob(
        "RELEVEUR_RETURN_PATH",
        "",
        "address to which mails come back that did not arrive; empty: the sender's",
    ),
    Knob(
        "RELEVEUR_REPLIES_TO", "", "address in the inbox for replies; empty: the dealer's mailbox"
    ),
    Knob("RELEVEUR_INBOX", "", "mailbox that is read: imaps://, imap+starttls:// or maildir:///"),
    Knob("RELEVEUR_INBOX_SECRET", "", "lets a provider post arriving mails; empty: none may"),
    Knob("RELEVEUR_DKIM_SELECTORS", "", "names of the DKIM keys, separated by commas; for doctor"),
    Knob(
        "RELEVEUR_TEST_CLOCK", "0", "1: time stands still and moves by command; never in production"
    ),
    Knob("RELEVEUR_DEMO", "0", "1: the demonstration, with its mails and its clock under /demo/"),
    Knob("RELEVEUR_DEBUG", "0", "1: error pages with the code's state; never in production"),
    Knob("RELEVEUR_KEEP_PHOTOS", "1826", "days a photo is kept after its reading; 0: for ever"),
    Knob("RELEVEUR_KEEP_MAILS", "400", "days the words of a mail are kept; 0: for ever"),
    Knob("RELEVEUR_KEEP_LOGINS", "1", "days a request for a code is kept; 0: for ever"),
    Knob("RELEVEUR_LOG_LEVEL", "INFO", "least level that is logged to stderr"),
    Knob("RELEVEUR_LOG_FORMAT", "line", "line: for people; json: an object a line, for machines"),
    Knob(
        "RELEVEUR_TRUST_REQUEST_ID",
        "0",
        "1: the proxy sets X-Request-ID itself, and its number is kept",
    ),
    Knob("RELEVEUR_METRICS", "0", "1: numbers for Prometheus under /metrics"),
    Knob(
        "RELEVEUR_METRICS_TOKEN",
        "",
        "bearer token that opens /metrics; empty: only this machine, past no proxy",
    ),
)
_DEFAULTS = {knob.name: knob.default for knob in KNOBS}


class KnobMisread(Exception):
    """A knob holds what cannot be understood; the message says which and what it may hold."""


def text(name: str) -> str:
    """What the environment says, else the knob's default; an empty variable is an unset one."""
    return os.environ.get(name, "").strip() or _DEFAULTS[name]


def flag(name: str) -> bool:
    """:raises KnobMisread: neither 0 nor 1"""
    match text(name):
        case "1":
            return True
        case "0":
            return False
        case other:
            raise KnobMisread(f"{name} is {other!r}: it may be 0 or 1")


def number(name: str) -> int:
    """:raises KnobMisread: not a whole number"""
    value = text(name)
    if not (value.isascii() and value.isdigit()):
        raise KnobMisread(f"{name} is {value!r}: it may be a whole number")
    return int(value)


def address(name: str, *, longest: int = 64) -> str:
    """:raises KnobMisread: no address, or its first part is longer than that"""
    value = text(name)
    local, _at, domain = value.rpartition("@")
    right = value.isascii() and "." in domain and len(local) <= longest and not value.count(" ")
    if value and not right:
        raise KnobMisread(
            f"{name} is {value!r}: it may be an address, its first part {longest} long"
        )
    return value


def words(name: str) -> list[str]:
    return [word.strip() for word in text(name).split(",") if word.strip()]


def secret(name: str, *, kept_in: Path) -> str:
    """The environment's secret, else the one in the file, made at the first reading.

    Two processes that start at once agree: the file appears whole, by a link.
    """
    if given := text(name):
        return given
    if not kept_in.exists():
        kept_in.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        draft = kept_in.with_name(f"{kept_in.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, kept_in)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return kept_in.read_text().strip()
