from __future__ import annotations

from django.urls import path

from releveur.web.demo import clockwork, design, gallery, mails, window

app_name = "demo"

urlpatterns = [
    path("", window.window, name="window"),
    path("avancer", clockwork.advance, name="advance"),
    path("valider", clockwork.sign, name="sign"),
    path("suite", clockwork.next_period, name="next_period"),
    path("prefacturation.csv", window.basis, name="basis"),
    path("design", design.design, name="design"),
    path("mails", gallery.gallery, name="gallery"),
    path(
        "mails/<int:reader>/<str:theme>/<str:language>/<path:kind>", gallery.frame, name="specimen"
    ),
    path("mail/<str:number>", mails.html, name="mail"),
]
