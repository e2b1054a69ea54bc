"""What a meter of the demonstration shows on a day: the same on every machine, with no chance in it.

Offices print less in August and at Christmas, printed little in the spring of 2020, and never twice
the same.
"""

from __future__ import annotations

import zlib
from datetime import date, timedelta
from functools import cache

from releveur.ops.demo.machines import LAST, Machine, Register

SEASON = (104, 102, 108, 98, 96, 100, 78, 46, 112, 108, 104, 84)
"""Percent of an average month, from January on."""

CONFINED = {(2020, 4): 35, (2020, 5): 50, (2020, 11): 70}
"""Percent of what those months would have been."""


def value_on(machine: Machine, label: str, day: date) -> int:
    """The value a meter shows; `on_last` on the day of the last quarterly reading.

    After a new board it counts from zero; a device that is off stands still.
    """
    register = machine.registers[label]
    born = machine.new_board_on
    if born and day > born:
        return _printed(machine, label, _awake(machine, day)) - _printed(machine, label, born)
    since_last = _printed(machine, label, _awake(machine, day)) - _printed(
        machine, label, _awake(machine, LAST)
    )
    return max(register.on_last + since_last, 0)


def _awake(machine: Machine, day: date) -> date:
    return min(day, machine.off_since) if machine.off_since else day


def _printed(machine: Machine, label: str, day: date) -> int:
    """Impressions from the first day of 2019 up to the morning of `day`."""
    register = machine.registers[label]
    months = [(year, month) for year in range(2019, day.year + 1) for month in range(1, 13)]
    whole = sum(
        _of_a_month(machine.serial, label, register, *one)
        for one in months
        if one < (day.year, day.month)
    )
    length = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day.replace(day=1)).days
    begun = _of_a_month(machine.serial, label, register, day.year, day.month)
    return whole + begun * (day.day - 1) // length


@cache
def _of_a_month(serial: str, label: str, register: Register, year: int, month: int) -> int:
    mood = 88 + zlib.crc32(f"{serial} {label} {year}-{month}".encode()) % 25
    confined = CONFINED.get((year, month), 100)
    return register.monthly * SEASON[month - 1] * mood * confined // 1_000_000
