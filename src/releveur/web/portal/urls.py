from __future__ import annotations

from django.urls import path

from releveur.web.portal import devices, landing, language, own, receipts, signing_in, stopping

app_name = "portal"

urlpatterns = [
    path("r/<str:key>", landing.enter, name="enter"),
    path("ne-plus-ecrire/<str:key>", stopping.stop, name="stop"),
    path("releves", devices.devices, name="devices"),
    path("releves/recu/<str:number>", receipts.receipt, name="receipt"),
    path("releves/photo/<int:proof>", receipts.photo, name="photo"),
    path("connexion", signing_in.ask, name="login"),
    path("connexion/code", signing_in.code, name="code"),
    path("connexion/lien/<str:key>", signing_in.follow, name="follow"),
    path("deconnexion", signing_in.leave, name="leave"),
    path("mes-releves", own.own, name="own"),
    path("mes-releves/<int:invitation>", own.enter, name="open"),
    path("compteur", landing.where, name="where"),
    path("langue", language.choose, name="language"),
    path("logo.png", landing.logo, name="logo"),
    path("dealer-<str:colour>.css", landing.colours, name="colours"),
]
