from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from releveur.ops import working


class Command(BaseCommand):
    help = _("Do the background work: every minute what is due, and every job that waits.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at once")

    def handle(self, *args: Any, **options: Any) -> None:
        working.work(concurrency=options["concurrency"])
