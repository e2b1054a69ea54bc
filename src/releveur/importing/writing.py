"""A picture of the fleet becomes rows, table by table, each compared with what stands here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from releveur import putting
from releveur.among import Among, AmongTexts
from releveur.customers.models import Contact, Customer, Site
from releveur.fleet import passing_on
from releveur.fleet.models import Device, DeviceModel, Meter, Respondent
from releveur.importing import comparing, deciding, kinds
from releveur.importing.comparing import Changes
from releveur.importing.deciding import Difference
from releveur.importing.picture import (
    ContactKey,
    Level,
    ModelKey,
    Picture,
    Said,
    SaidDevice,
    SaidMeter,
    SiteKey,
    contact_key,
    is_colour,
    model_key,
    site_key,
)
from releveur.importing.report import Remark, Report

UNNAMED_MODEL = "?"


@dataclass(slots=True)
class Rows:
    """The rows of everything the file names, once written."""

    customers: dict[str, Customer] = field(default_factory=dict)
    sites: dict[SiteKey, Site] = field(default_factory=dict)
    contacts: dict[ContactKey, Contact] = field(default_factory=dict)
    models: dict[ModelKey, DeviceModel] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    meters: dict[tuple[str, str], Meter] = field(default_factory=dict)
    known_devices: dict[int, Device] = field(default_factory=dict)
    known_meters: set[int] = field(default_factory=set)
    """Those that were there before this file, by their number."""

    def target(self, level: Level, key: str | SiteKey) -> int:
        """The row somebody answers for."""
        if isinstance(key, SiteKey):
            return self.sites[key].pk
        return self.customers[key].pk if level == "customer" else self.devices[key].pk


def write_people_and_places(picture: Picture, rows: Rows, report: Report) -> None:
    customers = Customer.objects.filter(AmongTexts("code", picture.customers))
    there = {one.code: one for one in customers}
    rows.customers = comparing.settle(
        "customers", picture.customers, there, _new_customer, report=report
    )
    sites: dict[SiteKey, Site] = {}
    by_number = {one.pk: one for one in there.values()}
    standing = Site.objects.filter(Among("customer", by_number))
    for site in standing.order_by("pk"):
        site.customer = by_number[site.customer_id]
        key = (site.name, site.address, site.postal_code, site.town)
        sites.setdefault(site_key(site.customer.code, *key), site)
    rows.sites = comparing.settle(
        "sites",
        picture.sites,
        sites,
        lambda key: Site(customer=rows.customers[key.customer]),
        report=report,
    )
    rows.contacts = comparing.settle(
        "contacts", picture.contacts, _contacts(picture), _new_contact, report=report
    )


def _new_customer(code: str) -> Customer:
    return Customer(code=code, name=code, imported={"name": code})


def _new_contact(key: ContactKey) -> Contact:
    return Contact(address_key=key.address)


def _contacts(picture: Picture) -> dict[ContactKey, Contact]:
    keys = [key.address for key in picture.contacts if key.address]
    found = list(Contact.objects.filter(AmongTexts("address_key", keys)))
    phones = [key.phone for key in picture.contacts if not key.address]
    found += Contact.objects.filter(AmongTexts("phone", phones), address_key="")
    return {
        contact_key(one.address_key, one.first_name, one.last_name, one.phone): one for one in found
    }


def write_devices(picture: Picture, rows: Rows, report: Report) -> None:
    rows.models = _models(picture, report)
    for key, said in picture.devices.items():
        if said.model:
            said.device.values["model_id"] = rows.models[said.model].pk
        elif key not in rows.devices:
            message = _("The device has no model. Write it, so that people recognise it.")
            report.warn(said.line, picture.headings["model"], key, message)
    known = Device.objects.filter(AmongTexts("serial", picture.devices))
    there = {one.serial: one for one in known.prefetch_related("model")}
    rows.known_devices = {one.pk: one for one in there.values()}
    said_devices = {serial: said.device for serial, said in picture.devices.items()}
    rows.devices = comparing.settle(
        "devices",
        said_devices,
        there,
        lambda serial: _new_device(serial, rows),
        report=report,
    )


def _new_device(serial: str, rows: Rows) -> Device:
    device = Device(serial=serial)
    if _UNNAMED in rows.models:
        device.model = rows.models[_UNNAMED]
        device.imported = {"model_id": device.model.pk}
    return device


_UNNAMED = ModelKey("", UNNAMED_MODEL)


def _models(picture: Picture, report: Report) -> dict[ModelKey, DeviceModel]:
    wanted = dict(picture.models)
    if any(said.model is None for said in picture.devices.values()):
        wanted[_UNNAMED] = _UNNAMED
    there = {model_key(one.maker, one.name): one for one in DeviceModel.objects.order_by("-pk")}
    fresh = {
        key: DeviceModel(maker=maker, name=name)
        for key, (maker, name) in wanted.items()
        if key not in there
    }
    coloured = picture.coloured_models()
    for key, model in fresh.items():
        if key in coloured:
            model.colour = DeviceModel.Colour.YES
    putting.put(DeviceModel, fresh.values())
    _learn_colours([there[key] for key in coloured & there.keys()])
    return there | fresh


def _learn_colours(models: Iterable[DeviceModel]) -> None:
    unknown = [one for one in models if one.colour == DeviceModel.Colour.UNKNOWN]
    for one in unknown:
        one.colour = DeviceModel.Colour.YES
    DeviceModel.objects.bulk_update(unknown, ["colour"])


def write_meters(picture: Picture, rows: Rows, report: Report) -> None:
    """The meters of each device; a colour register that never counted is none."""
    there: dict[tuple[str, str], Meter] = {}
    standing = Meter.objects.filter(Among("device", rows.known_devices))
    for one in standing.prefetch_related("kind"):
        there[rows.known_devices[one.device_id].serial, one.kind.code] = one
        rows.known_meters.add(one.pk)
    known = kinds.make(picture.labels)
    said: dict[tuple[str, str], Said] = {}
    for serial, device in picture.devices.items():
        for kind, meter in device.meters.items():
            key = (serial, kind)
            if key in there or _is_a_meter(key, meter, device, rows, report):
                told = {} if meter.volume is None else {"monthly_volume": meter.volume}
                said[key] = Said(meter.line, dict(told))
    rows.meters = comparing.settle(
        "meters",
        said,
        there,
        lambda key: Meter(device_id=rows.devices[key[0]].pk, kind_id=known[key[1]].pk),
        report=report,
    )


def _is_a_meter(
    key: tuple[str, str], meter: SaidMeter, device: SaidDevice, rows: Rows, report: Report
) -> bool:
    if meter.value is None:
        return bool(meter.volume)
    model = rows.devices[key[0]].model_id
    coloured = device.model and rows.models[device.model].colour == DeviceModel.Colour.YES
    if meter.value or meter.volume or not is_colour(key[1]) or (model and coloured):
        return True
    message = _("Colour 0 on a model not known as colour: no meter was made.")
    report.warn(meter.line, meter.column, "0", message)
    return False


def write_respondents(picture: Picture, rows: Rows, report: Report) -> None:
    """Who answers for what; somebody the file no longer names for a thing is listed."""
    wanted = {
        (rows.contacts[key].pk, level, rows.target(level, target)): line
        for (key, level, target), line in picture.respondents.items()
    }
    there = _respondents(wanted)
    fresh = [one for one in wanted if one not in there]
    putting.put(Respondent, _with_successors(fresh, there))
    named: dict[tuple[Level, int], list[int]] = defaultdict(list)
    for contact, level, target in wanted:
        named[level, target].append(contact)
    changes: Changes[Contact] = Changes()
    lines = {(level, target): line for (_one, level, target), line in wanted.items()}
    for key, one in there.items():
        if key not in wanted and one.passed_to_id is None:
            _somebody_else(one.contact, key[1:], named, lines[key[1:]], changes, report)
    changes.write(Contact)


def _somebody_else(
    contact: Contact,
    target: tuple[Level, int],
    named: Mapping[tuple[Level, int], list[int]],
    line: int,
    changes: Changes[Contact],
    report: Report,
) -> None:
    """Somebody answers here whom the file does not name; nobody is removed by a file."""
    message = _("%(contact)s answers for it here, the file names somebody else. Remove one.")
    remark = Remark(line, "", "", message % {"contact": contact})
    if report.prefer == "file":
        report.differences.append(remark)
        return
    row = changes.updated.get(contact.pk, contact)
    said = ",".join(map(str, sorted(named[target])))
    field = f"{target[0]} {target[1]}"
    deciding.takes_the_files(row, Difference(field, said, row.pk, remark, str(row)), report)
    changes.touch(row, "imported")


def _with_successors(
    fresh: Sequence[tuple[int, Level, int]], there: Container[tuple[int, Level, int]]
) -> list[Respondent]:
    """Somebody who passed on all she answered for does not come back with a device that is new."""
    gone = passing_on.went_to(contact for contact, _level, _target in fresh)
    instead = {(gone[one], level, target) for one, level, target in fresh if one in gone}
    added = [one for one in instead.difference(fresh) if one not in there]
    return [
        Respondent(contact_id=one, passed_to_id=gone.get(one), **{f"{level}_id": target})
        for one, level, target in (*fresh, *sorted(added))
    ]


def _respondents(
    wanted: Iterable[tuple[int, Level, int]],
) -> dict[tuple[int, Level, int], Respondent]:
    """Who answers here for the things the file names, by contact, level and thing."""
    by_level: dict[Level, set[int]] = defaultdict(set)
    for _contact, level, target in wanted:
        by_level[level].add(target)
    return {
        (one.contact_id, level, getattr(one, f"{level}_id")): one
        for level, ids in by_level.items()
        for one in Respondent.objects.filter(Among(level, ids)).prefetch_related("contact")
    }
