"""The courier: leases, results, retries, and the same bytes for each attempt (R5, R14)."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from desk_kit import START, Desk, File, letter, make

from inboxd.delivery import courier
from inboxd.delivery.transport import Outcome, RecipientResult, results_for
from inboxd.errors import Transient
from inboxd.mail.compose import compose
from inboxd.mail.drafts import encode_draft
from inboxd.mail.mime import parse
from inboxd.mail.model import Address
from inboxd.mail.outgoing import OutgoingAttachment, OutgoingMail
from inboxd.store import outbox
from inboxd.store.compression import compress
from inboxd.store.outbox import LEASE, NewMail

JANE, KIM = "jane@customer.example", "kim@customer.example"
Answer = Callable[[Sequence[str]], list[RecipientResult]]


class Crash(BaseException):
    """The process is gone: nothing after this is done."""


@dataclass
class FakeTransport:
    """Keeps what it is given; `answer` decides what becomes of it."""

    answer: Answer = lambda to: results_for(to, Outcome.SENT, "250 ok")
    sent: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)

    def send(self, sender: str, to: Sequence[str], content: bytes) -> list[RecipientResult]:
        self.sent.append((sender, tuple(to), content))
        return self.answer(to)

    def close(self) -> None: ...
    def close_idle(self) -> None: ...
    def interrupt(self) -> None: ...


def says(**replies: str) -> Answer:
    """Answer each recipient by its local part."""

    def answer(to: Sequence[str]) -> list[RecipientResult]:
        found = []
        for address in to:
            reply = replies.get(address.partition("@")[0], "250 ok")
            outcome = {"2": Outcome.SENT, "4": Outcome.DEFERRED, "5": Outcome.DEAD}[reply[0]]
            found.append(RecipientResult(address, outcome, reply))
        return found

    return answer


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = make(tmp_path)
    yield desk
    desk.database.close()


def queue(
    desk: Desk,
    name: str = "one",
    to: Sequence[str] = (JANE,),
    *,
    kind: str = "reply",
    conversation: int | None = None,
    attachments: tuple[OutgoingAttachment, ...] = (),
) -> None:
    mail = OutgoingMail(
        from_=Address("Shop", "support@shop.example"),
        to=tuple(Address("", each) for each in to),
        subject=name,
        message_id=f"{name}@shop.example",
        date=desk.clock.now(),
        text=f"This is {name}.",
        attachments=attachments,
    )
    with desk.database.write() as connection:
        outbox.add(
            connection,
            NewMail(
                effect_key=f"test:{name}",
                kind=kind,
                mailbox="support",
                conversation=conversation,
                message_id=mail.message_id,
                envelope_from="bounce@shop.example",
                recipients=tuple(to),
                draft=encode_draft(compose(mail)),
                created_at=desk.clock.now(),
                not_before=desk.clock.now(),
            ),
        )


def deliver(
    desk: Desk, transport: FakeTransport, owner: str = "daemon:a", **options: object
) -> int:
    return courier.deliver_due(
        desk.database,
        desk.shop,
        transport,
        desk.clock,
        owner=owner,
        jitter=lambda: 0.5,
        **options,  # type: ignore[arg-type]
    )


def rows(desk: Desk) -> list[sa.Row[tuple[object, ...]]]:
    with desk.database.read() as connection:
        return sorted(outbox.listing(connection, None, 1000), key=lambda row: int(row.id))


def recipients(desk: Desk, number: int = 1) -> dict[str, tuple[str, str]]:
    with desk.database.read() as connection:
        return {
            r.address: (r.state, r.reply) for r in outbox.recipients(connection, [number])[number]
        }


def test_a_mail_goes_out_once(desk: Desk) -> None:
    queue(desk)
    transport = FakeTransport()
    assert deliver(desk, transport) == 1
    assert deliver(desk, transport) == 0
    ((sender, to, content),) = transport.sent
    assert (sender, to) == ("bounce@shop.example", (JANE,))
    assert b"\nThis is one." in content.replace(b"\r\n", b"\n")
    (row,) = rows(desk)
    assert (row.state, row.lease, row.attempts, row.finished_at) == ("sent", None, 1, START)
    assert recipients(desk) == {JANE: ("sent", "250 ok")}


def test_R14_each_recipient_has_a_result_and_only_the_deferred_get_it_again(desk: Desk) -> None:
    queue(desk, to=[JANE, KIM, "max@customer.example"])
    transport = FakeTransport(says(kim="450 4.2.0 busy", max="550 5.1.1 unknown"))
    deliver(desk, transport)
    assert recipients(desk) == {
        JANE: ("sent", "250 ok"),
        KIM: ("deferred", "450 4.2.0 busy"),
        "max@customer.example": ("dead", "550 5.1.1 unknown"),
    }
    assert rows(desk)[0].state == "deferred"
    desk.clock.advance(timedelta(minutes=1))
    transport.answer = says()
    deliver(desk, transport)
    assert [to for _, to, _ in transport.sent[1:] if KIM in to] == [(KIM,)]
    assert rows(desk)[0].state == "sent"


def test_R14_a_deferred_mail_waits_longer_each_time(desk: Desk) -> None:
    queue(desk)
    transport = FakeTransport(says(jane="451 later"))
    waits = []
    for _ in range(12):
        assert deliver(desk, transport) == 1
        due = rows(desk)[0].next_attempt_at
        waits.append((due - desk.clock.now()) / timedelta(minutes=1))
        assert deliver(desk, transport) == 0, "not before its time"
        desk.clock.advance(due - desk.clock.now())
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240]
    assert rows(desk)[0].error == "451 later"


def test_R14_after_five_days_it_is_dead_and_somebody_is_told(desk: Desk) -> None:
    desk.customer()
    desk.fresh()
    _drain(desk)
    queue(desk, conversation=1)
    number = rows(desk)[-1].id
    transport = FakeTransport(says(jane="451 later"))
    while rows(desk)[number - 1].state != "dead":
        assert desk.clock.now() - START < timedelta(days=6)
        desk.clock.advance(timedelta(hours=4, minutes=50))
        deliver(desk, transport)
    assert timedelta(days=5) <= desk.clock.now() - START < timedelta(days=5, hours=5)
    assert recipients(desk, number)[JANE] == ("dead", "451 later")
    assert desk.has_event("delivery.failed", f"{JANE}: 451 later")
    assert len([m for m in desk.outbox() if m.kind == "alert"]) == 1
    assert not _bounced(desk, JANE), "the address is good, the relay is not"


def test_a_permanent_refusal_is_an_event_an_alert_and_a_bounced_address(desk: Desk) -> None:
    desk.customer()
    _drain(desk)
    queue(desk, conversation=1)
    deliver(desk, FakeTransport(says(jane="550 5.1.1 no such user")))
    assert desk.has_event("delivery.failed", "reply to jane@customer.example: 550 5.1.1")
    assert _bounced(desk, JANE)
    (alert,) = [m for m in desk.outbox() if m.kind == "alert"]
    assert alert.recipients == ("anna@shop.example",)
    assert "550 5.1.1 no such user" in alert.mail.text
    assert "#1" in alert.mail.text
    transport = FakeTransport()
    _drain(desk, transport)
    assert not any(to == (JANE,) for _, to, _ in transport.sent), "never again"


def test_two_refusals_at_different_times_are_one_alert(desk: Desk) -> None:
    queue(desk, to=[JANE, KIM])
    transport = FakeTransport(says(jane="550 no", kim="451 later"))
    deliver(desk, transport)
    desk.clock.advance(timedelta(minutes=5))
    transport.answer = says(kim="550 no")
    _drain(desk, transport)
    assert len([m for m in desk.outbox() if m.kind == "alert"]) == 1
    assert recipients(desk)[KIM][0] == "dead"


def test_an_alert_that_cannot_be_delivered_makes_no_alert(desk: Desk) -> None:
    queue(desk, to=["anna@shop.example"], kind="alert")
    deliver(desk, FakeTransport(says(anna="550 no")))
    assert [row.state for row in rows(desk)] == ["dead"]


def test_a_broken_alert_template_does_not_send_the_mail_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results of an attempt are kept, whatever becomes of the words about them."""
    desk = make(tmp_path)
    queue(desk, to=[JANE, KIM])

    def broken(*_: object) -> object:
        raise ValueError("no such filter")

    monkeypatch.setattr(type(desk.shop.renderer), "render", broken)
    deliver(desk, FakeTransport(says(jane="550 no")))
    assert recipients(desk) == {JANE: ("dead", "550 no"), KIM: ("sent", "250 ok")}
    alerts = [m for m in desk.outbox() if m.kind == "alert"]
    assert len(alerts) == 1
    assert "550 no" in alerts[0].mail.text
    desk.database.close()


