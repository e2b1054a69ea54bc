"""Every act by a person's will that matters to an accountant or to security leaves one line: who, when, what."""

from __future__ import annotations

import json
import os
import pwd
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from releveur import clock
from releveur.audit import sealing
from releveur.audit.models import ActorName, Entry, Seal
from releveur.campaigns import closing, handing_over, opting_out, succeeding, undoing
from releveur.campaigns.models import Campaign, Invitation
from releveur.customers import login
from releveur.customers.introducing import Named
from releveur.customers.models import LoginCode
from releveur.fleet.models import Device
from releveur.outbox import keys
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    answers,
    meter_of,
    reading_of,
    the_mails_leave,
)
from tests.importing.files import a_file, a_row
from tests.test_commands import refused, releveur

pytestmark = pytest.mark.django_db

SERIAL = "3923656030"
KARIM = Named("karim@gramont-services.example", "Karim")
LOUISE = Named("louise@elsewhere.example", "Louise", "Petit")
US = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(autouse=True)
def device() -> Device:
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer())
    return a_device(customer, serial=SERIAL)


@pytest.fixture
def hers() -> Invitation:
    a_campaign()
    return Invitation.objects.get()


def acts() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("action", flat=True))


def last() -> Entry:
    return Entry.objects.select_related("name").order_by("-pk")[0]


def before() -> dict[str, object]:
    return dict(last().before or {})


def after() -> dict[str, object]:
    return dict(last().after or {})


def test_the_office_is_named_by_the_user_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    releveur("open_campaign", "--due-until", "2022-04-05")
    assert (last().action, last().actor, last().name.name) == ("OPEN", "OFFICE", US)
    assert last().at == OPENED
    assert last().recorded_at > OPENED, "the machine's time, whatever a test clock says"

    monkeypatch.setenv("SUDO_USER", "roy")
    releveur("closures", "--add", "2022-08-01", "2022-08-15")
    assert last().name.name == f"roy ({US})"


def test_a_signature_keeps_who_signed_and_what() -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), Device.objects.get(), mono=41_200, color=92_910, now=OPENED)
    assert acts() == ["OPEN"], "a plain declaration is its receipt"

    releveur("close_campaign", campaign.pk)
    releveur("sign_campaign", campaign.pk, "--by", "Mme Roy")

    assert acts() == ["OPEN", "CLOSE", "SIGN"]
    assert (last().name.name, last().subject_key, last().rows) == ("Mme Roy", str(campaign.pk), 2)
    assert len(last().digest) == 64
    assert last().after == {"blocked": 0, "estimate_unasked": False}


def test_a_dry_run_and_a_refusal_leave_nothing() -> None:
    releveur("open_campaign", "--due-until", "2022-04-05", "--dry-run")
    refused("open_campaign", "--due-until", "2022-08-05")
    assert acts() == []


def test_a_value_told_by_phone_is_written_with_its_receipt() -> None:
    a_campaign()
    receipt = releveur("declare", SERIAL, "Noir=41200", "Couleur=92910")["receipt"]
    assert (last().action, last().subject_key) == ("DECLARE", SERIAL)
    assert last().after == {
        "Noir": 41_200, "Couleur": 92_910, "on": "2022-04-05", "receipt": receipt,
    }  # fmt: skip


def test_an_undo_is_hers(hers: Invitation, device: Device) -> None:
    receipt = answers(hers, device, mono=41_200, color=92_910, now=OPENED).receipt
    assert receipt
    undoing.undo(receipt, by=hers.contact, now=OPENED)
    assert (last().action, last().actor_id, last().name.name) == (
        "UNDO", hers.contact_id, "Alexandra",
    )  # fmt: skip
    assert (last().subject_key, last().rows) == (receipt.number, 2)


def test_a_value_after_the_close_keeps_what_stood_before(hers: Invitation, device: Device) -> None:
    the_mails_leave(now=OPENED)
    Campaign.objects.update(state="CLOSING")
    closing.finish(hers.campaign_id, now=OPENED)
    estimate = reading_of(meter_of(device, "mono")).value

    answers(hers, device, mono=41_200, color=92_910, now=OPENED)

    assert (last().action, last().subject_key) == ("CORRECT", SERIAL)
    assert before()["MONO"] == estimate
    assert last().after == {"MONO": 41_200, "COLOR": 92_910}
    assert last().why == f"campaign {hers.campaign_id} CLOSED"


