"""Every sentence stands in both languages, and the French one is set as the French set it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.conf import settings

HERE = Path(settings.HERE)
TEMPLATES = sorted(
    [*HERE.glob("**/templates/**/*.html"), *HERE.glob("**/templates/**/*.txt")],
)
TRANSLATED = re.compile(r"{%\s*blocktranslate\b.*?{%\s*endblocktranslate\s*%}", re.DOTALL)
PROGRAM = re.compile(
    r"<!--.*?-->|{#.*?#}|{%.*?%}|{{.*?}}|<(style|script|code)\b.*?</\1>|&#?\w+;", re.DOTALL
)
ATTRIBUTES = re.compile(
    r'\b(?:aria-label|aria-valuetext|title|alt|placeholder|data-(?!part=)[\w-]+)="([^"]*)"'
)
"""What is shown or spoken; `data-part` is read by the script alone, what else it reads is said by it."""

TAGS = re.compile(r"<[^>]*>", re.DOTALL)
LETTERS = re.compile(r"[^\W\d_]{2,}")
NAMES = {"English", "Français", "Releveur", "AGPL", "Ctrl", "AltaLink", "KQ", "XD"}
"""What is called the same in every language."""

PLACES = re.compile(r"%\(\w+\)s|{\w+}|</?\w+")


def bypassing(template: str) -> list[str]:
    """The words of a template that no catalogue has."""
    shown = PROGRAM.sub(" ", TRANSLATED.sub(" ", template))
    said = " ".join(ATTRIBUTES.findall(shown)) + " " + TAGS.sub(" ", shown)
    return [word for word in LETTERS.findall(said) if word not in NAMES]


def messages() -> list[Message]:
    with (HERE / "locale/fr/LC_MESSAGES/django.po").open("rb") as file:
        return [message for message in read_po(file, locale="fr") if message.id]


FRENCH = [
    (str(text), str(original))
    for message in messages()
    for text, original in zip(
        message.string if isinstance(message.string, tuple) else (message.string,),
        message.id if isinstance(message.id, (tuple, list)) else (message.id,),
        strict=True,
    )
]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(HERE).as_posix())
def test_no_word_of_a_template_bypasses_the_catalogues(path: Path) -> None:
    assert not bypassing(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "template",
    [
        "<p>Bonjour</p>",
        '<a title="Revenir">{{ x }}</a>',
        "{% if a %}oui{% endif %}",
        '<template data-failed="{n} perdu"></template>',
    ],
)
def test_a_bypassing_word_is_found(template: str) -> None:
    assert bypassing(template)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (re.compile(r"(?<![\u202f\u00a0\d])[;!?](?!\w)|(?<=\w) [:;!?]"), "a narrow space before"),
        (re.compile(r"«(?![\u202f\u00a0])|(?<![\u202f\u00a0])»"), "a narrow space inside « »"),
        (re.compile(r"\w'\w"), "the apostrophe of print"),
        (re.compile(r"!"), "nobody is shouted at"),
        (re.compile(r"(?<=\S)  "), "one space is enough"),
    ],
)
def test_french_is_set_as_the_french_set_it(wrong: re.Pattern[str], why: str) -> None:
    assert not [text for text, _original in FRENCH if wrong.search(PLACES.sub("x", text))], why


def test_nothing_that_is_filled_in_gets_lost_in_translation() -> None:
    assert not [
        (text, original)
        for text, original in FRENCH
        if set(PLACES.findall(text)) - {"%(count)s"}
        != set(PLACES.findall(original)) - {"%(count)s"}
    ]
