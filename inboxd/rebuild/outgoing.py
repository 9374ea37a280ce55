"""The outbox of a rebuilt database: every mail as the original's courier left it, none sent."""

from __future__ import annotations

import heapq

import sqlalchemy as sa

from inboxd.conversations.states import OutboxState
from inboxd.delivery.courier import record
from inboxd.delivery.transport import Outcome, RecipientResult
from inboxd.desk.shop import Shop
from inboxd.rebuild.original import Original
from inboxd.store import outbox
from inboxd.store.types import from_micros

NOT_SENT = "rebuilt from the journal; never sent by this database"
_OVER = ("sent", "dead")


class Outgoing:
    """Settles each mail at the time at which the original's courier did."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._seen = 0
        self._due: list[tuple[int, int]] = []

    def settle_until(self, connection: sa.Connection, shop: Shop, now: int) -> None:
        """Settle what the original had settled by `now` (microseconds)."""
        self._look(connection)
        while self._due and self._due[0][0] <= now:
            at, number = heapq.heappop(self._due)
            self._settle(connection, shop, number, at)

    def settle_all(self, connection: sa.Connection, shop: Shop, now: int) -> None:
        """Settle what is left: nothing in the database may be sent by whoever opens it."""
        self._look(connection)
        while self._due:
            _, number = heapq.heappop(self._due)
            self._settle(connection, shop, number, now)

    def _look(self, connection: sa.Connection) -> None:
        """Find out when the mails that are new will be settled."""
        rows = connection.exec_driver_sql(
            "SELECT id, effect_key, next_attempt_at FROM outbox WHERE id > ? ORDER BY id",
            (self._seen,),
        ).all()
        for number, key, due in rows:
            self._seen = number
            query = "SELECT finished_at FROM outbox WHERE effect_key = ?"
            known = next(iter(self._original.rows("outbox", query, key)), None)
            # One that the original does not have was withdrawn, or comes from rules of today.
            heapq.heappush(self._due, ((known[0] if known else due) or 2**62, number))

    def _settle(self, connection: sa.Connection, shop: Shop, number: int, at: int) -> None:
        mail = outbox.get(connection, number)
        if mail is None or mail.state in _OVER:
            return  # withdrawn meanwhile
        query = "SELECT id, state FROM outbox WHERE effect_key = ?"
        known = next(iter(self._original.rows("outbox", query, mail.effect_key)), None)
        results = self._results(known[0]) if known and known[1] in _OVER else []
        if results:
            record(connection, shop, mail, results, from_micros(at), 0.0)
            return
        everybody = outbox.recipients(connection, [number])[number]
        rows = [(each.address, "dead", NOT_SENT) for each in everybody]
        outbox.record_results(connection, number, rows)
        when = from_micros(at)
        outbox.settle(connection, number, OutboxState.DEAD, when, error=NOT_SENT)

    def _results(self, number: int) -> list[RecipientResult]:
        query = "SELECT address, state, reply FROM outbox_recipient WHERE outbox_id = ?"
        return [
            RecipientResult(address, Outcome.SENT if state == "sent" else Outcome.DEAD, reply)
            for address, state, reply in self._original.rows("outbox_recipient", query, number)
        ]
