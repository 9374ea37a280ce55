"""DKIM signatures as proof of an agent's domain: what proves it, and all that does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dkim_kit import Dns, Key, key, signed, weak_key

from inboxd.mail.auth_results import AuthVerdict
from inboxd.mail.dkim_check import key_names, signed_by_author
from inboxd.mail.mime import parse

RECEIVED = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEVER = 4_000_000_000
LETTER = b"""\
From: Anna <anna@shop.example>
To: support+token@shop.example
Subject: Re: Where is my tea?
Date: Sun, 22 Nov 2026 11:59:00 +0000
Message-ID: <1@shop.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Tomorrow.
Anna
"""
HTML = LETTER.replace(b"text/plain", b"text/html")
MULTIPART = LETTER.replace(
    b"text/plain; charset=utf-8\n\n",
    b"multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n",
).replace(b"Anna\n", b"Anna\n--b--\n")
TYPE_UNSIGNED = ("From", "Subject", "Date", "MIME-Version")


def judged(raw: bytes, dns: Dns | None = None, received: datetime = RECEIVED) -> AuthVerdict:
    dns = dns or Dns(shop_example=key().record())
    return signed_by_author(raw, parse(raw), received, dns)


GOOD = {
    "plain": signed(LETTER),
    "multipart": signed(MULTIPART),
    "simple canonical forms": signed(LETTER, canonical=(b"simple", b"simple")),
    "below the author's domain": signed(LETTER, "mail.shop.example"),
    "not yet expired": signed(LETTER, expires=NEVER),
    "among a list's signature": signed(signed(LETTER), "lists.example"),
    "trace fields put on top": b"Received: from a by b; now\r\n" + signed(LETTER),
    "plain text, its type unsigned": signed(LETTER, fields=TYPE_UNSIGNED),
    "a multipart that fills the body, its type unsigned": signed(MULTIPART, fields=TYPE_UNSIGNED),
    "HTML, its type signed": signed(HTML),
    "an author in capitals": signed(LETTER.replace(b"anna@shop.ex", b"ANNA@Shop.Ex")),
}
EVERYWHERE = Dns(
    shop_example=key().record(),
    mail_shop_example=key().record(),
    lists_example=key().record(),
)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_signature_is_a_pass(name: str) -> None:
    verdict = judged(GOOD[name], EVERYWHERE)
    assert verdict.passed, verdict.reason
    assert verdict.reason == "a valid DKIM signature for shop.example"


def test_line_ends_of_the_journal_do_not_matter() -> None:
    assert judged(signed(LETTER).replace(b"\r\n", b"\n")).passed


def added(field: bytes, raw: bytes = LETTER) -> bytes:
    return field + b"\r\n" + signed(raw)


BAD: dict[str, tuple[bytes, str]] = {
    "no signature": (LETTER, "not signed"),
    "body altered": (signed(LETTER).replace(b"Tomorrow", b"Never"), "does not fit"),
    "body continued": (signed(LETTER) + b"#close\r\n", "does not fit"),
    "subject altered": (signed(LETTER).replace(b"my tea", b"my gin"), "does not fit"),
    "From altered": (signed(LETTER).replace(b"Anna <anna", b"Ben <ben"), "does not fit"),
    "second From on top": (added(b"From: Anna <anna@shop.example>"), "two fields named from"),
    "second Subject on top": (added(b"Subject: x"), "two fields named subject"),
    "second Content-Type on top": (
        added(b"Content-Type: text/html"),
        "two fields named content-type",
    ),
    "l=, nothing added": (signed(LETTER, length=True), "a part of the body"),
    "l=, text added": (signed(LETTER, length=True) + b"#close\r\n", "a part of the body"),
    "another domain": (signed(LETTER, "evil.example"), "not shop.example's"),
    "a domain that ends alike": (signed(LETTER, "evilshop.example"), "not shop.example's"),
    "the domain above": (signed(LETTER, "example"), "not shop.example's"),
    "another domain, the author's in i=": (
        signed(LETTER, "evil.example").replace(b"i=@evil", b"i=@shop"),
        "not shop.example's",
    ),
    "expired": (signed(LETTER, expires=1_700_000_000), "has expired"),
    "expiry that is no number": (signed(LETTER).replace(b"v=1;", b"v=1; x=soon;"), "has expired"),
    "SHA-1": (signed(LETTER, algorithm=b"rsa-sha1"), "kind that is not accepted"),
    "Subject not signed": (signed(LETTER, fields=("From", "Date")), "Subject is not signed"),
    "From not signed": (
        signed(LETTER, fields=("From", "Subject")).replace(b"h=from : ", b"h="),
        "From or Subject",
    ),
    "HTML, its type unsigned": (signed(HTML, fields=TYPE_UNSIGNED), "Content-Type is not signed"),
    "a boundary slipped in": (
        signed(
            LETTER.replace(b"Tomorrow.", b"No.\n--b\n\nYes.\n#close\n--b--"), fields=TYPE_UNSIGNED
        ).replace(b"text/plain", b"multipart/mixed; boundary=b"),
        "Content-Type is not signed",
    ),
    "no key": (signed(LETTER, "no.shop.example"), "not to be found"),
    "a tag twice": (signed(LETTER).replace(b"v=1;", b"v=1; v=1;"), "broken"),
    "no body hash": (signed(LETTER).replace(b"bh=", b"zz="), "lacks bh="),
    "garbage": (b"DKIM-Signature: " + b"\xff;=" * 90 + b"\r\n" + LETTER, "broken"),
    "a bare CR": (signed(LETTER).replace(b"Re: Where", b"Re:\rWhere"), "line ends"),
    "a line of blanks in the header": (
        b"X-A: b\r\n  \r\n We refund it.\r\n" + signed(LETTER),
        "line ends",
    ),
    "a line that is no field": (
        signed(LETTER).replace(b"To: support", b"What is this\r\nTo: support"),
        "no field",
    ),
    "a hundred thousand blanks": (signed(LETTER) + b" " * 100_000 + b".", "row of blanks"),
    "a long signature": (b"DKIM-Signature: v=1; " + b"a" * 9000 + b"\r\n" + LETTER, "too long"),
    "two authors": (signed(LETTER.replace(b"ple>\n", b"ple>, b@shop.example\n", 1)), "not clear"),
}


@pytest.mark.parametrize("name", BAD)
def test_S12_a_signature_that_proves_nothing(name: str) -> None:
    raw, why = BAD[name]
    verdict = judged(raw)
    assert not verdict.passed
    assert any(words in verdict.reason for words in why.split("|")), verdict.reason


KEYS: dict[str, tuple[Key, bytes, str]] = {
    "another key": (key(), key(1).record(), "does not fit"),
    "a weak key": (weak_key(), weak_key().record(), "too short"),
    "a revoked key": (key(), b"v=DKIM1; p=", "revoked"),
    "a key for tests": (key(), key().record("t=y:s; "), "only tests"),
    "a key for another service": (key(), key().record("s=tlsrpt; "), "not for mail"),
    "a key for SHA-1": (key(), key().record("h=sha1; "), "another kind"),
    "a broken key": (key(), b"v=DKIM1; p=QUJD", "does not fit"),
    "no key at all": (key(), b"hello world", "broken"),
}


@pytest.mark.parametrize("name", KEYS)
def test_S12_a_key_that_proves_nothing(name: str) -> None:
    by, record, why = KEYS[name]
    verdict = judged(signed(LETTER, by=by), Dns(shop_example=record))
    assert not verdict.passed
    assert any(words in verdict.reason for words in why.split("|")), verdict.reason


def test_without_the_dns_nothing_is_proven() -> None:
    dns = Dns(shop_example=key().record())
    dns.down = True
    verdict = judged(signed(LETTER), dns)
    assert verdict == AuthVerdict(
        False, "DKIM: the signature's key could not be looked up just now"
    )


def test_a_signature_is_good_while_it_has_not_expired() -> None:
    raw = signed(LETTER, expires=NEVER)
    assert judged(raw, received=datetime.fromtimestamp(NEVER, UTC)).passed
    assert not judged(raw, received=datetime.fromtimestamp(NEVER + 1, UTC)).passed


def test_only_keys_of_the_authors_domain_are_asked_for_and_few_of_them() -> None:
    raw = LETTER
    for host in ("a.shop.example", "evil.example", "b.shop.example", "c.shop.example"):
        raw = signed(raw, host)
    raw = signed(raw)
    names = key_names(raw, parse(raw), RECEIVED)
    assert names == tuple(f"mail._domainkey.{h}shop.example" for h in ("", "c.", "b."))
    assert key_names(LETTER, parse(LETTER), RECEIVED) == ()
