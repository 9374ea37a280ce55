"""Addresses and content in the form in which they may stand on the wire."""

from __future__ import annotations

import pytest

from inboxd.delivery.envelope import address_fault, data_form, wire_address, with_crlf


@pytest.mark.parametrize(
    "address",
    [
        "jane@customers.example",
        "support+abc234def@shop.example",
        "o'brien=weird!#$%&*/?^_`{|}~-@x.example",
        '"jane doe"@customers.example',
        '"a\\"b"@customers.example',
        "jane@[192.0.2.1]",
        "jane@[IPv6:2001:db8::1]",
        "jürgen@bücher.example",
        "例え@例え.example",
    ],
)
def test_addresses_that_can_be_sent_to(address: str) -> None:
    assert address_fault(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jane",
        "@shop.example",
        "jane@",
        "a@b@c.example",
        "jane doe@x.example",
        "jane@x.example>",
        "<jane@x.example>",
        "Jane <jane@x.example>",
        "jane@x.example> NOTIFY=SUCCESS",
        '"jane>"@x.example',
        "jane@x.example\r\nRCPT TO:<evil@x.example>",
        "jane@x.example\nDATA",
        "jane@x.example\n",
        "jane@x.example\0",
        '"jane\r\n"@x.example',
        "jane@x.example\x85DATA",
        "jane@x.example\u2028DATA",
        "jane\ud800@x.example",
        "jane\x7f@x.example",
        "a@x.example,b@x.example",
        "j" * 250 + "@x.example",
    ],
)
def test_what_is_no_address_never_reaches_a_command(address: str) -> None:
    assert address_fault(address)


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("jane@x.example", "jane@x.example"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("jane@BÜCHER.example", "jane@xn--bcher-kva.example"),
        ("jürgen@bücher.example", "jürgen@bücher.example"),
        ("jane@\u200d.example", "jane@\u200d.example"),
    ],
)
def test_only_an_address_that_cannot_do_without_it_needs_smtputf8(address: str, wire: str) -> None:
    assert wire_address(address) == wire


@pytest.mark.parametrize(
    ("content", "normal"),
    [
        (b"", b""),
        (b"a", b"a\r\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\nb\rc\r\nd", b"a\r\nb\r\nc\r\nd\r\n"),
        (b"a\r\r\nb", b"a\r\n\r\nb\r\n"),
        (b"a\n\rb", b"a\r\n\r\nb\r\n"),
    ],
)
def test_every_line_ends_with_crlf(content: bytes, normal: bytes) -> None:
    assert with_crlf(content) == normal


@pytest.mark.parametrize(
    ("content", "data"),
    [
        (b".\r\n", b"..\r\n"),
        (b".a\r\n..b\r\nc.\r\n", b"..a\r\n...b\r\nc.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
        (b"\r\n.\r\n.\r\n", b"\r\n..\r\n..\r\n"),
    ],
)
def test_dots_at_the_start_of_a_line_are_doubled(content: bytes, data: bytes) -> None:
    assert data_form(content) == data


def test_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        data_form(b"a\0b\r\n")
