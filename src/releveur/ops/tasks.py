"""Background work: the truth of what is owed stands in our rows, and a tick finds it there."""

from __future__ import annotations

from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from releveur import clock

STALLED_SECONDS = 30
"""A worker shows life every ten seconds; three missed signs and it was killed."""

MOST_ATTEMPTS = 5
"""A job that kills its worker would otherwise go round for ever."""


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tick", lock="tick")
def tick(timestamp: int) -> None:
    """Every minute: the steps of campaigns; a slow mail server holds none of them up."""
    from releveur.ops import ticking  # noqa: PLC0415  # a worker alone needs what a tick does

    ticking.take_steps(now=clock.now())


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="write", lock="write", priority=5)
def write(timestamp: int) -> None:
    """Every ten seconds: the mails that may leave soon; `outbox.tasks` sends them."""
    from releveur.ops import ticking  # noqa: PLC0415  # as above

    ticking.write_mails(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="take_in", lock="take_in")
def take_in(timestamp: int) -> None:
    """Every minute: sort what arrived, and tell the office."""
    from releveur.ops import ticking  # noqa: PLC0415  # as above

    ticking.take_in(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="keep", lock="keep")
def keep(timestamp: int) -> None:
    """Every minute: what the house does for itself."""
    from releveur.ops import upkeep  # noqa: PLC0415  # as above

    upkeep.keep(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="fetch", lock="fetch")
def fetch(timestamp: int) -> None:
    """Every minute: read the inbox. Apart, for a slow mailbox holds up no reminder."""
    from releveur.ops import ticking  # noqa: PLC0415  # as above

    ticking.fetch(now=clock.now())


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="requeue_stalled", priority=100)
async def requeue_stalled(timestamp: int) -> None:
    """Every ten seconds: give the jobs of a killed worker to the others.

    Where the next of its kind waits already, a killed one leaves the way to it: that one finds in our
    rows all that is still owed, and only one may wait.
    """
    jobs = app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        if job.attempts >= MOST_ATTEMPTS:
            await jobs.finish_job(job, status=Status.FAILED, delete_job=False)
            continue
        try:
            await jobs.retry_job(job)
        except UniqueViolation:
            await jobs.finish_job(job, status=Status.ABORTED, delete_job=True)
