"""The daemon: whether it runs, whether all of it moves, and whether it is this release."""

from __future__ import annotations

from collections.abc import Iterator

from inboxd import __version__
from inboxd.clock import Clock
from inboxd.config import Config
from inboxd.desk.words import ago, counted
from inboxd.doctor.finding import Finding, Group, Health
from inboxd.errors import Permanent
from inboxd.health import FILE_NAME, DaemonHealth, read_health, trouble_now
from inboxd.process_lock import is_locked


def look(config: Config, clock: Clock) -> Iterator[Finding]:
    """Yield how the daemon is, and whether the clock has jumped under it."""
    path = config.data_dir / FILE_NAME
    runs = is_locked(config.data_dir / "daemon.lock")
    try:
        health = read_health(path)
    except Permanent as error:
        yield _silent(str(error), runs=runs)
        return
    now = clock.now()
    if not runs:
        words = f"it has ended without a word; its last sign was {ago(health.written_at, now)}"
        yield Finding(Group.DAEMON, "daemon", Health.WARN, words, "start it: inboxd serve")
        return
    trouble = trouble_now(health, now)
    if trouble:
        advice = "restart it; its log says what it was doing"
        yield Finding(Group.DAEMON, "daemon", Health.FAIL, trouble, advice)
        return
    yield _well(health, f"runs, started {ago(health.started_at, now)}")
    yield from _details(health)


def _silent(reason: str, *, runs: bool) -> Finding:
    if runs:
        words = "it runs, but shows no sign of life (is it just starting?)"
        return Finding(Group.DAEMON, "daemon", Health.WARN, words, "wait 30 s, then restart it")
    words = "no daemon runs" if reason.startswith("no daemon") else reason
    return Finding(Group.DAEMON, "daemon", Health.WARN, words, "inboxd serve, or inboxd work")


def _well(health: DaemonHealth, words: str) -> Finding:
    names = ", ".join(each.name for each in health.services)
    return Finding(Group.DAEMON, "daemon", Health.OK, f"process {health.pid} {words}: {names}")


def _details(health: DaemonHealth) -> Iterator[Finding]:
    for each in health.services:
        if each.failures:
            times = counted(each.failures, "time")
            words = f"has failed {times} in a row and is tried again"
            advice = "the daemon's log says why"
            yield Finding(Group.DAEMON, each.name, Health.WARN, words, advice)
    if health.version != __version__:
        words = f"release {health.version} runs, this command is {__version__}"
        yield Finding(Group.DAEMON, "release", Health.WARN, words, "restart the daemon")
    if health.clock_jumps:
        words = f"{counted(health.clock_jumps, 'jump')} since the daemon started"
        advice = "let the machine's clock be kept by NTP: timedatectl"
        yield Finding(Group.DAEMON, "clock", Health.WARN, words, advice)
