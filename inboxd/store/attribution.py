"""Whose a mail and its conversation are, where that is learnt after they were filed."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from inboxd.mail.model import Address
from inboxd.store.messages import MessageRecord
from inboxd.store.statements import Statement
from inboxd.store.tables import Message, Party, table_of

_MESSAGE = table_of(Message)
_PARTY = table_of(Party)

_ATTRIBUTE = Statement(
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.id == sa.bindparam("which"))
    .values(
        author_name=sa.bindparam("name"),
        author_address=sa.bindparam("address"),
        answerable=sa.bindparam("may_answer"),
    )
)
_LET_GO = Statement(
    sa.delete(_PARTY).where(
        _PARTY.c.conversation == sa.bindparam("number"),
        _PARTY.c.role == "contact",
        _PARTY.c.address != sa.bindparam("but"),
    )
)


def attribute(
    connection: sa.Connection, message: MessageRecord, author: Address, *, answerable: bool
) -> MessageRecord:
    """Make `author` the author of a message and return it as it is now.

    `answerable` says whether automatic mail may answer it then; what could be answered stays so.
    """
    answerable = answerable or message.answerable
    _ATTRIBUTE.run(
        connection,
        {
            "which": message.id,
            "name": author.name,
            "address": author.address,
            "may_answer": answerable,
        },
    )
    return replace(message, author=author, answerable=answerable)


def let_other_contacts_go(connection: sa.Connection, number: int, address: str) -> None:
    """Let nobody but `address` take part in conversation `number` as its contact."""
    _LET_GO.run(connection, {"number": number, "but": address.casefold()})
