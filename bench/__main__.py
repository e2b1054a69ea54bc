"""The door of script/bench: measure what is asked, print it, keep nothing."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
django.setup()

from bench import closing, databases, exporting, growing, importing, mails, opening, portal  # noqa: E402  # models need django.setup()
from bench.frame import Bench  # noqa: E402  # as above
from bench.rounds import Row  # noqa: E402  # as above
from bench.vee import estimates, reaching  # noqa: E402  # as above

MEASURES: Mapping[str, Callable[[Bench], list[Row]]] = {
    "landing": portal.measure_landing,
    "declare": portal.measure_declaration,
    "submit": portal.measure_submission,
    "import": importing.measure,
    "reimport": importing.measure_again,
    "import_many": importing.measure_many,
    "open": opening.measure,
    "mail_deliver": mails.measure_delivery,
    "mail_all": mails.measure_all,
    "close": closing.measure,
    "close_growth": closing.measure_growth,
    "export_csv": exporting.measure_csv,
    "export_xlsx": exporting.measure_workbook,
    "pages_at_size": growing.measure,
    "vee": lambda bench: [*estimates.measure_estimates(bench), *reaching.measure_checks(bench)],
}


def main() -> None:
    given = _arguments()
    # Told to end, it ends the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(1))
    own = databases.own(durable=not given.quick)
    own.prepare()
    bench = Bench(own, quick=given.quick, most_rounds=given.rounds)
    rows: list[Row] = []
    try:
        for name in given.names or MEASURES:
            found = MEASURES[name](bench)
            rows += found
            if not given.json:
                sys.stdout.writelines(map(_line, found))
                sys.stdout.flush()
            if not given.quick:
                own.tidy()
    finally:
        own.tidy()
    if given.json:
        sys.stdout.write(json.dumps([row.plain() for row in rows], indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *MEASURES])
    parser.add_argument("--json", action="store_true", help="rows for a program")
    parser.add_argument("--quick", action="store_true", help="tiny worlds: only that it works")
    parser.add_argument("--rounds", type=int, help="fewer rounds, for a first look")
    return parser.parse_args()


def _line(row: Row) -> str:
    verdict = "met" if row.met else "NOT MET"
    return (
        f"{row.name:28} {row.value:>9g} {row.unit:9} limit {row.limit:>9g}  ratio {row.ratio:>6g}"
        f" ({row.reach}, {verdict}; {row.rounds} rounds, spread {row.spread:.0%})\n"
    )


if __name__ == "__main__":
    main()
