"""Signed reply addresses and message ids: proof that a mail answers one of ours.

Nothing is stored for them. All that a token says stands in it, under an HMAC-SHA256 truncated to
80 bits (RFC 2104 section 5 allows truncation to half of the digest or 80 bits, whichever is more;
an online forgery here costs 2**80 mails), so that it survives a restored backup.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Any, Self

MAC_BYTES = 10
PARTY_BYTES = 4
NO_CONVERSATION = 2**62
"""Stands for the number in the ids of mails that belong to no conversation: digests, alerts."""
_EPOCH = date(2020, 1, 1)
_LONGEST_TOKEN = 48
_OWN_MESSAGE_ID = re.compile(r"<?([1-9][0-9]{0,18})\.([a-z2-7]{13})\.([a-z2-7]{16})@[^@]+")
_LONGEST_LOCAL_PART = 64  # octets, RFC 5321 section 4.5.3.1.1
_SEPARATORS = frozenset("+-_.=")


class Purpose(IntEnum):
    """What a reply address is good for. 8 to 15 are free for purposes to come.

    `ACTION` addresses do one thing when an agent writes to them; `NEW` ones begin a conversation;
    those of a `DIGEST` bear its number in the conversation's place; `SIDE` ones bring back what
    somebody outside answers to a forwarded mail.
    """

    CUSTOMER = 1
    AGENT = 2
    BOUNCE = 3
    ACTION = 4
    NEW = 5
    DIGEST = 6
    SIDE = 7


_PURPOSES = frozenset(purpose.value for purpose in Purpose)


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid token says.

    `party` is the short keyed hash of whom the token was made for (see `TokenKey.is_for`);
    `expires` is the last day, in UTC, on which it is valid, or None.
    """

    purpose: Purpose
    conversation: int
    party: str
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class ExpiredToken:
    """A token that is ours and was valid once: enough to tell its bearer so, for nothing else."""

    token: Token


@dataclass(frozen=True, slots=True)
class _Keys:
    """One secret's keys, a separate one for each use, so that no MAC can stand for another."""

    token: bytes
    party: bytes
    effect: bytes
    message_id: bytes

    @classmethod
    def derive(cls, secret: bytes) -> Self:
        if len(secret) < 16:
            raise ValueError("a secret key has at least 16 bytes")
        # HMAC pads keys with zeros; hashed, secrets that differ in trailing zeros differ as keys.
        root = hashlib.sha256(secret).digest()
        names = ("reply token", "party", "effect", "message id")
        return cls(*(hmac.digest(root, f"inboxd {name}".encode(), "sha256") for name in names))


def fingerprint(secret: bytes) -> str:
    """Return 12 characters by which a secret is told from others, and which tell nothing of it."""
    root = hashlib.sha256(secret).digest()
    return _base32(hmac.digest(root, b"inboxd fingerprint", "sha256"))[:12]


