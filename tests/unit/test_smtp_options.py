"""How to reach the relay: what fits together and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inboxd.delivery.smtp_client import SmtpOptions, SmtpTransport
from inboxd.errors import Permanent

PASSWORD = "correct horse"


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"host": "relay.example\r\nRSET"},
        {"port": 0},
        {"port": 65_536},
        {"tls": "None"},
        {"user": "shop", "password": None},
        {"user": None},
        {"user": ""},
        {"user": "shop\0admin"},
        {"password": f"{PASSWORD}\0"},
        {"timeout": 0},
        {"final_timeout": 0},
        {"idle_close": -1},
        {"max_per_connection": 0},
        {"local_hostname": "shop.example\r\nMAIL"},
    ],
)
def test_what_does_not_fit_is_refused_without_showing_the_password(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {
        "host": "relay.example",
        "port": 587,
        "user": "shop",
        "password": PASSWORD,
    }
    assert SmtpOptions(**right).tls == "starttls"
    with pytest.raises(ValueError) as refusal:
        SmtpOptions(**right | wrong)
    assert PASSWORD not in str(refusal.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LocalHost"])
def test_no_tls_is_fine_on_loopback(host: str) -> None:
    assert SmtpOptions(host=host, port=25, tls="none").is_loopback


@pytest.mark.parametrize("host", ["192.0.2.1", "relay.example", "localhost.example", "::2"])
def test_no_tls_off_loopback_must_be_spelled_out(host: str) -> None:
    with pytest.raises(ValueError, match="in the clear"):
        SmtpOptions(host=host, port=25, tls="none")
    assert SmtpOptions(host=host, port=25, tls="none", allow_plaintext=True).tls == "none"


def test_the_password_stays_out_of_the_repr() -> None:
    options = SmtpOptions(host="relay.example", port=587, user="shop", password=PASSWORD)
    assert PASSWORD not in repr(options)
    assert "shop" in repr(options)


def test_the_final_answer_may_take_ten_times_as_long() -> None:
    assert SmtpOptions(host="localhost", port=25).waits_for_final_answer == 600
    assert SmtpOptions(host="localhost", port=25, final_timeout=7).waits_for_final_answer == 7


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_an_unusable_ca_file_is_said_at_once(tmp_path: Path, content: str | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    options = SmtpOptions(host="relay.example", port=587, ca_file=ca_file)
    with pytest.raises(Permanent, match=r"ca\.pem cannot be used"):
        SmtpTransport(options)
