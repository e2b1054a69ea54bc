"""Bring the catalogues up to date with the code and the templates, or check that they are.

No gettext on the machine is needed: Babel reads Python, and Django turns a
template into something that Babel reads.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "releveur"
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def extracted() -> Catalog:
    """Every sentence of the product, each with the files that say it."""
    found = Catalog(project="Releveur", charset="utf-8")
    for path in _sources():
        text = path.read_text()
        if path.suffix != ".py":
            # What is left of the template's layout would read as wrong indentation.
            text = "\n".join(
                line.strip() for line in templatize(text, origin=str(path)).splitlines()
            )
        for _line, message, comments, context in extract(
            "python", io.BytesIO(text.encode()), KEYWORDS, ["Translators:"]
        ):
            found.add(
                message,
                locations=[(path.relative_to(ROOT).as_posix(), 0)],
                auto_comments=comments,
                context=context,
            )
    return found


def updated(path: Path, found: Catalog) -> Catalog:
    """The catalogue of one language with today's sentences; nothing is guessed from similar ones."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.parts[-3])
    found.creation_date = catalog.creation_date
    catalog.update(found, no_fuzzy_matching=True, update_creation_date=False)
    return catalog


def written(catalog: Catalog) -> bytes:
    output = io.BytesIO()
    write_po(
        output, catalog, width=100, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    return output.getvalue()


def faults(catalog: Catalog) -> Iterator[str]:
    """What is missing, uncertain, or has lost a placeholder."""
    for message in catalog:
        texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and not all(texts):
            yield f"missing: {message.id!r}"
        elif message.id and message.fuzzy:
            yield f"fuzzy: {message.id!r}"
        for fault in message.check(catalog) if all(texts) else ():
            yield f"{fault}: {message.id!r}"


def main(arguments: list[str]) -> int:
    settings.configure(USE_I18N=True)
    found = extracted()
    said: list[str] = []
    for path in sorted((SOURCE / "locale").glob("*/LC_MESSAGES/*.po")):
        catalog = updated(path, found)
        if "--check" not in arguments:
            path.write_bytes(written(catalog))
        elif path.read_bytes() != written(catalog):
            said.append(f"{path.relative_to(ROOT)}: not up to date, run script/messages")
        said += [f"{path.relative_to(ROOT)}: {fault}" for fault in faults(catalog)]
    print("\n".join(said) or "the catalogues are complete")
    return 1 if said else 0


def _sources() -> Iterable[Path]:
    yield from sorted(SOURCE.rglob("*.py"))
    for folder in sorted(SOURCE.rglob("templates")):
        yield from sorted(path for path in folder.rglob("*") if path.suffix in {".html", ".txt"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
