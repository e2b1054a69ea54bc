"""A form sent twice, by a double click, the back button, or a browser that tries again after a time-out,
is recorded once, with one receipt and one mail; the same form with other values is told that it was sent
before, and nothing of it is recorded.

Fifty browsers send the same form at one instant, each on a connection of its own; then fifty send it with a
value of their own each.

Without `Receipt.nonce` looked up after the rows are held (`before = _before(nonce, digest)` in
`campaigns/answering.py: answer`) forty-nine get an error page; without the comparison of the digests there
other values would be answered with the receipt of the first. The header Idempotency-Key, 422, 409 with
Retry-After and the time a key lives wait for the API.
"""

from __future__ import annotations

import pytest
from django.test import Client

from releveur import clock
from releveur.campaigns.models import DueReading, Receipt
from releveur.outbox.models import Mail
from releveur.readings.models import Reading
from tests.factories import OPENED
from tests.faults.asked import asked
from tests.faults.at_once import raised, together
from tests.web.visiting import Page, a_visitor, fields, text

pytestmark = pytest.mark.django_db(transaction=True)

BROWSERS = 50


@pytest.fixture
def visitor() -> Client:
    clock.set(OPENED)
    return a_visitor(asked())


@pytest.fixture
def form(visitor: Client) -> dict[str, str]:
    shown = fields(visitor.get("/releves"))
    return shown | {f"value-{DueReading.objects.get().pk}": "41200"}


def again(visitor: Client, form: dict[str, str]) -> Page:
    """The same browser in another tab: same cookie, same form."""
    other = Client()
    other.cookies = visitor.cookies
    return other.post("/releves", form)


def test_fifty_times_the_same_form_is_one_receipt(visitor: Client, form: dict[str, str]) -> None:
    answers = together(BROWSERS, lambda _number: again(visitor, form))

    assert not raised(answers)
    receipt = Receipt.objects.get()
    assert {(a.status_code, a["Location"]) for a in answers if not isinstance(a, Exception)} == {
        (303, f"/releves/recu/{receipt.number}")
    }
    assert Reading.objects.filter(source="CUSTOMER").count() == 1
    assert Mail.objects.filter(kind="receipt").count() == 1


def test_the_back_button_and_another_value_say_what_stands(
    visitor: Client, form: dict[str, str]
) -> None:
    value = next(name for name in form if name.startswith("value-"))
    answers = together(
        BROWSERS, lambda number: again(visitor, form | {value: str(41_200 + number)})
    )

    assert not raised(answers)
    codes = sorted(one.status_code for one in answers if not isinstance(one, Exception))
    assert codes == [303] + [409] * (BROWSERS - 1)
    receipt = Receipt.objects.get()
    refused = next(a for a in answers if not isinstance(a, Exception) and a.status_code == 409)
    assert receipt.number in text(refused)
    assert Reading.objects.filter(source="CUSTOMER").count() == 1
