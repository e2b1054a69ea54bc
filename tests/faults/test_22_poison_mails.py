"""One mail that cannot be written or sent fails alone, with its reason where the office sees it, and all
others leave: an empty or impossible address, a name of emoji, a company whose name brings its own line
breaks, an address in an alphabet of its own, a line too long for the wire.

A campaign asks ten customers, each with one such thing, a healthy one first and last; the mails go to a real
server, which takes no line over 998 characters and no address that is not ASCII.

Without `except Exception` in `campaigns/mailing.py: _mail` nobody's invitation is written; without the one in
`outbox/delivering.py: _send` the worker stops at the first mail that cannot be composed, again and again.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from releveur.campaigns import mailing
from releveur.customers.models import Contact, Customer
from releveur.fleet.models import Installation
from releveur.outbox import delivering
from releveur.outbox.models import Mail
from tests.factories import OPENED, the_mails_leave
from tests.faults.asked import one_device_each
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 10
EMPTY, IMPOSSIBLE, LOCAL_PART, UNSENDABLE = 1, 2, 3, 4
IDN, EMOJI, LINE_BREAKS, LONG = 5, 6, 7, 8
LONGEST = 160
NEVER = (EMPTY, IMPOSSIBLE, LOCAL_PART, UNSENDABLE)


def contacts() -> Mapping[int, Contact]:
    found = Contact.objects.filter(email__startswith="contact").order_by("pk")
    return dict(enumerate(found))


def poison() -> None:
    """Whatever got into the tables, by an import, an older version or a hand."""
    people = contacts()
    addresses = {
        EMPTY: "", IMPOSSIBLE: "nobody at all", LOCAL_PART: "léa@client.example",
        IDN: "lea@société.example",
    }  # fmt: skip
    for number, address in addresses.items():
        Contact.objects.filter(pk=people[number].pk).update(
            email=address, address_key=address.casefold()
        )
    Contact.objects.filter(pk=people[EMOJI].pk).update(first_name="👩🏽‍🔬 Zoé 🖨️")
    breaks = "Gramont\r\nBcc: everybody@elsewhere.example\r\n\r\nHello"
    Customer.objects.filter(code=f"CL{LINE_BREAKS:06}").update(name=breaks)
    stays = Installation.objects.filter(site__customer__code=f"CL{LONG:06}")
    stays.update(location="X" * LONGEST)
    Customer.objects.filter(code=f"CL{LONG:06}").update(name="É" * LONGEST)


def test_each_fails_alone_and_all_others_leave(post: Sink) -> None:
    one_device_each(PEOPLE)
    poison()

    assert mailing.write_due(now=OPENED) == PEOPLE
    Mail.objects.filter(to=f"contact{UNSENDABLE}@client.example").update(to="zoé@client.example")
    first = delivering.deliver_due(now=OPENED, server=post.server)
    again = delivering.deliver_due(now=OPENED, server=post.server)

    assert (first.sent, again.sent, again.left) == (PEOPLE - len(NEVER), 0, 0)
    healthy = [0, EMOJI, LINE_BREAKS, LONG, 9]
    assert sorted(post.to) == sorted(
        [f"contact{number}@client.example" for number in healthy] + ["lea@xn--socit-esab.example"]
    )
    failed = Mail.objects.filter(state=Mail.State.FAILED)
    assert len(failed) == len(NEVER) and all(mail.smtp_reply for mail in failed)


def test_what_leaves_arrives_whole(post: Sink) -> None:
    one_device_each(PEOPLE)
    poison()
    mailing.write_due(now=OPENED)
    delivering.deliver_due(now=OPENED, server=post.server)

    mails = {str(mail["To"]).partition("@")[0]: mail for mail in post.messages}
    assert all(len(line) <= 998 for mail in post.messages for line in mail.as_bytes().split(b"\n"))
    emoji = mails[f"contact{EMOJI}"].get_body(("plain",))
    assert emoji and "Bonjour 👩🏽‍🔬 Zoé 🖨️," in emoji.get_content()
    breaks = mails[f"contact{LINE_BREAKS}"]
    assert breaks["Bcc"] is None and "Gramont Bcc: everybody" in str(breaks["Subject"])


def test_the_healthy_ones_are_reminded_as_planned(post: Sink) -> None:
    """A mail that never left has failed; nobody else waits for it."""
    one_device_each(2)
    Contact.objects.filter(pk=contacts()[0].pk).update(
        email="nobody at all", address_key="nobody at all"
    )
    mailing.write_due(now=OPENED)
    the_mails_leave(now=OPENED)
    delivering.deliver_due(now=OPENED, server=post.server)
    assert post.to == ["contact1@client.example"]
