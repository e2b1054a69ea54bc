"""Every page of the portal in every state, one after the other, as the server sends them.

Each chapter is a small world of its own, told by what people do; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from releveur import clock
from releveur.campaigns import closing
from releveur.campaigns.models import Campaign, Handover, Invitation, Receipt
from releveur.contracts.models import Contract
from releveur.customers import login
from releveur.customers.models import Contact, LoginCode
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device, DeviceModel, Installation
from releveur.outbox import keys
from tests.factories import (
    OPENED,
    READ_ON,
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_reading,
    a_site,
    answers,
    meter_of,
    the_mails_leave,
)
from tests.web.seeing import (
    Reader,
    Seen,
    alone,
    an_invitation,
    field,
    first,
    second,
    see,
    send,
    sign,
    third,
    typed,
)
from tests.web.slips import slips
from tests.web.tableurs import Taken, a_fleet, give
from tests.web.visiting import a_photo, fields, link

KARIM = {"first_name": "Karim", "last_name": "", "email": "karim@gramont-services.example"}
WEEK = timedelta(weeks=1)

type Chapter = Callable[[Reader], Iterator[Seen]]


def every_state(language: str) -> list[Seen]:
    return states_of(CHAPTERS, language)


@cache
def states_of(chapters: tuple[Chapter, ...], language: str) -> list[Seen]:
    """All of them, made once; each chapter's world is gone when the next one begins."""
    seen: list[Seen] = []
    for chapter in chapters:
        with transaction.atomic():
            clock.set(OPENED)
            dealer = a_dealer()
            dealer.legal, dealer.hosting = "SARL au capital de 8 000 €", "Hébergeur SAS\nParis"
            dealer.save()
            seen += chapter(Reader(language))
            transaction.set_rollback(True)
    return seen


def doors(reader: Reader) -> Iterator[Seen]:
    for page, address in {
        "where": "/compteur",
        "accessibility": "/accessibilite",
        "legal": "/mentions-legales",
        "personal_data": "/donnees-personnelles",
    }.items():
        yield see(page, "", reader.get(address))
    invitation = an_invitation()
    yield see("enter", "", reader.get(link(invitation)))
    yield see("enter", "unknown", reader.get("/r/AAAAAAAAAAAAAAAAAAAAAA"), status=404)
    yield see("devices", "without a link", reader.get("/releves"), status=403)
    yield see("legal", "a dealer of few words", _without_words(reader, "/mentions-legales"))
    browser = reader.browser(invitation)
    sign()
    clock.set(OPENED.replace(month=7))
    a_campaign(due_until=OPENED.replace(month=7).date(), now=OPENED.replace(month=7))
    yield see("enter", "asked again since", reader.get(link(invitation)), status=410)
    yield see("devices", "asked again since", browser.get("/releves"), status=410)


def _without_words(reader: Reader, address: str) -> Any:
    Dealer.objects.update(legal="", hosting="", phone="", website="")
    return reader.get(address)


def sheet(reader: Reader) -> Iterator[Seen]:
    invitation = an_invitation()
    browser = reader.browser(invitation)
    yield see("devices", "", browser.get("/releves"))
    Device.objects.filter(serial="3357120044").update(mode=Device.Mode.AUTOMATIC)
    yield see("devices", "one reads itself", browser.get("/releves"))
    yield see("printed", "", browser.get("/releves/feuille"))
    half = typed(browser, first(), mono="41200")
    answer = send(browser, "/releves", half)
    yield see("receipt", "of half a row", answer)
    yield see("devices", "partly read", browser.get("/releves"))
    other = browser.post("/releves", half | {field(first(), "mono"): "41999"})
    yield see("devices", "sent already", other, status=409)
    browser.post("/releves", typed(browser, first(), color="92910"))
    yield see("devices", "one is read", browser.get("/releves"))
    number = Receipt.objects.latest("pk").number
    confirmed = browser.get(f"/releves?recu={number}")
    yield see("devices", "confirmed in the window", confirmed)
    window = f"/releves/materiel/{first().pk}"
    yield see("device", "read", browser.get(window))
    browser.post(f"/releves/recu/{number}/annuler")
    yield see("receipt", "taken back", browser.get(f"/releves/recu/{number}"))
    for device in (first(), second()):
        answers(invitation, device, mono=99_000, color=99_000, now=OPENED)
    answers(invitation, third(), mono=99_000, now=OPENED)
    yield see("devices", "all are read", browser.get("/releves"))
    yield see("printed", "all are read", browser.get("/releves/feuille"))


