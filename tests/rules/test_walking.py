"""Who walks with the sheet meets the devices in its order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.walking import NO_FLOOR, natural, place


@pytest.mark.parametrize(
    ("location", "floor"),
    [
        ("Sous-sol", -1),
        ("2e sous-sol, archives", -2),
        ("Sous-sol 2", -2),
        ("SS1", -1),
        ("Niveau -1", -1),
        ("R-2", -2),
        ("Parking, -3", -3),
        ("Tour 2e étage", 2),
        ("Basement", -1),
        ("RDC", 0),
        ("Étude, rez-de-chaussée", 0),
        ("Rez de chaussée", 0),
        ("Ground floor", 0),
        ("R+0", 0),
        ("Entresol", 0.5),
        ("Comptabilité, 1er étage", 1),
        ("1ER ETAGE", 1),
        ("2ème étage", 2),
        ("2nd étage", 2),
        ("étage 3", 3),
        ("R+4", 4),
        ("Niveau 5", 5),
        ("3rd floor", 3),
        ("premier étage", 1),
        ("12e étage", 12),
        ("Bureau de Me Aubrac", NO_FLOOR),
        ("Salle B204", NO_FLOOR),
        ("Labo chimie 2", NO_FLOOR),
        ("Porte 3-4", NO_FLOOR),
        ("", NO_FLOOR),
    ],
)
def test_a_floor_is_recognised_as_people_write_it(location: str, floor: float) -> None:
    assert place(location).floor == floor


def test_a_building_is_left_before_the_next_one_is_entered() -> None:
    walk = [
        "Loge",
        "Bât. A, sous-sol",
        "Bâtiment A, RDC, accueil",
        "Bât A - 1er étage - bureau 9",
        "Bât. A – 1er étage – bureau 30",
        "bat. A 10e étage",
        "Bât. A, cafétéria",
        "Bâtiment B, 1er étage",
        "Bât. 2, RDC",
    ]
    in_order = [*walk[:1], walk[8], *walk[1:8]]
    shuffled = random.Random(4).sample(walk, len(walk))
    assert sorted(shuffled, key=place) == in_order


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_text_has_a_place(locations: list[str]) -> None:
    places = sorted(map(place, locations))
    assert places == sorted(map(place, reversed(locations)))


@given(st.integers(0, 99), st.integers(0, 99))
def test_numbers_are_compared_by_their_size(one: int, other: int) -> None:
    assert (natural(f"Salle {one}") < natural(f"Salle {other}")) == (one < other)
