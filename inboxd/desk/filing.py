"""Files a mail: finds or opens its conversation and hands it to whoever deals with its kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.conversations.decision import Candidates, Known
from inboxd.conversations.states import ConversationState
from inboxd.conversations.threading import thread
from inboxd.desk import agent_mail, customer_mail, reports
from inboxd.desk.case import Case, is_our_own
from inboxd.desk.reading import Reading
from inboxd.desk.shop import Desk, Shop
from inboxd.errors import Poison
from inboxd.mail.model import Kind
from inboxd.store import conversations
from inboxd.store.conversations import ConversationRecord
from inboxd.store.journal import Entry


def file(
    connection: sa.Connection, shop: Shop, entry: Entry, reading: Reading, now: datetime
) -> int | None:
    """File one mail and return its conversation's number, or None where it belongs to none.

    Raises `Poison` for a mail that has been going round in circles.
    """
    if reading.verdict.kind is Kind.LOOP:
        raise Poison("; ".join(reading.verdict.reasons) or "the mail goes round in circles")
    desk = shop.desks[entry.mailbox]
    policy = desk.policy
    if is_our_own(shop, entry, reading.mail.author):
        reading = replace(reading, keys=replace(reading.keys, agent=None))
        policy = replace(policy, stranger_gate=False)  # we are party to all that we wrote
    known = _candidates(connection, desk, reading, now)
    decision = thread(reading.mail, reading.verdict, reading.keys, known.candidates, policy, now)
    case = Case(connection, shop, desk, entry, reading, decision, now)
    found = known.records.get(decision.conversation or 0)
    if reading.verdict.kind in (Kind.BOUNCE, Kind.RECEIPT) and not decision.opens:
        return reports.take(case, found)
    if found is None:
        return customer_mail.open_conversation(case)
    if decision.agent is not None or decision.unproven_agent:
        return agent_mail.take(case, found)
    return customer_mail.join(case, found)


class _Lookup:
    """What the store found, as threading wants it and as records."""

    __slots__ = ("candidates", "records")

    def __init__(self, candidates: Candidates, records: dict[int, ConversationRecord]) -> None:
        self.candidates = candidates
        self.records = records


def _candidates(connection: sa.Connection, desk: Desk, reading: Reading, now: datetime) -> _Lookup:
    """Ask the store for every conversation that the mail may belong to."""
    keys = reading.keys
    by_id, borne = conversations.by_refs(connection, desk.name, keys.all_ids)
    numbers = {*keys.numbers, *(number for found in by_id.values() for number in found)}
    days = desk.policy.match_subject_days
    if days is not None and keys.subject_key and keys.sender:
        since = now - timedelta(days=days)
        numbers |= set(
            conversations.by_subject(connection, desk.name, keys.subject_key, keys.sender, since)
        )
    records = {
        number: record
        for number, record in conversations.get_many(connection, numbers).items()
        if record.mailbox == desk.name
    }
    return _Lookup(Candidates(by_id, _known(connection, records), borne), records)


def _known(connection: sa.Connection, records: dict[int, ConversationRecord]) -> dict[int, Known]:
    parties = conversations.parties(connection, list(records))
    return {
        number: Known(
            number=number,
            state=ConversationState(record.state),
            last_activity=record.updated_at,
            parties=frozenset(
                party.address for party in parties[number] if party.role in ("contact", "cc")
            ),
            contact=record.contact_address.casefold(),
            subject_key=record.subject_key,
            closed_at=record.state_since if record.state == "closed" else None,
        )
        for number, record in records.items()
    }
