"""What stands behind each reply tag, read into its command."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from inboxd.conversations import commands as ask
from inboxd.conversations.commands import BadTagError, Command, Priority, TagContext
from inboxd.conversations.tag_addresses import read_tag_addresses
from inboxd.conversations.tag_words import (
    SHOWN,
    by_key,
    moment,
    named,
    one_word,
    read_moment,
    tidy,
    visible,
)
from inboxd.conversations.when import UnreadableTimeError
from inboxd.suggest import nearest

Reader = Callable[[str, TagContext], Command]

_TAG_NAME = re.compile(r"\w[\w.\-/]{0,49}")
_FIELD_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,62}")
_SEPARATORS = re.compile(r"[,;\s]+")
_NUMBER = re.compile(r"(?:(?:into|with|to) )?\[?#?([0-9]{1,9})\]?")
_FIRST_NUMBER = re.compile(r"[0-9]{1,9}")
_QUOTES = '"“”„‟«»'
_KEY = r"([A-Za-z_][\w-]{0,62})[=＝]"
_FIRST_KEY = re.compile(rf"(?:^| ){_KEY}")
_VALUE = re.compile(
    rf"(?:^| ?){_KEY} ?(?:[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}](?= |$)|(.*?)(?= {_KEY}|$))"
)
_LONGEST_MOMENT = 8
_LONGEST_VALUE = 1000


def nothing(make: Callable[[], Command]) -> Reader:
    """Return the reader of a tag that stands alone."""

    def read(text: str, context: TagContext) -> Command:
        _refuse_words(text)
        return make()

    return read


def _refuse_words(text: str) -> None:
    if tidy(text):
        raise BadTagError(f"nothing stands behind this tag, but here is {tidy(text)[:SHOWN]!r}")


def read_note(text: str, context: TagContext) -> Command:
    """Read `#note [WORDS]`."""
    return ask.Note(text.strip())


def read_assign(text: str, context: TagContext) -> Command:
    """Read `#assign NAME | team:NAME | me | none`."""
    who = one_word(text).removeprefix("@")
    kind, colon, team = (part.strip() for part in who.partition(":"))
    agents, teams = by_key(context.agents), by_key(context.teams)
    if not who:
        raise BadTagError("#assign needs a name", "#assign me")
    if colon and kind == "team":
        return ask.Assign(team=named(team, teams, "team", "#assign team:"))
    if who == "me":
        return ask.Assign(agent=context.me)
    if who == "none":
        return ask.Assign()
    if who in teams and who not in agents:
        return ask.Assign(team=teams[who])
    return ask.Assign(agent=named(who, agents, "agent", "#assign "))


def read_mine(text: str, context: TagContext) -> Command:
    """Read `#mine`."""
    _refuse_words(text)
    return ask.Assign(agent=context.me)


def read_add_tags(text: str, context: TagContext) -> Command:
    """Read `#tag TAG …`."""
    return ask.AddTags(_tags(text, "#tag"))


def read_remove_tags(text: str, context: TagContext) -> Command:
    """Read `#untag TAG …`."""
    return ask.RemoveTags(_tags(text, "#untag"))


def _tags(text: str, usage: str) -> tuple[str, ...]:
    words = [w.rstrip(".!:").lower() for w in _SEPARATORS.split(tidy(text)) if w]
    if not words:
        raise BadTagError(f"{usage} needs at least one word", f"{usage} refund")
    for word in words:
        if not _TAG_NAME.fullmatch(word):
            shown = word[:SHOWN]
            raise BadTagError(
                f"{shown!r} cannot be a tag: use letters, digits, '-', '_', '.' and '/', up to 50"
            )
    return tuple(dict.fromkeys(words))


def read_priority(text: str, context: TagContext) -> Command:
    """Read `#priority low | normal | high | urgent`."""
    word = one_word(text)
    meant = [p for p in Priority if word and p.value.startswith(word)]
    if len(meant) == 1:
        return ask.SetPriority(meant[0])
    close = nearest(word, Priority) if word else None
    raise BadTagError(
        f"#priority is one of {', '.join(Priority)}", f"#priority {close}" if close else None
    )


def read_set(text: str, context: TagContext) -> Command:
    """Read `#set field=value`. An empty value takes the field away."""
    line = visible(text)
    name, equals, value = line.replace("＝", "=", 1).partition("=")
    field = tidy(name).lower().removeprefix("fields.")
    if not equals:
        first, _, rest = line.partition(" ")
        meant = f"#set {first.rstrip(':')}={rest[:SHOWN]}" if rest else None
        raise BadTagError("write #set FIELD=VALUE", meant or "#set order=4711")
    if tidy(name).casefold() == "priority":
        raise BadTagError("the priority has a tag of its own", f"#priority {value.strip()[:SHOWN]}")
    if not _FIELD_NAME.fullmatch(field):
        raise BadTagError(
            f"{field[:SHOWN]!r} cannot be a field: use letters a to z, digits, '-', '_' and '.'"
        )
    value = value.strip()
    if len(value) > _LONGEST_VALUE:
        raise BadTagError(f"a field holds up to {_LONGEST_VALUE} characters")
    return ask.SetField(field, _unquoted(value))


def _unquoted(value: str) -> str:
    """Take off the quotes that stand around the whole value, and leave all others."""
    inner = value[1:-1]
    around = len(value) > 1 and value[0] in _QUOTES and value[-1] in _QUOTES
    return inner.strip() if around and not set(inner) & set(_QUOTES) else value


def read_snooze(text: str, context: TagContext) -> Command:
    """Read `#snooze WHEN`."""
    return ask.Snooze(moment(text, "snooze", context, "3 days"))


def read_send(text: str, context: TagContext) -> Command:
    """Read `#send WHEN`."""
    return ask.SendAt(moment(text, "send", context, "tomorrow 9:00"))


def read_remind(text: str, context: TagContext) -> Command:
    """Read `#remind WHEN [TEXT]`: as many of the first words as can be read are the time."""
    words = visible(text).split()
    for count in range(min(len(words), _LONGEST_MOMENT), 0, -1):
        when = tidy(" ".join(words[:count])).rstrip(",;:!-")
        try:
            at = read_moment(when, context)
        except UnreadableTimeError:
            continue
        except ValueError as error:  # a time, but a past one: not the start of a shorter one
            raise BadTagError(f"#remind: {error}", "#remind 2d call back") from None
        return ask.Remind(at, " ".join(words[count:]).lstrip("-–—:, "))
    start = " ".join(words[:3])[:SHOWN]
    raise BadTagError(
        f"#remind needs a time first, and {start!r} is none" if words else "#remind needs a time",
        "#remind 2d call back",
    )


def read_canned(text: str, context: TagContext) -> Command:
    """Read `#canned NAME [key=value …]`; a value may hold spaces, and may stand in quotes."""
    line = visible(text)
    first = _FIRST_KEY.search(line)
    start = first.start() if first else len(line)
    name = one_word(line[:start])
    if not name:
        raise BadTagError("#canned needs the name of a canned reply")
    known = named(name, by_key(context.canned), "canned reply", "#canned ")
    values: dict[str, str] = {}
    for found in _VALUE.finditer(line, start):
        if found[1] in values:
            raise BadTagError(f"{found[1]} stands here twice")
        values[found[1]] = (found[2] if found[2] is not None else found[3]).strip()
    return ask.Canned(known, tuple(values.items()))


def to_addresses(tag: str, make: Callable[[tuple[str, ...]], Command]) -> Reader:
    """Return the reader of a tag with mail addresses behind it."""
    return lambda text, context: make(read_tag_addresses(text, tag, context))


def to_conversation(tag: str, make: Callable[[int], Command]) -> Reader:
    """Return the reader of a tag with a conversation's number behind it."""
    return partial(_read_number, tag, make)


