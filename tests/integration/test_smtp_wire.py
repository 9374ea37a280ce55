"""Outgoing SMTP against relays that speak it badly, and what goes over the wire."""

from __future__ import annotations

import socket
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from scripted_relay import PIPELINING_EHLO, PLAIN_EHLO, Line, ScriptedRelay

from inboxd.clock import SystemClock
from inboxd.delivery.smtp_client import SmtpOptions, SmtpTransport
from inboxd.delivery.smtp_wire import ConnectionFault, Wire
from inboxd.delivery.transport import Outcome, RecipientResult
from inboxd.errors import Permanent

SENDER = "support@shop.example"
JANE, JOHN = "jane@a.example", "john@b.example"
MAIL = b"Subject: Hello\r\n\r\nHello\r\n"
PATIENCE = 0.5

Script = Callable[[Line], None]


@contextmanager
def _to(relay: ScriptedRelay, **changes: object) -> Iterator[SmtpTransport]:
    usual = {"host": "127.0.0.1", "port": relay.port, "tls": "none", "timeout": PATIENCE}
    options = SmtpOptions(**usual | {"final_timeout": PATIENCE} | changes)  # type: ignore[arg-type]
    transport = SmtpTransport(options)
    try:
        yield transport
    finally:
        transport.close()


def _send(
    script: Script, *recipients: str, content: bytes = MAIL, **changes: object
) -> tuple[list[RecipientResult], ScriptedRelay]:
    with ScriptedRelay(script) as relay, _to(relay, **changes) as transport:
        return transport.send(SENDER, recipients or [JANE], content), relay


def _outcomes(results: list[RecipientResult]) -> list[Outcome]:
    return [result.outcome for result in results]


def _obliging(line: Line) -> None:
    line.greet()
    line.take_mails()


def test_the_dialogue_as_it_is_heard() -> None:
    with ScriptedRelay(_obliging) as relay:
        with _to(relay, local_hostname="shop.example") as transport:
            for number in range(2):
                transport.send(SENDER, [JANE, JOHN], b"%d\r\n" % number)
        assert relay.heard.decode().split("\r\n") == [
            "EHLO shop.example",
            "MAIL FROM:<support@shop.example> SIZE=3",
            "RCPT TO:<jane@a.example>",
            "RCPT TO:<john@b.example>",
            "DATA",
            "0",
            ".",
            "RSET",
            "MAIL FROM:<support@shop.example> SIZE=3",
            "RCPT TO:<jane@a.example>",
            "RCPT TO:<john@b.example>",
            "DATA",
            "1",
            ".",
            "QUIT",
            "",
        ]


def test_size_counts_neither_doubled_dots_nor_the_final_one() -> None:
    _, relay = _send(_obliging, content=b".\r\n.a\n")
    assert b"SIZE=7\r\n" in relay.heard
    assert relay.mails == [b"..\r\n..a\r\n"]


@pytest.mark.parametrize("offered", [True, False])
def test_8bitmime_is_announced_where_it_is_offered_and_needed(offered: bool) -> None:
    def script(line: Line) -> None:
        line.greet(b"250-relay\r\n250-8BITMIME\r\n250 HELP\r\n" if offered else PLAIN_EHLO)
        line.take_mails()

    assert b"BODY=" not in _send(script)[1].heard
    assert (b"BODY=8BITMIME" in _send(script, content=b"\xc3\xbc\r\n")[1].heard) is offered


def test_without_smtputf8_only_who_needs_it_is_dead() -> None:
    results, relay = _send(_obliging, "jürgen@a.example", JANE, "jane@bücher.example")
    assert _outcomes(results) == [Outcome.DEAD, Outcome.SENT, Outcome.SENT]
    assert "offers no SMTPUTF8" in results[0].reply
    assert b"RCPT TO:<jane@xn--bcher-kva.example>\r\n" in relay.heard
    assert relay.heard.isascii()


