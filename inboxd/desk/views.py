"""Conversations and mails as the JSON that scripts hold on to: names and forms are fixed.

Addresses are `{name, address}`; times are RFC 3339 in UTC, to the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from inboxd.mail.model import Address, Attachment, Bounce, ParsedMail, Verdict

if TYPE_CHECKING:  # `inboxd parse` needs no database
    from inboxd.conversations.sla import Target
    from inboxd.desk.dossier import Dossier, WholeMessage
    from inboxd.store.conversations import ConversationRecord

View = dict[str, Any]


def moment(at: datetime | None) -> str | None:
    """Return an aware time as RFC 3339 in UTC, such as `2030-12-01T09:00:00Z`."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def address(of: Address) -> View:
    """Return an address as `{name, address}`."""
    return {"name": of.name, "address": of.address}


def addresses(of: Iterable[Address]) -> list[View]:
    """Return addresses in their order."""
    return [address(each) for each in of]


def attachment(of: Attachment) -> View:
    """Return an attachment as `parse` shows it."""
    return {
        "filename": of.filename,
        "content_type": of.content_type,
        "size": of.size,
        "sha256": of.sha256,
        "inline": of.inline,
    }


def mail(file: str, of: ParsedMail, verdict: Verdict) -> View:
    """Return what was read in a mail, for `inboxd parse`; `from` is null where there is none."""
    return {
        "file": file,
        "from": address(of.from_[0]) if of.from_ else None,
        "reply_to": addresses(of.reply_to),
        "to": addresses(of.to),
        "cc": addresses(of.cc),
        "subject": of.subject,
        "date": moment(of.date),
        "message_id": of.message_id,
        "in_reply_to": list(of.in_reply_to),
        "references": list(of.references),
        "text": of.text,
        "reply_text": of.reply_text,
        "elided_text": of.elided_text,
        "html": of.html,
        "attachments": [attachment(each) for each in of.attachments],
        "kind": verdict.kind.value,
        "reasons": list(verdict.reasons),
        "bounce": _bounce(verdict.bounce),
        "defects": list(of.defects),
    }


def summary(of: ConversationRecord, contact_name: str) -> View:
    """Return a conversation without its messages."""
    return {
        "number": of.number,
        "state": of.state,
        "mailbox": of.mailbox,
        "subject": of.subject,
        "contact": {"name": contact_name, "address": of.contact_address},
        "assignee": of.assignee,
        "team": of.team,
        "priority": of.priority,
        "tags": list(of.tags),
        "fields": dict(of.fields),
        "created_at": moment(of.created_at),
        "updated_at": moment(of.updated_at),
    }


def conversation(of: Dossier) -> View:
    """Return a conversation with its messages, for `list --json` and `show --json`."""
    numbers = count(1)
    return {
        **summary(of.conversation, of.contact_name),
        "messages": [_message(each, numbers) for each in of.messages],
        "sla": [_promise(each) for each in of.promises],
    }


def _promise(of: Target) -> View:
    """Return a promise: of which policy, by when it is due (null: no time passes), what became."""
    return {
        "kind": of.kind,
        "policy": of.policy,
        "state": of.state.value,
        "started_at": moment(of.started_at),
        "due_at": moment(of.due_at),
        "warned_at": moment(of.warned_at),
        "breached_at": moment(of.breached_at),
        "ended_at": moment(of.ended_at),
    }


def rows(of: Iterable[Any], columns: Mapping[str, str]) -> list[View]:
    """Return rows of a table as objects; `columns` gives each key's column."""
    return [{key: _plain(getattr(row, name)) for key, name in columns.items()} for row in of]


def _message(of: WholeMessage, numbers: Iterator[int]) -> View:
    """Return a message; `part` counts the conversation's attachments, for `show --attachment`."""
    record = of.record
    return {
        "id": record.id,
        "direction": record.direction,
        "kind": record.kind,
        "from": address(record.author),
        "to": addresses(record.to),
        "cc": addresses(record.cc),
        "date": moment(record.date or record.created_at),
        "subject": record.subject,
        "message_id": record.message_id,
        "text": of.text,
        "reply_text": record.text,
        "attachments": [{**attachment(each), "part": next(numbers)} for each in record.attachments],
    }


def _bounce(of: Bounce | None) -> View | None:
    if of is None:
        return None
    return {
        "recipients": [
            {"address": each.address, "action": each.action, "status": each.status}
            for each in of.recipients
        ]
    }


def _plain(value: Any) -> Any:
    return moment(value) if isinstance(value, datetime) else value
