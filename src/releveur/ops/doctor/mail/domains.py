"""The names that mails of this installation carry: who may send for them, and who vouches for it."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings
from django.utils.translation import gettext as _

from releveur.ops.doctor.checks import Finding, Level
from releveur.ops.doctor.mail import reading_spf
from releveur.ops.doctor.mail.patient import Patient

SHORTEST_KEY, GOOD_KEY = 1024, 2048
"""Bits of an RSA key: shorter ones are refused, shorter than the second are advised against."""


def spf(patient: Patient) -> Iterator[Finding]:
    """Who may send for the domain to which mails come back."""
    found = reading_spf.read(patient.returns, patient.dns)
    fault, to_do = _fault_of(found)
    if fault:
        yield Finding("spf", Level.FAIL, fault, to_do)
        return
    known = {"domain": found.domain, "lookups": found.lookups}
    if found.otherwise in "?+":
        words = _("the SPF record of %(domain)s lets anybody send") % known
        yield Finding("spf", Level.WARN, words, _("End it with ~all, later with -all."))
    else:
        words = _("%(domain)s says who may send (%(lookups)s lookups of 10)") % known
        yield Finding("spf", Level.OK, words)
    yield from _relay_in(found, patient)


def _fault_of(found: reading_spf.Spf) -> tuple[str, str]:
    known = {"domain": found.domain, "faults": ", ".join(found.faults)}
    if not found.record:
        return (
            _("%(domain)s has no SPF record: nothing says who may send for it") % known,
            _("Publish a TXT record such as « v=spf1 include:YOUR-PROVIDER ~all »."),
        )
    if found.several:
        return (
            _("%(domain)s has several SPF records: receivers take none of them") % known,
            _("Join them in one record."),
        )
    if found.lookups > reading_spf.MOST_LOOKUPS:
        return (
            _("the SPF record of %(domain)s needs more than 10 lookups: receivers drop it") % known,
            _("Take out includes that are not used any more."),
        )
    if found.faults:
        return (
            _("the SPF record of %(domain)s names what is not there: %(faults)s") % known,
            _("Take it out, or ask who it belongs to."),
        )
    return "", ""


def _relay_in(found: reading_spf.Spf, patient: Patient) -> Iterator[Finding]:
    """Of a relay that sends from where it listens; of a provider's pool nothing is known."""
    addresses = patient.dns.addresses(patient.server.host)
    if not addresses or any(found.permits(one) for one in addresses):
        return
    known = {"host": patient.server.host, "addresses": ", ".join(addresses)}
    words = _("SPF does not name %(host)s (%(addresses)s)") % known
    to_do = _("If it sends from there, add it; a provider tells you which include is his.")
    yield Finding("spf_relay", Level.WARN, words, to_do)


def dkim(patient: Patient) -> Iterator[Finding]:
    """The keys with which mails are signed, where the mail server signs them."""
    if not settings.DKIM_SELECTORS:
        words = _("no DKIM selector is given: whether mails are signed is not known")
        to_do = _("Ask your mail provider for it, and set RELEVEUR_DKIM_SELECTORS.")
        yield Finding("dkim", Level.WARN, words, to_do)
    for selector in settings.DKIM_SELECTORS:
        name = f"{selector}._domainkey.{patient.domain}"
        yield _of_key(name, patient.dns.texts(name))


def _of_key(name: str, records: Sequence[str]) -> Finding:
    known = {"name": name}
    publish = _("Publish the key that your mail provider shows you.")
    if not records:
        return Finding("dkim", Level.FAIL, _("there is no key at %(name)s") % known, publish)
    said = _tags(records[0]).get("p", "")
    if not said:
        return Finding("dkim", Level.FAIL, _("the key at %(name)s is revoked") % known, publish)
    try:
        bits = _bits(said)
    except (ValueError, NoBase64):
        return Finding("dkim", Level.FAIL, _("the key at %(name)s is none") % known, publish)
    if bits < GOOD_KEY:
        level = Level.FAIL if bits < SHORTEST_KEY else Level.WARN
        words = _("the key at %(name)s has %(bits)s bits only") % {**known, "bits": bits}
        return Finding("dkim", level, words, _("Have one of 2048 bits made."))
    return Finding("dkim", Level.OK, _("there is a good key at %(name)s") % known)


