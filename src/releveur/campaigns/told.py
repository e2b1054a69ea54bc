"""A due reading as mails tell it: values only, for thousands of mails tell tens of thousands of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from releveur.campaigns.models import DueReading
from releveur.readings import wording
from releveur.readings.models import Reading


class Told(NamedTuple):
    """One meter due: whose, of which device, where, and what was said of it so far."""

    pk: int
    device_id: int
    maker: str
    model_name: str
    serial: str
    label_fr: str
    label_en: str
    company: str
    code: str
    site: str
    address: str
    zone: str
    location: str
    estimation_allowed: bool
    value: int | None
    source: str | None
    explanation: Mapping[str, Any] | None
    told: bool
    """Whether somebody told why no value comes."""

    @property
    def answer(self) -> int | None:
        """The value that somebody or something gave; never our own estimate."""
        return None if self.source == Reading.Source.SYSTEM else self.value

    @property
    def estimate(self) -> int | None:
        """Our own estimate, where the row stands at it."""
        return self.value if self.source == Reading.Source.SYSTEM else None

    @property
    def model(self) -> str:
        return f"{self.maker} {self.model_name}".strip()

    @property
    def label(self) -> str:
        """Of the meter, in the reader's language."""
        return self.label_fr if wording.in_french() else self.label_en

    @property
    def place(self) -> str:
        """« Siège, 2e étage »: where the device stands, for those who work there."""
        return ", ".join(filter(None, (self.site or self.address, self.location)))


STANDS = (
    "pk", "meter__device_id", "meter__device__model__maker", "meter__device__model__name",
    "meter__device__serial", "meter__kind__label_fr", "meter__kind__label_en",
    "installation__site__customer__name", "installation__site__customer__code",
    "installation__site__name", "installation__site__address", "installation__site__zone",
    "installation__location", "coverage__contract__estimation_allowed",
)  # fmt: skip
READ = ("reading__value", "reading__source", "reading__explanation")
"""From a due reading, what stands in each field."""

_standing = attrgetter(*(path.replace("__", ".") for path in STANDS))


def tell(rows: Iterable[DueReading | Told]) -> list[Told]:
    """Rows as mails tell them."""
    return [row if isinstance(row, Told) else _told(row) for row in rows]


def _told(row: DueReading) -> Told:
    reading = row.reading
    read = (reading.value, reading.source, reading.explanation) if reading else (None, None, None)
    return Told._make((*_standing(row), *read, row.told))