def test_devices_that_leave_come_and_are_asked_for_are_written() -> None:
    releveur("ask", SERIAL, "--why", "removal", "--before", "2022-04-20")
    assert (last().action, last().subject_key, last().why) == ("ASK", SERIAL, "REMOVAL")
    releveur(
        "replace",
        SERIAL,
        "NEW1",
        "--on",
        "2022-04-05",
        "--model",
        "Xerox C7025",
        "--new",
        "Noir=12",
    )
    assert acts() == ["ASK", "RETIRE", "REPLACE"]
    assert (last().subject_key, last().before) == ("NEW1", {"serial": SERIAL})
    assert last().after == {"on": "2022-04-05", "Noir": 12}


def test_links_sent_again_and_revoked_are_written(hers: Invitation) -> None:
    releveur("revoke", "CL001007")
    releveur("resend", "CL001007")
    assert acts()[-2:] == ["REVOKE", "RESEND"]
    assert (last().subject_key, last().after) == ("CL001007", {"contacts": [hers.contact_id]})


def test_what_she_passes_on_and_takes_back_is_written(hers: Invitation, device: Device) -> None:
    handover = handing_over.hand_over(hers, device, to=KARIM, now=OPENED)
    handing_over.take_back(handover, now=OPENED)
    handing_over.take_back(handover, now=OPENED)
    assert acts()[1:] == ["HAND_OVER", "TAKE_BACK"]
    assert (last().subject_key, last().actor_id) == (SERIAL, hers.contact_id)
    assert last().after == {"contact": handover.receiver.contact_id}


def test_no_mails_and_mails_again_are_written(hers: Invitation) -> None:
    opting_out.stop(hers, now=OPENED)
    opting_out.stop(hers, now=OPENED)
    opting_out.resume(hers, now=OPENED)
    assert acts()[1:] == ["STOP_MAILS", "RESUME_MAILS"]
    assert last().subject_id == hers.contact_id


def test_a_successor_named_and_accepted_is_written_by_number(hers: Invitation) -> None:
    succession = succeeding.name_successor(hers, named=LOUISE, now=OPENED)
    assert acts()[1:] == [], "it waits for the office's word"
    releveur("successor", succession.pk, "--accept")
    succession.refresh_from_db()
    assert (last().action, last().subject_key, last().name.name) == (
        "ACCEPT_SUCCESSOR", "CL001007", US,
    )  # fmt: skip
    assert last().before == {"contact": hers.contact_id}
    assert last().after == {"contact": succession.successor_id}


def test_a_successor_refused_or_asked_at_once_is_written(hers: Invitation) -> None:
    succession = succeeding.name_successor(hers, named=LOUISE, now=OPENED)
    releveur("successor", succession.pk, "--refuse")
    assert (last().action, last().subject_key) == ("REFUSE_SUCCESSOR", "CL001007")
    colleague = Named("louise@gramont-services.example", "Louise", "Petit")
    succeeding.name_successor(hers, named=colleague, now=OPENED)
    assert (last().action, last().actor_id) == ("NAME_SUCCESSOR", hers.contact_id)


def test_an_import_is_one_line_with_counts_and_what_tells_the_file(tmp_path: Path) -> None:
    file = a_file(tmp_path, a_row(serial="NEW7"))
    releveur("import_fleet", file)
    assert (last().action, last().subject, last().subject_key) == (
        "IMPORT_FLEET", "FILE", file.name,
    )  # fmt: skip
    assert after()["devices"] == [1, 0]
    first = last().digest

    releveur("import_fleet", file, "--prefer", "file")
    assert acts() == ["IMPORT_FLEET", "IMPORT_FLEET"]
    assert (last().rows, last().digest) == (0, first), "the same file again changed nothing"
    assert after()["prefer"] == "file"


def test_a_refused_file_leaves_no_line(tmp_path: Path) -> None:
    refused("import_fleet", a_file(tmp_path, a_row(serial="")))
    assert acts() == []