class TokenKey:
    """Makes and reads tokens and message ids.

    `secret` signs; `old` are earlier secrets whose tokens still verify. Raises ValueError for a
    secret of fewer than 16 bytes.
    """

    __slots__ = ("_keys",)

    def __init__(self, secret: bytes, old: Sequence[bytes] = ()) -> None:
        self._keys = tuple(_Keys.derive(each) for each in (secret, *old))

    def token(
        self,
        purpose: Purpose,
        mailbox: str,
        conversation: int,
        party: str,
        expires: date | None = None,
    ) -> str:
        """Return a token in lower-case base32, at most 32 characters up to conversation 2**24.

        `party` is `agent:NAME` or `mail:ADDRESS`. Raises ValueError for a conversation below 1 or
        an expiry that is not between 2020 and 2199.
        """
        payload = _pack(purpose, conversation, self._party(self._keys[0], party), expires)
        return _base32(payload + _mac(self._keys[0].token, mailbox.encode(), payload)[:MAC_BYTES])

    def read(self, text: str, mailbox: str, today: date) -> Token | ExpiredToken | None:
        """Return what the token says; None unless it was made by us for this mailbox.

        Letter case does not matter. `today` is the date in UTC.
        """
        data = _unbase32(text)
        if data is None or len(data) <= MAC_BYTES:
            return None
        payload, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
        macs = [_mac(keys.token, mailbox.encode(), payload)[:MAC_BYTES] for keys in self._keys]
        if not _any_equal(mac, macs):
            return None
        token = _unpack(payload)
        if token is not None and token.expires is not None and today > token.expires:
            return ExpiredToken(token)
        return token

    def party_hash(self, party: str) -> str:
        """Return the hash by which tokens made now name `party`, in any letter case.

        It is keyed: nobody can look for an address that shares another's hash.
        """
        return self._party(self._keys[0], party).hex()

    def is_for(self, token: Token, party: str) -> bool:
        """Return whether the token was made for `party`, with whichever of our secrets."""
        hashes = [self._party(keys, party).hex().encode() for keys in self._keys]
        return _any_equal(token.party.encode(), hashes)

    def message_id(self, mailbox: str, domain: str, conversation: int, effect_key: str) -> str:
        """Return the Message-ID, without brackets, of the mail that `effect_key` causes.

        The same arguments give the same id. `domain` is ASCII (IDNA A-labels).
        """
        return _message_id(self._keys[0], mailbox, domain, conversation, effect_key)

    def earlier_message_ids(
        self, mailbox: str, domain: str, conversation: int, effect_key: str
    ) -> tuple[str, ...]:
        """Return the ids that `message_id` gave while the old secrets signed, in their order."""
        return tuple(
            _message_id(keys, mailbox, domain, conversation, effect_key) for keys in self._keys[1:]
        )

    def read_message_id(self, message_id: str, mailbox: str) -> int | None:
        """Return the conversation of a Message-ID that we made for this mailbox, or None."""
        match = _OWN_MESSAGE_ID.fullmatch(message_id.strip().lower())
        if match is None:
            return None
        number, unique, mac = match.groups()
        macs = [_message_id_mac(keys, mailbox, number, unique).encode() for keys in self._keys]
        return int(number) if _any_equal(mac.encode(), macs) else None

    @staticmethod
    def _party(keys: _Keys, party: str) -> bytes:
        return _party_mac(keys.party, party.casefold())


@dataclass(frozen=True, slots=True)
class ReplyAddressPattern:
    """How a token stands in an address: `{local}+{token}@{domain}`, or `{token}@reply.example`.

    `local` and `domain` are the pattern's two sides with their placeholders; an empty `local`
    means that the mailbox has no reply addresses.
    """

    local: str = ""
    domain: str = "{domain}"

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Read a pattern; None and `none` mean no reply addresses.

        Raises ValueError where the pattern would not carry a token, or would claim addresses that
        are not the mailbox's.
        """
        if text is None or text.strip().lower() == "none":
            return cls()
        local, at, domain = text.strip().rpartition("@")
        if not at or not domain or local.count("{token}") != 1 or "{token}" in domain:
            raise ValueError("a reply address needs {token} once, before its @")
        if set(re.findall(r"\{.*?\}", text)) - {"{local}", "{token}", "{domain}"}:
            raise ValueError("a reply address knows {local}, {token} and {domain} only")
        if "{domain}" in local or "{local}" in domain:
            raise ValueError("{local} stands before the @ of a reply address, {domain} after it")
        _check_separation(local, domain)
        return cls(local, domain)

    def format(self, address: str, token: str) -> str:
        """Return the reply address of the mailbox `address`: that itself where there are none.

        Raises ValueError where the local part would be longer than 64 octets (RFC 5321 4.5.3.1.1).
        """
        if not self.local:
            return address
        local, _, domain = address.rpartition("@")
        filled = self.local.replace("{local}", local).replace("{token}", token)
        if len(filled.encode()) > _LONGEST_LOCAL_PART:
            raise ValueError(f"the reply address {filled}@… is longer than 64 octets before its @")
        return f"{filled}@{self.domain.replace('{domain}', domain)}"

    def extract(self, recipient: str, address: str) -> str | None:
        """Return what stands in the token's place of `recipient`, in lower case, or None."""
        if not self.local:
            return None
        local, _, domain = address.casefold().rpartition("@")
        before, _, after = self.local.casefold().replace("{local}", local).partition("{token}")
        after += "@" + self.domain.casefold().replace("{domain}", domain)
        found = recipient.strip().strip("<>").casefold()
        if not found.startswith(before) or not found.endswith(after):
            return None
        token = found[len(before) : len(found) - len(after)]
        return token if token and "@" not in token else None

    def owns(self, recipient: str, address: str) -> bool:
        """Return whether mail to `recipient` belongs to the mailbox `address`.

        It does for the address itself, and for a reply address with anything in the token's place.
        """
        plain = recipient.strip().strip("<>").casefold() == address.casefold()
        return plain or self.extract(recipient, address) is not None


