"""Whether a mail is the agent's whose name it bears, by the domain's signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.exception
import dns.resolver
import pytest
from desk_kit import CONFIG, JANE, Desk, Sent, letter, make
from dkim_kit import Dns, key, signed

from inboxd.clock import ManualClock
from inboxd.desk import proof
from inboxd.desk.reading import read
from inboxd.dns_txt import TxtRecords, ask_dns
from inboxd.errors import Transient
from inboxd.store import journal

DKIM = CONFIG + "trust: {verify_dkim: true}\n"
BOTH = CONFIG + "trust: {verify_dkim: true, authserv_ids: [mx.shop.example]}\n"
PASS = b"Authentication-Results: mx.shop.example; dkim=pass header.d=shop.example\n"
FAIL = b"Authentication-Results: mx.shop.example; dkim=fail header.d=shop.example\n"


@pytest.fixture
def dns_server(monkeypatch: pytest.MonkeyPatch) -> Dns:
    """A DNS that knows the shop's key; what was fetched before is forgotten."""
    server = Dns(shop_example=key().record())
    monkeypatch.setattr(proof, "records", TxtRecords(server))
    return server


def asked(tmp_path: Path, config: str = DKIM) -> tuple[Desk, Sent]:
    desk = make(tmp_path, config=config)
    desk.customer(message_id="first@customer.example")
    desk.fresh()
    return desk, desk.to("anna@shop.example")


def answer(notification: Sent, sender: str = "Anna <anna@shop.example>") -> bytes:
    return letter(sender, "Re: Where is my tea?", "Tomorrow.\n\n#close\n", to=notification.reply_to)


def send(desk: Desk, raw: bytes, to: str) -> None:
    """Take a mail in as the processor does: the keys are asked for before the transaction."""
    number = desk.journal(raw, to=[to])
    with desk.database.read() as connection:
        (entry,) = journal.due(connection, desk.clock.now(), 10)
    assert entry.id == number
    proof.fetch_keys(desk.shop, entry, read(desk.shop, entry).mail)
    desk.work()


def held(desk: Desk) -> str:
    """Assert that nothing came of a mail but a question to the agent; return the question."""
    assert desk.state() == "open"
    assert desk.kinds() == ["held anna@shop.example"]
    return " ".join(desk.to("anna@shop.example", "held").mail.text.split())


def test_a_signed_answer_is_the_agents(tmp_path: Path, dns_server: Dns) -> None:
    desk, notification = asked(tmp_path)
    send(desk, signed(answer(notification)), notification.reply_to)
    assert desk.state() == "closed"
    assert desk.to("jane@customer.example", "reply").mail.text.startswith("Tomorrow.")
    assert dns_server.asked == ["mail._domainkey.shop.example"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda raw: raw, "the mail is not signed"),
        (lambda raw: signed(raw).replace(b"Tomorrow", b"Never"), "does not fit the mail"),
        (lambda raw: signed(raw, "evil.example"), "the signature is not shop.example's"),
        (lambda raw: signed(raw, length=True), "only a part of the body is signed"),
        (lambda raw: signed(raw, by=key(1)), "does not fit the mail"),
        (lambda raw: PASS + raw, "the mail is not signed"),  # no server is trusted here
    ],
    ids=["unsigned", "altered", "foreign", "in part", "another key", "a server's word"],
)
def test_S13_without_a_signature_of_the_domain_it_is_held(
    tmp_path: Path, dns_server: Dns, change: Callable[[bytes], bytes], why: str
) -> None:
    desk, notification = asked(tmp_path)
    send(desk, change(answer(notification)), notification.reply_to)
    text = held(desk)
    assert "The sender is not authenticated: DKIM: " in text
    assert why in text


def test_S13_without_the_dns_it_is_held_and_the_answer_to_the_question_goes_through(
    tmp_path: Path, dns_server: Dns
) -> None:
    desk, notification = asked(tmp_path)
    dns_server.down = True
    send(desk, signed(answer(notification)), notification.reply_to)
    assert "could not be looked up just now" in held(desk)
    dns_server.down = False
    proof.records = TxtRecords(dns_server)  # half a minute later
    question = desk.to("anna@shop.example", "held")
    send(desk, signed(answer(question)), question.reply_to)
    assert desk.state() == "closed"


def test_nobody_but_agents_makes_us_ask_the_dns(tmp_path: Path, dns_server: Dns) -> None:
    desk, notification = asked(tmp_path)
    for sender in (JANE, "Anna <anna@evil.example>", "a@shop.example"):
        raw = signed(answer(notification, sender), sender.rpartition("@")[2].strip(">"))
        send(desk, raw, notification.reply_to)
    assert dns_server.asked == []


