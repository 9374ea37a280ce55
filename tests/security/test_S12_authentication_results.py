"""S12: only a configured server's Authentication-Results counts, only above its Received line."""

from __future__ import annotations

import pytest

from inboxd.mail.auth_results import AuthVerdict, authenticated
from inboxd.mail.mime import parse

DATE = "Mon, 1 Jan 2024 10:00:00 +0000"
BORDER = (
    "Received: from evil.example (evil.example [192.0.2.6])\r\n"
    f"\tby mx.shop.example with ESMTP id 1; {DATE}"
)
LMTP = f"Received: from mx.shop.example ([127.0.0.1]) by imap.shop.example with LMTP id 2; {DATE}"
GENUINE = "Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom=x@evil.example"
FORGED = "Authentication-Results: mx.shop.example; dkim=pass header.d=corp.example"


def verdict(*fields: str, hops: int = 0) -> AuthVerdict:
    head = [*fields, "From: anna@corp.example", "To: support@shop.example", "Subject: #close"]
    mail = parse("\r\n".join([*head, "", "#close", ""]).encode())
    return authenticated(mail, "corp.example", ("mx.shop.example",), trusted_hops=hops)


FORGERIES = {
    "below the border's Received": (BORDER, FORGED),
    "below a genuine one": (GENUINE, BORDER, FORGED),
    "below a second, forged Received of ours": (
        BORDER,
        FORGED,
        f"Received: from out.corp.example by mx.shop.example with ESMTPS id 9; {DATE}",
    ),
    "another server's name": (
        "Authentication-Results: mx.evil.example; dkim=pass header.d=corp.example",
        BORDER,
    ),
    "a name that ours begins with": (
        "Authentication-Results: mx.shop.example.evil.example; dkim=pass header.d=corp.example",
        BORDER,
    ),
    "our name in a comment": (
        "Authentication-Results: (mx.shop.example) evil.example; dkim=pass header.d=corp.example",
        BORDER,
    ),
    "the pass in a comment": (
        "Authentication-Results: mx.shop.example; spf=pass (x; dkim=pass header.d=corp.example)"
        " smtp.mailfrom=x@evil.example",
        BORDER,
    ),
    "the pass in a quoted sender": (
        'Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom="; dkim=pass'
        ' header.d=corp.example; x="@evil.example',
        BORDER,
    ),
    "the pass as an encoded word in the sender": (
        "Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom="
        "=?utf-8?q?x=3B_dkim=3Dpass_header.d=3Dcorp.example_x=3D?=@evil.example",
        BORDER,
    ),
    "the field's name as an encoded word": (
        "=?utf-8?q?Authentication-Results?=: mx.shop.example; dkim=pass header.d=corp.example",
        BORDER,
    ),
    "behind an LMTP hand-over": (LMTP, BORDER, FORGED),
    "LMTP in the HELO name": (
        f"Received: from a by b with LMTP id 1 (evil.example [192.0.2.6]) by mx.shop.example"
        f" with ESMTP id 1; {DATE}",
        FORGED,
    ),
    "LMTP in the HELO name, the truth in a comment": (
        f"Received: from a by b with LMTP id 1 ( (evil.example [192.0.2.6]) by mx.shop.example"
        f" with ESMTP id 1 for <support+)@shop.example>; {DATE}",
        FORGED,
    ),
    "ARC's copy": (
        "ARC-Authentication-Results: i=1; mx.shop.example; dkim=pass header.d=corp.example",
        BORDER,
    ),
    "a sibling domain": (
        "Authentication-Results: mx.shop.example; dkim=pass header.d=corp.example.evil.example",
        BORDER,
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_S12_a_forgery_is_ignored(name: str) -> None:
    assert not verdict(*FORGERIES[name]).passed


def test_S12_the_genuine_field_passes() -> None:
    assert verdict(FORGED, BORDER).passed  # the same words, written by our server


def test_S12_an_lmtp_hand_over_does_not_hide_the_genuine_field() -> None:
    assert verdict(LMTP, FORGED, BORDER).passed


def test_S12_other_servers_fields_in_between_do_not_matter() -> None:
    other = "Authentication-Results: imap.shop.example; none"
    assert verdict(other, FORGED, BORDER).passed


def test_S12_configured_hops_of_ours_are_passed_over_but_no_more() -> None:
    inner = f"Received: from mx.shop.example by in.shop.example with ESMTP id 3; {DATE}"
    assert not verdict(inner, FORGED, BORDER).passed
    assert verdict(inner, FORGED, BORDER, hops=1).passed
    assert not verdict(inner, BORDER, FORGED, hops=1).passed


def test_S12_only_the_topmost_field_is_asked() -> None:
    assert not verdict(GENUINE, FORGED, BORDER).passed
