"""`doctor` meets real servers and certificates: how long they are valid, and what is wrong."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from certificates import Authority, Pair
from cli_kit import CONFIG, write_shop
from servers import PASSWORD, Dovecot, SmtpSink

SEND = "send:\n  maildir: sent"


def checks(folder: Path, config: str) -> dict[str, dict[str, str]]:
    folder.mkdir()
    found = write_shop(folder, config).run("doctor", "--json").json["checks"]
    return {each["check"]: each for each in found}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def context(pair: Pair) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pair.cert, pair.key)
    return made


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_the_relays_certificate_and_login(tmp_path: Path, authority: Authority, tls: str) -> None:
    sink = SmtpSink(
        context(authority.issue()), implicit_tls=tls == "implicit", users={"shop": "right"}
    )
    try:
        relay = (
            f"send:\n  smtp: {{host: localhost, port: {sink.port}, tls: {tls}, user: shop, "
            f"password: PW, ca_file: {authority.ca_file}}}"
        )
        config = CONFIG.replace(SEND, relay)
        found = checks(tmp_path / "a", config.replace("PW", "right"))["relay"]
        assert found["status"] == "warn", "ten days are soon over"
        assert "certificate is valid for 9 more days" in found["words"]
        assert "logged in as shop" in found["words"]
        found = checks(tmp_path / "b", config.replace("PW", "wrong"))["relay"]
        assert found["status"] == "fail"
        assert "wrong" not in found["words"]
    finally:
        sink.close()


@pytest.mark.parametrize(
    ("fault", "words"),
    [({"expired": True}, "certificate has expired"), ({"names": ("other.example",)}, "localhost")],
)
def test_a_relay_with_a_bad_certificate(
    tmp_path: Path, authority: Authority, fault: dict[str, object], words: str
) -> None:
    sink = SmtpSink(context(authority.issue(**fault)))  # type: ignore[arg-type]
    try:
        relay = (
            f"send:\n  smtp: {{host: localhost, port: {sink.port}, ca_file: {authority.ca_file}}}"
        )
        found = checks(tmp_path / "a", CONFIG.replace(SEND, relay))["relay"]
        assert found["status"] == "fail"
        assert words in found["words"]
    finally:
        sink.close()


def test_the_listeners_own_certificate(tmp_path: Path, authority: Authority) -> None:
    def with_tls(pair: Pair) -> str:
        tls = f"tls: {{cert_file: {pair.cert}, key_file: {pair.key}}}"
        return CONFIG.replace("port: 0}", f"port: 0, {tls}}}")

    good, expired = authority.issue("good"), authority.issue("expired", expired=True)
    found = checks(tmp_path / "a", with_tls(good))["certificate smtp"]
    assert (found["status"], "valid for 9 more days" in found["words"]) == ("warn", True)
    found = checks(tmp_path / "b", with_tls(expired))["certificate smtp"]
    assert (found["status"], "expired" in found["words"]) == ("fail", True)
    mixed = checks(tmp_path / "c", with_tls(Pair(good.cert, expired.key)))["certificate smtp"]
    assert mixed["status"] == "fail"


@pytest.mark.servers
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_sources_certificate_and_login(
    tmp_path: Path, dovecot: Dovecot, user: str, tls: str
) -> None:
    port = dovecot.imaps_port if tls == "implicit" else dovecot.imap_port
    imap = (
        f"{{host: localhost, port: {port}, tls: {tls}, user: {user}, password: PW, "
        f"ca_file: {dovecot.ca_file}}}"
    )
    config = CONFIG.replace("notify: [ben]}", f"notify: [ben], sources: [imap: {imap}]}}")
    found = checks(tmp_path / "a", config.replace("PW", PASSWORD))[f"login {user}@localhost"]
    assert (found["status"], "more days" in found["words"]) == ("warn", True)
    found = checks(tmp_path / "b", config.replace("PW", "Tr0ub4dor"))[f"login {user}@localhost"]
    assert (found["status"], "wrong password" in found["words"]) == ("fail", True)
    assert "Tr0ub4dor" not in found["words"]
