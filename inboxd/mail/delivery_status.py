"""Reads `message/delivery-status` (RFC 3464, RFC 6533) and disposition notifications (RFC 8098).

Servers bend the format: blank lines are missing between recipients, actions carry comments,
addresses have no type. Whatever names a recipient is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inboxd.mail.model import BouncedRecipient

MAX_RECIPIENTS = 1000
"""More recipients than that are no report about mail of ours."""

_MAX_CHARS = 500_000
_MAX_VALUE = 2000
# Not inside an IP address.
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_SMTP_CODE = re.compile(r"(?:^|[\s;:])([45])[0-5]\d[\s-]")
_COMMENT = re.compile(r"\([^()]*\)")
_UNICODE_ESCAPE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_ADDRESS_FIELDS = ("original-recipient", "final-recipient", "x-actual-recipient")
_ACTIONS = {
    "fail": "failed",
    "error": "failed",  # OpenSMTPD
    "delay": "delayed",
    "deferred": "delayed",
    "delivered": "delivered",
    "relayed": "relayed",
    "expanded": "expanded",
}
_ACTION_BY_CLASS = {"5": "failed", "4": "delayed", "2": "delivered"}

Fields = dict[str, str]


def field_groups(text: str) -> Iterator[Fields]:
    """Yield the groups of header-like fields in `text`: names in lower case, values unfolded.

    A blank line ends a group, and so does a second recipient. Of a repeated field the first
    value counts.
    """
    group: Fields = {}
    last = ""
    for line in text[:_MAX_CHARS].splitlines():
        if line[:1] in (" ", "\t") and line.strip() and last:
            if len(group[last]) < _MAX_VALUE:
                group[last] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        last = name.strip().lower() if colon else ""
        ends = not line.strip() or (last == "final-recipient" and last in group)
        if ends and group:
            yield group
            group = {}
        if last in group:
            last = ""
        elif last:
            group[last] = value.strip()
    if group:
        yield group


def read_delivery_status(text: str) -> tuple[BouncedRecipient, ...]:
    """Return each recipient that a delivery status names, once, in its order.

    What the part about the whole message says counts for a recipient that does not say it itself.
    """
    found: dict[str, BouncedRecipient] = {}
    whole: Fields = {}
    for fields in field_groups(text):
        address = recipient_address(fields)
        if not address:
            whole = whole or fields
        elif address.casefold() not in found:
            told = {**whole, **fields}
            status = enhanced_status(told.get("status", "")) or enhanced_status(
                told.get("diagnostic-code", "")
            )
            action = _action(told.get("action", ""), status)
            found[address.casefold()] = BouncedRecipient(address, action, status)
        if len(found) >= MAX_RECIPIENTS:
            break
    return tuple(found.values())


def recipient_address(fields: Fields) -> str:
    """Return the address that a group is about, as the sender wrote it where that is told."""
    candidates = (_typed_address(fields[name]) for name in _ADDRESS_FIELDS if name in fields)
    return next((address for address in candidates if address), "")


def is_elided(address: str) -> bool:
    """Whether somebody left a part of `address` out for privacy, as in `carol...@firm.example`."""
    return address.rpartition("@")[0].endswith("...")


def enhanced_status(text: str) -> str:
    """Return the first status code (RFC 3463) in `text`; `5.0.0` for a bare 5xx, or nothing."""
    if found := _STATUS.search(text):
        return ".".join(found.groups())
    if found := _SMTP_CODE.search(f"{text} "):
        return f"{found.group(1)}.0.0"
    return ""


def _typed_address(value: str) -> str:
    """Read `rfc822; a@b`, and what stands there in its place: `<a@b>`, `a@b (comment)`."""
    kind, semicolon, rest = value.partition(";")
    address = rest if semicolon else kind
    if semicolon and kind.strip().lower() not in ("rfc822", "utf-8", "smtp"):
        return ""
    if semicolon and kind.strip().lower() == "utf-8":
        address = _UNICODE_ESCAPE.sub(_character, address)
    address = _COMMENT.sub("", address).strip().strip("<>").strip()
    return address if "@" in address and not any(c.isspace() for c in address) else ""


def _character(escape: re.Match[str]) -> str:
    r"""Decode `\x{20AC}` (RFC 6533 section 3); what is no character stays as it is written."""
    number = int(escape.group(1), 16)
    surrogate = 0xD800 <= number <= 0xDFFF
    return chr(number) if 0x20 < number <= 0x10FFFF and not surrogate else escape.group(0)


def _action(value: str, status: str) -> str:
    """Return the action in RFC 3464's words; where none is told, what the status says."""
    word = value.strip().lower()
    for beginning, action in _ACTIONS.items():
        if word.startswith(beginning):
            return action
    return _ACTION_BY_CLASS.get(status[:1], "failed")
