"""Nobody here changes what was done without it showing: not a clerk, not us, not the database's administrator.

What people do is written to a list to which the application can add and nothing else: PostgreSQL itself refuses
it to change or remove a line. Every minute the new lines are sealed, each seal standing on the one before. Who
has the rights of an administrator can still change a line, but `releveur verify_audit` names it; and who rewrites
the whole end of the list is found by the hash you kept elsewhere. The lines of a signed billing basis are in it.

Seen to fail without: `"audit_entry", "audit_seal"` in `ops/grants.py` (the application's role may change); the
comparison of each entry's digest, of the seals' order, of unsealed entries and of the name's digest, and the
hash expected, in `audit/verifying.py`; the comparison of the lines in `campaigns/proving.py`; `upkeep.keep` in
`ops/ticking.py` (nothing is sealed).
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from releveur import clock, postgres
from releveur.audit.models import Action, Entry, Seal
from releveur.ops import ticking
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    answers,
    the_invitation,
)
from tests.test_commands import refused, releveur

pytestmark = pytest.mark.django_db(transaction=True)

type Insider = psycopg.Connection[Any]


@pytest.fixture
def insider(server: postgres.Server) -> Any:
    """Somebody with every right on the database; foreign keys do not stop such a person."""
    name = str(connection.settings_dict["NAME"])
    with psycopg.connect(
        server.conninfo(user=postgres.SUPERUSER, name=name), autocommit=True
    ) as superuser:
        superuser.execute("set session_replication_role = replica")
        yield superuser


@pytest.fixture(autouse=True)
def hash_kept() -> str:
    """A quarter, signed; its hash is kept elsewhere, and the work goes on under a second seal."""
    clock.set(OPENED)
    a_dealer()
    contact = a_contact(customer := a_customer())
    device = a_device(customer, serial="3923656030")
    campaign = a_campaign()
    answers(the_invitation(campaign, contact), device, mono=41_200, color=92_910, now=OPENED)
    releveur("close_campaign", campaign.pk)
    releveur("sign_campaign", campaign.pk, "--by", "Mme Roy")
    ticking.tick(now=OPENED)
    kept: str = releveur("verify_audit")["last_hash"]
    releveur("dealer", "--phone", "01 53 20 11 99")
    releveur("closures", "--add", "2022-08-01", "2022-08-15")
    ticking.tick(now=OPENED)
    return kept


def signature() -> int:
    return Entry.objects.get(action=Action.SIGN).pk


def found(*arguments: str) -> list[tuple[str, int | None]]:
    answer, error = refused("verify_audit", *arguments)
    assert error.returncode == 1
    assert all(one["sentence"] for one in answer["found"])
    return [(one["fault"], one["entry"]) for one in answer["found"]]


def test_what_nobody_touched_is_what_it_was(hash_kept: str) -> None:
    answer = releveur("verify_audit", "--expect", hash_kept)
    assert (answer["entries"], answer["seals"], answer["waiting"]) == (5, 2, 0)
    assert answer["last_hash"] != hash_kept


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
@pytest.mark.parametrize("change", ["update {} set id = id", "delete from {}", "truncate {}"])
def test_the_application_itself_may_not_change_a_line(table: str, change: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table))


@pytest.mark.parametrize(
    "change",
    [
        "after = '{\"blocked\": 0}'",
        "why = 'because'",
        "at = at - interval '1 day'",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "digest = repeat('0', 64)",
        "subject_key = '2'",
        "actor_id = 1",
    ],
)
def test_a_line_altered_is_named(insider: Insider, change: str) -> None:
    number = signature()
    insider.execute(f"update audit_entry set {change} where id = {number}")
    assert ("ALTERED", number) in found()


def test_a_line_removed_is_named(insider: Insider) -> None:
    number = signature()
    insider.execute("delete from audit_actorname where entry_id = %s", [number])
    insider.execute("delete from audit_entry where id = %s", [number])
    assert found() == [("MISSING", number)]


def test_a_line_slipped_in_is_named(insider: Insider) -> None:
    insider.execute(
        "insert into audit_entry (at, actor, name_digest, action, subject, subject_key, why, digest)"
        " select at, actor, '', 'CLOSE', subject, subject_key, why, '' from audit_entry where id = %s",
        [signature()],
    )
    newest = Entry.objects.order_by("-pk")[0].pk
    assert found() == [("INSERTED", newest)]


@pytest.mark.parametrize("to", ["name = 'M. Petit'", "name = '', salt = '', erased_at = now()"])
def test_another_name_under_a_line_is_named(insider: Insider, to: str) -> None:
    number = signature()
    insider.execute(f"update audit_actorname set {to} where entry_id = {number}")
    assert found() == [("NAME", number)]


def test_a_seal_rewritten_with_its_line_breaks_the_chain(insider: Insider) -> None:
    first = Seal.objects.order_by("pk")[0]
    insider.execute("update audit_seal set hash = repeat('a', 64) where id = %s", [first.pk])
    assert found() == [("BROKEN", None), ("BROKEN", None)], (
        "this one, and the one that stands on it"
    )


def test_a_seal_removed_is_named(insider: Insider) -> None:
    insider.execute("delete from audit_seal where id = %s", [Seal.objects.order_by("pk")[0].pk])
    faults = found()
    assert ("BROKEN", None) in faults
    assert ("INSERTED", signature()) in faults


def test_the_end_cut_off_is_found_by_the_hash_kept_elsewhere(insider: Insider) -> None:
    kept = releveur("verify_audit")["last_hash"]
    last = Seal.objects.order_by("-pk")[0]
    cut = [number for number, _digest in last.digests]
    insider.execute("delete from audit_actorname where entry_id = any(%s)", [cut])
    insider.execute("delete from audit_entry where id = any(%s)", [cut])
    insider.execute("delete from audit_seal where id = %s", [last.pk])

    assert releveur("verify_audit")["seals"] == 1, (
        "alone it cannot tell: a shorter chain is a chain"
    )
    assert found("--expect", kept) == [("CUT", None)]


def test_a_signed_basis_changed_since_is_named(insider: Insider) -> None:
    insider.execute(
        "update campaigns_basisline set printed = jsonb_set(printed, '{net}', '\"1\"') where position = 1"
    )
    assert found() == [("ALTERED", signature())]
