from __future__ import annotations

from datetime import datetime, timedelta
from threading import Thread

import pytest
from django.db import connection

from releveur.campaigns import (
    handed,
    handing_over,
    links,
    mailing,
    opening,
    reminding,
    reporting,
    steps,
)
from releveur.campaigns.models import (
    Asked,
    Campaign,
    DueReading,
    Handover,
    Invitation,
    Notice,
    Problem,
)
from releveur.campaigns.reporting import Told
from releveur.customers import addresses, introducing
from releveur.customers.introducing import Named
from releveur.customers.models import Contact, Customer, Site
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    a_site,
    answers,
    the_invitation,
)

pytestmark = pytest.mark.django_db

DAY, WEEK = timedelta(days=1), timedelta(days=7)
KARIM = Named("karim@gramont-services.example", "Karim", "Benali")


@pytest.fixture
def other(customer: Customer) -> Device:
    return a_device(customer, serial="3900000001", site=a_site(customer, name="Annexe"))


@pytest.fixture
def campaign(device: Device, other: Device) -> Campaign:
    return a_campaign()


@pytest.fixture
def sender(invitation: Invitation) -> Invitation:
    return invitation


def hands(
    sender: Invitation, what: Device | Site, *, to: Named = KARIM, now: datetime = OPENED
) -> Handover:
    return handing_over.hand_over(sender, what, to=to, now=now)


def devices_of(invitation: Invitation) -> set[str]:
    rows = DueReading.objects.asked_of(invitation)
    return set(rows.values_list("meter__device__serial", flat=True))


def waits(invitation: Invitation) -> list[str]:
    """What is owed to a person and not withheld."""
    notices = Notice.objects.filter(invitation=invitation, withheld_at=None)
    return list(notices.order_by("pk").values_list("what", flat=True))


def test_a_colleague_is_asked_for_exactly_that_device(sender: Invitation, device: Device) -> None:
    receiver = hands(sender, device).receiver

    assert devices_of(receiver) == {"3923656030"}
    assert devices_of(sender) == {"3923656030", "3900000001"}, "the sender goes on"
    assert (receiver.contact.email, receiver.contact.first_name) == (KARIM.email, "Karim")
    assert waits(receiver) == ["HANDED"]


def test_a_site_is_all_of_the_senders_devices_there(
    sender: Invitation, customer: Customer, other: Device
) -> None:
    annexe = Site.objects.get(name="Annexe")
    somebody_elses = a_device(customer, serial="STRANGER", site=annexe)
    a_contact(somebody_elses, email="x@autre.example", first_name="Xavier")
    opening.open_campaign(DUE_ON, now=OPENED)

    assert devices_of(hands(sender, annexe).receiver) == {"3900000001"}


def test_the_mail_says_who_what_until_when_and_carries_her_own_link(
    sender: Invitation, device: Device
) -> None:
    receiver = hands(sender, device).receiver
    mailing.write_due(now=OPENED)

    mail = Mail.objects.get(kind="handed")
    assert mail.to == KARIM.email
    assert mail.subject.startswith("Alexandra vous transmet le relevé de 1 équipement")
    for said in ("Bonjour Karim,", "Alexandra", "6030", "30 rue de Gramont", "28 avril 2022"):
        assert said in mail.text, said
    assert "0001" not in mail.text and "plus-moi" not in mail.text
    assert (mail.key_uuid, mail.key_version) == (receiver.uuid, 1)


def test_an_unsent_mail_is_withheld_when_the_sender_answers(
    sender: Invitation, device: Device
) -> None:
    receiver = hands(sender, device).receiver
    answers(sender, device, mono=41_200, color=92_910, now=OPENED)
    assert waits(receiver) == []


