from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.outbox import colours, writing
from tests.factories import OPENED, a_dealer


@given(st.integers(0, 0xFFFFFF))
def test_the_button_can_be_read_in_any_colour_of_a_dealer(colour: int) -> None:
    named = f"#{colour:06x}"
    ground = colours.ground(named)
    ink = colours.ink_on(ground)
    assert colours.contrast(ink, ground) >= 4.5
    assert colours.contrast(colours.inverted(ink), colours.inverted(ground)) >= 4.5


@given(st.text())
def test_a_senders_name_holds_nothing_mail_programs_misread(name: str) -> None:
    cleaned = writing.clean_name(name)
    assert len(cleaned) <= writing.LONGEST_SENDER
    assert not set('@:;,"<>\r\n') & set(cleaned)


@pytest.mark.django_db
def test_a_mail_written_is_owed_with_its_three_parts() -> None:
    a_dealer()
    mail = writing.write(
        "campaigns/mail/receipt",
        to="alexandra@gramont-services.example",
        language="en",
        context={
            "number": "R1", "made_at": "today", "first_name": "", "companies": [], "company": None,
            "several_companies": True, "company_count": 2, "groups": [], "more": 0,
            "still_missing": 0, "proposed": False,
        },
        now=OPENED,
    )  # fmt: skip
    assert mail.pk and mail.state == mail.State.OWED
    assert mail.subject == "Meter readings recorded, receipt R1 – 2 companies"
    assert mail.sender == "Bureautique Lafayette <releves@bureautique-lafayette.example>"
    assert "Bureautique Lafayette" in mail.text and "01 53 20 11 00" in mail.html
