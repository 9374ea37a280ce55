"""The tables, as SQLModel classes. Invariants stand in the schema: keys, checks, unique indexes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from inboxd.conversations.states import (
    ConversationState,
    JournalState,
    OutboxState,
    TimerState,
)
from inboxd.store.types import Json, UtcTime


def table_of(model: type[SQLModel]) -> sa.Table:
    """Return the table behind a model, for statements of SQLAlchemy's Core."""
    table = sa.inspect(model).local_table
    assert isinstance(table, sa.Table)
    return table


def one_of(column: str, states: Any) -> str:
    """Return the condition, for a check, that `column` is one of `states`."""
    return f"{column} IN ({', '.join(repr(str(each)) for each in states)})"


class Blob(SQLModel, table=True):
    """A mail's raw bytes, compressed, kept once however often the same bytes arrive."""

    __tablename__ = "blob"
    id: int | None = Field(default=None, primary_key=True)
    sha256: bytes = Field(sa_type=sa.LargeBinary(32), unique=True)
    size: int
    codec: int = 1
    data: bytes = Field(sa_type=sa.LargeBinary)


class Dictionary(SQLModel, table=True):
    """What compression has learned from the rows of its kind; without it they cannot be read."""

    __tablename__ = "dictionary"
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    learned_at: int
    data: bytes = Field(sa_type=sa.LargeBinary)


class Journal(SQLModel, table=True):
    """One arrival: which mail came when, for whom, through what, and what became of it."""

    __tablename__ = "journal"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint(one_of("state", JournalState), name="journal_state"),
        sa.Index(
            "journal_due", "next_attempt_at", "id", sqlite_where=sa.text("state = 'received'")
        ),
        sa.Index(
            "journal_content",
            "mailbox",
            "content_sha256",
            unique=True,
            sqlite_where=sa.text("state = 'applied'"),
        ),
        sa.Index("journal_state_id", "state", "id"),
        sa.Index("journal_source", "source", "received_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    received_at: datetime = Field(sa_type=UtcTime)
    mailbox: str
    source: str
    envelope_from: str | None = None
    envelope_to: list[str] = Field(sa_type=Json)
    blob_id: int = Field(foreign_key="blob.id")
    content_sha256: str | None = None
    history: bool = False
    oversize: int | None = None
    state: str = JournalState.RECEIVED
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=UtcTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)
    error: str | None = None


class Contact(SQLModel, table=True):
    """A customer: a name, addresses, fields, tags."""

    __tablename__ = "contact"
    id: int | None = Field(default=None, primary_key=True)
    name: str = ""
    created_at: datetime = Field(sa_type=UtcTime)
    fields: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    tags: list[str] = Field(
        default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"}
    )


class ContactAddress(SQLModel, table=True):
    """An address of a contact, case-folded."""

    __tablename__ = "contact_address"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)
    address: str = Field(primary_key=True)
    contact_id: int = Field(foreign_key="contact.id", index=True)
    bounced_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Conversation(SQLModel, table=True):
    """The thread with one request."""

    __tablename__ = "conversation"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint(one_of("state", ConversationState), name="conversation_state"),
        sa.CheckConstraint(
            "priority IN ('low', 'normal', 'high', 'urgent')", name="conversation_priority"
        ),
        sa.Index("conversation_list", "state", "updated_at"),
        sa.Index("conversation_subject", "mailbox", "subject_key"),
        sa.Index("conversation_contact", "contact_id"),
        sa.Index(
            "conversation_queue",
            "team",
            sqlite_where=sa.text("state = 'open' AND assignee IS NULL AND team IS NOT NULL"),
        ),
        sa.Index(
            "conversation_load",
            "assignee",
            sqlite_where=sa.text("state = 'open' AND assignee IS NOT NULL"),
        ),
    )
    number: int | None = Field(default=None, primary_key=True)
    mailbox: str
    subject: str
    subject_key: str
    state: str = ConversationState.OPEN
    state_since: datetime = Field(sa_type=UtcTime)
    contact_id: int = Field(foreign_key="contact.id")
    contact_address: str
    assignee: str | None = None
    team: str | None = None
    priority: str = "normal"
    tags: list[str] = Field(default_factory=list, sa_type=Json)
    fields: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcTime)
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    sla: str | None = None  # the policy that a rule has chosen; without one, the mailbox's


