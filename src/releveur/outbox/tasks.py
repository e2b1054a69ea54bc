"""Background delivery between two ticks: somebody who declared her readings waits for the receipt."""

from __future__ import annotations

from procrastinate.contrib.django import app

from releveur import clock
from releveur.outbox import delivering


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="deliver", lock="deliver", priority=10)
def deliver(timestamp: int) -> None:
    """Every ten seconds: send what is owed."""
    delivering.deliver_due(now=clock.now())
