"""Whether silence pays: what was estimated of those who stayed silent, against what was read later.

An estimate is compared as soon as a real reading follows it: with the line between the real readings around
its day, in the same segment. Its error is in impressions (above 0: more was billed than printed) and in
percent of what was really printed since the reading that the estimate started from.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from psycopg import sql

NAMED = 20
"""Devices that were silent again and again that are named; the number counts all."""

REAL = sql.SQL("""
    quality <> 'ESTIMATED' AND NOT proposed
    AND NOT EXISTS (SELECT FROM readings_withdrawal WHERE reading_id = one.id)
    AND NOT EXISTS (SELECT FROM readings_reading AS after WHERE after.supersedes_id = one.id)
""")
TOLD = sql.SQL("""
    WITH silent AS MATERIALIZED (
        SELECT due.campaign_id, due.meter_id, due.installation_id, guess.taken_on, guess.value, guess.segment,
            (guess.explanation #>> '{{inputs,since_value}}')::bigint AS since_value
        FROM campaigns_duereading AS due
        JOIN readings_reading AS guess ON guess.id = due.reading_id AND guess.source = 'SYSTEM'
        JOIN campaigns_campaign AS campaign ON campaign.id = due.campaign_id AND campaign.state IN ('CLOSED', 'SIGNED')
        WHERE due.kind = 'PERIODIC' AND (%(campaign)s::bigint IS NULL OR due.campaign_id = %(campaign)s)
            AND EXISTS (SELECT FROM campaigns_asked WHERE due_reading_id = due.id)
    ), told AS MATERIALIZED (
        SELECT silent.campaign_id, silent.meter_id, silent.installation_id, silent.value,
            coalesce(silent.since_value, before.value) AS since_value,
            silent.value - round(CASE WHEN later.taken_on = silent.taken_on THEN later.value
                ELSE before.value + (later.value - before.value)::numeric
                    * (silent.taken_on - before.taken_on) / (later.taken_on - before.taken_on) END)::bigint AS error
        FROM silent
        LEFT JOIN LATERAL (
            SELECT taken_on, value FROM readings_reading AS one
            WHERE meter_id = silent.meter_id AND segment = silent.segment AND taken_on >= silent.taken_on AND {real}
            ORDER BY taken_on, id DESC LIMIT 1
        ) AS later ON true
        LEFT JOIN LATERAL (
            SELECT taken_on, value FROM readings_reading AS one
            WHERE meter_id = silent.meter_id AND segment = silent.segment AND taken_on < silent.taken_on AND {real}
            ORDER BY taken_on DESC, id DESC LIMIT 1
        ) AS before ON true
    )
""").format(real=REAL)
"""Each estimate of somebody silent, with its error where a real reading followed."""

SUMMED = sql.SQL("""
    {told}, measured AS (
        SELECT campaign_id, error,
            CASE WHEN value - error > since_value THEN 100.0 * error / (value - error - since_value) END AS percent
        FROM told
    )
    SELECT campaign_id, count(*), count(error), avg(error), percentile_cont(0.5) WITHIN GROUP (ORDER BY error),
        avg(percent), percentile_cont(0.5) WITHIN GROUP (ORDER BY percent),
        coalesce(sum(error) FILTER (WHERE error > 0), 0)::bigint,
        coalesce(-sum(error) FILTER (WHERE error < 0), 0)::bigint,
        count(*) FILTER (WHERE error < 0)
    FROM measured GROUP BY GROUPING SETS ((campaign_id), ()) ORDER BY campaign_id NULLS LAST
""").format(told=TOLD)

AGAIN = sql.SQL("""
    {told}, of_devices AS (
        SELECT customer.code, device.serial, count(DISTINCT told.campaign_id) AS times,
            coalesce(sum(told.error), 0)::bigint AS error
        FROM told
        JOIN fleet_meter AS meter ON meter.id = told.meter_id
        JOIN fleet_device AS device ON device.id = meter.device_id
        JOIN fleet_installation AS stay ON stay.id = told.installation_id
        JOIN customers_site AS site ON site.id = stay.site_id
        JOIN customers_customer AS customer ON customer.id = site.customer_id
        GROUP BY customer.code, device.serial HAVING count(DISTINCT told.campaign_id) > 1
    )
    SELECT code, serial, times, error, count(*) OVER () FROM of_devices
    ORDER BY times DESC, error, code, serial LIMIT %(named)s
""").format(told=TOLD)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one campaign, or of all: meters estimated in silence, and how far off the estimates were.

    `too_low` of the `compared` were billed less than printed: their silence paid, until it was settled.
    Means and medians are of signed errors; None where nothing can be compared yet.
    """

    campaign: int | None
    silent: int
    compared: int
    mean_error: float | None
    median_error: float | None
    mean_percent: float | None
    median_percent: float | None
    overestimated: int
    underestimated: int
    too_low: int


@dataclass(frozen=True, slots=True)
class Again:
    """A device that was estimated in silence by several campaigns, with the sum of the errors known."""

    code: str
    serial: str
    times: int
    error: int


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Each campaign, all of them together, and the devices silent more than once, the most often first."""

    campaigns: list[Outcome]
    overall: Outcome
    silent_again: int
    named: list[Again]


def look_back(campaign: int | None = None) -> Hindsight:
    """Compare what was estimated in silence with what was read since, of one campaign or of all."""
    with connection.cursor() as cursor:
        cursor.execute(SUMMED, {"campaign": campaign})
        *campaigns, overall = [_outcome(row) for row in cursor.fetchall()]
        cursor.execute(AGAIN, {"campaign": None, "named": NAMED})
        rows = cursor.fetchall()
    again = rows[0][-1] if rows else 0
    return Hindsight(campaigns, overall, again, [Again(*row[:-1]) for row in rows])


def _outcome(row: tuple[object, ...]) -> Outcome:
    return Outcome(*(_rounded(value) for value in row))  # type: ignore[arg-type]  # as SUMMED selects them


def _rounded(value: object) -> object:
    """Means and medians to a tenth."""
    return round(float(value), 1) if isinstance(value, Decimal | float) else value
