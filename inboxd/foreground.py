"""Runs the daemon in the foreground: signals, readiness, and an end within ten seconds."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable

import structlog

from inboxd.daemon import Daemon
from inboxd.errors import Permanent

_log = structlog.get_logger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PATIENCE = 9.0


def run(daemon: Daemon, on_ready: Callable[[Daemon], None]) -> None:
    """Start `daemon`, say that it is ready, and return when a signal has stopped it.

    SIGTERM and SIGINT stop it; SIGHUP reads configuration, rules and templates again. Raises
    `Permanent` where it cannot start.
    """
    # Waited for below. Every thread inherits the mask, so none of them is interrupted.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        _start(daemon)
        on_ready(daemon)
        notify("READY=1")
        while (caught := signal.sigwait(_SIGNALS)) == signal.SIGHUP:
            notify("RELOADING=1")
            daemon.reload()
            notify("READY=1")
        _log.info("stopping", signal=signal.Signals(caught).name)
        notify("STOPPING=1")
        _stop(daemon)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def notify(state: str) -> None:
    """Tell the service manager, if there is one, about our state (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # the abstract namespace
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(address)
            sock.send(state.encode())
    except OSError as error:
        _log.warning("notify.failed", error=type(error).__name__)


def _start(daemon: Daemon) -> None:
    try:
        daemon.start()
    except OSError as error:
        wanted = ", ".join(
            f"{each.listener.host}:{each.listener.port}" for each in daemon.listeners
        )
        reason = (error.strerror or type(error).__name__).rpartition(": ")[2]
        raise Permanent(f"cannot listen on {wanted}: {reason}") from error


def _stop(daemon: Daemon) -> None:
    """Stop the daemon, or end without it: it goes on from its rows either way."""
    watchdog = threading.Timer(_PATIENCE, _give_up)
    watchdog.daemon = True
    watchdog.start()
    clean = daemon.stop()
    watchdog.cancel()
    _log.info("stopped", clean=clean)


def _give_up() -> None:
    _log.warning("stopped", clean=False)
    os._exit(0)
