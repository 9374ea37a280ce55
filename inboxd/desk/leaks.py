"""The last look at an agent's answer before it goes to a customer: nothing of ours may be in it.

The notification's own lines (state, cheat sheet, notes, history headings) are compared with the
answer's. What customers wrote or were sent is no secret and may be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from inboxd.desk.unit import Unit
from inboxd.mail.drafts import decode_draft, text_of, text_without_draft
from inboxd.mail.mime import parse
from inboxd.mail.model import Attachment, ParsedMail
from inboxd.mail.outgoing import MARKER
from inboxd.mail.parts import read_part
from inboxd.mail.quotes import between_quotes, cut_at_marker
from inboxd.store import journal, messages, outbox
from inboxd.store.outbox import QueuedMail
from inboxd.store.undo import WITHDRAWN

_SHORTEST = 12  # characters: shorter lines are anybody's ("Hello Ben,")
_SHOWN = ("reply", "auto_reply")  # what customers got
_RETURNED = ("receipt", "held", "waiting")  # they show agents their own words, to be sent again
_ASIDE = ("forward", "side")  # notes that somebody outside wrote or got
_CAUSE = re.compile(r"journal:(\d+):")
_LAST = 5  # mails to agents, to compare with where none is named
_DEEPEST = 3  # receipts for answers to receipts for ...
_LONG = 24  # characters: a shorter part of a line may well be anybody's
_PERSON = re.compile(r"[^<>@]{0,100}<[^<>\s]+@[^<>\s]+>\W*(?:wrote:)?|customer: .*")
_FIELD = re.compile(r"[*_]{0,2}[^\W\d_][\w -]{0,15}\s?[*_]{0,2}:")
_TEXTUAL = ("message/", "text/plain", "text/html")
_LEADING_SIGNS = re.compile(r"^[\s>|]+")


def find(unit: Unit, mail: ParsedMail, words: str, *, aside: bool = False) -> str | None:
    """Return a line of `words` that belongs to one of our mails to agents, or None.

    `aside` words go to somebody in a side thread, whose own mails may be quoted.
    """
    lines = {_bare(line): line for line in words.splitlines()}
    for bare, line in lines.items():
        if _bare(MARKER) in bare or _bears_token(unit, bare):
            return line.strip()
    secret = _internal_lines(unit, (*mail.in_reply_to, *reversed(mail.references)), aside=aside)
    return next((line.strip() for bare, line in lines.items() if bare in secret), None)


def certain(unit: Unit, mail: ParsedMail, words: str, *, aside: bool = False) -> bool:
    """Return whether `words` are an agent's own beyond doubt, with nothing of our mail among them.

    They are where our marker shows what is quoted. Elsewhere no part of a line of ours may stand
    in them: clients break lines, run them together, or drop the marker with the marks of a quote.
    """
    if any(_introduces(unit, line) for line in words.splitlines()):
        return False
    _, marked = cut_at_marker(mail.text, MARKER)
    if marked:
        return True
    secret = [
        line
        for line in _internal_lines(
            unit, (*mail.in_reply_to, *reversed(mail.references)), aside=aside
        )
        if len(line) >= _LONG and not _PERSON.fullmatch(line)
    ]
    lines = [_bare(line) for line in words.splitlines()]
    run_together = " ".join(filter(None, lines))
    if any(line in run_together for line in secret):
        return False
    ours = "\n".join(secret)
    return not any(len(line) >= _LONG and line in ours for line in lines)


def attached(unit: Unit, attachments: Iterable[Attachment]) -> str | None:
    """Return the name of a file that holds a mail of ours to agents, or None.

    Clients attach the mail that they answer or forward.
    """
    suspects = [each for each in attachments if _may_hold_mail(each)]
    raw = journal.raw(unit.connection, unit.journal_id) if suspects and unit.journal_id else None
    if raw is None:
        return None
    return next((s.filename for s in suspects if _is_ours(read_part(raw, s.part), s)), None)


def _may_hold_mail(attachment: Attachment) -> bool:
    name = attachment.filename.casefold()
    return attachment.content_type.startswith(_TEXTUAL) or name.endswith((".eml", ".txt", ".htm"))


def _is_ours(data: bytes, attachment: Attachment, depth: int = 0) -> bool:
    """Whether a file is a mail of ours to agents, quotes one, or has one attached."""
    if not attachment.content_type.startswith("text/"):
        inner = parse(data)
        if inner.headers.get("X-Inboxd-Conversation") or cut_at_marker(inner.text, MARKER)[1]:
            return True
        nested = [each for each in inner.attachments if _may_hold_mail(each)]
        deeper = nested if depth < _DEEPEST else []
        if any(_is_ours(read_part(data, each.part), each, depth + 1) for each in deeper):
            return True
    return cut_at_marker(data.decode("utf-8", "replace"), MARKER)[1]


def _introduces(unit: Unit, line: str) -> bool:
    """Whether a line looks like one with which a client introduces a mail of ours that it quotes.

    Such as "To: Anna <anna@…>", or "… Jane via Tea Shop <support@…> …".
    """
    bare = _bare(line)
    if "@" not in bare:
        return False
    ours = any(address in bare for address in unit.desk.mailbox.addresses)
    if ours and f"via {unit.desk.shown}".casefold() in bare:
        return True
    agents = unit.shop.agent_addresses
    return _FIELD.match(bare) is not None and any(address in bare for address in agents)


def words_below(unit: Unit, mail: ParsedMail) -> tuple[str, ...]:
    """Return what an agent wrote between the quoted lines of our mail, where nothing is read.

    Pieces of our own lines, broken by the agent's client, are not among it.
    """
    lines = between_quotes(mail.text, MARKER)
    if not lines:
        return ()
    ids = list(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))[:20]
    ours = [each for each in outbox.by_message_ids(unit.connection, ids) if each.kind not in _SHOWN]
    if not ours:
        return ()  # nothing to tell broken lines by
    said = _bare(" ".join(_text(sent) for sent in ours))
    return tuple(line for above, line in lines if not above or not _goes_on(above, line, said))


def _goes_on(above: str, line: str, said: str) -> bool:
    """Whether a line is the rest of the one above it, which a client has broken."""
    start = _bare(above)[-40:]
    return f"{start} {_bare(line)}" in said or f"{start}{_bare(line)}" in said


def _text(sent: QueuedMail) -> str:
    if not sent.draft and sent.texts:
        return text_without_draft(sent.texts)
    draft = decode_draft(sent.draft, sent.texts)
    if draft.texts.plain:
        return text_of(draft)
    literal = (part for part in draft.segments if isinstance(part, bytes))
    return parse(b"".join(literal)).text  # as earlier releases wrote it down


def _bears_token(unit: Unit, line: str) -> bool:
    """Whether a reply address of ours stands in the line; other plus-addresses are no secret."""
    addresses = [word.strip("<>()[],;:.\"'") for word in line.split() if "@" in word]
    found = (
        (desk.name, text)
        for address in addresses
        for desk in unit.shop.desks.values()
        if (text := desk.pattern.extract(address.removeprefix("mailto:"), desk.mailbox.address))
    )
    today = unit.now.date()
    return any(unit.shop.key.read(text, name, today) is not None for name, text in found)


def _internal_lines(
    unit: Unit, ids: Iterable[str], depth: int = 0, *, aside: bool = False
) -> set[str]:
    """Return the lines of the notifications that are answered, but for what may be told.

    That is what customers know already, and the words that agents get back to correct them.
    """
    ours = outbox.by_message_ids(unit.connection, list(dict.fromkeys(ids))[:20])
    ours = [each for each in ours if each.conversation == unit.number and each.kind not in _SHOWN]
    if not ours and not depth:  # a client that names no mail may quote one all the same
        ours = outbox.last_but(unit.connection, unit.number, _SHOWN, _LAST)
    if not ours:
        return set()
    shown: set[str] = set()
    for sent in ours:
        shown |= _lines(_text(sent))
    known: set[str] = set()
    for message in messages.of(unit.connection, unit.number):
        told = aside and message.kind in _ASIDE
        if message.direction != "note" or message.kind == WITHDRAWN or told:
            known |= _lines(message.text)
            known |= _lines(message.subject)
    for sent in ours:
        if sent.kind in _RETURNED and depth < _DEEPEST:
            known |= _returned_lines(unit, sent, depth)
    return shown - known


def _returned_lines(unit: Unit, receipt: QueuedMail, depth: int) -> set[str]:
    """Return an agent's own lines in a mail that was not sent on, without what was ours in it."""
    cause = _CAUSE.match(receipt.effect_key)
    raw = journal.raw(unit.connection, int(cause[1])) if cause else None
    if raw is None:
        return set()
    mail = parse(raw)
    above, _ = cut_at_marker(mail.text, MARKER)
    ids = (*mail.in_reply_to, *reversed(mail.references))
    return _lines(above) - _internal_lines(unit, ids, depth + 1)


def _lines(text: str) -> set[str]:
    return {bare for line in text.splitlines() if len(bare := _bare(line)) >= _SHORTEST}


def _bare(line: str) -> str:
    return " ".join(_LEADING_SIGNS.sub("", line).split()).casefold()
