"""What a sender newly wrote, apart from what was quoted, signed and appended below it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .html_agreement import end_of_same, marks_more
from .html_text import marked_text
from .quotes_endings import banner_end, ending_at
from .quotes_marker import between_quotes, cut_at_marker
from .quotes_parts import Kind, Part, read_parts

__all__ = ["Reply", "between_quotes", "cut_at_marker", "split_reply"]

# How much of a long quote is kept with the answer below it: its last paragraphs.
_KEPT_QUOTE_LINES: Final = 15
_POOR_CHARS: Final = 400
_STUB: Final = re.compile(
    r"\bhtml\b|\bbrowser\b|\bmail[ -]?(?:client|program|reader|viewer|programm)|e-mail-programm"
    r"|view (?:this|the) (?:e-?mail|message)|client de messagerie|cliente de correo|\bimage:",
    re.IGNORECASE,
)
_COLONS: Final = (":", "：")
_INVISIBLE: Final = ("\ufeff", "\u200b", "\u200e", "\u200f")
# Clients whose containers say where the quote begins even when the plain text does not.
_CONTAINERS: Final = re.compile(
    r"divRplyFwdMsg|appendonsend|yahoo_quoted|moz-cite-prefix|gmail_quote|protonmail_quote"
    r"|OutlookMessageHeader|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION"
    r"|_____replyseparator|messageReplySection|zmail_extra|freshdesk_quote|tutanota_quote"
    r"|front-blockquote|isReplyContent|ntes-mailmaster-quote|__QUOTED_TEXT__|reply-intro"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail's text in two: what was newly written and what was set aside, each in its order."""

    reply_text: str
    elided_text: str


@dataclass(frozen=True, slots=True)
class _Keep:
    """What is not set aside; and the mail's subject."""

    signatures: bool
    sign_off: bool
    subject: str


def split_reply(
    text: str,
    html: str | None = None,
    *,
    keep_signatures: bool = False,
    keep_sign_off: bool = False,
    subject: str = "",
) -> Reply:
    """Split a mail's text into the sender's new words and the rest. Total; linear in time.

    `text` is the plain text and rules, unless it is poor (empty, or a word that there is HTML) or
    shows no quote where the client's containers in `html` do: then `html` is read. Nothing is
    lost: the two results together hold every line. `reply_text` is never empty where there is
    text: a forwarded mail without a word on top is its own message. With `keep_signatures` only
    quotes are set aside; with `keep_sign_off` signatures and footers are, but not the words of
    farewell with which a letter ends. The mail's `subject` tells Outlook's forwards ("FW: …"),
    which look like answers otherwise: they are kept with the words above them.
    """
    keep = _Keep(keep_signatures, keep_sign_off, subject)
    if not html:
        return _split(text, keep)
    if _is_poor(text):
        marked = _split(marked_text(html), keep, marked=True)
        if marked.reply_text:
            return marked
    reply = _split(text, keep)
    if not reply.elided_text and _CONTAINERS.search(html):
        marked = _split(marked_text(html), keep, marked=True)
        return marked if marked.elided_text else reply
    if not keep_signatures and marks_more(html, text, reply.reply_text):
        return _cut_as_marked(reply, _split(marked_text(html), keep, marked=True))
    return reply


def _cut_as_marked(reply: Reply, marked: Reply) -> Reply:
    """Set aside what the plain reply has below the words that the HTML marks as the writer's."""
    end = end_of_same(reply.reply_text, marked.reply_text) if marked.elided_text else None
    if end is None:
        return reply
    rest = _joined([reply.reply_text[end:].split("\n"), reply.elided_text.split("\n")], "\n")
    return Reply(reply.reply_text[:end].rstrip(), rest)


def _is_poor(text: str) -> bool:
    bare = text.strip()
    return not bare or (len(bare) < _POOR_CHARS and _STUB.search(bare) is not None)


