from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from releveur.ops import working

BESIDES = 3
"""What goes on beside the mails that are sent: urgent mails, mails to write, steps of campaigns."""


class Command(BaseCommand):
    help = _("Do the background work: every minute what is due, and every job that waits.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, help="jobs at once")

    def handle(self, *args: Any, **options: Any) -> None:
        working.work(concurrency=options["concurrency"] or settings.MAIL_LANES + BESIDES)
