from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from releveur.customers import addresses, login
from releveur.customers.models import Contact, LoginCode
from releveur.ops import ticking
from releveur.outbox import composing, keys
from releveur.outbox.models import Mail
from tests.factories import OPENED, a_contact, a_dealer

pytestmark = pytest.mark.django_db

ALEXANDRA = "alexandra@gramont-services.example"


@pytest.fixture
def alexandra() -> Contact:
    a_dealer()
    return a_contact()


def asks(address: str = ALEXANDRA, *, browser: str = "hers", client: str = "192.0.2.1") -> None:
    login.ask(address, browser=browser, client=client, language="fr", now=OPENED)


def the_code() -> str:
    """The newest code, as the mail that goes over the wire shows it."""
    return keys.code(LoginCode.objects.latest("id").uuid, 1)


def the_key() -> str:
    return keys.make(LoginCode.objects.latest("id").uuid, 1)


def time_passes(span: timedelta) -> None:
    """The database's clock cannot be moved: what was asked for becomes older."""
    LoginCode.objects.update(asked_at=F("asked_at") - span, expires_at=F("expires_at") - span)


def test_the_code_of_the_mail_opens_once(alexandra: Contact) -> None:
    asks(f" {ALEXANDRA.title()} ")
    assert login.enter(the_code(), browser="hers", now=OPENED) == alexandra
    with pytest.raises(login.NoCode):
        login.enter(the_code(), browser="hers", now=OPENED)


def test_a_code_may_be_typed_without_its_dash_and_in_small_letters(alexandra: Contact) -> None:
    asks()
    assert (
        login.enter(f" {the_code().lower().replace('-', ' ')}", browser="hers", now=OPENED)
        == alexandra
    )


def test_a_code_reads_like_nothing_else_and_is_never_a_word() -> None:
    assert not set("01OILUAE") & set(keys.CODE_ALPHABET)


def test_code_and_link_stand_in_the_mail_on_the_wire_and_nowhere_in_the_database(
    alexandra: Contact,
) -> None:
    asks()
    mail = Mail.objects.get()
    assert (mail.to, mail.kind, mail.state) == (ALEXANDRA, "code", Mail.State.OWED)
    sent = composing.compose(mail, date=OPENED).decode().replace("=\r\n", "")
    assert the_code() in sent
    assert f"/connexion/lien/{the_key()}" in sent
    assert "{{" not in sent
    stored = f"{Mail.objects.values().get()}{LoginCode.objects.values().get()}"
    for secret in (the_code(), the_code().replace("-", ""), the_key(), "hers", "192.0.2.1"):
        assert secret not in stored
    assert the_code() not in mail.subject


def test_the_mail_of_a_code_leaves_before_all_others(alexandra: Contact) -> None:
    Mail.objects.create(
        to="x@example.org", language="fr", kind="receipt", sender="x", subject="s", text="t", html="h",
        message_id="<1@example.org>", owed_at=OPENED, priority=10,
    )  # fmt: skip
    asks()
    assert [mail.kind for mail in Mail.objects.order_by("-priority", "id")] == ["code", "receipt"]


def test_an_unknown_address_is_counted_and_gets_no_mail(alexandra: Contact) -> None:
    asks("nobody@elsewhere.example")
    assert not Mail.objects.exists()
    row = LoginCode.objects.get()
    assert row.contact is None
    with pytest.raises(login.WrongCode) as wrong:
        login.enter("2222-2222", browser="hers", now=OPENED)
    assert wrong.value.left == 4
    with pytest.raises(login.WrongCode):
        login.enter(the_code(), browser="hers", now=OPENED)
    with pytest.raises(login.NoCode):
        login.follow(the_key(), browser="hers", now=OPENED)