def test_the_dns_is_not_asked_while_mail_is_filed(tmp_path: Path, dns_server: Dns) -> None:
    desk, notification = asked(tmp_path)
    number = desk.journal(signed(answer(notification)), to=[notification.reply_to])
    with desk.database.read() as connection:
        (entry,) = journal.due(connection, desk.clock.now(), 10)
    proof.fetch_keys(desk.shop, entry, read(desk.shop, entry).mail)
    assert entry.id == number
    before = list(dns_server.asked)
    dns_server.down = True
    desk.work()
    assert desk.state() == "closed"
    assert dns_server.asked == before


def test_signatures_are_not_looked_at_unless_the_shop_asks(tmp_path: Path, dns_server: Dns) -> None:
    desk, notification = asked(tmp_path, CONFIG)
    send(desk, answer(notification), notification.reply_to)
    assert desk.state() == "closed"
    assert dns_server.asked == []


@pytest.mark.parametrize(
    ("head", "sign", "state", "asks"),
    [
        (b"", True, "closed", 1),
        (b"", False, "open", 0),
        (PASS, False, "closed", 0),
        (PASS, True, "closed", 0),
        (FAIL, True, "open", 0),
    ],
    ids=["signature alone", "neither", "server alone", "both", "the server says no"],
)
def test_a_trusted_servers_word_comes_before_the_signature(
    tmp_path: Path, dns_server: Dns, head: bytes, sign: bool, state: str, asks: int
) -> None:
    desk, notification = asked(tmp_path, BOTH)
    raw = answer(notification)
    send(desk, head + (signed(raw) if sign else raw), notification.reply_to)
    assert (desk.state(), len(dns_server.asked)) == (state, asks)


# -- the records


def test_records_are_kept_for_a_while() -> None:
    clock = ManualClock(datetime(2030, 5, 6, tzinfo=UTC))
    server = Dns(shop_example=b"v=DKIM1; p=x")
    records = TxtRecords(server, clock)
    there, missing = "mail._domainkey.shop.example", "mail._domainkey.other.example"
    for _ in range(3):
        records.fetch(there)
        records.fetch(missing)
    assert (records.known(there), records.known(missing)) == (b"v=DKIM1; p=x", None)
    assert server.asked == [there, missing]
    clock.advance(timedelta(minutes=2))
    records.fetch(there)
    records.fetch(missing)
    assert server.asked == [there, missing, missing]
    clock.advance(timedelta(minutes=20))
    with pytest.raises(Transient):
        records.known(there)


def test_a_dead_dns_is_asked_once_in_half_a_minute() -> None:
    clock = ManualClock(datetime(2030, 5, 6, tzinfo=UTC))
    server = Dns(shop_example=b"v=DKIM1; p=x")
    server.down = True
    records = TxtRecords(server, clock)
    for number in range(50):
        records.fetch(f"s{number}.example")
    assert len(server.asked) == 1
    with pytest.raises(Transient):
        records.known("s0.example")
    server.down = False
    clock.advance(timedelta(seconds=31))
    records.fetch("mail._domainkey.shop.example")
    assert records.known("mail._domainkey.shop.example") == b"v=DKIM1; p=x"


class _Strings:
    def __init__(self, *strings: bytes) -> None:
        self.strings = strings


class _Answer:
    def __init__(self, *records: _Strings) -> None:
        self.rrset = records or None


@pytest.mark.parametrize(
    ("answer", "record"),
    [
        (_Answer(), None),
        (_Answer(_Strings(b"v=DKIM1; p=a", b"bc")), b"v=DKIM1; p=abc"),
        (_Answer(_Strings(b"spf"), _Strings(b"v=DKIM1; p=a")), b"v=DKIM1; p=a"),
        (dns.resolver.NXDOMAIN(), None),
        (dns.resolver.LifetimeTimeout(timeout=2, errors=[]), Transient),
        (dns.resolver.NoNameservers(), Transient),
        (dns.resolver.NoResolverConfiguration(), Transient),
        (OSError(), Transient),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_the_resolver_says(
    monkeypatch: pytest.MonkeyPatch, answer: _Answer | Exception, record: object
) -> None:
    def resolve(name: str, kind: object, **options: object) -> _Answer:
        assert options["lifetime"] == 2.0
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    if record is Transient:
        with pytest.raises(Transient):
            ask_dns("mail._domainkey.shop.example")
    else:
        assert ask_dns("mail._domainkey.shop.example") == record