# -- leases


def crash_while_sending(desk: Desk, transport: FakeTransport, owner: str = "daemon:a") -> None:
    """Send everything, and die before any result is recorded."""
    plain = transport.answer

    def die(to: Sequence[str]) -> list[RecipientResult]:
        raise Crash

    transport.answer = die
    before = courier._give_back
    courier._give_back = lambda *_: None  # the dead give nothing back
    try:
        with pytest.raises(Crash):
            deliver(desk, transport, owner)
    finally:
        courier._give_back = before
        transport.answer = plain


def with_files(desk: Desk, names: Sequence[str]) -> tuple[OutgoingAttachment, ...]:
    files = [File(name, "application/octet-stream", name.encode() * 500) for name in names]
    raw = letter(files=files)
    entry = desk.journal(raw)
    return tuple(
        OutgoingAttachment(each.filename, each.content_type, entry, each.part)
        for each in parse(raw).attachments
    )


def test_R5_a_crash_between_lease_and_result_sends_the_same_bytes_again(desk: Desk) -> None:
    attachments = with_files(desk, ["a.bin", "b.bin"])
    for number in range(20):
        queue(desk, f"mail{number}", attachments=attachments if number % 2 else ())
    transport = FakeTransport()
    for _ in range(20):
        crash_while_sending(desk, transport)
        assert [row.state for row in rows(desk)].count("sending") == 20 - (len(transport.sent) - 1)
        assert deliver(desk, transport) == 0, "leased"
        desk.clock.advance(LEASE + timedelta(seconds=1))
        if len({c for _, _, c in transport.sent}) >= 1:
            break
    _drain(desk, transport)
    by_mail: dict[str, list[bytes]] = {}
    for _, _, content in transport.sent:
        by_mail.setdefault(str(parse(content).message_id), []).append(
            hashlib.sha256(content).digest()
        )
    assert len(by_mail) == 20
    assert len(by_mail["mail0@shop.example"]) == 2
    assert all(len(set(digests)) == 1 for digests in by_mail.values())
    assert {row.state for row in rows(desk)} == {"sent"}


