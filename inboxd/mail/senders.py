"""Who a mail says it comes from, as far as automatic mail depends on it (RFC 3834 section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from inboxd.mail.model import ParsedMail

# Names of programs, and of mailboxes that nobody reads. Whoever answers them gets an answer from a
# program, or none.
_ROBOT = re.compile(
    r"^(?:mailer[-_.]?daemon|mail[-_.]?daemon|post-?master|mdaemon|majordomo|listserv|mailman|nobody"
    r"|root|owner-.+|.+-owner|.+-request)$"
    r"|(?:^|[-_.+])(?:do[-_.]?)?not?[-_.]?repl(?:y|ies)(?:$|[-_.+\d])"
    r"|^(?:noresponse|no-?responder|nao-?responda|ne-?pas-?repondre|nicht-?antworten"
    r"|non-?rispondere|niet-?beantwoorden)$"
    r"|(?:^|[-_.+])bounces?(?:$|[-_.+=\d])"
    r"|^auto-?(?:reply|responder|response|antwort|confirm)(?:$|[-_.+])",
    re.IGNORECASE,
)
_AUTORESPONDER = re.compile(
    r"^(?:auto-?(?:reply|responder|response|antwort)|vacation)$", re.IGNORECASE
)
_RETURN_PATH = re.compile(r"<?\s*([^<>\s]*)\s*>?")


def _nobody(address: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class SpamMark:
    """A header field in which a filter on the way says that a mail is spam.

    The value, case-folded and without blanks around it, begins with one of `begins`, holds one of
    `contains`, or is one of `equals`: the words are case-folded, too.
    """

    name: str
    equals: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()

    def marks(self, value: str) -> bool:
        """Return whether `value`, of such a field, calls the mail spam."""
        text = value.strip().casefold()
        return (
            text in self.equals
            or any(text.startswith(word) for word in self.begins)
            or any(word in text for word in self.contains)
        )


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """Who is who, for classifying mail.

    `own_addresses` are our mailboxes' and `agent_addresses` the agents' addresses, case-folded.
    `is_own` tells further addresses of ours, such as reply addresses, and `is_own_message_id` the
    ids of mail that we sent. `authserv_ids` name the servers whose `Authentication-Results` count.
    A mail with more than `max_received` trace lines is in a loop (RFC 5321 section 6.3).
    `spam_marks` are header fields of the shop's own filters; of the known ones, those named in
    `ignored_spam_fields`, in lower case, count for nothing.
    """

    own_addresses: frozenset[str] = frozenset()
    agent_addresses: frozenset[str] = frozenset()
    authserv_ids: tuple[str, ...] = ()
    max_received: int = 50
    is_own: Callable[[str], bool] = _nobody
    is_own_message_id: Callable[[str], bool] = _nobody
    spam_marks: tuple[SpamMark, ...] = ()
    ignored_spam_fields: frozenset[str] = frozenset()

    def owns(self, address: str) -> bool:
        """Return whether `address` is one of ours, plus-forms included."""
        key = address.casefold()
        if key in self.own_addresses:
            return True
        local, plus, _rest = key.partition("+")
        base = f"{local}@{key.rpartition('@')[2]}"
        return bool(plus and base in self.own_addresses) or self.is_own(address)


def envelope_sender(mail: ParsedMail, envelope_from: str | None) -> str | None:
    """Return the envelope sender without angle brackets: "" is the null sender, None unknown.

    Where `envelope_from` is None, the topmost Return-Path tells (RFC 5321 section 4.4). Some
    servers write `<MAILER-DAEMON>` there for the null sender.
    """
    if envelope_from is None:
        if "Return-Path" not in mail.headers:
            return None
        envelope_from = mail.headers.get("Return-Path")
    found = _RETURN_PATH.fullmatch(envelope_from.strip())
    sender = found.group(1) if found else envelope_from.strip()
    return "" if sender.casefold() == "mailer-daemon" else sender


def is_robot(address: str) -> bool:
    """Return whether the local part of `address` is one that no person answers at."""
    return _ROBOT.search(address.rpartition("@")[0] or address) is not None


def is_autoresponder(address: str) -> bool:
    """Return whether the local part of `address` is an autoresponder's."""
    return _AUTORESPONDER.search(address.rpartition("@")[0]) is not None
