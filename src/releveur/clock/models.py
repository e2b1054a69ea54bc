from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Instant(models.Model):
    """Where the test clock stands. An installation on real time has no row."""

    id = models.SmallAutoField(primary_key=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        constraints = [
            models.CheckConstraint(name="there_is_one_clock", condition=models.Q(pk=1)),
        ]

    def __str__(self) -> str:
        return self.at.isoformat()
