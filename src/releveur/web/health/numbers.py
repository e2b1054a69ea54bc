"""Numbers for Prometheus: what stands in the database is counted when asked, durations come from the processes.

Several processes that answer write their durations into one folder (`PROMETHEUS_MULTIPROC_DIR`, set by
`releveur serve`), so that whichever is asked tells for all of them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from releveur import clock
from releveur.campaigns.models import Campaign, DueReading
from releveur.outbox import holding
from releveur.outbox.models import Mail

LOOPBACK = {"127.0.0.1", "::1"}


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Off, or asked by a stranger: not there."""
    if not settings.METRICS or not _may_read(request):
        raise Http404
    counted = CollectorRegistry()
    counted.register(_Counted())
    measured = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        measured = CollectorRegistry()
        MultiProcessCollector(measured)  # type: ignore[no-untyped-call]  # the library's
    text = generate_latest(counted) + generate_latest(measured)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if token := settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return secrets.compare_digest(given, f"Bearer {token}".encode())
    # Behind a proxy of this machine everybody comes from here.
    forwarded = request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded")
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not forwarded


class _Counted(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        mails = Mail.objects.order_by("state").values_list("state").annotate(Count("pk"))
        yield _family("releveur_mails", "Mails by state", dict(mails), Mail.State)
        campaigns = Campaign.objects.order_by("state").values_list("state").annotate(Count("pk"))
        yield _family("releveur_campaigns", "Campaigns by state", dict(campaigns), Campaign.State)
        oldest = Mail.objects.filter(state=Mail.State.OWED).aggregate(at=Min("owed_at"))["at"]
        waits = max((clock.now() - oldest).total_seconds(), 0) if oldest else 0
        yield GaugeMetricFamily(
            "releveur_oldest_owed_mail_seconds", "Age of the mail that waits longest", value=waits
        )
        unanswered = DueReading.objects.unanswered().exclude(campaign__state=Campaign.State.SIGNED)
        yield GaugeMetricFamily(
            "releveur_due_readings_unanswered",
            "Readings asked for and not given, of unsigned campaigns",
            value=unanswered.count(),
        )
        held = float(holding.why() is not None)
        yield GaugeMetricFamily("releveur_held", "1: no mail leaves before a word", value=held)


def _family(
    name: str, words: str, found: dict[str, int], states: type[Mail.State | Campaign.State]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=["state"])
    for state in states:
        family.add_metric([state.value], found.get(state.value, 0))
    return family
