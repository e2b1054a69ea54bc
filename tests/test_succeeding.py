from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection

from releveur.campaigns import (
    handed,
    handing_over,
    links,
    mailing,
    office,
    opening,
    reminding,
    reporting,
    steps,
    succeeding,
)
from releveur.campaigns.models import (
    Campaign,
    DueReading,
    Invitation,
    Notice,
    Problem,
    Succession,
)
from releveur.campaigns.reporting import Told
from releveur.customers import introducing
from releveur.customers.introducing import Named
from releveur.customers.models import Contact, Customer
from releveur.dealer.models import Dealer
from releveur.fleet import answering_for, passing_on
from releveur.fleet.models import Device, Installation, Respondent
from releveur.importing import fleet as importing
from releveur.outbox.models import Mail
from releveur.rules import mailboxes
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    answers,
    the_invitation,
    the_mails_leave,
)
from tests.test_commands import refused, releveur

pytestmark = pytest.mark.django_db

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LOUISE = Named("louise@gramont-services.example", "Louise", "Petit")
ELSEWHERE = Named("louise@orange.fr", "Louise", "Petit")


@pytest.fixture
def device() -> Device:
    a_dealer()
    a_contact(customer := a_customer())
    return a_device(customer, serial="3923656030")


@pytest.fixture
def campaign(device: Device) -> Campaign:
    return a_campaign()


@pytest.fixture
def old(campaign: Campaign) -> Invitation:
    return the_invitation(campaign, Contact.objects.get(first_name="Alexandra"))


def names(old: Invitation, named: Named = LOUISE, *, now: datetime = OPENED) -> Succession:
    return succeeding.name_successor(old, named=named, now=now)


def hers(email: str = LOUISE.email) -> Invitation:
    return Invitation.objects.get(contact__email=email)


def asked(invitation: Invitation) -> set[str]:
    rows = DueReading.objects.asked_of(invitation)
    return set(rows.values_list("meter__device__serial", flat=True))


def waits(invitation: Invitation) -> list[str]:
    notices = Notice.objects.filter(invitation=invitation, withheld_at=None)
    return list(notices.order_by("pk").values_list("what", flat=True))


def test_within_the_same_mail_domain_the_request_goes_over_at_once(old: Invitation) -> None:
    succession = names(old)

    assert succession.settled_at == OPENED
    assert asked(hers()) == {"3923656030"} and asked(old) == set()
    assert (waits(hers()), waits(old)) == (["INVITED"], [])
    assert hers().asks_until == old.asks_until
    mailing.write_due(now=OPENED)
    assert "Bonjour Louise," in Mail.objects.get(kind="invitation").text


def test_the_dealer_is_told_what_was_done(old: Invitation) -> None:
    names(old)
    mail = Mail.objects.get(kind="office")
    assert mail.to == "releves@bureautique-lafayette.example"
    for said in ("Alexandra", "Louise Petit", LOUISE.email, "Gramont Services (CL001007)"):
        assert said in mail.text, said
    assert "notez-le" in mail.text and "--accept" not in mail.text


def test_elsewhere_it_waits_for_the_office_which_is_told_the_command(
    old: Invitation, campaign: Campaign
) -> None:
    succession = names(old, ELSEWHERE)

    assert succession.settled_at is None and asked(old) == {"3923656030"}
    assert not Contact.objects.filter(email=ELSEWHERE.email).exists()
    command = f"releveur successor {succession.pk} --accept"
    assert command in Mail.objects.get(kind="office").text
    [task] = office.tasks(campaign, now=OPENED)
    assert (task["what"], task["code"]) == ("SUCCESSOR", "CL001007")
    assert command in task["words"] and ELSEWHERE.email in task["words"]


@pytest.mark.parametrize(
    ("setting", "named", "at_once"),
    [("ALWAYS", ELSEWHERE, True), ("NEVER", LOUISE, False), ("SAME_DOMAIN", LOUISE, True)],
)
def test_the_dealers_setting_decides(
    old: Invitation, setting: str, named: Named, *, at_once: bool
) -> None:
    Dealer.objects.update(successors=setting)
    assert (names(old, named).settled_at is not None) == at_once


@pytest.mark.parametrize("domain", ["gmail.com", "orange.fr", "free.fr", "outlook.com"])
def test_a_public_mailbox_is_no_company(domain: str) -> None:
    assert not mailboxes.of_one_company(f"a@{domain}", f"b@{domain}")


def test_a_successor_has_at_least_48_hours_and_no_reminder_of_the_time_before_her(
    old: Invitation, campaign: Campaign
) -> None:
    for week in (0, 1, 2, 3):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    late = OPENED + 3 * WEEK + DAY
    names(old, now=late)
    the_mails_leave(now=late)

    assert hers().asks_until == datetime(2022, 4, 29, 18, tzinfo=PARIS)
    campaign.refresh_from_db()
    assert campaign.closes_at == hers().asks_until, "she is waited for"
    steps.take_due_steps(now=late + DAY)
    assert waits(hers()) == ["INVITED"]
    assert steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10)).closed == 1


