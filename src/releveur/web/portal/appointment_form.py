"""The form of an appointment: the seed's fields, whom to call for the network, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from releveur.appointments import days
from releveur.appointments.asking import Wanted, standing
from releveur.appointments.models import Appointment
from releveur.customers.models import Contact
from releveur.dealer.closures import closed_days
from releveur.fleet.models import Installation
from releveur.web.portal.places import Place

NO_ADDRESS = gettext_lazy("This is not an e-mail address. Write it like name@company.com.")
TOO_MANY_TODAY = gettext_lazy(
    "Your company has asked for an appointment or changed it many times today. Come back tomorrow, or call us."
)
SIGNS_OF_A_PHONE = 6
"""Digits at least; how they are grouped is left to whoever types them."""

A_FEW = 10
"""Signs: a field for so few is no wider than they are."""

ADDRESS = ("address", "postal_code", "town")
CONTACT = ("first_name", "last_name", "email", "phone")
NETWORK = ("network_name", "network_phone", "network_email")


class Line(forms.CharField):
    """One line: blanks are folded, a pasted line break is one."""

    def __init__(self, label: Any, *, missing: Any = "", fill: str = "off", most: int) -> None:
        attrs = {"class": "line short" if most <= A_FEW else "line", "autocomplete": fill}
        super().__init__(
            label=label,
            required=bool(missing),
            max_length=most,
            error_messages={"required": missing},
            widget=forms.TextInput(attrs),
        )

    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").split())


class Address(forms.EmailField):
    def __init__(self, label: Any, *, missing: Any = "", fill: str = "off") -> None:
        attrs = {
            "class": "line", "autocomplete": fill, "autocapitalize": "none", "spellcheck": "false",
        }  # fmt: skip
        super().__init__(
            label=label,
            required=bool(missing),
            max_length=254,
            error_messages={"required": missing, "invalid": NO_ADDRESS},
            widget=forms.EmailInput(attrs),
        )


class Phone(Line):
    def __init__(self, label: Any, *, fill: str = "off") -> None:
        super().__init__(label, fill=fill, most=30)
        self.widget.input_type = "tel"

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and sum(sign.isdigit() for sign in value) < SIGNS_OF_A_PHONE:
            raise forms.ValidationError(
                _("This is not a phone number. Write it like 01 23 45 67 89.")
            )


class AppointmentForm(forms.Form):
    """What is typed for one place; `wanted()` is what it asks for."""

    address = Line(gettext_lazy("Address"), missing=gettext_lazy("Write the address."), most=240)
    postal_code = Line(
        gettext_lazy("Postal code"), missing=gettext_lazy("Write the postal code."), most=10
    )
    town = Line(gettext_lazy("Town"), missing=gettext_lazy("Write the town."), most=80)
    devices = forms.MultipleChoiceField(
        label=gettext_lazy("Devices to automate"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Tick at least one device."),
            "invalid_choice": gettext_lazy("This device is not yours. Tick those of the list."),
        },
    )
    first_name = Line(
        gettext_lazy("First name"), missing=gettext_lazy("Write the first name."),
        fill="given-name", most=80,
    )  # fmt: skip
    last_name = Line(
        gettext_lazy("Last name"), missing=gettext_lazy("Write the last name."),
        fill="family-name", most=80,
    )  # fmt: skip
    email = Address(
        gettext_lazy("E-mail"), missing=gettext_lazy("Write the e-mail address."), fill="email"
    )
    phone = Phone(gettext_lazy("Phone number"), fill="tel")
    network_name = Line(gettext_lazy("Name"), most=120)
    network_phone = Phone(gettext_lazy("Phone number"))
    network_email = Address(gettext_lazy("E-mail"))
    call_on = forms.DateField(
        label=gettext_lazy("Day on which one of our technicians may call"),
        required=False,
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        help_text=gettext_lazy("On a working day. Without a date, we call to agree on one."),
        widget=forms.DateInput({"type": "date", "class": "line short"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("This is not a date. Write it like 27/03/2027.")},
    )
    words = forms.CharField(
        label=gettext_lazy("Anything the technician should know"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea({"class": "line", "rows": 3}),
    )

    def __init__(
        self, place: Place, *, typed: QueryDict | None, said: dict[str, Any], now: datetime
    ) -> None:
        super().__init__(typed, initial=said, auto_id="%s")
        self.place, self.now = place, now
        devices = self.fields["devices"]
        assert isinstance(devices, forms.MultipleChoiceField)
        devices.choices = [(str(stay.device_id), stay.device.serial) for stay in place.stays]

    def clean_call_on(self) -> Any:
        """:raises ValidationError: nobody calls on that day; another one is proposed"""
        day = self.cleaned_data["call_on"]
        if day is None:
            return None
        fault = days.fault(day, closures=self._closures, now=self.now)
        if fault:
            free = days.nearest(day, closures=self._closures, now=self.now)
            raise forms.ValidationError(sentence(fault) % {"free": days.in_words(free)})
        return day

    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        said: dict[str, Any] = dict(self.cleaned_data)
        said["devices"] = frozenset(int(device) for device in said["devices"])
        return Wanted(**said, site=self.place.site)

    @property
    def boxes(self) -> Sequence[tuple[Installation, bool]]:
        """The devices of the place, and whether each is ticked."""
        ticked = set(self["devices"].value() or ())
        return [(stay, str(stay.device_id) in ticked) for stay in self.place.stays]

    @property
    def ticked(self) -> int:
        return sum(ticked for _stay, ticked in self.boxes)

    @property
    def address_line(self) -> str:
        """« 30 rue de Gramont, 75002 Paris »: what the closed group says."""
        street, code, town = self._said(ADDRESS)
        return ", ".join(part for part in (street, f"{code} {town}".strip()) if part)

    @property
    def address_stands(self) -> bool:
        """Whether nothing of it has to be typed: its group is closed."""
        return self._stands(ADDRESS)

    @property
    def contact_line(self) -> str:
        first, last, *ways = self._said(CONTACT)
        # A phone number is not broken over two lines.
        whole = [way.replace(" ", "\u00a0") for way in ways]
        return ", ".join(part for part in (f"{first} {last}".strip(), *whole) if part)

    @property
    def contact_stands(self) -> bool:
        """Whether nothing of it has to be typed; without a phone number nobody can call."""
        return self._stands(CONTACT)

    @property
    def network_is_told(self) -> bool:
        return any(self._said(NETWORK))

    def _stands(self, names: Sequence[str]) -> bool:
        return all(self._said(names)) and not any(self[name].errors for name in names)

    def _said(self, names: Sequence[str]) -> list[str]:
        return [str(self[name].value() or "").strip() for name in names]

    @property
    def problems(self) -> Sequence[tuple[str, str]]:
        """Each field in trouble with its sentence, in the order of the page."""
        return [(self._anchor(name), str(words[0])) for name, words in self.errors.items()]

    def _anchor(self, name: str) -> str:
        return {"devices": "devices_0", NON_FIELD_ERRORS: "sheet"}.get(name, name)

    @cached_property
    def _closures(self) -> Any:
        return closed_days()


def prefilled(place: Place, open_one: Appointment | None, contact: Contact) -> dict[str, Any]:
    """What the form says before anybody typed: the open appointment, else what we know of her and the site."""
    site = place.address_of
    of_the_site = {
        "address": site.address,
        "postal_code": site.postal_code,
        "town": site.town,
        "devices": [str(device) for device in place.devices],
    }
    if open_one is None:
        known = ("first_name", "last_name", "email", "phone")
        return of_the_site | {name: getattr(contact, name) for name in known}
    stands = standing(open_one)
    said = {name: getattr(stands, name) for name in Wanted.__slots__}
    said["devices"] = [str(device) for device in stands.devices]
    return said if stands.site == place.site else said | of_the_site


def typed(sent: QueryDict) -> dict[str, Any]:
    """What stood in a form that is only looked at again."""
    said: dict[str, Any] = {name: sent.get(name, "") for name in AppointmentForm.base_fields}
    return said | {"devices": sent.getlist("devices")}


def sentence(fault: days.Fault) -> str:
    """Why nobody calls on a day, and which one is possible."""
    match fault:
        case "PAST":
            return _("This day is over. Choose another one, for instance %(free)s.")
        case "OVER_FOR_TODAY":
            return _("Our office is closed for today. Choose another day, for instance %(free)s.")
        case "WEEKEND":
            return _("Nobody calls at the weekend. Choose another day, for instance %(free)s.")
        case "CLOSED":
            return _("We are closed on this day. Choose another one, for instance %(free)s.")
        case "TOO_FAR":
            return _(
                "This day is more than a year ahead. Choose one before, for instance %(free)s."
            )
