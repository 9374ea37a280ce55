"""Reads the failed recipients out of a report that was written for people.

For reports without a `message/delivery-status` part that no known server's form fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from inboxd.mail.bounce_phrases import DELAY, FAILURE, RETURNED, folded, says
from inboxd.mail.delivery_status import enhanced_status
from inboxd.mail.model import BouncedRecipient

_MAX_CHARS = 16_000
_MAX_LINES = 300
_MAX_LINE = 400
_MAX_RECIPIENTS = 50

_LOCAL = r"[^\s<>()\[\]\"',;:@*=：；，。（）＜＞「」【】]{1,64}"
_ADDRESS = rf"{_LOCAL}@[A-Za-z0-9](?:[A-Za-z0-9._-]{{0,252}}[A-Za-z0-9])?"
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
# "a@b Invalid address", "a@b [User unknown]", "'a@b' on Mon, 1 Jan"
_LEADING = re.compile(rf"[\s>*•-]{{0,20}}[\"'<]?({_ADDRESS})[\"'>]?(?:\s|$)", re.IGNORECASE)
# A line that names the sender, or somebody else who is not the recipient.
_OF_OTHERS = re.compile(
    r"[\s>*•-]{0,20}(?:(?:original |envelope |your )?(?:sender|from)(?: address)?|mail from"
    r"|reply-to|return-path|x-\S{1,40}|absender|von|expéditeur|de|remitente|mittente|da|afzender"
    r"|van|remetente|nadawca|avsändare|från|afsender|fra|lähettäjä|odesílatel|отправитель|от"
    r"|gönderen|差出人|送信者|发件人|寄件者|보낸 사람)\s?[:：]",
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
    lines = _lines(text)
    own = _own_words(lines)
    action = action_told(text)
    # Some name the address first, and only then say what happened.
    for section in (_from_the_failure(own), own):
        named = {
            address.casefold(): BouncedRecipient(address, action, status_beside(own, address))
            for address in map(_trimmed, _candidates(section))
            if address.casefold() not in not_these and not address.casefold().startswith(_DAEMONS)
        }
        if named:
            return tuple(named.values())[:_MAX_RECIPIENTS]
    return ()


def action_told(text: str) -> str:
    """Return "delayed" where a report for people says that the server goes on trying."""
    return "delayed" if says(folded("\n".join(_lines(text))), DELAY) else "failed"


def told_of(text: str, recipients: Iterable[BouncedRecipient]) -> tuple[BouncedRecipient, ...]:
    """Return those recipients whom the report's own words name; else whom nothing names.

    The others stand in the mail that came back with it, or are its sender. Some servers do not
    write addresses out: those are put together, and stand nowhere.
    """
    found = tuple(recipients)
    own = _own_words(_lines(text))
    words = "\n".join(line for line in own if not _OF_OTHERS.match(line)).casefold()
    told = tuple(each for each in found if each.address.casefold() in words)
    whole = text[:_MAX_CHARS].casefold()
    return told or tuple(each for each in found if each.address.casefold() not in whole)


def status_beside(lines: list[str], address: str) -> str:
    """Return the status code that stands with `address` or in the lines just below it."""
    for number, line in enumerate(lines):
        if address in line:
            return enhanced_status(" ".join(lines[number : number + 5]).replace(address, ""))
    return ""


def names_an_address(text: str, not_these: frozenset[str]) -> bool:
    """Whether the beginning of `text` holds an address besides the case-folded `not_these`."""
    return any(found.casefold() not in not_these for found in _ANYWHERE.findall(text))


def _lines(text: str) -> list[str]:
    return [line[:_MAX_LINE] for line in text[:_MAX_CHARS].splitlines()[:_MAX_LINES]]


def _own_words(lines: list[str]) -> list[str]:
    """Return the lines above the returned mail."""
    return lines[: next((n for n in range(1, len(lines)) if _ends(lines, n)), None)]


def _from_the_failure(lines: list[str]) -> list[str]:
    """Return the lines from the first that tells of a failure."""
    return lines[next((n for n in range(len(lines)) if _tells(lines, n)), 0) :]


def _candidates(lines: list[str]) -> list[str]:
    lines = [line for line in lines if not _OF_OTHERS.match(line)]
    listed = [m.group(1) for line in lines if (m := _LISTED.match(line) or _LEADING.match(line))]
    return listed or [address for line in lines for address in _ANYWHERE.findall(line)]


def _ends(lines: list[str], number: int) -> bool:
    """Whether the returned mail begins in this line: its headers do, or it is announced.

    Reports name the recipients first, so an announcement above every address is only a remark,
    such as Postfix's "delete your own text from the attached returned message".
    """
    if _TRACE.match(lines[number]):
        return True
    line = folded(lines[number])
    announced = says(line, RETURNED)
    # "The MTS-ID of the original message is: …" stands beneath each of Exchange's recipients.
    return (
        bool(announced)
        and f"{announced} is" not in line
        and any(_ANYWHERE.search(line) for line in lines[:number])
    )


def _tells(lines: list[str], number: int) -> bool:
    """Whether a failure is told in this line; a phrase may run on into the next one."""
    line = folded(lines[number])
    pair = folded(" ".join(lines[number : number + 2]))
    return bool(says(line, _TELLING) or (len(line) > 20 and says(pair, _TELLING)))


def _trimmed(address: str) -> str:
    return address.rstrip(".-")
