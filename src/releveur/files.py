"""Where photos and logos are kept: a folder, or a bucket that several machines share."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from releveur.knobs import KnobMisread

KNOWN = {"endpoint", "region"}


def storage(url: str, *, folder: Path) -> dict[str, Any]:
    """Django's entry of the storage that a URL names; the folder without one.

    `s3://KEY:SECRET@bucket/prefix?endpoint=https://s3.example&region=fr-par`; without key and secret those
    of the environment or the machine (AWS_ACCESS_KEY_ID…).

    :raises KnobMisread: it cannot be understood
    """
    if not url:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        }
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    if parts.scheme != "s3" or not parts.hostname or not set(asked) <= KNOWN:
        raise KnobMisread(
            "RELEVEUR_FILES_URL may be s3://KEY:SECRET@bucket/prefix?endpoint=https://…&region=…"
        )
    given = {
        "access_key": unquote(parts.username or ""),
        "secret_key": unquote(parts.password or ""),
        "endpoint_url": asked.get("endpoint", [""])[0],
        "region_name": asked.get("region", [""])[0],
    }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": parts.hostname,
            "location": parts.path.strip("/"),
            "addressing_style": "path" if given["endpoint_url"] else "auto",
            "signature_version": "s3v4",
            # Written once: a name that is taken gets another.
            "file_overwrite": False,
            **{name: value for name, value in given.items() if value},
        },
    }
