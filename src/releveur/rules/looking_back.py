"""How far back a customer is charged for what was billed too little: a word first, then the invoice.

Energy suppliers in France may not catch up on consumption older than fourteen months (Code de la
consommation, L224-11). Printers are no energy; the custom is known all the same. No impression is lost: what
is older is counted out, so that somebody looks at it before it is invoiced.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from releveur.rules.metering import Corrected
from releveur.rules.schedule import due_on


def too_old(periods: Iterable[Corrected], *, on: date, months: int) -> int:
    """The impressions to be charged for periods that ended before so many months; 0 where money goes back.

    What was billed too much is given back however old it is, and first of all on what was too little.

    >>> old = Corrected(date(2021, 1, 5), date(2021, 4, 5), billed=1_000, printed=1_300)
    >>> new = Corrected(date(2021, 4, 5), date(2021, 7, 5), billed=1_000, printed=1_200)
    >>> too_old([old, new], on=date(2022, 7, 5), months=14)
    300
    """
    begin = due_on(on, months, -1)
    return max(0, sum(one.difference for one in periods if one.until < begin))