def test_an_unknown_address_costs_what_a_known_one_does_and_the_taking_back(
    alexandra: Contact, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for address, queries in ((ALEXANDRA, 12), ("nobody@elsewhere.example", 13)):
        with django_assert_num_queries(queries):  # type: ignore[operator]
            asks(address)
    assert Mail.objects.count() == 1


def test_after_five_tries_the_right_code_opens_nothing(alexandra: Contact) -> None:
    asks()
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(login.WrongCode) as wrong:
            login.enter("2222-2222", browser="hers", now=OPENED)
        assert wrong.value.left == left
    with pytest.raises(login.NoCode):
        login.enter(the_code(), browser="hers", now=OPENED)
    assert not login.opens(the_key(), browser="hers")


def test_after_ten_minutes_neither_code_nor_link_opens(alexandra: Contact) -> None:
    asks()
    time_passes(timedelta(minutes=9, seconds=50))
    assert login.opens(the_key(), browser="hers")
    time_passes(timedelta(seconds=11))
    assert not login.opens(the_key(), browser="hers")
    with pytest.raises(login.NoCode):
        login.follow(the_key(), browser="hers", now=OPENED)
    with pytest.raises(login.NoCode):
        login.enter(the_code(), browser="hers", now=OPENED)


@pytest.mark.parametrize("browser", ["another", ""])
def test_another_browser_opens_nothing(alexandra: Contact, browser: str) -> None:
    asks()
    assert not login.opens(the_key(), browser=browser)
    with pytest.raises(login.NoCode):
        login.enter(the_code(), browser=browser, now=OPENED)
    with pytest.raises(login.NoCode):
        login.follow(the_key(), browser=browser, now=OPENED)


def test_a_new_code_kills_the_old_one(alexandra: Contact) -> None:
    asks()
    code, key = the_code(), the_key()
    asks()
    assert not login.opens(key, browser="hers")
    with pytest.raises(login.WrongCode):
        login.enter(code, browser="hers", now=OPENED)
    assert login.enter(the_code(), browser="hers", now=OPENED) == alexandra


def test_a_stranger_who_asks_for_her_address_does_not_kill_her_code(alexandra: Contact) -> None:
    asks()
    hers = the_code()
    asks(browser="a stranger's", client="198.51.100.9")
    assert login.enter(hers, browser="hers", now=OPENED) == alexandra


def test_the_link_opens_once_and_looking_at_it_changes_nothing(alexandra: Contact) -> None:
    asks()
    before = LoginCode.objects.values().get()
    assert login.opens(the_key(), browser="hers")
    assert LoginCode.objects.values().get() == before
    assert login.follow(the_key(), browser="hers", now=OPENED) == alexandra
    with pytest.raises(login.NoCode):
        login.follow(the_key(), browser="hers", now=OPENED)


@pytest.mark.parametrize("address", [ALEXANDRA, "nobody@elsewhere.example"])
def test_an_address_gets_five_codes_an_hour_known_or_not(alexandra: Contact, address: str) -> None:
    for _turn in range(5):
        asks(address)
    with pytest.raises(login.TooManyAsked):
        asks(address)
    asks(address, client="198.51.100.9")
    time_passes(timedelta(hours=1))
    asks(address)


@pytest.mark.parametrize("address", [ALEXANDRA, "nobody@elsewhere.example"])
def test_from_everywhere_an_address_gets_twenty_codes_an_hour(
    alexandra: Contact, address: str
) -> None:
    for turn in range(20):
        asks(address, client=f"192.0.2.{turn}")
    with pytest.raises(login.TooManyAsked):
        asks(address, client="192.0.2.99")
    time_passes(timedelta(hours=1))
    asks(address)


def test_a_client_gets_twenty_codes_an_hour(alexandra: Contact) -> None:
    for turn in range(20):
        asks(f"nobody{turn}@elsewhere.example")
    with pytest.raises(login.TooManyAsked):
        asks()
    asks(client="192.0.2.2")


def test_codes_of_yesterday_are_forgotten(alexandra: Contact) -> None:
    asks()
    time_passes(timedelta(days=1, seconds=1))
    asks()
    ticking.tick(now=OPENED)
    assert LoginCode.objects.count() == 1


@pytest.mark.parametrize("typed", ["", "alexandra", "a@b", "a@b.fr\nBcc: x@y.fr", "x" * 300])
def test_what_is_no_address_is_refused(alexandra: Contact, typed: str) -> None:
    with pytest.raises(addresses.NoAddress):
        asks(typed)


def test_revoking_ends_her_sessions_and_the_codes_on_their_way(alexandra: Contact) -> None:
    asks()
    assert login.alive(alexandra.pk, version=1) == alexandra
    login.revoke(alexandra)
    with pytest.raises(login.LoggedOut):
        login.alive(alexandra.pk, version=1)
    with pytest.raises(login.NoCode):
        login.enter(the_code(), browser="hers", now=OPENED)


def test_the_mail_of_a_replaced_code_does_not_leave() -> None:
    a_contact()
    for browser in ("hers", "hers", "another"):
        login.ask(ALEXANDRA, browser=browser, client="c", language="fr", now=OPENED)
    states = Mail.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["WITHHELD", "OWED", "OWED"], "a stranger's browser takes nothing back"
