"""What became of mails of the outbox: for each recipient, and at the end of an attempt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from inboxd.conversations.states import OutboxState
from inboxd.store.statements import Statement
from inboxd.store.tables import Outbox, OutboxRecipient, table_of

_OUTBOX = table_of(Outbox)
_RECIPIENT = table_of(OutboxRecipient)

_RESULT = Statement(
    sa.update(_RECIPIENT)
    .where(
        _RECIPIENT.c.outbox_id == sa.bindparam("which"),
        _RECIPIENT.c.address == sa.bindparam("whom"),
    )
    .values(state=sa.bindparam("became"), reply=sa.bindparam("said"))
)
_SETTLE = Statement(
    sa.update(_OUTBOX)
    .where(_OUTBOX.c.id == sa.bindparam("which"))
    .values(
        state=sa.bindparam("became"),
        lease=sa.null(),
        finished_at=sa.bindparam("at"),
        next_attempt_at=sa.bindparam("following"),
        error=sa.bindparam("why"),
        draft=sa.case((sa.bindparam("forget", type_=sa.Integer) == 1, b""), else_=_OUTBOX.c.draft),
    )
)


def record_results(
    connection: sa.Connection, outbox_id: int, results: Sequence[tuple[str, str, str]]
) -> None:
    """Record `(address, state, server's word)` for recipients of a mail."""
    if results:
        _RESULT.run_many(
            connection,
            [
                {"which": outbox_id, "whom": address, "became": state, "said": said[:500]}
                for address, state, said in results
            ],
        )


def settle(
    connection: sa.Connection,
    outbox_id: int,
    state: OutboxState,
    at: datetime,
    *,
    next_attempt_at: datetime | None = None,
    error: str | None = None,
    forget: bool = False,
) -> None:
    """End an attempt: the mail is sent, dead, or waits for its next attempt.

    With `forget` the draft of a mail that was sent is not kept; the texts that lie apart are.
    """
    over = state in (OutboxState.SENT, OutboxState.DEAD)
    _SETTLE.run(
        connection,
        {
            "which": outbox_id,
            "became": state.value,
            "at": at if over else None,
            "following": next_attempt_at or at,
            "why": error and error[:500],
            "forget": int(forget and state is OutboxState.SENT),
        },
    )
