"""A mail filled into a form is the mail that its templates make, to the letter."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releveur.campaigns import mailing
from releveur.campaigns.letter import Company, Group, Line, Machine
from releveur.dealer.models import Dealer
from releveur.outbox import writing
from releveur.outbox.forms import Forms, Parts
from releveur.outbox.models import Mail
from tests.factories import OPENED

WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from([
        "", "GRAMONT & FILS <b>", "l’Été \"d'or\"", "{{ dealer }} %(name)s %s", "a\u00a0b  c", " a", "a ", "a\nb",
        "\u202f12\u202f345 %", "\ue0001&\ue001", "a\u2028b", "-- ", "🖨️",
    ]),
)  # fmt: skip
LINES = st.lists(st.builds(Line, WORDS, WORDS, WORDS), max_size=2)
MACHINES = st.lists(st.builds(Machine, WORDS, WORDS, WORDS, LINES), min_size=1, max_size=3)
COUNTS = st.integers(0, 3)
CONTEXTS = st.fixed_dictionaries({
    "first_name": WORDS, "company": st.builds(Company, WORDS, WORDS),
    "several_companies": st.booleans(), "company_count": COUNTS, "more": COUNTS,
    "groups": st.lists(st.builds(Group, WORDS, WORDS, MACHINES), max_size=2),
    "machine_count": COUNTS, "asked_count": COUNTS, "meter_count": COUNTS,
    "may_stop": st.booleans(), "deadline": WORDS, "deadline_day": WORDS, "moved": st.booleans(), "priced": st.booleans(),
    "abroad": st.booleans(), "estimated": st.booleans(), "forbidden": st.booleans(),
    "one_off": st.booleans(), "reason": WORDS, "not_me": st.just("https://a.example/plus-moi/x"),
    "sender": WORDS, "follows": st.booleans(),
})  # fmt: skip
DEALER = Dealer(
    name="Bureautique & Co", sender_address="releves@lafayette.example", legal="SAS\nRCS Paris",
    colour="#c8102e", reply_to="releves@lafayette.example",
)  # fmt: skip


def written(
    name: str, language: str, context: Mapping[str, object], forms: Forms | None
) -> tuple[str, str, str]:
    mail: Mail = writing.prepare(
        f"campaigns/mail/{name}", to="a@b.example", copy_to="c@d.example", language=language,
        context=context, dealer=DEALER, now=OPENED, forms=forms,
    )  # fmt: skip
    return mail.subject, mail.text, mail.html


@pytest.mark.parametrize("name", sorted(mailing.NAMES.values()))
@settings(max_examples=30)
@given(st.sampled_from(["fr", "en"]), st.lists(CONTEXTS, min_size=1, max_size=3))
def test_a_form_filled_is_what_the_templates_make(
    name: str, language: str, contexts: list[dict[str, object]]
) -> None:
    forms = writing.forms()
    for context in contexts:
        assert written(name, language, context, forms) == written(name, language, context, None)


def rendered(context: Mapping[str, object], title: str | None) -> Parts:
    RENDERED.append(context)
    return str(context["subject"]), "text", f"<title>{title or context['subject']}</title>"


RENDERED: list[Mapping[str, object]] = []


def test_mails_that_differ_in_words_only_are_rendered_once() -> None:
    RENDERED.clear()
    forms = Forms(str)
    one, other, longer = (
        forms.parts("kind", {"subject": subject, "count": count}, rendered)
        for subject, count in [("for Anne", 1), ("for Léa & Co", 1), ("for Zoé", 2)]
    )
    assert [one[0], other[0], longer[0]] == ["for Anne", "for Léa & Co", "for Zoé"]
    assert other[2] == "<title>for Léa & Co</title>", "as the template wrote it: not escaped here"
    assert len(RENDERED) == 2, "two counts, two forms"


@pytest.mark.parametrize("harm", [str.upper, lambda word: word[:5], lambda word: word[1:]])
def test_a_template_that_changes_words_gets_the_words_themselves(harm: object) -> None:
    def changing(context: Mapping[str, object], title: str | None) -> Parts:
        assert callable(harm)
        return "subject", harm(context["name"]), ""

    forms = Forms(str)
    for name in ("Bureautique", "Lafayette"):
        assert callable(harm)
        assert forms.parts("kind", {"name": name}, changing)[1] == harm(name)
