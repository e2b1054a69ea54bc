"""The addresses: each surface brings its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("releveur.web.portal.urls")),
    path("mail/", include("releveur.web.inbound.urls")),
    path("", include("releveur.web.health.urls")),
    # Outside of a demonstration each of its pages is a 404.
    path("demo/", include("releveur.web.demo.urls")),
]

handler400 = "releveur.web.failure.bad_request"
handler404 = "releveur.web.failure.not_found"
handler500 = "releveur.web.failure.server_error"
