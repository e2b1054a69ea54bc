"""Many mails of one writing: each is rendered once as a form, and filled with every reader's own words.

Two mails whose templates are told the same but for words (names, places, dates) differ in these words
only. So the templates are told marks instead, and what comes out is kept with its gaps. Whatever is not
a word (numbers, yes and no, how many there are of something, what is empty) makes another form.

A template of such a mail shows words and asks whether there are any. It never compares, cuts nor counts
them; where a mark is not found again as it was, the mail is rendered as any other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from html import escape
from typing import Any

_MARK = secrets.token_hex(6)
"""Nobody can write what looks like a gap."""

_GAP = re.compile(rf"\ue000{_MARK}(\d+)(&(?:amp;)?)\ue001")
_EDGE = re.compile("[\ue000\ue001]")

type Parts = tuple[str, str, str]
"""Subject, text and HTML."""

type Render = Callable[[Mapping[str, object], str | None], Parts]
"""Of a context; the title of the HTML, where it is not the subject."""


class _NoForm(Exception):
    """Something in it cannot be left open."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """A text with gaps: what stands before each gap and after the last, whose words, and escaped or not."""

    between: Sequence[str]
    gaps: Sequence[tuple[int, bool]]

    def filled(self, words: Sequence[str], escaped: Sequence[str] = ()) -> str:
        out = [self.between[0]]
        for (number, harmless), after in zip(self.gaps, self.between[1:], strict=True):
            out.append(escaped[number] if harmless else words[number])
            out.append(after)
        return "".join(out)


@dataclass(frozen=True, slots=True)
class _Form:
    subject: _Printed
    text: _Printed
    html: _Printed


class Forms:
    """The forms of one writing: whatever is not said by the context is the same for all of it."""

    def __init__(self, plain: Callable[[str], str]) -> None:
        """:param plain: what is done to a text before anybody sees it, word by word"""
        self._plain = plain
        self._made: dict[object, _Form | None] = {}

    def parts(self, kind: object, context: dict[str, object], render: Render) -> Parts:
        """What `render` makes of the context.

        :param kind: what else tells two mails apart: templates, language
        """
        words: list[str] = []
        try:
            shape = (kind, *_shapes(context, words))
        except _NoForm:
            return render(context, None)
        if shape not in self._made:
            self._made[shape] = _form(context, len(words), render)
        form = self._made[shape]
        return self._filled(form, words) if form else render(context, None)

    def _filled(self, form: _Form, words: Sequence[str]) -> Parts:
        plain = [self._plain(word) for word in words]
        subject = form.subject.filled([" ".join(word.split()) for word in plain])
        escaped = [escape(word) for word in (*words, subject)]
        return subject, form.text.filled(plain), form.html.filled((*words, subject), escaped)


def _shapes(value: object, words: list[str]) -> Iterator[object]:
    """What a form is made for; the words that it leaves open are collected on the way.

    :raises _NoForm: it holds more than plain words
    """
    if isinstance(value, str):
        yield _taken(value, words)
    elif value is None or isinstance(value, int):
        yield type(value), value
    else:
        parts = _parts(value)
        yield type(value), *parts
        for one in parts.values():
            yield from _shapes(one, words)


def _taken(word: str, words: list[str]) -> bool:
    """Whether there is a word; one that brings its own blanks or lines is more than that."""
    if type(word) is not str or word != word.strip() or len(word.splitlines()) > 1:
        raise _NoForm
    if word:
        words.append(word)
    return bool(word)


def _parts(value: object) -> Mapping[Any, object]:
    """What something is made of, each by its name or number."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise _NoForm


def _form(context: dict[str, object], words: int, render: Render) -> _Form | None:
    marks = map(_mark, range(words))
    subject, text, html = render(_marked(context, marks), _mark(words))
    printed = [_printed(part) for part in (subject, text, html)]
    if any(_EDGE.search(piece) for part in printed for piece in part.between):
        return None
    return _Form(*printed)


def _marked(value: Any, marks: Iterator[str]) -> Any:
    """The same, each word of it a mark, in the order of `_shapes`."""
    if isinstance(value, str):
        return next(marks) if value else value
    if value is None or isinstance(value, int):
        return value
    parts = {name: _marked(one, marks) for name, one in _parts(value).items()}
    if isinstance(value, dict):
        return parts
    return list(parts.values()) if isinstance(value, list | tuple) else replace(value, **parts)


def _mark(number: int) -> str:
    """The ampersand tells whether it was escaped where it stands."""
    return f"\ue000{_MARK}{number}&\ue001"


def _printed(text: str) -> _Printed:
    pieces = _GAP.split(text)
    gaps = zip(pieces[1::3], pieces[2::3], strict=True)
    return _Printed(pieces[::3], [(int(number), said != "&") for number, said in gaps])
