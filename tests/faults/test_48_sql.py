"""Whatever is typed or imported is kept as words; none of it becomes a command to your database.

Not in a form, not in an address, not in a filter, not in the columns of a spreadsheet: a quotation mark is a
quotation mark. And the application's own role could not drop a table nor change what is written once anyway.

How it is tested: hostile text goes through every field and every part of an address that takes text, and
through the columns of an import; each answer is one of the expected ones, none is an error of the server,
what was typed stands in the tables letter by letter, and the tables are all there. And every place in the
source that speaks SQL itself is listed here with its reason: a new one fails until it is looked at, and one
that puts values into the text instead of beside it fails in any case.

Without the list's line of any statement, it fails; so it does with an f-string in any `execute`, as
`cursor.execute(f"SELECT {typed}")` anywhere in the source. The filters and searches of the office come with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from releveur.appointments.models import Appointment
from releveur.campaigns.models import Invitation, Problem
from releveur.customers.models import Contact, Customer, Site
from releveur.ops import reading_backups
from tests.doors import UNKNOWN, Town, a_town, every_door
from tests.importing.files import a_file, a_row, imported
from tests.test_doors import METHODS, sent
from tests.web.visiting import fields

SOURCE = Path(reading_backups.__file__).resolve().parent.parent
SPEAKING = {"execute", "executemany", "raw", "extra", "RawSQL", "mogrify", "copy"}
CONSTANT, COMPOSED, NAMES = "a constant", "identifiers by psycopg.sql", "identifiers by quote_name"
GIVEN = "a constant that its caller gives"
WRITTEN = "what Django writes of a queryset"
TAKES = {"ops/doctor/checks.py": "value", "outbox/delivering.py": "_said"}
"""Functions that speak what their callers say."""

SPOKEN = {
    "audit/sealing.py": {CONSTANT},
    "audit/verifying.py": {CONSTANT},
    "campaigns/acknowledging.py": {CONSTANT},
    "campaigns/basis_cells.py": {CONSTANT, COMPOSED},
    "campaigns/hindsight.py": {CONSTANT},
    "campaigns/locks.py": {CONSTANT},
    "campaigns/mailing.py": {CONSTANT},
    "campaigns/opening.py": {CONSTANT},
    "campaigns/owing.py": {CONSTANT},
    "campaigns/pointing.py": {CONSTANT},
    "customers/restraining.py": {CONSTANT},
    "kept.py": {CONSTANT, WRITTEN},
    "ops/backing_up.py": {CONSTANT, COMPOSED},
    "ops/demo/__main__.py": {COMPOSED},
    "ops/doctor/as_installed.py": {CONSTANT},
    "ops/doctor/checks.py": {GIVEN},
    "ops/exporting.py": {CONSTANT},
    "ops/grants.py": {NAMES},
    "ops/person/leftovers.py": {CONSTANT, COMPOSED},
    "ops/restoring.py": {CONSTANT},
    "ops/upgrading.py": {CONSTANT},
    "outbox/delivering.py": {GIVEN},
    "postgres.py": {CONSTANT, COMPOSED},
    "putting.py": {CONSTANT, COMPOSED},
    "turns.py": {CONSTANT},
}
"""Where the source speaks SQL itself, and of what its text is made; values always stand beside it."""

HOSTILE = (
    "'; drop table customers_contact; --",
    "' or '1'='1",
    '" or ""="',
    "1); select pg_sleep(5); --",
    "\\'; select 1; --",
    "%(id)s %s %%",
    "$$;select 1;$$",
    "{0.__class__} {{ 7|add:7 }}",
)


def spoken() -> Iterator[tuple[str, ast.Call]]:
    """Each call that takes SQL, and its file."""
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name == "migrations":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _speaks(node) and node.args:
                yield path.relative_to(SOURCE).as_posix(), node


def _speaks(call: ast.Call) -> bool:
    """A cursor's `copy` speaks SQL; the function of that name copies an object."""
    return _name(call) in SPEAKING and not (
        _name(call) == "copy" and isinstance(call.func, ast.Name)
    )


def _name(call: ast.Call) -> str:
    function = call.func
    return str(getattr(function, "attr", getattr(function, "id", "")))


def made_of(text: ast.expr) -> str:
    match text:
        case ast.Constant():
            return CONSTANT
        case ast.Name() if text.id.isupper():
            return CONSTANT
        case ast.Name() | ast.Call():
            return COMPOSED
        case ast.Attribute(attr="sql"):
            return WRITTEN
        case ast.JoinedStr():
            return NAMES
        case _:
            return "something else"


