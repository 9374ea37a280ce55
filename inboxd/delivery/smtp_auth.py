"""Logging in to a relay: PLAIN (RFC 4616), LOGIN and CRAM-MD5 (RFC 2195) over AUTH (RFC 4954)."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode

from inboxd.delivery.smtp_wire import Reply, Wire
from inboxd.errors import Permanent, Transient

# Inside verified TLS the plainest mechanism is as good as any; in the clear the password itself
# stays at home where the relay can do that.
_PREFERRED_IN_TLS = ("PLAIN", "LOGIN", "CRAM-MD5")
_PREFERRED_IN_CLEAR = ("CRAM-MD5", "PLAIN", "LOGIN")
_LONGEST_EXCHANGE = 3


def log_in(wire: Wire, offered: str, user: str, password: str, peer: str) -> str:
    """Log in with the best mechanism of `offered` (AUTH's parameters); return its name.

    One mechanism is tried once: a second try with the same password would only lock the account.
    Raises Permanent where the login is refused or none can be tried, Transient on a passing fault.
    """
    wire.conceal(_secrets(user, password))
    mechanisms = offered.upper().split()
    preferred = _PREFERRED_IN_TLS if wire.tls_version else _PREFERRED_IN_CLEAR
    mechanism = next((name for name in preferred if name in mechanisms), None)
    if mechanism is None:
        raise Permanent(f"{peer} offers no way to log in that is known here ({offered or 'none'})")
    reply = _exchange(wire, mechanism, user.encode(), password.encode(), peer)
    if reply.code != 235:
        error = Permanent if reply.permanent else Transient
        raise error(f"{peer} refused the login of {user}: {reply.text}")
    return mechanism


def _exchange(wire: Wire, mechanism: str, user: bytes, password: bytes, peer: str) -> Reply:
    initial = b" " + _plain(user, password) if mechanism == "PLAIN" else b""
    wire.send(b"AUTH " + mechanism.encode() + initial + b"\r\n")
    reply = wire.reply("AUTH")
    for step in range(_LONGEST_EXCHANGE):
        if reply.code != 334:
            break
        wire.send(_response(mechanism, step, reply, user, password, peer) + b"\r\n")
        reply = wire.reply("AUTH")
    return reply


def _response(
    mechanism: str, step: int, reply: Reply, user: bytes, password: bytes, peer: str
) -> bytes:
    if mechanism == "PLAIN":  # a server that overlooked the initial response
        return _plain(user, password)
    if mechanism == "LOGIN":
        return b64encode(user if step == 0 else password)
    try:
        challenge = b64decode("".join(reply.lines), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise Transient(f"{peer} sent a challenge that is not base64") from exc
    return b64encode(user + b" " + hmac.new(password, challenge, "md5").hexdigest().encode())


def _plain(user: bytes, password: bytes) -> bytes:
    return b64encode(b"\0" + user + b"\0" + password)


def _secrets(user: str, password: str) -> list[str]:
    """Return the forms in which a server might repeat the password to us."""
    forms = (password.encode(), b"\0" + user.encode() + b"\0" + password.encode())
    return [password, *(b64encode(form).decode() for form in forms)]