def _split(text: str, keep: _Keep, *, marked: bool = False) -> Reply:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        for invisible in _INVISIBLE:
            if invisible in text:
                text = text.replace(invisible, "")
    sorted_ = _Sorted()
    parts = read_parts(text.split("\n"), marked=marked, subject=keep.subject)
    _assign(parts, sorted_, keep)
    reply = _joined(sorted_.new, "\n\n")
    if not reply:
        return Reply(_joined([part.lines for part in parts], "\n"), "")
    return Reply(reply, _joined(sorted_.old, "\n"))


@dataclass(slots=True)
class _Sorted:
    """Runs of lines, sorted into what is new and what is not."""

    new: list[list[str]] = field(default_factory=list)
    old: list[list[str]] = field(default_factory=list)


def _assign(parts: list[Part], to: _Sorted, keep: _Keep) -> None:
    """Sort the parts' lines.

    Words are new but for their banner and ending; quotes are not, unless answered in between.
    """
    endings = {} if keep.signatures else _endings(parts, keep)
    kept = _answered(parts, endings)
    banner = next((i for i, part in enumerate(parts) if not part.is_blank), -1)
    for index, part in enumerate(parts):
        lines = part.lines
        if part.kind is Kind.WORDS:
            start = banner_end(lines) if index == banner else 0
            end = endings.get(index, len(lines))
            start = 0 if start >= end else start
            to.old.append(lines[:start])
            to.new.append(lines[start:end])
            to.old.append(lines[end:])
        elif part.kind is Kind.QUOTE and index in kept:
            at = _kept_from(lines)
            to.old.append(lines[:at])
            to.new.append(lines[at:])
        elif part.kind is Kind.FORWARD or (part.kind is Kind.SIGNATURE and keep.signatures):
            to.new.append(lines)
        elif part.kind is not Kind.BORDER:
            to.old.append(lines)


def _endings(parts: list[Part], keep: _Keep) -> dict[int, int]:
    """Return where in a part of words its ending begins, by the part's index.

    Only the last words of a mail have one; where they are nothing else (a signature below the
    quote), so have the words before them.
    """
    words = [i for i, part in enumerate(parts) if part.kind is Kind.WORDS and not part.is_blank]
    found: dict[int, int] = {}
    for place in range(len(words) - 1, -1, -1):
        lines = parts[words[place]].lines
        at = ending_at(lines, all_of_it=place > 0, keep_sign_off=keep.sign_off)
        found[words[place]] = at
        if any(map(str.strip, lines[:at])):
            break
    return found


def _answered(parts: list[Part], endings: dict[int, int]) -> set[int]:
    """Return the quotes that stay with the answers written between them.

    One quote with an answer below it and nothing quoted after is an answer at the bottom: that
    quote is set aside like one at the bottom, unless the writer cites it ("You said:").
    """
    quotes: list[int] = []
    answered: set[int] = set()
    for index, part in enumerate(parts):
        if part.kind is Kind.QUOTE:
            quotes.append(index)
        elif part.kind is Kind.WORDS and quotes and _has_words(part, endings.get(index)):
            answered.add(quotes[-1])
    if len(quotes) > 1:
        return answered
    return {index for index in quotes if _is_cited(parts, index, answered=index in answered)}


def _is_cited(parts: list[Part], index: int, *, answered: bool) -> bool:
    """Tell whether the writer put a quote there: below a colon of his own, with words below it."""
    above = next((part for part in reversed(parts[:index]) if not part.is_blank), None)
    if above is None or above.kind is not Kind.WORDS:
        return False
    return answered and _trimmed(above.lines).endswith(_COLONS)


def _has_words(part: Part, end: int | None) -> bool:
    return any(map(str.strip, part.lines[:end]))


def _kept_from(lines: list[str]) -> int:
    """Return from which line a quote is kept with its answer: whole, or its last paragraphs."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end - _KEPT_QUOTE_LINES
    if start <= 0:
        return 0
    for index in range(start, end - 1):
        if not lines[index].strip("> \t\u00a0"):
            return index + 1
    return start


def _joined(runs: Iterable[list[str]], between: str) -> str:
    """Join runs of lines, each without the blank lines around it."""
    texts = (_trimmed(run) for run in runs)
    return between.join(text for text in texts if text)


def _trimmed(lines: list[str]) -> str:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return "\n".join(lines[start:end]).rstrip()