def _bits(encoded: str) -> int:
    """Of an Ed25519 key as many as it is worth."""
    content = b64decode("".join(encoded.split()), validate=True)
    if len(content) == 32:
        return 3072
    key = load_der_public_key(content)
    return key.key_size if isinstance(key, RSAPublicKey) else GOOD_KEY


def dmarc(patient: Patient) -> Iterator[Finding]:
    """What receivers shall do with mails that only claim to be ours."""
    at, records = _dmarc_records(patient)
    known = {"domain": at}
    if len(records) != 1:
        words = _("%(domain)s has no DMARC record: large providers refuse mails in numbers")
        if records:
            words = _("%(domain)s has several DMARC records: receivers take none of them")
        to_do = _(
            "Publish at _dmarc.%(domain)s: « v=DMARC1; p=none », with rua=mailto:ADDRESS for the reports."
        )
        yield Finding("dmarc", Level.FAIL, words % known, to_do % known)
        return
    tags = _tags(records[0])
    policy = tags.get("p", "none").lower()
    if policy == "none":
        words = _("%(domain)s only watches (p=none)") % known
        to_do = _("When the reports show no mails of yours that fail, set p=quarantine.")
        yield Finding("dmarc", Level.WARN, words, to_do)
    else:
        words = _("%(domain)s protects its name (p=%(policy)s)") % {**known, "policy": policy}
        yield Finding("dmarc", Level.OK, words)
    strict = tags.get("aspf", "r").lower() == "s"
    same = patient.returns == patient.domain
    if not (same or (not strict and _related(patient.returns, patient.domain))):
        words = _("mails come back to %(returns)s and say that they are from %(sender)s")
        to_do = _("Give RELEVEUR_RETURN_PATH an address in the sender’s domain.")
        domains = {"returns": patient.returns, "sender": patient.domain}
        yield Finding("alignment", Level.WARN, words % domains, to_do)


def _dmarc_records(patient: Patient) -> tuple[str, list[str]]:
    """Of the domain, else of the one it belongs to."""
    labels = patient.domain.split(".")
    for first in range(max(1, len(labels) - 1)):
        domain = ".".join(labels[first:])
        said = patient.dns.texts(f"_dmarc.{domain}")
        if records := [one for one in said if one.lower().startswith("v=dmarc1")]:
            return domain, records
    return patient.domain, []


def links(patient: Patient) -> Iterator[Finding]:
    """A reader trusts a link that leads to the sender; so do filters."""
    known = {"links": patient.links, "sender": patient.domain}
    if _related(patient.links, patient.domain):
        words = _("links and sender share a domain (%(links)s, %(sender)s)") % known
        yield Finding("links", Level.OK, words)
    else:
        words = _("links lead to %(links)s, mails come from %(sender)s") % known
        to_do = _("Give the portal a name in the sender’s domain (RELEVEUR_SITE_URL).")
        yield Finding("links", Level.WARN, words, to_do)


def returns(patient: Patient) -> Iterator[Finding]:
    """Whether what comes back arrives anywhere."""
    known = {"domain": patient.returns}
    servers = [one.host for one in patient.dns.mail_servers(patient.returns)]
    reachable = servers and servers != [""]
    if reachable or (not servers and patient.dns.addresses(patient.returns)):
        words = _("mail for %(domain)s has a server") % known
        yield Finding("returns", Level.OK, words)
    else:
        words = _("no server takes mail for %(domain)s: what does not arrive is never known")
        to_do = _("Publish an MX record, or name another domain in RELEVEUR_RETURN_PATH.")
        yield Finding("returns", Level.FAIL, words % known, to_do)
    if not (settings.RETURN_PATH and (settings.INBOX or settings.INBOX_SECRET)):
        words = _("mails that come back go to the sender’s mailbox, and nobody reads them for you")
        to_do = _("Set RELEVEUR_RETURN_PATH, and RELEVEUR_INBOX or RELEVEUR_INBOX_SECRET.")
        yield Finding("inbox", Level.WARN, words, to_do)


def _related(one: str, other: str) -> bool:
    """One within the other, or beside it under a name that is more than a country's or a trade's."""
    if one == other or one.endswith(f".{other}") or other.endswith(f".{one}"):
        return True
    ours, theirs = one.split(".")[-3:], other.split(".")[-3:]
    second = len(ours[-2]) > 3 if len(ours) > 1 else False
    return second and ours[-2:] == theirs[-2:]


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in re.split(r"\s*;\s*", record.strip()))
    return {name.strip().lower(): value.strip() for name, _sign, value in pairs if name}
