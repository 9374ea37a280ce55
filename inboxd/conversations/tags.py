"""Reply tags: what an agent asks for in lines at the top or the bottom of an answer.

A tag line starts with `#`. A word that starts with `#` and a letter begins the next tag on the
line; everything up to it belongs to the tag before it, so `#assign anna #tag refund urgent` is an
assignment and two tags. Lines between the agent's sentences are text, but for a canned reply that
is wanted in that place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby, islice

from inboxd.conversations.commands import (
    Act,
    AnswerOption,
    BadTagError,
    Canned,
    Cc,
    Command,
    Forward,
    NoCopies,
    Note,
    TagContext,
    To,
)
from inboxd.conversations.tag_clashes import (
    TagError,
    TaggedMail,
    clashes_with_text,
    contradictions,
)
from inboxd.conversations.tag_spec import TagSpec
from inboxd.conversations.tag_table import TAGS, find_tag
from inboxd.conversations.tag_words import tidy

__all__ = ["Parsed", "TagError", "cheat_sheet", "help_text", "parse_tags", "tags_markdown"]

_LINE_ENDS = re.compile(r"\r\n|\r|\n|\u2028|\u2029")
_HASHES = "#\uff03\ufe5f"  # number sign, full-width and small
_BACKSLASHES = "\\\uff3c\ufe68"
_KEYCAP = "\ufe0f\u20e3"  # what makes of a number sign an emoji
_PIECE = re.compile(rf"(?:^|(?<=\s))[{_HASHES}](?=[^\W\d_])")
_NAME = re.compile(r"(?P<name>[^\W_]+)(?:[:.,;!]+(?P<rest>.*))?")
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Parsed:
    """An agent's mail taken apart: the words without tag lines, and what to do.

    Where there are `errors`, nothing of the mail may be sent or done.
    """

    body: str
    commands: tuple[Command, ...] = ()
    errors: tuple[TagError, ...] = ()

    @property
    def acts(self) -> tuple[Act, ...]:
        """What is done to the conversation, or told the agent, in the order of the mail."""
        return tuple(each for each in self.commands if not isinstance(each, AnswerOption))

    @property
    def options(self) -> tuple[AnswerOption, ...]:
        """To whom, when and with what the answer goes; at most one `To`, `Cc` and `Forward`."""
        return tuple(each for each in self.commands if isinstance(each, AnswerOption))

    @property
    def is_note(self) -> bool:
        """Whether the body is a private note."""
        return any(isinstance(command, Note) for command in self.commands)

    @property
    def to_contact_alone(self) -> bool:
        """Whether the answer goes to nobody in copy."""
        return any(isinstance(command, NoCopies) for command in self.commands)

    @property
    def forwards(self) -> bool:
        """Whether the body is for somebody outside, and the customer gets nothing of it."""
        return any(isinstance(command, Forward) for command in self.commands)

    @property
    def answers(self) -> bool:
        """Whether the customer (or whom `To` names in their place) gets something.

        That is a body that is neither a note nor words to a forwarded mail, or a canned reply.
        """
        if self.errors or self.is_note or self.forwards:
            return False
        return bool(self.body) or any(isinstance(c, Canned) for c in self.commands)


def parse_tags(text: str, context: TagContext) -> Parsed:
    """Return the agent's words and commands.

    `text` is what the agent newly wrote, without quotes. Nothing is raised; what cannot be obeyed
    is in `errors`.
    """
    lines = _LINE_ENDS.split(text)
    top, bottom = _text_bounds(lines)
    named: list[tuple[str, Command]] = []
    errors: list[TagError] = []
    middle, placed = _middle(lines[top:bottom], context, errors)
    # The order of the mail: what stands above the text, in it, and below it.
    for line in filter(_bare, lines[:top]):
        named += _commands_of(line, context, errors)
    named += [("canned", canned) for canned in placed]
    for line in filter(_bare, lines[bottom:]):
        named += _commands_of(line, context, errors)
    named = _merged(dict.fromkeys(named))
    body = _body(middle)
    mail = TaggedMail(named, body, context.has_files)
    errors = errors or contradictions(mail) or clashes_with_text(mail)
    commands = tuple(command for _, command in named)
    words = next((c.words for c in commands if isinstance(c, Note) and c.words), "")
    return Parsed(body or words, commands, tuple(errors))


def cheat_sheet() -> str:
    """Return the reply tags used most, a line each, as plain text for a notification's end."""
    return _listed([spec for spec in TAGS.values() if spec.common])


