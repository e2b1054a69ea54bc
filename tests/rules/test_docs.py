"""The worked numbers of docs/rules/ are run, and so are the examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import pytest

from releveur import rules
from releveur.rules import (
    digits,
    estimation,
    habits,
    learning,
    metering,
    reasons,
    resplitting,
    schedule,
    usual,
    validation,
)
from releveur.rules.metering import Quality, Reading

DOCS = Path(__file__).parents[2] / "docs" / "rules"
NOTED = re.compile(r"(\d{4}-\d\d-\d\d): ([\d ]+?)( estimated)?( /(\d))?")
TODAY = date(2022, 1, 5)

type Row = dict[str, str]


def table(doc: str, heading: str) -> list[Row]:
    """The rows of the table whose header line begins with `heading`."""
    lines = iter((DOCS / doc).read_text(encoding="utf-8").splitlines())
    header = next(line for line in lines if line.startswith(f"| {heading} |"))
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(cells(header), cells(line), strict=True)))
    assert rows, f"{doc} lost its table of {heading}"
    return rows


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]


def every(doc: str, heading: str) -> pytest.MarkDecorator:
    rows = table(doc, heading)
    return pytest.mark.parametrize("row", rows, ids=[" ".join(row.values()) for row in rows])


def number(text: str) -> int:
    return int(text.replace(" ", ""))


def numbers(text: str) -> list[int]:
    return [number(part) for part in text.split(",")]


def readings(text: str) -> list[Reading]:
    return [reading(part) for part in text.split("; ") if part]


def reading(text: str) -> Reading:
    noted = NOTED.fullmatch(text)
    assert noted, text
    day, value, estimated, _, segment = noted.groups()
    quality = Quality.ESTIMATED if estimated else Quality.ACTUAL
    return Reading(date.fromisoformat(day), number(value), quality, int(segment or 1))


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=schedule.PARIS)


def days(text: str) -> set[date]:
    return {date.fromisoformat(day) for day in text.split(", ") if day}


@every("metering.md", "volume")
def test_a_volume_is_cut_as_documented(row: Row) -> None:
    assert metering.split(number(row["volume"]), numbers(row["days"])) == numbers(row["parts"])


@every("metering.md", "case")
def test_a_reading_is_settled_as_documented(row: Row) -> None:
    billed, new = readings(row["billed"]), reading(row["new"])
    history = [*metering.real(billed), *readings(row["other readings"])]

    settled = metering.settle(new, billed=billed, history=history)

    assert settled == metering.settle(new, billed=billed, history=[*history, new])
    assert [settled.net, settled.of_this_period, settled.regularisation] == [
        number(row["net"]), number(row["of this period"]), number(row["regularisation"]),
    ]  # fmt: skip


@every("metering.md", "what happened")
def test_estimated_periods_are_split_again_as_documented(row: Row) -> None:
    billed, new = readings(row["billed"]), reading(row["new"])
    settled = metering.settle(
        new,
        billed=billed,
        history=[*metering.real(billed), *readings(row["other readings"])],
        weights={"DAYS": metering.by_days, "SEASON": resplitting.by_season}[row["cut by"]],
    )
    found = [
        f"{one.since} to {one.until}: {one.billed}, {one.printed}, {one.difference}"
        for one in settled.periods
    ]
    told = row["periods: billed, printed, difference"]
    assert found == [re.sub(r"(?<=\d) (?=\d)", "", one) for one in told.split("; ") if one]
    assert settled.of_this_period == number(row["of this period"])


@every("schedule.md", "first")
def test_a_contract_falls_due_as_documented(row: Row) -> None:
    first = date.fromisoformat(row["first"])
    due = schedule.due_on(first, int(row["months"]), int(row["n"]))
    assert due.isoformat() == row["due"]


@every("schedule.md", "invited")
def test_a_person_is_reminded_as_documented(row: Row) -> None:
    plan = schedule.plan(paris(row["invited"]), days(row["closed days"]))
    assert plan.reminders == tuple(paris(row[f"reminder {n}"]) for n in (1, 2, 3))
    assert plan.asks_until == paris(row["asks until"])


@every("schedule.md", "asked once")
def test_the_plans_for_a_fixed_day_of_the_page(row: Row) -> None:
    plan = schedule.plan_until(paris(row["asked once"]), date.fromisoformat(row["until"]), set())
    assert plan.reminders == tuple(paris(row[f"reminder {n}"]) for n in (1, 2, 3))


@every("schedule.md", "reminder 3 left")
def test_a_late_third_reminder_moves_the_deadline_as_documented(row: Row) -> None:
    assert schedule.asks_until_after(paris(row["reminder 3 left"]), ()) == paris(row["asks until"])


@every("schedule.md", "now")
def test_a_step_is_due_as_documented(row: Row) -> None:
    third, last = row["reminder 3"], row["last mail"]
    closures = {date(2022, 4, 18)}
    facts = schedule.Facts(
        plan=schedule.plan(paris("2022-04-05 10:00"), closures),
        reminded=int(row["reminded"]),
        answered=row["answered"] == "yes",
        last_mail_at=paris(last) if last else None,
        third_gone=third == "gone",
        waits_since=paris(third.partition("owed ")[2]) if "owed " in third else None,
        opted_out=row["answered"] == "no more mails",
        quiet_until=date.fromisoformat(row["quiet until"]) if row["quiet until"] else None,
    )
    steps: dict[str, schedule.Step | None] = {
        "nothing": None,
        "close": schedule.Close(),
    }
    steps |= {f"remind {n}": schedule.Remind(n) for n in (1, 2, 3)}

    step = schedule.due_step(facts, closures=closures, now=paris(row["now"]))

    assert step == steps[row["step"]]


@every("estimation.md", "case")
def test_a_meter_is_estimated_as_documented(row: Row) -> None:
    found = estimation.estimate(
        readings(row["real readings"]),
        on=date.fromisoformat(row["day"]),
        billed=reading(row["billed"]) if row["billed"] else None,
        monthly_volume=number(row["VMM"]) if row["VMM"] else None,
        model_daily=Fraction(row["of the model"]) if row["of the model"] else None,
    )
    assert (found.method.value, found.volume, found.value) == (
        row["method"], number(row["volume"]), number(row["value"]),
    )  # fmt: skip


def test_an_estimate_explains_itself_as_documented() -> None:
    page = (DOCS / "estimation.md").read_text(encoding="utf-8")
    quoted = " ".join(line.removeprefix("> ") for line in page.splitlines() if line.startswith(">"))
    history = readings(table("estimation.md", "case")[0]["real readings"])

    words = reasons.words(estimation.estimate(history, on=date(2022, 4, 5)))

    assert words["fr"].replace("\u202f", " ") == quoted


@every("validation.md", "impressions of past spans of 90 days")
def test_usual_volumes(row: Row) -> None:
    volumes = numbers(told) if (told := row["impressions of past spans of 90 days"]) else []
    values = accumulate(volumes, initial=10_000)
    past = [Reading(TODAY + n * timedelta(90), value) for n, value in enumerate(values)]
    since = past[-1].taken_on
    assert f"{habits.spread(past, until=since):.3f}" == row["s"]
    found = usual.usual_volume(
        past,
        since=since,
        until=since + timedelta(number(row["days"])),
        expected=number(row["expected"]) if row["expected"] else None,
    )
    assert found == ((number(row["from"]), number(row["to"])) if row["from"] else None)


@every("validation.md", "expected")
def test_a_volume_is_usual_as_documented(row: Row) -> None:
    usual = validation.usual_range(number(row["expected"]), validation.Limits())
    assert usual == (number(row["lowest"]), number(row["highest"]))


@every("validation.md", "last real")
def test_a_value_is_found_surprising_as_documented(row: Row) -> None:
    def past(text: str) -> Reading | None:
        return reading(f"{TODAY}: {text}") if text else None

    seen = validation.Seen(
        key="mono",
        new=reading(f"2022-04-05: {row['new']}"),
        last_real=past(row["last real"]),
        last_billed=past(row["last billed"]),
        expected=number(row["expected"]) if row["expected"] else None,
    )
    found = [(one.code.value, one.demand.value, one.over) for one in validation.check([seen])]
    awaited = (row["finding"], row["asks"], number(row["over"] or "0"))
    assert found == ([awaited] if row["finding"] else [])


def test_every_finding_is_explained() -> None:
    named = {
        name for row in table("validation.md", "finding") for name in row["finding"].split(", ")
    }
    assert named == set(validation.Code)


def test_the_priors_are_the_documented_ones() -> None:
    told = {row["prior"]: float(row["value"]) for row in table("validation.md", "prior")}
    assert told == asdict(validation.PRIORS)


@every("validation.md", "of")
def test_a_prior_is_learned_as_documented(row: Row) -> None:
    code = next(code for code, name in learning.NAMES.items() if name == row["of"])
    seen = learning.Lessons(number(row["declarations"]), {code: number(row["proved right"])})
    assert f"{getattr(learning.learned(seen), row['of']):.4f}" == row["learned"]


@every("validation.md", "impressions of past quarters")
def test_a_meter_is_as_regular_as_documented(row: Row) -> None:
    told = row["impressions of past quarters"]
    values = accumulate(numbers(told) if told else [], initial=10_000)
    past = [Reading(TODAY + n * timedelta(91), value) for n, value in enumerate(values)]
    assert f"{habits.spread(past):.2f}" == row["spread"]


@every("validation.md", "typed black")
def test_two_counters_are_diagnosed_as_documented(row: Row) -> None:
    meters = [
        validation.Seen(
            kind, Reading(date(2022, 4, 5), number(row[f"typed {name}"])), last, last, expected,
            kind=kind, spread=0.2,
        )
        for kind, name, last, expected in (
            ("MONO", "black", Reading(TODAY, 39_684), 1_500),
            ("COLOR", "colour", Reading(TODAY, 89_675), 700),
        )
    ]  # fmt: skip
    found = [(one.code, one.demand, dict(one.mended)) for one in validation.check(meters)]
    proposed = {"MONO": row["proposes black"], "COLOR": row["proposes colour"]}
    mended = {kind: number(value) for kind, value in proposed.items() if value}
    assert found == ([(row["asked"], row["asks"], mended)] if row["asked"] else [])


@every("validation.md", "text")
@pytest.mark.parametrize(
    ("column", "read"), [("typed", digits.typed), ("in a file", digits.of_a_file)]
)
def test_a_number_is_read_as_documented(row: Row, column: str, read: Callable[[str], int]) -> None:
    try:
        outcome = str(read(row["text"].strip("`")))
    except ValueError as refusal:
        outcome = type(refusal).__name__
    assert outcome == row[column]


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(rules.__path__)])
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"releveur.rules.{name}"))
    assert result.attempted, f"{name} shows no example"
    assert not result.failed
