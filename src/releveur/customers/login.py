"""A person without her mail: her address, then a code or a link, in the browser that asked for it.

Whoever asks learns nothing: an address nobody has gets the same row, the same work and the same
answers, and no mail. The newest code of a browser is the only one that opens it. Codes are counted
and expire by the database's clock.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.crypto import salted_hmac

from releveur.audit.models import Action, Actor
from releveur.audit.writing import NOBODY, By, Many, note
from releveur.clock.machine import MachineNow
from releveur.customers import addresses, restraining
from releveur.customers.models import Contact, LoginCode
from releveur.outbox import keys, writing
from releveur.outbox.models import Mail

LIFE = timedelta(minutes=10)
MOST_TRIES = 5
HOUR = timedelta(hours=1)
MOST_OF_AN_ADDRESS = 5
"""Codes an hour for one address from one client; and in a browser whose sheet is hers, on their own."""

MOST_OF_AN_ADDRESS_FROM_ALL = 20
"""Codes an hour, whoever asks from wherever: nobody's mailbox is filled by strangers."""

MOST_OF_A_CLIENT = 20
"""Codes an hour: a whole office may share one address on the network."""

PRIORITY = 100
"""Above everything: she looks at her mailbox now."""

SALT = "releveur.customers.login"
MAIL = "customers/mail/code"
FIRST = 1


class TooManyAsked(Exception):
    """This address or this client had its codes of the hour."""


class WrongCode(Exception):
    """Not the code that this browser waits for; so many tries are left."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


class NoCode(Exception):
    """This browser waits for no code: none asked for, too old, used, or tried too often."""


class LoggedOut(Exception):
    """This session is over."""


@transaction.atomic
def ask(
    address: str,
    *,
    browser: str,
    client: str,
    language: str,
    known: Contact | None = None,
    now: datetime,
) -> None:
    """Owe a code to an address, if it is somebody's; the same for the eye and the watch if not.

    :param browser: the secret that this browser keeps
    :param client: where the request comes from on the network
    :param known: whose sheet this browser opened before: no stranger uses up what is hers
    :param language: of the mail to nobody, which is written and thrown away
    :raises addresses.NoAddress: nobody can have this address
    :raises TooManyAsked: not before a while
    """
    address = addresses.written(address)
    key = addresses.key(address)
    of_address, of_client = _hashed("address", key), _hashed("client", client)
    if known is not None and known.address_key == key:
        _restrain_known(known)
    else:
        _restrain(of_address, of_client)
    contact = Contact.objects.filter(address_key=key).first()
    uuid = uuid4()
    LoginCode.objects.create(
        uuid=uuid,
        contact=contact,
        code_hash=_hashed("code", _bare(keys.code(uuid, FIRST))),
        key_hash=keys.hashed(keys.make(uuid, FIRST)),
        browser_hash=_hashed("browser", browser),
        address_hash=of_address,
        client_hash=of_client,
        asked_at=MachineNow(),
        expires_at=MachineNow() + LIFE,
    )
    _take_back(_hashed("browser", browser), of_address, but=uuid)
    _owe(uuid, contact, address, language=language, now=now)


def enter(code: str, *, browser: str, now: datetime) -> Contact:
    """The person whose code was typed; it opens once.

    :raises WrongCode: another code, and one try less
    :raises NoCode: there is nothing to try
    """
    typed = _hashed("code", _bare(code))
    with transaction.atomic():
        waiting = _held(browser)
        right = hmac.compare_digest(waiting.code_hash, typed) and waiting.contact is not None
        waiting.tries += 1
        if right:
            return _used(waiting, now=now)
        waiting.save(update_fields=["tries"])
        if waiting.tries == MOST_TRIES:
            note(waiting.contact, Action.FAIL_LOG_IN, by=NOBODY, many=Many(MOST_TRIES), now=now)
    raise WrongCode(MOST_TRIES - waiting.tries)


def opens(key: str, *, browser: str) -> bool:
    """Whether a mail's link would open here; looking changes nothing."""
    newest = _newest(browser)
    return newest is not None and newest.key_hash == keys.hashed(key)


@transaction.atomic
def follow(key: str, *, browser: str, now: datetime) -> Contact:
    """The person whose link was pressed; it opens once, as her code does.

    :raises NoCode: another browser asked for it, or it is too old, used, or replaced
    """
    waiting = _held(browser)
    if waiting.contact is None or waiting.key_hash != keys.hashed(key):
        raise NoCode
    return _used(waiting, now=now)


