"""What threading is told and what it answers: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from inboxd.conversations.lookup import FoundToken
from inboxd.conversations.states import ConversationState


class Step(StrEnum):
    """A way for a mail to find its conversation, in the order in which they are tried."""

    REPLY_ADDRESS = "reply-address"
    IDS = "ids"
    SIGNED_ID = "signed-id"
    SUBJECT_TAG = "subject-tag"
    SAME_SUBJECT = "same-subject"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Known:
    """A conversation of this mailbox as the store knows it.

    `parties` are case-folded addresses of those whom the conversation is with, never agents' or
    our own; `contact` is the case-folded address of the one whom it is with. `linked` are
    conversations already linked to it.
    """

    number: int
    state: ConversationState
    last_activity: datetime
    parties: frozenset[str] = frozenset()
    contact: str = ""
    subject_key: str = ""
    closed_at: datetime | None = None
    linked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the store found for `LookupKeys`, all of it in one mailbox.

    `by_id` maps ids sent, received or referenced to conversation numbers, and `conversations`
    numbers to conversations (a merged one's number to where it went). `borne` are the ids that a
    message here bears itself: senders reuse ids, so the same id alone joins nothing.
    """

    by_id: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    conversations: Mapping[int, Known] = field(default_factory=dict)
    borne: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ThreadPolicy:
    """What a mailbox asks of threading.

    A closed conversation reopens within `reopen_for`. `match_subject_days` turns the step of the
    same subject on. `stranger_gate=False` lets everybody join by ids and numbers: for measuring
    on archives of mail, never for a mailbox.
    """

    reopen_for: timedelta = timedelta(days=30)
    match_subject_days: int | None = None
    stranger_gate: bool = True


@dataclass(frozen=True, slots=True)
class StepTrace:
    """One step that was looked at, and why it won or did not."""

    step: Step
    result: str

    def __str__(self) -> str:
        return f"{self.step}: {self.result}"


@dataclass(frozen=True, slots=True)
class ThreadDecision:
    """Where a mail goes.

    `conversation` is None for a new one, which is made only where `opens` is true (what bounces
    off our own mail opens none). `linked` are related conversations; those in `same_thread` turn
    out to be the same one, because this mail is the parent that both waited for, and are to be
    merged into it.

    `pending_party`: a stranger with a valid token, who stays pending until an agent decides.
    `agent`: the name of the agent whose token and From the mail bears; authentication results
    are yet to be looked at. `unproven_agent`: an agent's From or token without the other; the
    mail is held and changes nothing. `expired_token`: the agent's token was valid once.
    `token` is the one that decided: what it is good for is up to its purpose.
    """

    conversation: int | None
    step: Step
    linked: tuple[int, ...] = ()
    same_thread: tuple[int, ...] = ()
    pending_party: bool = False
    reopen: bool = False
    agent: str | None = None
    unproven_agent: bool = False
    expired_token: bool = False
    token: FoundToken | None = None
    opens: bool = False
    steps: tuple[StepTrace, ...] = ()
