"""Named points at which a test may end the process, to prove that it goes on from there.

`reach("journal.committed")` does nothing: a call of an empty function, some 20 ns. Only where
INBOXD_FAILPOINTS is set when the program starts (to `record`, or to `NAME` or `NAME:HIT`) do the
points count who passes, and end the process the HITth time (`os._exit`, code 77): no handler, no
`finally`, no buffer is flushed, as when the machine is switched off.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "INBOXD_FAILPOINTS"
EXIT_CODE: Final = 77
RECORD: Final = "record"


class Failpoints:
    """Counts the points that are passed; `arm` chooses the one that ends the process."""

    def __init__(self, plan: str = RECORD, end: Callable[[int], object] = os._exit) -> None:
        self.passed: Counter[str] = Counter()
        self._end = end
        self._lock = threading.Lock()
        self.arm(plan)

    def arm(self, plan: str, trail: int | None = None) -> None:
        """Follow `plan` from now on: `record`, `NAME`, or `NAME:HIT` (from 1).

        `trail` is a file descriptor to which the name of each point is written when it is passed.
        Raises ValueError for a HIT that is no number.
        """
        name, _, hit = plan.partition(":")
        self._name = name if name != RECORD else ""
        self._left = int(hit or 1)
        self._trail = trail

    def reach(self, name: str) -> None:
        """Note that the point `name` is passed, and end the process where that is the plan."""
        with self._lock:
            self.passed[name] += 1
            if self._trail is not None:
                os.write(self._trail, f"{name}\n".encode())
            if name == self._name:
                self._left -= 1
                if not self._left:
                    self._end(EXIT_CODE)


def _pass_by(name: str) -> None:
    """Do nothing, as always but in tests."""


_plan = os.environ.get(VARIABLE, "")
armed: Final = Failpoints(_plan) if _plan else None
"""What counts the points in a process that was started for that, otherwise None."""
reach: Final[Callable[[str], None]] = armed.reach if armed is not None else _pass_by
