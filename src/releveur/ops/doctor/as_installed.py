"""Whether it was installed as it should be: settings, roles and rights, secrets, clocks, the mail server."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from releveur import knobs
from releveur.ops import backing_up, grants
from releveur.ops.doctor.checks import Check, Found, machine_seconds, value
from releveur.outbox import smtp

LARGEST_SKEW_SECONDS = 5

_OUR_TABLES = "from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
_UNWRITABLE = f"""
    select count(*) {_OUR_TABLES} and not (
        has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert'))
"""
_CHANGEABLE = f"""
    select count(*) {_OUR_TABLES} and relname = any(%s) and (
        has_table_privilege(oid, 'update') or has_table_privilege(oid, 'delete'))
"""

_IS_HERE = (
    "select coalesce(inet_server_addr() <<= '127.0.0.0/8' or inet_server_addr() = '::1', true)"
)
_ENCRYPTED = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"

MIGHTY = (
    "select rolsuper or rolcreaterole or rolbypassrls from pg_roles where rolname = current_user"
)


def given_settings() -> Found:
    """What may stand in a trial, and not before customers."""
    wrong = [
        name
        for name, is_wrong in (
            ("RELEVEUR_DEBUG", settings.DEBUG),
            ("RELEVEUR_TEST_CLOCK", settings.TEST_CLOCK),
            ("RELEVEUR_HTTPS", not knobs.flag("RELEVEUR_HTTPS")),
            ("RELEVEUR_SITE_URL", not settings.SITE_URL.startswith("https://")),
        )
        if is_wrong
    ]
    advice = _("These are not for customers: see docs/settings.md.") if wrong else ""
    return Found(not wrong, ", ".join(wrong) or "fit for customers", advice)


def role() -> Found:
    """The application is not the owner: what is written once stays."""
    if value(MIGHTY):
        return Found(ok=False, reading="too mighty", advice=_SEPARATE)
    same = settings.OWNER_DATABASE["USER"] == connection.settings_dict["USER"]
    return Found(not same, "owner" if same else "application", _SEPARATE if same else "")


_SEPARATE = _("Make two roles and set RELEVEUR_OWNER_URL: docs/settings.md#database.")


def rights() -> Found:
    """The application may write every table, and change none that is written once."""
    unwritable = cast("int", value(_UNWRITABLE))
    with connection.cursor() as cursor:
        cursor.execute(_CHANGEABLE, [list(grants.WRITTEN_ONCE)])
        [changeable] = cursor.fetchone()
    if not unwritable and not changeable:
        return Found(ok=True, reading="as written by migrate")
    reading = f"{unwritable} tables closed, {changeable} changeable"
    return Found(ok=False, reading=reading, advice=_("Run `releveur migrate`."))


def on_the_wire() -> Found:
    """What goes to a database on another machine is encrypted."""
    if value(_IS_HERE) or value(_ENCRYPTED):
        return Found(ok=True, reading="encrypted or this machine")
    advice = _("Add ?sslmode=verify-full to DATABASE_URL, and let the server show a certificate.")
    return Found(ok=True, reading="not encrypted", advice=advice, weak=True)


def secrets() -> Found:
    """Only the program's own user reads them."""
    open_to_others = [
        name
        for name in backing_up.SECRETS
        for file in [Path(settings.DATA_DIR, name)]
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077
    ]
    advice = _("Close them: chmod 600 in the data folder.") if open_to_others else ""
    return Found(not open_to_others, ", ".join(open_to_others) or "closed", advice)


def clocks() -> Found:
    """This machine and the database agree on the time."""
    database = value("select extract(epoch from clock_timestamp())")
    skew = float(cast("float", database)) - machine_seconds()
    fine = abs(skew) <= LARGEST_SKEW_SECONDS
    advice = _("Let both machines follow one time server (systemd-timesyncd, chrony).")
    return Found(fine, f"{skew:+.1f} s", "" if fine else advice)


def mail_server() -> Found:
    """The mail server answers and lets us in; no mail is sent."""
    try:
        smtp.reach(smtp.server())
    except smtp.Unreachable as fault:
        advice = _("Look closer with `releveur doctor mail`; it is about RELEVEUR_SMTP_URL.")
        return Found(ok=False, reading=type(fault.__cause__).__name__, advice=advice)
    return Found(ok=True, reading="answers")


INSTALLED: Sequence[Check] = (
    Check("settings", given_settings),
    Check("role", role),
    Check("rights", rights),
    Check("on_the_wire", on_the_wire),
    Check("secrets", secrets),
    Check("clocks", clocks),
    Check("mail_server", mail_server),
)
