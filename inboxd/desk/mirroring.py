"""What somebody does to a conversation by moving its mail in the shop's mail folder."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from inboxd.conversations.states import ConversationState
from inboxd.desk import actions, ruling
from inboxd.desk.case import send_notifications
from inboxd.desk.shop import Shop
from inboxd.desk.unit import Unit
from inboxd.store import acts, conversations, messages

ACTOR = "mail folder"


def follow(
    connection: sa.Connection,
    shop: Shop,
    number: int,
    state: ConversationState,
    now: datetime,
    cause: str | None = None,
) -> None:
    """Bring conversation `number` into the state that its mail was moved to, as the tag would.

    Rules for the state act and agents are told, all in the caller's transaction.
    """
    unit = _unit(connection, shop, number, now, cause)
    if unit is None:
        return
    acts.record(connection, now, "mirror", [state.value], conversation=number, cause=unit.cause)
    actions.set_state(unit, state, "its mail was moved")
    last = messages.last_inbound(connection, number)
    ruling.follow(unit, last)
    send_notifications(unit, last)
    unit.finish()


def refuse_snooze(connection: sa.Connection, shop: Shop, number: int, now: datetime) -> None:
    """Note why a mail that was moved to the snoozed ones goes back to where it was."""
    unit = _unit(connection, shop, number, now)
    if unit is None:
        return
    words = "snoozing needs a time, such as #snooze 3d in an answer; the mail goes back"
    unit.record("mirror.refused", words)
    unit.finish()


def _unit(
    connection: sa.Connection, shop: Shop, number: int, now: datetime, cause: str | None = None
) -> Unit | None:
    conversation = conversations.get(connection, number)
    if conversation is None or conversation.mailbox not in shop.desks:
        return None
    cause = cause or f"mirror:{secrets.token_hex(8)}"
    return Unit(connection, shop, conversation, now=now, cause=cause, actor=ACTOR)
