from __future__ import annotations

from django.urls import path

from releveur.web.demo import clockwork, mails, window

app_name = "demo"

urlpatterns = [
    path("", window.window, name="window"),
    path("avancer", clockwork.advance, name="advance"),
    path("valider", clockwork.sign, name="sign"),
    path("suite", clockwork.next_period, name="next_period"),
    path("prefacturation.csv", window.basis, name="basis"),
    path("mail/<str:number>", mails.html, name="mail"),
]