def silence(reader: Reader) -> Iterator[Seen]:
    """After the second reminder: what is retained stands below each device."""
    invitation = an_invitation()
    clock.set(invitation.reminder_2_at)
    browser = reader.browser(invitation)
    yield see("devices", "the price of silence", browser.get("/releves"))
    window = f"/releves/materiel/{first().pk}"
    yield see("device", "the price of silence", browser.get(window))


def questions(reader: Reader) -> Iterator[Seen]:
    invitation = an_invitation()
    browser = reader.browser(invitation)
    values = {
        "lower": ("39600", "92910"),
        "far beyond": ("412000", "92910"),
        "nothing printed": ("39684", "89675"),
        "no number": ("41.200", "abc"),
        "too long": ("1" * 40, ""),
    }
    for state, (mono, color) in values.items():
        form = typed(browser, first(), mono=mono, color=color)
        yield see("devices", state, browser.post("/releves", form), status=422)
        form = alone(browser, first(), mono=mono, color=color)
        window = f"/releves/materiel/{first().pk}"
        yield see("device", state, browser.post(window, form), status=422)
    yield from slips(browser)
    form = typed(browser, first(), mono="39600", color="929100")
    note = SimpleUploadedFile("photo.jpg", b"no picture")
    named = f"file-{first().pk}"
    yield see("devices", "no photo", browser.post("/releves", form | {named: note}), status=422)
    ours = browser.post("/releves", form | {named: a_photo(), f"reason-{first().pk}": "OTHER"})
    yield see("devices", "photo received", ours, status=422)
    late = form | {"on": "2022-04-09"}
    yield see("devices", "tomorrow", browser.post("/releves", late), status=422)
    wrong = alone(browser, first(), mono="41200") | {f"on-{first().pk}": "hier"}
    window = f"/releves/materiel/{first().pk}"
    yield see("device", "no day", browser.post(window, wrong), status=422)
    answers(invitation, first(), mono=41_200, color=92_910, now=OPENED)
    both = form | {field(first(), "mono"): "41300", field(second(), "mono"): "41000"}
    yield see("devices", "a colleague was first", browser.post("/releves", both), status=422)


def afterwards(reader: Reader) -> Iterator[Seen]:
    invitation = an_invitation()
    browser = reader.browser(invitation)
    a_billed_estimate(meter_of(second()), READ_ON + WEEK, 41_548)
    yield see("devices", "invoiced with an estimate", browser.get("/releves"))
    window = f"/releves/materiel/{second().pk}"
    yield see("device", "invoiced with an estimate", browser.get(window))
    form = typed(browser, second(), mono="41200", color="92910")
    yield see("devices", "our mistake", browser.post("/releves", form), status=422)
    answers(invitation, first(), mono=41_200, color=92_910, now=OPENED)
    window = f"/releves/materiel/{first().pk}"
    the_mails_leave(now=OPENED)
    Campaign.objects.update(state="CLOSING")
    closing.finish(invitation.campaign_id, now=OPENED + 4 * WEEK)
    clock.set(OPENED + 4 * WEEK)
    for state in ("closed", "signed"):
        yield see("enter", state, reader.get(link(invitation)))
        yield see("devices", state, browser.get("/releves"))
        yield see("device", state, browser.get(f"/releves/materiel/{second().pk}"))
        yield see("printed", state, browser.get("/releves/feuille"))
        form = alone(browser, first(), mono="41800", color="93900")
        yield see("devices", f"{state}, corrected", send(browser, window, form))
        answer = browser.get(f"/releves/recu/{Receipt.objects.latest('pk').number}")
        yield see("receipt", state, answer)
        sign(OPENED + 4 * WEEK)


