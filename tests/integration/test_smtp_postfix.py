"""Outgoing SMTP through a real Postfix, with TLS and login, to real mailboxes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from loopback import eventually
from servers import BUSY, PASSWORD, REFUSED, Dovecot, Postfix

from inboxd.delivery.smtp_client import SmtpOptions, SmtpTransport
from inboxd.delivery.transport import Outcome, RecipientResult
from inboxd.errors import Permanent

pytestmark = pytest.mark.servers

USER = "anna@agents.example"
JANE, JOHN, KIM = (f"{name}@customers.example" for name in ("jane", "john", "kim"))
WAYS = {"submission_port": "starttls", "smtps_port": "implicit"}


def _options(postfix: Postfix, way: str = "submission_port", **changes: object) -> SmtpOptions:
    usual = {
        "host": "localhost",
        "port": getattr(postfix, way),
        "tls": WAYS[way],
        "user": USER,
        "password": PASSWORD,
        "ca_file": postfix.ca_file,
        "timeout": 10,
    }
    return SmtpOptions(**usual | changes)  # type: ignore[arg-type]


@pytest.fixture(params=WAYS)
def transport(postfix: Postfix, request: pytest.FixtureRequest) -> Iterator[SmtpTransport]:
    """A transport through Postfix's submission port, and one through its smtps port."""
    client = SmtpTransport(_options(postfix, request.param))
    yield client
    client.close()


def _mail(subject: str, body: bytes = b"Hello\r\n") -> bytes:
    # Complete, because Postfix adds to a submitted mail what is missing.
    header = (
        f"From: {USER}\r\nTo: customers:;\r\nSubject: {subject}\r\n"
        f"Date: Mon, 01 Jan 2024 12:00:00 +0000\r\nMessage-ID: <{uuid4()}@agents.example>\r\n\r\n"
    )
    return header.encode() + body


def _arrived(dovecot: Dovecot, user: str, subject: str) -> list[bytes]:
    field = f"Subject: {subject}\r\n".encode()
    return [mail for mail in dovecot.messages(user) if field in mail]


def _short(results: list[RecipientResult]) -> list[tuple[Outcome, str]]:
    return [(result.outcome, result.reply[:9]) for result in results]


def test_check(postfix: Postfix, transport: SmtpTransport) -> None:
    found = transport.check()
    assert "certificate verified; logged in as anna@agents.example (PLAIN)" in found


def test_check_of_a_wrong_password(postfix: Postfix) -> None:
    transport = SmtpTransport(_options(postfix, password="a wrong guess"))
    with pytest.raises(
        Permanent, match=r"refused the login of anna@agents\.example: 535"
    ) as refusal:
        transport.check()
    assert "guess" not in str(refusal.value)
    assert _short(transport.send(USER, [JANE], _mail("never")))[0][0] is Outcome.DEFERRED


def test_content_arrives_octet_for_octet(
    dovecot: Dovecot, transport: SmtpTransport, request: pytest.FixtureRequest
) -> None:
    subject = f"octets {request.node.name}"
    body = b".\r\n..\r\n.hidden\r\n\r\n" + b"a" * 900 + b"\r\n.\r\nend \t\r\n\r\n"
    mail = _mail(subject, body)
    assert _short(transport.send(USER, [JANE], mail)) == [(Outcome.SENT, "250 2.0.0")]
    (arrived,) = eventually(lambda: _arrived(dovecot, JANE, subject), 15)
    assert arrived.endswith(mail)


def test_each_recipient_has_a_result_of_his_own(
    dovecot: Dovecot, transport: SmtpTransport, request: pytest.FixtureRequest
) -> None:
    subject = f"partial {request.node.name}"
    recipients = [f"x@{REFUSED}", JANE, f"x@{BUSY}", JOHN]
    results = transport.send(USER, recipients, _mail(subject))
    assert [result.address for result in results] == recipients
    assert _short(results) == [
        (Outcome.DEAD, "550 5.1.1"),
        (Outcome.SENT, "250 2.0.0"),
        (Outcome.DEFERRED, "450 4.2.0"),
        (Outcome.SENT, "250 2.0.0"),
    ]
    for user in (JANE, JOHN):
        assert len(eventually(lambda user=user: _arrived(dovecot, user, subject), 15)) == 1  # type: ignore[misc]


