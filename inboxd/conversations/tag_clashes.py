"""Reply tags that do not go together, or not with an answer, or not without one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inboxd.conversations.commands import (
    AddTags,
    Away,
    Back,
    Command,
    Note,
    RemoveTags,
    SetField,
)

_STATES = ("close", "open", "pending", "spam", "snooze")
_APART: Sequence[tuple[str, ...]] = (
    _STATES,
    ("assign", "mine"),
    *(("note", option) for option in ("canned", "to", "cc", "nocc", "send", "forward")),
    ("to", "nocc"),
    ("cc", "nocc"),
    *(("forward", option) for option in ("to", "cc", "nocc", "send")),
    ("merge", "split"),
    ("allow", "block"),
    ("allow", "split"),
    ("allow", "spam"),
)
_REPEATABLE = frozenset({"tag", "untag", "set", "canned", "link", "remind", "away", "back"})
_MERGED = frozenset({"to", "cc", "forward"})
_NEED_ANSWER = {
    "to": "says who gets an answer",
    "cc": "says who gets an answer",
    "nocc": "says who gets an answer",
    "send": "says when an answer is sent",
}
_REFUSE_ANSWER = {
    "spam": "goes without an answer; whoever sends spam gets none",
    "block": "goes without an answer; send that first, in a mail of its own",
    "split": "goes without an answer; give that in the new conversation",
}
_ALONE = ("help", "undo")
_WITHOUT_TEXT = ("history", "contact", "search", "list")


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
class TaggedMail:
    """What is checked: the commands with their tags' names, the text, and whether files come."""

    named: Sequence[tuple[str, Command]]
    body: str
    has_files: bool

    @property
    def names(self) -> Counter[str]:
        """How often each tag stands in the mail."""
        return Counter(name for name, _ in self.named)

    @property
    def answer(self) -> bool:
        """Whether something is there that somebody could be sent."""
        return bool(self.body) or self.has_files or "canned" in self.names


def contradictions(mail: TaggedMail) -> list[TagError]:
    """Return what cannot be done together; the same command stands in the mail but once."""
    names = mail.names
    found = [
        TagError(f"#{name}", "stands here twice, with different words")
        for name, count in names.items()
        if count > 1 and name not in _REPEATABLE | _MERGED
    ]
    for apart in _APART:
        present = [f"#{name}" for name in names if name in apart]
        if len(present) > 1:
            found.append(TagError(" ".join(present), "these do not go together"))
    return found + _same_thing_twice([command for _, command in mail.named])


def clashes_with_text(mail: TaggedMail) -> list[TagError]:
    """Return the tags that do not go with the mail's text, its files or the lack of them."""
    names = mail.names
    noted = [c for _, c in mail.named if isinstance(c, Note)]
    found = [
        TagError(f"#{name}", "goes in a mail of its own; nothing was sent or changed")
        for name in _ALONE
        if name in names and (mail.answer or len(names) > 1)
    ]
    if found:
        return found
    if mail.body and any(note.words for note in noted):
        found.append(TagError("#note", "the words behind it or the mail's text, not both"))
    if mail.answer:
        found += [
            TagError(f"#{name}", "goes in a mail without text and files")
            for name in _WITHOUT_TEXT
            if name in names
        ]
    if mail.answer and not noted:
        return found + _with_reason(_REFUSE_ANSWER, names, "")
    if mail.answer or noted:
        return found
    return found + _with_reason(_NEED_ANSWER, names, ": write the answer in the same mail")


def _with_reason(reasons: dict[str, str], names: Iterable[str], more: str) -> list[TagError]:
    return [TagError(f"#{name}", reasons[name] + more) for name in names if name in reasons]


def _same_thing_twice(commands: Sequence[Command]) -> list[TagError]:
    """Return what is asked for one tag, one field or one agent in two different ways."""
    both = _tags(commands, AddTags) & _tags(commands, RemoveTags)
    found = [
        TagError(f"#tag {tag} #untag {tag}", "these do not go together") for tag in sorted(both)
    ]
    fields = Counter(command.name for command in commands if isinstance(command, SetField))
    found += [
        TagError(f"#set {name}", "stands here twice, with different words")
        for name, count in fields.items()
        if count > 1
    ]
    agents = Counter(command.agent for command in commands if isinstance(command, Away | Back))
    found += [
        TagError(f"#away #back {agent or ''}".rstrip(), "more than one of these for one agent")
        for agent, count in agents.items()
        if count > 1
    ]
    return found


def _tags(commands: Iterable[Command], kind: type[AddTags] | type[RemoveTags]) -> set[str]:
    return {tag for command in commands if isinstance(command, kind) for tag in command.tags}
