"""Whether a mail bears a DKIM signature (RFC 6376) that proves its author's domain.

More is asked than RFC 6376 asks of a verifier, for an agent's mail acts: the signature must be the
author's own domain's, cover From, Subject and the whole body, and leave nothing to be added. The
cryptography and the canonical forms are dkimpy's. It also looks at the machine's clock and refuses
what is expired by that, too; so a mail can only be trusted less than is said here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from inboxd.errors import Transient
from inboxd.mail.auth_results import AuthVerdict, canonical_domain, is_within
from inboxd.mail.model import ParsedMail
from inboxd.mail.parameters import content_type
from inboxd.mail.reading import Reading

TxtRecord = Callable[[str], bytes | None]
"""Returns the TXT record of a name, or None if it has none; raises `Transient` if unknown."""

_MOST_BYTES: Final = 30_000_000
_MOST_HEADER_BYTES: Final = 100_000
_MOST_SIGNATURE_BYTES: Final = 8_000
_MOST_SIGNATURES: Final = 3
_LEAST_KEY_BITS: Final = 1024
_ALGORITHM: Final = b"rsa-sha256"  # RFC 8301 forbids rsa-sha1
_MANDATORY: Final = (b"v", b"a", b"b", b"bh", b"d", b"h", b"s")
_SIGNED: Final = ("from", "subject")
# Of these the reader takes one, so there may be no second that is not signed.
_SINGLE: Final = (
    *("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to"),
    *("references", "mime-version", "content-type", "content-transfer-encoding"),
    "content-disposition",
)
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
_FIELD: Final = re.compile(rb"([!-9;-~]+):(.*)", re.DOTALL)
_BARE_CR: Final = re.compile(rb"\r(?!\n)")
_NEW_LINE: Final = re.compile(rb"\r?\n(?![ \t])")
_BLANK_CONTINUATION: Final = re.compile(rb"\n[ \t]+\r?(?:\n|\Z)")
# dkimpy's expressions take quadratic time on runs of blanks.
_LONG_BLANK: Final = re.compile(rb"[ \t]{2000}")
_LONG_SPACE: Final = re.compile(rb"\s{100}")
_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")


class _Unusable(Exception):
    """A mail or a signature that proves nothing; its text says why."""


@dataclass(frozen=True, slots=True)
class _Signature:
    """A signature that would prove the author, if its key says so; `place` counts from the top."""

    place: int
    key_name: str


@dataclass(frozen=True, slots=True)
class _Head:
    """A mail's fields as they are signed, in lower case and unfolded no further; and its body."""

    fields: tuple[tuple[str, bytes], ...]
    body: bytes

    def all(self, name: str) -> list[bytes]:
        return [value for field, value in self.fields if field == name]


def key_names(raw: bytes, mail: ParsedMail, received: datetime) -> tuple[str, ...]:
    """Return the names in the DNS at which `signed_by_author` will look for keys. Total."""
    try:
        return tuple(found.key_name for found in _signatures(raw, mail, received))
    except _Unusable:
        return ()


def signed_by_author(
    raw: bytes, mail: ParsedMail, received: datetime, txt: TxtRecord
) -> AuthVerdict:
    """Return whether a DKIM signature proves that the author's domain sent the mail as it is.

    `mail` is what `raw` was read into, `received` (aware) the time by which signatures may expire.
    The signing domain must be the author's or below it. Refused are signatures that do not cover
    From and Subject, that cover a part of the body only (`l=`) or leave room for a second field of
    one that is signed, SHA-1, keys of under 1,024 bits, keys that are revoked, restricted to other
    services or only tested (`t=y`). Without a record from `txt` nothing is proven. Total.
    """
    try:
        signatures = _signatures(raw, mail, received)
        reasons = [_why_invalid(raw, signature, txt) for signature in signatures]
    except _Unusable as unusable:
        return AuthVerdict(False, f"DKIM: {unusable}")
    if None in reasons:
        domain = mail.author.domain if mail.author else ""
        return AuthVerdict(True, f"a valid DKIM signature for {domain}")
    return AuthVerdict(False, f"DKIM: {reasons[0]}")


def _signatures(raw: bytes, mail: ParsedMail, received: datetime) -> list[_Signature]:
    """Return the signatures that may prove the author; raise `_Unusable` if there is none."""
    if mail.author is None:
        raise _Unusable("From is not clear")
    head = _head(raw)
    _refuse_additions(head)
    domain = canonical_domain(mail.author.domain)
    found: list[_Signature] = []
    why = "the mail is not signed"
    for place, value in enumerate(head.all("dkim-signature")):
        try:
            name = _key_name(value, head, domain, received)
        except _Unusable as unusable:
            why = str(unusable)
        else:
            found.append(_Signature(place, name))
    if not found:
        raise _Unusable(why)
    return found[:_MOST_SIGNATURES]


