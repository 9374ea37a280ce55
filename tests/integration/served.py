"""An inboxd in a process of its own, which tests kill and start again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback import listens
from runner import Runner, environment

if TYPE_CHECKING:
    from shop import Shop

__all__ = ["Served", "environment"]


class Served:
    """A shop's daemon in a process of its own, which can be killed at any instruction."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.kills = 0
        port = shop.lmtp_port
        self._runner = Runner(shop.write(), shop.folder / "inboxd.log", lambda: listens(port))
        self.start()

    def start(self) -> None:
        """Start, and wait until it listens."""
        self._runner.start()

    def kill(self) -> None:
        """End the daemon without a word (SIGKILL)."""
        self.kills += self._runner.kill()

    def kill_and_restart(self) -> None:
        """Kill it, start it again, and have Postfix try again what it could not deliver."""
        self.kill()
        self.start()
        self.shop.postfix.flush()

    def terminate(self) -> int:
        """Stop it as a service manager does, and return its exit code."""
        return self._runner.terminate()

    def close(self) -> None:
        """End the daemon, and the runner that starts it."""
        self._runner.close()
