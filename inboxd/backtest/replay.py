"""Lets the past happen again in a scratch database: the same mails and people, other rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from inboxd.backtest.past import Act, Happening, Mail
from inboxd.backtest.standing import Standing, after, assigned, field_set, snooze_end
from inboxd.clock import ManualClock
from inboxd.conversations.evidence import UNATTENDED
from inboxd.conversations.states import ConversationEvent, ConversationState, next_state
from inboxd.desk import actions, ruling
from inboxd.desk.facts import of_message
from inboxd.desk.shop import Shop
from inboxd.desk.unit import Unit
from inboxd.store import conversations, messages, timers
from inboxd.store.db import Database
from inboxd.store.messages import MessageRecord, NewMessage
from inboxd.store.tables import Conversation, Timer, table_of
from inboxd.timers import fire_until

_CONVERSATION = table_of(Conversation)
_TIMER = table_of(Timer)
_ADD = sa.insert(_CONVERSATION)
_OF_RULES, _OF_INBOXD = "rule ", "inboxd"
# How the history says what follows from a mail by itself; that is worked out anew.
_FOLLOWS = (": customer wrote", ": answered", ": the snooze is over")
_STAYS = ": the conversation stays "


class Replay:
    """The past of a shop, under its rules, in `database`. Nothing before `since` is ruled."""

    def __init__(self, database: Database, shop: Shop, since: datetime) -> None:
        self._database = database
        self._shop = shop
        self._since = since
        self._clock = ManualClock(since)
        self._rows: dict[int, dict[str, Any]] = {}
        self._before: dict[int, Standing] = {}
        self._begun: set[int] = set()
        self._has_begun = False

    def prepare(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take the rows of the conversations that count, as they are today."""
        self._rows = {row["number"]: row for row in rows if row["mailbox"] in self._shop.desks}

    def take(self, happening: Happening) -> int:
        """Let something happen at its time; returns how many mails from outside it brought."""
        if happening.number not in self._rows:
            return 0
        if happening.at < self._since:
            self._remember(happening)
            return 0
        self._begin()
        fire_until(self._database, self._shop, self._clock, happening.at)
        with self._database.write() as connection:
            self._happen(connection, happening)
        return sum(each.message.direction == "inbound" for each in happening.mails)

    def finish(self, until: datetime) -> None:
        """Let the time pass until then."""
        self._begin()
        fire_until(self._database, self._shop, self._clock, until)

    # -- before

    def _remember(self, happening: Happening) -> None:
        """Follow how things stood, without a word from any rule."""
        row = self._rows[happening.number]
        mailbox = self._shop.desks[row["mailbox"]].mailbox
        standing = self._before.setdefault(
            happening.number, Standing(row, self._shop.config.zone(mailbox))
        )
        for mail in happening.mails:
            if mail.message.direction != "note" and not _is_ours(mail.message):
                standing.renew(happening.at)
        for act in happening.acts:
            standing.follow(act, happening.at)
        with self._database.write() as connection:
            for mail in happening.mails:
                _keep(connection, mail.message)

    def _begin(self) -> None:
        """Put everything as it stood when rules begin to count, with the timers that go on."""
        if self._has_begun:
            return
        self._has_begun = True
        with self._database.write() as connection:
            for number, standing in self._before.items():
                connection.execute(_ADD, standing.values())
                self._begun.add(number)
                self._arm(connection, number, standing)
            # What was due before has had its time.
            connection.execute(sa.delete(_TIMER).where(_TIMER.c.due_at < self._since))

    def _arm(self, connection: sa.Connection, number: int, standing: Standing) -> None:
        record = conversations.get(connection, number)
        assert record is not None
        unit = self._unit(connection, replace(record, snoozed_until=None), "begin", _OF_INBOXD)
        unit.begin()
        unit.finish()
        if standing.state == "snoozed" and standing.snoozed_until is not None:
            wake = [("", standing.snoozed_until)]
            timers.arm(connection, number, timers.WAKE, wake, self._since)

    # -- since

    def _happen(self, connection: sa.Connection, happening: Happening) -> None:
        opens = happening.number not in self._begun
        if opens:
            self._begun.add(happening.number)
            self._open(connection, happening)
        stays = any(_STAYS in act.text for act in happening.acts if act.kind == "message.received")
        first = opens
        for mail in happening.mails:
            if not _is_ours(mail.message):
                self._mail(connection, happening, mail, opens=first, stays=stays)
                first = False
        acts = [act for act in happening.acts if self._is_by_people(act, opens=opens)]
        if acts:
            self._acts(connection, happening, acts)

    def _open(self, connection: sa.Connection, happening: Happening) -> None:
        values = Standing(self._rows[happening.number], self._shop.config.zone()).values()
        values |= {"created_at": happening.at, "state_since": happening.at}
        connection.execute(_ADD, values)

    def _mail(
        self,
        connection: sa.Connection,
        happening: Happening,
        mail: Mail,
        *,
        opens: bool,
        stays: bool,
    ) -> None:
        message = mail.message
        record = _keep(connection, message)
        current = conversations.get(connection, happening.number)
        assert current is not None
        cause = f"journal:{message.journal_id or message.id}"
        unit = self._unit(connection, current, cause, message.agent or message.author.address)
        if opens:
            unit.begin()
            _begin_as(unit, happening.acts)
        if mail.imported or (stays and not opens) or self._is_quiet(unit, message, opens=opens):
            unit.raised.clear()
        elif message.direction == "inbound":
            self._customer(unit, record, opens=opens)
        else:
            self._colleague(unit, record)
        unit.told.clear()
        unit.finish()

    def _is_quiet(self, unit: Unit, message: MessageRecord, *, opens: bool) -> bool:
        if unit.conversation.state == ConversationState.SPAM.value:
            return True
        unattended = message.kind in {each.value for each in UNATTENDED}
        return message.direction == "inbound" and unattended and not opens

    def _customer(self, unit: Unit, record: MessageRecord, *, opens: bool) -> None:
        facts = of_message(unit.connection, record)
        assert facts is not None
        contact = unit.conversation.contact_address.casefold()
        facts = replace(facts, by_contact=opens or record.author.key == contact)
        if opens:
            unit.raised.clear()  # how it begins is no change
            is_open = unit.conversation.state == ConversationState.OPEN.value
            also = ("message.received", *(("open", "unassigned") if is_open else ()))
            ruling.run_event(unit, "conversation.opened", facts, record, also)
            return
        state = ConversationState(unit.conversation.state)
        actions.set_state(unit, next_state(state, ConversationEvent.CUSTOMER_WRITES))
        unit.renew()
        ruling.run_event(unit, "message.received", facts, record)

    def _colleague(self, unit: Unit, record: MessageRecord) -> None:
        if record.direction == "note":
            unit.happened("note.added")
        elif record.agent is not None:
            state = ConversationState(unit.conversation.state)
            unit.renew()
            unit.happened("reply.sent")
            actions.set_state(unit, next_state(state, ConversationEvent.AGENT_ANSWERS))
        ruling.follow(unit, messages.last_inbound(unit.connection, unit.number))

    def _acts(self, connection: sa.Connection, happening: Happening, acts: list[Act]) -> None:
        current = conversations.get(connection, happening.number)
        assert current is not None
        unit = self._unit(connection, current, f"past:{happening.at.isoformat()}", acts[0].actor)
        zone = self._shop.config.zone(unit.desk.mailbox)
        snoozes = any(act.kind == "snoozed" for act in acts)
        for act in acts:
            unit.actor = act.actor
            match act.kind:
                case "state.changed" if not (snoozes and after(act.text) == "snoozed"):
                    actions.set_state(unit, ConversationState(after(act.text)))
                case "snoozed" if (until := snooze_end(act.text, zone)) is not None:
                    actions.snooze(unit, until)
                case "bounce.received":
                    unit.happened("bounce.received")
                case _:
                    _repeat(unit, act)
        ruling.follow(unit, messages.last_inbound(connection, happening.number))
        unit.told.clear()
        unit.finish()

    def _is_by_people(self, act: Act, *, opens: bool) -> bool:
        if act.actor.startswith(_OF_RULES) or act.actor == _OF_INBOXD:
            return act.kind == "bounce.received"
        return not (act.kind == "state.changed" and (opens or act.text.endswith(_FOLLOWS)))

    def _unit(self, connection: sa.Connection, record: Any, cause: str, actor: str) -> Unit:
        return Unit(connection, self._shop, record, now=self._clock.now(), cause=cause, actor=actor)


