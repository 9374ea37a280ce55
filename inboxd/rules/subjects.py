"""What each condition looks at, by its name in a rule file: texts, addresses, numbers, moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, TypeAlias

from inboxd.rules.view import Party, View, ViewedAddress, ViewedText

Texts: TypeAlias = Callable[[View], tuple[ViewedText, ...]]

_WHOLE_TYPE: Final = "/*"


def _of(*texts: str | None) -> Iterable[ViewedText]:
    """Return the texts that are there."""
    return (ViewedText(each) for each in texts if each)


def _types(view: View) -> Iterable[ViewedText]:
    """Yield each attachment's type, as it is and as all of its kind (`image/*`)."""
    for _, kind, _ in view.files:
        yield from _of(kind, kind.partition("/")[0] + _WHOLE_TYPE)


def _changed(view: View) -> Iterable[ViewedText]:
    """Yield what has changed, by the name of the condition that looks at it."""
    change = view.facts.change
    if change is None:
        return ()
    if change.what == "tag":
        return _of("tags")
    named = change.name and change.name != change.what
    what = "fields" if change.what == "field" else change.what
    return _of(f"{what}.{change.name}" if named else what)


PARTIES: Final[dict[str, Callable[[View], tuple[Party, ...]]]] = {
    "from": lambda view: view.senders,
    "to": lambda view: view.recipients,
    "cc": lambda view: view.copied,
    "contact": lambda view: view.contacts,
}

# Names, of which one is asked for as a whole.
_NAMES: Final[dict[str, Callable[[View], Iterable[ViewedText]]]] = {
    "mailbox": lambda view: _of(view.facts.mailbox),
    "kind": lambda view: _of(view.message.kind) if view.facts.message else (),
    "state": lambda view: _of(view.conversation.state),
    "priority": lambda view: _of(view.conversation.priority),
    "assignee": lambda view: _of(view.conversation.assignee),
    "team": lambda view: _of(view.conversation.team),
    "sla.kind": lambda view: _of(view.facts.sla_kind),
    "sla.policy": lambda view: _of(view.conversation.sla_policy),
    "tags": lambda view: _of(*sorted(view.conversation.tags)),
    "change": _changed,
    "attachments.type": _types,
    "contact.tags": lambda view: _of(*sorted(view.known.tags)),
    "language": lambda view: _of(view.message.language()),
}
# Prose, of which a part is asked for.
_PROSE: Final[dict[str, Callable[[View], Iterable[ViewedText]]]] = {
    "subject": lambda view: _of(view.subject),
    "body": lambda view: _of(view.message.reply_text),
    "body.all": lambda view: _of(view.message.whole().text),
    "attachments.name": lambda view: _of(*(name for name, _, _ in view.files)),
}
NUMBERS: Final[dict[str, Callable[[View], tuple[float, ...]]]] = {
    "attachments": lambda view: (len(view.files),),
    "attachments.size": lambda view: tuple(size for _, _, size in view.files),
    "messages": lambda view: (view.conversation.history().messages,),
    "contact.conversations": lambda view: (view.known.conversations,),
}
MOMENTS: Final[dict[str, Callable[[View], datetime | None]]] = {
    "age.opened": lambda view: view.conversation.opened_at,
    "age.customer": lambda view: view.conversation.history().customer_at,
    "age.agent": lambda view: view.conversation.history().agent_at,
    "contact.first_seen": lambda view: view.known.first_seen,
}


TIMES: Final = ("time", "weekday", "business_hours")


def is_prose(what: str) -> bool:
    """Return whether any_of asks `what` for a part of it, rather than for all of it."""
    group, _, name = what.partition(".")
    return what in _PROSE or group == "header" or (group in PARTIES and name == "name")


def has_texts(what: str) -> bool:
    """Return whether the condition `what` looks at texts or people, not at numbers or times."""
    return what not in NUMBERS and what not in MOMENTS and what not in TIMES


def texts_of(what: str) -> Texts:
    """Return what reads the texts that the condition `what` looks at, once a view."""
    read = _reader(what)

    def texts(view: View) -> tuple[ViewedText, ...]:
        found = view.texts.get(what)
        if found is None:
            found = view.texts[what] = tuple(read(view))
        return found

    return texts


def _reader(what: str) -> Callable[[View], Iterable[ViewedText]]:
    plain = _NAMES.get(what) or _PROSE.get(what)
    if plain is not None:
        return plain
    group, _, name = what.partition(".")
    if group == "header":
        return lambda view: _of(*view.message.whole().headers.get_all(name))
    if group == "fields":
        return lambda view: _of(view.conversation.fields.get(name))
    if what.startswith("contact.fields."):
        name = what.removeprefix("contact.fields.")
        return lambda view: _of(view.known.fields.get(name))
    return _part(group, name)


def _part(group: str, name: str) -> Callable[[View], Iterable[ViewedText]]:
    """Return what reads the addresses, names or domains of a header's people."""
    parties = PARTIES[group]
    if name == "address":
        return lambda view: (each.written for each in parties(view))
    if name == "domain":
        return lambda view: (ViewedAddress(each.domain) for each in parties(view))
    return lambda view: (each.name for each in parties(view) if each.name.raw)
