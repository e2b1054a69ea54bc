from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from releveur import postgres
from releveur.campaigns import links
from releveur.campaigns.models import DueReading, Invitation
from releveur.dealer.models import Dealer
from releveur.kept import AnyGiven, Given, Kept, again
from tests.factories import a_dealer

NAMES = Kept(lambda: Dealer.objects.filter(pk=Given("dealer")).values_list("name", flat=True))


@pytest.fixture
def keeping() -> Iterator[None]:
    """A connection that is kept, as the server's pool has them."""
    connection.ensure_connection()
    connection.connection.prepare_threshold = 1
    yield
    connection.close()


def plans() -> list[tuple[str, int]]:
    """What this connection has planned for good, and how often it was used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        return [(str(statement), int(uses)) for statement, uses in cursor.fetchall()]


@pytest.mark.django_db
def test_a_kept_question_answers_what_its_queryset_answers(invitation: Invitation) -> None:
    every = Kept(
        lambda: (
            DueReading.objects.asked_of(Given("invitation"))
            .filter(meter=AnyGiven("meters"))
            .select_related("meter__device", "reading")
            .order_by("pk")
        )
    )
    asked = DueReading.objects.asked_of(invitation).order_by("pk")
    meters = [row.meter_id for row in asked]

    found = every.ask(invitation=invitation.pk, meters=meters)

    assert found == list(asked)
    assert [row.meter.device.serial for row in found] == [row.meter.device.serial for row in asked]
    assert every.ask(invitation=invitation.pk, meters=meters[:1]) == list(asked[:1])
    assert every.ask(invitation=invitation.pk + 1, meters=meters) == []
    assert every.ask(invitation=invitation.pk, meters=[]) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("keeping")
def test_a_kept_connection_plans_a_question_once() -> None:
    dealer = a_dealer()

    for _time in range(4):
        assert NAMES.ask(dealer=dealer.pk) == [dealer.name]

    [(statement, uses)] = plans()
    assert "dealer_dealer" in statement
    assert uses == 3, "the first time nobody knows that it will be asked again"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("keeping")
def test_a_migration_that_makes_a_plan_impossible_is_not_noticed() -> None:
    dealer = a_dealer()
    for _time in range(3):
        NAMES.ask(dealer=dealer.pk)
    assert plans()

    with as_owner() as owner:
        owner.execute("ALTER TABLE dealer_dealer ALTER name TYPE text")
        try:
            assert NAMES.ask(dealer=dealer.pk) == [dealer.name]
        finally:
            owner.execute("ALTER TABLE dealer_dealer ALTER name TYPE varchar(120)")
    for _time in range(3):
        assert NAMES.ask(dealer=dealer.pk) == [dealer.name]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("keeping")
def test_within_a_transaction_nothing_depends_on_an_old_plan() -> None:
    dealer = a_dealer()

    with transaction.atomic():
        for _time in range(3):
            assert NAMES.ask(dealer=dealer.pk) == [dealer.name]

    assert plans() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("keeping")
def test_a_transaction_that_met_an_impossible_plan_is_done_again() -> None:
    dealer = a_dealer()
    begun: list[int] = []

    @again
    @transaction.atomic
    def verb() -> list[str]:
        begun.append(len(begun))
        return NAMES.ask(dealer=dealer.pk)

    for _time in range(3):
        verb()
    assert plans(), "whoever may be done again uses plans in a transaction too"

    with as_owner() as owner:
        owner.execute("ALTER TABLE dealer_dealer ALTER name TYPE text")
        try:
            assert verb() == [dealer.name]
        finally:
            owner.execute("ALTER TABLE dealer_dealer ALTER name TYPE varchar(120)")
    assert begun == [0, 1, 2, 3, 4]


@pytest.mark.django_db
def test_rows_that_lead_to_the_same_row_lead_to_one_instance(invitation: Invitation) -> None:
    every = Kept(lambda: DueReading.objects.select_related("campaign", "meter__device"))

    one, other = every.ask()[:2]

    assert one.campaign is other.campaign
    assert one.campaign == invitation.campaign
    assert one.meter is not other.meter


@pytest.mark.django_db
def test_an_answer_is_as_the_rows_stand_now(invitation: Invitation) -> None:
    links.alive(invitation.pk, version=1)

    Invitation.objects.update(link_version=2)

    with pytest.raises(links.UnknownLink):
        links.alive(invitation.pk, version=1)


def as_owner() -> psycopg.Connection:
    server = settings.POSTGRES
    assert server
    name = connection.settings_dict["NAME"]
    return psycopg.connect(server.conninfo(user=postgres.OWNER, name=name), autocommit=True)
