"""How each cause in a conversation was read, threaded and ruled, out of the traces kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from inboxd.desk import views
from inboxd.desk.dossier import background, conversation_of
from inboxd.store import contacts, messages


def explanation(connection: sa.Connection, number: int) -> views.View:
    """Return why conversation `number` is as it is, as plain values for people and scripts.

    `causes` are the mails, timers and commands in their order; each has `read` and `thread` (mails
    alone) and `rulings`, one for each event that rules were asked about. Raises `Permanent` where
    there is no such conversation.
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
        "causes": [_cause(each) for each in messages.traces(connection, number)],
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
        "rulings": [_ruling(step) for step in steps if "rules" in step],
    }


def _ruling(step: Mapping[str, Any]) -> views.View:
    rules = step["rules"]
    return {
        "event": step["event"],
        "matched": rules["matched"],
        "missed": rules["missed"],
        "missed_more": rules.get("missed_more", 0),
        "stopped": rules.get("stopped"),
        "notes": step.get("notes", []),
    }
