"""Answers to a numbered list: `3 close`, `1,2 tag refund`, `7 snooze mon 9:00`, one a line.

A bare number is a line of the list. With a `#` it may be the conversation's number as well, unless
that would leave a doubt. What follows is a reply tag, with or without its `#`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from inboxd.conversations.commands import (
    AddTags,
    Allow,
    Assign,
    Block,
    Canned,
    Cc,
    Close,
    Command,
    Forward,
    Link,
    NoCopies,
    Note,
    Open,
    Pending,
    Remind,
    RemoveTags,
    SendAt,
    SetField,
    SetPriority,
    Snooze,
    Spam,
    TagContext,
    To,
)
from inboxd.conversations.tag_clashes import TagError
from inboxd.conversations.tag_words import tidy
from inboxd.conversations.tags import parse_tags

_LINE_ENDS = re.compile(r"\r\n|\r|\n|\u2028|\u2029")
_MOST_LINES = 200
_SHOWN = 100
_NUMBERS = r"#?[0-9]{1,18}(?:-[0-9]{1,3})?"
_LINE = re.compile(
    rf"(?P<numbers>{_NUMBERS}(?:\s?(?:,|&|\+|and\b)\s?{_NUMBERS})*)[.:)]{{0,2}}\s(?P<words>#?[^\W\d_].*)"
)
_ONE = re.compile(r"(#?)([0-9]{1,18})(?:-([0-9]{1,3}))?")
_HASHES = ("#", "\uff03", "\ufe5f")  # number sign, full-width and small
_HOW = "write a line's number and what to do, such as `3 close`"
_IS_ANSWER = (
    "a customer is answered in the conversation itself: answer its notification, not the list"
)
_NOT_HERE = "that cannot be done from a list: answer the conversation's notification"
_ANSWERS = (To, Cc, NoCopies, SendAt, Canned, Forward)
_DOABLE = (
    Close,
    Open,
    Pending,
    Spam,
    Note,
    Assign,
    AddTags,
    RemoveTags,
    SetPriority,
    SetField,
    Snooze,
    Remind,
    Link,
    Allow,
    Block,
)


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be done to one conversation, in the order in which it was written.

    `note` is what a private note keeps.
    """

    conversation: int
    line: int
    commands: tuple[Command, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ParsedLines:
    """An answer to a list, taken apart. Where there are `errors`, nothing of it may be done."""

    orders: tuple[Orders, ...] = ()
    errors: tuple[TagError, ...] = ()


@dataclass(slots=True)
class _Gathered:
    """What was said about one line of the list: the tags as they are written in a mail."""

    line: int
    tags: list[str] = field(default_factory=list)


class _BadLineError(ValueError):
    """Why a line cannot be obeyed, and what to write in its place."""

    def __init__(self, reason: str, suggestion: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.suggestion = reason, suggestion


def parse_digest_lines(text: str, conversations: Sequence[int], context: TagContext) -> ParsedLines:
    """Return what an agent's own words, without quotes, say to do to the lines of a list.

    `conversations` are the list's, in its order. Nothing is raised; what cannot be obeyed is in
    `errors`, each with the line as it was written.
    """
    gathered: dict[int, _Gathered] = {}
    errors: list[TagError] = []
    written = [line.strip() for line in _LINE_ENDS.split(text)]
    for line in [line for line in written if tidy(line)][:_MOST_LINES]:
        try:
            places, tags = _read(line, conversations, context)
        except _BadLineError as mistake:
            errors.append(TagError(line[:_SHOWN], mistake.reason, mistake.suggestion))
            continue
        for place in places:
            gathered.setdefault(place, _Gathered(place)).tags.append(tags)
    if errors:
        return ParsedLines(errors=tuple(errors))
    orders = [_together(each, conversations, context, errors) for each in gathered.values()]
    if not errors and not orders:
        errors.append(TagError("", f"the mail has no words of yours; {_HOW}"))
    return ParsedLines((), tuple(errors)) if errors else ParsedLines(tuple(orders))


def looks_like_order(line: str) -> bool:
    """Return whether a line of text begins with numbers and goes on with a word, as orders do."""
    return _LINE.fullmatch(tidy(line)) is not None


def _read(
    line: str, conversations: Sequence[int], context: TagContext
) -> tuple[tuple[int, ...], str]:
    """Return the places in the list that a line names, and its tags; both were looked at."""
    match = _LINE.fullmatch(tidy(line))
    if match is None:
        raise _BadLineError(f"this is no order; {_HOW}")
    # The words as they were written: a note keeps its quotation marks.
    words = line[_words_start(line) :].strip()
    try:
        places = tuple(dict.fromkeys(_places(match["numbers"], conversations)))
    except _BadLineError as mistake:
        raise _BadLineError(
            mistake.reason, mistake.suggestion and f"{mistake.suggestion} {words}"
        ) from None
    tags = words if words[:1] in _HASHES else f"#{words}"
    parsed = parse_tags(tags, context)
    refused = [each for each in parsed.commands if not isinstance(each, _DOABLE)]
    if refused:
        raise _BadLineError(_IS_ANSWER if isinstance(refused[0], _ANSWERS) else _NOT_HERE)
    if parsed.errors:
        wrong = parsed.errors[0]
        meant = wrong.suggestion and f"{match['numbers']} {wrong.suggestion.lstrip('#')}"
        raise _BadLineError(wrong.reason, meant)
    return places, tags


def _words_start(line: str) -> int:
    """Return where the words begin behind the numbers: at the first tag."""
    found = re.search(r"(?<=[\s.:)])[#\uff03\ufe5f]?(?!and\b)[^\W\d_]", line)
    return found.start() if found else 0


def _places(numbers: str, conversations: Sequence[int]) -> Iterable[int]:
    for hash_, first, last in _ONE.findall(numbers):
        start, end = int(first), int(last or first)
        if start > end or end - start >= max(len(conversations), 1):
            raise _BadLineError(f"{first}-{last} is no part of the list")
        for number in range(start, end + 1):
            yield _place(number, conversations, by_conversation=bool(hash_) and not last)


def _place(number: int, conversations: Sequence[int], *, by_conversation: bool) -> int:
    """Return the place in the list, from 1, that a number means."""
    is_line = 1 <= number <= len(conversations)
    named = conversations.index(number) + 1 if number in conversations else None
    if by_conversation and named is not None:
        if is_line and named != number:
            reason = (
                f"#{number} could be line {number}, or the conversation #{number} in line {named}"
            )
            raise _BadLineError(reason, f"{number}")
        return named
    if not is_line:
        count = len(conversations)
        meant = None if named is None else f"{named}"
        lines = "1 line" if count == 1 else f"{count} lines"
        raise _BadLineError(f"there is no line {number}: the list has {lines}", meant)
    return number


def _together(
    gathered: _Gathered,
    conversations: Sequence[int],
    context: TagContext,
    errors: list[TagError],
) -> Orders:
    """Return all that was said about one line; what does not go together is added to `errors`."""
    parsed = parse_tags("\n".join(gathered.tags), context)
    errors += [
        TagError(f"{gathered.line}: {each.line}", each.reason, each.suggestion)
        for each in parsed.errors
    ]
    number = conversations[gathered.line - 1]
    return Orders(number, gathered.line, parsed.commands, parsed.body)
