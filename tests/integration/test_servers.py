"""The fixtures themselves: real servers that do what the other tests rely on."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
import time

import pytest
from imapclient import IMAPClient
from loopback import HOST, eventually
from servers import (
    BOUNCING,
    BUSY,
    DELAYED,
    PASSWORD,
    REFUSED,
    Dovecot,
    Fault,
    Postfix,
    SmtpSink,
    swaks,
)

pytestmark = pytest.mark.servers

MAIL = b"From: a@elsewhere.example\r\nTo: b@agents.example\r\nSubject: %s\r\n\r\nHello\r\n"


def _with_subject(mails: list[bytes], subject: bytes) -> list[bytes]:
    return [mail for mail in mails if b"Subject: " + subject in mail]


def _arrived(dovecot: Dovecot, user: str, subject: bytes) -> bytes:
    return eventually(lambda: _with_subject(dovecot.messages(user), subject), 15)[0]


def test_swaks_through_postfix_reaches_a_dovecot_user(dovecot: Dovecot, postfix: Postfix) -> None:
    sent = swaks(
        "--server", f"{HOST}:{postfix.smtp_port}", "--to", "anna+tag@agents.example",
        "--from", "jane@customers.example", "--header", "Subject: through-postfix",
    )  # fmt: skip
    assert sent.returncode == 0, sent.stdout
    mail = _arrived(dovecot, "anna@agents.example", b"through-postfix")
    assert b"Received: from" in mail
    assert b"by relay.example (Postfix)" in mail


def _submission(postfix: Postfix, port: str) -> smtplib.SMTP:
    trusted = ssl.create_default_context(cafile=str(postfix.ca_file))
    if port == "smtps_port":
        return smtplib.SMTP_SSL("localhost", postfix.smtps_port, timeout=10, context=trusted)
    client = smtplib.SMTP("localhost", postfix.submission_port, timeout=10)
    client.starttls(context=trusted)
    return client


@pytest.mark.parametrize("port", ["submission_port", "smtps_port"])
def test_submission_with_tls_and_auth(dovecot: Dovecot, postfix: Postfix, port: str) -> None:
    envelope = ("anna@agents.example", ["john@customers.example"])
    mail = MAIL % f"submitted-{port}".encode()
    with _submission(postfix, port) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(*envelope, mail)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("anna@agents.example", "guess")
        client.login("anna@agents.example", PASSWORD)
        client.sendmail(*envelope, mail)
    assert _arrived(dovecot, "john@customers.example", f"submitted-{port}".encode())


def test_submission_refuses_plain_text(postfix: Postfix) -> None:
    with smtplib.SMTP(HOST, postfix.submission_port, timeout=10) as client:
        client.ehlo()
        assert client.mail("anna@agents.example")[0] == 530


def test_transport_can_be_pointed_elsewhere(postfix: Postfix) -> None:
    sinks = [SmtpSink(), SmtpSink()]
    try:
        for sink in sinks:
            postfix.route_to_smtp("moving.example", sink.port)
            with smtplib.SMTP(HOST, postfix.smtp_port, timeout=10) as client:
                client.sendmail("a@customers.example", ["b@moving.example"], MAIL % b"moving")
            _wait_for_one(sink)
        assert sinks[0].accepted[0].sender == "a@customers.example"
        assert [len(sink.accepted) for sink in sinks] == [1, 1]
    finally:
        for sink in sinks:
            sink.close()


def _wait_for_one(sink: SmtpSink) -> None:
    eventually(lambda: len(sink.accepted) == 1, 15, "one mail in the sink")


def test_bounce_comes_back_as_a_dsn(dovecot: Dovecot, postfix: Postfix) -> None:
    with smtplib.SMTP(HOST, postfix.smtp_port, timeout=10) as client:
        client.sendmail("kim@customers.example", [f"gone@{BOUNCING}"], MAIL % b"will-bounce")
    dsn = eventually(
        lambda: [m for m in dovecot.messages("kim@customers.example") if b"will-bounce" in m], 15
    )[0]
    assert b"multipart/report; report-type=delivery-status" in dsn
    assert b"Diagnostic-Code: smtp; 550 5.1.1" in dsn
    assert b"Return-Path: <>" in dsn


def test_unlisted_domains_are_refused(postfix: Postfix) -> None:
    with smtplib.SMTP(HOST, postfix.smtp_port, timeout=10) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail("kim@customers.example", ["a@nowhere.example"], MAIL % b"no-route")
    assert refused.value.recipients["a@nowhere.example"][0] == 550


def test_refusals_in_the_dialogue(postfix: Postfix) -> None:
    with smtplib.SMTP(HOST, postfix.smtp_port, timeout=10) as client:
        client.ehlo()
        client.mail("a@customers.example")
        assert client.rcpt(f"a@{REFUSED}")[0] == 550
        assert client.rcpt(f"a@{BUSY}")[0] == 450


def test_queue_keeps_what_is_delayed(postfix: Postfix) -> None:
    with smtplib.SMTP(HOST, postfix.smtp_port, timeout=10) as client:
        client.sendmail("a@customers.example", [f"slow@{DELAYED}"], MAIL % b"slow")
    postfix.flush()

    def deferred() -> bool:
        return any(
            entry["queue_name"] == "deferred"
            and entry["recipients"][0]["address"] == f"slow@{DELAYED}"
            and "450 4.2.0" in entry["recipients"][0].get("delay_reason", "")
            for entry in postfix.queue()
        )

    eventually(deferred, 15)
    assert "status=deferred" in postfix.log()


def test_message_size_limit(dovecot: Dovecot) -> None:
    small = Postfix(dovecot, settings={"message_size_limit": "20000"})
    try:
        with smtplib.SMTP(HOST, small.smtp_port, timeout=10) as client:
            with pytest.raises(smtplib.SMTPSenderRefused):
                client.sendmail("a@b.example", [f"c@{DELAYED}"], b"x" * 30_000)
        small.stop()
        with pytest.raises(ConnectionRefusedError):
            smtplib.SMTP(HOST, small.smtp_port, timeout=5)
        small.start()
        with smtplib.SMTP(HOST, small.smtp_port, timeout=10) as client:
            assert client.noop()[0] == 250
    finally:
        small.close()


def test_imap_over_tls(dovecot: Dovecot) -> None:
    trusted = ssl.create_default_context(cafile=str(dovecot.ca_file))
    with IMAPClient(
        "localhost", dovecot.imaps_port, ssl=True, ssl_context=trusted, timeout=10
    ) as client:
        client.login("bert@agents.example", PASSWORD)
        assert {b"IDLE", b"MOVE", b"UIDPLUS"} <= set(client.capabilities())
    with IMAPClient("localhost", dovecot.imap_port, ssl=False, timeout=10) as client:
        client.starttls(trusted)
        client.login("bert@agents.example", PASSWORD)
    with pytest.raises(ssl.SSLCertVerificationError):
        IMAPClient("localhost", dovecot.imaps_port, ssl=True, timeout=10)


def test_imap_idle_reports_an_lmtp_delivery(dovecot: Dovecot) -> None:
    with dovecot.client("bert@agents.example") as client:
        client.select_folder("INBOX")
        client.idle()
        begun = time.monotonic()
        dovecot.deliver("bert@agents.example", MAIL % b"idle")
        told = eventually(lambda: b"EXISTS" in str(client.idle_check(5)).encode(), 10)
        assert told
        client.idle_done()
    assert time.monotonic() - begun < 5
    assert _arrived(dovecot, "bert@agents.example", b"idle")


def test_folders_outages_read_only_and_uidvalidity(dovecot: Dovecot) -> None:
    user = "cleo@agents.example"
    dovecot.create_folder(user, "Old mail")
    dovecot.append(user, [MAIL % b"one", MAIL % b"two"], "Old mail", flags=[b"\\Seen"])
    assert dovecot.messages(user, "Old mail") == [MAIL % b"one", MAIL % b"two"]
    assert dovecot.flags(user, "Old mail") == [(b"\\Seen",), (b"\\Seen",)]
    new = dovecot.reset_uidvalidity(user, "Old mail")
    with dovecot.client(user) as client:
        selected = client.select_folder("Old mail")
        assert selected[b"UIDVALIDITY"] == new
        assert selected[b"EXISTS"] == 2
        assert b"READ-WRITE" in selected
    dovecot.make_read_only(user, "Old mail")
    with dovecot.client(user) as client, pytest.raises(imaplib.IMAP4.readonly):
        client.select_folder("Old mail")


def test_dovecot_stops_and_starts_on_its_ports() -> None:
    dovecot = Dovecot(["a@b.example"], extra="imap_capability = IMAP4rev1 LITERAL+ UIDPLUS")
    try:
        dovecot.deliver("a@b.example", MAIL % b"kept")
        dovecot.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, dovecot.imap_port), 5)
        dovecot.start()
        assert len(dovecot.wait_for("a@b.example", 1)) == 1
        with dovecot.client("a@b.example") as client:
            assert not client.has_capability("IDLE")
    finally:
        dovecot.close()


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT", "QUIT"])
@pytest.mark.parametrize("answer", ["451 4.3.0 later", "550 5.7.1 no", Fault.HANG, Fault.CLOSE])
def test_sink_misbehaves_once_then_accepts(sink: SmtpSink, stage: str, answer: str | Fault) -> None:
    sink.script(stage, answer)
    outcome = "sent"
    try:
        client = smtplib.SMTP(HOST, sink.port, timeout=0.5)
        try:
            client.ehlo_or_helo_if_needed()
            client.sendmail("a@b.example", ["c@d.example"], MAIL % b"sink")
            assert client.quit()[0] == 221
        finally:
            client.close()
    except (smtplib.SMTPException, OSError, AssertionError) as error:
        outcome = type(error).__name__
    if (stage, answer) not in {("EHLO", "451 4.3.0 later"), ("EHLO", "550 5.7.1 no")}:
        assert outcome != "sent"  # smtplib falls back from EHLO to HELO
    with smtplib.SMTP(HOST, sink.port, timeout=5) as client:
        client.sendmail("a@b.example", ["c@d.example"], MAIL % b"again")
    assert sink.accepted[-1].recipients == ("c@d.example",)
    assert b"Subject: again" in sink.accepted[-1].raw


def test_sink_with_tls_and_auth(dovecot: Dovecot) -> None:
    pair = dovecot.authority.issue("sink")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.cert, pair.key)
    trusted = ssl.create_default_context(cafile=str(dovecot.ca_file))
    for implicit in (False, True):
        sink = SmtpSink(context, implicit_tls=implicit, users={"me": PASSWORD})
        try:
            client = (
                smtplib.SMTP_SSL("localhost", sink.port, timeout=10, context=trusted)
                if implicit
                else smtplib.SMTP("localhost", sink.port, timeout=10)
            )
            with client:
                if not implicit:
                    client.starttls(context=trusted)
                client.login("me", PASSWORD)
                client.sendmail("a@b.example", ["c@d.example"], MAIL % b"tls")
            assert sink.accepted[0].tls
            assert sink.accepted[0].user == "me"
        finally:
            sink.close()