def _is_ours(message: MessageRecord) -> bool:
    """Whether rules wrote it: what they write is found anew."""
    return message.kind == "auto-reply" and message.direction == "outbound"


def _begin_as(unit: Unit, acts: Iterable[Act]) -> None:
    """Bring a new conversation into the state that its first mail gave it: spam, or closed."""
    for act in acts:
        ruled = act.actor.startswith(_OF_RULES)
        if act.kind == "state.changed" and not ruled and act.text.startswith("open "):
            actions.set_state(unit, ConversationState(after(act.text)))
            return


def _repeat(unit: Unit, act: Act) -> None:
    """Do again what somebody did: tags, assignment, priority, fields."""
    match act.kind:
        case "tag.added":
            actions.add_tags(unit, act.text.split(", "))
        case "tag.removed":
            actions.remove_tags(unit, act.text.split(", "))
        case "assignee.changed":
            actions.assign(unit, *assigned(act.text, unit.conversation.team))
        case "priority.changed":
            actions.set_priority(unit, after(act.text))
        case "field.changed":
            name, value = field_set(act.text)
            if value is None:
                actions.clear_field(unit, name)
            else:
                actions.set_field(unit, name, value)


def _keep(connection: sa.Connection, message: MessageRecord) -> MessageRecord:
    """Add a message as it was; returns it with its new id."""
    new = NewMessage(
        conversation=message.conversation,
        direction=message.direction,
        kind=message.kind,
        author=message.author,
        created_at=message.created_at,
        text=message.text,
        subject=message.subject,
        to=message.to,
        cc=message.cc,
        agent=message.agent,
        journal_id=message.journal_id,
        message_id=message.message_id,
        date=message.date,
        answerable=message.answerable,
        attachments=message.attachments,
    )
    return messages.stored(messages.add(connection, new), new)
