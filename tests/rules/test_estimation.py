"""An estimate rests on real readings only, is never negative, and can be computed again."""

from __future__ import annotations

import json
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.estimation import (
    Method,
    Surroundings,
    daily_volume,
    estimate,
    expected_volume,
    model_daily,
    recompute,
)
from releveur.rules.metering import Quality, Reading
from releveur.rules.reasons import words
from tests.rules.test_estimation_of_many import surroundings

JANUARY, APRIL = date(2022, 1, 5), date(2022, 4, 5)
LAST = Reading(JANUARY, 39_684)

readings = st.builds(
    Reading,
    taken_on=st.dates(date(2019, 1, 1), date(2022, 12, 31)),
    value=st.integers(0, 10**7),
    quality=st.sampled_from(Quality),
    segment=st.integers(1, 3),
)
facts = st.fixed_dictionaries(
    {
        "history": st.lists(readings, max_size=8),
        "on": st.dates(date(2020, 1, 1), date(2024, 12, 31)),
        "billed": st.none() | readings,
        "monthly_volume": st.none() | st.integers(0, 100_000),
        "model_daily": st.none() | st.fractions(0, 1_000, max_denominator=400),
        "around": st.none() | surroundings,
    }
)


@given(facts)
def test_an_estimate_is_never_negative_nor_below_what_was_read_or_billed(
    known: dict[str, Any],
) -> None:
    found = estimate(**known)
    assert found.value >= found.volume >= 0
    assert found.value >= int(found.inputs.get("since_value", 0))
    assert found.value >= int(found.inputs.get("billed_value", 0))


@given(facts)
def test_an_estimate_can_be_computed_again_from_what_is_stored_with_it(
    known: dict[str, Any],
) -> None:
    found = estimate(**known)
    stored = json.loads(json.dumps(found.inputs))
    assert recompute(Method(found.method.value), stored) == found


OF_VERSION_1: dict[str, int | str] = {
    "on": "2022-09-01", "since": "2022-07-01", "since_value": 19_090, "since_quality": "ACTUAL",
    "days": 62, "year_daily": "1818/73", "same_days_daily": "0",
}  # fmt: skip


def test_an_estimate_of_the_first_version_is_computed_again_as_it_was() -> None:
    found = recompute(Method.YEAR, OF_VERSION_1, version=1)
    assert (found.value, found.volume, found.inputs) == (19_862, 772, OF_VERSION_1)
    assert (found.low, found.high) == (19_862, 19_862), "it had no interval"
    assert "les mêmes jours un an plus tôt (0,00)." in words(found)["fr"]


@given(facts)
def test_an_estimate_lies_in_its_interval(known: dict[str, Any]) -> None:
    found = estimate(**known)
    assert found.low <= found.value <= found.high
    assert found.low >= int(found.inputs.get("billed_value", 0))


@given(facts)
def test_estimates_of_the_past_do_not_feed_new_ones(known: dict[str, Any]) -> None:
    real = [one for one in known["history"] if one.quality.is_real]
    if real:
        assert estimate(**known | {"history": real}) == estimate(**known)


@given(facts)
def test_an_estimate_explains_itself_in_both_languages(known: dict[str, Any]) -> None:
    found = estimate(**known)
    said = words(found)
    assert f"{found.value:,}" in said["en"]
    assert f"{found.value:,}".replace(",", "\u202f") in said["fr"]
    assert not any(f" {mark}" in said["fr"] for mark in ":;!?"), "a narrow space before them"


@given(
    st.integers(0, 500),
    st.lists(st.integers(1, 200), min_size=1, max_size=9),
    st.integers(1, 400),
)
def test_a_meter_that_prints_evenly_is_estimated_to_the_page(
    daily: int, gaps: list[int], ahead: int
) -> None:
    day, value, history = date(2018, 1, 1), 1_000, [Reading(date(2018, 1, 1), 1_000)]
    for gap in gaps:
        day, value = day + timedelta(gap), value + gap * daily
        history.append(Reading(day, value))
    found = estimate(history, on=day + timedelta(ahead))
    assert found.value == value + ahead * daily
    assert found.method is (Method.YEAR if sum(gaps) >= 365 else Method.MEAN)


def test_readings_after_the_day_are_left_aside() -> None:
    before = [Reading(date(2021, 10, 5), 38_764), LAST]
    later = Reading(date(2022, 5, 1), 60_000)
    assert estimate([*before, later], on=APRIL) == estimate(before, on=APRIL)


def test_a_meter_read_on_the_very_day_has_printed_nothing_since() -> None:
    found = estimate([Reading(date(2020, 1, 1), 0), LAST], on=JANUARY)
    assert (found.value, found.volume, found.method) == (39_684, 0, Method.YEAR)


