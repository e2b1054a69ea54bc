"""Who answers a mail by mail: the office gets every word, with all it takes to enter the counters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from releveur.campaigns import bounced, replying
from releveur.campaigns.models import Invitation
from releveur.dealer.models import Dealer
from releveur.outbox import bouncing, composing, delivering, inbox, keys, sealing, sorting
from releveur.outbox.models import Arrived, Mail
from releveur.readings.models import Reading
from tests import sink
from tests.arriving.letters import ALEXANDRA, a_bounce, a_nest, a_reply, mails_leave
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device, answers

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
AT = OPENED + HOUR


@pytest.fixture
def hers() -> Invitation:
    a_dealer()
    a_contact(customer := a_customer(), phone="01 42 96 00 10")
    a_device(customer, serial="3923656030")
    a_device(customer, serial="3900000001", mono=500)
    invitation = Invitation.objects.get(campaign=a_campaign())
    mails_leave(now=OPENED)
    return invitation


@pytest.fixture
def asking(hers: Invitation) -> Mail:
    return Mail.objects.get(kind="invitation")


def arrives(raw: bytes) -> Arrived:
    arrived, _new = inbox.receive(raw, now=AT)
    sorting.sort_arrived(now=AT)
    arrived.refresh_from_db()
    return arrived


def forwarded(raw: bytes) -> Mail:
    arrived = arrives(raw)
    assert replying.forward_due(now=AT) == 1
    assert replying.forward_due(now=AT) == 0, "once only"
    return Mail.objects.get(forwards=arrived)


def test_the_office_gets_the_words_and_all_it_takes_to_enter_them(asking: Mail) -> None:
    mail = forwarded(a_reply("Bonjour, Noir 41200, Couleur 90100. Cordialement", answers=asking))
    assert mail.to == "releves@bureautique-lafayette.example" and mail.reply_to == ALEXANDRA
    for said in (
        "Noir 41200, Couleur 90100", "Gramont Services (CL001007)", "01 42 96 00 10",
        "7855V_F 3923656030", "releveur declare 3923656030 Noir=… Couleur=…",
        "releveur declare 3900000001 Noir=…",
    ):  # fmt: skip
        assert said in mail.text, said
    assert not Reading.objects.filter(source=Reading.Source.MAIL).exists()


def test_her_words_stand_as_she_wrote_them_and_change_nothing_in_ours(asking: Mail) -> None:
    said = "l'index <b>41200</b> & l'autre {{ link }} <script>alert(1)</script>"
    mail = forwarded(a_reply(said, answers=asking))
    assert said in mail.text
    assert "<script>" not in mail.html and "&lt;b&gt;41200&lt;/b&gt;" in mail.html


def test_what_only_looks_like_html_is_read_too(asking: Mail) -> None:
    page = "<html><style>p{}</style><p>Noir&nbsp;: <b>41 200</b></p><p>Couleur 90100<br>Merci</p></html>"
    raw = a_reply("x", answers=asking).replace(b"text/plain", b"text/html")
    mail = forwarded(raw.replace(b"\n\nx", b"\n\n" + page.encode()))
    assert "41 200" in mail.text and "\nCouleur 90100" in mail.text
    assert "p{}" not in mail.text


def test_only_what_is_still_missing_is_named(asking: Mail, hers: Invitation) -> None:
    first = hers.campaign.due_readings.get(meter__device__serial="3900000001").meter.device
    answers(hers, first, now=OPENED, mono=600)
    mail = forwarded(a_reply("Noir 41200", answers=asking))
    assert "3923656030" in mail.text and "3900000001" not in mail.text


def test_the_mail_that_she_quotes_is_cut_and_its_link_never_stored(
    asking: Mail, hers: Invitation
) -> None:
    key = keys.make(hers.uuid, hers.link_version)
    said = f"Noir 41200\n\nLe mardi 5 avril, Bureautique a écrit :\n> http://x.example/r/{key}\n"
    mail = forwarded(a_reply(said, answers=asking))
    assert "Noir 41200" in mail.text and "a écrit" not in mail.text
    under = forwarded(a_reply(f"> http://x.example/r/{key}\nNoir 41200\n", answers=asking))
    assert "Noir 41200" in under.text, "who answers below loses nothing"
    assert key not in mail.text + under.text
    for arrived in Arrived.objects.all():
        assert key.encode() not in bytes(arrived.sealed)
        assert key.encode() in sealing.opened(arrived.sealed)


def test_the_photos_come_along(asking: Mail) -> None:
    photo = b"\xff\xd8\xff" + b"x" * 3000
    names = {"../../etc/compteur 1.jpg": photo, "b.jpg": b"y"}
    forwarded(a_reply("Voici", answers=asking, files=names))
    with sink.listening() as server:
        delivering.deliver_due(now=AT, server=server.server)
    [message] = [one for one in server.messages if one["To"] == Dealer.objects.here().reply_to]
    files = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    assert files == {"compteur 1.jpg": photo, "b.jpg": b"y"}


def test_files_that_would_not_pass_are_named(asking: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releveur.outbox.forwarding.MOST_BYTES", 10)
    mail = forwarded(
        a_reply("Voici", answers=asking, files={"grand.jpg": b"x" * 11, "a.jpg": b"y"})
    )
    assert "grand.jpg" in mail.text and "a.jpg" not in mail.text
    assert b"grand.jpg" not in composing.compose(mail, date=AT).partition(b"Content-Disposition")[2]


@pytest.mark.parametrize(
    ("sender", "subject", "found"),
    [
        (ALEXANDRA, "bonjour", "CL001007"),
        ("compta@ailleurs.example", "Client CL001007 : nos compteurs", "Gramont Services"),
        ("compta@ailleurs.example", "bonjour", "compta@ailleurs.example"),
    ],
)
def test_a_message_that_answers_none_of_our_mails_is_forwarded_too(
    hers: Invitation, sender: str, subject: str, found: str
) -> None:
    mail = forwarded(a_reply("Noir 41200", sender=sender, subject=subject))
    assert found in mail.text and "Noir 41200" in mail.text


def test_a_colleague_in_copy_who_answers_is_named(asking: Mail) -> None:
    mail = forwarded(a_reply("Noir 41200", answers=asking, sender="b@gramont-services.example"))
    assert "CL001007" in mail.text and mail.reply_to == "b@gramont-services.example"


def test_a_filter_that_wants_to_know_who_we_are_is_for_a_person(asking: Mail) -> None:
    said = "Votre message est retenu. Merci de cliquer pour valider votre adresse d'expéditeur."
    raw = a_reply(
        said, answers=asking, subject="Authentification", headers={"Auto-Submitted": "auto-replied"}
    )
    assert "Un filtre" in forwarded(raw).subject or "A filter" in Mail.objects.latest("pk").subject


def test_a_mail_that_came_back_without_a_trace_is_forwarded(hers: Invitation) -> None:
    stranger = Mail(to="qui@ailleurs.example", message_id="<x@y>")
    mail = forwarded(a_bounce(stranger, with_id=False))
    assert "qui@ailleurs.example" in mail.text or "mail system" in mail.text


def test_what_cannot_be_read_is_attached_as_it_came(hers: Invitation) -> None:
    mail = forwarded(a_nest())
    assert "alexandra" in mail.text and b"message.eml" in composing.compose(mail, date=AT)
    assert Arrived.objects.get().state == Arrived.State.FAILED, "and stays to be looked at"


def test_what_was_sealed_under_another_secret_is_told_without_its_words(
    hers: Invitation, settings: Any
) -> None:
    arrived, _new = inbox.receive(a_reply("Noir 41200"), now=AT)
    settings.LINK_SECRET = "another"
    sorting.sort_arrived(now=AT)
    assert replying.forward_due(now=AT) == 1
    mail = Mail.objects.get(forwards=arrived)
    assert ALEXANDRA in mail.text and composing.compose(mail, date=AT)


def test_an_answer_from_a_dead_address_brings_it_back_to_life(asking: Mail) -> None:
    arrives(a_bounce(asking))
    assert bouncing.dead([ALEXANDRA])
    bounced.tell(now=AT)
    forwarded(a_reply("Je suis là", answers=asking))
    assert not bouncing.dead([ALEXANDRA])


def test_one_sender_who_never_ends_waits_for_the_next_hour(asking: Mail) -> None:
    for number in range(25):
        arrives(a_reply(f"encore {number}", answers=asking))
    arrives(a_reply("Noir 41200", sender="b@gramont-services.example"))
    assert sum(replying.forward_due(now=AT, limit=5) for _ in range(9)) == 11, "ten of hers"
    assert replying.forward_due(now=AT + HOUR + timedelta(minutes=1)) == 15, "nothing is lost"


def test_nothing_is_lost_while_the_dealer_has_no_mailbox(asking: Mail) -> None:
    Dealer.objects.update(reply_to="")
    arrives(a_reply("Noir 41200", answers=asking))
    assert replying.forward_due(now=AT) == 0
    a_dealer()
    assert replying.forward_due(now=AT) == 1
