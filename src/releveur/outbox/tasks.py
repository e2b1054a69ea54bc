"""Background delivery between two ticks: somebody who declared her readings waits for the receipt."""

from __future__ import annotations

from django.conf import settings
from procrastinate import JobContext
from procrastinate.contrib.django import app

from releveur import clock
from releveur.outbox import delivering

EVERY_TEN_SECONDS, EVERY_TWO = "* * * * * */10", "* * * * * */2"
AT_ONCE = 100
"""Mails after which a lane looks at the clock again, and opens another conversation."""

URGENT = "urgent"


@app.task(pass_context=True)
def deliver(context: JobContext, timestamp: int, lane: str) -> None:
    """Send what is owed until nothing more may leave; the urgent lane only what somebody waits for.

    Told to end, it finishes the mail in hand and gives the others back.
    """
    while not context.should_abort():
        done = delivering.deliver_due(
            now=clock.now(), limit=AT_ONCE, urgent=lane == URGENT, stop=context.should_abort
        )
        if not done.sent + done.failed:
            break


for _lane in (URGENT, *map(str, range(settings.MAIL_LANES))):
    # One conversation each over all machines: a job of the same lock waits for the one before.
    app.periodic(
        cron=EVERY_TWO if _lane == URGENT else EVERY_TEN_SECONDS,
        periodic_id=_lane,
        lock=f"deliver {_lane}",
        queueing_lock=f"deliver {_lane}",
        priority=50 if _lane == URGENT else 10,
        task_kwargs={"lane": _lane},
    )(deliver)