def test_a_billed_index_of_another_segment_is_no_floor() -> None:
    new_board = Reading(JANUARY, 0, segment=2)
    found = estimate([LAST, new_board], on=APRIL, billed=LAST, monthly_volume=500)
    assert found.value == 1_479


def test_an_estimate_held_at_the_billed_index_says_so() -> None:
    billed = Reading(date(2022, 2, 5), 42_000, Quality.ESTIMATED)
    said = words(estimate([LAST], on=APRIL, billed=billed, monthly_volume=500))
    assert "index déjà facturé, maintenu" in said["fr"]
    assert "already invoiced, kept" in said["en"]


def test_one_page_and_one_day_are_singular() -> None:
    said = words(estimate([LAST], on=date(2022, 1, 6), monthly_volume=30))
    assert " 1 impression en 1 jour depuis" in said["fr"]
    assert " 1 impression in 1 day since" in said["en"]


def test_each_method_names_its_source() -> None:
    past = [Reading(date(2021, 10, 5), 38_764), LAST]
    assert "moyenne du 05/10/2021 au 05/01/2022" in words(estimate(past, on=APRIL))["fr"]
    assert (
        "(VMM) de 1\u202f500 × 12 ÷ 365"
        in words(estimate([LAST], on=APRIL, monthly_volume=1_500))["fr"]
    )
    assert (
        "médiane des compteurs du même modèle"
        in words(estimate([LAST], on=APRIL, model_daily=Fraction(76, 5)))["fr"]
    )
    assert "aucun volume n’est connu" in words(estimate([LAST], on=APRIL))["fr"]
    assert "aucun relevé n’est connu" in words(estimate([], on=APRIL))["fr"]


def test_what_it_was_multiplied_by_is_said() -> None:
    past = [
        Reading(JANUARY.replace(year=year), 10_000 * (year - 2018)) for year in range(2018, 2023)
    ]
    quiet = (10_000,) * 6 + (5_000,) * 2 + (12_500,) * 4
    kin = Surroundings(season=quiet, factor=Fraction(26, 25), reporters=12)
    said = words(estimate(past, on=date(2022, 9, 1), around=kin))
    assert (
        "\u202f; ces jours de l’année sont d’habitude plus calmes de" in said["fr"]
        and "ici et pour les matériels comparables" in said["fr"]
    )
    assert (
        "les matériels comparables ont imprimé 4\u202f% de plus que prévu cette fois." in said["fr"]
    )
    assert "; comparable devices printed 4% more than expected this time." in said["en"]


def test_what_changes_less_than_a_hundredth_is_not_worth_a_word() -> None:
    kin = Surroundings(factor=Fraction(1_004, 1_000), reporters=12)
    said = words(estimate([LAST], on=APRIL, monthly_volume=1_500, around=kin))
    assert said["fr"].endswith("× 12 ÷ 365.")


def test_nobody_prints_more_than_the_model_can() -> None:
    past = [Reading(date(2021, 12, 6), 0), Reading(JANUARY, 30 * 100_000)]
    kin = Surroundings(pages_a_minute=30)
    found = estimate(past, on=date(2022, 1, 12), around=kin)
    assert found.volume == 30 * 60 * 8 * 5
    assert "limité à ce que ce modèle peut imprimer" in words(found)["fr"]


def test_a_daily_volume_is_known_between_real_readings_only() -> None:
    history = [
        Reading(date(2021, 10, 7), 38_784),
        Reading(date(2021, 12, 1), 1, Quality.ESTIMATED),
        LAST,
    ]
    assert daily_volume(history, date(2021, 11, 1), JANUARY) == 10
    assert daily_volume(history, date(2021, 10, 6), JANUARY) is None
    assert daily_volume(history, JANUARY, date(2022, 1, 6)) is None
    assert daily_volume(history, JANUARY, JANUARY) is None


def test_five_meters_speak_for_a_model_and_four_do_not() -> None:
    def prints(daily: int) -> list[Reading]:
        return [Reading(date(2021, 12, 26), 0), Reading(JANUARY, 10 * daily)]

    meters = [prints(daily) for daily in (5, 1, 900, 7, 2)]
    assert model_daily([*meters, [LAST], []]) == 5
    assert model_daily([*meters[:4], [LAST], []]) is None


def test_the_expected_volume_is_the_estimate_from_the_last_reading() -> None:
    past = [Reading(date(2021, 10, 7), 38_784), LAST]
    new = Reading(APRIL, 99_999)
    expected = expected_volume([*past, new], since=JANUARY, until=APRIL, monthly_volume=None)
    assert expected == estimate(past, on=APRIL).volume == 900


def test_nothing_is_expected_of_a_meter_without_a_past() -> None:
    assert expected_volume([LAST], since=JANUARY, until=APRIL, monthly_volume=None) is None
    assert expected_volume([LAST], since=JANUARY, until=APRIL, monthly_volume=500) == 1_479
