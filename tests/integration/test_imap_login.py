"""The IMAP source logs in, or says why not, and never to a stranger (S2)."""

from __future__ import annotations

import re
import time

import pytest
from imap_memory import MemoryStore, has, mail, mails, options, running
from loopback import HOST, eventually
from proxy import Proxy
from servers import PASSWORD, Dovecot

pytestmark = pytest.mark.servers


def test_a_wrong_password_is_told_clearly_and_not_hammered(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    store = MemoryStore()
    wrong = options(user, proxy.port, password="Tr0ub4dor")
    with running(wrong, store) as source:
        eventually(lambda: store.health is not None and "wrong password" in store.health)
        time.sleep(2)
        assert proxy.connections == 1
        source.wake()
        eventually(lambda: proxy.connections == 2)
        eventually(lambda: len(store.reports) == 2)
    assert store.health == f"wrong password for user {user} at {HOST}:{proxy.port}"


@pytest.mark.parametrize("code", ["UNAVAILABLE", "LIMIT"])
def test_a_server_that_cannot_check_passwords_now_is_no_wrong_password(
    user: str, proxy: Proxy, code: str
) -> None:
    proxy.rewrite(lambda data: re.sub(rb"OK [^\r]*Logged in", answer, data))
    answer = b"NO [%s] Temporary authentication failure" % code.encode()
    store = MemoryStore()
    with running(options(user, proxy.port), store):
        eventually(lambda: "cannot log in" in str(store.health))
        proxy.rewrite(None)
        eventually(lambda: store.health is None)


def test_a_cut_during_the_login_is_no_wrong_password(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    def cut(data: bytes) -> bytes:
        if b"Logged in" in data:
            proxy.drop()
        return data

    proxy.rewrite(cut)
    store = MemoryStore()
    with running(options(user, proxy.port), store):
        eventually(lambda: bool(store.reports))
        proxy.rewrite(None)
        eventually(lambda: store.health is None)
    assert not any("password" in str(report) for report in store.reports)


def test_a_missing_folder_is_told(dovecot: Dovecot, user: str) -> None:
    store = MemoryStore()
    with running(options(user, dovecot.imap_port, folder="Nowhere"), store) as source:
        eventually(lambda: "cannot open the folder Nowhere" in str(store.health))
        dovecot.create_folder(user, "Nowhere")
        dovecot.append(user, mails(1), "Nowhere")
        source.wake()
        eventually(has(store, 1))


def test_a_password_beyond_ascii(require_servers: None) -> None:
    server = Dovecot([])
    try:
        server.add_users("jurgen@b.example", password="schlüssel")
        store = MemoryStore()
        settings = options("jurgen@b.example", server.imap_port, password="schlüssel")
        with running(settings, store):
            eventually(lambda: store.health is None)
    finally:
        server.close()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_tls_with_a_verified_certificate(dovecot: Dovecot, user: str, tls: str) -> None:
    dovecot.append(user, mails(2))
    port = dovecot.imaps_port if tls == "implicit" else dovecot.imap_port
    store = MemoryStore()
    secure = options(user, port, host="localhost", tls=tls, ca_file=dovecot.ca_file)
    with running(secure, store):
        eventually(has(store, 2))
        dovecot.deliver(user, mail("idle under TLS"))
        eventually(has(store, 3), 3)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_S2_an_unknown_authority_is_refused(dovecot: Dovecot, user: str, tls: str) -> None:
    proxy = Proxy(dovecot.imaps_port if tls == "implicit" else dovecot.imap_port)
    store = MemoryStore()
    try:
        with running(options(user, proxy.port, tls=tls), store):
            eventually(lambda: "certificate" in str(store.health))
        assert "is not trusted" in str(store.health)
        assert PASSWORD.encode() not in proxy.upward
    finally:
        proxy.close()


@pytest.mark.parametrize("fault", ["expired", "wrong host", "self-signed"])
def test_S2_a_bad_certificate_is_refused(require_servers: None, fault: str) -> None:
    server = Dovecot(["a@b.example"])
    try:
        names = ["mail.elsewhere.example"] if fault == "wrong host" else ["localhost", HOST]
        server.authority.issue(
            names=names, expired=fault == "expired", self_signed=fault == "self-signed"
        )
        server.stop()
        server.start()
        store = MemoryStore()
        secure = options("a@b.example", server.imaps_port, tls="implicit", ca_file=server.ca_file)
        with running(secure, store):
            eventually(lambda: "is not trusted" in str(store.health))
        assert "Login:" not in server.log()
    finally:
        server.close()


def test_S2_stripped_starttls_is_refused(dovecot: Dovecot, user: str, proxy: Proxy) -> None:
    proxy.rewrite(lambda data: data.replace(b" STARTTLS", b""))
    store = MemoryStore()
    with running(options(user, proxy.port, tls="starttls", ca_file=dovecot.ca_file), store):
        eventually(lambda: "offers no STARTTLS" in str(store.health))
    assert PASSWORD.encode() not in proxy.upward
    assert b"LOGIN" not in proxy.upward


def test_S2_refused_starttls_is_refused(dovecot: Dovecot, user: str, proxy: Proxy) -> None:
    proxy.rewrite(lambda data: data.replace(b"OK Begin TLS", b"NO Begin TLS"))
    store = MemoryStore()
    with running(options(user, proxy.port, tls="starttls", ca_file=dovecot.ca_file), store):
        eventually(lambda: "refuses STARTTLS" in str(store.health))
    assert PASSWORD.encode() not in proxy.upward


def test_S2_data_injected_after_starttls_is_refused(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    injected = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"
    proxy.rewrite(lambda data: data + injected if b"OK Begin TLS" in data else data)
    store = MemoryStore()
    secure = options(user, proxy.port, host="localhost", tls="starttls", ca_file=dovecot.ca_file)
    with running(secure, store):
        eventually(lambda: "injected" in str(store.health))
    assert PASSWORD.encode() not in proxy.upward


def test_S2_a_greeting_that_skips_the_login_is_refused(
    dovecot: Dovecot, user: str, proxy: Proxy
) -> None:
    proxy.rewrite(lambda data: re.sub(rb"^\* OK ", b"* PREAUTH ", data))
    store = MemoryStore()
    with running(options(user, proxy.port, tls="starttls", ca_file=dovecot.ca_file), store):
        eventually(lambda: "logged in already" in str(store.health))
    assert PASSWORD.encode() not in proxy.upward


def test_no_secret_and_no_mail_in_logs(
    dovecot: Dovecot,
    user: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(1)
    dovecot.append(user, [mail("a secret subject")])
    store = MemoryStore()
    with running(options(user, dovecot.imap_port, after="seen"), store):
        eventually(has(store, 1))
        eventually(lambda: not store.pending)
    logged = caplog.text + capsys.readouterr().out
    assert "imap.taken" in logged
    assert PASSWORD not in logged.replace("a secret subject", "")
    assert "subject" not in logged
    assert "customers.example" not in logged