def test_R5_identical_bytes_100_of_100(desk: Desk) -> None:
    queue(desk, attachments=with_files(desk, ["report.pdf"]))
    transport = FakeTransport()
    for _ in range(99):
        crash_while_sending(desk, transport)
        desk.clock.advance(LEASE + timedelta(seconds=1))
    desk.clock.advance(-99 * (LEASE + timedelta(seconds=1)))
    with desk.database.write() as connection:
        outbox.release_kind(connection, "daemon", desk.clock.now())
    deliver(desk, transport)
    digests = {hashlib.sha256(content).digest() for _, _, content in transport.sent}
    assert (len(transport.sent), len(digests)) == (100, 1)
    assert rows(desk)[0].sha256 in digests
    assert b"report.pdf" in transport.sent[0][2]
    assert parse(transport.sent[0][2]).attachments[0].size == 5000


def test_a_lease_keeps_another_courier_away_until_it_has_run_out(desk: Desk) -> None:
    queue(desk)
    first, second = FakeTransport(), FakeTransport()
    crash_while_sending(desk, first, "daemon:a")
    assert deliver(desk, second, "work:b") == 0
    desk.clock.advance(LEASE - timedelta(seconds=1))
    assert deliver(desk, second, "work:b") == 0
    desk.clock.advance(timedelta(seconds=2))
    assert deliver(desk, second, "work:b") == 1
    assert first.sent == second.sent


def test_a_stopping_courier_gives_its_leases_back(desk: Desk) -> None:
    for number in range(10):
        queue(desk, f"mail{number}")
    transport = FakeTransport()
    assert deliver(desk, transport, is_stopping=lambda: len(transport.sent) == 3) == 3
    states = [(row.state, row.lease, row.attempts) for row in rows(desk)]
    assert states == [("sent", None, 1)] * 3 + [("queued", None, 0)] * 7
    assert deliver(desk, FakeTransport()) == 7


def test_a_released_lease_is_free_at_once(desk: Desk) -> None:
    queue(desk)
    crash_while_sending(desk, FakeTransport(), "daemon:a")
    with desk.database.write() as connection:
        assert outbox.release(connection, "daemon:other", desk.clock.now()) == 0
        assert outbox.release(connection, "daemon:a", desk.clock.now()) == 1
    assert deliver(desk, FakeTransport(), "daemon:b") == 1


def test_two_couriers_at_once_never_send_a_mail_twice(desk: Desk) -> None:
    for number in range(120):
        queue(desk, f"mail{number}")
    transports = [FakeTransport() for _ in range(4)]
    errors: list[Exception] = []

    def run(index: int) -> None:
        try:
            while deliver(desk, transports[index], f"work:{index}", limit=7):
                pass
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    ids = [parse(content).message_id for t in transports for _, _, content in t.sent]
    assert len(ids) == len(set(ids)) == 120