def test_without_smtputf8_a_sender_who_needs_it_sends_nothing() -> None:
    with ScriptedRelay(_obliging) as relay, _to(relay) as transport:
        assert _outcomes(transport.send("süß@shop.example", [JANE], MAIL)) == [Outcome.DEAD]
        assert b"MAIL" not in relay.heard


# --- pipelining (RFC 2920) ------------------------------------------------------------------------


def test_pipelining_puts_mail_rcpt_and_data_into_one_round_trip() -> None:
    together: list[bytes] = []

    def script(line: Line) -> None:
        line.greet(PIPELINING_EHLO)
        together.append(line.read_some())
        line.say(b"250 ok\r\n250 ok\r\n550 5.1.1 no such user\r\n354 go\r\n")
        line.hear_data()
        line.say(b"250 2.0.0 taken\r\n")
        line.take_mails()

    results, relay = _send(script, JANE, JOHN)
    assert together[0].count(b"\r\n") == 4
    assert together[0].endswith(b"DATA\r\n")
    assert _outcomes(results) == [Outcome.SENT, Outcome.DEAD]
    assert relay.mails == [MAIL]


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (b"250 ok\r\n550 5.1.1 no\r\n554 5.5.1 no valid recipients\r\n", Outcome.DEAD),
        (b"550 5.7.1 not you\r\n503 5.5.1 MAIL first\r\n503 5.5.1 RCPT first\r\n", Outcome.DEAD),
        (b"450 4.7.1 later\r\n503 5.5.1 MAIL first\r\n503 5.5.1 RCPT first\r\n", Outcome.DEFERRED),
        (b"250 ok\r\n250 ok\r\n452 4.3.1 disk full\r\n", Outcome.DEFERRED),
    ],
)
def test_a_refused_pipeline_leaves_the_connection_good(answers: bytes, outcome: Outcome) -> None:
    def script(line: Line) -> None:
        line.greet(PIPELINING_EHLO)
        line.read_some()
        line.say(answers)
        assert line.hear() == b"RSET"
        line.say(b"250 ok\r\n")
        line.read_some()
        line.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
        line.hear_data()
        line.say(b"250 ok\r\n")
        line.take_mails()

    with ScriptedRelay(script) as relay, _to(relay) as transport:
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [outcome]
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.SENT]
        assert len(relay.lines) == 1


def test_told_to_go_on_without_a_recipient_sends_no_mail() -> None:
    def script(line: Line) -> None:
        line.greet(PIPELINING_EHLO)
        line.read_some()
        line.say(b"250 ok\r\n550 5.1.1 no\r\n354 go\r\n")
        line.hear_data()

    with ScriptedRelay(script, _obliging) as relay, _to(relay) as transport:
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.DEAD]
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.SENT]
        assert relay.lines[0].heard.endswith(b"DATA\r\n"), "the relay is still reading a mail"
        assert relay.mails == [MAIL]


def test_many_recipients_are_pipelined_in_batches() -> None:
    def script(line: Line) -> None:
        line.greet(PIPELINING_EHLO)
        line.take_mails()

    recipients = [f"customer{n}@a.example" for n in range(180)]
    results, relay = _send(script, *recipients)
    assert _outcomes(results) == [Outcome.SENT] * 180
    assert [result.address for result in results] == recipients
    assert relay.mails == [MAIL]


# --- relays that speak badly ----------------------------------------------------------------------


def _instead_of_ehlos_answer(answer: bytes) -> Script:
    def script(line: Line) -> None:
        line.say(b"220 relay.example\r\n")
        line.hear()
        line.say(answer)
        line.hear()

    return script


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"25 ok\r\n",
        b"250ok\r\n",
        b"999 ok\r\n",
        b"150 ok\r\n",
        b"\r\n",
        b"250-a\r\n550 b\r\n",
        b"250 " + b"a" * 10_000,
        b"250-a\r\n" * 10_000,
        "²50 ok\r\n".encode(),
    ],
)
def test_what_is_no_smtp_defers(answer: bytes) -> None:
    results, _ = _send(_instead_of_ehlos_answer(answer))
    assert _outcomes(results) == [Outcome.DEFERRED]
    assert "its answer to EHLO is" in results[0].reply, "not left waiting for more"