def test_a_reminder_still_to_come_is_hers(old: Invitation) -> None:
    the_mails_leave(now=OPENED)
    names(old, now=OPENED + DAY)
    the_mails_leave(now=OPENED + DAY)
    steps.take_due_steps(now=OPENED + WEEK)
    assert waits(hers()) == ["INVITED", "REMINDED_1"]
    assert waits(old) == ["INVITED"]


def test_the_next_campaign_asks_the_successor(old: Invitation, device: Device) -> None:
    names(old)
    [stay] = Installation.objects.filter(device=device).select_related("site")
    assert answering_for.contacts([stay])[stay.pk] == [hers().contact_id]
    answers(hers(), device, mono=41_200, color=92_910, now=OPENED)
    July = datetime(2022, 7, 5, 10, tzinfo=PARIS)  # noqa: N806
    opened = opening.open_campaign(date(2022, 7, 5), now=July).campaign
    assert [one.contact.first_name for one in opened.invitations.all()] == ["Louise"]


def test_the_next_import_does_not_bring_the_old_person_back(
    old: Invitation, device: Device, tmp_path: Path
) -> None:
    names(old)
    file = tmp_path / "parc.csv"
    heading = "Code client;Raison sociale;N° de série;Modèle;Marque;Adresse;CP;Ville;Email;Prénom\n"
    line = "CL001007;Gramont Services;{serial};7855V_F;Xerox;30 rue de Gramont;75002;Paris;{who}\n"
    alexandra = f"{old.contact.email};Alexandra"
    both = (line.format(serial=serial, who=alexandra) for serial in (device.serial, "NEW"))
    file.write_text(heading + "".join(both), encoding="utf-8")

    assert not importing.import_fleet(file, now=OPENED).errors

    stays = list(Installation.objects.select_related("site"))
    louise = hers().contact_id
    assert answering_for.contacts(stays) == {stay.pk: [louise] for stay in stays}
    said = [one.message for one in importing.import_fleet(file, now=OPENED).differences]
    assert said and all("Louise Petit" in one for one in said), "the ERP is to be told"

    both = (line.format(serial=one, who=f"{LOUISE.email};Louise") for one in (device.serial, "NEW"))
    file.write_text(heading + "".join(both), encoding="utf-8")
    assert not importing.import_fleet(file, now=OPENED).differences, "the file knows it too"


def test_passing_on_what_the_other_answers_for_already_is_no_fault(device: Device) -> None:
    alexandra = Contact.objects.get()
    louise = a_contact(a_customer(), email=LOUISE.email, first_name="Louise")
    assert passing_on.pass_on(alexandra, to=louise) == 1
    assert passing_on.pass_on(alexandra, to=louise) == 0
    assert passing_on.pass_on(louise, to=alexandra) == 1, "and back"
    [stay] = Installation.objects.select_related("site")
    assert answering_for.contacts([stay])[stay.pk] == [alexandra.pk]


def test_a_double_click_names_one(old: Invitation) -> None:
    assert names(old) == names(old)
    assert names(old, ELSEWHERE).email == LOUISE.email, "it is settled"
    assert Succession.objects.count() == 1
    assert Mail.objects.filter(kind="office").count() == 1


def test_another_name_replaces_the_one_that_waits(old: Invitation) -> None:
    first = names(old, ELSEWHERE)
    assert names(old, ELSEWHERE) == first
    assert Mail.objects.filter(kind="office").count() == 1
    second = names(old, LOUISE)
    assert (second.pk, second.settled_at) == (first.pk, OPENED)


def test_nobody_succeeds_herself_and_a_colleague_names_nobody(
    old: Invitation, device: Device
) -> None:
    with pytest.raises(handing_over.ToHerself):
        names(old, Named("ALEXANDRA@gramont-services.example", "Alexandra"))
    karim = Named("karim@gramont-services.example", "Karim")
    receiver = handing_over.hand_over(old, device, to=karim, now=OPENED).receiver
    with pytest.raises(succeeding.NotHers):
        names(receiver)


def test_a_successor_who_is_asked_already_is_told_of_what_is_new(
    old: Invitation, campaign: Campaign
) -> None:
    second = a_customer(code="CL001008", name="Gramont Immobilier")
    louise = a_contact(second, email=LOUISE.email, first_name="Louise")
    a_device(second, serial="OWN")
    opening.open_campaign(DUE_ON, now=OPENED)
    the_mails_leave(now=OPENED)

    names(old, now=OPENED + DAY)

    one = the_invitation(campaign, louise)
    assert asked(one) == {"OWN", "3923656030"} and one.continues is None
    assert "6030" in Mail.objects.get(kind="invitation").text


def test_what_she_had_handed_over_is_the_successors_to_take_back(
    old: Invitation, device: Device
) -> None:
    karim = Named("karim@gramont-services.example", "Karim")
    handover = handing_over.hand_over(old, device, to=karim, now=OPENED)
    names(old)

    handover.refresh_from_db()
    assert handover.sender == hers() and asked(handover.receiver) == {"3923656030"}
    assert len(handed.standing(hers())) == 2