def _head(raw: bytes) -> _Head:
    """Take a mail apart, if it has the plain form that every reader takes apart the same way."""
    end = _HEADER_END.search(raw, 0, _MOST_HEADER_BYTES)
    if end is None or len(raw) > _MOST_BYTES:
        raise _Unusable("the mail, or its header, is too large or broken")
    header = raw[: end.start()]
    if _BARE_CR.search(raw) or b"\0" in header or _BLANK_CONTINUATION.search(header):
        raise _Unusable("the mail has line ends that not everybody reads the same way")
    if _LONG_BLANK.search(raw):
        raise _Unusable("the mail holds an endless row of blanks")
    fields = []
    for line in _NEW_LINE.split(header):
        field = _FIELD.match(line)
        if field is None:
            raise _Unusable("the mail's header has a line that is no field")
        fields.append((field[1].decode("ascii").lower(), field[2]))
    return _Head(tuple(fields), raw[end.end() :])


def _refuse_additions(head: _Head) -> None:
    counts = Counter(name for name, _ in head.fields)
    twice = next((name for name in _SINGLE if counts[name] > 1), None)
    if twice is not None:
        raise _Unusable(f"the mail has two fields named {twice}")


def _key_name(value: bytes, head: _Head, domain: str, received: datetime) -> str:
    """Check what a signature says of itself; return where its key lies."""
    tags = _tags(value)
    missing = next((tag for tag in _MANDATORY if not tags.get(tag)), None)
    if missing is not None:
        raise _Unusable(f"the signature lacks {missing.decode()}=")
    if tags[b"v"] != b"1" or tags[b"a"].lower() != _ALGORITHM:
        raise _Unusable("the signature is of a kind that is not accepted")
    if b"l" in tags:
        raise _Unusable("only a part of the body is signed")
    _refuse_expired(tags, received)
    signed = [name.strip().lower() for name in _text(tags[b"h"]).split(":")]
    if not set(_SIGNED) <= set(signed):
        raise _Unusable("From or Subject is not signed")
    if "content-type" not in signed and not _reads_one_way(head):
        raise _Unusable("Content-Type is not signed")
    signer = canonical_domain(_text(tags[b"d"]))
    if not is_within(signer, domain):
        raise _Unusable(f"the signature is not {domain}'s")
    name = f"{_text(tags[b's'])}._domainkey.{signer}".lower()
    if _NAME.fullmatch(name) is None:
        raise _Unusable("the signature names no place for its key")
    return name


def _tags(value: bytes) -> dict[bytes, bytes]:
    if len(value) > _MOST_SIGNATURE_BYTES or _LONG_SPACE.search(value):
        raise _Unusable("the signature is too long")
    try:
        tags: dict[bytes, bytes] = parse_tag_value(value)
    except InvalidTagValueList:
        raise _Unusable("the signature is broken") from None
    return tags


def _refuse_expired(tags: dict[bytes, bytes], received: datetime) -> None:
    expires = tags.get(b"x")
    if expires is None:
        return
    if not re.fullmatch(rb"\d{1,12}", expires) or int(expires) < received.timestamp():
        raise _Unusable("the signature has expired")


def _reads_one_way(head: _Head) -> bool:
    """Whether no other Content-Type would show other words than the signer saw.

    So it is with a multipart that fills the body from its first line to its last, and with plain
    text: whoever put that there instead made the mail harder to read, not another one.
    """
    values = head.all("content-type")
    read = content_type(_text(values[0]) if values else "", "text/plain", Reading())
    if not read.value.startswith("multipart/"):
        return read.value == "text/plain"
    boundary = read.get("boundary").encode()
    first, _, rest = head.body.strip().partition(b"\n")
    return first.rstrip() == b"--" + boundary and rest.endswith(b"\n--%b--" % boundary)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip()


def _why_invalid(raw: bytes, signature: _Signature, txt: TxtRecord) -> str | None:
    """Return why a signature proves nothing, or None if it is valid."""
    try:
        record = txt(signature.key_name)
    except Transient:
        return "the signature's key could not be looked up just now"
    if record is None:
        return "the signature's key is not to be found"
    if (reason := _why_unusable_key(record)) is not None:
        return reason
    message = dkim.DKIM(raw, minkey=_LEAST_KEY_BITS)
    try:
        valid = message.verify(signature.place, dnsfunc=lambda name, timeout: record)
    except dkim.ValidationError:
        valid = False
    except dkim.KeyFormatError:
        return "the signature's key is too short or broken"
    except Exception:  # dkimpy raises whatever broken keys and mails bring about: no proof
        return "the signature is broken"
    return None if valid else "the signature does not fit the mail"


def _why_unusable_key(record: bytes) -> str | None:
    """Return what a key record (RFC 6376 section 3.6.1) says against its use: dkimpy skips it."""
    try:
        tags: dict[bytes, bytes] = parse_tag_value(record)
    except InvalidTagValueList:
        return "the signature's key is broken"
    flags, services = tags.get(b"t", b"").split(b":"), tags.get(b"s", b"*").split(b":")
    hashes = tags.get(b"h", b"sha256").split(b":")
    if not tags.get(b"p"):
        return "the signature's key was revoked"
    if b"y" in (flag.strip() for flag in flags):
        return "the domain only tests its signatures"
    if not {service.strip() for service in services} & {b"*", b"email"}:
        return "the signature's key is not for mail"
    if b"sha256" not in (each.strip() for each in hashes):
        return "the signature's key is for another kind of signature"
    return None