def test_an_answer_that_drips_in_has_to_be_whole_in_time() -> None:
    def script(line: Line) -> None:
        for octet in b"220 " + b"a" * 100:
            line.say(bytes([octet]))
            time.sleep(PATIENCE / 5)

    began = time.monotonic()
    results, _ = _send(script)
    assert _outcomes(results) == [Outcome.DEFERRED]
    assert time.monotonic() - began < PATIENCE * 4


def test_an_answer_that_came_too_late_is_not_read() -> None:
    class Leaping(SystemClock):
        """Between any two looks at it, more time has gone than an answer may take."""

        def __init__(self) -> None:
            self._seconds = 0.0

        def monotonic(self) -> float:
            self._seconds += PATIENCE * 2
            return self._seconds

    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"220 relay\r\n")
        with pytest.raises(ConnectionFault, match=r"no answer to the connection within 0\.5 s"):
            Wire(ours, "relay", PATIENCE, Leaping()).reply("the connection")


def test_an_answer_too_many_is_not_taken_for_that_to_the_mail() -> None:
    """Shifted by one answer, the 250 to an earlier command would stand for the mail's."""

    def script(line: Line) -> None:
        line.greet()
        line.hear()
        line.say(b"250 ok\r\n250 ok\r\n")
        line.hear()

    results, _ = _send(script)
    assert _outcomes(results) == [Outcome.DEFERRED]
    assert "more than it was asked" in results[0].reply


def test_a_250_that_comes_ahead_of_the_mail_does_not_count() -> None:
    def script(line: Line) -> None:
        line.greet()
        for _ in range(2):
            line.hear()
            line.say(b"250 ok\r\n")
        line.hear()
        line.say(b"354 go\r\n250 taken\r\n")
        line.hear_data()

    assert _outcomes(_send(script)[0]) == [Outcome.DEFERRED]


@pytest.mark.parametrize("answer", [b"250 ok\r\n", b"334 go\r\n"])
def test_only_354_asks_for_the_mail(answer: bytes) -> None:
    def script(line: Line) -> None:
        line.greet()
        for _ in range(2):
            line.hear()
            line.say(b"250 ok\r\n")
        line.hear()
        line.say(answer)
        line.hear_data()

    with ScriptedRelay(script, _obliging) as relay, _to(relay) as transport:
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.DEFERRED]
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.SENT]
        assert relay.lines[0].heard.endswith(b"DATA\r\n")
        assert relay.mails == [MAIL]


@pytest.mark.parametrize("answer", [b"421 4.3.2 closing\r\n", b"354 more\r\n"])
def test_a_connection_is_left_after_an_answer_that_ends_it(answer: bytes) -> None:
    def script(line: Line) -> None:
        line.greet()
        line.take_mails(answer)

    with ScriptedRelay(script, _obliging) as relay, _to(relay) as transport:
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.DEFERRED]
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.SENT]
        assert relay.lines[0].heard.endswith(b"\r\n.\r\n")
        assert len(relay.lines) == 2


def _stops_reading(last_word: bytes) -> Script:
    def script(line: Line) -> None:
        line.greet()
        for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            line.hear()
            line.say(answer)
        line.read_some()
        line.say(last_word)
        time.sleep(PATIENCE * 2)

    return script