def test_taken_back_her_link_and_pages_die_at_once_and_nothing_leaves(
    sender: Invitation, device: Device
) -> None:
    handover = hands(sender, device)
    receiver = handover.receiver

    handing_over.take_back(handover, now=OPENED)

    with pytest.raises(links.UnknownLink):
        links.alive(receiver.pk, version=1)
    assert devices_of(receiver) == set() and waits(receiver) == []
    assert mailing.write_due(now=OPENED) == 1, "the sender's own"
    assert handed.standing(sender) == {}
    handing_over.take_back(handover, now=OPENED + DAY)
    handover.refresh_from_db()
    assert handover.taken_back_at == OPENED, "twice is once"


def test_taken_back_and_handed_again_she_is_asked_by_a_new_link_and_plan(
    sender: Invitation, device: Device
) -> None:
    handing_over.take_back(hands(sender, device), now=OPENED)
    later = OPENED + WEEK + DAY

    receiver = hands(sender, device, now=later).receiver
    mailing.write_due(now=later)

    assert (receiver.link_version, receiver.invited_at) == (2, later)
    assert Mail.objects.get(kind="handed").key_version == 2
    Mail.objects.update(state="SENT", sent_at=later)
    steps.take_due_steps(now=later + 4 * DAY)
    assert waits(receiver) == ["HANDED"]


def test_what_is_left_keeps_its_link(sender: Invitation, device: Device, other: Device) -> None:
    first = hands(sender, device)
    receiver = hands(sender, other).receiver

    handing_over.take_back(first, now=OPENED)

    assert devices_of(receiver) == {"3900000001"}
    assert links.alive(receiver.pk, version=1) == receiver
    mailing.write_due(now=OPENED)
    assert "0001" in Mail.objects.get(kind="handed").text


def test_what_two_people_handed_to_one_stays_until_both_take_it_back(
    customer: Customer, sender: Invitation, device: Device, campaign: Campaign
) -> None:
    a_contact(customer, email="louise@gramont-services.example", first_name="Louise")
    third = a_device(customer, serial="THIRD", site=a_site(customer))
    opening.open_campaign(DUE_ON, now=OPENED)
    louise = the_invitation(campaign, Contact.objects.get(first_name="Louise"))
    hers, hers_too = hands(sender, third), hands(louise, third)
    receiver = hers.receiver

    assert waits(receiver) == ["HANDED"], "one mail is enough"
    assert len(handed.standing(louise)) == len(handed.standing(sender)) == 2
    handing_over.take_back(hers, now=OPENED)
    assert devices_of(receiver) == {"THIRD"}
    handing_over.take_back(hers_too, now=OPENED)
    assert devices_of(receiver) == set()


def test_what_was_asked_of_her_anyway_stays_hers(
    customer: Customer, sender: Invitation, device: Device, campaign: Campaign
) -> None:
    karim = a_contact(a_site(customer), email=KARIM.email, first_name="Karim")
    mine = a_device(customer, serial="MINE", site=a_site(customer))
    opening.open_campaign(DUE_ON, now=OPENED)
    receiver = the_invitation(campaign, karim)
    handover = hands(sender, device)

    assert handover.receiver == receiver and receiver.continues is None
    handing_over.take_back(handover, now=OPENED)
    assert devices_of(receiver) == {mine.serial}
    assert waits(receiver) == ["INVITED"]
    assert links.alive(receiver.pk, version=1)


def test_what_she_is_asked_for_already_is_not_handed_to_her(
    customer: Customer, campaign: Campaign
) -> None:
    a_contact(customer, email=KARIM.email, first_name="Karim")
    shared = a_device(customer, serial="SHARED")
    opening.open_campaign(DUE_ON, now=OPENED)
    alexandra = the_invitation(campaign, Contact.objects.get(first_name="Alexandra"))
    with pytest.raises(handing_over.AskedAlready):
        hands(alexandra, shared)


def test_the_same_twice_is_one(sender: Invitation, device: Device) -> None:
    again = Named("  KARIM@gramont-services.example ", " Karim ", "Benali")
    assert hands(sender, device) == hands(sender, device, to=again)
    assert Notice.objects.filter(what="HANDED").count() == 1


