from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.fleet import describing, naming, showing
from releveur.fleet.models import DeviceModel
from releveur.ops import typed
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.refusals import refusals


class Command(Door):
    help = _("Where a model shows its counters, and what its screen calls them.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", metavar="MODEL", help=_("maker and name"))
        steps = parser.add_mutually_exclusive_group()
        steps.add_argument("--step", action="append", metavar="TEXT", help=_("one after another"))
        steps.add_argument("--file", type=Path, help=_("a text file, one step a line"))
        parser.add_argument(
            "--label", action="append", metavar="METER=TEXT", help=_("as on its screen")
        )
        parser.add_argument(
            "--forget", action="store_true", help=_("leave the word to the maker's guide")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        said = [options[name] for name in ("step", "file", "label")]
        if options["forget"] and any(said):
            raise Refused(_("--forget goes alone: it takes back every step and label."))
        if options["model"] is None:
            if options["forget"] or any(said):
                raise Refused(_("Say which model: releveur show_where lists them."))
            return {"models": [_told(model) for model in DeviceModel.objects.all()]}
        with refusals():
            model = naming.model(options["model"])
            if options["forget"]:
                describing.describe(model, steps=[], labels={})
            elif any(said):
                describing.describe(model, steps=_steps(options), labels=_labels(options["label"]))
        return _told(model)


def _steps(options: dict[str, Any]) -> list[str] | None:
    file: Path | None = options["file"]
    if file is None:
        steps: list[str] | None = options["step"]
        return steps
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise Refused(
            _("%(file)s cannot be read: %(problem)s") % {"file": file, "problem": problem}
        ) from None


def _labels(texts: list[str] | None) -> dict[str, str] | None:
    return None if texts is None else dict(typed.label(text) for text in texts)


def _told(model: DeviceModel) -> dict[str, object]:
    guide = showing.guide_of(model)
    return {
        "model": str(model),
        "ours": bool(model.shown_where or model.labels),
        "steps": guide.steps if guide else {},
        "labels": guide.labels if guide else {},
    }
