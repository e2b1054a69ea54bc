"""How the dealer shows itself: its words, its colour, its logo."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from PIL import Image

from releveur.dealer.models import Dealer

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 20_000_000
SIZE = (480, 160)
"""Twice the size it is shown at, for dense screens; a mail carries it."""


def describe(said: Mapping[str, str], *, logo: IO[bytes] | None = None) -> Dealer:
    """Say who runs this installation; what is not said stays.

    :param said: fields of `Dealer` by name
    :param logo: a PNG, JPEG or WebP picture; kept as a small PNG
    :raises ValidationError: a field that cannot be, or a logo that is no picture
    """
    dealer = Dealer.objects.here()
    for name, value in said.items():
        setattr(dealer, name, value.strip())
    dealer.full_clean(validate_unique=False)
    if logo is not None:
        dealer.logo.save("logo.png", ContentFile(_small_png(logo)), save=False)
    dealer.save()
    return dealer


def logo() -> bytes | None:
    """The logo as a PNG, if the dealer has one."""
    dealer = Dealer.objects.here()
    if not dealer.logo:
        return None
    with dealer.logo.open("rb") as file:
        content: bytes = file.read()
    return content


def _small_png(file: IO[bytes]) -> bytes:
    content = file.read(MOST_BYTES + 1)
    refusal = ValidationError({"logo": _("This file is no PNG, JPEG or WebP picture under 5 MB.")})
    if len(content) > MOST_BYTES:
        raise refusal
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise refusal
            small = picture.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise refusal from None
    small.thumbnail(SIZE)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()
