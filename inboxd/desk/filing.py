"""Files a mail: finds or opens its conversation and hands it to whoever deals with its kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from inboxd.conversations.decision import Candidates, Known
from inboxd.conversations.evidence import REPORTS
from inboxd.conversations.states import ConversationState
from inboxd.conversations.threading import thread
from inboxd.conversations.tokens import Purpose
from inboxd.desk import (
    action_mail,
    agent_mail,
    copies,
    customer_mail,
    digest_mail,
    new_mail,
    reports,
    side_threads,
)
from inboxd.desk.case import Case, is_our_own
from inboxd.desk.reading import Reading
from inboxd.desk.shop import Desk, Shop
from inboxd.errors import Poison
from inboxd.failpoints import reach
from inboxd.mail.model import Kind
from inboxd.store import conversations, merges, messages
from inboxd.store.conversations import ConversationRecord
from inboxd.store.journal import Entry
from inboxd.store.messages import NewEvent


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a mail was filed: its conversation, if it has one.

    `copy_of` is the journal entry of which the mail is another copy; then nothing was done. `step`
    is how its conversation was found.
    """

    conversation: int | None
    copy_of: int | None = None
    step: str = ""


def file(
    connection: sa.Connection, shop: Shop, entry: Entry, reading: Reading, now: datetime
) -> Filed:
    """File one mail; raises `Poison` for one that has been going round in circles."""
    if reading.verdict.kind is Kind.LOOP:
        raise Poison("; ".join(reading.verdict.reasons) or "the mail goes round in circles")
    desk = shop.desks[entry.mailbox]
    policy = desk.policy
    if is_our_own(shop, entry, reading.mail.author):
        reading = replace(reading, keys=replace(reading.keys, agent=None))
        policy = replace(policy, stranger_gate=False)  # we are party to all that we wrote
    known = _candidates(connection, desk, reading, now)
    own = reading.keys.own_id
    if own in known.candidates.borne:
        first = copies.copy_of(connection, reading, known.alive(known.candidates.by_id[own]))
        if first is not None:
            return Filed(first.conversation, first.journal_id)
    decision = thread(reading.mail, reading.verdict, reading.keys, known.candidates, policy, now)
    reach("filing.threaded")
    twins = copies.twins(connection, shop, desk, reading)
    case = Case(
        connection,
        shop,
        desk,
        entry,
        reading,
        decision,
        now,
        merging=tuple(known.records[number] for number in decision.same_thread),
        aside=copies.also_sent(shop, desk, reading, twins),
    )
    number = _hand_over(case, known.records.get(decision.conversation or 0))
    if number is not None:
        reach("filing.handed_over")
        _link_twins(case, number, twins)
    return Filed(number, step=decision.step.value)


def _hand_over(case: Case, found: ConversationRecord | None) -> int | None:
    """Give the mail to whoever deals with its kind; returns its conversation's number."""
    decision = case.decision
    purpose = decision.token.token.purpose if decision.token is not None else None
    if case.reading.verdict.kind in REPORTS and not decision.opens:
        return reports.take(case, found)
    if purpose is Purpose.DIGEST and decision.token is not None:
        digest_mail.take(case, decision.token)
        return None
    if purpose is Purpose.NEW or _is_plainly_new(case, found):
        return new_mail.take(case)
    if found is None:
        return customer_mail.open_conversation(case)
    if purpose is Purpose.SIDE and not decision.unproven_agent:
        return side_threads.take(case, found)
    if decision.agent is not None or decision.unproven_agent:
        return _of_an_agent(case, found, purpose)
    return customer_mail.join(case, found)


def _is_plainly_new(case: Case, found: ConversationRecord | None) -> bool:
    """Whether an agent means to begin a conversation, at an address that proves nothing."""
    return found is None and case.decision.unproven_agent and new_mail.is_addressed(case)


def _of_an_agent(case: Case, found: ConversationRecord, purpose: Purpose | None) -> int:
    """Give an agent's mail to a conversation to whoever deals with the address that it came to."""
    if purpose is Purpose.ACTION:
        return action_mail.take(case, found)
    if new_mail.is_named(case, found):
        return new_mail.name_customer(case, found)
    return agent_mail.take(case, found)


def _link_twins(case: Case, number: int, twins: dict[int, str]) -> None:
    """Link the conversations that the same mail has opened or joined in several mailboxes."""
    known = conversations.links(case.connection, number) if twins else ()
    for other, mailbox in twins.items():
        if other in known:
            continue
        conversations.add_link(case.connection, number, other)
        lines = ((number, other, mailbox), (other, number, case.desk.name))
        messages.add_events(
            case.connection,
            [
                NewEvent(
                    case.now,
                    here,
                    "inboxd",
                    "linked",
                    f"#{there}: the same mail in the mailbox {name}",
                    case.entry.id,
                )
                for here, there, name in lines
            ],
        )


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What the store found: as threading wants it, as records, and where merged ones went."""

    candidates: Candidates
    records: dict[int, ConversationRecord]
    survivors: dict[int, int]

    def alive(self, numbers: Iterable[int]) -> list[int]:
        """Return where the conversations are today."""
        return [self.survivors.get(number, number) for number in numbers]


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
    survivors = merges.survivors(connection, numbers)
    wanted = {survivors.get(number, number) for number in numbers}
    records = {
        number: record
        for number, record in conversations.get_many(connection, wanted).items()
        if record.mailbox == desk.name
    }
    known = _known(connection, records)
    known |= {gone: known[alive] for gone, alive in survivors.items() if alive in known}
    return _Lookup(Candidates(by_id, known, borne), records, survivors)


def _known(connection: sa.Connection, records: dict[int, ConversationRecord]) -> dict[int, Known]:
    people = conversations.people(connection, list(records))
    links = conversations.links_among(connection, list(records))
    return {
        number: Known(
            number=number,
            state=ConversationState(record.state),
            last_activity=record.updated_at,
            parties=people[number],
            contact=record.contact_address.casefold(),
            subject_key=record.subject_key,
            closed_at=record.state_since if record.state == "closed" else None,
            linked=links[number],
        )
        for number, record in records.items()
    }
