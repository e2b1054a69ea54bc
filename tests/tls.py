"""A certificate authority of the tests, and a certificate for this machine under it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "localhost"

_SIGNS = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
    key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
    decipher_only=False,
)  # fmt: skip


@dataclass(frozen=True)
class Certified:
    """Files of PEM: who is to be trusted, and what a server shows."""

    authority: Path
    shown: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.shown, self.key)
        return context


def certified(folder: Path, *, host: str = HOST, days: int = 30, age: int = 1) -> Certified:
    """An authority and a certificate for `host`, valid from `age` days ago, for `days` days."""
    ours, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    since = datetime.fromtimestamp(Path("/proc/self").stat().st_mtime, UTC) - timedelta(days=age)
    until = since + timedelta(days=days)
    name = _name("tests")
    known = x509.SubjectKeyIdentifier.from_public_key(ours.public_key())
    authority = _blank(name, name, ours.public_key(), since, since + timedelta(days=999))
    authority = authority.add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    authority = authority.add_extension(_SIGNS, critical=True).add_extension(known, critical=False)
    shown = _blank(_name(host), name, theirs.public_key(), since, until)
    names: list[x509.GeneralName] = [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]
    shown = shown.add_extension(x509.SubjectAlternativeName(names), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)
    shown = shown.add_extension(issuer, critical=False)
    files = Certified(folder / "authority.pem", folder / "shown.pem", folder / "key.pem")
    pem = serialization.Encoding.PEM
    files.authority.write_bytes(authority.sign(ours, hashes.SHA256()).public_bytes(pem))
    files.shown.write_bytes(shown.sign(ours, hashes.SHA256()).public_bytes(pem))
    files.key.write_bytes(
        theirs.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _name(said: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, said)])


def _blank(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    since: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), since, until)
