"""Reads the failed recipients out of a report that was written for people.

For reports without a `message/delivery-status` part that no known server's form fits.
"""

from __future__ import annotations

import re

from inboxd.mail.bounce_phrases import DELAY, FAILURE, RETURNED, folded, says
from inboxd.mail.delivery_status import enhanced_status
from inboxd.mail.model import BouncedRecipient

_MAX_CHARS = 16_000
_MAX_LINES = 300
_MAX_LINE = 400
_MAX_RECIPIENTS = 50

_ADDRESS = r"[^\s<>()\[\]\"',;:@*=]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?"
_ANYWHERE = re.compile(_ADDRESS)
# "<a@b>: 550 no", "a@b", "* [a@b]: full", "Recipient: a@b", "Anna (a@b)", "RCPT TO:<a@b>"
_LISTED = re.compile(
    r"[\s>*•-]{0,20}"
    r"(?:(?:failed |final |intended |original )?(?:recipient|address|to|rcpt to|empfänger"
    r"|destinataire|destinatario|ontvanger)(?:s|\(s\))?\s?:\s{0,8})?"
    r"(?:[^<(\[@]{0,60}[<(\[](?:smtp:|mailto:)?)?"
    rf"({_ADDRESS})"
    r"\s?[>)\]]{0,2}(?:<mailto:[^>]{0,300}>)?\s{0,8}(?:$|[:;,-]|\.\.\.)",
    re.IGNORECASE,
)
_TRACE = re.compile(
    r"[>\s]{0,8}(?:received|return-path|message-id|mime-version)\s?:", re.IGNORECASE
)
_TELLING = FAILURE + DELAY
_DAEMONS = ("postmaster@", "mailer-daemon@", "abuse@", "helpdesk@", "support@")


def read_failure_text(
    text: str, *, not_these: frozenset[str] = frozenset()
) -> tuple[BouncedRecipient, ...]:
    """Return the recipients that `text`, the body of a delivery report, says were not reached.

    Addresses in lists and behind labels count, those in the middle of a sentence only where there
    are no others. `not_these` are case-folded addresses that are no recipients: the report's own
    sender and receiver.
    """
    lines = [line[:_MAX_LINE] for line in text[:_MAX_CHARS].splitlines()[:_MAX_LINES]]
    section = _section(lines)
    candidates = [match.group(1) for line in section if (match := _LISTED.match(line))]
    if not candidates:
        candidates = [address for line in section for address in _ANYWHERE.findall(line)]
    action = "delayed" if says(folded("\n".join(lines)), DELAY) else "failed"
    recipients = {
        address.casefold(): BouncedRecipient(address, action, status_beside(section, address))
        for address in map(_trimmed, candidates)
        if address.casefold() not in not_these and not address.casefold().startswith(_DAEMONS)
    }
    return tuple(recipients.values())[:_MAX_RECIPIENTS]


def status_beside(lines: list[str], address: str) -> str:
    """Return the status code that stands with `address` or in the lines just below it."""
    for number, line in enumerate(lines):
        if address in line:
            return enhanced_status(" ".join(lines[number : number + 5]).replace(address, ""))
    return ""


def _section(lines: list[str]) -> list[str]:
    """Return the lines from the first that tells of a failure up to the returned mail."""
    start = next((n for n in range(len(lines)) if _tells(lines, n)), 0)
    rest = lines[start:]
    return rest[: next((n for n in range(1, len(rest)) if _ends(rest, n)), None)]


def _ends(lines: list[str], number: int) -> bool:
    """Whether the returned mail begins in this line: its headers do, or it is announced.

    Reports name the recipients first, so an announcement above every address is only a remark,
    such as Postfix's "delete your own text from the attached returned message".
    """
    if _TRACE.match(lines[number]):
        return True
    announced = says(folded(lines[number]), RETURNED)
    return bool(announced) and any(_ANYWHERE.search(line) for line in lines[:number])


def _tells(lines: list[str], number: int) -> bool:
    """Whether a failure is told in this line; a phrase may run on into the next one."""
    line = folded(lines[number])
    pair = folded(" ".join(lines[number : number + 2]))
    return bool(says(line, _TELLING) or (len(line) > 20 and says(pair, _TELLING)))


def _trimmed(address: str) -> str:
    return address.rstrip(".-")
