"""What was expected against what there is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from inboxd.rehearsal.cases import NONE, Expectation, Sent
from inboxd.rules.text import folded, shortened

_SHOWN_CHARS = 300


@dataclass(frozen=True, slots=True)
class SentMail:
    """An automatic mail that the customer got: its canned reply, subject and text."""

    canned: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """The conversation as it stands, and what happened since somebody looked last.

    `state` is `none` where there is no conversation. `withheld` says why replies were not sent;
    `matched` names the rules that acted, `teams` the members of each team.
    """

    state: str = NONE
    tags: frozenset[str] = frozenset()
    assignee: str | None = None
    team: str | None = None
    priority: str = "normal"
    fields: tuple[tuple[str, str], ...] = ()
    replies: tuple[SentMail, ...] = ()
    withheld: tuple[str, ...] = ()
    notified: frozenset[str] = frozenset()
    forwarded: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One key of an expectation that does not hold."""

    key: str
    expected: str
    got: str


def mismatches(
    wanted: Expectation, scene: Scene, members: Callable[[str], Collection[str]]
) -> list[Mismatch]:
    """Return what does not hold; `members` returns the agents behind an agent's or team's name."""
    return [*_standing(wanted, scene), *_sent(wanted, scene), *_told(wanted, scene, members)]


def _standing(wanted: Expectation, scene: Scene) -> Iterator[Mismatch]:
    for key in ("state", "assignee", "team", "priority"):
        expected = getattr(wanted, key)
        got = getattr(scene, key) or NONE
        if expected is not None and expected != got:
            yield Mismatch(key, expected, got)
    shown = listed(sorted(scene.tags))
    if wanted.tags is not None and set(wanted.tags) != scene.tags:
        yield Mismatch("tags", listed(sorted(wanted.tags)), shown)
    if missing := [tag for tag in wanted.with_tags or () if tag not in scene.tags]:
        yield Mismatch("with_tags", listed(missing), shown)
    if extra := [tag for tag in wanted.without_tags or () if tag in scene.tags]:
        yield Mismatch("without_tags", f"not {listed(extra)}", shown)
    fields = dict(scene.fields)
    for name, value in (wanted.fields or {}).items():
        if fields.get(name, "") != value:
            yield Mismatch(f"fields.{name}", value or "no value", fields.get(name) or "no value")


def _sent(wanted: Expectation, scene: Scene) -> Iterator[Mismatch]:
    got = listed([each.canned for each in scene.replies])
    if scene.withheld:
        got += f" (withheld: {'; '.join(scene.withheld)})"
    if wanted.replies is not None:
        if len(wanted.replies) != len(scene.replies):
            yield Mismatch("replies", listed([_name(each) for each in wanted.replies]), got)
        else:
            for i, (each, sent) in enumerate(zip(wanted.replies, scene.replies, strict=True)):
                yield from _reply(f"replies.{i}", each, sent)
    names = {each.canned for each in scene.replies}
    if unsent := [name for name in wanted.sent or () if name not in names]:
        yield Mismatch("sent", listed(unsent), got)
    if unwanted := [name for name in wanted.not_sent or () if name in names]:
        yield Mismatch("not_sent", f"not {listed(unwanted)}", got)
    if wanted.forwarded is not None and set(wanted.forwarded) != set(scene.forwarded):
        yield Mismatch("forwarded", listed(wanted.forwarded), listed(scene.forwarded))


def _reply(key: str, wanted: Sent, sent: SentMail) -> Iterator[Mismatch]:
    if wanted.canned is not None and wanted.canned != sent.canned:
        yield Mismatch(key, wanted.canned, sent.canned)
    if wanted.subject is not None and folded(wanted.subject) != folded(sent.subject):
        yield Mismatch(f"{key}.subject", wanted.subject, sent.subject)
    text = folded(sent.text)
    for words in wanted.contains or ():
        if folded(words) not in text:
            yield Mismatch(f"{key}.contains", words, shortened(sent.text, _SHOWN_CHARS))


def _told(
    wanted: Expectation, scene: Scene, members: Callable[[str], Collection[str]]
) -> Iterator[Mismatch]:
    got = listed(sorted(scene.notified))
    unheard = [n for n in wanted.notified or () if not set(members(n)) & scene.notified]
    if unheard:
        yield Mismatch("notified", listed(unheard), got)
    told = [n for n in wanted.not_notified or () if set(members(n)) & scene.notified]
    if told:
        yield Mismatch("not_notified", f"not {listed(told)}", got)
    acted = listed(scene.matched)
    if idle := [name for name in wanted.matched or () if name not in scene.matched]:
        yield Mismatch("matched", listed(idle), acted)
    if active := [name for name in wanted.not_matched or () if name in scene.matched]:
        yield Mismatch("not_matched", f"not {listed(active)}", acted)


def _name(wanted: Sent) -> str:
    return wanted.canned or wanted.subject or f"one with {listed(wanted.contains or ())}"


def listed(words: Sequence[str]) -> str:
    """Return words as a list for people."""
    return ", ".join(words) or NONE
