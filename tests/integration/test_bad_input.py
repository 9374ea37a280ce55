"""Bad mail, wrong passwords, servers that are down and a full disk: nothing is lost or hidden."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from loopback import HOST, eventually, free_port
from proxy import Proxy
from servers import PASSWORD, Dovecot, Postfix
from shop import Shop, read, text_of
from test_whole_way_imap import imap_shop, submission

from inboxd.clock import OffsetClock

pytestmark = pytest.mark.servers

JANE_FIELD = b"From: Jane <jane@customers.example>\r\n"
UNREADABLE = {
    "binary garbage": bytes(range(256)).replace(b"\r", b"").replace(b"\n", b"\r\n") * 40,
    "one NUL byte": b"\0",
    "empty body": JANE_FIELD + b"Subject: nothing\r\n\r\n",
    "header without end": JANE_FIELD + b"Subject: no end",
    "no header": b"\r\nJust words, no header.\r\n",
    "boundary that never comes": JANE_FIELD
    + b'Content-Type: multipart/mixed; boundary="never"\r\n\r\nThe preamble is all there is.\r\n',
    "unclosed part": JANE_FIELD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: text/plain; charset=no-such-charset\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nVGhpcyBpcyBvZGQ\r\n",
    "nested 200 deep": JANE_FIELD
    + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(200)
    )
    + b"\r\ndeep\r\n",
    "two authors, broken ids": b"From: a@x.example, b@y.example\r\nMessage-ID: <>\r\n"
    b"References: <a@[\r\nDate: Fri, 99 Foo 99999 99:99:99 +9999\r\n\r\nHm.\r\n",
    "8-bit everywhere": "From: Jörg <j@x.example>\r\nSubject: Größe\r\n\r\nÄÖÜ\r\n".encode(
        "latin-1"
    ),
}


def _lmtp(shop: Shop) -> smtplib.LMTP:
    return smtplib.LMTP(HOST, shop.lmtp_port, timeout=30)


def _with_smtp(shop: Shop, **limits: object) -> Shop:
    """Let the shop listen for SMTP, too."""
    shop.config["listen"]["smtp"] = {"host": HOST, "port": 0, "limits": limits}
    return shop


@pytest.fixture
def shop(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> Shop:
    return Shop(tmp_path, dovecot, postfix, rules="[]\n")


def test_unreadable_mail_is_still_a_conversation(shop: Shop) -> None:
    with shop.running():
        for number, raw in enumerate(UNREADABLE.values(), 1):
            with _lmtp(shop) as client:
                client.sendmail(f"sender{number}@elsewhere.example", [shop.address], raw)
        eventually(lambda: shop.journal_states() == {"applied": len(UNREADABLE)}, 30)
        shop.wait_until_quiet()
        assert len(shop.conversations()) == len(UNREADABLE)
        assert [len(each["messages"]) for each in shop.conversations()] == [1] * len(UNREADABLE)
        # Each one has been shown to each agent, in a mail that is itself well-formed.
        inbox = shop.inbox(shop.bert)
        assert len(inbox) == len(UNREADABLE)
        assert {read(raw)["Subject"].split()[0] for raw in inbox} == {
            f"[#{number}]" for number in range(1, len(UNREADABLE) + 1)
        }
        assert any("Just words, no header." in text_of(raw) for raw in inbox)
        assert any("The preamble is all there is." in text_of(raw) for raw in inbox)


def test_the_mail_behind_an_unreadable_one_is_not_held_up(shop: Shop) -> None:
    """Pitfall 7."""
    with shop.running():
        with _lmtp(shop) as client:
            client.sendmail("x@elsewhere.example", [shop.address], UNREADABLE["binary garbage"])
            client.sendmail(shop.jane, [shop.address], bytes(shop.compose(shop.jane, "Hi", "Hi\n")))
        assert "[#2] Hi" in [str(read(raw)["Subject"]) for raw in [shop.wait_for(shop.anna, 2)]]


@pytest.mark.parametrize("recipient", ["nobody@{}", "support@elsewhere.example", "supporters@{}"])
def test_S3_unknown_recipients_are_refused_in_the_dialogue(shop: Shop, recipient: str) -> None:
    with _with_smtp(shop).running() as running:
        for protocol, kind in (("smtp", smtplib.SMTP), ("lmtp", smtplib.LMTP)):
            with kind(HOST, running.port(protocol), timeout=20) as client:
                client.ehlo()
                assert client.mail(shop.jane)[0] == 250
                code, words = client.rcpt(recipient.format(shop.domain))
                assert (code, words[:6]) == (550, b"5.1.1 ")
                assert client.rcpt(shop.address)[0] == 250
        assert shop.journal_states() == {}


def test_S17_postfix_tells_the_sender_of_an_unknown_recipient(shop: Shop, dovecot: Dovecot) -> None:
    """The refusal comes in the dialogue, so that the report is Postfix's and not ours."""
    shop.route()
    with shop.running():
        raw = bytes(shop.compose(shop.jane, "Wrong", "Hello\n"))
        shop.send(shop.jane, f"nobody@{shop.domain}", raw)
        report = shop.wait_for(shop.jane, 1)
        assert b"550 5.1.1 No such mailbox here" in report
        assert read(report)["From"].addresses[0].username == "MAILER-DAEMON"
        shop.wait_until_quiet()
        assert shop.outbox() == []
        assert shop.journal_states() == {}


