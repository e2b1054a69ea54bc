"""One row says who runs this installation; every page and mail carries it."""

from __future__ import annotations

from typing import Self

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from releveur.kept import Kept


class DealerQuerySet(models.QuerySet["Dealer"]):
    def here(self: Self) -> Dealer:
        """The dealer of this installation; an empty one before the settings are filled in."""
        return _HERE.first() or Dealer(pk=1)


class Dealer(models.Model):
    class Successors(models.TextChoices):
        """When somebody named by her predecessor is invited without the office's word."""

        SAME_DOMAIN = "SAME_DOMAIN", _("at once within the same mail domain")
        ALWAYS = "ALWAYS", _("always at once")
        NEVER = "NEVER", _("after the office's word")

    class PriceOfSilence(models.TextChoices):
        """When a person is told what will be retained if she declares nothing."""

        NEVER = "NEVER", _("never")
        FROM_REMINDER_2 = "FROM_REMINDER_2", _("from the second reminder")
        ALWAYS = "ALWAYS", _("always")

    class Resplit(models.TextChoices):
        """How a volume is cut over the periods it was printed in, once a real reading tells it."""

        DAYS = "DAYS", _("by days")
        SEASON = "SEASON", _("by the season of the meter")

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=120, default="Releveur")
    legal = models.TextField(_("legal block"), blank=True)
    address = models.TextField(_("address"), blank=True)
    postal_code = models.CharField(_("postal code"), max_length=10, blank=True)
    town = models.CharField(_("town"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    website = models.URLField(_("website"), blank=True)
    reply_to = models.EmailField(_("reply-to"), blank=True)
    sender_name = models.CharField(_("sender's name"), max_length=75, blank=True)
    sender_address = models.EmailField(
        _("sender's address"), default="releves@localhost.localdomain"
    )
    logo = models.FileField(_("logo"), upload_to="dealer/", blank=True)
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default="#c8102e",
        validators=[RegexValidator(r"^#[0-9a-f]{6}\Z")],
    )
    hosting = models.TextField(_("who hosts the site"), blank=True, default="", db_default="")
    holidays_of = models.CharField(
        _("holidays of"), max_length=20, blank=True, default="", db_default=""
    )
    """A part of France with holidays of its own, as `holidays` names it; empty: the national ones."""

    successors = models.CharField(
        _("invite a named successor"),
        max_length=12,
        choices=Successors,
        default=Successors.SAME_DOMAIN,
        db_default=Successors.SAME_DOMAIN,
    )
    resplit = models.CharField(
        _("split estimated periods again"),
        max_length=6,
        choices=Resplit,
        default=Resplit.DAYS,
        db_default=Resplit.DAYS,
    )
    estimates_in_a_row = models.PositiveSmallIntegerField(
        _("estimates in a row without a task"), default=2, db_default=2
    )
    read_every_days = models.PositiveSmallIntegerField(
        _("days with one real reading"), default=365, db_default=365
    )
    look_back_months = models.PositiveSmallIntegerField(
        _("months that are charged afterwards"),
        default=14,
        db_default=14,
        validators=[MaxValueValidator(600)],
    )
    photo_below_estimate = models.BooleanField(_("photo asked below an estimate"), default=True)
    price_of_silence = models.CharField(
        _("say what silence costs"),
        max_length=15,
        choices=PriceOfSilence,
        default=PriceOfSilence.FROM_REMINDER_2,
        db_default=PriceOfSilence.FROM_REMINDER_2,
    )
    priors = models.JSONField(
        _("how often each slip happens here"),
        default=dict,
        blank=True,
        db_default=models.Value({}, models.JSONField()),
    )
    """Learned from signed campaigns, as `validation.Priors` writes them; empty: the product's own."""

    objects = DealerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="there_is_one_dealer", condition=models.Q(pk=1)),
            models.CheckConstraint(
                name="the_colour_is_six_hexadecimal_digits",
                condition=models.Q(colour__regex=r"^#[0-9a-f]{6}$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


_HERE = Kept(lambda: Dealer.objects.filter(pk=1))


class Closure(models.Model):
    """Days on which the dealer neither reminds nor closes, national holidays apart."""

    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    words = models.CharField(_("words"), max_length=80, blank=True)
    yearly = models.BooleanField(_("every year"), default=False, db_default=False)

    class Meta:
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                name="a_closure_ends_after_it_begins",
                condition=models.Q(last_day__gte=models.F("first_day")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day}"
