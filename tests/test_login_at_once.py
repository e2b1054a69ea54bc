from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from releveur.customers import login
from releveur.customers.models import LoginCode
from releveur.outbox import keys
from tests.factories import OPENED, a_contact, a_dealer

pytestmark = pytest.mark.django_db(transaction=True)


def tried(code: str) -> str:
    """What a try among others comes to."""
    try:
        login.enter(code, browser="hers", now=OPENED)
    except (login.WrongCode, login.NoCode) as refusal:
        return type(refusal).__name__
    else:
        return "in"
    finally:
        connection.close()


def tried_at_once(code: str) -> list[str]:
    a_dealer()
    address = a_contact().email
    login.ask(address, browser="hers", client="192.0.2.1", language="fr", now=OPENED)
    typed = code or keys.code(LoginCode.objects.get().uuid, 1)
    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(tried, [typed] * 12))


def test_twelve_tries_at_once_are_five_tries() -> None:
    assert tried_at_once("2222-2222") == ["NoCode"] * 7 + ["WrongCode"] * 5


def test_the_right_code_typed_twelve_times_at_once_opens_once() -> None:
    assert tried_at_once("") == ["NoCode"] * 11 + ["in"]
