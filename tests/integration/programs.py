"""The mail programs of the machine, run from wherever the system keeps them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

_PROGRAMS = (
    *("dovecot", "doveadm", "postfix", "postconf", "postmap", "postqueue"),
    *("swaks", "neomutt"),
)
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))


def missing() -> str:
    """Say why the servers cannot run here; empty where they can."""
    lacking = [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    return "" if os.geteuid() == 0 else "throw-away mail servers are started as root"


def program(name: str) -> str:
    """Return the path of a program."""
    path = shutil.which(name, path=_PATH)
    assert path is not None, f"{name} is not installed"
    return path


def run(*command: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
    return done.stdout


def swaks(*options: str, body: bytes | None = None, timeout: float = 30) -> Any:
    """Run the real swaks and return its completed process; `body` is a whole mail for --data."""
    command = [program("swaks"), "--timeout", f"{timeout:g}", *options]
    if body is not None:
        command += ["--data", "-"]
    return subprocess.run(
        command, input=body or b"", capture_output=True, timeout=timeout + 10, check=False
    )
