"""An export under its own headings: which of them are ours, and what it leaves unsaid.

A mapping is a TOML file with a name: shipped here, or the dealer's own in the data folder's
`mappings`, which wins; or any file. docs/imports.md describes it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from releveur.importing import files
from releveur.importing.columns import bare
from releveur.importing.tables import Row, Table, Unreadable

SHIPPED = Path(__file__).with_name("mappings")
MOST_SKIPPED = 100


class MappingMisread(Exception):
    """There is no such mapping, or it says what cannot be done; the message says which."""


@dataclass(frozen=True, slots=True)
class Named:
    """`columns`: our heading by theirs; `skip`: lines above the line of headings."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    skip: int = 0


def named(name: str) -> Named:
    """Load the mapping of that name or file.

    :raises MappingMisread: unknown, not TOML, or says what cannot be
    """
    folders = (Path(settings.DATA_DIR) / "mappings", SHIPPED)
    for path in (*(folder / f"{name}.toml" for folder in folders if "/" not in name), Path(name)):
        if path.suffix == ".toml" and path.is_file():
            return _loaded(path)
    known = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.toml")))
    raise MappingMisread(
        _("There is no mapping %(name)s. Shipped: %(known)s.") % {"name": name, "known": known}
    )


def _loaded(path: Path) -> Named:
    try:
        mapping = Named(**tomllib.loads(path.read_text(encoding="utf-8")))
        for texts in (mapping.columns, mapping.constants):
            if not all(isinstance(text, str) for text in texts.values()):
                raise ValueError(_("each heading is a text, and so is each constant"))  # noqa: TRY301
        if mapping.skip not in range(MOST_SKIPPED):
            raise ValueError(f"skip = {mapping.skip!r}")  # noqa: TRY301
    except (OSError, ValueError, TypeError, AttributeError) as problem:
        raise MappingMisread(
            _("%(file)s is no mapping: %(problem)s") % {"file": path, "problem": problem}
        ) from problem
    return mapping


def applied(table: Table, mapping: Named) -> Table:
    """The same table with our names beside its headings; a heading that is not mapped is left out.

    :raises Unreadable: the file does not have a heading of the mapping
    """
    ours = {bare(theirs): name for theirs, name in mapping.columns.items()}
    names = [ours.pop(key, "") for key in _numbered(table.headings)]
    if ours:
        absent = [theirs for theirs in mapping.columns if bare(theirs) in ours]
        message = _("The mapping names headings the file does not have: %(names)s.")
        raise Unreadable(message % {"names": ", ".join(absent)})
    constants = list(mapping.constants.values())
    return Table(
        [*table.headings, *mapping.constants],
        _completed(table.rows, len(table.headings), constants),
        [*names, *mapping.constants],
    )


def _numbered(headings: Sequence[str]) -> Iterator[str]:
    """Headings without dress; the second of a name is `… (2)`."""
    met: dict[str, int] = {}
    for heading in headings:
        key = bare(heading)
        met[key] = met.get(key, 0) + 1
        yield key if met[key] == 1 else bare(f"{heading} ({met[key]})")


def _completed(rows: Iterator[Row], width: int, constants: list[str]) -> Iterator[Row]:
    for row in rows:
        padding = [""] * (width - len(row.cells))
        yield Row(row.line, [*row.cells[:width], *padding, *constants, *row.cells[width:]])


def read(path: Path, *, sheet: str = "", by: Named | None = None) -> Table:
    """Open a file as it is, or by a mapping.

    :raises Unreadable: no table we can read, or none of that mapping
    """
    table = files.read(path, sheet=sheet, skip=by.skip if by else 0)
    return applied(table, by) if by else table
