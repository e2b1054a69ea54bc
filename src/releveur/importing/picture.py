"""What a fleet file says, before anybody looks at the database: plain values by natural key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from releveur.customers import addresses
from releveur.importing.columns import MOST_REMEMBERED, bare
from releveur.readings.models import Quality

type Value = str | int | date
type Level = Literal["customer", "site", "device"]


class SiteKey(NamedTuple):
    """A site of a customer: its name, or its address when it has none."""

    customer: str
    name: str
    address: str = ""
    postal_code: str = ""
    town: str = ""


class ContactKey(NamedTuple):
    """A person: the normalised address, without one the name and the phone."""

    address: str
    first_name: str = ""
    last_name: str = ""
    phone: str = ""


class ModelKey(NamedTuple):
    maker: str
    name: str


@dataclass(slots=True)
class Said:
    """What the file says of one thing, by field of its table, from the line that said it first."""

    line: int
    values: dict[str, Value] = field(default_factory=dict)

    def add(self, values: Mapping[str, Value | None]) -> dict[str, Value]:
        """Learn what is new; the first word on a field wins, what contradicts it is returned."""
        return {
            name: value
            for name, value in values.items()
            if value is not None and self.values.setdefault(name, value) != value
        }


@dataclass(slots=True)
class SaidMeter:
    """One meter of a device: the last billed value, and the expected monthly volume."""

    line: int
    column: str
    value: int | None = None
    volume: int | None = None


@dataclass(slots=True)
class SaidDevice:
    """One device: where it stands, under which contract, what was billed last."""

    line: int
    customer: str
    site: SiteKey
    contract: str
    model: ModelKey | None
    device: Said
    stay: Said
    terms: Said
    installed: date | None = None
    removed: date | None = None
    next_due: date | None = None
    billed_on: date | None = None
    nature: Quality = Quality.ACTUAL
    meters: dict[str, SaidMeter] = field(default_factory=dict)

    @property
    def months(self) -> int:
        """The period of its contract; quarterly where the file does not say."""
        return int(str(self.terms.values.get("months", 3)))


@dataclass(slots=True)
class Picture:
    """The whole file, each thing once."""

    customers: dict[str, Said] = field(default_factory=dict)
    sites: dict[SiteKey, Said] = field(default_factory=dict)
    contacts: dict[ContactKey, Said] = field(default_factory=dict)
    contracts: dict[str, Said] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    devices: dict[str, SaidDevice] = field(default_factory=dict)
    respondents: dict[tuple[ContactKey, Level, str | SiteKey], int] = field(default_factory=dict)
    models: dict[ModelKey, tuple[str, str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)

    def coloured_models(self) -> set[ModelKey]:
        """Models of which a device of this file has printed in colour."""
        return {
            said.model
            for said in self.devices.values()
            if said.model
            and any(is_colour(kind) and meter.value for kind, meter in said.meters.items())
        }


def site_key(customer: str, name: str, address: str, postal_code: str, town: str) -> SiteKey:
    """The key by which two spellings of one site meet."""
    if name:
        return SiteKey(customer, bare(name))
    return SiteKey(customer, "", bare(address), bare(postal_code), bare(town))


def contact_key(email: str, first_name: str, last_name: str, phone: str) -> ContactKey:
    if email:
        return ContactKey(_mailbox(email))
    return ContactKey("", first_name, last_name, phone)


_mailbox = lru_cache(MOST_REMEMBERED)(addresses.key)


@lru_cache(MOST_REMEMBERED)
def model_key(maker: str, name: str) -> ModelKey:
    return ModelKey(" ".join(maker.casefold().split()), " ".join(name.casefold().split()))


def is_colour(kind: str) -> bool:
    """Whether a kind of meter counts colour: seeded ones and those an import made."""
    return "COLOR" in kind or "COULEUR" in kind
