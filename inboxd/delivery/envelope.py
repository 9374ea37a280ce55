"""Addresses and content in the form in which they may stand on the wire (pure, RFC 5321)."""

from __future__ import annotations

import re

import idna

MAX_ADDRESS_CHARS = 254  # a path of 256 octets with its angle brackets, RFC 5321 section 4.5.3.1.3

# Local-part "@" domain of RFC 5321 section 4.1.2, widened by RFC 6531 to any character that is no
# control, separator or lone surrogate. A line end or an angle bracket stands nowhere and a space
# in quotes only, so that no server can read more than one address out of it.
_ATOM = r"[^\s\x00-\x20\x7f-\x9f\ud800-\udfff<>()\[\],;:\\\"@]+"
_QUOTED = r'"(?:[\x20\x21\x23-\x3b=\x3f-\x5b\x5d-\x7e]|\\[\x20-\x3b=\x3f-\x7e])*"'
_LITERAL = r"\[[A-Za-z0-9.:\-]+\]"
_ADDRESS = re.compile(f"(?:{_ATOM}|{_QUOTED})@(?:{_ATOM}|{_LITERAL})")
_LINE_END = re.compile(rb"\r\n|\r|\n")


def address_fault(address: str) -> str | None:
    """Return why `address` cannot stand in an SMTP command, or None where it can."""
    if not _ADDRESS.fullmatch(address):
        return "not a mail address that can be sent to (RFC 5321 section 4.1.2)"
    if len(address.encode()) > MAX_ADDRESS_CHARS:
        return f"longer than the {MAX_ADDRESS_CHARS} octets that an address may have"
    return None


def wire_address(address: str) -> str:
    """Return `address` with its domain in A-labels (RFC 5890) where its local part is ASCII.

    So only an address that cannot do without it needs SMTPUTF8. A domain that IDNA does not know
    stays as it is: the server decides.
    """
    local, _, domain = address.rpartition("@")
    if not local.isascii() or domain.isascii():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError:
        return address


def with_crlf(content: bytes) -> bytes:
    """Return `content` with every bare CR and bare LF made a CRLF, and a CRLF at its end.

    Servers differ in what they take for a line end; a lone CR or LF before a dot could end the
    mail for one of them and smuggle in a second (RFC 5321 section 2.3.8).
    """
    pairs = content.count(b"\r\n")
    if content.count(b"\r") != pairs or content.count(b"\n") != pairs:
        content = _LINE_END.sub(b"\r\n", content)
    return content if content.endswith(b"\r\n") or not content else content + b"\r\n"


def data_form(content: bytes) -> bytes:
    """Return `content` as it follows DATA, dots doubled (RFC 5321 section 4.5.2), no final dot.

    Raises ValueError where it holds a NUL, which RFC 5321 section 4.5.2 and servers forbid.
    """
    if b"\0" in content:
        raise ValueError("the mail holds a NUL octet, which SMTP does not carry")
    stuffed = with_crlf(content).replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
