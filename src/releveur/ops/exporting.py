"""Everything this installation knows, readable without us: tables as CSV, photos and mails as files, a README.

All of one instant, streamed row by row. A text that a spreadsheet would run as a formula gets an apostrophe
in front; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO

from django.apps import apps
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from releveur.dealer.models import Dealer
from releveur.ops.packing import Pack
from releveur.outbox.models import Mail
from releveur.readings.models import Proof, Reading

CHUNK = 2_000
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

OURS_ALONE = {"clock_instant", "outbox_hold", "customers_logincode"}
"""What means nothing elsewhere: our clock, our hold, codes that lived ten minutes."""

NOT_TOLD = {"accounts_user": {"password"}, "outbox_mail": {"text", "html", "calendar"}}
"""Columns left out: hashes of passwords; bodies, which are files of their own."""

type Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Exported:
    rows: dict[str, int] = field(default_factory=dict)
    photos: int = 0
    mails: int = 0
    missing_photos: list[str] = field(default_factory=list)


def export(pack: Pack, *, progress: Progress) -> Exported:
    """Write it all into a folder or an archive."""
    done = Exported()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
        tables = list(_tables())
        for number, model in enumerate(tables, 1):
            done.rows[_table(model)] = _write_table(pack, model)
            progress(number, len(tables))
        _write_dealer(pack)
        _write_photos(pack, done)
        _write_mails(pack, done)
    with pack.text("README.txt") as file:
        file.write(readme(tables))
    with pack.text("contents.json") as file:
        counted = {"rows": done.rows, "photos": done.photos, "mails": done.mails}
        json.dump(counted, file, indent=1)
    return done


def safe(value: object) -> object:
    """A cell as CSV holds it.

    >>> [safe(value) for value in ("=1+1", "-12", "A. Petit", -12, None, True)]
    ["'=1+1", "'-12", 'A. Petit', -12, '', 'true']
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return value
        case datetime() | date():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
    text = str(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def readme(tables: Sequence[type[models.Model]]) -> str:
    """What each file is, in French and in English."""
    said = io.StringIO()
    for language in ("fr", "en"):
        with translation.override(language):
            said.write(_head())
            for model in tables:
                said.write(f"\n{_path(model)}: {_options(model).verbose_name}\n")
                said.writelines(
                    f"    {column.attname} ({_type(column)}): {column.verbose_name}\n"
                    for column in _columns(model)
                )
            said.write("\n\n")
    return said.getvalue()


def _head() -> str:
    return "\n".join([
        _("Everything that Releveur knew at this moment, readable by any program."),
        _("tables/: one CSV file a table, UTF-8, comma, a heading; `…_id` is the `id` of another table."),
        _("Days are 2022-04-05, instants say their offset; empty means unknown; lists are JSON."),
        _("A text that a spreadsheet would run as a formula has an apostrophe in front: take it away."),
        _("photos/: one folder a serial number; the name says day, meter and number of the proof."),
        _("mails/: the words of each mail by its number; where its link stood is {{LINK-KEY}}."),
        _("dealer.json: the settings of the dealer. contents.json: how much there is of everything."),
        "",
    ])  # fmt: skip


def _tables() -> Iterator[type[models.Model]]:
    for config in apps.get_app_configs():
        if config.name.startswith("releveur."):
            for model in config.get_models():
                if _table(model) not in OURS_ALONE:
                    yield model


def _write_table(pack: Pack, model: type[models.Model]) -> int:
    columns = [column.attname for column in _columns(model)]
    rows = model._default_manager.order_by("pk").values_list(*columns)  # noqa: SLF001  # documented
    with pack.text(_path(model)) as file:
        return _write_csv(file, columns, rows.iterator(chunk_size=CHUNK))


def _write_csv(file: TextIO, columns: Collection[str], rows: Iterable[Sequence[object]]) -> int:
    writer = csv.writer(file)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow(map(safe, row))
        count += 1
    return count


def _write_dealer(pack: Pack) -> None:
    with pack.text("dealer.json") as file:
        dealer: Mapping[str, object] = Dealer.objects.filter(pk=1).values().first() or {}
        json.dump(dealer, file, indent=1, ensure_ascii=False, cls=DjangoJSONEncoder)


def _write_photos(pack: Pack, done: Exported) -> None:
    """By serial number, day and meter; one that no reading uses lies apart."""
    used = Reading.objects.filter(proof__isnull=False).order_by("proof_id", "pk")
    told = used.distinct("proof_id").values_list(
        "proof_id", "meter__device__serial", "taken_on", "meter__kind__code"
    )
    names = {
        proof: f"photos/{_plain(serial)}/{day}_{_plain(kind)}_{proof}.jpg"
        for proof, serial, day, kind in told
    }
    for proof, name in Proof.objects.order_by("pk").values_list("pk", "file"):
        if not default_storage.exists(name):
            done.missing_photos.append(name)
            continue
        with (
            default_storage.open(name) as photo,
            pack.binary(names.get(proof, f"photos/unused/{proof}.jpg")) as out,
        ):
            for chunk in photo.chunks():
                out.write(chunk)
        done.photos += 1


def _write_mails(pack: Pack, done: Exported) -> None:
    bodies = Mail.objects.order_by("pk").values_list("pk", "text", "html")
    for number, text, html in bodies.iterator(chunk_size=CHUNK):
        for ending, body in (("txt", text), ("html", html)):
            if body:
                with pack.text(f"mails/{number:08}.{ending}") as file:
                    file.write(body)
        done.mails += 1


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name).strip(".") or "_"


def _columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    hidden = NOT_TOLD.get(_table(model), set())
    return [column for column in _options(model).concrete_fields if column.attname not in hidden]


def _type(column: models.Field[Any, Any]) -> str:
    return str(column.db_type(connection) or "text")


def _options(model: type[models.Model]) -> Any:
    return model._meta  # noqa: SLF001  # documented, whatever its name


def _table(model: type[models.Model]) -> str:
    return str(_options(model).db_table)


def _path(model: type[models.Model]) -> str:
    return f"tables/{_table(model)}.csv"
