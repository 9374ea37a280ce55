"""Conversations as values, for those who read them without SQLAlchemy, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation as it stands; a change makes a new one, written back with `save`."""

    number: int
    mailbox: str
    subject: str
    subject_key: str
    state: str
    state_since: datetime
    contact_id: int
    contact_address: str
    assignee: str | None
    team: str | None
    priority: str
    tags: tuple[str, ...]
    fields: Mapping[str, str] = field(hash=False)
    snoozed_until: datetime | None
    created_at: datetime
    updated_at: datetime
    sla: str | None = None
