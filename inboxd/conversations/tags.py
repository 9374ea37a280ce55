"""Reply tags: what an agent asks for in lines at the top or the bottom of an answer.

A tag line starts with `#`. A word that starts with `#` and a letter begins the next tag on the
line; everything up to it belongs to the tag before it, so `#assign anna #tag refund urgent` is an
assignment and two tags. Lines between the agent's sentences are text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inboxd.conversations.commands import (
    AddTags,
    BadTagError,
    Canned,
    Command,
    NoCopies,
    Note,
    RemoveTags,
    TagContext,
)
from inboxd.conversations.tag_table import TAGS, find_tag, tidy

_LINE_ENDS = re.compile(r"\r\n|\r|\n|\u2028|\u2029")
_HASHES = "#\uff03\ufe5f"  # number sign, full-width and small
_BACKSLASHES = "\\\uff3c\ufe68"
_KEYCAP = "\ufe0f\u20e3"  # what makes of a number sign an emoji
_PIECE = re.compile(rf"(?:^|(?<=\s))[{_HASHES}](?=[^\W\d_])")
_NAME = re.compile(r"(?P<name>[^\W_]+)(?:[:.,;!]+(?P<rest>.*))?")
_EXCLUSIVE = (("close", "open", "snooze"), ("note", "canned"), ("note", "nocc"))
_REPEATABLE = frozenset({"tag", "untag"})
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TagError:
    """A line that cannot be obeyed, why, and the nearest that could be (None: nothing is near)."""

    line: str
    reason: str
    suggestion: str | None = None

    def __str__(self) -> str:
        meant = f" Did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{self.line}: {self.reason}.{meant}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """An agent's mail taken apart: the words without tag lines, and what to do.

    Where there are `errors`, nothing of the mail may be sent or done.
    """

    body: str
    commands: tuple[Command, ...] = ()
    errors: tuple[TagError, ...] = ()

    @property
    def is_note(self) -> bool:
        """Whether the body is a private note."""
        return any(isinstance(command, Note) for command in self.commands)

    @property
    def to_contact_alone(self) -> bool:
        """Whether the answer goes to nobody in copy."""
        return any(isinstance(command, NoCopies) for command in self.commands)

    @property
    def answers(self) -> bool:
        """Whether the customer gets something: a body that is no note, or a canned reply."""
        if self.errors or self.is_note:
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
    for line in filter(_bare, (*lines[:top], *lines[bottom:])):
        try:
            named += _read_line(_bare(line), context)
        except BadTagError as mistake:
            errors.append(TagError(_shown(line), mistake.reason, mistake.suggestion))
    errors += [_misplaced(line) for line in lines[top:bottom] if _is_stray_tag(line)]
    named = list(dict.fromkeys(named))
    body = _body(lines[top:bottom])
    errors = errors or _contradictions(named, body) or _without_answer(named, body, context)
    commands = tuple(command for _, command in named)
    words = next((c.words for c in commands if isinstance(c, Note) and c.words), "")
    return Parsed(body or words, commands, tuple(errors))


def cheat_sheet() -> str:
    """Return all reply tags, a line each, as plain text for the end of a notification."""
    width = max(len(spec.example) for spec in TAGS.values())
    return "\n".join(f"{spec.example:<{width}}  {spec.does}" for spec in TAGS.values())


def help_text(tag: str | None = None) -> str:
    """Return what `#help` answers: about one tag, or about all of them.

    A word that names no tag gets the list, too, below the reason.
    """
    if tag is None:
        return f"{_INTRODUCTION}\n\n{cheat_sheet()}"
    try:
        spec = find_tag(tag)
    except BadTagError as mistake:
        return f"{mistake.reason[:1].upper()}{mistake.reason[1:]}.\n\n{help_text()}"
    details = spec.details.replace("`", "")
    return f"{spec.usage}\n{spec.does[:1].upper()}{spec.does[1:]}. {details}\n\n{spec.example}"


def tags_markdown() -> str:
    """Return all reply tags as the Markdown table of docs/agents.md."""
    rows = [
        f"| `{spec.usage.replace('|', chr(92) + '|')}` | {spec.does}. {spec.details} "
        f"| `{spec.example}` |"
        for spec in TAGS.values()
    ]
    return "\n".join(["| tag | what it does | example |", "|---|---|---|", *rows])


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
    names = [name for name in TAGS if tidy(word).casefold().startswith(name)]
    return f"#{max(names, key=len)}" if names else None


def _is_stray_tag(line: str) -> bool:
    """Return whether a line of the text starts with a whole tag.

    Such a line is hardly meant for the customer: it stands above a signature that was not
    recognised, or a mail program has wrapped the line of tags that it belongs to.
    """
    words = _bare(line)[1:].split(maxsplit=1) if _is_tag_line(line) else []
    head = _NAME.fullmatch(tidy(words[0])) if words and _PIECE.match(_bare(line)) else None
    return head is not None and head["name"].casefold() in TAGS


def _misplaced(line: str) -> TagError:
    reason = "a tag stands above or below all of the text; write \\# if it is text"
    return TagError(_shown(line), reason)


def _body(lines: Iterable[str]) -> str:
    """Return the text; a backslash that keeps a number sign from being a tag is taken away."""
    return "\n".join(map(_unescaped, lines)).strip()


def _unescaped(line: str) -> str:
    bare = _bare(line)
    if bare[:1] and bare[0] in _BACKSLASHES and bare[1:2] and bare[1] in _HASHES:
        return line.replace(bare[0], "", 1)
    return line


def _contradictions(named: Sequence[tuple[str, Command]], body: str) -> list[TagError]:
    """Return what cannot be done together; `named` are different commands with their tags."""
    names = Counter(name for name, _ in named)
    commands = [command for _, command in named]
    found = [
        TagError(f"#{name}", "stands here twice, with different words")
        for name, count in names.items()
        if count > 1 and name not in _REPEATABLE
    ]
    for together in _EXCLUSIVE:
        present = [f"#{name}" for name in names if name in together]
        if len(present) > 1:
            found.append(TagError(" ".join(present), "these do not go together"))
    both = _tags(commands, AddTags) & _tags(commands, RemoveTags)
    found += [
        TagError(f"#tag {tag} #untag {tag}", "these do not go together") for tag in sorted(both)
    ]
    if body and any(isinstance(command, Note) and command.words for command in commands):
        found.append(TagError("#note", "the words behind it or the mail's text, not both"))
    if "help" in names and (body or len(names) > 1):
        found.append(TagError("#help", "goes in a mail of its own; nothing was sent or changed"))
    return found


def _without_answer(
    named: Sequence[tuple[str, Command]], body: str, context: TagContext
) -> list[TagError]:
    """Return what is said about an answer where the mail holds none."""
    names = [name for name, _ in named]
    if "nocc" not in names or body or "canned" in names or context.has_files:
        return []
    return [TagError("#nocc", "says who gets an answer: write the answer in the same mail")]


def _tags(commands: Iterable[Command], kind: type[AddTags] | type[RemoveTags]) -> set[str]:
    return {tag for command in commands if isinstance(command, kind) for tag in command.tags}


def _shown(line: str) -> str:
    return _bare(line)[:_SHOWN]