def problems(reader: Reader) -> Iterator[Seen]:
    browser = reader.browser(an_invitation())
    for device in (first(), third()):
        address = f"/releves/materiel/{device.pk}/compteur"
        yield see("where_of", device.model.name, browser.get(address))
    DeviceModel.objects.filter(name="B405").update(
        shown_where="État\nFacturation", labels={"MONO": "Total noir"}
    )
    yield see("where_of", "in the dealer's words", browser.get(address))
    yield see("device", "", browser.get(f"/releves/materiel/{first().pk}"))
    address = f"/releves/materiel/{first().pk}/probleme"
    yield see("problem", "", browser.get(address))
    yield see("problem", "nothing chosen", browser.post(address, {}), status=422)
    yield see("problem", "no words", browser.post(address, {"what": "OTHER"}), status=422)
    replaced = {"what": "REPLACED", "serial": "3999", "old-MONO": "40.1", "new-COLOR": "abc"}
    yield see("problem", "no counters", browser.post(address, replaced), status=422)
    told = replaced | {"old-MONO": "40100", "new-COLOR": "12"}
    yield see("devices", "problem told", send(browser, address, told))
    yield see("problem", "told", browser.get(address))


def colleagues(reader: Reader) -> Iterator[Seen]:
    invitation = an_invitation()
    browser = reader.browser(invitation)
    site = first().installations.get().site_id
    for state, what in (("a device", f"device={first().pk}"), ("a site", f"site={site}")):
        address = f"/releves/transmettre?{what}"
        yield see("hand_over", state, browser.get(address))
        wrong = browser.post(address, {"email": "karim@", "first_name": ""})
        yield see("hand_over", f"{state}, misspelt", wrong, status=422)
    address = f"/releves/transmettre?device={first().pk}"
    yield see("devices", "handed over", send(browser, address, KARIM))
    yield see("hand_over", "handed over already", browser.get(address))
    receiver = Handover.objects.get().receiver
    yield see("enter", "of a colleague", reader.get(link(receiver)))
    karim = reader.browser(receiver)
    yield see("devices", "of a colleague", karim.get("/releves"))
    yield see("not_me", "of a colleague", karim.get("/releves/plus-moi"))
    back = f"/releves/transmettre/{Handover.objects.get().pk}/reprendre"
    yield see("devices", "taken back", send(browser, back))
    yield see("devices", "of a colleague, taken back", karim.get("/releves"), status=403)
    key = link(invitation).removeprefix("/r/")
    for page, address in (("not_me", "/releves/plus-moi"), ("not_me_by_mail", f"/plus-moi/{key}")):
        yield see(page, "", browser.get(address))
        yield see(page, "misspelt", browser.post(address, {"email": "x"}), status=422)
    elsewhere = KARIM | {"email": "karim@orange.example"}
    yield see("not_me", "waits", send(browser, "/releves/plus-moi", elsewhere))
    yield see("devices", "a successor waits", browser.get("/releves"))
    yield see("not_me_by_mail", "done", send(browser, address, KARIM))
    yield see("enter", "somebody else answers", reader.get(link(invitation)))
    yield see("not_me_by_mail", "unknown", reader.get("/plus-moi/AAAAAAAAAAAAAAAA"), status=404)


def nothing(reader: Reader) -> Iterator[Seen]:
    browser = reader.browser(an_invitation())
    Installation.objects.update(until=READ_ON)
    for page, address in {
        "devices": "",
        "printed": "/feuille",
        "appointment": "/rendez-vous",
        "not_me": "/plus-moi",
    }.items():
        yield see(page, "nothing is asked", browser.get(f"/releves{address}"))


def many(reader: Reader) -> Iterator[Seen]:
    a_fleet(9)
    a_contact(other := a_customer(code="CL001008", name="Gramont Immobilier"))
    a_device(other, site=a_site(other, name="Annexe"), mono=5)
    browser = reader.browser(Invitation.objects.get(campaign=a_campaign()))
    yield see("enter", "of many devices", browser.get(link(Invitation.objects.get())))
    yield see("devices", "many, of two companies", browser.get("/releves"))
    yield see("printed", "many", browser.get("/releves/feuille"))
    yield see("send_spreadsheet", "", browser.get("/releves/tableur/envoyer"))
    other_file: Any = give(browser, b"Produit;Prix\nStylo;2\n", name="autre.csv")
    yield see("send_spreadsheet", "of something else", other_file, status=422)
    book = Taken(Reader("fr").browser(Invitation.objects.get()))
    yield from _returned(book, browser)


