"""Keeps two daemons from working on one data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from inboxd.errors import Permanent
from inboxd.private_files import make_private_folder, open_private


class ProcessLock:
    """A lock file that the system gives free when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock; raises `Permanent` where another process has it."""
        make_private_folder(self._path.parent)
        descriptor = open_private(self._path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise Permanent(
                f"another inboxd daemon works in {self._path.parent}; stop it first"
            ) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(path: Path) -> bool:
    """Return whether a process has the lock at `path`; nothing is made or changed."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