def test_every_place_that_speaks_sql_is_listed_with_what_it_is_made_of() -> None:
    found: dict[str, set[str]] = {}
    for file, call in spoken():
        text = call.args[0]
        given = file in TAKES and isinstance(text, ast.Name)
        found.setdefault(file, set()).add(GIVEN if given else made_of(text))
    assert found == SPOKEN


def test_who_gives_a_statement_to_another_gives_a_constant() -> None:
    doctor, upgrading = (SOURCE / "ops" / "doctor").glob("*.py"), SOURCE / "ops" / "upgrading.py"
    for path in [*doctor, upgrading, SOURCE / "outbox" / "delivering.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node) in TAKES.values() and node.args:
                assert made_of(node.args[0]) == CONSTANT, f"{path.name}:{node.lineno}"


def test_only_names_of_roles_and_tables_are_ever_put_into_the_text() -> None:
    joined = [
        (file, ast.unparse(place.value))
        for file, call in spoken()
        if isinstance(text := call.args[0], ast.JoinedStr)
        for place in text.values
        if isinstance(place, ast.FormattedValue)
    ]
    assert set(joined) == {
        ("ops/grants.py", "name"),
        ("ops/grants.py", "connection.ops.quote_name(table)"),
    }
    added = [
        f"{file}:{call.lineno}" for file, call in spoken() if isinstance(call.args[0], ast.BinOp)
    ]
    assert not added


def test_composed_statements_are_made_by_the_driver() -> None:
    for file, kinds in SPOKEN.items():
        if COMPOSED in kinds:
            assert "sql.Identifier(" in (SOURCE / file).read_text(), file


@pytest.fixture
def town(db: None) -> Town:
    return a_town()


def tables() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_in_an_address_it_is_a_number_nobody_has(town: Town, hostile: str) -> None:
    before, hers = tables(), town.visitors["hers"]
    for _name_of_it, pattern, places in every_door():
        if not {"key", "number"} & set(places):
            continue
        text = hostile.replace("/", "").replace("%", "%25").replace("?", "%3F").replace("#", "%23")
        address = pattern.replace("<str:key>", text).replace("<str:number>", text)
        for method in METHODS:
            assert sent(hers, method, address, {}).status_code in {404, 405, 410}, address
    for query in ("recu", "device", "site", "place", "handed", "taken", "q", "order"):
        for page in ("/releves", "/releves/transmettre", "/releves/rendez-vous"):
            answer = hers.browser.get(page, {query: hostile})
            assert answer.status_code in {200, 404}, (page, query)
    assert tables() == before
    assert Client().get(f"/r/{UNKNOWN}").status_code == 404


@pytest.mark.parametrize("hostile", HOSTILE)
def test_in_a_form_it_is_kept_letter_by_letter(town: Town, hostile: str) -> None:
    before, browser = tables(), town.visitors["hers"].browser
    device = town.arguments["device"]
    told = {"what": "OTHER", "words": hostile, "serial": hostile}
    assert browser.post(f"/releves/materiel/{device}/probleme", told).status_code == 303
    assert Problem.objects.latest("pk").words == hostile
    page = fields(browser.get("/releves/rendez-vous"))
    answer = browser.post("/releves/rendez-vous", page | {"last_name": hostile[:40]})
    assert answer.status_code in {303, 422}
    if answer.status_code == 303:
        assert Appointment.objects.get().last_name == hostile[:40]
    for address in ("/releves", "/connexion", "/connexion/code", "/langue", "/releves/plus-moi"):
        body = dict.fromkeys(("address", "code", "language", "next", "nonce", "email"), hostile)
        known = dict.fromkeys(("first_name", "value-1", "on", "proof-1", "reason-1"), hostile)
        assert browser.post(address, body | known).status_code in {200, 302, 303, 422}, address
    assert tables() == before
    assert Contact.objects.count() >= 4
    assert Invitation.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", HOSTILE)
def test_in_an_import_it_is_kept_letter_by_letter(hostile: str, tmp_path: Path) -> None:
    before = tables()
    typed = dict.fromkeys(("code", "name", "site", "location", "model", "contract"), hostile)
    imported(a_file(tmp_path, a_row(**typed, last_name=hostile)))
    customer = Customer.objects.get(name=hostile)
    assert customer.code == hostile.lstrip("'").lstrip(), (
        "Excel's sign of a text is no part of a code"
    )
    assert customer.sites.get().name == hostile
    assert Contact.objects.get().last_name == hostile
    assert Site.objects.filter(name__icontains=hostile).exists()
    assert not Customer.objects.filter(imported__has_key=hostile).exists()
    assert tables() == before
