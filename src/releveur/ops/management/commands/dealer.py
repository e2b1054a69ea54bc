from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.audit.writing import changed, note
from releveur.dealer import branding, closures
from releveur.dealer.models import Dealer
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused

FIELDS = (
    "name", "legal", "address", "postal_code", "town", "phone", "website", "reply_to",
    "sender_name", "sender_address", "colour", "holidays_of",
)  # fmt: skip
POLICIES = (
    "price_of_silence", "resplit", "estimates_in_a_row", "read_every_days", "look_back_months",
)  # fmt: skip


class Command(Door):
    help = _("Say who runs this installation: name, address, phone, sender, colour, logo.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        for field in FIELDS:
            parser.add_argument(f"--{field.replace('_', '-')}", metavar="TEXT")
        parser.add_argument(
            "--price-of-silence", choices=Dealer.PriceOfSilence.values,
            help=_("when people are told what will be retained if they declare nothing"),
        )  # fmt: skip
        parser.add_argument(
            "--logo", type=Path, metavar="FILE", help=_("a PNG, JPEG or WebP picture")
        )
        self._policies(parser)

    def _policies(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--resplit",
            choices=Dealer.Resplit.values,
            help=_("cut the volume of estimated periods by days, or by the meter’s own season"),
        )
        parser.add_argument(
            "--estimates-in-a-row", metavar="N", help=_("more of them are a task for the office")
        )
        parser.add_argument(
            "--read-every-days", metavar="N", help=_("without a real reading for longer: a task")
        )
        parser.add_argument(
            "--look-back-months", metavar="N",
            help=_("what was billed too little longer ago is a task before the signature"),
        )  # fmt: skip

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        names = (*FIELDS, *POLICIES)
        said = {field: options[field] for field in names if options[field] is not None}
        try:
            if "holidays_of" in said:
                said["holidays_of"] = closures.part_of_france(said["holidays_of"])
            dealer = _described(said, options["logo"], now=now)
        except closures.Refusal as refusal:
            raise Refused(str(refusal)) from None
        except ValidationError as refusal:
            wrong = [f"{field}: {' '.join(words)}" for field, words in refusal.message_dict.items()]
            raise Refused(" ".join(wrong)) from None
        except OSError as problem:
            raise Refused(
                _("%(file)s cannot be read: %(problem)s")
                % {"file": options["logo"], "problem": problem.strerror}
            ) from None
        return _shown(dealer) | {"logo": bool(dealer.logo)}


@transaction.atomic
def _described(said: dict[str, str], logo: Path | None, *, now: datetime) -> Dealer:
    stood = Dealer.objects.here()
    if logo is None and not said:
        return stood
    with logo.open("rb") if logo else nullcontext() as file:
        dealer = branding.describe(said, logo=file)
    before, after = changed(_shown(stood), _shown(dealer))
    if logo is not None:
        after = {**after, "logo": dealer.logo.name}
    note(
        dealer, Action.CHANGE_DEALER, by=office(), key=dealer.name, before=before, after=after,
        now=now,
    )  # fmt: skip
    return dealer


def _shown(dealer: Dealer) -> dict[str, object]:
    return {field: getattr(dealer, field) for field in (*FIELDS, *POLICIES)}
