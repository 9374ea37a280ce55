"""The store's query modules, each against a real database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from desk_kit import START, make

from inboxd.conversations.states import JournalState, OutboxState, TimerState
from inboxd.mail.model import Address, Attachment
from inboxd.store import (
    auto_sent,
    contacts,
    conversations,
    folders,
    journal,
    messages,
    outbox,
    timers,
)
from inboxd.store.compression import compress, decompress
from inboxd.store.conversations import ConversationRecord, PartyRecord
from inboxd.store.messages import NewEvent, NewMessage
from inboxd.store.outbox import NewMail
from inboxd.store.statements import Savepoint

HOUR = timedelta(hours=1)
JANE = Address("Jane", "Jane@Customer.example")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    desk = make(tmp_path)
    with desk.database.write() as connection:
        yield connection
    desk.database.close()


def conversation(connection: sa.Connection, address: str = JANE.address) -> ConversationRecord:
    contact, _ = contacts.find_or_add(connection, address, "Jane", START)
    return conversations.add(
        connection,
        mailbox="support",
        subject="Tea",
        subject_key="tea",
        contact_id=contact.id,
        contact_address=address,
        at=START,
    )


def mail(key: str = "journal:1:answer", **changes: object) -> NewMail:
    values: dict[str, object] = {
        "effect_key": key,
        "kind": "reply",
        "mailbox": "support",
        "conversation": None,
        "message_id": f"{key}@shop.example",
        "envelope_from": "support@shop.example",
        "recipients": ("a@x.example", "b@x.example", "a@x.example"),
        "draft": b"draft of " + key.encode(),
        "created_at": START,
        "not_before": START,
    }
    return NewMail(**{**values, **changes})  # type: ignore[arg-type]


# -- journal


def arrive(connection: sa.Connection, raw: bytes, at: datetime = START) -> int:
    arrival = journal.Arrival("support", "test", raw, None, ("a@x.example",), at)
    return journal.append(connection, [(arrival, journal.pack(raw))])[0]


def test_the_journal_gives_back_the_same_bytes(connection: sa.Connection) -> None:
    raw = bytes(range(256)) * 50
    entry = arrive(connection, raw)
    (found,) = journal.due(connection, START, 10)
    assert (found.id, found.raw, found.received_at) == (entry, raw, START)
    assert (found.envelope_from, found.envelope_to) == (None, ("a@x.example",))
    assert journal.raw(connection, entry) == raw
    assert journal.raw(connection, entry + 1) is None


def test_the_same_bytes_are_kept_once(connection: sa.Connection) -> None:
    for _ in range(3):
        arrive(connection, b"the same")
    assert connection.exec_driver_sql("SELECT count(*) FROM blob").scalar_one() == 1
    assert len(journal.due(connection, START, 10)) == 3


def test_an_empty_mail_can_be_kept(connection: sa.Connection) -> None:
    entry = arrive(connection, b"")
    assert journal.raw(connection, entry) == b""


def test_a_batch_is_some_megabytes_at_most(connection: sa.Connection) -> None:
    for number in range(4):
        arrive(connection, bytes([number]) * 5_000_000)
    assert len(journal.due(connection, START, 10)) == 2


def test_entries_are_due_in_order_and_not_before_their_time(connection: sa.Connection) -> None:
    first = arrive(connection, b"1")
    second = arrive(connection, b"2")
    arrive(connection, b"3", START + HOUR)
    entry = journal.due(connection, START, 10)[0]
    journal.record_failure(connection, entry, START, "x" * 900, hopeless=False)
    assert [each.id for each in journal.due(connection, START, 10)] == [second]
    assert journal.next_due_at(connection) == START
    found = journal.due(connection, START + timedelta(seconds=5), 10)
    assert [(each.id, each.attempts) for each in found] == [(first, 1), (second, 0)]


def test_the_same_content_is_known_once_it_is_applied(connection: sa.Connection) -> None:
    entry = arrive(connection, b"1")
    assert journal.same_content(connection, "support", "digest") is None
    journal.finish(connection, entry, JournalState.APPLIED, START, content="digest")
    assert journal.same_content(connection, "support", "digest") == entry
    assert journal.same_content(connection, "sales", "digest") is None
    assert not journal.still_waiting(connection, [entry])


def test_what_waits_is_not_requeued(connection: sa.Connection) -> None:
    entry = arrive(connection, b"1")
    assert journal.requeue(connection, [entry], START) == 0
    assert journal.counts(connection) == {"received": 1}
    assert journal.states(connection, [entry, 99]) == {entry: "received"}


# -- outbox


def test_an_effect_is_queued_once(connection: sa.Connection) -> None:
    assert outbox.add(connection, mail())
    assert not outbox.add(connection, mail(draft=b"other", message_id="other@shop.example"))
    (leased,) = outbox.lease(connection, START, "me", 10)
    assert leased.draft == b"draft of journal:1:answer"
    assert leased.recipients == ("a@x.example", "b@x.example")


def test_R5_a_lease_runs_out_and_the_same_bytes_come_again(connection: sa.Connection) -> None:
    outbox.add(connection, mail())
    (first,) = outbox.lease(connection, START, "one", 10)
    assert outbox.lease(connection, START + outbox.LEASE - HOUR / 60, "two", 10) == []
    (again,) = outbox.lease(connection, START + outbox.LEASE, "two", 10)
    assert (again.draft, again.message_id) == (first.draft, first.message_id)
    assert (first.attempts, again.attempts) == (1, 2)
    assert not outbox.renew(connection, first.id, "one", START)
    assert outbox.renew(connection, first.id, "two", START)


def test_who_has_got_it_is_not_tried_again(connection: sa.Connection) -> None:
    outbox.add(connection, mail())
    (leased,) = outbox.lease(connection, START, "me", 10)
    results = [("a@x.example", "sent", "250 ok"), ("b@x.example", "deferred", "450 later")]
    outbox.record_results(connection, leased.id, results)
    outbox.settle(connection, leased.id, OutboxState.DEFERRED, START, next_attempt_at=START + HOUR)
    assert outbox.lease(connection, START, "me", 10) == []
    assert outbox.next_due_at(connection) == START + HOUR
    (again,) = outbox.lease(connection, START + HOUR, "me", 10)
    assert again.recipients == ("b@x.example",)


def test_what_is_sent_or_dead_is_due_no_more(connection: sa.Connection) -> None:
    for key, state in (("1", OutboxState.SENT), ("2", OutboxState.DEAD)):
        outbox.add(connection, mail(key))
        (leased,) = outbox.lease(connection, START, "me", 10)
        outbox.settle(connection, leased.id, state, START, error="x" * 900)
    assert not outbox.any_due(connection, START + timedelta(days=999))
    assert outbox.counts(connection) == {"sent": 1, "dead": 1}


def test_a_retry_by_hand_revives_the_dead_and_leaves_the_sent(connection: sa.Connection) -> None:
    outbox.add(connection, mail())
    (leased,) = outbox.lease(connection, START, "me", 10)
    results = [("a@x.example", "sent", "250"), ("b@x.example", "dead", "550")]
    outbox.record_results(connection, leased.id, results)
    outbox.settle(connection, leased.id, OutboxState.DEAD, START)
    assert outbox.retry(connection, [leased.id + 1], START) == 0
    assert outbox.retry(connection, [], START + HOUR) == 1
    (again,) = outbox.lease(connection, START + HOUR, "me", 10)
    assert again.recipients == ("b@x.example",)


def test_leases_are_given_back_by_their_owner_alone(connection: sa.Connection) -> None:
    for key in ("1", "2"):
        outbox.add(connection, mail(key))
    outbox.lease(connection, START, "daemon:a:1", 1)
    outbox.lease(connection, START, "work:b", 1)
    assert outbox.release(connection, "work:x", START) == 0
    assert outbox.release_kind(connection, "daemon", START) == 1
    assert outbox.release(connection, "work:b", START) == 1
    assert len(outbox.lease(connection, START, "me", 10)) == 2


def test_the_hash_of_the_bytes_is_frozen_once(connection: sa.Connection) -> None:
    outbox.add(connection, mail())
    outbox.freeze(connection, 1, b"1" * 32)
    outbox.freeze(connection, 1, b"2" * 32)
    found = outbox.get(connection, 1)
    assert found is not None
    assert found.sha256 == b"1" * 32


def test_mails_are_found_by_their_ids(connection: sa.Connection) -> None:
    outbox.add(connection, mail())
    (found,) = outbox.by_message_ids(connection, ["x", "journal:1:answer@shop.example"])
    assert found.kind == "reply"
    assert outbox.by_message_ids(connection, []) == []


def test_mails_of_a_kind_are_counted_by_conversation(connection: sa.Connection) -> None:
    number = conversation(connection).number
    outbox.add(connection, mail("1", conversation=number, kind="held"))
    outbox.add(connection, mail("2", conversation=number, kind="held", created_at=START + HOUR))
    outbox.add(connection, mail("3", conversation=number))
    assert outbox.count(connection, number, "held", START) == 2
    assert outbox.count(connection, number, "held", START + HOUR) == 1
    assert outbox.count(connection, number + 1, "held", START) == 0


def test_automatic_mail_is_counted_by_person_conversation_and_rule(
    connection: sa.Connection,
) -> None:
    one = conversation(connection).number
    other = conversation(connection).number
    auto_sent.add_auto(connection, "Jane@Customer.example", one, "ack", START)
    auto_sent.add_auto(connection, "tom@customer.example", one, "ack", START)
    auto_sent.add_auto(connection, "jane@customer.example", other, "nudge", START + HOUR)
    now = START + HOUR + timedelta(minutes=1)
    found = auto_sent.auto_counts(connection, "JANE@customer.example", one, "ack", now)
    assert (found.recipient_hour, found.recipient_day) == (1, 2)
    assert (found.conversation_day, found.same_rule_day) == (2, 1)
    later = auto_sent.auto_counts(connection, "jane@customer.example", one, "ack", now + 24 * HOUR)
    assert (later.recipient_day, later.conversation_day, later.same_rule_day) == (0, 0, 0)


# -- timers


def test_a_timer_ends_once(connection: sa.Connection) -> None:
    number = conversation(connection).number
    timers.arm(connection, number, timers.RULE, [("a", START), ("b", START + HOUR)], START)
    (due,) = timers.due(connection, START, 10)
    assert timers.finish(connection, due, TimerState.FIRED, START)
    assert not timers.finish(connection, due, TimerState.CANCELLED, START)
    assert timers.next_due_at(connection) == START + HOUR
    assert timers.cancel(connection, number, timers.WAKE, START) == 0
    assert timers.cancel(connection, number, timers.RULE, START) == 1
    assert timers.due(connection, START + 9 * HOUR, 10) == []


def test_a_rule_has_one_armed_timer_a_conversation(connection: sa.Connection) -> None:
    number = conversation(connection).number
    timers.arm(connection, number, timers.RULE, [("a", START)], START)
    with pytest.raises(Exception, match="UNIQUE"), Savepoint(connection):
        timers.arm(connection, number, timers.RULE, [("a", START)], START)
    timers.cancel(connection, number, timers.RULE, START)
    timers.arm(connection, number, timers.RULE, [("a", START)], START)


def test_a_failing_timer_waits_longer_each_time(connection: sa.Connection) -> None:
    number = conversation(connection).number
    timers.arm(connection, number, timers.RULE, [("a", START)], START)
    now = START
    outcomes = []
    for _ in range(3):
        (due,) = timers.due(connection, now, 10)
        outcomes.append(timers.record_failure(connection, due, now, "RuntimeError"))
        now += HOUR
    assert outcomes == [False, False, True]
    assert timers.armed(connection, number) == []


# -- contacts and conversations


def test_contacts_are_found_in_any_letter_case(connection: sa.Connection) -> None:
    first, new = contacts.find_or_add(connection, "Jane@Customer.example", "", START)
    again, newer = contacts.find_or_add(connection, "jane@CUSTOMER.example", "Jane", START)
    assert (new, newer, again.id, again.name) == (True, False, first.id, "Jane")
    assert contacts.find_or_add(connection, "jane@customer.example", "J", START)[0].name == "Jane"
    contacts.mark_bounced(connection, "JANE@customer.example", START)
    found = contacts.find(connection, "jane@customer.example")
    assert found is not None
    assert found.bounced_at == START
    assert contacts.names(connection, [first.id, 99]) == {first.id: "Jane"}


def test_a_conversation_comes_back_as_it_was_saved(connection: sa.Connection) -> None:
    record = conversation(connection)
    changed = replace(
        record,
        state="snoozed",
        tags=("ä", "b"),
        fields={"order": "1\n2"},
        snoozed_until=START + HOUR,
        assignee="anna",
        priority="urgent",
    )
    conversations.save(connection, changed)
    assert conversations.get(connection, record.number) == changed
    assert conversations.get(connection, 99) is None
    assert conversations.get_many(connection, [record.number, 99]) == {record.number: changed}


def test_who_takes_part_stays_as_they_are_but_for_strangers(connection: sa.Connection) -> None:
    number = conversation(connection).number

    def add(address: str, role: str) -> None:
        conversations.add_parties(connection, number, [PartyRecord(address, "", role)])

    for role in ("contact", "cc", "pending", "agent"):
        add(f"{role}@x.example", role)
        for other in ("pending", "agent", "contact"):
            add(f"{role}@x.example", other)
    add("agent@x.example", "cc")
    add("pending@x.example", "cc")
    found = {p.address: p.role for p in conversations.parties(connection, [number])[number]}
    assert found == {
        "contact@x.example": "contact",
        "cc@x.example": "cc",
        "pending@x.example": "cc",
        "agent@x.example": "agent",
    }


def test_refs_lead_to_conversations_of_their_mailbox(connection: sa.Connection) -> None:
    one, other = (conversation(connection).number for _ in range(2))
    conversations.add_refs(connection, "support", one, "own@x", ["a@x", "a@x", "own@x"])
    conversations.add_refs(connection, "support", other, None, ["own@x"])
    conversations.add_refs(connection, "support", other, "own2@x", ["own2@x"])
    found, borne = conversations.by_refs(connection, "support", ["own@x", "a@x", "none@x"])
    assert {ref: sorted(numbers) for ref, numbers in found.items()} == {
        "own@x": [one, other],
        "a@x": [one],
    }
    assert borne == {"own@x"}
    assert conversations.by_refs(connection, "sales", ["own@x"]) == ({}, frozenset())
    assert conversations.by_refs(connection, "support", []) == ({}, frozenset())


def test_an_id_that_was_named_first_and_borne_later_is_borne(connection: sa.Connection) -> None:
    number = conversation(connection).number
    conversations.add_refs(connection, "support", number, None, ["late@x"])
    conversations.add_refs(connection, "support", number, "late@x", [])
    conversations.add_refs(connection, "support", number, None, ["late@x"])
    assert conversations.by_refs(connection, "support", ["late@x"])[1] == {"late@x"}


def test_links_are_mutual_and_made_once(connection: sa.Connection) -> None:
    one, other = (conversation(connection).number for _ in range(2))
    for pair in ((one, other), (other, one), (one, one)):
        conversations.add_link(connection, *pair)
    assert conversations.links(connection, one) == [other]
    assert conversations.links(connection, other) == [one]


def test_a_subject_is_looked_up_by_any_spelling_of_the_address(connection: sa.Connection) -> None:
    number = conversation(connection, "Jane@Customer.Example").number
    asked = ("support", "tea", "jane@customer.example")
    assert conversations.by_subject(connection, *asked, START) == [number]
    assert conversations.by_subject(connection, *asked, START + HOUR) == []
    assert conversations.by_subject(connection, "support", "tea", "tom@x.example", START) == []


def test_lists_can_be_narrowed(connection: sa.Connection) -> None:
    one, other = conversation(connection), conversation(connection)
    conversations.save(connection, replace(one, tags=("vip",), assignee="anna", state="closed"))

    def listed(**narrow: object) -> list[int]:
        wanted: dict[str, object] = dict.fromkeys(("states", "mailbox", "assignee", "tag"))
        found = conversations.listing(connection, **{**wanted, "limit": 9, **narrow})  # type: ignore[arg-type]
        return [each.number for each in found]

    assert listed() == [other.number, one.number]
    assert listed(tag="vip") == listed(assignee="anna") == listed(states=["closed"]) == [one.number]
    assert listed(mailbox="sales") == listed(tag="vi") == []
    assert listed(limit=1) == [other.number]
    assert conversations.counts(connection) == {"open": 1, "closed": 1}


# -- messages


def write(connection: sa.Connection, text: str, **changes: object) -> int:
    number = conversations.counts(connection) and 1
    values: dict[str, object] = {
        "conversation": number,
        "direction": "inbound",
        "kind": "customer",
        "author": JANE,
        "created_at": START,
        "text": text,
    }
    return messages.add(connection, NewMessage(**{**values, **changes}))  # type: ignore[arg-type]


def test_a_message_comes_back_as_it_was_stored(connection: sa.Connection) -> None:
    conversation(connection)
    new = NewMessage(
        conversation=1,
        direction="inbound",
        kind="customer",
        author=JANE,
        created_at=START,
        text="Grüße\n\x1f",
        subject="Tea",
        to=(Address("", "a@x.example"),),
        cc=(Address("B", "b@x.example"), Address("C", "c@x.example")),
        message_id="1@x",
        date=START - HOUR,
        answerable=False,
        attachments=(
            Attachment(2, "a.pdf", "application/pdf", 7, "00"),
            Attachment(3, "b.png", "image/png", 8, "11", inline=True, content_id="c@x"),
        ),
    )
    number = messages.add(connection, new)
    assert messages.of(connection, 1) == [messages.stored(number, new)]
    assert messages.of_many(connection, [1, 2]) == {1: [messages.stored(number, new)], 2: []}


def test_the_newest_messages_come_first(connection: sa.Connection) -> None:
    conversation(connection)
    write(connection, "1", message_id="1@x")
    write(connection, "2", direction="outbound", message_id="2@x")
    write(connection, "3", direction="note", message_id="3@x")
    assert [each.text for each in messages.last(connection, 1, 2)] == ["3", "2"]
    inbound = messages.last_inbound(connection, 1)
    assert inbound is not None
    assert inbound.text == "1"
    assert messages.mail_ids(connection, 1) == ["2@x", "1@x"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gruene", []),
        ("grüne", [1]),
        ("GRUNE tee", [1]),
        ("tee kanne", []),
        ("jane", [1, 2]),
        ("invoice", [2]),
        ('"', []),
        ('tee" OR "kanne', []),
        ("NEAR(", []),
        ("", []),
        ("tee*", [1]),
        ("-", []),
    ],
)
def test_search_takes_any_words_and_no_operators(
    connection: sa.Connection, words: str, found: list[int]
) -> None:
    conversation(connection)
    write(connection, "Der grüne Tee")
    write(connection, "Die Kanne", attachments=(Attachment(1, "invoice.pdf", "a/b", 1, "0"),))
    assert sorted(each.id for each, _ in messages.search(connection, words, 9)) == found


def test_history_and_traces_keep_their_order(connection: sa.Connection) -> None:
    conversation(connection)
    events = [NewEvent(START, 1, "anna", "k", str(n)) for n in range(3)]
    messages.add_events(connection, events)
    messages.add_events(connection, [])
    messages.add_trace(connection, START, 1, "journal:1", {"steps": ["ä", START]})
    assert [each.text for each in messages.events(connection, 1)] == ["0", "1", "2"]
    (trace,) = messages.traces(connection, 1)
    assert (trace["cause"], trace["steps"][0]) == ("journal:1", "ä")


# -- alerts, savepoints, types


def test_one_trouble_is_told_once_in_a_while(connection: sa.Connection) -> None:
    def may(key: str, hours: int) -> bool:
        return folders.may_alert(connection, key, START + hours * HOUR, 12 * HOUR)

    assert [may("a", 0), may("a", 11), may("b", 11), may("a", 12)] == [True, False, True, True]


def _fail_inside(connection: sa.Connection) -> None:
    with Savepoint(connection):
        folders.may_alert(connection, "inner", START, HOUR)
        _ = 1 // 0


def test_a_savepoint_undoes_its_own_part_alone(connection: sa.Connection) -> None:
    with Savepoint(connection):
        folders.may_alert(connection, "outer", START, HOUR)
        with pytest.raises(ZeroDivisionError):
            _fail_inside(connection)
    kept = connection.exec_driver_sql("SELECT key FROM alert").scalars().all()
    assert kept == ["outer"]


def test_times_keep_their_microseconds_whatever_their_zone(connection: sa.Connection) -> None:
    zone = timezone(timedelta(hours=5, minutes=45))
    moment = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=zone)
    number = conversation(connection).number
    timers.arm(connection, number, timers.WAKE, [("", moment)], datetime(1969, 1, 1, tzinfo=UTC))
    (found,) = timers.armed(connection, number)
    assert found.due_at == moment
    assert found.due_at.utcoffset() == timedelta()
    assert found.armed_at == datetime(1969, 1, 1, tzinfo=UTC)


def test_compressed_bytes_come_back(connection: sa.Connection) -> None:
    for data in (b"", b"x", bytes(100_000)):
        assert decompress(compress(data), len(data)) == data
        assert decompress(compress(data)) == data
