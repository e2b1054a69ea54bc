"""Each finding has one sentence in plain words, in both languages; none accuses or shouts."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from releveur.readings import wording
from releveur.readings.wording import Named
from releveur.rules.validation import Code, Demand, Finding

NAMED = Named(
    meter="Noir", meters=["Noir", "Couleur"], device="7855V_F 1", other="B405 2", full=1_000_000
)
MENDED = (("1", 41_200), ("2", 92_910))
ACCUSES = re.compile(
    r"!|\b(faux|fausse|invalide|erreur|wrong|invalid|error|veuillez)\b", re.IGNORECASE
)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("key", ["1", ""])
@pytest.mark.parametrize("code", list(Code))
def test_a_finding_is_one_calm_sentence(code: Code, key: str, language: str) -> None:
    finding = Finding(code, Demand.CONFIRM, key, 348, 300, 4_700, mended=MENDED)
    with translation.override(language):
        said = wording.sentence(finding, NAMED if key else Named(device="A", other="B"))
        bare = wording.sentence(Finding(code, Demand.CONFIRM, "1", 348), Named(meter="Noir"))
    assert said and said[-1] in ".?" and "%(" not in said + bare
    assert not ACCUSES.search(said + bare)


@pytest.mark.parametrize(
    ("names", "said"),
    [([], ""), (["noir"], "noir"), (["noir", "couleur", "total"], "noir, couleur et total")],
)
def test_names_stand_in_a_row(names: list[str], said: str) -> None:
    with translation.override("fr"):
        assert wording.in_a_row(names) == said


def test_a_rollover_names_the_last_value_of_the_display() -> None:
    finding = Finding(Code.ROLLED_OVER, Demand.CONFIRM, "1", 750)
    with translation.override("en"):
        assert "after 999,999?" in wording.sentence(finding, NAMED)
