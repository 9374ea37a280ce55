"""What several mails of the outbox say alike: kept once, beside what is each one's own."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from inboxd.store.compression import packer_of
from inboxd.store.statements import Statement
from inboxd.store.tables import Outbox, OutboxText, table_of

_OUTBOX = table_of(Outbox)
_TEXT = table_of(OutboxText)

WHOLE = sa.select(_OUTBOX, _TEXT.c.data.label("texts")).join(
    _TEXT, _TEXT.c.id == _OUTBOX.c.text_id, isouter=True
)
"""Mails of the outbox with the texts that lie apart from them."""
_ADD = Statement(sa.insert(_TEXT), ["data"])
_DROP = Statement(sa.delete(_TEXT).where(_TEXT.c.id == sa.bindparam("which")))


class SharedTexts:
    """The texts of several mails (`drafts.encode_texts`), written with the first of them."""

    __slots__ = ("data", "id")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.id: int | None = None

    def store(self, connection: sa.Connection) -> int:
        """Write the texts unless they have been written, and return their id."""
        if self.id is None:
            data = packer_of(connection).compress(self.data, "text")
            self.id = _ADD.run(connection, {"data": data}).lastrowid or 0
        return self.id

    def take_back(self, connection: sa.Connection) -> None:
        """Undo `store`."""
        _DROP.run(connection, {"which": self.id})
        self.id = None


def texts_of(connection: sa.Connection, ids: list[int]) -> dict[int, int]:
    """Return the texts that the mails `ids` share with others, each with its conversation."""
    query = sa.select(_OUTBOX.c.text_id, _OUTBOX.c.conversation).where(
        _OUTBOX.c.id.in_(ids), _OUTBOX.c.text_id.is_not(None)
    )
    return {row.text_id: row.conversation for row in connection.execute(query)}


def drop_unused(connection: sa.Connection, texts: Mapping[int, int]) -> None:
    """Delete those of `texts` (`texts_of`) that no mail bears any more."""
    for text_id, conversation in texts.items():
        others = sa.select(_OUTBOX.c.id).where(
            # Mails that share their texts are of one conversation, by which they are found.
            _OUTBOX.c.conversation == conversation,
            _OUTBOX.c.text_id == text_id,
        )
        connection.execute(sa.delete(_TEXT).where(_TEXT.c.id == text_id, ~sa.exists(others)))
