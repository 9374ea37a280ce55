"""What splitting a conversation, and letting strangers in, changes in the rows of both."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from inboxd.store import conversations
from inboxd.store.messages import MessageRecord
from inboxd.store.tables import Message, MessageRef, Party, Trace, table_of

_MESSAGE = table_of(Message)
_PARTY = table_of(Party)
_REF = table_of(MessageRef)
_TRACE = table_of(Trace)


def move_message(
    connection: sa.Connection, message: MessageRecord, mailbox: str, into: int
) -> None:
    """Move one mail, the id that it bears and how it was read to conversation `into`."""
    connection.execute(
        sa.update(_MESSAGE).where(_MESSAGE.c.id == message.id).values(conversation=into)
    )
    if message.message_id:
        connection.execute(
            sa.delete(_REF).where(
                _REF.c.mailbox == mailbox,
                _REF.c.ref == message.message_id,
                _REF.c.conversation == message.conversation,
            )
        )
        conversations.add_refs(connection, mailbox, into, message.message_id, ())
    if message.journal_id is not None:
        cause = f"journal:{message.journal_id}"
        connection.execute(
            sa.update(_TRACE)
            .where(_TRACE.c.conversation == message.conversation, _TRACE.c.cause == cause)
            .values(conversation=into)
        )


def set_role(connection: sa.Connection, number: int, address: str, role: str) -> None:
    """Give somebody who takes part in conversation `number` another role there."""
    connection.execute(sa.update(_PARTY).where(_party(number, address)).values(role=role))


def remove_party(connection: sa.Connection, number: int, address: str) -> None:
    """Let somebody take part in conversation `number` no more."""
    connection.execute(sa.delete(_PARTY).where(_party(number, address)))


def _party(number: int, address: str) -> Any:
    return sa.and_(_PARTY.c.conversation == number, _PARTY.c.address == address.casefold())
