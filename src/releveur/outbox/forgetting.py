"""Mails whose time is over: that one was owed, to whom, when it left and how it ended stays; its words go."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from releveur.outbox.models import Mail

CHUNK = 1_000
WORDLESS = {"text": "", "html": "", "calendar": ""}


@transaction.atomic
def forget_words(*, before: datetime) -> list[tuple[int, str]]:
    """Blank the words of the oldest mails owed before; one chunk.

    :returns: number and message id of each
    """
    wordy = Mail.objects.exclude(state=Mail.State.OWED).exclude(text="", html="", calendar="")
    oldest = wordy.order_by("pk").values_list("pk", "message_id", "owed_at")[:CHUNK]
    over = [(number, message_id) for number, message_id, owed_at in oldest if owed_at < before]
    Mail.objects.filter(pk__in=[number for number, _message_id in over]).update(**WORDLESS)
    return over
