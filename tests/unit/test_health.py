"""Signs of life: pulses, the health file, and `inboxd health` for health checks."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_kit import run, write_shop

from inboxd.errors import Permanent
from inboxd.health import (
    DaemonHealth,
    Pulse,
    ServiceHealth,
    read_health,
    trouble_now,
    write_health,
)
from inboxd.service_manager import watchdog_seconds

WELL = ServiceHealth("processor", True, 1.5, 120.0)
STUCK = ServiceHealth("courier", True, 121.0, 120.0)
GONE = ServiceHealth("timers", False, 0.0, 120.0)


def health(*services: ServiceHealth, at: datetime | None = None) -> DaemonHealth:
    at = at or datetime.now(UTC)
    return DaemonHealth("1.0", os.getpid(), "running", at - timedelta(hours=1), at, services)


def test_a_pulse_is_stuck_after_its_patience_unless_it_rests() -> None:
    now = [100.0]
    pulse = Pulse(60, lambda: now[0])
    assert (pulse.silent_for, pulse.is_stuck) == (0, False)
    pulse.beat()
    now[0] += 60
    assert (pulse.silent_for, pulse.is_stuck) == (60, False)
    now[0] += 1
    assert pulse.is_stuck
    pulse.rest()
    now[0] += 1000
    assert not pulse.is_stuck


def test_the_file_comes_back_as_it_was_written_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "health.json"
    before = os.umask(0)
    try:
        write_health(path, health(WELL, STUCK))
        write_health(path, health(WELL, STUCK, at=datetime(2030, 1, 1, tzinfo=UTC)))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["health.json"]
    assert read_health(path) == health(WELL, STUCK, at=datetime(2030, 1, 1, tzinfo=UTC))
    data = json.loads(path.read_text())
    assert data["healthy"] is False
    assert [each["healthy"] for each in data["services"]] == [True, False]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1, "pid": "x"}'])
def test_another_file_is_refused_in_clear_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "health.json"
    path.write_text(content)
    with pytest.raises(Permanent, match="no health file"):
        read_health(path)


def test_what_is_wrong_is_said() -> None:
    now = datetime.now(UTC)
    assert trouble_now(health(WELL), now) == ""
    said = trouble_now(health(WELL, STUCK, GONE), now)
    assert said == "courier has not moved for 121 s; timers has stopped"
    assert "no sign for 31 s" in trouble_now(health(WELL), now + timedelta(seconds=31))
    failing = ServiceHealth("courier", True, 0, 60, failures=3)
    assert failing.is_well, "what is tried again needs no restart"
    assert failing.words == "courier fails (3 times in a row)"


def test_health_tells_by_its_exit_code(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    ended = shop.run("health")
    assert (ended.code, ended.err) == (
        1,
        f"inboxd: no daemon runs: there is no {tmp_path}/var/health.json\n",
    )
    (tmp_path / "var").mkdir()
    path = tmp_path / "var" / "health.json"
    write_health(path, health(WELL))
    assert (shop.run("health").code, shop.run("health").out) == (0, "well: processor\n")
    write_health(path, health(WELL, STUCK))
    ended = shop.run("health", "--json")
    assert ended.code == 1
    assert ended.json["trouble"] == "courier has not moved for 121 s"
    assert run("health", "--file", path).code == 1


def test_health_with_a_file_loads_nothing_heavy(tmp_path: Path) -> None:
    path = tmp_path / "health.json"
    write_health(path, health(WELL))
    code = (
        "import sys; from inboxd.cli.app import app\n"
        f"try: app(['health', '--file', {str(path)!r}])\n"
        "except SystemExit: pass\n"
        "names = ('sqlalchemy', 'sqlmodel', 'rich', 'structlog', 'ruamel', 'inboxd.config')\n"
        "print([name for name in names if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == b"[]\n"


def test_the_watchdog_is_ours_only_where_the_manager_means_us() -> None:
    assert watchdog_seconds({}) is None
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000"}) == 30
    mine = {"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}
    assert watchdog_seconds(mine) == 0.5
    assert watchdog_seconds(mine | {"WATCHDOG_PID": "1"}) is None
    assert watchdog_seconds({"WATCHDOG_USEC": "soon"}) is None
    assert watchdog_seconds({"WATCHDOG_USEC": "0"}) is None
