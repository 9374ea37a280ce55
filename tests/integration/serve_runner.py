"""Serves a shop again and again, a new process each time, without the wait for all the imports.

Reads commands from standard input: `start` forks a daemon and prints its process id; `wait` waits
for that process to end and prints its exit code (negative: the signal that killed it). The daemon
is what `inboxd serve` runs; this process itself holds no thread and no database.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from inboxd.clock import SystemClock
from inboxd.config import load_config
from inboxd.daemon import Daemon
from inboxd.foreground import run
from inboxd.logs import log_lines


def serve(config: Path) -> NoReturn:
    """Run the daemon until a signal ends it, then leave without coming back."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)  # standard output is the runner's
        run(Daemon(load_config(config), SystemClock()), lambda daemon: None)
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    """Obey commands until standard input ends."""
    log_lines()
    child = 0
    for line in sys.stdin:
        if line.strip() == "start":
            child = os.fork()
            if child == 0:
                serve(Path(sys.argv[1]))
            print(child, flush=True)
        elif line.strip() == "wait":
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
