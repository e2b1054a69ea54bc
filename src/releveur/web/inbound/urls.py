from __future__ import annotations

from django.urls import path

from releveur.web.inbound import arrivals

app_name = "inbound"

urlpatterns = [path("arrived", arrivals.arrived, name="arrived")]
