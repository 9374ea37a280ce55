"""S2: TLS and AUTH on the listener; nothing said in the clear counts after STARTTLS."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import Authority
from intake import Dialogue, Intake, intake, letter
from loopback import HOST

import inboxd.ingest.smtp

AUTH = "auth: {user: relay, password: correct horse}"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path)
    authority.issue()
    return authority


def tls(mode: str, folder: Path) -> str:
    return f"tls: {{mode: {mode}, cert_file: {folder}/server.pem, key_file: {folder}/server.key}}"


@pytest.fixture
def starttls(tmp_path: Path, authority: Authority) -> Iterator[Intake]:
    with intake(tmp_path, f"smtp: {{port: 0, {tls('starttls', tmp_path)}}}") as shop:
        yield shop


@pytest.fixture
def context(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.ca_file)


def plain(user: str = "relay", password: str = "correct horse") -> str:
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def test_S2_a_mail_comes_in_by_starttls(starttls: Intake, context: ssl.SSLContext) -> None:
    with smtplib.SMTP(HOST, starttls.port, timeout=10) as client:
        client._host = "localhost"  # type: ignore[attr-defined]
        client.starttls(context=context)
        client.sendmail("j@c.example", ["support@shop.example"], letter())
    assert len(starttls.entries()) == 1


def test_S2_commands_pipelined_behind_starttls_are_discarded(
    starttls: Intake, context: ssl.SSLContext
) -> None:
    with starttls.dialogue() as line:
        line.say(b"STARTTLS\r\nMAIL FROM:<evil@c.example>\r\nRCPT TO:<sales@shop.example>\r\n")
        assert line.line().startswith("220")
        try:
            line.starttls(context)
        except ssl.SSLError:
            return  # the server took the clear text for TLS and gave up: nothing was smuggled
        assert line.ask("NOOP").startswith("250")
        assert line.ask("RCPT TO:<support@shop.example>").startswith("503")


def test_S2_commands_sent_just_before_the_handshake_are_discarded(
    starttls: Intake, context: ssl.SSLContext
) -> None:
    with starttls.dialogue() as line:
        assert line.ask("MAIL FROM:<evil@c.example>").startswith("250")
        assert line.ask("STARTTLS").startswith("220")
        line.starttls(context)
        assert line.ask("RCPT TO:<support@shop.example>").startswith("503")  # no EHLO, no MAIL
        assert "STARTTLS" not in line.ask("EHLO client.example")


def test_S2_a_failed_handshake_ends_one_session_only(starttls: Intake) -> None:
    for _ in range(5):
        with starttls.dialogue() as line:
            assert line.ask("STARTTLS").startswith("220")
            line.say(b"this is no TLS at all, it is not, it is not\r\n" * 5)
            while line.sock.recv(4096):
                pass
    assert starttls.send(letter()).startswith("250")


def test_S2_a_mail_comes_in_by_implicit_tls(
    tmp_path: Path, authority: Authority, context: ssl.SSLContext
) -> None:
    with intake(tmp_path, f"smtp: {{port: 0, {tls('implicit', tmp_path)}}}") as shop:
        with shop.dialogue(tls=context) as line:
            assert "STARTTLS" not in line.ask("EHLO x")
            assert line.send(letter()).startswith("250")
        assert len(shop.entries()) == 1


@pytest.mark.parametrize("mode", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_S2_auth_is_required_where_it_is_configured(
    tmp_path: Path, authority: Authority, context: ssl.SSLContext, mode: str, mechanism: str
) -> None:
    way = "" if mode == "none" else f"{tls(mode, tmp_path)}, "
    with intake(tmp_path, f"smtp: {{port: 0, {way}{AUTH}}}") as shop:
        with shop.dialogue(tls=context if mode == "implicit" else None) as line:
            if mode == "starttls":
                assert line.ask("STARTTLS").startswith("220")
                line.starttls(context)
            assert "AUTH LOGIN PLAIN" in line.ask("EHLO x")
            assert line.ask("MAIL FROM:<j@c.example>").startswith("530 5.7.0")
            for user, password in (("relay", "wrong"), ("else", "correct horse"), ("", "")):
                assert auth(line, mechanism, user, password).startswith("535")
                assert line.ask("MAIL FROM:<j@c.example>").startswith("530")
            assert auth(line, mechanism, "relay", "correct horse").startswith("235")
            assert line.send(letter()).startswith("250")
        assert len(shop.entries()) == 1


def auth(line: Dialogue, mechanism: str, user: str, password: str) -> str:
    if mechanism == "PLAIN":
        return line.ask(f"AUTH PLAIN {plain(user, password)}")
    assert line.ask("AUTH LOGIN").startswith("334")
    assert line.ask(base64.b64encode(user.encode())).startswith("334")
    return line.ask(base64.b64encode(password.encode()))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("mode", ["starttls", "implicit"])
def test_S2_off_loopback_auth_is_offered_over_tls_only(
    tmp_path: Path,
    authority: Authority,
    context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    monkeypatch.setattr(inboxd.ingest.smtp, "is_loopback", lambda host: False)
    with intake(tmp_path, f"smtp: {{port: 0, {tls(mode, tmp_path)}, {AUTH}}}") as shop:
        with shop.dialogue(tls=context if mode == "implicit" else None) as line:
            if mode == "starttls":
                assert "AUTH" not in line.ask("EHLO x")
                assert line.ask(f"AUTH PLAIN {plain()}").startswith("538")
                assert line.ask("MAIL FROM:<j@c.example>").startswith("530")
                assert line.ask("STARTTLS").startswith("220")
                line.starttls(context)
            assert "AUTH LOGIN PLAIN" in line.ask("EHLO x")
            assert line.ask(f"AUTH PLAIN {plain()}").startswith("235")
            assert line.send(letter()).startswith("250")


def test_S2_auth_is_not_offered_where_nobody_is_known(
    starttls: Intake, context: ssl.SSLContext
) -> None:
    with starttls.dialogue() as line:
        assert "AUTH" not in line.ask("EHLO x")
        line.ask("STARTTLS")
        line.starttls(context)
        assert "AUTH" not in line.ask("EHLO x")
        assert line.ask(f"AUTH PLAIN {plain()}").startswith("504")


@pytest.mark.parametrize(
    "text", ["!!", "", plain()[:-3], base64.b64encode(b"one").decode(), "*", "="]
)
def test_S2_damaged_credentials_are_refused(tmp_path: Path, text: str) -> None:
    with intake(tmp_path, f"smtp: {{port: 0, {AUTH}}}") as shop, shop.dialogue() as line:
        assert line.ask("AUTH PLAIN").startswith("334")
        assert line.ask(text)[0] == "5"
        assert line.ask("MAIL FROM:<j@c.example>").startswith("530")


def test_S2_passwords_cannot_be_tried_for_ever(tmp_path: Path) -> None:
    with intake(tmp_path, f"smtp: {{port: 0, {AUTH}}}") as shop, shop.dialogue() as line:
        answers = [line.ask(f"AUTH PLAIN {plain(password=str(n))}")[:3] for n in range(6)]
        assert answers == ["535"] * 5 + ["421"]
        assert line.line() == ""


def test_S2_a_password_beyond_ascii_works(tmp_path: Path) -> None:
    listen = "smtp: {port: 0, auth: {user: jörg, password: größe}}"
    with intake(tmp_path, listen) as shop, shop.dialogue() as line:
        assert line.ask(f"AUTH PLAIN {plain('jörg', 'größe')}").startswith("235")


def test_S2_open_tls_sessions_do_not_hold_up_the_stop(
    tmp_path: Path, authority: Authority, context: ssl.SSLContext
) -> None:
    with intake(tmp_path, f"smtp: {{port: 0, {tls('implicit', tmp_path)}}}") as shop:
        lines = [shop.dialogue(tls=context) for _ in range(5)]
        shop.listener.stop()
        for line in lines:
            line.close()