def help_text(tag: str | None = None) -> str:
    """Return what `#help` answers: about one tag, or about all of them.

    A word that names no tag gets the list, too, below the reason.
    """
    if tag is None:
        groups = [
            f"{group.value}\n{_listed(list(specs))}"
            for group, specs in groupby(TAGS.values(), lambda spec: spec.group)
        ]
        return "\n\n".join([_INTRODUCTION, *groups])
    try:
        spec = find_tag(tag)
    except BadTagError as mistake:
        return f"{mistake.reason[:1].upper()}{mistake.reason[1:]}.\n\n{help_text()}"
    details = spec.details.replace("`", "")
    return f"{spec.usage}\n{spec.does[:1].upper()}{spec.does[1:]}. {details}\n\n{spec.example}"


def tags_markdown() -> str:
    """Return all reply tags as the Markdown tables of docs/agents.md."""
    tables = []
    for group, specs in groupby(TAGS.values(), lambda spec: spec.group):
        rows = [
            f"| `{spec.usage.replace('|', chr(92) + '|')}` | {spec.does} | `{spec.example}` |"
            for spec in specs
        ]
        tables.append("\n".join([f"| {group.value} | what it does | example |", _RULE, *rows]))
    return "\n\n".join(tables)


def _listed(specs: list[TagSpec]) -> str:
    width = max(len(spec.example) for spec in specs)
    return "\n".join(f"{spec.example:<{width}}  {spec.does}" for spec in specs)


_RULE = "|---|---|---|"
_INTRODUCTION = (
    "Put tags on lines of their own, above or below your text. Several may share a line. The first"
    " letters of a tag are enough where they leave no doubt. A mail of tags alone sends the"
    " customer nothing, and a mail with a mistake in a tag does nothing at all. Write \\# for a #"
    " that is no tag at the start of a line."
)


def _bare(line: str) -> str:
    """Return the line without the white space and the invisible characters around it."""
    start, end = 0, len(line)
    while start < end and _is_blank(line[start]):
        start += 1
    while end > start and _is_blank(line[end - 1]):
        end -= 1
    return line[start:end]


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def _is_tag_line(line: str) -> bool:
    bare = _bare(line)
    return bare[:1] in _HASHES and bool(bare) and bare[1:2] not in tuple(_KEYCAP)


def _text_bounds(lines: list[str]) -> tuple[int, int]:
    """Return where the agent's text starts and ends between the tag lines and blank lines."""
    texts = [n for n, line in enumerate(lines) if _bare(line) and not _is_tag_line(line)]
    return (texts[0], texts[-1] + 1) if texts else (len(lines), len(lines))


def _read_line(bare: str, context: TagContext) -> list[tuple[str, Command]]:
    """Return a tag line's commands, each with its tag's name.

    Raises BadTagError for the first that cannot be obeyed.
    """
    starts = [match.start() for match in _PIECE.finditer(bare)]
    if not starts or starts[0] != 0:
        raise BadTagError("a # at the start of a line begins a tag; write \\# if it is text")
    ends = [*starts[1:], len(bare)]
    return [
        _read_piece(bare[start + 1 : end], context) for start, end in zip(starts, ends, strict=True)
    ]


