"""What every command of the house has in common.

A door reads the clock and the arguments, calls one function per subject and
says what was done: in words, or with `--json` as one object on stdout. What
the house refuses is exit code 1 and a sentence on stderr; what was typed wrong
is exit code 2. Long work reports its progress on stderr.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext as _

from releveur import clock
from releveur.outbox import holding
from releveur.outbox.models import Hold

type Answer = Mapping[str, object]
"""What a door has to say: JSON-able, dates and lazy sentences included."""

type Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do."""


class Refused(Exception):
    """The house does not do what was asked; the sentence says why, the answer is its JSON."""

    def __init__(self, sentence: str, *, answer: Answer | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.answer = answer


class Door(BaseCommand):
    """Base of every command; a subclass gives `act`, and `arguments` and `words` where it needs them."""

    writes: ClassVar[bool] = False
    """Whether it changes rows: then it knows `--dry-run`, which undoes them all."""

    sends: ClassVar[bool] = False
    """Whether it makes mails due without changing rows itself; whoever writes may do so too."""

    dated: ClassVar[bool] = True
    """Whether a business day matters to it; without, it reads no clock and knows no `--now`."""

    requires_system_checks = []

    def arguments(self, parser: CommandParser) -> None:
        """Declare the arguments of this door."""

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        """Do it, and say what was done.

        :raises Refused: it is not done, and why
        """
        raise NotImplementedError

    def words(self, answer: Answer) -> str:
        """The answer for people; one line per subject unless a door knows better."""
        return "\n".join(f"{subject}: {_plain(said)}" for subject, said in answer.items())

    def progress(self, done: int, total: int) -> None:
        """Say on stderr how far the work is, once a second at most, and at its end."""
        machine_time = time.monotonic()
        if done >= total or machine_time - self._said_at >= 1:
            self._said_at = machine_time
            self.stderr.write(f"{done}/{total}", self.style.NOTICE)

    _said_at = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("answer with one JSON object"))
        if self.dated:
            parser.add_argument(
                "--now",
                type=_instant,
                metavar="INSTANT",
                help=_("move the test clock there and do what became due, then go on"),
            )
        if self.writes:
            parser.add_argument(
                "--dry-run", action="store_true", help=_("say what would be done, do nothing")
            )
        self.arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        as_json: bool = options["json"]
        try:
            answer = self._answer(options)
        except Refused as refusal:
            if as_json:
                self._print(refusal.answer or {"error": refusal.sentence})
            raise CommandError(refusal.sentence, returncode=1) from refusal
        if as_json:
            self._print(answer)
        else:
            self.stdout.write(self.words(answer))
        if (self.writes or self.sends) and (held := holding.why()):
            self.stderr.write(waits(held))

    def _answer(self, options: dict[str, Any]) -> Answer:
        if options["now"]:
            _move_clock(options["now"])
        now = clock.now()
        if not options.get("dry_run"):
            return self.act(options, now=now)
        with transaction.atomic():
            answer = self.act(options, now=now)
            transaction.set_rollback(True)
        return answer

    def _print(self, answer: Answer) -> None:
        self.stdout.write(json.dumps(answer, cls=DjangoJSONEncoder, ensure_ascii=False))


def waits(held: Hold.Why) -> str:
    """What whoever expects a mail has to know while none leaves."""
    return _(
        "No mail leaves: %(why)s. Look at what waits with `releveur confirm_sending --dry-run`, then let"
        " it leave with `releveur confirm_sending`."
    ) % {"why": held.label}


class TimelessDoor(Door):
    """A door that no business day matters to: it works on an empty database, and without one."""

    dated = False

    def tell(self, options: dict[str, Any]) -> Answer:
        """Do it, and say what was done.

        :raises Refused: it is not done, and why
        """
        raise NotImplementedError

    def _answer(self, options: dict[str, Any]) -> Answer:
        return self.tell(options)


def _move_clock(instant: datetime) -> None:
    """The clock is not the command's: it stays moved when the command is refused or only tried."""
    from releveur.ops import ticking  # noqa: PLC0415  # doors without --now need none of it

    try:
        clock.set(instant)
    except clock.NoTestClock:
        raise Refused(
            _("--now moves a test clock, and this installation runs on real time.")
        ) from None
    except clock.ClockRunsForward as refusal:
        raise Refused(
            _("The test clock stands at %(at)s already and never goes back.")
            % {"at": refusal.at.isoformat()}
        ) from None
    ticking.tick(now=instant)


def _instant(text: str) -> datetime:
    """An ISO date or instant; what says no zone is in Paris."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            _("%(text)s is not a date like 2022-04-05T10:00") % {"text": text}
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=clock.PARIS)


def _plain(said: object) -> str:
    match said:
        case Mapping():
            return ", ".join(f"{name} {_plain(value)}" for name, value in said.items())
        case list() | tuple():
            return "; ".join(map(_plain, said)) or "-"
        case datetime():
            return said.astimezone(clock.PARIS).strftime("%d/%m/%Y %H:%M")
        case _:
            return str(said)
