"""One transaction's work on one conversation.

A unit holds the conversation as it becomes, the lines of history to write, and whom to tell; all
of it reaches the database in `finish`, in the caller's transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from inboxd.calendars import Calendar
from inboxd.desk.fuse import Fuse
from inboxd.desk.shop import Desk, Shop
from inboxd.desk.sla import Promises
from inboxd.failpoints import reach
from inboxd.rules.evaluate import state_timers
from inboxd.rules.facts import Change
from inboxd.store import conversations, messages, rule_log, timers
from inboxd.store.conversations import ConversationRecord
from inboxd.store.messages import NewEvent
from inboxd.store.outbox_texts import SharedTexts
from inboxd.templates.contexts import BaseContext
from inboxd.templates.render import Rendered

_LIVE = ("open", "pending", "snoozed")


@dataclass(frozen=True, slots=True)
class Raised:
    """Something that has happened to a conversation and that rules may be for.

    `events` names it, the most telling name first; `chain` are the rules that have led to it, each
    by its effects, and empty where no rule has.
    """

    events: tuple[str, ...]
    change: Change | None = None
    chain: tuple[str, ...] = ()


def is_unassigned(conversation: ConversationRecord) -> bool:
    """Return whether somebody should have the conversation, and no agent does."""
    return conversation.assignee is None and conversation.state in _LIVE


class Unit:
    """The work that one cause does on one conversation.

    `cause` names what happens (`journal:12`, `timer:4`, `command:…`) and begins every effect key;
    `actor` is who does it, for the history. `quiet` units (imported history) send nothing and set
    no timers.
    """

    def __init__(
        self,
        connection: sa.Connection,
        shop: Shop,
        conversation: ConversationRecord,
        *,
        now: datetime,
        cause: str,
        actor: str,
        journal_id: int | None = None,
        quiet: bool = False,
    ) -> None:
        self.connection = connection
        self.shop = shop
        self.now = now
        self.cause = cause
        self.actor = actor
        self.journal_id = journal_id
        self.quiet = quiet
        self.conversation = conversation
        self.told: dict[str, str] = {}
        self.aside = ""  # what agents are to know besides the reason for which they are told
        self.traces: list[dict[str, Any]] = []
        self.raised: list[Raised] = []  # what rules have not been asked about yet
        self.chain: tuple[str, ...] = ()  # the rules whose effects are being carried out
        self.acted: set[str] = set()  # the rules that have acted on this cause
        self.may_drop = False  # whether a customer's mail is coming in, which a rule may drop
        self.no_auto_reply = ""  # why no automatic mail may follow from this cause, if so
        self.contact_name: str | None = None  # read once
        self.elided_text = ""  # what was set aside of the mail that is being filed
        self.rendered: tuple[tuple[str, BaseContext], Rendered] | None = None  # the last one
        self.texts: SharedTexts | None = None  # of the last mail to several agents
        self._before = conversation
        self._renewed = False
        self._fresh = False
        self._touched = False
        self._events: list[NewEvent] = []
        self.promises = Promises(self)

    @property
    def number(self) -> int:
        """The conversation's number."""
        return self.conversation.number

    @property
    def desk(self) -> Desk:
        """The conversation's mailbox."""
        return self.shop.desks[self.conversation.mailbox]

    @property
    def calendar(self) -> Calendar:
        """The calendar that holds here: the conversation's team's, else the mailbox's."""
        return self.shop.calendars.of_mailbox(self.desk.mailbox, self.conversation.team)

    @cached_property
    def thread_roots(self) -> tuple[str, ...]:
        """The ids that all mails to agents about the conversation name, the present one last.

        A change of the secret key gives another root; the earlier ones keep the thread whole.
        """
        key, desk = self.shop.key, self.desk
        earlier = key.earlier_message_ids(desk.name, desk.domain, self.number, "root")
        return (*earlier, key.message_id(desk.name, desk.domain, self.number, "root"))

    def change(self, **values: Any) -> None:
        """Give the conversation other values."""
        self.conversation = replace(self.conversation, **values)

    def go_on_with(self, conversation: ConversationRecord) -> ConversationRecord:
        """Finish the work on this conversation and do all that follows on another one.

        Whom to tell, and of what, stays as it is. Rules are not asked any more about what has
        happened to the conversation that was left, which is returned.
        """
        self.finish()
        self.raised.clear()
        left, self.conversation = self.conversation, conversation
        self._before = conversation
        self.contact_name = self.rendered = self.texts = None
        for name in ("thread_roots", "fuse", "done_once"):
            self.__dict__.pop(name, None)  # read for the conversation that was
        self.promises = Promises(self)
        return left

    @cached_property
    def fuse(self) -> Fuse:
        """What limits how much rules may do in the conversation."""
        return Fuse(self.connection, self.number, self.now, fresh=self._fresh)

    @cached_property
    def done_once(self) -> set[str]:
        """The rules that act once in a conversation and have done so in this one."""
        return set(rule_log.have_acted(self.connection, self.number))

    def touch(self) -> None:
        """Note that something happened in the conversation, whether it changed or not."""
        self._touched = True

    def renew(self) -> None:
        """Start the state's time again: its timers move."""
        self.change(state_since=self.now)
        self._renewed = True

    def begin(self) -> None:
        """Mark a conversation that has just been opened: its state has been entered."""
        self._fresh = True
        self.promises.begin()

    def happened(self, *events: str, change: Change | None = None) -> None:
        """Have the rules asked about something, in time: `ruling.follow` does so."""
        if not self.quiet:
            self.raised.append(Raised(events, change, self.chain))

    def record(self, kind: str, text: str, actor: str | None = None) -> None:
        """Write a line of history."""
        self._events.append(
            NewEvent(self.now, self.number, actor or self.actor, kind, text, self.journal_id)
        )

    def tell(self, agent: str, reason: str) -> None:
        """Have the agent called `agent` notified at the end, for the first reason given."""
        self.told.setdefault(agent, reason)

    def finish(self) -> None:
        """Write everything to the database; the caller commits."""
        if self._touched or self.conversation != self._before:
            # Imported history is older than what may have happened since.
            self.change(updated_at=max(self.now, self.conversation.updated_at))
            if self.conversation != self._before:
                conversations.save(self.connection, self.conversation, self._before)
        reach("unit.saved")
        self._move_timers()
        self.promises.write()
        reach("unit.timers")
        messages.add_events(self.connection, self._events)
        if self.traces:
            data = {"steps": self.traces}
            messages.add_trace(self.connection, self.now, self.number, self.cause, data)
        reach("unit.recorded")
        if "fuse" in self.__dict__:
            self.fuse.save()
        self._events, self.traces = [], []
        self._before = self.conversation
        self._renewed = self._fresh = self._touched = False

    def _move_timers(self) -> None:
        left = self.conversation.state != self._before.state
        if not self._fresh and (left or self._renewed):
            timers.cancel(self.connection, self.number, timers.RULE, self.now)
        was = not self._fresh and is_unassigned(self._before)
        alone = is_unassigned(self.conversation)
        if was and not alone:
            timers.cancel(self.connection, self.number, timers.UNASSIGNED, self.now)
        if self.quiet:
            return
        if self._fresh or left or self._renewed:
            state, since = self.conversation.state, self.conversation.state_since
            self._arm(timers.RULE, state, since)
        if alone and not was:
            self._arm(timers.UNASSIGNED, timers.UNASSIGNED, self.now)
        if self.conversation.snoozed_until != self._before.snoozed_until:
            timers.cancel(self.connection, self.number, timers.WAKE, self.now)
            if self.conversation.snoozed_until is not None:
                wake = [("", self.conversation.snoozed_until)]
                timers.arm(self.connection, self.number, timers.WAKE, wake, self.now)

    def _arm(self, kind: str, state: str, since: datetime) -> None:
        """Set the timers of the rules that wait in `state`, which lasts since `since`."""
        wanted = state_timers(self.shop.rules, state, self.conversation.mailbox)
        if wanted:
            due = [(timer.rule, timer.duration.after(since, self.calendar)) for timer in wanted]
            timers.arm(self.connection, self.number, kind, due, self.now)
