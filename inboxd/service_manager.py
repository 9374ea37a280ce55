"""What a service manager wants to hear: the datagrams of sd_notify(3), and no library for them."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import structlog

_log = structlog.get_logger(__name__)


def notify(*assignments: str) -> None:
    """Send `NAME=VALUE` lines to the service manager, if there is one; never raises for trouble."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # the abstract namespace
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(1)
            sock.connect(address)
            sock.send("\n".join(assignments).encode())
    except OSError as error:
        _log.warning("notify.failed", error=type(error).__name__)


def watchdog_seconds(environ: Mapping[str, str] | None = None) -> float | None:
    """Return how often the manager wants to hear from this process, or None (sd_watchdog_enabled).

    It is the time after which the manager acts; half of it is when to write.
    """
    environ = os.environ if environ is None else environ
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for a process that started us
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1_000_000 if microseconds > 0 else None