class Party(SQLModel, table=True):
    """Somebody who takes part in a conversation.

    Roles: `contact`, `cc`, `agent` (writes or is told), `pending` (a stranger who holds a valid
    reply address and waits for an agent's word).
    """

    __tablename__ = "party"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint("role IN ('contact', 'cc', 'agent', 'pending')", name="party_role"),
        {"sqlite_with_rowid": False},
    )
    conversation: int = Field(foreign_key="conversation.number", primary_key=True)
    address: str = Field(primary_key=True)
    name: str = ""
    role: str


class Message(SQLModel, table=True):
    """One mail or note in a conversation. The whole text of an inbound mail is in the journal."""

    __tablename__ = "message"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint(
            "direction IN ('inbound', 'outbound', 'note')", name="message_direction"
        ),
        sa.Index("message_conversation", "conversation", "id"),
        sa.Index("message_journal", "journal_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    conversation: int = Field(foreign_key="conversation.number")
    journal_id: int | None = Field(default=None, foreign_key="journal.id")
    direction: str
    kind: str
    author_name: str = ""
    author_address: str = ""
    agent: str | None = None
    recipients: list[list[str]] = Field(default_factory=list, sa_type=Json)
    subject: str = ""
    message_id: str | None = None
    date: datetime | None = Field(default=None, sa_type=UtcTime)
    created_at: datetime = Field(sa_type=UtcTime)
    text: str = ""
    answerable: bool = True
    attachments: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)


class MessageRef(SQLModel, table=True):
    """Every message id sent, received or referenced in a mailbox, and where it belongs.

    `own` says that a message there bears the id itself.
    """

    __tablename__ = "message_ref"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)
    mailbox: str = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    conversation: int = Field(primary_key=True)
    own: bool = False


class Link(SQLModel, table=True):
    """Two conversations that have to do with each other; `low` is the smaller number."""

    __tablename__ = "link"
    __table_args__: ClassVar[Any] = (sa.CheckConstraint("low < high", name="link_order"),)
    low: int = Field(foreign_key="conversation.number", primary_key=True)
    high: int = Field(foreign_key="conversation.number", primary_key=True, index=True)


class Merge(SQLModel, table=True):
    """A conversation that turned out to be part of another, where all that it had has gone.

    Its number stays valid: people and reply addresses hold on to it. `survivor` is never merged
    itself.
    """

    __tablename__ = "merge"
    __table_args__: ClassVar[Any] = (sa.CheckConstraint("gone <> survivor", name="merge_other"),)
    gone: int = Field(foreign_key="conversation.number", primary_key=True)
    survivor: int = Field(foreign_key="conversation.number", index=True)
    at: datetime = Field(sa_type=UtcTime)