def _returned(book: Taken, browser: Client) -> Iterator[Seen]:
    book.fill("3923600001", mono=39_600)
    book.fill("3923600002", mono=41_200)
    book.fill("3923600003", mono=41_200, serial="UNKNOWN")
    answer: Any = give(browser, book.as_xlsx())
    yield see("send_spreadsheet", "with faults", answer, status=422)


def appointment(reader: Reader) -> Iterator[Seen]:
    browser = reader.browser(an_invitation())
    address = "/releves/rendez-vous"
    yield see("appointment", "the place first", browser.get(address))
    placed = f"{address}?place=site-{first().installations.get().site_id}"
    page = browser.get(placed)
    yield see("appointment", "", page)
    form = fields(page) | {"last_name": "Morel", "call_on": "2022-04-12"}
    wrong = form | {"email": "alexandra", "call_on": "2022-04-09"}
    yield see("appointment", "misspelt", browser.post(address, wrong), status=422)
    yield see("appointment_asked", "", send(browser, address, form))
    yield see("appointment", "open", browser.get(placed))
    yield see("appointment", "open, the place first", browser.get(address))
    cancel = f"{address}/{_appointment()}/annuler"
    yield see("appointment_asked", "cancelled", send(browser, cancel))


def _appointment() -> int:
    return first().installations.get().site.appointments.get().pk


def signing_in(reader: Reader) -> Iterator[Seen]:
    invitation = an_invitation()
    a_reading(meter_of(first()), READ_ON - WEEK, 38_000)
    browser = reader.browser()
    yield see("login", "", browser.get("/connexion"))
    yield see("login", "misspelt", browser.post("/connexion", {"address": "x"}), status=422)
    address = {"address": invitation.contact.email}
    yield see("code", "", send(browser, "/connexion", address))
    wrong = {"code": "2222-2222"}
    yield see("code", "wrong", browser.post("/connexion/code", wrong), status=422)
    asked = LoginCode.objects.latest("id").uuid
    mailed = f"/connexion/lien/{keys.make(asked, 1)}"
    yield see("follow", "", browser.get(mailed))
    yield see("follow", "in another browser", reader.get(mailed), status=410)
    code = {"code": keys.code(asked, 1)}
    yield see("own", "", send(browser, "/connexion/code", code))
    other = reader.browser()
    other.post("/connexion", address)
    tries = [other.post("/connexion/code", wrong) for _try in range(login.MOST_TRIES)]
    yield see("code", "over", tries[-1], status=410)
    sign()
    yield see("own", "invoiced", browser.get("/mes-releves"))
    answered = OPENED.replace(month=7)
    clock.set(answered)
    a_campaign(due_until=answered.date(), now=answered)
    yield see("own", "asked before", browser.get("/mes-releves"))
    for _time in range(login.MOST_OF_AN_ADDRESS - 2):
        reader.browser().post("/connexion", address)
    yield see("login", "too often", browser.post("/connexion", address), status=429)


def stopping(reader: Reader) -> Iterator[Seen]:
    address = link(an_invitation()).replace("/r/", "/ne-plus-ecrire/")
    browser = reader.browser()
    yield see("stop", "", browser.get(address))
    Contract.objects.update(estimation_allowed=False)
    yield see("stop", "estimates forbidden", browser.get(address))
    yield see("stop", "done", send(browser, address))
    assert Contact.objects.get().opted_out_at
    yield see("stop", "unknown", browser.get("/ne-plus-ecrire/AAAAAAAA"), status=404)


CHAPTERS: tuple[Chapter, ...] = (
    doors,
    sheet,
    silence,
    questions,
    afterwards,
    problems,
    colleagues,
    nothing,
    many,
    appointment,
    signing_in,
    stopping,
)