def alive(contact: int, *, version: int) -> Contact:
    """The person a session names.

    :raises LoggedOut: there is none, or her sessions were ended since
    """
    person = Contact.objects.filter(pk=contact, session_version=version).first()
    if person is None:
        raise LoggedOut
    return person


@transaction.atomic
def revoke(contact: Contact) -> None:
    """End every session of a person, and every code on its way to her."""
    Contact.objects.filter(pk=contact.pk).update(session_version=F("session_version") + 1)
    LoginCode.objects.filter(contact=contact, used_at=None).update(used_at=MachineNow())


def forget(*, after: timedelta) -> int:
    """Delete the requests for a code that are older, by the machine's time; return how many."""
    deleted, _tables = LoginCode.objects.filter(asked_at__lt=MachineNow() - after).delete()
    return deleted


def said() -> dict[str, object]:
    """What the mail of a code says."""
    return {
        "link": f"{settings.SITE_URL}/connexion/lien/{keys.PLACEHOLDER}",
        "code": keys.CODE_PLACEHOLDER,
        "minutes": LIFE // timedelta(minutes=1),
    }


def _restrain(of_address: str, of_client: str) -> None:
    asked = LoginCode.objects.filter(asked_at__gt=MachineNow() - HOUR)
    of_both = asked.filter(address_hash=of_address, client_hash=of_client)
    if (
        of_both.count() >= MOST_OF_AN_ADDRESS
        or asked.filter(address_hash=of_address).count() >= MOST_OF_AN_ADDRESS_FROM_ALL
        or asked.filter(client_hash=of_client).count() >= MOST_OF_A_CLIENT
    ):
        raise TooManyAsked


def _restrain_known(contact: Contact) -> None:
    try:
        restraining.count("codes in her browser", str(contact.pk), most=MOST_OF_AN_ADDRESS)
    except restraining.TooOften:
        raise TooManyAsked from None


def _owe(
    uuid: UUID, contact: Contact | None, address: str, *, language: str, now: datetime
) -> None:
    """The mail of a code; to an address nobody has it is written and taken back, as long as it takes."""
    with transaction.atomic():
        writing.write(
            MAIL,
            to=contact.email if contact else address,
            language=contact.language if contact else language,
            context=said(),
            now=now,
            priority=PRIORITY,
            link=(uuid, FIRST, keys.hashed(keys.make(uuid, FIRST))),
        )
        transaction.set_rollback(contact is None)


def _take_back(browser: str, address: str, *, but: UUID) -> None:
    """The mail of a code that this one replaces, if it has not left: it would open nothing any more."""
    replaced = LoginCode.objects.filter(browser_hash=browser, address_hash=address, used_at=None)
    waiting = Mail.objects.filter(
        key_uuid__in=replaced.exclude(uuid=but).values("uuid"),
        state=Mail.State.OWED,
    )
    waiting.update(state=Mail.State.WITHHELD)


def _held(browser: str) -> LoginCode:
    newest = _newest(browser, hold=True)
    if newest is None:
        raise NoCode
    return newest


def _newest(browser: str, *, hold: bool = False) -> LoginCode | None:
    """The code this browser waits for: the newest, if it still opens."""
    asked: QuerySet[LoginCode] = LoginCode.objects.order_by("-id")
    if hold:
        asked = asked.select_for_update(of=("self",))
    newest = asked.filter(browser_hash=_hashed("browser", browser)).first()
    if newest is None:
        return None
    usable = Q(expires_at__gt=MachineNow(), used_at=None, tries__lt=MOST_TRIES)
    return newest if LoginCode.objects.filter(usable, pk=newest.pk).exists() else None


def _used(waiting: LoginCode, *, now: datetime) -> Contact:
    """It is written down by her number alone: nobody reads in the audit who came when, by name."""
    assert waiting.contact is not None
    by = By(Actor.CUSTOMER, waiting.contact.pk)
    note(waiting.contact, Action.LOG_IN, by=by, many=Many(waiting.tries), now=now)
    LoginCode.objects.filter(pk=waiting.pk).update(tries=waiting.tries, used_at=MachineNow())
    return waiting.contact


def _bare(code: str) -> str:
    """What was typed or pasted, without dash, blanks and case."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def _hashed(what: str, value: str) -> str:
    """Keyed: 38 bits are soon tried out by whoever holds a copy of the database."""
    return salted_hmac(f"{SALT}.{what}", value, algorithm="sha256").hexdigest()
