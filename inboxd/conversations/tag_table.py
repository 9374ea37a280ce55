"""The reply tags: the one table that the parser, `#help`, the cheat sheet and the guide share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from inboxd.conversations.commands import (
    AddTags,
    Assign,
    BadTagError,
    Canned,
    Close,
    Command,
    Help,
    NoCopies,
    Note,
    Open,
    Priority,
    RemoveTags,
    SetPriority,
    Snooze,
    TagContext,
)
from inboxd.conversations.when import parse_when
from inboxd.suggest import nearest

_SHORTEST_ABBREVIATION = 2
_SHOWN = 40
_TAG_NAME = re.compile(r"\w[\w.\-/]{0,49}")
_SEPARATORS = re.compile(r"[,;\s]+")
# What phones put in the place of plain typing.
_TYPOGRAPHY = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("\"'“”„‟‘’‚‛«»", ""))


@dataclass(frozen=True, slots=True)
class TagSpec:
    """One reply tag. `read` makes its command of what the agent wrote behind it.

    `arguments` is how they are shown; `does` completes "this tag …"; `details` is what `#help TAG`
    adds. Placeholders are in capitals.
    """

    name: str
    arguments: str
    does: str
    example: str
    details: str
    read: Callable[[str, TagContext], Command]

    @property
    def usage(self) -> str:
        """The tag as it is written."""
        return f"#{self.name} {self.arguments}".rstrip()


def tidy(text: str) -> str:
    """Return what was meant: plain hyphens, no quotes, no invisible characters, single spaces."""
    plain = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    return " ".join("".join(c for c in plain if unicodedata.category(c) != "Cf").split())


def find_tag(word: str) -> TagSpec:
    """Return the tag that `word`, without its `#`, names or abbreviates.

    Raises BadTagError where it names none, or might be several.
    """
    name = tidy(word).casefold()
    if name in TAGS:
        return TAGS[name]
    meant = [tag for tag in TAGS if tag.startswith(name) and len(name) >= _SHORTEST_ABBREVIATION]
    if len(meant) == 1:
        return TAGS[meant[0]]
    shown = name[:_SHOWN]
    if meant:
        could = " or ".join(f"#{tag}" for tag in meant)
        raise BadTagError(f"#{shown} could be {could}", f"#{meant[0]}")
    close = nearest(name, TAGS)
    raise BadTagError(f"there is no tag #{shown}", f"#{close}" if close else None)


def _nothing(make: Callable[[], Command]) -> Callable[[str, TagContext], Command]:
    """Return a reader for a tag that stands alone."""

    def read(text: str, context: TagContext) -> Command:
        if tidy(text):
            raise BadTagError(
                f"nothing stands behind this tag, but here is {tidy(text)[:_SHOWN]!r}"
            )
        return make()

    return read


def _note(text: str, context: TagContext) -> Command:
    return Note(text.strip())


def _assign(text: str, context: TagContext) -> Command:
    who = tidy(text).rstrip(".,;!").casefold()
    kind, colon, team = (part.strip() for part in who.partition(":"))
    agents, teams = _by_key(context.agents), _by_key(context.teams)
    if not who:
        raise BadTagError("#assign needs a name", "#assign me")
    if colon and kind == "team":
        return Assign(team=_named(team, teams, "team", "#assign team:"))
    if who == "me":
        return Assign(agent=context.me)
    if who == "none":
        return Assign()
    if who in teams and who not in agents:
        return Assign(team=teams[who])
    return Assign(agent=_named(who, agents, "agent", "#assign "))


def _add_tags(text: str, context: TagContext) -> Command:
    return AddTags(_tags(text, "#tag"))


def _remove_tags(text: str, context: TagContext) -> Command:
    return RemoveTags(_tags(text, "#untag"))


def _priority(text: str, context: TagContext) -> Command:
    word = tidy(text).rstrip(".,;!").casefold()
    meant = [p for p in Priority if word and p.value.startswith(word)]
    if len(meant) == 1:
        return SetPriority(meant[0])
    close = nearest(word, Priority) if word else None
    raise BadTagError(
        f"#priority is one of {', '.join(Priority)}", f"#priority {close}" if close else None
    )


def _snooze(text: str, context: TagContext) -> Command:
    words = tidy(text).rstrip(",;!")
    if not words:
        raise BadTagError("#snooze needs a time", "#snooze 3 days")
    try:
        # A full stop ends a German date, and a sentence.
        try:
            until = parse_when(words, context.now, context.zone, calendar=context.calendar)
        except ValueError:
            if not words.endswith("."):
                raise
            shorter = words.rstrip(".")
            until = parse_when(shorter, context.now, context.zone, calendar=context.calendar)
    except ValueError as error:
        raise BadTagError(f"#snooze: {error}", "#snooze 3 days") from None
    return Snooze(until)


def _canned(text: str, context: TagContext) -> Command:
    name = tidy(text).rstrip(".,;!").casefold()
    if not name:
        raise BadTagError("#canned needs the name of a canned reply")
    return Canned(_named(name, _by_key(context.canned), "canned reply", "#canned "))


def _help(text: str, context: TagContext) -> Command:
    word = tidy(text).rstrip(".,;!?")
    return Help(find_tag(word).name if word else None)


def _tags(text: str, usage: str) -> tuple[str, ...]:
    words = [w.rstrip(".!:").lower() for w in _SEPARATORS.split(tidy(text)) if w]
    if not words:
        raise BadTagError(f"{usage} needs at least one word", f"{usage} refund")
    for word in words:
        if not _TAG_NAME.fullmatch(word):
            shown = word[:_SHOWN]
            raise BadTagError(
                f"{shown!r} cannot be a tag: use letters, digits, '-', '_', '.' and '/', up to 50"
            )
    return tuple(dict.fromkeys(words))


def _by_key(names: Iterable[str]) -> Mapping[str, str]:
    return {name.casefold(): name for name in names}


def _named(key: str, known: Mapping[str, str], what: str, usage: str) -> str:
    """Return the configured spelling of a name, or raise BadTagError with the nearest one."""
    if key in known:
        return known[key]
    close = nearest(key, known.values())
    raise BadTagError(f"there is no {what} {key[:_SHOWN]!r}", f"{usage}{close}" if close else None)


_TABLE = (
    TagSpec(
        "close",
        "",
        "closes the conversation",
        "#close",
        "With an answer, the answer is sent first. The conversation opens again when the customer"
        " writes.",
        _nothing(Close),
    ),
    TagSpec(
        "open",
        "",
        "opens the conversation, or keeps it open after your answer",
        "#open",
        "Without it, an answer leaves the conversation waiting for the customer.",
        _nothing(Open),
    ),
    TagSpec(
        "note",
        "[WORDS]",
        "keeps your text as a private note; the customer gets nothing",
        "#note",
        "Either the whole mail is the note, or WORDS on the tag's own line are, in a mail without"
        " other text.",
        _note,
    ),
    TagSpec(
        "assign",
        "NAME | team:NAME | me | none",
        "gives the conversation to a colleague, a team, you or nobody",
        "#assign anna",
        "A team's name needs `team:` only where an agent has the same name.",
        _assign,
    ),
    TagSpec(
        "tag",
        "TAG …",
        "puts one or more tags on the conversation",
        "#tag refund urgent",
        "Tags are words of letters, digits, `-`, `_`, `.` and `/`, with spaces or commas between"
        " them; capitals do not matter.",
        _add_tags,
    ),
    TagSpec(
        "untag",
        "TAG …",
        "takes tags off the conversation",
        "#untag urgent",
        "A tag that the conversation does not have is no mistake.",
        _remove_tags,
    ),
    TagSpec(
        "priority",
        "low | normal | high | urgent",
        "sets the priority",
        "#priority high",
        "The first letters are enough: `#prio h`.",
        _priority,
    ),
    TagSpec(
        "snooze",
        "WHEN",
        "puts the conversation out of sight until then, or until the customer writes",
        "#snooze 3 business days",
        "WHEN is a time from now (`2h`, `3d`, `1 week`, `3 business days`), a day (`today 17:00`,"
        " `tomorrow`, `monday 14:30`, `next week`) or a date (`2030-12-01 9:00`, `1.12.`). A day"
        " without a time means 9:00.",
        _snooze,
    ),
    TagSpec(
        "canned",
        "NAME",
        "sends a canned reply, below your own text if there is any",
        "#canned refund-received",
        "In a mail without text the customer gets the canned reply alone.",
        _canned,
    ),
    TagSpec(
        "nocc",
        "",
        "sends this answer to the customer alone, and to nobody in copy",
        "#nocc",
        "It goes with an answer, in the same mail. Later answers reach everybody again.",
        _nothing(NoCopies),
    ),
    TagSpec(
        "help",
        "[TAG]",
        "sends you this list, or more about one tag",
        "#help snooze",
        "It goes in a mail of its own, which changes nothing and sends the customer nothing.",
        _help,
    ),
)

TAGS: Mapping[str, TagSpec] = {spec.name: spec for spec in _TABLE}
