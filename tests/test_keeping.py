"""What only people need goes when its time is over; what an invoice stands on stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from releveur.audit import sealing, verifying
from releveur.audit.models import Entry
from releveur.campaigns.models import Invitation
from releveur.ops import ticking
from releveur.outbox.models import Mail
from releveur.readings import forgetting
from releveur.readings.models import Finding, PhotoErased, Proof, Reading
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_proof,
    answers,
    the_mails_leave,
)
from tests.web.visiting import a_visitor

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
FIVE_YEARS = timedelta(days=1_826)


@pytest.fixture
def proof() -> Proof:
    """Alexandra sent a photo with a value that went down."""
    a_dealer()
    a_contact(customer := a_customer())
    device = a_device(customer, mono=39_684)
    a_campaign()
    the_mails_leave(now=OPENED)
    kept = a_proof()
    reason = Finding.Answer.METER_REPLACED
    answers(Invitation.objects.get(), device, mono=100, now=OPENED, proof=kept, reason=reason)
    assert Reading.objects.filter(proof=kept).exists()
    return kept


def there(proof: Proof) -> bool:
    return proof.file.storage.exists(str(proof.file))


def test_a_photo_goes_after_five_years_and_its_proof_stays(proof: Proof) -> None:
    ticking.tick(now=OPENED + FIVE_YEARS)
    assert there(proof)
    visitor = a_visitor(Invitation.objects.get())
    assert visitor.get(f"/releves/photo/{proof.pk}").status_code == 200

    ticking.tick(now=OPENED + FIVE_YEARS + DAY)

    assert not there(proof)
    assert PhotoErased.objects.get().erased_at == OPENED + FIVE_YEARS + DAY
    assert visitor.get(f"/releves/photo/{proof.pk}").status_code == 404
    assert Proof.objects.get(pk=proof.pk).sha256 == proof.sha256
    entry = Entry.objects.get(action="FORGET_PHOTOS")
    assert (entry.actor, entry.rows) == ("SYSTEM", 1)
    ticking.tick(now=OPENED + FIVE_YEARS + 2 * DAY)
    assert Entry.objects.filter(action="FORGET_PHOTOS").count() == 1


def test_a_photo_that_a_later_reading_points_to_stays(proof: Proof) -> None:
    old = Reading.objects.filter(proof=proof)[0]
    Reading.objects.create(
        meter=old.meter, segment=9, taken_on=old.taken_on, value=1, source="OFFICE", proof=proof,
        recorded_at=OPENED + FIVE_YEARS,
    )  # fmt: skip
    ticking.tick(now=OPENED + FIVE_YEARS + DAY)
    assert there(proof)


def test_a_photo_no_reading_points_to_goes_with_the_next_one_and_no_sooner(proof: Proof) -> None:
    after = a_proof()
    ticking.tick(now=OPENED + FIVE_YEARS + DAY)
    assert there(after)
    assert not PhotoErased.objects.filter(proof=after).exists()


def test_a_photo_whose_file_went_before_its_row_was_written_is_written_next(proof: Proof) -> None:
    proof.file.storage.delete(str(proof.file))
    ticking.tick(now=OPENED + FIVE_YEARS + DAY)
    assert PhotoErased.objects.filter(proof=proof).exists()


def test_photos_go_a_chunk_a_minute(proof: Proof, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "CHUNK", 1)
    first = a_proof()
    old = Reading.objects.filter(proof=proof)[0]
    Reading.objects.create(
        meter=old.meter, segment=9, taken_on=old.taken_on, value=1, source="OFFICE", proof=first,
        recorded_at=OPENED,
    )  # fmt: skip
    later = OPENED + FIVE_YEARS + DAY
    assert forgetting.forget_photos(before=later, now=later) == 1
    assert forgetting.forget_photos(before=later, now=later) == 1
    assert forgetting.forget_photos(before=later, now=later) == 0


def test_the_words_of_a_mail_go_after_thirteen_months_and_that_it_left_stays(proof: Proof) -> None:
    sent = Mail.objects.get(kind="INVITED")
    owed = Mail.objects.get(kind="receipt")
    ticking.tick(now=OPENED + 400 * DAY)
    assert Mail.objects.get(pk=sent.pk).text

    ticking.tick(now=OPENED + 401 * DAY)

    blank = Mail.objects.get(pk=sent.pk)
    assert (blank.text, blank.html, blank.calendar) == ("", "", "")
    assert (blank.to, blank.subject, blank.state, blank.sent_at) == (
        sent.to, sent.subject, "SENT", sent.sent_at,
    )  # fmt: skip
    assert Mail.objects.get(pk=owed.pk).text, "what is still owed keeps its words"
    assert Entry.objects.get(action="FORGET_MAILS").rows == 1


def test_zero_keeps_for_ever(proof: Proof, settings: Any) -> None:
    settings.KEEP_PHOTOS = settings.KEEP_MAILS = settings.KEEP_LOGINS = 0
    ticking.tick(now=OPENED + 100 * FIVE_YEARS)
    assert there(proof)
    assert not Mail.objects.filter(text="").exists()


def test_what_was_forgotten_is_sealed(proof: Proof) -> None:
    ticking.tick(now=OPENED + FIVE_YEARS + DAY)
    assert sealing.seal() == 0
    assert not verifying.verify().found