@pytest.mark.parametrize(
    ("last_word", "outcome", "reply"),
    [
        (b"", Outcome.DEFERRED, "sending failed: timed out"),
        (b"552 5.3.4 too large\r\n", Outcome.DEAD, "552 5.3.4 too large"),
        (b"451 4.3.0 disk full\r\n", Outcome.DEFERRED, "451 4.3.0 disk full"),
        (b"421 4.3.2 closing\r\n", Outcome.DEFERRED, "421 4.3.2 closing"),
        (b"250 2.0.0 taken\r\n", Outcome.DEFERRED, "sending failed: timed out"),
    ],
)
def test_a_relay_that_stops_reading_amid_the_mail(
    last_word: bytes, outcome: Outcome, reply: str
) -> None:
    large = b"a\r\n" * 3_000_000
    with ScriptedRelay(_stops_reading(last_word), receive_buffer=8192) as relay:
        with _to(relay) as transport:
            results = transport.send(SENDER, [JANE], large)
    assert _outcomes(results) == [outcome]
    assert results[0].reply.endswith(reply)


# --- kept connections -----------------------------------------------------------------------------


def _one_mail_then(last: Script) -> Script:
    def script(line: Line) -> None:
        line.greet()
        for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            line.hear()
            line.say(answer)
        line.hear_data()
        line.say(b"250 taken\r\n")
        last(line)

    return script


def _falls_silent(line: Line) -> None:
    while True:
        line.hear()


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(lambda line: line.close(), id="closed"),
        pytest.param(lambda line: line.say(b"421 4.4.2 idle for too long\r\n"), id="421"),
        pytest.param(_falls_silent, id="black hole"),
        pytest.param(lambda line: (line.hear(), line.say(b"500 what?\r\n")), id="no RSET"),
    ],
)
def test_a_connection_that_died_while_idle_is_replaced(last: Script) -> None:
    with ScriptedRelay(_one_mail_then(last), _obliging) as relay, _to(relay) as transport:
        for _ in range(3):
            assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.SENT]
            time.sleep(0.05)
        assert len(relay.lines) == 2
        assert relay.mails == [MAIL] * 3


# --- logging in -----------------------------------------------------------------------------------

USER, PASSWORD = "shop", "naïve secret"
PLAIN = b64encode(f"\0{USER}\0{PASSWORD}".encode())


def _login_dialogue(offered: bytes, *exchange: tuple[bytes, bytes]) -> Script:
    def script(line: Line) -> None:
        line.greet(b"250-relay\r\n250-" + offered + b"\r\n250 HELP\r\n")
        for heard, answer in exchange:
            assert line.hear() == heard
            line.say(answer + b"\r\n")
        line.take_mails()

    return script


@pytest.mark.parametrize(
    "script",
    [
        _login_dialogue(b"AUTH PLAIN LOGIN", (b"AUTH PLAIN " + PLAIN, b"235 ok")),
        _login_dialogue(b"auth plain", (b"AUTH PLAIN " + PLAIN, b"334 "), (PLAIN, b"235 ok")),
        _login_dialogue(b"AUTH=PLAIN", (b"AUTH PLAIN " + PLAIN, b"235 ok")),
        _login_dialogue(
            b"AUTH LOGIN XOAUTH2",
            (b"AUTH LOGIN", b"334 VXNlcm5hbWU6"),
            (b64encode(USER.encode()), b"334 UGFzc3dvcmQ6"),
            (b64encode(PASSWORD.encode()), b"235 ok"),
        ),
    ],
    ids=["PLAIN", "PLAIN asked again", "AUTH= form", "LOGIN"],
)
def test_logging_in(script: Script) -> None:
    results, relay = _send(script, user=USER, password=PASSWORD)
    assert _outcomes(results) == [Outcome.SENT]
    assert relay.mails == [MAIL]


def test_cram_md5_keeps_the_password_at_home_where_there_is_no_tls() -> None:
    """The example of RFC 2195 section 2."""
    challenge = b64encode(b"<1896.697170952@postoffice.reston.mci.net>")
    answer = b64encode(b"tim b913a602c7eda7a495b4e6e7334d3890")
    script = _login_dialogue(
        b"AUTH PLAIN CRAM-MD5", (b"AUTH CRAM-MD5", b"334 " + challenge), (answer, b"235 ok")
    )
    results, _ = _send(script, user="tim", password="tanstaaftanstaaf")
    assert _outcomes(results) == [Outcome.SENT]


