"""The store under random use: timers fire once, effects happen once, nothing comes back changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from desk_kit import CONFIG, Desk, make
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.conversations.states import TimerState
from inboxd.mail.model import Address
from inboxd.store import contacts, conversations, journal, messages, outbox, timers
from inboxd.store.messages import NewMessage

START = datetime(2030, 5, 6, 8, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@contextmanager
def desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), config=CONFIG)
        yield made
        made.database.close()


def conversation(connection: sa.Connection, address: str = "jane@customer.example") -> int:
    contact, _ = contacts.find_or_add(connection, address, "", START)
    return conversations.add(
        connection,
        mailbox="support",
        subject="Tea",
        subject_key="tea",
        contact_id=contact.id,
        contact_address=address,
        at=START,
    ).number


STEP = st.one_of(
    st.tuples(st.just("arm"), st.integers(0, 3), st.integers(0, 5_000)),
    st.tuples(st.just("cancel"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("clock"), st.sampled_from([-365, -1, 1, 3, 72, 365]), st.just(0)),
    st.tuples(st.just("fire"), st.just(0), st.just(0)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=40))
def test_R15_each_timer_fires_once_and_cancelled_ones_never(
    steps: list[tuple[str, int, int]],
) -> None:
    with desk() as made, made.database.write() as connection:
        numbers = [conversation(connection) for _ in range(4)]
        now = START
        armed: dict[int, tuple[str, datetime]] = {}
        fired: set[str] = set()
        for count, (what, which, minutes) in enumerate(steps):
            if what == "clock":
                now += timedelta(hours=which)
            elif what == "arm":
                due = now + timedelta(minutes=minutes)
                timers.cancel(connection, numbers[which], timers.RULE, now)
                name = f"rule {count}"
                timers.arm(connection, numbers[which], timers.RULE, [(name, due)], now)
                armed[which] = (name, due)
            elif what == "cancel":
                found = timers.cancel(connection, numbers[which], timers.RULE, now)
                assert found == (1 if armed.pop(which, None) else 0)
            else:
                due_now = timers.due(connection, now, 99)
                wanted = {name for name, due in armed.values() if due <= now}
                assert {each.rule for each in due_now} == wanted
                for each in due_now:
                    assert timers.finish(connection, each, TimerState.FIRED, now)
                    assert not timers.finish(connection, each, TimerState.FIRED, now)
                assert not wanted & fired
                fired |= wanted
                armed = {key: each for key, each in armed.items() if each[0] not in wanted}
        waiting = sum(len(timers.armed(connection, number)) for number in numbers)
        assert waiting == len(armed)


@settings(max_examples=60, deadline=None)
@given(
    text=TEXT,
    subject=TEXT,
    name=TEXT,
    address=TEXT,
    fields=st.dictionaries(TEXT, TEXT, max_size=3),
    tags=st.lists(TEXT, max_size=3),
    date=st.none() | MOMENTS,
)
def test_what_is_stored_comes_back_unchanged(
    text: str,
    subject: str,
    name: str,
    address: str,
    fields: dict[str, str],
    tags: list[str],
    date: datetime | None,
) -> None:
    person = Address(name, address)
    with desk() as made:
        with made.database.write() as connection:
            number = conversation(connection, address)
            found = conversations.get(connection, number)
            assert found is not None
            changed = replace(found, fields=fields, tags=tuple(tags), subject=subject)
            conversations.save(connection, changed)
            new = NewMessage(
                conversation=number,
                direction="inbound",
                kind="customer",
                author=person,
                created_at=START,
                text=text,
                subject=subject,
                to=(person,),
                cc=(person,),
                date=date,
            )
            stored = messages.stored(messages.add(connection, new), new)
        with made.database.read() as connection:
            assert conversations.get(connection, number) == changed
            assert messages.of(connection, number) == [stored]
            messages.search(connection, text, 9)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_search_takes_any_words(words: str) -> None:
    with desk() as made, made.database.write() as connection:
        conversation(connection)
        messages.search(connection, words.encode("utf-8", "replace").decode(), 9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=8))
def test_the_journal_gives_back_every_byte_in_order(raws: list[bytes]) -> None:
    with desk() as made:
        with made.database.write() as connection:
            arrivals = [
                journal.Arrival("support", "test", raw, "", (), START + timedelta(microseconds=n))
                for n, raw in enumerate(raws)
            ]
            ids = journal.append(connection, [(each, journal.pack(each.raw)) for each in arrivals])
        with made.database.read() as connection:
            found = journal.due(connection, START + timedelta(days=1), 99)
            assert [(each.id, each.raw) for each in found] == list(zip(ids, raws, strict=True))
            kept = connection.exec_driver_sql("SELECT count(*) FROM blob").scalar_one()
            assert kept == len(set(raws))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.binary(min_size=1, max_size=40)), max_size=20))
def test_R5_an_effect_key_is_queued_once_with_its_first_bytes(
    effects: list[tuple[int, bytes]],
) -> None:
    with desk() as made, made.database.write() as connection:
        wanted: dict[int, bytes] = {}
        for key, draft in effects:
            mail = outbox.NewMail(
                effect_key=f"journal:{key}",
                kind="reply",
                mailbox="support",
                conversation=None,
                message_id=f"{key}@shop.example",
                envelope_from="",
                recipients=("jane@customer.example",),
                draft=draft,
                created_at=START,
                not_before=START,
            )
            assert outbox.add(connection, mail) == (key not in wanted)
            wanted.setdefault(key, draft)
        found = outbox.lease(connection, START, "me", 99)
        assert {int(each.message_id.partition("@")[0]): each.draft for each in found} == wanted