class Event(SQLModel, table=True):
    """One line of the audit history, of a conversation or of the whole daemon."""

    __tablename__ = "event"
    __table_args__: ClassVar[Any] = (sa.Index("event_conversation", "conversation", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    conversation: int | None = Field(default=None, foreign_key="conversation.number")
    actor: str
    kind: str
    text: str
    journal_id: int | None = None


class Trace(SQLModel, table=True):
    """How one cause (a mail or a timer) was read, threaded and ruled: compressed JSON."""

    __tablename__ = "trace"
    __table_args__: ClassVar[Any] = (sa.Index("trace_conversation", "conversation", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    conversation: int | None = Field(default=None, foreign_key="conversation.number")
    cause: str
    data: bytes = Field(sa_type=sa.LargeBinary)


class Timer(SQLModel, table=True):
    """Do this at that time unless something happens first."""

    __tablename__ = "timer"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint(one_of("state", TimerState), name="timer_state"),
        sa.Index(
            "timer_armed",
            "conversation",
            "kind",
            "rule",
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
        ),
        sa.Index("timer_due", "due_at", sqlite_where=sa.text("state = 'waiting'")),
    )
    id: int | None = Field(default=None, primary_key=True)
    conversation: int = Field(foreign_key="conversation.number")
    kind: str
    rule: str = ""
    due_at: datetime = Field(sa_type=UtcTime)
    armed_at: datetime = Field(sa_type=UtcTime)
    state: str = TimerState.WAITING
    attempts: int = 0
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)
    error: str | None = None


class Outbox(SQLModel, table=True):
    """One outgoing mail, written in the same transaction as its cause."""

    __tablename__ = "outbox"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint(one_of("state", OutboxState), name="outbox_state"),
        sa.Index(
            "outbox_due",
            "next_attempt_at",
            "id",
            sqlite_where=sa.text("state IN ('queued', 'deferred', 'sending')"),
        ),
        sa.Index("outbox_message_id", "message_id"),
        sa.Index("outbox_conversation", "conversation", "id"),
        sa.Index("outbox_state_id", "state", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    effect_key: str = Field(unique=True)
    kind: str
    mailbox: str | None = None
    conversation: int | None = Field(default=None, foreign_key="conversation.number")
    message_id: str
    envelope_from: str
    draft: bytes = Field(sa_type=sa.LargeBinary)
    sha256: bytes | None = Field(default=None, sa_type=sa.LargeBinary(32))
    state: str = OutboxState.QUEUED
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcTime)
    next_attempt_at: datetime = Field(sa_type=UtcTime)
    lease: str | None = None
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)
    error: str | None = None
    text_id: int | None = None  # no foreign key: checking it would take an index


class OutboxText(SQLModel, table=True):
    """What several mails of the outbox say alike, compressed, kept once."""

    __tablename__ = "outbox_text"
    id: int | None = Field(default=None, primary_key=True)
    data: bytes = Field(sa_type=sa.LargeBinary)


class OutboxRecipient(SQLModel, table=True):
    """What became of an outgoing mail for one recipient."""

    __tablename__ = "outbox_recipient"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint(
            "state IN ('queued', 'sent', 'deferred', 'dead')", name="outbox_recipient_state"
        ),
        {"sqlite_with_rowid": False},
    )
    outbox_id: int = Field(foreign_key="outbox.id", primary_key=True)
    address: str = Field(primary_key=True)
    state: str = "queued"
    reply: str = ""


class AutoSent(SQLModel, table=True):
    """An automatic mail to somebody outside, for the caps (RFC 3834 section 2)."""

    __tablename__ = "auto_sent"
    __table_args__: ClassVar[Any] = (
        sa.Index("auto_sent_address", "address", "at"),
        sa.Index("auto_sent_domain", "domain", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    address: str
    conversation: int = Field(foreign_key="conversation.number", index=True)
    rule: str
    domain: str = Field(default="", sa_column_kwargs={"server_default": ""})


class Folder(SQLModel, table=True):
    """How far an IMAP folder has been read, and how it fares."""

    __tablename__ = "folder"
    source: str = Field(primary_key=True)
    uidvalidity: int | None = None
    last_uid: int = 0
    first_seen_at: datetime | None = Field(default=None, sa_type=UtcTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcTime)
    problem: str | None = None
    problem_since: datetime | None = Field(default=None, sa_type=UtcTime)


class FolderMark(SQLModel, table=True):
    """A mail that is safe in the journal and has still to be marked or moved on its server."""

    __tablename__ = "folder_mark"
    source: str = Field(primary_key=True)
    uidvalidity: int = Field(primary_key=True)
    uid: int = Field(primary_key=True)


class Alert(SQLModel, table=True):
    """Words to the admin that were sent, so that one trouble is not told every minute."""

    __tablename__ = "alert"
    key: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcTime)


FULL_TEXT = (
    "CREATE VIRTUAL TABLE message_text USING fts5("
    "subject, people, body, content='', tokenize='unicode61 remove_diacritics 2')"
)
