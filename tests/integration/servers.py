"""Real Dovecot, Postfix and swaks for integration tests, and a server that misbehaves to order.

Each instance is a throw-away one: own configuration, own folder, own loopback ports, nothing of
the system's instance touched. See loopback.py for how they are started and stopped.
"""

from __future__ import annotations

from dovecot_server import PASSWORD, Dovecot
from postfix_server import BOUNCING, BUSY, DELAYED, REFUSED, Postfix
from programs import missing, swaks
from smtp_sink import Fault, Received, SmtpSink

__all__ = [
    "BOUNCING",
    "BUSY",
    "DELAYED",
    "PASSWORD",
    "REFUSED",
    "Dovecot",
    "Fault",
    "Postfix",
    "Received",
    "SmtpSink",
    "missing",
    "swaks",
]