def test_S3_a_mail_that_is_too_large_is_refused_by_its_size_and_while_it_comes(shop: Shop) -> None:
    limit = 200_000
    large = bytes(shop.compose(shop.jane, "Large", "line of text\n" * (limit // 12)))
    with _with_smtp(shop, size=limit).running() as running:
        with smtplib.SMTP(HOST, running.port("smtp"), timeout=20) as client:
            client.ehlo()
            assert client.esmtp_features["size"] == str(limit)
            assert client.docmd("MAIL", f"FROM:<{shop.jane}> SIZE={len(large)}")[0] == 552
        with smtplib.SMTP(HOST, running.port("smtp"), timeout=20) as client:
            client.helo()  # announces nothing
            assert client.mail(shop.jane)[0] == 250
            assert client.rcpt(shop.address)[0] == 250
            assert client.data(large)[0] == 552
        assert shop.journal_states() == {}
        with smtplib.SMTP(HOST, running.port("smtp"), timeout=20) as client:
            small = bytes(shop.compose(shop.jane, "Small", "fits\n" * 1000))
            assert client.sendmail(shop.jane, [shop.address], small) == {}
        shop.wait_for(shop.anna, 1)


# Servers that do not do what they should


def test_R9_a_wrong_imap_password_leaves_the_other_sources_at_work(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    shop = imap_shop(tmp_path, dovecot, postfix, "seen", password="guessed")
    shop.mailbox["sources"].append({"smtp": {}})
    shop.config["listen"] = {"lmtp": {"host": HOST, "port": shop.lmtp_port}}
    shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "By IMAP", "Hello\n")))
    dovecot.wait_for(shop.address, 1)
    with shop.running():
        problem = eventually(lambda: _problem(shop), 20, "the problem is recorded")
        assert shop.address in problem or "localhost" in problem
        assert any(word in problem for word in ("password", "log in", "login")), problem
        assert "guessed" not in problem
        with _lmtp(shop) as client:
            client.sendmail(
                shop.jane, [shop.address], bytes(shop.compose(shop.jane, "By LMTP", "Hello\n"))
            )
        assert read(shop.wait_for(shop.bert, 1))["Subject"] == "[#1] By LMTP"
        assert [each["subject"] for each in shop.conversations()] == ["By LMTP"]
    shop.mailbox["sources"][0]["imap"]["password"] = PASSWORD
    with shop.running():
        eventually(lambda: len(shop.conversations()) == 2, 20, "the waiting mail is read")
        eventually(lambda: _problem(shop) is None, 20, "the source is well again")
        shop.wait_until_quiet()
    assert [each["subject"] for each in shop.conversations()] == ["By LMTP", "By IMAP"]


def _problem(shop: Shop) -> str | None:
    return next(iter(shop.problems().values()), None)


def test_R9_an_imap_server_that_is_down_is_read_once_it_is_back(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    port = free_port()
    shop = imap_shop(tmp_path, dovecot, postfix, "seen", port=port)
    shop.mailbox["sources"].append({"smtp": {}})
    shop.config["listen"] = {"lmtp": {"host": HOST, "port": shop.lmtp_port}}
    with shop.running():
        problem = eventually(lambda: _problem(shop), 20, "the problem is recorded")
        assert problem == f"no connection with localhost:{port}: Connection refused"
        with _lmtp(shop) as client:
            client.sendmail(
                shop.jane, [shop.address], bytes(shop.compose(shop.jane, "By LMTP", "Hello\n"))
            )
        shop.wait_for(shop.bert, 1)
        shop.send(shop.jane, shop.address, bytes(shop.compose(shop.jane, "By IMAP", "Hello\n")))
        with _forwarded(port, dovecot.imaps_port):
            assert read(shop.wait_for(shop.bert, 2, 40))["Subject"] == "[#2] By IMAP"
            eventually(lambda: _problem(shop) is None, 10, "well again")
            shop.wait_until_quiet()


@contextmanager
def _forwarded(port: int, target: int) -> Iterator[None]:
    """Let a port that was closed so far lead to a server."""
    listener = socket.create_server((HOST, port))
    proxy = Proxy(target)
    listening = threading.Thread(target=_pass_on, args=(listener, proxy.port), daemon=True)
    listening.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        proxy.close()
        listening.join(5)


def _pass_on(listener: socket.socket, target: int) -> None:
    """Join each client with a connection to `target` until the listener is closed."""

    def copy(source: socket.socket, to: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                to.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, to):
                each.close()

    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.create_connection((HOST, target), 5)
        server.settimeout(None)
        for pair in ((client, server), (server, client)):
            threading.Thread(target=copy, args=pair, daemon=True).start()


def _ask(shop: Shop, subject: str) -> None:
    with _lmtp(shop) as client:
        raw = bytes(shop.compose(shop.jane, subject, "Hello?\n"))
        client.sendmail(shop.jane, [shop.address], raw)


def _states(shop: Shop) -> set[str]:
    return {each.state for each in shop.outbox()}


def _is_deferred(shop: Shop, mails: int) -> Callable[[], bool]:
    return lambda: [each.state for each in shop.outbox()] == ["deferred"] * mails


def test_R14_a_wrong_relay_password_defers_and_loses_nothing(shop: Shop, dovecot: Dovecot) -> None:
    dovecot.add_users(shop.address, password="changed")
    shop.config["send"] = submission(shop, "implicit")
    clock = OffsetClock()
    with shop.running(clock) as running:
        _ask(shop, "Hours?")
        eventually(_is_deferred(shop, 3), 30, "all three notifications deferred")
        errors = {each.error for each in shop.outbox()}
        assert len(errors) == 1
        (error,) = errors
        assert "535" in error or "password" in error.lower() or "auth" in error.lower(), error
        assert PASSWORD not in error
        assert shop.inbox(shop.anna) == []
        time.sleep(1.1)  # Dovecot looks at changes of a user's file once a second
        dovecot.add_users(shop.address, password=PASSWORD)
        running.later(clock, minutes=2)
        for who in (shop.anna, shop.bert, shop.cleo):
            assert read(shop.wait_for(who, 1))["Subject"] == "[#1] Hours?"
        eventually(lambda: _states(shop) == {"sent"}, 20)
        shop.wait_until_quiet()
        assert [len(shop.inbox(who)) for who in (shop.anna, shop.bert, shop.cleo)] == [1, 1, 1]


def test_R14_mail_waits_for_a_relay_that_is_down(shop: Shop) -> None:
    port = free_port()
    shop.config["send"]["smtp"]["port"] = port
    clock = OffsetClock()
    with shop.running(clock) as running:
        _ask(shop, "Hours?")
        eventually(_is_deferred(shop, 3), 30, "all three notifications deferred")
        running.later(clock, minutes=2)  # the next attempt finds it down, too
        eventually(lambda: [each.attempts for each in shop.outbox()] == [2, 2, 2], 20)
        eventually(_is_deferred(shop, 3), 30)
    with _forwarded(port, shop.postfix.smtp_port), shop.running(clock) as running:
        running.later(clock, hours=1)
        for who in (shop.anna, shop.bert, shop.cleo):
            assert read(shop.wait_for(who, 1))["Subject"] == "[#1] Hours?"
        eventually(lambda: _states(shop) == {"sent"}, 20)
        shop.wait_until_quiet()
        assert [len(shop.inbox(who)) for who in (shop.anna, shop.bert, shop.cleo)] == [1, 1, 1]


def test_R14_a_relay_that_is_gone_for_good_is_told_to_the_admin(shop: Shop) -> None:
    """After five days the mail is dead, and the conversation says so."""
    shop.config["send"]["smtp"]["port"] = free_port()
    clock = OffsetClock()
    with shop.running(clock) as running:
        _ask(shop, "Hours?")
        eventually(_is_deferred(shop, 3), 30)
        running.later(clock, days=5, minutes=1)
        eventually(lambda: [e.state for e in shop.outbox()][:3] == ["dead"] * 3, 20)
        alerts = eventually(lambda: [e for e in shop.outbox() if e.kind == "alert"], 10)
        assert alerts
        assert [kind for kind, _ in shop.events()].count("delivery.failed") == 3


def test_R2_ingest_is_durable_on_exit_0_and_the_daemon_takes_it_up(shop: Shop) -> None:
    with shop.running():
        done = shop.cli("ingest", "-", stdin=bytes(shop.compose(shop.jane, "Pipe", "Hello\n")))
        assert done.returncode == 0, done
        assert read(shop.wait_for(shop.bert, 1))["Subject"] == "[#1] Pipe"