def test_the_dealers_settings_keep_before_and_after() -> None:
    releveur("dealer")
    assert acts() == [], "looking is no act"
    releveur("dealer", "--phone", "01 00 00 00 00", "--town", "Paris")
    assert (last().before, last().after) == (
        {"phone": "01 53 20 11 00"}, {"phone": "01 00 00 00 00"},
    )  # fmt: skip
    releveur("closures", "--add", "2022-08-01", "2022-08-15", "--words", "Été")
    releveur("closures", "--remove", "2022-08-01")
    assert acts() == ["CHANGE_DEALER", "ADD_CLOSURE", "REMOVE_CLOSURE"]
    assert before()["words"] == "Été"


def test_files_that_leave_the_house_are_written_with_their_digest(tmp_path: Path) -> None:
    campaign = a_campaign()
    releveur("export_basis", campaign.pk, "--output", tmp_path / "basis.csv")
    assert (last().action, last().subject_key) == ("EXPORT_BASIS", str(campaign.pk))
    releveur("export_changes", "--output", tmp_path / "changes.csv")
    assert after()["file"] == "changes.csv"


def test_a_login_and_five_wrong_codes_are_counted_without_a_name() -> None:
    for typed in (["2222-2222"] * 5, ["2222-2222", ""]):
        login.ask(
            "alexandra@gramont-services.example", browser="hers", client="c", language="fr",
            now=OPENED,
        )  # fmt: skip
        for code in typed:
            right = keys.code(LoginCode.objects.latest("id").uuid, 1)
            try:
                login.enter(code or right, browser="hers", now=OPENED)
            except login.WrongCode:
                continue
    assert [(one.action, one.rows) for one in Entry.objects.order_by("pk")] == [
        ("FAIL_LOG_IN", 5),
        ("LOG_IN", 2),
    ]
    assert not ActorName.objects.exists()


def test_late_values_made_real_by_an_opening_are_written(hers: Invitation, device: Device) -> None:
    answers(hers, device, mono=41_200, color=92_910, now=OPENED)
    releveur("close_campaign", hers.campaign_id)
    releveur("sign_campaign", hers.campaign_id, "--by", "Mme Roy")
    later = OPENED + timedelta(days=3)
    answers(hers, device, mono=41_300, color=92_910, now=later, taken_on=later.date())
    assert last().action == "CORRECT"

    a_campaign(due_until=date(2022, 7, 5), now=OPENED.replace(month=7))

    assert acts()[-2:] == ["TAKE_LATE", "OPEN"]


def test_the_audit_is_read_by_thing_and_by_day() -> None:
    campaign = a_campaign()
    releveur("declare", SERIAL, "Noir=41200", "Couleur=92910")
    releveur("close_campaign", campaign.pk)
    shown = releveur("show_audit", "--subject", SERIAL)["entries"]
    assert [(one["action"], one["name"], one["sealed"]) for one in shown] == [
        ("DECLARE", US, False)
    ]
    assert not releveur("show_audit", "--since", "2022-04-06")["entries"]
    assert len(releveur("show_audit", "--since", "2022-04-05")["entries"]) == 3


def test_nobody_of_a_customer_is_named_in_what_cannot_be_blanked(
    hers: Invitation, device: Device
) -> None:
    handing_over.hand_over(hers, device, to=KARIM, now=OPENED)
    succession = succeeding.name_successor(hers, named=LOUISE, now=OPENED)
    releveur("successor", succession.pk, "--accept")
    written = json.dumps(list(Entry.objects.values()), default=str)
    for word in ("Alexandra", "alexandra", "Karim", "karim", "Louise", "louise"):
        assert word not in written


def test_people_read_it_in_plain_lines() -> None:
    releveur("dealer", "--phone", "01 00 00 00 00")
    out = StringIO()
    call_command("show_audit", stdout=out)
    line = out.getvalue().strip()
    assert line.startswith(f"05/04/2022 10:00  {US}  ")
    assert line.endswith("Bureautique Lafayette  phone 01 53 20 11 00 → phone 01 00 00 00 00")

    sealing.seal()
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert out.getvalue().splitlines()[-1] == Seal.objects.get().hash
