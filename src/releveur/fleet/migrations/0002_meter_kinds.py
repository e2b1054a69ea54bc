"""The kinds of meters every dealer has; an import adds its own."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

KINDS = (
    ("MONO", "Noir", "Black"),
    ("COLOR", "Couleur", "Colour"),
    ("TOTAL", "Total", "Total"),
    ("LARGE_MONO", "Grand format noir", "Large black"),
    ("LARGE_COLOR", "Grand format couleur", "Large colour"),
    ("SCAN", "Scan", "Scan"),
)


def add_kinds(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    kinds = apps.get_model("fleet", "MeterKind").objects
    for position, (code, label_fr, label_en) in enumerate(KINDS, 1):
        labels = {"label_fr": label_fr, "label_en": label_en, "position": position * 10}
        kinds.update_or_create(code=code, defaults=labels)


class Migration(migrations.Migration):
    dependencies = (("fleet", "0001_initial"),)

    operations = (migrations.RunPython(add_kinds, migrations.RunPython.noop),)