def test_what_was_handed_to_her_is_not_handed_on(sender: Invitation, device: Device) -> None:
    receiver = hands(sender, device).receiver
    with pytest.raises(handing_over.NothingToHandOver):
        hands(receiver, device, to=Named("lea@gramont-services.example", "Léa"))


def test_what_is_not_hers_or_is_answered_cannot_be_handed_over(
    sender: Invitation, device: Device
) -> None:
    stranger = a_device(a_customer(code="CL009000", name="Autre"))
    with pytest.raises(handing_over.NothingToHandOver):
        hands(sender, stranger)
    answers(sender, device, mono=41_200, color=92_910, now=OPENED)
    with pytest.raises(handing_over.NothingToHandOver):
        hands(sender, device)


def test_not_to_herself_nor_to_what_is_no_address(sender: Invitation, device: Device) -> None:
    with pytest.raises(handing_over.ToHerself):
        hands(sender, device, to=Named("Alexandra@Gramont-Services.example", "Alexandra"))
    with pytest.raises(addresses.NoAddress):
        hands(sender, device, to=Named("karim@gramont", "Karim"))
    assert not Handover.objects.exists() and Contact.objects.count() == 1


@pytest.mark.parametrize("name", ["", "www.gagnez.example", "Cliquez sur http://x", "a@b.fr", "42"])
def test_a_name_is_a_name_and_no_message_of_a_stranger(
    sender: Invitation, device: Device, name: str
) -> None:
    with pytest.raises(introducing.NoName):
        hands(sender, device, to=Named(KARIM.email, name))


@pytest.mark.parametrize("name", ["Jean-Éric", "J.-P.", "D’Arc", "Anne Marie", "Łukasz"])
def test_names_of_people_are_taken(name: str) -> None:
    assert introducing.checked(Named(KARIM.email, name, "de La Tour")).first_name == name


def test_who_wants_no_mails_gets_none_by_a_colleague(sender: Invitation, device: Device) -> None:
    a_contact(email=KARIM.email)
    Contact.objects.filter(email=KARIM.email).update(opted_out_at=OPENED)
    with pytest.raises(introducing.NoMoreMails):
        hands(sender, device)


def test_twenty_stand_at_a_time(sender: Invitation, device: Device) -> None:
    for number in range(20):
        hands(sender, device, to=Named(f"c{number}@gramont-services.example", "Camille"))
    with pytest.raises(handing_over.TooMany):
        hands(sender, device)
    handing_over.take_back(Handover.objects.all()[0], now=OPENED)
    assert hands(sender, device)


def test_after_the_close_nothing_is_handed_over(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    Campaign.objects.update(state="CLOSING")
    with pytest.raises(handing_over.NotOpen):
        hands(sender, device)


def test_a_problem_the_colleague_told_is_the_senders_to_take_back(
    sender: Invitation, device: Device, other: Device
) -> None:
    handover = hands(sender, device)
    reporting.report(handover.receiver, device, Told(Problem.What.BROKEN), now=OPENED)
    answers(sender, other, mono=41_200, color=92_910, now=OPENED)
    assert not reminding.silent(Invitation.objects.all()).exists()

    handing_over.take_back(handover, now=OPENED)

    assert reporting.take_back(sender, device, now=OPENED)
    assert reminding.silent(Invitation.objects.filter(pk=sender.pk)).exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one(sender: Invitation, device: Device) -> None:
    made: list[Handover] = []

    def hand() -> None:
        made.append(hands(sender, device))
        connection.close()

    clicks = [Thread(target=hand) for _click in range(4)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    assert len(made) == 4 and len({one.pk for one in made}) == 1
    assert Asked.objects.filter(handover__isnull=False).count() == 2
    assert Notice.objects.filter(what="HANDED").count() == 1
