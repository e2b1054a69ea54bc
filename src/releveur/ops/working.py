"""A worker that outlives its database: where the library gives up, it waits and begins again."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import suppress

from django.db import OperationalError, connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException

log = logging.getLogger(__name__)

FINISH_SECONDS = 1
"""After so long, a job in hand learns that it should end: the sending stops between two mails."""

LONGEST_PAUSE_SECONDS = 8


def work(*, concurrency: int) -> None:
    """Do every job that waits, until SIGTERM or SIGINT."""
    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    asked = False
    while not asked:
        _await_database()
        with app.replace_connector(connector.get_worker_connector()):
            asked = asyncio.run(_until_asked(concurrency))


async def _until_asked(concurrency: int) -> bool:
    """Work until somebody says stop (true), or the library does because of the database (false)."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    with suppress(ConnectorException):
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    concurrency=concurrency,
                    shutdown_graceful_timeout=FINISH_SECONDS,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            )
            wish = asyncio.create_task(asked.wait())
            await asyncio.wait({worker, wish}, return_when=asyncio.FIRST_COMPLETED)
            wish.cancel()
            if asked.is_set():
                worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
    return asked.is_set()


def _await_database() -> None:
    """Come back when it answers, asking less and less often; SIGTERM ends a process that only waits."""
    pause = 1
    while True:
        try:
            connection.ensure_connection()
        except OperationalError:
            log.warning("the database does not answer; the worker asks again in %d s", pause)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            connection.close()
            return
