from __future__ import annotations

from django.urls import path

from releveur.web.portal import (
    appointments,
    colleagues,
    devices,
    landing,
    language,
    own,
    pages,
    printed,
    problem,
    receipts,
    signing_in,
    spreadsheet,
    stopping,
    where,
)

app_name = "portal"

urlpatterns = [
    path("r/<str:key>", landing.enter, name="enter"),
    path("ne-plus-ecrire/<str:key>", stopping.stop, name="stop"),
    path("releves", devices.devices, name="devices"),
    path("releves/materiel/<int:device>", devices.device, name="device"),
    path("releves/materiel/<int:device>/probleme", problem.problem, name="problem"),
    path("releves/materiel/<int:device>/probleme/retirer", problem.take_back, name="problem_back"),
    path("releves/materiel/<int:device>/compteur", where.of_device, name="where_of"),
    path("releves/materiel/<int:device>/question", devices.question, name="question"),
    path("releves/tableur", spreadsheet.download, name="spreadsheet"),
    path("releves/tableur/envoyer", spreadsheet.send, name="send_spreadsheet"),
    path("releves/feuille", printed.printed, name="printed"),
    path("releves/recu/<str:number>", receipts.receipt, name="receipt"),
    path("releves/recu/<str:number>/annuler", receipts.undo, name="undo"),
    path("releves/photo", receipts.receive, name="receive"),
    path("releves/photo/<int:proof>", receipts.photo, name="photo"),
    path("releves/transmettre", colleagues.hand_over, name="hand_over"),
    path("releves/transmettre/<int:handover>/reprendre", colleagues.take_back, name="take_back"),
    path("releves/plus-moi", colleagues.not_me, name="not_me"),
    path("plus-moi/<str:key>", colleagues.not_me_by_mail, name="not_me_by_mail"),
    path("releves/rendez-vous", appointments.ask, name="appointment"),
    path("releves/rendez-vous/merci", appointments.asked, name="appointment_asked"),
    path(
        "releves/rendez-vous/<int:appointment>/annuler",
        appointments.cancel,
        name="appointment_cancel",
    ),
    path(
        "releves/rendez-vous/<int:appointment>/rendez-vous.ics",
        appointments.calendar,
        name="appointment_calendar",
    ),
    path("connexion", signing_in.ask, name="login"),
    path("connexion/code", signing_in.code, name="code"),
    path("connexion/lien/<str:key>", signing_in.follow, name="follow"),
    path("deconnexion", signing_in.leave, name="leave"),
    path("mes-releves", own.own, name="own"),
    path("mes-releves/<int:invitation>", own.enter, name="open"),
    path("compteur", where.anywhere, name="where"),
    path("accessibilite", pages.accessibility, name="accessibility"),
    path("mentions-legales", pages.legal, name="legal"),
    path("donnees-personnelles", pages.personal_data, name="personal_data"),
    path(".well-known/security.txt", pages.security, name="security"),
    path("langue", language.choose, name="language"),
    path("logo.png", landing.logo, name="logo"),
]
