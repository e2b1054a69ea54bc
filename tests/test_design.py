"""The design language as written down is the one of the stylesheets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from releveur.outbox import colours
from tests.demonstration import a_demo

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "src" / "releveur" / "web" / "static" / "releveur"
PAGE = (ROOT / "docs" / "design.md").read_text()
CSS = (STATIC / "releveur.css").read_text()
TOKENS = dict(
    re.findall(r"(--[\w-]+):\s*(.+?);\n", CSS[CSS.index("@layer tokens {") : CSS.index("@layer reset {")], re.DOTALL)
)  # fmt: skip

ROLE = re.compile(r"^\| `(--[\w-]+)` \| .+? \| `(#\w+)` \| `(#\w+)` \| (.+?) \|$", re.MULTILINE)
TEXTS = ("--ink", "--quiet", "--ok", "--ask")
GROUNDS = ("--paper", "--ground", "--well", "--ok-ground", "--ask-ground")


def whole(colour: str) -> str:
    """« #fff » as « #ffffff »."""
    return colour if len(colour) == 7 else "#" + "".join(digit * 2 for digit in colour[1:])


def roles() -> Iterator[tuple[str, str, str, str]]:
    for name, light, dark, contrast in ROLE.findall(PAGE):
        yield name, whole(light), whole(dark), contrast


def test_every_token_is_explained_and_no_other() -> None:
    told = set(re.findall(r"`(--[a-z][\w-]*)`", PAGE))
    # « --gap-1 to --gap-4 » names the four.
    told |= {f"--gap-{step}" for step in range(1, 5)}
    assert told == set(TOKENS)


def test_every_class_named_is_one_of_the_stylesheets() -> None:
    both = CSS + (STATIC / "paper.css").read_text()
    code = [found for found in re.findall(r"`([^`\n]+)`", PAGE) if "/" not in found]
    named = {name for found in code for name in re.findall(r"\.([a-z][\w-]*)", found)}
    named -= {"css", "html", "md"}
    assert len(named) > 40
    assert not {name for name in named if not re.search(rf"\.{name}(?![\w-])", both)}


def test_the_colours_written_down_are_the_ones_used() -> None:
    for name, light, dark, _contrast in roles():
        used = re.fullmatch(r"light-dark\((#\w+), (#\w+)\)", TOKENS[name])
        assert used, name
        assert (whole(used[1]), whole(used[2])) == (light, dark), name


def test_the_contrasts_written_down_are_measured() -> None:
    every = {name: (light, dark) for name, light, dark, _contrast in roles()}
    paper = every["--paper"]
    for name, *shades, contrast in roles():
        if contrast != "–":
            measured = [colours.contrast(*pair) for pair in zip(shades, paper, strict=True)]
            assert contrast == " / ".join(f"{one:.1f}" for one in measured), name
    for theme in (0, 1):
        for text in TEXTS:
            for ground in GROUNDS:
                found = colours.contrast(every[text][theme], every[ground][theme])
                assert found >= colours.ENOUGH, (text, ground, theme)
        assert colours.contrast(every["--on-ok"][theme], every["--ok"][theme]) >= colours.ENOUGH
        for ground in ("--paper", "--ground", "--well"):
            assert colours.contrast(every["--edge"][theme], every[ground][theme]) >= 3


@pytest.mark.django_db(transaction=True)
def test_the_page_takes_six_hexadecimal_digits_and_nothing_else(
    settings: Settings, tmp_path: Path
) -> None:
    with a_demo(settings, tmp_path):
        page = Client().get("/demo/design?couleur=FFD400")
        assert ":root { --dealer: #ffd400; }" in page.content.decode()
        for other in ("ffd40", "red", "ffd400; } body { display: none", "ffd400\n", "<script>"):
            seen = Client().get("/demo/design", {"couleur": other}).content.decode()
            assert seen.count("--dealer: #") == 1, other


@pytest.mark.django_db
def test_outside_a_demonstration_there_is_no_design_page() -> None:
    assert Client().get("/demo/design").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("fr", "n’existe pas"), ("en", "does not exist")])
def test_a_page_that_does_not_exist_says_whom_to_call(language: str, words: str) -> None:
    page = Client(headers={"accept-language": language}).get("/nowhere")
    seen = page.content.decode()
    assert page.status_code == 404
    assert f'<html lang="{language}">' in seen
    assert words in seen
    assert "/connexion" in seen
