"""Runs the daemon in the foreground: signals, readiness, signs of life, and an end within 10 s."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import structlog

from inboxd import health
from inboxd.allocator import give_back_large_blocks
from inboxd.daemon import Daemon
from inboxd.errors import Permanent
from inboxd.service_manager import notify, watchdog_seconds

_log = structlog.get_logger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PATIENCE = 9.0
_JUMP = 5.0  # seconds by which a clock may wander between two looks


def run(daemon: Daemon, on_ready: Callable[[Daemon], None]) -> None:
    """Start `daemon`, say that it is ready, and return when a signal has stopped it.

    SIGTERM and SIGINT stop it; SIGHUP reads configuration, rules and templates again. Meanwhile
    its health goes into a file of the data folder and, where all is well, to the service manager's
    watchdog. Raises `Permanent` where it cannot start.
    """
    give_back_large_blocks()
    # Waited for below. Every thread inherits the mask, so none of them is interrupted.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        notify("STATUS=Checking the database")
        _start(daemon)
        signs = SignsOfLife(daemon)
        on_ready(daemon)
        signs.show("READY=1")
        while (caught := _wait(signs)) == signal.SIGHUP:
            moment = int(daemon.clock.monotonic() * 1_000_000)
            signs.show("RELOADING=1", f"MONOTONIC_USEC={moment}", state="reloading")
            daemon.reload()
            signs.show("READY=1")
        _log.info("stopping", signal=signal.Signals(caught).name)
        signs.show("STOPPING=1", state="stopping")
        _stop(daemon)
        health.remove_health(signs.path)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


class SignsOfLife:
    """Tells the health file and the service manager how the daemon is."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.path: Path = daemon.config.data_dir / health.FILE_NAME
        watchdog = watchdog_seconds()
        self.every = health.EVERY.total_seconds()
        if watchdog is not None:
            self.every = min(self.every, watchdog / 2)
        self._told: str | None = None
        self._offset: float | None = None
        self._jumps = 0
        self._was_well = True

    def show(self, *words: str, state: str = "running") -> None:
        """Write the file, pass `words` on, and feed the watchdog where every service is well."""
        self._watch_the_clock()
        found = replace(self._daemon.health(state), clock_jumps=self._jumps)
        try:
            health.write_health(self.path, found)
        except OSError as error:  # a full disk; the file's age then tells that something is wrong
            _log.error("health.not_written", error=type(error).__name__)
        if found.is_well != self._was_well:
            self._was_well = found.is_well
            names = [each.name for each in found.services if not each.is_well]
            _log.error("services.stuck", services=names) if names else _log.info("services.well")
        status = found.trouble or f"{state}, {len(found.services)} services"
        told = (*words, *([f"STATUS={status}"] if status != self._told else []))
        self._told = status
        if found.is_well:
            told = (*told, "WATCHDOG=1")
        if told:
            notify(*told)

    def _watch_the_clock(self) -> None:
        """Notice when the machine's clock is set: timers then fire early or late by that much."""
        clock = self._daemon.clock
        offset = clock.now().timestamp() - clock.monotonic()
        if self._offset is not None and abs(offset - self._offset) > _JUMP:
            self._jumps += 1
            _log.warning("clock.jumped", seconds=round(offset - self._offset, 1))
        self._offset = offset


def _wait(signs: SignsOfLife) -> int:
    """Return the next signal; until it comes, show signs of life."""
    while (caught := signal.sigtimedwait(_SIGNALS, signs.every)) is None:
        signs.show()
    return caught.si_signo


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
