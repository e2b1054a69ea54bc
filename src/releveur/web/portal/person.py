"""Three fields that name somebody else: as typed, with what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils.translation import gettext as _

from releveur.campaigns import handing_over
from releveur.customers import addresses, introducing
from releveur.customers.introducing import Named

REFUSALS = (
    introducing.NoName,
    addresses.NoAddress,
    introducing.NoMoreMails,
    handing_over.ToHerself,
    handing_over.AskedAlready,
    handing_over.TooMany,
)


@dataclass(slots=True)
class Person:
    """The fields of somebody named here, as typed, with what is wrong with them."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def named(self) -> Named:
        return Named(self.email, self.first_name, self.last_name)

    @property
    def status(self) -> int:
        """Of the answer that shows the form."""
        return 422 if self.errors else 200

    def refuse(self, refusal: Exception) -> None:
        """Say it beside its field."""
        name = refusal.field if isinstance(refusal, introducing.NoName) else "email"
        typed = getattr(self, name)
        self.errors[name] = _sentence(refusal, typed=typed)


def typed(request: HttpRequest) -> Person:
    """What the form says; empty fields before it is sent."""
    email, first, last = (
        request.POST.get(name, "") for name in ("email", "first_name", "last_name")
    )
    return Person(email, first, last)


def _sentence(refusal: Exception, *, typed: str) -> str:
    match refusal:
        case introducing.NoName() if typed.strip():
            return _("Type a name as it is written, with letters only.")
        case introducing.NoName():
            return _("Type the first name: our mail greets this person by it.")
        case handing_over.ToHerself():
            return _("This is your own address. Type the other person's.")
        case handing_over.AskedAlready():
            return _("This person has been asked for this already: there is nothing to hand over.")
        case handing_over.TooMany():
            return _("You have handed over as much as is possible at once. Call us for more.")
        case introducing.NoMoreMails():
            return _("This person wants no mails from us. Name somebody else, or call us.")
    return _("This is not an e-mail address. Write it like name@company.com.")
