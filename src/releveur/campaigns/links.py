"""The link of an invitation: made from its uuid and version, found by the hash of its key."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from releveur.campaigns.models import Campaign, Invitation, Kind
from releveur.customers.models import Contact
from releveur.kept import Given, Kept
from releveur.outbox import keys
from releveur.outbox.models import Mail


class UnknownLink(Exception):
    """No invitation ever had this key, or not in this version any more."""


class NewerMailSent(Exception):
    """The campaign is over and this person was asked again since: the newer mail holds the link."""

    def __init__(self, contact: Contact) -> None:
        super().__init__(contact.pk)
        self.contact = contact


def find(key: str) -> Invitation:
    """The invitation a key opens.

    :raises UnknownLink: never issued, or revoked
    :raises NewerMailSent: its campaign is signed (a one-off request: closed) and a later invitation of that person exists
    """
    return _alive(_BY_KEY.first(key_hash=keys.hashed(key)))


def whose(key: str) -> Invitation:
    """The invitation that a key belongs to, though it may open nothing any more.

    Who wants no more mails says so with an old one too.

    :raises UnknownLink: never issued, or revoked
    """
    found = _BY_KEY.first(key_hash=keys.hashed(key))
    if found is None:
        raise UnknownLink
    return found


def alive(invitation: int, *, version: int) -> Invitation:
    """The invitation a cookie names, as long as its link lives; raises as `find` does."""
    return _alive(_BY_NUMBER.first(invitation=invitation, version=version))


@transaction.atomic
def revoke(invitation: Invitation) -> None:
    """Kill every copy of this link and every page opened by it; mails still to leave carry a new one."""
    row = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    row.link_version += 1
    row.key_hash = keys.hashed(keys.make(row.uuid, row.link_version))
    row.save(update_fields=["link_version", "key_hash"])
    owed = Mail.objects.filter(key_uuid=row.uuid, state=Mail.State.OWED)
    owed.update(key_version=row.link_version, key_hash=row.key_hash)


def _invitations() -> QuerySet[Invitation]:
    return Invitation.objects.select_related("campaign", "contact").order_by()


_BY_KEY = Kept(lambda: _invitations().filter(key_hash=Given("key_hash")))
_BY_NUMBER = Kept(
    lambda: _invitations().filter(pk=Given("invitation"), link_version=Given("version"))
)


def _alive(invitation: Invitation | None) -> Invitation:
    if invitation is None:
        raise UnknownLink
    if _is_over(invitation.campaign) and _asked_again(invitation):
        raise NewerMailSent(invitation.contact)
    return invitation


def _is_over(campaign: Campaign) -> bool:
    if campaign.kind == Kind.ONE_OFF:
        return campaign.state == Campaign.State.CLOSED
    return campaign.state == Campaign.State.SIGNED


def _asked_again(invitation: Invitation) -> bool:
    later = Invitation.objects.filter(contact=invitation.contact_id, pk__gt=invitation.pk)
    return later.exclude(campaign=invitation.campaign_id).exists()
