"""« Ne plus recevoir ces messages » in a real browser: from the mail's footer, there and back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from releveur.campaigns.models import Invitation
from releveur.customers.models import Contact
from tests.browser.looking import checked
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_person_stops_the_mails_and_takes_it_back(visit: Page, invitation: Invitation) -> None:
    visit.goto(link(invitation).replace("/r/", "/ne-plus-ecrire/"))
    checked(visit, "stop")
    visit.get_by_role("button", name="Ne plus m’envoyer de messages").click()
    expect(visit.get_by_role("heading", name="Nous ne vous écrivons plus")).to_be_visible()
    checked(visit, "stopped")
    assert Contact.objects.get().opted_out_at
    visit.get_by_role("button", name="Finalement, continuez à m’écrire").click()
    expect(visit.get_by_role("button", name="Ne plus m’envoyer de messages")).to_be_visible()
    assert not Contact.objects.get().opted_out_at
