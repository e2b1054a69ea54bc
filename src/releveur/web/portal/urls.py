from __future__ import annotations

from django.urls import path

from releveur.web.portal import (
    devices,
    landing,
    language,
    own,
    printed,
    receipts,
    signing_in,
    spreadsheet,
)

app_name = "portal"

urlpatterns = [
    path("r/<str:key>", landing.enter, name="enter"),
    path("releves", devices.devices, name="devices"),
    path("releves/tableur", spreadsheet.download, name="spreadsheet"),
    path("releves/tableur/envoyer", spreadsheet.send, name="send_spreadsheet"),
    path("releves/feuille", printed.printed, name="printed"),
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
