"""Mailing lists (RFC 2919, RFC 2369), newsletters, and what a filter has marked as spam."""

from __future__ import annotations

import re

from inboxd.mail.model import ParsedMail
from inboxd.mail.senders import TrustPolicy

_LIST_FIELDS = (
    "List-Id",
    "List-Post",
    "List-Archive",
    "List-Help",
    "List-Subscribe",
    "List-Owner",
    "Mailing-List",
    "X-Mailing-List",
    "X-BeenThere",
    "X-Mailman-Version",
    "X-Listname",
)
_CAMPAIGN_FIELDS = ("X-Campaign", "X-Campaign-Id", "X-CampaignId", "X-CSA-Complaints")
# The field, and how its value begins where the filter calls the mail spam.
_SPAM_FIELDS = (
    ("X-Spam-Flag", re.compile(r"\s*(?:yes|true)\b", re.IGNORECASE)),
    ("X-Spam-Status", re.compile(r"\s*(?:yes|spam)\b", re.IGNORECASE)),
    ("X-Spam", re.compile(r"\s*(?:yes|true|spam)\b", re.IGNORECASE)),
    ("X-Barracuda-Spam-Status", re.compile(r"\s*yes\b", re.IGNORECASE)),
    ("X-Bogosity", re.compile(r"\s*(?:yes|spam)\b", re.IGNORECASE)),
    ("X-DSPAM-Result", re.compile(r"\s*(?:spam|blacklisted)\b", re.IGNORECASE)),
    ("X-MS-Exchange-Organization-SCL", re.compile(r"\s*[5-9]\b")),
    ("X-Forefront-Antispam-Report", re.compile(r"[^\r\n]{0,900}\bSFV:(?:SPM|SKB)\b")),
)
SPAM_FIELDS = tuple(name for name, _ in _SPAM_FIELDS)
"""The fields of the filters that are known; `trust.ignore_spam_headers` may name them."""

_MAILTO = re.compile(r"mailto:([^?>\s]+)", re.IGNORECASE)


def precedence(mail: ParsedMail) -> str:
    """Return the value of Precedence in lower case, with `-` for `_`."""
    value = mail.headers.get("Precedence") or mail.headers.get("X-Precedence")
    return value.strip().lower().replace("_", "-")


def list_reasons(mail: ParsedMail, trust: TrustPolicy) -> tuple[str, ...]:
    """Return what shows that a mailing list passed the mail on.

    A list whose posting address is a mailbox of ours, as where support@ is a group with members,
    is only the way to us: it counts for nothing.
    """
    found = [name for name in _LIST_FIELDS if name in mail.headers]
    if precedence(mail) == "list":
        found.append("Precedence: list")
    if not found or posts_to_us(mail, trust):
        return ()
    return (f"mailing list: {', '.join(found)}",)


def posts_to_us(mail: ParsedMail, trust: TrustPolicy) -> bool:
    """Return whether List-Post names a mailbox of ours."""
    address = _MAILTO.search(mail.headers.get("List-Post"))
    return address is not None and trust.owns(address.group(1))


def bulk_reasons(mail: ParsedMail, trust: TrustPolicy) -> tuple[str, ...]:
    """Return what shows that the mail went to many.

    List-Unsubscribe counts on mail that answers nothing: sales and desk programs put it under what
    a person writes, too.
    """
    reasons = [f"{name} header" for name in _CAMPAIGN_FIELDS if name in mail.headers]
    if precedence(mail) in ("bulk", "junk"):
        reasons.append(f"Precedence: {precedence(mail)}")
    answers = mail.in_reply_to or mail.references
    if "List-Unsubscribe" in mail.headers and not answers and not posts_to_us(mail, trust):
        reasons.append("List-Unsubscribe on a mail that answers nothing")
    return tuple(reasons)


def spam_reasons(mail: ParsedMail, trust: TrustPolicy) -> tuple[str, ...]:
    """Return what filters on the way have said, where it is "spam".

    Senders can write these fields as well: that makes spam of their own mail only.
    """
    headers = mail.headers
    known = (
        (name, value)
        for name, pattern in _SPAM_FIELDS
        if name in headers and name.lower() not in trust.ignored_spam_fields
        for value in headers.get_all(name)
        if pattern.match(value)
    )
    own = (
        (mark.name, value)
        for mark in trust.spam_marks
        for value in headers.get_all(mark.name)
        if mark.marks(value)
    )
    reasons = (
        f"a filter says spam: {name}: {value[:60].strip()}" for name, value in (*known, *own)
    )
    return tuple(dict.fromkeys(reasons))
