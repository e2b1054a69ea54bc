"""Who types the commands: the user of the machine, as the audit names the office."""

from __future__ import annotations

import os
import pwd

from releveur.audit.models import Actor
from releveur.audit.writing import By


def office() -> By:
    """The user of this process; behind sudo, who called it."""
    user = _name(os.getuid())
    caller = os.environ.get("SUDO_USER", "")
    return By(Actor.OFFICE, name=f"{caller} ({user})" if caller else user)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
