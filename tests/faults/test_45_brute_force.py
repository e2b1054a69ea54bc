"""Nobody gets in by trying, nobody learns who your customers are, and nobody locks a customer out by trying.

Who asks for a code sees the same page after the same time, whether the address is a customer's or not. A code has
eight signs, five tries and ten minutes, and opens only in the browser that asked. Codes, wrong keys and wrong
secrets are counted in the database, for all your machines together, and refused above a limit with the time
after which it goes on. Where a request comes from is told by your own proxy and by nobody else: what a
stranger writes into `X-Forwarded-For` changes nothing. Whatever a stranger uses up, the link in a customer's
mail opens, and in a browser that had her sheet open she gets her code.

How it is tested: the times are medians of interleaved requests of known and unknown addresses on a real
database, and may differ by a tenth; the limits are run into; forged headers are sent to the real web server
in every shape; strangers from twenty networks ask for one person's codes, and she comes in all the same;
thirty callers at one instant pass a limit exactly as often as it allows.

Without `_restrain` or the mail that is written and taken back in `customers/login.py`, it fails; so it does
with the first instead of the last hop in `web/client.py`, without `_line` there, without `known` in
`signing_in.ask`, or without `guessed` in `access.linked`.
The office's passwords and second factors come with the office. The web server takes `X_Forwarded_For` for the
same name and the later line wins: your proxy has to drop names with an underscore, as nginx does by itself
(docs/security/threats.md).
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.test import Client, RequestFactory

from releveur import clock
from releveur.campaigns.models import Invitation
from releveur.customers import login, restraining
from releveur.customers.models import Contact, LoginCode, Tally
from releveur.outbox import keys
from releveur.web import restraint
from releveur.web.client import client_of
from tests.factories import OPENED, a_contact, a_dealer
from tests.faults import serving
from tests.faults.at_once import raised, together
from tests.web.visiting import a_visitor, link

pytestmark = pytest.mark.django_db(transaction=True)

ALEXANDRA = "alexandra@gramont-services.example"
ROUNDS, MOST_ROUNDS = 60, 480
TENTH = 0.1
STRANGER = "203.0.113.9"
FORGED = "198.51.100.1"


def asks(address: str, *, client: str, browser: Client | None = None) -> Any:
    return (browser or Client()).post("/connexion", {"address": address}, REMOTE_ADDR=client)


def seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def test_known_and_unknown_addresses_take_the_same_time() -> None:
    clock.set(OPENED)
    a_dealer()
    known: list[float] = []
    unknown: list[float] = []
    for number in range(MOST_ROUNDS):
        # Each from a network of its own, so that no limit is met; in turns, so that a busy machine slows both.
        a_contact(email=f"{number}@known.example")
        client = f"10.0.{number // 250}.{number % 250}"
        pair = [(known, "known"), (unknown, "unknown")]
        for times, what in pair if number % 2 else reversed(pair):
            address = f"{number}@{what}.example"
            times.append(seconds(lambda: asks(address, client=client)))  # noqa: B023
        if number >= ROUNDS and abs(median(known) / median(unknown) - 1) <= TENTH:
            break
    ratio = median(known) / median(unknown)
    told = f"{median(known):.4f} s and {median(unknown):.4f} s: {ratio:.3f}"
    assert abs(ratio - 1) <= TENTH, told


def test_a_code_has_five_tries_in_the_browser_that_asked(invitation: Invitation) -> None:
    clock.set(OPENED)
    browser = Client()
    asks(ALEXANDRA, client=STRANGER, browser=browser)
    codes = [browser.post("/connexion/code", {"code": "2222-2222"}).status_code for _ in range(6)]
    assert codes == [422, 422, 422, 422, 410, 410]
    right = keys.code(LoginCode.objects.get().uuid, 1)
    assert browser.post("/connexion/code", {"code": right}).status_code == 410
    assert Client().post("/connexion/code", {"code": right}).status_code == 302


def test_a_code_cannot_be_guessed_within_its_tries() -> None:
    of_one_network = login.MOST_OF_A_CLIENT * login.MOST_TRIES
    possible = len(keys.CODE_ALPHABET) ** 8
    assert possible >= 2**36, "ASVS 6.5.4 wants 20 bits"
    assert of_one_network * 24 * 365 / possible < 1e-4, "a year of trying, one network"


def test_one_network_is_refused_and_told_when_to_come_back(invitation: Invitation) -> None:
    clock.set(OPENED)
    answers = [asks(f"{turn}@nobody.example", client=STRANGER) for turn in range(21)]
    assert {one.status_code for one in answers[:20]} == {303}
    assert (answers[20].status_code, answers[20]["Retry-After"]) == (429, "3600")


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_what_a_stranger_writes_into_the_header_changes_nothing(
    proxies: int, settings: Any
) -> None:
    settings.PROXIES = proxies
    ours = ["10.0.0.7", "10.0.0.8"][:proxies][1:]
    for forged in ([], [FORGED], [FORGED] * 9, ["", " "], ["'; drop table"], [STRANGER, FORGED]):
        said = ", ".join([*forged, *([STRANGER] if proxies else []), *ours])
        asked = RequestFactory().get("/", headers={"X-Forwarded-For": said} if said else {})
        asked.META["REMOTE_ADDR"] = "10.0.0.9" if proxies else STRANGER
        assert client_of(asked) == STRANGER, forged


def test_a_network_of_the_new_kind_is_one_client() -> None:
    def client(address: str) -> str:
        request = RequestFactory().get("/")
        request.META["REMOTE_ADDR"] = address
        return client_of(request)

    assert client("2001:db8:1:2::1") == client("2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert client("2001:db8:1:2::1") != client("2001:db8:1:3::1")
    assert client("::ffff:203.0.113.9") == STRANGER


@pytest.mark.parametrize(
    "lines",
    [
        [("X-Forwarded-For", FORGED), ("X-Forwarded-For", STRANGER)],
        [("X-Forwarded-For", f"{FORGED}, {STRANGER}")],
        [("X_Forwarded_For", FORGED), ("X-Forwarded-For", STRANGER)],
        [("x-forwarded-for", STRANGER), ("Forwarded", f"for={FORGED}"), ("X-Real-IP", FORGED)],
    ],
)
def test_the_real_server_believes_the_proxy_s_own_line(lines: list[tuple[str, str]]) -> None:
    a_dealer()
    knobs = {"RELEVEUR_HTTPS": "1", "RELEVEUR_INBOX_SECRET": "s3cret"}
    with serving.served(**knobs) as served:
        line = http.client.HTTPConnection(serving.HERE, served.port, timeout=20)
        line.putrequest("POST", "/mail/arrived")
        for name, value in [*lines, ("X-Forwarded-Proto", "https"), ("Content-Length", "0")]:
            line.putheader(name, value)
        line.endheaders()
        assert line.getresponse().status == 401
    expected = restraining.hashed("mail arrived", STRANGER)
    assert Tally.objects.get().who_hash == expected


def test_strangers_who_use_up_a_person_s_codes_do_not_lock_her_out(invitation: Invitation) -> None:
    clock.set(OPENED)
    hers = a_visitor(invitation)
    waiting = Client()
    asks(ALEXANDRA, client="192.0.2.1", browser=waiting)
    before = keys.code(LoginCode.objects.get().uuid, 1)
    for turn in range(login.MOST_OF_AN_ADDRESS_FROM_ALL):
        asks(ALEXANDRA, client=f"203.0.113.{turn}")
    assert asks(ALEXANDRA, client=STRANGER).status_code == 429

    assert asks(ALEXANDRA, client=STRANGER, browser=hers).status_code == 303, "where she was before"
    code = keys.code(LoginCode.objects.latest("pk").uuid, 1)
    assert hers.post("/connexion/code", {"code": code}).status_code == 303
    assert waiting.post("/connexion/code", {"code": before}).status_code == 303, "sent before"
    assert Client().post(link(invitation)).status_code == 303, "the link in her mail"


def test_a_colleague_s_browser_uses_up_nothing_of_hers(invitation: Invitation) -> None:
    clock.set(OPENED)
    other = a_contact(email="bob@gramont-services.example", first_name="Bob")
    for _turn in range(login.MOST_OF_AN_ADDRESS):
        asks(ALEXANDRA, client=STRANGER, browser=a_visitor(invitation))
    assert asks(other.email, client="192.0.2.2").status_code == 303
    assert Contact.objects.filter(session_version=1).count() == 2


def test_whoever_guesses_keys_is_refused_and_who_has_one_beside_him_is_not(
    invitation: Invitation,
) -> None:
    clock.set(OPENED)
    wrong = [
        Client().post(f"/r/{turn:022}", REMOTE_ADDR=STRANGER).status_code
        for turn in range(restraint.MOST_WRONG_KEYS + 1)
    ]
    assert wrong == [404] * restraint.MOST_WRONG_KEYS + [429]
    assert Client().get(link(invitation), REMOTE_ADDR=STRANGER).status_code == 200
    assert Client().post(link(invitation), REMOTE_ADDR=STRANGER).status_code == 303


def test_at_one_instant_a_limit_lets_through_what_it_allows() -> None:
    outcomes = together(30, lambda _number: restraining.count("knocking", "a", most=12))
    refused = raised(outcomes)
    assert len(refused) == 18
    assert all(isinstance(one, restraining.TooOften) for one in refused)