def _read_piece(piece: str, context: TagContext) -> tuple[str, Command]:
    """Return one tag's name and command; `piece` is the tag without its number sign."""
    word, _, rest = piece.strip().partition(_first_space(piece.strip()))
    head = _NAME.fullmatch(tidy(word))
    if head is None:
        raise BadTagError(f"there is no tag #{tidy(word)[:40]}", _nearest_start(word))
    spec = find_tag(head["name"])
    return spec.name, spec.read(f"{head['rest'] or ''} {rest}".strip(), context)


def _first_space(text: str) -> str:
    return next((character for character in text if character.isspace()), "\n")


def _nearest_start(word: str) -> str | None:
    """Return the tag that a run-together word such as `assign-anna` begins with, or None."""
    start = tidy(word[:_SHOWN]).casefold()
    names = [name for name in TAGS if start.startswith(name)]
    return f"#{max(names, key=len)}" if names else None


def _commands_of(
    line: str, context: TagContext, errors: list[TagError]
) -> list[tuple[str, Command]]:
    """Return a tag line's commands; for a line that cannot be obeyed, add to `errors`."""
    try:
        return _read_line(_bare(line), context)
    except BadTagError as mistake:
        errors.append(TagError(_shown(line), mistake.reason, mistake.suggestion))
        return []


def _middle(
    lines: list[str], context: TagContext, errors: list[TagError]
) -> tuple[list[str], list[Canned]]:
    """Return the lines of the text, and the canned replies that stand between them.

    A whole tag of another kind is hardly meant for the customer: it stands above a signature that
    was not recognised, or a mail program has wrapped the line of tags that it belongs to.
    """
    kept: list[str] = []
    placed: list[Canned] = []
    for number, line in enumerate(lines):
        tag, alone = _whole_tag(line)
        if tag == "canned" and alone:
            # Of the two blank lines around it, one goes with it.
            if kept and not _bare(kept[-1]) and not _bare(lines[number + 1]):
                kept.pop()
            commands = _commands_of(line, context, errors)
            placed += [replace(c, place=len(kept)) for _, c in commands if isinstance(c, Canned)]
        elif tag:
            reason = "a tag stands above or below all of the text; write \\# if it is text"
            errors.append(TagError(_shown(line), reason))
        else:
            kept.append(line)
    return kept, placed


def _whole_tag(line: str) -> tuple[str, bool]:
    """Return the tag with whose whole name a line starts ("": none), and whether it is alone."""
    bare = _bare(line)
    if not _is_tag_line(line) or not _PIECE.match(bare):
        return "", False
    words = bare[1:].split(maxsplit=1)
    head = _NAME.fullmatch(tidy(words[0])) if words else None
    name = head["name"].casefold() if head else ""
    alone = next(islice(_PIECE.finditer(bare), 1, None), None) is None
    return (name, alone) if name in TAGS else ("", False)


def _merged(named: Iterable[tuple[str, Command]]) -> list[tuple[str, Command]]:
    """Return the commands with all addresses of one tag in one of them."""
    addresses: dict[str, dict[str, str]] = {}
    merged: dict[object, tuple[str, Command]] = {}
    for name, command in named:
        if isinstance(command, To | Cc | Forward):
            merged.setdefault(name, (name, command))
            for each in command.addresses:
                addresses.setdefault(name, {}).setdefault(each.casefold(), each)
        else:
            merged[name, command] = (name, command)
    return [
        (name, replace(command, addresses=tuple(addresses[name].values())))
        if isinstance(command, To | Cc | Forward)
        else (name, command)
        for name, command in merged.values()
    ]


def _body(lines: Iterable[str]) -> str:
    """Return the text; a backslash that keeps a number sign from being a tag is taken away."""
    return "\n".join(map(_unescaped, lines)).strip()


def _unescaped(line: str) -> str:
    bare = _bare(line)
    if bare[:1] and bare[0] in _BACKSLASHES and bare[1:2] and bare[1] in _HASHES:
        return line.replace(bare[0], "", 1)
    return line


def _shown(line: str) -> str:
    return _bare(line)[:_SHOWN]
