"""The tables of what agents ask for by mail, and of the mirror that they may work in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from inboxd.conversations.states import SlaState
from inboxd.store.tables import one_of
from inboxd.store.types import Json, UtcTime


class Absence(SQLModel, table=True):
    """An agent who is away, until a moment or (None) until they say that they are back."""

    __tablename__ = "absence"
    agent: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcTime)
    until: datetime | None = Field(default=None, sa_type=UtcTime)


class BlockedSender(SQLModel, table=True):
    """An address, case-folded, whose mail an agent has called spam once and for all."""

    __tablename__ = "blocked_sender"
    address: str = Field(primary_key=True)
    agent: str
    at: datetime = Field(sa_type=UtcTime)


class Reminder(SQLModel, table=True):
    """What an agent wants to be told of a conversation when its timer fires."""

    __tablename__ = "reminder"
    id: int | None = Field(default=None, primary_key=True)
    conversation: int = Field(foreign_key="conversation.number", index=True)
    agent: str
    text: str = ""


class Digest(SQLModel, table=True):
    """A numbered list that was sent to an agent, whose lines are answered by their numbers.

    `day` is the agent's day (ISO 8601) of a morning digest, which is sent once; None for a list
    that was asked for.
    """

    __tablename__ = "digest"
    __table_args__: ClassVar[Any] = (sa.Index("digest_day", "day", "agent", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    day: str | None = None
    at: datetime = Field(sa_type=UtcTime)
    lines: list[int] = Field(default_factory=list, sa_type=Json)


class SideThread(SQLModel, table=True):
    """Somebody outside to whom an agent has forwarded a conversation; the customer sees nothing.

    `refs` are the ids of its mails, oldest first.
    """

    __tablename__ = "side_thread"
    id: int | None = Field(default=None, primary_key=True)
    conversation: int = Field(foreign_key="conversation.number", index=True)
    address: str
    agent: str
    at: datetime = Field(sa_type=UtcTime)
    refs: list[str] = Field(default_factory=list, sa_type=Json)


class HeldAnswer(SQLModel, table=True):
    """An agent's answer that waits for a word, because a colleague was faster."""

    __tablename__ = "held_answer"
    id: int | None = Field(default=None, primary_key=True)
    conversation: int = Field(foreign_key="conversation.number", index=True)
    agent: str
    at: datetime = Field(sa_type=UtcTime)
    journal_id: int | None = Field(default=None, foreign_key="journal.id")
    answer: dict[str, Any] = Field(sa_type=Json)
    state: str = "waiting"


class UndoStep(SQLModel, table=True):
    """How a conversation was before an agent's mail, for as long as that can be undone."""

    __tablename__ = "undo_step"
    id: int | None = Field(default=None, primary_key=True)
    conversation: int = Field(foreign_key="conversation.number", index=True)
    agent: str
    cause: str
    at: datetime = Field(sa_type=UtcTime)
    until: datetime = Field(sa_type=UtcTime)
    before: dict[str, Any] = Field(sa_type=Json)


class HandOut(SQLModel, table=True):
    """How a conversation is handed out in a team; `strategy` is empty where people do it by hand.

    While it is open, of this team and nobody's, it waits for somebody to be free.
    """

    __tablename__ = "hand_out"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint(
            "strategy IN ('', 'round_robin', 'least_loaded', 'skill')", name="hand_out_strategy"
        ),
    )
    conversation: int = Field(foreign_key="conversation.number", primary_key=True)
    team: str
    strategy: str
    skill: str | None = None
    actor: str
    since: datetime = Field(sa_type=UtcTime)
    times: int = 1


class Turn(SQLModel, table=True):
    """The last time that an agent got a conversation of a team's: the higher, the later."""

    __tablename__ = "turn"
    team: str = Field(primary_key=True)
    agent: str = Field(primary_key=True)
    turn: int


class Presence(SQLModel, table=True):
    """Whether an agent was at work, and away, when that was last looked at."""

    __tablename__ = "presence"
    agent: str = Field(primary_key=True)
    on_shift: bool
    away: bool
    since: datetime = Field(sa_type=UtcTime)


