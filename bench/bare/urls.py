from __future__ import annotations

from django.urls import path

from bench.bare import pages, submitting

urlpatterns = [
    path("r/<str:key>", pages.landing),
    path("releves", pages.declaration),
    path("releves/envoyer", submitting.submit),
]