def test_the_colleague_who_helped_becomes_the_successor(old: Invitation, device: Device) -> None:
    receiver = handing_over.hand_over(old, device, to=LOUISE, now=OPENED).receiver
    names(old)

    assert hers() == receiver and asked(receiver) == {"3923656030"}
    assert not receiver.received.filter(taken_back_at=None).exists()
    assert not receiver.asked.exclude(handover=None).exists()
    assert waits(receiver) == ["INVITED"]
    own = Invitation.objects.filter(pk=receiver.pk)
    assert reminding.silent(own, in_their_own_right=True).exists()


def test_what_colleagues_had_handed_her_goes_back_to_them(
    old: Invitation, device: Device, campaign: Campaign
) -> None:
    second = a_customer(code="CL001008", name="Gramont Immobilier")
    a_contact(second, email="marc@gramont-services.example", first_name="Marc")
    helped = a_device(second, serial="HELPED")
    opening.open_campaign(DUE_ON, now=OPENED)
    marc = the_invitation(campaign, Contact.objects.get(first_name="Marc"))
    alexandra = Named(old.contact.email, "Alexandra")
    handing_over.hand_over(marc, helped, to=alexandra, now=OPENED)

    names(old)

    assert asked(hers()) == {"3923656030"} and asked(marc) == {"HELPED"}
    assert handed.standing(marc) == {}
    assert links.alive(old.pk, version=1) == old, "her page says who it is now"


def test_a_problem_told_before_is_the_successors_to_take_back(
    old: Invitation, device: Device
) -> None:
    reporting.report(old, device, Told(Problem.What.BROKEN), now=OPENED)
    names(old)
    assert waits(hers()) == [], "nothing is awaited"
    assert reporting.take_back(hers(), device, now=OPENED)


def test_whoever_comes_back_is_asked_again(old: Invitation) -> None:
    names(old)
    names(hers(), Named(old.contact.email, "Alexandra"), now=OPENED + DAY)
    old.refresh_from_db()
    assert asked(old) == {"3923656030"} and asked(hers()) == set()
    assert succeeding.latest(old) is None
    assert old.invited_at == OPENED + DAY


def test_after_the_close_only_what_comes_next_goes_over(old: Invitation) -> None:
    Campaign.objects.update(state="CLOSED")
    assert names(old).settled_at
    assert asked(old) == {"3923656030"}
    assert not Invitation.objects.filter(contact__email=LOUISE.email).exists()
    assert Respondent.objects.get(passed_to=None).contact.email == LOUISE.email
    assert names(old) == names(old)


def test_the_office_lists_accepts_and_refuses(old: Invitation, campaign: Campaign) -> None:
    one = names(old, ELSEWHERE)
    [listed] = releveur("successor")["waiting"]
    assert (listed["id"], listed["old"], listed["new"], listed["customers"]) == (
        one.pk, old.contact.email, ELSEWHERE.email, ["CL001007"],
    )  # fmt: skip

    tried = releveur("successor", one.pk, "--accept", "--dry-run")
    assert tried["state"] == "ACCEPTED" and asked(old)
    done = releveur("successor", one.pk, "--accept")
    assert (done["state"], done["customers"]) == ("ACCEPTED", ["CL001007"])
    assert asked(hers(ELSEWHERE.email)) == {"3923656030"}
    assert office.tasks(campaign, now=OPENED) == [] and releveur("successor")["waiting"] == []
    refused("successor", one.pk, "--refuse")
    refused("successor", 999)
    refused("successor", "--accept")


def test_refused_everything_stays_and_another_may_be_named(old: Invitation) -> None:
    one = names(old, ELSEWHERE)
    assert releveur("successor", one.pk, "--refuse")["state"] == "REFUSED"
    assert asked(old) == {"3923656030"} and succeeding.latest(old) is None
    assert names(old, LOUISE).pk != one.pk


def test_who_wants_no_mails_is_nobodys_successor(old: Invitation) -> None:
    a_contact(email=LOUISE.email)
    Contact.objects.filter(email=LOUISE.email).update(opted_out_at=OPENED)
    with pytest.raises(introducing.NoMoreMails):
        names(old)
    assert not Succession.objects.exists() and asked(old)


def test_without_an_address_of_the_dealer_the_task_still_waits(
    old: Invitation, campaign: Campaign
) -> None:
    Dealer.objects.update(reply_to="")
    names(old, ELSEWHERE)
    assert [task["what"] for task in office.tasks(campaign, now=OPENED)] == ["SUCCESSOR"]


def test_customers_are_listed_once(old: Invitation, device: Device) -> None:
    assert [one.code for one in succeeding.customers_of(old)] == [Customer.objects.get().code]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_name_one(old: Invitation) -> None:
    def name() -> None:
        names(old)
        connection.close()

    clicks = [Thread(target=name) for _click in range(3)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert Succession.objects.count() == Invitation.objects.count() - 1 == 1
    assert Mail.objects.filter(kind="office").count() == 1
