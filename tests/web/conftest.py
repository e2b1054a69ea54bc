"""She comes by the red button at the hour it is sent."""

from __future__ import annotations

import pytest
from django.test import Client

from releveur import clock
from releveur.campaigns.models import Invitation
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from tests.factories import OPENED
from tests.web.tableurs import FLEET, a_fleet
from tests.web.visiting import a_visitor


@pytest.fixture
def customer(customer: Customer) -> Customer:
    clock.set(OPENED)
    return customer


@pytest.fixture
def devices() -> list[Device]:
    return a_fleet(FLEET)


@pytest.fixture
def visitor(invitation: Invitation) -> Client:
    return a_visitor(invitation)