def test_nobody_accepted_and_the_connection_stays_good(
    dovecot: Dovecot, transport: SmtpTransport, request: pytest.FixtureRequest
) -> None:
    subject = f"after a refusal {request.node.name}"
    assert _short(transport.send(USER, [f"x@{REFUSED}"], _mail("no"))) == [
        (Outcome.DEAD, "550 5.1.1")
    ]
    assert transport.send(USER, [KIM], _mail(subject))[0].outcome is Outcome.SENT
    assert len(eventually(lambda: _arrived(dovecot, KIM, subject), 15)) == 1


def test_fifty_mails_take_one_connection(postfix: Postfix, transport: SmtpTransport) -> None:
    before = postfix.log().count(": connect from ")
    for number in range(50):
        results = transport.send(USER, [KIM], _mail(f"one of fifty, {number}"))
        assert results[0].outcome is Outcome.SENT
    assert postfix.log().count(": connect from ") == before + 1


def test_a_relay_that_restarts_between_two_mails(
    dovecot: Dovecot, postfix: Postfix, transport: SmtpTransport, request: pytest.FixtureRequest
) -> None:
    subject = f"restart {request.node.name}"
    assert transport.send(USER, [KIM], _mail(f"{subject} 1"))[0].outcome is Outcome.SENT
    postfix.stop()
    try:
        (down,) = transport.send(USER, [KIM], _mail(f"{subject} 2"))
        assert (down.outcome, down.reply.partition(": ")[2]) == (
            Outcome.DEFERRED,
            "cannot connect: Connection refused",
        )
    finally:
        postfix.start()
    for number in (2, 3):
        assert transport.send(USER, [KIM], _mail(f"{subject} {number}"))[0].outcome is Outcome.SENT
    for number in (1, 2, 3):
        wanted = f"{subject} {number}"
        assert len(eventually(lambda wanted=wanted: _arrived(dovecot, KIM, wanted), 20)) == 1  # type: ignore[misc]


def test_a_restart_that_the_client_does_not_notice(
    postfix: Postfix, transport: SmtpTransport
) -> None:
    assert transport.send(USER, [KIM], _mail("before"))[0].outcome is Outcome.SENT
    postfix.stop()
    postfix.start()
    assert transport.send(USER, [KIM], _mail("after"))[0].outcome is Outcome.SENT


def test_a_relay_that_wants_a_login_kills_no_mail(postfix: Postfix) -> None:
    """A forgotten login is the admin's to mend, not a reason to bounce."""
    transport = SmtpTransport(_options(postfix, user=None, password=None))
    (result,) = transport.send(USER, [JANE], _mail("no login"))
    transport.close()
    assert (result.outcome, result.reply[:9]) == (Outcome.DEFERRED, "554 5.7.1")


def test_S1_no_form_of_end_of_data_makes_two_mails(
    dovecot: Dovecot, transport: SmtpTransport, request: pytest.FixtureRequest
) -> None:
    subject = f"smuggler {request.node.name}"
    forms = (
        b"\n.\n",
        b"\n.\r\n",
        b"\r.\r",
        b"\r\n.\r",
        b"\r.\r\n",
        b"\r\n.\n",
        b"\r\n.\r\n",
        b"\n.\r",
    )
    smuggled = b"MAIL FROM:<a@x.example>\r\nRCPT TO:<john@customers.example>\r\nDATA\r\n"
    body = b"".join(b"text" + form + smuggled + b"Subject: smuggled\r\n\r\nx" for form in forms)
    assert transport.send(USER, [KIM], _mail(subject, body))[0].outcome is Outcome.SENT
    (arrived,) = eventually(lambda: _arrived(dovecot, KIM, subject), 15)
    assert arrived.count(b"Subject: smuggled") == len(forms)
    assert not any(
        b"\nSubject: smuggled" in mail.partition(b"\r\n\r\n")[0] for mail in dovecot.messages(JOHN)
    )
