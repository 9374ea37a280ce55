"""Signs mails with keys of its own, and plays the DNS in which their public halves lie."""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from inboxd.errors import Transient

MOST_FIELDS = (
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)


@dataclass(frozen=True)
class Key:
    private: bytes  # PEM
    public: str  # base64 of the DER

    def record(self, more: str = "") -> bytes:
        return f"v=DKIM1; k=rsa; {more}p={self.public}".encode()


@cache
def key(number: int = 0) -> Key:
    """Return one of several keys of a good size."""
    made = rsa.generate_private_key(65537, 1024)
    der = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return Key(pem, base64.b64encode(der).decode())


@cache
def weak_key() -> Key:
    """Return a key of 768 bits, which libraries do not make any more."""
    chance = random.Random(7)
    p, q = _prime(chance), _prime(chance)
    n, e = p * q, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = (0, n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    body = base64.encodebytes(_der(*numbers))
    pem = b"-----BEGIN RSA PRIVATE KEY-----\n" + body + b"-----END RSA PRIVATE KEY-----\n"
    return Key(pem, base64.b64encode(_der(n, e)).decode())


def _der(*numbers: int) -> bytes:
    """Return a SEQUENCE of INTEGERs (RFC 8017 appendix A.1)."""
    inside = b"".join(
        b"\x02" + _sized(number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in numbers
    )
    return b"\x30" + _sized(inside)


def _sized(data: bytes) -> bytes:
    return b"\x82" + len(data).to_bytes(2, "big") + data


def _prime(chance: random.Random) -> int:
    while True:
        number = chance.getrandbits(384) | (3 << 382) | 1
        if number % 65537 != 1 and all(pow(base, number - 1, number) == 1 for base in (2, 3, 5)):
            return number


def signed(
    raw: bytes,
    domain: str = "shop.example",
    *,
    by: Key | None = None,
    fields: tuple[str, ...] = MOST_FIELDS,
    length: bool = False,
    algorithm: bytes = b"rsa-sha256",
    canonical: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    expires: int | None = None,
) -> bytes:
    """Return `raw` with a signature on top; only fields that it has are signed."""
    raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    signer = _Expiring(raw, signature_algorithm=algorithm)
    signer.expires = expires
    there = {name.lower() for name, _ in signer.headers}
    include = [each.encode() for each in fields if each.lower().encode() in there]
    field: bytes = signer.sign(
        b"mail",
        domain.encode(),
        (by or key()).private,
        canonicalize=canonical,
        include_headers=include,
        length=length,
    )
    return field + raw


class _Expiring(dkim.DKIM):  # type: ignore[misc]
    """Signs with an `x=`, for which dkimpy has no option."""

    expires: int | None = None

    def gen_header(self, fields: list[tuple[bytes, bytes]], *rest: object) -> bytes:
        if self.expires is not None:
            fields.insert(-1, (b"x", str(self.expires).encode()))
        made: bytes = super().gen_header(fields, *rest)
        return made


class Dns:
    """A DNS that holds what it is given, and counts the questions."""

    def __init__(self, **records: bytes) -> None:
        self.records = {
            f"mail._domainkey.{domain.replace('_', '.')}": record
            for domain, record in records.items()
        }
        self.asked: list[str] = []
        self.down = False

    def __call__(self, name: str) -> bytes | None:
        self.asked.append(name)
        if self.down:
            raise Transient("no answer")
        return self.records.get(name)