def test_a_batch_that_outlasts_its_lease_leaves_the_rest_to_others(desk: Desk) -> None:
    queue(desk, "slow")
    queue(desk, "next")
    other = FakeTransport()

    def slow(to: Sequence[str]) -> list[RecipientResult]:
        desk.clock.advance(LEASE + timedelta(minutes=1))
        deliver(desk, other, "work:b")
        return results_for(to, Outcome.SENT, "250 ok")

    transport = FakeTransport(slow)
    deliver(desk, transport, "daemon:a")
    sent = [parse(c).message_id for t in (transport, other) for _, _, c in t.sent]
    assert sent.count("next@shop.example") == 1


# -- faults


def test_a_missing_attachment_is_the_end_of_its_mail_alone(desk: Desk) -> None:
    (attachment,) = with_files(desk, ["a.bin"])
    gone = OutgoingAttachment("x", "image/png", 4711, 1)
    no_part = OutgoingAttachment("x", "image/png", attachment.journal_id, 99)
    queue(desk, "gone", attachments=(gone,))
    queue(desk, "nopart", attachments=(no_part,))
    queue(desk, "good", attachments=(attachment,))
    transport = FakeTransport()
    assert deliver(desk, transport) == 3
    assert [row.state for row in rows(desk)[:3]] == ["dead", "dead", "sent"]
    assert recipients(desk, 1)[JANE] == ("dead", "its attachment's journal entry 4711 is gone")
    assert recipients(desk, 2)[JANE] == ("dead", "its attachment is gone")
    assert not _bounced(desk, JANE)
    assert len([m for m in rows(desk) if m.kind == "alert"]) == 2


@pytest.mark.parametrize("damaged", [compress(b"\x09nonsense"), b"", b"no compression at all"])
def test_a_damaged_draft_is_dead_with_its_reason_and_holds_up_nobody(
    desk: Desk, damaged: bytes
) -> None:
    queue(desk, "damaged")
    with desk.database.write() as connection:
        connection.execute(sa.text("UPDATE outbox SET draft = :d"), {"d": damaged})
    queue(desk, "whole")
    transport = FakeTransport()
    assert deliver(desk, transport) == 2
    assert [row.state for row in rows(desk)[:2]] == ["dead", "sent"]
    assert recipients(desk)[JANE] == ("dead", "The stored mail has an unknown form.")


def test_a_transport_with_a_fault_does_not_hold_up_the_mails_behind(desk: Desk) -> None:
    for number in range(3):
        queue(desk, f"mail{number}", to=[f"c{number}@customer.example"])

    def answer(to: Sequence[str]) -> list[RecipientResult]:
        if to[0].startswith("c0"):
            raise ZeroDivisionError("words of the mail")
        return results_for(to, Outcome.SENT, "250 ok")

    assert deliver(desk, FakeTransport(answer)) == 3
    assert [row.state for row in rows(desk)] == ["deferred", "sent", "sent"]
    assert rows(desk)[0].error == "a fault of inboxd (ZeroDivisionError)"


def test_a_database_that_fails_gives_the_rest_of_the_batch_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        queue(desk, f"mail{number}")
    plain = outbox.record_results
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise Transient("disk full")

        broken.setattr(outbox, "record_results", fail)
        transport = FakeTransport()
        with pytest.raises(Transient):
            deliver(desk, transport)
    assert outbox.record_results is plain
    assert [row.state for row in rows(desk)] == ["sending", "queued", "queued"]
    assert len(transport.sent) == 1, "it is not sent again while its lease lasts"
    assert deliver(desk, transport) == 2
    desk.clock.advance(LEASE + timedelta(seconds=1))
    assert deliver(desk, transport) == 1
    assert transport.sent[0] == transport.sent[-1]


def test_retry_sends_a_dead_mail_again(desk: Desk) -> None:
    queue(desk)
    deliver(desk, FakeTransport(says(jane="550 no")))
    desk.clock.advance(timedelta(days=7))
    with desk.database.write() as connection:
        assert outbox.retry(connection, [1], desk.clock.now()) == 1
    transport = FakeTransport()
    _drain(desk, transport)
    assert (JANE,) in [to for _, to, _ in transport.sent]
    assert rows(desk)[0].state == "sent"


def _drain(desk: Desk, transport: FakeTransport | None = None) -> None:
    while deliver(desk, transport or FakeTransport()):
        pass


def _bounced(desk: Desk, address: str) -> bool:
    with desk.database.read() as connection:
        query = sa.text("SELECT bounced_at FROM contact_address WHERE address = :a")
        return connection.execute(query, {"a": address}).scalar() is not None
