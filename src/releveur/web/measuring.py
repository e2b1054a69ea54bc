"""How long pages take, for `/metrics`: by the name of the page, of which there are as many as we wrote."""

from __future__ import annotations

from django.conf import settings
from prometheus_client import Histogram

METHODS = {"GET", "HEAD", "POST", "OPTIONS"}

SECONDS = Histogram(
    "releveur_request_seconds",
    "Duration of answered requests",
    ["page", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def answered(page: str, *, method: str, status: int, seconds: float) -> None:
    """Count one request; statuses by their hundred."""
    if settings.METRICS:
        SECONDS.labels(page, method, f"{status // 100}xx").observe(seconds)
