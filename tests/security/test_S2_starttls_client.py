"""S2: who stands between us and the relay learns no credential and gets no mail.

Each attack is played to `send` and to `check`, and the relay keeps every octet that it hears:
inside TLS, outside, and ahead of it.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from certificates import Authority, Pair
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID
from scripted_relay import Line, ScriptedRelay

from inboxd.delivery.smtp_client import SmtpOptions, SmtpTransport
from inboxd.delivery.transport import Outcome
from inboxd.errors import Permanent

USER, PASSWORD = "shop", "open sesame"
BLOB = b64encode(f"\0{USER}\0{PASSWORD}".encode())
MAIL = b"Subject: private\r\n\r\nnobody else's business\r\n"
EHLO_INSIDE = b"250-relay\r\n250 AUTH PLAIN LOGIN\r\n"
EHLO_OUTSIDE = b"250-relay\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"


def _server_context(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    return context


def _self_signed(folder: Path) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pair = Pair(folder / "self-signed.pem", folder / "self-signed.key")
    pair.cert.write_bytes(cert.public_bytes(Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pair


def _take_all(line: Line) -> None:
    """Go on as an attacker would: take the login and every mail."""
    line.hear()
    line.say(EHLO_INSIDE)
    line.hear()
    line.say(b"235 welcome\r\n")
    line.take_mails()


def _starttls(context: ssl.SSLContext, answer: bytes = b"220 go\r\n") -> Callable[[Line], None]:
    def script(line: Line) -> None:
        line.say(b"220 relay ESMTP\r\n")
        line.hear()
        line.say(EHLO_OUTSIDE)
        assert line.hear() == b"STARTTLS"
        line.say(answer)
        line.start_tls(context)
        _take_all(line)

    return script


def _implicit(context: ssl.SSLContext) -> Callable[[Line], None]:
    def script(line: Line) -> None:
        line.start_tls(context)
        line.say(b"220 relay ESMTP\r\n")
        _take_all(line)

    return script


def _stripped(line: Line) -> None:
    line.say(b"220 relay ESMTP\r\n")
    _take_all(line)


def _refusing(answer: bytes) -> Callable[[Line], None]:
    def script(line: Line) -> None:
        line.say(b"220 relay ESMTP\r\n")
        line.hear()
        line.say(EHLO_OUTSIDE)
        line.hear()
        line.say(answer)
        _take_all(line)

    return script


class Site:
    """A relay under attack and the client's view of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)

    def context(self, **fault: object) -> ssl.SSLContext:
        """Return a server's context whose certificate has the fault."""
        if fault.pop("self_signed", False):
            return _server_context(_self_signed(self.folder))
        return _server_context(self.authority.issue(**fault))  # type: ignore[arg-type]

    def options(self, port: int, tls: str, **changes: object) -> SmtpOptions:
        """Return options that trust this site's authority and log in."""
        usual = {
            "host": "localhost",
            "port": port,
            "tls": tls,
            "user": USER,
            "password": PASSWORD,
            "ca_file": self.authority.ca_file,
            "timeout": 2.0,
        }
        return SmtpOptions(**usual | changes)  # type: ignore[arg-type]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def _attack(site: Site, script: Callable[[Line], None], tls: str, **changes: object) -> str:
    """Play the attack to both ways in; return what `check` says. Nothing may have leaked."""
    with ScriptedRelay(script) as relay:
        transport = SmtpTransport(site.options(relay.port, tls, **changes))
        with pytest.raises(Permanent) as refusal:
            transport.check()
        results = transport.send("support@shop.example", ["jane@a.example"], MAIL)
        transport.close()
    assert [r.outcome for r in results] == [Outcome.DEFERRED]
    assert len(relay.lines) == 2, "the attack was not played"
    for leak in (b"AUTH", PASSWORD.encode(), BLOB, b"MAIL", b"private"):
        assert leak not in relay.heard
    assert PASSWORD not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_S2_the_true_relay_gets_login_and_mail(site: Site, tls: str) -> None:
    """The control: the same scripts, without the attack, do lead to a login."""
    script = (_starttls if tls == "starttls" else _implicit)(site.context())
    with ScriptedRelay(script) as relay:
        transport = SmtpTransport(site.options(relay.port, tls))
        assert "certificate verified; logged in as shop" in transport.check()
        results = transport.send("support@shop.example", ["jane@a.example"], MAIL)
        transport.close()
    assert [r.outcome for r in results] == [Outcome.SENT]
    assert b"AUTH PLAIN " + BLOB in relay.heard
    assert relay.mails == [MAIL]


def test_S2_1_stripped(site: Site) -> None:
    assert "offers no STARTTLS" in _attack(site, _stripped, "starttls")


@pytest.mark.parametrize(
    "injected",
    [
        b"250 relay\r\n",
        b"250-relay\r\n250 AUTH PLAIN\r\n235 welcome\r\n",
        b"2",
        b"\r\n",
    ],
)
def test_S2_2_injected(site: Site, injected: bytes) -> None:
    script = _starttls(site.context(), b"220 go\r\n" + injected)
    assert "injected ahead of TLS" in _attack(site, script, "starttls")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param({"expired": True}, "expired", id="3 expired"),
        pytest.param({"self_signed": True}, "self-signed", id="4 self-signed"),
        pytest.param({"names": ["relay.evil.example"]}, "mismatch", id="5 wrong host"),
    ],
)
def test_S2_certificate(site: Site, tls: str, fault: dict[str, object], reason: str) -> None:
    script = (_starttls if tls == "starttls" else _implicit)(site.context(**fault))
    message = _attack(site, script, tls)
    assert "its certificate is refused" in message
    assert reason in message


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("trusted", ["another ca_file", "the system's authorities"])
def test_S2_6_unknown_authority(site: Site, tmp_path: Path, tls: str, trusted: str) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "another CA").ca_file
    script = (_starttls if tls == "starttls" else _implicit)(site.context())
    ca_file = other if trusted == "another ca_file" else None
    assert "certificate is refused" in _attack(site, script, tls, ca_file=ca_file)


@pytest.mark.parametrize("answer", [b"502 no such command\r\n", b"501 syntax\r\n"])
def test_S2_starttls_offered_but_refused(site: Site, answer: bytes) -> None:
    assert "refused STARTTLS" in _attack(site, _refusing(answer), "starttls")


def test_S2_what_was_offered_in_the_clear_is_forgotten(site: Site) -> None:
    """RFC 3207 section 4.2: a login offered outside only is no login."""
    context = site.context()

    def script(line: Line) -> None:
        line.say(b"220 relay ESMTP\r\n")
        line.hear()
        line.say(EHLO_OUTSIDE)
        line.hear()
        line.say(b"220 go\r\n")
        line.start_tls(context)
        assert line.hear().startswith(b"EHLO ")
        line.say(b"250 relay\r\n")
        line.take_mails()

    assert "no way to log in" in _attack(site, script, "starttls")


def test_S2_old_tls_is_refused(site: Site) -> None:
    context = site.context()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    # Setting an old version warns, and is what this test is about.
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with ScriptedRelay(_starttls(context)) as relay:
        transport = SmtpTransport(site.options(relay.port, "starttls"))
        results = transport.send("support@shop.example", ["jane@a.example"], MAIL)
    assert [r.outcome for r in results] == [Outcome.DEFERRED]
    assert "TLS failed" in results[0].reply
    assert b"AUTH" not in relay.heard
