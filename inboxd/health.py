"""Signs of life: each service shows that it lives, and a small file tells it to supervisors.

Reading the file needs nothing but the standard library, so that a health check costs little.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from inboxd.errors import Permanent
from inboxd.private_files import open_private

FILE_NAME = "health.json"
EVERY = timedelta(seconds=5)
"""How often the file is written."""
STALE = timedelta(seconds=30)
"""How old it may be before the daemon counts as hung or gone."""


class Pulse:
    """When a service last showed that it lives.

    `patience` is how many seconds it may work on one thing without a beat. A service that rests
    waits for others, and may do so for ever.
    """

    def __init__(self, patience: float, monotonic: Callable[[], float]) -> None:
        self.patience = patience
        self._monotonic = monotonic
        self._last: float | None = None

    def beat(self) -> None:
        """Note that something was done, from any thread."""
        self._last = self._monotonic()

    def rest(self) -> None:
        """Note that there is nothing to do until somebody else brings work."""
        self._last = None

    @property
    def silent_for(self) -> float:
        """How many seconds ago the last beat was; 0 for a service that rests."""
        last = self._last
        return 0.0 if last is None else max(0.0, self._monotonic() - last)

    @property
    def is_stuck(self) -> bool:
        """Whether the service has been silent for longer than it may."""
        return self.silent_for > self.patience


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """How one service is. `silent_for` and `patience` are seconds, `failures` those in a row."""

    name: str
    alive: bool
    silent_for: float
    patience: float
    failures: int = 0

    @property
    def is_well(self) -> bool:
        """Whether the service runs and is not stuck; failing and trying again is no sickness."""
        return self.alive and self.silent_for <= self.patience

    @property
    def words(self) -> str:
        """What is wrong, or how it is, for people."""
        if not self.alive:
            return f"{self.name} has stopped"
        if not self.is_well:
            return f"{self.name} has not moved for {self.silent_for:.0f} s"
        return self.name + (f" fails ({self.failures} times in a row)" if self.failures else "")


@dataclass(frozen=True, slots=True)
class DaemonHealth:
    """How the daemon is; times are aware and in UTC.

    `clock_jumps` counts how often the machine's clock was set while the daemon ran.
    """

    version: str
    pid: int
    state: str
    started_at: datetime
    written_at: datetime
    services: tuple[ServiceHealth, ...]
    clock_jumps: int = 0

    @property
    def is_well(self) -> bool:
        """Whether every service is well."""
        return all(service.is_well for service in self.services)

    @property
    def trouble(self) -> str:
        """What is wrong, or nothing."""
        return "; ".join(each.words for each in self.services if not each.is_well)


def write_health(path: Path, health: DaemonHealth) -> None:
    """Replace the file at `path` (0600) as a whole; raises `OSError`."""
    partial = path.with_name(f".{path.name}.partial")  # one daemon a folder: nobody else writes
    data = asdict(health) | {
        "started_at": health.started_at.isoformat(),
        "written_at": health.written_at.isoformat(),
        "healthy": health.is_well,
        "services": [asdict(each) | {"healthy": each.is_well} for each in health.services],
    }
    descriptor = open_private(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(data, file)
    partial.replace(path)


def read_health(path: Path) -> DaemonHealth:
    """Read what `write_health` wrote.

    Raises `Permanent` where there is no such file, or where it holds something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return DaemonHealth(
            version=str(data["version"]),
            pid=int(data["pid"]),
            state=str(data["state"]),
            started_at=datetime.fromisoformat(data["started_at"]),
            written_at=datetime.fromisoformat(data["written_at"]),
            services=tuple(map(_service, data["services"])),
            clock_jumps=int(data.get("clock_jumps", 0)),
        )
    except FileNotFoundError:
        raise Permanent(f"no daemon runs: there is no {path}") from None
    except OSError as error:
        raise Permanent(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Permanent(f"{path} is no health file of inboxd") from error


def remove_health(path: Path) -> None:
    """Take the file away, as a daemon does that stops."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def trouble_now(health: DaemonHealth, now: datetime) -> str:
    """Return what is wrong with the daemon that wrote `health`, or nothing."""
    age = now - health.written_at
    if age > STALE:
        return (
            f"the daemon (process {health.pid}) has given no sign for {age.total_seconds():.0f} s"
        )
    return health.trouble


def _service(data: dict[str, Any]) -> ServiceHealth:
    return ServiceHealth(
        name=str(data["name"]),
        alive=bool(data["alive"]),
        silent_for=float(data["silent_for"]),
        patience=float(data["patience"]),
        failures=int(data["failures"]),
    )
