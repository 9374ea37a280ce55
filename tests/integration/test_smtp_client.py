"""Outgoing SMTP against a server that misbehaves at every point of the dialogue (R14)."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from certificates import Authority
from smtp_sink import Fault, SmtpSink

from inboxd.clock import ManualClock
from inboxd.delivery.smtp_client import SmtpOptions, SmtpTransport
from inboxd.delivery.transport import Outcome
from inboxd.errors import Permanent, Transient

SENDER = "support+token@shop.example"
JANE, JOHN, KIM = "jane@a.example", "john@b.example", "kim@c.example"
MAIL = b"From: support@shop.example\r\nSubject: Hello\r\n\r\nHello\r\n.hidden\r\n..\r\nbye\r\n"
USER, PASSWORD = "shop", "pässwörd 32"
PATIENCE = 0.4  # seconds that the client waits in these tests

Connect = Callable[..., SmtpTransport]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def _relay(authority: Authority) -> Iterator[SmtpSink]:
    pair = authority.issue("relay")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.cert, pair.key)
    server = SmtpSink(context, users={USER: PASSWORD})
    yield server
    server.close()


@pytest.fixture
def relay(_relay: SmtpSink) -> SmtpSink:
    """A relay that offers STARTTLS and knows one user."""
    _relay.clear()
    return _relay


@pytest.fixture
def connect(relay: SmtpSink, authority: Authority) -> Iterator[Connect]:
    """Make transports to the relay, logged in over STARTTLS unless told otherwise."""
    made: list[SmtpTransport] = []

    def make(clock: ManualClock | None = None, **changes: object) -> SmtpTransport:
        usual = {
            "host": "localhost",
            "port": relay.port,
            "user": USER,
            "password": PASSWORD,
            "ca_file": authority.ca_file,
            "timeout": PATIENCE,
            "final_timeout": PATIENCE,
        }
        made.append(SmtpTransport(SmtpOptions(**usual | changes), clock))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for transport in made:
        transport.close()


def _outcomes(transport: SmtpTransport, *recipients: str) -> list[Outcome]:
    return [r.outcome for r in transport.send(SENDER, recipients or (JANE,), MAIL)]


def _connections(relay: SmtpSink) -> int:
    return relay.commands.count("CONNECT")


def test_a_mail_arrives_as_it_is(relay: SmtpSink, connect: Connect) -> None:
    (result,) = connect().send(SENDER, [JANE], MAIL)
    assert (result.address, result.outcome) == (JANE, Outcome.SENT)
    assert result.reply == "250 2.0.0 kept"
    (mail,) = relay.accepted
    assert (mail.sender, mail.recipients, mail.raw) == (SENDER, (JANE,), MAIL)
    assert (mail.user, mail.tls) == (USER, True)


# --- R14: four faults at each point of the dialogue ---------------------------------------------

FAULTS = {
    "4xx": "451 4.3.0 later",
    "5xx": "554 5.7.1 never",
    "hang": Fault.HANG,
    "close": Fault.CLOSE,
}
ABOUT_THE_MAIL = ("MAIL", "RCPT", "DATA", "DOT")
POINTS = ("CONNECT", "EHLO", "STARTTLS", "AUTH", *ABOUT_THE_MAIL, "QUIT")


def _expected(point: str, fault: str) -> Outcome:
    if point == "QUIT":
        return Outcome.SENT
    return Outcome.DEAD if point in ABOUT_THE_MAIL and fault == "5xx" else Outcome.DEFERRED


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("point", POINTS)
def test_R14_cell(relay: SmtpSink, connect: Connect, point: str, fault: str) -> None:
    transport = connect()
    relay.script(point, FAULTS[fault])
    began = time.monotonic()
    (result,) = transport.send(SENDER, [JANE], MAIL)
    transport.close()
    assert time.monotonic() - began < PATIENCE + 2
    assert (result.address, result.outcome) == (JANE, _expected(point, fault))
    assert len(relay.accepted) == (point == "QUIT")
    assert len(relay.received) == (point in ("DOT", "QUIT"))
    assert _connections(relay) == 1, "a fault of a new connection waits for the backoff"
    if fault in ("4xx", "5xx") and point != "QUIT":
        assert str(FAULTS[fault]) in result.reply
    relay.clear()
    assert _outcomes(transport) == [Outcome.SENT], "it must go on by itself"
    assert len(relay.accepted) == 1


@pytest.mark.parametrize("point", POINTS[:-1])
def test_R14_421_defers_wherever_it_comes(relay: SmtpSink, connect: Connect, point: str) -> None:
    relay.script(point, "421 4.3.2 shutting down")
    (result,) = connect().send(SENDER, [JANE], MAIL)
    assert result.outcome is Outcome.DEFERRED
    assert "421 4.3.2 shutting down" in result.reply
    assert relay.accepted == []


def test_R14_421_amid_the_recipients_defers_all_and_nothing_is_sent_at_once(
    relay: SmtpSink, connect: Connect
) -> None:
    transport = connect()
    assert _outcomes(transport) == [Outcome.SENT]
    relay.script("RCPT", None, "421 4.3.2 shutting down")
    results = transport.send(SENDER, [JANE, JOHN, KIM], MAIL)
    assert [r.outcome for r in results] == [Outcome.DEFERRED] * 3
    assert {r.reply for r in results} == {"421 4.3.2 shutting down"}
    assert _connections(relay) == 1
    assert len(relay.received) == 1


@pytest.mark.parametrize("reply", ["530 5.7.0 STARTTLS first", "503 5.5.1 not now", "502 5.5.1 no"])
@pytest.mark.parametrize("point", ["MAIL", "RCPT", "DATA"])
def test_R14_a_relay_that_is_set_up_wrongly_kills_no_mail(
    relay: SmtpSink, connect: Connect, point: str, reply: str
) -> None:
    relay.script(point, reply)
    assert _outcomes(connect()) == [Outcome.DEFERRED]


def test_R14_nobody_listens(connect: Connect) -> None:
    (result,) = connect(port=1).send(SENDER, [JANE], MAIL)
    assert result.outcome is Outcome.DEFERRED
    assert result.reply == "localhost:1: cannot connect: Connection refused"


def test_R14_the_name_is_not_known(connect: Connect) -> None:
    assert _outcomes(connect(host="nowhere.invalid")) == [Outcome.DEFERRED]


# --- per-recipient results ----------------------------------------------------------------------


def test_R14_each_recipient_has_a_result_of_his_own(relay: SmtpSink, connect: Connect) -> None:
    relay.refuse(JANE, "550 5.1.1 no such user")
    relay.refuse(KIM, "450 4.2.0 busy")
    results = connect().send(SENDER, [JANE, JOHN, KIM], MAIL)
    assert [(r.address, r.outcome, r.reply) for r in results] == [
        (JANE, Outcome.DEAD, "550 5.1.1 no such user"),
        (JOHN, Outcome.SENT, "250 2.0.0 kept"),
        (KIM, Outcome.DEFERRED, "450 4.2.0 busy"),
    ]
    assert [mail.recipients for mail in relay.accepted] == [(JOHN,)]


def test_R14_nobody_accepted_means_no_data(relay: SmtpSink, connect: Connect) -> None:
    relay.always("RCPT", "550 5.1.1 no such user")
    transport = connect()
    assert _outcomes(transport, JANE, JOHN) == [Outcome.DEAD, Outcome.DEAD]
    assert "DATA" not in relay.commands
    relay.clear()
    assert _outcomes(transport) == [Outcome.SENT]
    assert _connections(relay) == 0, "the connection is still good"


def test_too_many_recipients_are_no_dead_recipients(relay: SmtpSink, connect: Connect) -> None:
    """RFC 5321 section 4.5.3.1.10: 552 behind an accepted recipient may only mean too many."""
    relay.refuse(JOHN, "552 5.5.3 too many recipients")
    transport = connect()
    assert _outcomes(transport, JANE, JOHN) == [Outcome.SENT, Outcome.DEFERRED]
    assert _outcomes(transport, JOHN) == [Outcome.DEAD]


def test_what_is_no_address_is_dead_and_the_others_are_sent(
    relay: SmtpSink, connect: Connect
) -> None:
    transport = connect()
    smuggled = f"x@a.example>\r\nRCPT TO:<{KIM}"
    assert _outcomes(transport, JANE, smuggled) == [Outcome.SENT, Outcome.DEAD]
    assert [r.outcome for r in transport.send(smuggled, [JANE], MAIL)] == [Outcome.DEAD]
    assert [mail.recipients for mail in relay.accepted] == [(JANE,)]


def test_no_recipients_need_no_connection(relay: SmtpSink, connect: Connect) -> None:
    assert connect().send(SENDER, [], MAIL) == []
    assert _connections(relay) == 0


def test_the_null_sender(relay: SmtpSink, connect: Connect) -> None:
    connect().send("", [JANE], MAIL)
    assert [mail.sender for mail in relay.accepted] == ["<>"]  # as aiosmtpd keeps it


def test_a_servers_word_becomes_one_short_printable_line(relay: SmtpSink, connect: Connect) -> None:
    relay.script("RCPT", "550-5.1.1 \x1b[31mno\x07\r\n550 5.1.1 such\tuser " + "x" * 600)
    (result,) = connect().send(SENDER, [JANE], MAIL)
    assert result.reply.startswith("550 5.1.1 [31mno such user xxx")
    assert len(result.reply) == 500


# --- pitfall 25: a timeout behind the final dot ---------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.CLOSE])
@pytest.mark.parametrize("earlier_mails", [0, 1])
def test_pitfall_25_silence_after_data_is_one_deferred_result(
    relay: SmtpSink, connect: Connect, fault: Fault, earlier_mails: int
) -> None:
    transport = connect()
    for _ in range(earlier_mails):
        assert _outcomes(transport) == [Outcome.SENT]
    relay.clear()
    relay.script("DOT", fault)
    results = transport.send(SENDER, [JANE], MAIL)
    assert [r.outcome for r in results] == [Outcome.DEFERRED]
    assert "it may have taken the mail" in results[0].reply
    assert len(relay.received) == 1, "sent again at once"
    assert relay.commands.count("DATA") == 1


def test_pitfall_25_the_final_answer_has_time(relay: SmtpSink, connect: Connect) -> None:
    """RFC 5321 section 4.5.3.2.6: hanging up early there is what makes duplicates."""
    transport = connect(final_timeout=None)
    relay.script("DOT", Fault.HANG)
    began = time.monotonic()
    assert _outcomes(transport) == [Outcome.DEFERRED]
    assert 10 * PATIENCE <= time.monotonic() - began < 10 * PATIENCE + 2


# --- one connection for many mails ----------------------------------------------------------------


def test_five_mails_take_one_connection(relay: SmtpSink, connect: Connect) -> None:
    transport = connect()
    assert [_outcomes(transport) for _ in range(5)] == [[Outcome.SENT]] * 5
    assert _connections(relay) == 1
    assert len(relay.accepted) == 5


def test_a_connection_carries_no_more_than_it_should(relay: SmtpSink, connect: Connect) -> None:
    transport = connect(max_per_connection=2)
    assert [_outcomes(transport) for _ in range(5)] == [[Outcome.SENT]] * 5
    assert _connections(relay) == 3
    assert relay.commands.count("QUIT") == 2


def test_an_idle_connection_is_not_used_again(relay: SmtpSink, connect: Connect) -> None:
    clock = ManualClock(datetime(2024, 1, 1, tzinfo=UTC))
    transport = connect(clock, idle_close=30)
    _outcomes(transport)
    clock.advance(timedelta(seconds=29))
    _outcomes(transport)
    assert _connections(relay) == 1
    clock.advance(timedelta(seconds=31))
    _outcomes(transport)
    assert _connections(relay) == 2
    transport.close_idle()
    assert relay.commands[-1] != "QUIT"
    clock.advance(timedelta(seconds=31))
    transport.close_idle()
    assert relay.commands[-1] == "QUIT"


@pytest.mark.parametrize("point", ["MAIL", "RCPT", "DATA"])
def test_a_kept_connection_that_breaks_is_replaced_at_once(
    relay: SmtpSink, connect: Connect, point: str
) -> None:
    transport = connect()
    assert _outcomes(transport) == [Outcome.SENT]
    relay.script(point, Fault.CLOSE)
    assert _outcomes(transport) == [Outcome.SENT]
    assert _connections(relay) == 2
    assert len(relay.received) == 2, "once each"


def test_a_relay_that_breaks_every_connection_is_tried_twice_and_no_more(
    relay: SmtpSink, connect: Connect
) -> None:
    transport = connect()
    assert _outcomes(transport) == [Outcome.SENT]
    relay.always("MAIL", Fault.CLOSE)
    assert _outcomes(transport) == [Outcome.DEFERRED]
    assert _connections(relay) == 2


def test_close_says_quit_and_the_next_mail_connects_again(
    relay: SmtpSink, connect: Connect
) -> None:
    transport = connect()
    _outcomes(transport)
    transport.close()
    transport.close()
    assert relay.commands.count("QUIT") == 1
    assert _outcomes(transport) == [Outcome.SENT]


# --- extensions -----------------------------------------------------------------------------------


def test_an_address_that_is_not_ascii_where_the_relay_takes_it(
    relay: SmtpSink, connect: Connect
) -> None:
    assert (
        _outcomes(connect(), "jürgen@bücher.example", "jane@bücher.example") == [Outcome.SENT] * 2
    )
    assert relay.accepted[0].recipients == ("jürgen@bücher.example", "jane@xn--bcher-kva.example")


def test_a_large_mail_arrives_whole(relay: SmtpSink, connect: Connect) -> None:
    mail = b"Subject: large\r\n\r\n" + b".a line that starts with a dot\r\n" * 150_000
    transport = connect(timeout=10, final_timeout=20)
    assert [r.outcome for r in transport.send(SENDER, [JANE], mail)] == [Outcome.SENT]
    assert relay.accepted[0].raw == mail


def test_a_mail_that_is_too_large_is_refused_before_it_is_sent(authority: Authority) -> None:
    small = SmtpSink(size_limit=1000)
    transport = SmtpTransport(SmtpOptions(host="127.0.0.1", port=small.port, tls="none"))
    try:
        (result,) = transport.send(SENDER, [JANE], b"x: y\r\n\r\n" + b"a\r\n" * 400)
    finally:
        transport.close()
        small.close()
    assert result.outcome is Outcome.DEAD
    assert result.reply.startswith("552")
    assert "DATA" not in small.commands


# --- check ----------------------------------------------------------------------------------------


def test_check_says_what_it_found_and_sends_nothing(relay: SmtpSink, connect: Connect) -> None:
    found = connect().check()
    assert found == (
        f"localhost:{relay.port}: TLSv1.3, certificate verified; logged in as shop (PLAIN); "
        "takes mails of up to 33554432 octets"
    )
    assert relay.commands[-1] == "QUIT"
    assert "MAIL" not in relay.commands


def test_check_of_a_wrong_password(connect: Connect) -> None:
    with pytest.raises(Permanent, match="refused the login of shop: 535") as refusal:
        connect(password="wröng guess").check()
    assert "guess" not in str(refusal.value)


@pytest.mark.parametrize(
    ("point", "fault", "error"),
    [
        ("CONNECT", "554 5.3.2 go away", Permanent),
        ("CONNECT", "421 4.3.2 busy", Transient),
        ("EHLO", "501 5.5.4 bad name", Permanent),
        ("STARTTLS", "454 4.7.0 TLS not available", Transient),
        ("AUTH", "454 4.7.0 cannot check", Transient),
        ("AUTH", Fault.HANG, Transient),
        ("AUTH", Fault.CLOSE, Transient),
    ],
)
def test_check_tells_what_waiting_cures_from_what_it_does_not(
    relay: SmtpSink, connect: Connect, point: str, fault: str | Fault, error: type[Exception]
) -> None:
    relay.script(point, fault)
    with pytest.raises(error, match=f"localhost:{relay.port}"):
        connect().check()


def test_check_of_a_relay_on_loopback(connect: Connect) -> None:
    found = connect(tls="none", user=None, password=None).check()
    assert "in the clear; no login" in found


# --- stopping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["CONNECT", "STARTTLS", "MAIL", "DOT"])
def test_R16_interrupt_ends_a_send_that_waits(
    relay: SmtpSink, connect: Connect, point: str
) -> None:
    transport = connect(timeout=30, final_timeout=30)
    relay.script(point, Fault.HANG)
    outcomes: list[Outcome] = []
    courier = threading.Thread(target=lambda: outcomes.extend(_outcomes(transport)))
    courier.start()
    while not any(command.startswith(point) for command in relay.commands):
        time.sleep(0.01)
    transport.interrupt()
    courier.join(5)
    assert not courier.is_alive()
    assert outcomes == [Outcome.DEFERRED]
    before = _connections(relay)
    assert _outcomes(transport) == [Outcome.DEFERRED], "no mail is begun after that"
    assert _connections(relay) == before
