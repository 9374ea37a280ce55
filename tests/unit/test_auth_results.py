"""Authentication-Results: its grammar (RFC 8601) and what counts as an aligned pass."""

from __future__ import annotations

import time

import pytest

from inboxd.mail.auth_results import authenticated
from inboxd.mail.auth_results_syntax import parse_authentication_results
from inboxd.mail.model import Headers, ParsedMail

IDS = ("mx.shop.example",)
BORDER = ("Received", "from out.corp.example by mx.shop.example with ESMTPS id 1; Mon, 1 Jan 2024")


def mail_with(results: str) -> ParsedMail:
    return ParsedMail(headers=Headers([("Authentication-Results", results), BORDER]))


def passes(results: str, domain: str = "corp.example") -> bool:
    return authenticated(mail_with(results), domain, IDS).passed


@pytest.mark.parametrize(
    "results",
    [
        "mx.shop.example; dkim=pass header.d=corp.example",
        "mx.shop.example; dkim=pass header.i=@corp.example header.s=s1",
        "mx.shop.example; dkim=pass header.i=anna@mail.corp.example",
        "mx.shop.example; dkim=pass header.d=mail.corp.example",
        "mx.shop.example; spf=pass smtp.mailfrom=anna@corp.example",
        "mx.shop.example; spf=pass smtp.mailfrom=bounce.corp.example",
        "mx.shop.example; dmarc=pass (p=reject) header.from=corp.example",
        "mx.shop.example 1; spf=fail smtp.mailfrom=x.example; dkim=pass header.d=corp.example",
        "MX.Shop.Example; DKIM=PASS Header.D=CORP.example.",
        'mx.shop.example; dkim=pass (good (really)) reason="2048 bit" header.d=corp.example',
        "mx.shop.example;\r\n\tdkim = pass\r\n\t(ok) header.d = corp.example",
        "mx.shop.example; dkim/1=pass header.d=corp.example",
        '"mx.shop.example"; spf=pass smtp.mailfrom="an; na"@corp.example',
        "mx.shop.example; spf=pass smtp.mailfrom=SRS0=ab=cd@corp.example;",
        "mx.shop.example; dkim=fail header.d=corp.example; dkim=pass header.d=corp.example",
    ],
)
def test_an_aligned_pass_is_believed(results: str) -> None:
    assert passes(results)


@pytest.mark.parametrize(
    "results",
    [
        "mx.shop.example; none",
        "mx.shop.example",
        "mx.shop.example; dkim=pass",
        "mx.shop.example; dkim=fail header.d=corp.example",
        "mx.shop.example; dkim=passed header.d=corp.example",
        "mx.shop.example; dkim=pass header.d=evil.example",
        "mx.shop.example; dkim=pass header.d=notcorp.example",
        "mx.shop.example; dkim=pass header.d=example",
        "mx.shop.example; dkim=pass header.d=corp.example.evil.example",
        "mx.shop.example; dkim=pass header.d=evil.example header.d=corp.example",
        "mx.shop.example; dkim=pass header.d=evil.example header.i=@corp.example",
        "mx.shop.example; spf=pass smtp.helo=corp.example",
        "mx.shop.example; spf=pass smtp.mailfrom=corp.example@evil.example",
        "mx.shop.example; dmarc=pass header.from=sub.corp.example",
        "mx.shop.example; dmarc=fail header.from=corp.example; dkim=pass header.d=corp.example",
        "mx.shop.example; auth=pass smtp.auth=corp.example",
        "mx.shop.example 2; dkim=pass header.d=corp.example",
        "mx.shop.example; dkim/2=pass header.d=corp.example",
        "mx.shop.example; (dkim=pass header.d=corp.example)",
        'mx.shop.example; spf=fail reason="; dkim=pass header.d=corp.example"',
        'mx.shop.example; "dkim=pass" header.d=corp.example',
        "mx.shop.example; spf=pass smtp.mailfrom=x@evil.example dkim=pass header.d=corp.example",
        "mx.shop.example; dkim=pass header.d=corp.example (never closed",
        'mx.shop.example; dkim=pass header.d=corp.example "never closed',
    ],
)
def test_anything_less_is_not(results: str) -> None:
    assert not passes(results)


def test_domains_beyond_ascii_are_compared_as_a_labels() -> None:
    assert passes("mx.shop.example; dkim=pass header.d=xn--mnchen-3ya.example", "münchen.example")
    assert passes("mx.shop.example; dkim=pass header.d=münchen.example", "xn--mnchen-3ya.example")


def test_a_top_level_domain_vouches_for_nothing_below_it() -> None:
    assert not passes("mx.shop.example; dkim=pass header.d=evil.example", "example")


def test_the_verdict_says_why() -> None:
    verdict = authenticated(mail_with("mx.shop.example; spf=softfail"), "corp.example", IDS)
    assert verdict.reason == "mx.shop.example says spf=softfail: no pass for corp.example"
    assert not authenticated(mail_with("mx.shop.example; none"), "corp.example", ()).passed
    assert authenticated(mail_with("x; none"), "", IDS).reason == "From names no domain"


def test_the_parts_of_the_field_are_read() -> None:
    field = parse_authentication_results(
        'Mx.Example 1; DKIM=pass (a "b" \\) c) header.b="x\\"y" ; spf=none'
    )
    assert field is not None
    assert field.authserv_id == "mx.example"
    assert [(r.method, r.result) for r in field.results] == [("dkim", "pass"), ("spf", "none")]
    assert field.results[0].values("header.b") == ['x"y']


@pytest.mark.parametrize("noise", ["(" * 90_000, "\\" * 90_000, ";" * 90_000, "a=" * 45_000])
def test_hostile_fields_take_linear_time(noise: str) -> None:
    started = time.process_time()
    assert not passes(f"mx.shop.example; {noise}")
    assert time.process_time() - started < 1
