"""Machine time: leases, tries, codes and limits are counted on the database's clock, one for all machines."""

from __future__ import annotations

from django.db.models import DateTimeField, Func


class MachineNow(Func):
    """The database's clock, which goes on within a transaction; never compared with business time."""

    function = "clock_timestamp"
    output_field = DateTimeField()
    arity = 0
