"""For what an appointment may be asked: each site of a person's companies, or all sites of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from releveur.campaigns import handed
from releveur.campaigns.models import Invitation
from releveur.customers.models import Customer, Site
from releveur.fleet.models import Installation


@dataclass(frozen=True, slots=True)
class Place:
    """One site, or with `site` None all sites of a company; `stays` are the devices she is asked for there."""

    customer: Customer
    site: Site | None
    stays: Sequence[Installation]

    @property
    def code(self) -> str:
        """How the form names it."""
        return f"site-{self.site.pk}" if self.site else f"all-{self.customer.pk}"

    @property
    def devices(self) -> frozenset[int]:
        return frozenset(stay.device_id for stay in self.stays)

    @property
    def address_of(self) -> Site:
        """The site whose address is proposed: its own, or the one with the most devices."""
        sites = [stay.site for stay in self.stays]
        return self.site or max(sites, key=sites.count)


@dataclass(frozen=True, slots=True)
class Company:
    """One company of an invitation, with all of its places; all its sites together come last."""

    customer: Customer
    stays: Sequence[Installation]
    places: Sequence[Place]

    @property
    def devices(self) -> frozenset[int]:
        return frozenset(stay.device_id for stay in self.stays)


def companies(invitation: Invitation) -> list[Company]:
    """The companies whose devices are asked of this person in her own right, in one query.

    Whoever helps a colleague with a reading neither sees nor changes when that company is called.
    """
    rows = handed.passable(invitation).select_related(
        "installation__site__customer", "installation__device__model"
    )
    stays = {row.installation_id: row.installation for row in rows}
    walk = sorted(stays.values(), key=_order)
    return [
        _company(list(group))
        for _customer, group in groupby(walk, key=lambda s: s.site.customer_id)
    ]


def _order(stay: Installation) -> tuple[str, str, str, int, str, str]:
    site = stay.site
    return (
        site.customer.code,
        site.name,
        site.address,
        site.pk,
        stay.location,
        stay.device.serial,
    )


def _company(stays: Sequence[Installation]) -> Company:
    customer = stays[0].site.customer
    places = [
        Place(customer, group[0].site, group)
        for _site, at_site in groupby(stays, key=lambda stay: stay.site_id)
        if (group := list(at_site))
    ]
    if len(places) > 1:
        places.append(Place(customer, None, stays))
    return Company(customer, stays, places)