def _check_separation(local: str, domain: str) -> None:
    """Refuse a pattern that matches other people's addresses, as `{local}{token}` would."""
    if local == "{token}":
        if domain == "{domain}":
            raise ValueError("{token}@{domain} would claim every address of the domain")
        return
    before, _, after = local.partition("{token}")
    if (before and before[-1] not in _SEPARATORS) or (after and after[0] not in _SEPARATORS):
        raise ValueError("{token} stands next to one of + - _ . = in a reply address")


@lru_cache(maxsize=1024)  # the same agents and customers, again and again
def _party_mac(key: bytes, party: str) -> bytes:
    return _mac(key, party.encode())[:PARTY_BYTES]


def _mac(key: bytes, *parts: bytes) -> bytes:
    """Return the HMAC-SHA256 over the parts, each behind its length, so that none can shift."""
    inner, outer = _keyed(key)
    inner, outer = inner.copy(), outer.copy()
    inner.update(b"".join([len(part).to_bytes(4, "big") + part for part in parts]))
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


@lru_cache(maxsize=64)
def _keyed(key: bytes) -> tuple[Any, Any]:
    """Return SHA-256 with the key's two pads taken in (RFC 2104): half of an HMAC's work."""
    padded = key.ljust(64, b"\0")
    inner, outer = (bytes(each ^ pad for each in padded) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def _message_id(keys: _Keys, mailbox: str, domain: str, conversation: int, effect_key: str) -> str:
    number = str(conversation)
    unique = _base32(_mac(keys.effect, mailbox.encode(), number.encode(), effect_key.encode())[:8])
    return f"{number}.{unique}.{_message_id_mac(keys, mailbox, number, unique)}@{domain}"


def _message_id_mac(keys: _Keys, mailbox: str, number: str, unique: str) -> str:
    digest = _mac(keys.message_id, mailbox.encode(), number.encode(), unique.encode())
    return _base32(digest[:MAC_BYTES])


def _any_equal(value: bytes, candidates: Sequence[bytes]) -> bool:
    """Compare in constant time with every candidate, whichever matches."""
    return sum(hmac.compare_digest(value, candidate) for candidate in candidates) > 0


def _pack(purpose: Purpose, conversation: int, party: bytes, expires: date | None) -> bytes:
    """Return purpose (4 bits), whether it expires (1), length of the number (3), then each."""
    if conversation < 1:
        raise ValueError("conversations are numbered from 1")
    size = (conversation.bit_length() + 7) // 8
    if size > 8:
        raise ValueError("a conversation's number has at most 64 bits")
    head = purpose << 4 | (expires is not None) << 3 | (size - 1)
    body = bytes((head,)) + conversation.to_bytes(size, "big") + party
    if expires is None:
        return body
    days = (expires - _EPOCH).days
    if not 0 <= days < 2**16:
        raise ValueError("a token expires between 2020 and 2199")
    return body + days.to_bytes(2, "big")


def _unpack(payload: bytes) -> Token | None:
    """Undo `_pack`; None for a purpose or a layout that this version does not know."""
    head = payload[0]
    size = (head & 7) + 1
    party = 1 + size
    end = party + PARTY_BYTES
    has_expiry = bool(head & 8)
    if head >> 4 not in _PURPOSES or len(payload) != end + 2 * has_expiry:
        return None
    expires = _EPOCH + timedelta(int.from_bytes(payload[end:], "big")) if has_expiry else None
    number = int.from_bytes(payload[1:party], "big")
    return Token(Purpose(head >> 4), number, payload[party:end].hex(), expires)


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _unbase32(text: str) -> bytes | None:
    """Return the bytes; None unless `text` is exactly how they are written, letter case aside."""
    if len(text) > _LONGEST_TOKEN or not text.isascii():
        return None
    try:
        data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
    return data if _base32(data) == text.lower() else None
