"""Who is asked, and where. A contact is a person, whatever the companies she answers for."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("company"), max_length=160)
    note = models.TextField(_("note"), blank=True)
    imported = models.JSONField(_("last imported values"), default=dict, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Site(models.Model):
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="sites")
    name = models.CharField(_("name"), max_length=120, blank=True)
    address = models.CharField(_("address"), max_length=240, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=10, blank=True)
    town = models.CharField(_("town"), max_length=80, blank=True)
    zone = models.CharField(_("time zone"), max_length=40, default="Europe/Paris")
    imported = models.JSONField(_("last imported values"), default=dict, blank=True)

    class Meta:
        ordering = ["customer_id", "name", "address"]
        constraints = [
            models.UniqueConstraint(
                name="a_site_name_is_unique_per_customer",
                fields=["customer", "name"],
                condition=~Q(name=""),
            ),
            models.UniqueConstraint(
                name="an_unnamed_site_is_unique_by_its_address",
                fields=["customer", "address", "postal_code", "town"],
                condition=Q(name=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.address}, {self.postal_code} {self.town}"


class Contact(models.Model):
    civility = models.CharField(_("civility"), max_length=20, blank=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    department = models.CharField(_("department"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    address_key = models.CharField(_("normalised address"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    imported = models.JSONField(_("last imported values"), default=dict, blank=True)
    session_version = models.PositiveIntegerField(_("version of her sessions"), db_default=1)
    copy_to = models.CharField(
        _("copies to"), max_length=500, blank=True, default="", db_default=""
    )
    """Addresses that get a copy of what she gets, separated by commas."""

    quiet_until = models.DateField(_("no reminder before"), null=True, blank=True)
    opted_out_at = models.DateTimeField(_("wants no more mails since"), null=True, blank=True)

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        constraints = [
            models.UniqueConstraint(
                name="an_address_belongs_to_one_contact",
                fields=["address_key"],
                condition=~Q(address_key=""),
            ),
            models.UniqueConstraint(
                name="without_address_a_contact_is_a_name_and_a_phone",
                fields=["first_name", "last_name", "phone"],
                condition=Q(address_key=""),
            ),
            models.CheckConstraint(
                name="the_address_key_follows_the_address",
                condition=Q(email="", address_key="") | (~Q(email="") & ~Q(address_key="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email


class LoginCode(models.Model):
    """One request for a code, of a known address or not; nothing in it opens anything.

    The code and the key of its link are made from `uuid` and the secret outside the database. Its
    times are the machine's.
    """

    uuid = models.UUIDField(_("uuid"), default=uuid.uuid4, unique=True)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="login_codes")
    code_hash = models.CharField(_("hash of the code"), max_length=64)
    key_hash = models.CharField(_("hash of the key"), max_length=64, unique=True)
    browser_hash = models.CharField(_("hash of the browser"), max_length=64)
    address_hash = models.CharField(_("hash of the address"), max_length=64)
    client_hash = models.CharField(_("hash of the client"), max_length=64)
    asked_at = models.DateTimeField(_("asked at"))
    expires_at = models.DateTimeField(_("expires at"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="a_code_is_tried_five_times_at_most", condition=Q(tries__lte=5)
            ),
            models.CheckConstraint(
                name="a_code_expires_after_it_was_asked_for",
                condition=Q(expires_at__gt=F("asked_at")),
            ),
        ]
        indexes = [
            models.Index(name="codes_of_a_browser", fields=["browser_hash", "-id"]),
            models.Index(name="codes_of_an_address", fields=["address_hash", "asked_at"]),
            models.Index(name="codes_of_a_client", fields=["client_hash", "asked_at"]),
            models.Index(name="codes_by_age", fields=["asked_at"]),
        ]

    def __str__(self) -> str:
        return f"code {self.pk}"


class Tally(models.Model):
    """How often somebody did something since `began_at`, by the machine's time; who it is is hashed."""

    who_hash = models.CharField(_("hash of what and who"), max_length=64, primary_key=True)
    began_at = models.DateTimeField(_("began at"))
    count = models.PositiveIntegerField(_("count"))

    class Meta:
        ordering = ["began_at"]
        indexes = [models.Index(name="tallies_by_age", fields=["began_at"])]

    def __str__(self) -> str:
        return f"{self.count} since {self.began_at}"