def _read_number(
    tag: str, make: Callable[[int], Command], text: str, context: TagContext
) -> Command:
    words = one_word(text)
    if (number := _NUMBER.fullmatch(words)) and int(number[1]):
        return make(int(number[1]))
    near = _FIRST_NUMBER.search(words)
    raise BadTagError(
        f"#{tag} needs the number of one conversation",
        f"#{tag} {int(near[0])}" if near and int(near[0]) else f"#{tag} 1040",
    )


def read_search(text: str, context: TagContext) -> Command:
    """Read `#search WORDS`."""
    words = visible(text)
    if not words:
        raise BadTagError("#search needs words to look for", "#search green teapot")
    return ask.Search(words[:_LONGEST_VALUE])


def read_list(text: str, context: TagContext) -> Command:
    """Read `#list [VIEW]`."""
    view = one_word(text)
    return ask.ListView(named(view, by_key(context.views), "view", "#list ") if view else None)


def read_block(text: str, context: TagContext) -> Command:
    """Read `#block`, which is a supervisor's."""
    _refuse_words(text)
    if not context.supervisor:
        raise BadTagError("only a supervisor may block a sender", "#spam")
    return ask.Block()


def read_away(text: str, context: TagContext) -> Command:
    """Read `#away [AGENT] [until WHEN]`."""
    words = tidy(text).rstrip(",;!")
    agent, rest = _agent_first(words, context)
    if not rest:
        return ask.Away(agent=_other(agent, "#away", context))
    try:
        until = read_moment(rest, context)
    except ValueError as error:
        first = rest.partition(" ")[0]
        close = None if agent else nearest(first, context.agents)
        meant = f"{close} {rest[len(first) :].strip()}".strip() if close else "until mon 9:00"
        raise BadTagError(f"#away: {error}", f"#away {meant}") from None
    return ask.Away(until, _other(agent, "#away", context))


def read_back(text: str, context: TagContext) -> Command:
    """Read `#back [AGENT]`."""
    who = one_word(text)
    agent = named(who, by_key(context.agents), "agent", "#back ") if who else None
    return ask.Back(_other(agent, "#back", context))


def _agent_first(words: str, context: TagContext) -> tuple[str | None, str]:
    """Return the agent with whose name the words begin (None: nobody's), and the other words."""
    key = words.casefold().removeprefix("@")
    for each in sorted({"me", *context.agents}, key=len, reverse=True):
        start = each.casefold()
        if key.rstrip(".") == start or key.startswith(f"{start} "):
            name = context.me if each == "me" and "me" not in context.agents else each
            return name, words.removeprefix("@")[len(start) :].strip(" .")
    return None, words


def _other(agent: str | None, tag: str, context: TagContext) -> str | None:
    """Return the agent for whom a supervisor acts, None for the one who writes."""
    if agent is None or agent == context.me:
        return None
    if not context.supervisor:
        raise BadTagError(f"only a supervisor may say this for {agent}; for yourself write {tag}")
    return agent
