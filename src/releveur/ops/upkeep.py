"""What the house does for itself every minute: it seals the audit, and forgets what is over its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from releveur.audit import sealing
from releveur.audit.models import Action
from releveur.audit.writing import SYSTEM, many, note
from releveur.customers import login, restraining
from releveur.outbox import forgetting as mails
from releveur.readings import forgetting as photos


def keep(*, now: datetime) -> None:
    """Forget a chunk of each kind, seal what is new; cheap when there is nothing."""
    if settings.KEEP_PHOTOS:
        photos.forget_photos(before=now - timedelta(days=settings.KEEP_PHOTOS), now=now)
    if settings.KEEP_MAILS:
        _forget_mails(before=now - timedelta(days=settings.KEEP_MAILS), now=now)
    if settings.KEEP_LOGINS:
        login.forget(after=timedelta(days=settings.KEEP_LOGINS))
    restraining.forget()
    sealing.seal()


@transaction.atomic
def _forget_mails(*, before: datetime, now: datetime) -> None:
    if over := mails.forget_words(before=before):
        note(None, Action.FORGET_MAILS, by=SYSTEM, many=many(over), now=now)
