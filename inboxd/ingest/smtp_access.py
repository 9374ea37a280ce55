"""Who may talk to a listener: how many at once, with which login, behind which certificate."""

from __future__ import annotations

import hmac
import ssl
from collections import Counter
from typing import Any

import structlog
from aiosmtpd.smtp import AuthResult, LoginPassword

from inboxd.config import Listener, ListenerAuth
from inboxd.counters import REFUSED

_log = structlog.get_logger(__name__)


class Limits:
    """Counts connections, in all and by peer."""

    def __init__(self, total: int, per_peer: int) -> None:
        self.total = total
        self.per_peer = per_peer
        self.peers: Counter[str] = Counter()

    def admit(self, peer: str) -> bool:
        """Count a connection of `peer`; False where there are too many already."""
        if self.peers.total() >= self.total or self.peers[peer] >= self.per_peer:
            return False
        self.peers[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        """Count a connection of `peer` that has ended."""
        self.peers[peer] -= 1
        if self.peers[peer] <= 0:
            del self.peers[peer]


def authenticator(auth: ListenerAuth, protocol: str) -> Any:
    """Return what aiosmtpd asks whether a login is the one that is configured."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        user_ok = hmac.compare_digest(data.login, auth.user.encode())
        password_ok = hmac.compare_digest(data.password, auth.password.get_secret_value().encode())
        if not (user_ok and password_ok):
            REFUSED.add(protocol, "login")
            _log.warning("smtp.login_refused", listener=protocol)
        return AuthResult(success=user_ok and password_ok, handled=False)

    return check


def tls_context(listener: Listener) -> ssl.SSLContext | None:
    """Return the listener's TLS, None where it has none; raises `ssl.SSLError` for a bad key."""
    if listener.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(listener.tls.cert_file, listener.tls.key_file)
    return context