@pytest.mark.parametrize("challenge", [b"334 not base64!", b"334 \xff", b"334 abc"])
def test_a_challenge_that_is_none_defers(challenge: bytes) -> None:
    script = _login_dialogue(b"AUTH CRAM-MD5", (b"AUTH CRAM-MD5", challenge))
    results, _ = _send(script, user=USER, password=PASSWORD)
    assert _outcomes(results) == [Outcome.DEFERRED]


@pytest.mark.parametrize(
    ("offer", "named"), [(b"HELP", "none"), (b"AUTH XOAUTH2 GSSAPI", "XOAUTH2 GSSAPI")]
)
def test_no_way_to_log_in_is_said_before_anything_is_sent(offer: bytes, named: str) -> None:
    script = _login_dialogue(offer)
    with ScriptedRelay(script) as relay, _to(relay, user=USER, password=PASSWORD) as transport:
        with pytest.raises(Permanent, match=rf"no way to log in .*\({named}\)"):
            transport.check()
        assert _outcomes(transport.send(SENDER, [JANE], MAIL)) == [Outcome.DEFERRED]
        assert b"MAIL" not in relay.heard


def test_a_relay_that_asks_for_ever_is_left() -> None:
    def script(line: Line) -> None:
        line.greet(b"250-relay\r\n250 AUTH LOGIN\r\n")
        while line.hear():
            line.say(b"334 more\r\n")

    results, _ = _send(script, user=USER, password=PASSWORD)
    assert _outcomes(results) == [Outcome.DEFERRED]


def test_a_password_that_the_relay_repeats_is_concealed() -> None:
    echo = b"535 5.7.8 AUTH PLAIN " + PLAIN + b" or " + PASSWORD.encode() + b": wrong"
    script = _login_dialogue(b"AUTH PLAIN", (b"AUTH PLAIN " + PLAIN, echo))
    results, _ = _send(script, user=USER, password=PASSWORD)
    assert _outcomes(results) == [Outcome.DEFERRED]
    assert results[0].reply.endswith(
        "refused the login of shop: 535 5.7.8 AUTH PLAIN [concealed] or [concealed]: wrong"
    )
    with ScriptedRelay(script) as relay, _to(relay, user=USER, password=PASSWORD) as transport:
        with pytest.raises(Permanent) as refusal:
            transport.check()
    assert PASSWORD not in str(refusal.value)
    assert PLAIN.decode() not in str(refusal.value)


@pytest.mark.parametrize(
    ("ehlo", "login", "refusal", "outcome"),
    [
        (b"250 AUTH PLAIN\r\n", False, b"554 5.7.1 access denied\r\n", Outcome.DEFERRED),
        (b"250 AUTH PLAIN\r\n", False, b"550 5.1.1 no such user\r\n", Outcome.DEAD),
        (b"250 AUTH PLAIN\r\n", True, b"554 5.7.1 access denied\r\n", Outcome.DEAD),
        (b"250 HELP\r\n", False, b"554 5.7.1 access denied\r\n", Outcome.DEAD),
    ],
    ids=["forgotten login", "no such user", "logged in", "no logins here"],
)
def test_a_forgotten_login_kills_no_mail(
    ehlo: bytes, login: bool, refusal: bytes, outcome: Outcome
) -> None:
    def script(line: Line) -> None:
        line.greet(b"250-relay\r\n" + ehlo)
        while (command := line.hear()) != b"QUIT":
            if command.startswith(b"AUTH"):
                line.say(b"235 ok\r\n")
            else:
                line.say(refusal if command.startswith(b"RCPT") else b"250 ok\r\n")

    credentials = {"user": USER, "password": PASSWORD} if login else {}
    results, _ = _send(script, **credentials)
    assert _outcomes(results) == [outcome]
