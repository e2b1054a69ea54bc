"""What every measurement is given: the databases, and how large its worlds are this time."""

from __future__ import annotations

from dataclasses import dataclass

from bench.databases import Databases

SMALLER = 1_000
"""A smoke run only shows that everything works."""

SMALLEST = 42


@dataclass(frozen=True, slots=True)
class Bench:
    databases: Databases
    quick: bool = False
    most_rounds: int | None = None

    def size(self, full: int) -> int:
        return max(full // SMALLER, SMALLEST) if self.quick else full

    def rounds(self, full: int) -> int:
        return 1 if self.quick else min(full, self.most_rounds or full)
