"""Asking every customer, once a period: what is due, who was asked, what was answered, what was signed."""

from releveur.campaigns.models.answers import Announcement, BasisLine, Receipt, ReceiptLine
from releveur.campaigns.models.asking import (
    Asked,
    Campaign,
    DueReading,
    DueReadingQuerySet,
    Handover,
    Invitation,
    Kind,
    Notice,
    Problem,
    Succession,
    problem_told,
    still_held,
)

__all__ = [
    "Announcement",
    "Asked",
    "BasisLine",
    "Campaign",
    "DueReading",
    "DueReadingQuerySet",
    "Handover",
    "Invitation",
    "Kind",
    "Notice",
    "Problem",
    "Receipt",
    "ReceiptLine",
    "Succession",
    "problem_told",
    "still_held",
]
