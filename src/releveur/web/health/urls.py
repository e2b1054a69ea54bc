from __future__ import annotations

from django.urls import path

from releveur.web.health import numbers, standing

app_name = "health"

urlpatterns = [
    path("health/live", standing.live, name="live"),
    path("health/ready", standing.ready, name="ready"),
    path("metrics", numbers.metrics, name="metrics"),
]
