"""A person asks to be erased: a dump of the database names her nowhere, and her company's quarter stands."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from releveur import clock, postgres
from releveur.appointments import asking
from releveur.audit import verifying
from releveur.audit.models import Entry
from releveur.campaigns import basis_file, handing_over, office, profile, reporting, succeeding
from releveur.campaigns.models import Campaign, Problem, Receipt
from releveur.campaigns.reporting import Told
from releveur.customers import login
from releveur.customers.introducing import Named
from releveur.customers.models import Contact
from releveur.fleet.models import Respondent
from releveur.ops import ticking
from releveur.outbox import inbox
from releveur.outbox.models import Bounce, Mail
from releveur.readings.models import Reading
from tests.arriving.letters import a_bounce, a_reply
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
from tests.test_appointments import a_request
from tests.test_commands import refused, releveur

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "zenobie.quarteron@gramont-services.example"
PHONE = "01 42 96 77 31"
WORDS = ("zenobie", "zénobie", "quarteron", PHONE)
KARIM = Named("karim@gramont-services.example", "Karim")


@pytest.fixture
def zenobie() -> Contact:
    """She answered, handed over, told a problem, asked to be called, was named, came back with a code."""
    clock.set(OPENED)
    a_dealer()
    her = a_contact(customer := a_customer(), email=ADDRESS, first_name="Zénobie", phone=PHONE)
    her.last_name, her.imported = "Quarteron", {"last_name": "Quarteron"}
    her.save()
    martin = a_contact(customer, email="martin@gramont-services.example", first_name="Martin")
    Contact.objects.filter(pk=martin.pk).update(copy_to=f"x@y.example,{ADDRESS}")
    first, second = a_device(customer, serial="A1"), a_device(customer, serial="A2")
    campaign = a_campaign()
    ticking.tick(now=OPENED)
    hers = the_invitation(campaign, her)
    answers(hers, first, mono=41_200, color=92_910, now=OPENED)
    handing_over.hand_over(hers, second, to=KARIM, now=OPENED)
    ticking.tick(now=OPENED)
    told = Told(Problem.What.OTHER, words=f"Demandez Zénobie Quarteron, {PHONE}")
    reporting.report(hers, second, told, now=OPENED)
    named = Named(ADDRESS, "Zénobie", "Quarteron")
    succeeding.name_successor(the_invitation(campaign, martin), named=named, now=OPENED)
    asked = replace(
        a_request(first), first_name="Zénobie", last_name="Quarteron", email=ADDRESS, phone=PHONE,
        network_name="Zénobie Quarteron", network_email=ADDRESS,
    )  # fmt: skip
    asking.ask(customer, asked, by=her, now=OPENED)
    login.ask(ADDRESS, browser="b", client="c", language="fr", now=OPENED)
    Mail.objects.filter(kind="invitation").update(state="SENT", sent_at=OPENED)
    inbox.receive(a_reply("Noir 41200", sender=ADDRESS), now=OPENED)
    inbox.receive(a_bounce(Mail.objects.filter(kind="invitation", to=ADDRESS).get()), now=OPENED)
    ticking.tick(now=OPENED)
    return her


def dump(server: postgres.Server) -> str:
    """As `pg_dump` writes it, in small letters."""
    conninfo = server.conninfo(user=postgres.OWNER, name=str(connection.settings_dict["NAME"]))
    done = subprocess.run(
        [server.binaries / "pg_dump", conninfo], capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode().casefold()


def test_a_dump_names_her_nowhere_and_the_companys_quarter_stands(
    zenobie: Contact, server: postgres.Server
) -> None:
    before = dump(server)
    assert Bounce.objects.filter(address=ADDRESS).exists()
    assert {word for word in WORDS if word in before} == set(WORDS)
    campaign = Campaign.objects.get()
    readings = list(Reading.objects.order_by("pk").values())
    basis = basis_file.as_csv(campaign, profile.named(""))

    answer = releveur("erase_person", ADDRESS.upper(), "--even-if-asked")

    after = dump(server)
    assert not {word for word in WORDS if word in after}
    assert answer["left"] == []
    assert list(Reading.objects.order_by("pk").values()) == readings
    assert basis_file.as_csv(campaign, profile.named("")) == basis
    assert Receipt.objects.get().by_contact_id == zenobie.pk


def test_her_mails_keep_that_they_left_and_others_keep_their_words(zenobie: Contact) -> None:
    hers = set(Mail.objects.filter(to=ADDRESS).values_list("pk", flat=True))
    sent = set(Mail.objects.filter(to=ADDRESS, state="SENT").values_list("pk", flat=True))
    karims = Mail.objects.get(to=KARIM.email)
    assert "Zénobie" in karims.text

    releveur("erase_person", ADDRESS, "--even-if-asked")

    blank = Mail.objects.filter(pk__in=hers)
    assert set(blank.values_list("to", "text", "html")) == {("", "", "")}
    assert set(blank.filter(state="SENT").values_list("pk", flat=True)) == sent
    assert not blank.filter(state="OWED").exists(), "nothing leaves to nobody"
    stays = Mail.objects.get(pk=karims.pk)
    assert (stays.state, stays.to) == (karims.state, KARIM.email)
    assert stays.text == karims.text.replace("Zénobie Quarteron", "…").replace("Zénobie", "…")


def test_while_she_is_asked_it_is_refused_until_the_office_insists(zenobie: Contact) -> None:
    answer, error = refused("erase_person", ADDRESS)
    assert error.returncode == 1
    assert "--even-if-asked" in answer["error"]
    assert Contact.objects.get(pk=zenobie.pk).email == ADDRESS

    campaign = Campaign.objects.get()
    answer = releveur("erase_person", ADDRESS, "--even-if-asked")

    assert answer["asked_no_more"] == [campaign.pk]
    assert not Respondent.objects.filter(contact=zenobie).exists()
    calls = [one for one in office.tasks(campaign, now=OPENED) if one["what"] == "CALL"]
    assert not calls, "Martin and Karim are asked for the same devices"
    Contact.objects.exclude(pk=zenobie.pk).update(opted_out_at=OPENED)
    calls = [one for one in office.tasks(campaign, now=OPENED) if one["what"] == "CALL"]
    assert {one["serial"] for one in calls} == {"A2"}


def test_the_campaign_goes_on_to_its_close_without_her(zenobie: Contact) -> None:
    releveur("erase_person", ADDRESS, "--even-if-asked")
    Mail.objects.exclude(to="").update(state="SENT", sent_at=OPENED)
    for days in (7, 14, 21, 23, 24, 25):
        ticking.tick(now=OPENED + timedelta(days=days))
        Mail.objects.filter(state="OWED").update(
            state="SENT", sent_at=OPENED + timedelta(days=days)
        )
    ticking.tick(now=OPENED + timedelta(days=30))
    assert Campaign.objects.get().state == "CLOSED"
    assert not Mail.objects.filter(state="FAILED").exists()


def test_the_audit_keeps_what_she_did_by_her_number_and_its_chain_holds(zenobie: Contact) -> None:
    releveur("erase_person", ADDRESS, "--even-if-asked")
    ticking.tick(now=OPENED)
    seen = verifying.verify()
    assert (seen.found, seen.names_erased) == ([], 1)
    assert Entry.objects.filter(action="HAND_OVER", actor_id=zenobie.pk).exists()
    erased = Entry.objects.get(action="ERASE_PERSON")
    assert (erased.subject_id, erased.subject_key) == (zenobie.pk, "")


def test_a_dry_run_says_the_same_and_leaves_her(zenobie: Contact) -> None:
    tried = releveur("erase_person", ADDRESS, "--even-if-asked", "--dry-run")
    assert Contact.objects.get(pk=zenobie.pk).last_name == "Quarteron"
    assert Mail.objects.filter(to=ADDRESS).exists()
    assert releveur("erase_person", ADDRESS, "--even-if-asked") == tried


def test_words_that_only_a_person_can_judge_are_listed(zenobie: Contact) -> None:
    customer = a_customer()
    customer.note = "Voir Zénobie Quarteron"
    customer.save()
    answer = releveur("erase_person", ADDRESS, "--even-if-asked")
    assert answer["left"] == [{"table": "customers_customer", "column": "note", "rows": 1}]


def test_two_persons_erased_do_not_stand_in_each_others_way(zenobie: Contact) -> None:
    releveur("erase_person", ADDRESS, "--even-if-asked")
    releveur("erase_person", "martin@gramont-services.example", "--even-if-asked")
    refused("erase_person", ADDRESS)
    assert Contact.objects.filter(email="").count() == 2


def test_an_address_that_is_nobodys_is_refused() -> None:
    refused("erase_person", "nobody@elsewhere.example")
    assert not Entry.objects.exists()


def test_somebody_named_by_others_only_is_erased_too(zenobie: Contact) -> None:
    Contact.objects.filter(pk=zenobie.pk).update(
        email="other@x.example", address_key="other@x.example"
    )
    answer = releveur("erase_person", ADDRESS)
    assert (answer["contact"], answer["successions"], answer["appointments"]) == (None, 1, 1)


def test_an_address_broken_over_two_lines_of_a_calendar_goes_too(zenobie: Contact) -> None:
    mail = Mail.objects.get(kind="to_dealer")
    Mail.objects.filter(pk=mail.pk).update(
        calendar="ATTENDEE:mailto:zenobie.quart\r\n eron@gramont-services.example\r\n"
    )
    releveur("erase_person", ADDRESS, "--even-if-asked")
    assert Mail.objects.get(pk=mail.pk).calendar == ""