class KeptFile(SQLModel, table=True):
    """A file that canned replies send along, compressed, once for each content."""

    __tablename__ = "kept_file"
    id: int | None = Field(default=None, primary_key=True)
    sha256: bytes = Field(sa_type=sa.LargeBinary(32), unique=True)
    size: int
    data: bytes = Field(sa_type=sa.LargeBinary)


class SlaTarget(SQLModel, table=True):
    """A promise in a conversation; see `conversations.sla.Target`.

    `pauses` are pairs of times (RFC 3339), the second one null while it stands still.
    """

    __tablename__ = "sla_target"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint(
            "kind IN ('first_response', 'next_response', 'resolution')", name="sla_target_kind"
        ),
        sa.CheckConstraint(one_of("state", SlaState), name="sla_target_state"),
        sa.CheckConstraint("state <> 'running' OR due_at IS NOT NULL", name="sla_target_due"),
        sa.Index(
            "sla_target_active",
            "conversation",
            "kind",
            unique=True,
            sqlite_where=sa.text("state IN ('running', 'paused')"),
        ),
        sa.Index("sla_target_conversation", "conversation", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    conversation: int = Field(foreign_key="conversation.number")
    kind: str
    policy: str
    state: str = SlaState.RUNNING
    started_at: datetime = Field(sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    warn_at: datetime | None = Field(default=None, sa_type=UtcTime)
    pauses: list[list[str | None]] = Field(default_factory=list, sa_type=Json)
    warned_at: datetime | None = Field(default=None, sa_type=UtcTime)
    breached_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)


class MirrorPlace(SQLModel, table=True):
    """Where a mail lies that shows its conversation's state in an IMAP source.

    `state` is what it shows; `moving` is what it is about to show, empty where nothing moves.
    `size` and `sha256` are those of the whole mail, by which it is known again.
    """

    __tablename__ = "mirror_place"
    __table_args__: ClassVar[Any] = (
        sa.Index("mirror_place_uid", "source", "folder", "uidvalidity", "uid", unique=True),
        sa.Index("mirror_place_size", "source", "size"),
    )
    id: int | None = Field(default=None, primary_key=True)
    source: str
    folder: str
    uidvalidity: int
    uid: int
    journal_id: int = Field(foreign_key="journal.id", index=True)
    size: int
    sha256: bytes = Field(sa_type=sa.LargeBinary(32))
    state: str = ""
    moving: str = ""


class MirrorFolder(SQLModel, table=True):
    """How far a mirrored folder was looked through for mail that people have moved there."""

    __tablename__ = "mirror_folder"
    source: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    uidvalidity: int
    last_uid: int


class Act(SQLModel, table=True):
    """Something that somebody did at a shell or in a mail folder, so that it can be done again.

    `name` says what (`tag`, `reply`, `away`, …), `words` are its arguments as they were given,
    `agent` is in whose name, `cause` what its effects' keys begin with.
    """

    __tablename__ = "act"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    name: str
    agent: str | None = None
    conversation: int | None = None
    words: list[str] = Field(default_factory=list, sa_type=Json)
    cause: str = ""


class RuleOnce(SQLModel, table=True):
    """A rule that acts once in a conversation, and has."""

    __tablename__ = "rule_once"
    conversation: int = Field(foreign_key="conversation.number", primary_key=True)
    rule: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcTime)


class RuleActions(SQLModel, table=True):
    """How many actions of each rule were carried out in a conversation in the hour from `since`."""

    __tablename__ = "rule_actions"
    conversation: int = Field(foreign_key="conversation.number", primary_key=True)
    since: datetime = Field(sa_type=UtcTime)
    counts: dict[str, int] = Field(default_factory=dict, sa_type=Json)


class RuleSchedule(SQLModel, table=True):
    """When a rule with a schedule is due next in a mailbox.

    `expression` is the schedule that this follows from, with its time zone. While the rule is at
    work, `reached` is the last conversation that it has looked at.
    """

    __tablename__ = "rule_schedule"
    rule: str = Field(primary_key=True)
    mailbox: str = Field(primary_key=True)
    expression: str
    due_at: datetime = Field(sa_type=UtcTime)
    reached: int = 0
