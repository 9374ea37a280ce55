"""Fixtures: real mail servers, one set per test worker."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from proxy import Proxy
from servers import Dovecot, Postfix, SmtpSink, missing

AGENTS = ("anna@agents.example", "bert@agents.example", "cleo@agents.example")
CUSTOMERS = ("jane@customers.example", "john@customers.example", "kim@customers.example")
_numbers = itertools.count(1)
SHOP = ("support@shop.example", "sales@shop.example")


def _require_servers() -> None:
    reason = missing()
    if reason and os.environ.get("INBOXD_REQUIRE_SERVERS") == "1":
        pytest.fail(f"INBOXD_REQUIRE_SERVERS=1, but {reason}")
    if reason:
        pytest.skip(f"no mail servers here: {reason}")


@pytest.fixture(scope="session")
def require_servers() -> None:
    """Skip without Dovecot, Postfix and swaks; fail where INBOXD_REQUIRE_SERVERS=1."""
    _require_servers()


@pytest.fixture(scope="session")
def dovecot(require_servers: None) -> Iterator[Dovecot]:
    """A Dovecot with the accounts of agents, customers and the shop; password `secret`."""
    server = Dovecot([*AGENTS, *CUSTOMERS, *SHOP])
    yield server
    server.close()


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    """A new account in `dovecot`, this test's own."""
    name = f"user{next(_numbers)}@shop.example"
    dovecot.add_users(name)
    return name


@pytest.fixture
def proxy(dovecot: Dovecot) -> Iterator[Proxy]:
    """A proxy before `dovecot`'s plain IMAP port."""
    server = Proxy(dovecot.imap_port)
    yield server
    server.close()


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """A Postfix that delivers agents' and customers' domains to `dovecot`."""
    to_dovecot = f"lmtp:inet:[127.0.0.1]:{dovecot.lmtp_port}"
    server = Postfix(dovecot, {"agents.example": to_dovecot, "customers.example": to_dovecot})
    yield server
    server.close()


@pytest.fixture(scope="session")
def _sink() -> Iterator[SmtpSink]:
    sink = SmtpSink()
    yield sink
    sink.close()


@pytest.fixture
def sink(_sink: SmtpSink) -> Iterator[SmtpSink]:
    """An SMTP server that keeps what it is sent; emptied for each test."""
    _sink.clear()
    yield _sink
    _sink.clear()
