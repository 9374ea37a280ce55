"""How each cause in a conversation was read, threaded and ruled, out of the traces kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from inboxd.desk import views
from inboxd.desk.dossier import background, conversation_of
from inboxd.store import contacts, messages, timers

# What the history says of rules besides what each of them did.
_REMARKS = ("rules.stopped", "rules.fuse", "timer.cancelled")


def explanation(connection: sa.Connection, number: int) -> views.View:
    """Return why conversation `number` is as it is, as plain values for people and scripts.

    `causes` are the mails, timers and commands in their order; each has `read` and `thread` (mails
    alone), `handed_out` (who was chosen of a team, and why) and `rulings`, one for each event that
    rules were asked about. Raises `Permanent` where there is no such conversation.
    """
    record = conversation_of(connection, number)
    number = record.number
    name = contacts.names(connection, [record.contact_id]).get(record.contact_id, "")
    known = background(connection, number)
    return {
        **views.summary(record, name),
        "linked": list(known.links),
        "merged": list(known.merged),
        "timers": [
            {"kind": each.kind, "rule": each.rule, "due_at": views.moment(each.due_at)}
            for each in known.timers
        ],
        "causes": _causes(connection, number, known.events),
    }


def _causes(connection: sa.Connection, number: int, events: Sequence[Any]) -> list[views.View]:
    """Return each cause with its timer, where it is one, and what the history remarks on it."""
    ended = {each.id: each for each in timers.listing(connection, number)}
    remarks: dict[Any, list[str]] = {}
    for event in events:
        if event.kind in _REMARKS:
            remarks.setdefault(event.at, []).append(f"{event.kind}: {event.text}")
    causes = []
    for trace in messages.traces(connection, number):
        cause = _cause(trace)
        timer = ended.get(cause["id"]) if cause["kind"] == "timer" else None
        causes.append({**cause, "timer": _timer(timer), "remarks": remarks.pop(trace["at"], [])})
    causes += [_remarked(at, words) for at, words in remarks.items()]
    return sorted(causes, key=lambda each: str(each["at"]))


def _remarked(at: Any, words: list[str]) -> views.View:
    """Return what happened to rules' doings without any of them being asked."""
    nothing = {"cause": "history", "kind": "history", "id": "", "at": views.moment(at)}
    return {
        **nothing,
        "read": None,
        "thread": [],
        "rulings": [],
        "timer": None,
        "remarks": words,
    }


def _timer(timer: Any) -> views.View | None:
    if timer is None:
        return None
    return {
        "kind": timer.kind,
        "rule": timer.rule,
        "armed_at": views.moment(timer.armed_at),
        "due_at": views.moment(timer.due_at),
    }


def _cause(trace: Mapping[str, Any]) -> views.View:
    steps = trace["steps"]
    kind, _, which = str(trace["cause"]).partition(":")
    return {
        "cause": trace["cause"],
        "kind": "mail" if kind == "journal" else kind,
        "id": int(which) if which.isdigit() and kind != "command" else which,
        "at": views.moment(trace["at"]),
        "read": next((step["read"] for step in steps if "read" in step), None),
        "thread": next((step["thread"] for step in steps if "thread" in step), []),
        "handed_out": [step["handed_out"] for step in steps if "handed_out" in step],
        "rulings": [_ruling(step) for step in steps if "rules" in step],
    }


def _ruling(step: Mapping[str, Any]) -> views.View:
    """Return what became of asking rules about one event.

    `version` begins the digest of all rule files as they were then, `after` names the rules that
    led to the event, and `change` is what it changed: a name, what was before, and what is now.
    """
    rules, files = step["rules"], step.get("files", {})
    matched = [
        {**each, "shadow": each.get("shadow", False), "file": files.get(each["rule"])}
        for each in rules["matched"]
    ]
    return {
        "event": step["event"],
        "change": step.get("change"),
        "after": step.get("after", []),
        "matched": matched,
        "missed": rules["missed"],
        "missed_more": rules.get("missed_more", 0),
        "stopped": rules.get("stopped"),
        "notes": step.get("notes", []),
        "version": step.get("digest", "")[:12],
    }
